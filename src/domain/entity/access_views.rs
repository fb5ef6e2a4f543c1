//! What an entity shows of how somebody gets in.

use super::{Answer, Rejection};
use crate::domain::access::SessionView;
use crate::domain::contact::{Contact, Stage};
use crate::domain::directory_entry::ValueHash;
use crate::domain::user;

/// An identity that is being added, as those see it who finish it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddingView {
    /// The session that asked for it.
    pub session: SessionView,
    /// The value that was proven; none once it is added, or has lapsed.
    pub value: Option<ValueHash>,
    /// The values that the contact has.
    pub identities: Vec<ValueHash>,
}

pub(super) fn challenge_view(contact: &Contact, number: u32) -> Result<Answer, Rejection> {
    let access = contact.access.as_ref();
    let challenge = access.and_then(|access| access.challenge(number));
    let challenge = challenge.ok_or(Rejection::NotFound)?;
    Ok(Answer::Challenge(Box::new(*challenge)))
}

pub(super) fn destination_view(contact: &Contact, to: &ValueHash) -> Answer {
    Answer::Destination(contact.destination(to))
}

pub(super) fn password_view(contact: &Contact, by: &ValueHash) -> Answer {
    let exists = contact.stage == Stage::Active;
    Answer::Password(exists.then(|| contact.password(by)).flatten())
}

pub(super) fn adding_view(contact: &Contact, session: u32) -> Result<Answer, Rejection> {
    let access = contact.access.as_ref().ok_or(Rejection::NotFound)?;
    let session = access.session(session).ok_or(Rejection::NotFound)?;
    let proven = access.adding.as_ref().filter(|adding| adding.is_proven);
    Ok(Answer::Adding(Box::new(AddingView {
        session: session.view(),
        value: proven.map(|adding| adding.value),
        identities: contact.identities().collect(),
    })))
}

pub(super) fn registration_view(contact: &Contact) -> Answer {
    Answer::Registration(Box::new(contact.registration()))
}

pub(super) fn session_view(contact: &Contact, number: u32) -> Result<Answer, Rejection> {
    let access = contact.access.as_ref();
    let session = access.and_then(|access| access.session(number));
    let session = session.ok_or(Rejection::NotFound)?;
    Ok(Answer::Session(Box::new(session.view())))
}

pub(super) fn user_session(user: &user::User, number: u32) -> Result<Answer, Rejection> {
    let view = user.view();
    let session = view.sessions.iter().find(|it| it.tokens.number == number);
    let session = session.ok_or(Rejection::NotFound)?;
    Ok(Answer::UserSession(Box::new(*session)))
}
