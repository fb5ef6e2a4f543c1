//! How much callers may ask for, where a tenant has said so.

/// So many requests in so long: all of them at once after a quiet time, and spread over it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In how many seconds.
    pub seconds: u32,
}

/// What a tenant has set, of one mode. Where it has set nothing, the platform's own rate holds; a secret key has none then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of each secret key.
    pub secret_key: Option<Rate>,
    /// Of each public key.
    pub public_key: Option<Rate>,
    /// Of each address that public keys and tokens come from.
    pub address: Option<Rate>,
    /// Of each contact and user.
    pub account: Option<Rate>,
    /// Of the messages to each phone number and e-mail address, within what the platform allows.
    pub destination: Option<Rate>,
    /// Of the codes that each address has sent, by public keys and tokens of contacts.
    pub address_codes: Option<Rate>,
    /// Of the codes that all of them have sent.
    pub public_codes: Option<Rate>,
    /// Of the codes that secret keys and users have sent.
    pub secret_codes: Option<Rate>,
}
