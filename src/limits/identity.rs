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

/// How long one change of a user's roles may take, in seconds, while others in the network wait: a hundred times what it takes. Whoever was cut short holds them
/// up for no longer.
pub const ROLE_CHANGE_LASTS_S: u32 = 5;

/// How many codes the test inbox of a tenant shows: a day of trying things out. Older ones have lapsed long before.
pub const INBOX_KEPT: usize = 1_000;

/// How many passwords are hashed at a time at most, of which each takes 19 MiB, and once more when the cores are busy for long. They get what the cores have left (SCHED_IDLE): with a
/// niceness, which delays others when they wake up, a storm of logins made the p99 of awards twelve times as long.
pub const PASSWORD_THREADS_MAX: usize = 4;

/// How many passwords wait to be hashed: some 600 ms of one thread. Who comes later is better told to come again.
pub const PASSWORDS_WAITING_MAX: usize = 32;

/// When whoever found the line full is to come again: it is worked off by then.
pub const PASSWORD_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long no password may have been hashed although some wait, until one is hashed whatever else the cores have to do: so that four
/// people a second get in, who wait for it no longer than for a slow page.
pub const PASSWORD_PATIENCE: Duration = Duration::from_millis(250);

/// The niceness of the thread that does so: it gets a tenth of a core that requests want too.
pub const PASSWORD_LATE_THREAD_NICE: i32 = 10;

/// The shortest password that may be chosen, in characters (NIST SP 800-63B-4).
pub const PASSWORD_CHARS_MIN: usize = 8;

/// The longest password, in characters: beyond it nobody types, and hashing a long text is work too.
pub const PASSWORD_CHARS_MAX: usize = 128;

/// How many users are held in memory for requests that carry a token: some 2 KiB each at most, so 100 MB; usually a tenth. Past it
/// some are asked for at their entity, which costs a message.
pub const USERS_PUBLISHED_MAX: usize = 50_000;
