//! `/tags`: the words that contacts may be tagged with.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::configuration::Item;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::Api;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::limits;

use super::CreatedReward;

/// A tag, as it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenTag {
    /// The word, by which contacts are tagged.
    #[schema(max_length = 32)]
    name: String,
}

impl Validate for WrittenTag {
    fn validate(&self, faults: &mut Faults) {
        let name = self.name.trim();
        faults.require(
            (1..=limits::TAG_CHARS_MAX).contains(&name.chars().count())
                && !name.chars().any(char::is_control),
            "name",
            "wrong_length",
            "must have 1 to 32 visible characters",
        );
    }
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
struct WireTag {
    id: String,
    name: String,
}

/// Every tag.
#[derive(Debug, Serialize, ToSchema)]
struct Tags {
    content: Vec<WireTag>,
}

/// Create a word that contacts may be tagged with.
///
/// What a tag means must not tell a person's name: tags are not erased with a contact.
#[utoipa::path(
    post, path = "/tags", tag = "Segments", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = WrittenTag,
    responses(
        (status = 201, description = "Created", body = CreatedReward),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 100 tags", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, another tag has the name, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<WrittenTag>,
) -> Result<Response, Problem> {
    let tag = Item::Tag(body.name.trim().to_owned());
    let what = ("tags.create", Named::Tag);
    super::create(&api, &caller, &headers, what, (tag, &body.hash)).await
}

/// List the words that contacts may be tagged with.
#[utoipa::path(
    get, path = "/tags", tag = "Segments", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, at most 100", body = Tags),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let tags = tenant.rewards.tags.iter();
        let content = tags.map(|(number, name)| WireTag {
            id: ids.write(PublicId::of(Named::Tag, *number)),
            name: name.clone(),
        });
        Some(Tags {
            content: content.collect(),
        })
    };
    super::answer(&api, &caller, Timings::default(), show).await
}
