//! What people sign in with: one-time codes, the ids of their transactions, and refresh tokens. All of them derive from the root
//! secret and a state, so that none is stored and an answer that was lost can be given again.

use data_encoding::BASE64URL_NOPAD;

use super::{Secrets, first_half};
use crate::domain::access::{self, Challenge, CodeHash, Refresh, SessionView};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::directory_entry::ValueHash;

/// How many codes there are: six digits.
const CODES: u64 = 1_000_000;

/// How many bytes tell a made-up token from one of ours.
const CHECK_BYTES: usize = 12;

const REFRESH_PREFIX: &str = "rt_";

const TOKEN_PREFIX: &str = "ot_";

/// Sub-keys for credentials of people.
pub(super) struct Credentials {
    codes: [u8; 32],
    code_hashes: [u8; 32],
    transactions: [u8; 32],
    refresh_tokens: [u8; 32],
    decoys: [u8; 32],
    one_time_secrets: [u8; 32],
    one_time_tokens: [u8; 32],
}

impl Credentials {
    pub(super) fn derive(subkey: &impl Fn(&'static str) -> [u8; 32]) -> Credentials {
        Credentials {
            codes: subkey("clientele one-time codes v1"),
            code_hashes: subkey("clientele one-time code hashes v1"),
            transactions: subkey("clientele one-time transactions v1"),
            refresh_tokens: subkey("clientele refresh tokens v1"),
            decoys: subkey("clientele decoys v1"),
            one_time_secrets: subkey("clientele one-time secrets v1"),
            one_time_tokens: subkey("clientele one-time tokens v1"),
        }
    }
}

/// The transaction that a code belongs to, as its id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthOtp {
    /// The contact, or the place of one that does not exist.
    pub contact: u64,
    /// Which of its codes.
    pub number: u32,
    /// The beginning of what made the code.
    pub bound_to: [u8; 8],
    /// Where the code went.
    pub destination: ValueHash,
}

/// What a one-time token says that a mail brought.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    /// Whose.
    pub contact: Address,
    /// Which of the contact's codes.
    pub number: u32,
    /// The beginning of what made it.
    pub bound_to: [u8; 8],
    /// What nobody can make up.
    pub secret: String,
}

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactSession {
    /// Whose.
    pub contact: Address,
    /// Which session, and the number of its tokens.
    pub refresh: Refresh,
}

