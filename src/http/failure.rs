//! The one place where refusals of the layers below become HTTP. Exhaustive: a new rejection does not compile until it has
//! its status here.

use std::borrow::Cow;
use std::time::Duration;

use super::problem::{Code, Fault, Problem};
use crate::actors::router::{Failure, Unavailable};
use crate::domain::access::LOCKED_FOR;
use crate::domain::entity::Rejection;
use crate::domain::{
    access, api_key, apps, configuration, contact, offer, organisation, tenant, user,
};

/// A failure as a problem. Says whether a retry is safe by its code: 429 and 503 mean that nothing happened.
pub fn problem(failure: Failure) -> Problem {
    match failure {
        Failure::Rejected(rejection) => rejected(rejection),
        Failure::Unavailable(why) => unavailable(why),
    }
}

/// A failure of an operation whose path names a contact: one that is unknown is not found.
pub fn of_path(failure: Failure) -> Problem {
    match failure {
        Failure::Rejected(Rejection::Contact(contact::Rejection::UnknownContact)) => not_found(),
        failure => problem(failure),
    }
}

/// No answer, as a problem.
pub fn unavailable(why: Unavailable) -> Problem {
    match why {
        Unavailable::Overloaded => Problem::new(
            Code::OverCapacity,
            "too much is under way; nothing happened, try again shortly",
        ),
        Unavailable::Untried => Problem::new(
            Code::OverCapacity,
            "one before it has no outcome yet; nothing happened, send both again",
        ),
        Unavailable::Draining => Problem::new(
            Code::ShuttingDown,
            "this node is stopping or recovering; nothing happened, try again shortly",
        ),
        Unavailable::Quarantined => Problem::new(
            Code::EntityQuarantined,
            "this record failed repeatedly and rests for a minute; nothing happened",
        ),
        Unavailable::Unreadable => Problem::new(
            Code::OverCapacity,
            "this record cannot be read right now; nothing happened",
        ),
        Unavailable::UnknownOutcome => Problem::new(
            Code::UnknownOutcome,
            "the request may or may not have had its effect; send it again with the same Idempotency-Key",
        ),
    }
}

fn rejected(rejection: Rejection) -> Problem {
    match rejection {
        Rejection::Contact(rejection) => contact_rejected(rejection),
        Rejection::KeyReused => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key (or purchase id, or reference number) came with another request before; use a new one",
        ),
        // The key was used so long ago that it is no longer kept; what it created is.
        Rejection::Offer(offer::Rejection::OfferExists) => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key created an offer long ago; use a new one",
        ),
        Rejection::Organisation(organisation::Rejection::OrganisationExists) => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key created an organisation long ago; use a new one",
        ),
        Rejection::ApiKey(rejection) => api_key_rejected(rejection),
        Rejection::User(rejection) => user_rejected(rejection),
        Rejection::Tenant(tenant::Rejection::TapTaken) => Problem::new(
            Code::TapNotUnique,
            "another organisation of the network has a TAP of this tap_code",
        ),
        Rejection::Tenant(tenant::Rejection::ListFull) => Problem::new(
            Code::LimitReached,
            "the tenant has as many as it may; nothing was changed",
        ),
        Rejection::Tenant(tenant::Rejection::ClockGoesBack) => invalid_field(
            "/to",
            "too_small",
            "must be later than the test clock, which never goes back",
        ),
        Rejection::Tenant(tenant::Rejection::ClockTooFar) => {
            invalid_field("", "too_large", "the test clock is at most 50 years ahead")
        }
        Rejection::Configuration(configuration::Rejection::ListFull) => Problem::new(
            Code::LimitReached,
            "there are as many of these as there may be; change one that is there",
        ),
        Rejection::Configuration(configuration::Rejection::Exists) => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key set something up long ago; use a new one",
        ),
        Rejection::Configuration(configuration::Rejection::NameTaken) => {
            invalid_field("/name", "not_unique", "must be no other tag's")
        }
        Rejection::Configuration(configuration::Rejection::UnitsTaken) => {
            invalid_field("/value_units", "not_unique", "must be no other tier's")
        }
        Rejection::Apps(rejection) => apps_rejected(rejection),
        Rejection::NotFound
        | Rejection::Configuration(configuration::Rejection::Unknown)
        | Rejection::Tenant(
            tenant::Rejection::UnknownTenant
            | tenant::Rejection::TenantExists
            | tenant::Rejection::UnknownIntegration
            | tenant::Rejection::UnknownOrganisation
            | tenant::Rejection::UnknownRole,
        )
        | Rejection::Organisation(organisation::Rejection::UnknownOrganisation)
        | Rejection::Offer(_)
        | Rejection::DirectoryEntry(_) => not_found(),
        // Its pages are found and begun before they are written to, and every text in it is ours.
        Rejection::AuditLog(_) | Rejection::WrongKind => {
            Problem::new(Code::Internal, "the server has failed")
        }
    }
}

