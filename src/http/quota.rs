//! How much each API key may ask for, and each tenant may have sent: rates, so that one caller's burst is not every caller's wait.

use std::num::NonZeroU32;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};

use super::misses::Misses;
use super::problem::{Code, Problem};
use crate::domain::address::{Address, Mode, TenantId};

/// The requests of every API key lately, and the codes that every tenant had sent.
pub struct Quota {
    requests: DefaultKeyedRateLimiter<Address>,
    codes: DefaultKeyedRateLimiter<(TenantId, Mode)>,
    clock: DefaultClock,
    /// Spend tokens that each API key presented and that were not good.
    pub misses: Misses,
}

impl Quota {
    /// Lets each key make `requests_per_second`, and as many at once after a quiet second; and lets each tenant have `codes_per_hour`
    /// sent in each mode.
    pub fn new(requests_per_second: NonZeroU32, codes_per_hour: NonZeroU32) -> Quota {
        let requests = governor::Quota::per_second(requests_per_second);
        let codes = governor::Quota::per_hour(codes_per_hour);
        Quota {
            requests: DefaultKeyedRateLimiter::dashmap(requests),
            codes: DefaultKeyedRateLimiter::dashmap(codes),
            clock: DefaultClock::default(),
            misses: Misses::default(),
        }
    }

    /// Counts a request of the key at `key`; over its rate, a 429 that says when to come again. Nothing has happened by then.
    pub fn admit(&self, key: &Address) -> Result<(), Problem> {
        self.requests.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Problem::new(
                Code::TooManyRequests,
                "this API key is over its rate; send the request again after the time in Retry-After",
            )
            .retry_after(wait)
        })
    }

    /// Counts a code that a tenant is asked to have sent, to whomever. Over its rate, a 429: somebody tries many numbers, or the tenant
    /// has outgrown the cap.
    pub fn admit_code(&self, tenant: TenantId, mode: Mode) -> Result<(), Problem> {
        self.codes.check_key(&(tenant, mode)).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Problem::new(
                Code::TooManyRequests,
                "too many codes were asked for; nothing was sent, try again after the time in Retry-After",
            )
            .retry_after(wait)
        })
    }

    /// Forgets whoever asked for nothing lately. To be called now and then: each key takes about 100 bytes until then.
    pub fn forget_idle(&self) {
        self.requests.retain_recent();
        self.requests.shrink_to_fit();
        self.codes.retain_recent();
        self.codes.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_so_many_codes_sent_in_each_mode_and_no_more() {
        let three = NonZeroU32::new(3).unwrap();
        let quota = Quota::new(NonZeroU32::MIN, three);
        let code = |tenant, mode| {
            quota
                .admit_code(TenantId(tenant), mode)
                .map_err(|it| it.code())
        };
        for _ in 0..3 {
            assert_eq!(code(1, Mode::Test), Ok(()));
        }
        assert_eq!(code(1, Mode::Test), Err(Code::TooManyRequests));
        quota.forget_idle();
        assert_eq!(code(1, Mode::Test), Err(Code::TooManyRequests));
        assert_eq!((code(1, Mode::Live), code(2, Mode::Test)), (Ok(()), Ok(())));
    }
}
