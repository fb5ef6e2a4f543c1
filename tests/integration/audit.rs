//! The audit log: what is done to keys, settings, offers and contacts stands in it, in a chain that shows every change.

use clientele::clock::Clock;
use clientele::domain::audit::{self, Outcome, PAGE_LINES, Verifier};
use clientele::domain::entity::Command;
use clientele::domain::tenant;
use clientele::domain::time::Span;
use clientele::http::audit::{ExportedEnd, ExportedLine, hex};
use http::Method;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::commerce::{put, tried};
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::users::Session;

async fn log(node: &TestNode, query: &str) -> Value {
    let listed = node.get(&format!("/audit_log?{query}")).send().await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.json()
}

/// The export as text, after every line of it has been verified.
pub(crate) async fn exported(node: &TestNode, mode: &str) -> (String, Vec<ExportedLine>) {
    let export = node.get("/audit_log/export");
    let export = export.with("api_key", &node.secret_key(mode)).send().await;
    assert_eq!(export.status, 200, "{export:?}");
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let text = String::from_utf8(export.body.to_vec()).unwrap();
    let mut all: Vec<&str> = text.lines().collect();
    let end: ExportedEnd = serde_json::from_str(all.pop().unwrap()).unwrap();
    let lines: Vec<ExportedLine> = all
        .into_iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut verifier = Verifier::default();
    for line in &lines {
        verifier.take(&line.line().unwrap()).unwrap();
    }
    let found = verifier.end();
    assert_eq!((found.lines, hex(&found.hash)), (end.lines, end.hash));
    (text, lines)
}

