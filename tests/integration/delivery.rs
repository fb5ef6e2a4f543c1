//! Codes of live mode leave through what the tenant is connected to, and nothing else does.

use std::net::{SocketAddr, TcpListener};

use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada};
use crate::client::{Answer, Ask};
use crate::contact_changes::refused;
use crate::node::{TestNode, eventually};
use crate::recorder::Recorder;

pub(crate) const PHONE: &str = "+447566224395";

/// A node whose operator has opened this machine's own network.
pub(crate) async fn open_node() -> TestNode {
    TestNode::start_with(|config| config.outbound.allow_networks = "127.0.0.0/8".into()).await
}

fn twilio(address: SocketAddr) -> Value {
    json!({
        "name": "Text messages", "connector": "TWILIO",
        "twilio": {
            "account_sid": "AC0123456789", "auth_token": "a-token-of-the-gateway",
            "from": "+15005550006", "base_url": format!("http://{address}"),
        },
    })
}

pub(crate) fn webhook(address: SocketAddr) -> Value {
    json!({
        "name": "Our own", "connector": "WEBHOOK",
        "webhook": { "url": format!("http://{address}/codes"), "channels": ["SMS", "EMAIL"] },
    })
}

impl TestNode {
    /// Makes an integration.
    pub(crate) async fn connect(&self, integration: &Value) -> Answer {
        let made = self.post("/integrations", integration).send().await;
        assert_eq!(made.status, 201, "{made:?}");
        made
    }

    /// Registers Ada in live mode.
    pub(crate) fn register_live(&self, phone: &str) -> Ask {
        self.app("/contacts/register", &ada(phone))
            .with("api_key", &self.app_key("live"))
    }

