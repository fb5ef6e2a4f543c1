//! How much each caller may ask for: rates by key, address, account and destination, so that one caller's burst is not every caller's
//! wait, and a guesser comes to nothing.
//!
//! [`Quota::admit`] counts a request once its credential is known, [`Quota::admit_stranger`] one whose credential is none; each answer tells
//! where its caller stands, in the `RateLimit` headers. [`Quota::guess`] stands around everything that takes a code or a password, and
//! [`Quota::code`] around everything that has one sent.
//!
//! All of it is in this node's memory and lost with it: what must outlive a restart (wrong answers by account and destination, and how
//! often one is sent to) is counted by their actors.

mod client;
mod codes;
mod guesses;
mod rates;
mod standing;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Instant;

use http::request::Parts;

pub use self::client::Client;
use self::codes::{Codes, Payer};
use self::guesses::Guesses;
use self::rates::{Rates, Subject};
use self::standing::Standing;
use super::misses::Misses;
use super::problem::{Code, Problem};
use crate::actors::router::{PublishedKey, Router};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::api_key::Visibility;
use crate::domain::tenant::{Rate, RateLimits};
use crate::limits;
use crate::network::Networks;

/// Where a rate limit comes from that no tenant has set, and whom this node believes about addresses.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of every key, if the operator has set one.
    pub requests_per_second_per_key: Option<NonZeroU32>,
    /// Of every address whose requests have no credential that works.
    pub anonymous_requests_per_minute_per_address: NonZeroU32,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
}

/// Who makes a request, as far as its credentials say.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// In whose world.
    pub world: (TenantId, Mode),
    /// The API key.
    pub key: Option<&'a PublishedKey>,
    /// The contact or user.
    pub account: Option<Address>,
}

/// Who has a code sent.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// In whose world.
    pub world: (TenantId, Mode),
    /// From where a public key or the token of a contact came; a secret key and a user may come from anywhere.
    pub stranger_at: Option<IpAddr>,
}

/// The requests of every caller lately, the codes that every tenant had sent, and the wrong ones of every address.
pub struct Quota {
    options: Options,
    rates: Rates,
    codes: Codes,
    guesses: Guesses,
    /// Spend tokens that each API key presented and that were not good.
    pub misses: Misses,
}

impl Quota {
    /// Nobody has asked for anything yet.
    pub fn new(options: Options) -> Quota {
        Quota {
            options,
            rates: Rates::default(),
            codes: Codes::default(),
            guesses: Guesses::default(),
            misses: Misses::default(),
        }
    }

    /// Where a request comes from: its peer, or who stands before the proxies that are believed.
    pub fn client(&self, parts: &Parts) -> IpAddr {
        client::of(parts, &self.options.trusted_proxies)
    }

    /// Counts a request by whoever has presented a credential that works. The answer tells where the caller stands.
    ///
    /// # Errors
    /// A 429 that says when to come again. Nothing has happened by then.
    pub async fn admit(
        &self,
        router: &Router,
        client: IpAddr,
        presented: Presented<'_>,
    ) -> Result<(), Problem> {
        let (tenant, mode) = presented.world;
        let set = rate_limits(router, tenant, mode).await;
        let mut standings = Vec::new();
        let outcome = self.count(&set, client, &presented, &mut standings);
        standing::tell(&standings);
        outcome
    }

    fn count(
        &self,
        set: &RateLimits,
        client: IpAddr,
        presented: &Presented<'_>,
        standings: &mut Vec<Standing>,
    ) -> Result<(), Problem> {
        let mut is_server = false;
        if let Some(key) = presented.key {
            is_server = key.key.details.visibility == Visibility::Secret;
            let subject = Subject::Key(key.address);
            if let Some(rate) = self.options.requests_per_second_per_key {
                let (requests, seconds) = (rate.get(), 1);
                self.take("node", Rate { requests, seconds }, &subject, standings)?;
            }
            let rate = match is_server {
                true => set.secret_key,
                false => set.public_key.or(Some(Rate {
                    requests: limits::PUBLIC_KEY_REQUESTS_PER_SECOND,
                    seconds: 1,
                })),
            };
            if let Some(rate) = rate {
                self.take("key", rate, &subject, standings)?;
            }
        }
        let (tenant, mode) = presented.world;
        // A server speaks for many: its address says nothing.
        if !is_server {
            let rate = set.address.unwrap_or(Rate {
                requests: limits::ADDRESS_REQUESTS_PER_MINUTE,
                seconds: 60,
            });
            let subject = Subject::Address(tenant, mode, client);
            self.take("address", rate, &subject, standings)?;
        }
        if let Some(account) = presented.account {
            let rate = set.account.unwrap_or(Rate {
                requests: limits::ACCOUNT_REQUESTS_PER_MINUTE,
                seconds: 60,
            });
            let subject = Subject::Account(tenant, mode, account);
            self.take("account", rate, &subject, standings)?;
        }
        Ok(())
    }

