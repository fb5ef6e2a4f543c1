//! What is still to be sent: the codes to contacts and the tokens to users of live mode, in the order in which they were made, until each was
//! sent or has lapsed.
//!
//! It follows the feed, so a message is known here only once its code is durable. Rows are written before the cursor, so that a
//! restart finds what was not sent; what was sent since the last flush may be sent once more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Event;
use crate::domain::time::Span;
use crate::limits;
use crate::persistence::feed::{self, Feed, Pulled};
use crate::persistence::follower::{Error, Follower};
use crate::persistence::journal::Position;
use crate::persistence::rows::{self, Rows};
use crate::persistence::store::Store;
use crate::persistence::undelivered::Message;
use crate::publishing::brake::Brake;
use crate::publishing::message_rows::{MessageRows, asked_for};
use crate::publishing::progress::Progress;
use crate::secrets::Secrets;

/// Where a message stands in the queue: the place of its record in the journal, which is also the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64);

struct Waiting {
    message: Message,
    /// How often it was tried in vain.
    tries: u32,
    /// Whether its row is written.
    is_written: bool,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Key, Waiting>,
    /// Those that are not being sent right now, by when they are to be.
    due: BTreeSet<(Instant, Key)>,
    /// How many of each tenant are being sent.
    under_way: HashMap<TenantId, usize>,
    /// Rows of messages that need no more sending.
    gone: Vec<Key>,
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

/// The messages that are still to be sent.
pub struct Queue {
    feed: Arc<Feed>,
    rows: Arc<dyn Rows>,
    secrets: Arc<Secrets>,
    brake: Brake,
    state: Mutex<State>,
    progress: Progress,
    /// Woken when there may be something to send.
    pub(super) wake: Notify,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It needs no more sending.
    Done,
    /// It was not sent.
    InVain,
}

impl Queue {
    const ROWS: MessageRows = MessageRows {
        name: "delivery",
        version: 1,
        lost: "the place of delivery cannot be read; what was sent of late may be sent again",
    };

    /// A queue over `rows`. `brake` holds it still, in tests.
    pub fn new(
        rows: Arc<dyn Rows>,
        feed: Arc<Feed>,
        secrets: Arc<Secrets>,
        brake: Brake,
    ) -> Arc<Queue> {
        Arc::new(Queue {
            progress: Progress::new(Self::ROWS.name, Arc::clone(&feed)),
            feed,
            rows,
            secrets,
            brake,
            state: Mutex::default(),
            wake: Notify::new(),
        })
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out what is to be sent by `now`, at most `room`, and of each tenant no more than may be under way.
    pub(super) fn take(&self, now: Instant, room: usize) -> Vec<(Key, Message)> {
        let mut state = self.state.lock();
        let State {
            waiting,
            due,
            under_way,
            ..
        } = &mut *state;
        let mut taken = Vec::new();
        for (at, key) in due.iter() {
            if *at > now || taken.len() >= room {
                break;
            }
            let Some(one) = waiting.get(key) else {
                continue;
            };
            let busy = under_way.entry(one.message.tenant()).or_default();
            if *busy < limits::DELIVERIES_A_TENANT_AT_ONCE {
                *busy = busy.saturating_add(1);
                taken.push((*at, *key, one.message));
            }
        }
        for (at, key, _) in &taken {
            due.remove(&(*at, *key));
        }
        taken
            .into_iter()
            .map(|(_, key, message)| (key, message))
            .collect()
    }

    /// Says what became of a message that was taken.
    pub(super) fn tried(&self, key: Key, tried: Tried, now: Instant) {
        let mut state = self.state.lock();
        let State {
            waiting,
            due,
            under_way,
            gone,
            ..
        } = &mut *state;
        let Some(one) = waiting.get_mut(&key) else {
            return;
        };
        if let Some(busy) = under_way.get_mut(&one.message.tenant()) {
            *busy = busy.saturating_sub(1);
        }
        under_way.retain(|_, busy| *busy > 0);
        match tried {
            Tried::InVain => {
                let at = now.checked_add(pause_after(one.tries)).unwrap_or(now);
                one.tries = one.tries.saturating_add(1);
                due.insert((at, key));
            }
            Tried::Done => {
                if one.is_written {
                    gone.push(key);
                }
                waiting.remove(&key);
            }
        }
    }

    /// Takes in one pull's effects; whether there may be more to do.
    fn step(&self) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if self.brake.is_held() || state.waiting.len() >= limits::DELIVERIES_WAITING_MAX {
            return Ok(false);
        }
        let began = Instant::now();
        let max = limits::FOLLOW_EFFECTS_A_PULL;
        let Pulled { effects, reached } = match self.feed.pull(state.position, max) {
            // Only where the place is lost: what was dropped is older than the rows that hold what waited.
            Err(feed::Error::Trimmed { .. }) => {
                state.position = self.feed.trimmed_to();
                return Ok(true);
            }
            pulled => pulled?,
        };
        let has_more = effects.len() >= max;
        let mut found = false;
        for fed in &effects {
            let messages = fed.effect.events.iter();
            let messages = messages.filter_map(|event| self.message(fed.address, event));
            for message in messages {
                state.add(Key(fed.position.0), message, false, began);
                found = true;
            }
        }
        state.position = reached.max(state.position);
        let position = state.position;
        drop(state);
        self.progress.reach(position, (!has_more).then_some(began));
        if found {
            self.wake.notify_one();
        }
        Ok(has_more)
    }

