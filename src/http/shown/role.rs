//! The part that an organisation plays in the network, on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::organisation::Role;

/// The part that an organisation plays in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OrganisationType)]
pub(in crate::http) enum WireRole {
    /// Runs a part of the network for its owner.
    Operator,
    /// Owns the network.
    ServiceOwner,
    /// Brings in the purchases of those that lie below it.
    TransactionProcessor,
    /// Runs a reward scheme.
    Business,
    /// Holds others together: a region, a brand, a department.
    Organisation,
    /// Sells.
    Merchant,
    /// A place where a merchant sells.
    Venue,
}

impl From<Role> for WireRole {
    fn from(role: Role) -> WireRole {
        match role {
            Role::Operator => WireRole::Operator,
            Role::ServiceOwner => WireRole::ServiceOwner,
            Role::TransactionProcessor => WireRole::TransactionProcessor,
            Role::Business => WireRole::Business,
            Role::Organisation => WireRole::Organisation,
            Role::Merchant => WireRole::Merchant,
            Role::Venue => WireRole::Venue,
        }
    }
}

impl fmt::Display for WireRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WireRole::Operator => "OPERATOR",
            WireRole::ServiceOwner => "SERVICE_OWNER",
            WireRole::TransactionProcessor => "TRANSACTION_PROCESSOR",
            WireRole::Business => "BUSINESS",
            WireRole::Organisation => "ORGANISATION",
            WireRole::Merchant => "MERCHANT",
            WireRole::Venue => "VENUE",
        })
    }
}
