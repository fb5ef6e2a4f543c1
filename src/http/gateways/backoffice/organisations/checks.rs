//! What the members of a body must be like that say what an organisation shows of itself.

use super::profile::degrees;
use crate::http::extract::Faults;
use crate::http::extract::text::check;
use crate::http::hours::minute_of;
use crate::http::shown::organisation::{
    WireAddress, WireContactInfo, WireOperation, WireOrganisationField, WireReach, WireTag,
    WireWord,
};
use crate::http::{email, phone};
use crate::limits::{
    NAME_CHARS_MAX, ORGANISATION_ADDRESSES_BYTES_MAX, ORGANISATION_CONTACT_INFO_BYTES_MAX,
    ORGANISATION_DESCRIPTION_BYTES_MAX, ORGANISATION_FIELDS_BYTES_MAX, ORGANISATION_HOURS_MAX,
    ORGANISATION_PARTS_MAX, ORGANISATION_TAGS_MAX, ORGANISATION_WORD_CHARS_MAX,
    ORGANISATION_WORDS_MAX, PROFILE_LIST_MAX, TAG_CHARS_MAX,
};

pub(super) fn check_description(faults: &mut Faults, description: &str) {
    let is_control = |letter: char| letter.is_control() && letter != '\n';
    faults.require(
        !description.trim().is_empty() && !description.chars().any(is_control),
        "description",
        "empty_or_control",
        "must have visible text and no control characters but line feeds; send null for none",
    );
    faults.require(
        description.len() <= ORGANISATION_DESCRIPTION_BYTES_MAX,
        "description",
        "too_long",
        "must have at most 2000 bytes of UTF-8",
    );
}

/// Demands a list of at most `most` entries.
fn check_count<T>(faults: &mut Faults, member: &str, list: &[T], most: usize) {
    if list.len() > most {
        let detail = format!("must have at most {most} entries");
        faults.add(member, "too_many", detail);
    }
}

/// Demands that the texts of a list have at most `most` bytes in all.
fn check_bytes<'a>(
    faults: &mut Faults,
    member: &str,
    texts: impl Iterator<Item = &'a str>,
    most: usize,
) {
    let bytes = texts.map(str::len).fold(0, usize::saturating_add);
    if bytes > most {
        let detail = format!("must have at most {most} bytes of UTF-8 in all its texts");
        faults.add(member, "too_long", detail);
    }
}

pub(super) fn check_words(faults: &mut Faults, member: &str, words: &[WireWord]) {
    check_count(faults, member, words, ORGANISATION_WORDS_MAX);
    faults.within(member, |faults| {
        for (index, word) in words.iter().enumerate() {
            let name = Some(word.name.as_str());
            faults.at(index, |faults| {
                check(faults, "name", name, ORGANISATION_WORD_CHARS_MAX);
            });
        }
    });
}

