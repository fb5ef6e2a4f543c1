//! Who opens an account by a one-time token: networks read the letters that they send, and so a letter of one proves nothing to another.

use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::contact_changes::refused;
use crate::delivery::{open_node, webhook};
use crate::keys::strangers;
use crate::node::TestNode;
use crate::recorder::Recorder;
use crate::users::Session;

const EMAIL: &str = "newbie@shop.example";
const OWN: &str = "own badger 77";
const EVIL: &str = "evil stoat 66";

impl TestNode {
    /// The owner of another network, looking at live mode and at test mode.
    async fn eve(&self) -> (Session, Session) {
        strangers(self).await;
        self.stranger_owner("eve@example.com", EVIL).await;
        let live = Session::of(&self.typed("eve@example.com", EVIL).send().await);
        let mode = json!({ "mode": "TEST" });
        let trier = self.sends(&live, Method::POST, "/users/mode", &mode).await;
        (live, Session::of(&trier))
    }

    /// Has somebody invited as an owner, to where the session looks or to organisation `at`.
    pub(crate) async fn invited_as_owner(&self, by: &Session, email: &str, at: Option<&str>) {
        let roles = self.by(by, Method::GET, "/roles").send().await.json();
        let roles = roles["content"].as_array().unwrap();
        let owner = roles.iter().find(|role| role["is_owner"] == true).unwrap();
        let body = json!({ "email_address": email, "roles": [owner["id"]], "organisation_id": at });
        let invited = self.sends(by, Method::POST, "/users", &body).await;
        assert_eq!(invited.status, 201, "{invited:?}");
    }

