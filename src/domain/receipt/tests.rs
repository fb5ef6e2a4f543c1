use super::*;
use crate::domain::money::Minor;

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const CODE: ValueHash = ValueHash([7; 16]);

fn sale() -> Sale {
    Sale {
        organisation: 3,
        amounts: Amounts {
            total: Minor(1_000),
            net: Some(Minor(800)),
            tax: None,
            discount: None,
        },
        currency: Currency::from_code("EUR").unwrap(),
        classification: Arc::from("SALE"),
        own_id: None,
        reference_number: Some(Arc::from("R-1")),
        performed_on: None,
        products: Vec::new(),
    }
}

fn posted() -> State {
    let mut state = State::default();
    done(&mut state, &Command::Post(CODE, Arc::new(sale())), NOW);
    state
}

/// What `command` comes to at `at`, taken in.
fn done(state: &mut State, command: &Command, at: Timestamp) -> usize {
    let events = state.decide(command, at, at).unwrap();
    events.iter().for_each(|event| state.apply(event));
    events.len()
}

fn claim(by: u64, said: Said) -> Command {
    Command::Claim(Box::new(Claim {
        code: CODE,
        by,
        said,
    }))
}

fn refused(state: &State, command: &Command, at: Timestamp) -> Option<Rejection> {
    state.decide(command, at, at).err()
}

const NO: Option<Rejection> = Some(Rejection::NotClaimable);

#[test]
fn one_contact_claims_a_receipt_and_no_other_ever() {
    let mut state = posted();
    assert_eq!(done(&mut state, &claim(1, Said::default()), NOW), 1);
    assert_eq!(done(&mut state, &claim(1, Said::default()), NOW), 0);
    assert_eq!(refused(&state, &claim(2, Said::default()), NOW), NO);
    done(&mut state, &Command::Refuse(1), NOW);
    assert_eq!(refused(&state, &claim(2, Said::default()), NOW), NO);
    assert_eq!(done(&mut state, &Command::Settle(2, 9), NOW), 0);
    assert_eq!(done(&mut state, &Command::Settle(1, 5), NOW), 1);
    assert_eq!(done(&mut state, &Command::Settle(1, 6), NOW), 0);
    assert_eq!(refused(&state, &claim(2, Said::default()), NOW), NO);
    assert_eq!(done(&mut state, &claim(1, Said::default()), NOW), 0);
    assert_eq!(state.0.unwrap().standing, Standing::Settled(1, 5));
}

#[test]
fn a_receipt_can_be_claimed_until_its_time_is_over() {
    let over = NOW.after(CLAIMED_WITHIN);
    let state = posted();
    assert_eq!(refused(&state, &claim(1, Said::default()), over), NO);
    assert_eq!(
        refused(&state, &claim(1, Said::default()), over.before(Span(1))),
        None
    );
    assert_eq!(
        refused(&State::default(), &claim(1, Said::default()), NOW),
        NO
    );
}

#[test]
fn what_a_claim_says_must_be_so() {
    let state = posted();
    let amounts = |total, net, tax| {
        Some(Amounts {
            total: Minor(total),
            net: Some(Minor(net)),
            tax: Some(Minor(tax)),
            discount: None,
        })
    };
    let said = Said {
        name: Some(Arc::from("R-1")),
        organisation: Some(3),
        amounts: amounts(1_000, 800, 200),
        currency: Some(Currency::from_code("EUR").unwrap()),
    };
    assert_eq!(refused(&state, &claim(1, said.clone()), NOW), None);
    for wrong in [
        Said {
            name: Some(Arc::from("R-2")),
            ..Said::default()
        },
        Said {
            organisation: Some(4),
            ..Said::default()
        },
        Said {
            amounts: amounts(1_001, 800, 200),
            ..Said::default()
        },
        Said {
            amounts: amounts(1_000, 801, 200),
            ..Said::default()
        },
        Said {
            currency: Currency::from_code("USD"),
            ..Said::default()
        },
    ] {
        assert_eq!(
            refused(&state, &claim(1, wrong.clone()), NOW),
            NO,
            "{wrong:?}"
        );
    }
    let other = Command::Claim(Box::new(Claim {
        code: ValueHash([8; 16]),
        by: 1,
        said,
    }));
    assert_eq!(refused(&state, &other, NOW), NO);
}

#[test]
fn a_claim_that_was_cut_short_is_seen_to_and_one_that_was_refused_is_not() {
    let mut state = posted();
    assert_eq!(state.next_due(), Dues::default());
    done(&mut state, &claim(1, Said::default()), NOW);
    let due = NOW.after(SETTLED_AFTER);
    assert_eq!(state.next_due(), Dues::on_wall(Some(due)));
    assert!(state.obligations(due.before(Span(1))).is_empty());
    assert_eq!(state.obligations(due), [Obligation::SettleClaim]);
    let receipt = state.0.clone().unwrap();
    assert_eq!(receipt.records(due), Some(1));
    assert_eq!(receipt.records(NOW.after(SETTLED_WITHIN)), None);
    assert_eq!(
        refused(
            &state,
            &claim(1, Said::default()),
            NOW.after(SETTLED_WITHIN)
        ),
        NO
    );
    done(&mut state, &Command::Refuse(1), NOW);
    assert_eq!(
        (state.next_due(), state.obligations(due)),
        (Dues::default(), Vec::new())
    );
    done(&mut state, &Command::Settle(1, 1), NOW);
    assert_eq!(state.0.unwrap().records(due), None);
}

#[test]
fn a_till_takes_back_what_nobody_has_claimed() {
    let mut state = posted();
    assert_eq!(done(&mut state, &Command::Void, NOW), 1);
    assert_eq!(done(&mut state, &Command::Void, NOW), 0);
    assert_eq!(refused(&state, &claim(1, Said::default()), NOW), NO);
    let mut claimed = posted();
    done(&mut claimed, &claim(1, Said::default()), NOW);
    assert_eq!(
        refused(&claimed, &Command::Void, NOW),
        Some(Rejection::ClaimedBefore)
    );
}

#[test]
fn a_receipt_that_is_posted_again_is_the_same_or_refused() {
    let mut state = posted();
    let again = Command::Post(CODE, Arc::new(sale()));
    assert_eq!(done(&mut state, &again, NOW.after(Span(5))), 0);
    let other = Sale {
        organisation: 9,
        ..sale()
    };
    let other = Command::Post(CODE, Arc::new(other));
    assert_eq!(refused(&state, &other, NOW), Some(Rejection::OtherSale));
}

#[test]
fn a_purchase_was_made_when_the_till_says_and_never_later_than_it_was_posted() {
    let mut sale = sale();
    assert_eq!(sale.purchase(NOW).performed_on, Some(NOW));
    sale.performed_on = Some(NOW.before(Span(9)));
    assert_eq!(sale.purchase(NOW).performed_on, Some(NOW.before(Span(9))));
    sale.performed_on = Some(NOW.after(Span(9)));
    assert_eq!(sale.purchase(NOW).performed_on, Some(NOW));
}
