//! Contacts are listed by age and found by name: in which order, how fresh, by whom, and what is asked for wrongly.

use std::sync::Arc;

use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::time::Span;
use clientele::publishing::contacts::Bounds;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Answer, Ask};
use crate::contact_changes::{changed, created, delete, refused};
use crate::keys::strangers;
use crate::lists::{current, ids_of};
use crate::node::{TestNode, eventually};

fn list(node: &TestNode, query: &str) -> Ask {
    node.get(&format!("/contacts?{query}"))
}

async fn page(node: &TestNode, query: &str) -> Answer {
    current(list(node, query)).await
}

async fn ids(node: &TestNode, query: &str) -> Vec<String> {
    ids_of(&page(node, query).await)
}

/// Whom a text finds.
async fn search(node: &TestNode, value: &str) -> Vec<String> {
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    ids(node, &format!("search_value={value}&size=100")).await
}

/// Creates a contact, a second after the one before it.
async fn next(node: &TestNode, body: Value) -> String {
    node.clock.advance(Span::seconds(1));
    created(node, body).await
}

/// The start is over when the contacts are read.
async fn read(node: &TestNode) {
    eventually("the contacts are read", async || {
        list(node, "").send().await.status == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_contacts_are_listed_newest_first_in_pages_that_fit_one_another() {
    let mut node = TestNode::start().await;
    let before = page(&node, "size=1&include_total=true").await.json();
    let before = before["paging"]["total"].as_u64().unwrap();
    let mut newest_first = Vec::new();
    for number in 0..23 {
        let body = json!({ "code": format!("C-{number}"), "first_name": "Ada" });
        newest_first.insert(0, next(&node, body).await);
    }
    assert_eq!(ids(&node, "").await, newest_first[..10], "ten by default");
    // What is erased leaves no gap.
    let erased = newest_first.remove(7);
    let erase = delete(&node, &format!("/contacts/{erased}"));
    assert_eq!(erase.send().await.status, 204);
    let total = before + 22;
    for _ in 0..2 {
        let mut all = Vec::new();
        for number in 1_u64.. {
            let query = format!("size=9&page={number}&include_total=true&sort=CREATED_DATE");
            let answer = page(&node, &query).await;
            let more = number * 9 < total;
            let paging = json!({ "page": number, "size": 9, "total": total, "has_more": more });
            assert_eq!(answer.json()["paging"], paging);
            let found = ids_of(&answer);
            assert!(!more || found.len() == 9, "{answer:?}");
            all.extend(found);
            if !more {
                break;
            }
        }
        assert_eq!(all[..22], newest_first);
        assert!(u64::try_from(all.len()) == Ok(total));
        let mut oldest_first = ids(&node, "size=100&order=ASC").await;
        oldest_first.extend(ids(&node, "size=100&page=2&order=ASC").await);
        oldest_first.reverse();
        assert_eq!(oldest_first, all);
        let past = ids(&node, "size=100&page=3&order=DESC").await;
        assert_eq!(past, Vec::<String>::new());
        let one = page(&node, "size=1&include_wallet=true").await.json();
        let shown = node
            .get(&format!("/contacts/{}", newest_first[0]))
            .send()
            .await
            .json();
        assert_eq!(
            one["content"][0],
            json!({
                "id": newest_first[0], "code": "C-22", "name": "Ada",
                "wallet": { "id": shown["wallet"]["id"], "balance": 0 },
            })
        );
        assert_eq!(one["paging"]["total"], Value::Null);
        node.restart().await;
        read(&node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_by_the_beginning_of_any_name_and_by_what_is_known_as_a_whole() {
    let mut node = TestNode::start().await;
    let ada = next(
        &node,
        json!({ "code": "QX-1", "first_name": "Ada", "middle_name": "Augusta",
        "last_name": "King-Noel", "email_address": "countess@example.test",
        "phones": [{ "number": "+44 20 7946 0018" }] }),
    )
    .await;
    let card = node.post(
        &format!("/contacts/{ada}/cards"),
        &json!({ "cim": "98-76" }),
    );
    assert_eq!(card.send().await.status, 201);
    let works = next(
        &node,
        json!({ "code": "QX-2", "contact_type": "COMPANY",
        "company_name": "Ärzte & Noel GmbH" }),
    )
    .await;
    let named_like_a_code = next(
        &node,
        json!({ "code": "QX-3", "first_name": "QX", "last_name": "1" }),
    )
    .await;
    let everyone = [named_like_a_code.clone(), works.clone(), ada.clone()];
    let (ada, works) = (std::slice::from_ref(&ada), std::slice::from_ref(&works));
    let both = [works[0].clone(), ada[0].clone()];
    for _ in 0..2 {
        for (value, expected) in [
            ("ada", ada),
            ("AUG", ada),
            ("ki", ada),
            ("King-Noel", ada),
            ("noel", &both),
            ("ada king", ada),
            ("Ada Augusta King-Noel", ada),
            ("  ada   no ", ada),
            ("ärz", works),
            ("noel gm", works),
            ("COUNTESS@example.test", ada),
            ("+44 (0)20 7946 0018", ada),
            ("98-76", ada),
            ("QX-2", works),
            // Whose code it is comes before whose name it is, though the other is newer.
            ("QX-1", &[ada[0].clone(), named_like_a_code.clone()]),
            ("king ada", &[]),
            ("oel", &[]),
            ("countess", &[]),
            ("QX-", std::slice::from_ref(&named_like_a_code)),
            ("020 7946 0018", &[]),
        ] {
            assert_eq!(search(&node, value).await, expected, "{value}");
        }
        let dialled = "search_value=020%207946%200018&country_code=GBR";
        assert_eq!(ids(&node, dialled).await, ada);
        let counted = page(&node, "search_value=qx-1&size=1&include_total=true").await;
        assert_eq!(
            counted.json()["paging"]["total"],
            1,
            "codes are told apart by case"
        );
        let first = page(&node, "search_value=QX-1&size=1&include_total=true").await;
        assert_eq!(ids_of(&first), ada);
        let paging = json!({ "page": 1, "size": 1, "total": 2, "has_more": true });
        assert_eq!(first.json()["paging"], paging);
        let second = ids(&node, "search_value=QX-1&size=1&page=2").await;
        assert_eq!(second, everyone[..1]);
        let oldest_first = ids(&node, "search_value=noel&order=ASC").await;
        assert_eq!(oldest_first, [ada[0].clone(), works[0].clone()]);
        node.restart().await;
        read(&node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_name_is_found_as_it_is_and_an_erased_one_not_at_all() {
    let mut node = TestNode::start().await;
    let body =
        json!({ "first_name": "Zenobia", "last_name": "Byron", "email_address": "z@example.test" });
    let id = created(&node, body).await;
    assert_eq!(search(&node, "zen").await, std::slice::from_ref(&id));
    let change = json!({ "last_name": "Lovelace", "first_name": null, "email_address": null });
    assert_eq!(changed(&node, &id, change).await.status, 200);
    for _ in 0..2 {
        assert_eq!(search(&node, "lovel").await, std::slice::from_ref(&id));
        for gone in ["zenobia", "byr", "z@example.test"] {
            assert_eq!(search(&node, gone).await, Vec::<String>::new(), "{gone}");
        }
        node.restart().await;
        read(&node).await;
    }
    let erase = delete(&node, &format!("/contacts/{id}"));
    assert_eq!(erase.send().await.status, 204);
    for _ in 0..2 {
        assert_eq!(search(&node, "lovel").await, Vec::<String>::new());
        assert!(!ids(&node, "size=100").await.contains(&id));
        node.restart().await;
        read(&node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_finds_contacts_of_another_tenant_or_mode() {
    let mut node = TestNode::start().await;
    // The newest of all.
    node.clock.advance(Span::seconds(1));
    let live = created(&node, json!({ "code": "ALIKE", "first_name": "Zenobia" })).await;
    let test_key = node.secret_key("test");
    let body = json!({ "code": "ALIKE", "first_name": "Zenobia" });
    let trial = node.post("/contacts", &body).with("api_key", &test_key);
    let trial = trial.send().await.text("id");
    let (their_key, theirs) = strangers(&node).await;
    for _ in 0..2 {
        for query in [
            "search_value=zenobia",
            "search_value=ALIKE",
            "size=100&order=DESC",
        ] {
            for (key, own) in [
                (&node.secret_key("live"), Some(&live)),
                (&test_key, Some(&trial)),
                (&their_key, None),
            ] {
                let found = ids_of(&current(list(&node, query).with("api_key", key)).await);
                for id in [&live, &trial] {
                    assert_eq!(found.contains(id), own == Some(id), "{query}");
                }
                let lists_theirs = own.is_none() && query.starts_with("size");
                assert_eq!(found.contains(&theirs), lists_theirs);
            }
        }
        node.restart().await;
        read(&node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_answered_finds_the_contact_at_once() {
    let node = TestNode::start().await;
    let mut clients = JoinSet::new();
    for client in 0..6 {
        let create = node.post(
            "/contacts",
            &json!({ "first_name": "Zenobia", "last_name": format!("Number{client}") }),
        );
        let search = list(
            &node,
            &format!("search_value=zen%20number{client}&size=100"),
        );
        let newest = list(&node, "size=100");
        let clock = Arc::clone(&node.clock);
        clients.spawn(async move {
            for _ in 0..12 {
                clock.advance(Span::seconds(1));
                let made = create.clone().send().await;
                assert_eq!(made.status, 201, "{made:?}");
                let id = made.text("id");
                assert!(ids_of(&current(search.clone()).await).contains(&id));
                assert!(ids_of(&current(newest.clone()).await).contains(&id));
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let all = page(&node, "search_value=zenobia&include_total=true&size=5").await;
    assert_eq!(all.json()["paging"]["total"], 72);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_behind_says_so_and_one_that_is_not_there_yet_asks_to_come_back() {
    let mut node = TestNode::start().await;
    let known = created(&node, json!({ "code": "KNOWN", "first_name": "Zenobia" })).await;
    let renamed = created(&node, json!({ "first_name": "Zenobia" })).await;
    assert_eq!(search(&node, "zen").await.len(), 2);
    let held = node.hold_lists();
    created(&node, json!({ "first_name": "Zenobia" })).await;
    let change = json!({ "first_name": "Ada" });
    assert_eq!(changed(&node, &renamed, change).await.status, 200);
    let late = list(&node, "search_value=zen").send().await;
    // Late, but not wrong: who is no longer called so is not shown.
    assert_eq!(ids_of(&late), std::slice::from_ref(&known));
    let behind = late
        .header("clientele-freshness")
        .strip_prefix("stale; behind=");
    behind.unwrap().parse::<u64>().unwrap();
    node.restart().await;
    for query in ["", "search_value=zen"] {
        let early = list(&node, query).send().await;
        assert_eq!(early.problem(), refused(503, "over_capacity"));
        assert!(early.headers.contains_key("retry-after"), "{early:?}");
    }
    // Who is named is found without the index.
    let named = list(&node, "code=KNOWN&search_value=zenob").send().await;
    assert_eq!(ids_of(&named), [known]);
    drop(held);
    read(&node).await;
    assert_eq!(search(&node, "zen").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_is_held_is_refused_with_what_to_do_instead() {
    let mut node = TestNode::start().await;
    let id = created(&node, json!({ "code": "KNOWN", "first_name": "Zenobia" })).await;
    let total = page(&node, "include_total=true").await.json()["paging"]["total"].clone();
    let few = |contacts, names_bytes| Bounds {
        contacts,
        names_bytes,
    };
    for (bounds, lists) in [(few(1_000, 10), true), (few(3, 1_000_000), false)] {
        node.hold_contacts(bounds);
        node.restart().await;
        eventually("the contacts are read", async || {
            list(&node, "").send().await.status != 503
        })
        .await;
        let found = list(&node, "search_value=zenobia").send().await;
        assert_eq!(found.problem(), refused(422, "invalid_request"));
        let fault = &found.json()["errors"][0];
        assert_eq!(fault["pointer"], "search_value");
        assert_eq!(fault["code"], "too_many_contacts");
        assert!(fault["detail"].as_str().unwrap().contains("by code"));
        let all = list(&node, "include_total=true").send().await;
        if lists {
            assert_eq!(all.json()["paging"]["total"], total);
        } else {
            assert_eq!(all.problem(), refused(422, "invalid_request"));
        }
        assert_eq!(ids(&node, "code=KNOWN").await, std::slice::from_ref(&id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_wrongly_is_named() {
    let node = TestNode::start().await;
    let long = format!("search_value={}", "a".repeat(255));
    for (query, parameter) in [
        ("search_value=", "search_value"),
        ("search_value=a", "search_value"),
        ("search_value=%20a%20", "search_value"),
        ("search_value=--%2B", "search_value"),
        (&long, "search_value"),
        ("order=UP", "order"),
        ("sort=NAME", "sort"),
        ("page=0", "page"),
        ("size=101", "size"),
        ("include_total=perhaps", "include_total"),
    ] {
        let answer = list(&node, query).send().await;
        assert_eq!(answer.problem(), refused(422, "invalid_request"), "{query}");
        assert_eq!(answer.json()["errors"][0]["pointer"], parameter);
    }
    let (_, key) = node.make_key(Scopes(Scope::ContactsRead.bit()), None).await;
    for (query, status) in [
        ("", 200),
        ("include_wallet=true", 403),
        ("include_financials=true", 403),
    ] {
        let answer = list(&node, query).with("api_key", &key).send().await;
        assert_eq!(answer.status, status, "{query}");
    }
    let (_, key) = node.make_key(Scopes(Scope::WalletsRead.bit()), None).await;
    let answer = list(&node, "search_value=ada")
        .with("api_key", &key)
        .send()
        .await;
    assert_eq!(answer.problem(), refused(403, "insufficient_scope"));
}
