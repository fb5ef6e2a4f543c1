//! Integrations on the wire. What was secret when it came in never goes out again.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::Channel;
use crate::domain::address::TenantId;
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant::{Connector, INTEGRATION_NAME_BYTES_MAX, Integration};
use crate::egress::{self, Refused};
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::publishing::delivery::{FileSink, Security, Settings, Smtp, Twilio, Webhook};
use crate::secrets::Secrets;

/// The longest of most texts in settings, in bytes: all of them together are stored within one KiB.
const TEXT_MAX: usize = 254;

/// Where Twilio's API begins.
const TWILIO: &str = "https://api.twilio.com";

/// What an integration is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = IntegrationType)]
pub(super) enum WireType {
    /// Messages to contacts.
    #[default]
    Communications,
}

/// What an integration is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = IntegrationConnector)]
pub(super) enum WireConnector {
    /// A mail server.
    Smtp,
    /// A gateway of text messages that speaks as Twilio's API of 2010-04-01 does.
    Twilio,
    /// An address of your own, called as Standard Webhooks has it.
    Webhook,
    /// A file on the server, where its operator allows it: for development.
    File,
}

/// By which way messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = IntegrationChannel)]
pub(super) enum WireChannel {
    /// Text messages.
    Sms,
    /// E-mail.
    Email,
}

impl From<WireChannel> for Channel {
    fn from(channel: WireChannel) -> Channel {
        match channel {
            WireChannel::Sms => Channel::Sms,
            WireChannel::Email => Channel::Email,
        }
    }
}

impl From<Channel> for WireChannel {
    fn from(channel: Channel) -> WireChannel {
        match channel {
            Channel::Sms => WireChannel::Sms,
            Channel::Email => WireChannel::Email,
        }
    }
}

/// How the connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = SmtpSecurity)]
enum WireSecurity {
    /// TLS after `STARTTLS`, which is demanded, as on port 587.
    #[default]
    Starttls,
    /// TLS from the first byte, as on port 465.
    Tls,
    /// None: only in networks that the operator has opened.
    None,
}

/// A mail server.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SmtpSettings)]
struct WireSmtp {
    host: String,
    port: u16,
    #[serde(default)]
    security: WireSecurity,
    username: Option<String>,
    /// Never shown again.
    password: Option<String>,
    /// From whom mail comes: `codes@example.com`, or `Example <codes@example.com>`.
    from: String,
}

/// A gateway of text messages.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TwilioSettings)]
struct WireTwilio {
    account_sid: String,
    /// Never shown again.
    auth_token: String,
    /// A phone number of yours with `+`, a sender's name, or the id of a messaging service (`MG…`).
    from: String,
    /// Where the API begins, if it is not Twilio's own.
    base_url: Option<String>,
}

/// An address of your own.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookSettings)]
struct WireWebhook {
    url: String,
    /// What calls are signed with: `whsec_` and 24 to 64 bytes in base64. Left out, one is made and shown in the answer, once.
    secret: Option<String>,
    /// What goes there.
    channels: Vec<WireChannel>,
}

/// A file on the server.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FileSettings)]
struct WireFile {
    /// Letters, digits, `.`, `_` and `-`; it does not begin with a dot.
    file_name: String,
    /// What goes there.
    channels: Vec<WireChannel>,
}

/// An integration to be made: with the settings of its connector, and no others.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIntegration)]
pub(in super::super) struct NewIntegration {
    #[schema(max_length = 64)]
    name: String,
    #[serde(default)]
    r#type: WireType,
    connector: WireConnector,
    /// With `SMTP`.
    smtp: Option<WireSmtp>,
    /// With `TWILIO`.
    twilio: Option<WireTwilio>,
    /// With `WEBHOOK`.
    webhook: Option<WireWebhook>,
    /// With `FILE`.
    file: Option<WireFile>,
}

