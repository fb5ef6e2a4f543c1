//! What a tenant is connected to: whoever delivers its messages, and whoever vouches for its contacts.

use std::sync::Arc;

use super::{Event, Rejection, Tenant};
use crate::domain::access::Channel;
use crate::domain::address::Mode;
use crate::domain::time::Timestamp;

/// How many connections of one kind of service a tenant has in a mode: one for each channel, and as many to change over to. With what
/// each takes, three such sets are a fifth of a tenant's row.
pub const INTEGRATIONS_MAX: usize = 4;

/// The longest name of a connection, in bytes.
pub const INTEGRATION_NAME_BYTES_MAX: usize = 64;

/// The most that the settings of a connection take, sealed: addresses, an account and its secret.
pub const INTEGRATION_SEALED_BYTES_MAX: usize = 960;

/// What a connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// A mail server.
    Smtp,
    /// A gateway of text messages that speaks as Twilio does.
    Twilio,
    /// An address of the tenant's own that takes messages.
    Webhook,
    /// A file of the operator's, for development.
    File,
    /// Google vouches for contacts.
    Google,
    /// Apple vouches for contacts.
    Apple,
    /// Facebook vouches for contacts.
    Facebook,
    /// Another provider of OpenID Connect vouches for contacts.
    Oidc,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Delivering messages.
    Messages,
    /// Vouching for contacts.
    Identity,
}

impl Connector {
    /// What it is for.
    pub const fn service(self) -> Service {
        match self {
            Connector::Smtp | Connector::Twilio | Connector::Webhook | Connector::File => {
                Service::Messages
            }
            Connector::Google | Connector::Apple | Connector::Facebook | Connector::Oidc => {
                Service::Identity
            }
        }
    }
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// Its number: derived from what made it, so that a retry makes no second one.
    pub number: u32,
    /// In which world it works.
    pub mode: Mode,
    /// What it is made of.
    pub connector: Connector,
    /// What people call it.
    pub name: String,
    /// What it delivers.
    pub channels: Vec<Channel>,
    /// Its settings, sealed.
    pub sealed: Arc<[u8]>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it works.
    pub is_active: bool,
}

impl Integration {
    fn is_beside(&self, other: &Integration) -> bool {
        self.mode == other.mode && self.connector.service() == other.connector.service()
    }
}

impl Tenant {
    pub(super) fn add_integration(
        &self,
        integration: &Arc<Integration>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.integration(integration.number).is_some() {
            return Ok(Vec::new());
        }
        let beside = self.integrations.iter();
        let working = beside.filter(|it| it.is_active && it.is_beside(integration));
        if working.count() >= INTEGRATIONS_MAX {
            return Err(Rejection::ListFull);
        }
        Ok(vec![Event::IntegrationAdded(Arc::clone(integration))])
    }

    pub(super) fn deactivate_integration(&self, number: u32) -> Result<Vec<Event>, Rejection> {
        match self.integration(number) {
            None => Err(Rejection::UnknownIntegration),
            Some(integration) if integration.is_active => {
                Ok(vec![Event::IntegrationDeactivated(number)])
            }
            Some(_) => Ok(Vec::new()),
        }
    }

    /// The newest comes last; where there are as many as there may be, the oldest that no longer works gives way.
    pub(super) fn apply_added(&mut self, added: &Integration) {
        let beside = self.integrations.iter();
        if beside.filter(|it| it.is_beside(added)).count() >= INTEGRATIONS_MAX {
            let mut ended = self.integrations.iter();
            let ended = ended.position(|it| !it.is_active && it.is_beside(added));
            if let Some(at) = ended {
                self.integrations.remove(at);
            }
        }
        self.integrations.push(added.clone());
    }

    pub(super) fn apply_deactivated(&mut self, number: u32) {
        for integration in &mut self.integrations {
            if integration.number == number {
                integration.is_active = false;
            }
        }
    }

    /// The connection of this number.
    pub fn integration(&self, number: u32) -> Option<&Integration> {
        self.integrations.iter().find(|it| it.number == number)
    }

