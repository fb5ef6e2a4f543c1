//! Admission: mailboxes have no bound, so what is under way is counted before a message is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts what is under way, up to a limit.
#[derive(Debug)]
pub struct Gate {
    under_way: AtomicU32,
    limit: u32,
}

impl Gate {
    /// A gate that lets `limit` through at a time.
    pub fn new(limit: u32) -> Arc<Gate> {
        Arc::new(Gate {
            under_way: AtomicU32::new(0),
            limit,
        })
    }

    /// How many are under way.
    pub fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Lets one through, or says that the gate is full.
    fn enter(&self) -> bool {
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        if before < self.limit {
            return true;
        }
        self.under_way.fetch_sub(1, Ordering::AcqRel);
        false
    }

    fn leave(&self) {
        self.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Leave to be under way, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    gates: [Option<Arc<Gate>>; 2],
}

impl Permit {
    /// Leave of `shard`.
    pub fn of(shard: &Arc<Gate>) -> Option<Permit> {
        shard.enter().then(|| Permit {
            gates: [Some(Arc::clone(shard)), None],
        })
    }

    /// The same, with leave of `entity` as well; the permit comes back where the entity is full.
    pub fn and(mut self, entity: &Arc<Gate>) -> Result<Permit, Permit> {
        let [_, second] = &mut self.gates;
        if second.is_some() {
            return Ok(self);
        }
        if entity.enter() {
            *second = Some(Arc::clone(entity));
            Ok(self)
        } else {
            Err(self)
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        for gate in self.gates.iter().flatten() {
            gate.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gate_refuses_until_a_permit_is_dropped() {
        let (shard, entity) = (Gate::new(2), Gate::new(1));
        let first = Permit::of(&shard).unwrap().and(&entity).unwrap();
        let second = Permit::of(&shard).unwrap();
        assert!(Permit::of(&shard).is_none());
        let second = second.and(&entity).unwrap_err();
        drop(first);
        assert_eq!((shard.under_way(), entity.under_way()), (1, 0));
        assert!(second.and(&entity).is_ok());
        assert_eq!((shard.under_way(), entity.under_way()), (0, 0));
    }
}
