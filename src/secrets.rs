//! What the data directory's root secret is used for: the shapes of keys and ids that strangers hand in.

mod claim_codes;
mod code_flow;
mod credentials;
mod images;
mod key_ids;
mod letters;
mod recovery_codes;
mod seal;
mod settings;
mod spend_tokens;
mod typed_codes;

use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::directory_entry::ValueHash;
use crate::domain::ids::PublicIds;
use crate::domain::remembered::{KeyHash, RequestHash};

pub use code_flow::{CodeFlow, CodeFlowSecrets};
use credentials::Credentials;
pub use credentials::{AuthOtp, ContactSession, OneTimeToken};
pub use key_ids::{KEY_ID_BYTES, KeyId, NotAKeyId};
pub use letters::{LetterToken, TOTP_SECRET_BYTES};
pub use recovery_codes::new_recovery_codes;
pub use seal::{CannotSeal, SEAL_BYTES, SEAL_KEY_BYTES, SealNonce, open, seal, seal_nonce};
use spend_tokens::SpendTokenKeys;
pub use typed_codes::{CODE_DIGITS, read_code, written_code};

/// How many random bytes a key's secret part has: 160 bits, beyond guessing.
pub const API_KEY_SECRET_BYTES: usize = 20;

/// Sub-keys of the root secret, one for each purpose.
pub struct Secrets {
    public_ids: PublicIds,
    idempotency: [u8; 32],
    directory: [u8; 32],
    addresses: [u8; 32],
    api_keys: [u8; 32],
    wallet_codes: [u8; 32],
    api_key_values: [u8; 32],
    token_signing: [u8; 32],
    settings: [u8; 32],
    code_flow: [u8; 32],
    password_pepper: [u8; 32],
    letters: [u8; 32],
    totp_secrets: [u8; 32],
    recovery_codes: [u8; 32],
    credentials: Credentials,
    spend_tokens: SpendTokenKeys,
    images: [u8; 32],
    claim_codes: [u8; 32],
}

/// What kind of value is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueValue {
    /// The id that the caller chose.
    OwnId,
    /// The code.
    Code,
    /// An e-mail address.
    EmailAddress,
    /// A phone number, as E.164 has it.
    Phone,
    /// The identifier of a card or another medium.
    Card,
    /// A phone number, as E.164 has it, that somebody signs in with: another value than one that a profile tells.
    IdentityPhone,
    /// Somebody at a provider: issuer and subject.
    ExternalSubject,
    /// The state of a code flow that was used.
    CodeFlowState,
    /// The digits of a spend token.
    SpendCode,
    /// An e-mail address that a user signs in with.
    UserEmail,
    /// An e-mail address in lower case that somebody signs in with: another value than one that a profile tells.
    IdentityEmail,
    /// What lets contacts into a scheme.
    SignUpCode,
    /// What claims a receipt.
    ClaimCode,
    /// The turn to change roles in a network: there is one.
    RoleChange,
}

impl UniqueValue {
    const fn tag(self) -> u8 {
        match self {
            UniqueValue::OwnId => 1,
            UniqueValue::Code => 2,
            UniqueValue::EmailAddress => 3,
            UniqueValue::Phone => 4,
            UniqueValue::Card => 5,
            UniqueValue::IdentityEmail => 6,
            UniqueValue::IdentityPhone => 7,
            UniqueValue::ExternalSubject => 8,
            UniqueValue::SpendCode => 11,
            UniqueValue::CodeFlowState => 13,
            UniqueValue::SignUpCode => 14,
            UniqueValue::ClaimCode => 15,
            UniqueValue::RoleChange => 16,
            UniqueValue::UserEmail => 10,
        }
    }
}

