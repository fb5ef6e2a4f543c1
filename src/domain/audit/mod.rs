//! The audit log of a tenant and mode: who did what, in a chain of lines that nobody changes unnoticed.
//!
//! A line's hash is over its own fields and the hash of the line before it. The log is kept in pages, each an entity of its own: a page
//! begins with the number and the hash after which it goes on, takes lines until it is full, and never changes again.
//!
//! Deliberately absent: anything personal. A line names keys, users, contacts and what they acted on by ids that we made, never by
//! values that somebody chose.

use super::time::Timestamp;

/// How many lines one page takes: with the longest texts 420 bytes each, 42 KiB, under two thirds of a row.
pub const PAGE_LINES: usize = 100;

/// The longest text in a line, in bytes: the kind of an actor and a public id are 49, an operation is a name of ours.
pub const TEXT_BYTES_MAX: usize = 64;

/// The hash of a line, or that before the first.
pub type Hash = [u8; 32];

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked for, and is about to be done. Written before anything is: no other line after it means that nobody was told.
    Asked,
    /// It was done.
    Done,
    /// It was refused, and nothing happened.
    Refused,
    /// It may have been done.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 4] = [
        Outcome::Asked,
        Outcome::Done,
        Outcome::Refused,
        Outcome::Unknown,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Asked => "ASKED",
            Outcome::Done => "DONE",
            Outcome::Refused => "REFUSED",
            Outcome::Unknown => "UNKNOWN",
        }
    }
}

/// What is written down of an operation. Each text is at most [`TEXT_BYTES_MAX`] long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who did it: `key:`, `contact:`, `user:` or `organisation:` and a public id.
    pub actor: String,
    /// The user behind a masquerade, likewise.
    pub masquerader: Option<String>,
    /// What was done, such as `api_keys.create`.
    pub operation: String,
    /// The public id of what it was done to.
    pub target: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the log, from 1 without gaps.
    pub number: u64,
    /// When, on the clock of credentials.
    pub at: Timestamp,
    /// What.
    pub entry: Entry,
    /// Over all of it and the hash of the line before.
    pub hash: Hash,
}

impl Line {
    /// The line that follows one of this number and hash.
    pub fn after(number: u64, previous: &Hash, at: Timestamp, entry: Entry) -> Line {
        let mut line = Line {
            number: number.saturating_add(1),
            at,
            entry,
            hash: Hash::default(),
        };
        line.hash = line.hash_after(previous);
        line
    }

    /// What its hash must be after a line with the hash `previous`.
    pub fn hash_after(&self, previous: &Hash) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key("clientele audit log v1");
        hasher.update(previous);
        hasher.update(&self.number.to_be_bytes());
        hasher.update(&self.at.0.to_be_bytes());
        let Entry {
            actor,
            masquerader,
            operation,
            target,
            outcome,
        } = &self.entry;
        let texts = [
            Some(actor.as_str()),
            masquerader.as_deref(),
            Some(operation.as_str()),
            target.as_deref(),
            Some(outcome.name()),
        ];
        for text in texts {
            // Its length first, and none told apart from empty: two lines never read alike.
            let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(0));
            hasher.update(&length.to_be_bytes());
            hasher.update(text.unwrap_or_default().as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

/// After which line a page goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// How many lines stand on the pages before.
    pub lines: u64,
    /// The hash of the last of them.
    pub hash: Hash,
}

/// A page as it stands: absent until it is begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// After which line it goes on.
    pub start: Option<Start>,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// What a page can be asked to do. Nothing changes or removes a line.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin after the page before.
    Begin(Start),
    /// Write a line.
    Append(Entry),
}

/// What happened to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was begun.
    Begun(Start),
    /// A line was written.
    Appended(Line),
}

/// Why a page refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is to be begun first.
    NotBegun,
    /// It goes on after another line.
    BegunOtherwise,
    /// It takes no more lines.
    PageFull,
    /// A text is too long.
    TextTooLong,
}

impl Page {
    /// Decides `command`, at this time on the clock of credentials.
    pub fn decide(&self, command: &Command, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        match (command, self.start) {
            (Command::Begin(start), None) => Ok(vec![Event::Begun(*start)]),
            (Command::Begin(start), Some(begun)) if *start == begun => Ok(Vec::new()),
            (Command::Begin(_), Some(_)) => Err(Rejection::BegunOtherwise),
            (Command::Append(_), None) => Err(Rejection::NotBegun),
            (Command::Append(_), Some(_)) if self.is_full() => Err(Rejection::PageFull),
            (Command::Append(entry), Some(_)) if !entry.fits() => Err(Rejection::TextTooLong),
            (Command::Append(entry), Some(start)) => {
                let end = self.end().unwrap_or(start);
                let line = Line::after(end.lines, &end.hash, wall, entry.clone());
                Ok(vec![Event::Appended(line)])
            }
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Begun(start) => self.start = Some(*start),
            Event::Appended(line) => self.lines.push(line.clone()),
        }
    }

    /// Whether it takes no more lines.
    pub fn is_full(&self) -> bool {
        self.lines.len() >= PAGE_LINES
    }

    /// Where the next page goes on, if this one is begun.
    pub fn end(&self) -> Option<Start> {
        let last = self.lines.last().map(|line| Start {
            lines: line.number,
            hash: line.hash,
        });
        last.or(self.start)
    }
}

impl Entry {
    fn fits(&self) -> bool {
        let texts = [
            Some(&self.actor),
            self.masquerader.as_ref(),
            Some(&self.operation),
            self.target.as_ref(),
        ];
        let mut texts = texts.into_iter().flatten();
        texts.all(|text| text.len() <= TEXT_BYTES_MAX)
    }
}

/// What is wrong with a chain of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// A line does not have the number that follows: lines were taken out, put in or reordered.
    Number {
        /// The number that would follow.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// A line says something else than was written, or follows another line than it did.
    Hash {
        /// Its number.
        number: u64,
    },
}

/// Follows a chain line by line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verifier(Start);

impl Verifier {
    /// Takes the next line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, line: &Line) -> Result<(), Break> {
        let expected = self.0.lines.saturating_add(1);
        if line.number != expected {
            return Err(Break::Number {
                expected,
                found: line.number,
            });
        }
        if line.hash != line.hash_after(&self.0.hash) {
            return Err(Break::Hash {
                number: line.number,
            });
        }
        self.0 = Start {
            lines: line.number,
            hash: line.hash,
        };
        Ok(())
    }

    /// How far it has come: the number of lines and the hash of the last.
    pub fn end(&self) -> Start {
        self.0
    }
}

#[cfg(test)]
mod tests;
