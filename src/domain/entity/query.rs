//! What an entity shows.

use std::sync::Arc;

use super::access_views::{
    AddingView, adding_view, challenge_view, destination_view, password_view, registration_view,
    session_view, user_session,
};
use super::parts::{
    WalletView, budget_view, held_view, hold_view, lots_view, loyalty_view, organisation_view,
    receipt_view, tenant_view, token_view, tokens_view, wallet_view,
};
use super::{Entity, Rejection, State};
use crate::domain::access::{Challenge, SessionView};
use crate::domain::apps::Apps;
use crate::domain::configuration::Configuration;
use crate::domain::contact::{
    Contact, ContactType, HoldView, JournalPage, JournalView, KeptPurchase, Line, Lot, LoyaltyView,
    Purchase, RecordPurchase, RegistrationView, SealedProfile, SignUp, SpendToken, Stage,
};
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::media::Piece;
use crate::domain::money::Minor;
use crate::domain::receipt::Receipt;
use crate::domain::remembered::Outcome;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::{api_key, audit, offer, organisation, user};

/// What an entity can be asked to show.
#[derive(Clone, Copy, Debug)]
pub enum Query {
    /// A contact's profile.
    Contact,
    /// A contact's wallet.
    Wallet,
    /// What can be spent of a contact's money, lot by lot.
    Lots,
    /// A part of the journal of a contact's wallet.
    Journal(JournalPage),
    /// A hold of a contact's money, by number.
    Hold(u32),
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
    /// A page of an audit log.
    AuditPage,
    /// Who has a value.
    DirectoryHolder(ValueHash),
    /// Until when no code that was sent to a value is taken.
    DirectoryLock(ValueHash),
    /// A code, by number.
    Challenge(u32),
    /// Where messages to a value go that a contact has proven, or is to prove.
    Destination(ValueHash),
    /// The password that a contact signs in with by a value.
    Password(ValueHash),
    /// A session that adds an identity, by number.
    Adding(u32),
    /// A session, by number.
    Session(u32),
    /// A registration under way.
    Registration,
    /// A spend token, by number.
    SpendToken(u32),
    /// The spend tokens that have not lapsed.
    SpendTokens,
    /// What is known of a contact's loyalty.
    Loyalty,
    /// All that a contact's entity holds.
    Held,
    /// A piece of something.
    Media,
    /// What a tenant has set up about its customers.
    Configuration,
    /// What a tenant has set up for its apps.
    Apps,
    /// A user.
    User,
    /// A receipt.
    Receipt,
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
    /// The values that it has proven to control.
    pub identities: Vec<ValueHash>,
    /// How many of those there ever were.
    pub identity_count: u32,
    /// The e-mail address among them where its password counts.
    pub email_address: Option<ValueHash>,
    /// Whether it has proven to be reached by anything.
    pub is_verified: bool,
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

/// A purchase as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseView {
    /// The purchase.
    pub purchase: Arc<Purchase>,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Timestamp>,
    /// The id that the contact's creator chose.
    pub contact_own_id: Option<Arc<str>>,
    /// The contact's code.
    pub contact_code: Arc<str>,
    /// The contact's personal fields, still sealed.
    pub contact_profile: SealedProfile,
    /// Whether the contact was erased: the purchase stays, and is nobody's.
    pub contact_is_erased: bool,
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
    Wallet(Box<WalletView>),
    /// What can be spent at this time, lot by lot.
    Lots(Timestamp, Vec<Lot>),
    /// A part of a wallet's journal.
    Journal(JournalView),
    /// A hold of money.
    Hold(HoldView),
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
    /// A page of an audit log.
    AuditPage(Box<audit::Page>),
    /// Who has a value, by entity number.
    DirectoryHolder(Option<u64>),
    /// Until when no code that was sent to a value is taken.
    DirectoryLock(Option<Timestamp>),
    /// A code that was made.
    Challenge(Box<Challenge>),
    /// Where messages go, sealed; nowhere, if the contact does not have the value.
    Destination(Option<SealedProfile>),
    /// The number of a password, and its hash, sealed; none, if nobody signs in so.
    Password(Option<(u32, SealedProfile)>),
    /// An identity that is being added.
    Adding(Box<AddingView>),
    /// A session.
    Session(Box<SessionView>),
    /// A registration under way.
    Registration(Box<RegistrationView>),
    /// A spend token.
    SpendToken(Box<SpendToken>),
    /// Spend tokens, oldest first; used ones among them.
    SpendTokens(Vec<SpendToken>),
    /// A contact's loyalty.
    Loyalty(Box<LoyaltyView>),
    /// A contact as it stands, and the time of business.
    Held(Box<Contact>, Timestamp),
    /// A piece of something, if it is there.
    Media(Option<Box<Piece>>),
    /// What a tenant has set up about its customers.
    Configuration(Box<Configuration>),
    /// What a tenant has set up for its apps.
    Apps(Box<Apps>),
    /// A user.
    User(Box<user::User>),
    /// A session of a user.
    UserSession(Box<user::SessionView>),
    /// A receipt.
    Receipt(Box<Receipt>),
}

