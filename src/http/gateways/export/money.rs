//! The contact's money, and how it came and went.

use serde_json::{Value, json};

use super::held::day_of;
use super::{Place, seconds};
use crate::domain::contact::{
    Activity, Cause, Composition, Given, Hold, Intent, Limits, Line, Locked, Lot, Purchase,
    ReturnOf, SpendToken, SpendTokens, Spent, TopUp, Usage, Wallet,
};
use crate::domain::entity::PurchaseView;
use crate::domain::ids::Named;
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;
use crate::http::shown::journal::event_of;
use crate::http::shown::limits::WireLimits;
use crate::http::shown::purchase::{Shown, WirePurchase};

fn lot(place: &Place<'_>, lot: &Lot) -> Value {
    let Lot {
        expires_at,
        bound_by,
        left,
    } = lot;
    json!({
        "amount": place.amount(*left),
        "expiration_date": expires_at.map(seconds),
        "bound_by": bound_by.map(|offer| place.offer(offer)),
    })
}

fn lots(place: &Place<'_>, lots: &[Lot]) -> Vec<Value> {
    lots.iter().map(|it| lot(place, it)).collect()
}

/// The wallet as it stands at `now`.
pub(super) fn wallet(place: &Place<'_>, wallet: &Wallet, now: Timestamp) -> Value {
    let Wallet {
        lots: open,
        locked,
        version,
        code_slot,
        owed,
        holds,
        hold_count: _,
        limits,
    } = wallet;
    let locked = locked.iter().map(|it| {
        let Locked { until, lot: of } = it;
        json!({ "until": seconds(*until), "lot": lot(place, of) })
    });
    let holds = holds.iter().map(|hold| {
        let Hold {
            number: _,
            organisation,
            at,
            until,
            lots: of,
        } = hold;
        json!({
            "organisation": place.organisation(*organisation),
            "date": seconds(*at),
            "until": seconds(*until),
            "lots": lots(place, of),
        })
    });
    let Limits {
        rules,
        since,
        spent,
        topped_up,
        credited,
    } = limits;
    json!({
        "id": place.id(Named::Wallet, place.contact.entity),
        "code": place.api.router.wallet_code(&place.contact, *code_slot),
        "currency_code": place.tenant.currency.code(),
        "balance": place.amount(wallet.balance(now)),
        "owed": place.amount(*owed),
        "changes": version,
        "lots": lots(place, open),
        "locked": locked.collect::<Vec<_>>(),
        "holds": holds.collect::<Vec<_>>(),
        "limits": WireLimits::of(rules, place.tenant.currency),
        "counted_since": (!rules.is_empty()).then(|| seconds(*since)),
        "spent_of_late": usage(place, spent),
        "topped_up_of_late": usage(place, topped_up),
        "credited_of_late": usage(place, credited),
    })
}

fn usage(place: &Place<'_>, usage: &Usage) -> Value {
    let Usage {
        day,
        in_day,
        in_week,
        in_month,
    } = usage;
    let moved = |(number, sum): (u32, Minor)| json!({ "number": number, "sum": place.amount(sum) });
    json!({
        "day": day_of(*day),
        "in_day": moved(*in_day),
        "in_week": moved(*in_week),
        "in_month": moved(*in_month),
    })
}

/// The spend tokens, without what a till would read.
pub(super) fn tokens(place: &Place<'_>, tokens: &SpendTokens) -> Vec<Value> {
    let SpendTokens { tokens, count: _ } = tokens;
    let shown = tokens.iter().map(|token| {
        let SpendToken {
            number: _,
            intent,
            amount,
            estimate,
            nonce: _,
            code: _,
            expires_at,
            is_used,
        } = token;
        json!({
            "intent": match intent {
                Intent::Spend => "SPEND",
                Intent::ApprovePurchase => "APPROVE_PURCHASE",
                Intent::RejectPurchase => "REJECT_PURCHASE",
            },
            "spend_amount": amount.map(|amount| place.amount(amount)),
            "estimate_id": estimate.map(|number| place.part(Named::Estimate, number)),
            "expiration_date": seconds(*expires_at),
            "is_used": is_used,
        })
    });
    shown.collect()
}

