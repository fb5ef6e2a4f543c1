//! `POST /contacts/authenticate`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{WireChallenge, evenly, invalid_login, refused};
use super::external;
use super::identification::{check_email, nothing_of_others};
use super::otp;
use super::proof::{Proof, Sent};
use super::signed_in::{WireSignedIn, signed_in};
use super::wire::{Provider, WirePhone, not_built};
use crate::actors::router::access::{AccessRefused, Destination};
use crate::domain::api_key::Scope;
use crate::external_login::Service;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKey;
use crate::http::extract::lenient::JsonOfAnyType;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::http::passwords::Password;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::http::{Api, email};
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
    /// Not built.
    mac_address: Option<String>,
    /// Not built.
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
    /// By what it is, of what is built.
    fn by(&self) -> Option<Provider> {
        self.provider.filter(|provider| {
            !self.login_as_guest && matches!(provider, Provider::Phone | Provider::Email)
        })
    }

    /// At which provider it has an account, of what is built.
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
        match self.by()? {
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
        if self.provider.is_none() && !self.login_as_guest {
            faults.add("provider", "missing_field", "is required");
        }
        if let (Some(provider), Some(_)) = (self.provider, self.service()) {
            return self.validate_account(faults, provider);
        }
        let Some(provider) = self.by() else { return };
        match (provider, &self.phone) {
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
        let application = self.application_id.as_deref();
        check(
            faults,
            "application_id",
            application,
            limits::NAME_CHARS_MAX,
        );
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
/// sent, as by `otp`.
#[utoipa::path(
    post, path = "/contacts/authenticate", tag = "Authentication", security(("api_key" = [])),
    request_body = NewAuthentication,
    responses(
        (status = 200, description = "Signed in; or a code was sent, if anybody signs in by this", body = Entered),
        (status = 400, description = "Not JSON; a wrong password, or nobody signs in so; or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address; ten wrong passwords are taken, and none for a quarter of an hour after the last", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Another provider, which is not built", body = ProblemBody, content_type = "application/problem+json"),
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
        let entered = by_account(&api, &reached, &caller, service, &proof);
        return evenly(caller.began, entered).await;
    }
    if body.by().is_none() {
        return Err(not_built("provider", "PHONE, EMAIL or an account"));
    }
    let to = body.destination();
    let to = to.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    match &body.password {
        Some(password) => {
            let attempt = by_password(&api, &reached, &caller, &to, password);
            let signed_in = caller.guess(&api, attempt);
            evenly(caller.began, signed_in).await
        }
        None => otp::send(&api, &caller, &to).await,
    }
}

/// Signs in by an account at a provider.
async fn by_account(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    service: Service,
    proof: &Proof,
) -> Result<Response, Problem> {
    let account = external::vouched(api, caller, service, proof).await?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let entered = api.router.sign_in_by_account(tenant, mode, &account).await;
    let entered = entered.map_err(|why| match why {
        AccessRefused::InvalidLogin => Problem::new(
            Code::InvalidLogin,
            "nobody signs in by this account yet; register with it",
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