impl Entity {
    /// The query whose answer tells of `outcome`.
    pub fn query_for(&self, outcome: Outcome) -> Option<Query> {
        match (outcome, &self.state) {
            (Outcome::Purchased(number), _) => Some(Query::Purchase(number)),
            (Outcome::Held(number), _) => Some(Query::Hold(number)),
            (Outcome::Moved(number), _) => Some(Query::Journal(JournalPage::line(number))),
            (Outcome::Challenged(number), _) => Some(Query::Challenge(number)),
            (Outcome::SignedIn(number), _) => Some(Query::Session(number)),
            (Outcome::Proven, _) => Some(Query::Registration),
            (Outcome::TokenMade(number), _) => Some(Query::SpendToken(number)),
            (Outcome::AddsIdentity(session), _) => Some(Query::Adding(session)),
            (Outcome::Created | Outcome::Done, State::Contact(_)) => Some(Query::Contact),
            (Outcome::Created | Outcome::Done, State::ApiKey(_)) => Some(Query::ApiKey),
            (Outcome::Created | Outcome::Done, State::User(_)) => Some(Query::User),
            (Outcome::Created | Outcome::Done, State::Receipt(_)) => Some(Query::Receipt),
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
                | State::Lease(_)
                | State::AuditLog(_)
                | State::Media(_)
                | State::Apps(_)
                | State::Configuration(_),
            ) => None,
        }
    }

    /// Shows what `query` asks for, at `now`. `Ok(None)` means a purchase, or lines of a journal, that left memory: their
    /// rows must be asked.
    pub fn show(&self, query: Query, now: Timestamp) -> Result<Option<Answer>, Rejection> {
        let shown = match (query, &self.state) {
            (Query::Contact, State::Contact(contact)) => {
                present(contact.stage != Stage::Absent)?;
                Answer::Contact(Box::new(contact_view(contact, now)))
            }
            (Query::Wallet, State::Contact(contact)) => wallet_view(contact, now)?,
            (Query::Lots, State::Contact(contact)) => lots_view(contact, now)?,
            (Query::Hold(number), State::Contact(contact)) => hold_view(contact, number, now)?,
            (Query::Journal(page), State::Contact(contact)) => {
                present(keeps_books(contact))?;
                return Ok(contact.journal(page, now, &[]).map(Answer::Journal));
            }
            (Query::Purchase(number), State::Contact(contact)) => {
                present(keeps_books(contact))?;
                present((1..=contact.purchase_count).contains(&number))?;
                let Some(purchase) = contact.recent_purchase(number) else {
                    return Ok(None);
                };
                purchase_view(contact, purchase.clone())
            }
            (Query::Tenant, State::Tenant(tenant)) => tenant_view(tenant)?,
            (Query::Organisation, State::Organisation(state)) => organisation_view(state)?,
            (Query::Offer, State::Offer(state)) => {
                Answer::Offer(state.offer.clone().ok_or(Rejection::NotFound)?)
            }
            (Query::Budget, State::Offer(state)) => {
                Answer::Budget(Box::new(budget_view(state).ok_or(Rejection::NotFound)?))
            }
            (Query::ApiKey, State::ApiKey(state)) => {
                Answer::ApiKey(Box::new(state.0.clone().ok_or(Rejection::NotFound)?))
            }
            (Query::AuditPage, State::AuditLog(page)) => Answer::AuditPage(Box::new(page.clone())),
            (Query::DirectoryHolder(value), State::DirectoryEntry(state)) => {
                Answer::DirectoryHolder(state.holder(&value))
            }
            (Query::DirectoryLock(value), State::DirectoryEntry(state)) => {
                Answer::DirectoryLock(state.locked_until(&value))
            }
            (Query::Challenge(number), State::Contact(contact)) => challenge_view(contact, number)?,
            (Query::Destination(to), State::Contact(contact)) => destination_view(contact, &to),
            (Query::Password(by), State::Contact(contact)) => password_view(contact, &by),
            (Query::Adding(session), State::Contact(contact)) => adding_view(contact, session)?,
            (Query::Session(number), State::Contact(contact)) => session_view(contact, number)?,
            (Query::User, State::User(user)) => Answer::User(user.clone()),
            (Query::Session(number), State::User(user)) => user_session(user, number)?,
            (Query::Registration, State::Contact(contact)) => registration_view(contact),
            (Query::SpendToken(number), State::Contact(contact)) => token_view(contact, number)?,
            (Query::SpendTokens, State::Contact(contact)) => tokens_view(contact),
            (Query::Loyalty, State::Contact(contact)) => loyalty_view(contact, now)?,
            (Query::Held, State::Contact(contact)) => held_view(contact, now)?,
            (Query::Media, State::Media(state)) => Answer::Media(state.0.clone().map(Box::new)),
            (Query::Apps, State::Apps(it)) => Answer::Apps(it.clone()),
            (Query::Receipt, State::Receipt(state)) => receipt_view(state)?,
            (Query::Configuration, State::Configuration(it)) => Answer::Configuration(it.clone()),
            (
                Query::Contact
                | Query::Wallet
                | Query::Lots
                | Query::Journal(_)
                | Query::Hold(_)
                | Query::Purchase(_)
                | Query::Tenant
                | Query::Organisation
                | Query::Offer
                | Query::Budget
                | Query::ApiKey
                | Query::AuditPage
                | Query::DirectoryHolder(_)
                | Query::DirectoryLock(_)
                | Query::Challenge(_)
                | Query::Destination(_)
                | Query::Password(_)
                | Query::Adding(_)
                | Query::Session(_)
                | Query::Registration
                | Query::SpendToken(_)
                | Query::SpendTokens
                | Query::User
                | Query::Loyalty
                | Query::Held
                | Query::Media
                | Query::Apps
                | Query::Receipt
                | Query::Configuration,
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_)
                | State::Lease(_)
                | State::AuditLog(_)
                | State::User(_)
                | State::Media(_)
                | State::Apps(_)
                | State::Receipt(_)
                | State::Configuration(_),
            ) => return Err(Rejection::WrongKind),
        };
        Ok(Some(shown))
    }

    /// Shows what a purchase would come to, with a number that it has not got.
    pub fn foresee(&self, asked: &RecordPurchase, context: &Context) -> Result<Answer, Rejection> {
        let contact = self.contact().ok_or(Rejection::WrongKind)?;
        let purchase = contact
            .foresee(asked, context)
            .map_err(Rejection::Contact)?;
        let kept = KeptPurchase {
            purchase: Arc::new(purchase),
            cancelled_at: None,
        };
        Ok(purchase_view(contact, kept))
    }

    /// Shows a purchase that was read from its row.
    pub fn show_cold_purchase(&self, purchase: KeptPurchase) -> Result<Answer, Rejection> {
        match &self.state {
            State::Contact(contact) => Ok(purchase_view(contact, purchase)),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::User(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::Configuration(_) => Err(Rejection::WrongKind),
        }
    }

    /// The numbers of the first and the last line of a page of its journal, if the page is not empty.
    pub fn journal_range(&self, page: JournalPage, now: Timestamp) -> Option<(u32, u32)> {
        self.contact()?.journal_range(page, now)
    }

    /// Shows a page of the journal with lines that were read from rows.
    pub fn show_cold_journal(
        &self,
        page: JournalPage,
        now: Timestamp,
        lines: &[Line],
    ) -> Result<Answer, Rejection> {
        let contact = self.contact().ok_or(Rejection::WrongKind)?;
        let view = contact.journal(page, now, lines);
        view.map(Answer::Journal).ok_or(Rejection::NotFound)
    }

    fn contact(&self) -> Option<&Contact> {
        match &self.state {
            State::Contact(contact) => Some(contact),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::User(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::Configuration(_) => None,
        }
    }

    /// Whether a purchase of this number was recorded and has left memory.
    pub fn has_older_purchase(&self, number: u32) -> bool {
        self.contact().is_some_and(|contact| {
            (1..=contact.purchase_count).contains(&number)
                && contact.recent_purchase(number).is_none()
        })
    }
}

pub(super) fn present(is_there: bool) -> Result<(), Rejection> {
    if is_there {
        Ok(())
    } else {
        Err(Rejection::NotFound)
    }
}

/// Whether its purchases and the lines of its journal can be seen: also once it was erased, without a name.
fn keeps_books(contact: &Contact) -> bool {
    matches!(contact.stage, Stage::Active | Stage::Erased)
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
        identities: contact.identities().collect(),
        identity_count: contact.access.as_ref().map_or(0, |it| it.identity_count),
        email_address: contact.access.as_ref().and_then(|it| it.email_address()),
        is_verified: contact.is_verified(),
        released: contact.released_for_good(),
        sign_ups: contact.sign_ups.clone(),
        sign_up_version: contact.sign_up_version,
        created_at: contact.created_at,
        version: contact.profile_version,
        balance: contact.wallet.balance(now),
        purchases: contact.purchase_count,
    }
}

fn purchase_view(contact: &Contact, kept: KeptPurchase) -> Answer {
    let kept = contact.shown_purchase(kept);
    Answer::Purchase(Box::new(PurchaseView {
        purchase: kept.purchase,
        cancelled_at: kept.cancelled_at,
        contact_own_id: contact.own_id.clone(),
        contact_code: Arc::clone(&contact.code),
        contact_profile: contact.profile.clone(),
        contact_is_erased: contact.stage == Stage::Erased,
    }))
}