fn goods(place: &Place<'_>, of: &ReturnOf) -> Value {
    let ReturnOf {
        organisation,
        amount,
        reference_number,
        returned_on,
    } = of;
    json!({
        "organisation": place.organisation(*organisation),
        "amount": place.amount(*amount),
        "reference_number": reference_number.text(),
        "date": returned_on.map(seconds),
    })
}

/// A line of the wallet's journal.
pub(super) fn line(place: &Place<'_>, line: &Line) -> Value {
    let Line {
        number,
        at,
        cause,
        amount,
        balance,
        of,
    } = line;
    let Composition {
        commerce,
        pools,
        expires_at,
    } = of;
    let about = match cause {
        Cause::Award(number)
        | Cause::Spend(number)
        | Cause::Cancel(number)
        | Cause::Restore(number)
        | Cause::Owed(number) => {
            json!({ "purchase_id": place.part(Named::Purchase, *number) })
        }
        Cause::Unlock | Cause::Expiry | Cause::Repaid => Value::Null,
        Cause::TopUp(top_up) => {
            let TopUp { texts: _, paid_on } = &**top_up;
            json!({
                "payment_method": top_up.payment_method(),
                "code": top_up.code(),
                "paid_date": paid_on.map(seconds),
            })
        }
        Cause::Hold(number) | Cause::Release(number) => {
            json!({ "estimate_id": place.part(Named::Estimate, *number) })
        }
        Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => {
            json!({ "ad_hoc_return": goods(place, of) })
        }
        Cause::Credit(notes) | Cause::Debit(notes) => json!({ "notes": notes.text() }),
    };
    json!({
        "id": place.part(Named::JournalLine, *number),
        "date": seconds(*at),
        "event": event_of(cause),
        "amount": place.amount(*amount),
        "balance": place.amount(*balance),
        "commerce": place.amount(*commerce),
        "commerce_pools": pools.iter().map(|offer| place.id(Named::Offer, *offer)).collect::<Vec<_>>(),
        "expiration_date": expires_at.map(seconds),
        "about": about,
    })
}

/// A purchase as everybody sees it, with what else is kept of it.
pub(super) fn purchase(place: &Place<'_>, view: &PurchaseView) -> Value {
    let Purchase {
        number: _,
        organisation: _,
        amounts: _,
        currency: _,
        classification: _,
        texts: _,
        recorded_at,
        performed_on: _,
        spent,
        products: _,
        offers,
        activity,
    } = &*view.purchase;
    let shown = WirePurchase::of(
        view,
        Shown {
            ids: place.ids(),
            tenant: place.tenant,
            contact: place.contact.entity,
            profile: None,
        },
    );
    let spent = spent.as_ref().map(|spent| {
        let Spent {
            requested: _,
            from,
            owed,
        } = spent;
        json!({ "lots": lots(place, from), "owed": place.amount(*owed) })
    });
    let counts = offers.iter().filter_map(|outcome| {
        let Given {
            lot: of,
            unlocks_at: _,
            counts_in_all,
            counts_in_day,
        } = outcome.ok()?;
        Some(json!({
            "lot": lot(place, &of),
            "counts_in_all": counts_in_all,
            "counts_in_day": counts_in_day,
        }))
    });
    let activity = activity.as_ref().map(|activity| {
        let Activity { month, paid, units } = activity;
        json!({
            "first_day_of_month": day_of(crate::domain::calendar::first_day_of(*month)),
            "paid": place.amount(*paid),
            "units": place.amount(*units),
        })
    });
    json!({
        "purchase": shown,
        "own_id": view.purchase.own_id(),
        "recorded_date": seconds(*recorded_at),
        "cancelled_date": view.cancelled_at.map(seconds),
        "spent": spent,
        "awarded": counts.collect::<Vec<_>>(),
        "counts_towards_loyalty": activity,
    })
}
