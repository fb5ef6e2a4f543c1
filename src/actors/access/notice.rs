//! Where somebody is told that what lets them in has changed.

use crate::actors::envelope::Failure;
use crate::actors::router::{OpenedProfile, Router, unexpected};
use crate::domain::access::Provider;
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{Contact, SealedProfile, Stage};
use crate::domain::entity::{Answer, Query};

impl Router {
    /// The e-mail address at which a contact or a user is told that what lets it in has changed, if there is one: what a contact has signed in by for longest, so that who adds
    /// an address of their own is not told in place of the owner. What its profile says may be anybody's: mails would reach strangers.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn told_at(&self, whose: Address) -> Result<Option<String>, Failure> {
        if whose.kind == Kind::User {
            let person = match self.user(whose).await {
                Ok(user) => user.person,
                Err(Failure::Rejected(_)) => None,
                Err(failure) => return Err(failure),
            };
            return match person {
                Some(person) => self.email_in(whose, &person),
                None => Ok(None),
            };
        }
        let contact = match self.query(whose, Query::Held).await.result {
            Ok(Answer::Held(contact, _)) if contact.stage == Stage::Active => contact,
            // Nobody is there any more.
            Ok(Answer::Held(..)) | Err(Failure::Rejected(_)) => return Ok(None),
            Ok(other) => return Err(unexpected(&other)),
            Err(failure) => return Err(failure),
        };
        match first_address(&contact) {
            Some(sealed) => self.email_in(whose, &sealed),
            None => Ok(None),
        }
    }

    fn email_in(&self, whose: Address, sealed: &SealedProfile) -> Result<Option<String>, Failure> {
        Ok(match self.open_profile(&whose, sealed)? {
            OpenedProfile::Plain(profile) => profile.email_address,
            OpenedProfile::Erased => None,
        })
    }
}

/// The e-mail address that it has signed in by for longest, sealed.
fn first_address(contact: &Contact) -> Option<SealedProfile> {
    let identities = &contact.access.as_ref()?.identities;
    let first = identities.iter().find(|it| it.provider == Provider::Email);
    first.map(|identity| SealedProfile {
        slot: contact.profile.slot,
        sealed: identity.sealed.clone(),
    })
}
