//! Custom fields on the wire of both gateways: their definitions, and the check of values by them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::apps::{CustomField, FieldEntity, FieldKind};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::extract::Faults;
use crate::http::problem::Problem;

/// An enum of the wire with the variants of one of the domain.
macro_rules! mirrored {
    ($(#[$about:meta])* $wire:ident of $domain:ident { $($variant:ident),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
        $(#[$about])*
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(super) enum $wire {
            $($variant),*
        }

        impl From<$domain> for $wire {
            fn from(of: $domain) -> $wire {
                match of {
                    $($domain::$variant => $wire::$variant),*
                }
            }
        }

        impl From<$wire> for $domain {
            fn from(of: $wire) -> $domain {
                match of {
                    $($wire::$variant => $domain::$variant),*
                }
            }
        }
    };
}

mirrored! {
    /// What a custom field's values are, and how it is filled in.
    #[schema(as = CustomFieldKind)]
    WireKind of FieldKind {
        SingleLine, MultipleLines, Selection, Checkbox, RadioButtons, Timestamp, Date, Number, Amount, Content, NumberingScheme,
    }
}

mirrored! {
    /// What custom fields belong to.
    #[schema(as = CustomFieldEntity)]
    WireEntity of FieldEntity {
        Contacts, Orders, Organisations, ServiceRequests, Devices, Payments, Refunds, TopUps, Transfers, Activities, Leads, Passes,
        Products, CreditNotes, AccountJournalEntries, WalletJournalEntries, Accounts,
    }
}

/// The definition of a custom field.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldDefinition)]
pub(super) struct WireDefinition {
    pub(super) id: String,
    /// By what values are written and read, in `custom_fields` of the entity.
    pub(super) key: String,
    /// What people call it.
    pub(super) label: String,
    pub(super) tooltip: Option<String>,
    /// Whether apps are to show it.
    pub(super) visible: bool,
    pub(super) field: WireKind,
    pub(super) entity: WireEntity,
    /// Where one is chosen: from what.
    options: Vec<String>,
}

impl WireDefinition {
    pub(super) fn of(number: u64, field: &CustomField, ids: &PublicIds) -> WireDefinition {
        WireDefinition {
            id: ids.write(PublicId::of(Named::CustomField, number)),
            key: field.key.clone(),
            label: field.label.clone(),
            tooltip: field.tooltip.clone(),
            visible: field.visible,
            field: field.kind.into(),
            entity: field.entity.into(),
            options: field.options.clone(),
        }
    }
}

/// What a value of this kind must be.
const fn demanded(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::SingleLine | FieldKind::NumberingScheme => {
            "must be a line of text without control characters"
        }
        FieldKind::MultipleLines | FieldKind::Content => {
            "must be text without control characters but line feeds and tabs"
        }
        FieldKind::Selection | FieldKind::RadioButtons => "must be one of the field's options",
        FieldKind::Checkbox => "must be true or false",
        FieldKind::Timestamp => "must be a moment in Unix seconds, from 1970 to 9999",
        FieldKind::Date => "must be a date such as 2026-12-31",
        FieldKind::Number => "must be a number such as -17.5, in digits",
        FieldKind::Amount => {
            "must be an amount such as 17.50, with no more decimals than the tenant's currency has"
        }
    }
}

/// Checks the `custom_fields` of a body by what the tenant has defined for `entity`: each key is one of those, once, and its value is of its
/// kind. Where nothing is defined, any key goes.
///
/// # Errors
/// 422 with a pointer to each that is wrong; no answer.
pub(super) async fn check<'a>(
    api: &Api,
    caller: &Caller,
    entity: FieldEntity,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), Problem> {
    let mut fields = fields.enumerate().peekable();
    if fields.peek().is_none() {
        return Ok(());
    }
    let tenant = caller.tenant_view(api).await?;
    let defined: Vec<_> = tenant.apps.fields_of(entity).collect();
    if defined.is_empty() {
        return Ok(());
    }
    let mut faults = Faults::new();
    let mut written = Vec::new();
    faults.within("custom_fields", |faults| {
        for (index, (key, value)) in fields {
            let found = defined.iter().find(|(_, field)| field.key == key);
            faults.at(index, |faults| match found {
                None => faults.add(
                    "key",
                    "unknown_custom_field",
                    "must be the key of a custom field that is defined for this entity: see GET /custom_fields",
                ),
                Some(_) if written.contains(&key) => {
                    faults.add("key", "duplicate", "must stand in the list once");
                }
                Some((_, field)) if !field.accepts(value, tenant.currency) => {
                    faults.add("value", "not_of_its_kind", demanded(field.kind));
                }
                Some(_) => {}
            });
            written.push(key);
        }
    });
    faults.into_result()
}
