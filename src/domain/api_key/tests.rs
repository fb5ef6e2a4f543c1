use super::*;

const NOW: Timestamp = Timestamp(1_000_000);
const END: Timestamp = Timestamp(2_000_000);
const BEFORE_END: Timestamp = Timestamp(END.0 - 1);

fn details(expires_at: Option<Timestamp>) -> Details {
    Details {
        name: "till".into(),
        visibility: Visibility::Secret,
        gateway: Gateway::BackOffice,
        scopes: Scopes::of([Scope::PurchasesWrite]),
        organisation: None,
        value_hash: [1; 32],
        public_value: None,
        lineage: 1,
        expires_at,
    }
}

/// A key that lived through `commands`, each accepted at its time.
fn given(commands: &[(Command, Timestamp)]) -> State {
    let mut state = State::default();
    for (command, wall) in commands {
        let events = state.decide(command, *wall).unwrap();
        events.iter().for_each(|event| state.apply(event));
    }
    state
}

fn created(expires_at: Option<Timestamp>) -> (Command, Timestamp) {
    (Command::Create(details(expires_at)), NOW)
}

fn works(state: &State, wall: Timestamp) -> bool {
    state.0.as_ref().unwrap().works(wall)
}

#[test]
fn a_key_works_from_its_creation_until_its_expiry_without_a_timer() {
    let state = given(&[created(Some(END))]);
    assert!(works(&state, NOW));
    assert!(works(&state, BEFORE_END));
    assert!(!works(&state, END));
    assert!(works(&given(&[created(None)]), Timestamp(i64::MAX)));
}

#[test]
fn a_revoked_key_never_works_again() {
    let state = given(&[created(Some(END)), (Command::Revoke, NOW)]);
    assert!(!works(&state, NOW));
    assert_eq!(state.0.as_ref().unwrap().stage, Stage::Revoked(NOW));
    assert_eq!(state.next_due(), None, "there is no expiry left to record");
    assert_eq!(state.decide(&Command::Revoke, END), Ok(Vec::new()));
    assert_eq!(state.decide(&Command::FireTimers, END), Ok(Vec::new()));
}

#[test]
fn an_expiry_is_recorded_once_and_not_before_its_time() {
    let state = given(&[created(Some(END))]);
    assert_eq!(state.next_due(), Some(END));
    assert_eq!(
        state.decide(&Command::FireTimers, BEFORE_END),
        Ok(Vec::new())
    );
    assert_eq!(
        state.decide(&Command::FireTimers, END),
        Ok(vec![Event::Expired])
    );
    let expired = given(&[created(Some(END)), (Command::FireTimers, END)]);
    assert_eq!(expired.next_due(), None);
    assert_eq!(expired.decide(&Command::FireTimers, END), Ok(Vec::new()));
    assert!(
        !works(&expired, NOW),
        "not even for a clock that was set back"
    );
    assert_eq!(
        expired.decide(&Command::Revoke, END),
        Ok(vec![Event::Revoked(END)])
    );
}

#[test]
fn a_key_is_created_once_and_an_unknown_one_does_nothing() {
    let again = given(&[created(None)]).decide(&Command::Create(details(None)), END);
    assert_eq!(again, Err(Rejection::ApiKeyExists));
    for command in [Command::Revoke, Command::FireTimers] {
        assert_eq!(
            State::default().decide(&command, NOW),
            Err(Rejection::UnknownApiKey)
        );
    }
}

#[test]
fn a_rolled_key_works_until_its_end_and_has_one_successor() {
    let rolled = given(&[created(None), (Command::RollOut(2, END), NOW)]);
    assert!(works(&rolled, BEFORE_END));
    assert!(!works(&rolled, END));
    assert_eq!(rolled.next_due(), Some(END));
    assert_eq!(
        rolled.decide(&Command::RollOut(2, END), END),
        Ok(Vec::new())
    );
    assert_eq!(
        rolled.decide(&Command::RollOut(3, END), NOW),
        Err(Rejection::RolledAlready)
    );
    let sooner = given(&[
        created(Some(END)),
        (Command::RollOut(2, Timestamp(i64::MAX)), NOW),
    ]);
    assert_eq!(
        sooner.next_due(),
        Some(END),
        "no roll makes a key last longer"
    );
}

#[test]
fn what_no_longer_works_is_neither_changed_nor_rolled() {
    let change = Command::Change("desk".into(), Scopes::all());
    let revoked = given(&[created(None), (Command::Revoke, NOW)]);
    let expired = given(&[created(Some(END))]);
    for command in [&change, &Command::RollOut(2, END)] {
        assert_eq!(revoked.decide(command, NOW), Err(Rejection::NotActive));
        assert_eq!(expired.decide(command, END), Err(Rejection::NotActive));
    }
    let changed = given(&[created(None), (change.clone(), NOW)]);
    let details = &changed.0.as_ref().unwrap().details;
    assert_eq!((&*details.name, details.scopes), ("desk", Scopes::all()));
    assert_eq!(changed.decide(&change, NOW), Ok(Vec::new()));
}

#[test]
fn every_scope_has_its_own_bit_and_name() {
    for scope in Scope::ALL {
        let alone = Scopes::of([scope]);
        assert_eq!(alone.iter().collect::<Vec<_>>(), [scope]);
        assert_eq!(Scope::from_name(scope.name()), Some(scope));
    }
    assert_eq!(Scopes::all().iter().collect::<Vec<_>>(), Scope::ALL);
    assert_eq!(Scope::from_name("contacts"), None);
}
