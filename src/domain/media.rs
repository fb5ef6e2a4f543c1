//! Media: pieces of what is too large for a row of its own, such as a contact's image. A piece is sealed by whoever keeps it, with the key of
//! the contact that it belongs to, and so is unreadable once that contact is erased.

use std::sync::Arc;

/// The largest piece, in bytes before it is sealed: with what a record and a row have around it, well below what both may take.
pub const PIECE_BYTES_MAX: usize = 48 * 1_024;

/// A piece of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The number of what it is a piece of.
    pub of: u32,
    /// Its bytes, sealed.
    pub sealed: Arc<[u8]>,
}

/// What a place for a piece can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Keep this piece, in place of any other.
    Keep(Piece),
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
}

/// A place for a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Piece>);

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Vec<Event> {
        let kept = self.0.as_ref().map(|piece| piece.of);
        match command {
            // A number names one content: what is sealed anew is the same.
            Command::Keep(piece) if kept == Some(piece.of) => Vec::new(),
            Command::Keep(piece) => vec![Event::Kept(piece.clone())],
            Command::Clear(of) if kept == Some(*of) => vec![Event::Cleared],
            Command::Clear(_) => Vec::new(),
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        self.0 = match event {
            Event::Kept(piece) => Some(piece.clone()),
            Event::Cleared => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(of: u32) -> Piece {
        Piece {
            of,
            sealed: Arc::from([1, 2, 3]),
        }
    }

    #[test]
    fn a_place_keeps_one_piece_and_is_cleared_of_that_one_only() {
        let mut place = State::default();
        assert_eq!(place.decide(&Command::Clear(7)), []);
        let events = place.decide(&Command::Keep(piece(7)));
        assert_eq!(events, [Event::Kept(piece(7))]);
        place.apply(&events[0]);
        assert_eq!(place.decide(&Command::Keep(piece(7))), []);
        assert_eq!(place.decide(&Command::Clear(8)), []);
        let events = place.decide(&Command::Clear(7));
        assert_eq!(events, [Event::Cleared]);
        place.apply(&events[0]);
        assert_eq!(place, State::default());
    }
}
