//! Messages that are still to be delivered.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use super::super::Arrived;
use crate::domain::user;
use crate::persistence::undelivered::{About, Letter, Message, Notice};

stored!(choice user::LetterKind { 0 => Invitation, 1 => Verification, 2 => Reset });
stored!(record Letter { tenant, user, number, kind, nonce, issued_at, until });

impl Encode for Message {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Message::Code(contact, challenge) => {
                0_u8.encode(encoder)?;
                Arrived(*contact).encode(encoder)?;
                challenge.encode(encoder)
            }
            Message::Letter(letter) => {
                1_u8.encode(encoder)?;
                letter.encode(encoder)
            }
            Message::Notice(notice) => {
                let kind = match notice.about {
                    About::Password(_) => 2_u8,
                    About::Factor(_) => 3_u8,
                };
                kind.encode(encoder)?;
                notice.tenant.encode(encoder)?;
                Arrived(notice.whose).encode(encoder)?;
                match notice.about {
                    About::Password(number) => number.encode(encoder)?,
                    About::Factor(change) => change.encode(encoder)?,
                }
                notice.at.encode(encoder)
            }
        }
    }
}

impl<C> Decode<C> for Message {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => {
                let contact = Arrived::decode(decoder)?;
                Ok(Message::Code(contact.0, Decode::decode(decoder)?))
            }
            1 => Ok(Message::Letter(Decode::decode(decoder)?)),
            kind @ (2 | 3) => Ok(Message::Notice(Notice {
                tenant: Decode::decode(decoder)?,
                whose: Arrived::decode(decoder)?.0,
                about: match kind {
                    2 => About::Password(Decode::decode(decoder)?),
                    _ => About::Factor(Decode::decode(decoder)?),
                },
                at: Decode::decode(decoder)?,
            })),
            other => Err(DecodeError::UnexpectedVariant {
                type_name: "Message",
                allowed: &bincode::error::AllowedEnumVariants::Allowed(&[0, 1, 2, 3]),
                found: u32::from(other),
            }),
        }
    }
}
