//! One run: a network is made, contacts compete for values, tills award and spend while the machine dies again and
//! again, and at the end everything is compared, live, after a restart, and from the log alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::Stage;
use clientele::domain::directory_entry::RESERVED_FOR;
use clientele::domain::entity::{Answer, Command, Query, Rejection};
use clientele::domain::money::{Currency, Minor, Percent};
use clientele::domain::offer::{self, Award, NoAward, Offer};
use clientele::domain::organisation::{self, Organisation, Role};
use clientele::domain::tenant;
use clientele::domain::time::Span;
use clientele::persistence::journal::memory::Struck;
use clientele::publishing::projections::{Freshness, ListKey, Selection};
use futures_util::future::{join, join_all};
use rust_decimal::Decimal;

use crate::model::Model;
use crate::tills::{TENANT, Till, VENUE};
use crate::world::{End, World};

/// Offers with a budget: number, award, budget. Each runs out, most in all runs.
const BUDGETED: [(u64, Award, Minor); 2] = [
    (3, Award::Fixed(Minor(50)), Minor(600)),
    (
        4,
        Award::Percentage(Percent(Decimal::from_parts(3, 0, 0, false, 0))),
        Minor(1_700),
    ),
];

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) struck: Struck,
    pub(crate) restarts: u64,
    pub(crate) refused_creations: u64,
    pub(crate) unknown: u64,
    pub(crate) exhausted: u64,
    pub(crate) trace: u64,
}

/// Says how to run a failing seed again.
struct Rerun(u64);

impl Drop for Rerun {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            eprintln!("seed {seed} failed; run it alone with SEED={seed} (and TRACE=1)");
        }
    }
}

/// Runs one seed to its end.
pub(crate) fn run(seed: u64) -> Outcome {
    let _rerun = Rerun(seed);
    let world = World::new(seed);
    let model = Rc::new(RefCell::new(Model::default()));
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(1))
        .simulation_duration(Duration::from_secs(120))
        .build();
    let process = Rc::clone(&world);
    sim.host("node", move || Rc::clone(&process).live());
    let (tills_world, tills_model) = (Rc::clone(&world), Rc::clone(&model));
    sim.client("tills", async move {
        everything(&tills_world, &tills_model).await;
        Ok(())
    });
    loop {
        match sim.step() {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
        if world.bury() {
            sim.crash("node");
            sim.bounce("node");
        }
    }
    world.end(End::Crash);
    world.bury();
    sim.crash("node");
    let model = model.borrow();
    Outcome {
        struck: world.struck(),
        restarts: world.lives() - 1,
        refused_creations: model.refused_creations,
        unknown: model.unknown,
        exhausted: model.exhausted,
        trace: model.trace(),
    }
}

async fn everything(world: &Rc<World>, model: &Rc<RefCell<Model>>) {
    let mut checker = Till::new(world, model, 0);
    make_network(&mut checker).await;
    let busy = Cell::new(true);
    let creations = async {
        create_contacts(world, model).await;
        busy.set(false);
    };
    join(creations, operate(world, model, 90, &busy)).await;
    let contacts: Vec<Address> = model.borrow().ledgers.keys().copied().collect();
    assert!(contacts.len() >= 3, "no contest was won");
    for phase in 1..=3 {
        busy.set(true);
        let tills = (0..3).map(|till| {
            let mut till = Till::new(world, model, phase * 10 + till);
            let contacts = &contacts;
            async move {
                for step in 0..7 {
                    let key = format!("{phase} {} {step}", till.random.next());
                    till.act(contacts, &key).await;
                    till.pause(6).await;
                }
            }
        });
        let tills = async {
            join_all(tills).await;
            busy.set(false);
        };
        join(tills, operate(world, model, 90 + phase, &busy)).await;
        check(&mut checker).await;
    }
    free_what_was_abandoned(&mut checker).await;

    // Nothing fails any more: what is there now must be the same after a restart, and from the log alone.
    world.spare();
    restart(world, End::Crash).await;
    check(&mut checker).await;
    world.lose_rows();
    restart(world, End::Stop).await;
    check(&mut checker).await;
}

