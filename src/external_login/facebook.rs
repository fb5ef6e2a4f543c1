//! Facebook, which says of an access token whose it is:
//! <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging>.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Deserialize;

use super::settings::Settings;
use super::{Failed, Person, Refused};
use crate::domain::time::Timestamp;
use crate::egress::{self, Call, CallFailed, Egress};
use crate::limits::{PROVIDER_SUBJECT_BYTES_MAX, PROVIDER_TOKEN_BYTES_MAX};

#[derive(Deserialize)]
struct Answer {
    data: Debugged,
}

/// What is read of the answer.
#[derive(Deserialize)]
struct Debugged {
    app_id: Option<String>,
    #[serde(default)]
    is_valid: bool,
    user_id: Option<String>,
    /// Unix seconds; 0 for never.
    #[serde(default)]
    expires_at: i64,
}

/// Whom `token` vouches for.
///
/// # Errors
/// As [`Refused`] says.
pub(super) async fn ask(
    egress: &Egress,
    settings: &Settings,
    token: &str,
    now: Timestamp,
) -> Result<Person, Refused> {
    let is_token = (1..=PROVIDER_TOKEN_BYTES_MAX).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    let secret = settings.client_secret.as_deref().filter(|_| is_token);
    let secret = secret.ok_or(Refused::Invalid)?;
    let app = format!("{}|{secret}", settings.client_id);
    let base = settings.issuer.trim_end_matches('/');
    let mut url = egress::parse(&format!("{base}/debug_token"))
        .map_err(|refused| Failed::Call(CallFailed::from(refused)))?;
    url.query_pairs_mut()
        .append_pair("input_token", token)
        .append_pair("access_token", &app);
    let call = Call {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let answer = egress.call(call).await.map_err(Failed::Call)?;
    if answer.status.is_client_error() {
        return Err(Refused::Invalid);
    }
    let read = serde_json::from_slice::<Answer>(&answer.body);
    let read = read.map_err(|_other| Failed::Answer("nothing about the token"))?;
    let Debugged {
        app_id,
        is_valid,
        user_id,
        expires_at,
    } = read.data;
    let is_ours = app_id.as_deref() == Some(settings.client_id.as_str());
    let is_current = expires_at == 0 || now.unix_seconds() < expires_at;
    let subject = user_id.filter(|id| (1..=PROVIDER_SUBJECT_BYTES_MAX).contains(&id.len()));
    match subject {
        Some(subject) if is_valid && is_ours && is_current => Ok(Person {
            issuer: settings.issuer.clone(),
            subject,
        }),
        _ => Err(Refused::Invalid),
    }
}
