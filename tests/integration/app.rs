//! An app in test mode: what a contact does with it, and where the codes are read.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

const GATEWAY: &str = "/self-service/v2";

impl TestNode {
    /// The app's public key of a mode.
    pub(crate) fn app_key(&self, mode: &str) -> String {
        self.seed.keys[mode].self_service.clone().unwrap()
    }

    /// A write of the app with its public key of test mode.
    pub(crate) fn app(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, &format!("{GATEWAY}{path}"))
            .with("api_key", &self.app_key("test"))
            .with("content-type", "application/json")
            .body(body)
    }

    /// A request of a contact with its token, and without any key.
    pub(crate) fn own(&self, method: Method, path: &str, token: &str) -> Ask {
        self.ask(method, &format!("{GATEWAY}{path}"))
            .without("api_key")
            .with("authorization", &format!("Bearer {token}"))
    }

    /// The newest messages that test mode would have sent.
    pub(crate) async fn inbox(&self) -> Vec<Value> {
        let inbox = self
            .ask(Method::GET, "/backoffice/v2/test_inbox?size=100")
            .with("api_key", &self.secret_key("test"));
        let inbox = inbox.send().await;
        assert_eq!(inbox.status, 200, "{inbox:?}");
        inbox.json()["content"].as_array().unwrap().clone()
    }

    /// The newest code that test mode would have sent to a phone or an e-mail address.
    pub(crate) async fn code(&self, phone: &str) -> String {
        let inbox = self.inbox().await;
        let mut inbox_of = inbox.iter().filter(|message| message["recipient"] == phone);
        // What tells of a password brings none.
        let to = inbox_of.find(|message| !message["code"].is_null());
        let message = to.unwrap_or_else(|| panic!("nothing for {phone} in {inbox:#?}"));
        message["code"].as_str().unwrap().to_owned()
    }

    /// Asks for a code to sign in by `phone` with; the transaction.
    pub(crate) async fn asked(&self, phone: &str) -> String {
        let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": phone }] });
        let asked = self.app("/contacts/otp", &body).send().await;
        assert_eq!(asked.status, 200, "{asked:?}");
        asked.text("auth_otp")
    }

    /// Answers a transaction.
    pub(crate) async fn answered(&self, auth_otp: &str, code: &str) -> Answer {
        let body = json!({ "auth_otp": auth_otp, "code": code });
        self.app("/contacts/validate_otp", &body).send().await
    }

    /// Asks for a code to sign in by the e-mail address `to` with; the transaction.
    pub(crate) async fn asked_by_email(&self, to: &str) -> String {
        let body = json!({ "method": "EMAIL", "credentials": [{ "name": "EMAIL", "value": to }] });
        let asked = self.app("/contacts/otp", &body).send().await;
        assert_eq!(asked.status, 200, "{asked:?}");
        asked.text("auth_otp")
    }

    /// Tries to sign in by an e-mail address and a password.
    pub(crate) async fn entered(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "provider": "EMAIL", "username": username, "password": password });
        self.app("/contacts/authenticate", &body).send().await
    }

    /// Registers Ada by e-mail address and password, and signs her in.
    pub(crate) async fn signed_up_by_email(&self, email: &str, password: &str) -> Person {
        let body = ada_by_email(email, Some(password));
        let registered = self.app("/contacts/register", &body).send().await;
        assert_eq!(registered.status, 201, "{registered:?}");
        let code = self.code(email).await;
        let answer = self.answered(&registered.text("auth_otp"), &code).await;
        Person::of(&answer)
    }

    /// Registers Ada by `phone`, and signs her in.
    pub(crate) async fn signed_up(&self, phone: &str) -> Person {
        let registered = self.app("/contacts/register", &ada(phone)).send().await;
        assert_eq!(registered.status, 201, "{registered:?}");
        let code = self.code(phone).await;
        let answer = self.answered(&registered.text("auth_otp"), &code).await;
        Person::of(&answer)
    }
}

/// Ada, who registers by `phone`.
pub(crate) fn ada(phone: &str) -> Value {
    json!({
        "first_name": "Ada", "last_name": "Byron",
        "identification": { "provider": "PHONE", "phone": { "number": phone, "country_code": "GBR" } },
    })
}

/// Ada, who registers by e-mail address.
pub(crate) fn ada_by_email(email: &str, password: Option<&str>) -> Value {
    let mut body = ada("");
    body["identification"] = json!({ "provider": "EMAIL", "email": email });
    if let Some(password) = password {
        body["identification"]["password"] = json!(password);
    }
    body
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The contact's id.
    pub(crate) id: String,
    /// Its access token.
    pub(crate) access: String,
    /// Its refresh token.
    pub(crate) refresh: String,
}

impl Person {
    /// Who was signed in by `answer`.
    pub(crate) fn of(answer: &Answer) -> Person {
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.json()["contact"]["id"].as_str().unwrap().to_owned();
        Person {
            id,
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
        }
    }

    /// Reads itself.
    pub(crate) fn read(&self, node: &TestNode) -> Ask {
        node.own(Method::GET, &format!("/contacts/{}", self.id), &self.access)
    }

    /// Gets the next tokens.
    pub(crate) fn refreshed(&self, node: &TestNode) -> Ask {
        node.own(Method::POST, "/contacts/refresh", &self.refresh)
    }

    /// Signs out.
    pub(crate) fn sign_out(&self, node: &TestNode) -> Ask {
        let path = format!("/contacts/{}/sign_out", self.id);
        node.own(Method::POST, &path, &self.access)
    }
}
