//! The one hash of this crate: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
//! OOPSLA 2014), written out here because what it returns is stored for ever in where data lies.

/// SplitMix64's increment: the odd number closest to 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes two words: the `second`-th output of SplitMix64 seeded with the mixed `first`.
///
/// For a fixed `first` it is a bijection of `second`, so no two entities of a tenant share a hash.
pub(crate) const fn mix(first: u64, second: u64) -> u64 {
    let seed = finish(first.wrapping_add(GAMMA));
    finish(seed.wrapping_add(second.wrapping_mul(GAMMA)))
}

/// SplitMix64's finaliser.
const fn finish(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_gives_the_published_outputs_of_splitmix64() {
        let outputs: Vec<u64> = (1..=3)
            .map(|step: u64| finish(1_234_567_u64.wrapping_add(step.wrapping_mul(GAMMA))))
            .collect();
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
