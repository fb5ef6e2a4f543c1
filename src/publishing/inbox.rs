//! What test mode would have sent: the newest one-time codes and tokens of each tenant, as references.
//!
//! Recipient and code are made when a message is read, from what the contact's entity still has: so nothing here can be read by
//! itself, and the erasure of a contact reaches it.
//!
//! What is kept lies in rows, and the place in the feed is written after them: a start finds what was there, and takes in once more what came
//! after the last flush.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::brake::Brake;
use super::message_rows::{MessageRows, asked_for};
use super::progress::{Freshness, Progress};
use crate::domain::address::{Mode, TenantId};
use crate::limits;
use crate::persistence::feed::{self, Feed, Pulled};
use crate::persistence::follower::{Error, Follower};
use crate::persistence::journal::Position;
use crate::persistence::rows::{self, Rows};
use crate::persistence::store::Store;
use crate::secrets::Secrets;

pub use crate::persistence::undelivered::{Letter, Message, Notice};

/// A message, and whether its row is written.
struct Kept {
    message: Message,
    is_written: bool,
}

#[derive(Default)]
struct State {
    /// The newest of each tenant, by the place of their records in the journal.
    kept: HashMap<TenantId, BTreeMap<Position, Kept>>,
    /// Rows of messages that gave way to newer ones.
    gone: Vec<Position>,
    /// Everything up to here was taken in.
    position: Position,
    /// The cursor in the rows.
    written: Position,
    /// The cursor that the last flush left there.
    flushed: Position,
    /// The cursor in synced rows.
    durable: Position,
    /// Whether rows were written since they were last synced.
    is_unsynced: bool,
}

/// The newest messages of each tenant.
pub struct Inbox {
    feed: Arc<Feed>,
    rows: Arc<dyn Rows>,
    secrets: Arc<Secrets>,
    brake: Brake,
    state: Mutex<State>,
    progress: Progress,
}

impl Inbox {
    const ROWS: MessageRows = MessageRows {
        name: "inbox",
        version: 1,
        lost: "the place of the test inbox cannot be read; it goes on from here",
    };

    /// An inbox over `rows`. `brake` holds it still, in tests.
    pub fn new(
        rows: Arc<dyn Rows>,
        feed: Arc<Feed>,
        secrets: Arc<Secrets>,
        brake: Brake,
    ) -> Arc<Inbox> {
        Arc::new(Inbox {
            progress: Progress::new(Self::ROWS.name, Arc::clone(&feed)),
            feed,
            rows,
            secrets,
            brake,
            state: Mutex::default(),
        })
    }

    /// Waits until everything that was acknowledged by now is taken in, for [`limits::LIST_WAIT_MAX`] at most.
    pub async fn catch_up(&self) -> Freshness {
        self.progress.catch_up().await
    }

    /// The messages of `tenant`, newest first: [`limits::INBOX_KEPT`] at most.
    pub fn newest(&self, tenant: TenantId) -> Vec<Message> {
        let state = self.state.lock();
        let kept = state.kept.get(&tenant).into_iter();
        let newest_first = kept.flat_map(|kept| kept.values().rev());
        newest_first.map(|it| it.message).collect()
    }

    /// Takes in one pull's effects; whether there may be more to do.
    fn step(&self) -> Result<bool, Error> {
        if self.brake.is_held() {
            return Ok(false);
        }
        let mut state = self.state.lock();
        let began = Instant::now();
        let max = limits::FOLLOW_EFFECTS_A_PULL;
        let Pulled { effects, reached } = match self.feed.pull(state.position, max) {
            // Only where the place is lost: what was dropped is older than the rows.
            Err(feed::Error::Trimmed { .. }) => {
                state.position = self.feed.trimmed_to();
                return Ok(true);
            }
            pulled => pulled?,
        };
        let has_more = effects.len() >= max;
        for fed in &effects {
            let messages = fed.effect.events.iter();
            for message in messages
                .filter_map(|event| asked_for(&self.secrets, Mode::Test, fed.address, event))
            {
                state.keep(fed.position, message, false);
            }
        }
        state.position = reached.max(state.position);
        let position = state.position;
        drop(state);
        self.progress.reach(position, (!has_more).then_some(began));
        Ok(has_more)
    }
}

