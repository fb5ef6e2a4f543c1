//! What is written about what a contact did. In clear, the texts follow each other as they did before they were ever sealed: each begins
//! with 0 or 1. Sealed, a 2 is where the first would begin, and the sealed bytes stand for all of them.

use std::sync::Arc;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{AllowedEnumVariants, DecodeError, EncodeError};

use crate::domain::contact::{Private, Texts};

const MISSING: u8 = 0;
const THERE: u8 = 1;
const SEALED: u8 = 2;

impl<T: Texts> Encode for Private<T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Private::Clear(texts) => texts.each().try_for_each(|text| text.encode(encoder)),
            Private::Sealed(sealed) => {
                SEALED.encode(encoder)?;
                sealed.encode(encoder)
            }
        }
    }
}

impl<C, T: Texts> Decode<C> for Private<T> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let first: Option<Arc<str>> = match u8::decode(decoder)? {
            MISSING => None,
            THERE => Some(Decode::decode(decoder)?),
            SEALED => return Ok(Private::Sealed(Decode::decode(decoder)?)),
            other => {
                return Err(DecodeError::UnexpectedVariant {
                    type_name: "texts",
                    allowed: &AllowedEnumVariants::Allowed(&[0, 1, 2]),
                    found: u32::from(other),
                });
            }
        };
        let mut first = Some(first);
        T::read(|| match first.take() {
            Some(first) => Ok(first),
            None => Decode::decode(decoder),
        })
        .map(Private::Clear)
    }
}
