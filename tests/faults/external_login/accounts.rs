//! What a contact signs in by further, and what comes back from a page.

use serde_json::{Value, json};

use super::{APP, BACK, Desk, Provider, REFUSED, provider_of, site, who};
use crate::client::{Answer, Client};
use crate::process::Process;

const TAKEN: &str = "contact_not_unique";

/// Somebody who is signed in.
struct Person {
    id: String,
    client: Client,
}

impl Person {
    fn of(process: &Process, answer: &Answer) -> Person {
        let body = answer.json();
        let token = body["access_token"].as_str().unwrap();
        Person {
            id: body["contact"]["id"].as_str().unwrap().to_owned(),
            client: Client::signed_in(process.public, token),
        }
    }

    async fn adds(&mut self, identification: &Value) -> Answer {
        let path = format!("/self-service/v2/contacts/{}/identities", self.id);
        self.client.post(&path, identification).await.unwrap()
    }
}

/// The address of the page that `answer` tells of.
fn page(answer: &Answer) -> String {
    let body = answer.json();
    let url = body["authorization_url"].as_str();
    url.unwrap_or_else(|| panic!("{body}")).to_owned()
}

async fn page_of(client: &mut Client) -> String {
    let back: String = url::form_urlencoded::byte_serialize(BACK.as_bytes()).collect();
    let path = format!("/self-service/v2/contacts/oidc/OIDC_OAUTH?redirect_url={back}");
    page(&client.get(&path).await.unwrap())
}

fn by_token(kind: &str, token: &str) -> Value {
    json!({ "provider": kind, "token": token })
}

