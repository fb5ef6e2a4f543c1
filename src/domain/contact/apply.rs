//! How a contact changes.

use std::sync::Arc;

use super::{Contact, Event, Purchase, Stage};

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
                self.profile_version = self.profile_version.saturating_add(1);
            }
            Event::Refused => self.stage = Stage::Void,
            Event::ReservationVoided(_) => match self.stage {
                Stage::Active => self.pending = None,
                Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => {
                    self.stage = Stage::Void;
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
                for lot in lots {
                    self.wallet.debit(lot.expires_at, lot.left);
                }
                self.wallet.version = self.wallet.version.saturating_add(1);
            }
        }
    }

    fn apply_purchase(&mut self, purchase: &Arc<Purchase>) {
        let debits = purchase.spent.iter().flat_map(|spent| spent.from.iter());
        for lot in debits {
            self.wallet.debit(lot.expires_at, lot.left);
        }
        for lot in purchase.offers.iter().filter_map(|o| o.result.ok()) {
            self.wallet.credit(lot.expires_at, lot.left);
        }
        self.wallet.version = self.wallet.version.saturating_add(1);
        self.purchase_count = purchase.number;
        self.purchases.push_back(Arc::clone(purchase));
    }
}
