//! The stored layout of every type, version 1: fields in the order of their bytes, variants with their numbers.

mod lots;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use rust_decimal::Decimal;

use super::Arrived;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::calendar::Zone;
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::time::{Dues, Span, Timestamp};
use crate::domain::{
    api_key, audit, contact, directory_entry, entity, lease, offer, remembered, tenant,
};
use crate::persistence::journal::Position;
use crate::persistence::listing;

/// `stored!(record T { a, b })` stores fields in order; `stored!(wrap T)` stores the one field of a newtype;
/// `stored!(choice T { 0 => A, 1 => B(x) })` stores a variant's number, then its fields.
macro_rules! stored {
    (record $type:ty { $($field:ident),* $(,)? }) => {
        impl Encode for $type {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                $( Encode::encode(&self.$field, encoder)?; )*
                Ok(())
            }
        }
        impl<C> Decode<C> for $type {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
                Ok(Self { $( $field: Decode::decode(decoder)?, )* })
            }
        }
    };
    (wrap $type:ty) => {
        impl Encode for $type {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                Encode::encode(&self.0, encoder)
            }
        }
        impl<C> Decode<C> for $type {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
                Ok(Self(Decode::decode(decoder)?))
            }
        }
    };
    (choice $type:ty { $($number:literal => $variant:ident $(($($part:ident),*))?),* $(,)? }) => {
        impl Encode for $type {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                match self {
                    $( Self::$variant $(($($part),*))? => {
                        Encode::encode(&($number as u8), encoder)?;
                        $($( Encode::encode($part, encoder)?; )*)?
                    } )*
                }
                Ok(())
            }
        }
        impl<C> Decode<C> for $type {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
                match u8::decode(decoder)? {
                    $( $number => {
                        $($( let $part = Decode::decode(decoder)?; )*)?
                        Ok(Self::$variant $(($($part),*))?)
                    } )*
                    other => Err(DecodeError::UnexpectedVariant {
                        type_name: stringify!($type),
                        allowed: &bincode::error::AllowedEnumVariants::Allowed(&[$($number),*]),
                        found: u32::from(other),
                    }),
                }
            }
        }
    };
}

/// For types whose text or number form is their stored form.
macro_rules! stored_as {
    ($type:ty, $form:ty, $to:expr, $from:expr) => {
        impl Encode for $type {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                let to: fn(&$type) -> $form = $to;
                Encode::encode(&to(self), encoder)
            }
        }
        impl<C> Decode<C> for $type {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
                let from: fn($form) -> Option<$type> = $from;
                from(<$form>::decode(decoder)?)
                    .ok_or(DecodeError::Other(concat!("not a ", stringify!($type))))
            }
        }
    };
}

mod access;
mod apps;
mod organisation;
mod own_details;
mod receipts;
mod rewards;
mod texts;
mod undelivered;
mod user;

stored!(wrap Timestamp);
stored!(wrap Span);
stored!(record Dues { business, wall });
stored!(wrap Minor);
stored!(wrap TenantId);
stored_as!(Mode, u8, |mode| mode.number(), Mode::from_number);
stored_as!(Kind, u8, |kind| kind.number(), Kind::from_number);
stored_as!(
    Currency,
    [u8; 3],
    |currency| currency.code().as_bytes().try_into().unwrap_or(*b"XXX"),
    |bytes| std::str::from_utf8(&bytes)
        .ok()
        .and_then(Currency::from_code)
);
stored_as!(Zone, String, |zone| zone.name().to_owned(), |name| {
    Zone::named(&name)
});
stored_as!(
    Percent,
    (i128, u32),
    |percent| (percent.0.mantissa(), percent.0.scale()),
    |(mantissa, scale)| Decimal::try_from_i128_with_scale(mantissa, scale)
        .ok()
        .map(Percent)
);
stored_as!(
    Arrived,
    (u64, Mode, Kind, u64),
    |Arrived(address)| (address.tenant.0, address.mode, address.kind, address.entity),
    |(tenant, mode, kind, entity)| Some(Arrived(Address {
        tenant: TenantId(tenant),
        mode,
        kind,
        entity,
    }))
);

