//! Addresses: the full name of an entity. Tenant and mode are part of it, so that tenants and modes never meet.

/// A customer of the platform. Zero is the platform's own tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub u64);

/// Which world an entity belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Real business.
    Live,
    /// Trials, with a clock of their own.
    Test,
    /// Tenants and organisations belong to no mode: both modes see them.
    Shared,
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A customer of the platform.
    Tenant,
    /// A member of a tenant's network.
    Organisation,
    /// A rule that awards.
    Offer,
    /// A customer of a business, with wallet and purchases.
    Contact,
    /// A credential of a program.
    ApiKey,
    /// The holder of one unique value.
    DirectoryEntry,
    /// What one shard holds of an offer's budget. It lives in that shard, whatever its number says.
    Lease,
    /// What a tenant sets up about its customers in one mode, beside its offers.
    Configuration,
    /// A page of the audit log.
    AuditLog,
    /// A person of the Back Office.
    User,
    /// A piece of what is too large for a row.
    Media,
    /// What a tenant sets up for its apps in one mode.
    Apps,
    /// A purchase of nobody known, until a contact claims it.
    Receipt,
}

/// The full name of one entity, its unit of ownership and of consistency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which world it belongs to.
    pub mode: Mode,
    /// What it is.
    pub kind: Kind,
    /// Which one. Unique among the tenant's entities of this mode and kind.
    pub entity: u64,
}

impl TenantId {
    /// The platform's own.
    pub const PLATFORM: TenantId = TenantId(0);
}

impl Mode {
    /// A stable number for storage.
    pub const fn number(self) -> u8 {
        match self {
            Mode::Live => 0,
            Mode::Test => 1,
            Mode::Shared => 2,
        }
    }

    /// The mode of a stable number.
    pub const fn from_number(number: u8) -> Option<Mode> {
        match number {
            0 => Some(Mode::Live),
            1 => Some(Mode::Test),
            2 => Some(Mode::Shared),
            _ => None,
        }
    }
}

impl Kind {
    /// A stable number for storage.
    pub const fn number(self) -> u8 {
        match self {
            Kind::Tenant => 1,
            Kind::Organisation => 2,
            Kind::Offer => 3,
            Kind::Contact => 4,
            Kind::ApiKey => 5,
            Kind::DirectoryEntry => 6,
            Kind::Lease => 7,
            Kind::Configuration => 10,
            Kind::AuditLog => 11,
            Kind::User => 8,
            Kind::Media => 9,
            Kind::Apps => 12,
            Kind::Receipt => 13,
        }
    }

    /// The kind of a stable number.
    pub const fn from_number(number: u8) -> Option<Kind> {
        match number {
            1 => Some(Kind::Tenant),
            2 => Some(Kind::Organisation),
            3 => Some(Kind::Offer),
            4 => Some(Kind::Contact),
            5 => Some(Kind::ApiKey),
            6 => Some(Kind::DirectoryEntry),
            7 => Some(Kind::Lease),
            10 => Some(Kind::Configuration),
            11 => Some(Kind::AuditLog),
            8 => Some(Kind::User),
            9 => Some(Kind::Media),
            12 => Some(Kind::Apps),
            13 => Some(Kind::Receipt),
            _ => None,
        }
    }

    /// The word for it in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Tenant => "tenant",
            Kind::Organisation => "organisation",
            Kind::Offer => "offer",
            Kind::Contact => "contact",
            Kind::ApiKey => "api_key",
            Kind::DirectoryEntry => "directory_entry",
            Kind::Lease => "lease",
            Kind::Configuration => "configuration",
            Kind::AuditLog => "audit_log",
            Kind::User => "user",
            Kind::Media => "media",
            Kind::Apps => "apps",
            Kind::Receipt => "receipt",
        }
    }
}

impl Address {
    /// The tenant's own entity.
    pub const fn tenant(tenant: TenantId) -> Address {
        Address {
            tenant,
            mode: Mode::Shared,
            kind: Kind::Tenant,
            entity: 0,
        }
    }

    /// What a tenant sets up about its customers in a mode.
    pub const fn configuration(tenant: TenantId, mode: Mode) -> Address {
        Address {
            tenant,
            mode,
            kind: Kind::Configuration,
            entity: 0,
        }
    }

    /// What a tenant sets up for its apps in a mode.
    pub const fn apps(tenant: TenantId, mode: Mode) -> Address {
        Address {
            tenant,
            mode,
            kind: Kind::Apps,
            entity: 0,
        }
    }

    /// User number `entity`: of the platform's own tenant, and of no mode.
    pub const fn user(entity: u64) -> Address {
        Address {
            tenant: TenantId::PLATFORM,
            mode: Mode::Shared,
            kind: Kind::User,
            entity,
        }
    }

    /// The lease of offer number `offer`, in the world of this entity.
    #[must_use]
    pub const fn lease_of(self, offer: u64) -> Address {
        Address {
            kind: Kind::Lease,
            entity: offer,
            ..self
        }
    }

    /// Offer number `offer`, in the world of this entity.
    #[must_use]
    pub const fn offer(self, offer: u64) -> Address {
        Address {
            kind: Kind::Offer,
            entity: offer,
            ..self
        }
    }

    /// 18 bytes in a fixed layout: tenant, mode, kind, entity, each big-endian, so that rows of one tenant lie together.
    pub fn to_bytes(self) -> [u8; 18] {
        let mut bytes = [0_u8; 18];
        let (tenant, rest) = bytes.split_at_mut(8);
        tenant.copy_from_slice(&self.tenant.0.to_be_bytes());
        let (marks, entity) = rest.split_at_mut(2);
        marks.copy_from_slice(&[self.mode.number(), self.kind.number()]);
        entity.copy_from_slice(&self.entity.to_be_bytes());
        bytes
    }

    /// The address in the first 18 bytes of `bytes`, if they hold one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Address> {
        let (tenant, rest) = bytes.split_first_chunk::<8>()?;
        let (marks, rest) = rest.split_first_chunk::<2>()?;
        let (entity, _) = rest.split_first_chunk::<8>()?;
        let [mode, kind] = *marks;
        Some(Address {
            tenant: TenantId(u64::from_be_bytes(*tenant)),
            mode: Mode::from_number(mode)?,
            kind: Kind::from_number(kind)?,
            entity: u64::from_be_bytes(*entity),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_bytes() {
        let address = Address {
            tenant: TenantId(7),
            mode: Mode::Test,
            kind: Kind::Contact,
            entity: u64::MAX,
        };
        assert_eq!(Address::from_bytes(&address.to_bytes()), Some(address));
        assert_eq!(Address::from_bytes(&[9; 17]), None);
    }
}
