//! An entity of any kind, in the one shape that the actors drive: decide → effect → apply.

use std::sync::Arc;

use super::address::Kind;
use super::contact::{Contact, ContactType, Purchase, SealedProfile, Stage};
use super::context::Context;
use super::directory_entry::{Obligation, ValueHash};
use super::money::Minor;
use super::remembered::{Answered, KeyHash, Outcome, Remembered, RequestHash};
use super::tenant::Tenant;
use super::time::Timestamp;
use super::{api_key, contact, directory_entry, offer, organisation, tenant};

/// The state of an entity of some kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A tenant.
    Tenant(Tenant),
    /// An organisation.
    Organisation(organisation::State),
    /// An offer.
    Offer(offer::State),
    /// A contact.
    Contact(Box<Contact>),
    /// An API key.
    ApiKey(api_key::State),
    /// A directory entry.
    DirectoryEntry(directory_entry::State),
}

/// What an entity of some kind can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Of a tenant.
    Tenant(tenant::Command),
    /// Of an organisation.
    Organisation(organisation::Command),
    /// Of an offer.
    Offer(offer::Command),
    /// Of a contact.
    Contact(contact::Command),
    /// Of an API key.
    ApiKey(api_key::Command),
    /// Of a directory entry.
    DirectoryEntry(directory_entry::Command),
    /// Of any: do what time has made due.
    FireTimers,
}

/// What happened to an entity of some kind.
#[derive(Clone, Debug)]
pub enum Event {
    /// To a tenant.
    Tenant(tenant::Event),
    /// To an organisation.
    Organisation(organisation::Event),
    /// To an offer.
    Offer(offer::Event),
    /// To a contact.
    Contact(contact::Event),
    /// To an API key.
    ApiKey(api_key::Event),
    /// To a directory entry.
    DirectoryEntry(directory_entry::Event),
}

/// Why an entity of some kind refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A tenant refuses.
    Tenant(tenant::Rejection),
    /// An organisation refuses.
    Organisation(organisation::Rejection),
    /// An offer refuses.
    Offer(offer::Rejection),
    /// A contact refuses.
    Contact(contact::Rejection),
    /// An API key refuses.
    ApiKey(api_key::Rejection),
    /// A directory entry refuses.
    DirectoryEntry(directory_entry::Rejection),
    /// The idempotency key was used for another request.
    KeyReused,
    /// There is nothing of that name here.
    NotFound,
    /// The command is for an entity of another kind: a fault of ours, never of a caller.
    WrongKind,
}

/// What a caller sends to be sure of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// The scoped keys: of the header, and of the request's own id.
    pub keys: Vec<KeyHash>,
    /// A hash of the request's content.
    pub request: RequestHash,
}

/// The whole effect of one command on one entity: what a journal record holds.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The entity's own number for it, gapless from 1.
    pub seq: u64,
    /// The time of business.
    pub at: Timestamp,
    /// The time of credentials, by which keys are remembered.
    pub wall: Timestamp,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The idempotency keys that brought it about.
    pub remember: Option<Remember>,
}

impl Effect {
    /// The idempotency keys that brought it about.
    pub fn keys(&self) -> &[KeyHash] {
        self.remember
            .as_ref()
            .map_or(&[], |remember| &remember.keys)
    }

    /// What is remembered of the request that brought it about, under each of its keys.
    pub fn answered(&self) -> impl Iterator<Item = Answered> {
        let outcome = outcome(&self.events);
        self.remember.iter().flat_map(move |remember| {
            remember.keys.iter().map(move |key| Answered {
                key: *key,
                request: remember.request,
                outcome,
                at: self.wall,
            })
        })
    }
}

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
    Organisation(organisation::Organisation),
    /// An offer.
    Offer(Box<offer::Offer>),
    /// An API key.
    ApiKey(Box<api_key::ApiKey>),
    /// Who has a value, by entity number.
    DirectoryHolder(Option<u64>),
}

/// An entity: its state and what every kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The number of its last effect; 0 before the first.
    pub seq: u64,
    /// The time of its last effect: its time never runs backwards.
    pub last_time: Timestamp,
    /// The requests that changed it.
    pub remembered: Remembered,
    /// What it is.
    pub state: State,
}

/// Whether a request was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never, as far as is known here.
    Never,
    /// The same request, with this outcome.
    Same(Outcome),
    /// The key, with another request.
    Other,
    /// Perhaps long ago: the rows must be asked for this key.
    AskRows(KeyHash),
}

