//! An address of the tenant's own, called and signed as Standard Webhooks 1.0 has it:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::BASE64;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{NotSent, Outgoing, accepted, json};
use crate::domain::time::Timestamp;
use crate::egress::{self, Call, Egress};
use crate::publishing::delivery::settings::Webhook;

/// What secrets begin with.
const SECRET: &str = "whsec_";

pub(super) async fn send(
    egress: &Egress,
    webhook: &Webhook,
    message: &Outgoing,
    now: Timestamp,
) -> Result<(), NotSent> {
    let body = json(message).to_string();
    let at = now.unix_seconds().to_string();
    let signature = sign(&webhook.secret, &message.id, &at, &body)
        .ok_or(NotSent::Misfit("the secret is none of Standard Webhooks"))?;
    let value = |text: &str| {
        HeaderValue::try_from(text).map_err(|_no_value| NotSent::Misfit("the id is no id"))
    };
    let call = Call {
        method: Method::POST,
        url: egress::parse(&webhook.url)?,
        headers: HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (HeaderName::from_static("webhook-id"), value(&message.id)?),
            (HeaderName::from_static("webhook-timestamp"), value(&at)?),
            (
                HeaderName::from_static("webhook-signature"),
                value(&signature)?,
            ),
        ]),
        body: Bytes::from(body),
    };
    accepted(egress.call(call).await?.status)
}

fn sign(secret: &str, id: &str, at: &str, body: &str) -> Option<String> {
    let key = secret.strip_prefix(SECRET)?;
    let key = BASE64.decode(key.as_bytes()).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64.encode(signed.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_as_the_standards_own_example_is() {
        // From the specification's reference libraries.
        let signed = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(expected));
        assert_eq!(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "", "", ""), None);
    }
}
