//! The requests of a scenario, with everything that does not change built beforehand.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use serde_json::{Value, json};

use super::seed::{Contact, Seed};
use super::target::Target;
use super::{BenchError, Scenario, batches};
use crate::limits::{BENCH_BATCH_BODIES_MAX, BENCH_MIX};

/// What a request of the generator carries: all of it is known before it is sent.
pub(super) type LoadRequest = Request<Full<Bytes>>;

/// How many awards fill a wallet before spends are measured.
const FILLS_PER_CONTACT: u64 = 3;

pub(super) const API_KEY: HeaderName = HeaderName::from_static("api_key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Makes the numbered requests of one scenario. Neighbouring numbers go to different contacts, where there are several.
#[derive(Debug)]
pub(super) struct Requests {
    operations: Vec<Operation>,
    /// The idempotency key of request 0. It is random, so that two runs against one node never replay each other.
    first_key: u64,
}

/// One of the things that a scenario does, and how often.
#[derive(Debug)]
struct Operation {
    /// How many requests do this, of as many as all shares are together.
    share: u64,
    headers: HeaderMap,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The target, and for each contact the body up to where the request's own reference number goes.
    Purchase { target: Uri, bodies: Vec<Bytes> },
    /// The target, and bodies up to where the number of the device goes. Each batch comes from a device of its own, so that none
    /// is a repetition of another.
    Batch { target: Uri, bodies: Vec<Bytes> },
    /// The target of each contact.
    Read { targets: Vec<Uri> },
    /// The target, and bodies of people who are known.
    Login { target: Uri, bodies: Vec<Bytes> },
    /// The target, and the body up to where the number of an e-mail address goes that nobody has.
    Stranger { target: Uri, start: Bytes },
}

impl Requests {
    /// The requests that a scenario measures.
    ///
    /// # Errors
    /// When an id or key of the seed cannot stand in a request.
    pub(super) fn of_scenario(
        scenario: Scenario,
        seed: &Seed,
        target: &Target,
    ) -> Result<Self, BenchError> {
        let everyone = &seed.contacts[..];
        let award = |contacts| Operation::purchases(seed, contacts, target, &small_sale(), None);
        let spend = || {
            let spend = json!({ "amount": 0.01, "restrict_fully_covered": true });
            Operation::purchases(seed, everyone, target, &small_sale(), Some(&spend))
        };
        let operations = match scenario {
            Scenario::Award => vec![award(everyone)?],
            Scenario::HotContact => vec![award(everyone.get(..1).unwrap_or(everyone))?],
            Scenario::Spend => vec![spend()?],
            Scenario::Read => vec![Operation::reads(seed, target)?],
            Scenario::Batch => vec![Operation::batches(seed, target)?],
            // A login is several requests, of which each needs the answer to the one before; a storm has those that it was told.
            Scenario::OtpLogin | Scenario::LoginStorm => Vec::new(),
            Scenario::Mixed => {
                let mut operations =
                    vec![award(everyone)?, spend()?, Operation::reads(seed, target)?];
                for (operation, share) in operations.iter_mut().zip(BENCH_MIX) {
                    operation.share = share;
                }
                operations
            }
        };
        Self::new(operations)
    }

    /// The awards that fill every wallet before spends are measured: [`Self::fills`] of them. At an award of one per
    /// cent they cover 25,000 spends from each.
    ///
    /// # Errors
    /// As [`Self::of_scenario`].
    pub(super) fn of_filling(seed: &Seed, target: &Target) -> Result<Self, BenchError> {
        let sale = json!({ "total": 10_000.00, "net": 8_400.00, "tax": 1_600.00, "discount": 0 });
        let fill = Operation::purchases(seed, &seed.contacts, target, &sale, None)?;
        Self::new(vec![fill])
    }

    /// Attempts to sign in: so many of a hundred as strangers, with `wrong`, and the others as those whom `right` is for, by turns.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(super) fn of_logins(
        target: Uri,
        headers: HeaderMap,
        right: &[Value],
        wrong: Value,
        wrong_percent: u32,
    ) -> Result<Self, BenchError> {
        let wrong_percent = u64::from(wrong_percent);
        let bodies = right.iter().map(|body| Bytes::from(body.to_string()));
        Self::new(vec![
            Operation {
                share: 100_u64.saturating_sub(wrong_percent),
                headers: headers.clone(),
                kind: Kind::Login {
                    target: target.clone(),
                    bodies: bodies.collect(),
                },
            },
            Operation {
                share: wrong_percent,
                headers,
                kind: Kind::Stranger {
                    target,
                    start: start_body(wrong, "username"),
                },
            },
        ])
    }

    /// How many requests fill every wallet.
    pub(super) fn fills(seed: &Seed) -> u64 {
        FILLS_PER_CONTACT.saturating_mul(u64::try_from(seed.contacts.len()).unwrap_or(u64::MAX))
    }

    /// Builds the request with this number.
    pub(super) fn make(&self, number: u64) -> LoadRequest {
        let mut request = Request::new(Full::default());
        let Some(operation) = self.operation(number) else {
            return request;
        };
        let key = HeaderValue::from(self.first_key.wrapping_add(number));
        *request.headers_mut() = operation.headers.clone();
        match &operation.kind {
            Kind::Purchase { target, bodies } => {
                *request.method_mut() = Method::POST;
                *request.uri_mut() = target.clone();
                *request.body_mut() = Full::new(finish_body(bodies, number, key.as_bytes()));
                request.headers_mut().insert(IDEMPOTENCY_KEY, key);
            }
            Kind::Batch { target, bodies } => {
                *request.method_mut() = Method::POST;
                *request.uri_mut() = target.clone();
                *request.body_mut() = Full::new(finish_body(bodies, number, key.as_bytes()));
            }
            Kind::Login { target, bodies } => {
                *request.method_mut() = Method::POST;
                *request.uri_mut() = target.clone();
                let body = pick(bodies, number).cloned().unwrap_or_default();
                *request.body_mut() = Full::new(body);
            }
            Kind::Stranger { target, start } => {
                *request.method_mut() = Method::POST;
                *request.uri_mut() = target.clone();
                let body = finish(start, key.as_bytes(), b"@example.test\"}");
                *request.body_mut() = Full::new(body);
            }
            Kind::Read { targets } => {
                *request.uri_mut() = pick(targets, number).cloned().unwrap_or_default();
            }
        }
        request
    }

    /// Whether the answers to its requests say in their bodies how many purchases were recorded.
    pub(super) fn are_batches(&self) -> bool {
        self.operations
            .iter()
            .any(|operation| matches!(operation.kind, Kind::Batch { .. }))
    }

    /// What the request with this number does.
    ///
    /// The multiples of the golden ratio, without their whole part, fill the interval from 0 to 1 evenly however many are
    /// taken, and so do every second or every hundredth of them. So any stretch of a run and any one contact's requests have
    /// the stated shares.
    fn operation(&self, number: u64) -> Option<&Operation> {
        const GOLDEN_RATIO_OF_2_64: u64 = 0x9E37_79B9_7F4A_7C15;
        let shares: u64 = self
            .operations
            .iter()
            .map(|operation| operation.share)
            .sum();
        let place = u128::from(number.wrapping_mul(GOLDEN_RATIO_OF_2_64));
        let mut point = u64::try_from((place * u128::from(shares)) >> 64).unwrap_or(0);
        self.operations.iter().find(|operation| {
            let is_it = point < operation.share;
            point = point.saturating_sub(operation.share);
            is_it
        })
    }

    fn new(operations: Vec<Operation>) -> Result<Self, BenchError> {
        let random = getrandom::u64().map_err(|error| BenchError::Random(error.into()))?;
        // The top bits are fixed: all keys have the same length, and counting up from one cannot wrap round.
        Ok(Self {
            operations,
            first_key: (random >> 2) | (1 << 62),
        })
    }
}

