//! The wallet's code: 16 digits that can be typed at a till.
//!
//! Fifteen digits and a check digit (Luhn, ISO/IEC 7812-1, annex B). The fifteen are a keyed permutation of the wallet's
//! shard and its slot there, which no two wallets of a data directory share: so no two codes are the same, nothing has to be
//! looked up to make one, and one code tells nothing of the next.

/// Half of the permutation's 50 bits: 2^50 is just above the 10^15 numbers of fifteen digits.
const HALF_BITS: u32 = 25;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
const CODES: u64 = 1_000_000_000_000_000;
/// Eight rounds of a Feistel network are twice what hides its input from whoever may choose many.
const ROUNDS: u8 = 8;

/// The code of the wallet that has slot `slot` in shard `shard` (below 4,096), under a key of the data directory.
pub fn wallet_code(key: &[u8; 32], shard: u16, slot: u32) -> String {
    let mut number = (u64::from(shard) << 32) | u64::from(slot);
    // Until it has fifteen digits: it starts from such a number, so that it comes by one.
    loop {
        number = permute(key, number);
        if number < CODES {
            break;
        }
    }
    let digits = format!("{number:015}");
    let check = luhn(&digits);
    format!("{digits}{check}")
}

fn permute(key: &[u8; 32], number: u64) -> u64 {
    let (mut left, mut right) = (number >> HALF_BITS, number & HALF_MASK);
    for round in 0..ROUNDS {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&[round]).update(&right.to_be_bytes());
        let mixed = hasher
            .finalize()
            .as_bytes()
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        (left, right) = (right, (left ^ mixed) & HALF_MASK);
    }
    (left << HALF_BITS) | right
}

/// The digit that makes fifteen digits and it pass the Luhn check.
pub fn luhn(digits: &str) -> u8 {
    let sum = digits
        .bytes()
        .rev()
        .enumerate()
        .fold(0_u8, |sum, (at, digit)| {
            let value = digit.saturating_sub(b'0');
            let value = match at {
                // Every second digit counts twice, from the one beside the check digit.
                at if at & 1 == 0 && value > 4 => value.saturating_mul(2).saturating_sub(9),
                at if at & 1 == 0 => value.saturating_mul(2),
                _ => value,
            };
            sum.saturating_add(value)
        });
    // The sum of fifteen digits is at most 135.
    140_u8.saturating_sub(sum) % 10
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn passes(code: &str) -> bool {
        let value = |(at, digit): (usize, char)| {
            let digit = digit.to_digit(10).unwrap();
            match at % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        };
        code.chars().rev().enumerate().map(value).sum::<u32>() % 10 == 0
    }

    #[test]
    fn every_code_has_sixteen_digits_a_check_digit_and_no_twin() {
        let key = [7; 32];
        let slots = (0..500).chain(u32::MAX - 500..=u32::MAX);
        let places: Vec<_> = slots.flat_map(|slot| [(0, slot), (4_095, slot)]).collect();
        let codes: BTreeSet<_> = places
            .iter()
            .map(|(shard, slot)| wallet_code(&key, *shard, *slot))
            .collect();
        assert_eq!(codes.len(), places.len());
        for code in &codes {
            assert_eq!(code.len(), 16, "{code}");
            assert!(passes(code), "{code}");
        }
        assert!(passes("4539578763621486"), "a known good number");
    }

    #[test]
    fn the_permutation_takes_no_two_numbers_to_one() {
        let all: BTreeSet<_> = (0..20_000)
            .map(|number| permute(&[9; 32], number))
            .collect();
        assert_eq!(all.len(), 20_000);
    }
}
