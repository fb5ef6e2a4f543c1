//! Receipts: purchases of nobody known, until contacts claim them.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::receipt;

stored!(record receipt::Sale {
    organisation, amounts, currency, classification, own_id, reference_number, performed_on, products,
});
stored!(choice receipt::Standing {
    0 => Open, 1 => Claimed(by, at), 2 => Refused(by, at), 3 => Settled(by, number), 4 => Void,
});
stored!(record receipt::Receipt { code, sale, posted_at, standing });
stored!(wrap receipt::State);
stored!(choice receipt::Event {
    0 => Posted(code, sale, at),
    1 => Claimed(by, at),
    2 => Settled(by, number),
    3 => Refused,
    4 => Voided,
});
