//! The index against a model: whatever was created, renamed, erased or read anew, it finds the same.

use std::sync::Arc;

use super::*;
use crate::domain::contact::{Change as Changed, ContactType, Profile, Propose};
use crate::domain::time::Span;
use crate::persistence::follower::bench;
use crate::persistence::keyring::Keyring;

const TENANT: TenantId = TenantId(1);
const BEGIN: Timestamp = Timestamp(1_780_000_000_000);
const WORLD: World = World {
    tenant: TENANT,
    mode: Mode::Live,
};
const PLENTY: Bounds = Bounds {
    contacts: 1_000_000,
    names_bytes: 1_000_000,
};

struct Bench {
    inner: bench::Bench,
    keyring: Arc<Keyring>,
    contacts: Arc<Contacts>,
    bounds: Bounds,
    now: Timestamp,
}

fn index(inner: &bench::Bench, keyring: &Arc<Keyring>, bounds: Bounds) -> Arc<Contacts> {
    let profiles = Profiles::new(Arc::clone(keyring), bench::shards());
    let (store, feed) = (Arc::clone(&inner.store), Arc::clone(&inner.feed));
    let contacts = Contacts::new(store, feed, profiles, bounds, Brake::default());
    contacts.begin(&inner.store).unwrap();
    contacts
}

impl Bench {
    fn new(bounds: Bounds) -> Bench {
        let inner = bench::Bench::new();
        let keyring = Arc::new(Keyring::in_memory(1));
        Bench {
            contacts: index(&inner, &keyring, bounds),
            inner,
            keyring,
            bounds,
            now: BEGIN,
        }
    }

    fn address(number: u64) -> Address {
        Address {
            tenant: TENANT,
            mode: Mode::Live,
            kind: Kind::Contact,
            entity: number,
        }
    }

    fn happens(&mut self, number: u64, event: contact::Event) {
        let address = Bench::address(number);
        self.inner.happens(address, Event::Contact(event), self.now);
    }

    fn sealed(&self, number: u64, slot: Option<u32>, first: &str, last: &str) -> SealedProfile {
        let profile = Profile {
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            ..Profile::default()
        };
        let address = Bench::address(number);
        self.contacts.profiles.seal(&address, slot, &profile)
    }

    fn proposed(&mut self, number: u64, first: &str, last: &str) -> SealedProfile {
        let profile = self.sealed(number, None, first, last);
        let proposal = Propose {
            contact_type: ContactType::Person,
            profile: profile.clone(),
            own_id: None,
            code: "C".into(),
            claims: Vec::new(),
        };
        self.happens(number, contact::Event::Proposed(Arc::new(proposal)));
        profile
    }

    fn created(&mut self, number: u64, first: &str, last: &str) -> SealedProfile {
        let profile = self.proposed(number, first, last);
        self.now = self.now.after(Span::seconds(1));
        self.happens(number, contact::Event::Created(self.now));
        profile
    }

    fn renamed(&mut self, number: u64, before: &SealedProfile, first: &str, last: &str) {
        let change = Changed {
            from_version: 1,
            attempt: 1,
            contact_type: ContactType::Person,
            profile: self.sealed(number, Some(before.slot), first, last),
            code: "C".into(),
            adds: Vec::new(),
            removes: Vec::new(),
        };
        self.happens(number, contact::Event::Changed(Arc::new(change), self.now));
    }

    fn follow(&self) {
        let is_abandoned = AtomicBool::new(false);
        while self.contacts.step(&is_abandoned).unwrap() {}
    }

    fn checkpoint(&self) {
        let durable = Position(self.inner.position);
        self.inner.store.checkpoint(durable).unwrap();
    }

    /// As a process finds it that starts now.
    fn restart(&mut self) {
        self.contacts = index(&self.inner, &self.keyring, self.bounds);
        self.follow();
    }

    fn find(&self, name: &str) -> Result<Vec<u64>, Refused> {
        let wanted = Wanted {
            name: NameQuery::of(name),
            take: 100,
            ..Wanted::default()
        };
        let listed = self.contacts.find_now(WORLD, &wanted)?;
        assert_eq!(usize::try_from(listed.total), Ok(listed.contacts.len()));
        Ok(listed.contacts)
    }