fn setting(node: &TestNode, uncovered: &str) -> Ask {
    put(
        node,
        "/settings",
        &json!({ "uncovered_offline_spend": uncovered }),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changes_keys_settings_offers_and_contacts_is_written_down() {
    let mut node = TestNode::start().await;
    let mut expected = Vec::new();
    let mut done = |operation: &str, target: Option<&str>, outcome: &str| {
        for outcome in ["ASKED", outcome] {
            expected.push((
                operation.to_owned(),
                target.map(str::to_owned),
                outcome.to_owned(),
            ));
        }
    };
    let new = json!({ "name": "till", "type": "SECRET", "scopes": ["purchases.write"] });
    let key = node.post("/api_keys", &new).send().await.text("id");
    done("api_keys.create", Some(&key), "DONE");
    let path = format!("/api_keys/{key}");
    let renamed = put(&node, &path, &json!({ "name": "till 7" })).send().await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    done("api_keys.update", Some(&key), "DONE");
    let rolled = node.post(&format!("{path}/roll"), &json!({})).send().await;
    assert_eq!(rolled.status, 201, "{rolled:?}");
    done("api_keys.roll", Some(&key), "DONE");
    for outcome in ["DONE", "REFUSED"] {
        let again = match outcome {
            "DONE" => node.post(&format!("{path}/revoke"), &json!({})),
            _ => node.post(&format!("{path}/roll"), &json!({})),
        };
        let again = again.send().await;
        assert_eq!(again.status < 300, outcome == "DONE", "{again:?}");
        let operation = if outcome == "DONE" {
            "api_keys.revoke"
        } else {
            "api_keys.roll"
        };
        done(operation, Some(&key), outcome);
    }
    assert_eq!(setting(&node, "OWE").send().await.status, 200);
    done("settings.update", None, "DONE");

    let offer =
        json!({ "name": "Ten back", "awards": [{ "amount": 10, "amount_type": "PERCENTAGE" }] });
    let offer = node.post("/reward_offers", &offer).send().await;
    assert_eq!(offer.status, 201, "{offer:?}");
    let offer = offer.text("id");
    done("reward_offers.create", Some(&offer), "DONE");
    let path = format!("/reward_offers/{offer}");
    let five = json!({ "awards": [{ "amount": 5, "amount_type": "PERCENTAGE" }] });
    assert_eq!(
        put(&node, &format!("{path}/awards"), &five)
            .send()
            .await
            .status,
        200
    );
    done("reward_offers.awards", Some(&offer), "DONE");
    let off = json!({ "life_cycle_state": "INACTIVE" });
    assert_eq!(
        put(&node, &format!("{path}/life_cycle_state"), &off)
            .send()
            .await
            .status,
        200
    );
    done("reward_offers.life_cycle", Some(&offer), "DONE");
    let changed = json!({ "name": "Five back", "awards": five["awards"] });
    assert_eq!(put(&node, &path, &changed).send().await.status, 200);
    done("reward_offers.update", Some(&offer), "DONE");

    // Its own id is personal: the log has the one that we made.
    let contact =
        json!({ "id": "jimmy@example.com", "contact_type": "PERSON", "first_name": "Jimmy" });
    let made = node.post("/contacts", &contact).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    let erase = node.ask(Method::DELETE, "/backoffice/v2/contacts/jimmy@example.com");
    assert_eq!(erase.send().await.status, 204);

    node.restart().await;
    let (text, lines) = exported(&node, "live").await;
    assert!(!text.contains("jimmy") && !text.contains("Jimmy"), "{text}");
    let erased = lines.last().unwrap();
    assert_eq!(
        (&*erased.operation, &*erased.outcome),
        ("contacts.erase", "DONE")
    );
    done("contacts.erase", erased.target.as_deref(), "DONE");
    let found: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.operation.clone(),
                line.target.clone(),
                line.outcome.clone(),
            )
        })
        .collect();
    assert_eq!(found, expected);
    let actors: std::collections::BTreeSet<_> = lines.iter().map(|line| &line.actor).collect();
    assert_eq!(actors.len(), 1, "one key did it all: {actors:?}");
    assert!(lines[0].actor.starts_with("key:"), "{actors:?}");
    // Each mode has its own.
    assert!(exported(&node, "test").await.1.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_on_disk_before_anything_is_done() {
    let node = TestNode::start().await;
    let uncovered = async || {
        node.get("/settings")
            .send()
            .await
            .text("uncovered_offline_spend")
    };
    // The first line of a page begins it.
    assert_eq!(setting(&node, "REJECT").send().await.status, 200);
    node.probe.decided();
    let (paused, pending) = node.begin_with_syncs_held(setting(&node, "OWE")).await;
    let decided = node.probe.decided();
    assert!(
        matches!(
            &decided[..],
            [Command::AuditLog(audit::Command::Append(line))] if line.outcome == Outcome::Asked
        ),
        "{decided:?}"
    );
    drop(paused);
    assert_eq!(pending.answer().await.status, 200);
    assert_eq!(uncovered().await, "OWE");
    let decided = node.probe.decided();
    let is_done = |command: &Command| matches!(command, Command::AuditLog(audit::Command::Append(line)) if line.outcome == Outcome::Done);
    let set = decided
        .iter()
        .position(|it| matches!(it, Command::Tenant(tenant::Command::Set(..))));
    let done = decided.iter().position(is_done);
    assert!(set.is_some() && set < done, "{decided:?}");
}

/// What is done by users, by strangers and by contacts: who did it, what, to whom, and in which log it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_to_look_at_a_mode_or_an_organisation_is_written_down_there() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let by = |session: &Session, path: &str, body: &Value| {
        node.by(session, Method::POST, path).body(body).send()
    };
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let network = node.seed.organisations.service_owner.clone();
    let trier = by(&owner, "/users/mode", &json!({ "mode": "TEST" })).await;
    let trier = Session::of(&trier);
    let masked = by(
        &owner,
        &format!("/organisations/{merchant}/masquerade"),
        &Value::Null,
    )
    .await;
    let masked = Session::of(&masked);
    let masked_trier = by(&masked, "/users/mode", &json!({ "mode": "TEST" })).await;
    assert_eq!(masked_trier.status, 200, "{masked_trier:?}");
    let back = by(
        &masked,
        &format!("/organisations/{network}/switch"),
        &json!({}),
    )
    .await;
    assert_eq!(back.status, 200, "{back:?}");
    // What is none of one's own, nobody comes to.
    let elsewhere = by(
        &trier,
        &format!("/organisations/{merchant}/switch"),
        &json!({}),
    )
    .await;
    assert_eq!(elsewhere.status, 404);

    let new = json!({ "name": "Pier", "first_name": "Grace", "last_name": "Hopper",
        "email_address": "grace@example.com", "password": "calm otter 77" });
    let key = node.seed.keys["test"].public.clone().unwrap();
    let registered = node.stranger(Method::POST, "/organisations/register");
    let registered = registered.with("api_key", &key).body(&new).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let pier = registered.text("id");
    let token = node.inbox().await[0]["code"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let path = format!("/users/verify_email?token={token}");
        let proven = node.stranger(Method::GET, &path).send().await;
        assert_eq!(proven.status, 200, "{proven:?}");
    }
    let grace = Session::of(
        &node
            .typed("grace@example.com", "calm otter 77")
            .send()
            .await,
    );
    let person = node.signed_up("+447566224395").await;
    let path = format!("/contacts/{}", person.id);
    let erased = node.own(Method::DELETE, &path, &person.access).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");

    let shown = |lines: &[ExportedLine]| -> Vec<String> {
        let shown = lines.iter().filter(|line| line.outcome == "DONE");
        let shown = shown.filter(|line| line.operation != "users.authenticate");
        let shown = shown.map(|line| {
            let target = line.target.as_deref().unwrap_or_default();
            let masked = line.masquerader.as_deref().unwrap_or_default();
            format!("{} {masked} {} {target}", line.actor, line.operation)
        });
        shown.collect()
    };
    let (user, as_merchant) = (
        format!("user:{}", owner.id),
        format!("organisation:{merchant}"),
    );
    let (_, live) = exported(&node, "live").await;
    assert_eq!(
        shown(&live),
        [
            format!("{user}  organisations.masquerade {merchant}"),
            format!("{as_merchant} {user} organisations.switch {network}"),
        ]
    );
    let (text, test) = exported(&node, "test").await;
    let lines = shown(&test);
    let app = lines[2].split(' ').next().unwrap();
    assert!(app.starts_with("key:"), "{lines:?}");
    assert_eq!(
        lines,
        [
            format!("{user}  users.mode {network}"),
            format!("{as_merchant} {user} users.mode {merchant}"),
            format!("{app}  organisations.register {pier}"),
            format!("user:{}  organisations.verify {pier}", grace.id),
            format!("contact:{0}  contacts.erase {0}", person.id),
        ]
    );
    // With the sign-in of whoever registered.
    let all = 2 * (lines.len() + 1);
    assert_eq!(test.len(), all, "each was asked for first");
    assert!(!text.contains("Pier") && !text.contains("grace@"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn integrations_are_written_down_without_what_they_were_told() {
    let node =
        TestNode::start_with(|config| config.outbound.allow_networks = "127.0.0.0/8".into()).await;
    let webhook = json!({
        "name": "Our own", "connector": "WEBHOOK",
        "webhook": { "url": "http://127.0.0.1:9/codes", "channels": ["SMS"] },
    });
    let made = node.post("/integrations", &webhook).send().await;
    let (id, secret) = (made.text("id"), made.text("secret"));
    let path = format!("/integrations/{id}/deactivate");
    assert_eq!(node.post(&path, &json!({})).send().await.status, 200);
    let google = json!({ "type": "GOOGLE", "client_id": "our-app", "client_secret": "kept by us" });
    let google = node.post("/identity_providers", &google).send().await;
    let provider = google.text("id");
    let path = format!("/identity_providers/{provider}/deactivate");
    assert_eq!(node.post(&path, &json!({})).send().await.status, 200);
    let (text, lines) = exported(&node, "live").await;
    let lines: Vec<_> = lines
        .iter()
        .map(|line| (&*line.operation, line.target.as_deref(), &*line.outcome))
        .collect();
    let (id, provider) = (Some(&*id), Some(&*provider));
    assert_eq!(
        lines,
        [
            ("integrations.create", id, "ASKED"),
            ("integrations.create", id, "DONE"),
            ("integrations.deactivate", id, "ASKED"),
            ("integrations.deactivate", id, "DONE"),
            ("identity_providers.create", provider, "ASKED"),
            ("identity_providers.create", provider, "DONE"),
            ("identity_providers.deactivate", provider, "ASKED"),
            ("identity_providers.deactivate", provider, "DONE"),
        ]
    );
    for told in [&*secret, "127.0.0.1", "our-app", "kept by us"] {
        assert!(!text.contains(told), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_by_actor_operation_target_outcome_date_and_page() {
    let mut node = TestNode::start().await;
    let began = node.clock.wall().0 / 1_000;
    assert_eq!(setting(&node, "OWE").send().await.status, 200);
    node.clock.advance(Span::seconds(100));
    let new = json!({ "name": "till", "type": "SECRET", "scopes": ["purchases.write"] });
    let key = node.post("/api_keys", &new).send().await.text("id");
    // Over the end of a page.
    for turn in 0..PAGE_LINES {
        let uncovered = if turn % 2 == 0 { "REJECT" } else { "OWE" };
        assert_eq!(setting(&node, uncovered).send().await.status, 200);
    }
    node.restart().await;
    let lines = 2 * PAGE_LINES + 4;
    let total = |of: &Value| of["paging"]["total"].as_u64().unwrap();
    let all = log(&node, "include_total=true&size=100").await;
    assert_eq!(total(&all), lines as u64);
    let numbers = |of: &Value| -> Vec<u64> {
        let content = of["content"].as_array().unwrap().iter();
        content
            .map(|line| line["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&all), (105..=204).rev().collect::<Vec<_>>());
    let third = log(&node, "size=100&page=3").await;
    assert_eq!(numbers(&third), [4, 3, 2, 1]);
    assert_eq!(third["paging"]["has_more"], false);
    assert_eq!(
        log(&node, "size=100&page=2").await["paging"]["has_more"],
        true
    );
    let actor = all["content"][0]["actor"].as_str().unwrap();
    let bare = actor.strip_prefix("key:").unwrap();
    for (query, expected) in [
        (format!("actor={actor}"), lines),
        (format!("actor={bare}"), lines),
        ("actor=key:nobody".to_owned(), 0),
        ("operation=api_keys.".to_owned(), 2),
        (format!("target={key}"), 2),
        (format!("target={key}&outcome=DONE"), 1),
        ("outcome=REFUSED".to_owned(), 0),
        (format!("date[lte]={}", began + 50), 2),
        (format!("date[gte]={}", began + 50), lines - 2),
        (format!("date[gte]={}&date[lte]={began}", began + 50), 0),
    ] {
        let found = log(&node, &format!("include_total=true&{query}")).await;
        assert_eq!(total(&found), expected as u64, "{query}");
    }
    assert_eq!(exported(&node, "live").await.1.len(), lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_make_one_chain() {
    let node = TestNode::start().await;
    let begun: Vec<_> = (0..PAGE_LINES)
        .map(|turn| setting(&node, if turn % 2 == 0 { "OWE" } else { "REJECT" }).begin())
        .collect();
    for pending in begun {
        assert_eq!(pending.answer().await.status, 200);
    }
    assert_eq!(exported(&node, "live").await.1.len(), 2 * PAGE_LINES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_refresh_token_is_written_down() {
    let node = TestNode::start().await;
    let person = node.signed_up("+447566224395").await;
    assert_eq!(person.refreshed(&node).send().await.status, 200);
    node.clock.advance(Span::seconds(11));
    let replayed = person.refreshed(&node).send().await;
    assert_eq!(replayed.problem(), refused(401, "invalid_grant"));
    let (text, lines) = exported(&node, "test").await;
    let line = lines.last().unwrap();
    assert_eq!(
        (lines.len(), &*line.operation),
        (1, "contacts.refresh_replayed")
    );
    assert_eq!(line.actor, format!("contact:{}", person.id));
    assert!(!text.contains("4395") && !text.contains("Ada"), "{text}");
    // A token that is merely none is nobody's.
    let unknown = node
        .own(Method::POST, "/contacts/refresh", "rt_0")
        .send()
        .await;
    assert_eq!(unknown.status, 401);
    assert_eq!(exported(&node, "test").await.1.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_refresh_token_of_a_user_is_written_down_where_its_session_looked() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let other = node.by(&owner, Method::POST, "/users/mode");
    let trier = other.body(&json!({ "mode": "TEST" })).send().await;
    let trier = Session::of(&trier);
    assert_eq!(node.refreshed(&trier.refresh).await.status, 200);
    node.clock.advance(Span::seconds(11));
    for _ in 0..2 {
        let replayed = node.refreshed(&trier.refresh).await;
        assert_eq!(replayed.problem(), refused(401, "invalid_grant"));
    }
    let (_, lines) = exported(&node, "test").await;
    let replays: Vec<_> = lines
        .iter()
        .filter(|line| line.operation == "users.refresh_replayed")
        .map(|line| (line.actor.clone(), &*line.outcome))
        .collect();
    // The session ended with the first: there was none that the second could come back to.
    assert_eq!(replays, [(format!("user:{}", owner.id), "REFUSED")]);
    let (_, live) = exported(&node, "live").await;
    assert!(live.iter().all(|it| it.operation == "users.authenticate"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_bound_to_an_organisation_does_not_read_the_log() {
    let node = TestNode::start().await;
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    let new = json!({
        "name": "venue", "type": "SECRET", "scopes": ["audit.read"], "organisation_id": venue,
    });
    let bound = node.post("/api_keys", &new).send().await.text("value");
    for path in ["/audit_log", "/audit_log/export"] {
        let refusal = node.get(path).with("api_key", &bound).send().await;
        assert_eq!(
            refusal.problem(),
            refused(403, "insufficient_scope"),
            "{path}"
        );
    }
    let of_test = tried(&node, node.get("/audit_log")).send().await;
    assert_eq!(of_test.json()["content"], json!([]));
}
