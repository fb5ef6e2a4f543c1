//! Everything that is held on a contact, for the contact and for whoever answers for it: all of it, and of nobody else.

use clientele::domain::api_key::{Scope, Scopes};
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::{delete, looks, refused};
use crate::node::TestNode;
use crate::organisations::key_of;
use crate::own_data::{OTHER, PHONE, buys, gives_three, till};

/// A contact with something in every part that there is.
pub(crate) struct Full {
    /// Who it is.
    pub(crate) person: Person,
    /// Texts that are its own and personal.
    pub(crate) personal: Vec<String>,
    /// Texts that others wrote about it: of the bounds on its wallet first, then of what it did.
    pub(crate) others: Vec<String>,
    /// What would let somebody in, or spend.
    pub(crate) secrets: Vec<String>,
}

/// Sets up what contacts may have: a scheme, tags, tiers and a capped offer.
pub(crate) async fn prepare(node: &TestNode) -> String {
    node.set_up("/tags", &json!({ "name": "regular" })).await;
    let segment = json!({ "name": "Regulars", "tags": ["regular"] });
    node.set_up("/segments", &segment).await;
    node.set_up(
        "/reward_tiers",
        &json!({ "name": "Silver", "value_units": 10 }),
    )
    .await;
    gives_three(
        node,
        "Twice",
        &json!({ "caps": { "per_contact": { "awards": 200 } } }),
    )
    .await;
    let club = json!({ "name": "Club", "sign_up_option": "SELF_SIGN_UP" });
    node.set_up("/reward_schemes", &club).await
}

/// Gives a person who signed up by `phone` something in every part; its texts all end in `mark`.
pub(crate) async fn filled(node: &TestNode, phone: &str, mark: &str, club: &str) -> Full {
    let person = node.signed_up(phone).await;
    let mut personal = vec![phone.to_owned()];
    tell(node, &person, mark, &mut personal).await;
    join(node, &person, club).await;
    let image = crate::images::image(&crate::images::png(640, 480), 1_000);
    let shown = person.shows_itself(node, &image).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let mut others = Vec::new();
    let token = trade(node, &person, mark, &mut others).await;
    let secrets = vec![
        person.access.clone(),
        person.refresh.clone(),
        token.text("value"),
        token.text("alternative_token"),
    ];
    Full {
        person,
        personal,
        others,
        secrets,
    }
}

/// What it says of itself.
async fn tell(node: &TestNode, person: &Person, mark: &str, personal: &mut Vec<String>) {
    let mut own = |what: &str| {
        let text = format!("{what}-{mark}");
        personal.push(text.clone());
        text
    };
    let paper = |number: String| json!({ "number": number, "issuing_country_code": "GBR", "expiration_date": 1900000000 });
    let body = json!({
        "first_name": own("first"), "middle_name": own("middle"), "last_name": own("last"), "company_name": own("firm"),
        "language_code": "EL", "email": own("mail").to_lowercase() + "@example.test", "email_opt_out": true,
        "demographics": {
            "gender": "FEMALE", "date_of_birth": { "year": 1815, "month": 12, "day": 10 }, "name_day": { "month": 12, "day": 4 },
            "passport": paper(own("passport")), "id_details": paper(own("card")), "statutory_number": own("statutory"),
        },
        "company_profile": {
            "registration_number": own("register"), "registration_country": "GBR",
            "tax_reference_number": own("tax"), "vat_registration_number": own("vat"),
        },
        "custom_fields": [{ "key": own("key"), "value": own("value") }],
    });
    let changed = person.changes(node, body).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let address = json!({
        "type": "HOME", "name": own("place"), "address_line_1": own("street"), "address_line_2": own("floor"),
        "state_province_county": own("county"), "town_city": own("town"), "postal_code": own("post"),
        "country_code": "GBR", "lat": 51.5, "lon": -0.12, "google_place_id": own("google"), "is_primary": true,
    });
    person.keeps(node, "addresses", &address).await;
    let device = json!({
        "platform": "MOBILE", "mac_address": own("mac"), "serial_number": own("serial"), "electronic_id": own("electronic"),
        "registration_token": own("push"), "application_id": own("app"),
        "custom_fields": [{ "key": own("device"), "value": own("colour") }],
    });
    person.keeps(node, "devices", &device).await;
    let card = own("medium");
    let title = json!({ "title": own("title") });
    let path = format!("/contacts/{}", person.id);
    let carded = till(node, &format!("{path}/cards"), &json!({ "cim": card }));
    assert_eq!(carded.send().await.status, 201);
    let titled = node.trial(Method::PUT, &path, Some(&title));
    assert_eq!(titled.send().await.status, 200);
}

