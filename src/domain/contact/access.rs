//! How a contact gets in, and how a registration becomes a contact.
//!
//! register (invisible, with its fields, its value and a code, in one record) → the code comes back → each value is reserved →
//! finish. One that comes to nothing leaves nothing that can be read: it is void, and its key is destroyed.

use std::sync::Arc;

use super::{Contact, Event, Propose, Rejection, SealedProfile, Stage};
use crate::domain::access::{
    self, Access, Account, NewChallenge, OTP_LASTS, Progress, Provider, Purpose, Registering, Trust,
};
use crate::domain::context::Context;
use crate::domain::directory_entry::{Obligation, ValueHash};
use crate::domain::time::Timestamp;

/// A contact that registers itself.
#[derive(Clone, Debug)]
pub struct Register {
    /// What it is to be, as far as it says. It is not known by its claims before the value is proven.
    pub proposal: Propose,
    /// Who is to vouch for the value.
    pub provider: Provider,
    /// The value as messages are sent to it, sealed with the key of the profile.
    pub sealed: Arc<[u8]>,
    /// The hash of the password that was chosen, sealed likewise.
    pub password: Option<Arc<[u8]>>,
    /// What is to prove the value.
    pub proof: ValueProof,
}

/// What proves the value of a registration.
#[derive(Clone, Debug)]
pub enum ValueProof {
    /// The code that is sent to it.
    Code(NewChallenge),
    /// A provider has vouched for it already.
    Vouched(ValueHash),
}

/// A registration as those see it who finish it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationView {
    /// Where the contact is in its life.
    pub stage: Stage,
    /// The number of the attempt that is to hold its values.
    pub attempt: u32,
    /// The value that was proven; none once it is finished.
    pub value: Option<ValueHash>,
    /// What else it is to be known by.
    pub claims: Vec<ValueHash>,
    /// How far it is; none once it is finished.
    pub progress: Option<Progress>,
    /// What the value is worth to whoever is known by it already.
    pub trust: Trust,
}

impl Contact {
    pub(super) fn register(
        &self,
        register: &Register,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        match self.stage {
            Stage::Absent | Stage::Void => {}
            Stage::Proposed | Stage::Active | Stage::Erased => {
                return Err(Rejection::ContactExists);
            }
        }
        // Its fields would lie under a key that is about to be destroyed, or leave the other one behind.
        if self.access.as_ref().is_some_and(|it| it.to_shred.is_some()) {
            return Err(Rejection::ReservationLapsed);
        }
        let none = Access::default();
        let access = self.access.as_deref().unwrap_or(&none);
        let (value, progress, challenged) = match &register.proof {
            ValueProof::Code(new) => {
                let challenge = access.challenged(Purpose::Register, new, wall);
                let challenged = access::Event::Challenged(challenge);
                (new.destination, Progress::Asked, Some(challenged))
            }
            ValueProof::Vouched(value) => (*value, Progress::Proven, None),
        };
        let registering = Registering {
            provider: register.provider,
            value,
            sealed: Arc::clone(&register.sealed),
            password: register.password.clone(),
            lapses_at: wall.after(OTP_LASTS),
            progress,
        };
        // The code first: it is what the command came to.
        let challenged = challenged.map(of_access).into_iter();
        let registered = [
            Event::Proposed(Arc::new(register.proposal.clone())),
            of_access(access::Event::Registering(registering)),
        ];
        Ok(challenged.chain(registered).collect())
    }

    pub(super) fn decide_access(
        &self,
        command: &access::Command,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let none = Access::default();
        let access = self.access.as_deref().unwrap_or(&none);
        let account = match self.stage {
            Stage::Active => Account::Exists,
            Stage::Proposed if access.registering.is_some() => Account::Registering,
            Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => Account::Nobody,
        };
        if let access::Command::AddIdentity(attempt) = command {
            self.must_hold_addition(access, *attempt, context.wall)?;
        }
        let decided = access.decide(command, account, context.wall);
        let decided = decided.map_err(Rejection::Access)?;
        let begins = match command {
            access::Command::Finish(_) => Some(Event::Created(context.now)),
            access::Command::Challenge(..)
            | access::Command::ChallengeOnFile(..)
            | access::Command::BeginAdding(..)
            | access::Command::BeginAddingVouched(..)
            | access::Command::AddIdentity(_)
            | access::Command::ResetPassword(..)
            | access::Command::ChangePassword(_)
            | access::Command::VerifyEmail(_)
            | access::Command::Answer(_)
            | access::Command::Confirm(..)
            | access::Command::SignIn(_)
            | access::Command::Recognise(_)
            | access::Command::SignInByPassword(..)
            | access::Command::Pass(_)
            | access::Command::Refresh(_)
            | access::Command::MoveSession(..)
            | access::Command::End(_)
            | access::Command::Shredded => None,
        };
        let decided = decided.into_iter().map(of_access);
        Ok(begins.into_iter().chain(decided).collect())
    }