impl State {
    fn keep(&mut self, place: Position, message: Message, is_written: bool) {
        let kept = self.kept.entry(message.tenant()).or_default();
        kept.entry(place).or_insert(Kept {
            message,
            is_written,
        });
        while kept.len() > limits::INBOX_KEPT {
            match kept.pop_first() {
                Some((oldest, before)) if before.is_written => self.gone.push(oldest),
                Some(_) => {}
                None => break,
            }
        }
    }
}

impl Follower for Inbox {
    fn name(&self) -> &'static str {
        Self::ROWS.name
    }

    fn begin(&self, store: &Store) -> Result<(), Error> {
        let stored = Self::ROWS.place(&*self.rows)?;
        let kept = Self::ROWS.stored(&*self.rows)?;
        let mut state = self.state.lock();
        // Without a place nothing was kept: it begins with what happens from now on.
        let position = stored.unwrap_or_else(|| store.mark());
        state.position = position;
        state.written = stored.unwrap_or_default();
        (state.flushed, state.durable) = (state.written, state.written);
        for (place, message) in kept {
            state.keep(place, message, true);
        }
        drop(state);
        self.progress.reach(position, None);
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let inbox = Arc::clone(&self);
            let step = move || inbox.step();
            self.progress.drive(self.rows.may_block(), step).await;
        })
    }

    fn flush(&self) -> Result<bool, rows::Error> {
        for _ in 0..limits::FEED_EFFECTS_MAX / limits::FOLLOW_EFFECTS_A_PULL {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the test inbox lags behind the checkpoint");
                    break;
                }
            }
        }
        let mut state = self.state.lock();
        if state.position != state.written {
            let all = state.kept.values().flatten();
            let new = all.filter(|(_, it)| !it.is_written);
            let new = new.map(|(place, it)| (*place, &it.message));
            let gone = state.gone.iter().copied();
            Self::ROWS.write(&*self.rows, new, gone, state.position)?;
            for kept in state.kept.values_mut().flat_map(BTreeMap::values_mut) {
                kept.is_written = true;
            }
            state.gone.clear();
            state.written = state.position;
            state.is_unsynced = true;
        }
        state.flushed = state.written;
        Ok(state.is_unsynced)
    }

    fn synced(&self) {
        let mut state = self.state.lock();
        state.durable = state.flushed;
        state.is_unsynced = false;
    }

    fn durable(&self) -> Position {
        self.state.lock().durable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{self, Challenge, Channel, CodeHash, Purpose};
    use crate::domain::address::{Address, Kind};
    use crate::domain::contact;
    use crate::domain::directory_entry::ValueHash;
    use crate::domain::entity::Event;
    use crate::domain::time::Timestamp;
    use crate::domain::user::{self, LetterKind};
    use crate::persistence::follower::bench::Bench;

    fn challenge(number: u32) -> Challenge {
        Challenge {
            number,
            purpose: Purpose::SignIn,
            channel: Channel::Sms,
            destination: ValueHash([7; 16]),
            nonce: [1; 16],
            code: CodeHash([2; 16]),
            issued_at: Timestamp(1),
            expires_at: Timestamp(2),
            wrong: 0,
        }
    }

    /// An inbox over what the bench has, as after a start.
    fn started(bench: &Bench, secrets: &Arc<Secrets>) -> Arc<Inbox> {
        let rows = Arc::clone(&bench.rows) as Arc<dyn Rows>;
        let feed = Arc::clone(&bench.feed);
        let inbox = Inbox::new(rows, feed, Arc::clone(secrets), Brake::default());
        inbox.begin(&bench.store).unwrap();
        inbox
    }

    fn number(message: &Message) -> u32 {
        match message {
            Message::Code(_, challenge) => challenge.number,
            Message::Letter(letter) => letter.number,
            Message::Notice(_) => 0,
        }
    }

    fn contact(tenant: u64, mode: Mode, entity: u64) -> Address {
        Address {
            tenant: TenantId(tenant),
            mode,
            kind: Kind::Contact,
            entity,
        }
    }

    fn asks(bench: &mut Bench, address: Address, number: u32) {
        let event = access::Event::Challenged(challenge(number));
        let event = Event::Contact(contact::Event::Access(Box::new(event)));
        bench.happens(address, event, Timestamp(1));
    }

    #[tokio::test]
    async fn each_tenant_has_its_newest_messages_of_test_mode_and_none_to_nobody() {
        let mut bench = Bench::new();
        let secrets = Arc::new(Secrets::derive(|_| [3; 32]));
        let decoy = secrets.decoy(&challenge(1).destination);
        let inbox = started(&bench, &secrets);
        asks(&mut bench, contact(2, Mode::Test, 5), 1);
        asks(&mut bench, contact(1, Mode::Live, 5), 2);
        let more = u32::try_from(limits::INBOX_KEPT).unwrap() + 10;
        for number in 10..10 + more {
            asks(&mut bench, contact(1, Mode::Test, 5), number);
        }
        // Last, so that nothing newer hides it.
        asks(&mut bench, contact(1, Mode::Test, decoy), 3);
        while inbox.step().unwrap() {}
        let newest = inbox.newest(TenantId(1));
        let numbers: Vec<_> = newest.iter().map(number).collect();
        assert!(
            numbers
                .iter()
                .eq((20..10 + more).rev().collect::<Vec<_>>().iter())
        );
        assert_eq!(numbers.len(), limits::INBOX_KEPT);
        let others = inbox.newest(TenantId(2));
        assert_eq!((others.len(), number(&others[0])), (1, 1));
        assert_eq!(inbox.newest(TenantId(3)), []);
    }

    #[tokio::test]
    async fn a_letter_is_shown_in_the_test_inbox_of_whoever_had_it_sent_and_in_no_other() {
        let mut bench = Bench::new();
        let secrets = Arc::new(Secrets::derive(|_| [3; 32]));
        let inbox = started(&bench, &secrets);
        let user = Address::user(5);
        let senders = [
            None,
            Some((TenantId(1), Mode::Live)),
            Some((TenantId(1), Mode::Test)),
            Some((TenantId(2), Mode::Test)),
        ];
        for (number, sender) in (1..).zip(senders) {
            let letter = user::Letter {
                number,
                purpose: user::Purpose::Reset,
                nonce: [1; 16],
                sender,
                issued_at: Timestamp(1),
                expires_at: Timestamp(2),
            };
            let sent = Event::User(user::Event::LetterSent(letter));
            bench.happens(user, sent, Timestamp(1));
        }
        while inbox.step().unwrap() {}
        let shown = |tenant, number| {
            vec![Message::Letter(Letter {
                tenant: TenantId(tenant),
                user: user.entity,
                number,
                kind: LetterKind::Reset,
                nonce: [1; 16],
                issued_at: Timestamp(1),
                until: Timestamp(2),
            })]
        };
        assert_eq!(inbox.newest(TenantId(1)), shown(1, 3));
        assert_eq!(inbox.newest(TenantId(2)), shown(2, 4));
        assert_eq!(inbox.newest(TenantId::PLATFORM), []);
    }

    #[tokio::test]
    async fn what_was_shown_before_a_start_is_shown_after_it_and_no_more_than_is_kept() {
        let mut bench = Bench::new();
        let secrets = Arc::new(Secrets::derive(|_| [3; 32]));
        let inbox = started(&bench, &secrets);
        asks(&mut bench, contact(1, Mode::Test, 5), 1);
        assert!(inbox.flush().unwrap());
        inbox.synced();
        // Not in rows yet when the node ends.
        asks(&mut bench, contact(1, Mode::Test, 5), 2);
        while inbox.step().unwrap() {}
        drop(inbox);
        let numbers =
            |inbox: &Inbox| -> Vec<u32> { inbox.newest(TenantId(1)).iter().map(number).collect() };
        let inbox = started(&bench, &secrets);
        assert_eq!(numbers(&inbox), [1]);
        while inbox.step().unwrap() {}
        assert_eq!(numbers(&inbox), [2, 1]);
        let more = u32::try_from(limits::INBOX_KEPT).unwrap();
        for number in 3..3 + more {
            asks(&mut bench, contact(1, Mode::Test, 5), number);
        }
        assert!(inbox.flush().unwrap());
        inbox.synced();
        drop(inbox);
        // What gave way has no row any more.
        let inbox = started(&bench, &secrets);
        let stored = Inbox::ROWS.stored(&*inbox.rows).unwrap();
        assert_eq!(stored.len(), limits::INBOX_KEPT);
        assert_eq!(numbers(&inbox), (3..3 + more).rev().collect::<Vec<_>>());
    }
}