/// What it is a member of.
async fn join(node: &TestNode, person: &Person, club: &str) {
    let path = format!("/contacts/{}", person.id);
    let merchant = &node.seed.organisations.merchants[0].id;
    for (what, body) in [
        (
            "/organisations",
            json!({ "organisation_id": merchant, "action": "SIGNUP" }),
        ),
        (
            "/preferences",
            json!({ "organisation_id": merchant, "type": "ORDERS" }),
        ),
        (
            "/reward_schemes",
            json!({ "reward_scheme_id": club, "action": "SIGN_UP" }),
        ),
    ] {
        let done = person.write(node, Method::POST, &person.path(what), &body);
        let done = done.send().await;
        assert!((200..300).contains(&done.status), "{what}: {done:?}");
    }
    let on = format!("/organisations/{merchant}/switch");
    let on = person.write(node, Method::POST, &on, &json!({}));
    assert_eq!(on.send().await.status, 200);
    let tags = node.trial(
        Method::PUT,
        &format!("{path}/tags"),
        Some(&json!({ "tags": ["regular"] })),
    );
    assert_eq!(tags.send().await.status, 200);
}

/// What its wallet goes through; a spend token.
async fn trade(node: &TestNode, person: &Person, mark: &str, others: &mut Vec<String>) -> Answer {
    let wallet = person.wallet(node).await;
    // Written as no personal text is.
    let mark = mark.to_uppercase();
    let mut noted = |what: &str| {
        let text = format!("{what}-{mark}");
        others.push(text.clone());
        text
    };
    let merchant = &node.seed.organisations.merchants[0].id;
    let limits = json!({ "limit_rules": [{ "name": noted("limit"), "maximum_amount": 5000, "period": "DAILY", "applies_for": ["DEBIT"] }] });
    let limited = node.trial(
        Method::PUT,
        &format!("/wallets/{wallet}/limits"),
        Some(&limits),
    );
    assert_eq!(limited.send().await.status, 200);
    let paid = json!({ "wallet_id": wallet, "amount": 500, "code": noted("top-up"), "payment_method": noted("means") });
    assert_eq!(till(node, "/topups", &paid).send().await.status, 201);
    let by_hand =
        json!({ "action": "CREDIT", "entity": "WALLET", "amount": 1, "notes": noted("by-hand") });
    let returned = json!({
        "contact": { "id": person.id }, "organisation": { "id": merchant },
        "amount": 1, "return_amount": 1, "reference_number": noted("returned"),
    });
    let medium = noted("medium-at-till");
    let own = noted("own");
    let receipt = noted("receipt");
    // More than is held in memory, and than one page of lines and purchases.
    for number in 0..105 {
        let mut rest = json!({ "reference_number": format!("{receipt}-{number}"), "spend_request": { "amount": 1 } });
        rest["transaction_amounts"] = json!({ "total": 2 });
        rest["products"] = json!([{ "sku": "BEAN", "amount": 2 }]);
        rest["id"] = json!(format!("{own}-{number}"));
        rest["payment_medium_identifier"] = json!(medium);
        let bought = buys(node, person, rest).await;
        assert_eq!(bought.status, 200, "{bought:?}");
    }
    let credited = till(node, &format!("/contacts/{}/journals", person.id), &by_hand);
    assert_eq!(credited.send().await.status, 201);
    let returned = till(node, "/purchases/ad_hoc_return", &returned);
    assert_eq!(returned.send().await.status, 200);
    let held = till(
        node,
        "/purchases/estimates",
        &json!({
            "contact": { "id": person.id }, "organisation": { "id": merchant },
            "transaction_amounts": { "total": 20 }, "block_wallet_funds": true, "spend_request": { "amount": 2 },
        }),
    );
    assert_eq!(held.send().await.status, 200);
    let token = person.write(
        node,
        Method::POST,
        &person.path("/tokens"),
        &json!({ "intent": "SPEND", "spend_amount": 3 }),
    );
    let token = token.send().await;
    assert_eq!(token.status, 200, "{token:?}");
    token
}

