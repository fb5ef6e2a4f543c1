//! How a person gets in.

use super::fixtures::{self, NOW};
use crate::domain::access::{
    self, Access, Challenge, Channel, CodeHash, Ended, Guesses, Identity, Progress, Provider,
    Purpose, Registering, Session,
};
use crate::domain::address::{Kind, TenantId};
use crate::domain::contact;
use crate::domain::directory_entry::{self, Destination, Holder, ValueHash};
use crate::domain::entity::Event;
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{FactorChange, LetterKind};
use crate::persistence::undelivered::{About, Letter, Message, Notice};

fn later(seconds: u32) -> Timestamp {
    NOW.after(Span::seconds(seconds))
}

fn challenge(purpose: Purpose, channel: Channel) -> Challenge {
    Challenge {
        number: 301,
        purpose,
        channel,
        destination: ValueHash([31; 16]),
        nonce: [32; 16],
        code: CodeHash([33; 16]),
        issued_at: later(1),
        expires_at: later(2),
        wrong: 3,
    }
}

fn identity() -> Identity {
    Identity {
        number: 302,
        provider: Provider::Phone,
        value: ValueHash([34; 16]),
        sealed: [35; 40].into(),
        verified_at: later(4),
    }
}

fn registering(progress: Progress) -> Registering {
    Registering {
        provider: Provider::Phone,
        value: ValueHash([36; 16]),
        sealed: [37; 40].into(),
        password: Some([41; 50].into()),
        lapses_at: later(5),
        progress,
    }
}

fn session() -> Session {
    Session {
        number: 303,
        nonce: [38; 16],
        generation: 304,
        rotated_at: later(6),
        began_at: later(7),
        expires_at: later(8),
        trust: access::Trust::Recognised,
        organisation: Some(305),
    }
}

fn guesses() -> Guesses {
    Guesses {
        wrong: 4,
        last_at: later(9),
    }
}

fn adding() -> access::Adding {
    access::Adding {
        add: access::ToAdd {
            session: 311,
            provider: Provider::Email,
            sealed: [45; 40].into(),
            password: Some([46; 50].into()),
        },
        value: ValueHash([47; 16]),
        lapses_at: later(13),
        is_proven: true,
    }
}

fn on_file() -> access::OnFile {
    access::OnFile {
        value: ValueHash([48; 16]),
        sealed: [49; 40].into(),
    }
}

pub(super) fn access() -> Access {
    Access {
        identities: vec![identity()],
        identity_count: 305,
        password: Some(access::SealedPassword {
            number: 310,
            sealed: [42; 50].into(),
            notices: access::Notices {
                since: NOW,
                count: 311,
            },
        }),
        challenges: vec![
            challenge(Purpose::SignIn, Channel::Sms),
            challenge(Purpose::Register, Channel::Email),
        ],
        challenge_count: 306,
        guesses: guesses(),
        sessions: vec![session()],
        session_count: 307,
        registering: Some(registering(Progress::Passed(308))),
        to_shred: Some(309),
        adding: Some(adding()),
        on_file: Some(on_file()),
        verified: Some(ValueHash([44; 16])),
    }
}

pub(super) fn destination() -> Destination {
    Destination {
        value: ValueHash([39; 16]),
        sends: vec![later(10), later(11)],
        guesses: guesses(),
        passwords: Guesses {
            wrong: 5,
            last_at: later(12),
        },
    }
}

fn of_contact(name: &'static str, event: access::Event) -> (&'static str, Event) {
    let event = contact::Event::Access(Box::new(event));
    (name, Event::Contact(event))
}

/// What happens to codes.
pub(super) fn of_codes() -> Vec<(&'static str, Event)> {
    vec![
        of_contact(
            "access_challenged",
            access::Event::Challenged(challenge(Purpose::SignIn, Channel::Sms)),
        ),
        of_contact("access_code_wrong", access::Event::CodeWrong(301, NOW)),
        of_contact("access_code_right", access::Event::CodeRight(301)),
        of_contact(
            "access_password_replaced",
            access::Event::PasswordReplaced(301, NOW),
        ),
        of_contact(
            "access_challenged_at_till",
            access::Event::Challenged(challenge(Purpose::Till, Channel::Email)),
        ),
        of_contact(
            "access_challenged_for_wallet",
            access::Event::Challenged(challenge(Purpose::Wallet, Channel::Sms)),
        ),
        of_contact("access_confirmed", access::Event::Confirmed(301)),
        of_contact(
            "access_session_moved",
            access::Event::SessionMoved(303, 306),
        ),
    ]
}

