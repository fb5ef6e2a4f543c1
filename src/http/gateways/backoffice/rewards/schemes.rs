//! `/reward_schemes`: what contacts are members of.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CreatedReward, scheme};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::configuration::{Command, Item, Opening, Scheme};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::schemes::{SignUpMethod, SignUpOption, described, hash_of_code};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure};
use crate::limits;

/// A scheme, as it is written.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenScheme {
    name: String,
    description: Option<String>,
    terms_and_conditions: Option<String>,
    sign_up_option: SignUpOption,
    /// With `CLOSE_LOOP_SIGN_UP`: by what contacts are let in.
    sign_up_method: Option<SignUpMethod>,
    /// With `CODE`: what is to be shown. It is kept as a hash, and never told again.
    #[schema(min_length = 8, max_length = 64)]
    sign_up_code: Option<String>,
    /// With `EMAIL_DOMAIN`: a contact has proven an address of one of them.
    #[serde(default)]
    #[schema(max_items = 10)]
    email_domains: Vec<String>,
}

impl Validate for WrittenScheme {
    fn validate(&self, faults: &mut Faults) {
        super::check_texts(faults, &self.name, self.description.as_deref());
        let terms = self.terms_and_conditions.as_deref().unwrap_or_default();
        let described = self.description.as_deref().map_or(0, str::len);
        let text = self.name.len().saturating_add(described);
        faults.require(
            !terms.chars().any(|it| it.is_control() && it != '\n')
                && text.saturating_add(terms.len()) <= limits::REWARD_TEXT_BYTES_MAX,
            "terms_and_conditions",
            "too_long",
            "must have no control characters, and at most 400 bytes together with name and description",
        );
        let (is_closed, by_code, by_email) = (
            self.sign_up_option == SignUpOption::ClosedLoop,
            self.sign_up_method == Some(SignUpMethod::Code),
            self.sign_up_method == Some(SignUpMethod::EmailDomain),
        );
        for (member, is_there, is_wanted) in [
            ("sign_up_method", self.sign_up_method.is_some(), is_closed),
            ("sign_up_code", self.sign_up_code.is_some(), by_code),
            ("email_domains", !self.email_domains.is_empty(), by_email),
        ] {
            match (is_wanted, is_there) {
                (true, false) => faults.add(
                    member,
                    "missing",
                    "must be there: CLOSE_LOOP_SIGN_UP has a sign_up_method, CODE a sign_up_code, EMAIL_DOMAIN email_domains",
                ),
                (false, true) => faults.add(
                    member,
                    "not_here",
                    "does not go with this sign_up_option and sign_up_method",
                ),
                (true, true) | (false, false) => {}
            }
        }
        let code = self.sign_up_code.as_deref().map(str::trim);
        faults.require(
            code.is_none_or(|code| {
                limits::SIGN_UP_CODE_CHARS.contains(&code.len())
                    && code.bytes().all(|it| it.is_ascii_graphic())
            }),
            "sign_up_code",
            "not_a_code",
            "must have 8 to 64 visible ASCII characters",
        );
        faults.require(
            self.email_domains.len() <= Scheme::EMAIL_DOMAINS_MAX,
            "email_domains",
            "too_many",
            "must have at most 10 entries",
        );
        faults.within("email_domains", |faults| {
            for (index, domain) in self.email_domains.iter().enumerate() {
                let is_domain = domain.contains('.')
                    && domain.len() <= limits::EMAIL_DOMAIN_CHARS_MAX
                    && domain
                        .bytes()
                        .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-'));
                faults.at(index, |faults| {
                    faults.require(
                        is_domain,
                        "",
                        "not_a_domain",
                        "must be a domain such as example.com, of at most 100 characters",
                    );
                });
            }
        });
    }
}

