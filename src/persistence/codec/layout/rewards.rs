//! What a tenant sets up about its customers, and what is known of their loyalty.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::{configuration, contact, offer};

stored!(choice configuration::Measure { 0 => Spend, 1 => Award, 2 => Visits });
stored!(choice configuration::TierPeriod { 0 => Month, 1 => Quarter, 2 => Year });
stored!(record configuration::Tiering { measure, conversion_rate, period });
stored!(record configuration::Tier { name, description, colour, value_units });
stored!(record configuration::ActivityRule { months, minimum_amount, minimum_visits });
stored!(record configuration::Segment {
    name, description, tags, contact_types, organisations, tiers, registered_within_days, activity,
});
stored!(choice configuration::Opening { 0 => Auto, 1 => SelfSignUp, 2 => Code(hash), 3 => EmailDomains(domains) });
stored!(record configuration::Scheme { name, description, terms_and_conditions, opening });
stored!(choice configuration::Item { 0 => Tag(name), 1 => Segment(segment), 2 => Tier(tier), 3 => Scheme(scheme) });
stored!(record configuration::Configuration { tags, segments, tiering, tiers, schemes });
stored!(choice configuration::Event { 0 => Set(number, item), 1 => TieringSet(tiering) });

stored!(record contact::Month { month, visits, paid, units });
stored!(record contact::Activity { month, paid, units });
stored!(record contact::Reached { tier, at });
stored!(record contact::GoalCount { offer, progress });
stored!(record contact::GoalStep { offer, step });
stored!(record contact::SchemeMember { scheme, at, sealed });
stored!(record contact::Loyalty { tags, months, lifetime, reached, goals, schemes, guesses });

stored!(record offer::Texts {
    short_description, long_description, terms_and_conditions, is_featured,
});
stored!(record offer::Target<u32> { amount, repeats });
stored!(record offer::Target<crate::domain::money::Minor> { amount, repeats });
stored!(record offer::Progress { current, reached });
stored!(record offer::Step { by, reaches });
stored!(choice offer::Goal {
    0 => Spend, 1 => Visits(target), 2 => Amount(target), 3 => Products(target, products), 4 => Membership(target),
});
