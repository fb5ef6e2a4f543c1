//! People of the Back Office.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{AllowedEnumVariants, DecodeError, EncodeError};

use crate::domain::user;

stored!(choice user::Stage { 0 => Absent, 1 => Pending, 2 => Active });
stored!(choice user::Validity { 0 => BothModes, 1 => TestMode });
stored!(choice user::Ended { 0 => SignedOut, 1 => Replayed, 2 => Returned, 3 => Deactivated });
stored!(choice user::Purpose { 0 => Invitation(memberships), 1 => Verification(registration), 2 => Reset });
stored!(record user::Registration { tenant, organisation, parent, name, validity, password, knows });
stored!(record user::Membership { tenant, organisation, role, validity, is_active });
stored!(record user::Place { tenant, organisation, mode });
stored!(record user::Session { tokens, place, parent, is_masquerade, stepped_up_at });
stored!(record user::Letter { number, purpose, nonce, sender, issued_at, expires_at });
stored!(record user::Password { hash, set_at, expired });
stored!(record user::PasswordNotice { number, sender, at });
stored!(record user::Wrong { count, last_at });
stored!(wrap user::RecoveryHash);
stored!(choice user::FactorChange { 0 => Added, 1 => Removed, 2 => RecoveryCodeUsed, 3 => RecoveryCodesRenewed });
stored!(record user::FactorNotice { change, sender, at });
stored!(record user::User {
    stage, value, person, created_at, password, password_count, wrong, locked_out_at, proven_to, memberships,
    sessions, session_count, forgot_at, letters, letter_count, totp,
});
stored!(choice user::Event {
    0 => Created(value, person, at),
    1 => Activated(proven_to),
    2 => PasswordSet(password),
    3 => MembershipsSet(tenant, memberships),
    4 => LetterSent(letter),
    5 => LetterUsed(number),
    6 => SignedIn(session),
    7 => Refreshed(number, at),
    8 => SessionEnded(number, why),
    9 => AllSessionsEnded,
    10 => PasswordWrong(at),
    11 => Renamed(person),
    12 => TotpEnrolled(nonce),
    13 => CodeRight(step),
    14 => CodeWrong(at),
    15 => SteppedUp(number, at),
    16 => TotpRemoved,
    17 => Tidied(at),
    18 => PasswordReplaced(notice),
    19 => RecoveryCodesSet(codes),
    20 => RecoveryCodeUsed(code),
    21 => FactorChanged(notice),
});

// Of an app without recovery codes, the bytes are those from before there were any: after the nonce, 0 or 1 says whether a step follows. A 2 stands
// there before one that has some, and they come last.
const NO_STEP: u8 = 0;
const STEP: u8 = 1;
const WITH_RECOVERY: u8 = 2;

impl Encode for user::Totp {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.nonce.encode(encoder)?;
        if self.recovery.is_empty() {
            self.last_step.encode(encoder)?;
            return self.guesses.encode(encoder);
        }
        WITH_RECOVERY.encode(encoder)?;
        self.last_step.encode(encoder)?;
        self.guesses.encode(encoder)?;
        self.recovery.encode(encoder)
    }
}

impl<C> Decode<C> for user::Totp {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let nonce = Decode::decode(decoder)?;
        let (last_step, has_recovery) = match u8::decode(decoder)? {
            NO_STEP => (None, false),
            STEP => (Some(Decode::decode(decoder)?), false),
            WITH_RECOVERY => (Decode::decode(decoder)?, true),
            other => {
                return Err(DecodeError::UnexpectedVariant {
                    type_name: "an app for codes",
                    allowed: &AllowedEnumVariants::Allowed(&[0, 1, 2]),
                    found: u32::from(other),
                });
            }
        };
        Ok(user::Totp {
            nonce,
            last_step,
            guesses: Decode::decode(decoder)?,
            recovery: match has_recovery {
                true => Decode::decode(decoder)?,
                false => Vec::new(),
            },
        })
    }
}
