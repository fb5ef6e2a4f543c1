//! Media: pieces of what is too large for a row of its own, such as a contact's image. A piece is sealed by whoever keeps it, with the key of
//! the contact that it belongs to, and so is unreadable once that contact is erased.
//!
//! A piece that was kept, or is about to be replaced, is in doubt: unless it was cleared by then, its place asks the contact whether it names
//! what the piece is of. So nothing stays for good that nobody names, whatever a crash or a refusal came between.

use std::sync::Arc;

use super::directory_entry::Obligation;
use super::time::{Dues, Span, Timestamp};

/// The largest piece, in bytes before it is sealed: with what a record and a row have around it, well below what both may take.
pub const PIECE_BYTES_MAX: usize = 48 * 1_024;

/// For how long a piece is in doubt before its contact is asked: far longer than any request takes.
pub const IN_DOUBT_FOR: Span = Span::seconds(60 * 60);

/// A piece of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The number of what it is a piece of.
    pub of: u32,
    /// The contact that it belongs to, by entity number.
    pub contact: u64,
    /// Its bytes, sealed.
    pub sealed: Arc<[u8]>,
    /// While it is in doubt: when the contact is asked.
    pub asks_at: Option<Timestamp>,
}

/// What a place for a piece can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Keep a piece, in place of any other.
    Keep {
        /// The number of what it is a piece of.
        of: u32,
        /// The contact that it belongs to.
        contact: u64,
        /// Its bytes, sealed.
        sealed: Arc<[u8]>,
    },
    /// What has this number may soon be named no longer.
    Doubt(u32),
    /// What the contact said of the number, when it was asked at the time that is told.
    Settle {
        /// The number.
        of: u32,
        /// When the contact was to be asked: a later doubt is not settled by it.
        asked_at: Timestamp,
        /// Whether the contact names it.
        is_named: bool,
    },
    /// Keep none of what has this number.
    Clear(u32),
}

/// What happened to a place for a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It got a piece.
    Kept(Piece),
    /// It has none.
    Cleared,
    /// Its piece is in doubt until this time on the wall.
    Doubted(Timestamp),
    /// Its contact names what the piece is of.
    Settled,
}

/// A place for a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Piece>);

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command, wall: Timestamp) -> Vec<Event> {
        let asks_at = wall.after(IN_DOUBT_FOR);
        let kept = |of: &u32| self.0.as_ref().filter(|piece| piece.of == *of);
        match command {
            Command::Keep {
                of,
                contact,
                sealed,
            } => match kept(of) {
                // A number names one content: what is sealed anew is the same. But whoever keeps it again has yet to name it.
                Some(piece) if piece.asks_at.is_some() => vec![Event::Doubted(asks_at)],
                Some(_) => Vec::new(),
                None => vec![Event::Kept(Piece {
                    of: *of,
                    contact: *contact,
                    sealed: Arc::clone(sealed),
                    asks_at: Some(asks_at),
                })],
            },
            Command::Doubt(of) => match kept(of) {
                Some(_) => vec![Event::Doubted(asks_at)],
                None => Vec::new(),
            },
            Command::Settle {
                of,
                asked_at,
                is_named,
            } => match kept(of).filter(|piece| piece.asks_at == Some(*asked_at)) {
                Some(_) if *is_named => vec![Event::Settled],
                Some(_) => vec![Event::Cleared],
                None => Vec::new(),
            },
            Command::Clear(of) => match kept(of) {
                Some(_) => vec![Event::Cleared],
                None => Vec::new(),
            },
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Kept(piece) => self.0 = Some(piece.clone()),
            Event::Cleared => self.0 = None,
            Event::Doubted(asks_at) => self.doubt(Some(*asks_at)),
            Event::Settled => self.doubt(None),
        }
    }

    fn doubt(&mut self, asks_at: Option<Timestamp>) {
        if let Some(piece) = &mut self.0 {
            piece.asks_at = asks_at;
        }
    }

    /// When the contact of its piece is to be asked.
    pub fn next_due(&self) -> Dues {
        Dues::on_wall(self.0.as_ref().and_then(|piece| piece.asks_at))
    }

    /// Whom to ask at `wall`.
    pub fn obligations(&self, wall: Timestamp) -> Vec<Obligation> {
        let piece = self.0.as_ref();
        let due = piece.and_then(|piece| Some((piece, piece.asks_at.filter(|at| *at <= wall)?)));
        let owed = due.map(|(piece, asked_at)| Obligation::AskOfPiece {
            contact: piece.contact,
            of: piece.of,
            asked_at,
        });
        owed.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn keep(of: u32) -> Command {
        Command::Keep {
            of,
            contact: 9,
            sealed: Arc::from([1, 2, 3]),
        }
    }

    fn later() -> Timestamp {
        NOW.after(IN_DOUBT_FOR)
    }

    fn settle(of: u32, asked_at: Timestamp, is_named: bool) -> Command {
        Command::Settle {
            of,
            asked_at,
            is_named,
        }
    }

    fn kept(of: u32) -> State {
        let mut place = State::default();
        for event in place.decide(&keep(of), NOW) {
            place.apply(&event);
        }
        assert_eq!(place.0.as_ref().unwrap().asks_at, Some(later()));
        place
    }

    #[test]
    fn a_place_keeps_one_piece_and_is_cleared_of_that_one_only() {
        let mut place = State::default();
        assert_eq!(place.decide(&Command::Clear(7), NOW), []);
        place = kept(7);
        assert_eq!(place.decide(&Command::Clear(8), NOW), []);
        assert_eq!(place.decide(&Command::Clear(7), NOW), [Event::Cleared]);
        place.apply(&Event::Cleared);
        assert_eq!(place, State::default());
        assert_eq!(place.next_due(), Dues::default());
    }

    #[test]
    fn a_piece_in_doubt_asks_its_contact_and_stays_only_if_it_is_named() {
        let mut place = kept(7);
        assert_eq!(place.next_due(), Dues::on_wall(Some(later())));
        assert_eq!(place.obligations(Timestamp(later().0 - 1)), []);
        let owed = Obligation::AskOfPiece {
            contact: 9,
            of: 7,
            asked_at: later(),
        };
        assert_eq!(place.obligations(later()), [owed]);
        let cleared = place.decide(&settle(7, later(), false), NOW);
        assert_eq!(cleared, [Event::Cleared]);
        let settled = place.decide(&settle(7, later(), true), NOW);
        assert_eq!(settled, [Event::Settled]);
        place.apply(&Event::Settled);
        assert_eq!(place.next_due(), Dues::default());
        assert_eq!(place.decide(&keep(7), NOW), []);
        // It is to be replaced.
        let doubted = place.decide(&Command::Doubt(7), NOW);
        assert_eq!(doubted, [Event::Doubted(later())]);
        place.apply(&doubted[0]);
        assert_eq!(place.next_due(), Dues::on_wall(Some(later())));
        assert_eq!(place.decide(&Command::Doubt(8), NOW), []);
    }

    #[test]
    fn what_was_said_before_a_piece_was_kept_again_does_not_clear_it() {
        let mut place = kept(7);
        let again = place.decide(&keep(7), Timestamp(2_000));
        place.apply(&again[0]);
        assert_eq!(place.decide(&settle(7, later(), false), NOW), []);
        assert_eq!(place.decide(&settle(8, later(), false), NOW), []);
    }
}
