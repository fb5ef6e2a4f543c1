//! Organisations, and what they show of themselves.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::organisation;

stored!(choice organisation::Role { 0 => ServiceOwner, 1 => Business, 2 => Merchant, 3 => Venue, 4 => Operator, 5 => TransactionProcessor, 6 => Organisation });
stored!(record organisation::Organisation { name, role, parent, time_zone, shares_contacts, profile });
stored!(wrap organisation::State);
stored!(choice organisation::Event {
    0 => Created(organisation),
    1 => Changed(name, time_zone),
    2 => SharingSet(shares),
    3 => ProfileSet(profile),
});

stored!(record organisation::Profile {
    description, industry, industry_sectors, business_activities, addresses, contact_info, operation,
    tags, custom_fields, parts,
});
stored!(record organisation::Word { number, name });
stored!(record organisation::Address {
    number, name, address_line_1, address_line_2, state_province_county, town_city, postal_code,
    country_code, care_of, position, google_place_id, is_primary, is_billing, is_test_mode,
});
stored!(record organisation::Position { lat, lon });
stored!(choice organisation::Reach { 0 => Email, 1 => Phone });
stored!(record organisation::ContactInfo { number, name, reach, value, country_code });
stored!(choice organisation::Supply { 0 => Any, 1 => Delivery, 2 => PickUp });
stored!(record organisation::Opening { supply, hours });
stored!(record organisation::ShortTerm { supply, is_closed });
stored!(record organisation::Operation { opening_hours, short_term });
