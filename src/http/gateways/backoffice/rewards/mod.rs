//! What a tenant sets up about its customers beside its offers: tags, segments, tiers and schemes.

pub(super) mod schemes;
pub(super) mod segments;
pub(super) mod tags;
pub(super) mod tiers;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::set_up::answer;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::configuration::{self, Item};
use crate::domain::context::TenantView;
use crate::domain::entity::Command;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::audit::audited;
use crate::http::auth::Caller;
use crate::http::extract::{BodyHash, Conditions, Faults};
use crate::http::gateways::once::Once;
use crate::http::problem::Problem;
use crate::http::{Api, failure, reply};
use crate::limits;

/// The answer to a creation.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedReward {
    id: String,
}

/// Sets up something new; a retry with the same `Idempotency-Key` answers with the same id.
async fn create(
    api: &Api,
    caller: &Caller,
    headers: &Conditions,
    (operation, named): (&'static str, Named),
    (item, request): (Item, &BodyHash),
) -> Result<Response, Problem> {
    let once = Once::of(caller, headers, operation, None, request)?;
    let secrets = api.router.secrets();
    let number = secrets.derived_entity(&once.scope(), 0);
    let command = configuration::Command::Create(number, Box::new(item));
    let id = secrets.public_ids().write(PublicId::of(named, number));
    let target = Some(id.clone());
    let act = async {
        let reply = api
            .router
            .command(
                Address::configuration(caller.tenant(), caller.mode()),
                Command::Configuration(command),
                Some(once.remember(api)),
                None,
            )
            .await;
        let timings = reply::timings(caller, reply.timings);
        Ok(match reply.result {
            Ok(_) => reply::json(StatusCode::CREATED, &CreatedReward { id }, timings),
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(api, caller, operation, target, act).await
}

/// Sets up otherwise what is there.
async fn command(
    api: &Api,
    caller: &Caller,
    command: configuration::Command,
) -> Result<Timings, Problem> {
    let address = Address::configuration(caller.tenant(), caller.mode());
    let reply = api
        .router
        .command(address, Command::Configuration(command), None, None)
        .await;
    match reply.result {
        Ok(_) => Ok(reply.timings),
        Err(why) => Err(failure::problem(why)),
    }
}

/// The numbers of what `written` names in the list `member`, each as `find` knows it; one that it does not know is a fault of this
/// `code`.
pub(super) fn numbers(
    faults: &mut Faults,
    (member, code): (&'static str, &'static str),
    written: &[String],
    find: impl Fn(&str) -> Option<u64>,
) -> Vec<u64> {
    let mut numbers = Vec::new();
    faults.within(member, |faults| {
        for (index, id) in written.iter().enumerate() {
            match find(id) {
                Some(number) if numbers.contains(&number) => {}
                Some(number) => numbers.push(number),
                None => faults.at(index, |faults| {
                    faults.add("", code, "names none that is known under this key");
                }),
            }
        }
    });
    numbers
}

/// The organisation of this id, if the network has it.
pub(super) fn organisation(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
    let number = ids.read_as(Named::Organisation, id)?.entity;
    tenant.organisations.contains_key(&number).then_some(number)
}

/// The segment of this id, if it is set up.
pub(super) fn segment(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
    let number = ids.read_as(Named::Segment, id)?.entity;
    tenant.rewards.segment(number).map(|_| number)
}

/// The tier of this id, if it is set up.
pub(super) fn tier(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
    let id = ids.read_as(Named::Tier, id).filter(|id| id.part == 0)?;
    tenant.rewards.tier(id.entity).map(|_| id.entity)
}

/// The scheme of this id, if it is set up.
pub(super) fn scheme(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
    let number = ids.read_as(Named::Scheme, id)?.entity;
    tenant.rewards.scheme(number).map(|_| number)
}

/// Checks the texts that an app shows.
fn check_texts(faults: &mut Faults, name: &str, description: Option<&str>) {
    super::fields::check_name(faults, name);
    faults.require(
        description.is_none_or(|text| !text.chars().any(|it| it.is_control() && it != '\n')),
        "description",
        "control_character",
        "must have no control characters but line feeds",
    );
    faults.require(
        name.len().saturating_add(description.map_or(0, str::len)) <= limits::REWARD_TEXT_BYTES_MAX,
        "",
        "too_long",
        "must have less text: name and description together at most 400 bytes",
    );
}