impl WrittenScheme {
    fn read(&self, api: &Api, caller: &Caller) -> Item {
        let domains = self.email_domains.iter();
        let opening = match (self.sign_up_option, &self.sign_up_code) {
            (SignUpOption::Auto, _) => Opening::Auto,
            (SignUpOption::BySelf, _) => Opening::SelfSignUp,
            (SignUpOption::ClosedLoop, Some(code)) => {
                Opening::Code(hash_of_code(api, caller, code))
            }
            (SignUpOption::ClosedLoop, None) => {
                Opening::EmailDomains(domains.map(|it| it.to_ascii_lowercase()).collect())
            }
        };
        Item::Scheme(Scheme {
            name: self.name.trim().to_owned(),
            description: self.description.clone(),
            terms_and_conditions: self.terms_and_conditions.clone(),
            opening,
        })
    }
}

/// A scheme. Its code is never told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardScheme)]
struct WireScheme {
    id: String,
    name: String,
    description: Option<String>,
    terms_and_conditions: Option<String>,
    sign_up_option: SignUpOption,
    sign_up_method: Option<SignUpMethod>,
    email_domains: Vec<String>,
}

impl WireScheme {
    fn of(number: u64, scheme: &Scheme, ids: &PublicIds) -> WireScheme {
        let (sign_up_option, sign_up_method, email_domains) = described(&scheme.opening);
        WireScheme {
            id: ids.write(PublicId::of(Named::Scheme, number)),
            name: scheme.name.clone(),
            description: scheme.description.clone(),
            terms_and_conditions: scheme.terms_and_conditions.clone(),
            sign_up_option,
            sign_up_method,
            email_domains: email_domains.to_vec(),
        }
    }
}

/// Every scheme, in the order in which they were created.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardSchemes)]
struct WireSchemes {
    content: Vec<WireScheme>,
}

/// Create a scheme.
///
/// Everybody is a member (`AUTO_SIGN_UP`), whoever signs up (`SELF_SIGN_UP`), or whoever has its code or has proven an e-mail address of its
/// domains (`CLOSE_LOOP_SIGN_UP`). Offers name it in their conditions.
#[utoipa::path(
    post, path = "/reward_schemes", tag = "Reward schemes", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = WrittenScheme,
    responses(
        (status = 201, description = "Created", body = CreatedReward),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 15 schemes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<WrittenScheme>,
) -> Result<Response, Problem> {
    let item = body.read(&api, &caller);
    let what = ("reward_schemes.create", Named::Scheme);
    super::create(&api, &caller, &headers, what, (item, &body.hash)).await
}

/// List schemes.
#[utoipa::path(
    get, path = "/reward_schemes", tag = "Reward schemes", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, at most 15", body = WireSchemes),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let schemes = tenant.rewards.schemes.iter();
        let content = schemes.map(|(number, scheme)| WireScheme::of(*number, scheme, ids));
        Some(WireSchemes {
            content: content.collect(),
        })
    };
    super::answer(&api, &caller, Timings::default(), show).await
}

/// Get a scheme.
#[utoipa::path(
    get, path = "/reward_schemes/{id}", tag = "Reward schemes", security(("api_key" = [])),
    params(("id" = String, Path, description = "The scheme's id")),
    responses(
        (status = 200, description = "The scheme", body = WireScheme),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No scheme of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &id, Timings::default()).await
}

/// Change a scheme as a whole. Who has signed up stays a member.
#[utoipa::path(
    put, path = "/reward_schemes/{id}", tag = "Reward schemes", security(("api_key" = [])),
    params(("id" = String, Path, description = "The scheme's id")),
    request_body = WrittenScheme,
    responses(
        (status = 200, description = "The scheme as it is now", body = WireScheme),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No scheme of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WrittenScheme>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let number = scheme(ids, &tenant, &id).ok_or_else(failure::not_found)?;
    let command = Command::Change(number, Box::new(body.read(&api, &caller)));
    let act = async {
        let engine = super::command(&api, &caller, command).await?;
        answer(&api, &caller, &id, engine).await
    };
    let target = target(&api, Named::Scheme, number);
    audited(&api, &caller, "reward_schemes.update", target, act).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: &str,
    engine: Timings,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let number = scheme(ids, tenant, id)?;
        Some(WireScheme::of(number, tenant.rewards.scheme(number)?, ids))
    };
    super::answer(api, caller, engine, show).await
}
