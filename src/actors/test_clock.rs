//! The test clocks: the time of business of each tenant in test mode.
//!
//! The tenant's entity holds by how much it is ahead; what is durable is published, and an entity of the mode is reached only once
//! its tenant was asked. To advance: record it with the tenant → bring the timers forward → fire what became due, one after the
//! other in the order of (due, entity), each until it is durable. Cut short on the way, the rest fires as timers do.

use super::envelope::{Failure, Reply};
use super::router::Router;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::entity::{Command, Query, Remember};
use crate::domain::tenant::{self, Advance};
use crate::domain::time::{Span, Timestamp};

/// A test clock as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestClock {
    /// The time of business.
    pub now: Timestamp,
    /// By how much that is ahead of the clock on the wall.
    pub ahead: Span,
}

impl Router {
    /// The test clock of a tenant.
    pub async fn test_clock(&self, tenant: TenantId) -> Result<TestClock, Failure> {
        self.know_test_clock(tenant).await?;
        let core = self.core();
        Ok(TestClock {
            now: core.business(tenant, Mode::Test),
            ahead: core.publications.test_clock(tenant).unwrap_or_default(),
        })
    }

    /// The time of business of a tenant in a mode.
    pub async fn business_time(&self, tenant: TenantId, mode: Mode) -> Result<Timestamp, Failure> {
        if mode == Mode::Test {
            self.know_test_clock(tenant).await?;
        }
        Ok(self.core().business(tenant, mode))
    }

    /// Moves the test clock of a tenant on, and returns once everything that this makes due has fired and is durable.
    pub async fn advance_test_clock(
        &self,
        tenant: TenantId,
        advance: Advance,
        remember: Option<Remember>,
    ) -> Result<TestClock, Failure> {
        let command = Command::Tenant(tenant::Command::AdvanceTestClock(advance));
        let address = Address::tenant(tenant);
        self.command(address, command, remember, None)
            .await
            .result?;
        let mut due = self.bring_timers_forward(tenant);
        due.sort_by_key(|(due, address)| (*due, address.entity));
        for (_, address) in due {
            match address.kind {
                // Of the kinds that go by a test clock, contacts alone change by themselves. Reservations ask their contacts when
                // their own timers come.
                Kind::Contact => {
                    let fired = self.internal_command(address, Command::FireTimers).await;
                    fired.result?;
                }
                Kind::Tenant
                | Kind::Organisation
                | Kind::Offer
                | Kind::ApiKey
                | Kind::DirectoryEntry
                | Kind::Lease
                | Kind::AuditLog
                | Kind::Media
                | Kind::Apps
                | Kind::Receipt
                | Kind::User
                | Kind::Configuration => {}
            }
        }
        self.test_clock(tenant).await
    }

    /// Before an entity of a tenant's test mode is reached: asks the tenant for its clock, once in the life of the node.
    pub(super) async fn know_test_clock(&self, tenant: TenantId) -> Result<(), Failure> {
        if self.core().publications.test_clock(tenant).is_some() {
            return Ok(());
        }
        // Its actor publishes the clock when it is loaded, whether or not there is such a tenant.
        let reply: Reply =
            Box::pin(self.internal_query(Address::tenant(tenant), Query::Tenant)).await;
        if let Err(Failure::Unavailable(why)) = reply.result {
            return Err(why.into());
        }
        self.bring_timers_forward(tenant);
        Ok(())
    }

    fn bring_timers_forward(&self, tenant: TenantId) -> Vec<(Timestamp, Address)> {
        let core = self.core();
        let ahead = core.publications.test_clock(tenant).unwrap_or_default();
        let wall = core.clock.wall();
        let shards = self.shards().iter();
        shards
            .flat_map(|shard| shard.timers().lock().advance(tenant, ahead, wall))
            .collect()
    }
}
