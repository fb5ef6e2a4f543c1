//! `/contacts/{id}/cards`: loyalty identifiers, by which a till finds the contact.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::patch::{as_wire, edited};
use super::{named, not_changed};
use crate::actors::router::{self, OpenedProfile};
use crate::domain::api_key::Scope;
use crate::domain::contact::{Card, Stage};
use crate::domain::entity::{Answer, Query};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{BodyHash, Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::{CODE_CHARS_MAX, PROFILE_LIST_MAX};

/// A card to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewCard {
    /// What is printed or stored on it: the customer identification medium.
    #[schema(max_length = 64)]
    cim: String,
}

/// A card.
#[derive(Debug, Serialize, ToSchema)]
struct WireCard {
    /// What is printed or stored on it.
    cim: String,
    /// When the contact got it, in Unix seconds.
    created_date: i64,
}

/// A contact's cards.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cards {
    content: Vec<WireCard>,
}

impl Validate for NewCard {
    fn validate(&self, faults: &mut Faults) {
        let cim = self.cim.trim();
        let fits = (1..=CODE_CHARS_MAX).contains(&cim.len());
        faults.require(
            fits && cim
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic()),
            "cim",
            "not_an_identifier",
            "must have 1 to 64 visible ASCII characters",
        );
    }
}

impl WireCard {
    fn of(card: &Card) -> WireCard {
        WireCard {
            cim: card.identifier.clone(),
            created_date: card.added_at.unix_seconds(),
        }
    }
}

/// Give a contact a card.
///
/// A card belongs to one contact of the tenant. One that the contact has already stays as it is.
#[utoipa::path(
    post, path = "/contacts/{id}/cards", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewCard,
    responses(
        (status = 201, description = "The contact's cards", body = Cards),
        (status = 400, description = "Not JSON, or another contact has this card", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact has 20 cards", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn add(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewCard>,
) -> Result<Response, Problem> {
    let cim = body.cim.trim();
    let now = api.router.wall();
    let edit = |cards: &mut Vec<Card>| {
        if cards.iter().any(|card| card.identifier == cim) {
            return Ok(());
        }
        if cards.len() >= PROFILE_LIST_MAX {
            return Err(Problem::new(
                Code::LimitReached,
                "the contact has 20 cards; remove one first",
            ));
        }
        cards.push(Card {
            identifier: cim.to_owned(),
            added_at: now,
        });
        Ok(())
    };
    let asked = Asked {
        name: &name,
        headers: &headers,
        operation: "contacts.cards.add",
        request: &body.hash,
    };
    let cards = change(&api, &caller, asked, edit).await?;
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::CREATED, &cards, timings))
}

/// List a contact's cards.
#[utoipa::path(
    get, path = "/contacts/{id}/cards", tag = "Contacts", security(("api_key" = [])),
    params(("id" = String, Path, description = "The contact's id or code")),
    responses(
        (status = 200, description = "The contact's cards", body = Cards),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsRead.bit() }>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    let cards = cards_of(&api, address).await?;
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::OK, &cards, timings))
}

/// Take a card from a contact: nobody is found by it from then on, and another contact may have it.
#[utoipa::path(
    delete, path = "/contacts/{id}/cards/{cim}", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("cim" = String, Path, description = "What is printed or stored on the card"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    responses(
        (status = 204, description = "Taken"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code, or not their card", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path((name, cim)): Path<(String, String)>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let edit = |cards: &mut Vec<Card>| {
        let before = cards.len();
        cards.retain(|card| card.identifier != cim.trim());
        if cards.len() < before {
            Ok(())
        } else {
            Err(failure::not_found())
        }
    };
    let asked = Asked {
        name: &name,
        headers: &headers,
        operation: "contacts.cards.remove",
        request: &BodyHash::of_text(&cim),
    };
    change(&api, &caller, asked, edit).await?;
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::no_content(timings))
}

/// A change that a request asks for.
struct Asked<'a> {
    name: &'a str,
    headers: &'a HeaderMap,
    operation: &'static str,
    request: &'a BodyHash,
}

async fn change(
    api: &Api,
    caller: &Caller,
    asked: Asked<'_>,
    edit: impl Fn(&mut Vec<Card>) -> Result<(), Problem>,
) -> Result<Cards, Problem> {
    let address = named(api, caller, asked.name).await?;
    let once = Once::of(
        caller,
        asked.headers,
        asked.operation,
        Some(address),
        asked.request,
    )?;
    api.router
        .change_contact(address, Some(once.remember(api)), |view, mut profile| {
            let before = profile.clone();
            edit(&mut profile.cards)?;
            let contact = as_wire(view, &mut profile);
            edited(api, caller, view, contact, (&before, profile, &[]))
        })
        .await
        .map_err(not_changed)?;
    cards_of(api, address).await
}

async fn cards_of(api: &Api, address: crate::domain::address::Address) -> Result<Cards, Problem> {
    let reply = api.router.query(address, Query::Contact).await;
    let view = match reply.result {
        Ok(Answer::Contact(view)) if view.stage == Stage::Active => view,
        Ok(_) => return Err(failure::not_found()),
        Err(why) => return Err(failure::of_path(why)),
    };
    let opened = api
        .router
        .open_profile(&address, &view.profile)
        .map_err(failure::problem)?;
    match opened {
        OpenedProfile::Plain(profile) => Ok(Cards {
            content: profile.cards.iter().map(WireCard::of).collect(),
        }),
        OpenedProfile::Erased => Err(failure::not_found()),
    }
}
