//! Amounts on the wire: decimal JSON numbers outside, whole minor units of a currency inside.
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::problem::Faults;
use crate::domain::money::Minor;
use crate::limits::WIRE_MINOR_MAX;

/// An amount as clients write it: `12.5`, `0.05`, `100`.
///
/// JSON numbers pass through binary floating point in most clients, and in serde. This type takes the *shortest
/// decimal text* that stands for the binary number, which is what the client wrote, exactly, for up to 15 significant
/// digits; larger amounts are refused ([`AmountFault::TooLarge`]), so no accepted amount is ever off by a cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64)]
pub struct WireAmount(Decimal);

/// Why a number is not an amount of a given currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// It has a fraction that the currency's smallest unit cannot express; nothing is rounded silently.
    #[error("must have at most {exponent} decimals")]
    TooManyDecimals {
        /// How many decimals the currency has.
        exponent: u32,
    },
    /// It is beyond what the wire can carry exactly.
    #[error("is too large")]
    TooLarge,
    /// It is 0 or below where only more makes sense.
    #[error("must be above 0")]
    NotPositive,
}

impl AmountFault {
    /// The stable name for a problem's fault.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            AmountFault::TooManyDecimals { .. } => "too_many_decimals",
            AmountFault::TooLarge => "too_large",
            AmountFault::NotPositive => "not_positive",
        }
    }

    /// Notes this fault about `member` of the present place.
    pub fn report(self, faults: &mut Faults, member: &str) {
        faults.add(member, self.code(), self.to_string());
    }
}

impl WireAmount {
    /// The amount of `minor` units of a currency with `exponent` decimals: `from_minor(1250, 2)` is written `12.5`.
    /// Exact for amounts of up to 15 digits.
    #[must_use]
    pub fn from_minor(minor: i64, exponent: u32) -> Self {
        // No currency has more than 4 decimals; Decimal takes 28.
        WireAmount(
            Decimal::try_new(minor, exponent)
                .unwrap_or(Decimal::ZERO)
                .normalize(),
        )
    }

    /// The amount in minor units of a currency with `exponent` decimals, of any sign.
    ///
    /// # Errors
    /// More decimals than the currency has, or over the maximum of the wire.
    pub fn to_minor(self, exponent: u32) -> Result<i64, AmountFault> {
        let amount = self.0.normalize();
        if amount.scale() > exponent {
            return Err(AmountFault::TooManyDecimals { exponent });
        }
        let factor = 10_i64.checked_pow(exponent).ok_or(AmountFault::TooLarge)?;
        let minor = amount
            .checked_mul(Decimal::from(factor))
            .and_then(|minor| minor.to_i64());
        match minor {
            Some(minor) if minor.unsigned_abs() <= WIRE_MINOR_MAX.unsigned_abs() => Ok(minor),
            Some(_) | None => Err(AmountFault::TooLarge),
        }
    }

    /// As [`to_minor`](Self::to_minor), for amounts that must be above 0: sales, awards, spends.
    ///
    /// # Errors
    /// Also 0 and below.
    pub fn to_minor_positive(self, exponent: u32) -> Result<i64, AmountFault> {
        match self.to_minor(exponent)? {
            minor if minor > 0 => Ok(minor),
            _ => Err(AmountFault::NotPositive),
        }
    }

    /// The decimal number itself, for rates and quantities that are no amounts of a currency.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

/// `member`'s amount, which must be 0 or above if it is there, in minor units of a currency of `exponent` decimals. Notes what is
/// wrong with it.
pub fn not_negative(
    faults: &mut Faults,
    member: &str,
    amount: Option<WireAmount>,
    exponent: u32,
) -> Option<Minor> {
    match amount?.to_minor(exponent) {
        Ok(minor) if minor >= 0 => Some(Minor(minor)),
        Ok(_) => {
            faults.add(member, "negative", "must not be below 0");
            None
        }
        Err(fault) => {
            fault.report(faults, member);
            None
        }
    }
}

/// As [`not_negative`], for an amount that must be above 0.
pub fn above_zero(
    faults: &mut Faults,
    member: &str,
    amount: Option<WireAmount>,
    exponent: u32,
) -> Option<Minor> {
    match amount?.to_minor_positive(exponent) {
        Ok(minor) => Some(Minor(minor)),
        Err(fault) => {
            fault.report(faults, member);
            None
        }
    }
}

impl From<Decimal> for WireAmount {
    fn from(decimal: Decimal) -> Self {
        WireAmount(decimal)
    }
}

impl fmt::Display for WireAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for WireAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let amount = self.0.normalize();
        if amount.scale() == 0
            && let Some(whole) = amount.to_i64()
        {
            return serializer.serialize_i64(whole);
        }
        // Through the text, since the nearest binary number to the *decimal* is what prints as that decimal again.
        let nearest = f64::from_str(&amount.to_string()).map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(nearest)
    }
}

