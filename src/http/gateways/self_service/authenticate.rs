//! `POST /contacts/authenticate`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{WireChallenge, answered_evenly, invalid_login, refused};
use super::external;
use super::identification::{check_email, nothing_of_others};
use super::otp;
use super::proof::Sent;
use super::register;
use super::signed_in::{WireSignedIn, signed_in};
use super::wire::{Provider, WirePhone};
use crate::actors::router::access::{AccessRefused, Account, Destination};
use crate::domain::api_key::Scope;
use crate::domain::contact::{ContactType, Profile};
use crate::external_login::Service;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKey;
use crate::http::extract::lenient::JsonOfAnyType;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::passwords::Password;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::http::{Api, email, mac_address};
use crate::limits;

/// Who signs in: by phone, by e-mail address, or by an account at a provider.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Authentication)]
pub(super) struct NewAuthentication {
    provider: Option<Provider>,
    /// With `PHONE`.
    phone: Option<WirePhone>,
    /// The app that asks. It changes nothing yet.
    application_id: Option<String>,
    /// With `EMAIL`: the address.
    username: Option<String>,
    /// With `EMAIL`. Without it, a code is sent.
    #[schema(max_length = 128)]
    password: Option<String>,
    /// With `GOOGLE`, `APPLE` and `OIDC_OAUTH`: the ID token that the app got there; with `FACEBOOK`: the access token.
    #[schema(max_length = 8192)]
    token: Option<String>,
    /// With `MAC_ADDRESS`: twelve hexadecimal digits, as systems write them.
    #[schema(max_length = 17)]
    mac_address: Option<String>,
    /// As somebody new of whom nothing is known; with `mac_address`, as whoever has the device, if anybody has.
    #[serde(default)]
    login_as_guest: bool,
    /// In place of `token`, with `state`: what came back from the page of `oidc/{type}`.
    #[schema(max_length = 8192)]
    code: Option<String>,
    /// With `code`.
    #[schema(max_length = 128)]
    state: Option<String>,
}

impl NewAuthentication {
    /// The device by which it is recognised.
    fn device(&self) -> Option<Account> {
        let mac_address = self.mac_address.as_deref();
        mac_address
            .and_then(mac_address::normal)
            .map(Account::of_device)
    }

    /// At which provider it has an account.
    fn service(&self) -> Option<Service> {
        let provider = self.provider.filter(|_| !self.login_as_guest)?;
        provider.service()
    }

    /// What is to prove the account.
    fn sent(&self) -> Sent<'_> {
        Sent {
            token: self.token.as_deref(),
            code: self.code.as_deref(),
            state: self.state.as_deref(),
            ..Sent::default()
        }
    }

    /// A guest is known by nothing, but perhaps by its device.
    fn validate_guest(&self, faults: &mut Faults) {
        let is_device = self.provider == Some(Provider::MacAddress);
        for (member, is_sent) in [
            ("phone", self.phone.is_some()),
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("token", self.token.is_some()),
            ("code", self.code.is_some()),
            ("state", self.state.is_some()),
            ("mac_address", self.mac_address.is_some() && !is_device),
        ] {
            faults.require(
                !is_sent,
                member,
                "of_another_provider",
                "does not belong to a guest; leave it out, or sign in by it without login_as_guest",
            );
        }
        if is_device && self.mac_address.is_some() {
            mac_address::check(faults, "mac_address", self.mac_address.as_deref());
        }
    }

    fn validate_account(&self, faults: &mut Faults, provider: Provider) {
        self.sent().validate(faults);
        let sent = [
            ("phone", Provider::Phone, self.phone.is_some()),
            ("username", Provider::Email, self.username.is_some()),
            ("password", Provider::Email, self.password.is_some()),
            (
                "mac_address",
                Provider::MacAddress,
                self.mac_address.is_some(),
            ),
        ];
        nothing_of_others(faults, provider, &sent);
    }

    /// What it is by, and where a code would go.
    fn destination(&self) -> Option<Destination> {
        match self.provider? {
            Provider::Phone => self.phone.as_ref()?.e164().map(Destination::Phone),
            Provider::Email => email::normal(self.username.as_ref()?).map(Destination::Email),
            Provider::Facebook
            | Provider::Apple
            | Provider::Google
            | Provider::MacAddress
            | Provider::OidcOauth => None,
        }
    }
}

impl Validate for NewAuthentication {
    fn validate(&self, faults: &mut Faults) {
        let application = self.application_id.as_deref();
        check(
            faults,
            "application_id",
            application,
            limits::NAME_CHARS_MAX,
        );
        if self.login_as_guest {
            return self.validate_guest(faults);
        }
        let Some(provider) = self.provider else {
            return faults.add("provider", "missing_field", "is required");
        };
        if self.service().is_some() {
            return self.validate_account(faults, provider);
        }
        match (provider, &self.phone) {
            (Provider::MacAddress, _) => {
                mac_address::check(faults, "mac_address", self.mac_address.as_deref());
            }
            (Provider::Phone, Some(phone)) => faults.within("phone", |it| phone.validate(it)),
            (Provider::Phone, None) => {
                faults.add("phone", "missing_field", "is required with PHONE")
            }
            (_, _) => check_email(faults, "username", self.username.as_deref()),
        }
        // Whatever was chosen earlier may be tried: only what cannot have been is refused.
        let length = self.password.as_ref().map_or(0, |it| it.chars().count());
        faults.require(
            length <= limits::PASSWORD_CHARS_MAX,
            "password",
            "too_long",
            "must have at most 128 characters",
        );
        let sent = [
            ("phone", Provider::Phone, self.phone.is_some()),
            ("username", Provider::Email, self.username.is_some()),
            ("password", Provider::Email, self.password.is_some()),
            ("token", Provider::OidcOauth, self.token.is_some()),
            ("code", Provider::OidcOauth, self.code.is_some()),
            ("state", Provider::OidcOauth, self.state.is_some()),
            (
                "mac_address",
                Provider::MacAddress,
                self.mac_address.is_some(),
            ),
        ];
        nothing_of_others(faults, provider, &sent);
    }
}

