//! `POST /contacts/otp`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{
    self, WireChallenge, answered_evenly, refused, require_delivery, require_room, send_to,
};
use super::wire::not_built;
use crate::actors::router::access::{Destination, Detail, Fact};
use crate::domain::access::Channel;
use crate::domain::api_key::Scope;
use crate::domain::contact::Profile;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::email;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::gateways::demographics::day;
use crate::http::phone::e164;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::limits;

/// How the code is sent.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OtpMethod)]
pub(in super::super) enum Method {
    /// As a text message.
    Sms,
    /// By e-mail.
    Email,
}

impl Method {
    pub(in super::super) const fn channel(self) -> Channel {
        match self {
            Method::Sms => Channel::Sms,
            Method::Email => Channel::Email,
        }
    }
}

/// What the contact is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = CredentialName)]
enum Name {
    /// The phone number that it signs in by, with `+` and country, or as it is dialled within `country_code`.
    Phone,
    /// An earlier transaction.
    AuthOtp,
    /// A date of birth, as `2001-12-31`.
    Birthdate,
    /// The number of a passport.
    Passport,
    /// A card of the contact.
    Card,
    /// The e-mail address that it signs in by.
    Email,
    /// The number of an identity card.
    IdNumber,
    /// The same as a card.
    LoyaltyIdentifier,
    /// Not built.
    GiftPass,
    /// A number with an authority.
    StatutoryId,
}

/// Something that the contact is known by.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Credential)]
struct Credential {
    name: Name,
    value: String,
    /// With a `PHONE`: ISO 3166-1 alpha-3, where a number without `+` is dialled.
    country_code: Option<String>,
    /// With `GIFT_PASS`, which is not built.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    gift_pass: Option<serde_json::Value>,
}

/// Who wants a code, and how.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtpRequest)]
pub(super) struct NewOtp {
    method: Method,
    /// What the contact signs in by: one `PHONE`, with `SMS`, or one `EMAIL`, with `EMAIL`. Or two details of a contact that the business knows,
    /// one of them a `PHONE`, `EMAIL`, `CARD` or `LOYALTY_IDENTIFIER`: the code goes to where that one is known to be reached. Or one `AUTH_OTP`, to have another code sent.
    #[schema(min_items = 1, max_items = 10)]
    credentials: Vec<Credential>,
}

/// What a request names to send a code to.
enum Named {
    /// What the contact signs in by.
    Identity(Destination),
    /// What a contact alone has, and what is true of it.
    Details(Vec<Detail>, Vec<Fact>),
    /// An earlier transaction.
    Again(String),
    /// Something that is not built.
    NotBuilt,
    /// Something that is not written as it should be: where, and what.
    Wrong(Place, &'static str, &'static str),
}

/// Where in the request something is wrong.
enum Place {
    /// In a member of it.
    Member(&'static str),
    /// In the value of one of the credentials.
    Value(usize),
    /// In the country of one of the credentials.
    Country(usize),
}

/// What one credential says.
enum Said {
    Detail(Detail),
    Fact(Fact),
    NotBuilt,
    Wrong(&'static str, &'static str),
}

impl Credential {
    fn text(&self, chars_max: usize, said: impl FnOnce(String) -> Said) -> Said {
        let text = self.value.trim();
        match (1..=chars_max).contains(&text.chars().count()) {
            true => said(text.to_owned()),
            false => Said::Wrong("wrong_length", "is empty, or too long"),
        }
    }

    fn number(&self, fact: fn(String) -> Fact) -> Said {
        self.text(limits::NAME_CHARS_MAX, |text| Said::Fact(fact(text)))
    }

