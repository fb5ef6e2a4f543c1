//! What the entity of a contact holds, but for its older lines and purchases, which lie beside it.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Place, access, money, seconds};
use crate::domain::access::Guesses;
use crate::domain::contact::{
    Agreement, Card, Company, Contact, ContactType, Count, Counts, Demographics, Device, Document,
    Field, Gender, GoalCount, Image, Loyalty, Month, OwnDetails, Phone, Platform, PostalAddress,
    Preference, PreferredFor, Profile, Reached, SchemeMember, SealedProfile, SignUp,
};
use crate::domain::ids::Named;
use crate::domain::offer::{Buyer, Progress};
use crate::domain::time::Timestamp;
use crate::http::gateways::self_service::{media_type, url};
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;

/// The document, without the lists `journal` and `purchases`.
pub(super) fn document(
    place: &Place<'_>,
    contact: &Contact,
    now: Timestamp,
) -> Result<Value, Problem> {
    let Contact {
        // Whoever is not active is not exported.
        stage: _,
        contact_type,
        profile,
        own_id,
        code,
        // Hashes of the code, e-mail address, phone numbers and cards that the profile shows.
        claims: _,
        attempts: _,
        pending: _,
        // Hashes of what the profile no longer shows, until their owner is told.
        released: _,
        sign_ups,
        sign_up_version: _,
        created_at,
        profile_version,
        wallet,
        // Sent page by page after all of this.
        ledger: _,
        purchases: _,
        counts,
        purchase_count: _,
        // Marks of purchases that the list shows as cancelled.
        late_cancellations: _,
        access,
        spend_tokens,
        loyalty,
    } = contact;
    let opened = place.open(profile.clone())?;
    let view = contact.loyalty_view(now);
    let buyer = crate::domain::contact::BuyingContact::of_view(&view, place.tenant);
    let segments = place.tenant.rewards.segments.iter();
    let segments = segments.filter(|(number, _)| buyer.is_in_segment(*number));
    let segments = segments.map(|(number, segment)| {
        json!({ "id": place.id(Named::Segment, *number), "name": segment.name })
    });
    let getting_in = access.as_deref();
    let mut document = json!({
        "exported_date": seconds(now),
        "contact": {
            "id": place.id(Named::Contact, place.contact.entity),
            "own_id": own_id.as_deref(),
            "code": &**code,
            "type": match contact_type {
                ContactType::Person => "PERSON",
                ContactType::Company => "COMPANY",
            },
            "created_date": seconds(*created_at),
            "changes": profile_version,
        },
        "profile": shown_profile(place, &opened),
        "organisations": sign_ups.iter().map(|it| organisation(place, it)).collect::<Vec<_>>(),
        "access": getting_in.map(|it| access::document(place, it)).transpose()?,
        "spend_tokens": spend_tokens.iter().flat_map(|it| money::tokens(place, it)).collect::<Vec<_>>(),
        "wallet": money::wallet(place, wallet, now),
        "awards_of_offers": awards(place, counts),
        "segments": segments.collect::<Vec<_>>(),
    });
    let loyalty = loyalty.as_deref().cloned().unwrap_or_default();
    if let Some(members) = document.as_object_mut() {
        let tier = loyalty.tier_at(place.tenant, now);
        let shown = shown_loyalty(place, &loyalty, tier)?;
        members.insert("loyalty".to_owned(), shown);
    }
    Ok(document)
}

fn organisation(place: &Place<'_>, sign_up: &SignUp) -> Value {
    let SignUp {
        organisation,
        email_opt_out,
        sms_opt_out,
        has_consented,
        at,
    } = sign_up;
    json!({
        "organisation": place.organisation(*organisation),
        "email_opt_out": email_opt_out,
        "sms_opt_out": sms_opt_out,
        "has_consented": has_consented,
        "sign_up_date": seconds(*at),
    })
}

fn fields(fields: &[Field]) -> Value {
    let shown = fields.iter().map(|field| {
        let Field { key, value } = field;
        json!({ "key": key, "value": value })
    });
    Value::Array(shown.collect())
}

