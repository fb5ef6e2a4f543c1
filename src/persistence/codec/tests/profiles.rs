//! A change of a contact, and a sign-up.

use super::fixtures::NOW;
use super::parts::sealed;
use crate::domain::contact::{self, Change, ContactType, SignUp};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::Event;

pub(super) fn change() -> Change {
    Change {
        from_version: 3,
        attempt: 2,
        contact_type: ContactType::Company,
        profile: sealed(),
        code: "C-1003".into(),
        adds: vec![ValueHash([1; 16])],
        removes: vec![ValueHash([2; 16]), ValueHash([3; 16])],
    }
}

pub(super) fn sign_up() -> SignUp {
    SignUp {
        organisation: 5,
        email_opt_out: true,
        sms_opt_out: false,
        has_consented: true,
        at: NOW,
    }
}

/// What happens to a contact that changes.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let value = ValueHash([7; 16]);
    vec![
        (
            "contact_change_begun",
            Event::Contact(contact::Event::ChangeBegun(vec![value])),
        ),
        (
            "contact_changed",
            Event::Contact(contact::Event::Changed(std::sync::Arc::new(change()), NOW)),
        ),
        (
            "contact_erased",
            Event::Contact(contact::Event::Erased(NOW)),
        ),
        (
            "contact_signed_up",
            Event::Contact(contact::Event::SignedUp(sign_up())),
        ),
        (
            "contact_signed_out",
            Event::Contact(contact::Event::SignedOut(5)),
        ),
        (
            "contact_releases_told",
            Event::Contact(contact::Event::ReleasesTold(vec![value])),
        ),
    ]
}
