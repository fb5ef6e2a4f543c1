//! The texts of spend tokens: what a picture shows, and what a person types. Both derive from the token's record.

use data_encoding::BASE64URL_NOPAD;

use super::{Secrets, first_half};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{Presented, luhn};

/// How many numbers of fifteen digits there are: with the check digit, a token has sixteen. With a million tokens alive, one guess in a
/// thousand million hits.
const NUMBERS: u64 = 1_000_000_000_000_000;

/// How many digits a person types.
const DIGITS: usize = 16;

const PREFIX: &str = "st_";

/// Sub-keys for spend tokens.
pub(super) struct SpendTokenKeys {
    digits: [u8; 32],
    values: [u8; 32],
}

impl SpendTokenKeys {
    pub(super) fn derive(subkey: &impl Fn(&'static str) -> [u8; 32]) -> SpendTokenKeys {
        SpendTokenKeys {
            digits: subkey("clientele spend token digits v1"),
            values: subkey("clientele spend token values v1"),
        }
    }
}

impl Secrets {
    /// The sixteen digits of a token of the contact at `address`, which was made from `nonce`.
    pub fn spend_token_digits(&self, address: &Address, nonce: &[u8; 16]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.spend_tokens.digits);
        hasher.update(&address.to_bytes()).update(nonce);
        let digest = hasher.finalize();
        let bytes = digest.as_bytes().first_chunk::<8>();
        let number = u64::from_be_bytes(bytes.copied().unwrap_or_default());
        // A remainder of 64 bits prefers no number by more than one in 18,000.
        let digits = format!("{:015}", number % NUMBERS);
        let check = luhn(&digits);
        format!("{digits}{check}")
    }

    /// The digits that somebody typed, without what separates them, if they can be those of a token.
    pub fn read_spend_token_digits(&self, text: &str) -> Option<String> {
        let digits: String = text.chars().filter(|it| !matches!(it, ' ' | '-')).collect();
        let (number, check) = digits.split_at_checked(DIGITS.saturating_sub(1))?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|it| it.is_ascii_digit());
        (is_number && luhn(number).to_string() == check).then_some(digits)
    }

    /// What a token's picture says.
    pub fn spend_token_value(&self, address: &Address, number: u32, nonce: &[u8; 16]) -> String {
        let mut said = [0; 20];
        let (entity, rest) = said.split_at_mut(8);
        entity.copy_from_slice(&address.entity.to_be_bytes());
        let (numbered, bound_to) = rest.split_at_mut(4);
        numbered.copy_from_slice(&number.to_be_bytes());
        bound_to.copy_from_slice(nonce.first_chunk::<8>().unwrap_or(&[0; 8]));
        let check = self.spend_token_check(address.tenant, address.mode, &said);
        let text = BASE64URL_NOPAD.encode(&[&said[..], &check[..]].concat());
        format!("{PREFIX}{text}")
    }

    /// Whose token a picture is of, in the caller's world, and which; if it can be one of ours.
    pub fn read_spend_token_value(
        &self,
        tenant: TenantId,
        mode: Mode,
        text: &str,
    ) -> Option<(Address, Presented)> {
        let text = text.strip_prefix(PREFIX)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (said, check) = bytes.split_first_chunk::<20>()?;
        let check: &[u8; 16] = check.try_into().ok()?;
        let expected = self.spend_token_check(tenant, mode, said);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], &check[..])) {
            return None;
        }
        let (entity, rest) = said.split_first_chunk::<8>()?;
        let (number, bound_to) = rest.split_first_chunk::<4>()?;
        let contact = Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: u64::from_be_bytes(*entity),
        };
        let presented = Presented::Value(u32::from_be_bytes(*number), bound_to.try_into().ok()?);
        Some((contact, presented))
    }

    fn spend_token_check(&self, tenant: TenantId, mode: Mode, said: &[u8; 20]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.spend_tokens.values);
        hasher
            .update(&tenant.0.to_be_bytes())
            .update(&[mode.number()])
            .update(said);
        first_half(&hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"))
    }

    const CONTACT: Address = Address {
        tenant: TenantId(7),
        mode: Mode::Test,
        kind: Kind::Contact,
        entity: 0x0102_0304_0506_0708,
    };

    #[test]
    fn a_picture_reads_back_in_its_world_only_and_cannot_be_made_up() {
        let secrets = secrets();
        let value = secrets.spend_token_value(&CONTACT, 3, &[9; 16]);
        let read = |mode, text: &str| secrets.read_spend_token_value(TenantId(7), mode, text);
        let expected = Some((CONTACT, Presented::Value(3, [9; 8])));
        assert_eq!(read(Mode::Test, &value), expected);
        assert_eq!(read(Mode::Live, &value), None);
        let elsewhere = secrets.read_spend_token_value(TenantId(8), Mode::Test, &value);
        assert_eq!(elsewhere, None);
        let changed = value.replacen("st_A", "st_B", 1);
        assert_ne!(changed, value);
        for made_up in [&changed, "", "st_", &value[..value.len() - 1], &value[3..]] {
            assert_eq!(read(Mode::Test, made_up), None, "{made_up}");
        }
    }

    #[test]
    fn digits_are_of_their_token_and_have_a_check_digit() {
        let secrets = secrets();
        let digits = secrets.spend_token_digits(&CONTACT, &[1; 16]);
        assert_eq!(digits.len(), 16);
        let typed = format!("{} {}-{}", &digits[..4], &digits[4..8], &digits[8..]);
        assert_eq!(
            secrets.read_spend_token_digits(&typed),
            Some(digits.clone())
        );
        assert_ne!(digits, secrets.spend_token_digits(&CONTACT, &[2; 16]));
        let last = digits.as_bytes()[15];
        let other = if last == b'0' { '1' } else { '0' };
        for wrong in [
            format!("{}{other}", &digits[..15]),
            digits[..15].to_owned(),
            format!("{digits}0"),
            "12345678901234ab".to_owned(),
        ] {
            assert_eq!(secrets.read_spend_token_digits(&wrong), None, "{wrong}");
        }
    }
}
