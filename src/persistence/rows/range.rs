//! Which keys a query covers. Both stores ask here, so that both answer the same at the edges.

use std::borrow::Cow;
use std::ops::Bound;

/// The first key of a range, and where it ends.
pub(super) type Span<'a> = (&'a [u8], Bound<Cow<'a, [u8]>>);

/// From the first key of `prefix`, or strictly above `after` if that lies further on.
pub(super) fn above<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        Some(_) | None => Bound::Included(prefix),
    }
}

/// The keys at or below `key` that begin with `prefix`: the first, and the upper bound. `None` if there can be none.
pub(super) fn at_most<'a>(prefix: &'a [u8], key: &'a [u8]) -> Option<Span<'a>> {
    if key < prefix {
        return None;
    }
    if key.starts_with(prefix) {
        return Some((prefix, Bound::Included(key.into())));
    }
    // `key` lies past all that begins with the prefix, so the prefix alone bounds the search.
    Some((
        prefix,
        match successor(prefix) {
            Some(successor) => Bound::Excluded(successor.into()),
            None => Bound::Unbounded,
        },
    ))
}

/// The least key above all that begin with `prefix`; `None` if there is none, as for 0xff 0xff.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut successor = prefix.get(..=kept)?.to_vec();
    if let Some(last) = successor.last_mut() {
        *last = last.saturating_add(1);
    }
    Some(successor)
}
