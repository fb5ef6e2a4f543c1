//! How a person gets in.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::access;

stored!(choice access::Channel { 0 => Sms, 1 => Email });
stored!(choice access::Purpose { 0 => Register, 1 => SignIn, 2 => AddIdentity, 3 => ResetPassword, 4 => VerifyEmail, 5 => Till, 6 => Wallet });
stored!(choice access::Provider {
    0 => Phone, 1 => Email, 2 => Facebook, 3 => Apple, 4 => Google, 5 => Oidc, 6 => MacAddress,
});
stored!(choice access::Progress { 0 => Asked, 1 => Proven, 2 => Passed(other) });
stored!(choice access::Ended { 0 => SignedOut, 1 => Replayed });
stored!(wrap access::CodeHash);
stored!(record access::Cost { memory_kib, passes, lanes });
stored!(record access::PasswordHash { cost, salt, hash });
stored!(record access::Challenge {
    number, purpose, channel, destination, nonce, code, issued_at, expires_at, wrong,
});
stored!(record access::Guesses { wrong, last_at });
stored!(choice access::Trust { 0 => Proven, 1 => Recognised });
stored!(record access::Session {
    number, nonce, generation, rotated_at, began_at, expires_at, organisation, trust,
});
stored!(record access::Identity { number, provider, value, sealed, verified_at });
stored!(record access::Registering { provider, value, sealed, password, lapses_at, progress });
stored!(record access::Notices { since, count });
stored!(record access::SealedPassword { number, sealed, notices });
stored!(record access::ToAdd { session, provider, sealed, password });
stored!(record access::Adding { add, value, lapses_at, is_proven });
stored!(record access::OnFile { value, sealed });
stored!(record access::Access {
    identities, identity_count, password, challenges, challenge_count, guesses, sessions, session_count,
    registering, to_shred, adding, on_file, verified,
});
stored!(choice access::Event {
    0 => Challenged(challenge),
    1 => Registering(registering),
    2 => CodeWrong(number, at),
    3 => CodeRight(number),
    4 => IdentityAdded(identity),
    5 => SignedIn(session),
    6 => Refreshed(number, at),
    7 => SessionEnded(number, why),
    8 => AllSessionsEnded,
    9 => RegistrationPassed(other),
    10 => RegistrationLapsed,
    11 => Shredded,
    12 => Tidied(at),
    13 => PasswordSet(sealed),
    14 => AddingIdentity(adding),
    15 => IdentityProven(number, session),
    16 => OnFile(on_file),
    17 => EmailVerified(value),
    18 => TokenUsed(number),
    19 => Confirmed(number),
    20 => SessionMoved(number, to),
    21 => PasswordReplaced(number, at),
});