    /// The newest one-time token in the test inbox of a session's network.
    async fn token_read_by(&self, reader: &Session) -> String {
        let inbox = self.by(reader, Method::GET, "/test_inbox").send().await;
        let inbox = inbox.json();
        inbox["content"][0]["code"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn accepts(&self, token: &str, password: &str) -> Answer {
        self.with_token("/users/accept", token, password).await
    }

    /// Registers an organisation in live mode.
    async fn registers(&self, name: &str, password: &str) {
        let key = self.seed.keys["live"].public.clone().unwrap();
        let body = json!({ "name": name, "first_name": "New", "last_name": "Bie", "email_address": EMAIL, "password": password });
        let ask = self.stranger(Method::POST, "/organisations/register");
        let registered = ask.with("api_key", &key).body(&body).send().await;
        assert_eq!(registered.status, 201, "{registered:?}");
    }

    /// Has what lets the newcomer choose another password sent.
    async fn forgets(&self) {
        let forgot = self.stranger(Method::POST, "/users/forgot_password");
        let forgot = forgot.body(&json!({ "email": EMAIL })).send().await;
        assert_eq!(forgot.status, 204);
    }

    /// The newcomer chooses another password, and signs in by it.
    async fn chooses_another(&self, token: &str) {
        let another = "brisk heron 4";
        let chosen = self.with_token("/users/reset_password", token, another);
        assert_eq!(chosen.await.status, 204);
        assert_eq!(self.typed(EMAIL, another).send().await.status, 200);
    }

    async fn verifies(&self, token: &str) -> Answer {
        let path = format!("/users/verify_email?token={token}");
        self.stranger(Method::GET, &path).send().await
    }
}

/// The one-time token of the next mail that has one: there are notices, too.
async fn mailed(outside: &mut Recorder) -> String {
    loop {
        let mail = outside.next().await.json();
        assert_eq!(mail["recipient"], EMAIL);
        if let Some(token) = mail["code"].as_str() {
            return token.to_owned();
        }
    }
}

fn looks_at(session: &Session) -> (&Value, &Value, &Value) {
    let body = &session.body;
    (&body["mode"], &body["organisation"]["name"], &body["roles"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_opens_an_account_by_its_password_and_changes_none() {
    let node = TestNode::start().await;
    let victim = node.owner().await;
    let (email, password) = {
        let owner = &node.seed.users[0];
        (owner.username.clone(), owner.password.clone().unwrap())
    };
    let at_merchant = node.seed.organisations.merchants[0].id.clone();
    let (_, eve) = node.eve().await;
    let trier = node.trier().await;
    let elsewhere = eve.body["organisation"]["id"].as_str().unwrap();
    for (inviter, at, place) in [
        (&eve, None, elsewhere),
        (&trier, Some(at_merchant.as_str()), &at_merchant),
    ] {
        node.invited_as_owner(inviter, &email, at).await;
        let token = node.token_read_by(inviter).await;
        let taken = node.accepts(&token, EVIL).await;
        assert_eq!(taken.problem(), refused(400, "invalid_login"));
        assert_eq!(node.typed(&email, EVIL).send().await.status, 400);
        assert_eq!(node.status(&victim, "/settings").await, 200);
        // Who it is for accepts it with the password that it has, and looks at no more than it was invited to.
        let accepted = Session::of(&node.accepts(&token, &password).await);
        assert_eq!(
            (&accepted.body["mode"], &accepted.body["organisation"]["id"]),
            (&json!("TEST"), &json!(place))
        );
        assert_eq!(node.status(&victim, "/settings").await, 200);
        let again = Session::of(&node.typed(&email, &password).send().await);
        assert_eq!(looks_at(&again), looks_at(&victim));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_whether_another_network_knows_who_is_invited() {
    let node = TestNode::start().await;
    let (_, eve) = node.eve().await;
    let known = node.seed.users[0].username.clone();
    let mut told = Vec::new();
    for email in [known.as_str(), EMAIL] {
        node.invited_as_owner(&eve, email, None).await;
        let found = format!("/users?search_value={email}");
        let found = node.by(&eve, Method::GET, &found).send().await.json();
        let id = found["content"][0]["id"].as_str().unwrap();
        let names = json!({ "first_name": "Renamed" });
        let path = format!("/users/{id}");
        told.push(node.sends(&eve, Method::PUT, &path, &names).await.problem());
    }
    assert_eq!(
        told,
        [refused(409, "limit_reached"), refused(409, "limit_reached")]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_at_an_invitation_count_as_any() {
    let node = TestNode::start().await;
    let owner = &node.seed.users[0];
    let (email, password) = (owner.username.clone(), owner.password.clone().unwrap());
    let (_, eve) = node.eve().await;
    node.invited_as_owner(&eve, &email, None).await;
    let token = node.token_read_by(&eve).await;
    for _ in 0..10 {
        let guessed = node.accepts(&token, EVIL).await;
        assert_eq!(guessed.problem(), refused(400, "invalid_login"));
    }
    let locked = node.accepts(&token, &password).await;
    assert_eq!(locked.problem(), refused(400, "invalid_login"));
    let locked = node.typed(&email, &password).send().await;
    assert_eq!(locked.problem(), refused(400, "invalid_login"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_mode_takes_no_role_of_live_business_away() {
    let node = TestNode::start().await;
    let before = node.owner().await;
    let owner = &node.seed.users[0];
    let (email, password) = (owner.username.clone(), owner.password.clone().unwrap());
    let trier = node.trier().await;
    node.invited_as_owner(&trier, &email, None).await;
    let token = node.token_read_by(&trier).await;
    assert_eq!(node.accepts(&token, &password).await.status, 200);
    let after = node.owner().await;
    assert_eq!(looks_at(&after), looks_at(&before));
    assert_eq!(looks_at(&after).0, "LIVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_only_a_test_inbox_knew_has_an_account_of_its_own_once_it_reads_its_mail() {
    let mut node = open_node().await;
    let mut outside = Recorder::start().await;
    node.connect(&webhook(outside.address)).await;
    let (_, eve) = node.eve().await;
    node.invited_as_owner(&eve, EMAIL, None).await;
    let token = node.token_read_by(&eve).await;
    let squatter = Session::of(&node.accepts(&token, EVIL).await);
    assert_eq!(looks_at(&squatter).0, "TEST");

    node.registers("Newbie Shop", OWN).await;
    let token = mailed(&mut outside).await;
    assert_eq!(node.verifies(&token).await.status, 200);
    assert_eq!(node.typed(EMAIL, EVIL).send().await.status, 400);
    assert_eq!(node.status(&squatter, "/settings").await, 401);
    let newbie = Session::of(&node.typed(EMAIL, OWN).send().await);
    assert_eq!(
        looks_at(&newbie),
        (&json!("LIVE"), &json!("Newbie Shop"), &json!(["Owner"]))
    );
    assert_eq!(newbie.body["organisations"].as_array().unwrap().len(), 1);
    node.restart().await;
    node.forgets().await;
    let token = mailed(&mut outside).await;
    node.chooses_another(&token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_invitation_is_worth_more_than_one_that_a_test_inbox_showed() {
    let node = open_node().await;
    let mut outside = Recorder::start().await;
    node.connect(&webhook(outside.address)).await;
    let (_, eve) = node.eve().await;
    node.invited_as_owner(&eve, EMAIL, None).await;
    let token = node.token_read_by(&eve).await;
    Session::of(&node.accepts(&token, EVIL).await);
    // What lets the squatter choose another password, kept for later.
    node.forgets().await;
    let kept = node.token_read_by(&eve).await;

    let owner = node.owner().await;
    node.invited_as_owner(&owner, EMAIL, None).await;
    let token = mailed(&mut outside).await;
    let newbie = Session::of(&node.accepts(&token, OWN).await);
    assert_eq!(looks_at(&newbie), looks_at(&owner));
    assert_eq!(newbie.body["organisations"].as_array().unwrap().len(), 1);
    let late = node.with_token("/users/reset_password", &kept, EVIL).await;
    assert_eq!(late.problem(), refused(401, "invalid_token"));
    assert_eq!(node.typed(EMAIL, EVIL).send().await.status, 400);
    assert_eq!(node.typed(EMAIL, OWN).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_live_mode_knows_is_sent_what_chooses_a_password_by_live_mode() {
    let node = open_node().await;
    let mut outside = Recorder::start().await;
    node.connect(&webhook(outside.address)).await;
    let (owner, (_, eve)) = (node.owner().await, node.eve().await);
    node.invited_as_owner(&eve, EMAIL, None).await;
    let token = node.token_read_by(&eve).await;
    let tried = Session::of(&node.accepts(&token, OWN).await);
    assert_eq!(looks_at(&tried).0, "TEST");
    node.invited_as_owner(&owner, EMAIL, None).await;
    let token = mailed(&mut outside).await;
    // With the password that there is: what test mode gave stays, and comes first.
    let accepted = Session::of(&node.accepts(&token, OWN).await);
    assert_eq!(looks_at(&accepted).0, "LIVE");
    let signed_in = Session::of(&node.typed(EMAIL, OWN).send().await);
    assert_eq!(looks_at(&signed_in), looks_at(&tried));
    node.forgets().await;
    let token = mailed(&mut outside).await;
    node.chooses_another(&token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_another_network_knows_registers_with_the_password_that_is_there() {
    let node = open_node().await;
    let mut outside = Recorder::start().await;
    node.connect(&webhook(outside.address)).await;
    node.eve().await;
    node.stranger_owner(EMAIL, EVIL).await;
    node.registers("Newbie Shop", OWN).await;
    let token = mailed(&mut outside).await;
    let refusal = node.verifies(&token).await;
    assert_eq!(refusal.problem(), refused(400, "invalid_login"));
    let owner = node.owner().await;
    let network = format!(
        "/organisations/{}/network?size=100",
        owner.body["organisation"]["id"].as_str().unwrap()
    );
    let listed = node.by(&owner, Method::GET, &network).send().await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let listed = listed.json().to_string();
    assert!(!listed.contains("Newbie Shop"), "{listed}");
    let there = Session::of(&node.typed(EMAIL, EVIL).send().await);
    assert_eq!(looks_at(&there).1, "Elsewhere");

    node.registers("Second Shop", EVIL).await;
    let token = mailed(&mut outside).await;
    assert_eq!(node.verifies(&token).await.status, 200);
    let there = Session::of(&node.typed(EMAIL, EVIL).send().await);
    assert_eq!(looks_at(&there).1, "Elsewhere", "the first network first");
    let listed = node.by(&owner, Method::GET, &network).send().await;
    let listed = listed.json().to_string();
    assert!(listed.contains("Second Shop"), "{listed}");
}
