//! The test clock: the time of business in test mode.
pub(super) mod advance;
pub(super) mod get;

use serde::Serialize;
use utoipa::ToSchema;

use crate::actors::router::TestClock;

/// The test clock.
#[derive(Debug, Serialize, ToSchema)]
struct WireTestClock {
    /// The time of business in test mode, in Unix seconds.
    now: i64,
    /// By how many seconds that is ahead of the clock on the wall.
    ahead_s: i64,
}

impl From<TestClock> for WireTestClock {
    fn from(clock: TestClock) -> WireTestClock {
        WireTestClock {
            now: clock.now.unix_seconds(),
            ahead_s: clock.ahead.0 / 1_000,
        }
    }
}
