//! Operations of the contract whose area is not built: whoever may ask is told so, and nothing happens.

use axum::response::Response;

use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Code, Problem, ProblemBody};

fn unbuilt(area: &str) -> Problem {
    Problem::new(
        Code::NotBuilt,
        format!("{area} are not built; nothing happened"),
    )
}

/// Export a statement. Not built.
#[utoipa::path(
    post, path = "/contacts/{id}/export_statement", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn export_statement(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("statements of accounts"))
}

/// Accept or reject a relationship. Not built.
#[utoipa::path(
    post, path = "/contacts/{id}/people/{relationship_id}/actions", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact"), ("relationship_id" = String, Path, description = "The relationship")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn act_on_relationship(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("communities"))
}

/// List the readings of a meter. Not built.
#[utoipa::path(
    get, path = "/contacts/{id}/devices/{dev_id}/meter_readings", tag = "Devices", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact"), ("dev_id" = String, Path, description = "The device")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_meter_readings(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("meter readings"))
}

/// Add the reading of a meter. Not built.
#[utoipa::path(
    post, path = "/contacts/{id}/devices/{dev_id}/meter_readings", tag = "Devices", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact"), ("dev_id" = String, Path, description = "The device")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add_meter_reading(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("meter readings"))
}

/// Set how a wallet is topped up by itself. Not built.
#[utoipa::path(
    put, path = "/wallets/{id}", tag = "Wallet", security(("access_token" = [])),
    params(("id" = String, Path, description = "The wallet")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set_wallet_top_up(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("payment methods"))
}

/// Get how a wallet is topped up by itself. Not built.
#[utoipa::path(
    get, path = "/wallets/{id}/topup_settings", tag = "Wallet", security(("access_token" = [])),
    params(("id" = String, Path, description = "The wallet")),
    responses(
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Not built", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_top_up_settings(_: ContactToken) -> Result<Response, Problem> {
    Err(unbuilt("payment methods"))
}
