//! What contacts sign in by, beside the phone.

use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Ask;
use crate::node::TestNode;

const EMAIL: &str = "ada@example.test";
const PHONE: &str = "+447566224395";
const PASSWORD: &str = "vivid turtle 9";

fn own(node: &TestNode, person: &Person, path: &str, body: &Value) -> Ask {
    let path = format!("/contacts/{}{path}", person.id);
    node.own(Method::POST, &path, &person.access)
        .with("content-type", "application/json")
        .body(body)
}

/// A company that registers by e-mail, and has signed up to an organisation.
async fn company(node: &TestNode) -> Person {
    let body = json!({
        "first_name": "Ada", "last_name": "Byron", "title": "Countess",
        "contact_type": "COMPANY", "company_name": "Analytical Engines",
        "identification": { "provider": "EMAIL", "email": EMAIL, "password": PASSWORD, "application_id": "app" },
    });
    let registered = node.app("/contacts/register", &body).send().await;
    let code = node.code(EMAIL).await;
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    let person = Person::of(&answer);
    let organisations = &node.seed.organisations;
    let merchant = &organisations.merchants[0];
    for organisation in [
        &organisations.business,
        &merchant.id,
        &merchant.venues[0].id,
    ] {
        let up = json!({ "organisation_id": organisation, "action": "SIGNUP" });
        node.post(&format!("/contacts/{}/organisations", person.id), &up)
            .with("api_key", &node.secret_key("test"))
            .send()
            .await;
    }
    person
}

pub(super) async fn signing_in_by_email(node: TestNode) {
    company(&node).await;
    let body = json!({ "provider": "EMAIL", "username": EMAIL, "password": PASSWORD, "application_id": "app", "login_as_guest": false });
    let entered = node.app("/contacts/authenticate", &body).send().await;
    let person = Person::of(&entered);
    own(&node, &person, "/switch", &json!({})).send().await;
    person.refreshed(&node).send().await;
    let change = json!({ "password": "calm walrus 4" });
    own(&node, &person, "/change_password", &change)
        .send()
        .await;

    node.clock.advance(Span::seconds(31));
    let token = node.forgotten(EMAIL).await;
    let body = json!({ "token": token, "password": PASSWORD });
    node.app("/contacts/change_password", &body).send().await;

    node.clock.advance(Span::seconds(31));
    let body = json!({ "email_address": EMAIL });
    node.app("/contacts/request_email_verification", &body)
        .send()
        .await;
    let token = node.code(EMAIL).await;
    let path = format!("/self-service/v2/contacts/verify_email?token={token}");
    node.ask(Method::GET, &path).without("api_key").send().await;
}

pub(super) async fn adding_identities(node: TestNode) {
    let person = company(&node).await;
    let phone = json!({ "provider": "PHONE", "application_id": "app", "phone": { "number": "07566224395", "country_code": "GBR" } });
    let added = own(&node, &person, "/identities", &phone).send().await;
    let code = node.code(PHONE).await;
    node.answered(&added.text("auth_otp"), &code).await;
    let email = json!({ "provider": "EMAIL", "email": "b@example.test", "password": PASSWORD });
    own(&node, &person, "/identities", &email).send().await;
    let sign_out =
        json!({ "redirect_url": "https://example.test", "rredirectUrl": "https://example.test" });
    own(&node, &person, "/sign_out", &sign_out).send().await;
}

/// Guests, and devices that are recognised.
pub(super) async fn proving_nothing(node: TestNode) {
    let person = company(&node).await;
    let key = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": ["contacts.register", "contacts.guests"] });
    let key = node.post("/api_keys", &key);
    let key = key.with("api_key", &node.secret_key("test")).send().await;
    let key = key.text("value");
    let (device, added) = ("00:00:5e:00:53:01", "00:00:5e:00:53:02");
    for (path, body) in [
        (
            "register",
            json!({ "first_name": "Ada", "last_name": "Byron", "identification": { "provider": "MAC_ADDRESS", "mac_address": device } }),
        ),
        (
            "authenticate",
            json!({ "provider": "MAC_ADDRESS", "mac_address": device }),
        ),
        (
            "authenticate",
            json!({ "provider": "MAC_ADDRESS", "mac_address": device, "login_as_guest": true }),
        ),
    ] {
        let ask = node.app(&format!("/contacts/{path}"), &body);
        ask.with("api_key", &key).send().await;
    }
    let device = json!({ "provider": "MAC_ADDRESS", "mac_address": added });
    own(&node, &person, "/identities", &device).send().await;
}

