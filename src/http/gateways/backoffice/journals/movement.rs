//! Money that moves without a purchase: how a retry is known, who did it, and how it is answered.

use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::wallets::refusal;
use super::wire::WireLine;
use crate::domain::address::Address;
use crate::domain::contact::{Command as ContactCommand, Movement};
use crate::domain::entity::{Answer, Command};
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::Caller;
use crate::http::extract::BodyHash;
use crate::http::gateways::once;
use crate::http::problem::Problem;
use crate::http::{Api, failure, reply};

/// Moves money of the contact at `address`, once for an idempotency key, and answers with the journal's line.
pub(super) async fn record(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    (operation, address): (&'static str, Address),
    body: &BodyHash,
    movement: Movement,
) -> Result<Response, Problem> {
    let secrets = api.router.secrets();
    let tenant = caller.tenant_view(api).await?;
    let currency = tenant.currency;
    let place = (operation, Some(address));
    let remember = once::remember_by_header(api, caller, headers, place, body)?;
    let command = Command::Contact(ContactCommand::MoveMoney(movement));
    let act = async {
        let answer = api
            .router
            .command(address, command, remember, Some(tenant))
            .await;
        let timings = reply::timings(caller, answer.timings);
        Ok(match answer.result {
            Ok(Answer::Journal(view)) => match view.lines.first() {
                Some(line) => {
                    let ids = secrets.public_ids();
                    let line = WireLine::of(line, ids, address.entity, currency);
                    reply::json(StatusCode::CREATED, &line, timings)
                }
                None => reply::refused(failure::not_found(), timings),
            },
            Ok(_) => reply::refused(failure::not_found(), timings),
            Err(why) => reply::refused(refusal(why), timings),
        })
    };
    let target = target(api, Named::Contact, address.entity);
    audited(api, caller, operation, target, act).await
}