impl State {
    /// The state before anything happened.
    pub fn new(kind: Kind) -> State {
        match kind {
            Kind::Tenant => State::Tenant(Tenant::default()),
            Kind::Organisation => State::Organisation(organisation::State::default()),
            Kind::Offer => State::Offer(offer::State::default()),
            Kind::Contact => State::Contact(Box::default()),
            Kind::ApiKey => State::ApiKey(api_key::State::default()),
            Kind::DirectoryEntry => State::DirectoryEntry(directory_entry::State::default()),
        }
    }

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (State::Tenant(state), Command::Tenant(command)) => {
                joined(state.decide(command), Event::Tenant, Rejection::Tenant)
            }
            (State::Organisation(state), Command::Organisation(command)) => joined(
                state.decide(command),
                Event::Organisation,
                Rejection::Organisation,
            ),
            (State::Offer(state), Command::Offer(command)) => {
                joined(state.decide(command), Event::Offer, Rejection::Offer)
            }
            (State::Contact(state), Command::Contact(command)) => joined(
                state.decide(command, context),
                Event::Contact,
                Rejection::Contact,
            ),
            (State::Contact(state), Command::FireTimers) => joined(
                state.decide(&contact::Command::FireTimers, context),
                Event::Contact,
                Rejection::Contact,
            ),
            (State::ApiKey(state), Command::ApiKey(command)) => joined(
                state.decide(command, context.wall),
                Event::ApiKey,
                Rejection::ApiKey,
            ),
            (State::ApiKey(state), Command::FireTimers) => joined(
                state.decide(&api_key::Command::FireTimers, context.wall),
                Event::ApiKey,
                Rejection::ApiKey,
            ),
            (State::DirectoryEntry(state), Command::DirectoryEntry(command)) => joined(
                state.decide(command, context.now),
                Event::DirectoryEntry,
                Rejection::DirectoryEntry,
            ),
            (
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::DirectoryEntry(_),
                Command::FireTimers,
            ) => Ok(Vec::new()),
            (
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_),
                Command::Tenant(_)
                | Command::Organisation(_)
                | Command::Offer(_)
                | Command::Contact(_)
                | Command::ApiKey(_)
                | Command::DirectoryEntry(_),
            ) => Err(Rejection::WrongKind),
        }
    }
}

fn joined<E, R>(
    decided: Result<Vec<E>, R>,
    event: impl Fn(E) -> Event,
    rejection: impl Fn(R) -> Rejection,
) -> Result<Vec<Event>, Rejection> {
    match decided {
        Ok(events) => Ok(events.into_iter().map(event).collect()),
        Err(refused) => Err(rejection(refused)),
    }
}

/// What a command came to, from its events alone.
fn outcome(events: &[Event]) -> Outcome {
    match events.first() {
        Some(Event::Contact(contact::Event::PurchaseRecorded(purchase))) => {
            Outcome::Purchased(purchase.number)
        }
        Some(
            Event::Contact(contact::Event::Proposed(_))
            | Event::Tenant(tenant::Event::Created(_))
            | Event::Organisation(_)
            | Event::Offer(_)
            | Event::ApiKey(api_key::Event::Created(..)),
        ) => Outcome::Created,
        Some(
            Event::Contact(
                contact::Event::Created(_)
                | contact::Event::Refused
                | contact::Event::ReservationVoided(_)
                | contact::Event::LotsExpired(_),
            )
            | Event::Tenant(
                tenant::Event::OrganisationListed(_)
                | tenant::Event::OfferListed(..)
                | tenant::Event::ApiKeyListed(..),
            )
            | Event::ApiKey(api_key::Event::Revoked(_) | api_key::Event::Expired)
            | Event::DirectoryEntry(_),
        )
        | None => Outcome::Done,
    }
}

impl Entity {
    /// An entity to which nothing has happened.
    pub fn new(kind: Kind) -> Entity {
        Entity {
            seq: 0,
            last_time: Timestamp::default(),
            remembered: Remembered::default(),
            state: State::new(kind),
        }
    }

    /// Whether the request was seen before. Asked before [`Entity::decide`].
    pub fn seen(&self, remember: &Remember, wall: Timestamp) -> Seen {
        for key in &remember.keys {
            if let Some(answered) = self.remembered.recent(key, wall) {
                return Seen::of(answered, remember);
            }
        }
        remember
            .keys
            .iter()
            .find(|key| self.remembered.may_be_spilled(key, wall))
            .map_or(Seen::Never, |key| Seen::AskRows(*key))
    }

    /// Decides `command`: the effect, or why not. An effect without events changes nothing and is not recorded.
    pub fn decide(
        &self,
        command: &Command,
        remember: Option<Remember>,
        context: &Context,
    ) -> Result<Effect, Rejection> {
        let events = self.state.decide(command, context)?;
        Ok(Effect {
            seq: self.seq.saturating_add(1),
            at: context.now,
            wall: context.wall,
            events,
            remember,
        })
    }