pub(super) async fn asking_for_codes(node: TestNode) {
    company(&node).await;
    let mut auth_otp = String::new();
    for (method, credentials) in [
        ("EMAIL", vec![("EMAIL", EMAIL)]),
        ("SMS", vec![("PHONE", PHONE)]),
        ("SMS", vec![("CARD", "978123"), ("PHONE", PHONE)]),
        (
            "EMAIL",
            vec![("LOYALTY_IDENTIFIER", "978123"), ("EMAIL", EMAIL)],
        ),
        ("EMAIL", vec![("AUTH_OTP", "")]),
        (
            "EMAIL",
            vec![
                ("EMAIL", EMAIL),
                ("BIRTHDATE", "1815-12-10"),
                ("PASSPORT", "P1"),
            ],
        ),
        (
            "EMAIL",
            vec![
                ("EMAIL", EMAIL),
                ("ID_NUMBER", "I1"),
                ("STATUTORY_ID", "S1"),
            ],
        ),
    ] {
        // Five an hour go to one address, and what is asked for again must not have lapsed.
        let pause = match credentials.first() {
            Some(("AUTH_OTP", _)) => 31,
            _ => 3_601,
        };
        node.clock.advance(Span::seconds(pause));
        let said = |(name, value): (&str, &str)| match name {
            "AUTH_OTP" => json!({ "name": name, "value": auth_otp }),
            _ => json!({ "name": name, "value": value }),
        };
        let credentials: Vec<_> = credentials.into_iter().map(said).collect();
        let body = json!({ "method": method, "credentials": credentials });
        let asked = node.app("/contacts/otp", &body).send().await;
        auth_otp = asked.text("auth_otp");
    }
}

pub(super) async fn codes_at_a_till(node: TestNode) {
    let person = company(&node).await;
    for (method, to) in [("EMAIL", EMAIL), ("SMS", PHONE)] {
        node.clock.advance(Span::seconds(31));
        let path = format!("/contacts/{}", person.id);
        let phone = json!({ "phones": [{ "number": PHONE }], "email_address": EMAIL });
        let till = |method: Method, path: &str, body: &Value| {
            node.ask(method, &format!("/backoffice/v2{path}"))
                .with("api_key", &node.secret_key("test"))
                .with("content-type", "application/json")
                .body(body)
        };
        till(Method::PUT, &path, &phone).send().await;
        let body = json!({ "method": method });
        let asked = till(Method::POST, &format!("{path}/otp"), &body);
        let auth_otp = asked.send().await.text("auth_otp");
        let answer = json!({ "auth_otp": auth_otp, "code": node.code(to).await });
        till(Method::POST, &format!("{path}/validate_otp"), &answer)
            .send()
            .await;
    }
}

pub(super) async fn whose_wallet_it_is(node: TestNode) {
    let person = company(&node).await;
    let wallet = person.wallet(&node).await;
    let code = person.sees(&node, format!("/wallets/{wallet}/code")).await;
    let phone =
        json!({ "provider": "PHONE", "phone": { "number": "07566224395", "country_code": "GBR" } });
    let added = own(&node, &person, "/identities", &phone).send().await;
    let proven = node.code(PHONE).await;
    node.answered(&added.text("auth_otp"), &proven).await;
    node.clock.advance(Span::seconds(31));
    for (to, identity) in [
        (EMAIL, json!({ "type": "EMAIL", "value": EMAIL })),
        (
            PHONE,
            json!({ "type": "PHONE", "value": "07566224395", "country_code": "GBR" }),
        ),
    ] {
        let ask = node.own(Method::POST, "/wallets/otp", &person.access);
        let ask = ask.with("content-type", "application/json");
        ask.body(&json!({ "identity": identity })).send().await;
        let otp = node.code(to).await;
        let proof = json!({ "otp": otp, "code": code["code"], "identity": identity });
        own(&node, &person, "/wallets", &proof).send().await;
    }
}

pub(super) async fn asking_who_is_known(node: TestNode) {
    company(&node).await;
    let key = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": ["contacts.exists"] });
    let key = node.post("/api_keys", &key);
    let key = key.with("api_key", &node.secret_key("test")).send().await;
    for path in [
        "/contacts?email_address=ada%40example.test",
        "/contacts?phone=%2B447566224395",
        "/wallets/wallet_exists?type=EMAIL&value=ada%40example.test",
    ] {
        node.ask(Method::GET, &format!("/self-service/v2{path}"))
            .with("api_key", &key.text("value"))
            .send()
            .await;
    }
}
