//! What an organisation shows of itself: what it is, where it is, how it is reached and when it is open. Its contacts read all of it, so
//! that none of it is sealed.

use crate::domain::calendar::Local;
use crate::domain::contact::Field;
use crate::domain::offer::Hours;

/// What an organisation shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What it is, in sentences.
    pub description: Option<String>,
    /// Its industry.
    pub industry: Option<Word>,
    /// The sectors of industries that it works in.
    pub industry_sectors: Vec<Word>,
    /// What it does.
    pub business_activities: Vec<Word>,
    /// Where it is.
    pub addresses: Vec<Address>,
    /// How it is reached.
    pub contact_info: Vec<ContactInfo>,
    /// When it is open.
    pub operation: Operation,
    /// The words that it may be found by.
    pub tags: Vec<String>,
    /// What the tenant adds.
    pub custom_fields: Vec<Field>,
    /// How many addresses and ways to reach it ever got a number.
    pub parts: u32,
}

/// What a word says about an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Its industry.
    Industry,
    /// A sector of industries.
    Sector,
    /// What it does.
    Activity,
}

/// A word that organisations are grouped by. Its number, of which its id is made, derives from it: the same word of two organisations has one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The same for the same word, in capitals or not.
    pub number: u64,
    /// As it is written.
    pub name: String,
}

impl Word {
    /// The word of this name.
    pub fn of(subject: Subject, name: &str) -> Word {
        let name = name.trim();
        Word {
            number: Self::number_of(subject, name),
            name: name.to_owned(),
        }
    }

    /// The number of the word of this name.
    pub fn number_of(subject: Subject, name: &str) -> u64 {
        let key = match subject {
            Subject::Industry => "organisation industry",
            Subject::Sector => "organisation industry sector",
            Subject::Activity => "organisation business activity",
        };
        let hash = blake3::derive_key(key, name.trim().to_lowercase().as_bytes());
        u64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// A place of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Its number among the organisation's parts; 0 before it has one.
    pub number: u32,
    /// What the organisation calls it.
    pub name: Option<String>,
    /// Its first line.
    pub address_line_1: String,
    /// Its second line.
    pub address_line_2: Option<String>,
    /// Its state, province or county.
    pub state_province_county: Option<String>,
    /// Its town or city.
    pub town_city: String,
    /// Its postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-3.
    pub country_code: String,
    /// Who takes in what is sent there.
    pub care_of: Option<String>,
    /// Where on the globe it is.
    pub position: Option<Position>,
    /// The id by which maps of Google know it.
    pub google_place_id: Option<String>,
    /// Whether it is the one to show where there is room for one.
    pub is_primary: bool,
    /// Whether invoices go there.
    pub is_billing: bool,
    /// Whether it is for trials: nobody sees it in live mode.
    pub is_test_mode: bool,
}

/// A point on the globe, in [`Position::A_DEGREE`] parts of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// North of the equator.
    pub lat: i32,
    /// East of Greenwich.
    pub lon: i32,
}

impl Position {
    /// How many decimals of a degree are kept: a centimetre.
    pub const DECIMALS: u32 = 7;

    /// How many parts a degree has.
    pub const A_DEGREE: i32 = 10_000_000;
}

/// By what an organisation is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// E-mail.
    Email,
    /// Phone.
    Phone,
}

/// A way to reach an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactInfo {
    /// Its number among the organisation's parts; 0 before it has one.
    pub number: u32,
    /// Who or what is reached there.
    pub name: Option<String>,
    /// By what.
    pub reach: Reach,
    /// The address or number.
    pub value: String,
    /// Where the number is dialled, ISO 3166-1 alpha-3.
    pub country_code: Option<String>,
}

/// How customers get what they buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// In whatever way.
    Any,
    /// It is brought to them.
    Delivery,
    /// They come and get it.
    PickUp,
}

