//! An offer: a rule that awards open money for a purchase.

use super::money::{Minor, Percent};
use super::time::Span;

/// What an offer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Award {
    /// A share of what the customer pays for the purchase.
    Percentage(Percent),
    /// The same for each purchase.
    Fixed(Minor),
}

/// What a purchase must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The least total that qualifies.
    pub minimum_total: Option<Minor>,
    /// The classification that qualifies, by name.
    pub classification: Option<String>,
    /// The organisation at or below which the purchase must be made, by entity number.
    pub organisation: Option<u64>,
}

/// An offer as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub award: Award,
    /// When it gives.
    pub conditions: Conditions,
    /// For how long an award can be spent; for ever, if none.
    pub award_lasts: Option<Span>,
}

/// Why an offer gave nothing. The names are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAward {
    /// The purchase is below the offer's minimum.
    BelowMinimum,
    /// The purchase is classified otherwise.
    OtherClassification,
    /// The purchase was made elsewhere.
    OtherOrganisation,
    /// The share rounds to nothing.
    RoundsToNothing,
    /// The wallet holds as many lots as it may.
    WalletFull,
}

/// The facts of a purchase that an offer looks at.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The purchase's total.
    pub total: Minor,
    /// What is left to pay after what was spent from the wallet: rewards earn no rewards.
    pub paid: Minor,
    /// The classification's name.
    pub classification: &'a str,
}

impl Offer {
    /// What the offer gives for a purchase, or why not. `is_within` says whether the purchase was made at or below an
    /// organisation. `None` inside stands for an amount that does not fit and is treated as nothing.
    pub fn evaluate(
        &self,
        basis: Basis<'_>,
        is_within: impl FnOnce(u64) -> bool,
    ) -> Result<Minor, NoAward> {
        let Conditions {
            minimum_total,
            classification,
            organisation,
        } = &self.conditions;
        if minimum_total.is_some_and(|minimum| basis.total < minimum) {
            return Err(NoAward::BelowMinimum);
        }
        if classification
            .as_deref()
            .is_some_and(|name| name != basis.classification)
        {
            return Err(NoAward::OtherClassification);
        }
        if let Some(ancestor) = *organisation
            && !is_within(ancestor)
        {
            return Err(NoAward::OtherOrganisation);
        }
        let amount = match self.award {
            Award::Percentage(percent) => percent.of(basis.paid),
            Award::Fixed(amount) => Some(amount),
        };
        amount
            .filter(|amount| *amount > Minor::ZERO)
            .ok_or(NoAward::RoundsToNothing)
    }
}

/// What an offer can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Offer),
}

/// What happened to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Offer),
}

/// Why an offer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It exists already.
    OfferExists,
}

/// An offer's state: absent until it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Offer>);

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let Command::Create(offer) = command;
        match self.0 {
            None => Ok(vec![Event::Created(offer.clone())]),
            Some(_) => Err(Rejection::OfferExists),
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        let Event::Created(offer) = event;
        self.0 = Some(offer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn offer(conditions: Conditions) -> Offer {
        Offer {
            name: "Five back".into(),
            award: Award::Percentage(Percent(Decimal::from(5))),
            conditions,
            award_lasts: None,
        }
    }

    const BASIS: Basis<'_> = Basis {
        total: Minor(2_000),
        paid: Minor(1_000),
        classification: "PURCHASE",
    };

    #[test]
    fn a_share_is_of_what_is_paid() {
        assert_eq!(
            offer(Conditions::default()).evaluate(BASIS, |_| false),
            Ok(Minor(50))
        );
    }

    #[test]
    fn each_condition_refuses_with_its_own_reason() {
        let refused = |conditions| offer(conditions).evaluate(BASIS, |_| false).unwrap_err();
        assert_eq!(
            refused(Conditions {
                minimum_total: Some(Minor(2_001)),
                ..Conditions::default()
            }),
            NoAward::BelowMinimum
        );
        assert_eq!(
            refused(Conditions {
                classification: Some("FUEL".into()),
                ..Conditions::default()
            }),
            NoAward::OtherClassification
        );
        assert_eq!(
            refused(Conditions {
                organisation: Some(4),
                ..Conditions::default()
            }),
            NoAward::OtherOrganisation
        );
        let tiny = Basis {
            paid: Minor(9),
            ..BASIS
        };
        assert_eq!(
            offer(Conditions::default()).evaluate(tiny, |_| true),
            Err(NoAward::RoundsToNothing)
        );
    }
}
