//! Changes of users' roles in a network, one after the other.
//!
//! Whoever takes a role from another keeps their own: that is why somebody always stays who can let others in. It holds only if nobody takes it from them
//! meanwhile, and theirs lies with another entity than what they take. So who changes roles in a network first takes the turn, which a directory
//! entry gives to one at a time; looks at their own roles then; and has the change made before the turn lapses, or not at all.

use super::envelope::{Failure, Unavailable};
use super::router::Router;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Command, Rejection};
use crate::domain::time::{Span, Timestamp};
use crate::limits::{CLAIM_TRIES_MAX, CLAIM_TRY_PAUSE, ROLE_CHANGE_LASTS_S};
use crate::secrets::UniqueValue;

/// The turn to change roles in a network.
#[derive(Debug)]
pub struct RoleChange {
    entry: Address,
    value: ValueHash,
    holder: Holder,
    /// When it lapses, on the wall: what is not decided by then is not done.
    pub until: Timestamp,
}

impl Router {
    /// Takes the turn to change roles in `tenant`'s network.
    ///
    /// # Errors
    /// Others had it all the time; no answer. Nothing has happened.
    pub async fn begin_role_change(&self, tenant: TenantId) -> Result<RoleChange, Failure> {
        // Users and roles belong to no mode.
        let mode = Mode::Shared;
        let kind = UniqueValue::RoleChange;
        let value = self.secrets().value_hash(tenant, mode, kind, "");
        let nonce = self.user_nonce()?;
        let [number, _] = nonce.as_chunks::<8>().0 else {
            return Err(Unavailable::Unreadable.into());
        };
        let entry = Address {
            tenant,
            mode,
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
        };
        // Each change is another one, also of the same user.
        let holder = Holder {
            contact: u64::from_be_bytes(*number),
            attempt: 0,
        };
        for _ in 0..CLAIM_TRIES_MAX {
            let until = self.wall().after(Span::seconds(ROLE_CHANGE_LASTS_S));
            let hold = directory_entry::Command::HoldUntil(value, holder, until);
            let hold = Command::DirectoryEntry(hold);
            match self.internal_command(entry, hold).await.result {
                Ok(_) => {
                    return Ok(RoleChange {
                        entry,
                        value,
                        holder,
                        until,
                    });
                }
                Err(Failure::Rejected(Rejection::DirectoryEntry(
                    directory_entry::Rejection::ValueTaken,
                ))) => {}
                Err(failure) => return Err(failure),
            }
            // waits for: another change of roles, of whose end nothing tells here.
            tokio::time::sleep(CLAIM_TRY_PAUSE).await;
        }
        Err(Unavailable::Overloaded.into())
    }

    /// Lets others have the turn. Not to be called for a change whose outcome is unknown: it may still be made until the turn lapses.
    pub async fn end_role_change(&self, change: RoleChange) {
        let release = directory_entry::Command::Release(change.value, change.holder);
        let release = Command::DirectoryEntry(release);
        if let Err(failure) = self.internal_command(change.entry, release).await.result {
            tracing::debug!(?failure, "others change roles once this turn has lapsed");
        }
    }
}
