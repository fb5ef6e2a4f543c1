//! Where time comes from.

use crate::domain::address::{Mode, TenantId};
use crate::domain::time::Timestamp;

/// Tells the time. A node has one clock for all.
pub trait Clock: Send + Sync + 'static {
    /// The time on the wall: what credentials and idempotency go by.
    fn wall(&self) -> Timestamp;

    /// The time of business of a tenant in a mode.
    fn business(&self, tenant: TenantId, mode: Mode) -> Timestamp;
}

/// The machine's own clock, for every tenant and mode.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock that the rest of the program asks"
        )]
        let now = std::time::SystemTime::now();
        let since_epoch = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn business(&self, _tenant: TenantId, _mode: Mode) -> Timestamp {
        self.wall()
    }
}
