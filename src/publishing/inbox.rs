//! What test mode would have sent: the newest one-time codes and tokens of each tenant, as references.
//!
//! Recipient and code are made when a message is read, from what the contact's entity still has: so nothing here can be read by
//! itself, and the erasure of a contact reaches it.
//!
//! Architecture invariant: nothing here is stored. A start begins with what happens after it; a code that was made before
//! can be asked for again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};

use super::brake::Brake;
use super::progress::{Freshness, Progress};
use crate::domain::access::{self, Challenge};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::contact;
use crate::domain::entity::Event;
use crate::domain::user;
use crate::limits;
use crate::persistence::feed::{self, Feed, Pulled};
use crate::persistence::follower::{Error, Follower};
use crate::persistence::journal::Position;
use crate::persistence::rows;
use crate::persistence::store::Store;
use crate::secrets::Secrets;

/// A message that would have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A one-time code.
    Code {
        /// To whom.
        contact: Address,
        /// Which.
        challenge: Challenge,
    },
    /// A one-time token.
    Letter {
        /// To which user.
        user: Address,
        /// Which of its letters.
        number: u32,
    },
}

/// The newest messages of each tenant.
pub struct Inbox {
    feed: Arc<Feed>,
    secrets: Arc<Secrets>,
    brake: Brake,
    may_block: bool,
    /// Oldest first.
    kept: RwLock<HashMap<TenantId, VecDeque<Message>>>,
    position: Mutex<Position>,
    progress: Progress,
}

impl Inbox {
    /// What it is called among followers.
    const NAME: &'static str = "inbox";

    /// An inbox with nothing in it. `brake` holds it still, in tests; `may_block` says whether the feed may have to wait for a
    /// disk.
    pub fn new(
        feed: Arc<Feed>,
        secrets: Arc<Secrets>,
        may_block: bool,
        brake: Brake,
    ) -> Arc<Inbox> {
        Arc::new(Inbox {
            progress: Progress::new(Self::NAME, Arc::clone(&feed)),
            feed,
            secrets,
            brake,
            may_block,
            kept: RwLock::default(),
            position: Mutex::new(Position::START),
        })
    }

    /// Waits until everything that was acknowledged by now is taken in, for [`limits::LIST_WAIT_MAX`] at most.
    pub async fn catch_up(&self) -> Freshness {
        self.progress.catch_up().await
    }

    /// The messages of `tenant`, newest first: [`limits::INBOX_KEPT`] at most.
    pub fn newest(&self, tenant: TenantId) -> Vec<Message> {
        let kept = self.kept.read();
        let messages = kept.get(&tenant);
        let newest_first = messages.into_iter().flat_map(|kept| kept.iter().rev());
        newest_first.copied().collect()
    }

    /// Takes in one pull's effects; whether there may be more to do.
    fn step(&self) -> Result<bool, Error> {
        if self.brake.is_held() {
            return Ok(false);
        }
        let mut position = self.position.lock();
        let began = Instant::now();
        let max = limits::FOLLOW_EFFECTS_A_PULL;
        let Pulled { effects, reached } = match self.feed.pull(*position, max) {
            // What was dropped is older than any code that can be answered.
            Err(feed::Error::Trimmed { .. }) => {
                *position = self.feed.trimmed_to();
                return Ok(true);
            }
            pulled => pulled?,
        };
        let has_more = effects.len() >= max;
        for fed in &effects {
            for event in &fed.effect.events {
                self.take(fed.address, event);
            }
        }
        *position = reached.max(*position);
        self.progress.reach(*position, (!has_more).then_some(began));
        Ok(has_more)
    }

    fn take(&self, address: Address, event: &Event) {
        match event {
            Event::Contact(contact::Event::Access(event)) if address.mode == Mode::Test => {
                let access::Event::Challenged(challenge) = **event else {
                    return;
                };
                // To nobody: it was made so that nobody can tell.
                if address.entity != self.secrets.decoy(&challenge.destination) {
                    let contact = address;
                    self.keep(address.tenant, Message::Code { contact, challenge });
                }
            }
            // Users are of no mode: whoever has it sent says in which it is.
            Event::User(user::Event::LetterSent(letter)) => {
                if let Some((tenant, Mode::Test)) = letter.sender {
                    let (user, number) = (address, letter.number);
                    self.keep(tenant, Message::Letter { user, number });
                }
            }
            _ => {}
        }
    }

