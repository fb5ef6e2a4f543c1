//! `Server-Timing`: where the time of a request went, for whoever waits for it.
use std::fmt::Write;
use std::time::Duration;

use http::HeaderValue;

/// The stages of a command. A handler that knows them inserts this into its response's extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Reading, authenticating, validating, and waiting for a permit.
    pub admit: Duration,
    /// Waiting in the entity's mailbox.
    pub queue: Duration,
    /// Deciding what happens.
    pub decide: Duration,
    /// Waiting until the record is durable.
    pub journal: Duration,
}

impl Timings {
    /// Milliseconds with three decimals (W3C Server Timing, section 4): `admit;dur=0.012, queue;dur=0.003, …`.
    pub(super) fn header(&self) -> HeaderValue {
        let mut text = String::with_capacity(80);
        for (name, duration) in [
            ("admit", self.admit),
            (", queue", self.queue),
            (", decide", self.decide),
            (", journal", self.journal),
        ] {
            // A division of 64 bits is one instruction, of 128 a call.
            let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
            // Writing to a String has no way to fail.
            let _infallible = write!(text, "{name};dur={}.{:03}", micros / 1000, micros % 1000);
        }
        // Digits, letters and punctuation only, so it is a valid value.
        HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
            .unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Timings;

    #[test]
    fn durations_are_milliseconds_with_three_decimals() {
        let timings = Timings {
            admit: Duration::from_nanos(12_999),
            queue: Duration::ZERO,
            decide: Duration::from_micros(1_002),
            journal: Duration::from_secs(61),
        };
        assert_eq!(
            timings.header(),
            "admit;dur=0.012, queue;dur=0.000, decide;dur=1.002, journal;dur=61000.000"
        );
    }
}