impl Validate for NewIntegration {
    fn validate(&self, faults: &mut Faults) {
        // The contract has one type; whoever sends another has been refused by now.
        let WireType::Communications = self.r#type;
        check(faults, "name", Some(&self.name), INTEGRATION_NAME_BYTES_MAX);
        let given = [
            ("smtp", self.smtp.is_some(), WireConnector::Smtp),
            ("twilio", self.twilio.is_some(), WireConnector::Twilio),
            ("webhook", self.webhook.is_some(), WireConnector::Webhook),
            ("file", self.file.is_some(), WireConnector::File),
        ];
        for (member, is_given, connector) in given {
            match (is_given, connector == self.connector) {
                (false, true) => {
                    faults.add(member, "missing_field", "is required with this connector")
                }
                (true, false) => faults.add(
                    member,
                    "of_another_connector",
                    "does not belong to this connector; leave it out",
                ),
                (true, true) | (false, false) => {}
            }
        }
        if let Some(smtp) = &self.smtp {
            faults.within("smtp", |faults| smtp.validate(faults));
        }
        if let Some(twilio) = &self.twilio {
            faults.within("twilio", |faults| twilio.validate(faults));
        }
        if let Some(webhook) = &self.webhook {
            faults.within("webhook", |faults| webhook.validate(faults));
        }
        if let Some(file) = &self.file {
            faults.within("file", |faults| file.validate(faults));
        }
    }
}

impl Validate for WireSmtp {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "host", Some(&self.host), TEXT_MAX);
        check(faults, "username", self.username.as_deref(), TEXT_MAX);
        check(faults, "password", self.password.as_deref(), TEXT_MAX);
        check(faults, "from", Some(&self.from), TEXT_MAX);
        faults.require(self.port > 0, "port", "too_small", "must be at least 1");
        faults.require(
            self.username.is_some() == self.password.is_some(),
            "password",
            "incomplete",
            "must be sent with username, or both be left out",
        );
        faults.require(
            self.from.parse::<lettre::message::Mailbox>().is_ok(),
            "from",
            "not_an_email_address",
            "must be an e-mail address, such as Example <codes@example.com>",
        );
    }
}

impl Validate for WireTwilio {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "account_sid", Some(&self.account_sid), 64);
        check(faults, "auth_token", Some(&self.auth_token), TEXT_MAX);
        check(faults, "from", Some(&self.from), 64);
        check(faults, "base_url", self.base_url.as_deref(), TEXT_MAX);
        // It becomes a part of a path, and of a header.
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        faults.require(
            is_word(&self.account_sid),
            "account_sid",
            "malformed",
            "must have letters and digits only",
        );
        let is_visible = self.auth_token.bytes().all(|byte| byte.is_ascii_graphic());
        faults.require(
            is_visible,
            "auth_token",
            "malformed",
            "must have visible ASCII characters only",
        );
    }
}

impl Validate for WireWebhook {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "url", Some(&self.url), TEXT_MAX);
        channels(faults, &self.channels);
        let is_secret = self.secret.as_deref().is_none_or(|secret| {
            let key = secret.strip_prefix("whsec_").unwrap_or_default();
            let key = BASE64.decode(key.as_bytes());
            key.is_ok_and(|key| (24..=64).contains(&key.len()))
        });
        faults.require(
            is_secret,
            "secret",
            "malformed",
            "must be whsec_ and 24 to 64 bytes in base64, or be left out",
        );
    }
}

impl Validate for WireFile {
    fn validate(&self, faults: &mut Faults) {
        channels(faults, &self.channels);
        let is_name = self.file_name.len() <= 64
            && !self.file_name.is_empty()
            && !self.file_name.starts_with('.')
            && self
                .file_name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        faults.require(
            is_name,
            "file_name",
            "malformed",
            "must have 1 to 64 letters, digits, dots, _ and -, and begin with no dot",
        );
    }
}

fn channels(faults: &mut Faults, channels: &[WireChannel]) {
    let is_set = match channels {
        [_] => true,
        [one, other] => one != other,
        _ => false,
    };
    faults.require(
        is_set,
        "channels",
        "wrong_length",
        "must name SMS, EMAIL or both, each once",
    );
}

/// A signing secret that nobody has seen yet.
pub(super) fn fresh_secret() -> Result<String, getrandom::Error> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    Ok(format!("whsec_{}", BASE64.encode(&key)))
}

/// What an integration is to be, as it is stored.
pub(super) struct Asked {
    pub(super) connector: Connector,
    pub(super) channels: Vec<Channel>,
    pub(super) settings: Settings,
}

impl NewIntegration {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a signing secret is to be made.
    pub(super) fn wants_secret(&self) -> bool {
        self.webhook.as_ref().is_some_and(|it| it.secret.is_none())
    }

