//! Texts that tills, apps and users write about what a contact did: personal, and so sealed before they are recorded. The
//! domain never looks inside: it decides nothing by them.

use std::sync::Arc;

use super::{
    Cause, Command, Contact, KeptPurchase, Line, Purchase, Reason, ReturnOf, Stage, TopUp,
};

/// Texts that are sealed together, each of which may be missing.
pub trait Texts: Default + PartialEq {
    /// What the seal is bound to, beside the contact: the texts of one thing don't open as those of another.
    const OF: &'static [u8];

    /// The texts in order.
    fn each(&self) -> impl Iterator<Item = &Option<Arc<str>>>;

    /// What `next` gives, in the same order.
    ///
    /// # Errors
    /// As `next`.
    fn read<E>(next: impl FnMut() -> Result<Option<Arc<str>>, E>) -> Result<Self, E>;
}

/// Texts in clear, as a request brings and an answer shows them, or sealed, as they are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Private<T> {
    /// In clear. Recorded only if there are none.
    Clear(T),
    /// Which key of the shard's keyring seals them (4 bytes, little-endian), and the sealed bytes.
    Sealed(Arc<[u8]>),
}

/// A text of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note(pub Option<Arc<str>>);

/// What a till writes about a purchase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurchaseTexts {
    /// The id that the till chose.
    pub own_id: Option<Arc<str>>,
    /// The number on the receipt.
    pub reference_number: Option<Arc<str>>,
    /// What identified the customer at the till (a card's identifier).
    pub payment_medium_identifier: Option<Arc<str>>,
}

/// What is written about a top-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopUpTexts {
    /// By which means it was paid, as the caller says.
    pub payment_method: Option<Arc<str>>,
    /// The caller's own code for it.
    pub code: Option<Arc<str>>,
}

impl Texts for Note {
    const OF: &'static [u8] = b"note";

    fn each(&self) -> impl Iterator<Item = &Option<Arc<str>>> {
        std::iter::once(&self.0)
    }

    fn read<E>(mut next: impl FnMut() -> Result<Option<Arc<str>>, E>) -> Result<Self, E> {
        next().map(Note)
    }
}

impl Texts for PurchaseTexts {
    const OF: &'static [u8] = b"purchase";

    fn each(&self) -> impl Iterator<Item = &Option<Arc<str>>> {
        [
            &self.own_id,
            &self.reference_number,
            &self.payment_medium_identifier,
        ]
        .into_iter()
    }

    fn read<E>(mut next: impl FnMut() -> Result<Option<Arc<str>>, E>) -> Result<Self, E> {
        Ok(PurchaseTexts {
            own_id: next()?,
            reference_number: next()?,
            payment_medium_identifier: next()?,
        })
    }
}

impl Texts for TopUpTexts {
    const OF: &'static [u8] = b"top-up";

    fn each(&self) -> impl Iterator<Item = &Option<Arc<str>>> {
        [&self.payment_method, &self.code].into_iter()
    }

    fn read<E>(mut next: impl FnMut() -> Result<Option<Arc<str>>, E>) -> Result<Self, E> {
        Ok(TopUpTexts {
            payment_method: next()?,
            code: next()?,
        })
    }
}

impl<T: Default> Default for Private<T> {
    fn default() -> Private<T> {
        Private::Clear(T::default())
    }
}

impl<T: Texts> Private<T> {
    /// The texts, unless they are sealed.
    pub fn clear(&self) -> Option<&T> {
        match self {
            Private::Clear(texts) => Some(texts),
            Private::Sealed(_) => None,
        }
    }

    /// The texts, if there are any and they are not sealed yet.
    pub fn to_seal(&self) -> Option<&T> {
        self.clear().filter(|texts| **texts != T::default())
    }

    /// Loses what is in clear.
    fn forget(&mut self) {
        if self.to_seal().is_some() {
            *self = Private::default();
        }
    }
}

impl From<Option<&str>> for Private<Note> {
    fn from(text: Option<&str>) -> Private<Note> {
        Private::Clear(Note(text.map(Arc::from)))
    }
}

impl Private<Note> {
    /// The text, unless it is sealed.
    pub fn text(&self) -> Option<&str> {
        self.clear()?.0.as_deref()
    }
}

impl Purchase {
    /// The id that the till chose.
    pub fn own_id(&self) -> Option<&str> {
        self.texts.clear()?.own_id.as_deref()
    }

    /// The number on the receipt.
    pub fn reference_number(&self) -> Option<&str> {
        self.texts.clear()?.reference_number.as_deref()
    }

    /// What identified the customer at the till.
    pub fn payment_medium_identifier(&self) -> Option<&str> {
        self.texts.clear()?.payment_medium_identifier.as_deref()
    }
}

impl TopUp {
    /// By which means it was paid, as the caller says.
    pub fn payment_method(&self) -> Option<&str> {
        self.texts.clear()?.payment_method.as_deref()
    }

    /// The caller's own code for it.
    pub fn code(&self) -> Option<&str> {
        self.texts.clear()?.code.as_deref()
    }
}

/// What is done to texts of any kind: sealing, opening, forgetting.
pub trait Rewrite {
    /// Why it cannot be done.
    type Error;

    /// Does it.
    ///
    /// # Errors
    /// It cannot be done.
    fn rewrite<T: Texts>(&self, texts: &mut Private<T>) -> Result<(), Self::Error>;
}

