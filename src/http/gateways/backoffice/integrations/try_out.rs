//! `POST /integrations/{id}/test`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire::WireChannel;
use super::{find, require_live};
use crate::actors::router::Timings;
use crate::domain::access::Channel;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::phone::e164;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::publishing::delivery::{Outgoing, Settings};

/// The longest recipient, in bytes: an e-mail address as SMTP has it.
const RECIPIENT_BYTES_MAX: usize = 254;

/// To whom a message is sent for a try.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IntegrationTest)]
pub(in super::super) struct NewTest {
    /// By which way: one that the integration delivers.
    channel: WireChannel,
    /// A phone number with `+` and country, or an e-mail address.
    recipient: String,
}

impl NewTest {
    /// The recipient as messages are sent to it.
    fn to(&self) -> Option<String> {
        match self.channel {
            WireChannel::Sms => e164(&self.recipient, None),
            WireChannel::Email => {
                let is_address = self.recipient.parse::<lettre::Address>().is_ok();
                is_address.then(|| self.recipient.clone())
            }
        }
    }
}

impl Validate for NewTest {
    fn validate(&self, faults: &mut Faults) {
        let fits = self.recipient.len() <= RECIPIENT_BYTES_MAX && self.to().is_some();
        faults.require(
            fits,
            "recipient",
            "not_a_recipient",
            "must be a phone number with + and country for SMS, an e-mail address for EMAIL",
        );
    }
}

/// What came of a try.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntegrationTested)]
struct Tested {
    /// Whether the other side took the message in.
    is_delivered: bool,
    /// Why not; null if it did.
    detail: Option<String>,
}

/// Try an integration: send a message without a code, now.
#[utoipa::path(
    post, path = "/integrations/{id}/test", tag = "Integrations", security(("api_key" = [])),
    params(("id" = String, Path, description = "The integration's id")),
    request_body = NewTest,
    responses(
        (status = 200, description = "It was tried; the answer says what came of it", body = Tested),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, is a test one, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such integration", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the integration does not deliver by the channel", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The tenant has had too many messages sent", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn try_out(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<NewTest>,
) -> Result<Response, Problem> {
    require_live(&caller)?;
    let integration = find(&api, &caller, &id).await?;
    let channel = Channel::from(body.channel);
    if !integration.channels.contains(&channel) {
        return Err(failure::invalid_field(
            "/channel",
            "not_delivered",
            "must be one of the integration's channels",
        ));
    }
    let (tenant, number) = (caller.tenant(), integration.number);
    let settings = api
        .router
        .secrets()
        .open_settings(tenant, number, &integration.sealed);
    let settings = settings.as_deref().and_then(Settings::from_bytes);
    let settings = settings.ok_or_else(failure::not_found)?;
    let now = api.router.wall();
    let message = Outgoing {
        id: uuid::Uuid::now_v7().to_string(),
        channel,
        recipient: body.to().unwrap_or_default(),
        subject: match channel {
            Channel::Sms => None,
            Channel::Email => Some("A test of an integration".to_owned()),
        },
        body: "This is a test. Codes would reach you this way.".to_owned(),
        code: None,
        created_at: now,
    };
    let tried = async { Ok(api.connectors.send(tenant, &settings, &message, now).await) };
    // Whatever the other side says to it, it was asked.
    let sent = caller.has_sent(&api, |_| true, tried).await?;
    let tested = Tested {
        is_delivered: sent.is_ok(),
        detail: sent.err().map(|why| why.to_string()),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &tested, timings))
}