fn apps_rejected(rejection: apps::Rejection) -> Problem {
    match rejection {
        apps::Rejection::ListFull => Problem::new(
            Code::LimitReached,
            "there are as many of these as there may be; remove one first",
        ),
        apps::Rejection::Exists => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key set something up long ago; use a new one",
        ),
        apps::Rejection::KeyTaken => invalid_field(
            "/key",
            "not_unique",
            "must be no other custom field's of the entity",
        ),
        apps::Rejection::PlaceTaken => invalid_field(
            "/platforms",
            "not_unique",
            "must have no platform_id, cloud_name and version together that another entry has, here or of another application",
        ),
        apps::Rejection::Fixed => invalid_field(
            "",
            "fixed",
            "entity, key and field stay what they were when the custom field was defined; define another one",
        ),
        apps::Rejection::Unknown => not_found(),
    }
}

fn api_key_rejected(rejection: api_key::Rejection) -> Problem {
    match rejection {
        api_key::Rejection::UnknownApiKey => not_found(),
        api_key::Rejection::ApiKeyExists => Problem::new(
            Code::IdempotencyKeyReused,
            "this idempotency key made an API key long ago; use a new one",
        ),
        api_key::Rejection::NotActive => Problem::new(
            Code::ApiKeyInactive,
            "the key has expired or was revoked; create another one",
        ),
        api_key::Rejection::RolledAlready => Problem::new(
            Code::ApiKeyInactive,
            "another key took this one's place before; roll that one",
        ),
    }
}

fn user_rejected(rejection: user::Rejection) -> Problem {
    match rejection {
        user::Rejection::LoginRefused => invalid_login(),
        user::Rejection::UnknownUser => not_found(),
        user::Rejection::UserExists => Problem::new(
            Code::LimitReached,
            "there is a user of this e-mail address; invite it instead",
        ),
        user::Rejection::InvalidGrant => Problem::new(
            Code::InvalidGrant,
            "the session has ended, or the refresh token is unknown or was used before; sign in again",
        ),
        user::Rejection::LetterInvalid => Problem::new(
            Code::InvalidToken,
            "the one-time token is unknown, was used, or has run out; ask for another one",
        ),
        user::Rejection::MembershipsFull => Problem::new(
            Code::LimitReached,
            "the user has 50 roles in organisations; take one away first",
        ),
        user::Rejection::Overtaken => Problem::new(
            Code::OverCapacity,
            "the user's roles were changed at the same moment; nothing happened, look at them and try again",
        ),
        user::Rejection::CodeWrong => Problem::new(
            Code::OtpInvalid,
            "the code is wrong, or was used; wait for the next one of the app, or use a recovery code",
        ),
        user::Rejection::Locked(_) => Problem::new(
            Code::TooManyRequests,
            "too many wrong codes; try again in a quarter of an hour",
        )
        .retry_after(lock()),
        user::Rejection::NoTotp => Problem::new(
            Code::OtpInvalid,
            "no app makes codes for this user, or its first code has not confirmed it; enrol one with POST /users/totp",
        ),
        user::Rejection::HasTotp => Problem::new(
            Code::LimitReached,
            "an app makes codes for this user already; remove it first",
        ),
    }
}

