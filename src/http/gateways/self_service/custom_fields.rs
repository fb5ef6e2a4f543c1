//! `GET /custom_fields`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::ContactOrBusiness;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::gateways::custom_fields::{WireDefinition, WireEntity, WireKind};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Whose custom fields.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// What they belong to.
    #[param(inline)]
    entity: WireEntity,
}

impl Validate for Wanted {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// The custom fields of an entity. The published contract has one definition where there may be many: its members are those of the first,
/// and `content` has all of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldsOfEntity)]
pub(super) struct Definitions {
    id: Option<String>,
    key: Option<String>,
    label: Option<String>,
    tooltip: Option<String>,
    visible: Option<bool>,
    field: Option<WireKind>,
    entity: Option<WireEntity>,
    /// All of them, in the order in which they were defined.
    content: Vec<WireDefinition>,
}

/// List the custom fields of an entity.
///
/// Their keys are the only ones that the entity's `custom_fields` take; where there are none, any key goes.
#[utoipa::path(
    get, path = "/custom_fields", tag = "Contact", security(("secret_key" = []), ("user_token" = []), ("access_token" = [])),
    params(Wanted),
    responses(
        (status = 200, description = "All of them", body = Definitions),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not a secret key of the Back Office, or it, or the user's role, does not cover settings.read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::SettingsRead.bit() }>,
    wanted: ValidQuery<Wanted>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let fields = tenant.apps.fields_of(wanted.entity.into());
    let content: Vec<_> = fields
        .map(|(number, field)| WireDefinition::of(*number, field, ids))
        .collect();
    let first = content.first();
    let definitions = Definitions {
        id: first.map(|it| it.id.clone()),
        key: first.map(|it| it.key.clone()),
        label: first.map(|it| it.label.clone()),
        tooltip: first.and_then(|it| it.tooltip.clone()),
        visible: first.map(|it| it.visible),
        field: first.map(|it| it.field),
        entity: first.map(|it| it.entity),
        content,
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &definitions, timings))
}
