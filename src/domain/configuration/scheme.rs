//! Schemes: what contacts are members of.

use crate::domain::directory_entry::ValueHash;

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its small print.
    pub terms_and_conditions: Option<String>,
    /// Who becomes a member, and how.
    pub opening: Opening,
}

/// Who becomes a member of a scheme, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Every contact is a member from its creation on.
    Auto,
    /// Whoever signs up.
    SelfSignUp,
    /// Whoever has the code: kept as a keyed hash only.
    Code(ValueHash),
    /// Whoever has proven an e-mail address of one of these domains, in lower case.
    EmailDomains(Vec<String>),
}

impl Scheme {
    /// How many domains one scheme may name: those of one employer.
    pub const EMAIL_DOMAINS_MAX: usize = 10;
}
