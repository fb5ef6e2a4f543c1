//! Where a test holds followers still. Production never does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Holds followers still while a [`Braked`] lives. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Brake(Arc<AtomicUsize>);

/// Followers go on when it is dropped.
#[derive(Debug)]
pub struct Braked(Brake);

impl Brake {
    /// Holds followers still from now on.
    #[must_use = "followers go on when the guard is dropped"]
    pub fn hold(&self) -> Braked {
        self.0.fetch_add(1, Ordering::SeqCst);
        Braked(self.clone())
    }

    pub(super) fn is_held(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Braked {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
