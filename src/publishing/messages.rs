//! What messages to contacts say, and to whom they go: the one place, for the test inbox and for delivery.

use crate::domain::access::{Channel, Purpose};
use crate::domain::contact::Profile;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where the channel has subjects.
    pub subject: Option<&'static str>,
    /// Plain text.
    pub body: String,
}

/// To whom a message goes by `channel`, of the sealed destination of an identity.
pub fn recipient(channel: Channel, destination: Profile) -> Option<String> {
    match channel {
        Channel::Sms => destination.phones.into_iter().next().map(|it| it.number),
        Channel::Email => destination.email_address,
    }
}

/// What the message with a code says.
pub fn text(purpose: Purpose, channel: Channel, code: &str) -> Text {
    let subject = match purpose {
        Purpose::Register => "Your code to register",
        Purpose::SignIn => "Your code to sign in",
    };
    Text {
        subject: match channel {
            Channel::Sms => None,
            Channel::Email => Some(subject),
        },
        body: format!("{code} is your code. It works once, for 10 minutes. Tell it to nobody."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Phone;

    #[test]
    fn a_message_goes_to_what_its_channel_reaches() {
        let destination = Profile {
            email_address: Some("ada@example.com".into()),
            phones: vec![Phone {
                number: "+442079460018".into(),
                ..Phone::default()
            }],
            ..Profile::default()
        };
        let to = |channel| recipient(channel, destination.clone());
        assert_eq!(to(Channel::Sms).as_deref(), Some("+442079460018"));
        assert_eq!(to(Channel::Email).as_deref(), Some("ada@example.com"));
        assert_eq!(recipient(Channel::Email, Profile::default()), None);
    }

    #[test]
    fn only_an_e_mail_has_a_subject_and_each_message_its_code() {
        let sms = text(Purpose::SignIn, Channel::Sms, "123456");
        assert_eq!(sms.subject, None);
        let mail = text(Purpose::SignIn, Channel::Email, "123456");
        assert_eq!(mail.subject, Some("Your code to sign in"));
        assert!(sms.body.starts_with("123456 ") && mail.body.starts_with("123456 "));
    }
}
