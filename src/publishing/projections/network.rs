//! What is above which organisation, as far as lists need it: rows of the projection's own, so that it depends on no
//! entity's state while it follows.

use std::collections::HashMap;
use std::sync::Arc;

use super::blocks::{self, Keys};
use crate::domain::address::TenantId;
use crate::persistence::codec;
use crate::persistence::rows::{Rows, Write};
use crate::persistence::store;

/// How far up a network is followed: it has four roles, and the bound only keeps damaged data from looping.
const HEIGHT_MAX: usize = 16;

/// The organisations of all tenants. In memory once they were needed: a small part of what published configurations take.
pub struct Network {
    rows: Arc<dyn Rows>,
    keys: Keys,
    parents: HashMap<(TenantId, u64), Option<u64>>,
    unwritten: Vec<(TenantId, u64)>,
}

impl Network {
    pub(super) fn new(rows: Arc<dyn Rows>, keys: Keys) -> Network {
        Network {
            rows,
            keys,
            parents: HashMap::new(),
            unwritten: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.parents.clear();
        self.unwritten.clear();
    }

    /// Notes an organisation and what is above it.
    pub fn note(&mut self, tenant: TenantId, organisation: u64, parent: Option<u64>) {
        self.parents.insert((tenant, organisation), parent);
        self.unwritten.push((tenant, organisation));
    }

    /// The organisation and all above it, from below.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn with_ancestors(
        &mut self,
        tenant: TenantId,
        organisation: u64,
    ) -> Result<Vec<u64>, store::Error> {
        let mut found = Vec::with_capacity(4);
        let mut at = Some(organisation);
        while let Some(number) = at
            && found.len() < HEIGHT_MAX
        {
            found.push(number);
            at = self.parent(tenant, number)?;
        }
        Ok(found)
    }

    fn parent(&mut self, tenant: TenantId, organisation: u64) -> Result<Option<u64>, store::Error> {
        if let Some(parent) = self.parents.get(&(tenant, organisation)) {
            return Ok(*parent);
        }
        let parent = match self.rows.get(&self.keys.parent(tenant.0, organisation))? {
            Some(row) => codec::decode_parent(&row.payload)?,
            None => None,
        };
        self.parents.insert((tenant, organisation), parent);
        Ok(parent)
    }

    pub(super) fn writes(&self) -> impl Iterator<Item = Write> {
        self.unwritten.iter().map(|(tenant, organisation)| {
            let parent = self.parents.get(&(*tenant, *organisation));
            let parent = parent.copied().flatten();
            let key = self.keys.parent(tenant.0, *organisation);
            blocks::put(key, codec::encode_parent(parent))
        })
    }

    pub(super) fn written(&mut self) {
        self.unwritten.clear();
    }
}
