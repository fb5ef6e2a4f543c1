//! Money: whole minor units, checked arithmetic, one rounding function.

use rust_decimal::{Decimal, RoundingStrategy};

/// An amount in the minor units of a currency (cents), never of an unknown one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(pub i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Minor = Minor(0);

    /// The sum, unless it overflows.
    pub fn plus(self, other: Minor) -> Option<Minor> {
        self.0.checked_add(other.0).map(Minor)
    }

    /// The difference, unless it overflows. May be below zero.
    pub fn minus(self, other: Minor) -> Option<Minor> {
        self.0.checked_sub(other.0).map(Minor)
    }

    /// What is left after taking `other`, not below zero.
    pub fn less(self, other: Minor) -> Minor {
        Minor(self.0.saturating_sub(other.0).max(0))
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negative(self) -> Minor {
        Minor(self.0.saturating_neg())
    }

    /// The sum of many, unless it overflows.
    pub fn sum(amounts: impl IntoIterator<Item = Minor>) -> Option<Minor> {
        amounts.into_iter().try_fold(Minor::ZERO, Minor::plus)
    }
}

/// A share in hundredths: 5 means 5%.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub Decimal);

impl Percent {
    /// The share of `amount`, rounded to whole minor units, halves away from zero as on a till receipt. This is the only place
    /// that rounds money. `None` when the result does not fit.
    pub fn of(self, amount: Minor) -> Option<Minor> {
        let exact = self
            .0
            .checked_mul(Decimal::from(amount.0))?
            .checked_div(Decimal::ONE_HUNDRED)?;
        let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        i64::try_from(rounded).ok().map(Minor)
    }
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a three-letter code in capitals, if ISO 4217 lists it.
    pub fn from_code(code: &str) -> Option<Currency> {
        iso_currency::Currency::from_code(code)?;
        code.as_bytes().try_into().ok().map(Currency)
    }

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals its amounts have on the wire: 2 for EUR, 0 for JPY, 3 for BHD.
    pub fn decimals(&self) -> u32 {
        iso_currency::Currency::from_code(self.code())
            .and_then(|currency| currency.exponent())
            .map_or(0, u32::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn five_percent_of(cents: i64) -> i64 {
        Percent(Decimal::from(5)).of(Minor(cents)).unwrap().0
    }

    #[test]
    fn a_share_rounds_halves_away_from_zero() {
        assert_eq!(five_percent_of(1_000), 50);
        assert_eq!(five_percent_of(10), 1, "0.5 of a cent rounds up");
        assert_eq!(five_percent_of(9), 0, "0.45 of a cent rounds down");
        assert_eq!(Percent(Decimal::MAX).of(Minor(i64::MAX)), None);
    }

    #[test]
    fn a_currency_knows_its_decimals() {
        let decimals = |code| Currency::from_code(code).unwrap().decimals();
        assert_eq!(
            (decimals("EUR"), decimals("JPY"), decimals("BHD")),
            (2, 0, 3)
        );
        assert!(Currency::from_code("EURO").is_none());
        assert!(Currency::from_code("eur").is_none());
    }
}