impl Secrets {
    /// The code that a challenge of the contact at `address` was made with: six digits.
    pub fn one_time_code(&self, address: &Address, nonce: &[u8; 16]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.codes);
        hasher.update(&address.to_bytes()).update(nonce);
        let digest = hasher.finalize();
        let bytes = digest.as_bytes().first_chunk::<8>();
        let number = u64::from_be_bytes(bytes.copied().unwrap_or_default());
        // A remainder of 64 bits prefers no code by more than one in 10^13.
        format!("{:06}", number % CODES)
    }

    /// What makes a token that a challenge was made with: 128 bits, beyond guessing.
    pub fn one_time_secret(&self, address: &Address, nonce: &[u8; 16]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.one_time_secrets);
        hasher.update(&address.to_bytes()).update(nonce);
        let secret: [u8; 16] = first_half(&hasher.finalize());
        BASE64URL_NOPAD.encode(&secret)
    }

    /// What a message brings that tells of `challenge`: a code, or a token.
    pub fn told_of(&self, contact: &Address, challenge: &Challenge) -> String {
        if !challenge.purpose.has_token() {
            return self.one_time_code(contact, &challenge.nonce);
        }
        let mut said = [0; 29];
        let (part, bound_to) = said.split_at_mut(PART_BYTES);
        part.copy_from_slice(&part_bytes(contact, challenge.number));
        bound_to.copy_from_slice(&access::bound_to(&challenge.nonce));
        let place = BASE64URL_NOPAD.encode(&[&said[..], &self.token_check(&said)[..]].concat());
        let secret = self.one_time_secret(contact, &challenge.nonce);
        format!("{TOKEN_PREFIX}{place}.{secret}")
    }

    /// What a one-time token says, if it can be one of ours.
    pub fn read_one_time_token(&self, token: &str) -> Option<OneTimeToken> {
        let (place, secret) = token.strip_prefix(TOKEN_PREFIX)?.split_once('.')?;
        let bytes = BASE64URL_NOPAD.decode(place.as_bytes()).ok()?;
        let (said, check) = bytes.split_first_chunk::<29>()?;
        if self.token_check(said)[..] != *check {
            return None;
        }
        let (part, bound_to) = said.split_first_chunk()?;
        let (contact, number) = part_in(part)?;
        Some(OneTimeToken {
            contact,
            number,
            bound_to: bound_to.try_into().ok()?,
            secret: secret.to_owned(),
        })
    }

    /// Keeps tokens that were made up from reaching any contact.
    fn token_check(&self, said: &[u8; 29]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.one_time_tokens);
        check_of(&hasher.update(said).finalize())
    }

    /// The hash that a code is compared by.
    pub fn code_hash(&self, address: &Address, bound_to: &[u8; 8], code: &str) -> CodeHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.code_hashes);
        hasher
            .update(&address.to_bytes())
            .update(bound_to)
            .update(code.as_bytes());
        CodeHash(first_half(&hasher.finalize()))
    }

    /// Where codes are asked for and guessed at of a value that nobody has.
    pub fn decoy(&self, value: &ValueHash) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.decoys);
        hasher.update(&value.0);
        ValueHash(first_half(&hasher.finalize())).entry()
    }

    /// The id of a challenge's transaction: 64 characters that say nothing to anybody else.
    pub fn auth_otp(&self, contact: &Address, challenge: &Challenge) -> String {
        let mut plain = [0; 36];
        let (entity, rest) = plain.split_at_mut(8);
        entity.copy_from_slice(&contact.entity.to_be_bytes());
        let (number, rest) = rest.split_at_mut(4);
        number.copy_from_slice(&challenge.number.to_be_bytes());
        let (bound_to, destination) = rest.split_at_mut(8);
        bound_to.copy_from_slice(&access::bound_to(&challenge.nonce));
        destination.copy_from_slice(&challenge.destination.0);
        let check = self.transaction_check(contact.tenant, contact.mode, &plain);
        self.mask(&check, &mut plain);
        BASE64URL_NOPAD.encode(&[&check[..], &plain[..]].concat())
    }

    /// The transaction that `id` names in the caller's world, if it can be one of ours.
    pub fn read_auth_otp(&self, tenant: TenantId, mode: Mode, id: &str) -> Option<AuthOtp> {
        let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).ok()?;
        let (check, masked) = bytes.split_first_chunk::<CHECK_BYTES>()?;
        let mut plain: [u8; 36] = masked.try_into().ok()?;
        self.mask(check, &mut plain);
        if self.transaction_check(tenant, mode, &plain) != *check {
            return None;
        }
        let (contact, rest) = plain.split_first_chunk::<8>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let (bound_to, rest) = rest.split_first_chunk::<8>()?;
        Some(AuthOtp {
            contact: u64::from_be_bytes(*contact),
            number: u32::from_be_bytes(*number),
            bound_to: *bound_to,
            destination: ValueHash(rest.try_into().ok()?),
        })
    }

    fn transaction_check(&self, tenant: TenantId, mode: Mode, plain: &[u8]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.transactions);
        hasher
            .update(&tenant.0.to_be_bytes())
            .update(&[mode.number()])
            .update(plain);
        check_of(&hasher.finalize())
    }

    /// Hides `plain`, or shows it again: a stream of its own for each check, which depends on all of what it hides (as SIV does,
    /// RFC 5297). Without it, a small number would tell a contact that exists from one that does not.
    fn mask(&self, check: &[u8; CHECK_BYTES], plain: &mut [u8; 36]) {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.transactions);
        // Of another length than whatever is checked.
        hasher.update(check);
        let mut stream = [0; 36];
        hasher.finalize_xof().fill(&mut stream);
        for (byte, hidden) in plain.iter_mut().zip(stream) {
            *byte ^= hidden;
        }
    }

    /// The refresh token of a session as it stands.
    pub fn refresh_token(&self, contact: &Address, session: &SessionView) -> String {
        let mut said = [0; 41];
        let (part, rest) = said.split_at_mut(PART_BYTES);
        part.copy_from_slice(&part_bytes(contact, session.number));
        let (generation, nonce) = rest.split_at_mut(4);
        generation.copy_from_slice(&session.generation.to_be_bytes());
        nonce.copy_from_slice(&session.nonce);
        let check = self.refresh_check(&said);
        let text = BASE64URL_NOPAD.encode(&[&said[..], &check[..]].concat());
        format!("{REFRESH_PREFIX}{text}")
    }

    /// What a refresh token says, if it can be one of ours.
    pub fn read_refresh_token(&self, token: &str) -> Option<ContactSession> {
        let text = token.strip_prefix(REFRESH_PREFIX)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (said, check) = bytes.split_first_chunk::<41>()?;
        let check: &[u8; 16] = check.try_into().ok()?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(
            &self.refresh_check(said)[..],
            &check[..],
        )) {
            return None;
        }
        let (part, rest) = said.split_first_chunk()?;
        let (contact, session) = part_in(part)?;
        let (generation, nonce) = rest.split_first_chunk::<4>()?;
        Some(ContactSession {
            contact,
            refresh: Refresh {
                session,
                generation: u32::from_be_bytes(*generation),
                nonce: nonce.try_into().ok()?,
            },
        })
    }

    fn refresh_check(&self, said: &[u8; 41]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.credentials.refresh_tokens);
        hasher.update(said);
        first_half(&hasher.finalize())
    }
}