/// Why nobody signs in like this is not told.
pub fn invalid_login() -> Problem {
    Problem::new(
        Code::InvalidLogin,
        "the username or the password is wrong, or too many wrong ones came; try again in a quarter of an hour",
    )
}

/// What is not there, not the caller's, or of another mode: all the same.
pub fn not_found() -> Problem {
    Problem::new(
        Code::NotFound,
        "nothing of this id or code is known under this key",
    )
}

/// A refusal that has to do with a spend token.
fn token_rejected(rejection: contact::Rejection) -> Problem {
    match rejection {
        contact::Rejection::TokenSpendsLess { .. } => Problem::new(
            Code::WalletLimitReached,
            "the contact's token allows less to be spent than spend_request.amount; ask for less, or send restrict_fully_covered: false to spend what it allows",
        ),
        contact::Rejection::TooManyTokens => Problem::new(
            Code::LimitReached,
            "8 tokens were made within minutes; show one of them, or wait until one has run out",
        ),
        contact::Rejection::PurchaseRejected => Problem::new(
            Code::PurchaseRejected,
            "the contact has said that the purchase of this estimate may not be made",
        ),
        _ => spend_token_invalid(),
    }
}

/// A spend token that is not good, for whatever reason: which it is, is not said.
pub fn spend_token_invalid() -> Problem {
    Problem::new(
        Code::SpendTokenInvalid,
        "contact.otp is used, has run out, or is no token that this purchase can be made with; have the contact make another one",
    )
}

/// A field of the body that only the state can judge.
pub fn invalid_field(
    pointer: &str,
    code: &'static str,
    detail: impl Into<Cow<'static, str>>,
) -> Problem {
    Problem::new(
        Code::InvalidRequest,
        "one field is wrong; errors says which and why",
    )
    .with_fault(Fault {
        pointer: pointer.to_owned(),
        code,
        detail: detail.into(),
    })
}

/// A password that would open nothing.
pub fn no_email_address() -> Problem {
    invalid_field(
        "/password",
        "no_email_address",
        "needs an e-mail address that the contact signs in by, and there is none; add one with POST /contacts/{id}/identities, which takes a password with it",
    )
}

fn scheme_refused(refusal: contact::SchemeRefusal) -> Problem {
    match refusal {
        contact::SchemeRefusal::Unknown => invalid_field(
            "/reward_scheme_id",
            "unknown_scheme",
            "names none that is known here",
        ),
        contact::SchemeRefusal::Closed | contact::SchemeRefusal::CodeWrong => Problem::new(
            Code::SchemeClosed,
            "the scheme does not take this: it has another code, takes e-mail addresses of other domains or none that the contact has not proven, or is for everybody",
        ),
        contact::SchemeRefusal::CodesLocked => Problem::new(
            Code::TooManyRequests,
            "too many wrong sign-up codes; try again in a quarter of an hour",
        )
        .retry_after(lock()),
    }
}

/// How long those who tried too many wrong codes are locked out: from the last of them, which was at most as long ago.
fn lock() -> Duration {
    Duration::from_millis(LOCKED_FOR.0.unsigned_abs())
}

/// Why nobody is let in.
fn access_rejected(rejection: access::Rejection) -> Problem {
    match rejection {
        access::Rejection::Locked(_) => Problem::new(
            Code::TooManyRequests,
            "too many wrong codes; ask for another in a quarter of an hour",
        )
        .retry_after(lock()),
        access::Rejection::CodeWrong | access::Rejection::CodeInvalid => Problem::new(
            Code::OtpInvalid,
            "the code is wrong, has run out or was used; ask for another one",
        ),
        access::Rejection::InvalidGrant | access::Rejection::Replayed => Problem::new(
            Code::InvalidGrant,
            "the refresh token is unknown, was used before, or its session has ended; sign in again",
        ),
        access::Rejection::PasswordChanged => Problem::new(
            Code::InvalidLogin,
            "the password was changed; sign in with the new one",
        ),
        access::Rejection::StepUpRequired => Problem::new(
            Code::StepUpRequired,
            "the session began more than ten minutes ago; sign in again",
        ),
        access::Rejection::NoEmailAddress => no_email_address(),
        access::Rejection::IdentityKnown | access::Rejection::IdentitiesFull => Problem::new(
            Code::LimitReached,
            "the contact signs in by this, or by as much as it may, already",
        ),
    }
}

