//! What an entity shows.

use std::sync::Arc;

use super::{Entity, Rejection, State};
use crate::domain::contact::{Contact, ContactType, Purchase, SealedProfile, SignUp, Stage};
use crate::domain::directory_entry::ValueHash;
use crate::domain::money::Minor;
use crate::domain::remembered::Outcome;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::{api_key, offer, organisation};

/// What an entity can be asked to show.
#[derive(Clone, Copy, Debug)]
pub enum Query {
    /// A contact's profile.
    Contact,
    /// A contact's wallet.
    Wallet,
    /// A purchase of a contact, by number.
    Purchase(u32),
    /// A tenant.
    Tenant,
    /// An organisation.
    Organisation,
    /// An offer.
    Offer,
    /// An offer's budget.
    Budget,
    /// An API key.
    ApiKey,
    /// Who has a value.
    DirectoryHolder(ValueHash),
}

/// A contact as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactView {
    /// Where it is in its life.
    pub stage: Stage,
    /// Who it is.
    pub contact_type: ContactType,
    /// The id that the caller chose.
    pub own_id: Option<Arc<str>>,
    /// The code that people use.
    pub code: Arc<str>,
    /// Its personal fields, still sealed.
    pub profile: SealedProfile,
    /// Its unique values.
    pub claims: Vec<ValueHash>,
    /// The number of the attempt that holds them.
    pub attempt: u32,
    /// Values that it gave up, whose entries are still to be told.
    pub released: Vec<ValueHash>,
    /// The organisations that it has signed up to.
    pub sign_ups: Vec<SignUp>,
    /// Counts their changes.
    pub sign_up_version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts the changes of what is shown here.
    pub version: u32,
    /// What it can spend.
    pub balance: Minor,
    /// How many purchases it has: the number of the newest.
    pub purchases: u32,
}

/// A wallet as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletView {
    /// What can be spent.
    pub balance: Minor,
    /// Counts the changes; expiry alone does not count.
    pub version: u32,
    /// The contact's code, from which the wallet's derives.
    pub code: Arc<str>,
}

/// A purchase as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseView {
    /// The purchase.
    pub purchase: Arc<Purchase>,
    /// The id that the contact's creator chose.
    pub contact_own_id: Option<Arc<str>>,
    /// The contact's code.
    pub contact_code: Arc<str>,
    /// The contact's personal fields, still sealed.
    pub contact_profile: SealedProfile,
}

/// An offer's budget as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetView {
    /// What all awards together may give.
    pub budget: Minor,
    /// What was lent to shards in all.
    pub lent: Minor,
    /// What they returned in all.
    pub returned: Minor,
    /// What can be lent.
    pub available: Minor,
    /// What each shard got and gave back.
    pub lending: offer::Lending,
}

/// What an entity answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done, and there is nothing more to say.
    Done,
    /// A contact.
    Contact(Box<ContactView>),
    /// A wallet.
    Wallet(WalletView),
    /// A purchase.
    Purchase(Box<PurchaseView>),
    /// A tenant.
    Tenant(Box<Tenant>),
    /// An organisation.
    Organisation(Box<organisation::Organisation>),
    /// An offer.
    Offer(Box<offer::Offer>),
    /// An offer's budget.
    Budget(Box<BudgetView>),
    /// An API key.
    ApiKey(Box<api_key::ApiKey>),
    /// Who has a value, by entity number.
    DirectoryHolder(Option<u64>),
}

impl Entity {
    /// The query whose answer tells of `outcome`.
    pub fn query_for(&self, outcome: Outcome) -> Option<Query> {
        match (outcome, &self.state) {
            (Outcome::Purchased(number), _) => Some(Query::Purchase(number)),
            (Outcome::Created | Outcome::Done, State::Contact(_)) => Some(Query::Contact),
            (Outcome::Created | Outcome::Done, State::ApiKey(_)) => Some(Query::ApiKey),
            (Outcome::Done, State::Offer(state)) => Some(match state.available() {
                Some(_) => Query::Budget,
                None => Query::Offer,
            }),
            (
                Outcome::Created | Outcome::Done,
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::DirectoryEntry(_)
                | State::Lease(_),
            ) => None,
        }
    }