/// How many bytes name a part of somebody: the tenant, the mode, the entity, and the part's number.
const PART_BYTES: usize = 21;

/// Part `number` of `address`, as tokens say it.
fn part_bytes(address: &Address, number: u32) -> [u8; PART_BYTES] {
    let mut said = [0; PART_BYTES];
    let (tenant, rest) = said.split_at_mut(8);
    tenant.copy_from_slice(&address.tenant.0.to_be_bytes());
    let (mode, rest) = rest.split_at_mut(1);
    mode.copy_from_slice(&[address.mode.number()]);
    let (entity, part) = rest.split_at_mut(8);
    entity.copy_from_slice(&address.entity.to_be_bytes());
    part.copy_from_slice(&number.to_be_bytes());
    said
}

/// What [`part_bytes`] said.
fn part_in(said: &[u8; PART_BYTES]) -> Option<(Address, u32)> {
    let (tenant, rest) = said.split_first_chunk::<8>()?;
    let (mode, rest) = rest.split_first()?;
    let (entity, number) = rest.split_first_chunk::<8>()?;
    let mode = Mode::from_number(*mode)?;
    let address = Address {
        tenant: TenantId(u64::from_be_bytes(*tenant)),
        mode,
        kind: match mode {
            // Of no mode: a person of the Back Office.
            Mode::Shared => Kind::User,
            Mode::Live | Mode::Test => Kind::Contact,
        },
        entity: u64::from_be_bytes(*entity),
    };
    Some((address, u32::from_be_bytes(number.try_into().ok()?)))
}

