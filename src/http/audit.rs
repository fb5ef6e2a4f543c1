//! Writing down what is done to keys, settings, rewards, integrations, users, organisations and erased contacts, to money by hand, and who signs
//! in to do it: who, what, to which, and what came of it.
//!
//! A line stands in the log before anything is done, and another with the outcome before the caller is told. A crash between both leaves
//! the first alone: nothing happens that the log knows nothing of.

use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Who};
use super::problem::Problem;
use super::{Api, failure, users};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::audit::{Entry, Hash, Line, Outcome};
use crate::domain::ids::{Named, PublicId};
use crate::domain::time::Timestamp;
use crate::domain::user::Membership;

/// What the node's operator is called, who acts through the control socket.
const OPERATOR: &str = "operator";

/// The public id of what an operation acts on. Always the one that we made: one that a caller chose may be personal.
pub fn target(api: &Api, named: Named, entity: u64) -> Option<String> {
    let ids = api.router.secrets().public_ids();
    Some(ids.write(PublicId::of(named, entity)))
}

/// Does `act`, and writes it down.
///
/// # Errors
/// Those of `act`. Where the log cannot be written first, nothing is done.
pub async fn audited(
    api: &Api,
    caller: &Caller,
    operation: &'static str,
    target: Option<String>,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let log = (caller.tenant(), caller.mode());
    audited_in(api, caller, log, operation, target, act).await
}

/// The same, in the log of another tenant or mode than the caller's: whoever comes to look at one is written down there.
///
/// # Errors
/// Those of `act`. Where the log cannot be written first, nothing is done.
pub async fn audited_in(
    api: &Api,
    caller: &Caller,
    log: (TenantId, Mode),
    operation: &'static str,
    target: Option<String>,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let (actor, masquerader) = actors(api, &caller.who);
    let entry = Entry {
        actor,
        masquerader,
        operation: operation.to_owned(),
        target,
        outcome: Outcome::Asked,
    };
    written_down(api, &[log], entry, act).await
}

/// Does `act` to how a user gets in, and writes it down in the log of every network that lets the user in, and in that of `sender`.
///
/// # Errors
/// Those of `act`. Where a log cannot be written first, nothing is done.
pub async fn audited_of_user(
    api: &Api,
    (user, memberships): (Address, &[Membership]),
    sender: Option<(TenantId, Mode)>,
    operation: &'static str,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let id = users::id(api, user);
    let entry = of_user(&id, operation, Some(id.clone()));
    written_down(api, &logs_of_user(memberships, sender), entry, act).await
}

/// The same, done by the operator of the node, who has no id.
///
/// # Errors
/// Those of `act`. Where a log cannot be written first, nothing is done.
pub async fn audited_of_operator(
    api: &Api,
    (user, memberships): (Address, &[Membership]),
    sender: Option<(TenantId, Mode)>,
    operation: &'static str,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let entry = Entry {
        actor: OPERATOR.to_owned(),
        masquerader: None,
        operation: operation.to_owned(),
        target: Some(users::id(api, user)),
        outcome: Outcome::Asked,
    };
    written_down(api, &logs_of_user(memberships, sender), entry, act).await
}

/// The log of every network that lets a user with `memberships` in, and that of `sender`.
fn logs_of_user(
    memberships: &[Membership],
    sender: Option<(TenantId, Mode)>,
) -> Vec<(TenantId, Mode)> {
    let places = memberships.iter().filter(|it| it.is_active);
    let mut logs = Vec::new();
    for log in places.map(|it| (it.tenant, it.mode())).chain(sender) {
        if !logs.contains(&log) {
            logs.push(log);
        }
    }
    logs
}

/// Writes one line of what was refused to whoever says to be a user, or came of that. What was refused is, with or without the line.
pub async fn note_of_user(
    api: &Api,
    user: Address,
    (tenant, mode): (TenantId, Mode),
    operation: &'static str,
    outcome: Outcome,
) {
    let id = users::id(api, user);
    let entry = Entry {
        outcome,
        ..of_user(&id, operation, Some(id.clone()))
    };
    if let Err(failure) = api.router.write_audit(tenant, mode, entry).await {
        tracing::error!(?failure, operation, "a refusal is not in the audit log");
    }
}