    /// Takes `effect` in; what came of it. An effect at or below [`Entity::seq`] is already in and is skipped.
    pub fn apply(&mut self, effect: &Effect) -> Outcome {
        let outcome = outcome(&effect.events);
        if effect.seq <= self.seq {
            return outcome;
        }
        self.seq = effect.seq;
        self.last_time = self.last_time.max(effect.at);
        for event in &effect.events {
            self.apply_event(event);
        }
        for answered in effect.answered() {
            self.remembered.add(answered);
        }
        outcome
    }

    fn apply_event(&mut self, event: &Event) {
        match (&mut self.state, event) {
            (State::Tenant(state), Event::Tenant(event)) => state.apply(event),
            (State::Organisation(state), Event::Organisation(event)) => state.apply(event),
            (State::Offer(state), Event::Offer(event)) => state.apply(event),
            (State::Contact(state), Event::Contact(event)) => {
                state.apply(event);
                // A creation that came to nothing is a rejection, and rejections are not remembered.
                if state.stage == Stage::Void {
                    self.remembered = Remembered::default();
                }
            }
            (State::ApiKey(state), Event::ApiKey(event)) => state.apply(event),
            (State::DirectoryEntry(state), Event::DirectoryEntry(event)) => state.apply(event),
            (
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_),
                Event::Tenant(_)
                | Event::Organisation(_)
                | Event::Offer(_)
                | Event::Contact(_)
                | Event::ApiKey(_)
                | Event::DirectoryEntry(_),
            ) => debug_assert!(false, "an event of another kind never passes decide"),
        }
    }

    /// When time alone makes something due.
    pub fn next_due(&self) -> Option<Timestamp> {
        match &self.state {
            State::Contact(contact) => contact.next_due(),
            State::ApiKey(state) => state.next_due(),
            State::DirectoryEntry(state) => state.next_due(),
            State::Tenant(_) | State::Organisation(_) | State::Offer(_) => None,
        }
    }

    /// Whom the entity has to ask at `now`.
    pub fn obligations(&self, now: Timestamp) -> Vec<Obligation> {
        match &self.state {
            State::DirectoryEntry(state) => state.obligations(now),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::Contact(_)
            | State::ApiKey(_) => Vec::new(),
        }
    }

    /// The query whose answer tells of `outcome`.
    pub fn query_for(&self, outcome: Outcome) -> Option<Query> {
        match (outcome, &self.state) {
            (Outcome::Purchased(number), _) => Some(Query::Purchase(number)),
            (Outcome::Created | Outcome::Done, State::Contact(_)) => Some(Query::Contact),
            (Outcome::Created | Outcome::Done, State::ApiKey(_)) => Some(Query::ApiKey),
            (
                Outcome::Created | Outcome::Done,
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::DirectoryEntry(_),
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
                Answer::Organisation(state.0.clone().ok_or(Rejection::NotFound)?)
            }
            (Query::Offer, State::Offer(state)) => {
                Answer::Offer(Box::new(state.0.clone().ok_or(Rejection::NotFound)?))
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
                | Query::ApiKey
                | Query::DirectoryHolder(_),
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_),
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
            | State::DirectoryEntry(_) => Err(Rejection::WrongKind),
        }
    }

    /// Hands out every purchase, in order: for a row that has no room for them.
    pub fn spill_all_purchases(&mut self) -> Vec<Arc<Purchase>> {
        match &mut self.state {
            State::Contact(contact) => contact.purchases.drain(..).collect(),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_) => Vec::new(),
        }
    }

    /// Hands out what need not stay, once there is enough of it: answers but the newest `recent` or so, and older purchases.
    pub fn spill(&mut self, recent: usize) -> Spilled {
        Spilled {
            answered: self.remembered.spill(recent),
            purchases: match &mut self.state {
                State::Contact(contact) => contact.spill_purchases(),
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_) => Vec::new(),
            },
        }
    }
}

/// What left an entity's memory, to be kept as rows of its own.
#[derive(Debug, Default)]
pub struct Spilled {
    /// Older answers.
    pub answered: Vec<Answered>,
    /// Older purchases, in order.
    pub purchases: Vec<Arc<Purchase>>,
}

impl Seen {
    /// What `answered` says of a request that carries its key.
    pub fn of(answered: &Answered, remember: &Remember) -> Seen {
        if answered.request == remember.request {
            Seen::Same(answered.outcome)
        } else {
            Seen::Other
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
        created_at: contact.created_at,
        version: contact.profile_version,
        balance: contact.wallet.balance(now),
        purchases: contact.purchase_count,
    }
}

fn purchase_view(contact: &Contact, purchase: Arc<Purchase>) -> Answer {
    Answer::Purchase(Box::new(PurchaseView {
        purchase,
        contact_own_id: contact.own_id.clone(),
        contact_code: Arc::clone(&contact.code),
        contact_profile: contact.profile.clone(),
    }))
}
