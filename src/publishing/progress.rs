//! How far a follower is, for readers who wait until it is as far as they need.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::limits;
use crate::persistence::feed::Feed;
use crate::persistence::follower::Error;
use crate::persistence::journal::Position;
use crate::persistence::store;

/// What the admin listener calls it.
const LAG: &str = "clientele_follower_lag_seconds";

/// Says what the metrics of followers are.
pub fn describe() {
    metrics::describe_gauge!(
        LAG,
        metrics::Unit::Seconds,
        "How old what a follower had built was, just before it took in more"
    );
}

/// How fresh what is read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It holds everything that was acknowledged before it was asked for.
    Current,
    /// It holds everything that was acknowledged so long ago, and perhaps more.
    Stale {
        /// How long ago.
        behind: Duration,
    },
}

/// The place of one follower in the feed.
pub(super) struct Progress {
    feed: Arc<Feed>,
    follower: &'static str,
    /// Unknown while nothing is built.
    reached: watch::Sender<Option<Position>>,
    /// When it last had everything.
    current_at: Mutex<Instant>,
    wake: Notify,
}

impl Progress {
    pub(super) fn new(follower: &'static str, feed: Arc<Feed>) -> Progress {
        Progress {
            feed,
            follower,
            reached: watch::Sender::new(None),
            current_at: Mutex::new(Instant::now()),
            wake: Notify::new(),
        }
    }

    /// Everything up to `position` is taken in; at `current_at` that was all there was, if it is said.
    pub(super) fn reach(&self, position: Position, current_at: Option<Instant>) {
        let mut known = self.current_at.lock();
        let lag = known.elapsed();
        *known = current_at.unwrap_or(*known);
        drop(known);
        metrics::gauge!(LAG, "follower" => self.follower).set(lag.as_secs_f64());
        self.reached.send_if_modified(|known| {
            let is_new = *known != Some(position);
            *known = Some(position);
            is_new
        });
    }

    /// What was built is gone.
    pub(super) fn lose(&self) {
        self.reached.send_replace(None);
    }

    /// Waits until everything that was acknowledged by now is taken in, for [`limits::LIST_WAIT_MAX`] at most.
    pub(super) async fn catch_up(&self) -> Freshness {
        let wanted = self.feed.durable();
        let mut reached = self.reached.subscribe();
        self.wake.notify_one();
        let arrived = reached.wait_for(|at| at.is_some_and(|at| at >= wanted));
        match tokio::time::timeout(limits::LIST_WAIT_MAX, arrived).await {
            Ok(Ok(_)) => Freshness::Current,
            Ok(Err(_)) | Err(_) => Freshness::Stale {
                behind: self.current_at.lock().elapsed(),
            },
        }
    }

    /// Takes one step after the other while there is more, then when somebody needs more or it is time to look; off the async threads where a
    /// step may block. Ends only by being dropped.
    pub(super) async fn drive<S>(&self, may_block: bool, step: S)
    where
        S: Fn() -> Result<bool, Error> + Clone + Send + 'static,
    {
        loop {
            let stepped = if may_block {
                let cancelled = |_| Err(Error::Store(store::Error::Cancelled));
                tokio::task::spawn_blocking(step.clone())
                    .await
                    .unwrap_or_else(cancelled)
            } else {
                step()
            };
            match stepped {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(follower = self.follower, %error, "a follower cannot go on; what it has built is stale");
                    tokio::time::sleep(limits::FOLLOW_ERROR_PAUSE).await;
                }
            }
            self.look_later().await;
        }
    }

    /// Waits until somebody needs more, or it is time to look.
    async fn look_later(&self) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = tokio::time::sleep(limits::FOLLOW_EVERY) => {}
        }
    }
}