impl<'de> Deserialize<'de> for WireAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = WireAmount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number such as 12.5 (without quotes)")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<WireAmount, E> {
        Ok(WireAmount(Decimal::from(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<WireAmount, E> {
        Ok(WireAmount(Decimal::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<WireAmount, E> {
        // Display for f64 writes the shortest digits that read back as the same number, without an exponent. What is
        // too long for a Decimal is no amount: it has over 28 digits. NaN and infinities are no numbers there, either.
        match Decimal::from_str_exact(&number.to_string()) {
            Ok(decimal) => Ok(WireAmount(decimal)),
            Err(_) => Err(E::custom("must be a decimal number of at most 28 digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AmountFault, WireAmount};
    use crate::limits::WIRE_MINOR_MAX;

    fn parse(text: &str) -> WireAmount {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn minor_units_are_written_as_the_plain_number() {
        for (minor, exponent, text) in [
            (1250, 2, "12.5"),
            (5, 2, "0.05"),
            (10_000, 2, "100"),
            (0, 2, "0"),
            (-1, 3, "-0.001"),
            (7, 0, "7"),
            (999_999_999_999_999, 2, "9999999999999.99"),
        ] {
            assert_eq!(
                serde_json::to_string(&WireAmount::from_minor(minor, exponent)).unwrap(),
                text
            );
        }
    }

    #[test]
    fn more_decimals_than_the_currency_has_are_refused_not_rounded() {
        assert_eq!(parse("0.05").to_minor(2), Ok(5));
        assert_eq!(parse("0.050").to_minor(2), Ok(5));
        assert_eq!(parse("5e-2").to_minor(2), Ok(5));
        assert_eq!(
            parse("0.055").to_minor(2),
            Err(AmountFault::TooManyDecimals { exponent: 2 })
        );
        assert_eq!(
            parse("0.1").to_minor(0),
            Err(AmountFault::TooManyDecimals { exponent: 0 })
        );
        assert_eq!(parse("0.001").to_minor(3), Ok(1));
    }

    #[test]
    fn the_maximum_passes_and_one_more_does_not() {
        let maximum = WireAmount::from_minor(WIRE_MINOR_MAX, 0);
        assert_eq!(maximum.to_minor(0), Ok(WIRE_MINOR_MAX));
        assert_eq!(
            WireAmount::from_minor(WIRE_MINOR_MAX + 1, 0).to_minor(0),
            Err(AmountFault::TooLarge)
        );
        assert_eq!(
            WireAmount::from_minor(-WIRE_MINOR_MAX - 1, 0).to_minor(0),
            Err(AmountFault::TooLarge)
        );
        assert_eq!(
            parse("18446744073709551615").to_minor(2),
            Err(AmountFault::TooLarge)
        );
        assert_eq!(parse("1e27").to_minor(2), Err(AmountFault::TooLarge));
        assert_eq!(parse("1").to_minor(400), Err(AmountFault::TooLarge));
    }

    #[test]
    fn zero_and_below_are_refused_where_only_more_makes_sense() {
        assert_eq!(
            parse("0").to_minor_positive(2),
            Err(AmountFault::NotPositive)
        );
        assert_eq!(
            parse("-0.0").to_minor_positive(2),
            Err(AmountFault::NotPositive)
        );
        assert_eq!(
            parse("-3").to_minor_positive(2),
            Err(AmountFault::NotPositive)
        );
        assert_eq!(parse("0.01").to_minor_positive(2), Ok(1));
    }

    #[test]
    fn only_numbers_are_amounts() {
        for text in ["\"12.5\"", "null", "true", "{}", "[1]", "1e300", "1e-300"] {
            let error = serde_json::from_str::<WireAmount>(text)
                .unwrap_err()
                .to_string();
            assert!(error.contains("a decimal number"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_minor_units(
            minor in -WIRE_MINOR_MAX..=WIRE_MINOR_MAX, exponent in 0_u32..=4,
        ) {
            let text = serde_json::to_string(&WireAmount::from_minor(minor, exponent)).unwrap();
            prop_assert_eq!(parse(&text).to_minor(exponent), Ok(minor));
        }

        #[test]
        fn what_a_client_writes_is_taken_exactly(minor in 0..=WIRE_MINOR_MAX) {
            let text = format!("{}.{:02}", minor / 100, minor % 100);
            prop_assert_eq!(parse(&text).to_minor(2), Ok(minor));
        }
    }
}
