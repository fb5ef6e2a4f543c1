//! The audit log of a tenant and mode, over its pages.
//!
//! Pages are filled one after the other, so that "is full" holds for the first so many and for none after them: the page to write to is
//! found by looking at a few. A page is begun with the end of the one before, which by then never changes; two who begin it at once begin
//! it alike.

use super::envelope::Failure;
use super::router::{Router, unexpected};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::audit::{Command, Entry, Page, Rejection, Start};
use crate::domain::entity::{self, Answer, Query};

impl Router {
    /// Writes a line; durable when this returns.
    ///
    /// # Errors
    /// There is no answer; the line may have been written.
    pub async fn write_audit(
        &self,
        tenant: TenantId,
        mode: Mode,
        entry: Entry,
    ) -> Result<(), Failure> {
        let mut number = self.page_to_write(tenant, mode).await?;
        loop {
            let append = Command::Append(entry.clone());
            match self.at_page(tenant, mode, number, append).await {
                Err(Rejected(Rejection::PageFull)) => number = number.saturating_add(1),
                Err(Rejected(Rejection::NotBegun)) => {
                    let start = self.end_before(tenant, mode, number).await?;
                    let begin = Command::Begin(start);
                    self.at_page(tenant, mode, number, begin)
                        .await
                        .map_err(Refused::into_failure)?;
                }
                outcome => return outcome.map_err(Refused::into_failure),
            }
        }
    }

    /// The page of this number, counted from 0; empty, if it is not begun.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn audit_page(
        &self,
        tenant: TenantId,
        mode: Mode,
        number: u64,
    ) -> Result<Box<Page>, Failure> {
        let page = page(tenant, mode, number);
        match self.query(page, Query::AuditPage).await.result? {
            Answer::AuditPage(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// How many pages are full: the number of the one that is written to.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn page_to_write(&self, tenant: TenantId, mode: Mode) -> Result<u64, Failure> {
        // Doubling finds one that is not full, halving the first such.
        let (mut full, mut not_full) = (0, 1_u64);
        while self.audit_page(tenant, mode, not_full - 1).await?.is_full() {
            full = not_full;
            not_full = not_full.saturating_mul(2);
        }
        while not_full - full > 1 {
            let middle = full + (not_full - full) / 2;
            match self.audit_page(tenant, mode, middle - 1).await?.is_full() {
                true => full = middle,
                false => not_full = middle,
            }
        }
        Ok(full)
    }

    async fn end_before(
        &self,
        tenant: TenantId,
        mode: Mode,
        number: u64,
    ) -> Result<Start, Failure> {
        let Some(before) = number.checked_sub(1) else {
            return Ok(Start::default());
        };
        let page = self.audit_page(tenant, mode, before).await?;
        Ok(page.end().unwrap_or_default())
    }

    async fn at_page(
        &self,
        tenant: TenantId,
        mode: Mode,
        number: u64,
        command: Command,
    ) -> Result<(), Refused> {
        let command = entity::Command::AuditLog(command);
        let page = page(tenant, mode, number);
        match self.internal_command(page, command).await.result {
            Ok(_) => Ok(()),
            Err(Failure::Rejected(entity::Rejection::AuditLog(why))) => Err(Rejected(why)),
            Err(failure) => Err(Failed(failure)),
        }
    }
}

/// Why a page did not take a command.
enum Refused {
    Rejected(Rejection),
    Failed(Failure),
}
use Refused::{Failed, Rejected};

impl Refused {
    fn into_failure(self) -> Failure {
        match self {
            Rejected(why) => Failure::Rejected(entity::Rejection::AuditLog(why)),
            Failed(failure) => failure,
        }
    }
}

const fn page(tenant: TenantId, mode: Mode, number: u64) -> Address {
    Address {
        tenant,
        mode,
        kind: Kind::AuditLog,
        entity: number,
    }
}
