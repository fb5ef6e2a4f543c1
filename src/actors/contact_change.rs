//! A change of what a contact is and is known by, and its erasure; both span entities: its own, and the directory entries of
//! the unique values that it gets or gives up.
//!
//! begin (which numbers the attempt) → reserve each new value → change → confirm each new value, release each old one. Cut
//! short before the change, the reservations lapse and the entries ask; cut short after it, the contact tells the entries
//! by its timer.

use tokio::sync::Mutex;

use super::contact_creation::as_contact;
use super::envelope::{Failure, Unavailable};
use super::router::{OpenedProfile, Router};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{self, Change, ContactType, Profile, Stage};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Command, ContactView, Query, Rejection, Remember};
use crate::limits::{CONTACT_CHANGE_TRIES_MAX, CONTACT_CHANGES_AT_A_TIME};
use crate::persistence::keyring::KeySlot;

/// What a contact is to be.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: Profile,
    /// The code that people use.
    pub code: std::sync::Arc<str>,
    /// All its unique values, each with the name of the field that a duplicate is reported for.
    pub claims: Vec<(ValueHash, &'static str)>,
}

/// Why a contact was not changed; `E` is why the edit itself refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotChanged<E> {
    /// The edit refused.
    Refused(E),
    /// Another contact has the value of this field.
    ValueTaken(&'static str),
    /// The entity says no, or there is no answer.
    Failed(Failure),
}

impl<E> From<Failure> for NotChanged<E> {
    fn from(failure: Failure) -> NotChanged<E> {
        NotChanged::Failed(failure)
    }
}

/// The contact has changed since it was read: to be tried again.
struct Overtaken;

/// The lines in which changes of contacts wait for each other on this node.
pub(super) struct ChangeTurns(Vec<Mutex<()>>);

impl Default for ChangeTurns {
    fn default() -> ChangeTurns {
        ChangeTurns(
            (0..CONTACT_CHANGES_AT_A_TIME)
                .map(|_| Mutex::default())
                .collect(),
        )
    }
}

impl ChangeTurns {
    #[expect(
        clippy::indexing_slicing,
        reason = "a remainder of the length is below it"
    )]
    fn of(&self, contact: &Address) -> &Mutex<()> {
        let line = usize::try_from(contact.entity).unwrap_or_default();
        &self.0[line % CONTACT_CHANGES_AT_A_TIME]
    }
}

impl Router {
    /// Changes a contact into what `edit` makes of it as it stands, once for each `remember`. The edit is made again where
    /// another change comes first.
    ///
    /// # Errors
    /// As [`NotChanged`] says; nothing was changed then, unless the outcome is unknown.
    pub async fn change_contact<E>(
        &self,
        contact: Address,
        remember: Option<Remember>,
        edit: impl Fn(&ContactView, Profile) -> Result<Edited, E>,
    ) -> Result<Box<ContactView>, NotChanged<E>> {
        if let Some(remember) = &remember {
            let recall = Command::Contact(contact::Command::Recall);
            let remember = Some(remember.clone());
            match self.command(contact, recall, remember, None).await.result {
                Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
                seen => return Ok(as_contact(seen)?),
            }
        }
        // Not for the result, which is right either way: two that number their attempts in turn would never get to their change.
        let _turn = self.core().change_turns.of(&contact).lock().await;
        for _ in 0..CONTACT_CHANGE_TRIES_MAX {
            let (view, profile) = self.contact_to_change(contact).await?;
            let edited = edit(&view, profile).map_err(NotChanged::Refused)?;
            let tried = self
                .try_change(contact, &view, edited, remember.clone())
                .await?;
            if let Ok(changed) = tried {
                return Ok(changed);
            }
        }
        Err(overtaken().into())
    }

    async fn contact_to_change(
        &self,
        contact: Address,
    ) -> Result<(Box<ContactView>, Profile), Failure> {
        let view = as_contact(self.query(contact, Query::Contact).await.result)?;
        if view.stage != Stage::Active {
            return Err(Failure::Rejected(Rejection::NotFound));
        }
        match self.open_profile(&contact, &view.profile)? {
            OpenedProfile::Plain(profile) => Ok((view, *profile)),
            OpenedProfile::Erased => Err(Failure::Rejected(Rejection::NotFound)),
        }
    }

