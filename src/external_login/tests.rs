//! ID tokens that are what they say, and all those that are not; and what the issuer is asked for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::egress::Guard;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// An issuer with one Ed25519 key, and how often it was asked.
struct Issuer {
    url: String,
    asked: Arc<AtomicUsize>,
    key: EncodingKey,
    _tasks: JoinSet<()>,
}

fn key_pair(seed: u8) -> (EncodingKey, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    let private = pair.to_pkcs8v1().unwrap();
    (EncodingKey::from_ed_der(private.as_ref()), public)
}

async fn issuer() -> Issuer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (key, public) = key_pair(1);
    let asked = Arc::new(AtomicUsize::new(0));
    let discovery = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"), "token_endpoint": format!("{url}/token"),
        "authorization_endpoint": format!("{url}/auth?already=there"),
    });
    let keys = json!({ "keys": [
        { "kty": "new", "kid": "unknown" },
        { "kty": "OKP", "crv": "Ed25519", "x": public, "kid": "one", "alg": "EdDSA", "use": "sig" },
    ] });
    let count = Arc::clone(&asked);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4_096];
            let read = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            count.fetch_add(1, Ordering::SeqCst);
            let body = match head.starts_with("GET /keys") {
                true => keys.to_string(),
                false => discovery.to_string(),
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    Issuer {
        url,
        asked,
        key,
        _tasks: tasks,
    }
}

impl Issuer {
    fn settings(&self) -> Settings {
        Settings {
            issuer: self.url.clone(),
            client_id: "app".into(),
            client_secret: None,
            redirect_urls: Vec::new(),
        }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.url, "aud": "app", "sub": "ada", "exp": NOW.unix_seconds() + 300,
            "iat": NOW.unix_seconds(), "nonce": "a nonce",
        })
    }

    fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("one".into());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn egress() -> Egress {
    Egress::new(Guard::parse("127.0.0.0/8").unwrap()).unwrap()
}

async fn swap(login: &ExternalLogin, issuer: &Issuer, token: &str) -> Result<String, Refused> {
    let settings = issuer.settings();
    let egress = egress();
    let swapped = login.swap(&egress, Service::Oidc, &settings, token, NOW);
    swapped.await.map(|person| person.subject)
}

#[tokio::test]
async fn a_token_of_the_issuer_vouches_and_its_keys_are_asked_for_once() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    let token = issuer.token(&issuer.claims());
    for _ in 0..3 {
        assert_eq!(swap(&login, &issuer, &token).await.unwrap(), "ada");
    }
    assert_eq!(issuer.asked(), 2, "its description and its keys");
}

#[tokio::test]
async fn what_the_claims_say_wrongly_is_refused_without_asking_anybody() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    let past = NOW.unix_seconds() - 61;
    for (claim, value) in [
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!(format!("{}/", issuer.url))),
        ("aud", json!("another app")),
        ("aud", json!(["another app"])),
        // For several, and issued to none of them by name.
        ("aud", json!(["app", "another app"])),
        ("azp", json!("another app")),
        ("exp", json!(past)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("nbf", json!(NOW.unix_seconds() + 61)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("sub", Value::Null),
    ] {
        let mut claims = issuer.claims();
        claims[claim] = value;
        let refused = swap(&login, &issuer, &issuer.token(&claims)).await;
        assert!(matches!(refused, Err(Refused::Invalid)), "{claims}");
    }
    assert_eq!(issuer.asked(), 0);
}

/// A token with this header, whose signature is `signature`.
fn made_up(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[tokio::test]
async fn a_header_that_leads_elsewhere_is_refused_without_asking_anybody() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    let claims = issuer.claims();
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": "one" }),
        json!({ "alg": "EdDSA", "kid": "one", "jku": issuer.url }),
        json!({ "alg": "EdDSA", "kid": "one", "x5u": issuer.url }),
        json!({ "alg": "EdDSA", "kid": "one", "jwk": {} }),
        json!({ "alg": "EdDSA", "kid": "one", "x5c": [] }),
        json!({ "alg": "EdDSA", "kid": "one", "crit": ["b64"] }),
        json!({ "alg": "EdDSA", "kid": "k".repeat(129) }),
        json!({ "alg": "EdDSA", "kid": "a key" }),
    ] {
        let token = made_up(&header, &claims, "AAAA");
        let refused = swap(&login, &issuer, &token).await;
        assert!(matches!(refused, Err(Refused::Invalid)), "{header}");
    }
    let long = "x".repeat(crate::limits::PROVIDER_TOKEN_BYTES_MAX + 1);
    for token in ["", "a.b", "a.b.c", "..", &long] {
        let refused = swap(&login, &issuer, token).await;
        assert!(matches!(refused, Err(Refused::Invalid)), "{token}");
    }
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn a_forged_signature_is_refused_and_has_the_issuer_asked_no_more_than_once() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    let good = issuer.token(&issuer.claims());
    let (forger, _) = key_pair(2);
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("one".into());
    let forged = jsonwebtoken::encode(&header, &issuer.claims(), &forger).unwrap();
    let mut other_claims = issuer.claims();
    other_claims["sub"] = json!("grace");
    let parts: Vec<_> = good.split('.').collect();
    let spliced = format!(
        "{}.{}.{}",
        parts[0],
        issuer.token(&other_claims).split('.').nth(1).unwrap(),
        parts[2]
    );
    header.kid = Some("unknown".into());
    let of_no_key = jsonwebtoken::encode(&header, &issuer.claims(), &forger).unwrap();
    header.kid = None;
    let of_any_key = jsonwebtoken::encode(&header, &issuer.claims(), &forger).unwrap();
    for token in [forged, spliced, of_no_key.clone(), of_no_key, of_any_key] {
        let refused = swap(&login, &issuer, &token).await;
        assert!(matches!(refused, Err(Refused::Invalid)), "{token}");
    }
    assert_eq!(issuer.asked(), 2);
    assert_eq!(swap(&login, &issuer, &good).await.unwrap(), "ada");
}