impl Command {
    /// Rewrites the texts that would be recorded.
    ///
    /// # Errors
    /// As `how`.
    pub fn rewrite_texts<R: Rewrite>(&mut self, how: &R) -> Result<(), R::Error> {
        if let Command::RecordPurchase(asked) = self {
            how.rewrite(&mut asked.texts)?;
        } else if let Command::TakeReturn(asked) = self {
            how.rewrite(&mut asked.of.reference_number)?;
        } else if let Command::MoveMoney(asked) = self {
            match &mut asked.reason {
                Reason::TopUp(top_up) => rewrite_top_up(top_up, how)?,
                Reason::Credit(notes) | Reason::Debit(notes) => how.rewrite(notes)?,
            }
        }
        Ok(())
    }
}

impl Purchase {
    /// Rewrites its texts, where there are any.
    ///
    /// # Errors
    /// As `how`.
    pub fn rewrite_texts<R: Rewrite>(this: &mut Arc<Purchase>, how: &R) -> Result<(), R::Error> {
        if this.texts == Private::default() {
            return Ok(());
        }
        how.rewrite(&mut Arc::make_mut(this).texts)
    }
}

impl Line {
    /// Rewrites its texts, where there are any.
    ///
    /// # Errors
    /// As `how`.
    pub fn rewrite_texts<R: Rewrite>(&mut self, how: &R) -> Result<(), R::Error> {
        match &mut self.cause {
            Cause::TopUp(top_up) => rewrite_top_up(top_up, how),
            Cause::Credit(notes) | Cause::Debit(notes) => how.rewrite(notes),
            Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => {
                rewrite_return(of, how)
            }
            Cause::Award(_)
            | Cause::Spend(_)
            | Cause::Unlock
            | Cause::Expiry
            | Cause::Cancel(_)
            | Cause::Restore(_)
            | Cause::Owed(_)
            | Cause::Repaid
            | Cause::Hold(_)
            | Cause::Release(_) => Ok(()),
        }
    }
}

fn rewrite_top_up<R: Rewrite>(top_up: &mut Arc<TopUp>, how: &R) -> Result<(), R::Error> {
    if top_up.texts == Private::default() {
        return Ok(());
    }
    how.rewrite(&mut Arc::make_mut(top_up).texts)
}

fn rewrite_return<R: Rewrite>(of: &mut Arc<ReturnOf>, how: &R) -> Result<(), R::Error> {
    if of.reference_number == Private::default() {
        return Ok(());
    }
    how.rewrite(&mut Arc::make_mut(of).reference_number)
}

/// Forgets what is in clear.
struct Forget;

impl Rewrite for Forget {
    type Error = std::convert::Infallible;

    fn rewrite<T: Texts>(&self, texts: &mut Private<T>) -> Result<(), Self::Error> {
        texts.forget();
        Ok(())
    }
}

impl Contact {
    /// Forgets the texts in clear of what it holds, as records of before they were sealed have them.
    pub(super) fn forget_texts(&mut self) {
        for kept in &mut self.purchases {
            let Ok(()) = Purchase::rewrite_texts(&mut kept.purchase, &Forget);
        }
        for line in &mut self.ledger.lines {
            let Ok(()) = line.rewrite_texts(&Forget);
        }
    }

    /// The purchase as it may be shown: once the contact was erased, without what an older record says in clear.
    pub fn shown_purchase(&self, mut kept: KeptPurchase) -> KeptPurchase {
        if self.stage == Stage::Erased {
            let Ok(()) = Purchase::rewrite_texts(&mut kept.purchase, &Forget);
        }
        kept
    }

    /// The same of a line.
    pub(super) fn shown_line(&self, mut line: Line) -> Line {
        if self.stage == Stage::Erased {
            let Ok(()) = line.rewrite_texts(&Forget);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger_tests::{contact, make};
    use super::super::tests::{NOW, context, purchase};
    use super::super::{JournalPage, Movement};
    use super::*;
    use crate::domain::money::Minor;

    fn in_clear() -> Private<PurchaseTexts> {
        Private::Clear(PurchaseTexts {
            payment_medium_identifier: Some("4711".into()),
            ..PurchaseTexts::default()
        })
    }

    #[test]
    fn an_erased_contact_neither_keeps_nor_shows_what_older_records_say_in_clear() {
        let mut contact = contact();
        let Command::RecordPurchase(mut sale) = purchase(1_000, None) else {
            panic!("no purchase");
        };
        sale.texts = in_clear();
        let credit = Movement {
            amount: Minor(5),
            currency: None,
            reason: Reason::Credit(Some("for Ada").into()),
        };
        for command in [Command::RecordPurchase(sale), Command::MoveMoney(credit)] {
            make(&mut contact, &command, &context(NOW, None));
        }
        let page = JournalPage {
            newest: None,
            skip: 0,
            take: 9,
        };
        let (kept, lines) = (contact.purchases[0].clone(), contact.ledger.lines.clone());
        assert_eq!(contact.shown_purchase(kept.clone()), kept);
        let shown = contact.journal(page, NOW, &[]).unwrap().lines;
        assert!(shown.iter().eq(lines.iter().rev()));

        make(&mut contact, &Command::Erase, &context(NOW, None));
        assert_eq!(contact.purchases[0].purchase.texts, Private::default());
        let noted = Cause::Credit(Some("for Ada").into());
        let is_noted = |line: &Line| line.cause == noted;
        assert!(lines.iter().any(is_noted));
        assert!(!contact.ledger.lines.iter().any(is_noted));
        // Those that had left memory come from their rows as they were written.
        let older = contact.shown_purchase(kept);
        assert_eq!(older.purchase.texts, Private::default());
        contact.ledger.lines.clear();
        let lines: Vec<_> = lines.into();
        let shown = contact.journal(page, NOW, &lines).unwrap().lines;
        assert_eq!(shown.len(), lines.len());
        assert!(!shown.iter().any(is_noted));
    }
}