fn check_of(digest: &blake3::Hash) -> [u8; CHECK_BYTES] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Channel, Purpose};
    use crate::domain::time::Timestamp;

    fn secrets() -> Secrets {
        Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"))
    }

    fn contact() -> Address {
        Address {
            tenant: TenantId(7),
            mode: Mode::Test,
            kind: Kind::Contact,
            entity: 0x0102_0304_0506_0708,
        }
    }

    fn challenge(number: u32) -> Challenge {
        Challenge {
            number,
            purpose: Purpose::SignIn,
            channel: Channel::Sms,
            destination: ValueHash([9; 16]),
            nonce: [number.to_be_bytes()[3]; 16],
            code: CodeHash([0; 16]),
            issued_at: Timestamp(1),
            expires_at: Timestamp(2),
            wrong: 0,
        }
    }

    #[test]
    fn a_transactions_id_reads_back_in_its_world_only() {
        let secrets = secrets();
        let id = secrets.auth_otp(&contact(), &challenge(3));
        assert!(id.len() <= 64, "{}", id.len());
        let read = secrets.read_auth_otp(TenantId(7), Mode::Test, &id);
        assert_eq!(
            read,
            Some(AuthOtp {
                contact: contact().entity,
                number: 3,
                bound_to: [3; 8],
                destination: ValueHash([9; 16]),
            })
        );
        assert_eq!(secrets.read_auth_otp(TenantId(7), Mode::Live, &id), None);
        assert_eq!(secrets.read_auth_otp(TenantId(8), Mode::Test, &id), None);
        let mut changed = id.clone().into_bytes();
        for at in [0, 20, 60] {
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed.clone()).unwrap();
            assert_eq!(
                secrets.read_auth_otp(TenantId(7), Mode::Test, &changed),
                None
            );
        }
        assert_eq!(secrets.read_auth_otp(TenantId(7), Mode::Test, ""), None);
    }

    #[test]
    fn a_transactions_id_shows_nothing_of_what_it_says() {
        let secrets = secrets();
        let bytes = |number| {
            let id = secrets.auth_otp(&contact(), &challenge(number));
            BASE64URL_NOPAD.decode(id.as_bytes()).unwrap()
        };
        let (one, other) = (bytes(1), bytes(2));
        for shown in [&contact().entity.to_be_bytes()[..], &[9; 4][..]] {
            assert!(!one.windows(shown.len()).any(|part| part == shown));
        }
        let same = one.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!(same < 8, "{same} bytes in common");
    }

    #[test]
    fn a_refresh_token_reads_back_and_cannot_be_made_up() {
        let secrets = secrets();
        let session = SessionView {
            number: 5,
            generation: 6,
            nonce: [4; 16],
            issued_at: Timestamp(1),
            expires_at: Timestamp(2),
            trust: access::Trust::Proven,
            organisation: None,
        };
        let token = secrets.refresh_token(&contact(), &session);
        let read = secrets.read_refresh_token(&token).unwrap();
        assert_eq!(read.contact, contact());
        assert_eq!(
            read.refresh,
            Refresh {
                session: 5,
                generation: 6,
                nonce: [4; 16]
            }
        );
        for made_up in ["", "rt_", "rt_AAAA", &token[3..], &token[..token.len() - 1]] {
            assert_eq!(secrets.read_refresh_token(made_up), None, "{made_up}");
        }
        let later = token.replace("rt_A", "rt_B");
        assert_ne!(later, token);
        assert_eq!(secrets.read_refresh_token(&later), None);
    }

    #[test]
    fn a_one_time_token_reads_back_and_cannot_be_made_up() {
        let secrets = secrets();
        let reset = Challenge {
            purpose: Purpose::ResetPassword,
            ..challenge(3)
        };
        let token = secrets.told_of(&contact(), &reset);
        assert!(token.len() <= 128, "{}", token.len());
        let read = secrets.read_one_time_token(&token).unwrap();
        assert_eq!((read.contact, read.number), (contact(), 3));
        assert_eq!(read.bound_to, [3; 8]);
        assert_eq!(
            read.secret,
            secrets.one_time_secret(&contact(), &reset.nonce)
        );
        for made_up in [
            "",
            "ot_",
            "ot_.",
            "ot_AAAA.AAAA",
            &token[3..],
            &token.replace('.', ""),
        ] {
            assert!(secrets.read_one_time_token(made_up).is_none(), "{made_up}");
        }
        let elsewhere = token.replace("ot_A", "ot_B");
        assert_ne!(elsewhere, token);
        assert!(secrets.read_one_time_token(&elsewhere).is_none());
        let code = secrets.told_of(&contact(), &challenge(3));
        assert_eq!(code.len(), 6, "a code is typed");
    }

    #[test]
    fn a_code_has_six_digits_and_is_of_its_contact_and_challenge() {
        let secrets = secrets();
        let code = secrets.one_time_code(&contact(), &[1; 16]);
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(code, secrets.one_time_code(&contact(), &[2; 16]));
        let other = Address {
            entity: 1,
            ..contact()
        };
        assert_ne!(code, secrets.one_time_code(&other, &[1; 16]));
        let hash = secrets.code_hash(&contact(), &[1; 8], &code);
        assert!(hash.matches(&secrets.code_hash(&contact(), &[1; 8], &code)));
        assert!(!hash.matches(&secrets.code_hash(&contact(), &[2; 8], &code)));
        assert!(!hash.matches(&secrets.code_hash(&contact(), &[1; 8], "000000")));
    }
}
