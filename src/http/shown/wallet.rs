//! A wallet.

use serde::Serialize;
use utoipa::ToSchema;

use super::purchase::WireNamed;
use crate::domain::context::TenantView;
use crate::domain::entity::WalletView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::Role;
use crate::http::money_wire::WireAmount;

/// A wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireWallet {
    id: String,
    /// 16 digits, of which the last is a check digit (Luhn). No other wallet has it, and it never changes.
    code: String,
    /// What can be spent, in the wallet's currency.
    balance: WireAmount,
    /// What was awarded and cannot be spent yet; no part of the balance.
    locked: WireAmount,
    /// What estimates hold for purchases to come; no part of the balance.
    held: WireAmount,
    /// What cancellations had to take back, or offline sales spent, beyond the balance: paid from what comes in next.
    owed: WireAmount,
    balances: Vec<WireBalance>,
    /// The sums over `balances`.
    total_balance: WireAmount,
    total_open: WireAmount,
    total_commerce: WireAmount,
    /// Of how many kinds the commerce money is: `GET /wallets/{id}/commerce_balances` of self-service tells them apart.
    activated_commerce_pools: u32,
}

/// What can be spent of one kind of money.
#[derive(Debug, Serialize, ToSchema)]
struct WireBalance {
    r#type: BalanceType,
    /// ISO 4217.
    currency_code: String,
    total: WireAmount,
    /// Money without conditions.
    open: WireAmount,
    /// Money that is bound to products, places or times.
    commerce: WireAmount,
    /// Who owns the network that owes it.
    organisation: Option<WireNamed>,
}

/// Who backs the money.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum BalanceType {
    /// The business that runs the scheme.
    Business,
}

impl WireWallet {
    /// The wallet of this id and code.
    pub(in crate::http) fn of(
        (id, code): (String, String),
        view: &WalletView,
        ids: &PublicIds,
        tenant: &TenantView,
    ) -> WireWallet {
        let amount = |minor| WireAmount::from_minor(minor, tenant.currency.decimals());
        let (total, commerce) = (amount(view.balance.0), amount(view.commerce.0));
        let open = amount(view.balance.less(view.commerce).0);
        let mut organisations = tenant.organisations.iter();
        let owner = organisations.find(|(_, it)| it.role == Role::ServiceOwner);
        WireWallet {
            id,
            code,
            balance: total,
            locked: amount(view.locked.0),
            held: amount(view.held.0),
            owed: amount(view.owed.0),
            balances: vec![WireBalance {
                r#type: BalanceType::Business,
                currency_code: tenant.currency.code().to_owned(),
                total,
                open,
                commerce,
                organisation: owner.map(|(number, owner)| WireNamed {
                    id: ids.write(PublicId::of(Named::Organisation, *number)),
                    name: owner.name.clone(),
                }),
            }],
            total_balance: total,
            total_open: open,
            total_commerce: commerce,
            activated_commerce_pools: view.commerce_pools,
        }
    }

    /// The version that is shown. Weak: expiry changes the balance without a new version, so the balance is part of the tag.
    pub(in crate::http) fn etag(view: &WalletView) -> String {
        format!("W/\"{}.{}\"", view.version, view.balance.0)
    }
}
