//! What the operations on users have in common on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::Channel;
use crate::domain::address::Mode;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::extract::Faults;
use crate::http::gateways::self_service::require_delivery;
use crate::http::problem::Problem;
use crate::limits::NAME_CHARS_MAX;

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

/// How many roles one request gives.
const ROLES_AT_A_TIME_MAX: usize = 10;

/// A person's name, if it is there.
pub(in super::super) fn check_person_name(faults: &mut Faults, member: &str, name: Option<&str>) {
    let name = name.unwrap_or_default();
    faults.require(
        name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control),
        member,
        "too_long",
        "must have at most 200 characters, and no control characters",
    );
}

/// The ids of roles.
pub(super) fn check_roles(faults: &mut Faults, roles: &[String]) {
    faults.require(
        (1..=ROLES_AT_A_TIME_MAX).contains(&roles.len()),
        "roles",
        "wrong_length",
        "must name one to ten roles",
    );
}

/// Demands that an e-mail can go: test mode, whose test inbox shows it, or an integration that delivers it.
pub(in super::super) async fn require_mail(api: &Api, caller: &Caller) -> Result<(), Problem> {
    require_delivery(api, caller, Channel::Email).await
}
