//! A change of a contact.

use super::parts::sealed;
use crate::domain::contact::{Change, ContactType};
use crate::domain::directory_entry::ValueHash;

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
