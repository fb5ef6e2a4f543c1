//! A mail server.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{self};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{NotSent, Outgoing};
use crate::egress::{Egress, Refused};
use crate::limits::OUTBOUND_EXCHANGE_MAX;
use crate::publishing::delivery::settings::{Security, Smtp};

pub(super) async fn send(egress: &Egress, smtp: &Smtp, message: &Outgoing) -> Result<(), NotSent> {
    let mail = mail(smtp, message)?;
    let found = egress.find(&smtp.host, smtp.port).await?;
    let tls = || {
        let parameters = TlsParameters::new_rustls(smtp.host.clone());
        parameters.map_err(|_unusable| NotSent::Misfit("the host's name fits no certificate"))
    };
    let tls = match smtp.security {
        Security::Tls => Tls::Wrapper(tls()?),
        Security::StartTls => Tls::Required(tls()?),
        Security::None if found.is_opened => Tls::None,
        Security::None => return Err(Refused::InClear.into()),
    };
    let mut failed = NotSent::Call(Refused::Unknown.into());
    for address in found.addresses {
        // By the very address that was judged; the certificate is compared with the name.
        let server =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string());
        let server = server
            .port(smtp.port)
            .tls(tls.clone())
            .timeout(Some(OUTBOUND_EXCHANGE_MAX));
        let server = match &smtp.credentials {
            Some((name, password)) => {
                server.credentials(Credentials::new(name.clone(), password.clone()))
            }
            None => server,
        };
        match server.build().send(mail.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                failed = not_sent(&error);
                if error.status().is_some() {
                    break;
                }
            }
        }
    }
    Err(failed)
}

/// What is told of a failure: never the server's own words, which may repeat the recipient.
fn not_sent(error: &smtp::Error) -> NotSent {
    let what = if error.is_permanent() {
        "refused the message for good"
    } else if error.is_transient() {
        "refused the message for now"
    } else if error.is_tls() {
        "cannot be spoken with by TLS"
    } else if error.is_timeout() {
        "did not answer in time"
    } else if error.is_client() {
        "does not offer what the settings ask for"
    } else {
        "cannot be reached, or broke off"
    };
    NotSent::Mail {
        what,
        code: error.status().map(u16::from),
    }
}

fn mail(smtp: &Smtp, message: &Outgoing) -> Result<Message, NotSent> {
    let mailbox = |text: &str, why| {
        text.parse::<Mailbox>()
            .map_err(|_no_mailbox| NotSent::Misfit(why))
    };
    let from = mailbox(&smtp.from, "from is no e-mail address")?;
    let domain = from.email.domain().to_owned();
    Message::builder()
        .from(from)
        .to(mailbox(
            &message.recipient,
            "the recipient has no e-mail address",
        )?)
        .subject(message.subject.as_deref().unwrap_or_default())
        // The same at each try, so that mailboxes show one of two.
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(message.body.clone())
        .map_err(|_unwritable| NotSent::Misfit("the message cannot be written as an e-mail"))
}
