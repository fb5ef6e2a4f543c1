//! Custom fields: what a tenant keeps with contacts and other things beside what the platform knows of them.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::domain::money::Currency;

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// What it belongs to.
    pub entity: FieldEntity,
    /// By what its values are written and read; unique among those of its entity.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// What helps people to fill it in.
    pub tooltip: Option<String>,
    /// Whether apps are to show it.
    pub visible: bool,
    /// What its values are.
    pub kind: FieldKind,
    /// Where one is chosen: from what.
    pub options: Vec<String>,
}

/// What a custom field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    SingleLine,
    /// Text.
    MultipleLines,
    /// One of the options.
    Selection,
    /// Yes or no.
    Checkbox,
    /// One of the options, all of which are seen.
    RadioButtons,
    /// A moment.
    Timestamp,
    /// A day.
    Date,
    /// A number.
    Number,
    /// An amount of money in the tenant's currency.
    Amount,
    /// Text with a form of its own.
    Content,
    /// The number that the thing has in the tenant's own books.
    NumberingScheme,
}

/// What custom fields belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldEntity {
    /// Contacts.
    Contacts,
    /// Orders.
    Orders,
    /// Organisations.
    Organisations,
    /// Service requests.
    ServiceRequests,
    /// Devices of contacts.
    Devices,
    /// Payments.
    Payments,
    /// Refunds.
    Refunds,
    /// What is paid into wallets.
    TopUps,
    /// What is moved between wallets.
    Transfers,
    /// Activities.
    Activities,
    /// Leads.
    Leads,
    /// Passes.
    Passes,
    /// Products.
    Products,
    /// Credit notes.
    CreditNotes,
    /// Lines of the journals of accounts.
    AccountJournalEntries,
    /// Lines of the journals of wallets.
    WalletJournalEntries,
    /// Accounts.
    Accounts,
}

impl FieldKind {
    /// Whether its values are chosen from options.
    pub const fn has_options(self) -> bool {
        matches!(self, FieldKind::Selection | FieldKind::RadioButtons)
    }
}

impl CustomField {
    /// How many options there may be to choose from: more are a list to search in.
    pub const OPTIONS_MAX: usize = 20;

    /// The last second that a moment may be: before the year 10000.
    const LAST_SECOND: i64 = 253_402_300_799;

    /// Whether values of `other` mean the same here.
    pub fn takes_values_of(&self, other: &CustomField) -> bool {
        (self.entity, &self.key, self.kind) == (other.entity, &other.key, other.kind)
    }

    /// Whether this is one of its values. An empty one says that there is none, whatever the kind.
    pub fn accepts(&self, value: &str, currency: Currency) -> bool {
        let is_line = !value.chars().any(char::is_control);
        value.is_empty()
            || match self.kind {
                FieldKind::SingleLine | FieldKind::NumberingScheme => is_line,
                FieldKind::MultipleLines | FieldKind::Content => {
                    let is_text = |it: char| !it.is_control() || matches!(it, '\n' | '\r' | '\t');
                    value.chars().all(is_text)
                }
                FieldKind::Selection | FieldKind::RadioButtons => {
                    self.options.iter().any(|option| option == value)
                }
                FieldKind::Checkbox => matches!(value, "true" | "false"),
                FieldKind::Timestamp => {
                    let second = i64::from_str(value);
                    is_plain(value) && second.is_ok_and(|it| (0..=Self::LAST_SECOND).contains(&it))
                }
                // Other forms of a date have other lengths.
                FieldKind::Date => {
                    value.len() == "2026-12-31".len() && jiff::civil::Date::from_str(value).is_ok()
                }
                FieldKind::Number => number(value).is_some(),
                FieldKind::Amount => {
                    number(value).is_some_and(|it| it.normalize().scale() <= currency.decimals())
                }
            }
    }
}

/// The number in a text of digits, with a point and a minus at most.
fn number(text: &str) -> Option<Decimal> {
    let is_number = is_plain(text) && text.bytes().any(|it| it.is_ascii_digit());
    is_number
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
}

fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.all(|it| it.is_ascii_digit() || matches!(it, b'-' | b'.'))
}
