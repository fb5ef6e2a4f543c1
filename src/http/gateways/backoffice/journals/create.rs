//! `POST /contacts/{id}/journals`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::contacts::{ContactName, resolve};
use super::super::fields;
use super::movement;
use super::top_up::amount;
use super::wire::{JournalOf, WireLine};
use crate::domain::api_key::Scope;
use crate::domain::contact::{Movement, Private, Reason};
use crate::http::Api;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::failure;
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::limits;

/// Which way money moves.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = MovementAction)]
enum Action {
    /// Into the wallet.
    Credit,
    /// Out of it.
    Debit,
}

/// A change of a balance by hand.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewJournal {
    action: Action,
    /// WALLET: contacts have no billing account here.
    entity: JournalOf,
    amount: WireAmount,
    /// ISO 4217; must be the wallet's.
    currency_code: Option<String>,
    /// Why, for people.
    #[schema(max_length = 200)]
    notes: Option<String>,
}

impl Validate for NewJournal {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.entity == JournalOf::Wallet,
            "entity",
            "unsupported",
            "must be WALLET",
        );
        faults.require(
            self.notes
                .as_ref()
                .is_none_or(|text| (1..=limits::NAME_CHARS_MAX).contains(&text.chars().count())),
            "notes",
            "wrong_length",
            "must have 1 to 200 characters, or be left out",
        );
    }
}

/// Change a contact's balance by hand.
///
/// A credit never expires, and pays what is owed; a debit takes what expires first, and is refused unless the balance covers
/// it. With an `Idempotency-Key`, a retry has no second effect. Answers with the line in the wallet's journal.
#[utoipa::path(
    post, path = "/contacts/{id}/journals", tag = "Wallets", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewJournal,
    responses(
        (status = 201, description = "Changed", body = WireLine),
        (status = 400, description = "Not JSON, or a balance that is too low", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::FinanceWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewJournal>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let amount = amount(body.amount, tenant.currency)?;
    let currency = fields::currency(&body.currency_code)?;
    let contact = resolve(&api, &caller, ContactName::IdOrCode(&name))
        .await
        .map_err(failure::problem)?
        .ok_or_else(failure::not_found)?;
    let notes = Private::from(body.notes.as_deref());
    let movement = Movement {
        amount,
        currency,
        reason: match body.action {
            Action::Credit => Reason::Credit(notes),
            Action::Debit => Reason::Debit(notes),
        },
    };
    let place = ("contacts.journals.create", contact);
    movement::record(&api, &caller, &headers, place, &body.hash, movement).await
}
