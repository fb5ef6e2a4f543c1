//! Signing in by phone and one-time code, asked of the engine.

use std::time::Duration;

use clientele::actors::router::OpenedProfile;
use clientele::actors::router::access::{
    AccessRefused, Challenged, ContactSession, Destination, Registration, SessionView, SignedIn,
};
use clientele::domain::access::{
    self, Attempt, Challenge, LOCKED_FOR, OTP_LASTS, REFRESH_GRACE, Refresh, Which,
};
use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::{self, ContactType, Phone, Profile, SealedProfile, Stage};
use clientele::domain::directory_entry::{self, Holder, RESERVED_FOR, SEND_PAUSE, ValueHash};
use clientele::domain::entity::{Answer, Command, ContactView, Query, Remember};
use clientele::domain::remembered::{KeyHash, RequestHash};
use clientele::domain::tenant::Advance;
use clientele::domain::time::Span;
use clientele::secrets::UniqueValue;
use clientele::seeding::TENANT;
use futures_util::future::join_all;
use serde_json::json;

use crate::node::{TestNode, eventually};

const PHONE: &str = "+442079460018";

const INVALID: AccessRefused = AccessRefused::CodeInvalid;

fn of(entity: u64) -> Address {
    Address {
        tenant: TENANT,
        mode: Mode::Test,
        kind: Kind::Contact,
        entity,
    }
}

fn remember(number: u8) -> Remember {
    Remember {
        keys: vec![KeyHash([number; 16])],
        request: RequestHash([number; 16]),
    }
}

fn registration(entity: u64) -> Registration {
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
        phone: PHONE.to_owned(),
    }
}

impl TestNode {
    async fn register(&self, entity: u64) -> Result<Challenged, AccessRefused> {
        let key = remember(u8::try_from(entity).unwrap());
        let router = self.api().router.clone();
        router.register(registration(entity), key).await
    }

    async fn ask_for_code(&self, phone: &str) -> Result<Challenged, AccessRefused> {
        let phone = Destination::Phone(phone.to_owned());
        let router = self.api().router.clone();
        router.challenge(TENANT, Mode::Test, phone).await
    }

    async fn sign_in(&self, asked: &Challenged, code: &str) -> Result<SignedIn, AccessRefused> {
        self.sign_in_once(asked, code, None).await
    }

