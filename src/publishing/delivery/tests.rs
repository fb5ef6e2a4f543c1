//! The queue over rows and feed, and the sender with a source that answers as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::queue::{Queue, Tried};
use super::*;
use crate::clock::Clock;
use crate::domain::access::{self, Challenge, Channel, CodeHash, Purpose};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::Event;
use crate::domain::tenant::{Connector, Integration};
use crate::domain::time::Timestamp;
use crate::domain::user;
use crate::egress::{Egress, Guard};
use crate::limits;
use crate::persistence::follower::Follower;
use crate::persistence::follower::bench::Bench;
use crate::persistence::rows::Rows;
use crate::publishing::brake::Brake;
use crate::secrets::Secrets;

fn challenge(number: u32) -> Challenge {
    Challenge {
        number,
        purpose: Purpose::SignIn,
        channel: Channel::Sms,
        destination: ValueHash([7; 16]),
        nonce: [1; 16],
        code: CodeHash([2; 16]),
        issued_at: Timestamp(1_000),
        expires_at: Timestamp(601_000),
        wrong: 0,
    }
}

fn contact(tenant: u64, mode: Mode, entity: u64) -> Address {
    Address {
        tenant: TenantId(tenant),
        mode,
        kind: Kind::Contact,
        entity,
    }
}

fn secrets() -> Arc<Secrets> {
    Arc::new(Secrets::derive(|_| [3; 32]))
}

fn asks(bench: &mut Bench, address: Address, number: u32) {
    let event = access::Event::Challenged(challenge(number));
    let event = Event::Contact(contact::Event::Access(Box::new(event)));
    bench.happens(address, event, Timestamp(1_000));
}

/// A queue over what the bench has, as after a start.
fn started(bench: &Bench) -> Arc<Queue> {
    let rows = Arc::clone(&bench.rows) as Arc<dyn Rows>;
    let queue = Queue::new(rows, Arc::clone(&bench.feed), secrets(), Brake::default());
    queue.begin(&bench.store).unwrap();
    queue
}

fn flushed(queue: &Queue) {
    if queue.flush().unwrap() {
        queue.synced();
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn numbers(taken: &[(super::queue::Key, Message)]) -> Vec<u32> {
    let number = |message: &Message| match message {
        Message::Code(_, challenge) => challenge.number,
        Message::Letter(letter) => letter.number,
        Message::Notice(_) => 0,
    };
    taken.iter().map(|(_, it)| number(it)).collect()
}

#[tokio::test]
async fn codes_of_live_mode_wait_and_none_of_test_mode_or_to_nobody() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    let decoy = secrets().decoy(&challenge(1).destination);
    asks(&mut bench, contact(1, Mode::Test, 5), 1);
    asks(&mut bench, contact(1, Mode::Live, decoy), 2);
    asks(&mut bench, contact(1, Mode::Live, 5), 3);
    asks(&mut bench, contact(2, Mode::Live, 6), 4);
    flushed(&queue);
    assert_eq!(numbers(&queue.take(soon(), 10)), [3, 4]);
    assert!(queue.take(soon(), 10).is_empty(), "both are being sent");
}

#[tokio::test]
async fn what_was_not_sent_is_there_after_a_start_and_what_was_is_not() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    for number in 1..=3 {
        asks(&mut bench, contact(1, Mode::Live, 5), number);
    }
    flushed(&queue);
    let taken = queue.take(soon(), 2);
    queue.tried(taken[0].0, Tried::Done, Instant::now());
    queue.tried(taken[1].0, Tried::InVain, Instant::now());
    flushed(&queue);
    drop(queue);
    let queue = started(&bench);
    flushed(&queue);
    assert_eq!(numbers(&queue.take(soon(), 10)), [2, 3]);
}

#[tokio::test]
async fn a_crash_before_the_flush_loses_no_message() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    flushed(&queue);
    asks(&mut bench, contact(1, Mode::Live, 5), 1);
    drop(queue);
    // The place of the cursor is before it, so that it is found in the feed.
    let queue = started(&bench);
    flushed(&queue);
    assert_eq!(numbers(&queue.take(soon(), 10)), [1]);
}

