//! What a contact makes of a command.

use std::sync::Arc;

use super::due::Due;
use super::movement::repay;
use super::{Command, Contact, Event, Purchase, RecordPurchase, Rejection, Stage};
use crate::domain::context::{Context, TenantView};

impl Contact {
    /// Decides `command`.
    pub fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        // A hold that has run out is gone, and money whose time has come can be spent, whether or not a timer has fired.
        let mut events = self.due(context.now, Due::ToSpend);
        if events.is_empty() || matches!(command, Command::FireTimers) {
            return self.decide_now(command, context);
        }
        let decided = self.after(&events).decide_now(command, context)?;
        if decided.is_empty() {
            return Ok(Vec::new());
        }
        events.extend(decided);
        Ok(events)
    }

    fn decide_now(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        match command {
            // Its fields are about to become unreadable.
            Command::Propose(_) if self.shredding().is_some() => Err(Rejection::ReservationLapsed),
            Command::Propose(proposal) => match self.stage {
                Stage::Absent | Stage::Void => {
                    Ok(vec![Event::Proposed(Arc::new(proposal.clone()))])
                }
                Stage::Proposed | Stage::Active | Stage::Erased => Err(Rejection::ContactExists),
            },
            Command::Register(register) => self.register(register, context.wall),
            Command::Access(command) => self.decide_access(command, context),
            // Only its proven value makes one that registers itself exist.
            Command::Confirm if self.is_registering() => Err(Rejection::UnknownContact),
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
                Stage::Proposed
                    if self.attempts == *attempt
                        && (self.claims.contains(value) || self.registers(value)) =>
                {
                    vec![Event::ReservationVoided(*value)]
                }
                Stage::Active => self.settle_change(*value, *attempt),
                Stage::Proposed | Stage::Absent | Stage::Void | Stage::Erased => Vec::new(),
            }),
            Command::RecordPurchase(asked) if asked.token.is_some() => self.redeem(asked, context),
            Command::RecordPurchase(asked) if asked.estimate.is_some() => {
                self.capture(asked, context)
            }
            Command::RecordPurchase(purchase) => self.record_purchase(purchase, context),
            Command::CancelPurchase(asked) => self.cancel(asked, context),
            Command::TakeReturn(asked) => self.take_return(asked, context),
            Command::SetLimits(rules) => self.set_limits(rules, context),
            Command::SetTags(tags) => self.set_tags(tags),
            Command::SignUpToScheme(wish) => self.sign_up_to_scheme(wish, context),
            Command::SignOutOfScheme(scheme) => self.sign_out_of_scheme(*scheme, context),
            Command::CheckSignUpCode(shown) => self.check_sign_up_code(*shown, context),
            Command::MoveMoney(asked) => self.move_money(asked, context),
            // It is shown, never done.
            Command::Foresee(_) => Ok(Vec::new()),
            Command::HoldFunds(asked) => self.hold_funds(asked, context),
            Command::MakeToken(new) => self.make_token(new, context),
            Command::ReleaseHold(number) => self.release(*number, context),
            Command::FireTimers => {
                let mut events = self.due(context.now, Due::All);
                events.extend(self.access_due(context.wall));
                events.extend(self.tokens_due(context.wall));
                Ok(events)
            }
        }
    }

    pub(super) fn record_purchase(
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
        let (spent, used) = match &asked.spend {
            Some(request) => {
                let (spent, used) = self.spend(request, asked, tenant, context)?;
                (Some(spent), used)
            }
            None => (None, None),
        };
        let mut purchase = Purchase {
            number,
            organisation: asked.organisation,
            amounts: asked.amounts,
            currency: tenant.currency,
            classification,
            texts: asked.texts.clone(),
            recorded_at: context.now,
            performed_on: asked.performed_on,
            spent,
            products: asked.products.clone(),
            offers: Vec::new(),
            activity: None,
        };
        let (offers, counted) = self.awards(&purchase, tenant, context)?;
        purchase.offers = offers;
        self.wallet
            .sum_with(purchase.awarded())
            .ok_or(Rejection::BalanceTooHigh)?;
        let (paid, awarded) = (purchase.amount_due(), purchase.awarded());
        purchase.activity = self.activity(paid, awarded, tenant, context.now);
        let reached = purchase.activity.as_ref();
        let reached = reached.and_then(|it| self.tier_change(it, tenant, context.now));
        let steps = purchase.goal_steps(tenant);
        let owed = purchase.spent.as_ref().map(|spent| spent.owed);
        let owed = self.wallet.owed.plus(owed.unwrap_or_default());
        let owed = owed.ok_or(Rejection::BalanceTooHigh)?;
        let at_once = purchase.given().filter(|given| given.unlocks_at.is_none());
        let repaid = repay(owed, at_once.map(|given| given.lot), context.now);
        let mut events = vec![Event::PurchaseRecorded(Arc::new(purchase))];
        if !counted.is_empty() {
            events.push(Event::AwardsCounted(counted));
        }
        events.extend(used.map(Event::LimitsUsed));
        events.extend(reached);
        if !steps.is_empty() {
            events.push(Event::GoalsCounted(steps));
        }
        events.extend(repaid);
        Ok(events)
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
