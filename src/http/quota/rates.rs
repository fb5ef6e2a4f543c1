//! Who has asked for how much lately: one limiter a rate, and in it an account a subject.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::tenant::Rate;
use crate::limits::CALLERS_TOLD_APART_MAX;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// An API key's.
    Key(Address),
    /// Those of an address to one tenant in one mode.
    Address(TenantId, Mode, IpAddr),
    /// Those of an address without a credential.
    Stranger(IpAddr),
    /// A contact's or user's, in one tenant and mode.
    Account(TenantId, Mode, Address),
    /// The messages to one destination, by its hash.
    Destination(TenantId, Mode, [u8; 32]),
    /// The questions of an address about who is known, to one tenant in one mode; those of all addresses.
    Asking(TenantId, Mode, Option<IpAddr>),
    /// Whoever lets guests in, from one address or all.
    Guests(TenantId, Mode, Option<IpAddr>),
    /// All that cannot be told apart any more.
    Crowd,
}

type Limiter =
    RateLimiter<Subject, DashMapStateStore<Subject>, DefaultClock, StateInformationMiddleware>;

/// The limiters of every rate that is in use.
#[derive(Default)]
pub(super) struct Rates {
    limiters: DashMap<Rate, Arc<Limiter>>,
    clock: DefaultClock,
}

impl Rates {
    /// Counts one request of `subject` against `rate`: how many more there may be at once, or how long to wait.
    pub(super) fn take(&self, rate: Rate, subject: &Subject) -> Result<u32, Duration> {
        let limiter = self.limiter(rate);
        let subject = match limiter.len() < CALLERS_TOLD_APART_MAX {
            true => subject,
            false => &Subject::Crowd,
        };
        match limiter.check_key(subject) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }

    fn limiter(&self, rate: Rate) -> Arc<Limiter> {
        if let Some(known) = self.limiters.get(&rate) {
            return Arc::clone(&known);
        }
        let new = || {
            let limiter = RateLimiter::dashmap(quota(rate));
            Arc::new(limiter.with_middleware())
        };
        Arc::clone(&self.limiters.entry(rate).or_insert_with(new))
    }

    /// Forgets whoever is as good as new, and the rates that count nobody.
    pub(super) fn forget_idle(&self) {
        for limiter in &self.limiters {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        self.limiters.retain(|_, limiter| !limiter.is_empty());
    }
}

fn quota(rate: Rate) -> Quota {
    let requests = NonZeroU32::new(rate.requests).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_secs(u64::from(rate.seconds)) / requests.get();
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(requests));
    quota.allow_burst(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        requests: 2,
        seconds: 3_600,
    };

    #[test]
    fn each_subject_has_the_rate_for_itself_and_is_told_what_is_left() {
        let rates = Rates::default();
        let one = Subject::Stranger([192, 0, 2, 7].into());
        let other = Subject::Stranger([192, 0, 2, 8].into());
        assert_eq!(rates.take(RATE, &one), Ok(1));
        assert_eq!(rates.take(RATE, &one), Ok(0));
        let wait = rates.take(RATE, &one).unwrap_err();
        assert!(wait > Duration::from_secs(1_700) && wait <= Duration::from_secs(1_800));
        assert_eq!(rates.take(RATE, &other), Ok(1));
        rates.forget_idle();
        assert!(
            rates.take(RATE, &one).is_err(),
            "whoever is over the rate is not forgotten"
        );
    }

    #[test]
    fn past_so_many_callers_the_others_share_one_account() {
        let rates = Rates::default();
        let subject = |number: u32| Subject::Stranger(IpAddr::V4(number.into()));
        let most = u32::try_from(CALLERS_TOLD_APART_MAX).unwrap();
        for number in 0..most {
            assert_eq!(rates.take(RATE, &subject(number)), Ok(1));
        }
        let crowd: Vec<_> = (0..3)
            .map(|more| rates.take(RATE, &subject(most + more)))
            .collect();
        assert_eq!(crowd[0], Ok(1));
        assert_eq!(crowd[1], Ok(0));
        assert!(crowd[2].is_err());
        assert_eq!(rates.limiter(RATE).len(), CALLERS_TOLD_APART_MAX + 1);
    }
}