    /// All, newest first, and by some names.
    fn check(&self, expected: &[(&str, &[u64])]) {
        for (name, numbers) in expected {
            assert_eq!(self.find(name).as_deref(), Ok(*numbers), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_found_is_the_same_after_a_restart_wherever_the_checkpoint_was() {
    const AFTER: [(&str, &[u64]); 6] = [
        ("", &[40, 9, 30, 7]),
        ("a", &[40, 30, 7]),
        ("ada", &[30]),
        ("ada by", &[30]),
        ("grace hop", &[9]),
        ("king", &[]),
    ];
    for checkpoint_at in 0..8 {
        let mut bench = Bench::new(PLENTY);
        let step = |bench: &Bench, number: usize| {
            if number == checkpoint_at {
                bench.checkpoint();
            }
            if number.is_multiple_of(2) {
                bench.follow();
            }
        };
        step(&bench, 0);
        let alan = bench.created(7, "Ada", "King");
        step(&bench, 1);
        bench.created(30, "Ada", "Byron");
        bench.proposed(40, "Ann", "Other");
        step(&bench, 2);
        bench.renamed(7, &alan, "Alan", "Turing");
        step(&bench, 3);
        bench.created(8, "Ada", "Gone");
        step(&bench, 4);
        bench.happens(8, contact::Event::Erased(bench.now));
        bench.created(9, "Grace", "Hopper");
        step(&bench, 5);
        // Refused, and proposed again.
        bench.happens(40, contact::Event::Refused);
        step(&bench, 6);
        bench.created(40, "Ann", "Other");
        step(&bench, 7);
        bench.follow();
        bench.check(&AFTER);
        bench.restart();
        bench.check(&AFTER);
        bench.checkpoint();
        bench.restart();
        bench.check(&AFTER);
        // Everything at once, over what the rows have already.
        bench.follow();
        bench.check(&AFTER);
    }
}

#[tokio::test]
async fn pages_follow_one_another_in_both_orders_and_whoever_is_meant_comes_first() {
    let mut bench = Bench::new(PLENTY);
    for number in 1..=23 {
        bench.created(number, "Ada", "Byron");
    }
    bench.happens(11, contact::Event::Erased(bench.now));
    bench.follow();
    for (name, first) in [("", vec![]), ("by", vec![]), ("ad", vec![99, 5])] {
        for is_oldest_first in [false, true] {
            let mut expected: Vec<u64> = (1..=23)
                .filter(|one| *one != 11 && !first.contains(one))
                .collect();
            if !is_oldest_first {
                expected.reverse();
            }
            let expected = [first.clone(), expected].concat();
            let mut found = Vec::new();
            for page in 0..4_u64 {
                let wanted = Wanted {
                    name: NameQuery::of(name),
                    first: first.clone(),
                    is_oldest_first,
                    skip: page * 10,
                    take: 10,
                };
                let listed = bench.contacts.find_now(WORLD, &wanted).unwrap();
                assert_eq!(listed.has_more, page < 2, "{wanted:?}");
                assert_eq!(usize::try_from(listed.total), Ok(expected.len()));
                found.extend(listed.contacts);
            }
            assert_eq!(found, expected);
        }
    }
    let elsewhere = World {
        mode: Mode::Test,
        ..WORLD
    };
    let nobody = bench.contacts.find_now(elsewhere, &Wanted::default());
    assert_eq!(nobody, Ok(Listed::default()));
}

#[tokio::test]
async fn too_many_names_end_the_search_and_too_many_contacts_the_list() {
    let few_names = Bounds {
        names_bytes: 2_000,
        ..PLENTY
    };
    let mut bench = Bench::new(few_names);
    let mut last = None;
    for number in 1..=9 {
        // The same words, again and again, take little more.
        let profile = bench.created(1, "Ada", "Byron");
        bench.renamed(1, &profile, "Ada", &format!("Byron-{number}"));
        last = Some(profile);
    }
    bench.follow();
    assert_eq!(bench.find("byron 9"), Ok(vec![1]));
    for number in 2..=20 {
        bench.created(number, "Ada", &format!("Byron-{number}"));
    }
    bench.follow();
    assert_eq!(bench.find("byron"), Err(Refused::TooManyNames));
    assert_eq!(bench.find("").map(|all| all.len()), Ok(20));
    bench.renamed(1, &last.unwrap(), "Ada", "King");
    bench.happens(2, contact::Event::Erased(bench.now));
    bench.follow();
    assert_eq!(bench.find("").map(|all| all.len()), Ok(19));
    bench.checkpoint();
    bench.bounds = Bounds {
        contacts: 18,
        ..PLENTY
    };
    bench.restart();
    assert_eq!(bench.find(""), Err(Refused::TooManyContacts));
    assert_eq!(bench.find("ada"), Err(Refused::TooManyContacts));
    bench.bounds = PLENTY;
    bench.restart();
    assert_eq!(bench.find("king"), Ok(vec![1]));
}

#[tokio::test]
async fn nothing_is_found_before_it_is_as_far_as_the_feed() {
    let mut bench = Bench::new(PLENTY);
    bench.created(1, "Ada", "Byron");
    assert_eq!(bench.find("ada"), Err(Refused::Building));
    let is_abandoned = AtomicBool::new(false);
    assert!(bench.contacts.step(&is_abandoned).unwrap());
    assert_eq!(bench.find("ada"), Err(Refused::Building));
    bench.follow();
    assert_eq!(bench.find("ada"), Ok(vec![1]));
    assert_eq!(bench.contacts.durable(), Position(1 + 1));
}