#[tokio::test]
async fn an_issuer_that_describes_another_or_does_not_answer_vouches_for_nobody() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    // Another name for the same place: its description names the other.
    let mut settings = issuer.settings();
    settings.issuer = issuer.url.replace("127.0.0.1", "localhost");
    let mut claims = issuer.claims();
    claims["iss"] = json!(settings.issuer);
    let token = issuer.token(&claims);
    let egress = Egress::new(Guard::parse("127.0.0.0/8, ::1").unwrap()).unwrap();
    for _ in 0..3 {
        let refused = login.swap(&egress, Service::Oidc, &settings, &token, NOW);
        assert!(matches!(refused.await, Err(Refused::NoAnswer(_))));
    }
    assert_eq!(issuer.asked(), 1, "it rests after a failure");
}

#[tokio::test]
async fn google_may_leave_the_scheme_of_its_name_out_and_nobody_else_may() {
    let known = |service, issuer: &str, iss: &str| {
        let settings = Settings {
            issuer: issuer.to_owned(),
            client_id: "app".into(),
            client_secret: None,
            redirect_urls: Vec::new(),
        };
        let expected = id_token::Expected {
            service,
            settings: &settings,
            nonce: Some("n"),
        };
        let claims =
            json!({ "iss": iss, "aud": "app", "sub": "ada", "exp": 1_900_000_000, "nonce": "n" });
        id_token::subject(&expected, &claims.to_string(), NOW)
    };
    let google = "https://accounts.google.com";
    assert!(known(Service::Google, google, google).is_some());
    assert!(known(Service::Google, google, "accounts.google.com").is_some());
    assert!(
        known(
            Service::Google,
            "https://other.example",
            "accounts.google.com"
        )
        .is_none()
    );
    let apple = "https://appleid.apple.com";
    assert!(known(Service::Apple, apple, "appleid.apple.com").is_none());
    assert!(known(Service::Oidc, google, "accounts.google.com").is_none());
}

#[tokio::test]
async fn a_nonce_that_was_sent_must_come_back() {
    let issuer = issuer().await;
    let settings = issuer.settings();
    let issuers = Issuers::new();
    let token = issuer.token(&issuer.claims());
    for (nonce, is_good) in [("a nonce", true), ("another", false)] {
        let expected = id_token::Expected {
            service: Service::Oidc,
            settings: &settings,
            nonce: Some(nonce),
        };
        let verified = id_token::verify(&egress(), &issuers, &expected, &token, NOW).await;
        assert_eq!(verified.is_ok(), is_good, "{nonce}");
    }
}

#[tokio::test]
async fn the_page_to_sign_in_on_is_sent_a_hash_of_the_verifier_and_never_itself() {
    let issuer = issuer().await;
    let login = ExternalLogin::new();
    // RFC 7636, appendix B.
    let begun = Begun {
        redirect_url: "https://app.example/back",
        state: "the state",
        nonce: "the nonce",
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    };
    let (egress, settings) = (egress(), issuer.settings());
    let url = login.authorization_url(&egress, &settings, &begun);
    let url = url.await.unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let get = |name: &str| {
        pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, it)| it.as_str())
    };
    assert_eq!(get("already"), Some("there"));
    assert_eq!(
        get("code_challenge"),
        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    );
    assert_eq!(get("code_challenge_method"), Some("S256"));
    assert_eq!(get("response_type"), Some("code"));
    assert_eq!(get("redirect_uri"), Some("https://app.example/back"));
    assert_eq!(
        (get("state"), get("nonce")),
        (Some("the state"), Some("the nonce"))
    );
    assert!(!url.as_str().contains(begun.verifier));
}

#[tokio::test]
async fn the_issuers_that_are_kept_are_bounded() {
    let issuers = Issuers::new();
    for number in 0..crate::limits::ISSUERS_KEPT_MAX + 10 {
        issuers.touch(&format!("https://{number}.example"));
    }
    assert_eq!(issuers.len(), crate::limits::ISSUERS_KEPT_MAX);
}