    async fn try_change<E>(
        &self,
        contact: Address,
        view: &ContactView,
        edited: Edited,
        remember: Option<Remember>,
    ) -> Result<Result<Box<ContactView>, Overtaken>, NotChanged<E>> {
        let claimed = |value: &ValueHash| edited.claims.iter().any(|(claim, _)| claim == value);
        let removes = view.claims.iter().filter(|value| !claimed(value));
        let removes: Vec<_> = removes.copied().collect();
        let adds: Vec<_> = edited
            .claims
            .iter()
            .filter(|(value, _)| !view.claims.contains(value))
            .copied()
            .collect();
        let holder = match self.reserve_values(contact, view, &adds).await? {
            Ok(holder) => holder,
            Err(Overtaken) => return Ok(Err(Overtaken)),
        };
        let slot = KeySlot(view.profile.slot);
        let profile = match self.seal_again(&contact, slot, &edited.profile) {
            Ok(profile) => profile,
            Err(error) => {
                tracing::error!(%error, "a profile cannot be sealed");
                self.release_values(contact, holder, &adds).await;
                return Err(Failure::from(Unavailable::Unreadable).into());
            }
        };
        let change = contact::Command::Change(std::sync::Arc::new(Change {
            from_version: view.version,
            attempt: holder.attempt,
            contact_type: edited.contact_type,
            profile,
            code: edited.code,
            adds: adds.iter().map(|(value, _)| *value).collect(),
            removes,
        }));
        let reply = self
            .command(contact, Command::Contact(change), remember, None)
            .await;
        match as_contact(reply.result) {
            Ok(changed) => {
                self.settle_values(contact, &changed, holder, &adds).await;
                Ok(Ok(changed))
            }
            Err(Failure::Rejected(why)) => {
                self.release_values(contact, holder, &adds).await;
                match why {
                    Rejection::Contact(contact::Rejection::Overtaken) => Ok(Err(Overtaken)),
                    why => Err(Failure::Rejected(why).into()),
                }
            }
            // The values stay reserved until it is known what became of the change: their entries ask.
            Err(unavailable) => Err(unavailable.into()),
        }
    }

