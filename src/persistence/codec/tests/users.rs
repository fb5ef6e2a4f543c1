//! People of the Back Office, and what a tenant lists of them.

use super::fixtures::NOW;
use crate::domain::access::{self, Cost, Guesses, PasswordHash};
use crate::domain::address::{Mode, TenantId};
use crate::domain::api_key::Scopes;
use crate::domain::contact::SealedProfile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::Event;
use crate::domain::tenant;
use crate::domain::user::{
    self, Ended, Letter, Membership, Password, Place, Purpose, RecoveryHash, Registration, Session,
    Stage, Totp, User, Validity, Wrong,
};
use crate::persistence::codec;

fn person() -> SealedProfile {
    SealedProfile {
        slot: 401,
        sealed: [41; 40].into(),
    }
}

fn password() -> Password {
    Password {
        hash: PasswordHash {
            cost: Cost::TODAY,
            salt: [42; 16],
            hash: [43; 32],
        },
        set_at: NOW,
        expired: true,
    }
}

fn membership(validity: Validity) -> Membership {
    Membership {
        tenant: TenantId(402),
        organisation: 403,
        role: 404,
        validity,
        is_active: true,
    }
}

fn session() -> Session {
    Session {
        tokens: access::Session::begun(405, [44; 16], NOW),
        place: Place {
            tenant: TenantId(402),
            organisation: 406,
            mode: Mode::Test,
        },
        parent: Some(407),
        is_masquerade: true,
        stepped_up_at: Some(NOW),
    }
}

fn letter(purpose: Purpose) -> Letter {
    Letter {
        number: 408,
        purpose,
        nonce: [45; 16],
        sender: Some((TenantId(402), Mode::Test)),
        issued_at: NOW,
        expires_at: NOW,
    }
}

fn registration() -> Registration {
    Registration {
        tenant: TenantId(402),
        organisation: 414,
        parent: 415,
        name: "Pier".into(),
        validity: Validity::BothModes,
        password: password().hash,
        knows: Some(416),
    }
}

pub(super) fn role() -> tenant::Role {
    tenant::Role {
        number: 404,
        organisation: 403,
        name: "Till".into(),
        permissions: Scopes(3),
    }
}

pub(super) fn state() -> User {
    User {
        stage: Stage::Active,
        value: Some(ValueHash([46; 16])),
        person: Some(person()),
        created_at: NOW,
        password: Some(password()),
        password_count: 409,
        wrong: Wrong {
            count: 7,
            last_at: NOW,
        },
        locked_out_at: Some(NOW),
        proven_to: Some((TenantId(402), Mode::Test)),
        memberships: vec![
            membership(Validity::BothModes),
            membership(Validity::TestMode),
        ],
        sessions: vec![session()],
        session_count: 410,
        forgot_at: vec![NOW],
        letters: vec![
            letter(Purpose::Reset),
            letter(Purpose::Verification(registration())),
        ],
        letter_count: 411,
        totp: Some(Totp {
            nonce: [47; 16],
            last_step: Some(412),
            guesses: Guesses {
                wrong: 2,
                last_at: NOW,
            },
            recovery: Vec::new(),
        }),
    }
}

/// The same with codes to recover by.
pub(super) fn state_with_recovery_codes() -> User {
    let mut state = state();
    if let Some(totp) = &mut state.totp {
        totp.recovery = vec![RecoveryHash([48; 16]), RecoveryHash([49; 16])];
    }
    state
}

/// What happens to users, and to what a tenant lists of them.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let memberships = vec![membership(Validity::BothModes)];
    let invitation = Purpose::Invitation(memberships.clone());
    let of_user = [
        (
            "user_created",
            user::Event::Created(ValueHash([46; 16]), person(), NOW),
        ),
        (
            "user_activated",
            user::Event::Activated(Some((TenantId(402), Mode::Live))),
        ),
        ("user_password_set", user::Event::PasswordSet(password())),
        (
            "user_memberships_set",
            user::Event::MembershipsSet(TenantId(402), memberships),
        ),
        (
            "user_letter_sent",
            user::Event::LetterSent(letter(invitation)),
        ),
        ("user_letter_used", user::Event::LetterUsed(408)),
        ("user_signed_in", user::Event::SignedIn(session())),
        ("user_refreshed", user::Event::Refreshed(405, NOW)),
        (
            "user_session_replayed",
            user::Event::SessionEnded(405, Ended::Replayed),
        ),
        (
            "user_session_returned",
            user::Event::SessionEnded(405, Ended::Returned),
        ),
        (
            "user_session_deactivated",
            user::Event::SessionEnded(405, Ended::Deactivated),
        ),
        ("user_all_sessions_ended", user::Event::AllSessionsEnded),
        ("user_password_wrong", user::Event::PasswordWrong(NOW)),
        ("user_renamed", user::Event::Renamed(person())),
        ("user_totp_enrolled", user::Event::TotpEnrolled([47; 16])),
        ("user_code_right", user::Event::CodeRight(412)),
        ("user_code_wrong", user::Event::CodeWrong(NOW)),
        ("user_stepped_up", user::Event::SteppedUp(405, NOW)),
        ("user_totp_removed", user::Event::TotpRemoved),
        (
            "user_password_replaced",
            user::Event::PasswordReplaced(user::PasswordNotice {
                number: 405,
                sender: Some((TenantId(402), Mode::Test)),
                at: NOW,
            }),
        ),
        ("user_tidied", user::Event::Tidied(NOW)),
        (
            "user_recovery_codes_set",
            user::Event::RecoveryCodesSet(vec![RecoveryHash([48; 16]), RecoveryHash([49; 16])]),
        ),
        (
            "user_recovery_code_used",
            user::Event::RecoveryCodeUsed(RecoveryHash([48; 16])),
        ),
        (
            "user_factor_changed",
            user::Event::FactorChanged(user::FactorNotice {
                change: user::FactorChange::Removed,
                sender: Some((TenantId(402), Mode::Test)),
                at: NOW,
            }),
        ),
    ];
    let of_tenant = [
        ("tenant_role_set", tenant::Event::RoleSet(role())),
        ("tenant_role_removed", tenant::Event::RoleRemoved(404)),
        ("tenant_user_listed", tenant::Event::UserListed(413)),
    ];
    let of_user = of_user.map(|(name, event)| (name, Event::User(event)));
    let of_tenant = of_tenant.map(|(name, event)| (name, Event::Tenant(event)));
    of_user.into_iter().chain(of_tenant).collect()
}

#[test]
fn an_app_that_was_stored_before_there_were_recovery_codes_reads_as_one_without() {
    let written = |tag_and_step: &[u8]| {
        let guesses = [2, 0xfd, 0xf6, 0x10, 0x89, 0xe0, 0x3c, 0x03, 0, 0];
        [&[codec::VERSION][..], &[47; 16], tag_and_step, &guesses].concat()
    };
    for (tag_and_step, last_step) in [(&[0][..], None), (&[1, 0xfb, 0x9c, 0x01], Some(412))] {
        let bytes = written(tag_and_step);
        let read: Totp = codec::decode("an app", &bytes).unwrap();
        let before = Totp {
            last_step,
            ..state().totp.unwrap()
        };
        assert_eq!(read, before);
        assert_eq!(codec::encode(&read), bytes);
    }
    let unknown = codec::decode::<Totp>("an app", &written(&[3]));
    assert!(unknown.is_err());
}