stored!(wrap remembered::KeyHash);
stored!(wrap remembered::RequestHash);
stored!(choice remembered::Outcome { 0 => Created, 1 => Done, 2 => Purchased(number), 3 => Moved(number), 4 => Held(number), 5 => Challenged(number), 6 => Proven, 7 => SignedIn(number), 8 => AddsIdentity(session), 9 => TokenMade(number) });
stored!(record remembered::Answered { key, request, outcome, at });
stored!(record remembered::FilterLayer { bits, keys, newest });
// The large layers are rows of their own: the head says how many.
impl Encode for remembered::Remembered {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.recent.answered().encode(encoder)?;
        self.filter.encode(encoder)?;
        self.large_layers.len().encode(encoder)
    }
}
impl<C> Decode<C> for remembered::Remembered {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let recent: Vec<remembered::Answered> = Decode::decode(decoder)?;
        let filter = Decode::decode(decoder)?;
        let layers = usize::decode(decoder)?;
        if layers > remembered::LARGE_LAYERS_MAX {
            return Err(DecodeError::Other("more filter layers than there can be"));
        }
        Ok(Self {
            recent: recent.into_iter().collect(),
            filter,
            large_layers: vec![remembered::FilterLayer::default(); layers],
        })
    }
}

stored!(choice tenant::Uncovered { 0 => Reject, 1 => Owe });
stored!(record tenant::Details { name, currency, classifications, time_zone });
stored!(record tenant::Rate { requests, seconds });
stored!(record tenant::RateLimits { secret_key, public_key, address, account, destination, address_codes, public_codes, secret_codes });
stored!(record tenant::Tenant { details, organisations, taps, offers, api_keys, owes_offline, rate_limits, test_clock_ahead, roles, users, integrations });
stored!(record tenant::Role { number, organisation, name, permissions });
stored!(choice tenant::Event {
    0 => Created(details),
    1 => OrganisationListed(number),
    2 => OfferListed(mode, number),
    3 => ApiKeyListed(mode, number),
    4 => TestClockAdvanced(ahead),
    5 => TapSet(number, code),
    6 => UncoveredOfflineSet(mode, uncovered),
    7 => IntegrationAdded(integration),
    8 => IntegrationDeactivated(number),
    20 => RateLimitsSet(mode, rates),
    30 => RoleSet(role),
    31 => RoleRemoved(number),
    32 => UserListed(number),
});
stored!(choice tenant::Connector {
    0 => Smtp, 1 => Twilio, 2 => Webhook, 3 => File, 4 => Google, 5 => Apple, 6 => Facebook, 7 => Oidc,
});
stored!(record tenant::Integration {
    number, mode, connector, name, channels, sealed, created_at, is_active,
});

stored!(choice offer::Award { 0 => Percentage(percent), 1 => Fixed(amount) });
stored!(choice offer::LifeCycle { 0 => Active, 1 => Inactive });
stored!(record offer::Hours { days, from, until });
stored!(record offer::Conditions {
    minimum_total, classifications, organisations, products, starts_at, ends_at, hours, segments,
    tiers, schemes,
});
stored!(record offer::Cap { awards, amount });
stored!(record offer::Caps { in_all, a_day });
stored!(record offer::SpendConditions { organisations, products, hours });
stored!(record offer::Offer {
    name, life_cycle, award, conditions, goal, caps, texts, best_of, unlocks_after, award_lasts, spend_conditions,
    budget,
});
stored_as!(
    offer::Lending,
    Vec<(u16, [u8; 6], [u8; 6])>,
    |lending| lending
        .loans()
        .map(|(shard, loan)| (shard, six_bytes(loan.lent), six_bytes(loan.returned)))
        .collect(),
    |loans| Some(
        loans
            .into_iter()
            .map(|(shard, lent, returned)| {
                let (lent, returned) = (of_six_bytes(lent), of_six_bytes(returned));
                (shard, offer::Loan { lent, returned })
            })
            .collect()
    )
);
stored!(record offer::State { offer, lending });
stored!(choice offer::Event {
    0 => Created(offer),
    1 => Lent(shard, total),
    2 => TakenBack(returned),
    3 => Changed(offer),
    4 => AwardChanged(award),
    5 => LifeCycleChanged(life_cycle),
});

stored!(choice offer::NoAward {
    0 => BelowMinimum,
    1 => OtherClassification,
    2 => OtherOrganisation,
    3 => RoundsToNothing,
    4 => WalletFull,
    5 => BudgetExhausted,
    6 => Inactive,
    7 => NotStarted,
    8 => Ended,
    9 => OtherHours,
    10 => OtherProducts,
    11 => ContactCapReached,
    12 => DayCapReached,
    13 => NotTheBest,
    14 => OtherSegment,
    15 => OtherTier,
    16 => GoalNotReached,
    17 => NotAMember,
});

stored!(choice api_key::Visibility { 0 => Public, 1 => Secret });
stored!(choice api_key::Gateway { 0 => BackOffice, 1 => SelfService });
stored!(wrap api_key::Scopes);
stored!(record api_key::Details {
    name, visibility, gateway, scopes, organisation, value_hash, public_value, lineage, expires_at,
});
stored!(choice api_key::Stage { 0 => Active, 1 => Revoked(at), 2 => Expired });
stored!(record api_key::ApiKey { details, stage, created_at, successor });
stored!(wrap api_key::State);
stored!(choice api_key::Event {
    0 => Created(details, at),
    1 => Revoked(at),
    2 => Expired,
    3 => Changed(name, scopes),
    4 => RolledOut(successor, at),
});

