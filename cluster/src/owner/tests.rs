//! An owner against a log that the test writes entry by entry. `tests/model/` tries every interleaving; these say
//! which rule is meant, and cover what has to do with time.

use super::*;

const SHARED: Tenure = Tenure::Shared {
    read_lease_ms: READ_LEASE_MS,
};

fn owner(tenure: Tenure) -> Owner {
    Owner::new(NodeId(1), tenure, ShardLog::default(), Offset(0))
}

/// Owns epoch 1 by a claim at offset 0, asked at `now_ms`.
fn owning(tenure: Tenure, now_ms: u64) -> Owner {
    let mut owner = owner(tenure);
    owner.claim(now_ms);
    let standing = owner.claim_delivered(Epoch(1), Offset(0));
    assert_eq!(standing, Standing::Owning { epoch: Epoch(1) });
    owner
}

fn foreign_claim(epoch: u64) -> Entry {
    Entry::Claim {
        epoch: Epoch(epoch),
        node: NodeId(2),
    }
}

#[test]
fn a_claim_with_nothing_before_it_is_won_at_once() {
    owning(SHARED, 0);
}

#[test]
fn a_claim_behind_unread_entries_is_won_once_they_are_read() {
    let mut owner = owner(SHARED);
    let claim = owner.claim(0);
    let claiming = Standing::Claiming { epoch: Epoch(1) };
    assert_eq!(owner.claim_delivered(Epoch(1), Offset(1)), claiming);
    let stray = Entry::Data {
        epoch: Epoch(1),
        seq: Seq(1),
    };
    owner.observe(Offset(0), &stray);
    assert_eq!(owner.standing(), claiming);
    owner.observe(Offset(1), &claim);
    assert_eq!(owner.standing(), Standing::Owning { epoch: Epoch(1) });
}

#[test]
fn a_claim_read_back_before_its_delivery_is_known_is_won_then() {
    let mut owner = owner(SHARED);
    let claim = owner.claim(0);
    owner.observe(Offset(0), &claim);
    assert_eq!(owner.standing(), Standing::Claiming { epoch: Epoch(1) });
    owner.claim_delivered(Epoch(1), Offset(0));
    assert_eq!(owner.standing(), Standing::Owning { epoch: Epoch(1) });
}

#[test]
fn a_tie_goes_to_the_earlier_claim() {
    let mut owner = owner(SHARED);
    let claim = owner.claim(0);
    owner.claim_delivered(Epoch(1), Offset(1));
    owner.observe(Offset(0), &foreign_claim(1));
    owner.observe(Offset(1), &claim);
    assert_eq!(owner.standing(), Standing::Bystander);
    assert_eq!(owner.log().owner(), Some(NodeId(2)));
}

#[test]
fn a_claim_of_an_earlier_run_is_not_taken_for_ones_own() {
    let mut owner = owner(SHARED);
    let same_as_before = owner.claim(0);
    owner.claim_delivered(Epoch(1), Offset(1));
    owner.observe(Offset(0), &same_as_before);
    owner.observe(Offset(1), &same_as_before);
    assert_eq!(owner.standing(), Standing::Bystander);
}

#[test]
fn a_claim_that_was_overtaken_before_it_was_read_is_lost() {
    let mut owner = owner(SHARED);
    let claim = owner.claim(0);
    owner.observe(Offset(0), &claim);
    owner.observe(Offset(1), &foreign_claim(2));
    owner.claim_delivered(Epoch(1), Offset(0));
    assert_eq!(owner.standing(), Standing::Bystander);
}

#[test]
fn an_epoch_is_never_asked_for_twice() {
    let mut owner = owner(SHARED);
    let asked = [owner.claim(0), owner.claim(0)];
    let claim = |epoch| Entry::Claim {
        epoch: Epoch(epoch),
        node: NodeId(1),
    };
    assert_eq!(asked, [claim(1), claim(2)]);
    // The first one lands late, and its delivery decides nothing.
    owner.claim_delivered(Epoch(1), Offset(0));
    assert_eq!(owner.standing(), Standing::Claiming { epoch: Epoch(2) });
    owner.observe(Offset(0), &foreign_claim(9));
    assert_eq!(owner.claim(0), claim(10));
}

#[test]
fn appends_that_follow_each_other_are_acknowledged_without_reading() {
    let mut owner = owning(SHARED, 0);
    let stamps = [owner.assign(0).unwrap(), owner.assign(0).unwrap()];
    assert_eq!(stamps.map(|stamp| stamp.seq), [Seq(1), Seq(2)]);
    assert_eq!(owner.confirm(stamps[0], Offset(1)), Confirmed::Acknowledge);
    assert_eq!(owner.confirm(stamps[1], Offset(2)), Confirmed::Acknowledge);
    assert_eq!(owner.unread(), Offset(3));
    let known = owner.observe(Offset(2), &stamps[1].entry());
    assert_eq!(known, Observed::AlreadyKnown);
}

