//! Spend tokens: what a contact shows at a till to buy as itself, or to agree to a purchase that waits for it.
//!
//! A token works once and for minutes, by the wall. That it is used is part of the purchase's own record: of two tills that
//! have the same one, one sells.

use super::{
    Command, Contact, Event, Hold, RecordPurchase, Rejection, SpendRequest, Stage, Unbacked,
};
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};

/// How long a token to buy with works: the way from the queue to the till.
pub const SPEND_TOKEN_LASTS: Span = Span::seconds(5 * 60);

/// How long a till finds the contact by the digits of a token that has run out: so that it gets the answer again that it lost.
pub const SPEND_DIGITS_FOUND_FOR: Span = Span::days(1);

/// How many tokens of one contact are known at a time, used ones among them: more than a family needs at one till. At 60 bytes each they
/// take half a KiB of the contact's row.
pub const SPEND_TOKENS_MAX: usize = 8;

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Buy as this contact, and spend from its wallet.
    Spend,
    /// The purchase for which an estimate holds money may be made.
    ApprovePurchase,
    /// It may not be made.
    RejectPurchase,
}

/// A token to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it says.
    pub intent: Intent,
    /// How much it spends at most.
    pub amount: Option<Minor>,
    /// The estimate that it is about, by number.
    pub estimate: Option<u32>,
    /// What makes its texts: random, and never used twice.
    pub nonce: [u8; 16],
    /// The hash of the digits by which a till finds it.
    pub code: ValueHash,
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendToken {
    /// Counted from 1.
    pub number: u32,
    /// What it says.
    pub intent: Intent,
    /// How much it spends at most.
    pub amount: Option<Minor>,
    /// The estimate that it is about, by number.
    pub estimate: Option<u32>,
    /// What makes its texts.
    pub nonce: [u8; 16],
    /// The hash of the digits by which a till finds it.
    pub code: ValueHash,
    /// Until when it works, by the wall.
    pub expires_at: Timestamp,
    /// Whether a purchase was made with it, or it was withdrawn.
    pub is_used: bool,
}

/// How a till names a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// By what its picture says: its number, and the beginning of what made it.
    Value(u32, [u8; 8]),
    /// By its digits.
    Code(ValueHash),
}

/// The tokens of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendTokens {
    /// Those that have not lapsed, oldest first.
    pub tokens: Vec<SpendToken>,
    /// How many there ever were: the number of the newest.
    pub count: u32,
}

impl SpendToken {
    /// Whether a till may use it at `wall`.
    pub fn works(&self, wall: Timestamp) -> bool {
        wall < self.expires_at && !self.is_used
    }

    fn is(&self, presented: &Presented) -> bool {
        match presented {
            Presented::Value(number, bound_to) => {
                self.number == *number && self.nonce.starts_with(bound_to)
            }
            Presented::Code(code) => self.code == *code,
        }
    }
}

impl Contact {
    /// The tokens that have not lapsed, used ones among them, oldest first.
    pub fn spend_tokens(&self) -> &[SpendToken] {
        let tokens = self.spend_tokens.as_ref();
        tokens.map_or(&[], |it| it.tokens.as_slice())
    }

    pub(super) fn make_token(
        &self,
        new: &NewToken,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        match self.stage {
            Stage::Active => {}
            Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => {
                return Err(Rejection::UnknownContact);
            }
        }
        let wall = context.wall;
        let known = self.spend_tokens().iter();
        if known.filter(|it| wall < it.expires_at).count() >= SPEND_TOKENS_MAX {
            return Err(Rejection::TooManyTokens);
        }
        let mut events = Vec::new();
        if let Some(estimate) = new.estimate {
            let is_open = self.wallet.hold(estimate, context.now).is_some();
            if !is_open || self.is_rejected(estimate, wall) {
                return Err(Rejection::UnknownEstimate);
            }
            if new.intent == Intent::RejectPurchase {
                events = self.release(estimate, context)?;
            }
        }
        let count = self.spend_tokens.as_ref().map_or(0, |it| it.count);
        events.push(Event::TokenMade(SpendToken {
            number: count.saturating_add(1),
            intent: new.intent,
            amount: new.amount,
            estimate: new.estimate,
            nonce: new.nonce,
            code: new.code,
            expires_at: wall.after(match new.intent {
                Intent::Spend | Intent::ApprovePurchase => SPEND_TOKEN_LASTS,
                // For as long as a till could come with the estimate.
                Intent::RejectPurchase => Hold::LASTS,
            }),
            is_used: false,
        }));
        Ok(events)
    }

