//! Bounds of what a tenant sets up about its customers; how many of each there may be stands in `domain/configuration`.

/// The longest tag, in characters: what fits a label.
pub const TAG_CHARS_MAX: usize = 32;

/// How much text a segment or a tier has, in bytes: what an app shows of it. So many of all of them fit a row.
pub const REWARD_TEXT_BYTES_MAX: usize = 400;

/// For how many days after its creation a contact may count as new: ten years, past any campaign.
pub const REGISTERED_WITHIN_DAYS_MAX: u32 = 3_660;

/// How many units one of what makes them may make: enough for points in thousandths of a cent.
pub const CONVERSION_RATE_MAX: u32 = 1_000_000;

/// How many purchases or products a goal may ask for.
pub const GOAL_COUNT_MAX: u32 = 1_000_000;

/// How many days of membership a goal may ask for: ten years.
pub const GOAL_DAYS_MAX: u32 = 3_660;

/// How short and how long a scheme's sign-up code may be, in characters: five guesses in a quarter of an hour find none of eight.
pub const SIGN_UP_CODE_CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// The longest domain that a scheme may name, in characters: few are half as long.
pub const EMAIL_DOMAIN_CHARS_MAX: usize = 100;

/// From how many units on a tier may begin: the contract's integers have 32 bits.
pub const VALUE_UNITS_MAX: u32 = i32::MAX.unsigned_abs();

/// The most text that contacts read of an offer, in bytes: a page of small print. With all else that it has, its row is full then.
pub const OFFER_DESCRIPTION_BYTES_MAX: usize = 4_000;
