//! Which passwords may be chosen: NIST SP 800-63B-4, section 3.1.1.2. Length counts, composition does not, and what everybody else chose
//! is refused.

use zeroize::Zeroizing;

use crate::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

/// The passwords that guessers try first, in lower case: those of eight characters and more that public lists of leaked passwords begin with.
const COMMON: &str = include_str!("common.txt");

/// A password in clear. Its memory is wiped when it goes, and it is never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has fewer characters than [`PASSWORD_CHARS_MIN`].
    TooShort,
    /// It has more characters than [`PASSWORD_CHARS_MAX`].
    TooLong,
    /// Guessers try it first.
    Common,
}

impl Unfit {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Unfit::TooShort => "too_short",
            Unfit::TooLong => "too_long",
            Unfit::Common => "password_common",
        }
    }

    /// What to do about it.
    pub const fn detail(self) -> &'static str {
        match self {
            Unfit::TooShort => "must have at least 8 characters",
            Unfit::TooLong => "must have at most 128 characters",
            Unfit::Common => "is among the passwords that are tried first; choose another one",
        }
    }
}

impl Password {
    /// A password that was typed, to be compared with the one that was chosen. One that is too long to have been chosen is none.
    pub fn typed(text: String) -> Option<Password> {
        let text = Zeroizing::new(text);
        (text.chars().count() <= PASSWORD_CHARS_MAX).then(|| Password(text))
    }

    /// A password that somebody chooses.
    ///
    /// # Errors
    /// Why it may not be chosen.
    pub fn chosen(text: String) -> Result<Password, Unfit> {
        let text = Zeroizing::new(text);
        let chars = text.chars().count();
        if chars < PASSWORD_CHARS_MIN {
            return Err(Unfit::TooShort);
        }
        if chars > PASSWORD_CHARS_MAX {
            return Err(Unfit::TooLong);
        }
        let lower = Zeroizing::new(text.to_lowercase());
        let is_one_character = text.chars().skip(1).all(|it| text.starts_with(it));
        if is_one_character || COMMON.lines().any(|common| common == *lower) {
            return Err(Unfit::Common);
        }
        Ok(Password(text))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}
