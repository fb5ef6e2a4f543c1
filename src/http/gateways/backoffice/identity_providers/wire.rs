//! Identity providers on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::address::TenantId;
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant::{Connector, Integration};
use crate::egress;
use crate::external_login::{Service, Settings};
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::limits::REDIRECT_URLS_MAX;
use crate::secrets::Secrets;

/// The longest of most texts, in bytes: all of them together are stored within one KiB.
const TEXT_MAX: usize = 254;

/// The longest secret, in bytes: Apple's is a token of its own.
const SECRET_MAX: usize = 500;

/// Which provider it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = IdentityProviderType)]
pub(super) enum WireType {
    /// Google.
    Google,
    /// Apple.
    Apple,
    /// Facebook.
    Facebook,
    /// Another provider of OpenID Connect.
    OidcOauth,
}

impl WireType {
    const fn service(self) -> Service {
        match self {
            WireType::Google => Service::Google,
            WireType::Apple => Service::Apple,
            WireType::Facebook => Service::Facebook,
            WireType::OidcOauth => Service::Oidc,
        }
    }

    pub(super) const fn connector(self) -> Connector {
        match self {
            WireType::Google => Connector::Google,
            WireType::Apple => Connector::Apple,
            WireType::Facebook => Connector::Facebook,
            WireType::OidcOauth => Connector::Oidc,
        }
    }

    const fn of(connector: Connector) -> Option<WireType> {
        match connector {
            Connector::Google => Some(WireType::Google),
            Connector::Apple => Some(WireType::Apple),
            Connector::Facebook => Some(WireType::Facebook),
            Connector::Oidc => Some(WireType::OidcOauth),
            Connector::Smtp | Connector::Twilio | Connector::Webhook | Connector::File => None,
        }
    }
}

/// A provider to be set up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIdentityProvider)]
pub(in super::super) struct NewProvider {
    r#type: WireType,
    /// Who vouches, as its tokens name it and as its description lies below it. Required with `OIDC_OAUTH`; the others have their own.
    issuer: Option<String>,
    /// By what the provider knows your app.
    client_id: String,
    /// Never shown again. Required with `FACEBOOK`, and where the provider asks for it in the code flow.
    client_secret: Option<String>,
    /// Where the provider may send people back to, letter by letter; for the code flow.
    #[serde(default)]
    redirect_urls: Vec<String>,
}

impl Validate for NewProvider {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "issuer", self.issuer.as_deref(), TEXT_MAX);
        check(faults, "client_id", Some(&self.client_id), TEXT_MAX);
        let secret = self.client_secret.as_deref();
        check(faults, "client_secret", secret, SECRET_MAX);
        if self.issuer.is_none() && self.r#type.service().issuer().is_none() {
            faults.add("issuer", "missing_field", "is required with OIDC_OAUTH");
        }
        if self.r#type == WireType::Facebook && secret.is_none() {
            faults.add(
                "client_secret",
                "missing_field",
                "is required with FACEBOOK",
            );
        }
        faults.require(
            self.redirect_urls.len() <= REDIRECT_URLS_MAX,
            "redirect_urls",
            "too_many",
            "must have at most 4 entries",
        );
        faults.within("redirect_urls", |faults| {
            for (index, url) in self.redirect_urls.iter().enumerate() {
                // An app may have a scheme of its own; nothing is sent there from here.
                let is_url = url::Url::parse(url).is_ok_and(|url| url.fragment().is_none());
                faults.at(index, |faults| {
                    faults.require(
                        is_url && url.len() <= TEXT_MAX,
                        "",
                        "not_a_url",
                        "must be an absolute URL without a fragment, of at most 254 bytes",
                    );
                });
            }
        });
    }
}

impl NewProvider {
    pub(super) const fn connector(&self) -> Connector {
        self.r#type.connector()
    }

    /// As it is stored.
    pub(super) fn settings(&self) -> Settings {
        let own = self.r#type.service().issuer().unwrap_or_default();
        Settings {
            issuer: self.issuer.clone().unwrap_or_else(|| own.to_owned()),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            redirect_urls: self.redirect_urls.clone(),
        }
    }

    /// Whether the issuer may be called, where the tenant names it: the others' own are judged at each call.
    pub(super) async fn judge(&self, egress: &egress::Egress) -> Result<(), egress::Refused> {
        match &self.issuer {
            Some(issuer) => egress.check_url(issuer).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
pub(super) struct WireProvider {
    id: String,
    r#type: WireType,
    issuer: Option<String>,
    client_id: Option<String>,
    redirect_urls: Vec<String>,
    /// Whether it is used: of several of a type, the newest.
    is_active: bool,
    /// Unix seconds.
    created_date: i64,
}

/// The id of a provider.
pub(super) fn id_of(secrets: &Secrets, entity: u64, number: u32) -> String {
    secrets.public_ids().write(PublicId {
        named: Named::Provider,
        entity,
        part: number,
    })
}

impl WireProvider {
    /// The provider as it is shown; none of a connection that vouches for nobody.
    pub(super) fn of(
        secrets: &Secrets,
        tenant: TenantId,
        entity: u64,
        integration: &Integration,
    ) -> Option<WireProvider> {
        let r#type = WireType::of(integration.connector)?;
        let number = integration.number;
        let settings = secrets.open_settings(tenant, number, &integration.sealed);
        let settings = settings.as_deref().and_then(Settings::from_bytes);
        let (issuer, client_id, redirect_urls) = match settings {
            Some(it) => (Some(it.issuer), Some(it.client_id), it.redirect_urls),
            None => (None, None, Vec::new()),
        };
        Some(WireProvider {
            id: id_of(secrets, entity, number),
            r#type,
            issuer,
            client_id,
            redirect_urls,
            is_active: integration.is_active,
            created_date: integration.created_at.unix_seconds(),
        })
    }
}
