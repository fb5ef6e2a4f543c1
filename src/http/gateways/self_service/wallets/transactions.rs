//! `GET /wallets/{id}/transactions`

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::journals::{moved, note};
use super::own;
use super::query::{Lines, LinesQuery, WireMovement, WireOrder, WirePocket};
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::contact::{Cause, HoldView, Line};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, PurchaseView, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::ValidQuery;
use crate::http::money_wire::WireAmount;
use crate::http::paging::Paging;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::journal::{self, JournalEvent, event_of};
use crate::http::shown::purchase::WireNamed;
use crate::http::{Api, reply};

/// One movement of the contact's money, and what it came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnTransaction)]
struct WireTransaction {
    id: String,
    /// How much moved; `type` says whether in or out.
    amount: WireAmount,
    /// ISO 4217.
    currency: String,
    r#type: WireMovement,
    /// Unix seconds.
    posted_on: i64,
    /// `BUSINESS_COMMERCE` where some of it is commerce money.
    pocket: WirePocket,
    /// Where rewards moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_event: Option<WireRewardEvent>,
    /// Where somebody paid it in, or moved it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    financial_event: Option<WireFinancialEvent>,
    /// When the first of it expires, and what binds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet_expiration: Option<WireWalletExpiration>,
    /// The estimate that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<WireBlocker>,
    /// A wallet has one currency, its tenant's: this is 1.
    exchange_rate: WireAmount,
    total_default_currency: WireAmount,
    /// ISO 4217.
    default_currency_code: String,
}

/// What rewards did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnRewardEvent)]
struct WireRewardEvent {
    r#type: JournalEvent,
    amount: WireAmount,
    /// Unix seconds.
    date: i64,
    /// How it was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    spend_method: Option<WireSpendMethod>,
    /// What became of the purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<WireState>,
    /// When the first of what came in expires, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_date: Option<i64>,
    /// The offer that gave it, where one alone did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_offer: Option<WireNamed>,
    /// Who sold, or took goods back.
    #[serde(skip_serializing_if = "Option::is_none")]
    performed_by: Option<WireNamed>,
    /// The purchase that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_id: Option<String>,
    /// The number on the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_number: Option<String>,
}

/// How money is spent.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OwnSpendMethod)]
enum WireSpendMethod {
    /// The purchase asked for it.
    OnRequest,
}

/// What became of a purchase.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OwnPurchaseState)]
enum WireState {
    /// It stands.
    Posted,
    /// It was cancelled.
    Cancelled,
}

/// What somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnFinancialEvent)]
struct WireFinancialEvent {
    id: String,
    r#type: JournalEvent,
    /// Its number in the wallet's journal.
    number: String,
    amount: WireAmount,
    /// Unix seconds.
    date: i64,
    /// The code of who paid it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_number: Option<String>,
    /// `POSTED`: what was written is never changed.
    life_cycle_state: WireState,
    /// What was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

/// When money expires.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnExpiration)]
struct WireWalletExpiration {
    /// Unix seconds.
    date: i64,
    /// What binds it, where that is one offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    commerce_pool: Option<WirePool>,
}

/// What binds money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnCommercePool)]
struct WirePool {
    /// The offer's id.
    id: String,
    name: String,
    /// What the offer says of itself in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// What holds money for a purchase to come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnFundsBlocker)]
struct WireBlocker {
    /// The estimate's id.
    id: String,
    /// `PURCHASE`.
    entity: &'static str,
    /// Until when it is held, in Unix seconds, unless that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<i64>,
}

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnTransactionPage)]
pub(in super::super) struct TransactionPage {
    content: Vec<WireTransaction>,
    paging: Paging,
    /// Where the movements are so many that not all were looked through: `before` of the request that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<String>,
}

/// What lines are told with.
struct Told<'a> {
    ids: &'a PublicIds,
    tenant: &'a TenantView,
    contact: u64,
    purchases: HashMap<u32, Box<PurchaseView>>,
    holds: HashMap<u32, HoldView>,
}

