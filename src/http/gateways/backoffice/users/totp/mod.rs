//! A second factor for what lets others in: an app that makes codes by time (RFC 6238), and recovery codes for whoever has lost it.
//!
//! Whatever changes it wants the password: a token that was stolen must not be enough to lock its owner out.

pub(in super::super) mod enrol;
pub(in super::super) mod recovery;
pub(in super::super) mod reset;
pub(in super::super) mod step_up;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change_password::{check_typed, require_password};
use crate::domain::user::{RecoveryHash, SecondFactor, Typist};
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, Validate};
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};
use crate::secrets::{new_recovery_codes, read_code, written_code};

/// How many digits a code of the app has.
const DIGITS: usize = 6;

/// A code of the app, or a recovery code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactor)]
pub(in super::super) struct TypedCode {
    /// Six digits, as the app shows them now; or a recovery code, with or without its hyphens.
    #[schema(max_length = 40)]
    code: String,
}

/// What changes the second factor.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactorChange)]
pub(in super::super) struct TypedBoth {
    /// The user's password. A wrong one counts as one that was typed to sign in.
    #[schema(max_length = 128)]
    current_password: String,
    /// Six digits, as the app shows them now; or a recovery code, with or without its hyphens.
    #[schema(max_length = 40)]
    code: String,
}

/// A new set of recovery codes: the only time that they are shown.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub(in super::super) struct WireRecoveryCodes {
    /// Each is taken once where a code of the app is asked for.
    recovery_codes: Vec<String>,
}

fn is_app_code(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|it| it.is_ascii_digit())
}

fn check_code(faults: &mut Faults, code: &str) {
    faults.require(
        is_app_code(code) || read_code(code).is_some(),
        "code",
        "not_a_code",
        "must be six digits, or a recovery code",
    );
}

impl Validate for TypedCode {
    fn validate(&self, faults: &mut Faults) {
        check_code(faults, &self.code);
    }
}

impl Validate for TypedBoth {
    fn validate(&self, faults: &mut Faults) {
        check_typed(faults, &self.current_password);
        check_code(faults, &self.code);
    }
}

/// The caller, who typed its password in the session of its token.
async fn typist(api: &Api, caller: &UserToken, password: &str) -> Result<Typist, Problem> {
    Ok(Typist {
        session: caller.user.session.tokens.number,
        password: require_password(api, caller.user.user, password).await?,
    })
}

/// Demands that the token acts as no other organisation: what it changes would outlive the masquerade.
fn require_own_place(caller: &UserToken) -> Result<(), Problem> {
    match caller.user.session.is_masquerade {
        false => Ok(()),
        true => Err(Problem::new(
            Code::InsufficientScope,
            "the second factor is not changed while acting as another organisation; switch back to your own",
        )),
    }
}

/// What a typed code is.
async fn factor(api: &Api, caller: &UserToken, code: &str) -> Result<SecondFactor, Problem> {
    match read_code(code) {
        Some(code) => {
            let user = &caller.user.user;
            let hash = api.router.secrets().recovery_hash(user, &code);
            Ok(SecondFactor::Recovery(hash))
        }
        None => Ok(SecondFactor::App(step_of(api, caller, code).await?)),
    }
}

/// The time step in which a code of the user's app is right: the present one, the one before or the one after.
async fn step_of(api: &Api, caller: &UserToken, code: &str) -> Result<Option<u64>, Problem> {
    let user = caller.user.user;
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let Some(totp) = state.totp else {
        return Ok(None);
    };
    let secret = api.router.secrets().totp_secret(&user, &totp.nonce);
    let app = totp_rs::Builder::new().with_secret(totp_rs::Secret::from(secret));
    let app = app.build().map_err(|error| {
        tracing::error!(%error, "codes of apps cannot be made");
        Problem::from(Code::Internal)
    })?;
    let now = u64::try_from(api.router.wall().unix_seconds()).unwrap_or_default();
    Ok(app.check(code, now))
}

/// A new set of recovery codes: as they are shown, and what is stored of them.
fn recovery_set(
    api: &Api,
    caller: &UserToken,
) -> Result<(WireRecoveryCodes, Vec<RecoveryHash>), Problem> {
    let codes = new_recovery_codes().map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        Problem::from(Code::Internal)
    })?;
    let user = &caller.user.user;
    let secrets = api.router.secrets();
    let hashes = codes.iter().map(|it| secrets.recovery_hash(user, it));
    let hashes = hashes.collect();
    let recovery_codes = codes.iter().map(|it| written_code(it)).collect();
    Ok((WireRecoveryCodes { recovery_codes }, hashes))
}
