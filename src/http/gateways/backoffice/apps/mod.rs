//! What a tenant sets up for its apps: the custom fields that they ask for, and what they are told.

pub(super) mod applications;
pub(super) mod custom_fields;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::set_up::answer;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::apps::{self, Item};
use crate::domain::entity::Command;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::Caller;
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure, reply};

/// The answer to a creation.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedForApps {
    id: String,
}

/// Demands a key that belongs to no organisation: what apps are told is the whole network's.
fn of_whole_network(caller: &Caller) -> Result<(), Problem> {
    match caller.bound_to() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::InsufficientScope,
            "what is set up for apps is of the whole network; send a key that belongs to no organisation",
        )),
    }
}

/// Sets up something new, and writes it down; a retry with the same `Idempotency-Key` answers with the same id.
async fn create(
    api: &Api,
    caller: &Caller,
    once: &Once,
    (operation, named): (&'static str, Named),
    item: Item,
) -> Result<Response, Problem> {
    let number = api.router.secrets().derived_entity(&once.scope(), 0);
    let create = Command::Apps(apps::Command::Create(number, Box::new(item)));
    let place = Address::apps(caller.tenant(), caller.mode());
    let id = target(api, named, number);
    let act = async {
        let remember = Some(once.remember(api));
        let reply = api.router.command(place, create, remember, None).await;
        let timings = reply::timings(caller, reply.timings);
        Ok(match (reply.result, id.clone()) {
            (Ok(_), Some(id)) => reply::json(StatusCode::CREATED, &CreatedForApps { id }, timings),
            (Ok(_), None) => reply::refused(Problem::from(Code::Internal), timings),
            (Err(why), _) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(api, caller, operation, id.clone(), act).await
}

/// Does what changes something that has this id, writes it down, and answers by `answer`.
async fn change<F: Future<Output = Result<Response, Problem>>>(
    api: &Api,
    caller: &Caller,
    (operation, id): (&'static str, &str),
    command: apps::Command,
    answer: impl FnOnce(Timings) -> F,
) -> Result<Response, Problem> {
    let place = Address::apps(caller.tenant(), caller.mode());
    let act = async {
        let reply = api
            .router
            .command(place, Command::Apps(command), None, None)
            .await;
        reply.result.map_err(failure::problem)?;
        answer(reply.timings).await
    };
    audited(api, caller, operation, Some(id.to_owned()), act).await
}