/// The leaves that are null, and the lists that are empty, by their path.
fn empty(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(at.to_owned()),
        Value::Array(entries) if entries.is_empty() => found.push(at.to_owned()),
        // Of a list, the first entry stands for all.
        Value::Array(entries) => empty(&entries[0], &format!("{at}[]"), found),
        Value::Object(members) => {
            for (member, value) in members {
                empty(value, &format!("{at}.{member}"), found);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a contact like [`filled`] has nothing in.
const EMPTY: &[&str] = &[
    ".access.codes",
    ".access.identity_being_added",
    ".access.newest_code_beside_identities_sent_to",
    ".access.password",
    ".access.wrong_codes.newest_date",
    ".awards_of_offers.on_that_day",
    ".contact.own_id",
    ".journal[].about.paid_date",
    ".journal[].commerce_pools",
    ".journal[].expiration_date",
    ".loyalty.goals",
    ".loyalty.schemes[].email_address",
    ".loyalty.schemes[].sign_up_code",
    ".loyalty.wrong_sign_up_codes.newest_date",
    ".profile.agreement.country",
    ".purchases[].awarded[].lot.bound_by",
    ".purchases[].awarded[].lot.expiration_date",
    ".purchases[].cancelled_date",
    ".purchases[].purchase.transaction_amounts.discount",
    ".purchases[].purchase.transaction_amounts.net",
    ".purchases[].purchase.transaction_amounts.tax",
    ".purchases[].spent.lots[].bound_by",
    ".purchases[].spent.lots[].expiration_date",
    ".spend_tokens[].estimate_id",
    ".wallet.holds[].lots[].bound_by",
    ".wallet.holds[].lots[].expiration_date",
    ".wallet.limits.limit_rules[].maximum_number",
    ".wallet.locked",
    ".wallet.lots[].bound_by",
    ".wallet.lots[].expiration_date",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_every_part_of_a_contact_and_nothing_of_anybody_else() {
    let mut node = TestNode::start().await;
    let club = prepare(&node).await;
    let one = filled(&node, PHONE, "Xanthe", &club).await;
    let other = filled(&node, OTHER, "Yorick", &club).await;
    let path = |person: &Person| format!("/contacts/{}/export", person.id);
    for _ in 0..2 {
        for (who, not) in [(&one, &other), (&other, &one)] {
            let own = who.person.sees(&node, path(&who.person)).await;
            let text = own.to_string();
            for expected in who.personal.iter().chain(&who.others) {
                // Addresses of mail are kept in lower case.
                let is_there = text.contains(expected) || text.contains(&expected.to_lowercase());
                assert!(is_there, "{expected} is missing");
            }
            for foreign in not.personal.iter().chain(&not.others) {
                assert!(!text.contains(foreign), "{foreign} is of somebody else");
            }
            assert!(!text.contains(&not.person.id));
            for secret in who.secrets.iter().chain(&not.secrets) {
                assert!(!text.contains(secret), "{secret}");
            }
            let purchases = own["purchases"].as_array().unwrap();
            let receipts = purchases
                .iter()
                .map(|it| &it["purchase"]["reference_number"]);
            let first = who.others.last().unwrap();
            let all = (0..105).map(|number| json!(format!("{first}-{number}")));
            assert!(receipts.eq(all.collect::<Vec<_>>().iter()), "{purchases:?}");
            // The sum of all lines is the balance.
            let lines = own["journal"].as_array().unwrap().iter();
            let sum: f64 = lines.map(|line| line["amount"].as_f64().unwrap()).sum();
            assert_eq!(
                json!(sum.round()),
                json!(own["wallet"]["balance"].as_f64().unwrap().round())
            );
            assert!(own["journal"].as_array().unwrap().len() > 200);
            let mut nothing = Vec::new();
            empty(&own, "", &mut nothing);
            assert_eq!(nothing, EMPTY);
        }
        node.restart().await;
    }
    let theirs = node.own(Method::GET, &path(&other.person), &one.person.access);
    assert_eq!(theirs.send().await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_office_exports_a_contact_for_it_and_that_stands_in_the_audit_log() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let key = node.secret_key("test");
    let path = format!("/contacts/{}/export", person.id);
    let exported = node.get(&path).with("api_key", &key);
    let by_key = exported.clone().send().await;
    assert_eq!(by_key.status, 200, "{by_key:?}");
    let mut own = person.sees(&node, &path).await;
    let mut by_key = by_key.json();
    own["exported_date"] = json!(0);
    by_key["exported_date"] = json!(0);
    assert_eq!(by_key, own);
    let log = node
        .get("/audit_log?operation=contacts.export")
        .with("api_key", &key);
    let log = log.send().await.json();
    let outcomes: Vec<_> = log["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["outcome"])
        .collect();
    assert_eq!(outcomes, ["DONE", "ASKED"]);
    assert_eq!(log["content"][0]["target"], json!(person.id));

    // Of the other mode, and of nobody: the same.
    let live = node.contact(0).id.clone();
    let nobody = looks(
        &node
            .get("/contacts/NOBODY/export")
            .with("api_key", &key)
            .send()
            .await,
    );
    let other_mode = node
        .get(&format!("/contacts/{live}/export"))
        .with("api_key", &key);
    assert_eq!(looks(&other_mode.send().await), nobody);
    let path = format!("/contacts/{live}/export");
    for missing in [
        Scope::FinanceRead,
        Scope::PurchasesRead,
        Scope::ContactsRead,
    ] {
        let rest = Scope::ALL.into_iter().filter(|scope| *scope != missing);
        let (_, weak) = node.make_key(Scopes::of(rest), None).await;
        let refusal = node.get(&path).with("api_key", &weak).send().await;
        assert_eq!(
            refusal.problem(),
            refused(403, "insufficient_scope"),
            "{missing:?}"
        );
    }
    let venue = &node.seed.organisations.merchants[0].id;
    let bound = key_of(
        &node,
        venue,
        &["contacts.read", "finance.read", "purchases.read"],
    )
    .await;
    let refusal = node.get(&path).with("api_key", &bound).send().await;
    assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    assert_eq!(node.get(&path).send().await.status, 200);
    assert_eq!(
        delete(&node, &format!("/contacts/{live}"))
            .send()
            .await
            .status,
        204
    );
    assert_eq!(looks(&node.get(&path).send().await), nobody);
}
