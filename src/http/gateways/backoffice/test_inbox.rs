//! `GET /test_inbox`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actors::router::access::Destination;
use crate::actors::router::{OpenedProfile, Timings};
use crate::domain::access::{self, Challenge, Channel};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, freshness, reply};
use crate::publishing::inbox::{Message, Notice};

/// Which page of the inbox.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InboxQuery {
    /// From 1.
    page: Option<u32>,
    /// How many entries a page has: 10 unless stated, at most 100.
    size: Option<u32>,
    /// Whether all entries are counted.
    #[serde(default)]
    include_total: bool,
}

impl Validate for InboxQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// What test mode would have sent, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireInbox {
    content: Vec<WireMessage>,
    paging: Paging,
}

/// A message that was not sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestMessage)]
struct WireMessage {
    id: String,
    channel: WireChannel,
    /// Null once the contact was erased, or never came to be.
    recipient: Option<String>,
    /// Null where the channel has none.
    subject: Option<String>,
    /// Null with the recipient.
    body: Option<String>,
    /// The one-time code or token in the message. Null with the recipient, for a user's token that was used, and where there is none in it.
    code: Option<String>,
    /// Unix seconds.
    created_date: i64,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = MessageChannel)]
enum WireChannel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
}

/// List what test mode would have sent.
///
/// In test mode nothing leaves the server: messages to contacts land here. The newest 1,000 of a tenant are kept.
#[utoipa::path(
    get, path = "/test_inbox", tag = "Test inbox", security(("api_key" = [])),
    params(InboxQuery),
    responses(
        (status = 200, description = "The messages, newest first", body = WireInbox),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A live key, or one that does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::TestInbox.bit() }>,
    query: ValidQuery<InboxQuery>,
) -> Result<Response, Problem> {
    let freshness = api.inbox.catch_up().await;
    let page = Page::of(query.page, query.size);
    let (messages, paging) = page.cut(api.inbox.newest(caller.tenant()), query.include_total);
    let mut content = Vec::with_capacity(messages.len());
    for message in messages {
        content.push(match message {
            Message::Code(contact, challenge) => code(&api, contact, &challenge).await?,
            Message::Letter(sent) => letter(&api, Address::user(sent.user), sent.number).await?,
            Message::Notice(sent) => notice(&api, sent).await?,
        });
    }
    let timings = reply::timings(&caller, Timings::default());
    let answer = reply::json(StatusCode::OK, &WireInbox { content, paging }, timings);
    Ok(freshness::tell(answer, freshness))
}

/// The message as it would have arrived, if there still is somebody to whom it went.
async fn code(api: &Api, contact: Address, challenge: &Challenge) -> Result<WireMessage, Problem> {
    let contact = &contact;
    let destination = Query::Destination(challenge.destination);
    let reply = api.router.query(*contact, destination).await;
    let sealed = match reply.result.map_err(failure::problem)? {
        Answer::Destination(sealed) => sealed,
        _ => None,
    };
    let opened = match sealed {
        Some(sealed) => api.router.open_profile(contact, &sealed),
        None => Ok(OpenedProfile::Erased),
    };
    let recipient = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(destination) => Destination::unsealed(*destination),
        OpenedProfile::Erased => None,
    };
    let secrets = api.router.secrets();
    let code = recipient
        .is_some()
        .then(|| secrets.told_of(contact, challenge));
    let (purpose, channel) = (challenge.purpose, challenge.channel);
    let said = code.as_deref();
    let said = said.map(|code| access::Message::with_code(purpose, channel, code));
    let (subject, body) = said.map(|it| (it.subject, it.body)).unzip();
    Ok(WireMessage {
        id: secrets.public_ids().write(PublicId {
            named: Named::Challenge,
            entity: contact.entity,
            part: challenge.number,
        }),
        channel: match channel {
            Channel::Sms => WireChannel::Sms,
            Channel::Email => WireChannel::Email,
        },
        recipient: recipient.map(|to| to.text().to_owned()),
        subject: subject.flatten(),
        body,
        code,
        created_date: challenge.issued_at.unix_seconds(),
    })
}

/// What tells that what lets somebody in has changed.
async fn notice(api: &Api, notice: Notice) -> Result<WireMessage, Problem> {
    let recipient = api.router.told_at(notice.whose).await;
    let recipient = recipient.map_err(failure::problem)?;
    let said = recipient.as_ref().map(|_| notice.said());
    let (subject, body) = said.map(|it| (it.subject, it.body)).unzip();
    Ok(WireMessage {
        id: api.router.secrets().public_ids().write(notice.id()),
        channel: WireChannel::Email,
        recipient,
        subject: subject.flatten(),
        body,
        code: None,
        created_date: notice.at.unix_seconds(),
    })
}

/// A one-time token as it would have arrived, while it can be used.
async fn letter(api: &Api, user: Address, number: u32) -> Result<WireMessage, Problem> {
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let opened = match &state.person {
        Some(sealed) => api.router.open_profile(&user, sealed),
        None => Ok(OpenedProfile::Erased),
    };
    let recipient = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(person) => person.email_address,
        OpenedProfile::Erased => None,
    };
    let secrets = api.router.secrets();
    let letter = state.letter(number).filter(|_| recipient.is_some());
    let token = letter.map(|it| secrets.letter_token(&user, it.number, &it.nonce));
    let said = letter.zip(token.as_deref());
    let pages = &api.letter_pages;
    let said = said.map(|(letter, token)| letter.purpose.kind().message(token, pages));
    let (subject, body) = said.map(|it| (it.subject, it.body)).unzip();
    Ok(WireMessage {
        id: secrets.public_ids().write(PublicId {
            named: Named::User,
            entity: user.entity,
            part: number,
        }),
        channel: WireChannel::Email,
        recipient,
        subject: subject.flatten(),
        body,
        code: token,
        created_date: letter
            .map_or(state.created_at, |it| it.issued_at)
            .unix_seconds(),
    })
}
