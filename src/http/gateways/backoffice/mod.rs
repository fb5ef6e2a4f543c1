//! The Back Office and POS gateway: every operation on one page. One file a verb below.

mod api_keys;
mod contacts;
mod journals;
mod offers;
mod once;
mod purchases;
mod reference;
mod test_clock;
mod wallets;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Api;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clientele Back Office and POS API",
        description = "Contacts, wallets, purchases and reward offers, for servers and tills. Send a secret key in the `api_key` header; it decides the tenant and whether the call is live or a test.\n\nEvery answer carries `X-Request-Id` and `Server-Timing`. Errors are `application/problem+json`. Send an `Idempotency-Key` with each write: a retry then has no second effect."
    ),
    tags(
        (name = "API keys", description = "The credentials of programs"),
        (name = "Contacts", description = "The customers of a business"),
        (name = "Wallets", description = "Their money"),
        (name = "Purchases", description = "Award and spend at the till"),
        (name = "Reward offers", description = "What purchases earn, under which conditions"),
        (name = "Test clock", description = "The time of business in test mode"),
    )
)]
struct Document;

/// Operations that are the same in both versions of the contract.
fn both_versions() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(api_keys::create::create, api_keys::list::list))
        .routes(routes!(api_keys::get::get, api_keys::update::update))
        .routes(routes!(api_keys::roll::roll))
        .routes(routes!(api_keys::revoke::revoke))
        .routes(routes!(contacts::create::create, contacts::list::list))
        .routes(routes!(
            contacts::get::get,
            contacts::update::update,
            contacts::delete::delete
        ))
        .routes(routes!(contacts::cards::add, contacts::cards::list))
        .routes(routes!(contacts::cards::remove))
        .routes(routes!(contacts::organisations::sign))
        .routes(routes!(wallets::get::get))
        .routes(routes!(wallets::limits::get, wallets::limits::set))
        .routes(routes!(journals::list::list))
        .routes(routes!(journals::create::create))
        .routes(routes!(journals::top_up::top_up))
        .routes(routes!(purchases::get::get))
        .routes(routes!(purchases::cancel::cancel))
        .routes(routes!(purchases::estimate::estimate))
        .routes(routes!(purchases::estimate::release))
        .routes(routes!(purchases::list::list))
        .routes(routes!(offers::create::create, offers::list::list))
        .routes(routes!(offers::get::get, offers::change::change))
        .routes(routes!(offers::awards::get, offers::awards::change))
        .routes(routes!(offers::life_cycle::change))
        .routes(routes!(test_clock::get::get))
        .routes(routes!(test_clock::advance::advance))
}

fn version_2() -> OpenApiRouter<Api> {
    both_versions()
        .routes(routes!(purchases::create::create))
        .routes(routes!(purchases::batch::batch))
}

fn version_1() -> OpenApiRouter<Api> {
    both_versions()
}

/// The gateway's routes, and the OpenAPI 3.1 document that describes them.
pub fn router() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .nest("/backoffice/v2", version_2())
        .nest("/backoffice/v1", version_1())
        .split_for_parts();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(
            "api_key",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("api_key"))),
        );
    let reference = reference::routes(Arc::new(document.clone()));
    (routes.merge(reference), document)
}