fn shown_profile(place: &Place<'_>, profile: &Profile) -> Value {
    let Profile {
        title,
        first_name,
        middle_name,
        last_name,
        company_name,
        email_address,
        phones,
        addresses,
        custom_fields,
        cards,
        agreement,
        own,
    } = profile;
    let Agreement {
        language_code,
        country,
        email_opt_out,
        sms_opt_out,
    } = agreement;
    let phones = phones.iter().map(|phone| {
        let Phone {
            is_primary,
            country_code,
            number,
            phone_type,
        } = phone;
        json!({
            "is_primary": is_primary,
            "country_code": country_code,
            "number": number,
            "type": phone_type,
        })
    });
    let cards = cards.iter().map(|card| {
        let Card {
            identifier,
            added_at,
        } = card;
        json!({ "identifier": identifier, "added_date": seconds(*added_at) })
    });
    let addresses = addresses.iter().map(|it| address(place, it));
    let none = OwnDetails::default();
    let OwnDetails {
        demographics,
        company,
        devices,
        preferences,
        image,
    } = own.as_deref().unwrap_or(&none);
    let devices = devices.iter().map(|it| device(place, it));
    let preferences = preferences.iter().map(|preference| {
        let Preference {
            purpose,
            organisation,
        } = preference;
        json!({
            "type": match purpose {
                PreferredFor::Orders => "ORDERS",
                PreferredFor::Rewards => "REWARDS",
            },
            "organisation": place.organisation(*organisation),
        })
    });
    json!({
        "title": title,
        "first_name": first_name,
        "middle_name": middle_name,
        "last_name": last_name,
        "company_name": company_name,
        "email_address": email_address,
        "phones": phones.collect::<Vec<_>>(),
        "addresses": addresses.collect::<Vec<_>>(),
        "custom_fields": fields(custom_fields),
        "cards": cards.collect::<Vec<_>>(),
        "agreement": {
            "language_code": language_code,
            "country": country,
            "email_opt_out": email_opt_out,
            "sms_opt_out": sms_opt_out,
        },
        "demographics": shown_demographics(demographics),
        "company_profile": shown_company(company),
        "devices": devices.collect::<Vec<_>>(),
        "preferences": preferences.collect::<Vec<_>>(),
        "image": image.as_ref().map(|it| shown_image(place, it)),
    })
}

fn shown_image(place: &Place<'_>, image: &Image) -> Value {
    let Image {
        number: _,
        format,
        bytes,
        size,
        hash: _,
    } = image;
    // Where it was replaced since, the address shows nothing either.
    let read = place.image.filter(|(read, _)| read == image);
    json!({
        "type": media_type(*format),
        "bytes": bytes,
        "width": size.map(|(width, _)| width),
        "height": size.map(|(_, height)| height),
        "url": url(place.api, place.reached, &place.contact, image),
        "base64": read.map(|(_, bytes)| BASE64.encode(bytes)),
    })
}

fn address(place: &Place<'_>, address: &PostalAddress) -> Value {
    let PostalAddress {
        number,
        address_type,
        name,
        is_primary,
        address_line_1,
        address_line_2,
        state_province_county,
        town_city,
        postal_code,
        country_code,
        lat,
        lon,
        google_place_id,
        is_billing,
    } = address;
    // Ten millionths of a degree.
    let degrees = |of: &Option<i64>| of.map(|degrees| WireAmount::from_minor(degrees, 7));
    json!({
        "id": place.part(Named::Address, *number),
        "type": address_type,
        "name": name,
        "is_primary": is_primary,
        "address_line_1": address_line_1,
        "address_line_2": address_line_2,
        "state_province_county": state_province_county,
        "town_city": town_city,
        "postal_code": postal_code,
        "country_code": country_code,
        "lat": degrees(lat),
        "lon": degrees(lon),
        "google_place_id": google_place_id,
        "is_billing_address": is_billing,
    })
}

fn device(place: &Place<'_>, device: &Device) -> Value {
    let Device {
        number,
        platform,
        mac_address,
        serial_number,
        electronic_id,
        registration_token,
        application_id,
        custom_fields,
        registered_at,
    } = device;
    json!({
        "id": place.part(Named::Device, *number),
        "platform": match platform {
            Platform::Mobile => "MOBILE",
            Platform::Browser => "BROWSER",
            Platform::Other => "OTHER",
        },
        "mac_address": mac_address,
        "serial_number": serial_number,
        "electronic_id": electronic_id,
        "registration_token": registration_token,
        "application_id": application_id,
        "custom_fields": fields(custom_fields),
        "registration_date": seconds(*registered_at),
    })
}

