//! What the test inbox and the delivery of live mode have in common: which event asks for a message, and the rows that keep messages under the
//! places of their records in the journal.

use crate::domain::access;
use crate::domain::address::{Address, Mode};
use crate::domain::contact;
use crate::domain::entity::Event;
use crate::domain::user;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::journal::Position;
use crate::persistence::listing::Cursor;
use crate::persistence::rows::{self, Row, Rows, Write};
use crate::persistence::store;
use crate::persistence::undelivered::{About, Letter, Message, Notice};
use crate::secrets::Secrets;

/// The message that an event of `address` asks for, if it asks for one of `mode`.
pub(super) fn asked_for(
    secrets: &Secrets,
    mode: Mode,
    address: Address,
    event: &Event,
) -> Option<Message> {
    match event {
        Event::Contact(contact::Event::Access(event)) if address.mode == mode => {
            match **event {
                access::Event::Challenged(challenge) => {
                    // To nobody: it was made so that nobody can tell.
                    let is_decoy = address.entity == secrets.decoy(&challenge.destination);
                    (!is_decoy).then_some(Message::Code(address, challenge))
                }
                access::Event::PasswordReplaced(number, at) => Some(Message::Notice(Notice {
                    tenant: address.tenant,
                    whose: address,
                    about: About::Password(number),
                    at,
                })),
                _ => None,
            }
        }
        // Users are of no mode: whoever has it sent says in which it is.
        Event::User(user::Event::LetterSent(letter)) => {
            let (tenant, _) = letter.sender.filter(|(_, of)| *of == mode)?;
            Some(Message::Letter(Letter {
                tenant,
                user: address.entity,
                number: letter.number,
                kind: letter.purpose.kind(),
                nonce: letter.nonce,
                issued_at: letter.issued_at,
                until: letter.expires_at,
            }))
        }
        Event::User(user::Event::PasswordReplaced(notice)) => {
            let (tenant, _) = notice.sender.filter(|(_, of)| *of == mode)?;
            Some(Message::Notice(Notice {
                tenant,
                whose: address,
                about: About::Password(notice.number),
                at: notice.at,
            }))
        }
        Event::User(user::Event::FactorChanged(notice)) => {
            let (tenant, _) = notice.sender.filter(|(_, of)| *of == mode)?;
            Some(Message::Notice(Notice {
                tenant,
                whose: address,
                about: About::Factor(notice.change),
                at: notice.at,
            }))
        }
        _ => None,
    }
}

/// The rows of one follower's messages, and its place in the feed.
pub(super) struct MessageRows {
    /// What the follower is called.
    pub(super) name: &'static str,
    /// The version of its rows.
    pub(super) version: u16,
    /// What is logged where the place cannot be read.
    pub(super) lost: &'static str,
}

impl MessageRows {
    /// The place that was written last, if there is one that can be used.
    pub(super) fn place(&self, rows: &dyn Rows) -> Result<Option<Position>, store::Error> {
        let Some(row) = rows.get(&store::cursor_key(self.name))? else {
            return Ok(None);
        };
        Ok(match codec::decode_cursor(&row.payload) {
            Ok(cursor) if cursor.version == self.version => Some(cursor.position),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "{}", self.lost);
                None
            }
        })
    }

    /// All messages, oldest first.
    pub(super) fn stored(&self, rows: &dyn Rows) -> Result<Vec<(Position, Message)>, store::Error> {
        let prefix = store::projection_prefix(self.name);
        let mut found = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = rows.scan(&prefix, after.as_deref(), limits::PROJECTION_ROWS_A_BATCH)?;
            let Some((last, _)) = page.last() else {
                return Ok(found);
            };
            after = Some(last.clone());
            for (key, row) in page {
                let place = key.get(prefix.len()..).and_then(<[u8]>::first_chunk);
                let place = place.map(|bytes| Position(u64::from_be_bytes(*bytes)));
                let message = codec::decode_undelivered(&row.payload)?;
                found.extend(place.map(|place| (place, message)));
            }
        }
    }

    /// Writes what is new, deletes what is gone, and then says that everything up to `position` was taken in. The place comes last: cut short
    /// before it, some is taken in again and nothing is lost.
    pub(super) fn write<'a>(
        &self,
        rows: &dyn Rows,
        new: impl Iterator<Item = (Position, &'a Message)>,
        gone: impl Iterator<Item = Position>,
        position: Position,
    ) -> Result<(), rows::Error> {
        let puts = new.map(|(place, message)| Write::Put {
            key: self.key(place),
            row: Row {
                entity_seq: 0,
                payload: codec::encode_undelivered(message),
            },
        });
        let gone = gone.map(|place| Write::Delete {
            key: self.key(place),
        });
        let cursor = Cursor {
            version: self.version,
            position,
        };
        let cursor = Write::Put {
            key: store::cursor_key(self.name),
            row: Row {
                entity_seq: 0,
                payload: codec::encode_cursor(&cursor),
            },
        };
        let mut writes: Vec<Write> = puts.chain(gone).chain([cursor]).collect();
        while !writes.is_empty() {
            let rest = writes.split_off(writes.len().min(limits::PROJECTION_ROWS_A_BATCH));
            rows.write(std::mem::replace(&mut writes, rest))?;
        }
        Ok(())
    }

    fn key(&self, place: Position) -> Vec<u8> {
        let mut row = store::projection_prefix(self.name);
        row.extend(place.0.to_be_bytes());
        row
    }
}
