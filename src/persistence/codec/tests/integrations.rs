//! What a tenant is connected to.

use std::sync::Arc;

use super::fixtures::NOW;
use crate::domain::access::Channel;
use crate::domain::address::Mode;
use crate::domain::entity::Event;
use crate::domain::tenant::{self, Connector, Integration};

pub(super) fn integration(connector: Connector) -> Integration {
    Integration {
        number: 401,
        mode: Mode::Live,
        connector,
        name: "Codes".into(),
        channels: vec![Channel::Sms, Channel::Email],
        sealed: [41; 12].into(),
        created_at: NOW,
        is_active: true,
    }
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let added = |connector| {
        let added = Arc::new(integration(connector));
        Event::Tenant(tenant::Event::IntegrationAdded(added))
    };
    vec![
        ("tenant_integration_added_smtp", added(Connector::Smtp)),
        ("tenant_integration_added_twilio", added(Connector::Twilio)),
        (
            "tenant_integration_added_webhook",
            added(Connector::Webhook),
        ),
        ("tenant_integration_added_file", added(Connector::File)),
        ("tenant_integration_added_google", added(Connector::Google)),
        ("tenant_integration_added_apple", added(Connector::Apple)),
        (
            "tenant_integration_added_facebook",
            added(Connector::Facebook),
        ),
        ("tenant_integration_added_oidc", added(Connector::Oidc)),
        (
            "tenant_integration_deactivated",
            Event::Tenant(tenant::Event::IntegrationDeactivated(401)),
        ),
    ]
}
