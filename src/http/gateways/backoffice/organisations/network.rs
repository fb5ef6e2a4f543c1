//! `GET /organisations/{id}/network`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use super::wire::WireOrganisation;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::organisation::Organisation;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::role::WireRole;
use crate::http::{Api, reply};

/// Which organisations.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct NetworkQuery {
    r#type: Option<WireRole>,
    name: Option<String>,
    tap_code: Option<String>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl NetworkQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }

    fn fits(&self, tenant: &TenantView, number: u64, organisation: &Organisation) -> bool {
        let has_name = |part: &String| {
            let name = organisation.name.to_lowercase();
            name.contains(&part.to_lowercase())
        };
        self.r#type
            .is_none_or(|role| role == organisation.role.into())
            && self.name.as_ref().is_none_or(has_name)
            && self
                .tap_code
                .as_ref()
                .is_none_or(|code| tenant.taps.get(code) == Some(&number))
    }
}

impl Validate for NetworkQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
    }
}

/// A page of organisations, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganisationPage {
    content: Vec<WireOrganisation>,
    paging: Paging,
}

/// List an organisation and all below it, by name.
#[utoipa::path(
    get, path = "/organisations/{id}/network", tag = "Organisations", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The organisation's id"),
        ("type" = Option<WireRole>, Query, description = "Of this type only"),
        ("name" = Option<String>, Query, description = "With this in their name, in capitals or not"),
        ("tap_code" = Option<String>, Query, description = "The one whose TAP has this code"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = OrganisationPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id that the key acts for", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn network(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OrganisationsRead.bit() }>,
    Path(id): Path<String>,
    query: ValidQuery<NetworkQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let top = named(&api, &caller, &tenant, &id)?;
    let all = tenant.organisations.iter();
    let mut fitting: Vec<_> = all
        .filter(|(number, _)| tenant.is_within(**number, top))
        .filter(|(number, organisation)| query.fits(&tenant, **number, organisation))
        .collect();
    fitting.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    let (fitting, paging) = query.page().cut(fitting, query.include_total);
    let ids = api.router.secrets().public_ids();
    let shown = fitting.into_iter().map(|(number, organisation)| {
        WireOrganisation::of(*number, organisation, &tenant, &caller, ids)
    });
    let page = OrganisationPage {
        content: shown.collect(),
        paging,
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
