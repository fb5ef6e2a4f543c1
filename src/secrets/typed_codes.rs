//! Codes that a person reads off paper or a screen and types: sixteen letters and digits, 80 bits that nobody guesses.

/// The digits of Crockford's base 32: none is taken for another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many digits a code has.
pub const CODE_DIGITS: usize = 16;

/// How many digits stand together on paper.
const GROUP: usize = 4;

/// The code that these bytes make: five bits of each count.
pub(super) fn code_of(bytes: &[u8; CODE_DIGITS]) -> String {
    let digits = bytes.iter().map(|byte| {
        let digit = DIGITS.get(usize::from(byte & 31)).copied();
        char::from(digit.unwrap_or(b'0'))
    });
    digits.collect()
}

/// A code as it stands on paper.
pub fn written_code(code: &str) -> String {
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
pub fn read_code(text: &str) -> Option<String> {
    let mut code = String::with_capacity(CODE_DIGITS);
    for typed in text.chars().filter(|it| !matches!(it, ' ' | '-')) {
        let digit = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let is_digit = u8::try_from(digit).is_ok_and(|digit| DIGITS.contains(&digit));
        if !is_digit || code.len() >= CODE_DIGITS {
            return None;
        }
        code.push(digit);
    }
    (code.len() == CODE_DIGITS).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = code_of(&[0, 1, 31, 10, 33, 200, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17]);
        let written = written_code(&code);
        assert_eq!(written.len(), CODE_DIGITS + 3);
        for typed in [
            code.clone(),
            written.clone(),
            written.replace('-', " ").to_lowercase(),
            code.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(read_code(&typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in [
            &code[1..],
            &format!("{code}0"),
            "",
            "UUUUUUUUUUUUUUUU",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(read_code(wrong), None, "{wrong}");
        }
    }
}