/// What happens to whoever signs in, and to the entries of their values.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let value = ValueHash([7; 16]);
    let holder = Holder {
        contact: 12,
        attempt: 1,
    };
    vec![
        of_contact(
            "access_registering",
            access::Event::Registering(registering(Progress::Asked)),
        ),
        of_contact(
            "access_identity_added",
            access::Event::IdentityAdded(identity()),
        ),
        of_contact("access_signed_in", access::Event::SignedIn(session())),
        of_contact("access_refreshed", access::Event::Refreshed(303, NOW)),
        of_contact(
            "access_session_ended",
            access::Event::SessionEnded(303, Ended::SignedOut),
        ),
        of_contact(
            "access_session_replayed",
            access::Event::SessionEnded(303, Ended::Replayed),
        ),
        of_contact("access_all_sessions_ended", access::Event::AllSessionsEnded),
        of_contact(
            "access_registration_passed",
            access::Event::RegistrationPassed(308),
        ),
        of_contact(
            "access_registration_lapsed",
            access::Event::RegistrationLapsed,
        ),
        of_contact("access_shredded", access::Event::Shredded),
        of_contact("access_tidied", access::Event::Tidied(NOW)),
        of_contact(
            "access_password_set",
            access::Event::PasswordSet([42; 50].into()),
        ),
        of_contact(
            "access_adding_identity",
            access::Event::AddingIdentity(adding()),
        ),
        of_contact(
            "access_identity_proven",
            access::Event::IdentityProven(312, 311),
        ),
        of_contact("access_on_file", access::Event::OnFile(on_file())),
        of_contact("access_email_verified", access::Event::EmailVerified(value)),
        of_contact("access_token_used", access::Event::TokenUsed(301)),
        (
            "directory_entry_reserved_on_wall",
            Event::DirectoryEntry(directory_entry::Event::ReservedOnWall(value, holder, NOW)),
        ),
        (
            "directory_entry_sent",
            Event::DirectoryEntry(directory_entry::Event::Sent(value, NOW)),
        ),
        (
            "directory_entry_wrong_counted",
            Event::DirectoryEntry(directory_entry::Event::WrongCounted(value, NOW)),
        ),
        (
            "directory_entry_wrong_forgotten",
            Event::DirectoryEntry(directory_entry::Event::WrongForgotten(value)),
        ),
        (
            "directory_entry_tidied",
            Event::DirectoryEntry(directory_entry::Event::Tidied(NOW)),
        ),
        (
            "directory_entry_password_counted",
            Event::DirectoryEntry(directory_entry::Event::PasswordCounted(value, NOW)),
        ),
        (
            "directory_entry_passwords_forgotten",
            Event::DirectoryEntry(directory_entry::Event::PasswordsForgotten(value)),
        ),
        (
            "directory_entry_password_given_back",
            Event::DirectoryEntry(directory_entry::Event::PasswordGivenBack(value)),
        ),
    ]
}

/// An identity by each kind of account.
pub(super) fn accounts() -> Vec<(&'static str, Event)> {
    let added = |name, provider| {
        let identity = Identity {
            provider,
            ..identity()
        };
        let added = access::Event::IdentityAdded(identity);
        (
            name,
            Event::Contact(contact::Event::Access(Box::new(added))),
        )
    };
    vec![
        added("access_identity_added_facebook", Provider::Facebook),
        added("access_identity_added_apple", Provider::Apple),
        added("access_identity_added_google", Provider::Google),
        added("access_identity_added_oidc", Provider::Oidc),
        added("access_identity_added_mac_address", Provider::MacAddress),
    ]
}

pub(super) fn undelivered() -> Vec<(&'static str, Message)> {
    let letter = |kind| {
        Message::Letter(Letter {
            tenant: TenantId(402),
            user: 0x1122_3344_5566_7788,
            number: 3,
            kind,
            nonce: [44; 16],
            issued_at: NOW,
            until: NOW.after(Span::days(1)),
        })
    };
    let notice = |about| {
        Message::Notice(Notice {
            tenant: TenantId(402),
            whose: fixtures::address(Kind::Contact),
            about,
            at: NOW,
        })
    };
    let code = challenge(Purpose::SignIn, Channel::Email);
    vec![
        (
            "code",
            Message::Code(fixtures::address(Kind::Contact), code),
        ),
        ("letter_invitation", letter(LetterKind::Invitation)),
        ("letter_verification", letter(LetterKind::Verification)),
        ("letter_reset", letter(LetterKind::Reset)),
        ("notice", notice(About::Password(3))),
        (
            "notice_of_factor",
            notice(About::Factor(FactorChange::RecoveryCodeUsed)),
        ),
    ]
}
