//! What texts of a request must be like.

use super::Faults;

/// A text that is there must be neither empty nor too long, and hold no control characters.
pub fn check(faults: &mut Faults, member: &str, value: Option<&str>, max: usize) {
    let Some(value) = value else { return };
    let length = value.chars().count();
    if value.trim().is_empty() || value.chars().any(char::is_control) {
        faults.add(
            member,
            "empty_or_control",
            "must have visible text and no control characters; leave the field out instead",
        );
    } else if length > max {
        faults.add(
            member,
            "too_long",
            format!("must have at most {max} characters"),
        );
    }
}