    /// Demands that the value of the identity that is to be added is reserved by `attempt`: an entry that asked meanwhile gave it to others.
    fn must_hold_addition(
        &self,
        access: &Access,
        attempt: u32,
        wall: Timestamp,
    ) -> Result<(), Rejection> {
        let pending = self.pending.as_ref().filter(|it| it.attempt == attempt);
        let holds = access.to_add(wall).is_some_and(|adding| {
            pending.is_some_and(|pending| pending.adds.contains(&adding.value))
        });
        if holds {
            Ok(())
        } else {
            Err(Rejection::Overtaken)
        }
    }

    /// What has lapsed of it by `wall`.
    pub(super) fn access_due(&self, wall: Timestamp) -> Vec<Event> {
        let is_due = |access: &&Access| access.next_due().is_some_and(|at| at <= wall);
        let access = self.access.as_deref().filter(is_due);
        let due = access.map(|access| access.due(wall));
        due.into_iter().flatten().map(of_access).collect()
    }

    /// Where messages to `value` go, sealed with the key of the profile.
    pub fn destination(&self, value: &ValueHash) -> Option<SealedProfile> {
        let access = self.access.as_ref()?;
        let mut identities = access.identities.iter();
        let proven = identities.find(|identity| identity.value == *value);
        let registering = access.registering.as_ref();
        let to_prove = registering.filter(|registering| registering.value == *value);
        let adding = access.adding.as_ref().filter(|it| it.value == *value);
        let on_file = access.on_file.as_ref().filter(|it| it.value == *value);
        let sealed = proven
            .map(|identity| &identity.sealed)
            .or_else(|| to_prove.map(|registering| &registering.sealed))
            .or_else(|| adding.map(|adding| &adding.add.sealed))
            .or_else(|| on_file.map(|on_file| &on_file.sealed))?;
        Some(SealedProfile {
            slot: self.profile.slot,
            sealed: Arc::clone(sealed),
        })
    }

    pub(super) fn apply_access(&mut self, event: &access::Event) {
        let access = self.access.get_or_insert_default();
        access.apply(event);
        if let access::Event::IdentityAdded(_) = event {
            // It is no longer being reserved.
            self.pending = None;
        }
        if let access::Event::AllSessionsEnded
        | access::Event::SessionEnded(_, access::Ended::Replayed) = event
        {
            self.withdraw_tokens();
            return;
        }
        if let access::Event::RegistrationLapsed = event {
            access.to_shred = Some(self.profile.slot);
            self.stage = Stage::Void;
        }
        let is_nobody = match self.stage {
            Stage::Absent | Stage::Void | Stage::Erased => true,
            Stage::Proposed | Stage::Active => false,
        };
        if is_nobody && access.is_idle() {
            self.access = None;
        }
    }

    /// It was being created, and will not be.
    pub(super) fn apply_void(&mut self) {
        self.stage = Stage::Void;
        if self.is_registering() {
            self.apply_access(&access::Event::RegistrationLapsed);
        }
    }

    /// Whether it registers itself and is not proven to be anybody yet.
    pub(super) fn is_registering(&self) -> bool {
        let access = self.access.as_ref();
        access.is_some_and(|access| access.registering.is_some())
    }

    /// Whether a registration under way is to get `value`.
    pub(super) fn registers(&self, value: &ValueHash) -> bool {
        let access = self.access.as_ref();
        let registering = access.and_then(|access| access.registering.as_ref());
        registering.is_some_and(|registering| registering.value == *value)
    }

    /// The password that it signs in with by `value`, sealed with the key of the profile: none where it does not sign in by that.
    pub fn password(&self, value: &ValueHash) -> Option<(u32, SealedProfile)> {
        let access = self.access.as_ref()?;
        let mut identities = access.identities.iter();
        identities.find(|identity| identity.value == *value)?;
        let password = access.password.as_ref()?;
        let sealed = SealedProfile {
            slot: self.profile.slot,
            sealed: Arc::clone(&password.sealed),
        };
        Some((password.number, sealed))
    }

    /// The values that were proven.
    pub fn identities(&self) -> impl Iterator<Item = ValueHash> {
        let identities = self.access.iter().flat_map(|access| &access.identities);
        identities.map(|identity| identity.value)
    }

    /// Whether it has proven to be anybody: a device proves nothing.
    pub fn is_verified(&self) -> bool {
        let access = self.access.as_ref();
        access.is_some_and(|access| {
            let verified = access.verified.as_ref();
            let mut identities = access.identities.iter();
            identities.any(|it| it.provider.trust() == Trust::Proven)
                || verified.is_some_and(|it| self.claims.contains(it))
        })
    }

    /// The registration as those see it who finish it.
    pub fn registration(&self) -> RegistrationView {
        let access = self.access.as_ref();
        let registering = access.and_then(|access| access.registering.as_ref());
        RegistrationView {
            stage: self.stage,
            attempt: self.attempts,
            value: registering.map(|registering| registering.value),
            claims: self.claims.clone(),
            progress: registering.map(|registering| registering.progress),
            trust: registering.map_or(Trust::Proven, |it| it.provider.trust()),
        }
    }

    /// What is owed because of a registration that came to nothing.
    pub(super) fn shredding(&self) -> Option<Obligation> {
        let slot = self.access.as_ref()?.to_shred;
        slot.map(|_| Obligation::Shred)
    }
}

fn of_access(event: access::Event) -> Event {
    Event::Access(Box::new(event))
}