    /// Reserves `adds` for the contact as `view` shows it, all or none.
    async fn reserve_values<E>(
        &self,
        contact: Address,
        view: &ContactView,
        adds: &[(ValueHash, &'static str)],
    ) -> Result<Result<Holder, Overtaken>, NotChanged<E>> {
        let mut holder = Holder {
            contact: contact.entity,
            attempt: view.attempt,
        };
        if adds.is_empty() {
            return Ok(Ok(holder));
        }
        let values = adds.iter().map(|(value, _)| *value).collect();
        let begin = Command::Contact(contact::Command::BeginChange(values));
        let begun = as_contact(self.command(contact, begin, None, None).await.result)?;
        if begun.version != view.version {
            return Ok(Err(Overtaken));
        }
        holder.attempt = begun.attempt;
        for (value, field) in adds {
            let reserve = directory_entry::Command::Reserve(*value, holder);
            match self.tell_entry(contact, *value, reserve).await {
                Ok(()) => {}
                Err(Failure::Rejected(Rejection::DirectoryEntry(why))) => {
                    self.release_values(contact, holder, adds).await;
                    return match why {
                        directory_entry::Rejection::ValueTaken
                        | directory_entry::Rejection::EntryFull => {
                            Err(NotChanged::ValueTaken(field))
                        }
                        directory_entry::Rejection::Overtaken
                        | directory_entry::Rejection::NotHeld
                        | directory_entry::Rejection::TooManySends(_)
                        | directory_entry::Rejection::TooManyPasswords(_) => Ok(Err(Overtaken)),
                    };
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(Ok(holder))
    }

    async fn release_values(
        &self,
        contact: Address,
        holder: Holder,
        adds: &[(ValueHash, &'static str)],
    ) {
        for (value, _) in adds {
            let release = directory_entry::Command::Release(*value, holder);
            if let Err(failure) = self.tell_entry(contact, *value, release).await {
                tracing::debug!(?failure, "a value is released when its reservation lapses");
            }
        }
    }

    /// Tells the entries what became of a change: what the contact has is confirmed, what it has not is released.
    async fn settle_values(
        &self,
        contact: Address,
        changed: &ContactView,
        holder: Holder,
        adds: &[(ValueHash, &'static str)],
    ) {
        for (value, _) in adds {
            let command = if changed.claims.contains(value) {
                directory_entry::Command::Confirm(*value, holder)
            } else {
                directory_entry::Command::Release(*value, holder)
            };
            if let Err(failure) = self.tell_entry(contact, *value, command).await {
                tracing::debug!(?failure, "a value is settled when its reservation lapses");
            }
        }
        self.tell_releases(contact, changed).await;
    }

    /// Erases a contact: destroys the key of its personal fields, and frees its unique values. Its money stays in the ledger.
    ///
    /// # Errors
    /// There is no such contact, or no answer. Once recorded, an erasure that is cut short goes on by the contact's timer.
    pub async fn erase_contact(
        &self,
        contact: Address,
        remember: Option<Remember>,
    ) -> Result<(), Failure> {
        // It is named by what is about to be unreadable.
        let image = self.named_image(contact).await.ok().flatten();
        if image.is_some() {
            self.doubt_image(contact).await?;
        }
        let erase = Command::Contact(contact::Command::Erase);
        let erased = as_contact(self.command(contact, erase, remember, None).await.result)?;
        if let Some((_, image)) = image {
            self.clear_image(contact, image.number).await;
        }
        if self.tell_releases(contact, &erased).await {
            Ok(())
        } else {
            // Recorded, and unknown to everybody; but the promise is that the fields are gone when this is answered.
            Err(Unavailable::UnknownOutcome.into())
        }
    }

    /// What a contact's timer does about values that it gave up.
    pub(super) async fn tell_releases_of(&self, contact: Address) {
        match as_contact(self.internal_query(contact, Query::Contact).await.result) {
            Ok(view) => {
                self.tell_releases(contact, &view).await;
            }
            Err(failure) => tracing::debug!(?failure, "a contact is asked again for its releases"),
        }
    }

    /// Shreds what was erased, and tells the entries of the values that were given up. True if all of it was done; what is
    /// not is done by the contact's timer.
    async fn tell_releases(&self, contact: Address, view: &ContactView) -> bool {
        if view.stage == Stage::Erased
            && let Err(error) = self.shred_profile(&contact, &view.profile)
        {
            tracing::error!(%error, "an erased contact's key cannot be shredded yet");
            return false;
        }
        let holder = Holder {
            contact: contact.entity,
            attempt: view.attempt,
        };
        let mut told = Vec::with_capacity(view.released.len());
        for value in &view.released {
            let release = directory_entry::Command::Release(*value, holder);
            match self.tell_entry(contact, *value, release).await {
                Ok(()) => told.push(*value),
                Err(failure) => tracing::debug!(?failure, "an entry is told again later"),
            }
        }
        if !told.is_empty() {
            let settled = Command::Contact(contact::Command::ReleasesTold(told));
            let reply = self.internal_command(contact, settled).await;
            if let Err(failure) = reply.result {
                tracing::debug!(?failure, "the entries are told once more");
            }
        }
        true
    }

    async fn tell_entry(
        &self,
        contact: Address,
        value: ValueHash,
        command: directory_entry::Command,
    ) -> Result<(), Failure> {
        let entry = Address {
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
            ..contact
        };
        let command = Command::DirectoryEntry(command);
        self.internal_command(entry, command).await.result.map(drop)
    }
}

fn overtaken() -> Failure {
    Failure::Rejected(Rejection::Contact(contact::Rejection::Overtaken))
}
