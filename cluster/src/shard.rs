//! Which shard an entity belongs to.

use std::fmt;

use crate::ShardId;
use crate::mix::mix;

/// How many shards there are: fixed when a data directory or a cluster is created, since changing it would move
/// entities away from their records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardCount(u16);

/// A shard count outside of [`ShardCount::MIN`] and [`ShardCount::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardCountOutOfRange {
    /// What was asked for.
    pub asked: u64,
}

impl ShardCount {
    /// One shard: every entity in one order.
    pub const MIN: ShardCount = ShardCount(1);

    /// Each shard costs a partition, a supervisor and a standby's tail. Kafka's advice is at most about 4,000 partitions
    /// a broker, and no node needs more shards than that to spread its load.
    pub const MAX: ShardCount = ShardCount(4096);

    /// Spreads evenly over a few dozen nodes (a node of 32 has 8 shards, so losing one moves an eighth of its load at a
    /// time), while a single machine carries 256 supervisors without noticing.
    pub const DEFAULT: ShardCount = ShardCount(256);

    /// Checks `count`.
    ///
    /// # Errors
    ///
    /// [`ShardCountOutOfRange`] unless it lies in [`ShardCount::MIN`]..=[`ShardCount::MAX`].
    pub fn new(count: u64) -> Result<ShardCount, ShardCountOutOfRange> {
        u16::try_from(count)
            .ok()
            .map(ShardCount)
            .filter(|count| (Self::MIN..=Self::MAX).contains(count))
            .ok_or(ShardCountOutOfRange { asked: count })
    }

    /// The count as a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Every shard, in order.
    pub fn shards(self) -> impl DoubleEndedIterator<Item = ShardId> {
        (0..self.0).map(ShardId)
    }

    /// Whether `shard` is one of them.
    #[must_use]
    pub const fn contains(self, shard: ShardId) -> bool {
        shard.0 < self.0
    }
}

impl Default for ShardCount {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u64> for ShardCount {
    type Error = ShardCountOutOfRange;

    fn try_from(count: u64) -> Result<Self, Self::Error> {
        Self::new(count)
    }
}

impl fmt::Display for ShardCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ShardCountOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (ShardCount::MIN, ShardCount::MAX);
        write!(f, "{} shards: the count must be {min} to {max}", self.asked)
    }
}

impl std::error::Error for ShardCountOutOfRange {}

/// The shard of `entity` of `tenant`: the same for ever, on every machine and in every version.
///
/// With `finish` SplitMix64's finaliser, `g` its increment 0x9e3779b97f4a7c15, and all sums and products modulo 2^64:
/// `finish(finish(tenant + g) + entity * g) mod shard_count`. The modulo's bias is below 2^-51.
#[must_use]
pub const fn shard_of(tenant: u64, entity: u64, shard_count: ShardCount) -> ShardId {
    let remainder = mix(tenant, entity) % shard_count.0 as u64;
    // The remainder is below 4096, so its two low bytes are all of it.
    let [.., high, low] = remainder.to_be_bytes();
    ShardId(u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The largest chi-squared statistic that an even spread over 256 shards exceeds once in a billion (255 degrees of
    /// freedom: mean 255, deviation 22.6, so about six deviations up, and a little more for the skew).
    const CHI_SQUARED_MAX: f64 = 411.0;

    fn check_spread(entities: impl Iterator<Item = (u64, u64)>) {
        let mut hits = vec![0_u32; usize::from(ShardCount::DEFAULT.get())];
        let mut total = 0_u32;
        for (tenant, entity) in entities {
            hits[usize::from(shard_of(tenant, entity, ShardCount::DEFAULT).0)] += 1;
            total += 1;
        }
        let expected = f64::from(total) / f64::from(ShardCount::DEFAULT.get());
        let chi_squared: f64 = hits
            .iter()
            .map(|&hit| (f64::from(hit) - expected).powi(2) / expected)
            .sum();
        assert!(
            chi_squared < CHI_SQUARED_MAX,
            "chi-squared is {chi_squared}"
        );
    }

    proptest! {
        #[test]
        fn a_tenants_entities_spread_evenly(tenant: u64, start: u64, stride_log2 in 0_u32..48) {
            check_spread((0..20_000).map(|n: u64| (tenant, start.wrapping_add(n << stride_log2))));
        }

        #[test]
        fn the_same_entity_of_many_tenants_spreads_evenly(start: u64, entity: u64) {
            check_spread((0..20_000).map(|n| (start.wrapping_add(n), entity)));
        }

        #[test]
        fn a_shard_is_below_the_count(tenant: u64, entity: u64, count in 1_u64..=4096) {
            let count = ShardCount::new(count).unwrap();
            prop_assert!(count.contains(shard_of(tenant, entity, count)));
        }
    }

    #[test]
    fn where_an_entity_lies_never_changes() {
        // Computed apart from this code, from the formula in `shard_of`'s documentation.
        let golden = [
            (0, 0, 256, 191),
            (0, 1, 256, 111),
            (1, 0, 256, 184),
            (1, 1, 256, 30),
            (1, 1, 1, 0),
            (1, 1, 4096, 286),
            (42, 1_000_000, 256, 228),
            (42, 1_000_001, 256, 129),
            (u64::MAX, u64::MAX, 256, 129),
            (u64::MAX, u64::MAX, 4096, 3969),
            (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 1000, 225),
        ];
        for (tenant, entity, count, shard) in golden {
            let found = shard_of(tenant, entity, ShardCount::new(count).unwrap());
            assert_eq!(found, ShardId(shard), "({tenant}, {entity}) of {count}");
        }
    }

    #[test]
    fn a_count_outside_its_range_is_refused() {
        for asked in [0, 4097, 65_536 + 256, u64::MAX] {
            assert_eq!(ShardCount::new(asked), Err(ShardCountOutOfRange { asked }));
        }
        assert_eq!(ShardCount::new(1), Ok(ShardCount::MIN));
        assert_eq!(ShardCount::new(4096), Ok(ShardCount::MAX));
        assert_eq!(ShardCount::new(256), Ok(ShardCount::default()));
        assert_eq!(
            ShardCountOutOfRange { asked: 0 }.to_string(),
            "0 shards: the count must be 1 to 4096"
        );
    }
}
