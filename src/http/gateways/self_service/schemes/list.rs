//! `GET /reward_schemes`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::offers::Onlooker;
use crate::domain::contact::BuyingContact;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::gateways::schemes::{SignUpMethod, SignUpOption, described};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Which schemes.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct ListQuery {
    is_signed: Option<bool>,
    name: Option<String>,
}

impl Validate for ListQuery {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// A scheme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisibleScheme)]
struct WireScheme {
    id: String,
    name: String,
    description: Option<String>,
    sign_up_option: SignUpOption,
    sign_up_method: Option<SignUpMethod>,
    terms_and_conditions: Option<String>,
    /// Whether the contact is a member.
    is_signed: bool,
    email_domains: Vec<String>,
}

/// Schemes, in the order in which they were created.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisibleSchemes)]
struct Schemes {
    content: Vec<WireScheme>,
}

/// List reward schemes.
#[utoipa::path(
    get, path = "/reward_schemes", tag = "Rewards", security(("access_token" = [])),
    params(
        ("is_signed" = Option<bool>, Query, description = "Whether the contact is a member"),
        ("name" = Option<String>, Query, description = "Part of the name"),
    ),
    responses(
        (status = 200, description = "The schemes", body = Schemes),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let onlooker = Onlooker::of(&api, &token).await?;
    let ids = api.router.secrets().public_ids();
    let buyer = BuyingContact::of_view(&onlooker.view, &onlooker.tenant);
    let wanted = query.name.as_deref().map(str::to_lowercase);
    let schemes = onlooker.tenant.rewards.schemes.iter();
    let content = schemes.filter_map(|(number, scheme)| {
        let is_signed = buyer.member_of(*number).is_some();
        let fits = query.is_signed.is_none_or(|wanted| wanted == is_signed)
            && wanted
                .as_ref()
                .is_none_or(|part| scheme.name.to_lowercase().contains(part));
        let (sign_up_option, sign_up_method, domains) = described(&scheme.opening);
        fits.then(|| WireScheme {
            id: ids.write(PublicId::of(Named::Scheme, *number)),
            name: scheme.name.clone(),
            description: scheme.description.clone(),
            sign_up_option,
            sign_up_method,
            terms_and_conditions: scheme.terms_and_conditions.clone(),
            is_signed,
            email_domains: domains.to_vec(),
        })
    });
    let shown = Schemes {
        content: content.collect(),
    };
    let timings = reply::timings(&token, onlooker.timings);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
