//! What a tenant has said of a provider. Kept sealed, since it holds a secret; so nothing here prints itself.

use serde::{Deserialize, Serialize};

/// Which provider it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Google, by OpenID Connect.
    Google,
    /// Apple, by OpenID Connect.
    Apple,
    /// Facebook, by its own interface.
    Facebook,
    /// Another one, by OpenID Connect.
    Oidc,
}

impl Service {
    /// Who vouches, unless the tenant names somebody else.
    #[must_use]
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Service::Google => Some("https://accounts.google.com"),
            Service::Apple => Some("https://appleid.apple.com"),
            Service::Facebook => Some("https://graph.facebook.com"),
            Service::Oidc => None,
        }
    }

    /// What else the same issuer calls itself in tokens: Google leaves the scheme out at times, as its documents say.
    pub(super) const fn alias(self) -> Option<&'static str> {
        match self {
            Service::Google => Some("accounts.google.com"),
            Service::Apple | Service::Facebook | Service::Oidc => None,
        }
    }
}

/// A provider of a tenant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Who vouches: where its discovery document lies; for Facebook, where its interface begins.
    pub issuer: String,
    /// By what the provider knows the tenant's app.
    pub client_id: String,
    /// What the provider and the tenant's server share.
    pub client_secret: Option<String>,
    /// Where the provider may send people back to, exactly.
    pub redirect_urls: Vec<String>,
}

impl Settings {
    /// As they are sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data: a failure here would be one of the derive.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As they were sealed.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Settings> {
        serde_json::from_slice(bytes).ok()
    }
}