    pub(crate) async fn answered_live(&self, auth_otp: &str, code: &str) -> Answer {
        let body = json!({ "auth_otp": auth_otp, "code": code });
        let answer = self.app("/contacts/validate_otp", &body);
        answer.with("api_key", &self.app_key("live")).send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_leaves_as_a_text_message_through_a_gateway_that_speaks_as_twilio_does() {
    let node = open_node().await;
    let mut gateway = Recorder::start().await;
    gateway.then(201, r#"{"sid": "SM1"}"#);
    node.connect(&twilio(gateway.address)).await;
    let registered = node.register_live(PHONE).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let sent = gateway.next().await;
    assert_eq!(
        sent.line,
        "POST /2010-04-01/Accounts/AC0123456789/Messages.json"
    );
    let account = data_encoding::BASE64.encode(b"AC0123456789:a-token-of-the-gateway");
    assert_eq!(sent.header("authorization"), format!("Basic {account}"));
    let form: Vec<(String, String)> = serde_urlencoded::from_str(&sent.body).unwrap();
    assert_eq!(form[0], ("To".into(), PHONE.into()));
    assert_eq!(form[1], ("From".into(), "+15005550006".into()));
    let code = &form[2].1[..6];
    let answer = node.answered_live(&registered.text("auth_otp"), code).await;
    let person = Person::of(&answer);
    assert_eq!(person.read(&node).send().await.status, 200);
    assert!(gateway.is_quiet(), "it was sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_fails_is_called_again_with_the_same_id() {
    let node = open_node().await;
    let mut own = Recorder::start().await;
    own.then(503, "{}");
    own.then(302, "{}");
    let made = node.connect(&webhook(own.address)).await;
    assert!(made.text("secret").starts_with("whsec_"));
    let registered = node.register_live(PHONE).send().await;
    let (first, second, third) = (own.next().await, own.next().await, own.next().await);
    for again in [&second, &third] {
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
    }
    assert!(first.header("webhook-signature").starts_with("v1,"));
    let said = first.json();
    assert_eq!(
        (&said["channel"], &said["recipient"]),
        (&json!("SMS"), &json!(PHONE))
    );
    let code = said["code"].as_str().unwrap();
    let answer = node.answered_live(&registered.text("auth_otp"), code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_sent_is_sent_after_a_restart() {
    let mut node = open_node().await;
    // Nobody listens there yet.
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    node.connect(&webhook(address)).await;
    let registered = node.register_live(PHONE).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    node.restart().await;
    let mut own = Recorder::at(address).await;
    let code = own.next().await.json()["code"].clone();
    let auth_otp = registered.text("auth_otp");
    let answer = node.answered_live(&auth_otp, code.as_str().unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // What was sent is not sent again, however often the node starts.
    node.restart().await;
    let again = node.register_live("+442079460018").send().await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(own.next().await.json()["recipient"], "+442079460018");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_active_integration_for_the_channel_nothing_is_created() {
    let node = open_node().await;
    let mut own = Recorder::start().await;
    let refusal = refused(400, "no_integration");
    assert_eq!(node.register_live(PHONE).send().await.problem(), refusal);
    let mut mail_only = webhook(own.address);
    mail_only["webhook"]["channels"] = json!(["EMAIL"]);
    node.connect(&mail_only).await;
    assert_eq!(node.register_live(PHONE).send().await.problem(), refusal);
    let made = node.connect(&webhook(own.address)).await;
    let path = format!("/integrations/{}/deactivate", made.text("id"));
    for _ in 0..2 {
        let ended = node.post(&path, &json!({})).send().await;
        assert_eq!(ended.status, 200, "{ended:?}");
    }
    let ask = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": PHONE }] });
    for (path, body) in [("/contacts/register", ada(PHONE)), ("/contacts/otp", ask)] {
        let ask = node.app(path, &body).with("api_key", &node.app_key("live"));
        assert_eq!(ask.send().await.problem(), refusal, "{path}");
    }
    assert!(own.is_quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_test_mode_nothing_leaves() {
    let mut node = open_node().await;
    let mut own = Recorder::start().await;
    node.connect(&webhook(own.address)).await;
    node.signed_up(PHONE).await;
    // One of live mode that came later has left: the other would have, too.
    let live = node.register_live("+442079460018").send().await;
    assert_eq!(live.status, 201, "{live:?}");
    assert_eq!(own.next().await.json()["recipient"], "+442079460018");
    assert!(own.is_quiet());
    let newest = node.inbox().await;
    assert_eq!((newest.len(), &newest[0]["recipient"]), (1, &json!(PHONE)));
    node.restart().await;
    assert_eq!(node.inbox().await, newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_was_answered_or_has_lapsed_is_not_sent() {
    let node = open_node().await;
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    node.connect(&webhook(address)).await;
    let parked = || node.delivered("parked");
    let before = parked();
    let registered = node.register_live(PHONE).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    eventually("a try in vain", async || node.delivered("retried") > 0.0).await;
    node.clock
        .advance(clientele::domain::time::Span::seconds(601));
    eventually("it is parked", async || parked() > before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_public_is_refused_when_it_is_named_and_when_it_is_called() {
    let mut node = TestNode::start().await;
    for host in [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0x7f.1",
        "2130706433",
    ] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}/codes");
            let integration = json!({
                "name": "inside", "connector": "WEBHOOK",
                "webhook": { "url": url, "channels": ["SMS"] },
            });
            let refusal = node.post("/integrations", &integration).send().await;
            assert_eq!(refusal.problem(), refused(422, "invalid_request"), "{url}");
            assert_eq!(
                refusal.json()["errors"][0]["pointer"],
                "/webhook/url",
                "{url}"
            );
        }
    }
    for (integration, pointer) in [
        (twilio(([127, 0, 0, 1], 80).into()), "/twilio/base_url"),
        (smtp(([127, 0, 0, 1], 25).into()), "/smtp/host"),
    ] {
        let refusal = node.post("/integrations", &integration).send().await;
        assert_eq!(refusal.status, 422, "{refusal:?}");
        assert_eq!(refusal.json()["errors"][0]["pointer"], pointer);
    }
    let listed = node.get("/integrations").send().await.json();
    assert_eq!(listed["content"], json!([]));

    // A name that was public when it was judged, and is not any more: as if the operator closes a network again.
    let mut own = Recorder::start().await;
    node.configure(|config| config.outbound.allow_networks = "127.0.0.1".into())
        .await;
    let made = node.connect(&webhook(own.address)).await;
    let path = format!("/integrations/{}/test", made.text("id"));
    let body = json!({ "channel": "SMS", "recipient": PHONE });
    let tried = node.post(&path, &body).send().await.json();
    assert_eq!(tried, json!({ "is_delivered": true, "detail": null }));
    own.next().await;
    node.configure(|config| config.outbound.allow_networks = String::new())
        .await;
    let tried = node.post(&path, &body).send().await.json();
    assert_eq!(tried["is_delivered"], false);
    assert!(
        tried["detail"].as_str().unwrap().contains("not public"),
        "{tried}"
    );
    assert!(own.is_quiet());
}

fn smtp(address: SocketAddr) -> Value {
    json!({
        "name": "Mail", "connector": "SMTP",
        "smtp": {
            "host": address.ip().to_string(), "port": address.port(), "security": "NONE",
            "username": "codes", "password": "a-password-of-the-mail-server",
            "from": "Example <codes@example.com>",
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_secret_is_neither_shown_again_nor_stored_in_clear() {
    let mut node = open_node().await;
    let own = Recorder::start().await;
    let made = node.connect(&webhook(own.address)).await;
    node.connect(&twilio(own.address)).await;
    node.connect(&smtp(own.address)).await;
    let secret = made.text("secret");
    let listed = node.get("/integrations").send().await;
    let names: Vec<_> = listed.json()["content"].as_array().unwrap().clone();
    let names: Vec<_> = names.iter().map(|it| it["connector"].clone()).collect();
    assert_eq!(names, ["SMTP", "TWILIO", "WEBHOOK"]);
    let one = node
        .get(&format!("/integrations/{}", made.text("id")))
        .send()
        .await;
    assert_eq!(one.json()["host"], "127.0.0.1");
    node.restart().await;
    for secret in [
        &*secret,
        "a-token-of-the-gateway",
        "a-password-of-the-mail-server",
    ] {
        for shown in [&listed, &one] {
            assert!(
                !String::from_utf8_lossy(&shown.body).contains(secret),
                "{shown:?}"
            );
        }
        assert_eq!(
            crate::privacy::files_with(node.data(), secret),
            Vec::<String>::new()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn integrations_are_made_once_and_are_of_live_mode_and_of_the_whole_network() {
    let node = open_node().await;
    let own = Recorder::start().await;
    let body = webhook(own.address);
    let ask = node
        .post("/integrations", &body)
        .with("idempotency-key", "one");
    let (first, again) = (ask.clone().send().await, ask.send().await);
    assert_eq!(first.text("id"), again.text("id"));
    let changed = node.post("/integrations", &twilio(own.address));
    let changed = changed.with("idempotency-key", "one").send().await;
    assert_eq!(changed.problem(), refused(422, "idempotency_key_reused"));
    let path = format!("/integrations/{}", first.text("id"));
    let test_key = node.secret_key("test");
    for ask in [
        node.post("/integrations", &body),
        node.get("/integrations"),
        node.get(&path),
        node.post(
            &format!("{path}/test"),
            &json!({ "channel": "SMS", "recipient": PHONE }),
        ),
        node.post(&format!("{path}/deactivate"), &json!({})),
    ] {
        let refusal = ask.with("api_key", &test_key).send().await;
        assert_eq!(refusal.problem(), refused(403, "live_key_required"));
    }
    let unknown = node.get("/integrations/69691e1e-1d90-4355-8b78-acd41ef577f4");
    let unknown = unknown.send().await;
    assert_eq!(unknown.problem(), refused(404, "not_found"));
    let contact = node.get(&format!("/integrations/{}", node.contact(0).id));
    assert_eq!(contact.send().await.problem(), unknown.problem());
    // Four are active at most; one that was ended gives way.
    for _ in 0..3 {
        node.connect(&body).await;
    }
    let fifth = node.post("/integrations", &body).send().await;
    assert_eq!(fifth.problem(), refused(409, "limit_reached"));
    let ended = node.post(&format!("{path}/deactivate"), &json!({}));
    assert_eq!(ended.send().await.status, 200);
    node.connect(&body).await;
    assert_eq!(node.get(&path).send().await.problem(), unknown.problem());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_letters_of_users_leave_through_is_connected_by_who_may_do_everything() {
    let node = open_node().await;
    let own = Recorder::start().await;
    let new = json!({ "name": "clerk", "scopes": ["integrations.read", "integrations.write"] });
    let clerk = node.post("/api_keys", &new).send().await.text("value");
    let by_clerk = async |channels: &[&str]| {
        let mut body = webhook(own.address);
        body["webhook"]["channels"] = json!(channels);
        let made = node.post("/integrations", &body).with("api_key", &clerk);
        made.send().await
    };
    for channels in [&["EMAIL"][..], &["SMS", "EMAIL"]] {
        let refusal = by_clerk(channels).await;
        assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    }
    let texts = by_clerk(&["SMS"]).await;
    assert_eq!(texts.status, 201, "{texts:?}");
    let path = format!("/integrations/{}/deactivate", texts.text("id"));
    let ended = node.post(&path, &json!({})).with("api_key", &clerk);
    assert_eq!(ended.send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_another_connector_and_fields_that_fit_none_are_refused() {
    let node = open_node().await;
    let own = Recorder::start().await;
    let mut both = webhook(own.address);
    both["smtp"] = smtp(own.address)["smtp"].clone();
    let mut without = webhook(own.address);
    without.as_object_mut().unwrap().remove("webhook");
    let mut twice = webhook(own.address);
    twice["webhook"]["channels"] = json!(["SMS", "SMS"]);
    let mut weak = webhook(own.address);
    weak["webhook"]["secret"] = json!("whsec_c2hvcnQ=");
    let mut outside = json!({ "name": "File", "connector": "FILE" });
    outside["file"] = json!({ "file_name": "../outside", "channels": ["SMS"] });
    let mut sink = outside.clone();
    sink["file"]["file_name"] = json!("codes.jsonl");
    for (body, pointer) in [
        (both, "/smtp"),
        (without, "/webhook"),
        (twice, "/webhook/channels"),
        (weak, "/webhook/secret"),
        (outside, "/file/file_name"),
        // The operator keeps none.
        (sink, "/connector"),
    ] {
        let refusal = node.post("/integrations", &body).send().await;
        assert_eq!(
            refusal.problem(),
            refused(422, "invalid_request"),
            "{pointer}"
        );
        assert_eq!(refusal.json()["errors"][0]["pointer"], pointer);
    }
    let bound = node.get("/integrations").with("api_key", "sk_live_0");
    assert_eq!(bound.send().await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_sink_gets_a_line_a_message() {
    let sink = tempfile::tempdir().unwrap();
    let place = sink.path().to_owned();
    let node =
        TestNode::start_with(|config| config.outbound.file_sink_dir = Some(place.clone())).await;
    let integration = json!({
        "name": "File", "connector": "FILE",
        "file": { "file_name": "codes.jsonl", "channels": ["SMS"] },
    });
    node.connect(&integration).await;
    let registered = node.register_live(PHONE).send().await;
    let file = place.join("tenant-1").join("codes.jsonl");
    eventually("a line", async || {
        file.exists() && !std::fs::read(&file).unwrap().is_empty()
    })
    .await;
    let lines = std::fs::read_to_string(&file).unwrap();
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["recipient"], PHONE);
    let code = line["code"].as_str().unwrap();
    let answer = node.answered_live(&registered.text("auth_otp"), code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_names_no_secret_in_an_answer() {
    let node = TestNode::start().await;
    let document = node
        .ask(Method::GET, "/backoffice/openapi.json")
        .send()
        .await;
    let shown = &document.json()["components"]["schemas"]["Integration"]["properties"];
    let mut fields: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    let expected = [
        "channels",
        "connector",
        "created_date",
        "host",
        "id",
        "is_active",
        "name",
        "type",
    ];
    assert_eq!(fields, expected);
}
