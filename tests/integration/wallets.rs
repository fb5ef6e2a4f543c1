//! A wallet's money over HTTP: what a cancellation reverts, what is owed, paid in, and taken by hand; and a line for each.

use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::time::Span;
use clientele::seeding::SeedContact;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::{TestNode, cents};

/// The contract's `error` for a balance that is too low.
const NOT_ENOUGH: &str = "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION";

fn cancel(node: &TestNode, id: &str) -> Ask {
    node.post(&format!("/purchases/{id}/cancel"), &json!({}))
}

async fn posted(ask: Ask) -> String {
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text("id")
}

async fn state_of(node: &TestNode, id: &str) -> Answer {
    let shown = node.get(&format!("/purchases/{id}")).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown
}

fn adjust(node: &TestNode, contact: &SeedContact, action: &str, euros: i64) -> Ask {
    let body = json!({
        "action": action, "entity": "WALLET", "amount": euros, "currency_code": "EUR", "notes": "by hand",
    });
    node.post(&format!("/contacts/{}/journals", contact.code), &body)
}

fn top_up(node: &TestNode, contact: &SeedContact, euros: Value) -> Ask {
    let body = json!({
        "wallet_id": contact.wallet_id, "payment_method": "CARD", "code": "T-1", "topup_date": 1_790_000_000,
        "amount": euros,
    });
    node.post("/topups", &body)
}

