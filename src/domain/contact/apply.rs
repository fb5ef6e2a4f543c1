//! How a contact changes.

use std::sync::Arc;

use super::purchase::total;
use super::{
    Cancellation, Cause, Contact, Entry, Event, Given, KeptPurchase, Locked, Lot, Purchase, Reason,
    Stage,
};
use crate::domain::money::Minor;
use crate::domain::offer::Progress;

impl Contact {
    /// Takes `event` in. Cannot fail: what happened, happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Proposed(proposal) => {
                self.stage = Stage::Proposed;
                self.attempts = self.attempts.saturating_add(1);
                self.contact_type = proposal.contact_type;
                self.profile = proposal.profile.clone();
                self.own_id.clone_from(&proposal.own_id);
                self.code = Arc::clone(&proposal.code);
                self.claims.clone_from(&proposal.claims);
            }
            Event::Created(at) => {
                self.stage = Stage::Active;
                self.created_at = *at;
                self.wallet.code_slot = self.profile.slot;
                self.profile_version = self.profile_version.saturating_add(1);
            }
            Event::Refused => self.apply_void(),
            Event::Access(event) => self.apply_access(event),
            Event::TokenMade(token) => self.apply_token(*token),
            Event::TokenUsed(number) => self.apply_token_used(*number),
            Event::TokensTidied(at) => self.apply_tokens_tidied(*at),
            Event::SchemeSignedUp(member) => self.apply_scheme_sign_up(member),
            Event::SchemeSignedOut(scheme) => self.apply_scheme_sign_out(*scheme),
            Event::SchemeCodeWrong(at) => self.apply_scheme_code_wrong(*at),
            Event::GoalsCounted(steps) => self.apply_goals(steps, Progress::take),
            Event::TagsSet(tags) => self.loyalty.get_or_insert_default().tags.clone_from(tags),
            Event::TierReached(reached) => {
                self.loyalty.get_or_insert_default().reached = Some(*reached);
            }
            Event::ReservationVoided(_) => match self.stage {
                Stage::Active => self.pending = None,
                Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => {
                    self.apply_void();
                }
            },
            Event::ChangeBegun(adds) => self.apply_change_begun(adds),
            Event::Changed(change, due) => self.apply_change(change, *due),
            Event::SignedUp(sign_up) => self.apply_sign_up(*sign_up),
            Event::SignedOut(organisation) => self.apply_sign_out(*organisation),
            Event::Erased(at) => self.apply_erasure(*at),
            Event::ReleasesTold(values) => {
                self.released.values.retain(|value| !values.contains(value));
            }
            Event::PurchaseRecorded(purchase) => self.apply_purchase(purchase),
            Event::AwardsCounted(counted) => {
                for counted in counted {
                    self.counts.add(counted);
                }
            }
            Event::LotsExpired(lots) => {
                self.debit(lots);
                self.ledger.book_expired(lots);
                self.wallet.version = self.wallet.version.saturating_add(1);
            }
            Event::PurchaseCancelled(cancellation) => self.apply_cancellation(cancellation),
            Event::OwedRepaid(at, lots) => {
                self.debit(lots);
                let repaid = total(lots.iter().copied());
                self.wallet.owed = self.wallet.owed.less(repaid);
                self.ledger
                    .book(*at, Cause::Repaid, repaid.negative(), lots);
            }
            Event::Returned(returned) => self.apply_return(returned),
            Event::MoneyMoved(entry) => self.apply_entry(entry),
            Event::FundsHeld(hold) => {
                self.debit(&hold.lots);
                self.wallet.hold_count = hold.number;
                self.wallet.version = self.wallet.version.saturating_add(1);
                let cause = Cause::Hold(hold.number);
                let amount = hold.amount().negative();
                self.ledger.book(hold.at, cause, amount, &hold.lots);
                self.wallet.holds.push(hold.clone());
            }
            Event::LotsUnlocked(lots) => {
                for locked in lots {
                    self.wallet.unlock(locked);
                    self.wallet.credit(locked.lot);
                    let amount = locked.lot.left;
                    let (until, lot) = (locked.until, &locked.lot);
                    self.ledger.book(until, Cause::Unlock, amount, [lot]);
                }
                self.wallet.version = self.wallet.version.saturating_add(1);
            }
            Event::LimitsSet(at, rules) => {
                self.wallet.limits.set(rules, *at);
                self.wallet.version = self.wallet.version.saturating_add(1);
            }
            Event::LimitsUsed(used) => self.wallet.limits.count(*used),
            Event::HoldReleased(number, at, lots) => {
                self.wallet.holds.retain(|hold| hold.number != *number);
                self.credit(lots);
                self.wallet.version = self.wallet.version.saturating_add(1);
                let amount = total(lots.iter().copied());
                self.ledger.book(*at, Cause::Release(*number), amount, lots);
            }
        }
    }

    fn apply_purchase(&mut self, purchase: &Arc<Purchase>) {
        if let Some(spent) = &purchase.spent {
            self.debit(&spent.from);
        }
        let owed = purchase.spent.as_ref().map(|spent| spent.owed);
        let owed = owed.unwrap_or_default();
        self.wallet.owed = Minor(self.wallet.owed.0.saturating_add(owed.0));
        let mut awarded = Vec::new();
        for Given {
            lot, unlocks_at, ..
        } in purchase.given()
        {
            match unlocks_at {
                Some(until) => self.wallet.lock(Locked { until, lot }),
                None => {
                    self.wallet.credit(lot);
                    awarded.push(lot);
                }
            }
        }
        let (at, number) = (purchase.recorded_at, purchase.number);
        let spent = purchase.spent().negative();
        // In this order, so that no line's balance is below zero.
        let from = purchase.spent.iter().flat_map(|spent| &spent.from);
        self.ledger.book(at, Cause::Owed(number), owed, &[]);
        self.ledger.book(at, Cause::Spend(number), spent, from);
        let amount = total(awarded.iter().copied());
        self.ledger.book(at, Cause::Award(number), amount, &awarded);
        self.wallet.version = self.wallet.version.saturating_add(1);
        if let Some(activity) = purchase.activity {
            self.apply_activity(activity);
        }
        self.purchase_count = number;
        self.purchases.push_back(KeptPurchase {
            purchase: Arc::clone(purchase),
            cancelled_at: None,
        });
    }

    fn apply_cancellation(&mut self, cancellation: &Cancellation) {
        let Cancellation { number, at, .. } = *cancellation;
        self.credit(&cancellation.restored);
        self.debit(&cancellation.taken);
        let restored = total(cancellation.restored.iter().copied());
        let taken = total(cancellation.taken.iter().copied());
        for locked in &cancellation.taken_locked {
            self.wallet.unlock(locked);
        }
        for counted in &cancellation.uncounted {
            self.counts.take_back(counted);
        }
        if !cancellation.unreached.is_empty() {
            self.apply_goals(&cancellation.unreached, Progress::take_back);
        }
        if let Some(activity) = cancellation.inactivity {
            self.apply_activity_taken_back(activity, 1);
        }
        if let Some(unused) = cancellation.unused {
            self.wallet.limits.uncount(unused);
        }
        let (owed, forgiven) = (cancellation.owed, cancellation.forgiven);
        let still = self.wallet.owed.less(forgiven);
        self.wallet.owed = Minor(still.0.saturating_add(owed.0));
        self.wallet.version = self.wallet.version.saturating_add(1);
        // In this order, so that no line's balance is below zero.
        let restored = Minor(restored.0.saturating_add(forgiven.0));
        let lots = &cancellation.restored;
        self.ledger.book(at, Cause::Restore(number), restored, lots);
        let newly = Minor(owed.0.saturating_sub(forgiven.0));
        self.ledger.book(at, Cause::Owed(number), newly, &[]);
        let back = Minor(taken.0.saturating_add(owed.0));
        let lots = &cancellation.taken;
        self.ledger
            .book(at, Cause::Cancel(number), back.negative(), lots);
        let kept = self.purchases.iter_mut().rev();
        match kept.into_iter().find(|it| it.purchase.number == number) {
            Some(kept) => kept.cancelled_at = Some(at),
            None => self.late_cancellations.push((number, at)),
        }
    }

    fn apply_entry(&mut self, entry: &Entry) {
        let amount = total(entry.lots.iter().copied());
        let (cause, amount) = match &entry.reason {
            Reason::TopUp(top_up) => (Cause::TopUp(Arc::clone(top_up)), amount),
            Reason::Credit(notes) => (Cause::Credit(notes.clone()), amount),
            Reason::Debit(notes) => (Cause::Debit(notes.clone()), amount.negative()),
        };
        if amount < Minor::ZERO {
            self.debit(&entry.lots);
        } else {
            self.credit(&entry.lots);
        }
        self.ledger.book(entry.at, cause, amount, &entry.lots);
        self.wallet.version = self.wallet.version.saturating_add(1);
    }

    pub(super) fn credit(&mut self, lots: &[Lot]) {
        for lot in lots {
            self.wallet.credit(*lot);
        }
    }

    pub(super) fn debit(&mut self, lots: &[Lot]) {
        for lot in lots {
            self.wallet.debit(lot);
        }
    }
}