#[tokio::test]
async fn one_tenants_messages_leave_room_for_anothers() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    for number in 1..=20 {
        asks(&mut bench, contact(1, Mode::Live, 5), number);
    }
    asks(&mut bench, contact(2, Mode::Live, 6), 21);
    flushed(&queue);
    let taken = queue.take(soon(), limits::DELIVERIES_AT_ONCE);
    let of_one = taken.len() - 1;
    assert_eq!(of_one, limits::DELIVERIES_A_TENANT_AT_ONCE);
    assert_eq!(numbers(&taken).last(), Some(&21));
    queue.tried(taken[0].0, Tried::Done, Instant::now());
    assert_eq!(numbers(&queue.take(soon(), 64)), [9]);
}

#[tokio::test]
async fn the_pause_grows_with_each_try_in_vain_up_to_its_bound() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    asks(&mut bench, contact(1, Mode::Live, 5), 1);
    flushed(&queue);
    let mut now = soon();
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        let taken = queue.take(now, 1);
        assert_eq!(taken.len(), 1, "due before {seconds}");
        queue.tried(taken[0].0, Tried::InVain, now);
        let pause = Duration::from_secs(seconds);
        assert!(
            queue
                .take(now + pause - Duration::from_millis(1), 1)
                .is_empty()
        );
        now += pause;
    }
}

/// The wall, as the test says.
struct Wall(AtomicI64);

impl Clock for Wall {
    fn wall(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn business(&self, _: TenantId, _: Mode) -> Timestamp {
        self.wall()
    }
}

/// Answers as it is told.
struct Told {
    found: Result<Found, NoAnswer>,
    integration: Mutex<Option<Integration>>,
    asked: AtomicUsize,
}

impl Source for Told {
    fn find(&self, _: Message) -> BoxFuture<'_, Result<Found, NoAnswer>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.found.clone();
        Box::pin(async move { found })
    }

    fn integration(
        &self,
        _: TenantId,
        _: Channel,
    ) -> BoxFuture<'_, Result<Option<Integration>, NoAnswer>> {
        let integration = self.integration.lock().clone();
        Box::pin(async move { Ok(integration) })
    }
}

fn to_file() -> Integration {
    let settings = Settings::File(FileSink {
        file_name: "codes".into(),
    });
    let sealed = secrets().seal_settings(TenantId(1), 4, &settings.to_bytes());
    Integration {
        number: 4,
        mode: Mode::Live,
        connector: Connector::File,
        name: "file".into(),
        channels: vec![Channel::Sms],
        sealed: sealed.unwrap().into(),
        created_at: Timestamp(1),
        is_active: true,
    }
}

/// Lets a sender work until `holds`; the lines that it wrote.
async fn sent(
    queue: &Arc<Queue>,
    source: Arc<Told>,
    wall: i64,
    holds: impl Fn() -> bool,
) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let egress = Egress::new(Guard::default()).unwrap();
    let connectors = Connectors::new(Arc::new(egress), Some(place.path().to_owned()));
    let clock = Arc::new(Wall(AtomicI64::new(wall)));
    let sender = Sender::new(
        Arc::clone(queue),
        source,
        Arc::new(connectors),
        secrets(),
        clock,
        Arc::default(),
    );
    let enough = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let worked = async {
        tokio::select! {
            () = sender.run() => {}
            () = enough => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(20), worked)
        .await
        .unwrap();
    let written = std::fs::read_to_string(place.path().join("tenant-1/codes"));
    let lines = written.unwrap_or_default();
    lines.lines().map(str::to_owned).collect()
}

fn waiting() -> (Bench, Arc<Queue>) {
    let mut bench = Bench::new();
    let queue = started(&bench);
    asks(&mut bench, contact(1, Mode::Live, 5), 1);
    flushed(&queue);
    (bench, queue)
}

fn told(found: Result<Found, NoAnswer>, integration: Option<Integration>) -> Arc<Told> {
    Arc::new(Told {
        found,
        integration: Mutex::new(integration),
        asked: AtomicUsize::new(0),
    })
}