    /// What was asked for, with `made` for a secret that was left out.
    pub(super) fn asked(&self, made: &str) -> Option<Asked> {
        let of = self.clone();
        let set = |channels: Vec<WireChannel>| channels.into_iter().map(Channel::from).collect();
        Some(match self.connector {
            WireConnector::Smtp => {
                let smtp = of.smtp?;
                Asked {
                    connector: Connector::Smtp,
                    channels: vec![Channel::Email],
                    settings: Settings::Smtp(Smtp {
                        host: smtp.host,
                        port: smtp.port,
                        security: match smtp.security {
                            WireSecurity::Starttls => Security::StartTls,
                            WireSecurity::Tls => Security::Tls,
                            WireSecurity::None => Security::None,
                        },
                        credentials: smtp.username.zip(smtp.password),
                        from: smtp.from,
                    }),
                }
            }
            WireConnector::Twilio => {
                let twilio = of.twilio?;
                Asked {
                    connector: Connector::Twilio,
                    channels: vec![Channel::Sms],
                    settings: Settings::Twilio(Twilio {
                        base_url: twilio.base_url.unwrap_or_else(|| TWILIO.to_owned()),
                        account_sid: twilio.account_sid,
                        auth_token: twilio.auth_token,
                        from: twilio.from,
                    }),
                }
            }
            WireConnector::Webhook => {
                let webhook = of.webhook?;
                Asked {
                    connector: Connector::Webhook,
                    channels: set(webhook.channels),
                    settings: Settings::Webhook(Webhook {
                        url: webhook.url,
                        secret: webhook.secret.unwrap_or_else(|| made.to_owned()),
                    }),
                }
            }
            WireConnector::File => {
                let file = of.file?;
                Asked {
                    connector: Connector::File,
                    channels: set(file.channels),
                    settings: Settings::File(FileSink {
                        file_name: file.file_name,
                    }),
                }
            }
        })
    }

    /// Where it is called, and the pointer to that field; whether it is Twilio's own.
    pub(super) async fn judge(
        &self,
        egress: &egress::Egress,
    ) -> Result<(), (&'static str, Refused)> {
        if let Some(webhook) = &self.webhook {
            let judged = egress.check_url(&webhook.url).await;
            judged.map_err(|why| ("/webhook/url", why))?;
        }
        // Twilio's own address is judged at each call.
        if let Some(base_url) = self.twilio.as_ref().and_then(|it| it.base_url.as_ref()) {
            let judged = egress.check_url(base_url).await;
            judged.map_err(|why| ("/twilio/base_url", why))?;
        }
        if let Some(smtp) = &self.smtp {
            let found = egress.find(&smtp.host, smtp.port).await;
            let found = found.map_err(|why| ("/smtp/host", why))?;
            if matches!(smtp.security, WireSecurity::None) && !found.is_opened {
                return Err(("/smtp/security", Refused::InClear));
            }
        }
        Ok(())
    }
}

/// An integration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Integration)]
pub(super) struct WireIntegration {
    id: String,
    name: String,
    r#type: WireType,
    connector: WireConnector,
    channels: Vec<WireChannel>,
    /// Whether it is used: of several that deliver by a channel, the newest.
    is_active: bool,
    /// Whose server it leads to; null for a file.
    host: Option<String>,
    /// Unix seconds.
    created_date: i64,
}

impl WireIntegration {
    /// The integration as it is shown; none of one that delivers nothing.
    pub(super) fn of(
        secrets: &Secrets,
        tenant: TenantId,
        entity: u64,
        integration: &Integration,
    ) -> Option<WireIntegration> {
        let connector = match integration.connector {
            Connector::Smtp => WireConnector::Smtp,
            Connector::Twilio => WireConnector::Twilio,
            Connector::Webhook => WireConnector::Webhook,
            Connector::File => WireConnector::File,
            Connector::Google | Connector::Apple | Connector::Facebook | Connector::Oidc => {
                return None;
            }
        };
        let number = integration.number;
        let settings = secrets.open_settings(tenant, number, &integration.sealed);
        let settings = settings.as_deref().and_then(Settings::from_bytes);
        let channels = integration.channels.iter().copied();
        Some(WireIntegration {
            id: secrets.public_ids().write(PublicId {
                named: Named::Integration,
                entity,
                part: number,
            }),
            name: integration.name.clone(),
            r#type: WireType::Communications,
            connector,
            channels: channels.map(WireChannel::from).collect(),
            is_active: integration.is_active,
            host: settings.and_then(|settings| settings.host()),
            created_date: integration.created_at.unix_seconds(),
        })
    }
}
