//! A purchase on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::classifications::WireClassification;
use super::buyer::{self, ContactReference};
use super::products::{self, NewProduct, WireProduct};
use super::reference::{ClassificationReference, OrganisationReference};
use crate::actors::router::OpenedProfile;
use crate::domain::context::TenantView;
use crate::domain::entity::PurchaseView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::offer::NoAward;
use crate::domain::time::Timestamp;
use crate::http::extract::{Faults, Validate};
use crate::http::money_wire::WireAmount;
use crate::limits;

/// A purchase to record, in the shape of the contract's version 2.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewPurchase {
    /// An id of your own, of at most 36 characters: a second purchase of this contact with it is the same one.
    #[schema(max_length = 36)]
    pub(super) id: Option<String>,
    /// Who buys. Without it, the card in `payment_medium_identifier` says.
    pub(super) contact: Option<ContactReference>,
    pub(super) organisation: OrganisationReference,
    pub(super) transaction_amounts: NewAmounts,
    pub(super) classification: Option<ClassificationReference>,
    /// The number on the receipt. Without an id and an `Idempotency-Key`, it identifies the purchase.
    pub(super) reference_number: Option<String>,
    /// What identified the customer at the till, such as a card's identifier (`cim`).
    pub(super) payment_medium_identifier: Option<String>,
    /// When the purchase was made, in Unix seconds; now, if it is left out.
    pub(super) performed_on: Option<i64>,
    /// ISO 4217; must be the wallet's.
    pub(super) currency_code: Option<String>,
    pub(super) spend_request: Option<NewSpend>,
    /// What was bought, line by line.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(super) products: Vec<NewProduct>,
    /// The estimate that blocked funds for this purchase: they are released, and spent as far as the purchase asks.
    pub(super) estimate_id: Option<String>,
    /// For estimates only: whether what would be spent is held for the purchase.
    #[serde(default)]
    pub(super) block_wallet_funds: bool,
    #[serde(skip)]
    pub(super) names: Names,
}

/// What a version's body calls its members, where something is wrong with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// What holds the amounts; nothing, where they are members of the purchase itself.
    pub(super) amounts: Option<&'static str>,
    pub(super) total: &'static str,
    pub(super) net: &'static str,
    pub(super) tax: &'static str,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            amounts: Some("transaction_amounts"),
            total: "total",
            net: "net",
            tax: "tax",
        }
    }
}

/// The amounts on the receipt.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewAmounts {
    pub(super) total: WireAmount,
    pub(super) net: Option<WireAmount>,
    pub(super) tax: Option<WireAmount>,
    pub(super) discount: Option<WireAmount>,
}

/// The wish to pay from the wallet.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewSpend {
    pub(super) amount: WireAmount,
    /// True refuses the purchase unless the balance covers the whole amount; false, the default, spends what there is.
    #[serde(default)]
    pub(super) restrict_fully_covered: bool,
}