    /// The message that an event asks for, if it asks for one that leaves.
    fn message(&self, address: Address, event: &Event) -> Option<Message> {
        let mut message = asked_for(&self.secrets, Mode::Live, address, event)?;
        if let Message::Letter(letter) = &mut message {
            let tried = Span::seconds(limits::LETTER_TRIED_FOR_S);
            letter.until = letter.until.min(letter.issued_at.after(tried));
        }
        Some(message)
    }
}

/// How long a message rests that was tried in vain so often before.
fn pause_after(tries: u32) -> Duration {
    let doubled = 1_u32.checked_shl(tries).unwrap_or(u32::MAX);
    let pause = limits::DELIVERY_PAUSE_MIN.checked_mul(doubled);
    pause
        .unwrap_or(limits::DELIVERY_PAUSE_MAX)
        .min(limits::DELIVERY_PAUSE_MAX)
}

impl State {
    fn add(&mut self, key: Key, message: Message, is_written: bool, due: Instant) {
        let one = Waiting {
            message,
            tries: 0,
            is_written,
        };
        if self.waiting.insert(key, one).is_none() {
            self.due.insert((due, key));
        }
    }
}

impl Follower for Queue {
    fn name(&self) -> &'static str {
        Self::ROWS.name
    }

    fn begin(&self, _: &Store) -> Result<(), Error> {
        let stored = Self::ROWS.place(&*self.rows)?;
        let waiting = Self::ROWS.stored(&*self.rows)?;
        let mut state = self.state.lock();
        // Without a place, whatever the journal still has is looked through: what has lapsed is not sent.
        let position = stored.unwrap_or_else(|| self.feed.trimmed_to());
        state.position = position;
        state.written = stored.unwrap_or_default();
        (state.flushed, state.durable) = (state.written, state.written);
        let now = Instant::now();
        for (place, message) in waiting {
            state.add(Key(place.0), message, true, now);
        }
        drop(state);
        self.progress.reach(position, Some(now));
        self.wake.notify_one();
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let queue = Arc::clone(&self);
            let step = move || queue.step();
            self.progress.drive(self.rows.may_block(), step).await;
        })
    }

    fn flush(&self) -> Result<bool, rows::Error> {
        for _ in 0..limits::FEED_EFFECTS_MAX / limits::FOLLOW_EFFECTS_A_PULL {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "delivery lags behind the checkpoint");
                    break;
                }
            }
        }
        let mut state = self.state.lock();
        let has_new = state.waiting.values().any(|one| !one.is_written);
        if has_new || !state.gone.is_empty() || state.position != state.written {
            let new = state.waiting.iter().filter(|(_, one)| !one.is_written);
            let new = new.map(|(key, one)| (Position(key.0), &one.message));
            let gone = state.gone.iter().map(|key| Position(key.0));
            Self::ROWS.write(&*self.rows, new, gone, state.position)?;
            for one in state.waiting.values_mut() {
                one.is_written = true;
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
