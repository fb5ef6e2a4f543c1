//! Sessions as the engine keeps them: refreshed, replayed, ended. How they look from outside is told by `sessions`.

use clientele::actors::router::access::{AccessRefused, ContactSession};
use clientele::domain::access::{REFRESH_GRACE, Refresh, Which};
use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::tenant::Advance;
use clientele::domain::time::Span;
use clientele::secrets::UniqueValue;
use clientele::seeding::TENANT;

use crate::access::*;
use crate::node::TestNode;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_rotates_and_a_replay_ends_the_session() {
    let mut node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    let (contact, first) = (signed_in.contact, signed_in.session);
    let second = node.refresh(contact, &first).await.unwrap();
    assert_ne!(second, first);
    node.restart().await;
    // The answer was lost: the same successor.
    assert_eq!(node.refresh(contact, &first).await, Ok(second));
    assert_eq!(node.session(&signed_in).await, Some(second));
    node.clock.advance(REFRESH_GRACE);
    let replayed = node.refresh(contact, &first).await;
    assert_eq!(replayed, Err(AccessRefused::InvalidGrant));
    assert_eq!(node.session(&signed_in).await, None);
    let family = node.refresh(contact, &second).await;
    assert_eq!(family, Err(AccessRefused::InvalidGrant));
    node.restart().await;
    assert_eq!(node.session(&signed_in).await, None);
    let router = node.api().router.clone();
    let nobody = ContactSession {
        contact: of(99),
        refresh: Refresh {
            session: 1,
            generation: 0,
            nonce: [0; 16],
        },
    };
    assert_eq!(
        router.refresh(nobody).await,
        Err(AccessRefused::InvalidGrant)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_holds_at_once_in_memory_or_not() {
    let mut node = TestNode::start().await;
    let first = node.registered(71).await;
    let mut more = Vec::new();
    for _ in 0..2 {
        node.clock.advance(SEND_PAUSE);
        let asked = node.ask_for_code(PHONE).await.unwrap();
        let (_, code) = node.code_of(&asked).await;
        more.push(node.sign_in(&asked, &code).await.unwrap());
    }
    node.end(first.contact, Which::This(first.session.number))
        .await;
    assert_eq!(node.session(&first).await, None);
    assert_eq!(node.session(&more[0]).await, Some(more[0].session));
    // Not in memory after a restart.
    node.restart().await;
    assert_eq!(node.session(&first).await, None);
    assert_eq!(node.session(&more[0]).await, Some(more[0].session));
    node.end(first.contact, Which::All).await;
    for ended in &more {
        assert_eq!(node.session(ended).await, None);
        let refreshed = node.refresh(ended.contact, &ended.session).await;
        assert_eq!(refreshed, Err(AccessRefused::InvalidGrant));
    }
    node.end(of(99), Which::All).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_signs_out_and_frees_the_phone() {
    let node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    let router = node.api().router.clone();
    router.erase_contact(signed_in.contact, None).await.unwrap();
    assert_eq!(node.session(&signed_in).await, None);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_clock_moves_no_code_and_no_session() {
    let node = TestNode::start().await;
    let signed_in = node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.ask_for_code(PHONE).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let pending = {
        node.clock.advance(SEND_PAUSE);
        node.register(72).await.unwrap()
    };
    let (_, pending_code) = node.code_of(&pending).await;
    let router = node.api().router.clone();
    let year = Advance::By(Span::days(365));
    router.advance_test_clock(TENANT, year, None).await.unwrap();
    assert_eq!(node.session(&signed_in).await, Some(signed_in.session));
    assert!(node.sign_in(&asked, &code).await.is_ok());
    assert!(
        node.sign_in(&pending, &pending_code)
            .await
            .unwrap()
            .existing
    );
    assert!(
        node.refresh(signed_in.contact, &signed_in.session)
            .await
            .is_ok()
    );
    let too_soon = node.ask_for_code(PHONE).await;
    assert!(matches!(too_soon, Err(AccessRefused::TooMany { .. })));
}
