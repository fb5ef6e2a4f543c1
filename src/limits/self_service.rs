//! The bounds of self-service: tokens, and what a stranger may learn from time.

use std::time::Duration;

/// The longest text that is read as a token, in bytes: four times what one of ours has, and far below what a head may have.
pub const TOKEN_CHARS_MAX: usize = 2_048;

/// How many verified tokens are remembered: at 100 bytes each, 20 MiB. That is everybody who uses an app within a quarter of an hour, where a
/// million contacts have one; beyond it, a token is verified again (60 us).
pub const TOKENS_VERIFIED_MAX: usize = 200_000;

/// How long one key signs tokens, in days: a quarter of a year, so that a change is an everyday matter.
pub const SIGNING_KEY_LASTS_DAYS: u32 = 90;

/// Answers that could tell by their time whether somebody has a phone number wait for the next multiple of this: more than the difference
/// between reading a contact and not, and less than a person notices.
pub const TELLING_TIME_STEP: Duration = Duration::from_millis(25);

/// How many spend tokens that are not good one API key may present in [`SPEND_TOKEN_MISSES_WITHIN`]: a busy network's tills have that many
/// that came too late. Whoever guesses digits finds one of a million living tokens in 10^9 tries, which takes 190 years.
pub const SPEND_TOKEN_MISSES_MAX: u32 = 100;

/// How many codes that claim nothing one contact may present in [`SPEND_TOKEN_MISSES_WITHIN`]: somebody who mistypes each of two receipts five
/// times. A code has 80 bits, so that this is for quiet logs rather than against luck.
pub const CLAIM_MISSES_MAX: u32 = 10;

/// For how long they count.
pub const SPEND_TOKEN_MISSES_WITHIN: Duration = Duration::from_secs(10 * 60);

/// The longest token by which messages are pushed to a device: those of the common services have under 300 characters.
pub const DEVICE_TOKEN_CHARS_MAX: usize = 512;

/// The largest image of a contact, in bytes: what a phone makes of a face, with room, and within [`BODY_BYTES_MAX`](super::BODY_BYTES_MAX)
/// with the form around it.
pub const IMAGE_BYTES_MAX: usize = 240 * 1_024;

/// How many pieces it has at most: of 48 KiB each.
pub const IMAGE_PIECES_MAX: u32 = 5;

/// The longest key of a custom field, in characters: what a program calls it.
pub const CUSTOM_FIELD_KEY_CHARS_MAX: usize = 64;

/// How much text a custom field has in all, in bytes: key, label, tooltip and options. So many of all of them fit a third of a row.
pub const CUSTOM_FIELD_TEXT_BYTES_MAX: usize = 400;

/// How much an application takes as JSON, in bytes, before it is sealed. Four of them fill a half of a row.
pub const APPLICATION_BYTES_MAX: usize = 9 * 1_024;

/// How many entries each list of an application may have: more than people look through.
pub const APPLICATION_LIST_MAX: usize = 30;

/// The longest text of an application, in characters: small print, where there is no page for it.
pub const APPLICATION_TEXT_CHARS_MAX: usize = 4_000;

/// How much text the places of an application have together, in bytes, as they lie beside what is sealed.
pub const APPLICATION_PLACES_BYTES_MAX: usize = 1_000;
