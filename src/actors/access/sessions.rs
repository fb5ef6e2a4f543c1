//! What becomes of a session once somebody has signed in: its next tokens, where it goes on, and its end.

use super::{AccessRefused, ContactSession, SessionView, replayed};
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, Which};
use crate::domain::address::Address;
use crate::domain::audit;
use crate::domain::entity::{Answer, Query, Rejection};
use crate::domain::ids::{Named, PublicId};

impl Router {
    /// Rotates the tokens of a session.
    ///
    /// # Errors
    /// [`AccessRefused::InvalidGrant`]; where the token was replaced long before, the session has ended.
    pub async fn refresh(&self, token: ContactSession) -> Result<SessionView, AccessRefused> {
        let refresh = access::Command::Refresh(token.refresh);
        match self.tell_access(token.contact, refresh, None).await {
            Ok(Answer::Session(session)) => Ok(*session),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(Failure::Rejected(Rejection::NotFound)) => Err(AccessRefused::InvalidGrant),
            Err(failure) if failure == replayed() => {
                self.note_replay(&token.contact).await;
                Err(AccessRefused::InvalidGrant)
            }
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// Has a session go on in an organisation: its tokens say so from then on.
    ///
    /// # Errors
    /// [`AccessRefused::InvalidGrant`], if the session has ended; no answer.
    pub async fn move_session(
        &self,
        contact: Address,
        session: u32,
        to: u64,
    ) -> Result<SessionView, AccessRefused> {
        let to = access::Command::MoveSession(session, to);
        match self.tell_access(contact, to, None).await {
            Ok(Answer::Session(session)) => Ok(*session),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// Writes down that a refresh token came back that was replaced: whoever had it has no session any more.
    async fn note_replay(&self, contact: &Address) {
        let id = PublicId::of(Named::Contact, contact.entity);
        let entry = audit::Entry {
            actor: format!("contact:{}", self.secrets().public_ids().write(id)),
            masquerader: None,
            operation: "contacts.refresh_replayed".to_owned(),
            target: None,
            outcome: audit::Outcome::Refused,
        };
        let written = self.write_audit(contact.tenant, contact.mode, entry).await;
        if let Err(failure) = written {
            tracing::error!(?failure, "a replayed refresh token is not in the audit log");
        }
    }

    /// Ends sessions of a contact: from its answer on, none of their tokens is good. Ending what has ended changes nothing.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn end_sessions(&self, contact: Address, which: Which) -> Result<(), Failure> {
        let end = access::Command::End(which);
        match self.tell_access(contact, end, None).await {
            // There is no such contact.
            Ok(_) | Err(Failure::Rejected(Rejection::NotFound)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// A session of a contact, if it has not ended. Reads memory, unless the contact was not in use for long.
    ///
    /// # Errors
    /// The contact cannot be asked right now.
    pub async fn session(
        &self,
        contact: Address,
        number: u32,
    ) -> Result<Option<SessionView>, Unavailable> {
        let wall = self.wall();
        let published = self.core().publications.sessions(&contact);
        let found = match published {
            Some(sessions) => sessions.iter().find(|it| it.number == number).copied(),
            None => match self.query(contact, Query::Session(number)).await.result {
                Ok(Answer::Session(session)) => Some(*session),
                Ok(_) | Err(Failure::Rejected(_)) => None,
                Err(Failure::Unavailable(why)) => return Err(why),
            },
        };
        Ok(found.filter(|session| wall < session.expires_at))
    }
}
