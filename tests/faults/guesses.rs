//! Guesses at a code, over kills of the process: each that was refused counts.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::process::{Process, Site};

/// How many wrong tries end a code.
const TRIES: usize = 5;

/// The app, and the back office that reads the codes.
struct Desk {
    app: Client,
    office: Client,
}

impl Desk {
    fn of(process: &Process) -> Desk {
        let seed = process.seed();
        let key = |name: &str| seed["keys"]["test"][name].as_str().unwrap().to_owned();
        Desk {
            app: Client::new(process.public, &key("self_service")),
            office: Client::new(process.public, &key("secret")),
        }
    }

    /// Registers somebody by phone: the transaction.
    async fn register(&mut self) -> String {
        let body = json!({
            "first_name": "Ada", "last_name": "Byron",
            "identification": {
                "provider": "PHONE", "phone": { "number": "+442079460018", "country_code": "GBR" },
            },
        });
        let path = "/self-service/v2/contacts/register";
        let registered = self.app.post(path, &body).await.unwrap();
        assert_eq!(registered.status, 201, "{registered:?}");
        text(&registered.json()["auth_otp"])
    }

    /// The newest code.
    async fn code(&mut self) -> String {
        let path = "/backoffice/v2/test_inbox";
        let inbox = self.office.get(path).await.unwrap();
        assert_eq!(inbox.status, 200, "{inbox:?}");
        text(&inbox.json()["content"][0]["code"])
    }

    async fn answer(&mut self, auth_otp: &str, code: &str) -> Answer {
        let body = json!({ "auth_otp": auth_otp, "code": code });
        let path = "/self-service/v2/contacts/validate_otp";
        self.app.post(path, &body).await.unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Another code than `code`.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

fn is_wrong(answer: &Answer) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.json()["code"], "otp_invalid");
}

/// The same at a till: of a code that it has sent to a contact.
async fn guess_at_a_till(site: &Site, killed_after: &[usize]) {
    let mut process = site.start().await;
    let mut desk = Desk::of(&process);
    let contact = json!({ "code": "ADA", "email_address": "ada@example.test" });
    let created = desk.office.post("/backoffice/v2/contacts", &contact).await;
    assert_eq!(created.unwrap().status, 201);
    let ask = json!({ "method": "EMAIL" });
    let asked = desk.office.post("/backoffice/v2/contacts/ADA/otp", &ask);
    let asked = asked.await.unwrap();
    assert_eq!(asked.status, 200, "{asked:?}");
    let auth_otp = text(&asked.json()["auth_otp"]);
    let code = desk.code().await;
    let body = |code: &str| json!({ "auth_otp": auth_otp, "code": code });
    let path = "/backoffice/v2/contacts/ADA/validate_otp";
    for tries in 1..=TRIES {
        is_wrong(&desk.office.post(path, &body(&wrong(&code))).await.unwrap());
        if killed_after.contains(&tries) {
            process.kill();
            process = site.start().await;
            desk = Desk::of(&process);
        }
    }
    let locked = desk.office.post(path, &body(&code)).await.unwrap();
    assert_eq!(locked.status, 429, "{locked:?}");
    process.kill();
}

/// Guesses at a code, killing the node after these tries: five are refused in all, and then even the right one is.
async fn guess(site: &Site, killed_after: &[usize]) {
    let mut process = site.start().await;
    let mut desk = Desk::of(&process);
    let auth_otp = desk.register().await;
    let code = desk.code().await;
    for tries in 1..=TRIES {
        is_wrong(&desk.answer(&auth_otp, &wrong(&code)).await);
        if killed_after.contains(&tries) {
            process.kill();
            process = site.start().await;
            desk = Desk::of(&process);
        }
    }
    for typed in [&code, &wrong(&code)] {
        let locked = desk.answer(&auth_otp, typed).await;
        assert_eq!(locked.status, 429, "{locked:?}");
    }
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_the_fourth_and_the_fifth_wrong_try_gives_no_guess_back() {
    // What is written stays in the journal alone.
    guess(&Site::without_checkpoints(), &[4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_wrong_tries_at_a_till_gives_no_guess_back() {
    guess_at_a_till(&Site::without_checkpoints(), &[2, 4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_each_wrong_try_gives_no_guess_back() {
    let site = Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    guess(&site, &[1, 2, 3, 4, 5]).await;
}
