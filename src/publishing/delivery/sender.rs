//! Takes waiting messages, and sends them.

use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::Message;
use super::connectors::{Connectors, Outgoing};
use super::queue::{Key, Queue, Tried};
use super::settings::Settings;
use crate::clock::Clock;
use crate::domain::access::{self, Channel};
use crate::domain::address::{Address, TenantId};
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant::Integration;
use crate::domain::user::LetterPages;
use crate::limits;
use crate::secrets::Secrets;

/// What the admin listener calls what became of messages.
const DELIVERIES: &str = "clientele_deliveries_total";

/// What it calls those that wait.
const WAITING: &str = "clientele_deliveries_waiting";

/// Says what the metrics of delivery are.
pub fn describe() {
    metrics::describe_counter!(
        DELIVERIES,
        "What became of messages of live mode: sent; retried (a try in vain); parked (its code lapsed unsent); dropped (answered before it was sent, or its contact is gone)"
    );
    metrics::describe_gauge!(WAITING, "Messages of live mode that are to be sent");
}

/// What a message's contact or user says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its code or token can be used, and goes to this recipient.
    Open {
        /// To whom.
        recipient: String,
    },
    /// It was used, or nobody is there any more.
    Gone,
}

/// Whoever was asked cannot answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

/// Who knows contacts, users and tenants.
pub trait Source: Send + Sync + 'static {
    /// Whether a message's code or token can still be used, and to whom it goes.
    fn find(&self, message: Message) -> BoxFuture<'_, Result<Found, NoAnswer>>;

    /// Through what a tenant's messages of live mode leave by `channel`, if anything delivers them.
    fn integration(
        &self,
        tenant: TenantId,
        channel: Channel,
    ) -> BoxFuture<'_, Result<Option<Integration>, NoAnswer>>;
}

/// Sends what waits.
pub struct Sender {
    queue: Arc<Queue>,
    source: Arc<dyn Source>,
    connectors: Arc<Connectors>,
    secrets: Arc<Secrets>,
    clock: Arc<dyn Clock>,
    pages: Arc<LetterPages>,
}

/// What became of a message.
enum Became {
    Sent,
    Dropped,
    Parked,
    Retried,
}

impl Sender {
    /// One that sends from `queue`, through `connectors`; letters to users link to `pages`.
    pub fn new(
        queue: Arc<Queue>,
        source: Arc<dyn Source>,
        connectors: Arc<Connectors>,
        secrets: Arc<Secrets>,
        clock: Arc<dyn Clock>,
        pages: Arc<LetterPages>,
    ) -> Sender {
        Sender {
            queue,
            source,
            connectors,
            secrets,
            clock,
            pages,
        }
    }

    /// Sends until it is dropped: what was under way then is sent once more after the next start.
    pub async fn run(self) {
        let mut under_way = FuturesUnordered::new();
        loop {
            let room = limits::DELIVERIES_AT_ONCE.saturating_sub(under_way.len());
            for (key, message) in self.queue.take(Instant::now(), room) {
                under_way.push(self.attempt(key, message));
            }
            let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
            metrics::gauge!(WAITING).set(f64::from(waiting));
            tokio::select! {
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                () = self.queue.wake.notified() => {}
                () = tokio::time::sleep(limits::DELIVERY_LOOK_EVERY) => {}
            }
        }
    }

    async fn attempt(&self, key: Key, message: Message) {
        let became = self.deliver(&message).await;
        let (label, tried) = match became {
            Became::Sent => ("sent", Tried::Done),
            Became::Dropped => ("dropped", Tried::Done),
            Became::Parked => ("parked", Tried::Done),
            Became::Retried => ("retried", Tried::InVain),
        };
        metrics::counter!(DELIVERIES, "outcome" => label).increment(1);
        self.queue.tried(key, tried, Instant::now());
    }

    async fn deliver(&self, message: &Message) -> Became {
        let tenant = message.tenant();
        if message.until() <= self.clock.wall() {
            return Became::Parked;
        }
        let recipient = match self.source.find(*message).await {
            Ok(Found::Open { recipient }) => recipient,
            Ok(Found::Gone) => return Became::Dropped,
            Err(NoAnswer) => return self.again(message),
        };
        let integration = match self.source.integration(tenant, message.channel()).await {
            Ok(Some(integration)) => integration,
            Ok(None) => {
                tracing::warn!(
                    tenant = tenant.0,
                    channel = ?message.channel(),
                    "a message waits that no integration of its tenant delivers"
                );
                return self.again(message);
            }
            Err(NoAnswer) => return self.again(message),
        };
        let number = integration.number;
        let sealed = &integration.sealed;
        let settings = self.secrets.open_settings(tenant, number, sealed);
        let Some(settings) = settings.as_deref().and_then(Settings::from_bytes) else {
            tracing::error!(
                tenant = tenant.0,
                integration = number,
                "the settings of an integration cannot be read"
            );
            return self.again(message);
        };
        let outgoing = self.outgoing(message, recipient);
        let sent = self
            .connectors
            .send(tenant, &settings, &outgoing, self.clock.wall());
        let why = match tokio::time::timeout(limits::DELIVERY_TRY_MAX, sent).await {
            Ok(Ok(())) => return Became::Sent,
            Ok(Err(not_sent)) => not_sent.to_string(),
            Err(_elapsed) => "it took too long".to_owned(),
        };
        tracing::warn!(
            tenant = tenant.0,
            integration = number,
            why,
            "a message was not sent"
        );
        self.again(message)
    }

    /// Another try, unless it has lapsed by then.
    fn again(&self, message: &Message) -> Became {
        match self.clock.wall() < message.until() {
            true => Became::Retried,
            false => Became::Parked,
        }
    }

    fn outgoing(&self, message: &Message, recipient: String) -> Outgoing {
        let (id, code, text, created_at) = match message {
            Message::Code(contact, challenge) => {
                let code = self.secrets.told_of(contact, challenge);
                let text = access::Message::with_code(challenge.purpose, challenge.channel, &code);
                let id = PublicId {
                    named: Named::Challenge,
                    entity: contact.entity,
                    part: challenge.number,
                };
                (id, Some(code), text, challenge.issued_at)
            }
            Message::Letter(letter) => {
                let user = Address::user(letter.user);
                let token = (self.secrets).letter_token(&user, letter.number, &letter.nonce);
                let text = letter.kind.message(&token, &self.pages);
                let id = PublicId {
                    named: Named::User,
                    entity: letter.user,
                    part: letter.number,
                };
                (id, Some(token), text, letter.issued_at)
            }
            Message::Notice(notice) => (notice.id(), None, notice.said(), notice.at),
        };
        Outgoing {
            id: self.secrets.public_ids().write(id),
            channel: message.channel(),
            recipient,
            subject: text.subject,
            body: text.body,
            code,
            created_at,
        }
    }
}
