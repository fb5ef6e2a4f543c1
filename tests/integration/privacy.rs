//! Personal fields are sealed wherever they lie.

use std::path::Path;

use clientele::actors::router::OpenedProfile;
use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::SealedProfile;
use clientele::domain::entity::{Answer as Told, Query};
use clientele::seeding::TENANT;
use http::Method;
use serde_json::json;

use crate::app::Person;
use crate::contact_exports::{filled, prepare};
use crate::node::TestNode;

/// The files under `folder` that hold `text`.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let holds = bytes.windows(text.len()).any(|at| at == text.as_bytes());
            if holds {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_holds_a_personal_field_in_clear() {
    let mut node = TestNode::start_with(|config| config.storage.segment_mib = 1).await;
    let personal = [
        "Wilhelmine-Xanthippe",
        "Quetzalcoatl-Smythe",
        "wilhelmine.unmistakable@example.test",
        "+49 30 0987612345",
        "17 Unforgettable Crescent",
    ];
    let [first, last, email, phone, street] = personal;
    let created = node.post(
        "/contacts",
        &json!({
            "code": "CODE-IN-CLEAR",
            "first_name": first,
            "last_name": last,
            "email_address": email,
            "phones": [{ "number": phone }],
            "addresses": [{ "address_line_1": street }],
        }),
    );
    let created = created.send().await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!("/contacts/{}", created.text("id"));
    let shown = node.get(&path).send().await;
    assert_eq!(shown.text("first_name"), first);
    let search = format!("/contacts?search_value={first}");
    let by_name = node.get(&search).send().await;
    assert_eq!(by_name.json()["paging"]["has_more"], false, "{by_name:?}");
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    node.restart().await;
    assert_eq!(node.get(&path).send().await.body, shown.body);

    // The search finds what is in clear: in the journal, the rows and the export.
    let in_clear = files_with(node.data(), "CODE-IN-CLEAR");
    for place in ["journal", "rows", "exports"] {
        assert!(
            in_clear.iter().any(|file| file.contains(place)),
            "nothing in {place}: {in_clear:?}"
        );
    }
    // Neither as they were given, nor as they are compared.
    for text in personal
        .into_iter()
        .chain(["wilhelmine xanthippe", "quetzalcoatl"])
    {
        assert_eq!(
            files_with(node.data(), text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_holds_what_a_contact_signs_in_by() {
    const PHONE: &str = "+447566224395";
    const EMAIL: &str = "wilhelmine.unmistakable@example.test";
    const PASSWORD: &str = "unmistakable turtle 9";
    let mut node = TestNode::start().await;
    let by_email = node.signed_up_by_email(EMAIL, PASSWORD).await;
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
    let person = node.signed_up(PHONE).await;
    let refreshed = Person::of(&person.refreshed(&node).send().await);
    node.restart().await;
    let tokens = [&person, &refreshed, &by_email].map(|person| [&*person.access, &*person.refresh]);
    let signs_in_by = [PHONE, &PHONE[1..], "7566224395", EMAIL, PASSWORD];
    for text in tokens.iter().flatten().chain(&signs_in_by) {
        assert_eq!(
            files_with(node.data(), text),
            Vec::<String>::new(),
            "{text}"
        );
    }
    assert_eq!(refreshed.read(&node).send().await.status, 200);
}

/// What the contact's profile and destinations are sealed in, as they lie in rows and journal.
async fn sealed(node: &TestNode, contact: Address) -> SealedProfile {
    let reply = node.api().router.query(contact, Query::Contact).await;
    match reply.result.unwrap() {
        Told::Contact(view) => view.profile,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_nothing_personal_can_be_read_anywhere() {
    const PHONE: &str = "+447566224395";
    const EMAIL: &str = "wilhelmine.unmistakable@example.test";
    const PASSWORD: &str = "unmistakable turtle 9";
    let mut node = TestNode::start().await;
    let people = [
        (node.signed_up(PHONE).await, PHONE),
        (node.signed_up_by_email(EMAIL, PASSWORD).await, EMAIL),
    ];
    let test_key = node.secret_key("test");
    let mut kept = Vec::new();
    for (person, _) in &people {
        let id = node.api().router.secrets().public_ids().read(&person.id);
        let contact = Address {
            tenant: TENANT,
            mode: Mode::Test,
            kind: Kind::Contact,
            entity: id.unwrap().entity,
        };
        let profile = sealed(&node, contact).await;
        let opened = node.api().router.open_profile(&contact, &profile).unwrap();
        assert!(matches!(opened, OpenedProfile::Plain(_)), "{opened:?}");
        kept.push((contact, profile));
    }
    // Before, while and after: an export that is older than the erasure holds the same sealed fields.
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    for (person, _) in &people {
        let path = format!("/backoffice/v2/contacts/{}", person.id);
        let erase = node.ask(Method::DELETE, &path).with("api_key", &test_key);
        assert_eq!(erase.send().await.status, 204);
    }
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    for _ in 0..2 {
        for (contact, profile) in &kept {
            // Whoever has the sealed fields, from a row, the journal or an export, has no key to them.
            let opened = node.api().router.open_profile(contact, profile).unwrap();
            assert!(matches!(opened, OpenedProfile::Erased), "{opened:?}");
        }
        for (person, destination) in &people {
            for text in [
                destination,
                "Byron",
                "7566224395",
                PASSWORD,
                &*person.access,
            ] {
                let found = files_with(node.data(), text);
                assert_eq!(found, Vec::<String>::new(), "{text}");
            }
        }
        let log = node.get("/audit_log/export").with("api_key", &test_key);
        let log = String::from_utf8(log.send().await.body.to_vec()).unwrap();
        assert_eq!(log.matches("contacts.erase").count(), 4, "{log}");
        for message in node.inbox().await {
            assert!(
                message["recipient"].is_null() && message["code"].is_null(),
                "{message}"
            );
            assert!(message["body"].is_null(), "{message}");
        }
        let search = node
            .get("/contacts?search_value=Byron")
            .with("api_key", &test_key);
        assert_eq!(search.send().await.json()["content"], json!([]));
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_nothing_that_a_contact_kept_can_be_read_anywhere() {
    let mut node = TestNode::start_with(|config| config.storage.segment_mib = 1).await;
    let club = prepare(&node).await;
    let full = filled(&node, "+447566224395", "Xanthe", &club).await;
    let person = &full.person;
    let export = node.own(Method::GET, &person.path("/export"), &person.access);
    assert_eq!(export.send().await.status, 200);
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    let erase = node.own(Method::DELETE, &person.path(""), &person.access);
    assert_eq!(erase.send().await.status, 200);
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    // What bounds its wallet is no text about it, and stays: the search finds it.
    let (bounds, written) = full.others.split_first().unwrap();
    let in_clear = files_with(node.data(), bounds);
    for place in ["journal", "exports"] {
        let is_there = in_clear.iter().any(|file| file.contains(place));
        assert!(is_there, "nothing in {place}: {in_clear:?}");
    }
    let address = "+447566224395";
    let marks = ["Xanthe", "xanthe", address, &address[3..]];
    for _ in 0..2 {
        // Names, addresses, devices, papers, cards, fields: each of them ends in the mark. What tills and users wrote about
        // purchases, top-ups, credits and returns: each as it was written.
        for text in marks
            .into_iter()
            .chain(full.secrets.iter().chain(written).map(String::as_str))
        {
            let found = files_with(node.data(), text);
            assert_eq!(found, Vec::<String>::new(), "{text}");
        }
        let path = format!("/contacts/{}/export", person.id);
        let gone = node.trial(Method::GET, &path, None).send().await;
        assert_eq!(gone.status, 404);
        for message in node.inbox().await {
            assert!(
                message["recipient"].is_null() && message["code"].is_null(),
                "{message}"
            );
        }
        node.restart().await;
    }
}
