//! Points in time. Where they come from is not known here: a clock hands them in.

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Span {
    /// `n` seconds.
    pub const fn seconds(n: u32) -> Span {
        Span((n as i64).saturating_mul(1_000))
    }

    /// `n` days of 24 hours.
    pub const fn days(n: u32) -> Span {
        Span((n as i64).saturating_mul(86_400_000))
    }
}

impl Timestamp {
    /// This point moved later by `span`, at most to the end of time.
    pub fn after(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }

    /// This point moved earlier by `span`.
    pub fn before(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }

    /// Whole seconds since the Unix epoch, as the wire contract writes dates.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The point `seconds` after the Unix epoch.
    pub fn from_unix_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1_000))
    }
}
