//! Bounds of signing in that the platform has; what one person may have stands in `domain/access`.

use std::time::Duration;

/// How many contacts' sessions are held in memory for requests that carry a token: 600 bytes each at most, 120 usually, so 25 to
/// 120 MB. Past it some are asked for at their contact, which costs a message.
pub const SESSIONS_PUBLISHED_MAX: usize = 200_000;

/// How often a proven registration looks whether its value is free while another registration of it is about to finish or fail: that
/// takes some milliseconds, and two seconds when disks are slow.
pub const CLAIM_TRIES_MAX: u32 = 100;

/// The pause between two looks.
pub const CLAIM_TRY_PAUSE: Duration = Duration::from_millis(20);

/// How many codes the test inbox of a tenant shows: a day of trying things out. Older ones have lapsed long before.
pub const INBOX_KEPT: usize = 1_000;
