//! The one way to start a task: a panic in it is logged, and shutdown waits for it.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks and remembers them.
#[derive(Clone, Debug, Default)]
pub struct Spawner {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Spawner {
    /// A spawner that stops its tasks when `stop` is cancelled.
    pub fn new(stop: CancellationToken) -> Spawner {
        Spawner {
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Cancelled when tasks are to end.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Runs `task` to its end, even past [`Spawner::stop`]: for work that others wait for.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(task = name, "a task panicked");
            }
        });
    }

    /// Runs `task` until it ends or tasks are to end.
    pub fn spawn_until_stop(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let stop = self.stop.clone();
        self.spawn(name, async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Asks tasks to end and waits until they have.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
