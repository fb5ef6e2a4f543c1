//! Rewards that depend on who buys: what tests of segments, tiers, goals and schemes share, in test mode.

use clientele::seeding::SeedContact;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

impl TestNode {
    /// A request of the Back Office with the secret key of test mode.
    pub(crate) fn trial(&self, method: Method, path: &str, body: Option<&Value>) -> Ask {
        let ask = self.ask(method, &format!("/backoffice/v2{path}"));
        let ask = ask.with("api_key", &self.secret_key("test"));
        match body {
            Some(body) => ask.with("content-type", "application/json").body(body),
            None => ask,
        }
    }

    /// What it creates there: the id.
    pub(crate) async fn set_up(&self, path: &str, body: &Value) -> String {
        let created = self.trial(Method::POST, path, Some(body)).send().await;
        assert_eq!(created.status, 201, "{path} {body}: {created:?}");
        created.text("id")
    }

    /// An offer of 3.00 with more about it in `rest`: its id.
    pub(crate) async fn gift(&self, name: &str, rest: Value) -> String {
        let mut body = json!({ "name": name, "awards": [{ "amount": 3, "amount_type": "FIXED" }] });
        for (member, value) in rest.as_object().unwrap() {
            body[member] = value.clone();
        }
        self.set_up("/reward_offers", &body).await
    }

    /// A purchase of somebody for `total` euros.
    pub(crate) async fn bought(&self, contact: &str, total: u32) -> Answer {
        let body = json!({
            "contact": { "id": contact },
            "organisation": { "id": self.seed.organisations.merchants[0].venues[0].id },
            "transaction_amounts": { "total": total },
        });
        let bought = self.trial(Method::POST, "/purchases", Some(&body));
        let bought = bought.send().await;
        assert_eq!(bought.status, 200, "{bought:?}");
        bought
    }

    /// Advances the test clock by so many days.
    pub(crate) async fn days_pass(&self, days: u32) {
        let body = json!({ "seconds": days * 86_400 });
        let moved = self.trial(Method::POST, "/test_clock/advance", Some(&body));
        assert_eq!(moved.send().await.status, 200);
    }

    /// The demo contacts of test mode.
    pub(crate) fn trial_contacts(&self) -> Vec<SeedContact> {
        let all = self.seed.contacts.iter().filter(|it| it.mode == "test");
        all.cloned().collect()
    }
}

/// What a purchase's answer says of an offer: what it gave, or why nothing.
pub(crate) fn outcome(purchase: &Answer, name: &str) -> String {
    let json = purchase.json();
    let offers = json["offers"].as_array().unwrap();
    let found = offers.iter().find(|it| it["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {json}"));
    match found["reason"].as_str() {
        Some(reason) => reason.to_owned(),
        None => found["amount"].to_string(),
    }
}