    fn keep(&self, tenant: TenantId, message: Message) {
        let mut kept = self.kept.write();
        let messages = kept.entry(tenant).or_default();
        if messages.len() >= limits::INBOX_KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
    }
}

impl Follower for Inbox {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn begin(&self, store: &Store) -> Result<(), Error> {
        *self.position.lock() = store.mark();
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let inbox = Arc::clone(&self);
            let step = move || inbox.step();
            self.progress.drive(self.may_block, step).await;
        })
    }

    /// Nothing is stored.
    fn flush(&self) -> Result<bool, rows::Error> {
        Ok(false)
    }

    fn synced(&self) {}

    /// A start begins anew: nothing before the present place is needed again.
    fn durable(&self) -> Position {
        *self.position.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Channel, CodeHash, Purpose};
    use crate::domain::address::Kind;
    use crate::domain::directory_entry::ValueHash;
    use crate::domain::time::Timestamp;
    use crate::persistence::follower::bench::Bench;

    fn challenge(number: u32) -> Challenge {
        Challenge {
            number,
            purpose: Purpose::SignIn,
            channel: Channel::Sms,
            destination: ValueHash([7; 16]),
            nonce: [1; 16],
            code: CodeHash([2; 16]),
            issued_at: Timestamp(1),
            expires_at: Timestamp(2),
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

    fn asks(bench: &mut Bench, address: Address, number: u32) {
        let event = access::Event::Challenged(challenge(number));
        let event = Event::Contact(contact::Event::Access(Box::new(event)));
        bench.happens(address, event, Timestamp(1));
    }

    #[tokio::test]
    async fn each_tenant_has_its_newest_messages_of_test_mode_and_none_to_nobody() {
        let mut bench = Bench::new();
        let secrets = Arc::new(Secrets::derive(|_| [3; 32]));
        let decoy = secrets.decoy(&challenge(1).destination);
        let inbox = Inbox::new(Arc::clone(&bench.feed), secrets, false, Brake::default());
        inbox.begin(&bench.store).unwrap();
        asks(&mut bench, contact(2, Mode::Test, 5), 1);
        asks(&mut bench, contact(1, Mode::Live, 5), 2);
        let more = u32::try_from(limits::INBOX_KEPT).unwrap() + 10;
        for number in 10..10 + more {
            asks(&mut bench, contact(1, Mode::Test, 5), number);
        }
        // Last, so that nothing newer hides it.
        asks(&mut bench, contact(1, Mode::Test, decoy), 3);
        while inbox.step().unwrap() {}
        let newest = inbox.newest(TenantId(1));
        let number = |message: &Message| match message {
            Message::Code { challenge, .. } => challenge.number,
            Message::Letter { number, .. } => *number,
        };
        let numbers: Vec<_> = newest.iter().map(number).collect();
        assert!(
            numbers
                .iter()
                .eq((20..10 + more).rev().collect::<Vec<_>>().iter())
        );
        assert_eq!(numbers.len(), limits::INBOX_KEPT);
        let others = inbox.newest(TenantId(2));
        assert_eq!((others.len(), number(&others[0])), (1, 1));
        assert_eq!(inbox.newest(TenantId(3)), []);
    }

    #[tokio::test]
    async fn a_letter_is_shown_in_the_test_inbox_of_whoever_had_it_sent_and_in_no_other() {
        let mut bench = Bench::new();
        let secrets = Arc::new(Secrets::derive(|_| [3; 32]));
        let inbox = Inbox::new(Arc::clone(&bench.feed), secrets, false, Brake::default());
        inbox.begin(&bench.store).unwrap();
        let user = Address::user(5);
        let senders = [
            None,
            Some((TenantId(1), Mode::Live)),
            Some((TenantId(1), Mode::Test)),
            Some((TenantId(2), Mode::Test)),
        ];
        for (number, sender) in (1..).zip(senders) {
            let letter = user::Letter {
                number,
                purpose: user::Purpose::Reset,
                nonce: [1; 16],
                sender,
                issued_at: Timestamp(1),
                expires_at: Timestamp(2),
            };
            let sent = Event::User(user::Event::LetterSent(letter));
            bench.happens(user, sent, Timestamp(1));
        }
        while inbox.step().unwrap() {}
        let shown = |number| vec![Message::Letter { user, number }];
        assert_eq!(inbox.newest(TenantId(1)), shown(3));
        assert_eq!(inbox.newest(TenantId(2)), shown(4));
        assert_eq!(inbox.newest(TenantId::PLATFORM), []);
    }
}
