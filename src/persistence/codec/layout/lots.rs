//! Money in lots: a byte says what follows, since most lots have little. In the order of the byte's bits: when it expires, what
//! binds it, and of an award when it can be spent; then the amount.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::contact::{Given, Locked, Lot};

const EXPIRES: u8 = 1;
const IS_BOUND: u8 = 2;
const UNLOCKS: u8 = 4;
const COUNTS_IN_ALL: u8 = 8;
const COUNTS_IN_DAY: u8 = 16;

impl Encode for Given {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let Given {
            lot:
                Lot {
                    expires_at,
                    bound_by,
                    left,
                },
            unlocks_at,
            counts_in_all,
            counts_in_day,
        } = self;
        let says = [
            (expires_at.is_some(), EXPIRES),
            (bound_by.is_some(), IS_BOUND),
            (unlocks_at.is_some(), UNLOCKS),
            (*counts_in_all, COUNTS_IN_ALL),
            (*counts_in_day, COUNTS_IN_DAY),
        ];
        let byte = says.into_iter().filter(|(is_so, _)| *is_so);
        byte.fold(0_u8, |byte, (_, bit)| byte | bit)
            .encode(encoder)?;
        if let Some(at) = expires_at {
            at.encode(encoder)?;
        }
        if let Some(offer) = bound_by {
            offer.encode(encoder)?;
        }
        if let Some(at) = unlocks_at {
            at.encode(encoder)?;
        }
        left.encode(encoder)
    }
}

impl<C> Decode<C> for Given {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let byte = u8::decode(decoder)?;
        if byte & !(EXPIRES | IS_BOUND | UNLOCKS | COUNTS_IN_ALL | COUNTS_IN_DAY) != 0 {
            return Err(DecodeError::Other("not a lot"));
        }
        let says = |bit: u8| byte & bit != 0;
        let expires_at = says(EXPIRES).then(|| Decode::decode(decoder)).transpose()?;
        let bound_by = says(IS_BOUND)
            .then(|| Decode::decode(decoder))
            .transpose()?;
        let unlocks_at = says(UNLOCKS).then(|| Decode::decode(decoder)).transpose()?;
        Ok(Given {
            lot: Lot {
                expires_at,
                bound_by,
                left: Decode::decode(decoder)?,
            },
            unlocks_at,
            counts_in_all: says(COUNTS_IN_ALL),
            counts_in_day: says(COUNTS_IN_DAY),
        })
    }
}

/// Money that was not just awarded: the same bytes, with less to say.
fn plain(lot: Lot) -> Given {
    Given {
        lot,
        unlocks_at: None,
        counts_in_all: false,
        counts_in_day: false,
    }
}

impl Encode for Lot {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        plain(*self).encode(encoder)
    }
}

impl<C> Decode<C> for Lot {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let given = Given::decode(decoder)?;
        if given == plain(given.lot) {
            Ok(given.lot)
        } else {
            Err(DecodeError::Other("an award where there is a lot"))
        }
    }
}

impl Encode for Locked {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.until.encode(encoder)?;
        self.lot.encode(encoder)
    }
}

impl<C> Decode<C> for Locked {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Locked {
            until: Decode::decode(decoder)?,
            lot: Decode::decode(decoder)?,
        })
    }
}
