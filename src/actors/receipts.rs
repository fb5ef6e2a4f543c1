//! Receipts, which span two entities: the receipt, and the contact that claims it.
//!
//! claim (at the receipt) → record (at the contact, once, whoever asks how often) → settle (at the receipt). The receipt remembers a claim that
//! was cut short, and goes on with it by itself.

use std::sync::Arc;

use super::envelope::{Failure, Timings, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Command, Query, Remember};
use crate::domain::receipt::{self, Claim, Receipt, Sale, Standing};
use crate::domain::remembered::RequestHash;
use crate::secrets::{KeyScope, UniqueValue};

/// The purchase that a claim has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its number among the contact's.
    pub number: u32,
    /// Whether the claim was the first.
    pub is_new: bool,
}

impl Router {
    /// Where the receipt is that `code` claims, and the code's hash.
    pub fn receipt_of(&self, tenant: TenantId, mode: Mode, code: &str) -> (Address, ValueHash) {
        let hash = self
            .secrets()
            .value_hash(tenant, mode, UniqueValue::ClaimCode, code);
        let place = Address {
            tenant,
            mode,
            kind: Kind::Receipt,
            entity: hash.entry(),
        };
        (place, hash)
    }

    /// Keeps a receipt for whoever claims it with the code of this hash.
    ///
    /// # Errors
    /// The key was used for another one, or there is no answer.
    pub async fn post_receipt(
        &self,
        (receipt, code): (Address, ValueHash),
        sale: Arc<Sale>,
        remember: Remember,
    ) -> (Result<Box<Receipt>, Failure>, Timings) {
        let post = Command::Receipt(receipt::Command::Post(code, sale));
        let reply = self.command(receipt, post, Some(remember), None).await;
        let posted = match reply.result {
            Ok(Answer::Receipt(receipt)) => Ok(receipt),
            Ok(other) => Err(unexpected(&other)),
            Err(why) => Err(why),
        };
        (posted, reply.timings)
    }

    /// Makes a receipt a contact's, and has the contact record the purchase. Asked again, it is the same one.
    ///
    /// # Errors
    /// There is no such receipt for this contact; the contact refuses the purchase; there is no answer.
    pub async fn claim_receipt(&self, receipt: Address, claim: Claim) -> Result<Claimed, Failure> {
        let by = claim.by;
        let claim = Command::Receipt(receipt::Command::Claim(Box::new(claim)));
        let view = match self.command(receipt, claim, None, None).await.result? {
            Answer::Receipt(view) => view,
            other => return Err(unexpected(&other)),
        };
        if let Standing::Settled(_, number) = view.standing {
            return Ok(Claimed {
                number,
                is_new: false,
            });
        }
        let number = self.record_claimed(receipt, &view, by).await?;
        Ok(Claimed {
            number,
            is_new: true,
        })
    }

    /// Takes a receipt back that nobody has claimed. Where somebody has: the contact and the number of its purchase.
    ///
    /// # Errors
    /// There is no such receipt, or no answer.
    pub async fn void_receipt(&self, receipt: Address) -> Result<Option<(Address, u32)>, Failure> {
        let void = Command::Receipt(receipt::Command::Void);
        match self.command(receipt, void, None, None).await.result {
            Ok(_) => return Ok(None),
            Err(Failure::Rejected(_)) => {}
            Err(why) => return Err(why),
        }
        let view = self.receipt(receipt).await?;
        let (by, number) = match view.standing {
            Standing::Settled(by, number) => (by, number),
            standing @ (Standing::Claimed(by, _) | Standing::Refused(by, _)) => {
                tracing::debug!(?standing, "a receipt is voided while it is being claimed");
                (by, self.record_claimed(receipt, &view, by).await?)
            }
            Standing::Open | Standing::Void => return Err(Unavailable::UnknownOutcome.into()),
        };
        Ok(Some((claimant(receipt, by), number)))
    }

    /// The receipt as it stands.
    ///
    /// # Errors
    /// There is none, or no answer.
    pub async fn receipt(&self, receipt: Address) -> Result<Box<Receipt>, Failure> {
        match self.query(receipt, Query::Receipt).await.result? {
            Answer::Receipt(view) => Ok(view),
            other => Err(unexpected(&other)),
        }
    }

    /// Goes on with a claim that was cut short.
    pub(super) async fn settle_claim(&self, receipt: Address) {
        let view = match self.receipt(receipt).await {
            Ok(view) => view,
            Err(failure) => {
                tracing::debug!(?failure, "a claim is settled at the next try");
                return;
            }
        };
        if let Standing::Claimed(by, _) = view.standing
            && let Err(failure) = self.record_claimed(receipt, &view, by).await
        {
            tracing::debug!(?failure, "a claim is settled at the next try");
        }
    }

    /// Has the contact record the purchase, and tells the receipt. The contact knows a second time by the receipt.
    async fn record_claimed(
        &self,
        receipt: Address,
        view: &Receipt,
        by: u64,
    ) -> Result<u32, Failure> {
        let contact = claimant(receipt, by);
        let tell = |told| self.command(receipt, Command::Receipt(told), None, None);
        if view.records(self.wall()).is_none() {
            // Whether it was recorded so long ago is not known any more, and it is never recorded twice.
            tell(receipt::Command::Refuse(by)).await.result?;
            return Err(Unavailable::UnknownOutcome.into());
        }
        let key = format!("{:016x}", receipt.entity);
        let scope = KeyScope {
            tenant: contact.tenant,
            mode: contact.mode,
            lineage: 0,
            operation: "purchases.reclaim",
            target: Some(contact),
            source: "receipt",
            key: &key,
        };
        let remember = Remember {
            keys: vec![self.secrets().key_hash(&scope)],
            request: RequestHash(view.code.0),
        };
        let tenant = self.tenant_view(contact.tenant, contact.mode).await;
        let tenant = tenant.map_err(|why| {
            tracing::debug!(?why, "the tenant of a receipt cannot be asked");
            Unavailable::UnknownOutcome
        })?;
        let purchase = view.sale.purchase(view.posted_at);
        let record = Command::Contact(contact::Command::RecordPurchase(purchase));
        let recorded = self.command(contact, record, Some(remember), Some(tenant));
        let number = match recorded.await.result {
            Ok(Answer::Purchase(view)) => view.purchase.number,
            Ok(other) => return Err(unexpected(&other)),
            Err(Failure::Rejected(why)) => {
                tell(receipt::Command::Refuse(by)).await.result?;
                return Err(Failure::Rejected(why));
            }
            // The receipt is the contact's already.
            Err(Failure::Unavailable(_)) => return Err(Unavailable::UnknownOutcome.into()),
        };
        if let Err(failure) = tell(receipt::Command::Settle(by, number)).await.result {
            tracing::debug!(
                ?failure,
                "a receipt learns later that its purchase is recorded"
            );
        }
        Ok(number)
    }
}

fn claimant(receipt: Address, by: u64) -> Address {
    Address {
        kind: Kind::Contact,
        entity: by,
        ..receipt
    }
}
