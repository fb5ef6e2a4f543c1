//! Bounds of what an organisation shows of itself. All of it together is under 24 KiB, a third of a row; and 500 organisations of the
//! fullest kind are 12 MiB of a tenant's configuration in memory, where usual ones, of 600 bytes, are 300 KiB.

/// The longest description, in bytes of UTF-8: half a page.
pub const ORGANISATION_DESCRIPTION_BYTES_MAX: usize = 2_000;

/// The longest name of an industry, a sector or an activity, in characters: the longest of the official lists have 90.
pub const ORGANISATION_WORD_CHARS_MAX: usize = 100;

/// How many sectors and how many activities an organisation may have, each: more say nothing.
pub const ORGANISATION_WORDS_MAX: usize = 10;

/// How many tags an organisation may have.
pub const ORGANISATION_TAGS_MAX: usize = 20;

/// How many addresses and how many ways to reach it an organisation may have, each: places of its own are organisations below it.
pub const ORGANISATION_PARTS_MAX: usize = 10;

/// How much text its addresses may have in all, in bytes of UTF-8: ten of 400.
pub const ORGANISATION_ADDRESSES_BYTES_MAX: usize = 4_000;

/// How much text the ways to reach it may have in all, in bytes of UTF-8.
pub const ORGANISATION_CONTACT_INFO_BYTES_MAX: usize = 2_000;

/// How much text its custom fields may have in all, in bytes of UTF-8: twenty of 200.
pub const ORGANISATION_FIELDS_BYTES_MAX: usize = 4_000;

/// How many opening hours an organisation may have: three stretches a day for each way of supply.
pub const ORGANISATION_HOURS_MAX: usize = 63;

/// How many words a filter of a list may name in one parameter: each is held against every organisation.
pub const ORGANISATION_FILTER_WORDS_MAX: usize = 50;

/// How many levels a network may have: its owner, who runs it, a processor, a business, a merchant and a venue are six, with six more that hold
/// others together. Whoever asks what lies above something goes up so far.
pub const NETWORK_LEVELS_MAX: usize = 12;
