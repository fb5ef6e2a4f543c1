//! The creation of a contact, which spans entities: its own, and one directory entry for each of its unique values.
//!
//! propose (the contact's first record, invisible, holding the idempotency key) → reserve each value → confirm or
//! refuse → confirm each entry. Cut short anywhere, it is taken up by a retry with the same key, or undone when the reservations
//! lapse and the entries ask.

use std::sync::Arc;

use super::envelope::{Failure, Reply, Timings, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{self, ContactType, Profile, Propose, Stage};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Answer, Command, ContactView, Rejection, Remember};

/// The code of a contact to which nobody gave one.
pub fn derived_code(entity: u64) -> String {
    format!(
        "C{}",
        data_encoding::BASE32_NOPAD.encode(&entity.to_be_bytes())
    )
}

/// A contact to create.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// Where it is to live.
    pub address: Address,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: Profile,
    /// The id that the caller chose.
    pub own_id: Option<Arc<str>>,
    /// The code that people use.
    pub code: Arc<str>,
    /// Its unique values, most telling first, each with the name of the field that a duplicate is reported for.
    pub claims: Vec<(ValueHash, &'static str)>,
}

/// Why a contact was not created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCreated {
    /// Another contact has the value of this field.
    ValueTaken(&'static str),
    /// The entity says no, or there is no answer.
    Failed(Failure),
}

impl From<Failure> for NotCreated {
    fn from(failure: Failure) -> NotCreated {
        NotCreated::Failed(failure)
    }
}

impl From<Unavailable> for NotCreated {
    fn from(unavailable: Unavailable) -> NotCreated {
        NotCreated::Failed(unavailable.into())
    }
}

impl Router {
    /// Creates a contact whose unique values nobody else has. The same `remember` finds the same contact again.
    pub async fn create_contact(
        &self,
        new: NewContact,
        remember: Remember,
    ) -> (Result<Box<ContactView>, NotCreated>, Timings) {
        let mut timings = Timings::default();
        let result = self.try_create(new, remember, &mut timings).await;
        (result, timings)
    }

    async fn try_create(
        &self,
        new: NewContact,
        remember: Remember,
        timings: &mut Timings,
    ) -> Result<Box<ContactView>, NotCreated> {
        let contact = new.address;
        let fields = new.claims.clone();
        let proposed = self.propose(new, remember, timings).await?;
        match proposed.stage {
            Stage::Active => return Ok(proposed),
            Stage::Proposed => {}
            // Created under this key, and erased since: however often it is asked again, nobody comes back.
            Stage::Erased => {
                let gone = Rejection::Contact(contact::Rejection::NeverSeen);
                return Err(Failure::Rejected(gone).into());
            }
            Stage::Absent | Stage::Void => {
                return Err(Failure::Rejected(Rejection::Contact(
                    contact::Rejection::ReservationLapsed,
                ))
                .into());
            }
        }
        let holder = Holder {
            contact: contact.entity,
            attempt: proposed.attempt,
        };
        // What was proposed first counts: a retry may have been written with other fields, but then its hash differs too.
        for (value, field) in &fields {
            let reserve = directory_entry::Command::Reserve(*value, holder);
            let reply = self.settle(contact, *value, reserve, timings).await;
            match reply {
                Ok(()) => {}
                Err(Failure::Rejected(Rejection::DirectoryEntry(
                    directory_entry::Rejection::ValueTaken | directory_entry::Rejection::EntryFull,
                ))) => {
                    self.give_up(contact, holder, &fields, timings).await;
                    return Err(NotCreated::ValueTaken(field));
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        let confirm = Command::Contact(contact::Command::Confirm);
        let created =
            as_contact(self.add(timings, self.command(contact, confirm, None, None).await))?;
        for (value, _) in &fields {
            let confirm = directory_entry::Command::Confirm(*value, holder);
            // The contact exists. An entry that misses this asks for it when the reservation lapses.
            if let Err(failure) = self.settle(contact, *value, confirm, timings).await {
                tracing::debug!(
                    ?failure,
                    "an entry is confirmed when its reservation lapses"
                );
            }
        }
        Ok(created)
    }

    async fn propose(
        &self,
        new: NewContact,
        remember: Remember,
        timings: &mut Timings,
    ) -> Result<Box<ContactView>, NotCreated> {
        let profile = match self.seal_profile(&new.address, &new.profile) {
            Ok(profile) => profile,
            Err(error) => {
                tracing::error!(%error, "a profile cannot be sealed");
                return Err(Unavailable::Unreadable.into());
            }
        };
        let proposal = Command::Contact(contact::Command::Propose(Propose {
            contact_type: new.contact_type,
            profile,
            own_id: new.own_id,
            code: new.code,
            claims: new.claims.iter().map(|(value, _)| *value).collect(),
        }));
        let reply = self
            .command(new.address, proposal, Some(remember), None)
            .await;
        Ok(as_contact(self.add(timings, reply))?)
    }

    async fn give_up(
        &self,
        contact: Address,
        holder: Holder,
        fields: &[(ValueHash, &'static str)],
        timings: &mut Timings,
    ) {
        let refuse = Command::Contact(contact::Command::Refuse);
        let refused = self.command(contact, refuse, None, None).await;
        if self.add(timings, refused).is_err() {
            return;
        }
        for (value, _) in fields {
            let release = directory_entry::Command::Release(*value, holder);
            // An entry that misses this releases the value when the reservation lapses.
            if let Err(failure) = self.settle(contact, *value, release, timings).await {
                tracing::debug!(?failure, "a value is released when its reservation lapses");
            }
        }
    }

    async fn settle(
        &self,
        contact: Address,
        value: ValueHash,
        command: directory_entry::Command,
        timings: &mut Timings,
    ) -> Result<(), Failure> {
        let entry = Address {
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
            ..contact
        };
        let reply = self
            .command(entry, Command::DirectoryEntry(command), None, None)
            .await;
        self.add(timings, reply).map(|_| ())
    }

    /// Adds a step's times to the whole.
    #[expect(clippy::unused_self, reason = "reads as a step of the creation")]
    fn add(&self, timings: &mut Timings, reply: Reply) -> Result<Answer, Failure> {
        timings.queue += reply.timings.queue;
        timings.decide += reply.timings.decide;
        timings.journal += reply.timings.journal;
        reply.result
    }
}

pub(super) fn as_contact(result: Result<Answer, Failure>) -> Result<Box<ContactView>, Failure> {
    match result? {
        Answer::Contact(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}