/// The texts of an address, by member.
fn texts(address: &WireAddress) -> [(&'static str, Option<&str>); 9] {
    [
        ("name", address.name.as_deref()),
        ("address_line_1", Some(&address.address_line_1)),
        ("address_line_2", address.address_line_2.as_deref()),
        (
            "state_province_county",
            address.state_province_county.as_deref(),
        ),
        ("town_city", Some(&address.town_city)),
        ("postal_code", Some(&address.postal_code)),
        ("country_code", Some(&address.country_code)),
        ("care_of", address.care_of.as_deref()),
        ("google_place_id", address.google_place_id.as_deref()),
    ]
}

pub(super) fn check_addresses(faults: &mut Faults, addresses: &[WireAddress]) {
    check_count(faults, "addresses", addresses, ORGANISATION_PARTS_MAX);
    let all = addresses
        .iter()
        .flat_map(texts)
        .filter_map(|(_, text)| text);
    check_bytes(faults, "addresses", all, ORGANISATION_ADDRESSES_BYTES_MAX);
    let primary = addresses.iter().filter(|it| it.is_primary).count();
    faults.require(
        primary <= 1,
        "addresses",
        "several_primary",
        "must have one entry at most with is_primary",
    );
    faults.within("addresses", |faults| {
        for (index, address) in addresses.iter().enumerate() {
            faults.at(index, |faults| check_address(faults, address));
        }
    });
}

fn check_address(faults: &mut Faults, address: &WireAddress) {
    for (member, text) in texts(address) {
        check(faults, member, text, NAME_CHARS_MAX);
    }
    check_country(faults, Some(&address.country_code));
    for (member, of, other, most) in [
        ("lat", address.lat, address.lon, 90),
        ("lon", address.lon, address.lat, 180),
    ] {
        faults.require(
            of.is_none_or(|it| degrees(it, most).is_some()),
            member,
            "out_of_range",
            "must be degrees with at most 7 decimals: 90 at most of lat, 180 of lon",
        );
        faults.require(
            of.is_some() || other.is_none(),
            member,
            "missing_field",
            "must be there beside the other one of lat and lon",
        );
    }
}

fn check_country(faults: &mut Faults, country: Option<&str>) {
    faults.require(
        country.is_none_or(phone::is_country),
        "country_code",
        "unknown_country",
        "must be three letters of ISO 3166-1 in capitals, such as GBR",
    );
}

pub(super) fn check_contact_info(faults: &mut Faults, all: &[WireContactInfo]) {
    check_count(faults, "contact_info", all, ORGANISATION_PARTS_MAX);
    let texts = all.iter().flat_map(|it| {
        let rest = [it.name.as_deref(), it.country_code.as_deref()];
        rest.into_iter().flatten().chain([it.value.as_str()])
    });
    check_bytes(
        faults,
        "contact_info",
        texts,
        ORGANISATION_CONTACT_INFO_BYTES_MAX,
    );
    faults.within("contact_info", |faults| {
        for (index, info) in all.iter().enumerate() {
            faults.at(index, |faults| {
                check(faults, "name", info.name.as_deref(), NAME_CHARS_MAX);
                let country = info.country_code.as_deref();
                check_country(faults, country);
                match info.r#type {
                    WireReach::Email => email::check(faults, "value", &info.value),
                    WireReach::Phone => phone::check(faults, "value", &info.value, country),
                }
            });
        }
    });
}

pub(super) fn check_operation(faults: &mut Faults, operation: &WireOperation) {
    let hours = &operation.opening_hours;
    check_count(faults, "opening_hours", hours, ORGANISATION_HOURS_MAX);
    faults.within("opening_hours", |faults| {
        for (index, hours) in hours.iter().enumerate() {
            faults.at(index, |faults| {
                for (member, text) in [("open", &hours.open), ("close", &hours.close)] {
                    faults.require(
                        minute_of(text).is_some(),
                        member,
                        "not_a_time",
                        "must be a time of day as HH:MM, from 00:00 to 23:59",
                    );
                }
            });
        }
    });
    let short_term = &operation.short_term_operations;
    faults.within("short_term_operations", |faults| {
        for (index, one) in short_term.iter().enumerate() {
            let mut before = short_term.iter().take(index);
            faults.at(index, |faults| {
                faults.require(
                    before.all(|other| other.operation != one.operation),
                    "operation",
                    "repeated",
                    "must be named once",
                );
            });
        }
    });
}

pub(super) fn check_tags(faults: &mut Faults, tags: &[WireTag]) {
    check_count(faults, "tags", tags, ORGANISATION_TAGS_MAX);
    faults.within("tags", |faults| {
        for (index, tag) in tags.iter().enumerate() {
            let name = tag.name.trim();
            let mut before = tags.iter().take(index);
            faults.at(index, |faults| {
                check(faults, "name", Some(name), TAG_CHARS_MAX);
                faults.require(
                    !name.contains(','),
                    "name",
                    "has_a_comma",
                    "must have no comma, which sets tags off in a filter",
                );
                faults.require(
                    before.all(|other| other.name.trim() != name),
                    "name",
                    "repeated",
                    "must be named once",
                );
            });
        }
    });
}

pub(super) fn check_fields(faults: &mut Faults, fields: &[WireOrganisationField]) {
    check_count(faults, "custom_fields", fields, PROFILE_LIST_MAX);
    let texts = fields.iter().flat_map(|it| [it.key.as_str(), &it.value]);
    check_bytes(
        faults,
        "custom_fields",
        texts,
        ORGANISATION_FIELDS_BYTES_MAX,
    );
    faults.within("custom_fields", |faults| {
        for (index, field) in fields.iter().enumerate() {
            let mut before = fields.iter().take(index);
            faults.at(index, |faults| {
                check(faults, "key", Some(&field.key), NAME_CHARS_MAX);
                faults.require(
                    before.all(|other| other.key != field.key),
                    "key",
                    "repeated",
                    "must be named once",
                );
            });
        }
    });
}
