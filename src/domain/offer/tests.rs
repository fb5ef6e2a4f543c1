use super::*;
use rust_decimal::Decimal;

fn offer(conditions: Conditions) -> Offer {
    Offer {
        name: "Five back".into(),
        award: Award::Percentage(Percent(Decimal::from(5))),
        conditions,
        award_lasts: None,
        budget: None,
    }
}

const BASIS: Basis<'_> = Basis {
    total: Minor(2_000),
    paid: Minor(1_000),
    classification: "PURCHASE",
};

#[test]
fn a_share_is_of_what_is_paid() {
    assert_eq!(
        offer(Conditions::default()).evaluate(BASIS, |_| false),
        Ok(Minor(50))
    );
}

#[test]
fn each_condition_refuses_with_its_own_reason() {
    let refused = |conditions| offer(conditions).evaluate(BASIS, |_| false).unwrap_err();
    assert_eq!(
        refused(Conditions {
            minimum_total: Some(Minor(2_001)),
            ..Conditions::default()
        }),
        NoAward::BelowMinimum
    );
    assert_eq!(
        refused(Conditions {
            classification: Some("FUEL".into()),
            ..Conditions::default()
        }),
        NoAward::OtherClassification
    );
    assert_eq!(
        refused(Conditions {
            organisation: Some(4),
            ..Conditions::default()
        }),
        NoAward::OtherOrganisation
    );
    let tiny = Basis {
        paid: Minor(9),
        ..BASIS
    };
    assert_eq!(
        offer(Conditions::default()).evaluate(tiny, |_| true),
        Err(NoAward::RoundsToNothing)
    );
}

fn state(budget: Option<i64>) -> State {
    let mut state = State::default();
    state.apply(&Event::Created(Offer {
        budget: budget.map(Minor),
        ..offer(Conditions::default())
    }));
    state
}

fn lend(state: &State, shards: u16, at_least: i64) -> Result<Vec<Event>, Rejection> {
    state.decide(&Command::Lend {
        shard: 3,
        shards,
        at_least: Minor(at_least),
    })
}

#[test]
fn a_slice_leaves_something_for_every_shard() {
    let lent = |budget, shards, at_least| match &lend(&state(Some(budget)), shards, at_least)
        .unwrap()[..]
    {
        [Event::Lent(3, total)] => total.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(lent(80_000, 4, 100), 10_000);
    assert_eq!(lent(700, 4, 100), 100, "but what is needed, in any case");
    assert_eq!(lent(100, 4, 100), 100);
}

#[test]
fn what_is_short_is_not_lent_in_part() {
    let available = Minor(100);
    assert_eq!(
        lend(&state(Some(100)), 4, 101),
        Err(Rejection::BudgetShort { available })
    );
    assert_eq!(lend(&state(None), 4, 1), Err(Rejection::NoBudget));
    assert_eq!(lend(&State::default(), 4, 1), Err(Rejection::NoBudget));
}

#[test]
fn a_shard_is_lent_no_more_than_can_be_stored() {
    let mut state = state(Some(i64::MAX));
    state.apply(&Event::Lent(3, Lending::TOTAL_MAX));
    assert!(matches!(
        lend(&state, 4096, 1),
        Err(Rejection::BudgetShort { .. })
    ));
}

#[test]
fn what_comes_back_can_be_lent_again_and_counts_once() {
    let mut state = state(Some(100));
    state.apply(&Event::Lent(3, Minor(100)));
    assert_eq!(state.available(), Some(Minor::ZERO));
    let take_back = Command::TakeBack(vec![(3, Minor(60)), (4, Minor(9))]);
    let events = state.decide(&take_back).unwrap();
    assert_eq!(
        events,
        [Event::TakenBack(vec![(3, Minor(60))])],
        "shard 4 has nothing to return"
    );
    events.iter().for_each(|event| state.apply(event));
    assert_eq!(state.available(), Some(Minor(60)));
    assert_eq!(state.decide(&take_back), Ok(Vec::new()));
}