/// The purchase that a line is about.
fn purchase_of(cause: &Cause) -> Option<u32> {
    match cause {
        Cause::Award(number)
        | Cause::Spend(number)
        | Cause::Cancel(number)
        | Cause::Restore(number)
        | Cause::Owed(number) => Some(*number),
        Cause::Unlock
        | Cause::Expiry
        | Cause::Repaid
        | Cause::TopUp(_)
        | Cause::Hold(_)
        | Cause::Release(_)
        | Cause::ReturnedSpend(_)
        | Cause::ReturnedAward(_)
        | Cause::ReturnOwed(_)
        | Cause::Credit(_)
        | Cause::Debit(_) => None,
    }
}

impl<'a> Told<'a> {
    /// What `lines` are about, each purchase and hold asked for once.
    async fn of(
        api: &'a Api,
        contact: Address,
        tenant: &'a TenantView,
        lines: &[Line],
    ) -> Told<'a> {
        let mut told = Told {
            ids: api.router.secrets().public_ids(),
            tenant,
            contact: contact.entity,
            purchases: HashMap::new(),
            holds: HashMap::new(),
        };
        for line in lines {
            if let Some(number) = purchase_of(&line.cause)
                && !told.purchases.contains_key(&number)
            {
                let asked = api.router.query(contact, Query::Purchase(number)).await;
                if let Ok(Answer::Purchase(view)) = asked.result {
                    told.purchases.insert(number, view);
                }
            }
            if let Cause::Hold(number) = line.cause {
                let asked = api.router.query(contact, Query::Hold(number)).await;
                if let Ok(Answer::Hold(hold)) = asked.result {
                    told.holds.insert(number, hold);
                }
            }
        }
        told
    }

    fn part(&self, named: Named, part: u32) -> String {
        self.ids.write(PublicId {
            named,
            entity: self.contact,
            part,
        })
    }

    fn organisation(&self, number: u64) -> WireNamed {
        let known = self.tenant.organisations.get(&number);
        WireNamed {
            id: self.ids.write(PublicId::of(Named::Organisation, number)),
            name: known.map_or_else(String::new, |it| it.name.clone()),
        }
    }

    fn pool(&self, offer: u64) -> WirePool {
        let mut offers = self.tenant.offers.iter();
        let found = offers.find(|(number, _)| *number == offer);
        let found = found.map(|(_, offer)| offer);
        WirePool {
            id: self.ids.write(PublicId::of(Named::Offer, offer)),
            name: found.map_or_else(String::new, |it| it.name.clone()),
            description: found.and_then(|it| it.texts.short_description.clone()),
        }
    }

    /// The offer that gave what a purchase awarded, where one alone did.
    fn giver(&self, view: &PurchaseView) -> Option<WireNamed> {
        let outcomes = view.purchase.offers.iter().zip(&self.tenant.offers);
        let mut gave = outcomes.filter(|(outcome, _)| outcome.is_ok());
        let (_, (number, offer)) = gave.next()?;
        gave.next().is_none().then(|| WireNamed {
            id: self.ids.write(PublicId::of(Named::Offer, *number)),
            name: offer.name.clone(),
        })
    }

    fn rewards(&self, line: &Line) -> WireRewardEvent {
        let mut event = WireRewardEvent {
            r#type: event_of(&line.cause),
            amount: moved(line, self.tenant.currency),
            date: line.at.unix_seconds(),
            spend_method: match line.cause {
                Cause::Spend(_) | Cause::Restore(_) | Cause::ReturnedSpend(_) => {
                    Some(WireSpendMethod::OnRequest)
                }
                _ => None,
            },
            state: None,
            expiry_date: match WireMovement::of(line) {
                WireMovement::Credit => line.of.expires_at.map(|at| at.unix_seconds()),
                WireMovement::Debit => None,
            },
            reward_offer: None,
            performed_by: None,
            purchase_id: None,
            reference_number: None,
        };
        match &line.cause {
            Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => {
                event.reference_number = of.reference_number.text().map(str::to_owned);
                event.performed_by = Some(self.organisation(of.organisation));
            }
            cause => {
                let number = purchase_of(cause);
                event.purchase_id = number.map(|number| self.part(Named::Purchase, number));
                let Some(view) = number.and_then(|number| self.purchases.get(&number)) else {
                    return event;
                };
                event.state = Some(match view.cancelled_at {
                    None => WireState::Posted,
                    Some(_) => WireState::Cancelled,
                });
                let receipt = view.purchase.reference_number();
                event.reference_number = receipt.map(str::to_owned);
                event.performed_by = Some(self.organisation(view.purchase.organisation));
                if let Cause::Award(_) | Cause::Cancel(_) = cause {
                    event.reward_offer = self.giver(view);
                }
            }
        }
        event
    }

    fn finance(&self, line: &Line) -> WireFinancialEvent {
        WireFinancialEvent {
            id: journal::line_id(self.ids, self.contact, line.number),
            r#type: event_of(&line.cause),
            number: line.number.to_string(),
            amount: moved(line, self.tenant.currency),
            date: line.at.unix_seconds(),
            reference_number: match &line.cause {
                Cause::TopUp(top_up) => top_up.code().map(str::to_owned),
                _ => None,
            },
            life_cycle_state: WireState::Posted,
            notes: note(&line.cause),
        }
    }

    fn transaction(&self, line: &Line) -> WireTransaction {
        let currency = self.tenant.currency;
        let amount = moved(line, currency);
        let (mut reward_event, mut financial_event, mut blocked_by) = (None, None, None);
        match &line.cause {
            Cause::TopUp(_) | Cause::Credit(_) | Cause::Debit(_) => {
                financial_event = Some(self.finance(line));
            }
            Cause::Hold(number) | Cause::Release(number) => {
                let hold = self.holds.get(number);
                blocked_by = Some(WireBlocker {
                    id: self.part(Named::Estimate, *number),
                    entity: "PURCHASE",
                    expiration_date: hold.and_then(|it| it.until).map(|at| at.unix_seconds()),
                });
            }
            _ => reward_event = Some(self.rewards(line)),
        }
        let pool = match line.of.pools.as_slice() {
            [pool] => Some(self.pool(*pool)),
            _ => None,
        };
        WireTransaction {
            id: journal::line_id(self.ids, self.contact, line.number),
            amount,
            currency: currency.code().to_owned(),
            r#type: WireMovement::of(line),
            posted_on: line.at.unix_seconds(),
            pocket: WirePocket::of(line),
            reward_event,
            financial_event,
            wallet_expiration: line.of.expires_at.map(|at| WireWalletExpiration {
                date: at.unix_seconds(),
                commerce_pool: pool,
            }),
            blocked_by,
            exchange_rate: WireAmount::from_minor(1, 0),
            total_default_currency: amount,
            default_currency_code: currency.code().to_owned(),
        }
    }
}