/// Does `act` for a user who has no token, and writes it down.
///
/// # Errors
/// Those of `act`. Where the log cannot be written first, nothing is done.
pub async fn audited_by_user(
    api: &Api,
    user: Address,
    log: (TenantId, Mode),
    operation: &'static str,
    target: Option<String>,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let entry = of_user(&users::id(api, user), operation, target);
    written_down(api, &[log], entry, act).await
}

/// What the user of this id asked for, as itself.
fn of_user(id: &str, operation: &str, target: Option<String>) -> Entry {
    Entry {
        actor: format!("user:{id}"),
        masquerader: None,
        operation: operation.to_owned(),
        target,
        outcome: Outcome::Asked,
    }
}

async fn written_down(
    api: &Api,
    logs: &[(TenantId, Mode)],
    mut entry: Entry,
    act: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    for &(tenant, mode) in logs {
        let asked = api.router.write_audit(tenant, mode, entry.clone());
        asked.await.map_err(failure::problem)?;
    }
    let answer = act.await;
    entry.outcome = outcome(&answer);
    for &(tenant, mode) in logs {
        if let Err(failure) = api.router.write_audit(tenant, mode, entry.clone()).await {
            // What was done is done, and stands in the log as asked for.
            let operation = &entry.operation;
            tracing::error!(?failure, operation, "the outcome is not in the audit log");
        }
    }
    answer
}

/// Who does it. Within a masquerade that is the organisation which the user acts as, and the user stands beside it.
fn actors(api: &Api, who: &Who) -> (String, Option<String>) {
    let ids = api.router.secrets().public_ids();
    let named = |kind, named, entity| format!("{kind}:{}", ids.write(PublicId::of(named, entity)));
    match who {
        Who::Key(key) => (named("key", Named::ApiKey, key.address.entity), None),
        Who::Contact(signed_in) => {
            let contact = signed_in.contact.entity;
            (named("contact", Named::Contact, contact), None)
        }
        Who::User(user) => {
            let person = named("user", Named::User, user.user.entity);
            if !user.session.is_masquerade {
                return (person, None);
            }
            let organisation = user.session.place.organisation;
            let acted_as = named("organisation", Named::Organisation, organisation);
            (acted_as, Some(person))
        }
    }
}

fn outcome(answer: &Result<Response, Problem>) -> Outcome {
    let status = match answer {
        Ok(response) => response.status(),
        Err(problem) => problem.code().status(),
    };
    if status.is_success() {
        Outcome::Done
    } else if status.is_client_error() || status == http::StatusCode::SERVICE_UNAVAILABLE {
        Outcome::Refused
    } else {
        Outcome::Unknown
    }
}

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedLine {
    /// Its place in the log, from 1 without gaps.
    pub number: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Who did it.
    pub actor: String,
    /// The user behind a masquerade.
    pub masquerader: Option<String>,
    /// What was done.
    pub operation: String,
    /// What it was done to.
    pub target: Option<String>,
    /// What became of it.
    pub outcome: String,
    /// In hexadecimal digits: over all of it and the line before.
    pub hash: String,
}

/// The last line of an export: without it, the export was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedEnd {
    /// How many lines there are.
    pub lines: u64,
    /// The hash of the last one.
    pub hash: String,
}

impl ExportedLine {
    /// A line as it is exported.
    pub fn of(line: &Line) -> ExportedLine {
        let entry = line.entry.clone();
        ExportedLine {
            number: line.number,
            at_ms: line.at.0,
            actor: entry.actor,
            masquerader: entry.masquerader,
            operation: entry.operation,
            target: entry.target,
            outcome: entry.outcome.name().to_owned(),
            hash: hex(&line.hash),
        }
    }

    /// The line that was exported; none, if an outcome or a hash is none.
    pub fn line(&self) -> Option<Line> {
        let mut outcomes = Outcome::ALL.into_iter();
        let outcome = outcomes.find(|outcome| outcome.name() == self.outcome)?;
        Some(Line {
            number: self.number,
            at: Timestamp(self.at_ms),
            entry: Entry {
                actor: self.actor.clone(),
                masquerader: self.masquerader.clone(),
                operation: self.operation.clone(),
                target: self.target.clone(),
                outcome,
            },
            hash: unhex(&self.hash)?,
        })
    }
}

/// A hash in hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    data_encoding::HEXLOWER.encode(hash)
}

fn unhex(text: &str) -> Option<Hash> {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}
