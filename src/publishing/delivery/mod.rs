//! Delivering the messages of live mode through a tenant's integrations: after the commit, at least once.
//!
//! [`Queue`] follows the feed and holds what is to be sent, durably; [`Sender`] takes from it, asks what the message says and through what
//! it goes, and sends; [`Connectors`] speak to mail servers, gateways and webhooks, by [`crate::egress`]. Who knows contacts and tenants
//! is asked through [`Source`].
//!
//! A message that cannot be sent is tried again, with longer and longer pauses, until its code or token has lapsed, or for a day: then it is
//! counted as parked, and gone. Nothing readable lies in a row, and neither code nor recipient is logged.

mod connectors;
mod queue;
mod sender;
mod settings;
#[cfg(test)]
mod tests;

pub use crate::persistence::undelivered::{Letter, Message, Notice};
pub use connectors::{Connectors, NotSent, Outgoing};
pub use queue::Queue;
pub use sender::{Found, NoAnswer, Sender, Source, describe};
pub use settings::{FileSink, Security, Settings, Smtp, Twilio, Webhook};
