//! The purchases of an organisation and all below it, and of a whole tenant, in each mode.

use std::sync::Arc;

use super::{Line, ListKey, Network, Projection, Projector};
use crate::domain::address::{Address, Kind};
use crate::domain::contact;
use crate::domain::entity::Event;
use crate::domain::organisation;
use crate::persistence::follower::Error;
use crate::persistence::listing::Entry;

/// The projection.
pub struct Purchases;

/// What a list of purchases is read from.
pub type PurchaseLists = Arc<Projector<Purchases>>;

/// What stands for a classification's name in an entry. Two names of one tenant meet in 64 bits once in a wonder.
pub fn class_of(classification: &str) -> u64 {
    let digest = blake3::hash(classification.as_bytes());
    digest
        .as_bytes()
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl Projection for Purchases {
    const NAME: &'static str = "purchases";
    const VERSION: u16 = 1;

    fn project(
        address: &Address,
        events: &[Event],
        network: &mut Network,
        lines: &mut Vec<Line>,
    ) -> Result<(), Error> {
        for event in events {
            match event {
                Event::Organisation(organisation::Event::Created(organisation)) => {
                    network.note(address.tenant, address.entity, organisation.parent);
                }
                Event::Contact(contact::Event::PurchaseRecorded(purchase))
                    if address.kind == Kind::Contact =>
                {
                    let entry = Entry {
                        at: purchase.performed_on.unwrap_or(purchase.recorded_at),
                        owner: address.entity,
                        part: purchase.number,
                        organisation: purchase.organisation,
                        class: class_of(&purchase.classification),
                    };
                    let ancestors =
                        network.with_ancestors(address.tenant, purchase.organisation)?;
                    let lists = ancestors.into_iter().map(Some).chain([None]);
                    lines.extend(lists.map(|organisation| Line {
                        list: ListKey {
                            tenant: address.tenant,
                            mode: address.mode,
                            organisation,
                        },
                        entry,
                    }));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
