//! How much one caller may ask for. Each of them is a default that a tenant changes by its settings, or a bound on what it may set.

use std::time::Duration;

/// The highest rate of one API key that an operator may set, a second: what a node of a hundred cores might read.
pub const REQUESTS_PER_SECOND_PER_KEY_MAX: u32 = 10_000_000;

/// How many requests a second all apps make together by one public key: a tenth of what a node of two cores reads, so that who copied
/// the key out of an app does not take the node from the tills.
pub const PUBLIC_KEY_REQUESTS_PER_SECOND: u32 = 10_000;

/// How many requests a minute come from one address by public keys and tokens: a hundred a second, what a café full of people does who
/// share one. A person makes some ten a minute.
pub const ADDRESS_REQUESTS_PER_MINUTE: u32 = 6_000;

/// How many requests a minute one contact or user makes: ten a second, an app that shows a dozen things at once after each touch.
pub const ACCOUNT_REQUESTS_PER_MINUTE: u32 = 600;

/// The same of requests without a working credential, unless the operator says otherwise.
pub const ANONYMOUS_REQUESTS_PER_MINUTE_PER_ADDRESS: u32 = 6_000;

/// The most that an operator may let one address ask for: where a proxy hides its clients' addresses.
pub const REQUESTS_PER_MINUTE_PER_ADDRESS_MAX: u32 = 100_000_000;

/// The most requests that a tenant's rate may let through in its time: beyond any node.
pub const RATE_REQUESTS_MAX: u32 = 10_000_000;

/// The longest time of such a rate, in seconds: a day.
pub const RATE_SECONDS_MAX: u32 = 86_400;

/// How many callers are told apart by one rate: 100 bytes each, 20 MiB. Beyond it all share one account of their own until some have
/// been quiet, so that whoever comes from a million addresses gains nothing.
pub const CALLERS_TOLD_APART_MAX: usize = 200_000;

/// How often the rates of idle callers are forgotten.
pub const QUOTA_UPKEEP_EVERY: Duration = Duration::from_secs(60);

/// How many wrong codes and passwords may come from one address within [`WRONG_FROM_AN_ADDRESS_LASTS_S`]: ten people behind it who each
/// mistype five times. After that it is refused for the rest of the time, whomever it tries.
pub const WRONG_FROM_AN_ADDRESS_MAX: u32 = 50;

/// For how long wrong answers of an address are counted, in seconds: as long as an account is locked.
pub const WRONG_FROM_AN_ADDRESS_LASTS_S: u32 = 15 * 60;

/// How many pages of an audit log a list looks through: 100,000 lines, a second's work. An export has all.
pub const AUDIT_PAGES_LOOKED_AT_MAX: usize = 1_000;

/// How many addresses with wrong answers are told apart in that time, at 60 bytes each; beyond it the others count as one.
pub const GUESSERS_TOLD_APART_MAX: usize = 100_000;

/// How many questions whether somebody is known one address may ask within [`EXISTENCE_QUESTIONS_SECONDS`]: a person who registers asks two or three.
pub const EXISTENCE_QUESTIONS_PER_ADDRESS: u32 = 30;

/// The same of all addresses together, to one tenant in one mode: as many as it has codes sent.
pub const EXISTENCE_QUESTIONS_PER_TENANT: u32 = 10_000;

/// How many guests and devices one address may let in within an hour: those of a full café. Each leaves a contact, and proves nothing for it.
pub const GUESTS_PER_ADDRESS: u32 = 100;

/// The same of all addresses together, to one tenant in one mode: as many as it has codes sent, so that guests fill a disk no faster than
/// registrations do.
pub const GUESTS_PER_TENANT: u32 = 10_000;

/// For how long guests are counted: an hour.
pub const GUESTS_SECONDS: u32 = 3_600;

/// The shortest `Idempotency-Key` of a registration that proves nothing, in characters: whoever sends it again gets the contact, so that it
/// must be as hard to guess as a UUID.
pub const UNPROVEN_IDEMPOTENCY_KEY_CHARS_MIN: usize = 20;

/// For how long these questions are counted: an hour.
pub const EXISTENCE_QUESTIONS_SECONDS: u32 = 3_600;

/// How many codes and letters one address may have sent within [`CODES_SECONDS`], by public keys and tokens of contacts: somebody new in a full café
/// every twelve seconds. It takes more than thirty addresses to use up what all of them have.
pub const CODES_PER_ADDRESS: u32 = 300;

/// The same of all addresses together, for one tenant in one mode: three a second, the rate of a campaign that brings everybody to an app at once.
/// It bounds what somebody can have recorded, and sent at the tenant's expense, who tries many numbers from many places.
pub const CODES_OF_STRANGERS: u32 = 10_000;

/// The same of a tenant's own tills and users, by secret keys and sessions: so that strangers cannot use theirs up.
pub const CODES_OF_THE_BUSINESS: u32 = 10_000;

/// For how long codes are counted: an hour.
pub const CODES_SECONDS: u32 = 3_600;