    /// The connection to `connector` that vouches for contacts in `mode`: the newest that works.
    pub fn vouches(&self, mode: Mode, connector: Connector) -> Option<&Integration> {
        let mut newest_first = self.integrations.iter().rev();
        newest_first.find(|it| it.is_active && it.mode == mode && it.connector == connector)
    }

    /// The connection that delivers by `channel` in `mode`: the newest that works.
    pub fn delivers(&self, mode: Mode, channel: Channel) -> Option<&Integration> {
        self.integrations.iter().rev().find(|it| {
            it.is_active
                && it.mode == mode
                && it.connector.service() == Service::Messages
                && it.channels.contains(&channel)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integration(number: u32, connector: Connector, mode: Mode) -> Arc<Integration> {
        Arc::new(Integration {
            number,
            mode,
            connector,
            name: "a name".into(),
            channels: vec![Channel::Sms],
            sealed: [1; 8].into(),
            created_at: Timestamp(1),
            is_active: true,
        })
    }

    fn add(tenant: &mut Tenant, integration: &Arc<Integration>) -> Result<usize, Rejection> {
        let events = tenant.add_integration(integration)?;
        for event in &events {
            tenant.apply(event);
        }
        Ok(events.len())
    }

    fn numbers(tenant: &Tenant) -> Vec<u32> {
        tenant.integrations.iter().map(|it| it.number).collect()
    }

    fn full() -> Tenant {
        let mut tenant = Tenant::default();
        for number in 1..=4 {
            let webhook = integration(number, Connector::Webhook, Mode::Live);
            assert_eq!(add(&mut tenant, &webhook), Ok(1));
        }
        tenant
    }

    #[test]
    fn what_is_there_already_is_added_once() {
        let mut tenant = full();
        let again = integration(2, Connector::Webhook, Mode::Live);
        assert_eq!(add(&mut tenant, &again), Ok(0));
        assert_eq!(numbers(&tenant), [1, 2, 3, 4]);
    }

    #[test]
    fn a_full_set_takes_one_in_for_one_that_was_ended() {
        let mut tenant = full();
        let fifth = integration(5, Connector::Smtp, Mode::Live);
        assert_eq!(add(&mut tenant, &fifth), Err(Rejection::ListFull));
        for event in tenant.deactivate_integration(3).unwrap() {
            tenant.apply(&event);
        }
        assert_eq!(tenant.deactivate_integration(3), Ok(Vec::new()));
        assert_eq!(add(&mut tenant, &fifth), Ok(1));
        assert_eq!(numbers(&tenant), [1, 2, 4, 5]);
        assert_eq!(
            tenant.deactivate_integration(3),
            Err(Rejection::UnknownIntegration)
        );
    }

    #[test]
    fn another_mode_and_another_service_have_sets_of_their_own() {
        let mut tenant = full();
        for (number, connector, mode) in [
            (5, Connector::Google, Mode::Live),
            (6, Connector::Oidc, Mode::Test),
        ] {
            assert_eq!(
                add(&mut tenant, &integration(number, connector, mode)),
                Ok(1)
            );
        }
    }

    #[test]
    fn the_newest_that_works_delivers_and_none_of_another_mode_or_channel() {
        let mut tenant = full();
        let found =
            |tenant: &Tenant, mode, channel| tenant.delivers(mode, channel).map(|it| it.number);
        assert_eq!(found(&tenant, Mode::Live, Channel::Sms), Some(4));
        assert_eq!(found(&tenant, Mode::Live, Channel::Email), None);
        assert_eq!(found(&tenant, Mode::Test, Channel::Sms), None);
        for event in tenant.deactivate_integration(4).unwrap() {
            tenant.apply(&event);
        }
        assert_eq!(found(&tenant, Mode::Live, Channel::Sms), Some(3));
        let identity = integration(9, Connector::Oidc, Mode::Live);
        assert_eq!(add(&mut tenant, &identity), Ok(1));
        assert_eq!(found(&tenant, Mode::Live, Channel::Sms), Some(3));
    }
}
