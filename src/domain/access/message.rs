//! What messages to people say. The words are the same wherever they are sent from.

use super::{Channel, Purpose};

/// A message that carries a one-time code.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about; text messages have none.
    pub subject: Option<String>,
    /// What it says.
    pub body: String,
}

impl Message {
    /// The message that brings `code` by `channel`.
    pub fn with_code(purpose: Purpose, channel: Channel, code: &str) -> Message {
        let subject = match purpose {
            Purpose::Register => "Your code to register",
            Purpose::SignIn => "Your code to sign in",
        };
        Message {
            subject: match channel {
                Channel::Sms => None,
                Channel::Email => Some(subject.to_owned()),
            },
            body: format!("{code} is your code. It works once, for 10 minutes. Tell it to nobody."),
        }
    }
}