    /// Counts a request of an address that has presented no credential that works.
    ///
    /// # Errors
    /// A 429.
    pub fn admit_stranger(&self, client: IpAddr) -> Result<(), Problem> {
        let rate = Rate {
            requests: self.options.anonymous_requests_per_minute_per_address.get(),
            seconds: 60,
        };
        let mut standings = Vec::new();
        let outcome = self.take("address", rate, &Subject::Stranger(client), &mut standings);
        standing::tell(&standings);
        outcome
    }

    /// Counts a message to a phone number or an e-mail address, known or not, where the tenant wants fewer than the platform allows.
    ///
    /// # Errors
    /// A 429. Nothing was sent.
    pub async fn admit_destination(
        &self,
        router: &Router,
        (tenant, mode): (TenantId, Mode),
        destination: &str,
    ) -> Result<(), Problem> {
        let set = rate_limits(router, tenant, mode).await;
        let Some(rate) = set.destination else {
            return Ok(());
        };
        let hash = *blake3::hash(destination.as_bytes()).as_bytes();
        let subject = Subject::Destination(tenant, mode, hash);
        let mut standings = Vec::new();
        let outcome = self.take("destination", rate, &subject, &mut standings);
        standing::tell(&standings);
        outcome
    }

    /// Counts a question whether anybody is known by something: these are for a person who types, and for nobody who goes through a list.
    ///
    /// # Errors
    /// A 429. Nothing was looked up.
    pub fn admit_question(
        &self,
        (tenant, mode): (TenantId, Mode),
        client: IpAddr,
    ) -> Result<(), Problem> {
        let of_address = Rate {
            requests: limits::EXISTENCE_QUESTIONS_PER_ADDRESS,
            seconds: limits::EXISTENCE_QUESTIONS_SECONDS,
        };
        let of_all = Rate {
            requests: limits::EXISTENCE_QUESTIONS_PER_TENANT,
            seconds: limits::EXISTENCE_QUESTIONS_SECONDS,
        };
        self.take_both(
            [of_address, of_all],
            |who| Subject::Asking(tenant, mode, who),
            client,
        )
    }

    /// Counts somebody who is let in and proves nothing: each leaves a contact behind, at nobody's cost but ours.
    ///
    /// # Errors
    /// A 429. Nobody was let in.
    pub fn admit_guest(
        &self,
        (tenant, mode): (TenantId, Mode),
        client: IpAddr,
    ) -> Result<(), Problem> {
        let of_address = Rate {
            requests: limits::GUESTS_PER_ADDRESS,
            seconds: limits::GUESTS_SECONDS,
        };
        let of_all = Rate {
            requests: limits::GUESTS_PER_TENANT,
            seconds: limits::GUESTS_SECONDS,
        };
        self.take_both(
            [of_address, of_all],
            |who| Subject::Guests(tenant, mode, who),
            client,
        )
    }

    fn take_both(
        &self,
        [of_address, of_all]: [Rate; 2],
        subject: impl Fn(Option<IpAddr>) -> Subject,
        client: IpAddr,
    ) -> Result<(), Problem> {
        let mut standings = Vec::new();
        for (policy, rate, who) in [("address", of_address, Some(client)), ("key", of_all, None)] {
            self.take(policy, rate, &subject(who), &mut standings)?;
        }
        Ok(())
    }

    fn take(
        &self,
        policy: &'static str,
        rate: Rate,
        subject: &Subject,
        standings: &mut Vec<Standing>,
    ) -> Result<(), Problem> {
        let taken = self.rates.take(rate, subject);
        standings.push(Standing {
            policy,
            rate,
            left: taken,
        });
        taken.map(drop).map_err(|wait| {
            let detail = match policy {
                "address" => {
                    "too many requests come from this address; send the request again after the time in Retry-After"
                }
                "account" => {
                    "this account is over its rate; send the request again after the time in Retry-After"
                }
                "destination" => {
                    "too many messages to this destination were asked for; nothing was sent, try again after the time in Retry-After"
                }
                _ => "this API key is over its rate; send the request again after the time in Retry-After",
            };
            Problem::new(Code::TooManyRequests, detail).retry_after(wait)
        })
    }

