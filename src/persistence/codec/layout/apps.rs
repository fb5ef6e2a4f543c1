//! What a tenant sets up for its apps.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::apps;

stored!(choice apps::FieldKind {
    0 => SingleLine, 1 => MultipleLines, 2 => Selection, 3 => Checkbox, 4 => RadioButtons, 5 => Timestamp, 6 => Date,
    7 => Number, 8 => Amount, 9 => Content, 10 => NumberingScheme,
});
stored!(choice apps::FieldEntity {
    0 => Contacts, 1 => Orders, 2 => Organisations, 3 => ServiceRequests, 4 => Devices, 5 => Payments, 6 => Refunds,
    7 => TopUps, 8 => Transfers, 9 => Activities, 10 => Leads, 11 => Passes, 12 => Products, 13 => CreditNotes,
    14 => AccountJournalEntries, 15 => WalletJournalEntries, 16 => Accounts,
});
stored!(record apps::CustomField { entity, key, label, tooltip, visible, kind, options });
stored!(record apps::Place { platform_id, cloud_name, version });
stored!(record apps::Application { places, sealed });
stored!(choice apps::Item { 0 => Field(field), 1 => Application(application) });
stored!(record apps::Apps { fields, applications });
stored!(choice apps::Event { 0 => Set(number, item), 1 => FieldRemoved(number), 2 => ApplicationRemoved(number) });
