//! The lines of a receipt on the wire.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::contact::Product;
use crate::http::extract::Faults;
use crate::http::money_wire::{WireAmount, not_negative};
use crate::http::shown::purchase::QUANTITY_DECIMALS;
use crate::limits;

/// A line of the receipt, named by its `sku`, its `id`, or both.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewProduct {
    /// Your own name for what was bought.
    sku: Option<String>,
    /// The product's id.
    id: Option<String>,
    /// How much of it: above 0, with at most three decimals.
    quantity: Option<WireAmount>,
    /// What the line costs. Commerce money that is bound to products pays for a line up to this. Also read as `total_amount`.
    #[serde(alias = "total_amount")]
    amount: Option<WireAmount>,
    /// Of that, before tax.
    net_amount: Option<WireAmount>,
    /// Of that, tax.
    tax_amount: Option<WireAmount>,
}

/// What can be said against the lines without knowing the currency.
pub(super) fn validate(products: &[NewProduct], faults: &mut Faults) {
    faults.require(
        products.len() <= limits::PURCHASE_PRODUCTS_MAX,
        "products",
        "too_many",
        "must have at most 100 entries",
    );
    faults.within("products", |faults| {
        for (index, product) in products.iter().enumerate() {
            faults.at(index, |faults| {
                let NewProduct { sku, id, .. } = product;
                faults.require(
                    sku.is_some() || id.is_some(),
                    "",
                    "missing",
                    "must have a sku or an id",
                );
                for (member, name) in [("sku", sku), ("id", id)] {
                    let fits = name.as_ref().is_none_or(|text| {
                        !text.is_empty() && text.len() <= limits::CODE_CHARS_MAX
                    });
                    faults.require(
                        fits,
                        member,
                        "wrong_length",
                        "must not be empty, and have at most 64 bytes; leave it out instead",
                    );
                }
            });
        }
    });
}

/// The lines in the domain's terms; amounts in a currency of `decimals`.
pub(super) fn read(products: &[NewProduct], decimals: u32, faults: &mut Faults) -> Vec<Product> {
    let mut read = Vec::with_capacity(products.len());
    let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
    faults.within("products", |faults| {
        for (index, product) in products.iter().enumerate() {
            faults.at(index, |faults| {
                let quantity = product.quantity.and_then(|quantity| {
                    match quantity.to_minor_positive(QUANTITY_DECIMALS) {
                        Ok(thousandths) => Some(thousandths),
                        Err(fault) => {
                            fault.report(faults, "quantity");
                            None
                        }
                    }
                });
                read.push(Product {
                    sku: shared(&product.sku),
                    id: shared(&product.id),
                    quantity,
                    total: not_negative(faults, "amount", product.amount, decimals),
                    net: not_negative(faults, "net_amount", product.net_amount, decimals),
                    tax: not_negative(faults, "tax_amount", product.tax_amount, decimals),
                });
            });
        }
    });
    read
}
