//! Claims of receipts, over kills of the process: each is one contact's, once.

use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Process, Site};

/// The app and the till of a process.
struct Desk {
    app: Client,
    till: Client,
    venue: String,
}

impl Desk {
    fn of(process: &Process) -> Desk {
        let seed = process.seed();
        let key = |name: &str| text(&seed["keys"]["test"][name]);
        let merchants = &seed["organisations"]["merchants"];
        Desk {
            app: Client::new(process.public, &key("self_service")),
            till: Client::new(process.public, &key("secret")),
            venue: text(&merchants[0]["venues"][0]["id"]),
        }
    }

    /// Registers somebody by phone: the access token, and the contact's id.
    async fn signed_up(&mut self, phone: &str) -> (String, String) {
        let body = json!({
            "first_name": "Ada", "last_name": "Byron",
            "identification": { "provider": "PHONE", "phone": { "number": phone } },
        });
        let path = "/self-service/v2/contacts/register";
        let registered = self.app.post(path, &body).await.unwrap();
        assert_eq!(registered.status, 201, "{registered:?}");
        let inbox = self.till.get("/backoffice/v2/test_inbox").await.unwrap();
        let code = &inbox.json()["content"][0]["code"];
        let body = json!({ "auth_otp": registered.json()["auth_otp"], "code": code });
        let path = "/self-service/v2/contacts/validate_otp";
        let answer = self.app.post(path, &body).await.unwrap();
        let answer = answer.json();
        (
            text(&answer["access_token"]),
            text(&answer["contact"]["id"]),
        )
    }

    /// The claim code of a purchase of nobody known.
    async fn sold(&mut self, receipt: &str) -> String {
        let body = json!({
            "organisation": { "id": self.venue }, "transaction_amounts": { "total": 20 }, "reference_number": receipt,
        });
        let path = "/backoffice/v2/purchases";
        let sold = self.till.post(path, &body).await.unwrap();
        assert_eq!(sold.status, 200, "{sold:?}");
        text(&sold.json()["claim_code"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Posts, claims and claims again with a kill after each.
async fn claims(site: &Site) {
    let mut process = site.start().await;
    let mut desk = Desk::of(&process);
    let ada = desk.signed_up("+447566224395").await;
    let eve = desk.signed_up("+447566224396").await;
    let path = "/self-service/v2/purchases/reclaim";
    for round in 0..4 {
        let receipt = format!("R-{round}");
        let code = desk.sold(&receipt).await;
        process.kill();
        process = site.start().await;
        desk = Desk::of(&process);
        assert_eq!(desk.sold(&receipt).await, code, "the same receipt");
        let body = json!({ "id": code });
        let mut own = Client::signed_in(process.public, &ada.0);
        // Half of them have no answer: whatever has happened by then, happened once.
        let first = match round % 2 {
            0 => Some(own.post(path, &body).await.unwrap()),
            _ => {
                let begun = own.post(path, &body);
                tokio::select! {
                    biased;
                    answer = begun => answer.ok(),
                    // waits for: some part of the claim, another one in each round.
                    () = tokio::time::sleep(std::time::Duration::from_micros(500 * round)) => None,
                }
            }
        };
        process.kill();
        process = site.start().await;
        desk = Desk::of(&process);
        let mut own = Client::signed_in(process.public, &ada.0);
        let again = own.post(path, &body).await.unwrap();
        assert!(matches!(again.status, 200 | 201), "{again:?}");
        if let Some(first) = first {
            assert_eq!(first.json(), again.json());
            assert_eq!(again.status, 200, "{again:?}");
        }
        let mut other = Client::signed_in(process.public, &eve.0);
        let refused = other.post(path, &body).await.unwrap();
        assert_eq!(refused.status, 404, "{refused:?}");
    }
    for ((token, id), count) in [(&ada, 4), (&eve, 0)] {
        let mut own = Client::signed_in(process.public, token);
        let path = format!("/self-service/v2/contacts/{id}/purchases");
        let list = own.get(&path).await.unwrap();
        assert_eq!(list.status, 200, "{list:?}");
        assert_eq!(list.json()["content"].as_array().unwrap().len(), count);
    }
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_a_claim_neither_loses_nor_doubles_it() {
    // What is written stays in the journal alone, or goes to rows all the time.
    claims(&Site::without_checkpoints()).await;
    claims(&Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 100)).await;
}