    /// Lets somebody try a code or a password: `attempt`, whose refusal as a wrong one counts against the address in that tenant and mode.
    ///
    /// # Errors
    /// Those of `attempt`; a 429 for an address with too many wrong ones, even if this one were right. Nothing has happened by then.
    pub async fn guess<T>(
        &self,
        router: &Router,
        (tenant, mode): (TenantId, Mode),
        client: IpAddr,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let guesser = (tenant, mode, client);
        let now = router.wall();
        // Counted before, so that as many at once find as many counted.
        self.guesses.count(guesser, now).map_err(|wait| {
            Problem::new(
                Code::TooManyRequests,
                "too many wrong codes or passwords came from this address; try again after the time in Retry-After",
            )
            .retry_after(wait)
        })?;
        let answer = attempt.await;
        let is_wrong = answer
            .as_ref()
            .is_err_and(|problem| problem.code().is_wrong_guess());
        if !is_wrong {
            self.guesses.give_back(guesser);
        }
        answer
    }

    /// Has `send` record a code, or a letter, as one of those of whoever asks for it: strangers have so many an address and so many in all, and the
    /// business's own tills and users have theirs. What `send` refuses costs nothing, nor what was recorded before, as `is_new` tells.
    ///
    /// # Errors
    /// Those of `send`; a 429 for too many. Nothing was sent then.
    pub async fn code<T: Send>(
        &self,
        router: &Router,
        asker: Asker,
        is_new: impl FnOnce(&T) -> bool,
        send: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let (tenant, mode) = asker.world;
        let set = rate_limits(router, tenant, mode).await;
        let an_hour = |set: Option<Rate>, requests| {
            let seconds = limits::CODES_SECONDS;
            set.unwrap_or(Rate { requests, seconds })
        };
        let shares = match asker.stranger_at {
            Some(address) => [
                Some((
                    Payer::Address(address),
                    an_hour(set.address_codes, limits::CODES_PER_ADDRESS),
                    "too many codes were asked for from this address; nothing was sent, try again after the time in Retry-After",
                )),
                Some((
                    Payer::Public,
                    an_hour(set.public_codes, limits::CODES_OF_STRANGERS),
                    "too many codes were asked for by apps; nothing was sent, try again after the time in Retry-After",
                )),
            ],
            None => [
                Some((
                    Payer::Secret,
                    an_hour(set.secret_codes, limits::CODES_OF_THE_BUSINESS),
                    "too many codes were asked for by secret keys and users; nothing was sent, try again after the time in Retry-After",
                )),
                None,
            ],
        };
        // Taken before, so that as many at once find as many taken.
        let mut taken = Vec::with_capacity(shares.len());
        for (payer, rate, detail) in shares.into_iter().flatten() {
            match self.codes.take((tenant, mode, payer, rate), Instant::now()) {
                Ok(share) => taken.push(share),
                Err(wait) => {
                    taken.into_iter().for_each(|it| self.codes.give_back(it));
                    return Err(Problem::new(Code::TooManyRequests, detail).retry_after(wait));
                }
            }
        }
        // Whoever goes away meanwhile has paid: the code may be recorded.
        let sent = send.await;
        let is_paid = match &sent {
            Ok(sent) => is_new(sent),
            Err(problem) => problem.code() == Code::UnknownOutcome,
        };
        if !is_paid {
            taken.into_iter().for_each(|it| self.codes.give_back(it));
        }
        sent
    }

    /// Forgets whoever asked for nothing lately. To be called now and then: each caller takes about 100 bytes until then.
    pub fn forget_idle(&self) {
        self.rates.forget_idle();
        self.codes.forget_idle(Instant::now());
    }
}

/// What the tenant has set; nothing, while it cannot be told.
async fn rate_limits(router: &Router, tenant: TenantId, mode: Mode) -> RateLimits {
    let view = router.tenant_view(tenant, mode).await;
    view.map(|view| view.rate_limits).unwrap_or_default()
}
