//! What may be in an application: every text, list and number of it, by what it is called.

use serde_json::Value;

use super::parts::AppTree;
use crate::domain::money::Currency;
use crate::http::extract::Faults;
use crate::http::gateways::self_service::is_language;
use crate::http::{email, phone};
use crate::limits;

/// Checks an application as a whole.
pub(super) fn check(faults: &mut Faults, tree: &AppTree) {
    if let Ok(value) = serde_json::to_value(tree) {
        walk(faults, "", &value);
    }
    faults.require(
        !tree.platforms.is_empty(),
        "platforms",
        "empty",
        "must have an entry: an app finds what it is told by its platform_id",
    );
    let places = tree.platforms.iter().flat_map(|it| {
        let others = it.cloud_name.iter().chain(&it.version);
        others.chain([&it.platform_id])
    });
    faults.require(
        places.map(String::len).fold(0, usize::saturating_add)
            <= limits::APPLICATION_PLACES_BYTES_MAX,
        "platforms",
        "too_long",
        "must have less text: platform_id, cloud_name and version of all together at most 1,000 bytes",
    );
    let phone = tree.information.as_ref();
    let phone = phone.and_then(|it| it.contact_us.as_ref()?.phone.as_ref());
    if let Some(it) = phone {
        let country = Some(&*it.country_code);
        faults.within("information", |faults| {
            faults.within("contact_us", |faults| {
                faults.within("phone", |faults| {
                    phone::check(faults, "number", &it.number, country);
                });
            });
        });
    }
}

/// Checks what is called `name`, and all that is in it.
fn walk(faults: &mut Faults, name: &str, value: &Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            let is_amount = name.is_empty();
            let number = number.as_f64().unwrap_or_default();
            faults.require(
                number > 0.0 || (number >= 0.0 && !is_amount),
                name,
                "too_small",
                "must not be below 0, and an amount above it",
            );
        }
        Value::String(text) => check_text(faults, name, text),
        Value::Array(items) => {
            faults.require(
                items.len() <= limits::APPLICATION_LIST_MAX,
                name,
                "too_many",
                "must have at most 30 entries",
            );
            faults.within(name, |faults| {
                for (index, item) in items.iter().enumerate() {
                    faults.at(index, |faults| walk(faults, "", item));
                }
            });
        }
        Value::Object(members) => {
            let within = |faults: &mut Faults| {
                for (member, value) in members {
                    walk(faults, member, value);
                }
            };
            match name {
                "" => within(faults),
                _ => faults.within(name, within),
            }
        }
    }
}

fn check_text(faults: &mut Faults, name: &str, text: &str) {
    let is_plain = |it: char| !it.is_control() || matches!(it, '\n' | '\r' | '\t');
    faults.require(
        text.chars().count() <= limits::APPLICATION_TEXT_CHARS_MAX
            && text.chars().all(is_plain)
            && !text.trim().is_empty(),
        name,
        "wrong_length",
        "must have 1 to 4,000 characters, and no control characters but line feeds and tabs; leave it out instead",
    );
    match name {
        "url" | "website" => faults.require(
            is_web_address(text),
            name,
            "not_a_web_address",
            "must be an address such as https://example.com/about",
        ),
        "email_address" => email::check(faults, name, text),
        "country" | "country_code" | "default_country_calling_code" => faults.require(
            phone::is_country(text),
            name,
            "not_a_country",
            "must be a three-letter code of ISO 3166-1 in capitals",
        ),
        "currency_code" => faults.require(
            Currency::from_code(text).is_some(),
            name,
            "unknown_currency",
            "must be a three-letter code of ISO 4217 in capitals",
        ),
        "preferred_language_code" => faults.require(
            is_language(text),
            name,
            "unknown_language",
            "must be one of GET /languages: two letters of ISO 639-1",
        ),
        // Colours are all that has a value.
        "value" => faults.require(
            is_colour(text),
            name,
            "not_a_colour",
            "must be # and six hexadecimal digits, or eight with opacity",
        ),
        _ => {}
    }
}

/// Whether an app may be sent there: pages only, and no scripts.
fn is_web_address(text: &str) -> bool {
    let uri: Option<http::Uri> = text.parse().ok();
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http"))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 6 | 8) && digits.bytes().all(|it| it.is_ascii_hexdigit())
}
