//! A line of a wallet's journal on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{Cause, Line};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Currency;
use crate::http::money_wire::WireAmount;

/// What a journal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum JournalOf {
    /// A wallet.
    Wallet,
    /// A billing account.
    Account,
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in super::super) enum JournalEvent {
    /// A purchase awarded it.
    Award,
    /// A purchase spent it.
    Spend,
    /// A purchase awarded it earlier, and it can be spent from now on.
    Unlock,
    /// It expired unspent.
    Expiry,
    /// A purchase was cancelled: what it awarded is taken back.
    Cancel,
    /// A purchase was cancelled: what it spent is given back.
    Restore,
    /// What a purchase spends, or its cancellation takes back, beyond the balance: owed from then on. Below 0, owed no longer.
    Owed,
    /// What was owed is paid.
    Repaid,
    /// It was paid in.
    TopUp,
    /// It is held for a purchase to come.
    Hold,
    /// A hold gave it back.
    Release,
    /// Somebody added it by hand.
    Credit,
    /// Somebody took it by hand.
    Debit,
}

/// One movement of a wallet's money.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireLine {
    id: String,
    wallet_id: String,
    entity: JournalOf,
    event: JournalEvent,
    /// Unix seconds.
    date: i64,
    /// What it adds to the balance; below 0 where it takes.
    amount: WireAmount,
    /// The balance after it.
    balance: WireAmount,
    currency_code: String,
    /// The purchase that moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase: Option<WirePurchaseReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    topup_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WirePurchaseReference {
    id: String,
}

/// The event of a line's cause.
pub(super) fn event_of(cause: &Cause) -> JournalEvent {
    match cause {
        Cause::Award(_) => JournalEvent::Award,
        Cause::Spend(_) => JournalEvent::Spend,
        Cause::Unlock => JournalEvent::Unlock,
        Cause::Expiry => JournalEvent::Expiry,
        Cause::Cancel(_) => JournalEvent::Cancel,
        Cause::Restore(_) => JournalEvent::Restore,
        Cause::Owed(_) => JournalEvent::Owed,
        Cause::Repaid => JournalEvent::Repaid,
        Cause::TopUp(_) => JournalEvent::TopUp,
        Cause::Hold(_) => JournalEvent::Hold,
        Cause::Release(_) => JournalEvent::Release,
        Cause::Credit(_) => JournalEvent::Credit,
        Cause::Debit(_) => JournalEvent::Debit,
    }
}

impl WireLine {
    /// A line of the wallet of contact number `contact`.
    pub(super) fn of(line: &Line, ids: &PublicIds, contact: u64, currency: Currency) -> WireLine {
        let amount = |minor: i64| WireAmount::from_minor(minor, currency.decimals());
        let part = |named, part| {
            ids.write(PublicId {
                named,
                entity: contact,
                part,
            })
        };
        let top_up = match &line.cause {
            Cause::TopUp(top_up) => Some(top_up),
            _ => None,
        };
        let text = |text: Option<&str>| text.map(str::to_owned);
        WireLine {
            id: part(Named::JournalLine, line.number),
            wallet_id: part(Named::Wallet, 0),
            entity: JournalOf::Wallet,
            event: event_of(&line.cause),
            date: line.at.unix_seconds(),
            amount: amount(line.amount.0),
            balance: amount(line.balance.0),
            currency_code: currency.code().to_owned(),
            purchase: match line.cause {
                Cause::Award(number)
                | Cause::Spend(number)
                | Cause::Cancel(number)
                | Cause::Restore(number)
                | Cause::Owed(number) => Some(WirePurchaseReference {
                    id: part(Named::Purchase, number),
                }),
                Cause::Unlock
                | Cause::Expiry
                | Cause::Repaid
                | Cause::TopUp(_)
                | Cause::Hold(_)
                | Cause::Release(_)
                | Cause::Credit(_)
                | Cause::Debit(_) => None,
            },
            payment_method: top_up.and_then(|it| text(it.payment_method.as_deref())),
            code: top_up.and_then(|it| text(it.code.as_deref())),
            topup_date: top_up.and_then(|it| it.paid_on.map(|at| at.unix_seconds())),
            notes: match &line.cause {
                Cause::Credit(notes) | Cause::Debit(notes) => text(notes.as_deref()),
                _ => None,
            },
        }
    }
}
