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

/// When time alone makes something due: by the clock of business, which a test clock moves, and on the wall, by which credentials go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dues {
    /// By the clock of business.
    pub business: Option<Timestamp>,
    /// On the wall.
    pub wall: Option<Timestamp>,
}

impl Dues {
    /// Due by the clock of business only, if at all.
    pub fn of_business(business: Option<Timestamp>) -> Dues {
        Dues {
            business,
            wall: None,
        }
    }

    /// Due on the wall only, if at all.
    pub fn on_wall(wall: Option<Timestamp>) -> Dues {
        Dues {
            business: None,
            wall,
        }
    }

    /// The earlier of both as they are written: where a row lies, and whether there is one.
    pub fn first(self) -> Option<Timestamp> {
        [self.business, self.wall].into_iter().flatten().min()
    }
}
