//! The codes and letters that were recorded for sending lately, by who asked for them: so many in so long, as requests are counted; but what was
//! refused after all is given back, so that asking in vain uses nobody's share up.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use dashmap::DashMap;

use crate::domain::address::{Mode, TenantId};
use crate::domain::tenant::Rate;
use crate::limits::CALLERS_TOLD_APART_MAX;

/// Whose share a code is of, in one tenant and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Payer {
    /// What an address asks for by public keys and tokens of contacts.
    Address(IpAddr),
    /// What all of them ask for.
    Public,
    /// What tills and users ask for by secret keys and sessions.
    Secret,
}

/// All addresses that cannot be told apart any more.
const CROWD: Payer = Payer::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

/// A share of a tenant's codes. One that is set anew begins anew.
pub(super) type Share = (TenantId, Mode, Payer, Rate);

/// What each share owes.
#[derive(Default)]
pub(super) struct Codes(DashMap<Share, Debt>);

/// Of a rate of so many requests in so many seconds, each code costs the seconds in milliseconds, and each millisecond pays for as much as there
/// are requests: whole numbers, whatever the rate.
#[derive(Clone, Copy)]
struct Debt {
    owed: u64,
    since: Instant,
}

impl Debt {
    fn pay(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let whole = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let paid = whole.saturating_mul(rate.requests.into());
        self.owed = self.owed.saturating_sub(paid);
        // What is less than a millisecond is paid the next time.
        if self.owed == 0 {
            self.since = self.since.max(now);
        } else {
            self.since += Duration::from_millis(whole);
        }
    }
}

fn cost(rate: Rate) -> u64 {
    u64::from(rate.seconds).saturating_mul(1_000)
}

impl Codes {
    /// Takes one code of a share, or says how long to wait. What it was taken of is what it is given back to.
    pub(super) fn take(
        &self,
        (tenant, mode, payer, rate): Share,
        now: Instant,
    ) -> Result<Share, Duration> {
        let is_full = self.0.len() >= CALLERS_TOLD_APART_MAX;
        let payer = match payer {
            Payer::Address(_) if is_full => CROWD,
            payer => payer,
        };
        let share = (tenant, mode, payer, rate);
        let mut debt = self.0.entry(share).or_insert(Debt {
            owed: 0,
            since: now,
        });
        debt.pay(rate, now);
        let owed = debt.owed.saturating_add(cost(rate));
        let room = cost(rate).saturating_mul(rate.requests.into());
        match owed.saturating_sub(room) {
            0 => {
                debt.owed = owed;
                Ok(share)
            }
            over => {
                let wait = over.div_ceil(u64::from(rate.requests.max(1)));
                Err(Duration::from_millis(wait))
            }
        }
    }

    /// Gives back a code that was not recorded.
    pub(super) fn give_back(&self, share: Share) {
        if let Some(mut debt) = self.0.get_mut(&share) {
            debt.owed = debt.owed.saturating_sub(cost(share.3));
        }
    }

    /// Forgets the shares that are as good as new.
    pub(super) fn forget_idle(&self, now: Instant) {
        self.0.retain(|(.., rate), debt| {
            debt.pay(*rate, now);
            debt.owed > 0
        });
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        requests: 3,
        seconds: 60,
    };

    fn of(tenant: u64, mode: Mode, payer: Payer) -> Share {
        (TenantId(tenant), mode, payer, RATE)
    }

    #[test]
    fn a_share_has_so_many_codes_and_each_share_its_own() {
        let (codes, now) = (Codes::default(), Instant::now());
        let share = of(1, Mode::Test, Payer::Public);
        for _ in 0..3 {
            assert_eq!(codes.take(share, now), Ok(share));
        }
        assert_eq!(codes.take(share, now), Err(Duration::from_secs(20)));
        codes.forget_idle(now);
        assert!(codes.take(share, now).is_err(), "a debt is not forgotten");
        let address = |last| Payer::Address([192, 0, 2, last].into());
        for other in [
            of(1, Mode::Live, Payer::Public),
            of(2, Mode::Test, Payer::Public),
            of(1, Mode::Test, Payer::Secret),
            of(1, Mode::Test, address(7)),
            of(1, Mode::Test, address(8)),
        ] {
            assert_eq!(codes.take(other, now), Ok(other));
        }
    }

    #[test]
    fn what_was_given_back_can_be_taken_again_and_time_pays_for_the_rest() {
        let (codes, now) = (Codes::default(), Instant::now());
        let share = of(1, Mode::Test, Payer::Secret);
        for _ in 0..10 {
            codes.give_back(codes.take(share, now).unwrap());
        }
        for _ in 0..3 {
            codes.take(share, now).unwrap();
        }
        let after = |millis| now + Duration::from_millis(millis);
        assert_eq!(
            codes.take(share, after(5_000)),
            Err(Duration::from_secs(15))
        );
        assert_eq!(
            codes.take(share, after(19_999)),
            Err(Duration::from_millis(1))
        );
        assert_eq!(codes.take(share, after(20_000)), Ok(share));
        assert!(codes.take(share, after(20_000)).is_err());
        codes.forget_idle(after(200_000));
        assert!(codes.0.is_empty());
    }

    #[test]
    fn past_so_many_addresses_the_others_share_one_account_and_tills_keep_theirs() {
        let (codes, now) = (Codes::default(), Instant::now());
        let address = |number: u32| of(1, Mode::Test, Payer::Address(IpAddr::V4(number.into())));
        let most = u32::try_from(CALLERS_TOLD_APART_MAX).unwrap();
        for number in 1..=most {
            codes.take(address(number), now).unwrap();
        }
        let crowd = of(1, Mode::Test, CROWD);
        for more in 1..=3 {
            assert_eq!(codes.take(address(most + more), now), Ok(crowd));
        }
        assert!(codes.take(address(most + 4), now).is_err());
        let till = of(1, Mode::Test, Payer::Secret);
        assert_eq!(codes.take(till, now), Ok(till));
    }
}
