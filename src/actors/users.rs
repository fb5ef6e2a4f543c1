//! Users, asked of the engine: who has an e-mail address, what was published of them, and their commands.

use std::sync::Arc;

use super::envelope::{Failure, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::access::Refresh;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::audit;
use crate::domain::contact::{Profile, SealedProfile};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::ids::{Named, PublicId};
use crate::domain::user::{self, Place, SessionView, User, UserView};
use crate::persistence::keyring::KeySlot;
use crate::secrets::UniqueValue;

impl Router {
    /// The place of whoever has this e-mail address, whether or not anybody has, and the address's hash.
    pub fn user_of(&self, email: &str) -> (Address, ValueHash) {
        let secrets = self.secrets();
        let (tenant, mode) = (TenantId::PLATFORM, Mode::Shared);
        let value = secrets.value_hash(tenant, mode, UniqueValue::UserEmail, email);
        (Address::user(secrets.decoy(&value)), value)
    }

    /// What every request of a user's sessions needs. Reads memory, unless the user was not in use for long.
    ///
    /// # Errors
    /// The user cannot be asked right now.
    pub async fn user_view(&self, user: Address) -> Result<Option<Arc<UserView>>, Unavailable> {
        let publications = &self.core().publications;
        if let Some(view) = publications.user(&user) {
            return Ok(Some(view));
        }
        // Its actor publishes when it is loaded.
        match self.user(user).await {
            Ok(state) if state.stage == user::Stage::Absent => Ok(None),
            Ok(state) => Ok(Some(Arc::new(state.view()))),
            Err(Failure::Rejected(_)) => Ok(None),
            Err(Failure::Unavailable(why)) => Err(why),
        }
    }

    /// A user as it stands; one to whom nothing happened, if nobody is there.
    ///
    /// # Errors
    /// No answer.
    pub async fn user(&self, user: Address) -> Result<Box<User>, Failure> {
        match self.query(user, Query::User).await.result? {
            Answer::User(state) => Ok(state),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks a user to change.
    ///
    /// # Errors
    /// It refuses, or there is no answer.
    pub async fn tell_user(
        &self,
        user: Address,
        command: user::Command,
        remember: Option<Remember>,
    ) -> Result<Answer, Failure> {
        let command = Command::User(Box::new(command));
        self.command(user, command, remember, None).await.result
    }

    /// Asks a user for what begins a session, or goes on with one.
    ///
    /// # Errors
    /// It refuses, or there is no answer.
    pub async fn user_session(
        &self,
        user: Address,
        command: user::Command,
        remember: Option<Remember>,
    ) -> Result<SessionView, Failure> {
        match self.tell_user(user, command, remember).await? {
            Answer::UserSession(session) => Ok(*session),
            other => Err(unexpected(&other)),
        }
    }

    /// Rotates the tokens of a user's session.
    ///
    /// # Errors
    /// There is no such session, or its token was replaced long before, and it has ended; no answer.
    pub async fn refresh_user(
        &self,
        user: Address,
        refresh: Refresh,
    ) -> Result<SessionView, Failure> {
        let wall = self.wall();
        let before = self.user_view(user).await.map_err(Failure::from)?;
        let before = before.and_then(|view| {
            let mut sessions = view.sessions.iter();
            let found = sessions.find(|it| {
                it.tokens.number == refresh.session
                    && it.tokens.nonce == refresh.nonce
                    && wall < it.tokens.expires_at
            });
            found.map(|it| it.place)
        });
        let command = user::Command::Refresh(refresh);
        let refreshed = self.user_session(user, command, None).await;
        let invalid = Rejection::User(user::Rejection::InvalidGrant);
        // Of a session that went on, only a token that was replaced long before is refused.
        if let (Some(place), true) = (before, refreshed == Err(Failure::Rejected(invalid))) {
            self.note_user_replay(user, place).await;
        }
        refreshed
    }

    /// Writes down where the session looked that a refresh token came back which was replaced: whoever had it has no session any more.
    async fn note_user_replay(&self, user: Address, place: Place) {
        let id = PublicId::of(Named::User, user.entity);
        let entry = audit::Entry {
            actor: format!("user:{}", self.secrets().public_ids().write(id)),
            masquerader: None,
            operation: "users.refresh_replayed".to_owned(),
            target: None,
            outcome: audit::Outcome::Refused,
        };
        let written = self.write_audit(place.tenant, place.mode, entry).await;
        if let Err(failure) = written {
            tracing::error!(?failure, "a replayed refresh token is not in the audit log");
        }
    }

    /// Seals a user's names and e-mail address: with the key of `before`, if there are any, or with one of its own.
    ///
    /// # Errors
    /// The disk does not answer.
    pub fn seal_person(
        &self,
        user: &Address,
        before: Option<&SealedProfile>,
        person: &Profile,
    ) -> Result<SealedProfile, Failure> {
        let sealed = match before {
            Some(before) => self.seal_again(user, KeySlot(before.slot), person),
            None => self.seal_profile(user, person),
        };
        sealed.map_err(|error| {
            tracing::error!(%error, "a user's names cannot be sealed");
            Unavailable::Unreadable.into()
        })
    }

    /// What makes a token that nobody can guess.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn user_nonce(&self) -> Result<[u8; 16], Failure> {
        let mut nonce = [0; 16];
        match getrandom::fill(&mut nonce) {
            Ok(()) => Ok(nonce),
            Err(error) => {
                tracing::error!(%error, "the system gives no random bytes");
                Err(Unavailable::Unreadable.into())
            }
        }
    }
}
