//! The seed file: which key, venues and contacts a run uses.
//!
//! Read liberally: members that are not needed are ignored, so that the file may grow.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::BenchError;

/// Without a `mode` of its own, a contact is live when it stands among the first so many, as `clientele dev` lists
/// them: live contacts first.
const LIVE_CONTACTS_LISTED_FIRST: usize = 100;

/// What a run needs of a seed file: the live half of it, with at least one venue and one contact.
#[derive(Debug)]
pub(super) struct Seed {
    /// Where the node that wrote the file listens.
    pub(super) base_url: String,
    /// The live secret key, that a till would use.
    pub(super) secret: Secret,
    /// The keys of test mode, where people sign in who are made up.
    pub(super) test: Option<TestKeys>,
    /// Ids of the venues of all merchants, at least one.
    pub(super) venues: Vec<String>,
    /// The live contacts, at least one.
    pub(super) contacts: Vec<Contact>,
}

/// A secret key, which never shows in a log or a panic message.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl Secret {
    /// The key itself, for the request header only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Keys of test mode.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TestKeys {
    /// What a server of the tenant's has: it reads the test inbox.
    pub(super) secret: Secret,
    /// What lies in every copy of the app.
    pub(super) self_service: Secret,
}

/// A contact to award, spend from or read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Contact {
    /// The id that purchases name.
    pub(super) id: String,
    /// The id of its wallet, for reads.
    #[serde(default)]
    pub(super) wallet_id: Option<String>,
    #[serde(default)]
    mode: Option<String>,
}

impl Contact {
    fn is_live(&self, listed_at: usize) -> bool {
        match &self.mode {
            Some(mode) => mode.eq_ignore_ascii_case("live"),
            None => listed_at < LIVE_CONTACTS_LISTED_FIRST,
        }
    }
}

#[derive(Deserialize)]
struct SeedFile {
    base_url: String,
    organisations: Organisations,
    keys: Keys,
    contacts: Vec<Contact>,
}

#[derive(Deserialize)]
struct Organisations {
    #[serde(default)]
    merchants: Vec<Merchant>,
}

#[derive(Deserialize)]
struct Merchant {
    #[serde(default)]
    venues: Vec<Venue>,
}

#[derive(Deserialize)]
struct Venue {
    id: String,
}

#[derive(Deserialize)]
struct Keys {
    live: KeyPair,
    #[serde(default, deserialize_with = "if_whole")]
    test: Option<TestKeys>,
}

/// Keys that are all there; a later start shows no secret ones.
fn if_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TestKeys>, D::Error> {
    let keys = serde_json::Value::deserialize(deserializer)?;
    Ok(TestKeys::deserialize(keys).ok())
}

#[derive(Deserialize)]
struct KeyPair {
    secret: Secret,
}

impl Seed {
    /// Reads a seed file, and keeps its first `contacts_max` live contacts.
    ///
    /// # Errors
    /// When the file cannot be read, is not the expected JSON, or holds no venue or no live contact.
    pub(super) async fn read(path: &Path, contacts_max: Option<u32>) -> Result<Self, BenchError> {
        let document =
            tokio::fs::read(path)
                .await
                .map_err(|source| BenchError::SeedUnreadable {
                    path: path.to_owned(),
                    source,
                })?;
        let file: SeedFile =
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&document))
                .map_err(|source| BenchError::SeedMalformed {
                    path: path.to_owned(),
                    source,
                })?;
        Self::from_file(file, contacts_max)
    }

    fn from_file(file: SeedFile, contacts_max: Option<u32>) -> Result<Self, BenchError> {
        let contacts_max =
            contacts_max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let merchants = file.organisations.merchants;
        let venues: Vec<String> = merchants
            .into_iter()
            .flat_map(|merchant| merchant.venues)
            .map(|venue| venue.id)
            .collect();
        let live = file
            .contacts
            .into_iter()
            .enumerate()
            .filter(|(at, contact)| contact.is_live(*at));
        let contacts: Vec<Contact> = live
            .map(|(_, contact)| contact)
            .take(contacts_max)
            .collect();
        if venues.is_empty() {
            return Err(BenchError::SeedLacks { what: "venue" });
        }
        if contacts.is_empty() {
            return Err(BenchError::SeedLacks {
                what: "live contact",
            });
        }
        Ok(Self {
            base_url: file.base_url,
            secret: file.keys.live.secret,
            test: file.keys.test,
            venues,
            contacts,
        })
    }

    #[cfg(test)]
    pub(super) fn parse(document: &str, contacts_max: Option<u32>) -> Result<Self, BenchError> {
        Self::from_file(serde_json::from_str(document).unwrap(), contacts_max)
    }
}
