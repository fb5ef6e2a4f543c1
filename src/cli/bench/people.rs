//! People who register and sign in, as the generator plays them: in test mode, where what would be sent to them lies in an inbox, and from
//! many addresses, as people are.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::connection::{Answer, Failure, Keep, Link};
use super::requests::{API_KEY, LoadRequest};
use super::seed::Secret;
use super::target::Target;
use super::{BenchError, Plan};
use crate::limits::BENCH_INBOX_PAGES_MAX;

/// Addresses of this machine that connections come from, one after the other. A node counts requests and wrong guesses by address: from one
/// alone it would soon take none, as it should, and what was measured would be refusals.
#[derive(Debug)]
pub(super) struct Sources(AtomicU32);

impl Sources {
    /// Addresses that begin anywhere, so that a second run comes from others.
    ///
    /// # Errors
    /// When the target is not reached over IPv4 on this machine, or there is no randomness.
    pub(super) fn new(target: &Target) -> Result<Self, BenchError> {
        let address = target.address;
        if !(address.is_ipv4() && address.ip().is_loopback()) {
            return Err(BenchError::PeopleElsewhere { address });
        }
        let random = getrandom::u32().map_err(|error| BenchError::Random(error.into()))?;
        Ok(Self(AtomicU32::new(random)))
    }

    /// The next one.
    pub(super) fn next(&self) -> Ipv4Addr {
        let [_, second, third, fourth] = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        // All of 127.0.0.0/8 is this machine; its first and last 65,536 addresses have uses of their own.
        Ipv4Addr::new(127, second.clamp(1, 254), third, fourth)
    }
}

/// Why somebody came no further.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The node said no.
    Refused(Answer),
    /// There is no answer, or none that could be read.
    Failed(Failure),
}

impl Stopped {
    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Refused(answer) => {
                format!(
                    "{}: {}",
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                )
            }
            Self::Failed(failure) => failure.to_string(),
        }
    }
}

/// A code is on its way.
#[derive(Debug, Deserialize)]
pub(super) struct Challenged {
    auth_otp: String,
}

/// Somebody is signed in.
#[derive(Debug, Deserialize)]
pub(super) struct Entered {
    access_token: String,
    contact: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Inbox {
    content: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    recipient: Option<String>,
    code: Option<String>,
}

/// What people need to get in.
#[derive(Debug)]
pub(super) struct People {
    app: HeaderMap,
    office: HeaderMap,
    target: Target,
    register: Uri,
    validate: Uri,
    inbox: Vec<Uri>,
    /// What tells the people of this run from those of others.
    run: u64,
}

impl People {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the seed has no keys of test mode that fit in a header.
    pub(super) fn new(plan: &Plan) -> Result<Self, BenchError> {
        let lacks = BenchError::SeedLacks {
            what: "keys of test mode, where codes land in an inbox",
        };
        let keys = plan.seed.test.as_ref().ok_or(lacks)?;
        let target = &plan.target;
        // What others on as many connections were sent meanwhile comes before one's own.
        let size = plan.connections.saturating_mul(2).clamp(10, 100);
        let page = |page| {
            let path = format!("/backoffice/v2/test_inbox?size={size}&page={page}");
            target.request_target(&path)
        };
        Ok(Self {
            app: headers(&keys.self_service, target)?,
            office: headers(&keys.secret, target)?,
            register: target.request_target("/self-service/v2/contacts/register")?,
            validate: target.request_target("/self-service/v2/contacts/validate_otp")?,
            inbox: (1..=BENCH_INBOX_PAGES_MAX)
                .map(page)
                .collect::<Result<_, _>>()?,
            target: target.clone(),
            run: getrandom::u64().map_err(|error| BenchError::Random(error.into()))?,
        })
    }

    /// Where the app asks to sign in, and the headers that it does so with.
    ///
    /// # Errors
    /// When the base address does not fit.
    pub(super) fn desk(&self) -> Result<(Uri, HeaderMap), BenchError> {
        let path = "/self-service/v2/contacts/authenticate";
        Ok((self.target.request_target(path)?, self.app.clone()))
    }

    /// An e-mail address that nobody had before.
    pub(super) fn address(&self, number: u64) -> String {
        format!("bench-{:016x}-{number}@example.test", self.run)
    }

    /// Registers.
    pub(super) async fn register(
        &self,
        link: &mut Link,
        email: &str,
        password: Option<&str>,
    ) -> Result<Challenged, Stopped> {
        let mut identification = json!({ "provider": "EMAIL", "email": email });
        if let (Some(members), Some(password)) = (identification.as_object_mut(), password) {
            members.insert("password".to_owned(), password.into());
        }
        let body = json!({
            "first_name": "Bench", "last_name": "Mark", "identification": identification,
        });
        let request = post(&self.register, &self.app, &body);
        ask(link, request).await.map(|(challenged, _)| challenged)
    }

