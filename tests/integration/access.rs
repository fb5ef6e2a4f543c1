//! Signing in by phone and one-time code, asked of the engine.

use std::time::Duration;

use clientele::actors::router::OpenedProfile;
use clientele::actors::router::access::{
    AccessRefused, Challenged, Destination, Registration, SessionView, SignedIn,
};
use clientele::domain::access::{Challenge, LOCKED_FOR, Which};
use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::{ContactType, Phone, Profile, SealedProfile};
use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::entity::{Answer, ContactView, Query, Remember};
use clientele::domain::remembered::{KeyHash, RequestHash};
use clientele::domain::time::Span;
use clientele::secrets::UniqueValue;
use clientele::seeding::TENANT;
use futures_util::FutureExt;
use futures_util::future::{Either, join_all, select};

use crate::node::{TestNode, eventually};

pub(crate) const PHONE: &str = "+442079460018";

pub(crate) const INVALID: AccessRefused = AccessRefused::CodeInvalid;

pub(crate) fn of(entity: u64) -> Address {
    Address {
        tenant: TENANT,
        mode: Mode::Test,
        kind: Kind::Contact,
        entity,
    }
}

pub(crate) fn remember(number: u8) -> Remember {
    Remember {
        keys: vec![KeyHash([number; 16])],
        request: RequestHash([number; 16]),
    }
}

pub(crate) fn registration(entity: u64) -> Registration {
    Registration {
        address: of(entity),
        contact_type: ContactType::Person,
        profile: Profile {
            first_name: Some("Ada".to_owned()),
            phones: vec![Phone {
                number: PHONE.to_owned(),
                ..Phone::default()
            }],
            ..Profile::default()
        },
        identity: Destination::Phone(PHONE.to_owned()),
        password: None,
    }
}

impl TestNode {
    pub(crate) async fn register(&self, entity: u64) -> Result<Challenged, AccessRefused> {
        let key = remember(u8::try_from(entity).unwrap());
        let router = self.api().router.clone();
        router.register(registration(entity), key).await
    }

    pub(crate) async fn ask_for_code(&self, phone: &str) -> Result<Challenged, AccessRefused> {
        let phone = Destination::Phone(phone.to_owned());
        let router = self.api().router.clone();
        router.challenge(TENANT, Mode::Test, &phone).await
    }

    pub(crate) async fn sign_in(
        &self,
        asked: &Challenged,
        code: &str,
    ) -> Result<SignedIn, AccessRefused> {
        self.sign_in_once(asked, code, None).await
    }

    pub(crate) async fn sign_in_once(
        &self,
        asked: &Challenged,
        code: &str,
        key: Option<Remember>,
    ) -> Result<SignedIn, AccessRefused> {
        let router = self.api().router.clone();
        let id = &asked.auth_otp;
        router.answer(TENANT, Mode::Test, id, code, key).await
    }

    /// The contact that a code was made for, and the code.
    pub(crate) async fn code_of(&self, asked: &Challenged) -> (Address, String) {
        let (contact, challenge) = self.challenge_of(asked).await;
        let secrets = self.api().router.secrets().clone();
        (contact, secrets.one_time_code(&contact, &challenge.nonce))
    }

    pub(crate) async fn challenge_of(&self, asked: &Challenged) -> (Address, Box<Challenge>) {
        let router = self.api().router.clone();
        let read = router
            .secrets()
            .read_auth_otp(TENANT, Mode::Test, &asked.auth_otp)
            .unwrap();
        let contact = of(read.contact);
        let query = Query::Challenge(read.number);
        match router.query(contact, query).await.result.unwrap() {
            Answer::Challenge(challenge) => (contact, challenge),
            other => panic!("{other:?}"),
        }
    }

    /// One that has registered and is signed in.
    pub(crate) async fn registered(&self, entity: u64) -> SignedIn {
        let asked = self.register(entity).await.unwrap();
        let (_, code) = self.code_of(&asked).await;
        self.sign_in(&asked, &code).await.unwrap()
    }

