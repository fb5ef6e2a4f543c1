//! By what a contact is to sign in, on the wire.

use serde::Deserialize;
use utoipa::ToSchema;

use super::proof::{Proof, Sent};
use super::wire::{Provider, WirePhone};
use crate::actors::router::access::Destination;
use crate::domain::access::PasswordHash;
use crate::external_login::Service;
use crate::http::Api;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::http::passwords::Password;
use crate::http::problem::{Code, Problem};
use crate::http::{email, mac_address, phone};
use crate::limits;

/// By what the contact is to sign in: a phone number, an e-mail address with or without a password, or an account at a provider that the
/// tenant has set up. Or a device by its MAC address, which only says later who that is: keys with `contacts.guests` let it in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Identification)]
pub(super) struct Identification {
    /// Without it, `PHONE` if there is one, and else `EMAIL`.
    provider: Option<Provider>,
    /// With `PHONE`.
    phone: Option<WirePhone>,
    /// With `EMAIL`.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// With `EMAIL`, to sign in with beside codes: 8 to 128 characters, and none that everybody tries.
    #[schema(min_length = 8, max_length = 128)]
    password: Option<String>,
    /// The app that asks. It changes nothing yet.
    application_id: Option<String>,
    /// With `GOOGLE`, `APPLE` and `OIDC_OAUTH`: the ID token that the app got there; with `FACEBOOK`: the access token.
    #[schema(max_length = 8192)]
    token: Option<String>,
    /// With the same, if the app knows it: whom the token must be of.
    #[schema(max_length = 255)]
    sub: Option<String>,
    /// In place of `token`, with `state`: what came back from the page of `oidc/{type}`.
    #[schema(max_length = 8192)]
    code: Option<String>,
    /// With `code`.
    #[schema(max_length = 128)]
    state: Option<String>,
    /// With `MAC_ADDRESS`: twelve hexadecimal digits, as systems write them.
    #[schema(max_length = 17)]
    mac_address: Option<String>,
}

/// The same as older clients write it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityVersion1)]
pub(super) struct IdentityVersion1 {
    provider: Provider,
    /// With `PHONE`: with `+` and country, or as it is dialled within `country_code`.
    phone_number: Option<String>,
    /// ISO 3166-1 alpha-3.
    country_code: Option<String>,
    /// With `EMAIL`.
    #[schema(max_length = 254)]
    email_address: Option<String>,
    /// With `EMAIL`, as in version 2.
    #[schema(min_length = 8, max_length = 128)]
    password: Option<String>,
    /// With an account, as in version 2.
    #[schema(max_length = 8192)]
    token: Option<String>,
    /// With an account, as in version 2.
    #[schema(max_length = 255)]
    sub: Option<String>,
    /// With `MAC_ADDRESS`, as in version 2.
    #[schema(max_length = 17)]
    mac_address: Option<String>,
}

/// By what a contact is to sign in: what its validation has found to be right.
pub(super) enum Identity {
    /// A phone.
    Phone(WirePhone),
    /// An e-mail address, with a password if it has chosen one.
    Email {
        /// The address, as it was written.
        address: String,
        /// The password.
        password: Option<String>,
    },
    /// An account at a provider.
    External {
        /// Where.
        service: Service,
        /// What is to prove it.
        proof: Proof,
    },
    /// A device by its MAC address, as it is compared.
    Device(String),
}

impl Identity {
    /// Where its codes go.
    ///
    /// # Errors
    /// It is not what its validation demands.
    pub(super) fn destination(&self) -> Result<Destination, Problem> {
        let destination = match self {
            Identity::Phone(phone) => phone.e164().map(Destination::Phone),
            Identity::Email { address, .. } => email::normal(address).map(Destination::Email),
            Identity::External { .. } | Identity::Device(_) => None,
        };
        destination.ok_or_else(|| Problem::from(Code::InvalidRequest))
    }

    /// The password that it chooses, hashed.
    ///
    /// # Errors
    /// Too many are being hashed: nothing happened.
    pub(super) async fn password(&self, api: &Api) -> Result<Option<PasswordHash>, Problem> {
        match self {
            Identity::Phone(_)
            | Identity::Email { password: None, .. }
            | Identity::External { .. }
            | Identity::Device(_) => Ok(None),
            Identity::Email {
                password: Some(password),
                ..
            } => hashed(api, password).await.map(Some),
        }
    }
}