async fn journal(node: &TestNode, contact: &SeedContact, query: &str) -> Value {
    let path = format!(
        "/journals?entity=WALLET&wallet_id={}{query}",
        contact.wallet_id
    );
    let answer = node.get(&path).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn amounts(page: &Value, member: &str) -> Vec<Decimal> {
    let content = page["content"].as_array().unwrap().iter();
    content
        .map(|line| line[member].to_string().parse().unwrap())
        .collect()
}

fn events(page: &Value) -> Vec<String> {
    let content = page["content"].as_array().unwrap().iter();
    content
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_purchase_is_reverted_once_and_stays_so_after_a_restart() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    posted(node.purchase(&buyer, 40, "fund")).await;
    let id = posted(node.spend(&buyer, 2, "spend")).await;
    assert_eq!(node.balance(&buyer).await, cents(0));
    let before = state_of(&node, &id).await;
    assert_eq!(before.text("state"), "POSTED");
    for round in 0..2 {
        for _ in 0..2 {
            let cancelled = cancel(&node, &id).with("idempotency-key", "c").send().await;
            assert_eq!(cancelled.status, 200, "{cancelled:?}");
            assert_eq!(cancelled.json(), json!({ "id": id }), "in round {round}");
        }
        assert_eq!(node.balance(&buyer).await, cents(200));
        let shown = state_of(&node, &id).await;
        assert_eq!(shown.text("state"), "CANCELLED");
        assert_ne!(shown.header("etag"), before.header("etag"));
        let list = node
            .get(&format!("/purchases?contact_id={}", buyer.code))
            .send()
            .await;
        let states: Vec<_> = list.json()["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["state"].clone())
            .collect();
        assert_eq!(states, ["CANCELLED", "POSTED"]);
        node.restart().await;
    }
    let retried = cancel(&node, &id).send().await;
    assert_eq!(retried.status, 200, "without the key, too");
    assert_eq!(node.balance(&buyer).await, cents(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_back_is_owed_and_paid_by_what_comes_in() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let first = posted(node.purchase(&buyer, 40, "first")).await;
    posted(node.spend(&buyer, 2, "spend")).await;
    posted(cancel(&node, &first)).await;
    node.restart().await;
    let wallet = node.wallet(&buyer).send().await;
    assert_eq!(wallet.amount("balance"), cents(0));
    assert_eq!(wallet.amount("owed"), cents(200));
    posted(node.purchase(&buyer, 20, "next")).await;
    let wallet = node.wallet(&buyer).send().await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(0), cents(100))
    );
    let paid = top_up(&node, &buyer, json!(1.5)).send().await;
    assert_eq!(paid.status, 201, "{paid:?}");
    let wallet = node.wallet(&buyer).send().await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(50), cents(0))
    );
    let page = journal(&node, &buyer, "").await;
    let expected = [
        "REPAID", "TOP_UP", "REPAID", "AWARD", "CANCEL", "OWED", "SPEND", "AWARD",
    ];
    assert_eq!(events(&page), expected);
    assert_eq!(amounts(&page, "amount").iter().sum::<Decimal>(), cents(50));
    let balances = amounts(&page, "balance");
    assert_eq!(balances[0], cents(50));
    assert!(balances.iter().all(|balance| *balance >= Decimal::ZERO));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_that_left_memory_can_be_cancelled() {
    const PURCHASES: u32 = 80;
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let mut ids = Vec::new();
    for number in 0..PURCHASES {
        ids.push(posted(node.purchase(&buyer, 20, &number.to_string())).await);
    }
    node.restart().await;
    for id in [&ids[0], &ids[1], &ids[79]] {
        posted(cancel(&node, id)).await;
        posted(cancel(&node, id)).await;
        assert_eq!(state_of(&node, id).await.text("state"), "CANCELLED");
    }
    node.restart().await;
    for (number, id) in ids.iter().enumerate() {
        let expected = if [0, 1, 79].contains(&number) {
            "CANCELLED"
        } else {
            "POSTED"
        };
        assert_eq!(state_of(&node, id).await.text("state"), expected);
    }
    assert_eq!(node.balance(&buyer).await, cents(77 * 100));

    // The journal is whole: in pages of any size, and for one kind of movement.
    for size in [7, 50, 100] {
        let mut sum = Decimal::ZERO;
        let mut lines = 0;
        for page in 1.. {
            let page = journal(
                &node,
                &buyer,
                &format!("&page={page}&size={size}&include_total=true"),
            )
            .await;
            sum += amounts(&page, "amount").iter().sum::<Decimal>();
            lines += amounts(&page, "amount").len();
            assert_eq!(page["paging"]["total"], 83);
            if page["paging"]["has_more"] == false {
                break;
            }
        }
        assert_eq!((sum, lines), (cents(77 * 100), 83));
    }
    let cancels = journal(&node, &buyer, "&event=CANCEL&size=2&include_total=true").await;
    assert_eq!(events(&cancels), ["CANCEL", "CANCEL"]);
    assert_eq!(
        cancels["paging"],
        json!({ "page": 1, "size": 2, "total": 3, "has_more": true })
    );
    assert_eq!(cancels["content"][0]["purchase"]["id"], ids[79].as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_paid_in_and_taken_by_hand_once_a_key() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let paid = top_up(&node, &buyer, json!(12.34)).with("idempotency-key", "t");
    let first = paid.clone().send().await;
    assert_eq!(first.status, 201, "{first:?}");
    let line = first.json();
    assert_eq!(line["event"], "TOP_UP");
    assert_eq!(line["wallet_id"], buyer.wallet_id.as_str());
    assert_eq!(
        (&line["payment_method"], &line["code"]),
        (&json!("CARD"), &json!("T-1"))
    );
    assert_eq!(line["topup_date"], 1_790_000_000);
    let credit = adjust(&node, &buyer, "CREDIT", 3).with("idempotency-key", "c");
    let debit = adjust(&node, &buyer, "DEBIT", 5).with("idempotency-key", "d");
    let credited = credit.send().await;
    assert_eq!(
        (credited.status, credited.text("notes")),
        (201, "by hand".to_owned())
    );
    let debited = debit.send().await;
    assert_eq!(debited.amount("amount"), cents(-500));
    node.restart().await;
    // The address of a restarted node is another one.
    let again = top_up(&node, &buyer, json!(12.34))
        .with("idempotency-key", "t")
        .send()
        .await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = top_up(&node, &buyer, json!(1))
        .with("idempotency-key", "t")
        .send()
        .await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(node.balance(&buyer).await, cents(1_034));
    let top_ups = journal(&node, &buyer, "&event=TOP_UP").await;
    assert_eq!(top_ups["content"], json!([first.json()]));

    let too_much = adjust(&node, &buyer, "DEBIT", 11).send().await;
    assert_eq!(
        too_much.problem(),
        (400, "wallet_balance_too_low".to_owned())
    );
    assert_eq!(too_much.text("error"), NOT_ENOUGH);
    assert_eq!(node.balance(&buyer).await, cents(1_034));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_money_is_a_line_and_restored_money_lasts_a_day() {
    let node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    // Of 5.50, 2.00 expire after 90 days.
    posted(node.purchase(&buyer, 50, "fund")).await;
    let id = posted(node.spend(&buyer, 1, "spend")).await;
    node.clock.advance(Span::days(100));
    let page = journal(&node, &buyer, "").await;
    assert_eq!(events(&page)[0], "EXPIRY");
    assert_eq!(amounts(&page, "amount")[0], cents(-100));
    assert_eq!(amounts(&page, "amount").iter().sum::<Decimal>(), cents(350));
    posted(cancel(&node, &id)).await;
    assert_eq!(node.balance(&buyer).await, cents(450));
    node.clock.advance(Span::seconds(23 * 3_600));
    assert_eq!(node.balance(&buyer).await, cents(450));
    node.clock.advance(Span::seconds(3 * 3_600));
    assert_eq!(node.balance(&buyer).await, cents(350));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let id = posted(node.purchase(&buyer, 40, "fund")).await;
    let unknown = (404, "not_found".to_owned());
    let invalid = (422, "invalid_request".to_owned());
    let foreign = node.secret_key("test");
    assert_eq!(
        cancel(&node, &id)
            .with("api_key", &foreign)
            .send()
            .await
            .problem(),
        unknown
    );
    for other in ["C-1001", &buyer.wallet_id, &buyer.id] {
        assert_eq!(
            cancel(&node, other).send().await.problem(),
            unknown,
            "{other}"
        );
    }
    let with_field = node.post(&format!("/purchases/{id}/cancel"), &json!({ "amount": 1 }));
    assert_eq!(
        with_field.send().await.problem(),
        (422, "unknown_field".to_owned())
    );
    for euros in [json!(0), json!(-1), json!(0.001), json!(1e15)] {
        assert_eq!(top_up(&node, &buyer, euros).send().await.problem(), invalid);
    }
    let paid = top_up(&node, &buyer, json!(1))
        .with("api_key", &foreign)
        .send()
        .await;
    assert_eq!(paid.problem(), unknown);
    for (member, value, expected) in [
        ("entity", json!("ACCOUNT"), &invalid),
        ("action", json!("STEAL"), &invalid),
        (
            "currency_code",
            json!("JPY"),
            &(422, "currency_mismatch".to_owned()),
        ),
        ("notes", json!(""), &invalid),
    ] {
        let mut body = json!({ "action": "CREDIT", "entity": "WALLET", "amount": 1 });
        body[member] = value;
        let refused = node
            .post(&format!("/contacts/{}/journals", buyer.id), &body)
            .send()
            .await;
        assert_eq!(refused.problem(), *expected, "{member}");
    }
    for (query, expected) in [
        ("", &invalid),
        ("?wallet_id=1", &unknown),
        (&*format!("?wallet_id={}&page=0", buyer.wallet_id), &invalid),
        (
            &*format!("?wallet_id={}&event=LUCK", buyer.wallet_id),
            &invalid,
        ),
        (
            &*format!("?wallet_id={}&entity=ACCOUNT", buyer.wallet_id),
            &invalid,
        ),
    ] {
        let refused = node.get(&format!("/journals{query}")).send().await;
        assert_eq!(refused.problem(), *expected, "{query}");
    }
    let (_, reader) = node
        .make_key(Scopes::of([Scope::WalletsRead, Scope::PurchasesRead]), None)
        .await;
    for ask in [
        cancel(&node, &id),
        top_up(&node, &buyer, json!(1)),
        adjust(&node, &buyer, "DEBIT", 1),
    ] {
        let refused = ask.with("api_key", &reader).send().await;
        assert_eq!(refused.problem(), (403, "insufficient_scope".to_owned()));
    }
    assert_eq!(node.balance(&buyer).await, cents(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_merchant_cancels_what_it_sold_and_nothing_else() {
    let node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let id = posted(node.purchase(&buyer, 40, "fund")).await;
    let unknown = (404, "not_found".to_owned());
    for (merchant, is_own) in [(1, false), (0, true)] {
        let organisation = &node.seed.organisations.merchants[merchant].id;
        let scopes = ["purchases.write"];
        let body = json!({ "name": "m", "scopes": scopes, "organisation_id": organisation });
        let key = node.post("/api_keys", &body).send().await;
        assert_eq!(key.status, 201, "{key:?}");
        let secret = key.text("value");
        let cancelled = cancel(&node, &id).with("api_key", &secret).send().await;
        if is_own {
            assert_eq!(cancelled.status, 200, "{cancelled:?}");
        } else {
            assert_eq!(cancelled.problem(), unknown);
        }
        let expected = if is_own { 0 } else { 200 };
        assert_eq!(node.balance(&buyer).await, cents(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_has_a_code_of_sixteen_digits_that_stays() {
    let mut node = TestNode::start().await;
    let mut codes = Vec::new();
    for round in 0..2 {
        for (number, contact) in node.seed.contacts.iter().enumerate().take(5) {
            let ask = node
                .wallet(contact)
                .with("api_key", &node.secret_key(&contact.mode));
            let code = ask.send().await.text("code");
            assert!(
                code.len() == 16 && code.bytes().all(|it| it.is_ascii_digit()),
                "{code}"
            );
            if round == 0 {
                assert!(!codes.contains(&code));
                codes.push(code);
            } else {
                assert_eq!(codes[number], code);
            }
        }
        node.restart().await;
    }
}