    pub(crate) async fn view(&self, contact: Address) -> Box<ContactView> {
        let router = self.api().router.clone();
        match router.query(contact, Query::Contact).await.result.unwrap() {
            Answer::Contact(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn opens(&self, contact: Address, profile: &SealedProfile) -> OpenedProfile {
        let router = self.api().router.clone();
        router.open_profile(&contact, profile).unwrap()
    }

    pub(crate) async fn holder(&self, value: UniqueValue, normalised: &str) -> Option<u64> {
        let router = self.api().router.clone();
        let value = router
            .secrets()
            .value_hash(TENANT, Mode::Test, value, normalised);
        let entry = Address {
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
            ..of(0)
        };
        match router
            .query(entry, Query::DirectoryHolder(value))
            .await
            .result
        {
            Ok(Answer::DirectoryHolder(holder)) => holder,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn session(&self, signed_in: &SignedIn) -> Option<SessionView> {
        let router = self.api().router.clone();
        let number = signed_in.session.number;
        router.session(signed_in.contact, number).await.unwrap()
    }

    pub(crate) async fn refresh(
        &self,
        contact: Address,
        session: &SessionView,
    ) -> Result<SessionView, AccessRefused> {
        let router = self.api().router.clone();
        // As the text of the token says.
        let text = router.secrets().refresh_token(&contact, session);
        let token = router.secrets().read_refresh_token(&text).unwrap();
        router.refresh(token).await
    }

    pub(crate) async fn end(&self, contact: Address, which: Which) {
        let router = self.api().router.clone();
        router.end_sessions(contact, which).await.unwrap();
    }
}

/// Another code than `code`.
pub(crate) fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

pub(crate) fn locked(refused: &Result<SignedIn, AccessRefused>, at_most: Span) {
    match refused {
        Err(AccessRefused::TooMany { retry_after }) => {
            let most = Duration::from_millis(u64::try_from(at_most.0).unwrap());
            assert!(!retry_after.is_zero() && *retry_after <= most);
        }
        other => panic!("not locked: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_right_answers_at_once_exactly_one_signs_in() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    only_one_is_right(&node, &asked, &code).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    only_one_is_right(&node, &asked, &code).await;
}

async fn only_one_is_right(node: &TestNode, asked: &Challenged, code: &str) {
    let answers = join_all((0..8).map(|_| node.sign_in(asked, code))).await;
    let right = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(right, 1, "{answers:?}");
    let others = answers.iter().filter(|answer| **answer == Err(INVALID));
    assert_eq!(others.count(), 7, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_and_an_unknown_phone_are_answered_alike() {
    let mut node = TestNode::start().await;
    let known = node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let mut told = Vec::new();
    for phone in [PHONE, "+442079460019"] {
        let asked = node.ask_for_code(phone).await.unwrap();
        assert_eq!(asked.auth_otp.len(), 64);
        let (contact, code) = node.code_of(&asked).await;
        assert_eq!(contact == known.contact, phone == PHONE);
        let too_soon = node.ask_for_code(phone).await;
        assert!(matches!(too_soon, Err(AccessRefused::TooMany { .. })));
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(node.sign_in(&asked, &wrong(&code)).await);
        }
        node.restart().await;
        answers.push(node.sign_in(&asked, &wrong(&code)).await);
        // Nobody is told by the right one either, now.
        answers.push(node.sign_in(&asked, &code).await);
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][..5], [Err(INVALID); 5]);
    locked(&told[0][5], LOCKED_FOR);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_nobody_is_never_right() {
    let node = TestNode::start().await;
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tries_survive_a_restart_passivation_and_another_code() {
    let mut node = TestNode::start_with(|config| config.actors.resident_max = Some(64)).await;
    node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    for _ in 0..2 {
        assert_eq!(node.sign_in(&asked, &wrong(&code)).await, Err(INVALID));
    }
    node.restart().await;
    for _ in 0..2 {
        assert_eq!(node.sign_in(&asked, &wrong(&code)).await, Err(INVALID));
    }
    // Others take its room.
    for number in 0..200 {
        let phone = format!("+4420794{number:05}");
        node.ask_for_code(&phone).await.unwrap();
    }
    node.clock.advance(SEND_PAUSE);
    let another = node.ask_for_code(PHONE).await.unwrap();
    let (_, right) = node.code_of(&another).await;
    assert_eq!(node.sign_in(&another, &wrong(&right)).await, Err(INVALID));
    locked(&node.sign_in(&another, &right).await, LOCKED_FOR);
    node.restart().await;
    locked(&node.sign_in(&another, &right).await, LOCKED_FOR);
    node.clock.advance(LOCKED_FOR);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    assert!(node.sign_in(&asked, &code).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_try_is_durable_before_it_is_refused() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let before = node.gate.fired().paused_syncs;
    let paused = node.gate.pause_syncs();
    let typed = wrong(&code);
    let mut answer = Box::pin(node.sign_in(&asked, &typed));
    let held = Box::pin(eventually("its record waits for the disk", async || {
        node.gate.fired().paused_syncs > before
    }));
    if let Either::Left((told, _)) = select(&mut answer, held).await {
        panic!("told before it was durable: {told:?}");
    }
    assert_eq!((&mut answer).now_or_never(), None);
    drop(paused);
    assert_eq!(answer.await, Err(INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_locked_whoever_its_codes_were_for() {
    let node = TestNode::start().await;
    let first = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&first).await;
    for _ in 0..3 {
        assert_eq!(node.sign_in(&first, &wrong(&code)).await, Err(INVALID));
    }
    node.clock.advance(SEND_PAUSE);
    let second = node.register(72).await.unwrap();
    let (_, code) = node.code_of(&second).await;
    for _ in 0..2 {
        assert_eq!(node.sign_in(&second, &wrong(&code)).await, Err(INVALID));
    }
    locked(&node.sign_in(&second, &code).await, LOCKED_FOR);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_transaction_of_this_world_opens_and_counts_nothing() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let router = node.api().router.clone();
    for (mode, id) in [
        (Mode::Live, asked.auth_otp.as_str()),
        (Mode::Test, ""),
        (Mode::Test, &asked.auth_otp[1..]),
    ] {
        for _ in 0..6 {
            let answer = router.answer(TENANT, mode, id, &code, None).await;
            assert_eq!(answer, Err(INVALID), "{mode:?} {id}");
        }
    }
    drop(router);
    assert!(node.sign_in(&asked, &code).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_remembered_of_a_wrong_try() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    // One key, and another request each time: only what had an effect would be told apart.
    let request = |number: u8| {
        Some(Remember {
            request: RequestHash([number; 16]),
            ..remember(200)
        })
    };
    let typed = wrong(&code);
    let refused = node.sign_in_once(&asked, &typed, request(1)).await;
    assert_eq!(refused, Err(INVALID));
    let again = node.sign_in_once(&asked, &typed, request(1)).await;
    assert_eq!(again, Err(INVALID));
    assert_eq!(node.challenge_of(&asked).await.1.wrong, 2);
    let right = node.sign_in_once(&asked, &code, request(2)).await;
    assert!(right.is_ok(), "{right:?}");
}
