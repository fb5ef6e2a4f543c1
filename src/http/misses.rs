//! Tokens and codes that were presented and were not good, counted for each API key or contact: so that nobody tries numbers until one
//! fits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::problem::{Code, Problem};
use crate::domain::address::Address;
use crate::domain::address::Kind;
use crate::limits::{CLAIM_MISSES_MAX, SPEND_TOKEN_MISSES_MAX, SPEND_TOKEN_MISSES_WITHIN};

/// The misses of a key or a contact.
#[derive(Clone, Copy, Debug)]
struct Counted {
    since: Instant,
    misses: u32,
}

/// The misses of every key and contact lately. One entry for each that missed: no more than there are.
#[derive(Debug, Default)]
pub struct Misses(Mutex<HashMap<Address, Counted>>);

impl Misses {
    /// Refuses a key or a contact that missed too often, whatever it presents now.
    ///
    /// # Errors
    /// 429 that says when to come again.
    pub fn admit(&self, key: &Address) -> Result<(), Problem> {
        self.admit_at(key, Instant::now())
    }

    /// Counts a miss.
    pub fn count(&self, key: &Address) {
        self.count_at(key, Instant::now());
    }

    fn admit_at(&self, key: &Address, now: Instant) -> Result<(), Problem> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = match key.kind {
            Kind::Contact => CLAIM_MISSES_MAX,
            _ => SPEND_TOKEN_MISSES_MAX,
        };
        let left = counted.get(key).and_then(|it| it.left(most, now));
        match left {
            Some(wait) => Err(Problem::new(
                Code::TooManyRequests,
                "too many tokens or codes that were not good were presented with this credential; present others after the time in Retry-After",
            )
            .retry_after(wait)),
            None => Ok(()),
        }
    }

    fn count_at(&self, key: &Address, now: Instant) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|_, it| it.counts(now));
        let it = counted.entry(*key).or_insert(Counted {
            since: now,
            misses: 0,
        });
        it.misses = it.misses.saturating_add(1);
    }
}

impl Counted {
    fn counts(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < SPEND_TOKEN_MISSES_WITHIN
    }

    /// For how long whoever missed is refused, if it is.
    fn left(&self, most: u32, now: Instant) -> Option<Duration> {
        let is_over = self.misses >= most && self.counts(now);
        let passed = now.saturating_duration_since(self.since);
        is_over.then(|| SPEND_TOKEN_MISSES_WITHIN.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Kind, Mode, TenantId};

    fn key(entity: u64) -> Address {
        Address {
            tenant: TenantId(1),
            mode: Mode::Test,
            kind: Kind::ApiKey,
            entity,
        }
    }

    #[test]
    fn a_key_that_missed_too_often_waits_and_no_other_does() {
        let misses = Misses::default();
        let now = Instant::now();
        let admitted = |entity, at| misses.admit_at(&key(entity), at).map_err(|it| it.code());
        for _ in 0..SPEND_TOKEN_MISSES_MAX {
            assert_eq!(admitted(1, now), Ok(()));
            misses.count_at(&key(1), now);
        }
        assert_eq!(admitted(1, now), Err(Code::TooManyRequests));
        assert_eq!(admitted(2, now), Ok(()));
        let over = now + SPEND_TOKEN_MISSES_WITHIN;
        let almost = over - Duration::from_secs(1);
        assert_eq!(admitted(1, almost), Err(Code::TooManyRequests));
        assert_eq!(admitted(1, over), Ok(()));
    }
}