impl Operation {
    fn purchases(
        seed: &Seed,
        contacts: &[Contact],
        target: &Target,
        amounts: &Value,
        spend: Option<&Value>,
    ) -> Result<Self, BenchError> {
        let venues = seed.venues.iter().cycle();
        let bodies = contacts.iter().zip(venues);
        let bodies = bodies
            .map(|(contact, venue)| {
                start_body(purchase(contact, venue, amounts, spend), "reference_number")
            })
            .collect();
        let target_uri = target.request_target("/backoffice/v2/purchases")?;
        Ok(Self {
            share: 1,
            headers: headers_of_json(seed, target)?,
            kind: Kind::Purchase {
                target: target_uri,
                bodies,
            },
        })
    }

    fn batches(seed: &Seed, target: &Target) -> Result<Self, BenchError> {
        let whole = seed.contacts.len().div_ceil(batches::PURCHASES);
        let mut purchases = seed.contacts.iter().zip(seed.venues.iter().cycle()).cycle();
        let bodies = (0..whole.clamp(1, BENCH_BATCH_BODIES_MAX)).map(|_| {
            let items: Vec<Value> = (0_u64..)
                .zip(purchases.by_ref().take(batches::PURCHASES))
                .map(|(sequence, (contact, venue))| {
                    let purchase = purchase(contact, venue, &small_sale(), None);
                    json!({ "sequence": sequence, "purchase": purchase })
                })
                .collect();
            start_body(json!({ "purchases": items }), "device_id")
        });
        Ok(Self {
            share: 1,
            headers: headers_of_json(seed, target)?,
            kind: Kind::Batch {
                target: target.request_target("/backoffice/v2/purchases/batch")?,
                bodies: bodies.collect(),
            },
        })
    }