/// What belongs to one provider only: the member, whose it is, and whether it was sent.
pub(super) type OfProvider = (&'static str, Provider, bool);

/// Demands that what belongs to other providers than `provider` is left out.
pub(super) fn nothing_of_others(faults: &mut Faults, provider: Provider, sent: &[OfProvider]) {
    for (member, _, _) in sent.iter().filter(|(_, of, sent)| *sent && *of != provider) {
        faults.add(
            member,
            "of_another_provider",
            format!("does not belong to {}; leave it out", provider.name()),
        );
    }
}

/// Demands an e-mail address.
pub(super) fn check_email(faults: &mut Faults, member: &str, text: Option<&str>) {
    match text {
        Some(text) => email::check(faults, member, text),
        None => faults.add(member, "missing_field", "is required with EMAIL"),
    }
}

/// The e-mail address that its validation has found to be one.
///
/// # Errors
/// It is none.
pub(super) fn email_destination(text: &str) -> Result<Destination, Problem> {
    let normal = email::normal(text).map(Destination::Email);
    normal.ok_or_else(|| Problem::from(Code::InvalidRequest))
}

/// Demands a password that may be chosen, if there is one.
pub(super) fn check_password(faults: &mut Faults, member: &str, text: Option<&str>) {
    if let Some(Err(why)) = text.map(|text| Password::chosen(text.to_owned())) {
        faults.add(member, why.code(), why.detail());
    }
}

/// The hash of a password that may be chosen.
///
/// # Errors
/// Too many are being hashed: nothing happened.
pub(super) async fn hashed(api: &Api, password: &str) -> Result<PasswordHash, Problem> {
    let password = Password::chosen(password.to_owned());
    // Its validation has said why not.
    let password = password.map_err(|why| Problem::new(Code::InvalidRequest, why.detail()))?;
    api.passwords.hash(password).await
}

/// A device.
fn device(text: Option<&str>) -> Result<Identity, Problem> {
    let mac_address = text.and_then(mac_address::normal);
    mac_address.map(Identity::Device).ok_or_else(missing)
}

/// Not sent, although its provider demands it; validation says so before.
fn missing() -> Problem {
    Problem::new(Code::InvalidRequest, "an identity is required")
}

impl Identification {
    /// By what it is.
    pub(super) fn provider(&self) -> Provider {
        let unstated = || match self.phone {
            Some(_) => Provider::Phone,
            None => Provider::Email,
        };
        self.provider.unwrap_or_else(unstated)
    }

    /// What was identified so.
    ///
    /// # Errors
    /// It is not what its validation demands.
    pub(super) fn identity(&self) -> Result<Identity, Problem> {
        match self.provider() {
            Provider::Phone => self.phone.clone().map(Identity::Phone).ok_or_else(missing),
            Provider::Email => Ok(Identity::Email {
                address: self.email.clone().ok_or_else(missing)?,
                password: self.password.clone(),
            }),
            Provider::Facebook | Provider::Apple | Provider::Google | Provider::OidcOauth => {
                Ok(Identity::External {
                    service: self.provider().service().ok_or_else(missing)?,
                    proof: self.sent().proof().ok_or_else(missing)?,
                })
            }
            Provider::MacAddress => device(self.mac_address.as_deref()),
        }
    }

    /// What is to prove an account.
    fn sent(&self) -> Sent<'_> {
        Sent {
            token: self.token.as_deref(),
            sub: self.sub.as_deref(),
            code: self.code.as_deref(),
            state: self.state.as_deref(),
        }
    }

    /// What belongs to an account, and nothing else.
    fn validate_account(&self, faults: &mut Faults) {
        self.sent().validate(faults);
        let sent = [
            ("phone", Provider::Phone, self.phone.is_some()),
            ("email", Provider::Email, self.email.is_some()),
            ("password", Provider::Email, self.password.is_some()),
            (
                "mac_address",
                Provider::MacAddress,
                self.mac_address.is_some(),
            ),
        ];
        nothing_of_others(faults, self.provider(), &sent);
    }
}

