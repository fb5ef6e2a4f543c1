//! Applications: what an app is told before anybody has signed in, who sets it up, and what must not get into it.

use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::commerce::merged;
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::TestNode;

const PHONE: &str = "+447566224395";

/// An application with everything that the contract knows of, but for contacts.
pub(crate) fn whole(node: &TestNode) -> Value {
    let on = json!({ "is_supported": true });
    let pool = json!([{ "id": "food", "name": "Food", "description": "Bread and the like" }]);
    let queue = json!({ "is_supported": true, "queue_id": "q1", "queue_name": "Counter" });
    let image = |usage: &str| {
        json!({
            "id": "i1", "media_group_id": "g1", "usage_type": usage, "width": 640, "height": 480, "format": "png",
            "url": "https://cdn.example.com/i1.png", "public_id": "i1", "media_id": "m1",
            "media": [{ "width": 320, "height": 240, "url": "https://cdn.example.com/i1-small.png" }],
        })
    };
    let of_app = |usage: &str| {
        merged(
            image(usage),
            &json!({ "sort_order": 1, "caption": "Our shop" }),
        )
    };
    let contacts = json!({
        "is_supported": true, "wallet_code_format": "QR_CODE", "enable_existing_customer_flow": true,
        "profile": [{ "type": "BIRTHDATE", "is_supported": true }], "communities": on,
        "countries": [{ "country": "GBR" }], "country_calling_codes": [{ "country": "GBR" }],
        "default_country_calling_code": "GBR", "preferred_language_code": "EN",
    });
    let finance = json!({
        "is_supported": true, "wallet_top_up": true, "top_up_commerce_pools": pool, "wallet_payout": true,
        "redeem_pass": { "is_supported": true, "enable_on_registration": true, "pass_attributes": [{ "type": "PIN" }] },
        "transfer": {
            "is_supported": true, "transfer_entity": ["WALLET"], "transfer_restrictions": ["OPEN"], "commerce_pools": pool,
        },
        "donations": on, "topup_amounts": [{ "currency_code": "EUR", "amounts": [5, 12.5] }], "redeem_method": "SCAN",
        "egifts_enabled": true, "auto_topup_enabled": true, "dynamic_wallet_code": true,
    });
    let order = json!({
        "is_supported": true, "pick_up": queue, "delivery": queue, "direct_sale": queue, "model": "SINGLE_BUSINESS",
        "preferred_organisation": true, "order_catalogues": [{ "id": "c1", "name": "Lunch", "is_pricing_table": true }],
        "use_wallet_funds": { "is_supported": true, "specific_funds_amount": true, "cover_full_basket": true },
        "use_account_funds": true, "fulfilment_flows": { "fulfilment_flow": "FIRST", "allow_delivery_selection": true },
        "support_product_additional_notes": true,
    });
    let reward = json!({
        "is_supported": true, "tiering": true, "preferred_organisation": true,
        "refer_friend": { "is_supported": true, "refer_methods": ["EMAIL", "SMS"] },
        "otp_spend": { "is_supported": true, "code_format": "BARCODE", "spend_attributes": [{ "type": "AMOUNT" }] },
        "self_submit_purchases": { "is_supported": true, "self_submit_methods": ["TRX_CODE"] },
    });
    let link = json!({
        "id": "l1", "title": "News", "url": "https://example.com/news", "sort_order": 1, "language_code": "EN",
        "creatives": [image("MARKETING")],
    });
    let shortcut = json!({
        "id": "s1", "sort_order": 1, "type": "REFER_A_FRIEND", "label": "Bring a friend", "language_code": "GR",
        "creatives": [image("SHORTCUT")],
    });
    let actions = json!({
        "subscriptions": ["CHANGE_BILLING_DAY"], "subscriptions_scheduled_actions": ["CANCEL"], "services": ["PAUSE"],
    });
    json!({
        "name": "Acme", "description": "For our customers", "brand_name": "ACME", "type": "CONSUMER_APP",
        "appearance": {
            "colours": [{ "type": "LANDING_BACKGROUND", "value": "#102030" }],
            "fonts": [{ "type": "TEXT", "font": "Open Sans" }], "dark_mode": true, "homepage_layout": "LAYOUT1",
            "ordering_layout": "LAYOUT5", "advanced_settings": { "colours": "{}", "layout_components": "[]" },
        },
        "information": {
            "content": [{ "type": "TERMS_CONDITIONS", "url": "https://example.com/terms", "rich_content": "<b>Be kind</b>" }],
            "contact_us": {
                "email_address": "desk@example.com", "phone": { "country_code": "GBR", "number": "020 7946 0018" },
                "website": "https://example.com",
            },
        },
        "features": {
            "contact": {
                "contact": contacts, "business_network": { "is_supported": true, "multitenancy": on },
                "crm": { "is_supported": true, "service_requests": on }, "finance": finance, "order": order,
                "reward": reward, "marketing": { "is_supported": true, "embedded_links": [link] },
                "shortcuts": { "is_supported": true, "shortcuts": [shortcut] },
                "subscriptions": { "is_supported": true, "actions": actions }, "mobile_pass": on,
            },
            "merchant": { "purchase": {
                "manual_spend": true, "automatic_spend": true, "spend_full_purchase_amount": true,
                "restrict_fully_covered": true,
            } },
        },
        "platforms": [{
            "platform": "APPLE", "platform_id": "com.acme.app", "cloud_name": "eu", "version": "2.1",
            "deeplinks_config": "{}",
        }],
        "authentication": {
            "email_password": true, "email_otp": true, "sms_otp": true,
            "facebook": { "is_supported": true, "app_id": "17" }, "google": on, "demo_contact": null, "guest_contact": null,
            "sso": on,
        },
        "public_key": node.app_key("test"), "creatives": [of_app("APP_LOGO")],
        "firebase_config": { "config": "{}", "vapid_key": "BPk" }, "customization_config": { "extension": "{}" },
        "show_recommendations": true, "show_best_selling": true,
    })
}

