//! What a contact makes of a command.

use std::sync::Arc;

use super::{
    Amounts, Command, Contact, Event, Purchase, RecordPurchase, Rejection, SpendRequest, Spent,
    Stage, Unbacked,
};
use crate::domain::context::{Context, TenantView};
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

impl Contact {
    /// Decides `command`.
    pub fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Propose(proposal) => match self.stage {
                Stage::Absent | Stage::Void => {
                    Ok(vec![Event::Proposed(Arc::new(proposal.clone()))])
                }
                Stage::Proposed | Stage::Active | Stage::Erased => Err(Rejection::ContactExists),
            },
            Command::Confirm => match self.stage {
                Stage::Proposed => Ok(vec![Event::Created(context.now)]),
                Stage::Active => Ok(Vec::new()),
                Stage::Void => Err(Rejection::ReservationLapsed),
                Stage::Absent | Stage::Erased => Err(Rejection::UnknownContact),
            },
            Command::Refuse => Ok(match self.stage {
                Stage::Proposed => vec![Event::Refused],
                Stage::Absent | Stage::Active | Stage::Void | Stage::Erased => Vec::new(),
            }),
            Command::BeginChange(adds) => self.begin_change(adds),
            Command::Change(change) => self.change(change, context.now),
            Command::Erase => self.erase(context.now),
            Command::SignUp(sign_up) => self.sign_up(*sign_up, context.now),
            Command::SignOut(organisation) => self.sign_out(*organisation),
            Command::Recall => Err(Rejection::NeverSeen),
            Command::ReleasesTold(values) => Ok(self.tell_released(values)),
            Command::SettleReservation(value, attempt) => Ok(match self.stage {
                Stage::Proposed if self.attempts == *attempt && self.claims.contains(value) => {
                    vec![Event::ReservationVoided(*value)]
                }
                Stage::Active => self.settle_change(*value, *attempt),
                Stage::Proposed | Stage::Absent | Stage::Void | Stage::Erased => Vec::new(),
            }),
            Command::RecordPurchase(purchase) => self.record_purchase(purchase, context),
            Command::FireTimers => {
                let expired = self.wallet.expired(context.now);
                Ok(if expired.is_empty() {
                    Vec::new()
                } else {
                    vec![Event::LotsExpired(expired)]
                })
            }
        }
    }

    fn record_purchase(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let tenant = match (self.stage, &context.tenant) {
            (Stage::Active, Some(tenant)) => tenant,
            (Stage::Active | Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased, _) => {
                return Err(Rejection::UnknownContact);
            }
        };
        let number = self
            .purchase_count
            .checked_add(1)
            .ok_or(Rejection::PurchasesExhausted)?;
        if asked.currency.is_some_and(|named| named != tenant.currency) {
            return Err(Rejection::OtherCurrency {
                wallet: tenant.currency,
            });
        }
        if !tenant.organisations.contains_key(&asked.organisation) {
            return Err(Rejection::UnknownOrganisation);
        }
        let classification = classification(asked, tenant)?;
        let spent = match &asked.spend {
            Some(request) => Some(self.spend(request, asked.amounts, context.now)?),
            None => None,
        };
        let mut purchase = Purchase {
            number,
            organisation: asked.organisation,
            amounts: asked.amounts,
            currency: tenant.currency,
            classification,
            own_id: asked.own_id.clone(),
            reference_number: asked.reference_number.clone(),
            payment_medium_identifier: asked.payment_medium_identifier.clone(),
            recorded_at: context.now,
            performed_on: asked.performed_on,
            spent,
            offers: Vec::new(),
        };
        let (offers, counted) = self.awards(&purchase, tenant, context)?;
        purchase.offers = offers;
        let held = self.wallet.lots.iter().map(|lot| lot.left);
        Minor::sum(held.chain([purchase.awarded()])).ok_or(Rejection::BalanceTooHigh)?;
        let mut events = vec![Event::PurchaseRecorded(Arc::new(purchase))];
        if !counted.is_empty() {
            events.push(Event::AwardsCounted(counted));
        }
        Ok(events)
    }

    fn spend(
        &self,
        request: &SpendRequest,
        amounts: Amounts,
        now: Timestamp,
    ) -> Result<Spent, Rejection> {
        if request.amount > amounts.total {
            return Err(Rejection::SpendExceedsTotal);
        }
        let balance = self.wallet.balance(now);
        match request.unbacked {
            Unbacked::Refuse if balance < request.amount => {
                return Err(Rejection::BalanceTooLow { balance });
            }
            Unbacked::Refuse | Unbacked::SpendWhatThereIs => {}
        }
        Ok(Spent {
            requested: request.amount,
            from: self.wallet.plan_spend(request.amount, now),
        })
    }
}

fn classification(asked: &RecordPurchase, tenant: &TenantView) -> Result<Arc<str>, Rejection> {
    match &asked.classification {
        Some(name) if tenant.classifications.iter().any(|known| **known == **name) => {
            Ok(Arc::clone(name))
        }
        Some(_) => Err(Rejection::UnknownClassification),
        None => tenant
            .classifications
            .first()
            .map(|name| Arc::from(name.as_str()))
            .ok_or(Rejection::UnknownClassification),
    }
}