    fn reads(seed: &Seed, target: &Target) -> Result<Self, BenchError> {
        let path = |contact: &Contact| match &contact.wallet_id {
            Some(wallet) => format!("/backoffice/v2/wallets/{wallet}"),
            None => format!("/backoffice/v2/contacts/{}", contact.id),
        };
        let targets = seed
            .contacts
            .iter()
            .map(|contact| target.request_target(&path(contact)));
        Ok(Self {
            share: 1,
            headers: headers(seed, target)?,
            kind: Kind::Read {
                targets: targets.collect::<Result<_, _>>()?,
            },
        })
    }
}

fn small_sale() -> Value {
    json!({ "total": 10.00, "net": 8.40, "tax": 1.60, "discount": 0 })
}

fn headers_of_json(seed: &Seed, target: &Target) -> Result<HeaderMap, BenchError> {
    let mut headers = headers(seed, target)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

fn headers(seed: &Seed, target: &Target) -> Result<HeaderMap, BenchError> {
    let unusable = |_| BenchError::SeedLacks {
        what: "API key and base URL that fit in a header",
    };
    let mut key = HeaderValue::from_str(seed.secret.reveal()).map_err(unusable)?;
    key.set_sensitive(true);
    let host = HeaderValue::from_str(target.authority.as_str()).map_err(unusable)?;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(HOST, host);
    headers.insert(API_KEY, key);
    headers.insert(USER_AGENT, HeaderValue::from_static("clientele-bench"));
    Ok(headers)
}

/// A purchase without a reference number.
fn purchase(contact: &Contact, venue: &str, amounts: &Value, spend: Option<&Value>) -> Value {
    let mut body = json!({
        "contact": { "id": contact.id },
        "organisation": { "id": venue },
        "transaction_amounts": amounts,
        "classification": { "name": "PURCHASE" },
        "currency_code": "EUR",
    });
    if let (Some(members), Some(spend)) = (body.as_object_mut(), spend) {
        members.insert("spend_request".to_owned(), spend.clone());
    }
    body
}

/// A body without its last member, which [`finish_body`] adds: a name that repeats the request's key, so that what is found
/// later leads to the run that made it.
fn start_body(body: Value, last: &str) -> Bytes {
    let mut text = body.to_string();
    text.pop();
    text.push_str(&format!(",\"{last}\":\"bench-"));
    Bytes::from(text)
}

fn finish_body(starts: &[Bytes], number: u64, key: &[u8]) -> Bytes {
    let start = pick(starts, number).map_or(&[][..], |start| &start[..]);
    finish(start, key, b"\"}")
}

fn finish(start: &[u8], key: &[u8], end: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(start.len() + key.len() + end.len());
    body.put_slice(start);
    body.put_slice(key);
    body.put_slice(end);
    body.freeze()
}

fn pick<T>(items: &[T], number: u64) -> Option<&T> {
    let count = u64::try_from(items.len()).ok()?;
    items.get(usize::try_from(number.checked_rem(count)?).ok()?)
}
