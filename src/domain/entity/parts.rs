//! What is shown of parts of an entity.

use super::Rejection;
use super::query::{Answer, BudgetView, present};
use crate::domain::contact::{Contact, HoldView, LimitRule, Stage};
use crate::domain::money::Minor;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::{offer, organisation, receipt};

/// A wallet as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletView {
    /// What can be spent, on whatever it may be spent on.
    pub balance: Minor,
    /// What of it is bound to places, products or times.
    pub commerce: Minor,
    /// What was awarded and cannot be spent yet; no part of the balance.
    pub locked: Minor,
    /// The bounds on what moves in and out.
    pub limits: Vec<LimitRule>,
    /// Counts the changes; expiry alone does not count.
    pub version: u32,
    /// What is held for purchases to come, and is no part of the balance.
    pub held: Minor,
    /// What was to be taken back and could not be: repaid from what comes in next.
    pub owed: Minor,
    /// From what the wallet's code derives within its shard.
    pub code_slot: u32,
    /// How many kinds of bound money there is some of.
    pub commerce_pools: u32,
}

pub(super) fn wallet_view(contact: &Contact, now: Timestamp) -> Result<Answer, Rejection> {
    present(contact.stage == Stage::Active)?;
    let (balance, commerce) = contact.wallet.balances(now);
    Ok(Answer::Wallet(Box::new(WalletView {
        balance,
        commerce,
        locked: contact.wallet.locked(now),
        limits: contact.wallet.limits.rules.clone(),
        held: contact.wallet.held(now),
        version: contact.wallet.version,
        owed: contact.wallet.owed,
        code_slot: contact.wallet.code_slot,
        commerce_pools: contact.wallet.commerce_pools(now),
    })))
}

pub(super) fn hold_view(
    contact: &Contact,
    number: u32,
    now: Timestamp,
) -> Result<Answer, Rejection> {
    present((1..=contact.wallet.hold_count).contains(&number))?;
    let hold = contact.wallet.hold(number, now);
    Ok(Answer::Hold(HoldView {
        number,
        amount: hold.map(|hold| hold.amount()).unwrap_or_default(),
        organisation: hold.map(|hold| hold.organisation),
        until: hold.map(|hold| hold.until),
    }))
}

pub(super) fn token_view(contact: &Contact, number: u32) -> Result<Answer, Rejection> {
    let mut tokens = contact.spend_tokens().iter();
    let token = tokens.find(|token| token.number == number);
    Ok(Answer::SpendToken(Box::new(
        *token.ok_or(Rejection::NotFound)?,
    )))
}

pub(super) fn loyalty_view(contact: &Contact, now: Timestamp) -> Result<Answer, Rejection> {
    present(contact.stage == Stage::Active)?;
    Ok(Answer::Loyalty(Box::new(contact.loyalty_view(now))))
}

pub(super) fn held_view(contact: &Contact, now: Timestamp) -> Result<Answer, Rejection> {
    present(contact.stage == Stage::Active)?;
    Ok(Answer::Held(Box::new(contact.clone()), now))
}

pub(super) fn tenant_view(tenant: &Tenant) -> Result<Answer, Rejection> {
    present(tenant.details.is_some())?;
    Ok(Answer::Tenant(Box::new(tenant.clone())))
}

pub(super) fn budget_view(state: &offer::State) -> Option<BudgetView> {
    Some(BudgetView {
        budget: state.offer.as_ref()?.budget?,
        lent: state.lending.lent_in_all(),
        returned: state.lending.returned_in_all(),
        available: state.available()?,
        lending: state.lending.clone(),
    })
}

pub(super) fn lots_view(contact: &Contact, now: Timestamp) -> Result<Answer, Rejection> {
    present(contact.stage == Stage::Active)?;
    Ok(Answer::Lots(now, contact.wallet.spendable(now).collect()))
}

pub(super) fn tokens_view(contact: &Contact) -> Answer {
    Answer::SpendTokens(contact.spend_tokens().to_vec())
}

pub(super) fn organisation_view(state: &organisation::State) -> Result<Answer, Rejection> {
    let organisation = state.0.clone().ok_or(Rejection::NotFound)?;
    Ok(Answer::Organisation(Box::new(organisation)))
}

pub(super) fn receipt_view(state: &receipt::State) -> Result<Answer, Rejection> {
    let receipt = state.0.clone().ok_or(Rejection::NotFound)?;
    Ok(Answer::Receipt(receipt))
}