stored!(wrap directory_entry::ValueHash);
stored!(choice directory_entry::Standing { 0 => Reserved(until), 1 => Confirmed, 2 => ReservedOnWall(until), 3 => HeldUntil(until) });
stored!(record directory_entry::Holder { contact, attempt });
stored!(record directory_entry::Claim { value, holder, standing });
stored!(record directory_entry::Destination { value, sends, guesses, passwords });
stored!(record directory_entry::State { claims, destinations });
stored!(choice directory_entry::Event {
    0 => Reserved(value, holder, until),
    1 => Confirmed(value, holder),
    2 => Released(value, holder),
    3 => ReservedOnWall(value, holder, until),
    4 => Sent(value, at),
    5 => WrongCounted(value, at),
    6 => WrongForgotten(value),
    7 => Tidied(at),
    8 => HeldUntil(value, holder, until),
    9 => PasswordCounted(value, at),
    10 => PasswordsForgotten(value),
    11 => PasswordGivenBack(value),
});

stored!(record lease::State { granted, returned, debited });
stored!(choice lease::Change { 0 => Debit(amount), 1 => Credit(amount) });
stored!(record lease::Movement { offer, seq, change });
stored!(choice lease::Event { 0 => Granted(total), 1 => Returned(total), 2 => Moved(change) });

stored!(record contact::Phone { is_primary, country_code, number, phone_type });
stored!(record contact::PostalAddress {
    address_type, name, is_primary, address_line_1, address_line_2, state_province_county, town_city,
    postal_code, country_code, number, lat, lon, google_place_id, is_billing,
});
stored!(record contact::Field { key, value });
stored!(record contact::Card { identifier, added_at });
stored!(record contact::Profile {
    title, first_name, middle_name, last_name, company_name, email_address, phones, addresses,
    custom_fields, cards, agreement, own,
});
stored!(record contact::Agreement { language_code, country, email_opt_out, sms_opt_out });
stored!(record contact::SealedProfile { slot, sealed });
stored!(choice contact::ContactType { 0 => Person, 1 => Company });
stored!(choice contact::Stage { 0 => Absent, 1 => Proposed, 2 => Active, 3 => Void, 4 => Erased });
stored!(record contact::Hold { number, organisation, at, until, lots });
stored!(choice contact::Direction { 0 => Spend, 1 => TopUp, 2 => Credit });
stored!(choice contact::Period { 0 => Transaction, 1 => Day, 2 => Week, 3 => Month });
stored!(record contact::LimitRule { name, direction, period, maximum_number, maximum_amount });
stored!(record contact::Usage { day, in_day, in_week, in_month });
stored!(record contact::Limits { rules, since, spent, topped_up, credited });
stored!(record contact::Use { direction, day, amount });
stored!(record contact::Wallet {
    lots, locked, version, code_slot, owed, holds, hold_count, limits,
});
stored!(record contact::Amounts { total, net, tax, discount });
stored!(record contact::Spent { requested, from, owed });
stored!(record contact::Product { sku, id, quantity, total, net, tax });
stored!(record contact::Purchase {
    number, organisation, amounts, currency, classification, texts, recorded_at, performed_on, spent, products, offers, activity,
});
stored!(record contact::KeptPurchase { purchase, cancelled_at });
stored!(record contact::OfferCredit { offer, amount });
stored!(record contact::Cancellation {
    number, at, restored, taken, taken_locked, owed, forgiven, credits, uncounted, unused,
    inactivity, unreached,
});
stored!(record contact::ReturnOf { organisation, amount, reference_number, returned_on });
stored!(record contact::Returned { number, at, of, restored, taken, owed, inactivity });
stored!(record contact::TopUp { texts, paid_on });
stored!(choice contact::Reason { 0 => TopUp(top_up), 1 => Credit(notes), 2 => Debit(notes) });
stored!(record contact::Entry { number, at, reason, lots });
stored!(choice contact::Cause {
    0 => Award(purchase),
    1 => Spend(purchase),
    2 => Expiry,
    3 => Cancel(purchase),
    4 => Restore(purchase),
    5 => Owed(purchase),
    6 => Repaid,
    7 => TopUp(top_up),
    8 => Credit(notes),
    9 => Debit(notes),
    10 => Hold(number),
    11 => Release(number),
    12 => Unlock,
    13 => ReturnedSpend(of),
    14 => ReturnedAward(of),
    15 => ReturnOwed(of),
});
stored!(record contact::Composition { commerce, pools, expires_at });
stored!(record contact::Line { number, at, cause, amount, balance, of });
stored!(record contact::Ledger { lines, count, balance });
stored!(record contact::Count { offer, awards, amount });
stored!(record contact::Counts { in_all, day, today });
stored!(record contact::Counted { offer, amount, in_all, on_day });
stored!(record contact::Propose { contact_type, profile, own_id, code, claims });
stored!(record contact::SignUp { organisation, email_opt_out, sms_opt_out, has_consented, at });
stored!(choice contact::Intent { 0 => Spend, 1 => ApprovePurchase, 2 => RejectPurchase });
stored!(record contact::SpendToken {
    number, intent, amount, estimate, nonce, code, expires_at, is_used,
});
stored!(record contact::SpendTokens { tokens, count });
stored!(record contact::PendingChange { attempt, adds });
stored!(record contact::Released { values, due });
stored!(record contact::Change {
    from_version, attempt, contact_type, profile, code, adds, removes,
});
stored!(record contact::Contact {
    stage, contact_type, profile, own_id, code, claims, attempts, pending, released, sign_ups,
    sign_up_version, created_at, profile_version, wallet, ledger, purchases, counts, purchase_count,
    late_cancellations, access, loyalty, spend_tokens,
});
stored!(choice contact::Event {
    0 => Proposed(proposal),
    1 => Created(at),
    2 => Refused,
    3 => ReservationVoided(value),
    4 => PurchaseRecorded(purchase),
    5 => LotsExpired(lots),
    6 => ChangeBegun(adds),
    7 => Changed(change, due),
    8 => Erased(at),
    9 => ReleasesTold(values),
    10 => SignedUp(sign_up),
    11 => SignedOut(organisation),
    12 => PurchaseCancelled(cancellation),
    13 => OwedRepaid(at, lots),
    14 => MoneyMoved(entry),
    15 => FundsHeld(hold),
    17 => HoldReleased(number, at, lots),
    16 => AwardsCounted(counted),
    18 => LotsUnlocked(lots),
    19 => LimitsSet(at, rules),
    20 => LimitsUsed(used),
    21 => Returned(returned),
    22 => Access(event),
    34 => TokenMade(token),
    35 => TokenUsed(number),
    36 => TokensTidied(at),
    47 => TagsSet(tags),
    48 => GoalsCounted(steps),
    50 => SchemeSignedUp(member),
    51 => SchemeSignedOut(scheme),
    52 => SchemeCodeWrong(at),
    49 => TierReached(reached),
});

