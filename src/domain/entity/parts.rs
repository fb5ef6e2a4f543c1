//! What is shown of the parts of a contact.

use super::Rejection;
use super::query::Answer;
use super::query::present;
use crate::domain::contact::{Contact, HoldView};
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
