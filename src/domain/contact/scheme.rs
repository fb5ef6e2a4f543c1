//! The schemes that a contact is a member of.

use std::sync::Arc;

use super::{Contact, Event, Rejection, Stage};
use crate::domain::access::Guesses;
use crate::domain::configuration::Opening;
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Timestamp;

/// That a contact has signed up to a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeMember {
    /// The scheme, by number.
    pub scheme: u64,
    /// When it signed up.
    pub at: Timestamp,
    /// With what it signed up, sealed with the key of its profile.
    pub sealed: Option<Arc<[u8]>>,
}

/// What a contact shows to be let into a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    None,
    /// A code.
    Code(ValueHash),
    /// An e-mail address: as it would have proven it, and its domain in lower case.
    Email(ValueHash, String),
}

/// Why a scheme refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemeRefusal {
    /// There is no such scheme.
    Unknown,
    /// It does not let the contact in, or not out.
    Closed,
    /// The sign-up code is wrong: that was recorded.
    CodeWrong,
    /// Too many wrong sign-up codes: none is taken for a while.
    CodesLocked,
}

impl From<SchemeRefusal> for Rejection {
    fn from(refusal: SchemeRefusal) -> Rejection {
        Rejection::Scheme(refusal)
    }
}

/// The wish to become a member.
#[derive(Clone, Debug)]
pub struct SignUpToScheme {
    /// The scheme, by number.
    pub scheme: u64,
    /// What is shown.
    pub proof: Proof,
    /// The same, sealed with the key of the profile.
    pub sealed: Option<Arc<[u8]>>,
}

impl Contact {
    /// Signs up to a scheme; again changes nothing.
    pub(super) fn sign_up_to_scheme(
        &self,
        wish: &SignUpToScheme,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (Stage::Active, Some(tenant)) = (self.stage, &context.tenant) else {
            return Err(Rejection::UnknownContact);
        };
        let scheme = tenant.rewards.scheme(wish.scheme);
        let scheme = scheme.ok_or(SchemeRefusal::Unknown)?;
        let is_member = self.is_signed_up_to(wish.scheme);
        let is_let_in = match (&scheme.opening, &wish.proof) {
            (Opening::Auto, _) => return Ok(Vec::new()),
            _ if is_member => return Ok(Vec::new()),
            (Opening::SelfSignUp, _) => true,
            (Opening::Code(wanted), Proof::Code(shown)) => {
                self.must_be_free_to_guess(context.wall)?;
                if wanted != shown {
                    return Ok(vec![Event::SchemeCodeWrong(context.wall)]);
                }
                true
            }
            (Opening::EmailDomains(domains), Proof::Email(value, domain)) => {
                domains.contains(domain) && self.identities().any(|proven| proven == *value)
            }
            (Opening::Code(_) | Opening::EmailDomains(_), _) => false,
        };
        if !is_let_in {
            return Err(SchemeRefusal::Closed.into());
        }
        Ok(vec![Event::SchemeSignedUp(Arc::new(SchemeMember {
            scheme: wish.scheme,
            at: context.now,
            sealed: wish.sealed.clone(),
        }))])
    }

    /// Signs out of a scheme; where it is no member, nothing changes.
    pub(super) fn sign_out_of_scheme(
        &self,
        scheme: u64,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (Stage::Active, Some(tenant)) = (self.stage, &context.tenant) else {
            return Err(Rejection::UnknownContact);
        };
        match tenant.rewards.scheme(scheme).map(|it| &it.opening) {
            None => Err(SchemeRefusal::Unknown.into()),
            Some(Opening::Auto) => Err(SchemeRefusal::Closed.into()),
            Some(Opening::SelfSignUp | Opening::Code(_) | Opening::EmailDomains(_)) => {
                Ok(if self.is_signed_up_to(scheme) {
                    vec![Event::SchemeSignedOut(scheme)]
                } else {
                    Vec::new()
                })
            }
        }
    }

    /// Whether a code lets anybody into any scheme. A wrong one counts as one that was tried at a sign-up.
    pub(super) fn check_sign_up_code(
        &self,
        shown: ValueHash,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (Stage::Active, Some(tenant)) = (self.stage, &context.tenant) else {
            return Err(Rejection::UnknownContact);
        };
        self.must_be_free_to_guess(context.wall)?;
        let mut schemes = tenant.rewards.schemes.iter();
        let opens = schemes.any(|(_, scheme)| scheme.opening == Opening::Code(shown));
        Ok(if opens {
            Vec::new()
        } else {
            vec![Event::SchemeCodeWrong(context.wall)]
        })
    }

    fn must_be_free_to_guess(&self, wall: Timestamp) -> Result<(), Rejection> {
        let loyalty = self.loyalty.as_ref();
        let guesses = loyalty.map_or_else(Guesses::default, |loyalty| loyalty.guesses);
        match guesses.counting(wall).locked_until() {
            Some(_) => Err(SchemeRefusal::CodesLocked.into()),
            None => Ok(()),
        }
    }

    fn is_signed_up_to(&self, scheme: u64) -> bool {
        let members = self.loyalty.iter().flat_map(|loyalty| &loyalty.schemes);
        members.into_iter().any(|member| member.scheme == scheme)
    }

    pub(super) fn apply_scheme_sign_up(&mut self, member: &SchemeMember) {
        let loyalty = self.loyalty.get_or_insert_default();
        loyalty.schemes.retain(|it| it.scheme != member.scheme);
        loyalty.schemes.push(member.clone());
        loyalty.guesses = Guesses::default();
    }

    pub(super) fn apply_scheme_sign_out(&mut self, scheme: u64) {
        let loyalty = self.loyalty.get_or_insert_default();
        loyalty.schemes.retain(|it| it.scheme != scheme);
    }

    pub(super) fn apply_scheme_code_wrong(&mut self, at: Timestamp) {
        let loyalty = self.loyalty.get_or_insert_default();
        loyalty.guesses = loyalty.guesses.and_one(at);
    }
}
