//! `POST /purchases/batch`: what a till recorded while it was offline.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::create::{Prepared, prepare};
use super::wire::NewPurchase;
use crate::actors::router::{Failure, Reply, Unavailable};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{Command as ContactCommand, Unbacked};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Remember};
use crate::domain::tenant::Uncovered;
use crate::http::auth::{Authorized, Caller};
use crate::http::edge::{RequestId, Timings};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::gateways::once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::{Api, failure, reply};
use crate::limits;

/// The purchases of one device, in the order in which they were made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewBatch {
    /// Names the device among those of the tenant, and is the same in every batch: 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    device_id: String,
    /// At most 1,000.
    #[schema(max_items = 1000)]
    purchases: Vec<NewBatchItem>,
}

/// One purchase of a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewBatchItem {
    /// The device's own number for it. What comes again under its number has no second effect.
    sequence: u64,
    /// The body of `POST /purchases`.
    #[schema(value_type = NewPurchase)]
    purchase: Box<RawValue>,
}

impl Validate for NewBatch {
    fn validate(&self, faults: &mut Faults) {
        let named =
            (1..=limits::OFFLINE_BATCH_DEVICE_CHARS_MAX).contains(&self.device_id.chars().count());
        faults.require(named, "device_id", "length", "must have 1 to 64 characters");
        let fits = self.purchases.len() <= limits::OFFLINE_BATCH_PURCHASES_MAX;
        faults.require(fits, "purchases", "too_many", "at most 1,000 in one batch");
    }
}

/// What became of each purchase, in the order of the request.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct WireBatch<'a> {
    items: Vec<WireBatchItem<'a>>,
}

/// What became of one purchase.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct WireBatchItem<'a> {
    /// The device's number for it.
    sequence: u64,
    /// The status that the purchase would have had alone. 429 and 503 mean that it had no effect.
    status: u16,
    /// The purchase, where the status is 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase: Option<&'a WirePurchase>,
    /// Why not, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody<'a>>,
}

/// A purchase on its way, and where its answer belongs.
struct Item {
    at: usize,
    prepared: Prepared,
    remember: Option<Remember>,
}

type Outcome = Result<WirePurchase, Problem>;

/// Record what a till recorded while it was offline: up to 1,000 purchases, each as by `POST /purchases`.
///
/// Each is known by device and sequence, so a batch may be sent again as a whole. The purchases of one contact are taken in the order of
/// the request: where one has no outcome (5xx), those after it of the same contact have none either. A spend with
/// `restrict_fully_covered` that the wallet does not cover is refused or owed, as the settings say.
#[utoipa::path(
    post, path = "/purchases/batch", tag = "Purchases", security(("api_key" = [])),
    request_body = NewBatch,
    responses(
        (status = 200, description = "A status for each", body = WireBatch),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Over 2 MiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field beside the purchases is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn batch(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    request_id: axum::Extension<RequestId>,
    body: ValidJson<NewBatch, { limits::OFFLINE_BATCH_BYTES_MAX }>,
) -> Result<Response, Problem> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    outcomes.resize_with(body.purchases.len(), || None);
    let mut by_contact: HashMap<u64, Vec<Item>> = HashMap::new();
    let mut is_stopped = false;
    for (at, item) in body.purchases.iter().enumerate() {
        if is_stopped {
            settle(&mut outcomes, at, Err(untried()));
            continue;
        }
        match prepared(&api, &caller, &body.device_id, at, item).await {
            Ok(item) => by_contact
                .entry(item.prepared.contact.entity)
                .or_default()
                .push(item),
            Err(problem) => {
                // Whose purchase it is was not found out: those after it may be the same contact's.
                is_stopped = problem.code().status().is_server_error();
                settle(&mut outcomes, at, Err(problem));
            }
        }
    }
    let mut recorded = stream::iter(by_contact.into_values())
        .map(|items| record_in_order(&api, items))
        .buffer_unordered(limits::OFFLINE_BATCH_CONTACTS_AT_A_TIME);
    while let Some(of_contact) = recorded.next().await {
        for (at, outcome) in of_contact {
            settle(&mut outcomes, at, outcome);
        }
    }
    drop(recorded);
    let items = body.purchases.iter().zip(&outcomes);
    let items = items
        .filter_map(|(item, outcome)| Some(shown(item.sequence, outcome.as_ref()?, &request_id)))
        .collect();
    let timings = Timings {
        admit: caller.began.elapsed(),
        ..Timings::default()
    };
    Ok(reply::json(StatusCode::OK, &WireBatch { items }, timings))
}

