//! What an app does with rewards: offers, goals, tiers and schemes.

use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::node::TestNode;
use crate::venues::{publish, shown};

/// A contact with an e-mail address signs up to schemes, buys, and looks at what comes of it.
pub(super) async fn rewards_of_a_contact(node: TestNode) {
    let person = node
        .signed_up_by_email("ada@acme.example", "vivid turtle 9")
        .await;
    publish(&node, &node.seed.organisations.merchants[0].id, &shown()).await;
    let offers = set_up(&node).await;
    let schemes = schemes(&node).await;
    let own = async |path: &str| {
        node.own(Method::GET, path, &person.access).send().await;
    };
    own("/contacts/reward_schemes/verification/HARBOUR-STAFF-26").await;
    let [club, staff, employees] = &schemes;
    sign(
        &node,
        &person,
        json!({ "action": "SIGN_UP", "reward_scheme_id": club }),
    )
    .await;
    let by_code = json!({ "action": "SIGN_UP", "reward_scheme_id": staff, "sign_up_code": "HARBOUR-STAFF-26" });
    sign(&node, &person, by_code).await;
    let by_address = json!({ "action": "SIGN_UP", "reward_scheme_id": employees, "email_address": "ada@acme.example" });
    sign(&node, &person, by_address).await;
    for total in [30, 5] {
        node.bought(&person.id, total).await;
    }
    own(&format!("/contacts/{}/rewards", person.id)).await;
    own("/reward_schemes").await;
    own("/reward_schemes?is_signed=true").await;
    own("/reward_schemes?name=Club").await;
    sign(
        &node,
        &person,
        json!({ "action": "SIGN_OUT", "reward_scheme_id": club }),
    )
    .await;
    let organisations = &node.seed.organisations;
    let (merchant, owner) = (&organisations.merchants[0].id, &organisations.service_owner);
    for query in [
        "include_total=true&size=100".to_owned(),
        "goals=VISITS".to_owned(),
        "types=ACHIEVEMENT".to_owned(),
        "is_featured=true".to_owned(),
        "performance_enabled=true".to_owned(),
        "search_value=Second".to_owned(),
        format!("organisations={merchant}"),
        format!("owner={owner}"),
        "page=1&size=2&order=ASC".to_owned(),
        "order=DESC&sort=DEFAULT_SORTING".to_owned(),
        "sort=ORGANISATION_NAME".to_owned(),
        "sort=DISTANCE&lat=51.5&lon=0.1".to_owned(),
    ] {
        own(&format!("/reward_offers?{query}")).await;
    }
    for offer in &offers {
        own(&format!("/reward_offers/{offer}")).await;
        own(&format!("/reward_offers/{offer}/performance")).await;
    }
}

/// Tiers, and an offer of every kind: the ids of the offers.
async fn set_up(node: &TestNode) -> Vec<String> {
    let tier = |name: &str, value_units: u32| json!({ "name": name, "value_units": value_units, "description": "For friends", "color": "#c0c0c0" });
    let silver = node.set_up("/reward_tiers", &tier("Silver", 10)).await;
    node.set_up("/reward_tiers", &tier("Gold", 500)).await;
    let club = json!({ "name": "All", "sign_up_option": "AUTO_SIGN_UP", "description": "For all" });
    let all = node.set_up("/reward_schemes", &club).await;
    let merchant = &node.seed.organisations.merchants[0].id;
    let texts = |mut rest: Value| {
        rest["short_description"] = json!("3.00 back");
        rest["long_description"] = json!("Three euros, again and again");
        rest["terms_and_conditions"] = json!("Not on Sundays");
        rest["is_featured"] = json!(true);
        rest
    };
    let mut offers = Vec::new();
    for (name, rest) in [
        (
            "Second",
            json!({ "goal": { "type": "VISITS", "visits": 4, "repeats": true },
            "conditions": { "organisations": [merchant], "valid_from": 1, "valid_to": 4_102_444_800_i64 } }),
        ),
        (
            "Hundred",
            json!({ "goal": { "type": "ACHIEVEMENT", "amount": 100 } }),
        ),
        (
            "Teas",
            json!({ "goal": { "type": "ACHIEVEMENT", "quantity": 5, "products": ["TEA"] } }),
        ),
        (
            "A month",
            json!({ "goal": { "type": "MEMBERSHIP", "days": 30 }, "conditions": { "schemes": [all] } }),
        ),
        ("Silver", json!({ "conditions": { "tiers": [silver] } })),
        (
            "Evenings",
            json!({ "conditions": { "hours": [{ "from": "17:00", "to": "19:00" }] } }),
        ),
        ("Bread", json!({ "conditions": { "products": ["BREAD"] } })),
    ] {
        offers.push(node.gift(name, texts(rest)).await);
    }
    offers
}

/// Schemes by self sign-up, by code, and by e-mail domain: their ids.
async fn schemes(node: &TestNode) -> [String; 3] {
    let scheme = async |name: &str, mut body: Value| {
        body["name"] = json!(name);
        body["description"] = json!("For friends");
        body["terms_and_conditions"] = json!("Be kind");
        node.set_up("/reward_schemes", &body).await
    };
    let closed =
        |method: &str| json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": method });
    let mut by_code = closed("CODE");
    by_code["sign_up_code"] = json!("HARBOUR-STAFF-26");
    let mut by_address = closed("EMAIL_DOMAIN");
    by_address["email_domains"] = json!(["acme.example"]);
    [
        scheme("Club", json!({ "sign_up_option": "SELF_SIGN_UP" })).await,
        scheme("Staff", by_code).await,
        scheme("Employees", by_address).await,
    ]
}

async fn sign(node: &TestNode, person: &Person, body: Value) {
    let path = format!("/contacts/{}/reward_schemes", person.id);
    let ask = node.own(Method::POST, &path, &person.access);
    let ask = ask.with("content-type", "application/json").body(&body);
    let signed = ask.send().await;
    assert!([201, 204].contains(&signed.status), "{signed:?}");
}