stored!(choice audit::Outcome { 0 => Asked, 1 => Done, 2 => Refused, 3 => Unknown });
stored!(record audit::Entry { actor, masquerader, operation, target, outcome });
stored!(record audit::Line { number, at, entry, hash });
stored!(record audit::Start { lines, hash });
stored!(record audit::Page { start, lines });
stored!(choice audit::Event { 0 => Begun(start), 1 => Appended(line) });

stored!(choice entity::Event {
    1 => Tenant(event),
    2 => Organisation(event),
    3 => Offer(event),
    4 => Contact(event),
    5 => ApiKey(event),
    6 => DirectoryEntry(event),
    7 => Lease(event),
    10 => Configuration(event),
    11 => AuditLog(event),
    8 => User(event),
    9 => Media(event),
    12 => Apps(event),
    13 => Receipt(event),
});
stored!(choice entity::State {
    1 => Tenant(state),
    2 => Organisation(state),
    3 => Offer(state),
    4 => Contact(state),
    5 => ApiKey(state),
    6 => DirectoryEntry(state),
    7 => Lease(state),
    10 => Configuration(state),
    11 => AuditLog(state),
    8 => User(state),
    9 => Media(state),
    12 => Apps(state),
    13 => Receipt(state),
});
stored!(record entity::Remember { keys, request });
stored!(record entity::Effect { seq, at, wall, events, remember, leases });
stored!(record entity::Entity { seq, last_time, remembered, state });

stored!(wrap Position);
stored!(record listing::Entry { at, owner, part, organisation, class });
stored!(record listing::Times { first, last });
stored!(record listing::Cursor { version, position });

/// An amount of at most [`offer::Lending::TOTAL_MAX`].
fn six_bytes(amount: Minor) -> [u8; 6] {
    let mut six = [0; 6];
    let bytes = amount.0.to_le_bytes();
    let (low, _) = bytes.split_at(six.len());
    six.copy_from_slice(low);
    six
}

fn of_six_bytes(six: [u8; 6]) -> Minor {
    let mut bytes = [0; 8];
    let (low, _) = bytes.split_at_mut(six.len());
    low.copy_from_slice(&six);
    Minor(i64::from_le_bytes(bytes))
}
