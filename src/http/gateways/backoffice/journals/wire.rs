//! A line of a wallet's journal on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{Cause, Line};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Currency;
use crate::http::money_wire::WireAmount;
use crate::http::shown::journal::{JournalEvent, event_of};

/// What a journal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum JournalOf {
    /// A wallet.
    Wallet,
    /// A billing account.
    Account,
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
    /// What was returned without its purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    ad_hoc_return: Option<WireReturnOf>,
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

/// What was returned.
#[derive(Debug, Serialize, ToSchema)]
struct WireReturnOf {
    /// Left out for a key that does not act for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<WireOrganisationReference>,
    /// What it had cost.
    amount: WireAmount,
    reference_number: Option<String>,
    /// Unix seconds.
    date: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireOrganisationReference {
    id: String,
}

/// Which organisation took goods back without their purchase, if that is what moved the money.
pub(super) fn returned_to(line: &Line) -> Option<u64> {
    match &line.cause {
        Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => {
            Some(of.organisation)
        }
        _ => None,
    }
}

impl WireLine {
    /// The line without saying where goods were returned.
    pub(super) fn without_organisation(mut self) -> WireLine {
        if let Some(returned) = &mut self.ad_hoc_return {
            returned.organisation = None;
        }
        self
    }

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
        let returned = match &line.cause {
            Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => Some(of),
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
                | Cause::ReturnedSpend(_)
                | Cause::ReturnedAward(_)
                | Cause::ReturnOwed(_)
                | Cause::Expiry
                | Cause::Repaid
                | Cause::TopUp(_)
                | Cause::Hold(_)
                | Cause::Release(_)
                | Cause::Credit(_)
                | Cause::Debit(_) => None,
            },
            ad_hoc_return: returned.map(|of| WireReturnOf {
                organisation: Some(WireOrganisationReference {
                    id: ids.write(PublicId::of(Named::Organisation, of.organisation)),
                }),
                amount: amount(of.amount.0),
                reference_number: text(of.reference_number.text()),
                date: of.returned_on.map(|at| at.unix_seconds()),
            }),
            payment_method: top_up.and_then(|it| text(it.payment_method())),
            code: top_up.and_then(|it| text(it.code())),
            topup_date: top_up.and_then(|it| it.paid_on.map(|at| at.unix_seconds())),
            notes: match &line.cause {
                Cause::Credit(notes) | Cause::Debit(notes) => text(notes.text()),
                _ => None,
            },
        }
    }
}