fn by_code((code, state): &(String, String)) -> Value {
    json!({ "provider": "OIDC_OAUTH", "code": code, "state": state })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_adds_accounts_that_nobody_else_signs_in_by() {
    let provider = Provider::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    for kind in ["OIDC_OAUTH", "GOOGLE"] {
        desk.set_up(&provider_of(kind, &provider.issuer)).await;
    }
    let token = provider.id_token(APP, "ada");
    let mut ada = Person::of(&process, &desk.register("OIDC_OAUTH", &token).await);
    let token = provider.id_token(APP, "grace");
    let mut grace = Person::of(&process, &desk.register("GOOGLE", &token).await);

    let further = by_token("GOOGLE", &provider.id_token(APP, "ada-there"));
    let added = ada.adds(&further).await;
    assert_eq!(added.status, 201, "{added:?}");
    let answer = added.json();
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id"], "no code is on its way");
    let token = provider.id_token(APP, "ada-there");
    let entered = desk.by_token("GOOGLE", &token).await;
    assert_eq!(who(&entered), (200, ada.id.clone()));
    let registered = desk.register("GOOGLE", &token).await;
    assert_eq!(who(&registered), (201, ada.id.clone()), "not a second Ada");

    let again = ada.adds(&further).await;
    assert_eq!(who(&again), (422, "invalid_request".into()), "it has that");
    let taken = by_token("GOOGLE", &provider.id_token(APP, "grace"));
    assert_eq!(who(&ada.adds(&taken).await), (400, TAKEN.into()));
    let entered = desk.authenticate(&taken).await;
    assert_eq!(who(&entered), (200, grace.id.clone()));
    let unsaid = ada.adds(&json!({ "token": "x" })).await;
    assert_eq!(who(&unsaid), (422, "invalid_request".into()));
    let errors = unsaid.json()["errors"].to_string();
    assert!(errors.contains("provider"), "{errors}");
    let foreign = provider.id_token("somebody-elses-app", "third");
    let foreign = ada.adds(&by_token("GOOGLE", &foreign)).await;
    assert_eq!(who(&foreign), (400, REFUSED.into()));
    let mut other = by_token("GOOGLE", &provider.id_token(APP, "third"));
    other["sub"] = json!("ada-there");
    assert_eq!(who(&ada.adds(&other).await), (400, REFUSED.into()));

    // By a page: what it gives is for whom the page was asked for, and for nobody else who is signed in.
    let third = page_of(&mut ada.client).await;
    let back = by_code(&provider.browse(&third, "third"));
    assert_eq!(who(&grace.adds(&back).await), (400, REFUSED.into()));
    assert_eq!(who(&desk.authenticate(&back).await), (400, REFUSED.into()));
    let added = ada.adds(&back).await;
    assert_eq!(added.status, 201, "{added:?}");
    let token = provider.id_token(APP, "third");
    let entered = desk.by_token("OIDC_OAUTH", &token).await;
    assert_eq!(who(&entered), (200, ada.id.clone()));
    let of_the_app = page_of(&mut desk.app).await;
    let back = by_code(&provider.browse(&of_the_app, "fourth"));
    assert_eq!(who(&ada.adds(&back).await), (400, REFUSED.into()));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_is_good_once_and_registers_as_well() {
    let provider = Provider::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    desk.set_up(&provider_of("OIDC_OAUTH", &provider.issuer))
        .await;
    let page = page_of(&mut desk.app).await;
    // The provider gives a code each time: it knows nothing of what is done with the state.
    let (first, second) = (provider.browse(&page, "ada"), provider.browse(&page, "ada"));
    assert_eq!(first.1, second.1);
    let ada =
        json!({ "first_name": "Ada", "last_name": "Byron", "identification": by_code(&first) });
    let path = "/self-service/v2/contacts/register";
    let registered = desk.app.post(path, &ada).await.unwrap();
    let (status, contact) = who(&registered);
    assert_eq!(status, 201, "{registered:?}");
    let replayed = desk.authenticate(&by_code(&second)).await;
    assert_eq!(who(&replayed), (400, REFUSED.into()));
    process.kill();

    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let third = provider.browse(&page, "ada");
    let replayed = desk.authenticate(&by_code(&third)).await;
    assert_eq!(who(&replayed), (400, REFUSED.into()));
    let page = page_of(&mut desk.app).await;
    let fresh = by_code(&provider.browse(&page, "ada"));
    assert_eq!(who(&desk.authenticate(&fresh).await), (200, contact));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_registers_and_signs_in_by_an_account() {
    let provider = Provider::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    desk.set_up(&provider_of("APPLE", &provider.issuer)).await;
    let identity = by_token("APPLE", &provider.id_token(APP, "ada"));
    let mut ada = json!({ "first_name": "Ada", "last_name": "Byron", "identity": identity, "service_acceptance": "true" });
    let path = "/self-service/v1/contacts/register";
    let registered = desk.app.post(path, &ada).await.unwrap();
    let (status, contact) = who(&registered);
    assert_eq!(status, 201, "{registered:?}");
    let path = "/self-service/v1/contacts/authenticate";
    let entered = desk.app.post(path, &identity).await.unwrap();
    assert_eq!(who(&entered), (200, contact));
    ada["identity"] = json!({ "provider": "PHONE", "phone_number": "+447566224395", "token": "x" });
    let path = "/self-service/v1/contacts/register";
    let mixed = desk.app.post(path, &ada).await.unwrap();
    assert_eq!(who(&mixed), (422, "invalid_request".into()));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_vouch_for_nobody_close_the_address_that_they_come_from() {
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    // Nobody is asked: what is no token is refused before.
    let nobody = provider_of("OIDC_OAUTH", "http://127.0.0.1:9");
    desk.set_up(&nobody).await;
    for number in 0..50 {
        let refused = match number % 2 {
            0 => desk.by_token("OIDC_OAUTH", "a.b.c").await,
            _ => desk.register("OIDC_OAUTH", "a.b.c").await,
        };
        assert_eq!(who(&refused), (400, REFUSED.into()), "{number}");
    }
    let closed = desk.by_token("OIDC_OAUTH", "a.b.c").await;
    assert_eq!(who(&closed), (429, "too_many_requests".into()));
    process.stop().await;
}
