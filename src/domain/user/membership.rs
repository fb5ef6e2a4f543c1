//! What a user may do where.

use crate::domain::address::{Mode, TenantId};

/// How many roles in organisations one user has: an accountant of many merchants, and some to spare. 30 bytes each.
pub const MEMBERSHIPS_MAX: usize = 50;

/// In which modes a membership holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// In both.
    BothModes,
    /// In test mode only: what test mode gave must open nothing of live business.
    TestMode,
}

/// A role of a user in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Whose organisation.
    pub tenant: TenantId,
    /// Where: there, and in all organisations below it.
    pub organisation: u64,
    /// Which of the tenant's roles, by number.
    pub role: u32,
    /// In which modes.
    pub validity: Validity,
    /// Whether it opens anything.
    pub is_active: bool,
}

impl Membership {
    /// Whether it opens anything of `tenant` in `mode`.
    pub fn holds(&self, tenant: TenantId, mode: Mode) -> bool {
        let in_mode = match (self.validity, mode) {
            (Validity::BothModes, _) | (Validity::TestMode, Mode::Test) => true,
            (Validity::TestMode, Mode::Live | Mode::Shared) => false,
        };
        self.is_active && self.tenant == tenant && in_mode
    }

    /// The mode in which it opens something at first.
    pub fn mode(&self) -> Mode {
        match self.validity {
            Validity::BothModes => Mode::Live,
            Validity::TestMode => Mode::Test,
        }
    }
}
