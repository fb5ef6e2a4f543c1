//! What `search_value` means.

use super::{ContactName, resolve};
use crate::domain::contact::Stage;
use crate::domain::entity::{Answer, Query};
use crate::http::auth::Caller;
use crate::http::extract::Faults;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};
use crate::limits::{SEARCH_CHARS_MAX, SEARCH_CHARS_MIN};
use crate::publishing::contacts::{NameQuery, Refused, World};

/// A text that contacts are searched for.
#[derive(Clone, Debug)]
pub(super) struct Search<'a> {
    value: &'a str,
    /// Where the value is dialled, if it is a phone number without `+`.
    country: Option<&'a str>,
    /// What a name must be like.
    pub(super) name: NameQuery,
}

/// Notes what is wrong with a text to search for.
pub(super) fn validate(value: &str, faults: &mut Faults) {
    let value = value.trim();
    let length = value.chars().count();
    if length < SEARCH_CHARS_MIN || NameQuery::of(value).is_none() {
        faults.add(
            "search_value",
            "too_short",
            format!(
                "must have at least {SEARCH_CHARS_MIN} characters, one of them a letter or a digit"
            ),
        );
    }
    if length > SEARCH_CHARS_MAX {
        faults.add(
            "search_value",
            "too_long",
            format!("must have at most {SEARCH_CHARS_MAX} characters"),
        );
    }
}

impl<'a> Search<'a> {
    pub(super) fn of(value: &'a str, country: Option<&'a str>) -> Option<Search<'a>> {
        let value = value.trim();
        let name = NameQuery::of(value)?;
        Some(Search {
            value,
            country,
            name,
        })
    }

    /// The contacts that have the value as a whole, by number.
    pub(super) async fn meant(&self, api: &Api, caller: &Caller) -> Result<Vec<u64>, Problem> {
        let phone = ContactName::Phone {
            number: self.value,
            country: self.country,
        };
        let mut meant = Vec::new();
        for name in [
            ContactName::Code(self.value),
            ContactName::Card(self.value),
            ContactName::EmailAddress(self.value),
            phone,
        ] {
            let found = resolve(api, caller, name).await.map_err(failure::problem)?;
            let Some(address) = found.filter(|found| !meant.contains(&found.entity)) else {
                continue;
            };
            let view = api.router.query(address, Query::Contact).await;
            match view.result.map_err(failure::problem)? {
                Answer::Contact(view) if view.stage == Stage::Active => meant.push(address.entity),
                // Erased, and the entry of the value does not know it yet.
                _ => {}
            }
        }
        Ok(meant)
    }
}

/// Whose contacts the caller sees.
pub(super) fn world(caller: &Caller) -> World {
    World {
        tenant: caller.tenant(),
        mode: caller.mode(),
    }
}

/// Why nothing can be listed or searched.
pub(super) fn refused(why: Refused) -> Problem {
    let too_many = |what: &str| {
        failure::invalid_field(
            "search_value",
            "too_many_contacts",
            format!(
                "this node has more contacts than it {what}; name one by code, cim, email_address or phone instead"
            ),
        )
    };
    match why {
        Refused::Building => Problem::new(
            Code::OverCapacity,
            "the contacts are still being read after the start; nothing happened, try again shortly",
        ),
        Refused::TooManyContacts => too_many("lists"),
        Refused::TooManyNames => too_many("searches by name"),
    }
}
