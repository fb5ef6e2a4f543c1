//! Follows the feed for a projection: takes effects in, keeps the lists' ends, writes them with the cursor, and lets
//! readers wait until it is as far as they need.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::blocks::{self, Keys};
use super::lists::Lists;
use super::network::Network;
use super::select::{Listed, Reader, Refused, Selection};
use super::{Brake, Freshness, Line, ListKey, Projection, rebuild};
use crate::limits;
use crate::persistence::codec;
use crate::persistence::feed::{Feed, Pulled};
use crate::persistence::follower::{Error, Follower};
use crate::persistence::journal::Position;
use crate::persistence::listing::Cursor;
use crate::persistence::rows::{self, Rows, Write};
use crate::persistence::store::{self, Store};
use crate::publishing::progress::Progress;

/// What a projector builds.
pub(super) struct State {
    pub(super) lists: Lists,
    pub(super) network: Network,
    /// Everything up to here is in the lists.
    pub(super) position: Position,
    /// The cursor in the rows.
    written: Position,
    /// The cursor that the last flush left in the rows: the sync after it makes that one durable, and no later one.
    flushed: Position,
    /// The cursor in synced rows.
    durable: Position,
    /// Scratch: the lines of one effect.
    lines: Vec<Line>,
}

impl State {
    /// Writes what was built with a cursor at the state's position, in one batch.
    pub(super) fn write<P: Projection>(&mut self, rows: &dyn Rows) -> Result<bool, rows::Error> {
        if self.position == self.written {
            return Ok(false);
        }
        let mut writes = self.lists.writes();
        writes.extend(self.network.writes());
        writes.push(cursor_write::<P>(self.position));
        rows.write(writes)?;
        self.lists.written();
        self.network.written();
        self.written = self.position;
        Ok(true)
    }

    fn place_at(&mut self, position: Position) {
        self.position = position;
        self.written = position;
        self.flushed = position;
        self.durable = position;
    }
}

fn cursor_write<P: Projection>(position: Position) -> Write {
    let cursor = Cursor {
        version: P::VERSION,
        position,
    };
    let key = store::cursor_key(P::NAME);
    blocks::put(key, codec::encode_cursor(&cursor))
}

/// A projection that follows the feed.
pub struct Projector<P> {
    feed: Arc<Feed>,
    rows: Arc<dyn Rows>,
    keys: Keys,
    brake: Brake,
    state: Mutex<State>,
    progress: Progress,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> Projector<P> {
    /// The projector over `store`'s rows, before anything else is in them: where rows and journal are new, or the rows were lost
    /// and the journal is whole, everything will come through the feed. `brake` holds it still, in tests.
    ///
    /// # Errors
    /// The rows cannot be read or written.
    pub fn open(
        store: &Store,
        feed: Arc<Feed>,
        brake: Brake,
    ) -> Result<Arc<Projector<P>>, store::Error> {
        let rows = store.rows();
        if rows.scan(&[], None, 1)?.is_empty() && feed.trimmed_to() == Position::START {
            rows.write(vec![cursor_write::<P>(Position::START)])?;
        }
        let keys = Keys::of(P::NAME);
        let state = State {
            lists: Lists::new(Arc::clone(&rows), keys.clone()),
            network: Network::new(Arc::clone(&rows), keys.clone()),
            position: Position::START,
            written: Position::START,
            flushed: Position::START,
            durable: Position::START,
            lines: Vec::new(),
        };
        Ok(Arc::new(Projector {
            progress: Progress::new(P::NAME, Arc::clone(&feed)),
            feed,
            rows,
            keys,
            brake,
            state: Mutex::new(state),
            projection: PhantomData,
        }))
    }

    /// The place of the stored cursor, if what was built up to it can be gone on with.
    fn stored_place(&self) -> Result<Option<Position>, store::Error> {
        let Some(row) = self.rows.get(&store::cursor_key(P::NAME))? else {
            return Ok(None);
        };
        let cursor = match codec::decode_cursor(&row.payload) {
            Ok(cursor) => cursor,
            Err(error) => {
                tracing::warn!(projection = P::NAME, %error, "a cursor cannot be read");
                return Ok(None);
            }
        };
        let is_known = cursor.version == P::VERSION;
        let is_reached = (self.feed.trimmed_to()..=self.feed.durable()).contains(&cursor.position);
        Ok((is_known && is_reached).then_some(cursor.position))
    }

    /// Takes in one pull's effects; whether the feed may have more.
    pub(super) fn advance(&self) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if self.brake.is_held() {
            return Ok(false);
        }
        let began = Instant::now();
        let max = limits::FOLLOW_EFFECTS_A_PULL;
        let Pulled { effects, reached } = self.feed.pull(state.position, max)?;
        let has_more = effects.len() >= max;
        let taken = state.position;
        let State {
            lists,
            network,
            position,
            lines,
            ..
        } = &mut *state;
        for fed in &effects {
            lines.clear();
            P::project(&fed.address, &fed.effect.events, network, lines)?;
            lists.add(lines)?;
            *position = fed.position;
        }
        *position = reached.max(taken);
        if state.lists.unwritten() >= limits::LIST_ENTRIES_UNWRITTEN_MAX {
            state.write::<P>(&*self.rows)?;
        }
        state.lists.shrink();
        let position = state.position;
        drop(state);
        self.progress.reach(position, (!has_more).then_some(began));
        Ok(has_more)
    }

