use super::*;

const NOW: Timestamp = Timestamp(1_000_000);
/// A test clock is far ahead of it.
const WALL: Timestamp = Timestamp(500);
const LAPSE: Timestamp = Timestamp(NOW.0 + RESERVED_FOR.0);
const ADA: Holder = holder(1, 1);
const BOB: Holder = holder(2, 1);

const fn holder(contact: u64, attempt: u32) -> Holder {
    Holder { contact, attempt }
}

fn value(number: u8) -> ValueHash {
    ValueHash([number; 16])
}

/// An entry that lived through `commands`, each of which must be accepted.
fn given(commands: &[Command]) -> State {
    let mut state = State::default();
    for command in commands {
        let events = state.decide(command, NOW, WALL).unwrap();
        events.iter().for_each(|event| state.apply(event));
    }
    state
}

fn check(given_commands: &[Command], when: Command, then: Result<&[Event], Rejection>) {
    let decided = given(given_commands).decide(&when, NOW, WALL);
    assert_eq!(
        decided.as_deref(),
        then.as_ref().copied(),
        "{when:?} after {given_commands:?}"
    );
}

#[test]
fn a_free_value_is_reserved_then_confirmed_and_only_then_has_a_holder() {
    let reserve = Command::Reserve(value(1), ADA);
    let confirm = Command::Confirm(value(1), ADA);
    check(&[], reserve, Ok(&[Event::Reserved(value(1), ADA, LAPSE)]));
    check(&[reserve], confirm, Ok(&[Event::Confirmed(value(1), ADA)]));
    assert_eq!(given(&[reserve]).holder(&value(1)), None);
    assert_eq!(given(&[reserve, confirm]).holder(&value(1)), Some(1));
    assert_eq!(given(&[reserve, confirm]).holder(&value(2)), None);
}

#[test]
fn what_was_done_is_not_done_again() {
    let reserve = Command::Reserve(value(1), ADA);
    let confirm = Command::Confirm(value(1), ADA);
    let release = Command::Release(value(1), ADA);
    check(&[reserve], reserve, Ok(&[]));
    check(&[reserve, confirm], reserve, Ok(&[]));
    check(&[reserve, confirm], confirm, Ok(&[]));
    check(&[reserve, release], release, Ok(&[]));
}

#[test]
fn a_value_that_another_has_is_taken_whether_or_not_it_is_confirmed() {
    let reserve = Command::Reserve(value(1), ADA);
    let confirm = Command::Confirm(value(1), ADA);
    let wish = Command::Reserve(value(1), BOB);
    check(&[reserve], wish, Err(Rejection::ValueTaken));
    check(&[reserve, confirm], wish, Err(Rejection::ValueTaken));
    check(
        &[reserve],
        Command::Confirm(value(1), BOB),
        Err(Rejection::NotHeld),
    );
    check(&[], confirm, Err(Rejection::NotHeld));
}

#[test]
fn a_released_value_is_free_and_a_strangers_release_changes_nothing() {
    let reserve = Command::Reserve(value(1), ADA);
    let confirm = Command::Confirm(value(1), ADA);
    let release = Command::Release(value(1), ADA);
    check(
        &[reserve, confirm],
        Command::Release(value(1), BOB),
        Ok(&[]),
    );
    check(
        &[reserve, confirm],
        release,
        Ok(&[Event::Released(value(1), ADA)]),
    );
    check(
        &[reserve, confirm, release],
        Command::Reserve(value(1), BOB),
        Ok(&[Event::Reserved(value(1), BOB, LAPSE)]),
    );
}

#[test]
fn what_an_abandoned_attempt_still_sends_touches_nothing_of_the_next_one() {
    let again = holder(1, 2);
    let (first, second) = (
        Command::Reserve(value(1), ADA),
        Command::Reserve(value(1), again),
    );
    check(
        &[first],
        second,
        Ok(&[Event::Reserved(value(1), again, LAPSE)]),
    );
    let both = [first, second];
    assert_eq!(given(&both).claims.len(), 1);
    check(&both, Command::Release(value(1), ADA), Ok(&[]));
    check(
        &both,
        Command::Confirm(value(1), ADA),
        Err(Rejection::NotHeld),
    );
    let confirm = Command::Confirm(value(1), again);
    check(&both, confirm, Ok(&[Event::Confirmed(value(1), again)]));
}

#[test]
fn a_later_attempt_takes_over_what_an_earlier_one_holds_and_never_the_other_way_round() {
    let again = holder(ADA.contact, ADA.attempt + 1);
    let reserve = Command::Reserve(value(1), ADA);
    let held = [reserve, Command::Confirm(value(1), ADA)];
    let until = NOW.after(RESERVED_FOR);
    let taken_over = Event::Reserved(value(1), again, until);
    check(&held, Command::Reserve(value(1), again), Ok(&[taken_over]));
    let later = [Command::Reserve(value(1), again)];
    check(&later, reserve, Err(Rejection::Overtaken));
    check(&later, Command::Release(value(1), ADA), Ok(&[]));
    let obsolete = Event::Released(value(1), ADA);
    check(&held, Command::Release(value(1), again), Ok(&[obsolete]));
}

#[test]
fn values_that_meet_in_an_entry_stay_apart_until_it_is_full() {
    let reserve = |number| Command::Reserve(value(number), holder(u64::from(number), 1));
    let full = [reserve(1), reserve(2), reserve(3), reserve(4)];
    assert_eq!(full.len(), CLAIMS_MAX);
    check(&full, reserve(5), Err(Rejection::EntryFull));
    check(&full, reserve(4), Ok(&[]));
    let mut state = given(&full);
    state.apply(&Event::Confirmed(value(2), holder(2, 1)));
    state.apply(&Event::Released(value(3), holder(3, 1)));
    assert_eq!(state.holder(&value(2)), Some(2));
    assert_eq!(state.holder(&value(1)), None);
    assert!(
        state
            .decide(&reserve(5), NOW, WALL)
            .is_ok_and(|events| events.len() == 1)
    );
}

#[test]
fn a_lapsed_reservation_is_owed_a_question_until_it_is_settled() {
    let mut state = given(&[
        Command::Reserve(value(1), ADA),
        Command::Reserve(value(2), BOB),
    ]);
    assert_eq!(state.next_due(), Dues::of_business(Some(LAPSE)));
    assert_eq!(state.obligations(LAPSE.before(Span(1)), WALL), []);
    let owed = |number, holder| Obligation::Ask {
        value: value(number),
        holder,
    };
    assert_eq!(state.obligations(LAPSE, WALL), [owed(1, ADA), owed(2, BOB)]);

    state.apply(&Event::Confirmed(value(1), ADA));
    assert_eq!(state.obligations(LAPSE, WALL), [owed(2, BOB)]);
    state.apply(&Event::Released(value(2), BOB));
    assert_eq!(state.obligations(LAPSE, WALL), []);
    assert_eq!(state.next_due(), Dues::default());
}

#[test]
fn an_entry_is_found_by_the_first_half_of_its_values_hash() {
    let mut bytes = [0; 16];
    bytes[7] = 5;
    bytes[15] = 6;
    assert_eq!(ValueHash(bytes).entry(), 5);
}
