//! A gateway of text messages, as Twilio's API of 2010-04-01 has it:
//! <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>.

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::{NotSent, Outgoing, accepted};
use crate::egress::{self, Call, Egress};
use crate::publishing::delivery::settings::Twilio;

/// What the ids of messaging services begin with; anything else is a number or a name.
const SERVICE: &str = "MG";

pub(super) async fn send(
    egress: &Egress,
    twilio: &Twilio,
    message: &Outgoing,
) -> Result<(), NotSent> {
    let base = twilio.base_url.trim_end_matches('/');
    let account = &twilio.account_sid;
    let url = format!("{base}/2010-04-01/Accounts/{account}/Messages.json");
    let from = match twilio.from.starts_with(SERVICE) {
        true => "MessagingServiceSid",
        false => "From",
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", &message.recipient)
        .append_pair(from, &twilio.from)
        .append_pair("Body", &message.body)
        .finish();
    let account = BASE64.encode(format!("{account}:{}", twilio.auth_token).as_bytes());
    let mut authorization = HeaderValue::try_from(format!("Basic {account}"))
        .map_err(|_no_value| NotSent::Misfit("the account is no account"))?;
    authorization.set_sensitive(true);
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let call = Call {
        method: Method::POST,
        url: egress::parse(&url)?,
        headers: HeaderMap::from_iter([(AUTHORIZATION, authorization), (CONTENT_TYPE, form)]),
        body: Bytes::from(body),
    };
    accepted(egress.call(call).await?.status)
}
