//! The schemes that a contact is a member of, or may become one of.

pub(super) mod list;
pub(super) mod sign_up;
pub(super) mod verify;