/// A contact's refusal, as a problem.
pub fn contact_rejected(rejection: contact::Rejection) -> Problem {
    match rejection {
        contact::Rejection::UnknownContact => Problem::new(
            Code::UnknownContact,
            "contact names nobody that is known under this key",
        ),
        contact::Rejection::SignUpsFull => Problem::new(
            Code::LimitReached,
            "the contact is signed up to 64 organisations; sign it out of one first",
        ),
        contact::Rejection::Access(why) => access_rejected(why),
        contact::Rejection::Scheme(refusal) => scheme_refused(refusal),
        contact::Rejection::NeverSeen | contact::Rejection::UnknownPurchase => not_found(),
        contact::Rejection::Overtaken => Problem::new(
            Code::OverCapacity,
            "the contact is being changed by others all the time; nothing happened, try again",
        ),
        contact::Rejection::ContactExists | contact::Rejection::ReservationLapsed => Problem::new(
            Code::OverCapacity,
            "the creation was overtaken; nothing happened, try again",
        ),
        contact::Rejection::UnknownOrganisation => Problem::new(
            Code::UnknownOrganisation,
            "organisation names none that is known under this key",
        ),
        contact::Rejection::UnknownClassification => invalid_field(
            "/classification/name",
            "unknown_classification",
            "must be one of the tenant's classifications, or be left out",
        ),
        contact::Rejection::OtherCurrency { wallet } => Problem::new(
            Code::CurrencyMismatch,
            format!(
                "currency_code must be {}, the wallet's, or be left out",
                wallet.code()
            ),
        ),
        contact::Rejection::SpendExceedsTotal => invalid_field(
            "/spend_request/amount",
            "too_large",
            "must be at most the purchase's total",
        ),
        contact::Rejection::BalanceTooLow { .. } => Problem::new(
            Code::WalletBalanceTooLow,
            "the wallet has too little that may be spent on this purchase; ask for less, or send restrict_fully_covered: false to spend what there is",
        ),
        contact::Rejection::SpendLimitReached { .. } => Problem::new(
            Code::WalletLimitReached,
            "the wallet's limits leave less than spend_request.amount; ask for less, or send restrict_fully_covered: false to spend what they leave",
        ),
        contact::Rejection::InflowLimitReached { .. } => Problem::new(
            Code::WalletLimitReached,
            "the wallet's limits leave less than amount; pay in or credit less",
        ),
        contact::Rejection::DebitNotCovered => Problem::new(
            Code::WalletBalanceTooLow,
            "the wallet does not cover amount; take less",
        ),
        contact::Rejection::TokenInvalid
        | contact::Rejection::TokenSpendsLess { .. }
        | contact::Rejection::TooManyTokens
        | contact::Rejection::PurchaseRejected => token_rejected(rejection),
        contact::Rejection::UnknownEstimate => invalid_field(
            "/estimate_id",
            "unknown_estimate",
            "must be the id of an estimate of this contact that blocked funds, or be left out",
        ),
        contact::Rejection::TooManyHolds => invalid_field(
            "/block_wallet_funds",
            "too_many",
            "this contact has 16 estimates that hold funds; cancel one, or wait until one runs out",
        ),
        contact::Rejection::BalanceTooHigh => invalid_field(
            "",
            "too_large",
            "would put more into the wallet than it can hold",
        ),
        contact::Rejection::LeaseShort { .. } => Problem::new(
            Code::OverCapacity,
            "an offer's budget could not be asked; nothing happened, try again",
        ),
        contact::Rejection::PurchasesExhausted | contact::Rejection::LinesExhausted => {
            Problem::new(
                Code::OverCapacity,
                "this contact has as many purchases or movements as can be numbered",
            )
        }
    }
}
