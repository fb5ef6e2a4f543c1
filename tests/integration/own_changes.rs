//! What a contact changes of its own: profile, addresses, devices, preferences, memberships; and that it can be gone.

use clientele::domain::time::Span;
use data_encoding::BASE64URL_NOPAD;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::{Answer, Ask};
use crate::commerce::put;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::own_data::{OTHER, PHONE};

impl Person {
    /// A write to what is its own.
    pub(crate) fn write(&self, node: &TestNode, method: Method, path: &str, body: &Value) -> Ask {
        node.own(method, path, &self.access)
            .with("content-type", "application/json")
            .body(body)
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/contacts/{}{rest}", self.id)
    }

    /// Changes its profile.
    pub(crate) async fn changes(&self, node: &TestNode, body: Value) -> Answer {
        let change = self.write(node, Method::PUT, &self.path(""), &body);
        change.send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_changes_its_profile_and_signs_in_as_before() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let body = json!({
        "first_name": "Augusta", "middle_name": "Ada", "language_code": "el", "email": "ada@example.test",
        "phone": { "type": "LANDLINE", "country_code": "GBR", "number": "020 7946 0018" },
        "demographics": {
            "gender": "FEMALE", "date_of_birth": { "year": 1815, "month": 12, "day": 10 }, "name_day": { "month": 12, "day": 4 },
            "passport": { "number": "P1", "issuing_country_code": "GBR", "expiration_date": 1900000000 },
        },
        "company_profile": { "registration_number": "R1" },
        "sms_opt_out": true, "custom_fields": [{ "key": "shoe", "value": "39" }],
    });
    let changed = person.changes(&node, body.clone()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json(), json!({ "id": person.id }));
    for _ in 0..2 {
        let own = person.sees(&node, person.path("")).await;
        for member in [
            "first_name",
            "middle_name",
            "email",
            "phone",
            "custom_fields",
        ] {
            assert_eq!(own[member], body[member], "{member}");
        }
        assert_eq!(own["last_name"], "Byron");
        assert_eq!(own["language_code"], "EL");
        assert_eq!(own["demographics"]["date_of_birth"]["year"], 1815);
        assert_eq!(own["demographics"]["passport"]["number"], "P1");
        assert_eq!(own["company_profile"]["registration_number"], "R1");
        node.restart().await;
    }
    // A change at the till keeps what only the contact tells.
    let patched = node
        .ask(
            Method::PUT,
            &format!("/backoffice/v2/contacts/{}", person.id),
        )
        .with("api_key", &node.secret_key("test"))
        .with("content-type", "application/json")
        .body(&json!({ "title": "Countess" }));
    assert_eq!(patched.send().await.status, 200);
    let own = person.sees(&node, person.path("")).await;
    assert_eq!(own["demographics"]["gender"], "FEMALE");
    // It signs in by what it proved, and by nothing else.
    node.clock.advance(Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let again = node.answered(&auth_otp, &node.code(PHONE).await).await;
    assert_eq!(Person::of(&again).id, person.id);
    let inbox = node.inbox().await.len();
    node.asked("+442079460018").await;
    assert_eq!(node.inbox().await.len(), inbox, "nobody signs in by it");

    let gone = person.changes(&node, json!({ "email": null, "demographics": null }));
    assert_eq!(gone.await.status, 200);
    let own = person.sees(&node, person.path("")).await;
    assert_eq!(own["email"], Value::Null);
    assert_eq!(own["demographics"]["gender"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_cannot_be_is_refused_and_nothing_changes() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let before = person.sees(&node, person.path("")).await;
    let day = |month: u8, day: u8| json!({ "demographics": { "name_day": { "month": month, "day": day } } });
    for (body, status, code) in [
        (json!({ "email": "nobody" }), 422, "invalid_request"),
        (json!({ "first_name": "" }), 422, "invalid_request"),
        (json!({ "language_code": "XX" }), 422, "invalid_request"),
        (
            json!({ "phone": { "type": "MOBILE", "number": "12" } }),
            422,
            "invalid_request",
        ),
        (day(13, 1), 422, "invalid_request"),
        (day(2, 30), 422, "invalid_request"),
        (json!({ "id": "another" }), 422, "invalid_request"),
        (json!({ "wallet": {} }), 422, "unknown_field"),
        (
            json!({ "demographics": { "shoe": 39 } }),
            422,
            "unknown_field",
        ),
    ] {
        let answer = person.changes(&node, body.clone()).await;
        assert_eq!(answer.problem(), refused(status, code), "{body}");
    }
    assert_eq!(person.sees(&node, person.path("")).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_keeps_addresses() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let home = json!({
        "type": "HOME", "address_line_1": "Quay 1", "town_city": "Berlin", "country_code": "DEU",
        "lat": 52.52, "lon": -13.405, "is_primary": true, "is_billing_address": true,
    });
    let add = person
        .write(&node, Method::POST, &person.path("/addresses"), &home)
        .with("idempotency-key", "a1");
    let first = add.clone().send().await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(add.send().await.body, first.body);
    let id = first.text("id");
    let work = json!({ "type": "BUSINESS", "address_line_1": "Mill 2", "is_primary": true });
    let other = person.keeps(&node, "addresses", &work).await;
    let list = person.sees(&node, person.path("/addresses")).await;
    assert_eq!(list["paging"]["total"], 2);
    let rows = list["content"].as_array().unwrap();
    for (member, value) in home.as_object().unwrap() {
        let expected = if member == "is_primary" {
            &json!(false)
        } else {
            value
        };
        assert_eq!(&rows[0][member], expected, "{member}");
    }
    assert_eq!(
        (&rows[0]["id"], &rows[1]["id"]),
        (&json!(id), &json!(other))
    );
    // The till sees them, and leaves what it does not know.
    let at_till = node.get(&format!("/contacts/{}", person.id));
    let at_till = at_till.with("api_key", &node.secret_key("test"));
    assert_eq!(
        at_till.send().await.json()["addresses"][0]["town_city"],
        "Berlin"
    );
    let title = node
        .ask(
            Method::PUT,
            &format!("/backoffice/v2/contacts/{}", person.id),
        )
        .with("api_key", &node.secret_key("test"))
        .with("content-type", "application/json")
        .body(&json!({ "title": "Dr" }));
    assert_eq!(title.send().await.status, 200);
    assert_eq!(person.sees(&node, person.path("/addresses")).await, list);

    let path = person.path(&format!("/addresses/{id}"));
    let moved = json!({ "type": "ALTERNATIVE", "address_line_1": "Pier 3" });
    let changed = person.write(&node, Method::PUT, &path, &moved).send().await;
    assert_eq!(changed.json(), json!({ "id": id }));
    let gone = node.own(
        Method::DELETE,
        &person.path(&format!("/addresses/{other}")),
        &person.access,
    );
    assert_eq!(gone.clone().send().await.status, 200);
    assert_eq!(gone.send().await.status, 404);
    let list = person.sees(&node, person.path("/addresses")).await;
    assert_eq!(list["content"].as_array().unwrap().len(), 1);
    assert_eq!(list["content"][0]["address_line_1"], "Pier 3");
    for wrong in [
        json!({ "type": "HOME" }),
        json!({ "type": "CASTLE", "address_line_1": "x" }),
        json!({ "type": "HOME", "address_line_1": "x", "lat": 90.1 }),
    ] {
        let answer = person.write(&node, Method::PUT, &path, &wrong).send().await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_keeps_devices() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let phone =
        json!({ "platform": "MOBILE", "registration_token": "fcm:1", "serial_number": "SN-7" });
    let id = person.keeps(&node, "devices", &phone).await;
    // The same token is the same device.
    let again = json!({ "platform": "MOBILE", "registration_token": "fcm:1", "mac_address": "00:00:5e:00:53:01" });
    assert_eq!(person.keeps(&node, "devices", &again).await, id);
    let browser = json!({ "platform": "BROWSER", "electronic_id": "E-1" });
    let browser = person.keeps(&node, "devices", &browser).await;
    let fields = json!({ "custom_fields": [{ "key": "colour", "value": "red" }] });
    let changed = person.write(&node, Method::PUT, &format!("/devices/{browser}"), &fields);
    assert_eq!(changed.send().await.status, 200);
    let list = person
        .sees(&node, person.path("/devices?include_total=true"))
        .await;
    assert_eq!(list["paging"]["total"], 2);
    assert_eq!(list["content"][0]["mac_address"], "00:00:5e:00:53:01");
    assert_eq!(list["content"][0]["serial_number"], Value::Null);
    assert_eq!(list["content"][1]["custom_fields"], fields["custom_fields"]);
    let found = person
        .sees(&node, person.path("/devices?search_value=e-1"))
        .await;
    assert_eq!(found["content"][0]["id"], json!(browser));
    assert_eq!(found["content"].as_array().unwrap().len(), 1);
    let same = json!({ "id": browser });
    let same = person.write(&node, Method::PUT, &format!("/devices/{browser}"), &same);
    assert_eq!(same.send().await.status, 200);
    let kept = person.sees(&node, person.path("/devices")).await;
    let devices = kept["content"].as_array().unwrap();
    let kept = devices.iter().find(|it| it["id"] == browser.as_str());
    assert_eq!(kept.unwrap()["custom_fields"], fields["custom_fields"]);
    for name in ["fcm:1", &*browser] {
        let gone = node.own(
            Method::DELETE,
            &person.path(&format!("/devices/{name}")),
            &person.access,
        );
        assert_eq!(gone.clone().send().await.status, 200, "{name}");
        assert_eq!(gone.send().await.status, 404, "{name}");
    }
    for (wrong, status) in [
        (json!({ "platform": "MOBILE" }), 422),
        (json!({ "registration_token": "x".repeat(513) }), 422),
        (json!({ "registration_token": "x", "product_id": "p" }), 501),
    ] {
        let answer = person.write(&node, Method::POST, &person.path("/devices"), &wrong);
        assert_eq!(answer.send().await.status, status, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_joins_and_leaves_organisations_and_says_which_it_likes() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let merchants = &node.seed.organisations.merchants;
    let (one, other) = (&merchants[0].id, &merchants[1].id);
    let act = |action: &str| {
        let body = json!({ "action": action, "organisation_id": one });
        person.write(&node, Method::POST, &person.path("/organisations"), &body)
    };
    let joined = act("SIGNUP").send().await;
    assert_eq!(joined.status, 200, "{joined:?}");
    assert_eq!(joined.json()["organisations"][0]["id"], json!(one));
    assert!(joined.text("exp").ends_with('Z'));
    // The session goes on with the tokens that it had.
    assert_eq!(joined.text("refresh_token"), person.refresh);
    let with = Person {
        access: joined.text("access_token"),
        ..person.clone()
    };
    assert_eq!(with.read(&node).send().await.status, 200);
    let left = act("SIGNOFF").send().await;
    assert_eq!(left.json()["organisations"], json!([]));

    for (of, organisation) in [("ORDERS", one), ("REWARDS", one), ("ORDERS", other)] {
        let body = json!({ "organisation_id": organisation, "type": of });
        let set = person.write(&node, Method::POST, &person.path("/preferences"), &body);
        assert_eq!(set.send().await.json(), json!({ "id": organisation }));
    }
    let liked = person.sees(&node, person.path("/preferences")).await;
    let rows = liked["organisations"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| (row["type"].clone(), row["id"].clone()))
        .collect();
    assert_eq!(
        rows,
        [
            (json!("REWARDS"), json!(one)),
            (json!("ORDERS"), json!(other))
        ]
    );
    for (path, body) in [
        (
            "/organisations",
            json!({ "action": "SIGNUP", "organisation_id": "x" }),
        ),
        (
            "/preferences",
            json!({ "type": "ORDERS", "organisation_id": "x" }),
        ),
    ] {
        let unknown = person.write(&node, Method::POST, &person.path(path), &body);
        assert_eq!(
            unknown.send().await.problem(),
            refused(400, "unknown_organisation")
        );
    }
    let languages = person.sees(&node, "/languages").await;
    assert!(
        languages["content"]
            .as_array()
            .unwrap()
            .contains(&json!({ "language_code": "EL" }))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_unregisters_and_is_gone_with_its_sessions_and_its_number_is_free() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = node.signed_up(OTHER).await;
    let erase = |node: &TestNode| node.own(Method::DELETE, &person.path(""), &person.access);
    assert_eq!(erase(&node).send().await.status, 200);
    for _ in 0..2 {
        assert_eq!(
            erase(&node).send().await.problem(),
            refused(401, "invalid_token")
        );
        let refreshed = person.refreshed(&node).send().await;
        assert_eq!(refreshed.problem(), refused(401, "invalid_grant"));
        let at_till = node.get(&format!("/contacts/{}", person.id));
        let at_till = at_till.with("api_key", &node.secret_key("test"));
        assert_eq!(at_till.send().await.status, 404);
        node.restart().await;
    }
    assert_eq!(other.read(&node).send().await.status, 200);
    node.clock.advance(Span::seconds(31));
    let again = node.signed_up(PHONE).await;
    assert_ne!(again.id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_goes_on_where_it_has_joined_or_a_business_shares_it_and_nowhere_else() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let business = node.seed.organisations.business.clone();
    let [one, other] = [0, 1].map(|at| node.seed.organisations.merchants[at].clone());
    let switch = async |node: &TestNode, id: &str| {
        let path = format!("/organisations/{id}/switch");
        let ask = person.write(node, Method::POST, &path, &json!({}));
        ask.send().await
    };
    let ids = |answer: &Value| -> Vec<String> {
        let rows = answer.as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let nobody = looks(&switch(&node, "69691e1e-1d90-4355-8b78-acd41ef577f4").await);
    assert_eq!(nobody.0, 404);
    for place in [&one.id, &business] {
        assert_eq!(looks(&switch(&node, place).await), nobody);
    }
    let join = |node: &TestNode, id: &str| {
        let body = json!({ "action": "SIGNUP", "organisation_id": id });
        person.write(node, Method::POST, &person.path("/organisations"), &body)
    };
    assert_eq!(join(&node, &one.id).send().await.status, 200);
    assert_eq!(switch(&node, &one.id).await.status, 200);
    // Its venues are shared once it says so, and only its own.
    let venue = &one.venues[0].id;
    assert_eq!(looks(&switch(&node, venue).await), nobody);
    let share = put(
        &node,
        &format!("/organisations/{}", one.id),
        &json!({ "shares_contacts": true }),
    );
    let shared = share.send().await;
    assert_eq!(
        (shared.status, &shared.json()["shares_contacts"]),
        (200, &json!(true))
    );
    let share = put(
        &node,
        &format!("/organisations/{}", other.id),
        &json!({ "shares_contacts": true }),
    );
    assert_eq!(share.send().await.status, 200);
    for _ in 0..2 {
        let moved = switch(&node, venue).await;
        assert_eq!(moved.status, 200, "{moved:?}");
        assert!(moved.text("expiration_date").ends_with('Z'));
        let moved = moved.json();
        let listed = ids(&moved["organisations"]);
        assert_eq!(listed[0], one.id);
        let mut below: Vec<_> = one.venues.iter().map(|it| it.id.clone()).collect();
        let mut shared = listed[1..].to_vec();
        below.sort();
        shared.sort();
        assert_eq!(shared, below);
        let page = person
            .sees(&node, person.path("/organisations?size=100"))
            .await;
        assert_eq!(ids(&page["content"]), listed);
        assert_eq!(looks(&switch(&node, &other.venues[0].id).await), nobody);
        assert_eq!(looks(&switch(&node, &business).await), nobody);
        node.restart().await;
    }
    // All that lies below counts, not only what is next.
    assert_eq!(join(&node, &business).send().await.status, 200);
    let share = put(
        &node,
        &format!("/organisations/{business}"),
        &json!({ "shares_contacts": true }),
    );
    assert_eq!(share.send().await.status, 200);
    assert_eq!(switch(&node, &other.id).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_goes_on_in_an_organisation_says_so_in_its_tokens_until_it_leaves() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let organisation = node.seed.organisations.merchants[0].id.clone();
    let told = |token: &str| -> Value {
        let claims = token.split('.').nth(1).unwrap();
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["org"].clone()
    };
    let join = async |node: &TestNode, action: &str, token: &str| {
        let body = json!({ "action": action, "organisation_id": organisation });
        let ask = node.own(Method::POST, &person.path("/organisations"), token);
        let ask = ask.with("content-type", "application/json").body(&body);
        assert_eq!(ask.send().await.status, 200);
    };
    assert_eq!(told(&person.access), Value::Null);
    join(&node, "SIGNUP", &person.access).await;
    let path = format!("/organisations/{organisation}/switch");
    let switch = person.write(&node, Method::POST, &path, &json!({}));
    let moved = Person::of(&switch.clone().send().await);
    assert_eq!(told(&moved.access), json!(organisation));
    assert_eq!(moved.refresh, person.refresh);
    assert_eq!(Person::of(&switch.send().await).access, moved.access);
    // Both open the same; and another session goes on where it was.
    for one in [&person, &moved] {
        assert_eq!(one.read(&node).send().await.status, 200);
    }
    node.clock.advance(Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let other = Person::of(&node.answered(&auth_otp, &node.code(PHONE).await).await);
    assert_eq!(told(&other.access), Value::Null);

    let mut newest = moved;
    for _ in 0..2 {
        newest = Person::of(&newest.refreshed(&node).send().await);
        assert_eq!(told(&newest.access), json!(organisation));
        assert_eq!(newest.read(&node).send().await.status, 200);
        node.restart().await;
    }
    join(&node, "SIGNOFF", &newest.access).await;
    newest = Person::of(&newest.refreshed(&node).send().await);
    assert_eq!(told(&newest.access), Value::Null);
}
