use proptest::prelude::*;

use super::*;
use crate::domain::offer::{self, Award, Offer};

fn lease(events: &[Event]) -> State {
    let mut lease = State::default();
    events.iter().for_each(|event| lease.apply(event));
    lease
}

fn moved(change: Change) -> Event {
    Event::Moved(change)
}

#[test]
fn what_was_granted_already_changes_nothing() {
    let granted = lease(&[Event::Granted(Minor(500))]);
    assert_eq!(granted.decide(&Command::Grant(Minor(500))), []);
    assert_eq!(granted.decide(&Command::Grant(Minor(300))), []);
    let more = granted.decide(&Command::Grant(Minor(800)));
    assert_eq!(more, [Event::Granted(Minor(800))]);
}

#[test]
fn all_but_what_is_awarded_is_returned() {
    let lease = lease(&[Event::Granted(Minor(500)), moved(Change::Debit(Minor(120)))]);
    assert_eq!(lease.remaining(), Minor(380));
    assert_eq!(
        lease.decide(&Command::Return(Minor(600))),
        [Event::Granted(Minor(600)), Event::Returned(Minor(480))],
        "what was lent and never arrived goes back as well"
    );
}

#[test]
fn what_is_returned_once_is_not_returned_again() {
    let lease = lease(&[Event::Granted(Minor(500)), Event::Returned(Minor(500))]);
    assert_eq!(lease.remaining(), Minor::ZERO);
    assert_eq!(lease.decide(&Command::Return(Minor(500))), []);
    assert_eq!(lease.decide(&Command::Grant(Minor(500))), []);
}

#[test]
fn a_credit_can_be_awarded_or_returned_again() {
    let lease = lease(&[
        Event::Granted(Minor(500)),
        moved(Change::Debit(Minor(120))),
        Event::Returned(Minor(380)),
        moved(Change::Credit(Minor(120))),
    ]);
    assert_eq!(lease.remaining(), Minor(120));
    assert_eq!(
        lease.decide(&Command::Return(Minor(500))),
        [Event::Returned(Minor(500))]
    );
}

/// An offer, its leases, and messages between them that arrive late, twice, or never.
struct World {
    offer: offer::State,
    leases: Vec<State>,
    awarded: i64,
    /// Totals on their way: to a shard, or back.
    lent: Vec<(u16, Minor)>,
    returned: Vec<(u16, Minor)>,
}

const SHARDS: u16 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    Lend(u16, i64),
    Grant(usize),
    Return(u16, usize),
    TakeBack(usize),
    Debit(u16, i64),
    Credit(u16, i64),
    LoseLent(usize),
    LoseReturned(usize),
}

impl World {
    fn new(budget: i64) -> World {
        let mut world = World {
            offer: offer::State::default(),
            leases: vec![State::default(); usize::from(SHARDS)],
            awarded: 0,
            lent: Vec::new(),
            returned: Vec::new(),
        };
        let create = offer::Command::Create(Box::new(Offer {
            budget: Some(Minor(budget)),
            ..Offer::new("Bonus", Award::Fixed(Minor(1)))
        }));
        world.ask_offer(&create).unwrap();
        world
    }

    fn ask_offer(&mut self, command: &offer::Command) -> Result<(), offer::Rejection> {
        for event in self.offer.decide(command)? {
            self.offer.apply(&event);
        }
        Ok(())
    }

    fn ask_lease(&mut self, shard: u16, command: &Command) -> State {
        let lease = &mut self.leases[usize::from(shard)];
        for event in lease.decide(command) {
            lease.apply(&event);
        }
        *lease
    }

    /// What was awarded, or taken back from awards, is counted apart from the leases.
    fn award(&mut self, shard: u16, change: Change) {
        let lease = &mut self.leases[usize::from(shard)];
        match change {
            Change::Debit(amount) if amount <= lease.remaining() => self.awarded += amount.0,
            Change::Credit(amount) if amount <= lease.debited => self.awarded -= amount.0,
            Change::Debit(_) | Change::Credit(_) => return,
        }
        lease.apply(&Event::Moved(change));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Lend(shard, at_least) => {
                let lend = offer::Command::Lend {
                    shard,
                    shards: SHARDS,
                    at_least: Minor(at_least),
                };
                if self.ask_offer(&lend).is_ok() {
                    let total = self.offer.lending.of(shard).lent;
                    self.lent.push((shard, total));
                }
            }
            // A message stays: it may arrive again.
            Step::Grant(at) => {
                if let Some((shard, total)) = at_of(&self.lent, at) {
                    self.ask_lease(shard, &Command::Grant(total));
                }
            }
            Step::Return(shard, at) => {
                let known = at_of(&self.lent, at).filter(|(of, _)| *of == shard);
                let total = known.map_or(Minor::ZERO, |(_, total)| total);
                let lease = self.ask_lease(shard, &Command::Return(total));
                self.returned.push((shard, lease.returned));
            }
            Step::TakeBack(at) => {
                if let Some(returned) = at_of(&self.returned, at) {
                    self.ask_offer(&offer::Command::TakeBack(vec![returned]))
                        .unwrap();
                }
            }
            Step::Debit(shard, amount) => self.award(shard, Change::Debit(Minor(amount))),
            Step::Credit(shard, amount) => self.award(shard, Change::Credit(Minor(amount))),
            Step::LoseLent(at) => lose(&mut self.lent, at),
            Step::LoseReturned(at) => lose(&mut self.returned, at),
        }
    }

    fn recall(&mut self) {
        let loans: Vec<_> = self.offer.lending.loans().collect();
        let mut returned = Vec::new();
        for (shard, loan) in loans {
            let lease = self.ask_lease(shard, &Command::Return(loan.lent));
            returned.push((shard, lease.returned));
        }
        self.ask_offer(&offer::Command::TakeBack(returned)).unwrap();
    }
}

fn at_of(messages: &[(u16, Minor)], at: usize) -> Option<(u16, Minor)> {
    messages.get(at % messages.len().max(1)).copied()
}

fn lose(messages: &mut Vec<(u16, Minor)>, at: usize) {
    if !messages.is_empty() {
        messages.remove(at % messages.len());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (shard, amount, at) = (0..SHARDS, 1_i64..200, 0_usize..64);
    prop_oneof![
        3 => (shard.clone(), amount.clone()).prop_map(|(shard, at_least)| Step::Lend(shard, at_least)),
        4 => at.clone().prop_map(Step::Grant),
        2 => (shard.clone(), at.clone()).prop_map(|(shard, at)| Step::Return(shard, at)),
        2 => at.clone().prop_map(Step::TakeBack),
        4 => (shard.clone(), amount.clone()).prop_map(|(shard, amount)| Step::Debit(shard, amount)),
        1 => (shard, amount).prop_map(|(shard, amount)| Step::Credit(shard, amount)),
        1 => at.clone().prop_map(Step::LoseLent),
        1 => at.prop_map(Step::LoseReturned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_order_of_messages_awards_more_than_the_budget_or_loses_a_part_of_it(
        budget in 0_i64..1_000,
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut world = World::new(budget);
        for step in steps {
            world.step(step);
            prop_assert!(world.awarded <= budget, "{step:?}");
        }
        world.recall();
        let available = world.offer.available().unwrap();
        prop_assert_eq!(available.0 + world.awarded, budget);
        let idle: i64 = world.leases.iter().map(|lease| lease.remaining().0).sum();
        prop_assert_eq!(idle, 0);
    }
}
