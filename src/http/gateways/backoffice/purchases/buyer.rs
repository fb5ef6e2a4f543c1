//! Whose purchase it is, named in exactly one way.

use serde::Deserialize;
use utoipa::ToSchema;

use super::super::contacts::{ContactName, resolve};
use crate::actors::router::Failure;
use crate::domain::address::Address;
use crate::domain::contact::{self, Presented};
use crate::domain::entity::Rejection;
use crate::http::auth::Caller;
use crate::http::extract::Faults;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

/// Who buys, named in exactly one way.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ContactReference {
    pub(super) id: Option<String>,
    pub(super) code: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) phone: Option<PhoneReference>,
    /// A spend token, as it is shown or typed: the contact made it a moment ago with its app. It works once.
    pub(super) otp: Option<String>,
}

/// A phone number, however it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PhoneReference {
    /// ISO 3166-1 alpha-3; needed for a number without `+`.
    country_code: Option<String>,
    number: String,
}

impl ContactReference {
    fn names(&self) -> impl Iterator<Item = ContactName<'_>> {
        let phone = self.phone.as_ref().map(|phone| ContactName::Phone {
            number: &phone.number,
            country: phone.country_code.as_deref(),
        });
        let names = [
            self.id.as_deref().map(ContactName::Id),
            self.code.as_deref().map(ContactName::Code),
            self.email_address.as_deref().map(ContactName::EmailAddress),
            phone,
        ];
        names.into_iter().flatten()
    }
}

/// How a contact is named.
const NAME_ONE: &str = "must name the contact in exactly one way: id, code, email_address, phone or otp; or be left out for the card in payment_medium_identifier";

/// Demands exactly one name: in `contact`, or of a card without it.
pub(super) fn validate(
    contact: &Option<ContactReference>,
    card: &Option<String>,
    faults: &mut Faults,
) {
    let is_named_once = match contact {
        Some(contact) => {
            let names = contact.names().count();
            names.saturating_add(usize::from(contact.otp.is_some())) == 1
        }
        None => card.is_some(),
    };
    faults.require(is_named_once, "contact", "ambiguous", NAME_ONE);
}

/// What is done for somebody known only was asked for nobody.
pub(super) fn nobody() -> Problem {
    failure::invalid_field("/contact", "ambiguous", NAME_ONE)
}

/// Who buys, and the spend token that says so.
pub(super) struct Buyer {
    pub(super) contact: Address,
    pub(super) token: Option<Presented>,
}

/// The contact that is named so, or that made the token.
pub(super) async fn find_buyer(
    api: &Api,
    caller: &Caller,
    contact: &Option<ContactReference>,
    card: &Option<String>,
) -> Result<Buyer, Problem> {
    let otp = contact.as_ref().and_then(|contact| contact.otp.as_deref());
    let Some(otp) = otp else {
        let contact = find(api, caller, contact, card).await?;
        let token = None;
        return Ok(Buyer { contact, token });
    };
    api.quota.misses.admit(caller.credential())?;
    let found = api
        .router
        .find_spend_token(caller.tenant(), caller.mode(), otp);
    match Box::pin(found).await.map_err(failure::problem)? {
        Some((contact, presented)) => Ok(Buyer {
            contact,
            token: Some(presented),
        }),
        None => {
            api.quota.misses.count(caller.credential());
            Err(failure::spend_token_invalid())
        }
    }
}

/// Why a purchase or an estimate was refused. A token that was not good is counted: whoever tries many is let wait.
pub(super) fn refusal(api: &Api, caller: &Caller, why: Failure) -> Problem {
    if let Failure::Rejected(Rejection::Contact(contact::Rejection::TokenInvalid)) = why {
        api.quota.misses.count(caller.credential());
    }
    failure::problem(why)
}

/// The contact that is named so.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    contact: &Option<ContactReference>,
    card: &Option<String>,
) -> Result<Address, Problem> {
    let name = match contact {
        Some(contact) => contact.names().next(),
        None => card.as_deref().map(ContactName::Card),
    };
    let found = match name {
        Some(name) => resolve(api, caller, name).await.map_err(failure::problem)?,
        None => None,
    };
    found.ok_or_else(|| {
        Problem::new(
            Code::UnknownContact,
            "contact names nobody that is known under this key",
        )
    })
}
