//! The bounds of whatever calls outwards, and of delivering messages.

use std::time::Duration;

/// How long a connection to a server of somebody else may take, with its name looked up and its certificate checked: three seconds
/// is one lost packet and its retry.
pub const OUTBOUND_CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long a whole exchange may take: gateways for text messages answer within one second, and who is slower is asked again.
pub const OUTBOUND_EXCHANGE_MAX: Duration = Duration::from_secs(10);

/// The longest answer that is read from elsewhere: ten times the largest list of signing keys that is known.
pub const OUTBOUND_BODY_BYTES_MAX: usize = 256 * 1_024;

/// The longest URL that is accepted, in bytes: what browsers and proxies agree on.
pub const OUTBOUND_URL_BYTES_MAX: usize = 2_048;

/// How many addresses of one name are tried: a name with more is not one of a server.
pub const OUTBOUND_ADDRESSES_MAX: usize = 16;

/// How many networks an operator may open: what a configuration's line holds.
pub const OUTBOUND_NETWORKS_MAX: usize = 64;
/// How many messages may wait to be delivered: at 300 bytes each, 30 MiB. That is an hour of ten busy tenants whose gateways are all
/// down; beyond it the follower stays where it is, and what lapses makes room.
pub const DELIVERIES_WAITING_MAX: usize = 100_000;

/// How many messages are being sent at a time: most of it is waiting for somebody else's answer, 200 ms as a rule, so 300 a second.
pub const DELIVERIES_AT_ONCE: usize = 64;

/// How many of those are one tenant's: one whose gateway hangs leaves room for all others.
pub const DELIVERIES_A_TENANT_AT_ONCE: usize = 8;

/// The pause after a message could not be sent; twice as long after each further try.
pub const DELIVERY_PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause between two tries: a code lasts ten minutes, and its owner waits.
pub const DELIVERY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// For how long a one-time token to a user is tried, in seconds, if it lasts longer: a day, by which a mail server is well again or nobody looks
/// after it. What is not sent by then leaves its room to others.
pub const LETTER_TRIED_FOR_S: u32 = 24 * 60 * 60;

/// How long one try of a message may take, whatever it goes through.
pub const DELIVERY_TRY_MAX: Duration = Duration::from_secs(15);

/// How often waiting messages are looked at when nothing wakes who sends them.
pub const DELIVERY_LOOK_EVERY: Duration = Duration::from_millis(500);

/// The longest file that a file sink writes on, in bytes: enough for a day of trying things out.
pub const FILE_SINK_BYTES_MAX: u64 = 16 * 1_024 * 1_024;

/// The longest token of an identity provider that is read, in bytes: twice what the largest with groups in it have.
pub const PROVIDER_TOKEN_BYTES_MAX: usize = 8_192;

/// The longest id of a person at a provider, in bytes (OpenID Connect Core, section 2).
pub const PROVIDER_SUBJECT_BYTES_MAX: usize = 255;

/// How many issuers' keys are held in memory: at 20 KiB each, 5 MiB. The one used least recently gives way.
pub const ISSUERS_KEPT_MAX: usize = 256;

/// How many keys of one issuer are read: the largest known list has ten.
pub const ISSUER_KEYS_MAX: usize = 64;

/// For how long an issuer's keys are used without asking again.
pub const ISSUER_KEYS_LAST: Duration = Duration::from_secs(60 * 60);

/// How soon an issuer is asked again for a key that it did not have, or after it did not answer: made-up tokens cannot have it asked more
/// often.
pub const ISSUER_ASK_PAUSE: Duration = Duration::from_secs(30);

/// By how much clocks of providers may differ from ours.
pub const PROVIDER_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// For how long somebody may take to sign in at a provider.
pub const CODE_FLOW_LASTS: Duration = Duration::from_secs(10 * 60);

/// How many addresses a provider may send people back to: one for each app, with a spare.
pub const REDIRECT_URLS_MAX: usize = 4;
