//! What messages leave through.

mod file;
mod smtp;
mod twilio;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use http::StatusCode;

use super::settings::Settings;
use crate::domain::access::Channel;
use crate::domain::address::TenantId;
use crate::domain::time::Timestamp;
use crate::egress::{CallFailed, Egress, Refused};

/// A message as it leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id: the same at each try, so that whoever takes it in can tell a second one.
    pub id: String,
    /// By which way.
    pub channel: Channel,
    /// To whom.
    pub recipient: String,
    /// About what, in an e-mail.
    pub subject: Option<String>,
    /// What it says.
    pub body: String,
    /// The code in it, if there is one.
    pub code: Option<String>,
    /// When it came to be.
    pub created_at: Timestamp,
}

/// Why a message was not sent. Says neither to whom nor what.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The server cannot be called.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// The server said no.
    #[error("the server answered with status {0}")]
    Status(StatusCode),
    /// The mail server said no, or could not be spoken with.
    #[error("the mail server {what}{}", code.map(|code| format!(" ({code})")).unwrap_or_default())]
    Mail {
        /// What it did.
        what: &'static str,
        /// Its reply code.
        code: Option<u16>,
    },
    /// The settings fit no message, as an address that is none.
    #[error("{0}")]
    Misfit(&'static str),
    /// The operator keeps no file sink.
    #[error("this server keeps no file sink; its operator can set outbound.file_sink_dir")]
    NoFileSink,
    /// The file is as long as it may be.
    #[error("the file has 16 MiB; move it away")]
    FileFull,
    /// The file cannot be written.
    #[error("the file cannot be written: {0}")]
    File(#[from] std::io::Error),
}

impl From<Refused> for NotSent {
    fn from(refused: Refused) -> NotSent {
        NotSent::Call(refused.into())
    }
}

/// Sends messages.
pub struct Connectors {
    egress: Arc<Egress>,
    file_sink: Option<PathBuf>,
}

impl Connectors {
    /// Those that call through `egress`, and write files below `file_sink`, if the operator wants that.
    pub fn new(egress: Arc<Egress>, file_sink: Option<PathBuf>) -> Connectors {
        Connectors { egress, file_sink }
    }

    /// What they call through.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Whether the operator keeps a file sink.
    pub fn has_file_sink(&self) -> bool {
        self.file_sink.is_some()
    }

    /// Sends `message` of `tenant`, at the wall's `now`.
    ///
    /// # Errors
    /// As [`NotSent`] says; it may have arrived all the same.
    pub async fn send(
        &self,
        tenant: TenantId,
        settings: &Settings,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<(), NotSent> {
        match settings {
            Settings::Smtp(smtp) => smtp::send(&self.egress, smtp, message).await,
            Settings::Twilio(twilio) => twilio::send(&self.egress, twilio, message).await,
            Settings::Webhook(webhook) => webhook::send(&self.egress, webhook, message, now).await,
            Settings::File(file) => {
                let sink = self.file_sink.as_ref().ok_or(NotSent::NoFileSink)?;
                file::write(sink, tenant, file, message).await
            }
        }
    }
}

/// What a message is in JSON: to a webhook, and in a file.
fn json(message: &Outgoing) -> serde_json::Value {
    serde_json::json!({
        "id": message.id,
        "channel": match message.channel {
            Channel::Sms => "SMS",
            Channel::Email => "EMAIL",
        },
        "recipient": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "code": message.code,
        "created_date": message.created_at.unix_seconds(),
    })
}

fn accepted(status: StatusCode) -> Result<(), NotSent> {
    match status.is_success() {
        true => Ok(()),
        false => Err(NotSent::Status(status)),
    }
}
