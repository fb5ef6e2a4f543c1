//! Whether anybody is known by a phone number or an e-mail address: told only where a tenant wants it told.

use super::{AccessRefused, Destination};
use crate::actors::router::Router;
use crate::domain::address::{Address, Kind, Mode, TenantId};

impl Router {
    /// Whether a contact signs in by `value`, or has it in its profile.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn is_known(
        &self,
        tenant: TenantId,
        mode: Mode,
        value: &Destination,
    ) -> Result<bool, AccessRefused> {
        let secrets = self.secrets();
        let values = [
            value.identity(secrets, tenant, mode),
            value.detail(secrets, tenant, mode),
        ];
        for value in values {
            let near = Address {
                tenant,
                mode,
                kind: Kind::DirectoryEntry,
                entity: value.entry(),
            };
            if self.identity_holder(near, value).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
