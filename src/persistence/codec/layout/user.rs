//! People of the Back Office.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

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
stored!(record user::Totp { nonce, last_step, guesses });
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
});