/// List what moved in the contact's own wallet, and what it came from.
///
/// Commerce money is what offers bind: a movement of some is in the pocket `BUSINESS_COMMERCE`, any other in `BUSINESS`. With a filter or from the oldest on, the
/// newest 100,000 movements are looked through; where there are more, the answer says how to go on.
#[utoipa::path(
    get, path = "/wallets/{id}/transactions", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("type" = Option<WireMovement>, Query, description = "Only what came in, or went out"),
        ("pocket" = inline(Option<WirePocket>), Query, description = "Only of this pocket; nothing is in CRMCOM"),
        ("is_wallet_fee" = Option<bool>, Query, description = "Only fees; there are none"),
        ("posted_on" = Option<i64>, Query, description = "In this second, in Unix seconds"),
        ("posted_on[gt]" = Option<i64>, Query, description = "After this second"),
        ("posted_on[gte]" = Option<i64>, Query, description = "In this second or later"),
        ("posted_on[lt]" = Option<i64>, Query, description = "Before this second"),
        ("posted_on[lte]" = Option<i64>, Query, description = "In this second or earlier"),
        ("before" = Option<String>, Query, description = "Only movements before the one of this id: `next_before` of an answer"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = inline(Option<WireOrder>), Query, description = "DESC, the default: the newest first"),
    ),
    responses(
        (status = 200, description = "A page", body = TransactionPage),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "A filter of the contract that is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
    query: ValidQuery<LinesQuery>,
) -> Result<Response, Problem> {
    let contact = own(&api, &token, &id)?;
    let tenant = token.tenant_view(&api).await?;
    let Lines {
        lines,
        paging,
        next_before,
    } = query.lines(&api, contact).await?;
    let told = Told::of(&api, contact, &tenant, &lines).await;
    let shown = lines.iter().map(|line| told.transaction(line));
    let page = TransactionPage {
        content: shown.collect(),
        paging,
        next_before,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
