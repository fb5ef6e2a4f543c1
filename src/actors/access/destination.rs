//! Where one-time codes go, and what that is called wherever it is looked up.

use crate::domain::access::{Channel, Provider};
use crate::domain::address::{Mode, TenantId};
use crate::domain::contact::{Phone, Profile};
use crate::domain::directory_entry::ValueHash;
use crate::secrets::{Secrets, UniqueValue};

/// Where a code is to go: what somebody signs in by.
#[derive(Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a phone, as E.164 has it.
    Phone(String),
    /// To an e-mail address, in lower case.
    Email(String),
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Destination::Phone(_) => "Phone(…)",
            Destination::Email(_) => "Email(…)",
        })
    }
}

impl Destination {
    /// By which way it is reached.
    pub const fn channel(&self) -> Channel {
        match self {
            Destination::Phone(_) => Channel::Sms,
            Destination::Email(_) => Channel::Email,
        }
    }

    /// The phone number or the address.
    pub fn text(&self) -> &str {
        match self {
            Destination::Phone(text) | Destination::Email(text) => text,
        }
    }

    pub(super) const fn provider(&self) -> Provider {
        match self {
            Destination::Phone(_) => Provider::Phone,
            Destination::Email(_) => Provider::Email,
        }
    }

    /// The value as one that somebody signs in by.
    pub(super) fn identity(&self, secrets: &Secrets, tenant: TenantId, mode: Mode) -> ValueHash {
        let kind = match self {
            Destination::Phone(_) => UniqueValue::IdentityPhone,
            Destination::Email(_) => UniqueValue::IdentityEmail,
        };
        secrets.value_hash(tenant, mode, kind, self.text())
    }

    /// The value as one that a profile tells.
    pub(super) fn detail(&self, secrets: &Secrets, tenant: TenantId, mode: Mode) -> ValueHash {
        let kind = match self {
            Destination::Phone(_) => UniqueValue::Phone,
            Destination::Email(_) => UniqueValue::EmailAddress,
        };
        secrets.value_hash(tenant, mode, kind, self.text())
    }

    /// As it is sealed.
    pub(super) fn sealable(self) -> Profile {
        match self {
            Destination::Phone(number) => Profile {
                phones: vec![Phone {
                    number,
                    ..Phone::default()
                }],
                ..Profile::default()
            },
            Destination::Email(address) => Profile {
                email_address: Some(address),
                ..Profile::default()
            },
        }
    }

    /// What was sealed so.
    pub fn unsealed(profile: Profile) -> Option<Destination> {
        let phone = profile.phones.into_iter().next();
        let phone = phone.map(|phone| Destination::Phone(phone.number));
        phone.or(profile.email_address.map(Destination::Email))
    }
}