    /// Reads the code that was sent there.
    pub(super) async fn code(&self, link: &mut Link, email: &str) -> Result<String, Stopped> {
        for page in &self.inbox {
            let (inbox, _): (Inbox, _) = ask(link, get(page, &self.office)).await?;
            let mut messages = inbox.content.into_iter();
            let found = messages.find(|it| it.recipient.as_deref() == Some(email));
            if let Some(code) = found.and_then(|message| message.code) {
                return Ok(code);
            }
        }
        let missing = Failure::Unexpected("the code is not in the test inbox");
        Err(Stopped::Failed(missing))
    }

    /// Answers the code.
    pub(super) async fn validate(
        &self,
        link: &mut Link,
        challenged: &Challenged,
        code: &str,
    ) -> Result<Entered, Stopped> {
        let body = json!({ "auth_otp": challenged.auth_otp, "code": code });
        let request = post(&self.validate, &self.app, &body);
        ask(link, request).await.map(|(entered, _)| entered)
    }

    /// Reads itself.
    pub(super) async fn read(&self, link: &mut Link, entered: &Entered) -> Result<Answer, Stopped> {
        let unusable = || Stopped::Failed(Failure::Unexpected("a token that fits in no header"));
        let id = &entered.contact.id;
        let path = format!("/self-service/v2/contacts/{id}");
        let uri = self.target.request_target(&path);
        let mut headers = self.app.clone();
        headers.remove(API_KEY);
        let token = HeaderValue::from_str(&format!("Bearer {}", entered.access_token));
        headers.insert(AUTHORIZATION, token.map_err(|_invalid| unusable())?);
        let request = get(&uri.map_err(|_invalid| unusable())?, &headers);
        let (read, answer): (Named, _) = ask(link, request).await?;
        if read.id == *id {
            Ok(answer)
        } else {
            Err(Stopped::Failed(Failure::Unexpected("another contact")))
        }
    }
}

/// Asks, and reads what a success says.
async fn ask<T: DeserializeOwned>(
    link: &mut Link,
    request: LoadRequest,
) -> Result<(T, Answer), Stopped> {
    let answer = link.exchange(request, Keep::Body).await;
    let answer = answer.map_err(Stopped::Failed)?;
    if !answer.status.is_success() {
        return Err(Stopped::Refused(answer));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(read) => Ok((read, answer)),
        Err(_other) => Err(Stopped::Failed(Failure::Unexpected(
            "a success without what was asked for",
        ))),
    }
}

fn get(uri: &Uri, headers: &HeaderMap) -> LoadRequest {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers.clone();
    request
}

fn post(uri: &Uri, headers: &HeaderMap, body: &Value) -> LoadRequest {
    let mut request = get(uri, headers);
    *request.method_mut() = Method::POST;
    *request.body_mut() = Full::new(Bytes::from(body.to_string()));
    request
}

fn headers(key: &Secret, target: &Target) -> Result<HeaderMap, BenchError> {
    let unusable = |_| BenchError::SeedLacks {
        what: "API keys and base URL that fit in a header",
    };
    let mut key = HeaderValue::from_str(key.reveal()).map_err(unusable)?;
    key.set_sensitive(true);
    let host = HeaderValue::from_str(target.authority.as_str()).map_err(unusable)?;
    Ok(HeaderMap::from_iter([
        (HOST, host),
        (API_KEY, key),
        (USER_AGENT, HeaderValue::from_static("clientele-bench")),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::target::RemoteTargets;
    use super::*;

    #[tokio::test]
    async fn people_come_from_addresses_of_this_machine_that_differ() {
        let here = Target::resolve("http://127.0.0.1:9", RemoteTargets::Refused);
        let sources = Sources::new(&here.await.unwrap()).unwrap();
        let seen: Vec<Ipv4Addr> = (0..1_000).map(|_| sources.next()).collect();
        assert!(seen.iter().all(Ipv4Addr::is_loopback));
        assert!(!seen.contains(&Ipv4Addr::LOCALHOST), "a till's own");
        let different: HashSet<&Ipv4Addr> = seen.iter().collect();
        assert_eq!(different.len(), seen.len());
        for elsewhere in ["http://[::1]:9", "http://192.0.2.7:9"] {
            let target = Target::resolve(elsewhere, RemoteTargets::Allowed);
            let refused = Sources::new(&target.await.unwrap()).unwrap_err();
            let words = refused.to_string();
            assert!(words.contains("127.0.0.0/8"), "{words}");
        }
    }
}
