//! The self-service gateway: what contacts do for themselves, through the apps and pages of a business. Every operation on one page.
//!
//! Two credentials: an app's public key, which anybody can read, and the access token of a contact. What could tell a stranger whether
//! somebody is known (a status, a body, a time) is the same for known and unknown.

mod addresses;
mod applications;
mod authenticate;
mod challenge;
mod change_password;
mod custom_fields;
mod delete;
mod devices;
mod email_verification;
mod existence;
mod export;
mod external;
mod forgot_password;
mod get;
mod identification;
mod identities;
mod image;
mod languages;
mod network;
mod not_built;
mod offers;
mod oidc;
mod organisations;
mod otp;
mod own;
mod preferences;
mod proof;
mod purchases;
mod refresh;
mod register;
mod registration;
mod rewards;
mod schemes;
mod sign_out;
mod signed_in;
mod switch;
mod tokens;
mod update;
mod validate_otp;
mod wallets;
mod wire;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

pub(super) use self::challenge::{
    WireChallenge, answer, answered_evenly, evenly, refused, require_delivery, send_to,
};
pub(super) use self::image::{media_type, url};
pub(super) use self::languages::is_language;
pub(super) use self::otp::{Method, reached};
pub(super) use self::validate_otp::OtpAnswer;
use super::{answers_of_all, reference, under};
use crate::http::Api;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clientele self-service API",
        description = "What contacts do for themselves. An app sends its public key in the `api_key` header until the contact has signed in, and the contact's access token in the `Authorization` header (`Bearer …`) from then on. Both say the tenant and whether the call is live or a test.\n\nAn access token lasts 15 minutes; the refresh token gets the next one. A few operations are open to a server too: by a secret key of the Back Office, or a user's token. Errors are `application/problem+json`. In test mode nothing is sent: read the codes from `GET /backoffice/v2/test_inbox`."
    ),
    tags(
        (name = "Apps", description = "What an app is told before anybody has signed in"),
        (name = "Authentication", description = "Registering, signing in and out"),
        (name = "Contact", description = "The contact itself"),
        (name = "Wallet", description = "Its money"),
        (name = "Purchases", description = "What it bought, and what that earned"),
        (name = "Rewards", description = "What loyalty has come to"),
        (name = "Organisations", description = "Where there is something to buy"),
        (name = "Devices", description = "What the contact uses"),
    )
)]
struct Document;

/// Operations that are the same in both versions of the contract.
fn both_versions() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(validate_otp::validate),
        routes!(otp::request),
        routes!(authenticate::authenticate),
        routes!(forgot_password::forget),
        routes!(change_password::by_token),
        routes!(change_password::own),
        routes!(email_verification::request),
        routes!(email_verification::verify),
        routes!(identities::add),
        routes!(refresh::refresh),
        routes!(oidc::authorization_url),
        routes!(sign_out::sign_out),
        routes!(get::get, update::update, delete::delete),
        routes!(export::export_own),
        routes!(image::set, image::remove),
        routes!(image::show),
        routes!(organisations::list, organisations::join),
        routes!(organisations::switch),
        routes!(addresses::list, addresses::add),
        routes!(addresses::update, addresses::remove),
        routes!(devices::list, devices::add),
        routes!(devices::remove),
        routes!(devices::update),
        routes!(preferences::get, preferences::set),
        routes!(languages::list),
        routes!(custom_fields::list),
        routes!(applications::get),
        routes!(tokens::make, tokens::list),
        routes!(wallets::get::get, not_built::set_wallet_top_up),
        routes!(existence::contact),
        routes!(existence::wallet),
        routes!(wallets::confirm::ask),
        routes!(wallets::confirm::confirm),
        routes!(wallets::code::get),
        routes!(wallets::limits::get, wallets::limits::set),
        routes!(wallets::journals::list),
        routes!(wallets::transactions::list),
        routes!(wallets::summarised_totals::get),
        routes!(wallets::commerce_balances::list),
        routes!(purchases::list::list),
        routes!(purchases::get::get),
        routes!(purchases::rewards::get),
        routes!(purchases::reclaim::reclaim),
        routes!(switch::switch),
        routes!(rewards::get),
        routes!(schemes::sign_up::sign),
        routes!(schemes::verify::verify),
        routes!(schemes::list::list),
        routes!(offers::list::list),
        routes!(offers::get::get),
        routes!(offers::performance::get),
        routes!(offers::merchants::list),
        routes!(network::get::get),
        routes!(network::list::list),
        routes!(network::activities::list),
        routes!(network::locations::list),
        routes!(network::towns::towns),
        routes!(not_built::export_statement),
        routes!(not_built::act_on_relationship),
        routes!(not_built::list_meter_readings, not_built::add_meter_reading),
        routes!(not_built::get_top_up_settings),
    ]
}

/// The gateway's routes, and the OpenAPI 3.1 document that describes them.
pub fn router() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let described = OpenApiRouter::with_openapi(Document::openapi());
    let second = both_versions()
        .into_iter()
        .chain([routes!(register::register)]);
    let first = both_versions()
        .into_iter()
        .chain([routes!(register::register_version_1)]);
    let gateway = under(
        "/self-service/v1",
        first,
        under("/self-service/v2", second, described),
    );
    let (routes, mut document) = gateway.split_for_parts();
    answers_of_all(&mut document);
    let bearer = |format: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some(format.to_owned());
        SecurityScheme::Http(scheme)
    };
    let schemes = document.components.get_or_insert_default();
    schemes.add_security_scheme(
        "api_key",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("api_key"))),
    );
    schemes.add_security_scheme(
        "secret_key",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("api_key"))),
    );
    schemes.add_security_scheme("access_token", bearer("JWT"));
    schemes.add_security_scheme("user_token", bearer("JWT"));
    schemes.add_security_scheme("refresh_token", bearer("opaque"));
    let reference = reference::routes("/self-service", Arc::new(document.clone()));
    (routes.merge(reference), document)
}