fn settle(outcomes: &mut [Option<Outcome>], at: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(at) {
        *place = Some(outcome);
    }
}

fn shown<'a>(sequence: u64, outcome: &'a Outcome, id: &'a RequestId) -> WireBatchItem<'a> {
    match outcome {
        Ok(purchase) => WireBatchItem {
            sequence,
            status: StatusCode::OK.as_u16(),
            purchase: Some(purchase),
            problem: None,
        },
        Err(problem) => WireBatchItem {
            sequence,
            status: problem.code().status().as_u16(),
            purchase: None,
            problem: Some(problem.body(id.as_str())),
        },
    }
}

/// Reads one purchase, and finds whom and what it names.
async fn prepared(
    api: &Api,
    caller: &Caller,
    device: &str,
    at: usize,
    item: &NewBatchItem,
) -> Result<Item, Problem> {
    let body = ValidJson::<NewPurchase>::parse(item.purchase.get().as_bytes())?;
    let mut prepared = prepare(api, caller, &body).await?;
    if let (Some(spend), Uncovered::Owe) = (
        &mut prepared.purchase.spend,
        prepared.tenant.uncovered_offline,
    ) && spend.unbacked == Unbacked::Refuse
    {
        // What was sold was sold.
        spend.unbacked = Unbacked::Owe;
    }
    let place = ("purchases.create", Some(prepared.contact));
    let key = ("device", format!("{device}\n{}", item.sequence));
    let remember = once::remember(api, caller, place, std::iter::once(key), &body.hash);
    Ok(Item {
        at,
        prepared,
        remember,
    })
}

/// Records the purchases of one contact, one after the other. The device's order is the ledger's: after one whose outcome is open,
/// nothing is tried.
async fn record_in_order(api: &Api, mut items: Vec<Item>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::with_capacity(items.len());
    while let Some(first) = items.first() {
        let (contact, tenant) = (first.prepared.contact, Arc::clone(&first.prepared.tenant));
        let commands = items.iter().map(|item| {
            let purchase = item.prepared.purchase.clone();
            let command = Command::Contact(ContactCommand::RecordPurchase(purchase));
            (command, item.remember.clone())
        });
        let replies = api
            .router
            .series(contact, commands.collect(), &tenant)
            .await;
        let mut is_open = false;
        let mut untried = Vec::new();
        for (item, reply) in items.into_iter().zip(replies) {
            if reply.result == Err(Unavailable::Untried.into()) {
                untried.push(item);
                continue;
            }
            let outcome = told(api, contact, &tenant, reply);
            let problem = outcome.as_ref().err();
            is_open |= problem.is_some_and(|problem| problem.code().status().is_server_error());
            outcomes.push((item.at, outcome));
        }
        items = untried;
        if is_open {
            break;
        }
    }
    let untried = items.into_iter().map(|item| (item.at, Err(untried())));
    outcomes.extend(untried);
    outcomes
}

fn untried() -> Problem {
    failure::problem(Failure::Unavailable(Unavailable::Untried))
}

fn told(api: &Api, contact: Address, tenant: &TenantView, reply: Reply) -> Outcome {
    match reply.result {
        Ok(Answer::Purchase(view)) => Ok(WirePurchase::of(
            &view,
            Shown {
                ids: api.router.secrets().public_ids(),
                tenant,
                contact: contact.entity,
                profile: None,
            },
        )),
        Ok(_) => Err(failure::not_found()),
        Err(why) => Err(failure::problem(why)),
    }
}
