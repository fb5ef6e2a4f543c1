//! What decides who is given money, and money that moves without a purchase, stands in the audit log with who did it.

use http::Method;
use serde_json::json;

use crate::audit::exported;
use crate::node::TestNode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_decides_rewards_or_moves_money_by_hand_is_written_down() {
    let node = TestNode::start().await;
    let mut expected = Vec::new();
    let tag = json!({ "name": "regular" });
    let segment = json!({ "name": "Regulars", "tags": ["regular"] });
    let tier = json!({ "name": "Silver", "value_units": 10 });
    let scheme = json!({ "name": "Club", "sign_up_option": "SELF_SIGN_UP" });
    for (area, body) in [
        ("tags", &tag),
        ("segments", &segment),
        ("reward_tiers", &tier),
        ("reward_schemes", &scheme),
    ] {
        let id = node.set_up(&format!("/{area}"), body).await;
        expected.push((format!("{area}.create"), Some(id.clone()), "DONE"));
        if area != "tags" {
            let path = format!("/{area}/{id}");
            let changed = node.trial(Method::PUT, &path, Some(body)).send().await;
            assert_eq!(changed.status, 200, "{changed:?}");
            expected.push((format!("{area}.update"), Some(id), "DONE"));
        }
    }
    let contact = &node.trial_contacts()[0];
    let (id, wallet) = (Some(contact.id.clone()), &contact.wallet_id);
    let tiering = json!({ "based_on": "SPEND", "conversion_rate": 1, "period": "YEAR" });
    let journals = format!("/contacts/{}/journals", contact.id);
    let limits = format!("/wallets/{wallet}/limits");
    let credit = json!({ "entity": "WALLET", "action": "CREDIT", "amount": 2, "currency_code": "EUR", "notes": "sorry" });
    let too_much =
        json!({ "entity": "WALLET", "action": "DEBIT", "amount": 9_000, "currency_code": "EUR" });
    let paid = json!({ "wallet_id": wallet, "amount": 5 });
    let done = [
        (
            Method::PUT,
            "/reward_tiers",
            &tiering,
            "reward_tiers.set",
            None,
            200,
        ),
        (
            Method::POST,
            "/topups",
            &paid,
            "topups.create",
            id.clone(),
            201,
        ),
        (
            Method::POST,
            &journals,
            &credit,
            "contacts.journals.create",
            id.clone(),
            201,
        ),
        (
            Method::POST,
            &journals,
            &too_much,
            "contacts.journals.create",
            id.clone(),
            400,
        ),
        (
            Method::PUT,
            &limits,
            &json!({ "limit_rules": [] }),
            "wallets.limits.set",
            id,
            200,
        ),
        (
            Method::POST,
            "/test_clock/advance",
            &json!({ "seconds": 5 }),
            "test_clock.advance",
            None,
            200,
        ),
    ];
    for (method, path, body, operation, target, status) in done {
        let answer = node.trial(method, path, Some(body)).send().await;
        assert_eq!(answer.status, status, "{operation}: {answer:?}");
        let outcome = if status < 400 { "DONE" } else { "REFUSED" };
        expected.push((operation.to_owned(), target, outcome));
    }
    let (text, lines) = exported(&node, "test").await;
    let lines = lines.into_iter();
    let told = lines.filter(|it| it.outcome != "ASKED").map(|it| {
        assert!(it.actor.starts_with("key:"), "{}", it.actor);
        (it.operation, it.target, it.outcome)
    });
    let expected = expected.into_iter();
    let expected =
        expected.map(|(operation, target, outcome)| (operation, target, outcome.to_owned()));
    assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert!(!text.contains("sorry"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_a_wallet_are_written_down_whichever_gateway_sets_them() {
    let node = TestNode::start().await;
    let contact = &node.trial_contacts()[0];
    let path = format!("wallets/{}/limits", contact.wallet_id);
    for gateway in ["backoffice", "self-service"] {
        let set = node.ask(Method::PUT, &format!("/{gateway}/v2/{path}"));
        let set = set
            .with("api_key", &node.secret_key("test"))
            .with("content-type", "application/json")
            .body(&json!({ "limit_rules": [] }));
        let set = set.send().await;
        assert_eq!(set.status, 200, "{gateway}: {set:?}");
    }
    let (_, lines) = exported(&node, "test").await;
    let done = lines.iter().filter(|it| {
        it.operation == "wallets.limits.set"
            && it.target.as_ref() == Some(&contact.id)
            && it.outcome == "DONE"
    });
    assert_eq!(done.count(), 2);
}
