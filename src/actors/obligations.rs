//! What entities owe each other, once time has made it due.

use super::admission::Permit;
use super::envelope::Failure;
use super::router::Router;
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{self, Stage};
use crate::domain::directory_entry::{self, Obligation};
use crate::domain::entity::{Answer, Command};

impl Router {
    /// Asks the contacts of lapsed reservations what became of them, and tells the entry; and does what else is owed. What fails is done by
    /// the next timer, since it is still owed then.
    pub(super) async fn meet_obligations(
        &self,
        entry: Address,
        owed: Vec<Obligation>,
        permit: Permit,
    ) {
        for obligation in owed {
            let (value, holder) = match obligation {
                Obligation::Ask { value, holder } => (value, holder),
                Obligation::TellReleases => {
                    self.tell_releases_of(entry).await;
                    continue;
                }
                Obligation::Shred => {
                    self.shred_registration(entry).await;
                    continue;
                }
                Obligation::AskOfPiece {
                    contact,
                    of,
                    asked_at,
                } => {
                    self.ask_of_piece(entry, contact, of, asked_at).await;
                    continue;
                }
                Obligation::SettleClaim => {
                    self.settle_claim(entry).await;
                    continue;
                }
            };
            let contact = Address {
                kind: Kind::Contact,
                entity: holder.contact,
                ..entry
            };
            let command =
                Command::Contact(contact::Command::SettleReservation(value, holder.attempt));
            let keeps = match self.internal_command(contact, command).await.result {
                Ok(Answer::Contact(view)) => {
                    view.stage == Stage::Active
                        && view.attempt >= holder.attempt
                        && (view.claims.contains(&value) || view.identities.contains(&value))
                }
                Ok(_) | Err(Failure::Rejected(_)) => false,
                Err(Failure::Unavailable(_)) => continue,
            };
            let settled = if keeps {
                directory_entry::Command::Confirm(value, holder)
            } else {
                directory_entry::Command::Release(value, holder)
            };
            let reply = self
                .internal_command(entry, Command::DirectoryEntry(settled))
                .await;
            if let Err(failure) = reply.result {
                tracing::debug!(?failure, "a reservation is settled at the next try");
            }
        }
        drop(permit);
    }
}
