//! A receipt: a purchase of nobody known, until a contact claims it with the code that it was given.
//!
//! claim (here, for one contact only) → the contact records the purchase → settle. Cut short in between, the receipt stays the
//! contact's, and sees to it that the purchase is recorded: see [`State::obligations`].

use std::sync::Arc;

use super::contact::{Amounts, Private, Product, PurchaseTexts, RecordPurchase};
use super::directory_entry::{Obligation, ValueHash};
use super::money::Currency;
use super::time::{Dues, Span, Timestamp};

/// How long after it was posted a receipt can be claimed.
pub const CLAIMED_WITHIN: Span = Span::days(30);

/// How long a claim may take before the receipt sees to it itself.
pub const SETTLED_AFTER: Span = Span::seconds(30);

/// How long after its claim a purchase is still recorded: shorter than contacts remember that they did it.
pub const SETTLED_WITHIN: Span = Span::days(29);

/// What was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// The organisation that sold, by entity number.
    pub organisation: u64,
    /// The amounts on the receipt.
    pub amounts: Amounts,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The classification's name.
    pub classification: Arc<str>,
    /// The id that the till chose.
    pub own_id: Option<Arc<str>>,
    /// The number on the receipt.
    pub reference_number: Option<Arc<str>>,
    /// When the sale was made, as the till says.
    pub performed_on: Option<Timestamp>,
    /// What was bought, as far as the till says.
    pub products: Vec<Product>,
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has claimed it.
    Open,
    /// A contact claimed it at this time on the wall, and is recording the purchase.
    Claimed(u64, Timestamp),
    /// The same, but the contact refused the purchase: it may ask again.
    Refused(u64, Timestamp),
    /// A contact claimed it, and recorded it under this number.
    Settled(u64, u32),
    /// The till took it back.
    Void,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// A hash of the code that claims it.
    pub code: ValueHash,
    /// What was sold.
    pub sale: Arc<Sale>,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// What became of it.
    pub standing: Standing,
}

/// What a claim says about the purchase, beside the code. Whatever it says must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The till's own id for it, or the number on it.
    pub name: Option<Arc<str>>,
    /// Where it was made, by entity number.
    pub organisation: Option<u64>,
    /// What it cost.
    pub amounts: Option<Amounts>,
    /// In which currency.
    pub currency: Option<Currency>,
}

/// A contact's claim to a receipt.
#[derive(Clone, Debug)]
pub struct Claim {
    /// A hash of the code that was presented.
    pub code: ValueHash,
    /// The contact, by entity number.
    pub by: u64,
    /// What else it says.
    pub said: Said,
}

/// What a receipt can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Exist, until it is claimed with the code of this hash.
    Post(ValueHash, Arc<Sale>),
    /// Be a contact's.
    Claim(Box<Claim>),
    /// The contact has recorded the purchase, under this number.
    Settle(u64, u32),
    /// The contact refuses the purchase.
    Refuse(u64),
    /// Be claimed by nobody.
    Void,
}

/// What happened to a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was posted.
    Posted(ValueHash, Arc<Sale>, Timestamp),
    /// A contact claimed it, at this time on the wall.
    Claimed(u64, Timestamp),
    /// The contact recorded the purchase.
    Settled(u64, u32),
    /// The contact refused the purchase.
    Refused,
    /// The till took it back.
    Voided,
}

/// Why a receipt refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is none that this contact can claim so. Why not is not said.
    NotClaimable,
    /// There is another one.
    OtherSale,
    /// It is a contact's by now.
    ClaimedBefore,
}

/// The state of a receipt; none, before it was posted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Box<Receipt>>);

impl Sale {
    /// The purchase that a contact records, when it was made at latest at `posted_at`.
    pub fn purchase(&self, posted_at: Timestamp) -> RecordPurchase {
        RecordPurchase {
            organisation: self.organisation,
            amounts: self.amounts,
            currency: Some(self.currency),
            classification: Some(Arc::clone(&self.classification)),
            texts: Private::Clear(PurchaseTexts {
                own_id: self.own_id.clone(),
                reference_number: self.reference_number.clone(),
                payment_medium_identifier: None,
            }),
            performed_on: Some(self.performed_on.map_or(posted_at, |at| at.min(posted_at))),
            spend: None,
            products: self.products.clone(),
            estimate: None,
            token: None,
        }
    }

    fn is_as_said(&self, said: &Said) -> bool {
        let names = [&self.own_id, &self.reference_number];
        let is_name = |name: &Arc<str>| names.into_iter().any(|it| it.as_ref() == Some(name));
        let is_amounts = |said: &Amounts| {
            let own = self.amounts;
            let agree =
                |own: Option<_>, said: Option<_>| own.is_none() || said.is_none() || own == said;
            own.total == said.total
                && agree(own.net, said.net)
                && agree(own.tax, said.tax)
                && agree(own.discount, said.discount)
        };
        said.name.as_ref().is_none_or(is_name)
            && said.organisation.is_none_or(|it| it == self.organisation)
            && said.amounts.as_ref().is_none_or(is_amounts)
            && said.currency.is_none_or(|it| it == self.currency)
    }
}