    fn said(&self) -> Said {
        let reached = match self.name {
            Name::Phone => {
                let number = e164(&self.value, self.country_code.as_deref());
                number.map(Destination::Phone)
            }
            Name::Email => email::normal(&self.value).map(Destination::Email),
            Name::Card | Name::LoyaltyIdentifier => {
                return self.text(limits::CODE_CHARS_MAX, |text| {
                    Said::Detail(Detail::Card(text))
                });
            }
            Name::Passport => return self.number(Fact::Passport),
            Name::IdNumber => return self.number(Fact::IdNumber),
            Name::StatutoryId => return self.number(Fact::StatutoryNumber),
            Name::Birthdate => {
                return match day(self.value.trim()) {
                    Some((year, month, day)) => Said::Fact(Fact::Born(year, month, day)),
                    None => {
                        Said::Wrong("no_such_day", "must be a day that there is, as 2001-12-31")
                    }
                };
            }
            Name::AuthOtp => {
                return Said::Wrong("not_alone", "must be the only credential, or be left out");
            }
            Name::GiftPass => return Said::NotBuilt,
        };
        match reached {
            Some(to) => Said::Detail(Detail::Reached(to)),
            None => Said::Wrong(
                "not_a_destination",
                match self.name {
                    Name::Phone => {
                        "must be a phone number with + and country, as +442079460018, or as it is dialled within country_code (ISO 3166-1 alpha-3)"
                    }
                    _ => "must be an e-mail address like name@example.com",
                },
            ),
        }
    }
}

impl NewOtp {
    fn named(&self) -> Named {
        if let [one] = self.credentials.as_slice()
            && one.name == Name::AuthOtp
        {
            return Named::Again(one.value.clone());
        }
        let (mut details, mut facts) = (Vec::new(), Vec::new());
        for (index, credential) in self.credentials.iter().enumerate() {
            if credential.country_code.is_some() && credential.name != Name::Phone {
                return Named::Wrong(
                    Place::Country(index),
                    "of_another_credential",
                    "goes with a PHONE only; leave it out",
                );
            }
            match credential.said() {
                _ if credential.gift_pass.is_some() => return Named::NotBuilt,
                Said::NotBuilt => return Named::NotBuilt,
                Said::Detail(detail) if details.contains(&detail) => {}
                Said::Detail(detail) => details.push(detail),
                Said::Fact(fact) => facts.push(fact),
                Said::Wrong(code, remedy) => {
                    return Named::Wrong(Place::Value(index), code, remedy);
                }
            }
        }
        // What is reached by the method comes first: the code goes there.
        let channel = self.method.channel();
        details.sort_by_key(|it| !matches!(it, Detail::Reached(to) if to.channel() == channel));
        match details.as_slice() {
            [] if !facts.is_empty() => Named::Wrong(
                Place::Member("credentials"),
                "none_is_unique",
                "must have a PHONE, EMAIL, CARD or LOYALTY_IDENTIFIER: the others can be true of several contacts",
            ),
            _ if !facts.is_empty() => Named::Details(details, facts),
            [Detail::Reached(to)] if to.channel() == channel => Named::Identity(to.clone()),
            [Detail::Reached(_)] => Named::Wrong(
                Place::Member("method"),
                "of_another_credential",
                "must be SMS for a phone number, and EMAIL for an e-mail address",
            ),
            [] | [Detail::Card(_)] => Named::Wrong(
                Place::Member("credentials"),
                "too_few",
                "must have a second detail beside a card",
            ),
            _ => Named::Details(details, facts),
        }
    }
}

impl Validate for NewOtp {
    fn validate(&self, faults: &mut Faults) {
        if !(1..=CREDENTIALS_MAX).contains(&self.credentials.len()) {
            faults.add("credentials", "wrong_length", "must have 1 to 10 entries");
            return;
        }
        let Named::Wrong(place, code, remedy) = self.named() else {
            return;
        };
        let (index, member) = match place {
            Place::Member(member) => return faults.add(member, code, remedy),
            Place::Value(index) => (index, "value"),
            Place::Country(index) => (index, "country_code"),
        };
        faults.within("credentials", |faults| {
            faults.at(index, |faults| faults.add(member, code, remedy));
        });
    }
}

/// As many as there are kinds of credentials.
const CREDENTIALS_MAX: usize = 10;

/// Ask for a code to sign in with.
///
/// It goes to the phone number or e-mail address that the contact signs in by. A contact that the business made, and that signs in by nothing yet, is
/// found by two details that match, of which one is its own alone; its code goes to where the business knows it to be reached, and
/// once it is signed in it adds what it signs in by. Where nobody is found, the answer is the same, and no code will ever fit.
#[utoipa::path(
    post, path = "/contacts/otp", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    request_body = NewOtp,
    responses(
        (status = 200, description = "A code was sent, if anybody signs in by this", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, one that does not work, or an AUTH_OTP that has run out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "GIFT_PASS, which is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn request(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    body: ValidJson<NewOtp>,
) -> Result<Response, Problem> {
    let channel = body.method.channel();
    match body.named() {
        Named::Identity(to) => send(&api, &caller, &to).await,
        Named::Details(details, facts) => {
            let sent = send_on_file(&api, &caller, channel, (&details, &facts));
            answered_evenly(caller.began, sent).await
        }
        Named::Again(auth_otp) => {
            let sent = send_again(&api, &caller, channel, &auth_otp);
            answered_evenly(caller.began, caller.guess(&api, sent)).await
        }
        Named::Wrong(..) => Err(Problem::from(Code::InvalidRequest)),
        Named::NotBuilt => Err(not_built("credentials", "anything but GIFT_PASS")),
    }
}

/// Has a code sent to whoever signs in by `to`.
pub(super) async fn send(
    api: &Api,
    caller: &Caller,
    to: &Destination,
) -> Result<Response, Problem> {
    let sent = async {
        let (tenant, mode) = (caller.tenant(), caller.mode());
        let challenged = async {
            let challenged = api.router.challenge(tenant, mode, to).await;
            challenged.map_err(refused)
        };
        let challenged = send_to(api, caller, to, |it| it.is_new, challenged).await?;
        Ok(challenge::answer(
            caller,
            StatusCode::OK,
            Some(to),
            challenged,
        ))
    };
    answered_evenly(caller.began, sent).await
}

/// Has a code sent to the contact that has all of `details`, and of whom all of `facts` are true.
async fn send_on_file(
    api: &Api,
    caller: &Caller,
    channel: Channel,
    (details, facts): (&[Detail], &[Fact]),
) -> Result<Response, Problem> {
    require_delivery(api, caller, channel).await?;
    let world = (caller.tenant(), caller.mode());
    let details = details.split_first();
    let details = details.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    let sent_here = match details.0 {
        Detail::Reached(to) if to.channel() == channel => Some(to),
        Detail::Reached(_) | Detail::Card(_) => None,
    };
    let challenged = async {
        if let Some(to) = sent_here {
            require_room(api, caller, to).await?;
        }
        let ways = |profile: &Profile| ways(profile, channel);
        let challenged = api
            .router
            .challenge_on_file(world, channel, details, facts, ways);
        challenged.await.map_err(refused)
    };
    let challenged = caller.has_sent(api, |it| it.is_new, challenged).await?;
    Ok(challenge::answer(
        caller,
        StatusCode::OK,
        sent_here,
        challenged,
    ))
}

/// Has another code sent for an earlier transaction.
async fn send_again(
    api: &Api,
    caller: &Caller,
    channel: Channel,
    auth_otp: &str,
) -> Result<Response, Problem> {
    require_delivery(api, caller, channel).await?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let challenged = async {
        let challenged = api.router.challenge_again(tenant, mode, auth_otp).await;
        challenged.map_err(refused)
    };
    let challenged = caller.has_sent(api, |it| it.is_new, challenged).await?;
    Ok(challenge::answer(caller, StatusCode::OK, None, challenged))
}

/// Whether the contact of this profile is reached at `to`.
pub(super) fn reached_at(profile: &Profile, to: &Destination) -> bool {
    ways(profile, to.channel()).contains(to)
}

/// Where the contact of this profile is reached: by its primary phone that can be dialled, or its e-mail address.
pub(in super::super) fn reached(profile: &Profile, channel: Channel) -> Option<Destination> {
    ways(profile, channel).into_iter().next()
}

/// Wherever the profile says that its contact is reached, and first where it wants to be.
fn ways(profile: &Profile, channel: Channel) -> Vec<Destination> {
    match channel {
        Channel::Sms => {
            let primary = profile.phones.iter().filter(|phone| phone.is_primary);
            let phones = primary.chain(&profile.phones);
            let numbers = phones.filter_map(|it| e164(&it.number, it.country_code.as_deref()));
            numbers.map(Destination::Phone).collect()
        }
        Channel::Email => {
            let address = profile.email_address.as_deref();
            let address = address.and_then(email::normal).map(Destination::Email);
            address.into_iter().collect()
        }
    }
}
