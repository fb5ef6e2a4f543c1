//! A purchase.

use serde::Serialize;
use utoipa::ToSchema;

use crate::actors::router::OpenedProfile;
use crate::domain::contact::Product;
use crate::domain::context::TenantView;
use crate::domain::entity::PurchaseView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Minor;
use crate::domain::offer::NoAward;
use crate::domain::time::Timestamp;
use crate::http::money_wire::WireAmount;
use crate::publishing::projections::purchases::class_of;

/// How many decimals a quantity has: grams of a kilogram, millilitres of a litre.
pub(in crate::http) const QUANTITY_DECIMALS: u32 = 3;

/// A name that purchases may be classified by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Classification)]
pub(in crate::http) struct WireClassification {
    id: String,
    name: String,
}

impl WireClassification {
    /// The classification of this name. Its id is made of the name alone: the same today, tomorrow and in every answer.
    pub(in crate::http) fn of(ids: &PublicIds, name: &str) -> WireClassification {
        WireClassification {
            id: ids.write(PublicId::of(Named::Classification, class_of(name))),
            name: name.to_owned(),
        }
    }
}

/// A recorded purchase.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WirePurchase {
    /// Ours: it finds the purchase. Null where nothing was recorded.
    pub(in crate::http) id: Option<String>,
    reference_number: Option<String>,
    state: PurchaseState,
    /// Unix seconds.
    date: i64,
    /// Missing once it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<WireContactReference>,
    organisation: WireNamed,
    /// What the organisation lies below, in the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_organisation: Option<WireNamed>,
    /// The terminal access point of the organisation, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tap: Option<WirePurchaseTap>,
    classification: WireClassification,
    transaction_amounts: WireAmounts,
    pub(in crate::http) currency_code: String,
    /// A purchase has its wallet's currency, the tenant's: this is 1.
    exchange_rate: WireAmount,
    total_default_currency: WireAmount,
    /// ISO 4217.
    default_currency_code: String,
    payment_medium_identifier: Option<String>,
    /// What was bought, as far as the till said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    products: Vec<WireProduct>,
    /// What was asked to be paid from the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    spend_request: Option<WireSpendRequest>,
    pub(in crate::http) rewards: WireRewards,
    /// What is left to pay.
    pub(in crate::http) amount_due: WireAmount,
    /// What each offer made of it: an amount, or a reason why not.
    pub(in crate::http) offers: Vec<WireOfferOutcome>,
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

/// Where a till stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseTap)]
struct WirePurchaseTap {
    id: String,
    code: String,
}

/// Something that is referred to.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireNamed {
    pub(in crate::http) id: String,
    pub(in crate::http) name: String,
}

/// The wish to pay from the wallet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpendRequested)]
struct WireSpendRequest {
    amount: WireAmount,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireAmounts {
    total: WireAmount,
    net: Option<WireAmount>,
    tax: Option<WireAmount>,
    discount: Option<WireAmount>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireRewards {
    /// What was awarded.
    award: WireAmount,
    /// What was spent.
    spend: WireAmount,
    /// What was redeemed by passes.
    redeem: WireAmount,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireOfferOutcome {
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

/// A line of the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireProduct {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_sku: Option<WireSku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<WireAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    net_amount: Option<WireAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_amount: Option<WireAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_amount: Option<WireAmount>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireSku {
    sku: String,
}

/// What a purchase's ids and names are read from.
pub(in crate::http) struct Shown<'a> {
    pub(in crate::http) ids: &'a PublicIds,
    pub(in crate::http) tenant: &'a TenantView,
    /// The contact's entity number.
    pub(in crate::http) contact: u64,
    /// The contact's personal fields, where its name is to be shown.
    pub(in crate::http) profile: Option<OpenedProfile>,
}

impl WirePurchase {
    /// The purchase as it is shown.
    pub(in crate::http) fn of(view: &PurchaseView, shown: Shown<'_>) -> WirePurchase {
        let purchase = &view.purchase;
        let ids = shown.ids;
        let decimals = purchase.currency.decimals();
        let amount = |minor: Minor| WireAmount::from_minor(minor.0, decimals);
        let named = |named, entity| ids.write(PublicId::of(named, entity));
        let amounts = purchase.amounts;
        let organisation = |number: u64| {
            let known = shown.tenant.organisations.get(&number);
            WireNamed {
                id: named(Named::Organisation, number),
                name: known.map_or_else(String::new, |it| it.name.clone()),
            }
        };
        WirePurchase {
            id: Some(ids.write(PublicId {
                named: Named::Purchase,
                entity: shown.contact,
                part: purchase.number,
            })),
            reference_number: purchase.reference_number().map(str::to_owned),
            state: match view.cancelled_at {
                None => PurchaseState::Posted,
                Some(_) => PurchaseState::Cancelled,
            },
            date: purchase
                .performed_on
                .unwrap_or(purchase.recorded_at)
                .unix_seconds(),
            contact: (!view.contact_is_erased).then(|| WireContactReference {
                id: view
                    .contact_own_id
                    .as_deref()
                    .map_or_else(|| named(Named::Contact, shown.contact), str::to_owned),
                code: view.contact_code.to_string(),
                name: shown.profile.map(|profile| match profile {
                    OpenedProfile::Plain(profile) => profile.display_name(),
                    OpenedProfile::Erased => String::new(),
                }),
            }),
            organisation: organisation(purchase.organisation),
            parent_organisation: shown
                .tenant
                .organisations
                .get(&purchase.organisation)
                .and_then(|organisation| organisation.parent)
                .map(organisation),
            tap: shown
                .tenant
                .tap_of(purchase.organisation)
                .map(|code| WirePurchaseTap {
                    id: named(Named::Tap, purchase.organisation),
                    code: code.to_owned(),
                }),
            classification: WireClassification::of(ids, &purchase.classification),
            transaction_amounts: WireAmounts {
                total: amount(amounts.total),
                net: amounts.net.map(amount),
                tax: amounts.tax.map(amount),
                discount: amounts.discount.map(amount),
            },
            currency_code: purchase.currency.code().to_owned(),
            exchange_rate: WireAmount::from_minor(1, 0),
            total_default_currency: amount(amounts.total),
            default_currency_code: shown.tenant.currency.code().to_owned(),
            payment_medium_identifier: purchase.payment_medium_identifier().map(str::to_owned),
            products: purchase
                .products
                .iter()
                .map(|product| WireProduct::of(product, decimals))
                .collect(),
            spend_request: purchase.spent.as_ref().map(|spent| WireSpendRequest {
                amount: amount(spent.requested),
            }),
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

impl WireProduct {
    /// A line as it is shown; amounts in a currency of `decimals`.
    fn of(product: &Product, decimals: u32) -> WireProduct {
        let amount = |minor: Minor| WireAmount::from_minor(minor.0, decimals);
        WireProduct {
            id: product.id.as_deref().map(str::to_owned),
            product_sku: product.sku.as_deref().map(|sku| WireSku {
                sku: sku.to_owned(),
            }),
            quantity: product
                .quantity
                .map(|thousandths| WireAmount::from_minor(thousandths, QUANTITY_DECIMALS)),
            net_amount: product.net.map(amount),
            tax_amount: product.tax.map(amount),
            total_amount: product.total.map(amount),
        }
    }
}
