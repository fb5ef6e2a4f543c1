//! The progress bar: on standard error, and only for someone who looks at a terminal.

use std::borrow::Cow;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::tally::Tally;

/// A bar for one phase of a run, cleared when it is dropped.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar of so many steps, or none when standard error is no terminal.
    pub(super) fn new(phase: impl Into<Cow<'static, str>>, steps: u64) -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {msg}");
        let style = style.unwrap_or_else(|_invalid| ProgressStyle::default_bar());
        Self(ProgressBar::new(steps).with_style(style).with_prefix(phase))
    }

    /// The steps of a bar that shows time.
    pub(super) fn steps_of(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Moves the bar, and shows the counts so far.
    pub(super) fn show(&self, position: u64, tally: &Tally) {
        if self.0.is_hidden() {
            return;
        }
        self.0.set_position(position);
        self.0.set_message(format!(
            "{} answered, {} errors",
            tally.answered(),
            tally.errors_total()
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
