//! How much each API key may ask for: a rate, so that one caller's burst is not every caller's wait.

use std::num::NonZeroU32;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};

use super::problem::{Code, Problem};
use crate::domain::address::Address;

/// The requests of every API key lately.
pub struct Quota {
    limiter: DefaultKeyedRateLimiter<Address>,
    clock: DefaultClock,
}

impl Quota {
    /// Lets each key make `per_second` requests a second, and as many at once after a quiet second.
    pub fn new(per_second: NonZeroU32) -> Quota {
        Quota {
            limiter: DefaultKeyedRateLimiter::dashmap(governor::Quota::per_second(per_second)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of the key at `key`; over its rate, a 429 that says when to come again. Nothing has happened by then.
    pub fn admit(&self, key: &Address) -> Result<(), Problem> {
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Problem::new(
                Code::TooManyRequests,
                "this API key is over its rate; send the request again after the time in Retry-After",
            )
            .retry_after(wait)
        })
    }

    /// Forgets the keys that were not used lately. To be called now and then: each key takes about 100 bytes until then.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}
