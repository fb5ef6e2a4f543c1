//! Public ids: what the wire calls an entity or a part of one.
//!
//! An id that we make is a UUID of version 8 (RFC 9562) that encodes the entity's number, a part's sequence and
//! what it names, under a keyed check, so that a get finds the owner without an index. It holds no tenant: the
//! credential says whose world it is read in, and so another tenant's id reads as an unknown one.

use super::address::{Address, Kind, Mode, TenantId};

/// What a public id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// The tenant itself.
    Tenant,
    /// An organisation.
    Organisation,
    /// An offer.
    Offer,
    /// A contact.
    Contact,
    /// A contact's wallet: it belongs to the contact's entity.
    Wallet,
    /// A purchase of a contact.
    Purchase,
    /// An API key.
    ApiKey,
    /// A line of the journal of a contact's wallet.
    JournalLine,
    /// An estimate that holds a contact's money.
    Estimate,
    /// A terminal access point of an organisation.
    Tap,
    /// A name that a tenant's purchases may be classified by: the number stands for the name.
    Classification,
    /// A one-time code that a contact was sent.
    Challenge,
    /// A spend token of a contact.
    SpendToken,
    /// A device of a contact.
    Device,
    /// A postal address of a contact.
    Address,
    /// An image of a contact.
    Media,
    /// Whoever vouches for a tenant's contacts.
    Provider,
    /// Whoever delivers a tenant's messages.
    Integration,
    /// A tier that contacts reach.
    Tier,
    /// A segment of contacts.
    Segment,
    /// A scheme that contacts are members of.
    Scheme,
    /// A word that contacts are tagged with.
    Tag,
    /// The definition of a custom field.
    CustomField,
    /// An app of a tenant.
    Application,
    /// What a contact signs in by.
    Identity,
    /// A line of the audit log, by its number.
    AuditLine,
    /// A person of the Back Office.
    User,
    /// What a tenant's users may do: the part is the role's number.
    Role,
    /// An address of an organisation, or a way to reach it.
    OrganisationPart,
    /// A word that organisations are grouped by: the number stands for it.
    Word,
    /// A purchase of nobody known, until a contact claims it.
    Receipt,
}

impl Named {
    const fn number(self) -> u8 {
        match self {
            Named::Tenant => 1,
            Named::Organisation => 2,
            Named::Offer => 3,
            Named::Contact => 4,
            Named::Wallet => 5,
            Named::Purchase => 6,
            Named::ApiKey => 7,
            Named::JournalLine => 8,
            Named::Estimate => 9,
            Named::Tap => 10,
            Named::Classification => 11,
            Named::Challenge => 12,
            Named::SpendToken => 17,
            Named::Device => 18,
            Named::Address => 19,
            Named::Media => 20,
            Named::Provider => 21,
            Named::Integration => 28,
            Named::Tier => 22,
            Named::Scheme => 23,
            Named::Segment => 24,
            Named::Tag => 29,
            Named::CustomField => 25,
            Named::Application => 26,
            Named::Identity => 14,
            Named::AuditLine => 27,
            Named::User => 15,
            Named::Role => 16,
            Named::OrganisationPart => 30,
            Named::Word => 31,
            Named::Receipt => 13,
        }
    }

    const fn from_number(number: u8) -> Option<Named> {
        match number {
            1 => Some(Named::Tenant),
            2 => Some(Named::Organisation),
            3 => Some(Named::Offer),
            4 => Some(Named::Contact),
            5 => Some(Named::Wallet),
            6 => Some(Named::Purchase),
            7 => Some(Named::ApiKey),
            8 => Some(Named::JournalLine),
            9 => Some(Named::Estimate),
            10 => Some(Named::Tap),
            11 => Some(Named::Classification),
            12 => Some(Named::Challenge),
            17 => Some(Named::SpendToken),
            18 => Some(Named::Device),
            19 => Some(Named::Address),
            20 => Some(Named::Media),
            21 => Some(Named::Provider),
            28 => Some(Named::Integration),
            22 => Some(Named::Tier),
            23 => Some(Named::Scheme),
            24 => Some(Named::Segment),
            29 => Some(Named::Tag),
            25 => Some(Named::CustomField),
            26 => Some(Named::Application),
            14 => Some(Named::Identity),
            27 => Some(Named::AuditLine),
            15 => Some(Named::User),
            16 => Some(Named::Role),
            30 => Some(Named::OrganisationPart),
            31 => Some(Named::Word),
            13 => Some(Named::Receipt),
            _ => None,
        }
    }

    /// The kind of the entity that owns what is named.
    pub const fn owner(self) -> Kind {
        match self {
            Named::Tenant
            | Named::Classification
            | Named::Role
            | Named::Word
            | Named::Provider
            | Named::Integration => Kind::Tenant,
            Named::Organisation | Named::Tap | Named::OrganisationPart => Kind::Organisation,
            Named::Offer => Kind::Offer,
            Named::Contact
            | Named::Wallet
            | Named::Purchase
            | Named::JournalLine
            | Named::Estimate
            | Named::Challenge
            | Named::SpendToken
            | Named::Device
            | Named::Address
            | Named::Media
            | Named::Identity => Kind::Contact,
            Named::ApiKey => Kind::ApiKey,
            Named::Tier | Named::Scheme | Named::Segment | Named::Tag => Kind::Configuration,
            Named::CustomField | Named::Application => Kind::Apps,
            Named::User => Kind::User,
            Named::AuditLine => Kind::AuditLog,
            Named::Receipt => Kind::Receipt,
        }
    }
}

