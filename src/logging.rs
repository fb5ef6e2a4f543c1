//! The log: text for a person at a terminal, JSON lines for everything else, always on standard error, so that what a
//! command prints stays usable by the next program.
//!
//! No line can be forged: whatever a client sends, a carriage return, line feed or other control character of it is
//! written as an escape. What must never be logged (secrets, codes, full e-mail addresses and phone numbers) is up to
//! the callers.

use std::fmt::{self, Write as _};
use std::io::IsTerminal;

use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `RUST_LOG` or `log.level` holds what are no directives.
    #[error(
        "{origin} does not fit: {source}; write error, warn, info, debug or trace, or target=level pairs"
    )]
    Directives {
        /// Which of the two.
        origin: &'static str,
        /// What is wrong.
        source: tracing_subscriber::filter::ParseError,
    },
    /// There is a log already.
    #[error("the log is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts the log of the process.
///
/// # Errors
/// [`Error::Directives`] if `RUST_LOG` or the setting are no directives; [`Error::Twice`] on a second call.
pub fn init(log: &Log) -> Result<(), Error> {
    let terminal = std::io::stderr().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let overriding = std::env::var("RUST_LOG").ok().filter(|it| !it.is_empty());
    let filter = match &overriding {
        Some(directives) => directives_of("RUST_LOG", directives)?,
        None => directives_of("log.level", &log.level)?,
    };
    match form(log.format, terminal) {
        Form::Text => text(std::io::stderr, colour)
            .with_env_filter(filter)
            .finish()
            .try_init()?,
        Form::Json => json(std::io::stderr)
            .with_env_filter(filter)
            .finish()
            .try_init()?,
    }
    Ok(())
}

/// ractor enters a span of level info with every message; nobody reads it, and it costs as much as the message.
const QUIET: &str = "ractor=warn";

/// Reads directives such as `info,clientele::actors=debug`.
///
/// # Errors
/// What is wrong with them.
pub fn filter(directives: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    EnvFilter::builder().parse(format!("{QUIET},{directives}"))
}

fn directives_of(origin: &'static str, directives: &str) -> Result<EnvFilter, Error> {
    filter(directives).map_err(|source| Error::Directives { origin, source })
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

fn form(format: LogFormat, terminal: bool) -> Form {
    match format {
        LogFormat::Text => Form::Text,
        LogFormat::Json => Form::Json,
        LogFormat::Auto if terminal => Form::Text,
        LogFormat::Auto => Form::Json,
    }
}

type Text<W> = SubscriberBuilder<
    Escaped,
    tracing_subscriber::fmt::format::Format,
    tracing_subscriber::filter::LevelFilter,
    W,
>;

fn text<W>(writer: W, colour: bool) -> Text<W>
where
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt()
        .with_ansi(colour)
        .fmt_fields(Escaped)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(writer)
}

type Json<W> = SubscriberBuilder<
    tracing_subscriber::fmt::format::JsonFields,
    tracing_subscriber::fmt::format::Format<tracing_subscriber::fmt::format::Json>,
    tracing_subscriber::filter::LevelFilter,
    W,
>;

/// JSON escapes control characters by itself.
fn json<W>(writer: W) -> Json<W>
where
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(writer)
}

/// Writes fields as `name=value`, the message bare, and control characters as escapes.
#[derive(Debug, Clone, Copy)]
struct Escaped;

impl<'writer> FormatFields<'writer> for Escaped {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Visitor {
            out: Escape(writer),
            first: true,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'writer> {
    out: Escape<'writer>,
    first: bool,
    result: fmt::Result,
}

impl tracing::field::Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.result.is_err() {
            return;
        }
        let separator = if std::mem::take(&mut self.first) {
            ""
        } else {
            " "
        };
        self.result = match field.name() {
            "message" => write!(self.out, "{separator}{value:?}"),
            name => write!(self.out, "{separator}{name}={value:?}"),
        };
    }
}

/// Passes text on, control characters as escapes: `\n`, `\r`, `\u{1b}`.
struct Escape<'writer>(Writer<'writer>);

impl fmt::Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(|letter: char| letter.is_control()) {
            match part.chars().next_back().filter(|last| last.is_control()) {
                Some(control) => {
                    let plain = part.strip_suffix(control).unwrap_or_default();
                    self.0.write_str(plain)?;
                    write!(self.0, "{}", control.escape_default())?;
                }
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Captured {
        fn lines(&self) -> Vec<String> {
            let bytes = self.0.lock().clone();
            String::from_utf8(bytes)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect()
        }
    }

    const FORGED: &str = "till-7\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[31m\u{85}";

    fn log_forgery(subscriber: impl tracing::Subscriber + Send + Sync) {
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", agent = %FORGED);
            span.in_scope(|| tracing::info!(id = %FORGED, "asked by {FORGED}"));
        });
    }

    #[test]
    fn a_client_cannot_forge_a_line_of_text() {
        let captured = Captured::default();
        let writer = captured.clone();
        log_forgery(text(move || writer.clone(), false).finish());
        let lines = captured.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].chars().all(|letter| !letter.is_control()),
            "{lines:?}"
        );
        assert!(lines[0].contains(r"id=till-7\r\n2026"), "{lines:?}");
        assert!(lines[0].contains(r"agent=till-7\r\n2026"), "{lines:?}");
        assert!(lines[0].contains(r"asked by till-7\r\n2026"), "{lines:?}");
    }

    #[test]
    fn a_client_cannot_forge_a_line_of_json() {
        let captured = Captured::default();
        let writer = captured.clone();
        log_forgery(json(move || writer.clone()).finish());
        let lines = captured.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        let event: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(event["id"], FORGED);
        assert_eq!(event["level"], "INFO");
        assert_eq!(event["span"]["agent"], FORGED);
    }

    #[test]
    fn a_terminal_gets_text_and_everything_else_json_unless_told_otherwise() {
        assert_eq!(form(LogFormat::Auto, true), Form::Text);
        assert_eq!(form(LogFormat::Auto, false), Form::Json);
        assert_eq!(form(LogFormat::Text, false), Form::Text);
        assert_eq!(form(LogFormat::Json, true), Form::Json);
    }

    #[test]
    fn directives_that_nobody_understands_are_refused() {
        assert!(filter("info,clientele::actors=debug").is_ok());
        assert!(filter("clientele=loud").is_err());
    }
}
