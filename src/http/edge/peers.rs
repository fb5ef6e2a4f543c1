//! Who holds how many connections.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::EdgeOptions;
use crate::network::subscriber;

/// The open connections, in all and by peer.
#[derive(Default)]
pub(super) struct Peers(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    total: usize,
    /// Peers without a connection have no entry, so the map is as bounded as the total is.
    by_peer: HashMap<IpAddr, usize>,
}

/// The right to one connection; given back when dropped.
pub(super) struct Seat {
    peers: Arc<Peers>,
    peer: IpAddr,
}

impl Peers {
    /// A seat for a connection from `address`, or `None` when all, or all of this peer's, are taken.
    pub(super) fn seat(self: &Arc<Self>, address: IpAddr, options: &EdgeOptions) -> Option<Seat> {
        let peer = subscriber(address);
        let mut counts = self.0.lock();
        if counts.total >= options.connections_max {
            return None;
        }
        let of_peer = counts.by_peer.entry(peer).or_default();
        if *of_peer >= options.connections_per_peer_max {
            return None;
        }
        *of_peer = of_peer.saturating_add(1);
        counts.total = counts.total.saturating_add(1);
        Some(Seat {
            peers: Arc::clone(self),
            peer,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock();
        counts.total = counts.total.saturating_sub(1);
        if let Entry::Occupied(mut of_peer) = counts.by_peer.entry(self.peer) {
            *of_peer.get_mut() = of_peer.get().saturating_sub(1);
            if *of_peer.get() == 0 {
                of_peer.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{EdgeOptions, Peers};

    #[test]
    fn seats_are_counted_by_network_and_given_back() {
        let options = EdgeOptions {
            connections_max: 4,
            connections_per_peer_max: 2,
            ..EdgeOptions::default()
        };
        let peers = Arc::new(Peers::default());
        let seat = |address: &str| peers.seat(address.parse().unwrap(), &options);
        let first = seat("2001:db8::1");
        let second = seat("2001:db8::2");
        assert!(first.is_some() && second.is_some());
        assert!(seat("2001:db8::3").is_none(), "the same /64");
        let other = seat("2001:db8:0:1::1");
        let v4 = seat("::ffff:10.0.0.1");
        assert!(other.is_some() && v4.is_some());
        assert!(seat("10.0.0.2").is_none(), "all are taken");
        drop(other);
        assert!(seat("10.0.0.1").is_some(), "the second of 10.0.0.1");
        drop((first, second, v4));
        assert_eq!(peers.0.lock().total, 0);
        assert!(peers.0.lock().by_peer.is_empty());
    }
}