/// Ends this life and waits for the next.
async fn restart(world: &Rc<World>, end: End) {
    let life = world.lives();
    while world.node().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while world.lives() == life {
        world.end(end);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn make_network(till: &mut Till) {
    let tenant = Address::tenant(TENANT);
    let at = |mode, kind, entity| Address {
        tenant: TENANT,
        mode,
        kind,
        entity,
    };
    let details = tenant::Details {
        name: "Simulated".to_owned(),
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".to_owned()],
        time_zone: clientele::domain::calendar::Zone::utc(),
    };
    let create = tenant::Command::Create(details);
    till.ensure(tenant, Command::Tenant(create)).await;
    let venue = organisation::Command::Create(Organisation {
        name: "Venue".to_owned(),
        role: Role::Venue,
        parent: None,
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    });
    let address = at(Mode::Shared, Kind::Organisation, VENUE);
    till.ensure(address, Command::Organisation(venue)).await;
    let list = tenant::Command::ListOrganisation(VENUE, None);
    till.ensure(tenant, Command::Tenant(list)).await;
    let offers = [
        (Award::Percentage(Percent(5.into())), None, None),
        (Award::Fixed(Minor(50)), Some(Span::days(30)), None),
    ];
    let budgeted = BUDGETED.map(|(_, award, budget)| (award, None, Some(budget)));
    for (number, (award, award_lasts, budget)) in (1..).zip(offers.into_iter().chain(budgeted)) {
        let create = offer::Command::Create(Box::new(Offer {
            award_lasts,
            budget,
            ..Offer::new(format!("Offer {number}"), award)
        }));
        let address = at(Mode::Live, Kind::Offer, number);
        till.ensure(address, Command::Offer(create)).await;
        let list = tenant::Command::ListOffer(Mode::Live, number);
        till.ensure(tenant, Command::Tenant(list)).await;
    }
}

/// Creates contacts all at once: two each compete for three values; and one gives up on the way, whenever that is.
async fn create_contacts(world: &Rc<World>, model: &Rc<RefCell<Model>>) {
    let creations = (0..6).map(|number| {
        let mut till = Till::new(world, model, 60 + number);
        async move {
            till.pause(20).await;
            let value = format!("value {}", number / 2);
            till.create(&format!("contact {number}"), &value).await
        }
    });
    let mut quitter = Till::new(world, model, 70);
    let abandoned = async {
        let new = quitter.new_contact("quitter", "abandoned");
        let remember = quitter.remember("quitter", 1);
        let patience = Duration::from_millis(quitter.random.below(16));
        if let Some(router) = world.router() {
            let creation = router.create_contact(new, remember);
            drop(tokio::time::timeout(patience, creation).await);
        }
    };
    let (won, ()) = join(join_all(creations), abandoned).await;
    for pair in won.chunks(2) {
        assert_eq!(
            pair.iter().filter(|won| **won).count(),
            1,
            "one of two must have the value"
        );
    }
}

/// Checkpoints, crashes and stops while others are busy.
async fn operate(world: &Rc<World>, model: &Rc<RefCell<Model>>, stream: u64, busy: &Cell<bool>) {
    let mut operator = Till::new(world, model, stream);
    while busy.get() {
        operator.pause(40).await;
        let Some(node) = world.node() else { continue };
        match operator.random.below(8) {
            0 => world.end(End::Crash),
            1 => world.end(End::Stop),
            2..=4 => {
                let done = node.checkpoint().await;
                let done = done.map_or(0, |done| done.entities);
                model
                    .borrow_mut()
                    .happened(&format!("{done} entities checkpointed"));
            }
            _ => {}
        }
    }
}

/// Compares everything that is known with what the node shows. Nothing else is under way.
async fn check(till: &mut Till) {
    let known: Vec<Address> = till.model.borrow().ledgers.keys().copied().collect();
    for contact in known {
        let wallet = till.wallet(contact).await;
        let (again, next) = {
            let model = till.model.borrow();
            let ledger = &model.ledgers[&contact];
            ledger.check(&wallet);
            let again: Vec<_> = ledger.purchases.values().cloned().collect();
            (again, ledger.next_number())
        };
        for (asked, purchase) in again {
            let number = purchase.number;
            let shown = till
                .until_known("purchase", async |router| {
                    router.query(contact, Query::Purchase(number)).await.result
                })
                .await;
            match shown {
                Ok(Answer::Purchase(view)) => {
                    till.model.borrow_mut().acknowledged(&asked, &view.purchase)
                }
                other => panic!("an acknowledged purchase is lost: {other:?}"),
            }
        }
        let beyond = till
            .until_known("purchase", async |router| {
                router.query(contact, Query::Purchase(next)).await.result
            })
            .await;
        assert_eq!(beyond, Err(Rejection::NotFound), "an effect was doubled");
    }
    check_values(till).await;
    check_lists(till).await;
    check_budgets(till).await;
}

/// The lists name every purchase once, and no other: of the venue, and of the tenant.
async fn check_lists(till: &mut Till) {
    let expected: BTreeSet<(u64, u32)> = {
        let model = till.model.borrow();
        let ledgers = model.ledgers.iter();
        ledgers
            .flat_map(|(contact, ledger)| {
                let numbers = ledger.purchases.keys();
                numbers.map(|number| (contact.entity, *number))
            })
            .collect()
    };
    for organisation in [Some(VENUE), None] {
        let list = ListKey {
            tenant: TENANT,
            mode: Mode::Live,
            organisation,
        };
        let selection = Selection {
            take: 10_000,
            ..Selection::default()
        };
        let listed = loop {
            // The node may be dead, or die meanwhile.
            if let Some(lists) = till.world.lists()
                && lists.catch_up().await == Freshness::Current
            {
                break lists.select(list, selection).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let entries = listed.entries.iter();
        let found: Vec<_> = entries.map(|entry| (entry.owner, entry.part)).collect();
        assert_eq!(found.len(), expected.len(), "listed twice, or not at all");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

/// No budget is overspent; and nobody was refused an award of it that what was left would have covered. Awards are never
/// taken back, so what was left then was at least what is left now.
async fn check_budgets(till: &mut Till) {
    for (number, award, budget) in BUDGETED {
        let mut awarded = 0;
        let mut least_refused = None;
        {
            let mut model = till.model.borrow_mut();
            let mut refused = 0;
            let ledgers = model.ledgers.values();
            for (_, purchase) in ledgers.flat_map(|ledger| ledger.purchases.values()) {
                // Offers are numbered from 1 in the order of their list.
                let place = usize::try_from(number - 1).unwrap();
                match purchase.offers.get(place) {
                    Some(Ok(given)) => awarded += given.lot.left.0,
                    Some(Err(NoAward::BudgetExhausted)) => {
                        let wanted = match award {
                            Award::Fixed(amount) => amount.0,
                            Award::Percentage(share) => share.of(purchase.amount_due()).unwrap().0,
                        };
                        refused += 1;
                        least_refused =
                            Some(least_refused.map_or(wanted, |least: i64| least.min(wanted)));
                    }
                    Some(Err(_)) | None => {}
                }
            }
            model.exhausted = model.exhausted.max(refused);
        }
        assert!(awarded <= budget.0, "offer {number} gave {awarded}");
        if let Some(wanted) = least_refused {
            assert!(
                awarded + wanted > budget.0,
                "offer {number} gave {awarded} of {budget:?}, and refused {wanted}"
            );
        }
        let address = Address {
            tenant: TENANT,
            mode: Mode::Live,
            kind: Kind::Offer,
            entity: number,
        };
        let shown = till
            .until_known("budget", async |router| {
                router.query(address, Query::Budget).await.result
            })
            .await;
        match shown {
            Ok(Answer::Budget(view)) => {
                let out = view.lent.0 - view.returned.0;
                assert_eq!(out + view.available.0, budget.0);
                assert!(
                    awarded <= out,
                    "more was awarded than is out: {awarded}, {view:?}"
                );
            }
            other => panic!("no budget but {other:?}"),
        }
    }
}

/// Every value that was won is held by its winner, in the directory and in the contact.
async fn check_values(till: &mut Till) {
    let contests = till.model.borrow().contests.clone();
    for (value, told) in contests {
        for (contact, _) in told {
            let view = till.view(contact).await.expect("a winner is lost");
            assert_eq!(view.stage, Stage::Active);
            assert!(view.claims.contains(&value));
        }
    }
}

/// Lets time pass until the value of the creation that was given up is free again, or its contact has it after all.
async fn free_what_was_abandoned(till: &mut Till) {
    let (value, quitter) = (till.value("abandoned"), till.contact("quitter"));
    let reserved_for = Duration::from_millis(u64::try_from(RESERVED_FOR.0).unwrap());
    for _ in 0..20 {
        till.world.clock.jump(reserved_for);
        // Several ticks of the timers.
        tokio::time::sleep(Duration::from_millis(350)).await;
        let stage = till.view(quitter).await.map(|view| view.stage);
        let free = till.create("successor", "abandoned").await;
        till.model
            .borrow_mut()
            .happened(&format!("abandoned: {stage:?}, then {free}"));
        if free {
            assert_ne!(stage, Some(Stage::Active), "two contacts have {value:?}");
            return;
        }
        if stage == Some(Stage::Active) {
            return;
        }
    }
    panic!("the reservation of {value:?} is stuck");
}
