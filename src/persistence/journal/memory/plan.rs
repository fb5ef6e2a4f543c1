//! What goes wrong in a simulation, and when: the same for the same seed.

use std::time::Duration;

/// The faults of one memory journal. Chances are in a million, drawn for each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// Where the draws begin: equal seeds and equal calls give equal faults.
    pub seed: u64,
    /// The shortest time that a batch takes to become durable.
    pub sync_min: Duration,
    /// The longest.
    pub sync_max: Duration,
    /// The record is stored twice.
    pub duplicate_per_million: u32,
    /// The record is stored, but its outcome is unknown; so are those of all later records of its epoch.
    pub lost_ack_per_million: u32,
    /// The record is not stored, and its outcome is unknown: what follows in its epoch doesn't count.
    pub gap_per_million: u32,
    /// Another node's claim lands just before the record, which then doesn't count.
    pub foreign_claim_per_million: u32,
    /// The process dies while the record is written: some of its batch is stored, and the journal has failed.
    pub crash_per_million: u32,
}

impl FaultPlan {
    /// Nothing goes wrong, and nothing takes time.
    #[must_use]
    pub const fn none() -> FaultPlan {
        FaultPlan {
            seed: 0,
            sync_min: Duration::ZERO,
            sync_max: Duration::ZERO,
            duplicate_per_million: 0,
            lost_ack_per_million: 0,
            gap_per_million: 0,
            foreign_claim_per_million: 0,
            crash_per_million: 0,
        }
    }
}

/// How often each fault struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// Records stored twice.
    pub duplicates: u64,
    /// Records stored without being acknowledged.
    pub lost_acks: u64,
    /// Records lost.
    pub gaps: u64,
    /// Other nodes' claims.
    pub foreign_claims: u64,
    /// Deaths.
    pub crashes: u64,
}

/// What happens to one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    None,
    Duplicate,
    LostAck,
    Gap,
    ForeignClaim,
    Crash,
}

/// Draws from a plan.
#[derive(Debug)]
pub(super) struct Dice {
    plan: FaultPlan,
    state: u64,
    struck: Struck,
}

impl Dice {
    pub(super) fn new(plan: FaultPlan) -> Dice {
        Dice {
            state: plan.seed,
            plan,
            struck: Struck::default(),
        }
    }

    pub(super) fn struck(&self) -> Struck {
        self.struck
    }

    /// How long a batch takes.
    pub(super) fn sync_time(&mut self) -> Duration {
        let spread = self.plan.sync_max.saturating_sub(self.plan.sync_min);
        let nanos = u64::try_from(spread.as_nanos()).unwrap_or(u64::MAX);
        let drawn = self.below(nanos.saturating_add(1));
        self.plan
            .sync_min
            .saturating_add(Duration::from_nanos(drawn))
    }

    /// What is to happen to the next record; [`Dice::count`] it when it does.
    pub(super) fn strike(&mut self) -> Strike {
        let plan = &self.plan;
        let table = [
            (plan.duplicate_per_million, Strike::Duplicate),
            (plan.lost_ack_per_million, Strike::LostAck),
            (plan.gap_per_million, Strike::Gap),
            (plan.foreign_claim_per_million, Strike::ForeignClaim),
            (plan.crash_per_million, Strike::Crash),
        ];
        let mut drawn = self.below(1_000_000);
        for (chance, strike) in table {
            let chance = u64::from(chance);
            if drawn < chance {
                return strike;
            }
            drawn -= chance;
        }
        Strike::None
    }

    /// A number below `bound`, or 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). The bias of the remainder is far below a chance's grain.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = self.state;
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)).checked_rem(bound).unwrap_or(0)
    }

    /// A fault has struck.
    pub(super) fn count(&mut self, strike: Strike) {
        let struck = &mut self.struck;
        match strike {
            Strike::None => {}
            Strike::Duplicate => struck.duplicates += 1,
            Strike::LostAck => struck.lost_acks += 1,
            Strike::Gap => struck.gaps += 1,
            Strike::ForeignClaim => struck.foreign_claims += 1,
            Strike::Crash => struck.crashes += 1,
        }
    }
}
