//! The app that makes codes, and what gets in without it.

use super::*;

/// Whoever typed the password in session 1.
const TYPIST: Typist = Typist {
    session: 1,
    password: 1,
};
const ENROL: Command = Command::EnrolTotp(TYPIST, [5; 16]);

fn app(step: u64) -> SecondFactor {
    SecondFactor::App(Some(step))
}

fn recovery(mark: u8) -> SecondFactor {
    SecondFactor::Recovery(RecoveryHash([mark; 16]))
}

fn set_of(marks: std::ops::Range<u8>) -> Vec<RecoveryHash> {
    marks.map(|mark| RecoveryHash([mark; 16])).collect()
}

fn step_up(factor: SecondFactor) -> Command {
    Command::StepUp(1, factor)
}

/// A user with an app that a code of step 100 confirmed.
fn with_app() -> User {
    let confirm = Command::ConfirmTotp(1, Some(100), set_of(1..11));
    given([create(), typed(true), ENROL, confirm])
}

fn left(user: &User) -> usize {
    user.confirmed_totp().unwrap().recovery.len()
}

fn changed(events: &[Event]) -> Vec<FactorChange> {
    let told = events.iter().filter_map(|it| {
        let Event::FactorChanged(notice) = it else {
            return None;
        };
        Some(notice.change)
    });
    told.collect()
}

#[test]
fn a_step_up_code_is_taken_once_and_five_wrong_ones_lock() {
    let mut user = given([create(), typed(true), ENROL]);
    assert!(!user.view().has_totp, "before its first code");
    let none = user.decide(&step_up(app(100)), NOW);
    assert_eq!(none, Err(Rejection::NoTotp), "it is confirmed first");
    let confirm = Command::ConfirmTotp(1, Some(100), set_of(1..11));
    let confirmed = when(&mut user, &confirm, NOW).unwrap();
    assert_eq!(changed(&confirmed), [FactorChange::Added]);
    assert!(user.view().has_totp);
    assert_eq!(user.session(1).unwrap().stepped_up_at, Some(NOW));
    let again = Command::ConfirmTotp(1, Some(101), set_of(11..21));
    assert_eq!(user.decide(&again, NOW), Err(Rejection::HasTotp));
    for _ in 0..5 {
        let again = when(&mut user, &step_up(app(100)), NOW);
        assert_eq!(again, Err(Rejection::CodeWrong));
    }
    for right in [app(101), recovery(1)] {
        let right = user.decide(&step_up(right), NOW);
        assert!(matches!(right, Err(Rejection::Locked(_))), "{right:?}");
    }
    assert_eq!(user.decide(&ENROL, NOW), Err(Rejection::HasTotp));
}

#[test]
fn a_recovery_code_stands_in_for_the_app_once() {
    let mut user = with_app();
    let used = when(&mut user, &step_up(recovery(3)), NOW).unwrap();
    assert_eq!(changed(&used), [FactorChange::RecoveryCodeUsed]);
    assert_eq!(left(&user), RECOVERY_CODES - 1);
    for wrong in [recovery(3), recovery(99)] {
        let wrong = when(&mut user, &step_up(wrong), NOW);
        assert_eq!(wrong, Err(Rejection::CodeWrong));
    }
    let wrong = user.totp.as_ref().unwrap().guesses.wrong;
    assert_eq!(wrong, 2, "they count as codes of the app do");
    when(&mut user, &step_up(recovery(4)), NOW).unwrap();
    assert_eq!(user.totp.as_ref().unwrap().guesses.wrong, 0);
    let renew = Command::RenewRecoveryCodes(TYPIST, app(101), set_of(21..31));
    let renewed = when(&mut user, &renew, NOW).unwrap();
    assert_eq!(changed(&renewed), [FactorChange::RecoveryCodesRenewed]);
    assert_eq!(left(&user), RECOVERY_CODES);
    let old = when(&mut user, &step_up(recovery(5)), NOW);
    assert_eq!(old, Err(Rejection::CodeWrong));
    let remove = Command::RemoveTotp(TYPIST, recovery(21));
    let removed = when(&mut user, &remove, NOW).unwrap();
    assert_eq!(changed(&removed), [FactorChange::Removed]);
    assert_eq!(user.totp, None);
}

#[test]
fn a_password_that_is_another_one_by_now_changes_no_second_factor() {
    let mut user = with_app();
    let another = Command::SetPassword(1, hash(2), 1);
    when(&mut user, &another, NOW).unwrap();
    let by = |session, password| Typist { session, password };
    for (typist, refused) in [
        (by(1, 1), Rejection::LoginRefused),
        (by(7, 2), Rejection::InvalidGrant),
    ] {
        for change in [
            Command::EnrolTotp(typist, [6; 16]),
            Command::RemoveTotp(typist, app(101)),
            Command::RenewRecoveryCodes(typist, app(101), set_of(21..31)),
        ] {
            assert_eq!(user.decide(&change, NOW), Err(refused), "{change:?}");
        }
    }
    let removed = user.decide(&Command::RemoveTotp(by(1, 2), app(101)), NOW);
    assert!(removed.is_ok());
}

#[test]
fn who_takes_the_app_away_for_another_goes_by_its_roles_and_ends_its_sessions() {
    let mut user = with_app();
    let mut later = user.memberships.clone();
    later.push(owner_of(9));
    let unseen = user.decide(&Command::ResetTotp(later), NOW);
    assert_eq!(unseen, Err(Rejection::Overtaken));
    let reset = Command::ResetTotp(user.memberships.clone());
    let events = when(&mut user, &reset, NOW).unwrap();
    assert_eq!(changed(&events), [FactorChange::Removed]);
    assert_eq!((user.totp.as_ref(), user.sessions.len()), (None, 0));
    assert_eq!(when(&mut user, &reset, NOW), Ok(Vec::new()));
}