impl State {
    /// Decides `command`. Repeating what was done changes nothing.
    pub fn decide(
        &self,
        command: &Command,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let receipt = match (command, &self.0) {
            (Command::Post(code, sale), None) => {
                return Ok(vec![Event::Posted(*code, Arc::clone(sale), now)]);
            }
            (Command::Post(code, sale), Some(receipt)) => {
                let is_same = receipt.code == *code && receipt.sale == *sale;
                return if is_same {
                    Ok(Vec::new())
                } else {
                    Err(Rejection::OtherSale)
                };
            }
            (_, None) => return Err(Rejection::NotClaimable),
            (_, Some(receipt)) => receipt,
        };
        match (command, receipt.standing) {
            (Command::Claim(claim), standing) => receipt.claim(claim, standing, now, wall),
            (Command::Settle(by, number), Standing::Claimed(to, _) | Standing::Refused(to, _))
                if to == *by =>
            {
                Ok(vec![Event::Settled(*by, *number)])
            }
            (Command::Refuse(by), Standing::Claimed(to, _)) if to == *by => {
                Ok(vec![Event::Refused])
            }
            (Command::Void, Standing::Open) => Ok(vec![Event::Voided]),
            (
                Command::Void,
                Standing::Claimed(..) | Standing::Refused(..) | Standing::Settled(..),
            ) => Err(Rejection::ClaimedBefore),
            (Command::Settle(..) | Command::Refuse(_) | Command::Void | Command::Post(..), _) => {
                Ok(Vec::new())
            }
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        if let Event::Posted(code, sale, at) = event {
            self.0 = Some(Box::new(Receipt {
                code: *code,
                sale: Arc::clone(sale),
                posted_at: *at,
                standing: Standing::Open,
            }));
        }
        let Some(receipt) = &mut self.0 else { return };
        receipt.standing = match (event, receipt.standing) {
            (Event::Posted(..), standing) => standing,
            (Event::Claimed(by, at), _) => Standing::Claimed(*by, *at),
            (Event::Settled(by, number), _) => Standing::Settled(*by, *number),
            (Event::Refused, Standing::Claimed(by, at)) => Standing::Refused(by, at),
            (Event::Refused, standing) => standing,
            (Event::Voided, _) => Standing::Void,
        };
    }

    /// When a claim that is not settled is to be seen to.
    pub fn next_due(&self) -> Dues {
        Dues::on_wall(self.unsettled().map(|at| at.after(SETTLED_AFTER)))
    }

    /// What is owed at `wall`: the purchase of a claim that was cut short is recorded.
    pub fn obligations(&self, wall: Timestamp) -> Vec<Obligation> {
        let is_due = self
            .unsettled()
            .is_some_and(|at| at.after(SETTLED_AFTER) <= wall);
        is_due
            .then_some(Obligation::SettleClaim)
            .into_iter()
            .collect()
    }

    fn unsettled(&self) -> Option<Timestamp> {
        match self.0.as_ref()?.standing {
            Standing::Claimed(_, at) => Some(at),
            Standing::Open | Standing::Refused(..) | Standing::Settled(..) | Standing::Void => None,
        }
    }
}

impl Receipt {
    fn claim(
        &self,
        claim: &Claim,
        standing: Standing,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        if self.code != claim.code || !self.sale.is_as_said(&claim.said) {
            return Err(Rejection::NotClaimable);
        }
        match standing {
            Standing::Open if now < self.posted_at.after(CLAIMED_WITHIN) => {
                Ok(vec![Event::Claimed(claim.by, wall)])
            }
            Standing::Claimed(by, at) | Standing::Refused(by, at)
                if by == claim.by && wall < at.after(SETTLED_WITHIN) =>
            {
                Ok(Vec::new())
            }
            Standing::Settled(by, _) if by == claim.by => Ok(Vec::new()),
            Standing::Open
            | Standing::Claimed(..)
            | Standing::Refused(..)
            | Standing::Settled(..)
            | Standing::Void => Err(Rejection::NotClaimable),
        }
    }

    /// Who is recording the purchase of this receipt, where it is still to be recorded at `wall`.
    pub fn records(&self, wall: Timestamp) -> Option<u64> {
        match self.standing {
            Standing::Claimed(by, at) | Standing::Refused(by, at)
                if wall < at.after(SETTLED_WITHIN) =>
            {
                Some(by)
            }
            Standing::Open
            | Standing::Claimed(..)
            | Standing::Refused(..)
            | Standing::Settled(..)
            | Standing::Void => None,
        }
    }
}

#[cfg(test)]
mod tests;
