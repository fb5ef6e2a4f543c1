//! What is shown of parts of an entity.

use super::Rejection;
use super::query::{Answer, BudgetView, present};
use crate::domain::contact::{Contact, HoldView, Stage};
use crate::domain::offer;
use crate::domain::time::Timestamp;

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
