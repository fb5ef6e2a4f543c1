//! Going through the rows of every entity: for checks, and for what is built anew from them.

use super::{Error, Store, codec, keys};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{Contact, KeptPurchase};
use crate::domain::entity::{Entity, State};
use crate::persistence::rows::{Row, Rows};

/// How many rows are read at a time.
const ROWS_A_PAGE: usize = 1_000;

/// Takes a row and its key.
type EachRow<'a, E> = dyn FnMut(&[u8], &Row) -> Result<(), E> + 'a;

impl Store {
    /// Every entity as its head row stands, until `each` fails. Complete right after a checkpoint.
    ///
    /// # Errors
    /// A row cannot be read, or what `each` says.
    pub fn entities<E: From<Error>>(
        &self,
        each: &mut dyn FnMut(Address, Entity) -> Result<(), E>,
    ) -> Result<(), E> {
        self.walk(
            &keys::all_heads_prefix(),
            &mut |key, row| match keys::address_of_head(key) {
                Some(address) => each(
                    address,
                    codec::decode_entity(&row.payload).map_err(Error::from)?,
                ),
                None => Ok(()),
            },
        )
    }

    /// Every contact as its head row stands, until `each` fails. What lies behind the contacts of a world, most of all their
    /// directory entries, is not read.
    ///
    /// # Errors
    /// A row cannot be read, or what `each` says.
    pub fn contacts<E: From<Error>>(
        &self,
        each: &mut dyn FnMut(Address, Contact) -> Result<(), E>,
    ) -> Result<(), E> {
        let prefix = keys::all_heads_prefix();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self
                .rows
                .scan(&prefix, after.as_deref(), ROWS_A_PAGE)
                .map_err(Error::from)?;
            let mut next = page.last().map(|(key, _)| key.clone());
            for (key, row) in &page {
                let Some(address) = keys::address_of_head(key) else {
                    continue;
                };
                if address.kind.number() > Kind::Contact.number() {
                    next = Some(keys::after_world(key));
                    break;
                }
                let entity = codec::decode_entity(&row.payload).map_err(Error::from)?;
                if let State::Contact(contact) = entity.state {
                    each(address, *contact)?;
                }
            }
            if next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }

    /// Every row of purchases that left a contact's head, until `each` fails. With those in the heads, they are all that
    /// there are.
    ///
    /// # Errors
    /// A row cannot be read, or what `each` says.
    pub fn older_purchases<E: From<Error>>(
        &self,
        each: &mut dyn FnMut(Address, Vec<KeptPurchase>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.walk(
            &keys::pieces_prefix(),
            &mut |key, row| match keys::read_purchases(key) {
                Some(address) => each(
                    address,
                    codec::decode_purchases(&row.payload).map_err(Error::from)?,
                ),
                None => Ok(()),
            },
        )
    }

    /// Every row whose key begins with `prefix`, in order, until `each` fails.
    pub(super) fn walk<E: From<Error>>(
        &self,
        prefix: &[u8],
        each: &mut EachRow<'_, E>,
    ) -> Result<(), E> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self
                .rows
                .scan(prefix, after.as_deref(), ROWS_A_PAGE)
                .map_err(Error::from)?;
            for (key, row) in &page {
                each(key, row)?;
            }
            match page.last() {
                Some((key, _)) if page.len() == ROWS_A_PAGE => after = Some(key.clone()),
                Some(_) | None => return Ok(()),
            }
        }
    }
}
