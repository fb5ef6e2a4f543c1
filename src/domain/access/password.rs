//! What is kept of a password: enough to compare it, and no more.

/// A password's hash with all that it takes to hash another one alike. Nothing of the password can be read from it, but a short one can be
/// found by trying: so it is stored sealed, as personal fields are.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// What it cost.
    pub cost: Cost,
    /// What makes two equal passwords differ.
    pub salt: [u8; 16],
    /// The hash itself.
    pub hash: [u8; 32],
}

/// What hashing takes (Argon2id, RFC 9106): kept with each hash, so that a later build can raise it and still compare older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How often it is gone through.
    pub passes: u32,
    /// How many lanes it has.
    pub lanes: u32,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

impl Cost {
    /// What new hashes take: OWASP's choice for Argon2id with one lane, 19 MiB gone through twice, some 20 ms of a core.
    pub const TODAY: Cost = Cost {
        memory_kib: 19 * 1_024,
        passes: 2,
        lanes: 1,
    };
}