#[test]
fn an_append_behind_a_harmless_entry_is_acknowledged_once_that_is_read() {
    let mut owner = owning(SHARED, 0);
    let stamp = owner.assign(0).unwrap();
    let unread = Confirmed::ReadBackFirst {
        from: Offset(1),
        to: Offset(2),
    };
    assert_eq!(owner.confirm(stamp, Offset(2)), unread);
    owner.observe(Offset(1), &foreign_claim(1));
    owner.observe(Offset(2), &stamp.entry());
    assert_eq!(owner.confirm(stamp, Offset(2)), Confirmed::Acknowledge);
}

#[test]
fn an_append_behind_a_takeover_is_refused() {
    let mut owner = owning(SHARED, 0);
    let before = owner.assign(0).unwrap();
    let after = owner.assign(0).unwrap();
    owner.observe(Offset(1), &before.entry());
    owner.observe(Offset(2), &foreign_claim(2));
    assert_eq!(owner.standing(), Standing::Bystander);
    assert_eq!(owner.confirm(before, Offset(1)), Confirmed::Acknowledge);
    assert_eq!(owner.confirm(after, Offset(3)), Confirmed::Refused);
    assert_eq!(owner.assign(0), Err(NotOwner));
    assert!(!owner.may_serve_reads(0));
}

#[test]
fn an_append_behind_a_missing_one_is_refused() {
    let mut owner = owning(SHARED, 0);
    let _lost = owner.assign(0).unwrap();
    let second = owner.assign(0).unwrap();
    assert_eq!(owner.confirm(second, Offset(1)), Confirmed::Refused);
    assert_eq!(owner.standing(), Standing::Bystander);
    assert_eq!(owner.log().next_seq(), None);
}

#[test]
fn a_failed_append_ends_the_ownership_and_leaves_the_rest_unknown() {
    let mut owner = owning(SHARED, 0);
    let _failed = owner.assign(0).unwrap();
    let in_flight = owner.assign(0).unwrap();
    owner.append_failed();
    assert_eq!(owner.standing(), Standing::Bystander);
    assert_eq!(owner.confirm(in_flight, Offset(2)), Confirmed::Unknown);
    assert_eq!(owner.assign(0), Err(NotOwner));
    owner.claim(0);
    owner.claim_delivered(Epoch(2), Offset(1));
    assert_eq!(owner.standing(), Standing::Owning { epoch: Epoch(2) });
    assert_eq!(owner.confirm(in_flight, Offset(2)), Confirmed::Unknown);
    let stamp = owner.assign(0).unwrap();
    assert_eq!((stamp.epoch, stamp.seq), (Epoch(2), Seq::FIRST));
}

#[test]
fn a_hole_in_a_shared_log_is_never_skipped() {
    let mut owner = owner(SHARED);
    let missing = Observed::Missing { from: Offset(0) };
    assert_eq!(owner.observe(Offset(1), &foreign_claim(1)), missing);
    assert_eq!(owner, self::owner(SHARED));
}

#[test]
fn a_sole_owner_needs_neither_dense_offsets_nor_a_lease() {
    let mut owner = owning(Tenure::Sole, 0);
    let stamp = owner.assign(0).unwrap();
    assert_eq!(owner.confirm(stamp, Offset(99)), Confirmed::Acknowledge);
    assert!(owner.may_serve_reads(u64::MAX));
    assert!(!owner.renewal_is_due(u64::MAX));
    owner.append_failed();
    assert!(!owner.may_serve_reads(0));
}

#[test]
fn reads_stop_three_seconds_after_the_start_of_the_newest_confirmed_append() {
    let mut owner = owning(SHARED, 1_000);
    assert!(owner.may_serve_reads(4_000));
    assert!(!owner.may_serve_reads(4_001));
    let stamp = owner.assign(5_000).unwrap();
    assert!(!owner.may_serve_reads(5_000), "it is not confirmed yet");
    // However late the confirmation is processed, it proves ownership at 5,000 only.
    owner.confirm(stamp, Offset(1));
    assert!(owner.may_serve_reads(8_000));
    assert!(!owner.may_serve_reads(8_001));
}

#[test]
fn under_steady_appends_the_lease_keeps_moving() {
    let mut owner = owning(SHARED, 0);
    let first = owner.assign(100).unwrap();
    let second = owner.assign(200).unwrap();
    owner.confirm(first, Offset(1));
    assert!(owner.may_serve_reads(3_100), "a later one is on its way");
    let third = owner.assign(300).unwrap();
    owner.confirm(second, Offset(2));
    assert!(
        !owner.may_serve_reads(3_101),
        "the first is the newest proof"
    );
    owner.confirm(third, Offset(3));
    assert!(owner.may_serve_reads(3_300));
}

#[test]
fn an_idle_owner_is_told_to_renew_at_half_of_its_lease() {
    let mut owner = owning(SHARED, 0);
    assert!(!owner.renewal_is_due(1_499));
    assert!(owner.renewal_is_due(1_500));
    let stamp = owner.assign(1_500).unwrap();
    assert!(!owner.renewal_is_due(1_600), "one is on its way");
    owner.confirm(stamp, Offset(1));
    assert!(!owner.renewal_is_due(2_999));
    assert!(owner.renewal_is_due(3_000));
    owner.append_failed();
    assert!(!owner.renewal_is_due(9_000));
}
