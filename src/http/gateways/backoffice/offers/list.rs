//! `GET /reward_offers`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::show::shown;
use super::wire::{WireLifeCycle, WireOffer};
use crate::actors::router::Timings;
use crate::domain::address::{Address, Kind};
use crate::domain::api_key::Scope;
use crate::domain::offer::LifeCycle;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Which offers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in super::super) struct ListQuery {
    state: Option<WireLifeCycle>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// A page of offers, in the order in which they were created.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferPage {
    content: Vec<WireOffer>,
    paging: Paging,
}

/// List reward offers.
#[utoipa::path(
    get, path = "/reward_offers", tag = "Reward offers", security(("api_key" = [])),
    params(
        ("state" = Option<WireLifeCycle>, Query, description = "In this state only"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = OfferPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let page = Page::of(query.page, query.size);
    let wanted = query.state.map(LifeCycle::from);
    let found = tenant.offers.iter();
    let fitting: Vec<_> = found
        .filter(|(_, offer)| wanted.is_none_or(|wanted| wanted == offer.life_cycle))
        .collect();
    let (fitting, paging) = page.cut(fitting, query.include_total);
    let mut content = Vec::with_capacity(fitting.len());
    for (entity, offer) in fitting {
        let address = Address {
            tenant: caller.tenant(),
            mode: caller.mode(),
            kind: Kind::Offer,
            entity: *entity,
        };
        content.push(shown(&api, &tenant, address, offer).await?);
    }
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &OfferPage { content, paging },
        timings,
    ))
}
