//! Golden files: what this build writes, byte by byte. They change only together with the version.

use std::sync::Arc;

use super::{access, budgets, fixtures, wallet};
use crate::domain::address::Kind;
use crate::domain::contact::{
    Cause, Composition, KeptPurchase, Line, Private, Purchase, ReturnOf, TopUp,
};
use crate::domain::entity::{Effect, Event};
use crate::domain::money::Minor;
use crate::domain::remembered::Remembered;
use crate::domain::time::{Dues, Span, Timestamp};
use crate::limits;
use crate::persistence::codec;
use crate::persistence::journal::Position;
use crate::persistence::listing::{Cursor, Entry, Times};

/// Lines of 32 bytes in hex: a difference is seen where it is.
fn hex(bytes: &[u8]) -> String {
    bytes
        .chunks(32)
        .map(|line| data_encoding::HEXLOWER.encode(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The kind of the entity to which `event` happened.
pub(super) fn kind(event: &Event) -> Kind {
    match event {
        Event::Tenant(_) => Kind::Tenant,
        Event::Organisation(_) => Kind::Organisation,
        Event::Offer(_) => Kind::Offer,
        Event::Contact(_) => Kind::Contact,
        Event::ApiKey(_) => Kind::ApiKey,
        Event::DirectoryEntry(_) => Kind::DirectoryEntry,
        Event::Lease(_) => Kind::Lease,
        Event::Configuration(_) => Kind::Configuration,
        Event::AuditLog(_) => Kind::AuditLog,
        Event::User(_) => Kind::User,
        Event::Media(_) => Kind::Media,
        Event::Apps(_) => Kind::Apps,
        Event::Receipt(_) => Kind::Receipt,
    }
}

#[test]
fn the_bytes_of_every_event_are_pinned() {
    for (name, event) in fixtures::events() {
        let address = fixtures::address(kind(&event));
        let effect = fixtures::effect(event);
        let bytes = codec::encode_effect(&address, &effect);
        insta::assert_snapshot!(format!("event_{name}"), hex(&bytes));
        let (read_address, read) = codec::decode_effect(&bytes).unwrap();
        assert_eq!(read_address, address, "{name}");
        assert_eq!(format!("{read:?}"), format!("{effect:?}"), "{name}");
    }
}

#[test]
fn the_bytes_of_what_an_effect_does_to_leases_are_pinned() {
    let (_, event) = fixtures::events().swap_remove(0);
    let effect = Effect {
        leases: budgets::movements(),
        ..fixtures::effect(event)
    };
    let address = fixtures::address(Kind::Contact);
    let bytes = codec::encode_effect(&address, &effect);
    insta::assert_snapshot!("effect_on_leases", hex(&bytes));
    let (_, read) = codec::decode_effect(&bytes).unwrap();
    assert_eq!(read.leases, effect.leases);
}

#[test]
fn the_bytes_of_every_state_are_pinned() {
    for (name, state) in fixtures::states() {
        let entity = fixtures::entity(state, Remembered::default());
        let bytes = codec::encode_entity(&entity);
        insta::assert_snapshot!(format!("state_{name}"), hex(&bytes));
        assert_eq!(codec::decode_entity(&bytes).unwrap(), entity, "{name}");
    }
}

#[test]
fn the_bytes_of_what_is_remembered_are_pinned() {
    let (_, state) = fixtures::states().swap_remove(0);
    let entity = fixtures::entity(state, fixtures::remembered());
    assert_eq!(entity.remembered.filter.len(), 1);
    let bytes = codec::encode_entity(&entity);
    insta::assert_snapshot!("remembered_with_filter", hex(&bytes));
    assert_eq!(codec::decode_entity(&bytes).unwrap(), entity);
}

#[test]
fn the_bytes_of_the_rows_beside_a_head_are_pinned() {
    let purchases = vec![wallet::kept(None), wallet::kept(Some(fixtures::NOW))];
    let bytes = codec::encode_purchases(&purchases);
    insta::assert_snapshot!("purchases", hex(&bytes));
    assert_eq!(codec::decode_purchases(&bytes).unwrap(), purchases);

    let lines = wallet::lines();
    let bytes = codec::encode_lines(&lines);
    insta::assert_snapshot!("lines", hex(&bytes));
    assert_eq!(codec::decode_lines(&bytes).unwrap(), lines);

    let answers = vec![fixtures::answered(1), fixtures::answered(300)];
    let bytes = codec::encode_answers(&answers);
    insta::assert_snapshot!("answers", hex(&bytes));
    assert_eq!(codec::decode_answers(&bytes).unwrap(), answers);

    let answered = fixtures::answered(300);
    let bytes = codec::encode_answered(&answered);
    insta::assert_snapshot!("answered", hex(&bytes));
    assert_eq!(codec::decode_answered(&bytes).unwrap(), answered);

    let profile = fixtures::profile();
    let bytes = codec::encode_profile(&profile);
    insta::assert_snapshot!("profile", hex(&bytes));
    assert_eq!(codec::decode_profile(&bytes).unwrap(), profile);
}

#[test]
fn the_bytes_of_sealed_texts_are_pinned_and_texts_in_clear_are_read_as_before() {
    let sealed: Arc<[u8]> = Arc::from([4, 0, 0, 0, 0xaa, 0xbb]);
    let purchase = |texts| KeptPurchase {
        purchase: Arc::new(Purchase {
            texts,
            ..fixtures::purchase()
        }),
        cancelled_at: None,
    };
    let in_clear = fixtures::purchase().texts;
    assert!(
        in_clear.to_seal().is_some(),
        "the golden files of events hold texts in clear"
    );
    let purchases = vec![
        purchase(Private::Sealed(Arc::clone(&sealed))),
        purchase(in_clear),
        purchase(Private::default()),
    ];
    let bytes = codec::encode_purchases(&purchases);
    insta::assert_snapshot!("purchases_with_sealed_texts", hex(&bytes));
    assert_eq!(codec::decode_purchases(&bytes).unwrap(), purchases);

    let line = |number, cause| Line {
        number,
        at: fixtures::NOW,
        cause,
        amount: Minor(5),
        balance: Minor(600),
        of: Composition::default(),
    };
    let returned = ReturnOf {
        reference_number: Private::Sealed(Arc::clone(&sealed)),
        ..ReturnOf::default()
    };
    let top_up = TopUp {
        texts: Private::Sealed(Arc::clone(&sealed)),
        paid_on: Some(fixtures::NOW),
    };
    let lines = vec![
        line(1, Cause::TopUp(Arc::new(top_up))),
        line(2, Cause::Credit(Private::Sealed(sealed))),
        line(3, Cause::ReturnOwed(Arc::new(returned))),
    ];
    let bytes = codec::encode_lines(&lines);
    insta::assert_snapshot!("lines_with_sealed_texts", hex(&bytes));
    assert_eq!(codec::decode_lines(&bytes).unwrap(), lines);
}

#[test]
fn the_bytes_of_what_projections_keep_are_pinned() {
    let entry = |part| Entry {
        at: fixtures::NOW.after(Span::seconds(part)),
        owner: 0x1122_3344_5566_7788,
        part,
        organisation: 4,
        class: 0x99aa_bbcc_ddee_ff00,
    };
    let entries = vec![entry(1), entry(70_000)];
    let bytes = codec::encode_entries(&entries);
    insta::assert_snapshot!("list_entries", hex(&bytes));
    assert_eq!(codec::decode_entries(&bytes).unwrap(), entries);

    let times = Times::of(&entries).unwrap();
    let bytes = codec::encode_times(&times);
    insta::assert_snapshot!("list_times", hex(&bytes));
    assert_eq!(codec::decode_times(&bytes).unwrap(), times);

    let bytes = codec::encode_parent(Some(300));
    insta::assert_snapshot!("list_parent", hex(&bytes));
    assert_eq!(codec::decode_parent(&bytes).unwrap(), Some(300));
    let dues = Dues {
        business: Some(fixtures::NOW),
        wall: Some(fixtures::NOW.after(Span::seconds(1))),
    };
    let bytes = codec::encode_dues(&dues);
    insta::assert_snapshot!("timer", hex(&bytes));
    assert_eq!(codec::decode_dues(&bytes).unwrap(), dues);
    let at = Timestamp(1_780_000_000_123);
    let bytes = codec::encode_last_use(at);
    insta::assert_snapshot!("api_key_last_use", hex(&bytes));
    assert_eq!(codec::decode_last_use(&bytes).unwrap(), at);

    let cursor = Cursor {
        version: 1,
        position: Position(0x0001_0000_0000_0007),
    };
    let bytes = codec::encode_cursor(&cursor);
    insta::assert_snapshot!("cursor", hex(&bytes));
    assert_eq!(codec::decode_cursor(&bytes).unwrap(), cursor);
}

#[test]
fn the_bytes_of_what_waits_to_be_delivered_are_pinned() {
    for (name, message) in access::undelivered() {
        let bytes = codec::encode_undelivered(&message);
        insta::assert_snapshot!(format!("undelivered_{name}"), hex(&bytes));
        assert_eq!(codec::decode_undelivered(&bytes).unwrap(), message);
    }
}

#[test]
fn a_full_block_of_the_largest_entries_fits_a_row() {
    let largest = Entry {
        at: Timestamp(i64::MIN),
        owner: u64::MAX,
        part: u32::MAX,
        organisation: u64::MAX,
        class: u64::MAX,
    };
    let full = vec![largest; limits::LIST_BLOCK_ENTRIES];
    let bytes = codec::encode_entries(&full);
    assert!(bytes.len() <= limits::ROW_BYTES_MAX / 2, "{}", bytes.len());
    assert_eq!(codec::decode_entries(&bytes).unwrap(), full);
}