    async fn sign_in_once(
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
    async fn code_of(&self, asked: &Challenged) -> (Address, String) {
        let (contact, challenge) = self.challenge_of(asked).await;
        let secrets = self.api().router.secrets().clone();
        (contact, secrets.one_time_code(&contact, &challenge.nonce))
    }

    async fn challenge_of(&self, asked: &Challenged) -> (Address, Box<Challenge>) {
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
    async fn registered(&self, entity: u64) -> SignedIn {
        let asked = self.register(entity).await.unwrap();
        let (_, code) = self.code_of(&asked).await;
        self.sign_in(&asked, &code).await.unwrap()
    }

    async fn view(&self, contact: Address) -> Box<ContactView> {
        let router = self.api().router.clone();
        match router.query(contact, Query::Contact).await.result.unwrap() {
            Answer::Contact(view) => view,
            other => panic!("{other:?}"),
        }
    }

    fn opens(&self, contact: Address, profile: &SealedProfile) -> OpenedProfile {
        let router = self.api().router.clone();
        router.open_profile(&contact, profile).unwrap()
    }

    async fn holder(&self, value: UniqueValue, normalised: &str) -> Option<u64> {
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

    async fn session(&self, signed_in: &SignedIn) -> Option<SessionView> {
        let router = self.api().router.clone();
        let number = signed_in.session.number;
        router.session(signed_in.contact, number).await.unwrap()
    }

    async fn refresh(
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

    async fn end(&self, contact: Address, which: Which) {
        let router = self.api().router.clone();
        router.end_sessions(contact, which).await.unwrap();
    }
}

/// Another code than `code`.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

fn locked(refused: &Result<SignedIn, AccessRefused>, at_most: Span) {
    match refused {
        Err(AccessRefused::TooMany { retry_after }) => {
            let most = Duration::from_millis(u64::try_from(at_most.0).unwrap());
            assert!(!retry_after.is_zero() && *retry_after <= most);
        }
        other => panic!("not locked: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_seen_by_nobody_until_its_code_comes_back() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    assert_eq!(node.view(of(71)).await.stage, Stage::Proposed);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    assert_eq!(node.holder(UniqueValue::Phone, PHONE).await, None);
    let (_, code) = node.code_of(&asked).await;
    assert_eq!(node.sign_in(&asked, &wrong(&code)).await, Err(INVALID));

    let signed_in = node.sign_in(&asked, &code).await.unwrap();
    assert_eq!(signed_in.contact, of(71));
    assert!(!signed_in.existing);
    let view = node.view(of(71)).await;
    assert_eq!(view.stage, Stage::Active);
    assert!(matches!(
        node.opens(of(71), &view.profile),
        OpenedProfile::Plain(_)
    ));
    for value in [UniqueValue::IdentityPhone, UniqueValue::Phone] {
        assert_eq!(node.holder(value, PHONE).await, Some(71), "{value:?}");
    }
    assert_eq!(node.session(&signed_in).await, Some(signed_in.session));
    // Used once is used up.
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_and_its_answer_have_one_effect_under_one_key() {
    let mut node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    assert_eq!(node.register(71).await.unwrap(), asked, "no second code");
    let (_, code) = node.code_of(&asked).await;
    let key = || Some(remember(200));
    let first = node.sign_in_once(&asked, &code, key()).await.unwrap();
    assert_eq!(node.sign_in_once(&asked, &code, key()).await, Ok(first));
    node.restart().await;
    assert_eq!(node.sign_in_once(&asked, &code, key()).await, Ok(first));
    assert_eq!(node.session(&first).await, Some(first.session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_of_a_value_that_is_taken_signs_in_who_has_it() {
    let mut node = TestNode::start().await;
    let owner = node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.register(72).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let key = || Some(remember(200));
    let signed_in = node.sign_in_once(&asked, &code, key()).await.unwrap();
    assert_eq!(signed_in.contact, owner.contact);
    assert!(signed_in.existing);
    assert_ne!(signed_in.session.number, owner.session.number);
    node.restart().await;
    let retried = node.sign_in_once(&asked, &code, key()).await;
    assert_eq!(retried, Ok(signed_in));
    // The other one goes.
    node.clock.advance(OTP_LASTS);
    eventually("nothing of it can be read", async || {
        let view = node.view(of(72)).await;
        view.stage == Stage::Void && node.opens(of(72), &view.profile) == OpenedProfile::Erased
    })
    .await;
    assert_eq!(
        node.holder(UniqueValue::IdentityPhone, PHONE).await,
        Some(71)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_the_back_office_knows_is_not_taken_over() {
    let node = TestNode::start().await;
    let body = json!({ "code": "DESK", "phones": [{ "number": PHONE }] });
    let created = node.post("/contacts", &body);
    let created = created
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let known = node.holder(UniqueValue::Phone, PHONE).await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let refused = node.sign_in(&asked, &code).await;
    assert_eq!(refused, Err(AccessRefused::ValueTaken));
    assert_eq!(node.holder(UniqueValue::Phone, PHONE).await, known);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    eventually("nothing of it can be read", async || {
        let view = node.view(of(71)).await;
        node.opens(of(71), &view.profile) == OpenedProfile::Erased
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_lapses_leaves_nothing_that_can_be_read() {
    let mut node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let sealed = node.view(of(71)).await.profile.clone();
    node.restart().await;
    node.clock.advance(OTP_LASTS);
    eventually("its key is destroyed", async || {
        node.opens(of(71), &sealed) == OpenedProfile::Erased
    })
    .await;
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
    assert_eq!(node.view(of(71)).await.stage, Stage::Void);
    node.restart().await;
    assert_eq!(node.opens(of(71), &sealed), OpenedProfile::Erased);
    // The same request makes another one.
    let again = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&again).await;
    assert_eq!(node.sign_in(&again, &code).await.unwrap().contact, of(71));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_registrations_of_one_value_make_one_contact() {
    let node = TestNode::start().await;
    let first = node.register(71).await.unwrap();
    node.clock.advance(SEND_PAUSE);
    let second = node.register(72).await.unwrap();
    let (_, one) = node.code_of(&first).await;
    let (_, other) = node.code_of(&second).await;
    let (one, other) = tokio::join!(node.sign_in(&first, &one), node.sign_in(&second, &other));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.contact, other.contact);
    assert_ne!(one.existing, other.existing);
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
    let router = node.api().router.clone();
    let (id, typed) = (asked.auth_otp.clone(), wrong(&code));
    let answer =
        tokio::spawn(async move { router.answer(TENANT, Mode::Test, &id, &typed, None).await });
    eventually("its record waits for the disk", async || {
        node.gate.fired().paused_syncs > before
    })
    .await;
    assert!(!answer.is_finished(), "told before it was durable");
    drop(paused);
    assert_eq!(answer.await.unwrap(), Err(INVALID));
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
async fn a_refresh_rotates_and_a_replay_ends_the_session() {
    let mut node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    let (contact, first) = (signed_in.contact, signed_in.session);
    let second = node.refresh(contact, &first).await.unwrap();
    assert_ne!(second, first);
    node.restart().await;
    // The answer was lost: the same successor.
    assert_eq!(node.refresh(contact, &first).await, Ok(second));
    assert_eq!(node.session(&signed_in).await, Some(second));
    node.clock.advance(REFRESH_GRACE);
    let replayed = node.refresh(contact, &first).await;
    assert_eq!(replayed, Err(AccessRefused::InvalidGrant));
    assert_eq!(node.session(&signed_in).await, None);
    let family = node.refresh(contact, &second).await;
    assert_eq!(family, Err(AccessRefused::InvalidGrant));
    node.restart().await;
    assert_eq!(node.session(&signed_in).await, None);
    let router = node.api().router.clone();
    let nobody = ContactSession {
        contact: of(99),
        refresh: Refresh {
            session: 1,
            generation: 0,
            nonce: [0; 16],
        },
    };
    assert_eq!(
        router.refresh(nobody).await,
        Err(AccessRefused::InvalidGrant)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_holds_at_once_in_memory_or_not() {
    let mut node = TestNode::start().await;
    let first = node.registered(71).await;
    let mut more = Vec::new();
    for _ in 0..2 {
        node.clock.advance(SEND_PAUSE);
        let asked = node.ask_for_code(PHONE).await.unwrap();
        let (_, code) = node.code_of(&asked).await;
        more.push(node.sign_in(&asked, &code).await.unwrap());
    }
    node.end(first.contact, Which::This(first.session.number))
        .await;
    assert_eq!(node.session(&first).await, None);
    assert_eq!(node.session(&more[0]).await, Some(more[0].session));
    // Not in memory after a restart.
    node.restart().await;
    assert_eq!(node.session(&first).await, None);
    assert_eq!(node.session(&more[0]).await, Some(more[0].session));
    node.end(first.contact, Which::All).await;
    for ended in &more {
        assert_eq!(node.session(ended).await, None);
        let refreshed = node.refresh(ended.contact, &ended.session).await;
        assert_eq!(refreshed, Err(AccessRefused::InvalidGrant));
    }
    node.end(of(99), Which::All).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_signs_out_and_frees_the_phone() {
    let node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    let router = node.api().router.clone();
    router.erase_contact(signed_in.contact, None).await.unwrap();
    assert_eq!(node.session(&signed_in).await, None);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
}

/// A registration whose value is proven and reserved, as if the node had stopped there.
async fn half_registered(node: &TestNode) -> (Address, ValueHash) {
    let asked = node.register(71).await.unwrap();
    let (contact, challenge) = node.challenge_of(&asked).await;
    let answer = access::Command::Answer(Attempt {
        number: challenge.number,
        bound_to: access::bound_to(&challenge.nonce),
        code: challenge.code,
        nonce: [1; 16],
    });
    node.command(contact, access_command(answer)).await;
    let value = challenge.destination;
    let holder = Holder {
        contact: contact.entity,
        attempt: 1,
    };
    let entry = Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..contact
    };
    let reserve = directory_entry::Command::ReserveOnWall(value, holder);
    node.command(entry, Command::DirectoryEntry(reserve)).await;
    (contact, value)
}

fn access_command(command: access::Command) -> Command {
    Command::Contact(contact::Command::Access(command))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_cut_short_after_it_finished_keeps_its_value() {
    let mut node = TestNode::start().await;
    let (contact, value) = half_registered(&node).await;
    let finish = access_command(access::Command::Finish([2; 16]));
    node.command(contact, finish).await;
    assert_eq!(node.view(contact).await.identities, [value]);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    eventually("the entry has asked", async || {
        node.holder(UniqueValue::IdentityPhone, PHONE).await == Some(71)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_cut_short_before_it_finished_gives_its_value_back() {
    let mut node = TestNode::start().await;
    let (contact, _) = half_registered(&node).await;
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    eventually("the entry has asked", async || {
        node.view(contact).await.stage == Stage::Void
    })
    .await;
    let router = node.api().router.clone();
    let finish = access_command(access::Command::Finish([2; 16]));
    let late = router.command(contact, finish, None, None).await;
    assert!(late.result.is_err(), "its value may be another's by now");
    let other = node.registered(72).await;
    assert!(!other.existing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_clock_moves_no_code_and_no_session() {
    let node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let pending = {
        node.clock.advance(SEND_PAUSE);
        node.register(72).await.unwrap()
    };
    let (_, pending_code) = node.code_of(&pending).await;
    let router = node.api().router.clone();
    let year = Advance::By(Span::days(365));
    router.advance_test_clock(TENANT, year, None).await.unwrap();
    assert_eq!(node.session(&signed_in).await, Some(signed_in.session));
    assert!(node.sign_in(&asked, &code).await.is_ok());
    assert!(
        node.sign_in(&pending, &pending_code)
            .await
            .unwrap()
            .existing
    );
    assert!(
        node.refresh(signed_in.contact, &signed_in.session)
            .await
            .is_ok()
    );
    let too_soon = node.ask_for_code(PHONE).await;
    assert!(matches!(too_soon, Err(AccessRefused::TooMany { .. })));
}
