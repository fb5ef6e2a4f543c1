//! E-mail addresses, as they are compared and written to.

use super::extract::Faults;
use crate::limits::EMAIL_CHARS_MAX;

/// A text as addresses are compared, whether it is one or not: without blanks around it, and in lower case.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The address without blanks around it and in lower case, if it can be one: `name@example.com`. What is between the quotes of RFC 5321
/// nobody uses, and it is refused.
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let is_plain = |part: &str| {
        let forbidden = |letter: char| {
            letter.is_whitespace() || letter.is_control() || "@<>()[],;:\\\"".contains(letter)
        };
        !part.is_empty() && !part.contains(forbidden)
    };
    let labels_are_there = domain.split('.').all(|label| !label.is_empty());
    let is_address = is_plain(local)
        && is_plain(domain)
        && domain.contains('.')
        && labels_are_there
        && text.chars().count() <= EMAIL_CHARS_MAX;
    is_address.then(|| folded(text))
}

/// Demands an e-mail address, as [`normal`] reads it, of `member`.
pub fn check(faults: &mut Faults, member: &str, text: &str) {
    faults.require(
        normal(text).is_some(),
        member,
        "not_an_email_address",
        "must be like name@example.com",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for text in [
            "ada@example.test",
            " Ada@Example.TEST ",
            "ADA@example.test\n",
        ] {
            assert_eq!(normal(text).as_deref(), Some("ada@example.test"), "{text}");
        }
        let plus = normal("a.b+c@mail.example.test");
        assert_eq!(plus.as_deref(), Some("a.b+c@mail.example.test"));
    }

    #[test]
    fn what_nothing_can_be_sent_to_is_no_address() {
        let long = format!("{}@example.test", "a".repeat(EMAIL_CHARS_MAX));
        for text in [
            "",
            "ada",
            "@example.test",
            "ada@",
            "ada@example",
            "ada@.test",
            "ada@example..test",
            "ada@lovelace@example.test",
            "ada b@example.test",
            "ada@exa mple.test",
            "ada@example.test\r\nBcc: eve@example.test",
            "Ada <ada@example.test>",
            "ada@example.test,eve@example.test",
            &long,
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
