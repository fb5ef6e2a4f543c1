//! Wrong codes and passwords by the address that they come from.

use std::net::IpAddr;
use std::time::Duration;

use dashmap::DashMap;

use crate::domain::address::{Mode, TenantId};
use crate::domain::time::{Span, Timestamp};
use crate::limits::{
    GUESSERS_TOLD_APART_MAX, WRONG_FROM_AN_ADDRESS_LASTS_S, WRONG_FROM_AN_ADDRESS_MAX,
};

/// An address that tries to get in to one tenant in one mode.
pub(super) type Guesser = (TenantId, Mode, IpAddr);

/// All that cannot be told apart any more.
const CROWD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// What came lately of whom.
#[derive(Default)]
pub(super) struct Guesses(DashMap<Guesser, Wrong>);

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    since: Timestamp,
}

impl Wrong {
    fn ends(self) -> Timestamp {
        let lasts = Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S);
        Timestamp(self.since.0.saturating_add(lasts.0))
    }
}

impl Guesses {
    /// Counts one; or says how long there may be no more.
    pub(super) fn count(&self, guesser: Guesser, now: Timestamp) -> Result<(), Duration> {
        let mut wrong = self
            .0
            .entry(self.told_apart(guesser, now))
            .or_insert(Wrong {
                count: 0,
                since: now,
            });
        if wrong.ends() <= now {
            *wrong = Wrong {
                count: 0,
                since: now,
            };
        }
        if wrong.count >= WRONG_FROM_AN_ADDRESS_MAX {
            let left = wrong.ends().0.saturating_sub(now.0);
            return Err(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        }
        wrong.count = wrong.count.saturating_add(1);
        Ok(())
    }

    /// Takes one back that was not wrong.
    pub(super) fn give_back(&self, guesser: Guesser) {
        let (tenant, mode, _) = guesser;
        for place in [guesser, (tenant, mode, CROWD)] {
            if let Some(mut wrong) = self.0.get_mut(&place) {
                wrong.count = wrong.count.saturating_sub(1);
                let is_clean = wrong.count == 0;
                drop(wrong);
                if is_clean {
                    self.0.remove_if(&place, |_, wrong| wrong.count == 0);
                }
                return;
            }
        }
    }

    fn told_apart(&self, guesser: Guesser, now: Timestamp) -> Guesser {
        if self.0.len() < GUESSERS_TOLD_APART_MAX || self.0.contains_key(&guesser) {
            return guesser;
        }
        self.0.retain(|_, wrong| wrong.ends() > now);
        if self.0.len() < GUESSERS_TOLD_APART_MAX {
            return guesser;
        }
        let (tenant, mode, _) = guesser;
        (tenant, mode, CROWD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn from(number: u32) -> Guesser {
        (TenantId(1), Mode::Live, IpAddr::V4(number.into()))
    }

    #[test]
    fn so_many_wrong_answers_close_an_address_for_their_time() {
        let guesses = Guesses::default();
        for _ in 0..WRONG_FROM_AN_ADDRESS_MAX {
            assert_eq!(guesses.count(from(7), NOW), Ok(()));
        }
        let lasts = Duration::from_secs(WRONG_FROM_AN_ADDRESS_LASTS_S.into());
        assert_eq!(guesses.count(from(7), NOW), Err(lasts));
        assert_eq!(guesses.count(from(8), NOW), Ok(()));
        let other_tenant = (TenantId(2), Mode::Live, IpAddr::V4(7.into()));
        assert_eq!(guesses.count(other_tenant, NOW), Ok(()));
        let later = Timestamp(NOW.0 + Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S).0);
        assert_eq!(guesses.count(from(7), later), Ok(()));
    }

    #[test]
    fn right_answers_count_for_nothing() {
        let guesses = Guesses::default();
        for _ in 0..WRONG_FROM_AN_ADDRESS_MAX * 2 {
            assert_eq!(guesses.count(from(7), NOW), Ok(()));
            guesses.give_back(from(7));
        }
        assert!(guesses.0.is_empty());
    }

    #[test]
    fn past_so_many_addresses_the_others_count_as_one() {
        let guesses = Guesses::default();
        let most = u32::try_from(GUESSERS_TOLD_APART_MAX).unwrap();
        for number in 1..=most {
            assert_eq!(guesses.count(from(number), NOW), Ok(()));
        }
        for more in 1..=WRONG_FROM_AN_ADDRESS_MAX {
            assert_eq!(guesses.count(from(most + more), NOW), Ok(()));
        }
        assert!(guesses.count(from(most + 1), NOW).is_err());
        assert_eq!(
            guesses.count(from(1), NOW),
            Ok(()),
            "who was there before is told apart"
        );
        assert_eq!(guesses.0.len(), GUESSERS_TOLD_APART_MAX + 1);
        let later = Timestamp(NOW.0 + Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S).0);
        assert_eq!(guesses.count(from(most + 1), later), Ok(()));
        assert_eq!(guesses.0.len(), 1, "what has run out gives its room back");
    }
}
