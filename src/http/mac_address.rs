//! MAC addresses of devices.

use super::extract::Faults;

/// How many hexadecimal digits one has (EUI-48).
const DIGITS: usize = 12;

/// The address in lower case and without separators, if the text is one of a single device: twelve hexadecimal digits, in pairs with `:` or
/// `-` between them, in fours with `.`, or together.
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let digits: String = match (text.contains(':'), text.contains('-'), text.contains('.')) {
        (true, false, false) => in_groups(&text, ':', 2)?,
        (false, true, false) => in_groups(&text, '-', 2)?,
        (false, false, true) => in_groups(&text, '.', 4)?,
        (false, false, false) => text,
        _ => return None,
    };
    let number = match digits.len() {
        DIGITS if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u64::from_str_radix(&digits, 16).ok()?
        }
        _ => return None,
    };
    // Of a group (the first byte's lowest bit), or of nobody.
    let is_of_one = number >> 40 & 1 == 0 && number != 0;
    is_of_one.then_some(digits)
}

fn in_groups(text: &str, separator: char, digits: usize) -> Option<String> {
    let groups = text.split(separator);
    groups
        .clone()
        .all(|group| group.len() == digits)
        .then(|| groups.collect())
}

/// Demands a MAC address, as [`normal`] reads it, of `member`.
pub fn check(faults: &mut Faults, member: &str, text: Option<&str>) {
    match text {
        Some(text) => faults.require(
            normal(text).is_some(),
            member,
            "not_a_mac_address",
            "must be the address of one device, like 00:00:5e:00:53:01",
        ),
        None => faults.add(member, "missing_field", "is required with MAC_ADDRESS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for text in [
            "00:00:5e:00:53:01",
            "00-00-5E-00-53-01",
            "0000.5e00.5301",
            " 00005E005301\n",
        ] {
            assert_eq!(normal(text).as_deref(), Some("00005e005301"), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_one_device_is_no_address() {
        for text in [
            "",
            "00:00:5e:00:53",
            "00:00:5e:00:53:0g",
            "00:00:5e:00:53:01:02",
            "0:0:5e:0:53:1",
            "00:00-5e:00:53:01",
            "+0005e005301",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "01:00:5e:00:53:01",
            "0000:5e00:5301",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