    /// Records a purchase, with the token that the till presents for it, in one effect.
    pub(super) fn redeem(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (asked, used) = self.as_token_says(asked, context)?;
        let mut events = self.decide(&Command::RecordPurchase(asked), context)?;
        events.extend(used.map(Event::TokenUsed));
        Ok(events)
    }

    /// The purchase as the contact's tokens allow it, and the number of the one that it uses up.
    pub(super) fn as_token_says(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<(RecordPurchase, Option<u32>), Rejection> {
        let mut allowed = asked.clone();
        let used = match allowed.token.take() {
            None => None,
            Some(presented) => {
                let mut tokens = self.spend_tokens().iter();
                let token = tokens
                    .find(|it| it.is(&presented) && it.works(context.wall))
                    .ok_or(Rejection::TokenInvalid)?;
                let most = self.approved(token, &allowed, context)?;
                token.allow(&mut allowed, most)?;
                Some(token.number)
            }
        };
        match allowed.estimate {
            Some(number) if self.is_rejected(number, context.wall) => {
                Err(Rejection::PurchaseRejected)
            }
            Some(_) | None => Ok((allowed, used)),
        }
    }

    /// How much `token` spends at most of what is `asked`. An approval is for what its estimate holds, by who holds it: the contact has
    /// agreed to nothing else.
    fn approved(
        &self,
        token: &SpendToken,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<Option<Minor>, Rejection> {
        match token.intent {
            Intent::Spend => Ok(token.amount),
            Intent::RejectPurchase => Err(Rejection::TokenInvalid),
            Intent::ApprovePurchase => {
                let number = token.estimate.unwrap_or_default();
                let hold = self.wallet.hold(number, context.now);
                let hold = hold.filter(|it| it.organisation == asked.organisation);
                let hold = hold.filter(|_| asked.estimate.is_none_or(|it| it == number));
                hold.map(|it| Some(it.amount()))
                    .ok_or(Rejection::TokenInvalid)
            }
        }
    }

    /// Whether the contact has said that the purchase of an estimate may not be made.
    fn is_rejected(&self, estimate: u32, wall: Timestamp) -> bool {
        self.spend_tokens().iter().any(|it| {
            it.intent == Intent::RejectPurchase
                && it.estimate == Some(estimate)
                && wall < it.expires_at
        })
    }

    /// What has lapsed by `wall`.
    pub(super) fn tokens_due(&self, wall: Timestamp) -> Option<Event> {
        let lapsed = self.next_token_due().is_some_and(|at| at <= wall);
        lapsed.then_some(Event::TokensTidied(wall))
    }

    pub(super) fn next_token_due(&self) -> Option<Timestamp> {
        self.spend_tokens().iter().map(|it| it.expires_at).min()
    }

    pub(super) fn apply_token(&mut self, token: SpendToken) {
        let known = self.spend_tokens.get_or_insert_default();
        known.count = token.number;
        known.tokens.push(token);
    }

    pub(super) fn apply_token_used(&mut self, number: u32) {
        let tokens = self.spend_tokens.iter_mut();
        for token in tokens.flat_map(|known| &mut known.tokens) {
            if token.number == number {
                token.is_used = true;
            }
        }
    }

    /// Whoever ends all sessions has lost the phone: what a stranger may show at a till goes with them. What was said against a purchase
    /// stays said.
    pub(super) fn withdraw_tokens(&mut self) {
        let tokens = self.spend_tokens.iter_mut();
        for token in tokens.flat_map(|known| &mut known.tokens) {
            token.is_used |= token.intent != Intent::RejectPurchase;
        }
    }

    pub(super) fn apply_tokens_tidied(&mut self, at: Timestamp) {
        if let Some(known) = &mut self.spend_tokens {
            known.tokens.retain(|token| at < token.expires_at);
        }
    }
}

impl SpendToken {
    /// Makes of a purchase what the token allows of it, which spends at most so much.
    fn allow(&self, asked: &mut RecordPurchase, most: Option<Minor>) -> Result<(), Rejection> {
        asked.estimate = asked.estimate.or(self.estimate);
        let Some(most) = most else {
            return Ok(());
        };
        match &mut asked.spend {
            // Whoever makes a token for an amount wishes to spend it.
            None => {
                asked.spend = Some(SpendRequest {
                    amount: most.min(asked.amounts.total),
                    unbacked: Unbacked::SpendWhatThereIs,
                });
            }
            Some(wish) if wish.amount > most => match wish.unbacked {
                Unbacked::Refuse => return Err(Rejection::TokenSpendsLess { most }),
                Unbacked::SpendWhatThereIs | Unbacked::Owe => wish.amount = most,
            },
            Some(_) => {}
        }
        Ok(())
    }
}
