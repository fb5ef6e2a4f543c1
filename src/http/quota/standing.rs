//! Where a caller stands, for its answer: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::domain::tenant::Rate;
use crate::http::edge;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// One rate, and what is left of it to the caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// By what it counts.
    pub(super) policy: &'static str,
    /// The rate.
    pub(super) rate: Rate,
    /// How many more requests there may be at once; or how long to wait for the next.
    pub(super) left: Result<u32, Duration>,
}

impl Standing {
    /// Seconds until all of the rate is there again, or, with nothing left, until one request is.
    fn resets_in(&self) -> u64 {
        match self.left {
            Ok(left) => {
                let used = u64::from(self.rate.requests.saturating_sub(left));
                let all = u64::from(self.rate.requests.max(1));
                (used * u64::from(self.rate.seconds)).div_ceil(all)
            }
            Err(wait) => wait
                .as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0)),
        }
    }
}

/// Puts them on the answer of the request that this task works on.
pub(super) fn tell(standings: &[Standing]) {
    let (policy, limit) = texts(standings);
    for (name, text) in [(POLICY, policy), (LIMIT, limit)] {
        match HeaderValue::from_str(&text) {
            Ok(value) if !text.is_empty() => edge::on_the_answer(name, value),
            Ok(_) | Err(_) => {}
        }
    }
}

fn texts(standings: &[Standing]) -> (String, String) {
    let (mut policy, mut limit) = (String::new(), String::new());
    for one in standings {
        let comma = if policy.is_empty() { "" } else { ", " };
        let Rate { requests, seconds } = one.rate;
        let left = one.left.unwrap_or(0);
        let written = write!(policy, "{comma}\"{}\";q={requests};w={seconds}", one.policy)
            .and_then(|()| {
                write!(
                    limit,
                    "{comma}\"{}\";r={left};t={}",
                    one.policy,
                    one.resets_in()
                )
            });
        debug_assert!(written.is_ok(), "text takes whatever is written to it");
    }
    (policy, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_says_the_rate_what_is_left_and_when_there_is_more() {
        let standing = |policy, requests, seconds, left| Standing {
            policy,
            rate: Rate { requests, seconds },
            left,
        };
        let wait = Err(Duration::from_millis(1_200));
        let standings = [
            standing("key", 10, 1, Ok(7)),
            standing("address", 60, 60, Ok(59)),
            standing("account", 5, 60, wait),
        ];
        let (policy, limit) = texts(&standings);
        assert_eq!(
            policy,
            "\"key\";q=10;w=1, \"address\";q=60;w=60, \"account\";q=5;w=60"
        );
        assert_eq!(
            limit,
            "\"key\";r=7;t=1, \"address\";r=59;t=1, \"account\";r=0;t=2"
        );
        assert_eq!(texts(&[]), (String::new(), String::new()));
    }
}
