//! The parts that organisations play in a network, and where each has its place.

/// The part that an organisation plays in the network, in the contract's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Owns the network.
    ServiceOwner,
    /// Runs a reward scheme.
    Business,
    /// Sells.
    Merchant,
    /// A place where a merchant sells.
    Venue,
    /// Runs a part of the network for its owner.
    Operator,
    /// Brings in the purchases of those that lie below it.
    TransactionProcessor,
    /// Holds others together: a region, a brand, a department.
    Organisation,
}

impl Role {
    /// Below which parts one that plays this part may lie. One that only holds others together stands for whatever it lies below.
    pub const fn places(self) -> &'static [Role] {
        match self {
            Role::ServiceOwner => &[],
            Role::Operator => &[Role::ServiceOwner],
            Role::TransactionProcessor => &[Role::ServiceOwner, Role::Operator],
            Role::Business => &[
                Role::ServiceOwner,
                Role::Operator,
                Role::TransactionProcessor,
            ],
            Role::Merchant => &[
                Role::ServiceOwner,
                Role::Operator,
                Role::TransactionProcessor,
                Role::Business,
            ],
            Role::Organisation => &[
                Role::ServiceOwner,
                Role::Operator,
                Role::TransactionProcessor,
                Role::Business,
                Role::Merchant,
            ],
            Role::Venue => &[Role::Merchant],
        }
    }

    /// Whether one that plays this part may lie below what plays `part`.
    pub fn lies_below(self, part: Role) -> bool {
        self.places().contains(&part)
    }

    /// Whether it is a place that sells, and so may have a terminal access point.
    pub const fn sells(self) -> bool {
        match self {
            Role::Merchant | Role::Venue => true,
            Role::ServiceOwner
            | Role::Operator
            | Role::TransactionProcessor
            | Role::Business
            | Role::Organisation => false,
        }
    }

    /// Whether a purchase can be made there: at places that sell, and with whoever owns a network or runs a scheme.
    pub const fn takes_purchases(self) -> bool {
        match self {
            Role::ServiceOwner | Role::Business | Role::Merchant | Role::Venue => true,
            Role::Operator | Role::TransactionProcessor | Role::Organisation => false,
        }
    }
}
