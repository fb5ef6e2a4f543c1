//! One actor an entity, the same for every kind.
//!
//! It loads its entity when it starts, and gives each message a turn. When it ends, it waits for its last append.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::append::Append;
use super::envelope::{Message, Unavailable};
use super::publications::Publication;
use super::router::Router;
use super::shard::Shard;
use super::turn::{Flow, Turn};
use crate::domain::address::Address;
use crate::domain::entity::Entity;
use crate::domain::remembered::RECENT_IN_MEMORY;
use crate::domain::time::Dues;

/// The newest append of an entity, known to its supervisor as well: it outlives a panic.
#[derive(Default)]
pub(super) struct LastAppend {
    newest: Mutex<Option<Arc<Append>>>,
    /// Shared with the appends: the sequence of the newest that is durable.
    pub(super) durable_seq: Arc<AtomicU64>,
}

impl LastAppend {
    /// The newest append, if there was one in this life.
    pub(super) fn get(&self) -> Option<Arc<Append>> {
        self.newest.lock().clone()
    }

    pub(super) fn set(&self, append: Arc<Append>) {
        *self.newest.lock() = Some(append);
    }
}

/// The actor.
pub(super) struct EntityActor;

/// What an actor is started with.
pub(super) struct Arguments {
    pub(super) address: Address,
    pub(super) router: Router,
    pub(super) shard: Arc<Shard>,
    pub(super) last_append: Arc<LastAppend>,
}

/// A live entity.
pub(super) struct Live {
    place: Arguments,
    /// None if its rows cannot be read.
    entity: Option<Entity>,
    /// When the timers' index was last told that it is due.
    due: Dues,
}

impl Actor for EntityActor {
    type Msg = Message;
    type State = Live;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        place: Arguments,
    ) -> Result<Live, ActorProcessingErr> {
        Ok(Live {
            place,
            entity: None,
            due: Dues::default(),
        })
    }

    async fn post_start(
        &self,
        _: ActorRef<Message>,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        let core = live.place.shard.core();
        let began = Instant::now();
        match core
            .store
            .load(live.place.shard.id(), live.place.address)
            .await
        {
            Ok(mut entity) => {
                live.place
                    .last_append
                    .durable_seq
                    .store(entity.seq, Ordering::Release);
                drop(entity.spill(RECENT_IN_MEMORY));
                live.due = entity.next_due();
                if let Some(publication) = Publication::of(&entity) {
                    core.publish_loaded(live.place.address, publication);
                }
                live.entity = Some(entity);
            }
            Err(error) => tracing::error!(
                kind = live.place.address.kind.name(), %error, "an entity's rows cannot be read"
            ),
        }
        metrics::histogram!("clientele_activation_seconds").record(began.elapsed());
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        let taken_up_at = Instant::now();
        let Some(entity) = live.entity.take() else {
            message.refuse(Unavailable::Unreadable);
            // Told to go, so that the next message tries to read the rows again.
            myself.stop(None);
            return Ok(());
        };
        let mut turn = Turn {
            place: &live.place,
            entity,
            due: &mut live.due,
            taken_up_at,
            just_sealed: None,
        };
        let flow = match message {
            Message::Command(envelope) => turn.command(envelope).await,
            // Boxed: single commands, which are most, need not make room for it.
            Message::Series(series) => Box::pin(turn.series(series)).await,
            Message::Query(envelope) => turn.query(envelope).await,
            Message::FireTimers(permit) => turn.fire_timers(permit),
        };
        live.entity = Some(turn.entity);
        if flow == Flow::Lost {
            myself.stop(None);
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Message>,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(append) = live.place.last_append.get() {
            append.wait().await;
        }
        Ok(())
    }
}