/// A recorded purchase.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WirePurchase {
    /// Ours: it finds the purchase. Null where nothing was recorded.
    pub(super) id: Option<String>,
    reference_number: Option<String>,
    state: PurchaseState,
    /// Unix seconds.
    date: i64,
    contact: WireContactReference,
    organisation: WireNamed,
    classification: WireClassification,
    transaction_amounts: WireAmounts,
    pub(super) currency_code: String,
    payment_medium_identifier: Option<String>,
    /// What was bought, as far as the till said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    products: Vec<WireProduct>,
    pub(super) rewards: WireRewards,
    /// What is left to pay.
    pub(super) amount_due: WireAmount,
    /// What each offer made of it: an amount, or a reason why not.
    pub(super) offers: Vec<WireOfferOutcome>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum PurchaseState {
    /// Recorded.
    Posted,
    /// Cancelled: what it awarded and spent was reverted.
    Cancelled,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireContactReference {
    id: String,
    code: String,
    /// Shown by a get; the answer to a post leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireNamed {
    id: String,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireAmounts {
    total: WireAmount,
    net: Option<WireAmount>,
    tax: Option<WireAmount>,
    discount: Option<WireAmount>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireRewards {
    /// What was awarded.
    award: WireAmount,
    /// What was spent.
    spend: WireAmount,
    /// What was redeemed by passes.
    redeem: WireAmount,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireOfferOutcome {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<WireAmount>,
    /// When the award can be spent, in Unix seconds, where it cannot be at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    unlocks_at: Option<i64>,
    /// When the award expires, in Unix seconds, if ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<WireReason>,
}

/// Why an offer gave nothing.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum WireReason {
    /// The purchase is below the offer's minimum.
    BelowMinimum,
    /// The purchase is classified otherwise.
    OtherClassification,
    /// The purchase was made elsewhere.
    OtherOrganisation,
    /// The share rounds to nothing.
    RoundsToNothing,
    /// The wallet holds as many lots as it may.
    WalletFull,
    /// What is left of the offer's budget does not cover the award.
    BudgetExhausted,
    /// The offer is not active.
    Inactive,
    /// The offer had not begun.
    NotStarted,
    /// The offer had ended.
    Ended,
    /// The purchase was made on another day of the week or at another hour.
    OtherHours,
    /// None of the offer's products was bought.
    OtherProducts,
    /// The contact was given as much of the offer as it may be in all.
    ContactCapReached,
    /// The contact was given as much of the offer as it may be in a day.
    DayCapReached,
    /// Another offer of its group gives more.
    NotTheBest,
    /// The contact is in none of the offer's segments.
    OtherSegment,
    /// The contact has none of the offer's tiers.
    OtherTier,
    /// The purchase counts towards the offer's goal, which is not reached yet.
    GoalNotReached,
    /// The contact is no member of the offer's schemes, or of what its goal goes by.
    NotAMember,
}

impl From<NoAward> for WireReason {
    fn from(reason: NoAward) -> WireReason {
        match reason {
            NoAward::BelowMinimum => WireReason::BelowMinimum,
            NoAward::OtherClassification => WireReason::OtherClassification,
            NoAward::OtherOrganisation => WireReason::OtherOrganisation,
            NoAward::RoundsToNothing => WireReason::RoundsToNothing,
            NoAward::WalletFull => WireReason::WalletFull,
            NoAward::BudgetExhausted => WireReason::BudgetExhausted,
            NoAward::Inactive => WireReason::Inactive,
            NoAward::NotStarted => WireReason::NotStarted,
            NoAward::Ended => WireReason::Ended,
            NoAward::OtherHours => WireReason::OtherHours,
            NoAward::OtherProducts => WireReason::OtherProducts,
            NoAward::ContactCapReached => WireReason::ContactCapReached,
            NoAward::DayCapReached => WireReason::DayCapReached,
            NoAward::NotTheBest => WireReason::NotTheBest,
            NoAward::OtherSegment => WireReason::OtherSegment,
            NoAward::OtherTier => WireReason::OtherTier,
            NoAward::GoalNotReached => WireReason::GoalNotReached,
            NoAward::NotAMember => WireReason::NotAMember,
        }
    }
}

impl Validate for NewPurchase {
    fn validate(&self, faults: &mut Faults) {
        buyer::validate(&self.contact, &self.payment_medium_identifier, faults);
        self.organisation.validate(faults);
        self.validate_shared(faults);
    }
}

impl NewPurchase {
    /// Checks what a body of either version has.
    pub(super) fn validate_shared(&self, faults: &mut Faults) {
        products::validate(&self.products, faults);
        if let Some(classification) = &self.classification {
            classification.validate(faults);
        }
        for (member, value, max) in [
            ("id", &self.id, limits::OWN_ID_CHARS_MAX),
            (
                "reference_number",
                &self.reference_number,
                limits::CODE_CHARS_MAX,
            ),
            (
                "payment_medium_identifier",
                &self.payment_medium_identifier,
                limits::CODE_CHARS_MAX,
            ),
        ] {
            let fits = value
                .as_ref()
                .is_none_or(|text| !text.is_empty() && text.len() <= max);
            faults.require(
                fits,
                member,
                "wrong_length",
                "must not be empty, and have at most 36 bytes (id) or 64 bytes; leave it out instead",
            );
        }
    }
}

/// What a purchase's ids and names are read from.
pub(super) struct Shown<'a> {
    pub(super) ids: &'a PublicIds,
    pub(super) tenant: &'a TenantView,
    /// The contact's entity number.
    pub(super) contact: u64,
    /// The contact's personal fields, where its name is to be shown.
    pub(super) profile: Option<OpenedProfile>,
}

impl WirePurchase {
    /// The purchase as it is shown.
    pub(super) fn of(view: &PurchaseView, shown: Shown<'_>) -> WirePurchase {
        let purchase = &view.purchase;
        let ids = shown.ids;
        let decimals = purchase.currency.decimals();
        let amount = |minor: crate::domain::money::Minor| WireAmount::from_minor(minor.0, decimals);
        let named = |named, entity| ids.write(PublicId::of(named, entity));
        let amounts = purchase.amounts;
        WirePurchase {
            id: Some(ids.write(PublicId {
                named: Named::Purchase,
                entity: shown.contact,
                part: purchase.number,
            })),
            reference_number: purchase.reference_number.as_deref().map(str::to_owned),
            state: match view.cancelled_at {
                None => PurchaseState::Posted,
                Some(_) => PurchaseState::Cancelled,
            },
            date: purchase
                .performed_on
                .unwrap_or(purchase.recorded_at)
                .unix_seconds(),
            contact: WireContactReference {
                id: view
                    .contact_own_id
                    .as_deref()
                    .map_or_else(|| named(Named::Contact, shown.contact), str::to_owned),
                code: view.contact_code.to_string(),
                name: shown.profile.map(|profile| match profile {
                    OpenedProfile::Plain(profile) => profile.display_name(),
                    OpenedProfile::Erased => String::new(),
                }),
            },
            organisation: WireNamed {
                id: named(Named::Organisation, purchase.organisation),
                name: shown
                    .tenant
                    .organisations
                    .get(&purchase.organisation)
                    .map_or_else(String::new, |organisation| organisation.name.clone()),
            },
            classification: WireClassification::of(ids, &purchase.classification),
            transaction_amounts: WireAmounts {
                total: amount(amounts.total),
                net: amounts.net.map(amount),
                tax: amounts.tax.map(amount),
                discount: amounts.discount.map(amount),
            },
            currency_code: purchase.currency.code().to_owned(),
            payment_medium_identifier: purchase
                .payment_medium_identifier
                .as_deref()
                .map(str::to_owned),
            products: purchase
                .products
                .iter()
                .map(|product| products::shown(product, decimals))
                .collect(),
            rewards: WireRewards {
                award: amount(purchase.awarded()),
                spend: amount(purchase.spent()),
                redeem: WireAmount::from_minor(0, decimals),
            },
            amount_due: amount(purchase.amount_due()),
            offers: purchase
                .offers
                .iter()
                .zip(&shown.tenant.offers)
                .map(|(outcome, (entity, offer))| {
                    let given = outcome.ok();
                    let seconds = |at: Option<Timestamp>| at.map(|at| at.unix_seconds());
                    WireOfferOutcome {
                        id: named(Named::Offer, *entity),
                        name: offer.name.clone(),
                        amount: given.map(|given| amount(given.lot.left)),
                        unlocks_at: seconds(given.and_then(|given| given.unlocks_at)),
                        expires_at: seconds(given.and_then(|given| given.lot.expires_at)),
                        reason: outcome.err().map(WireReason::from),
                    }
                })
                .collect(),
        }
    }
}