/// When an organisation is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// The hours of a usual week.
    pub opening_hours: Vec<Opening>,
    /// What is otherwise for the time being.
    pub short_term: Vec<ShortTerm>,
}

/// Hours at which an organisation is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// For what.
    pub supply: Supply,
    /// On one day of the week, by the organisation's clock.
    pub hours: Hours,
}

/// What is so for the time being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortTerm {
    /// Of what.
    pub supply: Supply,
    /// Whether it is closed, whatever the hours are.
    pub is_closed: bool,
}

impl Operation {
    /// Whether it is open for `wanted` at `local`; for anything at all, if that is [`Supply::Any`].
    pub fn is_open(&self, wanted: Supply, local: Local) -> bool {
        let is_closed = |of: Supply| {
            let mut closed = self.short_term.iter().filter(|it| it.is_closed);
            closed.any(|it| it.supply == of || it.supply == Supply::Any)
        };
        self.openings(wanted).any(|it| {
            let of = match it.supply {
                Supply::Any => wanted,
                of @ (Supply::Delivery | Supply::PickUp) => of,
            };
            it.hours.contain(local) && !is_closed(of)
        })
    }

    /// Its hours for `wanted`; all, if that is [`Supply::Any`].
    pub fn openings(&self, wanted: Supply) -> impl Iterator<Item = &Opening> {
        let all = self.opening_hours.iter();
        all.filter(move |it| {
            wanted == Supply::Any || it.supply == Supply::Any || it.supply == wanted
        })
    }
}

impl Opening {
    /// Whether these hours begin on a day of the week: 0 is Monday.
    pub fn is_on(&self, weekday: u8) -> bool {
        self.hours.days.checked_shr(weekday.into()).unwrap_or(0) & 1 == 1
    }
}

/// What to change of a profile: what is none stays as it is, and a list is changed as a whole.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// What it is, or that nothing says so.
    pub description: Option<Option<String>>,
    /// Its industry, or none.
    pub industry: Option<Option<Word>>,
    /// The sectors that it works in.
    pub industry_sectors: Option<Vec<Word>>,
    /// What it does.
    pub business_activities: Option<Vec<Word>>,
    /// Where it is. Those without a number get one.
    pub addresses: Option<Vec<Address>>,
    /// How it is reached. Those without a number get one.
    pub contact_info: Option<Vec<ContactInfo>>,
    /// When it is open.
    pub operation: Option<Operation>,
    /// The words that it may be found by.
    pub tags: Option<Vec<String>>,
    /// What the tenant adds.
    pub custom_fields: Option<Vec<Field>>,
}

impl ProfileChange {
    /// What becomes of a profile by it.
    pub fn on(&self, before: &Profile) -> Profile {
        fn set<T: Clone>(to: &mut T, from: Option<&T>) {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
        let mut profile = before.clone();
        set(&mut profile.description, self.description.as_ref());
        set(&mut profile.industry, self.industry.as_ref());
        set(
            &mut profile.industry_sectors,
            self.industry_sectors.as_ref(),
        );
        set(
            &mut profile.business_activities,
            self.business_activities.as_ref(),
        );
        set(&mut profile.addresses, self.addresses.as_ref());
        set(&mut profile.contact_info, self.contact_info.as_ref());
        set(&mut profile.operation, self.operation.as_ref());
        set(&mut profile.tags, self.tags.as_ref());
        set(&mut profile.custom_fields, self.custom_fields.as_ref());
        profile.number_parts();
        profile
    }
}

impl Profile {
    /// Gives each part that has no number the next one: none is ever used again.
    fn number_parts(&mut self) {
        let addresses = self.addresses.iter_mut().map(|it| &mut it.number);
        let info = self.contact_info.iter_mut().map(|it| &mut it.number);
        for number in addresses.chain(info).filter(|number| **number == 0) {
            self.parts = self.parts.saturating_add(1);
            *number = self.parts;
        }
    }
}
