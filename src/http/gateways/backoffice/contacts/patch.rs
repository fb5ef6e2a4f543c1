//! A change of a contact on the wire: what is left out stays, what is null goes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::claims::{EMAIL_ADDRESS, PHONE, Word, with_profile};
use super::wire::{NewContact, WireAddress, WireContactType, WireField, WirePhone, lists, pairs};
use crate::actors::router::contact_change::Edited;
use crate::domain::contact::Profile;
use crate::domain::entity::ContactView;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::extract::{Faults, Validate, given};
use crate::http::gateways::demographics::WireDemographics;
use crate::http::problem::Problem;

/// What to change of a contact: what is left out stays as it is, and null removes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ChangedContact {
    /// A code for people to use.
    #[schema(max_length = 64)]
    code: Option<String>,
    contact_type: Option<WireContactType>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    middle_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    company_name: Option<Option<String>>,
    /// Unique among the tenant's contacts.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email_address: Option<Option<String>>,
    /// All of them, in place of those that are there.
    phones: Option<Vec<WirePhone>>,
    /// All of them, in place of those that are there.
    addresses: Option<Vec<WireAddress>>,
    /// All of them, in place of those that are there.
    custom_fields: Option<Vec<WireField>>,
    /// All of it, in place of what is there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WireDemographics>)]
    demographics: Option<Option<WireDemographics>>,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdatedContact {
    /// The contact's id.
    pub(super) id: String,
}

impl Validate for ChangedContact {
    /// What else comes of it is validated as a whole.
    fn validate(&self, faults: &mut Faults) {
        if let Some(Some(demographics)) = &self.demographics {
            faults.within("demographics", |faults| demographics.validate(faults));
        }
    }
}

impl ChangedContact {
    /// The custom fields, by key, if they change.
    pub(super) fn custom_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(self.custom_fields.as_deref().unwrap_or_default())
    }

    /// What it makes of the contact.
    pub(super) fn apply(
        &self,
        api: &Api,
        caller: &Caller,
        view: &ContactView,
        mut profile: Profile,
    ) -> Result<Edited, Problem> {
        let before = profile.clone();
        let mut contact = as_wire(view, &mut profile);
        for (member, change) in [
            (&mut contact.title, &self.title),
            (&mut contact.first_name, &self.first_name),
            (&mut contact.middle_name, &self.middle_name),
            (&mut contact.last_name, &self.last_name),
            (&mut contact.company_name, &self.company_name),
            (&mut contact.email_address, &self.email_address),
        ] {
            if let Some(value) = change {
                member.clone_from(value);
            }
        }
        if let Some(code) = &self.code {
            contact.code = Some(code.clone());
        }
        contact.contact_type = self.contact_type.unwrap_or(contact.contact_type);
        if let Some(phones) = &self.phones {
            contact.phones.clone_from(phones);
        }
        if let Some(addresses) = &self.addresses {
            contact.addresses.clone_from(addresses);
        }
        if let Some(fields) = &self.custom_fields {
            contact.custom_fields.clone_from(fields);
        }
        let mut faults = Faults::new();
        contact.validate(&mut faults);
        faults.into_result()?;
        if let Some(demographics) = &self.demographics {
            let demographics = demographics.as_ref().map(WireDemographics::read);
            profile.own_mut().demographics = demographics.unwrap_or_default();
        }
        let email = self.email_address.as_ref().map(|_| EMAIL_ADDRESS);
        let phones = self.phones.as_ref().map(|_| PHONE);
        let written: Vec<_> = email.into_iter().chain(phones).collect();
        edited(api, caller, view, contact, (&before, profile, &written))
    }
}

/// The contact as a creation would have it, taken out of `profile`: what no creation says stays there.
pub(super) fn as_wire(view: &ContactView, profile: &mut Profile) -> NewContact {
    let (phones, addresses, custom_fields) = lists(profile);
    NewContact {
        id: None,
        code: Some(view.code.to_string()),
        contact_type: view.contact_type.into(),
        title: profile.title.take(),
        first_name: profile.first_name.take(),
        middle_name: profile.middle_name.take(),
        last_name: profile.last_name.take(),
        company_name: profile.company_name.take(),
        email_address: profile.email_address.take(),
        phones,
        addresses,
        custom_fields,
        // It stays in `profile`.
        demographics: None,
    }
}

/// What `contact` is to be stored as, with what `kept` has beside it, where the business wrote of the fields that it is known by those in `written`.
pub(super) fn edited(
    api: &Api,
    caller: &Caller,
    view: &ContactView,
    contact: NewContact,
    (before, kept, written): (&Profile, Profile, &[&'static str]),
) -> Result<Edited, Problem> {
    let code: Arc<str> = contact
        .code
        .as_deref()
        .map_or_else(|| Arc::clone(&view.code), Arc::from);
    let contact_type = contact.contact_type.into();
    let profile = Profile {
        cards: kept.cards,
        agreement: kept.agreement,
        own: kept.own,
        ..contact.profile()
    };
    let changed = (before, profile, Word::Business(written));
    let edited = with_profile(api, caller, view, code, changed)?;
    Ok(Edited {
        contact_type,
        ..edited
    })
}
