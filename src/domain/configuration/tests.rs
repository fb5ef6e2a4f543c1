use super::*;
use crate::domain::money::Minor;

fn tier(value_units: u32) -> Item {
    Item::Tier(Tier {
        name: "Gold".into(),
        value_units,
        ..Tier::default()
    })
}

fn create(configuration: &mut Configuration, number: u64, item: Item) -> Result<(), Rejection> {
    make(configuration, &Command::Create(number, Box::new(item)))
}

fn make(configuration: &mut Configuration, command: &Command) -> Result<(), Rejection> {
    let events = configuration.decide(command)?;
    events.iter().for_each(|event| configuration.apply(event));
    Ok(())
}

#[test]
fn tiers_lie_in_the_order_of_their_units_whenever_they_were_made() {
    let mut it = Configuration::default();
    for (number, units) in [(1, 500), (2, 0), (3, 1_000)] {
        create(&mut it, number, tier(units)).unwrap();
    }
    let reached = |it: &Configuration, units| it.reached_by(Minor(units), 2);
    assert_eq!(reached(&it, 0), Some(2));
    assert_eq!(reached(&it, 49_999), Some(2));
    assert_eq!(reached(&it, 50_000), Some(1));
    assert_eq!(reached(&it, 100_000), Some(3));
    make(&mut it, &Command::Change(2, Box::new(tier(2_000)))).unwrap();
    assert_eq!(reached(&it, 0), None);
    assert_eq!(reached(&it, 200_000), Some(2));
}

#[test]
fn no_two_tiers_begin_alike_and_no_two_tags_are_named_alike() {
    let mut it = Configuration::default();
    create(&mut it, 1, tier(5)).unwrap();
    assert_eq!(create(&mut it, 2, tier(5)), Err(Rejection::UnitsTaken));
    create(&mut it, 3, Item::Tag("vip".into())).unwrap();
    let again = create(&mut it, 4, Item::Tag("vip".into()));
    assert_eq!(again, Err(Rejection::NameTaken));
    assert_eq!((it.tag("vip"), it.tag("VIP")), (Some(3), None));
}

#[test]
fn a_number_is_created_once_and_changed_only_where_it_is() {
    let mut it = Configuration::default();
    create(&mut it, 1, tier(5)).unwrap();
    let same = it.decide(&Command::Create(1, Box::new(tier(5))));
    assert_eq!(same, Ok(Vec::new()), "a retry");
    assert_eq!(create(&mut it, 1, tier(6)), Err(Rejection::Exists));
    let elsewhere = Command::Change(2, Box::new(tier(6)));
    assert_eq!(make(&mut it, &elsewhere), Err(Rejection::Unknown));
}

#[test]
fn every_list_has_an_end() {
    let mut it = Configuration::default();
    let numbers = |most: usize| (0_u32..).take(most + 1).map(|n| (u64::from(n), n));
    for (most, item) in [
        (
            Configuration::TAGS_MAX,
            (|n| Item::Tag(n.to_string())) as fn(u32) -> Item,
        ),
        (Configuration::SEGMENTS_MAX, |_| {
            Item::Segment(Segment::default())
        }),
        (Configuration::TIERS_MAX, tier),
        (Configuration::SCHEMES_MAX, |_| {
            Item::Scheme(Scheme {
                name: "Club".into(),
                description: None,
                terms_and_conditions: None,
                opening: Opening::Auto,
            })
        }),
    ] {
        let all: Vec<_> = numbers(most)
            .map(|(number, n)| create(&mut it, number, item(n)))
            .collect();
        let (last, before) = all.split_last().unwrap();
        assert_eq!(*last, Err(Rejection::ListFull));
        assert!(before.iter().all(Result::is_ok));
    }
}

#[test]
fn units_follow_the_measure_and_the_rate() {
    let units = |measure, decimals| {
        let tiering = Tiering {
            measure,
            conversion_rate: 3,
            ..Tiering::default()
        };
        tiering.units(Minor(1_250), Minor(70), decimals)
    };
    assert_eq!(units(Measure::Spend, 2), Minor(3_750));
    assert_eq!(units(Measure::Award, 2), Minor(210));
    assert_eq!(units(Measure::Visits, 2), Minor(300));
    assert_eq!(units(Measure::Visits, 0), Minor(3));
    assert_eq!(whole_units(Minor(3_750), 2), 37);
}
