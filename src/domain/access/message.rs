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
    /// The message that tells somebody that their password is another one now. It holds nothing that opens anything.
    pub fn password_replaced() -> Message {
        Message {
            subject: Some("Your password was changed".to_owned()),
            body: "The password of your account was changed. If it was you, do nothing. If it was not you, somebody else may be in your account: choose another password with “forgot password”, which signs everybody out, and tell the business.".to_owned(),
        }
    }

    /// The message that brings `code` by `channel`.
    pub fn with_code(purpose: Purpose, channel: Channel, code: &str) -> Message {
        let subject = match purpose {
            Purpose::Register => "Your code to register",
            Purpose::SignIn => "Your code to sign in",
            Purpose::AddIdentity => "Your code to sign in by this address",
            Purpose::ResetPassword => "Choose another password",
            Purpose::VerifyEmail => "Is this your e-mail address?",
            Purpose::Till => "Your code for the till",
            Purpose::Wallet => "Your code for your wallet",
        };
        let body = match purpose {
            Purpose::Register | Purpose::SignIn | Purpose::AddIdentity | Purpose::Wallet => {
                format!("{code} is your code. It works once, for 10 minutes. Tell it to nobody.")
            }
            Purpose::Till => format!(
                "{code} is your code for the till. It works once, for 10 minutes. Tell it to whoever serves you there, and to nobody else."
            ),
            Purpose::ResetPassword => format!(
                "Somebody, probably you, wants to choose another password for your account. The app needs this: {code}\nIt works once, for 30 minutes. If it was not you, do nothing, and tell it to nobody."
            ),
            Purpose::VerifyEmail => format!(
                "Somebody, probably you, says that this is their e-mail address. The app needs this to show it: {code}\nIt works for 30 minutes. If it was not you, do nothing."
            ),
        };
        Message {
            subject: match channel {
                Channel::Sms => None,
                Channel::Email => Some(subject.to_owned()),
            },
            body,
        }
    }
}