fn open() -> Result<Found, NoAnswer> {
    Ok(Found::Open {
        recipient: "+442079460018".into(),
    })
}

#[tokio::test]
async fn a_message_is_sent_to_its_recipient_once() {
    let (_bench, queue) = waiting();
    let source = told(open(), Some(to_file()));
    let lines = sent(&queue, source, 2_000, || queue.is_empty()).await;
    assert_eq!(lines.len(), 1);
    let code = secrets().one_time_code(&contact(1, Mode::Live, 5), &[1; 16]);
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&line["code"], &line["recipient"]),
        (&code.into(), &"+442079460018".into())
    );
}

#[tokio::test]
async fn a_message_whose_code_was_answered_is_dropped_and_not_sent() {
    let (_bench, queue) = waiting();
    let source = told(Ok(Found::Gone), Some(to_file()));
    let lines = sent(&queue, source, 2_000, || queue.is_empty()).await;
    assert_eq!(lines, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_that_nothing_delivers_waits_until_its_code_has_lapsed() {
    let (_bench, queue) = waiting();
    let source = told(open(), None);
    let asked = Arc::clone(&source);
    sent(&queue, Arc::clone(&source), 2_000, || {
        asked.asked.load(Ordering::SeqCst) >= 2
    })
    .await;
    assert_eq!(queue.len(), 1, "it is tried again");
    // Something delivers again, but too late.
    *source.integration.lock() = Some(to_file());
    let lines = sent(&queue, source, 601_000, || queue.is_empty()).await;
    assert_eq!(lines, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_whose_contact_does_not_answer_waits() {
    let (_bench, queue) = waiting();
    let source = told(Err(NoAnswer), Some(to_file()));
    let asked = Arc::clone(&source);
    let twice = || asked.asked.load(Ordering::SeqCst) >= 2;
    let lines = sent(&queue, Arc::clone(&source), 2_000, twice).await;
    assert_eq!((lines, queue.len()), (Vec::new(), 1));
}

/// A one-time token to user 5, sent as `sender` says.
fn writes_to_user(bench: &mut Bench, number: u32, sender: Option<(TenantId, Mode)>) {
    let letter = user::Letter {
        number,
        purpose: user::Purpose::Reset,
        nonce: [6; 16],
        sender,
        issued_at: Timestamp(1_000),
        expires_at: Timestamp(601_000),
    };
    let sent = Event::User(user::Event::LetterSent(letter));
    bench.happens(Address::user(5), sent, Timestamp(1_000));
}

#[tokio::test]
async fn tokens_to_users_wait_that_live_mode_has_sent_and_no_others() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    for (number, sender) in (1..).zip([
        None,
        Some((TenantId(1), Mode::Test)),
        Some((TenantId(1), Mode::Live)),
    ]) {
        writes_to_user(&mut bench, number, sender);
    }
    flushed(&queue);
    assert_eq!(numbers(&queue.take(soon(), 10)), [3]);
    drop(queue);
    let queue = started(&bench);
    let taken = queue.take(soon(), 10);
    assert_eq!(
        (numbers(&taken), taken[0].1.until()),
        (vec![3], Timestamp(601_000))
    );
}

#[tokio::test]
async fn a_token_is_sent_to_its_user_once() {
    let mut bench = Bench::new();
    let queue = started(&bench);
    writes_to_user(&mut bench, 3, Some((TenantId(1), Mode::Live)));
    flushed(&queue);
    let found = Ok(Found::Open {
        recipient: "ada@example.test".into(),
    });
    let source = told(found, Some(to_file()));
    let lines = sent(&queue, source, 2_000, || queue.is_empty()).await;
    assert_eq!(lines.len(), 1);
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let token = secrets().letter_token(&Address::user(5), 3, &[6; 16]);
    assert!(line["body"].as_str().unwrap().contains(&token), "{line}");
    assert_eq!(
        (&line["code"], &line["recipient"], &line["subject"]),
        (
            &token.into(),
            &"ada@example.test".into(),
            &"Choose another password".into()
        )
    );
}
