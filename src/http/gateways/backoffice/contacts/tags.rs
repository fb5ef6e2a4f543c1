//! `/contacts/{id}/tags`: what segments know a contact by.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::rewards::numbers;
use super::named;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{self, Loyalty};
use crate::domain::entity::{Answer, Command, Query};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// A contact's tags.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ContactTags {
    /// Names of tags.
    #[schema(max_items = 20)]
    tags: Vec<String>,
}

impl Validate for ContactTags {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.tags.len() <= Loyalty::TAGS_MAX,
            "tags",
            "too_many",
            "must have at most 20 entries",
        );
    }
}

/// Get a contact's tags.
#[utoipa::path(
    get, path = "/contacts/{id}/tags", tag = "Contacts", security(("api_key" = [])),
    params(("id" = String, Path, description = "The contact's id or code")),
    responses(
        (status = 200, description = "The tags", body = ContactTags),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsRead.bit() }>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    answer(&api, &caller, address, Timings::default()).await
}

/// Give a contact these tags and no others. Segments go by them from the very next purchase on.
#[utoipa::path(
    put, path = "/contacts/{id}/tags", tag = "Contacts", security(("api_key" = [])),
    params(("id" = String, Path, description = "The contact's id or code")),
    request_body = ContactTags,
    responses(
        (status = 200, description = "The tags as they are now", body = ContactTags),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or there is no such tag", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn set(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    body: ValidJson<ContactTags>,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    let tenant = caller.tenant_view(&api).await?;
    let mut faults = Faults::new();
    let tags = numbers(&mut faults, ("tags", "unknown_tag"), &body.tags, |name| {
        tenant.rewards.tag(name.trim())
    });
    faults.into_result()?;
    let command = Command::Contact(contact::Command::SetTags(tags));
    let reply = api.router.command(address, command, None, None).await;
    reply.result.map_err(failure::of_path)?;
    answer(&api, &caller, address, reply.timings).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    address: Address,
    engine: Timings,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let view = api.router.query(address, Query::Loyalty).await.result;
    let numbers = match view.map_err(failure::of_path)? {
        Answer::Loyalty(view) => view.loyalty.tags,
        _ => return Err(failure::not_found()),
    };
    let known = tenant.rewards.tags.iter();
    let has = known.filter(|(number, _)| numbers.contains(number));
    let tags = ContactTags {
        tags: has.map(|(_, name)| name.clone()).collect(),
    };
    let timings = reply::timings(caller, engine);
    Ok(reply::json(StatusCode::OK, &tags, timings))
}
