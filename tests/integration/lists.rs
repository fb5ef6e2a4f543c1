//! Lists of purchases: whose they are, in which order, how fresh, and what is asked for wrongly.

use std::path::Path;
use std::sync::Arc;

use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::ids::{Named, PublicId};
use clientele::domain::time::Span;
use clientele::persistence::export;
use clientele::persistence::journal::Position;
use clientele::persistence::rows::{Rows, SledRows};
use clientele::persistence::store::Store;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::node::{Answer, Ask, PATIENCE, TestNode};

const FRESHNESS: &str = "clientele-freshness";

/// A page that must be there.
async fn page(node: &TestNode, query: &str) -> Answer {
    let answer = node.get(&format!("/purchases{query}")).send().await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer
}

/// The page once it is current: a busy machine may take longer than a list waits, and then the list says so.
pub(crate) async fn current(list: Ask) -> Answer {
    let asking = async {
        loop {
            let answer = list.clone().send().await;
            assert_eq!(answer.status, 200, "{answer:?}");
            match answer.header(FRESHNESS) {
                "current" => return answer,
                stale => assert!(stale.starts_with("stale; behind="), "{stale}"),
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, asking).await;
    in_time.expect("the list stays stale")
}

async fn current_page(node: &TestNode, query: &str) -> Answer {
    current(node.get(&format!("/purchases{query}"))).await
}

/// The ids on a page that is current.
async fn ids(node: &TestNode, query: &str) -> Vec<String> {
    ids_of(&current_page(node, query).await)
}

pub(crate) fn ids_of(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let content = json["content"].as_array().unwrap();
    let ids = content.iter().map(|one| one["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Buys; the purchase's id.
async fn buy(
    node: &TestNode,
    contact: usize,
    venue: &str,
    change: impl FnOnce(&mut Value),
) -> String {
    let mut body = node.purchase_body(node.contact(contact), 10);
    body["organisation"] = json!({ "id": venue });
    change(&mut body);
    let answer = node.post("/purchases", &body).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text("id")
}

fn venue(node: &TestNode, merchant: usize, number: usize) -> String {
    let merchants = &node.seed.organisations.merchants;
    merchants[merchant].venues[number].id.clone()
}

/// The id of the classification of this name.
pub(crate) async fn classification(node: &TestNode, name: &str) -> String {
    let list = node.get("/customer_event_classifications").send().await;
    let list = list.json();
    let mut content = list["content"].as_array().unwrap().iter();
    let found = content.find(|one| one["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

fn newest_first(mut recorded: Vec<String>) -> Vec<String> {
    recorded.reverse();
    recorded
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_listed_under_its_venue_and_all_above_it_and_nowhere_else() {
    let node = TestNode::start().await;
    let (coffee, market) = (venue(&node, 0, 0), venue(&node, 1, 1));
    let at_coffee = buy(&node, 0, &coffee, |_| {}).await;
    let at_market = buy(&node, 1, &market, |_| {}).await;
    let network = &node.seed.organisations;
    let merchants = &network.merchants;
    for (organisation, expected) in [
        (&coffee, vec![at_coffee.clone()]),
        (&venue(&node, 0, 1), vec![]),
        (&merchants[0].id, vec![at_coffee.clone()]),
        (&market, vec![at_market.clone()]),
        (&merchants[1].id, vec![at_market.clone()]),
        (
            &network.business,
            vec![at_market.clone(), at_coffee.clone()],
        ),
        (
            &network.service_owner,
            vec![at_market.clone(), at_coffee.clone()],
        ),
    ] {
        let found = ids(&node, &format!("?organisations={organisation}")).await;
        assert_eq!(found, expected, "{organisation}");
    }
    let all = current_page(&node, "").await;
    assert_eq!(ids_of(&all), [at_market.clone(), at_coffee.clone()]);
    let paging = json!({ "page": 1, "size": 10, "total": null, "has_more": false });
    assert_eq!(all.json()["paging"], paging);
    // What is listed is what a get shows.
    for shown in all.json()["content"].as_array().unwrap() {
        let id = shown["id"].as_str().unwrap();
        let alone = node.get(&format!("/purchases/{id}")).send().await;
        assert_eq!(alone.json(), *shown);
    }
    // The other mode has its own, at the same venues.
    let test_key = node.secret_key("test");
    let tester = node.seed.contacts.iter().find(|one| one.mode == "test");
    let trial = node.post("/purchases", &node.purchase_body(tester.unwrap(), 10));
    let trial = trial.with("api_key", &test_key).send().await;
    assert_eq!(trial.status, 200, "{trial:?}");
    for query in ["", &format!("?organisations={coffee}")] {
        let ask = node.get(&format!("/purchases{query}"));
        let other = ask.with("api_key", &test_key).send().await;
        assert_eq!(ids_of(&other), [trial.text("id")]);
    }
    let still = format!("?organisations={coffee}");
    assert_eq!(ids(&node, &still).await, std::slice::from_ref(&at_coffee));
    let both = format!(
        "?organisations={coffee},{}&include_total=true",
        merchants[1].id
    );
    assert_eq!(ids(&node, &both).await, [at_market, at_coffee]);
    assert_eq!(
        current_page(&node, &both).await.json()["paging"]["total"],
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_answered_finds_the_purchase_in_the_list_at_once() {
    let node = TestNode::start().await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let contact = node.contact(client).clone();
        let purchase = node.post("/purchases", &node.purchase_body(&contact, 3));
        let list = node.get(&format!("/purchases?organisations={merchant}&size=50"));
        clients.spawn(async move {
            for _ in 0..25 {
                let bought = purchase.clone().send().await;
                assert_eq!(bought.status, 200, "{bought:?}");
                let listed = current(list.clone()).await;
                assert!(ids_of(&listed).contains(&bought.text("id")));
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let counted = current_page(&node, "?include_total=true&page=20&size=10").await;
    let paging = json!({ "page": 20, "size": 10, "total": 200, "has_more": false });
    assert_eq!(counted.json()["paging"], paging);
    assert_eq!(ids_of(&counted).len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_cannot_wait_longer_says_that_it_is_stale() {
    let node = TestNode::start().await;
    let venue = venue(&node, 0, 0);
    let known = buy(&node, 0, &venue, |_| {}).await;
    assert_eq!(ids(&node, "").await, std::slice::from_ref(&known));
    let held = node.hold_lists();
    let newer = buy(&node, 0, &venue, |_| {}).await;
    let stale = page(&node, "").await;
    assert_eq!(ids_of(&stale), std::slice::from_ref(&known));
    let behind = stale.header(FRESHNESS).strip_prefix("stale; behind=");
    behind.unwrap().parse::<u64>().unwrap();
    // A contact's own purchases are asked of the contact.
    let own = format!("?contact_id={}", node.contact(0).id);
    assert_eq!(ids(&node, &own).await, [newer.clone(), known.clone()]);
    drop(held);
    assert_eq!(ids(&node, "").await, [newer, known]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_one_another_without_gap_or_overlap() {
    let node = TestNode::start().await;
    let venue = venue(&node, 0, 0);
    let mut recorded = Vec::new();
    for number in 0..23 {
        recorded.push(buy(&node, number % 3, &venue, |_| {}).await);
    }
    let expected = newest_first(recorded);
    let classified = format!(
        "&classification_id={}",
        classification(&node, "PURCHASE").await
    );
    for filter in ["", &classified, "&date[gte]=0"] {
        let mut found = Vec::new();
        for number in 1..=3 {
            let answer = current_page(&node, &format!("?size=10&page={number}{filter}")).await;
            assert_eq!(answer.json()["paging"]["has_more"], number < 3);
            found.extend(ids_of(&answer));
        }
        assert_eq!(found, expected, "{filter}");
        let past = current_page(&node, &format!("?size=10&page=4{filter}")).await;
        assert_eq!(ids_of(&past), Vec::<String>::new());
        assert_eq!(past.json()["paging"]["has_more"], false);
    }
    assert_eq!(ids(&node, "").await, expected[..10], "ten by default");
    let own = format!(
        "?contact_id={}&size=3&include_total=true",
        node.contact(1).code
    );
    let of_one: Vec<_> = expected.iter().step_by(3).cloned().collect();
    for (page_number, expected) in of_one.chunks(3).enumerate() {
        let query = format!("{own}&page={}", page_number + 1);
        assert_eq!(ids(&node, &query).await, expected);
        let total = current_page(&node, &query).await.json()["paging"]["total"].clone();
        assert_eq!(total, of_one.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_choose_by_date_class_contact_and_place_together() {
    let node = TestNode::start().await;
    let (coffee, market) = (venue(&node, 0, 0), venue(&node, 1, 0));
    let begin = clientele::clock::Clock::wall(&*node.clock).unix_seconds();
    let mut recorded = Vec::new();
    for number in 0..12 {
        let place = if number % 2 == 0 { &coffee } else { &market };
        let id = buy(&node, number % 3, place, |body| {
            if number % 4 == 0 {
                body["classification"] = json!({ "name": "FUEL" });
            }
            if number == 11 {
                body["performed_on"] = json!(begin + 20);
            }
        })
        .await;
        recorded.push(id);
        node.clock.advance(Span::seconds(10));
    }
    let of = |numbers: &[usize]| -> Vec<String> {
        numbers
            .iter()
            .map(|number| recorded[*number].clone())
            .collect()
    };
    let (second, fifth) = (begin + 20, begin + 50);
    let contact = &node.contact(0).id;
    let fuel = classification(&node, "FUEL").await;
    let other = classification(&node, "PURCHASE").await;
    for (query, expected) in [
        (
            format!("?date[gte]={second}&date[lte]={fifth}"),
            of(&[11, 5, 4, 3, 2]),
        ),
        (
            format!("?date%5Bgt%5D={second}&date%5Blt%5D={fifth}"),
            of(&[4, 3]),
        ),
        (format!("?classification_id={fuel}"), of(&[8, 4, 0])),
        (
            format!("?organisations={market}&date[lte]={fifth}"),
            of(&[11, 5, 3, 1]),
        ),
        (
            format!("?contact_id={contact}&classification_id={fuel}"),
            of(&[0]),
        ),
        (
            format!("?contact_id={contact}&organisations={market}"),
            of(&[9, 3]),
        ),
        (
            format!("?contact_id={contact}&date[gt]={second}&date[lte]={fifth}"),
            of(&[3]),
        ),
        (
            format!("?organisations={market},{coffee}&date[gte]={fifth}&classification_id={other}"),
            of(&[10, 9, 7, 6, 5]),
        ),
    ] {
        assert_eq!(ids(&node, &query).await, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_nothing_says_how_much_there_is() {
    let node = TestNode::start().await;
    let venue = venue(&node, 0, 0);
    buy(&node, 0, &venue, |_| {}).await;
    let buyer = node.contact(0);
    let owner = &node.seed.organisations.service_owner;
    let asked = [
        "/purchases?".to_owned(),
        format!("/purchases?contact_id={}&", buyer.id),
        format!("/purchases?contact_id={}&date[gte]=1&", buyer.id),
        format!("/purchases?organisations={venue}&date[gte]=1&"),
        "/contacts?".to_owned(),
        "/contacts?order=ASC&".to_owned(),
        format!("/journals?wallet_id={}&", buyer.wallet_id),
        format!("/journals?wallet_id={}&event=AWARD&", buyer.wallet_id),
        format!("/organisations/{owner}/network?"),
        "/reward_offers?".to_owned(),
        "/api_keys?".to_owned(),
    ];
    for path in asked {
        let one = node.get(&format!("{path}size=1&include_total=true"));
        let one = one.send().await.json();
        let none = node.get(&format!("{path}size=0&include_total=true"));
        let none = none.send().await;
        assert_eq!(none.status, 200, "{path}: {none:?}");
        let none = none.json();
        assert_eq!(none["content"], json!([]), "{path}");
        assert_eq!(none["paging"]["size"], 0, "{path}");
        assert_eq!(none["paging"]["has_more"], true, "{path}: {none}");
        assert_eq!(none["paging"]["total"], one["paging"]["total"], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_wrongly_is_named() {
    let node = TestNode::start().await;
    let venue = venue(&node, 0, 0);
    buy(&node, 0, &venue, |_| {}).await;
    for (query, parameter) in [
        ("?page=0", "page"),
        ("?page=-1", "page"),
        ("?size=101", "size"),
        ("?size=ten", "size"),
        ("?date[gte]=yesterday", "date[gte]"),
        ("?date[lte]=-1", "date[lte]"),
        ("?date[gt]=1700000000000", "date[gt]"),
        ("?date[gte]=20&date[lt]=20", "date[gte]"),
        ("?classification_id=FUEL", "classification_id"),
        (&format!("?classification_id={venue}"), "classification_id"),
        ("?order=ASC", "order"),
        ("?sort=AMOUNT", "sort"),
        (
            &format!("?organisations={}", [&*venue; 21].join(",")),
            "organisations",
        ),
    ] {
        let answer = node.get(&format!("/purchases{query}")).send().await;
        assert_eq!(
            answer.problem(),
            (422, "invalid_request".to_owned()),
            "{query}"
        );
        assert_eq!(
            answer.json()["errors"][0]["pointer"],
            parameter,
            "{answer:?}"
        );
    }
    let contact = &node.contact(0).id;
    let ids = node.api().router.secrets().public_ids().clone();
    let never_made = ids.write(PublicId::of(Named::Organisation, 99));
    for unknown in ["nobody", contact, &never_made, &format!("{venue},nobody")] {
        let path = format!("/purchases?organisations={unknown}");
        let answer = node.get(&path).send().await;
        assert_eq!(answer.problem(), (400, "unknown_organisation".to_owned()));
    }
    let never_made = ids.write(PublicId::of(Named::Contact, 99));
    for unknown in ["nobody", &venue, &never_made] {
        let path = format!("/purchases?contact_id={unknown}");
        let answer = node.get(&path).send().await;
        assert_eq!(answer.problem(), (400, "unknown_contact".to_owned()));
    }
    // Someone of the other mode is nobody.
    let of_live = node.get(&format!("/purchases?contact_id={contact}"));
    let answer = of_live
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(answer.problem(), (400, "unknown_contact".to_owned()));
    let writes_only = Scopes(Scope::PurchasesWrite.bit());
    let (_, key) = node.make_key(writes_only, None).await;
    let answer = node.get("/purchases").with("api_key", &key).send().await;
    assert_eq!(answer.problem(), (403, "insufficient_scope".to_owned()));
    let answer = node.get("/purchases").without("api_key").send().await;
    assert_eq!(answer.problem(), (401, "missing_credentials".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_survive_a_restart_and_the_loss_of_the_rows() {
    let mut node = TestNode::start().await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let venues = [venue(&node, 0, 0), venue(&node, 0, 1)];
    let mut recorded = Vec::new();
    for number in 0..40 {
        recorded.push(buy(&node, number % 7, &venues[number % 2], |_| {}).await);
        if number % 9 == 0 {
            node.node().checkpoint().await.unwrap();
        }
    }
    let query = format!("?organisations={merchant}&size=100");
    let expected = newest_first(recorded);
    assert_eq!(ids(&node, &query).await, expected);
    node.restart().await;
    assert_eq!(ids(&node, &query).await, expected);
    let whole = current_page(&node, &query).await.body;

    // From the whole journal, in the very order, although all of it happened at one time.
    node.take_running().shut_down().await.unwrap();
    std::fs::remove_dir_all(node.data().join("rows")).unwrap();
    node.start_again().await;
    assert_eq!(current_page(&node, &query).await.body, whole);
    node.restart().await;
    assert_eq!(current_page(&node, &query).await.body, whole);
}

/// Fills lost rows from the export, as `clientele snapshot restore` does.
pub(crate) fn restore(data: &Path, file: &Path, mark: Position) {
    let rows: Arc<dyn Rows> = Arc::new(SledRows::open(&data.join("rows")).unwrap());
    Store::restore(&rows, file, mark).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_brings_lists_back_beside_its_own_journal_and_beside_none() {
    let mut node = TestNode::start().await;
    let venue = venue(&node, 0, 0);
    for number in 0..30 {
        buy(&node, number % 7, &venue, |_| {}).await;
        // Each at its own time, so that sorting by it gives the journal's order.
        node.clock.advance(Span::seconds(1));
    }
    let file = node.data().with_extension("export");
    let path = json!({ "path": file }).to_string();
    let made = node.control("POST", "/snapshots", &path).await;
    assert!(made.contains("200 OK"), "{made}");
    let exported = current_page(&node, "?size=100").await.body;
    buy(&node, 0, &venue, |_| {}).await;
    let newest = current_page(&node, "?size=100").await.body;
    let (header, _) = export::verify(&file).unwrap();

    node.take_running().shut_down().await.unwrap();
    std::fs::remove_dir_all(node.data().join("rows")).unwrap();
    restore(node.data(), &file, header.journal_position);
    node.start_again().await;
    assert_eq!(current_page(&node, "?size=100").await.body, newest);

    node.take_running().shut_down().await.unwrap();
    for lost in ["rows", "journal"] {
        std::fs::remove_dir_all(node.data().join(lost)).unwrap();
    }
    std::fs::remove_file(node.data().join("journal.manifest")).unwrap();
    restore(node.data(), &file, Position::START);
    node.start_again().await;
    assert_eq!(current_page(&node, "?size=100").await.body, exported);
    let again = buy(&node, 0, &venue, |_| {}).await;
    assert_eq!(ids(&node, "?size=1").await, [again]);
}