impl Validate for Identification {
    fn validate(&self, faults: &mut Faults) {
        match self.provider() {
            Provider::Phone => match &self.phone {
                Some(phone) => faults.within("phone", |faults| phone.validate(faults)),
                None => faults.add("phone", "missing_field", "is required with PHONE"),
            },
            Provider::Email => {
                check_email(faults, "email", self.email.as_deref());
                check_password(faults, "password", self.password.as_deref());
            }
            Provider::Facebook | Provider::Apple | Provider::Google | Provider::OidcOauth => {
                return self.validate_account(faults);
            }
            Provider::MacAddress => {
                mac_address::check(faults, "mac_address", self.mac_address.as_deref());
            }
        }
        let sent = [
            ("phone", Provider::Phone, self.phone.is_some()),
            ("email", Provider::Email, self.email.is_some()),
            ("password", Provider::Email, self.password.is_some()),
            ("token", Provider::OidcOauth, self.token.is_some()),
            ("sub", Provider::OidcOauth, self.sub.is_some()),
            ("code", Provider::OidcOauth, self.code.is_some()),
            ("state", Provider::OidcOauth, self.state.is_some()),
            (
                "mac_address",
                Provider::MacAddress,
                self.mac_address.is_some(),
            ),
        ];
        nothing_of_others(faults, self.provider(), &sent);
        let max = limits::NAME_CHARS_MAX;
        let application = self.application_id.as_deref();
        check(faults, "application_id", application, max);
    }
}

impl IdentityVersion1 {
    /// What is to prove an account.
    fn sent(&self) -> Sent<'_> {
        Sent {
            token: self.token.as_deref(),
            sub: self.sub.as_deref(),
            ..Sent::default()
        }
    }

    fn phone(&self) -> Option<WirePhone> {
        Some(WirePhone {
            number: self.phone_number.clone()?,
            country_code: self.country_code.clone(),
        })
    }

    /// As [`Identification::identity`].
    ///
    /// # Errors
    /// As [`Identification::identity`].
    pub(super) fn identity(&self) -> Result<Identity, Problem> {
        match self.provider {
            Provider::Phone => self.phone().map(Identity::Phone).ok_or_else(missing),
            Provider::Email => Ok(Identity::Email {
                address: self.email_address.clone().ok_or_else(missing)?,
                password: self.password.clone(),
            }),
            Provider::Facebook | Provider::Apple | Provider::Google | Provider::OidcOauth => {
                Ok(Identity::External {
                    service: self.provider.service().ok_or_else(missing)?,
                    proof: self.sent().proof().ok_or_else(missing)?,
                })
            }
            Provider::MacAddress => device(self.mac_address.as_deref()),
        }
    }
}

impl Validate for IdentityVersion1 {
    fn validate(&self, faults: &mut Faults) {
        match self.provider {
            Provider::Phone => {
                let number = self.phone_number.as_deref().unwrap_or_default();
                let country = self.country_code.as_deref();
                phone::check(faults, "phone_number", number, country);
            }
            Provider::Email => {
                check_email(faults, "email_address", self.email_address.as_deref());
                check_password(faults, "password", self.password.as_deref());
            }
            Provider::Facebook | Provider::Apple | Provider::Google | Provider::OidcOauth => {
                self.sent().validate(faults);
            }
            Provider::MacAddress => {
                mac_address::check(faults, "mac_address", self.mac_address.as_deref());
            }
        }
        let is_account = self.provider.service().is_some();
        let sent = [
            (
                "token",
                Provider::OidcOauth,
                self.token.is_some() && !is_account,
            ),
            (
                "sub",
                Provider::OidcOauth,
                self.sub.is_some() && !is_account,
            ),
            ("phone_number", Provider::Phone, self.phone_number.is_some()),
            ("country_code", Provider::Phone, self.country_code.is_some()),
            (
                "email_address",
                Provider::Email,
                self.email_address.is_some(),
            ),
            ("password", Provider::Email, self.password.is_some()),
            (
                "mac_address",
                Provider::MacAddress,
                self.mac_address.is_some(),
            ),
        ];
        nothing_of_others(faults, self.provider, &sent);
    }
}
