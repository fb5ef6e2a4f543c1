//! What the operations on users have in common on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::address::Mode;

/// Live or test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = Mode)]
pub(super) enum WireMode {
    /// Real business.
    Live,
    /// Trials.
    Test,
}

impl From<Mode> for WireMode {
    fn from(mode: Mode) -> WireMode {
        match mode {
            Mode::Test => WireMode::Test,
            Mode::Live | Mode::Shared => WireMode::Live,
        }
    }
}

impl From<WireMode> for Mode {
    fn from(mode: WireMode) -> Mode {
        match mode {
            WireMode::Live => Mode::Live,
            WireMode::Test => Mode::Test,
        }
    }
}
