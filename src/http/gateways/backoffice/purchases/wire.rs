//! A purchase on the wire.

use serde::Deserialize;
use utoipa::ToSchema;

use super::buyer::{self, ContactReference};
use super::products::{self, NewProduct};
use super::reference::{ClassificationReference, OrganisationReference};
use crate::domain::context::TenantView;
use crate::domain::ids::PublicIds;
use crate::http::auth::Caller;
use crate::http::extract::{Faults, Validate};
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;
use crate::limits;

/// A purchase to record, in the shape of the contract's version 2.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewPurchase {
    /// An id of your own, of at most 36 characters: a second purchase of this contact with it is the same one.
    #[schema(max_length = 36)]
    pub(super) id: Option<String>,
    /// Who buys. Without it, the card in `payment_medium_identifier` says; without both, whoever claims the purchase.
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
    /// Who sells.
    pub(super) organisation: &'static str,
    pub(super) total: &'static str,
    pub(super) net: &'static str,
    pub(super) tax: &'static str,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            amounts: Some("transaction_amounts"),
            organisation: "organisation",
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

impl Validate for NewPurchase {
    fn validate(&self, faults: &mut Faults) {
        if !self.names_nobody() {
            buyer::validate(&self.contact, &self.payment_medium_identifier, faults);
        }
        self.organisation.validate(faults);
        self.validate_shared(faults);
    }
}

impl NewPurchase {
    /// Whether it says nothing of who buys.
    pub(super) fn names_nobody(&self) -> bool {
        self.contact.is_none() && self.payment_medium_identifier.is_none()
    }

    /// Who sells, by entity number.
    pub(super) fn find_organisation(
        &self,
        caller: &Caller,
        tenant: &TenantView,
        ids: &PublicIds,
    ) -> Result<u64, Problem> {
        let member = self.names.organisation;
        self.organisation.find(caller, tenant, ids, member)
    }

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