/// An id of ours, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicId {
    /// What it names.
    pub named: Named,
    /// The owning entity's number.
    pub entity: u64,
    /// The part of the entity: a purchase's sequence; 0 for the entity itself.
    pub part: u32,
}

impl PublicId {
    /// The id of an entity as such.
    pub const fn of(named: Named, entity: u64) -> PublicId {
        PublicId {
            named,
            entity,
            part: 0,
        }
    }

    /// The owning entity's address in the caller's world.
    pub const fn owner(self, tenant: TenantId, mode: Mode) -> Address {
        let kind = self.named.owner();
        Address {
            tenant: match kind {
                Kind::User => TenantId::PLATFORM,
                Kind::Tenant
                | Kind::Organisation
                | Kind::Offer
                | Kind::Contact
                | Kind::ApiKey
                | Kind::DirectoryEntry
                | Kind::Lease
                | Kind::AuditLog
                | Kind::Media
                | Kind::Apps
                | Kind::Receipt
                | Kind::Configuration => tenant,
            },
            mode: match kind {
                Kind::Tenant | Kind::Organisation | Kind::User => Mode::Shared,
                Kind::Offer
                | Kind::Contact
                | Kind::ApiKey
                | Kind::DirectoryEntry
                | Kind::Lease
                | Kind::AuditLog
                | Kind::Media
                | Kind::Apps
                | Kind::Receipt
                | Kind::Configuration => mode,
            },
            kind,
            entity: self.entity,
        }
    }
}

const CHECK_BITS: u32 = 21;
const CHECK_MASK: u128 = (1 << CHECK_BITS) - 1;

/// Writes and reads public ids under one data directory's key.
#[derive(Clone)]
pub struct PublicIds {
    key: [u8; 32],
}

impl PublicIds {
    /// Ids checked with `key`, a sub-key of the data directory's root secret.
    pub const fn new(key: [u8; 32]) -> PublicIds {
        PublicIds { key }
    }

    fn check(&self, payload: u128) -> u128 {
        let digest = blake3::keyed_hash(&self.key, &payload.to_be_bytes());
        let mut word = [0_u8; 4];
        word.iter_mut()
            .zip(digest.as_bytes())
            .for_each(|(to, from)| *to = *from);
        u128::from(u32::from_be_bytes(word)) & CHECK_MASK
    }

    /// The id's text: 36 characters.
    pub fn write(&self, id: PublicId) -> String {
        let payload = (u128::from(id.entity) << 37)
            | (u128::from(id.part) << 5)
            | u128::from(id.named.number());
        let bits = (payload << CHECK_BITS) | self.check(payload);
        // 122 free bits around the version (8) and the variant (binary 10) of RFC 9562.
        let high = (bits >> 74) & 0xFFFF_FFFF_FFFF;
        let middle = (bits >> 62) & 0xFFF;
        let low = bits & 0x3FFF_FFFF_FFFF_FFFF;
        let value = (high << 80) | (0x8 << 76) | (middle << 64) | (0b10 << 62) | low;
        let mut text = uuid::Uuid::encode_buffer();
        let value = uuid::Uuid::from_u128(value);
        value.hyphenated().encode_lower(&mut text).to_owned()
    }

    /// The id in `text`, or `None` when it is not one of ours.
    pub fn read(&self, text: &str) -> Option<PublicId> {
        if text.len() != 36 {
            return None;
        }
        let value = uuid::Uuid::try_parse(text).ok()?.as_u128();
        if (value >> 76) & 0xF != 0x8 || (value >> 62) & 0b11 != 0b10 {
            return None;
        }
        let bits = ((value >> 80) << 74)
            | (((value >> 64) & 0xFFF) << 62)
            | (value & 0x3FFF_FFFF_FFFF_FFFF);
        let payload = bits >> CHECK_BITS;
        if bits & CHECK_MASK != self.check(payload) {
            return None;
        }
        Some(PublicId {
            named: Named::from_number(u8::try_from(payload & 0x1F).ok()?)?,
            entity: u64::try_from(payload >> 37).ok()?,
            part: u32::try_from((payload >> 5) & 0xFFFF_FFFF).ok()?,
        })
    }

    /// The id in `text` if it names a `named`.
    pub fn read_as(&self, named: Named, text: &str) -> Option<PublicId> {
        self.read(text).filter(|id| id.named == named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every number that names something.
    const NUMBERS: &[u8] = &[
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31,
    ];

    proptest! {
        #[test]
        fn an_id_reads_back_as_written(entity: u64, part: u32, number in prop::sample::select(NUMBERS)) {
            let ids = PublicIds::new([3; 32]);
            let Some(named) = Named::from_number(number) else {
                return Ok(());
            };
            let id = PublicId { named, entity, part };
            let text = ids.write(id);
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(uuid::Uuid::parse_str(&text).unwrap().get_version_num(), 8);
            prop_assert_eq!(ids.read(&text), Some(id));
            prop_assert_eq!(PublicIds::new([4; 32]).read(&text), None);
        }
    }

    #[test]
    fn an_id_of_another_maker_is_not_ours() {
        let ids = PublicIds::new([3; 32]);
        assert_eq!(ids.read("69691e1e-1d90-4355-8b78-acd41ef577f4"), None);
        assert_eq!(ids.read("C-1001"), None);
        assert_eq!(ids.read(""), None);
    }
}