    /// Shows what `query` asks for, at `now`. `Ok(None)` means a purchase that has left memory: its row must be asked.
    pub fn show(&self, query: Query, now: Timestamp) -> Result<Option<Answer>, Rejection> {
        let shown = match (query, &self.state) {
            (Query::Contact, State::Contact(contact)) => {
                present(contact.stage != Stage::Absent)?;
                Answer::Contact(Box::new(contact_view(contact, now)))
            }
            (Query::Wallet, State::Contact(contact)) => {
                present(contact.stage == Stage::Active)?;
                Answer::Wallet(WalletView {
                    balance: contact.wallet.balance(now),
                    version: contact.wallet.version,
                    code: Arc::clone(&contact.code),
                })
            }
            (Query::Purchase(number), State::Contact(contact)) => {
                present(contact.stage == Stage::Active)?;
                present((1..=contact.purchase_count).contains(&number))?;
                let Some(purchase) = contact.recent_purchase(number) else {
                    return Ok(None);
                };
                purchase_view(contact, Arc::clone(purchase))
            }
            (Query::Tenant, State::Tenant(tenant)) => {
                present(tenant.details.is_some())?;
                Answer::Tenant(Box::new(tenant.clone()))
            }
            (Query::Organisation, State::Organisation(state)) => {
                Answer::Organisation(Box::new(state.0.clone().ok_or(Rejection::NotFound)?))
            }
            (Query::Offer, State::Offer(state)) => {
                Answer::Offer(state.offer.clone().ok_or(Rejection::NotFound)?)
            }
            (Query::Budget, State::Offer(state)) => {
                Answer::Budget(Box::new(budget_view(state).ok_or(Rejection::NotFound)?))
            }
            (Query::ApiKey, State::ApiKey(state)) => {
                Answer::ApiKey(Box::new(state.0.clone().ok_or(Rejection::NotFound)?))
            }
            (Query::DirectoryHolder(value), State::DirectoryEntry(state)) => {
                Answer::DirectoryHolder(state.holder(&value))
            }
            (
                Query::Contact
                | Query::Wallet
                | Query::Purchase(_)
                | Query::Tenant
                | Query::Organisation
                | Query::Offer
                | Query::Budget
                | Query::ApiKey
                | Query::DirectoryHolder(_),
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_)
                | State::Lease(_),
            ) => return Err(Rejection::WrongKind),
        };
        Ok(Some(shown))
    }

    /// Shows a purchase that was read from its row.
    pub fn show_cold_purchase(&self, purchase: Arc<Purchase>) -> Result<Answer, Rejection> {
        match &self.state {
            State::Contact(contact) => Ok(purchase_view(contact, purchase)),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_) => Err(Rejection::WrongKind),
        }
    }
}

fn present(is_there: bool) -> Result<(), Rejection> {
    if is_there {
        Ok(())
    } else {
        Err(Rejection::NotFound)
    }
}

fn contact_view(contact: &Contact, now: Timestamp) -> ContactView {
    ContactView {
        stage: contact.stage,
        contact_type: contact.contact_type,
        own_id: contact.own_id.clone(),
        code: Arc::clone(&contact.code),
        profile: contact.profile.clone(),
        claims: contact.claims.clone(),
        attempt: contact.attempts,
        released: contact.released_for_good(),
        sign_ups: contact.sign_ups.clone(),
        sign_up_version: contact.sign_up_version,
        created_at: contact.created_at,
        version: contact.profile_version,
        balance: contact.wallet.balance(now),
        purchases: contact.purchase_count,
    }
}

fn budget_view(state: &offer::State) -> Option<BudgetView> {
    Some(BudgetView {
        budget: state.offer.as_ref()?.budget?,
        lent: state.lending.lent_in_all(),
        returned: state.lending.returned_in_all(),
        available: state.available()?,
        lending: state.lending.clone(),
    })
}

fn purchase_view(contact: &Contact, purchase: Arc<Purchase>) -> Answer {
    Answer::Purchase(Box::new(PurchaseView {
        purchase,
        contact_own_id: contact.own_id.clone(),
        contact_code: Arc::clone(&contact.code),
        contact_profile: contact.profile.clone(),
    }))
}
