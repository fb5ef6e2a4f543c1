//! The codes that claim receipts: sixteen letters and digits that a person can read off paper, 80 bits that nobody guesses.

use super::{KeyScope, Secrets};

/// The digits of Crockford's base 32: none is taken for another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many digits a code has.
const LENGTH: usize = 16;

/// How many digits stand together on paper.
const GROUP: usize = 4;

impl Secrets {
    /// The code of the receipt that a request in this scope posts: the same for each retry, so that none is stored.
    pub fn derived_claim_code(&self, scope: &KeyScope<'_>) -> String {
        let digest = self.scope_digest(&self.claim_codes, scope);
        let digits = digest.as_bytes().iter().take(LENGTH).map(|byte| {
            let digit = DIGITS.get(usize::from(byte & 31)).copied();
            char::from(digit.unwrap_or(b'0'))
        });
        digits.collect()
    }
}

/// A code as it stands on paper.
pub fn written_claim_code(code: &str) -> String {
    let mut written = String::with_capacity(code.len().saturating_add(GROUP));
    for (at, digit) in code.chars().enumerate() {
        if at > 0 && at.is_multiple_of(GROUP) {
            written.push('-');
        }
        written.push(digit);
    }
    written
}

/// The code that somebody typed or scanned, if it can be one.
pub fn read_claim_code(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for typed in text.chars().filter(|it| !matches!(it, ' ' | '-')) {
        let digit = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let is_digit = u8::try_from(digit).is_ok_and(|digit| DIGITS.contains(&digit));
        if !is_digit || code.len() >= LENGTH {
            return None;
        }
        code.push(digit);
    }
    (code.len() == LENGTH).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Mode, TenantId};

    fn code(tenant: u64, mode: Mode, key: &str) -> String {
        let secrets = Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"));
        secrets.derived_claim_code(&KeyScope {
            tenant: TenantId(tenant),
            mode,
            lineage: 1,
            operation: "purchases.create",
            target: None,
            source: "header",
            key,
        })
    }

    #[test]
    fn a_code_is_the_same_for_a_retry_and_another_for_anything_else() {
        let first = code(1, Mode::Test, "k");
        assert_eq!(first, code(1, Mode::Test, "k"));
        assert_eq!(first.len(), LENGTH);
        for other in [
            code(2, Mode::Test, "k"),
            code(1, Mode::Live, "k"),
            code(1, Mode::Test, "l"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = code(1, Mode::Test, "k");
        let written = written_claim_code(&code);
        assert_eq!(written.len(), LENGTH + 3);
        for typed in [
            code.clone(),
            written.clone(),
            written.replace('-', " ").to_lowercase(),
            code.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(read_claim_code(&typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in [
            &code[1..],
            &format!("{code}0"),
            "",
            "UUUUUUUUUUUUUUUU",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(read_claim_code(wrong), None, "{wrong}");
        }
    }
}
