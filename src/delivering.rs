//! What delivery is wired of: it asks contacts, users and tenants through the one door to the entities.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::actors::router::access::Destination;
use crate::actors::router::{Failure, OpenedProfile, Router};
use crate::config::Outbound;
use crate::domain::access::Channel;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::{Answer, Query};
use crate::domain::tenant::Integration;
use crate::egress::{Egress, Guard};
use crate::publishing::delivery::{Connectors, Found, Letter, Message, NoAnswer, Source};

/// Why nothing can be called.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The networks that the operator opens.
    #[error("outbound.allow_networks: {0}")]
    Networks(#[from] crate::egress::NotANetwork),
    /// TLS.
    #[error("TLS cannot be set up for calls outwards: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// What messages leave through, as the operator wants it.
///
/// # Errors
/// As [`Error`] says.
pub fn connectors(outbound: &Outbound) -> Result<Arc<Connectors>, Error> {
    let egress = Egress::new(Guard::parse(&outbound.allow_networks)?)?;
    let connectors = Connectors::new(Arc::new(egress), outbound.file_sink_dir.clone());
    Ok(Arc::new(connectors))
}

impl Source for Router {
    fn find(&self, message: Message) -> BoxFuture<'_, Result<Found, NoAnswer>> {
        Box::pin(async move {
            let (contact, challenge) = match message {
                Message::Code(contact, challenge) => (contact, challenge),
                Message::Letter(letter) => return self.reader(letter).await,
                Message::Notice(notice) => {
                    let recipient = self.told_at(notice.whose).await;
                    let recipient = recipient.map_err(|_no_answer| NoAnswer)?;
                    return Ok(recipient.map_or(Found::Gone, |recipient| Found::Open { recipient }));
                }
            };
            let known = Query::Challenge(challenge.number);
            match self.query(contact, known).await.result {
                Ok(Answer::Challenge(known)) if known.nonce == challenge.nonce => {}
                Ok(_) | Err(Failure::Rejected(_)) => return Ok(Found::Gone),
                Err(Failure::Unavailable(_)) => return Err(NoAnswer),
            }
            let destination = Query::Destination(challenge.destination);
            let sealed = match self.query(contact, destination).await.result {
                Ok(Answer::Destination(Some(sealed))) => sealed,
                Ok(_) | Err(Failure::Rejected(_)) => return Ok(Found::Gone),
                Err(Failure::Unavailable(_)) => return Err(NoAnswer),
            };
            let opened = self.open_profile(&contact, &sealed);
            let recipient = match opened.map_err(|_unreadable| NoAnswer)? {
                OpenedProfile::Plain(plain) => Destination::unsealed(*plain),
                OpenedProfile::Erased => None,
            };
            Ok(recipient.map_or(Found::Gone, |to| Found::Open {
                recipient: to.text().to_owned(),
            }))
        })
    }

    fn integration(
        &self,
        tenant: TenantId,
        channel: Channel,
    ) -> BoxFuture<'_, Result<Option<Integration>, NoAnswer>> {
        Box::pin(async move {
            let tenant = Address::tenant(tenant);
            match self.query(tenant, Query::Tenant).await.result {
                Ok(Answer::Tenant(tenant)) => Ok(tenant.delivers(Mode::Live, channel).cloned()),
                Ok(_) | Err(Failure::Rejected(_)) => Ok(None),
                Err(Failure::Unavailable(_)) => Err(NoAnswer),
            }
        })
    }
}

impl Router {
    /// Who reads a one-time token that a user is sent, as long as it opens something.
    async fn reader(&self, letter: Letter) -> Result<Found, NoAnswer> {
        let address = Address::user(letter.user);
        let user = match self.user(address).await {
            Ok(user) => user,
            Err(Failure::Rejected(_)) => return Ok(Found::Gone),
            Err(Failure::Unavailable(_)) => return Err(NoAnswer),
        };
        let known = user.letter(letter.number);
        let known = known.filter(|it| it.nonce == letter.nonce);
        let Some(person) = user.person.as_ref().filter(|_| known.is_some()) else {
            return Ok(Found::Gone);
        };
        let opened = self.open_profile(&address, person);
        let recipient = match opened.map_err(|_unreadable| NoAnswer)? {
            OpenedProfile::Plain(person) => person.email_address,
            OpenedProfile::Erased => None,
        };
        Ok(recipient.map_or(Found::Gone, |recipient| Found::Open { recipient }))
    }
}
