//! Contacts that sign in by accounts elsewhere, at a small provider of our own.

use std::collections::HashMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::routing::{get, post};
use axum::{Json, Router};
use clientele::clock::Clock;
use data_encoding::BASE64URL_NOPAD;
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::client::Answer;
use crate::node::TestNode;

const APP: &str = "the-tenants-app";
const BACK: &str = "https://app.example.test/back";
const PHONE: &str = "+447566224396";

/// A provider of OpenID Connect, which also answers as Facebook does. A code of its page is the nonce that it was asked with.
struct Provider {
    url: String,
    key: EncodingKey,
    expires_at: i64,
    _tasks: JoinSet<()>,
}

fn signed(key: &EncodingKey, issuer: &str, who: &str, nonce: &str, expires_at: i64) -> String {
    let claims = json!({
        "iss": issuer, "aud": APP, "sub": who, "nonce": nonce, "iat": expires_at - 300, "exp": expires_at,
    });
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("one".to_owned());
    jsonwebtoken::encode(&header, &claims, key).unwrap()
}

impl Provider {
    async fn start(expires_at: i64) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        let described = json!({
            "issuer": url, "jwks_uri": format!("{url}/keys"), "token_endpoint": format!("{url}/token"),
            "authorization_endpoint": format!("{url}/auth"),
        });
        let keys = json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "x": public, "kid": "one", "alg": "EdDSA", "use": "sig" },
        ] });
        let of_facebook =
            json!({ "data": { "app_id": APP, "is_valid": true, "user_id": "FACEBOOK" } });
        let (own_key, issuer) = (key.clone(), url.clone());
        let redeem = async move |form: String| {
            let sent: HashMap<_, _> = form_urlencoded::parse(form.as_bytes())
                .into_owned()
                .collect();
            let token = signed(&own_key, &issuer, "OIDC_OAUTH", &sent["code"], expires_at);
            Json(json!({ "id_token": token, "token_type": "Bearer" }))
        };
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || Json(described.clone())),
            )
            .route("/keys", get(async move || Json(keys.clone())))
            .route("/debug_token", get(async move || Json(of_facebook.clone())))
            .route("/token", post(redeem));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Provider {
            url,
            key,
            expires_at,
            _tasks: tasks,
        }
    }

    /// What an app gets there for `who`.
    fn token(&self, who: &str) -> String {
        signed(&self.key, &self.url, who, "", self.expires_at)
    }
}

async fn of_the_back_office(node: &TestNode, path: &str, body: &Value) {
    let ask = node.post(path, body);
    ask.with("api_key", &node.secret_key("test")).send().await;
}

/// The contact of an answer.
fn id_of(answer: &Answer) -> String {
    answer.json()["contact"]["id"].as_str().unwrap().to_owned()
}

pub(super) async fn signing_in_by_accounts(node: TestNode) {
    let provider = Provider::start(node.clock.wall().unix_seconds() + 300).await;
    for kind in ["GOOGLE", "APPLE", "FACEBOOK", "OIDC_OAUTH"] {
        let settings = json!({
            "type": kind, "issuer": provider.url, "client_id": APP, "client_secret": "shared", "redirect_urls": [BACK],
        });
        of_the_back_office(&node, "/identity_providers", &settings).await;
        let token = provider.token(kind);
        let identity =
            json!({ "provider": kind, "token": token, "sub": kind, "application_id": "app" });
        let body = json!({
            "first_name": "Ada", "last_name": "Byron", "contact_type": "COMPANY", "company_name": "Analytical Engines",
            "identification": identity,
        });
        let registered = node.app("/contacts/register", &body).send().await;
        let join =
            json!({ "organisation_id": node.seed.organisations.business, "action": "SIGNUP" });
        let path = format!("/contacts/{}/organisations", id_of(&registered));
        of_the_back_office(&node, &path, &join).await;
        node.app("/contacts/register", &body).send().await;
        let body = json!({ "provider": kind, "token": token, "application_id": "app" });
        node.app("/contacts/authenticate", &body).send().await;
    }
    let page = format!("/self-service/v2/contacts/oidc/OIDC_OAUTH?redirect_url={BACK}");
    let page = node.ask(Method::GET, &page);
    let page = page.with("api_key", &node.app_key("test")).send().await;
    let page = Url::parse(&page.text("authorization_url")).unwrap();
    let asked: HashMap<_, _> = page.query_pairs().into_owned().collect();
    let body = json!({ "provider": "OIDC_OAUTH", "code": asked["nonce"], "state": asked["state"] });
    node.app("/contacts/authenticate", &body).send().await;

    let person = node.signed_up(PHONE).await;
    for kind in ["GOOGLE", "APPLE", "OIDC_OAUTH"] {
        let who = format!("another at {kind}");
        let body = json!({ "provider": kind, "token": provider.token(&who), "sub": who });
        let ask = person.write(&node, Method::POST, &person.path("/identities"), &body);
        ask.send().await;
    }
    // Facebook vouches for one person here: whoever signs in by that account lets go of it first.
    let entered = node
        .app(
            "/contacts/authenticate",
            &json!({ "provider": "FACEBOOK", "token": "t" }),
        )
        .send()
        .await;
    let token = entered.text("access_token");
    let path = format!("/contacts/{}", id_of(&entered));
    node.own(Method::DELETE, &path, &token).send().await;
    let body = json!({ "provider": "FACEBOOK", "token": "t" });
    let ask = person.write(&node, Method::POST, &person.path("/identities"), &body);
    ask.send().await;
}
