//! Checks of fields that several bodies have.

use crate::http::extract::Faults;
use crate::limits;

/// What people call a thing, in `name`.
pub(super) fn check_name(faults: &mut Faults, name: &str) {
    faults.require(
        !name.trim().is_empty() && !name.chars().any(char::is_control),
        "name",
        "empty_or_control",
        "must have visible text and no control characters",
    );
    faults.require(
        name.chars().count() <= limits::NAME_CHARS_MAX,
        "name",
        "too_long",
        "must have at most 200 characters",
    );
}