/// The scope of an idempotency key: the same key elsewhere is another key.
#[derive(Clone, Copy, Debug)]
pub struct KeyScope<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// Which world.
    pub mode: Mode,
    /// The API key's first ancestor across rolls.
    pub lineage: u64,
    /// What is done: "purchases.create".
    pub operation: &'static str,
    /// The entity that changes, where the caller names it.
    pub target: Option<Address>,
    /// Where the key comes from: the header, or a field of the request.
    pub source: &'static str,
    /// The key.
    pub key: &'a str,
}

impl Secrets {
    /// The secrets that derive from `subkey`, a function of the root secret and a purpose.
    pub fn derive(subkey: impl Fn(&'static str) -> [u8; 32]) -> Secrets {
        Secrets {
            public_ids: PublicIds::new(subkey("clientele public ids v1")),
            idempotency: subkey("clientele idempotency keys v1"),
            directory: subkey("clientele directory values v1"),
            addresses: subkey("clientele derived addresses v1"),
            api_keys: subkey("clientele api keys v1"),
            wallet_codes: subkey("clientele wallet codes v1"),
            api_key_values: subkey("clientele api key values v1"),
            token_signing: subkey("clientele token signing keys v1"),
            settings: subkey("clientele settings of integrations v1"),
            code_flow: subkey("clientele code flow v1"),
            password_pepper: subkey("clientele password pepper v1"),
            letters: subkey("clientele one-time letters v1"),
            totp_secrets: subkey("clientele totp secrets v1"),
            recovery_codes: subkey("clientele recovery codes v1"),
            credentials: Credentials::derive(&subkey),
            spend_tokens: SpendTokenKeys::derive(&subkey),
            images: subkey("clientele names of images v1"),
            claim_codes: subkey("clientele claim codes v1"),
        }
    }

    /// Reads and writes public ids.
    pub fn public_ids(&self) -> &PublicIds {
        &self.public_ids
    }

    /// The key under which wallets' codes are made.
    pub fn wallet_codes(&self) -> &[u8; 32] {
        &self.wallet_codes
    }

    /// What is mixed into every hash of a password.
    pub fn password_pepper(&self) -> &[u8; 32] {
        &self.password_pepper
    }

    /// What the key derives from that signs tokens in the period of this number: the first, or one that takes its place when so many before it were
    /// withdrawn.
    pub fn token_signing_seed(&self, period: u64, withdrawn: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.token_signing);
        hasher.update(&period.to_be_bytes());
        if withdrawn > 0 {
            hasher.update(&withdrawn.to_be_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// The hash under which a request is remembered.
    pub fn key_hash(&self, scope: &KeyScope<'_>) -> KeyHash {
        KeyHash(first_half(&self.scope_digest(&self.idempotency, scope)))
    }

    /// The entity that a creation in this scope makes: the same for each retry.
    pub fn derived_entity(&self, scope: &KeyScope<'_>, attempt: u8) -> u64 {
        let digest = self.scope_digest(&self.addresses, scope);
        let mut hasher = blake3::Hasher::new_keyed(&self.addresses);
        hasher.update(digest.as_bytes()).update(&[attempt]);
        let digest = first_half(&hasher.finalize());
        ValueHash(digest).entry()
    }

    fn scope_digest(&self, key: &[u8; 32], scope: &KeyScope<'_>) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher
            .update(&scope.tenant.0.to_be_bytes())
            .update(&[scope.mode.number()])
            .update(&scope.lineage.to_be_bytes());
        match scope.target {
            Some(target) => hasher.update(&[1]).update(&target.to_bytes()),
            None => hasher.update(&[0]),
        };
        // Lengths before texts: no two scopes run together into the same bytes.
        for text in [scope.operation, scope.source, scope.key] {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            hasher.update(&length.to_be_bytes()).update(text.as_bytes());
        }
        hasher.finalize()
    }

    /// A hash of a unique value in one world. `normalised` is the value as it is compared.
    pub fn value_hash(
        &self,
        tenant: TenantId,
        mode: Mode,
        value: UniqueValue,
        normalised: &str,
    ) -> ValueHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.directory);
        hasher
            .update(&tenant.0.to_be_bytes())
            .update(&[mode.number(), value.tag()])
            .update(normalised.as_bytes());
        ValueHash(first_half(&hasher.finalize()))
    }

    /// The secret of the API key that a creation in this scope makes: the same for each retry, so that a lost answer can be
    /// asked for again. Whoever holds the stored hash of the idempotency key cannot tell it.
    pub fn derived_api_key_secret(&self, scope: &KeyScope<'_>) -> [u8; API_KEY_SECRET_BYTES] {
        let digest = self.scope_digest(&self.api_key_values, scope);
        let mut secret = [0; API_KEY_SECRET_BYTES];
        secret.copy_from_slice(
            digest
                .as_bytes()
                .first_chunk::<API_KEY_SECRET_BYTES>()
                .unwrap_or(&[0; API_KEY_SECRET_BYTES]),
        );
        secret
    }

    /// The value of an API key at `address` with a fresh secret. It carries what finds its entity, and a check that keeps
    /// made-up keys from reaching any.
    pub fn write_api_key(
        &self,
        address: &Address,
        is_public: bool,
        secret: &[u8; API_KEY_SECRET_BYTES],
    ) -> String {
        let prefix = prefix(address.mode, is_public);
        let mut place = [0_u8; 16];
        let (tenant, entity) = place.split_at_mut(8);
        tenant.copy_from_slice(&address.tenant.0.to_be_bytes());
        entity.copy_from_slice(&address.entity.to_be_bytes());
        let check = self.api_key_check(prefix, &place);
        let hex = data_encoding::HEXLOWER;
        format!(
            "{prefix}{}{}{}",
            hex.encode(&place),
            hex.encode(&check),
            hex.encode(secret)
        )
    }

    /// Where the key of this value lives, if it can be one of ours.
    pub fn read_api_key(&self, value: &str) -> Option<Address> {
        let (prefix, mode) = [
            ("sk_live_", Mode::Live),
            ("sk_test_", Mode::Test),
            ("pk_live_", Mode::Live),
            ("pk_test_", Mode::Test),
        ]
        .into_iter()
        .find(|(prefix, _)| value.starts_with(prefix))?;
        let bytes = data_encoding::HEXLOWER
            .decode(value.strip_prefix(prefix)?.as_bytes())
            .ok()?;
        let (place, rest) = bytes.split_first_chunk::<16>()?;
        let (check, secret) = rest.split_first_chunk::<8>()?;
        if secret.len() != API_KEY_SECRET_BYTES || self.api_key_check(prefix, place) != *check {
            return None;
        }
        let [tenant, entity] = place.as_chunks::<8>().0 else {
            return None;
        };
        Some(Address {
            tenant: TenantId(u64::from_be_bytes(*tenant)),
            mode,
            kind: Kind::ApiKey,
            entity: u64::from_be_bytes(*entity),
        })
    }

    fn api_key_check(&self, prefix: &str, place: &[u8; 16]) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new_keyed(&self.api_keys);
        hasher.update(prefix.as_bytes()).update(place);
        let digest = first_half(&hasher.finalize());
        let mut check = [0; 8];
        check.copy_from_slice(digest.first_chunk::<8>().unwrap_or(&[0; 8]));
        check
    }
}

fn prefix(mode: Mode, is_public: bool) -> &'static str {
    match (is_public, mode) {
        (false, Mode::Test) => "sk_test_",
        (false, Mode::Live | Mode::Shared) => "sk_live_",
        (true, Mode::Test) => "pk_test_",
        (true, Mode::Live | Mode::Shared) => "pk_live_",
    }
}

fn first_half(digest: &blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(digest.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
    half
}

/// A request's hash, shortened to what is remembered.
pub fn request_hash(digest: &[u8; 32]) -> RequestHash {
    let mut half = [0; 16];
    half.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    RequestHash(half)
}