fn shown_demographics(demographics: &Demographics) -> Value {
    let Demographics {
        gender,
        name_day,
        date_of_birth,
        passport,
        id_details,
        statutory_number,
    } = demographics;
    let paper = |paper: &Option<Document>| {
        paper.as_ref().map(|paper| {
            let Document {
                number,
                issuing_country_code,
                expires_at,
            } = paper;
            json!({
                "number": number,
                "issuing_country_code": issuing_country_code,
                "expiration_date": seconds(*expires_at),
            })
        })
    };
    json!({
        "gender": gender.map(|gender| match gender {
            Gender::Female => "FEMALE",
            Gender::Male => "MALE",
            Gender::Other => "OTHER",
        }),
        "name_day": name_day.map(|(month, day)| json!({ "month": month, "day": day })),
        "date_of_birth": date_of_birth
            .map(|(year, month, day)| json!({ "year": year, "month": month, "day": day })),
        "passport": paper(passport),
        "id_details": paper(id_details),
        "statutory_number": statutory_number,
    })
}

fn shown_company(company: &Company) -> Value {
    let Company {
        registration_number,
        registration_country,
        tax_reference_number,
        vat_registration_number,
    } = company;
    json!({
        "registration_number": registration_number,
        "registration_country": registration_country,
        "tax_reference_number": tax_reference_number,
        "vat_registration_number": vat_registration_number,
    })
}

/// What was given of offers that cap it.
fn awards(place: &Place<'_>, counts: &Counts) -> Value {
    let Counts { in_all, day, today } = counts;
    let shown = |counts: &[Count]| {
        let shown = counts.iter().map(|count| {
            let Count {
                offer,
                awards,
                amount,
            } = count;
            json!({ "offer": place.offer(*offer), "awards": awards, "amount": place.amount(*amount) })
        });
        Value::Array(shown.collect())
    };
    json!({
        "in_all": shown(in_all),
        "newest_day": day_of(*day),
        "on_that_day": shown(today),
    })
}

/// A day counted from 1970-01-01, as ISO 8601 has it.
pub(super) fn day_of(day: i32) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = epoch.checked_add(jiff::Span::new().try_days(day).ok()?);
    date.ok().map(|date| date.to_string())
}

fn shown_loyalty(
    place: &Place<'_>,
    loyalty: &Loyalty,
    tier: Option<u64>,
) -> Result<Value, Problem> {
    let Loyalty {
        tags,
        months,
        lifetime,
        reached,
        goals,
        schemes,
        guesses,
    } = loyalty;
    let rewards = &place.tenant.rewards;
    let known = rewards.tags.iter();
    let has = known.filter(|(number, _)| tags.contains(number));
    let months = months.iter().map(|it| {
        let Month {
            month,
            visits,
            paid,
            units,
        } = it;
        let first = day_of(crate::domain::calendar::first_day_of(*month));
        json!({
            "first_day": first,
            "visits": visits,
            "paid": place.amount(*paid),
            "units": place.amount(*units),
        })
    });
    let shown_tier = |number: u64| {
        json!({
            "id": place.id(Named::Tier, number),
            "name": rewards.tier(number).map(|tier| tier.name.clone()),
        })
    };
    let told = reached.as_ref().map(|reached| {
        let Reached { tier, at } = reached;
        json!({ "tier": tier.map(shown_tier), "date": seconds(*at) })
    });
    let goals = goals.iter().map(|goal| {
        let GoalCount { offer, progress } = goal;
        let Progress { current, reached } = progress;
        json!({ "offer": place.offer(*offer), "current": current, "reached": reached })
    });
    let mut members = Vec::new();
    for member in schemes {
        let SchemeMember { scheme, at, sealed } = member;
        let shown = match sealed {
            None => Profile::default(),
            Some(sealed) => place.open(SealedProfile {
                slot: place.slot,
                sealed: std::sync::Arc::clone(sealed),
            })?,
        };
        members.push(json!({
            "id": place.id(Named::Scheme, *scheme),
            "name": rewards.scheme(*scheme).map(|it| it.name.clone()),
            "sign_up_date": seconds(*at),
            "email_address": shown.email_address,
            "sign_up_code": shown.title,
        }));
    }
    Ok(json!({
        "tags": has.map(|(_, name)| name.clone()).collect::<Vec<_>>(),
        "tier": tier.map(shown_tier),
        "newest_tier_told": told,
        "lifetime_units": place.amount(*lifetime),
        "months": months.collect::<Vec<_>>(),
        "goals": goals.collect::<Vec<_>>(),
        "schemes": members,
        "wrong_sign_up_codes": wrong(*guesses),
    }))
}

/// Wrong codes of late.
pub(super) fn wrong(guesses: Guesses) -> Value {
    let Guesses { wrong, last_at } = guesses;
    json!({ "number": wrong, "newest_date": (wrong > 0).then(|| seconds(last_at)) })
}
