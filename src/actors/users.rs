//! Users, asked of the engine: who has an e-mail address, what was published of them, and their commands.

use std::sync::Arc;

use super::envelope::{Failure, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::access::Refresh;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::contact::{Profile, SealedProfile};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Command, Query, Remember};
use crate::domain::user::{self, SessionView, User, UserView};
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
        let refresh = user::Command::Refresh(refresh);
        self.user_session(user, refresh, None).await
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