/// As little as an application may have, at `places`.
fn small(name: &str, places: Value) -> Value {
    json!({ "name": name, "type": "WEB", "platforms": places })
}

fn at(platform_id: &str) -> Value {
    json!({ "platform": "WEB", "platform_id": platform_id })
}

/// What an app is told that asks by this query.
pub(crate) async fn told(node: &TestNode, query: &str) -> Answer {
    let path = format!("/self-service/v2/applications?{query}");
    let ask = node.ask(Method::GET, &path);
    ask.with("api_key", &node.app_key("test")).send().await
}

async fn written(node: &TestNode, method: Method, path: &str, body: &Value) -> Answer {
    node.trial(method, path, Some(body)).send().await
}

/// The code and the pointer of the first fault.
fn fault(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 422, "{answer:?}");
    let problem = answer.json();
    let fault = &problem["errors"][0];
    let text = |member: &str| fault[member].as_str().unwrap().to_owned();
    (text("code"), text("pointer"))
}

/// Sets `value` at a pointer of `body`.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
    } else {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value;
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_told_all_that_was_set_up_for_it_and_nothing_once_it_is_removed() {
    let mut node = TestNode::start().await;
    let body = whole(&node);
    let id = node.set_up("/applications", &body).await;
    let expected = merged(body.clone(), &json!({ "id": id }));
    for _ in 0..2 {
        let shown = told(
            &node,
            "platform_app_id=com.acme.app&version=2.1&cloud_name=eu",
        )
        .await;
        assert_eq!((shown.status, shown.json()), (200, expected.clone()));
        node.restart().await;
    }
    let path = format!("/applications/{id}");
    let listed = node.trial(Method::GET, "/applications", None).send().await;
    assert_eq!(listed.json()["content"], json!([expected]));
    let less = small("Less", json!([at("com.acme.app")]));
    let changed = written(&node, Method::PUT, &path, &less).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = told(&node, "platform_app_id=com.acme.app").await;
    assert_eq!(shown.json(), changed.json());
    let off = ["/show_recommendations", "/show_best_selling"];
    assert!(
        off.iter()
            .all(|it| shown.json().pointer(it) == Some(&json!(false)))
    );
    assert_eq!(shown.json()["features"], Value::Null);
    assert_eq!(shown.json()["creatives"], json!([]));

    let unknown = told(&node, "platform_app_id=nobody").await;
    assert_eq!(unknown.problem(), refused(404, "not_found"));
    let gone = node.trial(Method::DELETE, &path, None).send().await;
    assert_eq!(gone.status, 204);
    let again = told(&node, "platform_app_id=com.acme.app").await;
    assert_eq!(looks(&again), looks(&unknown));
    let log = node
        .trial(Method::GET, "/audit_log?size=100", None)
        .send()
        .await;
    let log = String::from_utf8_lossy(&log.body).into_owned();
    for operation in ["create", "update", "remove"] {
        assert!(log.contains(&format!("applications.{operation}")), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_finds_what_is_closest_to_it_and_no_other_network_or_mode_has_it() {
    let node = TestNode::start().await;
    let place = |version: Value, cloud: Value| {
        json!([merged(
            at("shop"),
            &json!({ "version": version, "cloud_name": cloud })
        )])
    };
    for (name, version, cloud) in [
        ("any", Value::Null, Value::Null),
        ("new", json!("2"), Value::Null),
        ("new in the west", json!("2"), json!("west")),
    ] {
        node.set_up("/applications", &small(name, place(version, cloud)))
            .await;
    }
    for (query, name) in [
        ("", "any"),
        ("&version=2", "new"),
        ("&version=1", "any"),
        ("&version=2&cloud_name=west", "new in the west"),
        ("&version=2&cloud_name=east", "new"),
        ("&cloud_name=west", "any"),
    ] {
        let found = told(&node, &format!("platform_app_id=shop{query}")).await;
        assert_eq!(found.text("name"), name, "{query}");
    }
    let twice = small("twice", place(json!("2"), Value::Null));
    let refusal = written(&node, Method::POST, "/applications", &twice).await;
    assert_eq!(fault(&refusal), ("not_unique".into(), "/platforms".into()));
    let itself = small("itself", json!([at("b"), at("b")]));
    let refusal = written(&node, Method::POST, "/applications", &itself).await;
    assert_eq!(fault(&refusal), ("not_unique".into(), "/platforms".into()));
    node.set_up("/applications", &small("last", json!([at("c")])))
        .await;
    let full = written(
        &node,
        Method::POST,
        "/applications",
        &small("more", json!([at("d")])),
    )
    .await;
    assert_eq!(full.problem(), refused(409, "limit_reached"));

    let live = node.ask(
        Method::GET,
        "/self-service/v2/applications?platform_app_id=shop",
    );
    let live = live.with("api_key", &node.app_key("live")).send().await;
    assert_eq!(live.problem(), refused(404, "not_found"));
    for query in ["", "platform_app_id=", "version=2"] {
        let wrong = told(&node, query).await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_application_may_have_is_refused_with_its_pointer() {
    let node = TestNode::start().await;
    let long: Vec<_> = (0..10)
        .map(|_| json!({ "type": "ABOUT", "rich_content": "x".repeat(3_000) }))
        .collect();
    let many: Vec<_> = (0..31).map(|it| at(&it.to_string())).collect();
    let link = "/features/contact/marketing/embedded_links/0";
    for (pointer, value, code) in [
        ("/colour".to_owned(), json!("red"), "unknown_field"),
        (
            "/features/contact/order/colour".to_owned(),
            json!(1),
            "unknown_field",
        ),
        ("/id".to_owned(), json!("a1"), "invalid_value"),
        ("/type".to_owned(), json!("GAME"), "wrong_type"),
        (
            "/appearance/colours/0/value".to_owned(),
            json!("red"),
            "not_a_colour",
        ),
        (
            "/appearance/fonts/0/font".to_owned(),
            json!("Comic Sans"),
            "wrong_type",
        ),
        (
            format!("{link}/url"),
            json!("javascript:alert(1)"),
            "not_a_web_address",
        ),
        (format!("{link}/sort_order"), json!(-1), "too_small"),
        (
            format!("{link}/title"),
            json!("x".repeat(4_001)),
            "wrong_length",
        ),
        (format!("{link}/title"), json!("a\u{0}b"), "wrong_length"),
        (
            "/information/contact_us/email_address".to_owned(),
            json!("desk"),
            "not_an_email_address",
        ),
        (
            "/information/contact_us/phone/number".to_owned(),
            json!("12"),
            "not_a_phone_number",
        ),
        (
            "/features/contact/contact/countries/0/country".to_owned(),
            json!("Elba"),
            "not_a_country",
        ),
        (
            "/features/contact/contact/preferred_language_code".to_owned(),
            json!("XX"),
            "unknown_language",
        ),
        (
            "/features/contact/finance/topup_amounts/0/currency_code".to_owned(),
            json!("XXQ"),
            "unknown_currency",
        ),
        (
            "/features/contact/finance/topup_amounts/0/amounts/1".to_owned(),
            json!(0),
            "too_small",
        ),
        ("/platforms".to_owned(), json!([]), "empty"),
        ("/platforms".to_owned(), json!(many), "too_many"),
        (
            "/platforms".to_owned(),
            json!([at(&"x".repeat(1_001))]),
            "too_long",
        ),
    ] {
        let refusal = written(
            &node,
            Method::POST,
            "/applications",
            &with(whole(&node), &pointer, value),
        )
        .await;
        let (found, place) = fault(&refusal);
        assert_eq!(place, pointer, "{refusal:?}");
        assert!(found == code || code == "wrong_type", "{pointer}: {found}");
    }
    let large = with(whole(&node), "/information/content", json!(long));
    let refusal = written(&node, Method::POST, "/applications", &large).await;
    assert_eq!(fault(&refusal), ("too_long".into(), String::new()));
    let listed = node.trial(Method::GET, "/applications", None).send().await;
    assert_eq!(listed.json()["content"], json!([]), "nothing was set up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_gets_into_what_anybody_can_read() {
    let node = TestNode::start().await;
    let (secret, office) = (
        node.secret_key("test"),
        node.seed.keys["test"].public.clone(),
    );
    // A secret may be of the same gateway.
    let of_app = json!({ "name": "app", "type": "SECRET", "gateway": "SELF_SERVICE", "scopes": ["wallets.read"] });
    let of_app = written(&node, Method::POST, "/api_keys", &of_app).await;
    for key in [
        secret,
        of_app.text("value"),
        office.unwrap(),
        node.app_key("live"),
        "pk_test_0".to_owned(),
    ] {
        let body = with(whole(&node), "/public_key", json!(key));
        let refusal = written(&node, Method::POST, "/applications", &body).await;
        assert_eq!(
            fault(&refusal),
            ("not_a_public_key".into(), "/public_key".into())
        );
        assert!(!format!("{refusal:?}").contains(&key), "{refusal:?}");
    }
    // What is public in another network is none of ours.
    let (their_key, _) = strangers(&node).await;
    let theirs = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": ["contacts.register"] });
    let theirs = node.post("/api_keys", &theirs).with("api_key", &their_key);
    let theirs = theirs.send().await;
    assert_eq!(theirs.status, 201, "{theirs:?}");
    for (key, status) in [(theirs.text("value"), 422), (node.app_key("live"), 201)] {
        let places = json!([at(&format!("app {status}"))]);
        let live = with(small("Live", places), "/public_key", json!(key));
        let told = node.post("/applications", &live).send().await;
        assert_eq!(told.status, status, "{told:?}");
    }
    let live = with(
        small("Live", json!([at("live")])),
        "/authentication",
        json!({ "demo_contact": { "otp": "123456" } }),
    );
    let refusal = node.post("/applications", &live).send().await;
    assert_eq!(
        fault(&refusal),
        (
            "of_test_mode".into(),
            "/authentication/demo_contact/otp".into()
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_contact_is_called_as_it_is_now_and_its_code_opens_nothing() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let demo = |id: &str| {
        let contact = json!({ "is_supported": true, "contact": { "id": id }, "otp": "246813" });
        let guest = json!({ "is_supported": true, "contact": { "id": id } });
        let body = small("Demo", json!([at("demo")]));
        merged(
            body,
            &json!({ "authentication": { "demo_contact": contact, "guest_contact": guest } }),
        )
    };
    for id in [&node.contact(0).id, "nobody"] {
        let refusal = written(&node, Method::POST, "/applications", &demo(id)).await;
        let pointer = "/authentication/demo_contact/contact/id";
        assert_eq!(
            fault(&refusal),
            ("unknown_contact".into(), pointer.into()),
            "{id}"
        );
    }
    let scopes = json!({ "name": "settings", "type": "SECRET", "scopes": ["settings.write", "settings.read"] });
    let weak = written(&node, Method::POST, "/api_keys", &scopes)
        .await
        .text("value");
    let ask = node.trial(Method::POST, "/applications", Some(&demo(&person.id)));
    let refusal = ask.with("api_key", &weak).send().await;
    assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    node.set_up("/applications", &demo(&person.id)).await;

    let shown = told(&node, "platform_app_id=demo").await.json();
    let contact = json!({ "id": person.id, "name": "Ada Byron" });
    assert_eq!(shown["authentication"]["demo_contact"]["contact"], contact);
    assert_eq!(shown["authentication"]["guest_contact"]["contact"], contact);
    assert_eq!(shown["authentication"]["demo_contact"]["otp"], "246813");
    let text = shown.to_string();
    assert!(
        !text.contains(PHONE) && !text.contains("7566224395"),
        "{text}"
    );
    node.clock
        .advance(clientele::domain::time::Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let tried = node.answered(&auth_otp, "246813").await;
    assert_eq!(tried.problem(), refused(401, "otp_invalid"));

    let path = format!("/contacts/{}", person.id);
    let renamed = written(&node, Method::PUT, &path, &json!({ "first_name": "Grace" })).await;
    assert_eq!(renamed.status, 200);
    let shown = told(&node, "platform_app_id=demo").await.json();
    assert_eq!(
        shown["authentication"]["demo_contact"]["contact"]["name"],
        "Grace Byron"
    );
    let erased = node.trial(Method::DELETE, &path, None).send().await;
    assert!(erased.status < 300, "{erased:?}");
    let shown = told(&node, "platform_app_id=demo").await.json();
    assert_eq!(
        shown["authentication"]["demo_contact"]["contact"],
        Value::Null
    );
    assert_eq!(
        shown["authentication"]["guest_contact"]["contact"],
        Value::Null
    );
}
