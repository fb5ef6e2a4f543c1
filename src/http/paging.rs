//! Pages of lists, as the contract has them: `page` from 1, `size`, and an answer of `content` and `paging`.

use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Faults;
use crate::limits::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub page: u32,
    /// How many entries a page has. None are a question whether there are any, and how many.
    pub size: u32,
}

impl Page {
    /// The page of these parameters, with the contract's defaults.
    pub fn of(page: Option<u32>, size: Option<u32>) -> Page {
        Page {
            page: page.unwrap_or(1),
            size: size.unwrap_or(PAGE_SIZE_DEFAULT),
        }
    }

    /// Notes what is wrong with it.
    pub fn validate(self, faults: &mut Faults) {
        faults.require(self.page >= 1, "page", "too_small", "must be 1 or more");
        faults.require(
            self.size <= PAGE_SIZE_MAX,
            "size",
            "out_of_range",
            "must be between 0 and 100",
        );
    }

    /// How many entries come before it.
    pub fn skip(self) -> u64 {
        u64::from(self.page.saturating_sub(1)).saturating_mul(u64::from(self.size))
    }

    /// Its entries among `all`, and where it lies; counted, if asked for.
    pub fn cut<T>(self, all: Vec<T>, count: bool) -> (Vec<T>, Paging) {
        let skipped = usize::try_from(self.skip()).unwrap_or(usize::MAX);
        let paging = Paging {
            page: self.page,
            size: self.size,
            total: count.then(|| u64::try_from(all.len()).unwrap_or(u64::MAX)),
            has_more: all.len().saturating_sub(skipped) > self.take(),
        };
        let content = all.into_iter().skip(skipped).take(self.take());
        (content.collect(), paging)
    }

    /// How many entries it has at most.
    pub fn take(self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }
}

/// Where a page lies in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Paging {
    /// From 1.
    pub page: u32,
    /// How many entries a page has at most.
    pub size: u32,
    /// How many entries there are in all; null unless `include_total` asks.
    pub total: Option<u64>,
    /// Whether more pages follow.
    pub has_more: bool,
}