/// What signing in comes to.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "describes two answers, each of which is made elsewhere"
)]
enum Entered {
    /// With a password.
    SignedIn(Box<WireSignedIn>),
    /// Without one.
    Challenge(WireChallenge),
}

/// Sign in.
///
/// By e-mail address and password, and by an account at a provider, the answer has the tokens. Without a password, and by phone, a code is
/// sent, as by `otp`. For a key with `contacts.guests`, `login_as_guest` makes a contact of which nothing is known and signs it in; a device is
/// recognised by `mac_address`, and the tokens say who that is and open nothing of it.
#[utoipa::path(
    post, path = "/contacts/authenticate", tag = "Authentication", security(("api_key" = [])),
    request_body = NewAuthentication,
    responses(
        (status = 200, description = "Signed in; or a code was sent, if anybody signs in by this", body = Entered),
        (status = 400, description = "Not JSON; a wrong password, or nobody signs in so; or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address; ten wrong passwords are taken, and none for a quarter of an hour after the last; an address lets in 100 guests and devices an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn authenticate(
    State(api): State<Api>,
    reached: Reached,
    caller: AppKey<{ Scope::ContactsRegister.bit() }>,
    body: JsonOfAnyType<NewAuthentication>,
) -> Result<Response, Problem> {
    if let Some((service, proof)) = body.service().zip(body.sent().proof()) {
        let entered = async {
            let account = external::vouched(&api, &caller, service, &proof).await?;
            by_account(&api, &reached, &caller, account).await
        };
        return answered_evenly(caller.began, entered).await;
    }
    if body.login_as_guest || body.provider == Some(Provider::MacAddress) {
        let entered = by_nothing_proven(&api, &reached, &caller, &body);
        return answered_evenly(caller.began, entered).await;
    }
    let to = body.destination();
    let to = to.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    match &body.password {
        Some(password) => {
            let attempt = by_password(&api, &reached, &caller, &to, password);
            let signed_in = caller.guess(&api, attempt);
            answered_evenly(caller.began, signed_in).await
        }
        None => otp::send(&api, &caller, &to).await,
    }
}

/// Lets somebody in who proves nothing: a guest, a device that is somebody's, or both. Nobody is found again by an `Idempotency-Key` here:
/// the requests of all guests are alike, and so are the keys of many apps.
async fn by_nothing_proven(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    body: &ValidJson<NewAuthentication>,
) -> Result<Response, Problem> {
    caller.require_of_app(Scope::ContactsGuests)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    api.quota.admit_guest((tenant, mode), caller.client)?;
    let once = || {
        let no_key = http::HeaderMap::new();
        Once::of(caller, &no_key, "contacts.guest", None, &body.hash)
    };
    match (body.device(), body.login_as_guest) {
        (Some(device), false) => by_account(api, reached, caller, device).await,
        (Some(device), true) => {
            let nobody = (ContactType::Person, Profile::default());
            let registered = register::enter(api, caller, &once()?, nobody, device).await?;
            external::entered(api, reached, caller, StatusCode::OK, &registered).await
        }
        (None, _) => {
            let once = once()?;
            let address = register::address_of(api, caller, &once);
            let guest = api.router.sign_in_guest(address, once.remember(api));
            let guest = guest.await.map_err(refused)?;
            external::entered(api, reached, caller, StatusCode::OK, &guest).await
        }
    }
}

/// Signs in by an account at a provider that has vouched for it, or by a device.
async fn by_account(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    account: Account,
) -> Result<Response, Problem> {
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let entered = api.router.sign_in_by_account(tenant, mode, &account).await;
    let entered = entered.map_err(|why| match why {
        AccessRefused::InvalidLogin => Problem::new(
            Code::InvalidLogin,
            "nobody signs in by this account or device yet; register with it",
        ),
        why => refused(why),
    })?;
    external::entered(api, reached, caller, StatusCode::OK, &entered).await
}

/// Signs in by password. The same is done, and takes as long, where nobody signs in so.
async fn by_password(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    by: &Destination,
    password: &str,
) -> Result<Response, Problem> {
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let password = Password::typed(password.to_owned()).ok_or_else(invalid_login)?;
    // A try is counted on disk first: in a storm of logins that would be most of what the disk does, for those that are refused.
    api.passwords.require_room()?;
    let tried = api.router.try_password(tenant, mode, by).await;
    let tried = tried.map_err(refused)?;
    match api.passwords.matches(password, tried.hash.clone()).await {
        Ok(true) => {}
        Ok(false) => return Err(invalid_login()),
        Err(problem) => {
            // What is refused so has not happened.
            api.router.give_password_back(tried).await;
            return Err(problem);
        }
    }
    let entered = api.router.sign_in_by_password(tried).await;
    let entered = entered.map_err(refused)?;
    let who = (entered.contact, &entered.session, None);
    signed_in(api, reached, caller.began, who).await
}