    /// Waits until everything that was acknowledged by now is in the lists, for [`limits::LIST_WAIT_MAX`] at most.
    pub async fn catch_up(&self) -> Freshness {
        self.progress.catch_up().await
    }

    /// Chooses from a list, newest first.
    ///
    /// # Errors
    /// The selection is too broad, or the rows cannot be read.
    pub async fn select(
        self: &Arc<Self>,
        list: ListKey,
        selection: Selection,
    ) -> Result<Listed, Refused> {
        if !self.rows.may_block() {
            return self.select_now(list, &selection);
        }
        let projector = Arc::clone(self);
        match tokio::task::spawn_blocking(move || projector.select_now(list, &selection)).await {
            Ok(selected) => selected,
            Err(_cut_short) => Err(Refused::Store(store::Error::Cancelled)),
        }
    }

    #[cfg(test)]
    pub(super) fn unwritten(&self) -> usize {
        self.state.lock().lists.unwritten()
    }

    pub(super) fn select_now(
        &self,
        list: ListKey,
        selection: &Selection,
    ) -> Result<Listed, Refused> {
        let snapshot = self.state.lock().lists.snapshot(&list)?;
        let reader = Reader {
            rows: &*self.rows,
            keys: &self.keys,
            list,
            snapshot,
        };
        reader.select(selection)
    }
}

impl<P: Projection> Follower for Projector<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn begin(&self, store: &Store) -> Result<(), Error> {
        let stored = self.stored_place()?;
        let mut state = self.state.lock();
        match stored {
            Some(position) => state.place_at(position),
            None => {
                tracing::info!(projection = P::NAME, "a projection is built anew");
                rebuild::rebuild::<P>(&mut state, &self.keys, &self.rows, store)?;
                let position = state.position;
                state.place_at(position);
            }
        }
        self.progress.reach(state.position, Some(Instant::now()));
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let projector = Arc::clone(&self);
            let step = move || projector.advance();
            self.progress.drive(self.rows.may_block(), step).await;
        })
    }

    fn flush(&self) -> Result<bool, rows::Error> {
        // What the ring holds, but not a long journal: a checkpoint does not wait for that.
        for _ in 0..limits::FEED_EFFECTS_MAX / limits::FOLLOW_EFFECTS_A_PULL {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(projection = P::NAME, %error, "a projection lags behind the checkpoint");
                    break;
                }
            }
        }
        let mut state = self.state.lock();
        // Also what was written before, without a sync: then the rows must be synced for its sake.
        let is_written = state.write::<P>(&*self.rows)?;
        state.flushed = state.written;
        Ok(is_written || state.flushed != state.durable)
    }

    fn synced(&self) {
        let mut state = self.state.lock();
        state.durable = state.flushed;
    }

    fn durable(&self) -> Position {
        self.state.lock().durable
    }
}
