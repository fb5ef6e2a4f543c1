//! The requests of a scenario, with everything that does not change built beforehand.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use serde_json::{Value, json};

use super::seed::{Contact, Seed};
use super::target::Target;
use super::{BenchError, Scenario};

/// What a request of the generator carries: all of it is known before it is sent.
pub(super) type LoadRequest = Request<Full<Bytes>>;

/// How many awards fill a wallet before spends are measured.
const FILLS_PER_CONTACT: u64 = 3;

const API_KEY: HeaderName = HeaderName::from_static("api_key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Makes the numbered requests of one scenario. Neighbouring numbers go to different contacts.
#[derive(Debug)]
pub(super) struct Requests {
    headers: HeaderMap,
    kind: Kind,
    /// The idempotency key of request 0. It is random, so that two runs against one node never replay each other.
    first_key: u64,
}

#[derive(Debug)]
enum Kind {
    /// The target, and for each contact the body up to where the request's own reference number goes.
    Purchase { target: Uri, bodies: Vec<Bytes> },
    /// The target of each contact.
    Read { targets: Vec<Uri> },
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
        let sale = json!({ "total": 10.00, "net": 8.40, "tax": 1.60, "discount": 0 });
        let spend = json!({ "amount": 0.01, "restrict_fully_covered": true });
        match scenario {
            Scenario::Award => Self::purchases(seed, target, &sale, None),
            Scenario::Spend => Self::purchases(seed, target, &sale, Some(&spend)),
            Scenario::Read => Self::reads(seed, target),
        }
    }

    /// The awards that fill every wallet before spends are measured: [`Self::fills`] of them. At an award of one per
    /// cent they cover 25,000 spends from each.
    ///
    /// # Errors
    /// As [`Self::of_scenario`].
    pub(super) fn of_filling(seed: &Seed, target: &Target) -> Result<Self, BenchError> {
        let sale = json!({ "total": 10_000.00, "net": 8_400.00, "tax": 1_600.00, "discount": 0 });
        Self::purchases(seed, target, &sale, None)
    }

    /// How many requests fill every wallet.
    pub(super) fn fills(seed: &Seed) -> u64 {
        FILLS_PER_CONTACT.saturating_mul(u64::try_from(seed.contacts.len()).unwrap_or(u64::MAX))
    }

    /// Builds the request with this number.
    pub(super) fn make(&self, number: u64) -> LoadRequest {
        let key = HeaderValue::from(self.first_key.wrapping_add(number));
        let mut headers = self.headers.clone();
        let (method, uri, body) = match &self.kind {
            Kind::Purchase { target, bodies } => {
                let start = pick(bodies, number).map_or(&[][..], |body| &body[..]);
                let body = finish_body(start, key.as_bytes());
                headers.insert(IDEMPOTENCY_KEY, key);
                (Method::POST, target.clone(), body)
            }
            Kind::Read { targets } => (
                Method::GET,
                pick(targets, number).cloned().unwrap_or_default(),
                Bytes::new(),
            ),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request
    }

    fn purchases(
        seed: &Seed,
        target: &Target,
        amounts: &Value,
        spend: Option<&Value>,
    ) -> Result<Self, BenchError> {
        let venues = seed.venues.iter().cycle();
        let bodies = seed.contacts.iter().zip(venues);
        let bodies = bodies
            .map(|(contact, venue)| start_body(contact, venue, amounts, spend))
            .collect();
        let uri = target.request_target("/backoffice/v2/purchases")?;
        let mut headers = headers(seed, target)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self::new(
            headers,
            Kind::Purchase {
                target: uri,
                bodies,
            },
        )
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
        let targets = targets.collect::<Result<_, _>>()?;
        Self::new(headers(seed, target)?, Kind::Read { targets })
    }

    fn new(headers: HeaderMap, kind: Kind) -> Result<Self, BenchError> {
        let random = getrandom::u64().map_err(|error| BenchError::Random(error.into()))?;
        // The top bits are fixed: all keys have the same length, and counting up from one cannot wrap round.
        Ok(Self {
            headers,
            kind,
            first_key: (random >> 2) | (1 << 62),
        })
    }
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

/// A purchase's body without its last member, `reference_number`, which [`finish_body`] adds.
fn start_body(contact: &Contact, venue: &str, amounts: &Value, spend: Option<&Value>) -> Bytes {
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
    let mut text = body.to_string();
    text.pop();
    text.push_str(",\"reference_number\":\"bench-");
    Bytes::from(text)
}

/// The reference number repeats the request's key, so that a purchase found later leads to the run that made it.
fn finish_body(start: &[u8], key: &[u8]) -> Bytes {
    let end = b"\"}";
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
