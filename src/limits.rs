//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;

// ---- http: the edge

/// The most faults that one 422 names: a person mends a handful at a time, and a hostile body must not buy an answer
/// larger than itself (32 faults of 256 characters stay under 16 KiB).
pub const FAULTS_MAX: usize = 32;

/// The longest pointer of a fault, in characters: our own deepest one is under 80; the rest is room for free-form maps.
pub const FAULT_POINTER_CHARS_MAX: usize = 256;

/// The longest detail of a fault that quotes what was expected, in characters: our longest enum lists under 20 values
/// of 25 characters.
pub const FAULT_DETAIL_CHARS_MAX: usize = 512;

/// `Retry-After` on a 429 or 503 that knows no better: queues drain within milliseconds, so the smallest value that the
/// header can say is already generous.
pub const RETRY_AFTER_DEFAULT: std::time::Duration = std::time::Duration::from_secs(1);

/// The largest body of an ordinary request, in bytes. The largest one of the contract, a purchase with 500 lines of 400
/// bytes, is 200 KiB; 64 connections that all send the maximum hold 16 MiB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The deepest nesting of arrays and objects in a body. The contract's deepest is 6; parsing recurses, at under 1 KiB of
/// stack a level, so 128 levels stay far below the 2 MiB of a worker thread.
pub const JSON_DEPTH_MAX: usize = 128;

/// The most minor units that an amount on the wire may have: 15 digits, which binary floating point, and so every JSON
/// library, carries exactly. It is ten trillion euro.
pub const WIRE_MINOR_MAX: i64 = 999_999_999_999_999;

/// The longest request id that a client may choose, in bytes: a UUID has 36, a trace id 32, and it goes into every log line.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// How long a request's head may take from its first byte. A head fits two packets; 10 s is three retransmissions on a bad
/// mobile link.
pub const HEAD_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// How long a body may take: `BODY_BYTES_MAX` in 30 s is 9 KB/s, which the slowest link that tills are on (2G) reaches.
pub const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How long a connection may be silent: longer than the 60 s after which common load balancers drop theirs, so that it is
/// always the client's side that closes, and no request meets a closing connection.
pub const IDLE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(75);

/// How long a peer may leave an answer unread before its connection is dropped; as for a body that it sends.
pub const WRITE_STALL_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How long shutdown waits for requests in flight: promise 6 of the security notes, and Kubernetes' default grace.
pub const DRAIN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Connections in all. One takes about 30 KiB with its buffers, so 16,384 are 0.5 GiB; raise the limit of open files above.
pub const CONNECTIONS_MAX: usize = 16_384;

/// Connections of one peer: a site of 200 tills behind one address with 5 each. Behind a proxy that hides its clients'
/// addresses, raise it to `CONNECTIONS_MAX`.
pub const CONNECTIONS_PER_PEER_MAX: usize = 1_024;

/// Connections that the kernel completes before they are accepted: one second of reconnecting tills at 4,096 a second.
/// The kernel caps it at `net.core.somaxconn`, 4,096 by default.
pub const LISTEN_BACKLOG: u32 = 4_096;

/// The largest head, in bytes: a token of 4 KiB, cookies of 8 KiB, and a URL of 2 KiB, rounded up. Over it: 431.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most header lines; hyper's own bound. Over it: 431.
pub const HEAD_LINES_MAX: usize = 100;

/// How much of a head's copy an idle connection keeps allocated: an ordinary head with its small body.
pub const HEAD_BYTES_KEPT: usize = 1024;

/// The largest read buffer of a connection, in bytes: twice the largest head. Bodies pass through it in pieces.
pub const CONNECTION_BUFFER_BYTES_MAX: usize = 2 * HEAD_BYTES_MAX;

/// How long, and how many bytes, a closing connection still reads so that its last answer is not lost to a reset: a
/// client that has sent `BODY_BYTES_MAX` too much sees its 413.
pub const LINGER_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// See [`LINGER_TIMEOUT`].
pub const LINGER_BYTES_MAX: usize = 2 * BODY_BYTES_MAX;

/// How many connections over the cap are told so at a time; the rest are just closed. 64 tasks of half a second at most.
pub const REFUSALS_MAX: usize = 64;

/// How long accepting pauses when the process is out of file descriptors: a tenth of what a client waits at most.
pub const ACCEPT_BACKOFF: std::time::Duration = std::time::Duration::from_millis(100);
