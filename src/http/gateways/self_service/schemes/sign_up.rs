//! `POST /contacts/{id}/reward_schemes`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{self, Profile, Proof};
use crate::domain::entity::Command;
use crate::domain::ids::Named;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::gateways::schemes::hash_of_code;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, email, failure, reply};
use crate::limits;
use crate::secrets::UniqueValue;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SchemeAction)]
enum Action {
    /// Become a member.
    SignUp,
    /// Be a member no longer.
    SignOut,
}

/// A contact signs up to a scheme, or out.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeSignUp)]
pub(in super::super) struct SignUp {
    action: Action,
    reward_scheme_id: String,
    /// Of a scheme by e-mail domain: an address that the contact has proven.
    email_address: Option<String>,
    /// Of a scheme by code.
    #[schema(max_length = 64)]
    sign_up_code: Option<String>,
}

impl Validate for SignUp {
    fn validate(&self, faults: &mut Faults) {
        let address = self.email_address.as_deref();
        faults.require(
            address.is_none_or(|text| email::normal(text).is_some()),
            "email_address",
            "not_an_email_address",
            "must be an e-mail address, or be left out",
        );
        let code = self.sign_up_code.as_deref().map(str::trim);
        faults.require(
            code.is_none_or(|code| (1..=*limits::SIGN_UP_CODE_CHARS.end()).contains(&code.len())),
            "sign_up_code",
            "wrong_length",
            "must have 1 to 64 characters, or be left out",
        );
        faults.require(
            address.is_none() || code.is_none(),
            "sign_up_code",
            "not_here",
            "does not go with email_address",
        );
    }
}

/// The scheme that was signed up to.
#[derive(Debug, Serialize, ToSchema)]
struct SignedUp {
    id: String,
}

/// Sign the contact up to a scheme, or out.
///
/// Where it is a member already, signing up changes nothing; nor does signing out where it is none.
#[utoipa::path(
    post, path = "/contacts/{id}/reward_schemes", tag = "Rewards", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    request_body = SignUp,
    responses(
        (status = 201, description = "A member", body = SignedUp),
        (status = 204, description = "No member"),
        (status = 400, description = "Not JSON, or the scheme does not let the contact in, or not out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or there is no such scheme", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    body: ValidJson<SignUp>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let scheme = ids.read_as(Named::Scheme, &body.reward_scheme_id);
    let scheme = scheme.map_or(0, |id| id.entity);
    let address = token.signed_in.contact;
    let reply = match body.action {
        Action::SignOut => {
            let command = Command::Contact(contact::Command::SignOutOfScheme(scheme));
            api.router
                .command(address, command, None, Some(tenant))
                .await
        }
        Action::SignUp => {
            let (proof, shown) = proof(&api, &token, &body);
            let signed = api
                .router
                .sign_up_to_scheme(address, tenant, scheme, proof, shown);
            signed.await
        }
    };
    let timings = reply::timings(&token, reply.timings);
    Ok(match (reply.result, body.action) {
        (Err(why), _) => reply::refused(failure::of_path(why), timings),
        (Ok(_), Action::SignOut) => reply::no_content(timings),
        (Ok(_), Action::SignUp) => {
            let id = body.reward_scheme_id.clone();
            reply::json(StatusCode::CREATED, &SignedUp { id }, timings)
        }
    })
}

/// What the contact shows, and what of it is kept for the contact to see.
fn proof(api: &Api, token: &ContactToken, body: &SignUp) -> (Proof, Option<Profile>) {
    if let Some(code) = &body.sign_up_code {
        let shown = Profile {
            title: Some(code.trim().to_owned()),
            ..Profile::default()
        };
        return (Proof::Code(hash_of_code(api, token, code)), Some(shown));
    }
    let Some(normal) = body.email_address.as_deref().and_then(email::normal) else {
        return (Proof::None, None);
    };
    let domain = normal.rsplit('@').next().unwrap_or_default().to_owned();
    let (tenant, mode) = (token.tenant(), token.mode());
    let secrets = api.router.secrets();
    let value = secrets.value_hash(tenant, mode, UniqueValue::IdentityEmail, &normal);
    let shown = Profile {
        email_address: Some(normal),
        ..Profile::default()
    };
    (Proof::Email(value, domain), Some(shown))
}
