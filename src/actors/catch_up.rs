//! Catching up: what a start does before anything is served.

use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::node::{Core, Error};
use super::shard::Shard;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::journal::{Body, Journal, Position};

/// Rows and journal must meet: with a gap between them, or a journal that ends before what the rows were made from, a
/// start would serve less than was acknowledged.
fn check_reach(rows: Position, journal: &dyn Journal) -> Result<(), Error> {
    let (begins, ends) = (journal.trimmed_to(), journal.durable());
    if rows < begins {
        return Err(Error::RowsBehind {
            rows: rows.0,
            journal: begins.0,
        });
    }
    if rows > ends {
        return Err(Error::RowsAhead {
            rows: rows.0,
            journal: ends.0,
        });
    }
    Ok(())
}

/// Claims every shard, notes what the journal has beyond the rows, and loads the timers.
pub(super) async fn catch_up(core: &Arc<Core>, shards: &Arc<[Arc<Shard>]>) -> Result<(), Error> {
    check_reach(core.store.mark(), &*core.journal)?;
    let mut checked = 0_usize;
    for shard in shards.iter() {
        // The others are checked by and by, or before they are first used.
        if checked < limits::ROWS_CHECKED_AT_START {
            checked = checked.saturating_add(core.store.check(shard.id())?);
        }
    }
    let claims = shards
        .iter()
        .map(|shard| core.journal.claim(shard.id(), core.options.node));
    let claimed = try_join_all(claims).await?;
    let mut newest = Timestamp::default();
    // Replayed in stretches, so that the table of what waits stays bounded however long the journal is.
    let mut after = core.store.mark();
    loop {
        let mut unreadable = None;
        let mut reached = None;
        core.journal.replay(after, &mut |position, record| {
            after = position;
            let Body::Effect { payload, .. } = &record.body else {
                return ControlFlow::Continue(());
            };
            let shard = shards.get(usize::from(record.shard.0));
            match (codec::decode_effect(payload), shard) {
                (Ok((address, effect)), Some(shard)) => {
                    newest = newest.max(effect.wall);
                    shard.replayed(address, effect, position);
                }
                (Ok(_), None) => {}
                (Err(error), _) => {
                    unreadable = Some(error);
                    return ControlFlow::Break(());
                }
            }
            if core.store.waiting() < limits::DIRTY_EFFECTS_CHECKPOINT {
                return ControlFlow::Continue(());
            }
            reached = Some(position);
            ControlFlow::Break(())
        })?;
        if let Some(error) = unreadable {
            return Err(error.into());
        }
        match reached {
            Some(position) => core.store.checkpoint(position)?,
            None => break,
        };
    }
    let ahead = newest.0.saturating_sub(core.clock.wall().0);
    if ahead > limits::CLOCK_AHEAD_MAX_MS {
        return Err(Error::ClockBehind {
            ahead_s: ahead / 1_000,
        });
    }
    core.store.checkpoint(core.journal.durable())?;
    for (shard, claimed) in shards.iter().zip(claimed) {
        let mut timers = shard.timers().lock();
        core.store
            .timers(shard.id(), &mut |due, address| timers.set(address, due))?;
        shard.own(claimed);
    }
    Ok(())
}
