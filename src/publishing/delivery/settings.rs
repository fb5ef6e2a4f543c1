//! What an integration was told. Kept sealed; nothing here prints itself, since most of it is or leads to a secret.

use serde::{Deserialize, Serialize};

/// The settings of a connection that delivers messages.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settings {
    /// A mail server.
    Smtp(Smtp),
    /// A gateway that speaks as Twilio does.
    Twilio(Twilio),
    /// An address of the tenant's own.
    Webhook(Webhook),
    /// A file of the operator's.
    File(FileSink),
}

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte (RFC 8314), as on port 465.
    Tls,
    /// TLS after `STARTTLS`, which is demanded, as on port 587.
    StartTls,
    /// None: only in networks that the operator has opened.
    None,
}

/// A mail server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smtp {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub security: Security,
    /// The account's name and password, if it asks for them.
    pub credentials: Option<(String, String)>,
    /// From whom the mail comes, as in a `From` header.
    pub from: String,
}

/// A gateway that speaks as Twilio does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twilio {
    /// Where the API begins.
    pub base_url: String,
    /// The account.
    pub account_sid: String,
    /// Its secret.
    pub auth_token: String,
    /// A phone number, or the id of a messaging service (`MG…`).
    pub from: String,
}

/// An address of the tenant's own, called as Standard Webhooks has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// What calls are signed with: `whsec_` and base64.
    pub secret: String,
}

/// A file of the operator's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSink {
    /// Its name within the tenant's directory there.
    pub file_name: String,
}

impl Settings {
    /// As they are sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data: a failure here would be one of the derive.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As they were sealed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Settings> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whose server it is: all that is shown of an address, whose path may hold a secret.
    pub fn host(&self) -> Option<String> {
        let of = |url: &str| Some(crate::egress::parse(url).ok()?.host_str()?.to_owned());
        match self {
            Settings::Smtp(smtp) => Some(smtp.host.clone()),
            Settings::Twilio(twilio) => of(&twilio.base_url),
            Settings::Webhook(webhook) => of(&webhook.url),
            Settings::File(_) => None,
        }
    }
}
