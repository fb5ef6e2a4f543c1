//! The image of a contact: kept and shown as it came, replaced, removed, and gone with the contact.

use std::collections::BTreeSet;
use std::future::pending;

use clientele::domain::entity::{Answer as Told, Command, Query};
use clientele::domain::media::{self, IN_DOUBT_FOR, Piece};
use clientele::limits::IMAGE_BYTES_MAX;
use data_encoding::BASE64;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::{Answer, Ask};
use crate::contact_changes::{looks, refused};
use crate::node::{PATIENCE, TestNode, eventually};
use crate::own_data::{OTHER, PHONE};
use crate::privacy::files_with;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// An image that begins like `kind`, of so many bytes, each piece of it another.
pub(crate) fn image(kind: &[u8], bytes: usize) -> Vec<u8> {
    let rest =
        (0_u32..).flat_map(|number| blake3::hash(&number.to_be_bytes()).as_bytes().to_owned());
    kind.iter().copied().chain(rest).take(bytes).collect()
}

/// How a PNG of this size begins.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [PNG, b"\0\0\0\x0dIHDR", &size, b"\x08\x02\0\0\0"].concat()
}

/// A form with one part.
fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--cut\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"me.svg\"\r\ncontent-type: image/svg+xml\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--cut--\r\n"].concat()
}

impl Person {
    /// Sets its image.
    pub(crate) fn shows_itself(&self, node: &TestNode, bytes: &[u8]) -> Ask {
        let path = self.path("/image");
        let mut ask = node.own(Method::PUT, &path, &self.access);
        ask.body = form("image", bytes).into();
        ask.with("content-type", "multipart/form-data; boundary=cut")
    }

    async fn avatar(&self, node: &TestNode) -> Value {
        self.sees(node, self.path("")).await["avatar_url"].clone()
    }
}

/// The path of an address.
fn path_of(url: &Value) -> &str {
    let (_, rest) = url.as_str().unwrap().split_once("://").unwrap();
    &rest[rest.find('/').unwrap()..]
}

async fn shown(node: &TestNode, url: &Value) -> Answer {
    let ask = node.ask(Method::GET, path_of(url));
    ask.without("api_key").send().await
}

/// The pieces in all places where any was ever to be kept.
async fn kept(node: &TestNode) -> Vec<Piece> {
    let mut kept = Vec::new();
    let places: BTreeSet<_> = node.probe.places_of_pieces().into_iter().collect();
    for place in places {
        let reply = node.api().router.query(place, Query::Media).await;
        match reply.result.unwrap() {
            Told::Media(piece) => kept.extend(piece.map(|piece| *piece)),
            other => panic!("{other:?}"),
        }
    }
    kept
}

async fn pieces(node: &TestNode) -> usize {
    kept(node).await.len()
}

/// How many of them are not in doubt.
async fn settled(node: &TestNode) -> usize {
    let kept = kept(node).await.into_iter();
    kept.filter(|piece| piece.asks_at.is_none()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_shown_as_it_came_until_it_is_replaced_removed_or_erased() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    assert_eq!(person.avatar(&node).await, Value::Null);
    // What it is, its bytes say, and not the form; the largest has five pieces.
    let first = image(PNG, IMAGE_BYTES_MAX);
    let set = person
        .shows_itself(&node, &first)
        .with("idempotency-key", "i1");
    let answer = set.clone().send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(set.send().await.body, answer.body);
    let url = person.avatar(&node).await;
    for _ in 0..2 {
        let got = shown(&node, &url).await;
        assert_eq!((got.status, got.header("content-type")), (200, "image/png"));
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert!(got.header("content-security-policy").contains("sandbox"));
        assert!(got.body == first);
        assert_eq!(path_of(&person.avatar(&node).await), path_of(&url));
        node.restart().await;
    }
    let signed_in = person.refreshed(&node).send().await;
    let again = &signed_in.json()["contact"]["avatar_url"];
    assert_eq!(path_of(again), path_of(&url));
    let person = Person::of(&signed_in);

    let second = image(b"\xff\xd8\xff", 1_000);
    assert_eq!(person.shows_itself(&node, &second).send().await.status, 200);
    let next = person.avatar(&node).await;
    assert_ne!(next, url);
    let got = shown(&node, &next).await;
    assert_eq!(
        (got.header("content-type"), got.body.to_vec()),
        ("image/jpeg", second)
    );
    let nobody = looks(&shown(&node, &json!("http://here/self-service/v2/images/none")).await);
    assert_eq!(nobody.0, 404);
    assert_eq!(looks(&shown(&node, &url).await), nobody);

    let remove = node.own(Method::DELETE, &person.path("/image"), &person.access);
    for _ in 0..2 {
        let gone = remove.clone().send().await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        assert_eq!(person.avatar(&node).await, Value::Null);
        assert_eq!(looks(&shown(&node, &next).await), nobody);
    }
    let mut last = image(b"RIFF\0\0\0\0WEBPVP8 ", 60_000);
    last.extend_from_slice(b"unmistakable pixels");
    assert_eq!(person.shows_itself(&node, &last).send().await.status, 200);
    let url = person.avatar(&node).await;
    assert_eq!(
        shown(&node, &url).await.header("content-type"),
        "image/webp"
    );
    // What lies on disk of it is sealed.
    let in_clear = files_with(node.data(), "unmistakable pixels");
    assert_eq!(in_clear, Vec::<String>::new());
    let erased = node.own(Method::DELETE, &person.path(""), &person.access);
    assert_eq!(erased.send().await.status, 200);
    for _ in 0..2 {
        assert_eq!(looks(&shown(&node, &url).await), nobody);
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_as_large_as_it_says_itself() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03";
    let webp = b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
    for (bytes, expected) in [
        (png(640, 480), json!([640, 480])),
        (jpeg.to_vec(), json!([640, 480])),
        (webp.to_vec(), json!([640, 480])),
        // Nothing is as wide as that, as high as nothing, or cut off before it says anything.
        (png(65_536, 480), json!([null, null])),
        (png(640, 0), json!([null, null])),
        (PNG.to_vec(), json!([null, null])),
        (b"\xff\xd8\xff\xe0".to_vec(), json!([null, null])),
    ] {
        assert_eq!(person.shows_itself(&node, &bytes).send().await.status, 200);
        for _ in 0..2 {
            let own = person.sees(&node, person.path("")).await;
            let creative = &own["creatives"][0];
            for sized in [creative, &creative["media"][0]] {
                assert_eq!(json!([sized["width"], sized["height"]]), expected);
                assert_eq!(path_of(&sized["url"]), path_of(&own["avatar_url"]));
            }
            node.restart().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_image_of_the_contact_is_refused() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = node.signed_up(OTHER).await;
    let good = image(PNG, 100);
    let too_large = image(PNG, IMAGE_BYTES_MAX + 1);
    let invalid = refused(422, "invalid_request");
    for bytes in [&b"<svg onload=alert(1)>"[..], b"GIF89a", b"", &too_large] {
        let answer = person.shows_itself(&node, bytes).send().await;
        assert_eq!(answer.problem(), invalid, "{}", bytes.len());
    }
    let send = async |change: &dyn Fn(Ask) -> Ask| {
        change(person.shows_itself(&node, &good))
            .send()
            .await
            .problem()
    };
    let body = |bytes: Vec<u8>| {
        move |mut ask: Ask| {
            ask.body = bytes.clone().into();
            ask
        }
    };
    assert_eq!(send(&body(form("picture", &good))).await, invalid);
    let twice = [
        form("image", &good).strip_suffix(b"--\r\n").unwrap(),
        b"\r\n",
        &form("image", &good)[..],
    ]
    .concat();
    assert_eq!(send(&body(twice)).await, invalid);
    let cut = form("image", &good)[..120].to_vec();
    assert_eq!(send(&body(cut)).await, invalid);
    let json = |ask: Ask| ask.with("content-type", "application/json");
    assert_eq!(send(&json).await, refused(415, "unsupported_media_type"));
    assert_eq!(person.avatar(&node).await, Value::Null);

    // The image of one is nobody else's to set, and one name says nothing of another.
    let mut theirs = other.shows_itself(&node, &good);
    theirs = theirs.with("authorization", &format!("Bearer {}", person.access));
    assert_eq!(theirs.send().await.status, 404);
    assert_eq!(person.shows_itself(&node, &good).send().await.status, 200);
    assert_eq!(other.avatar(&node).await, Value::Null);
    let url = person.avatar(&node).await;
    let name = url.as_str().unwrap();
    for at in name.len() - 50..name.len() {
        let mut guess = name.as_bytes().to_vec();
        guess[at] = if guess[at] == b'A' { b'B' } else { b'A' };
        let guess = json!(String::from_utf8(guess).unwrap());
        assert_eq!(shown(&node, &guess).await.status, 404, "{guess}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pieces_of_an_image_go_with_it() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let set = async |node: &TestNode, bytes: usize| {
        let answer = person.shows_itself(node, &image(PNG, bytes)).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        pieces(node).await
    };
    assert_eq!(set(&node, IMAGE_BYTES_MAX).await, 5);
    assert_eq!(set(&node, 1_000).await, 1);
    assert_eq!(set(&node, 100_000).await, 3);
    let remove = node.own(Method::DELETE, &person.path("/image"), &person.access);
    assert_eq!(remove.send().await.status, 204);
    assert_eq!(pieces(&node).await, 0);
    assert_eq!(set(&node, IMAGE_BYTES_MAX).await, 5);
    let erased = node.own(Method::DELETE, &person.path(""), &person.access);
    assert_eq!(erased.send().await.status, 200);
    for _ in 0..2 {
        assert_eq!(pieces(&node).await, 0);
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_shown_whole_or_not_at_all() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let bytes = image(PNG, 100_000);
    assert_eq!(person.shows_itself(&node, &bytes).send().await.status, 200);
    let url = person.avatar(&node).await;
    assert!(shown(&node, &url).await.body == bytes);
    // As if it was replaced while it is read: one of its pieces is gone already.
    let place = node.probe.places_of_pieces()[2];
    let of = kept(&node).await[0].of;
    node.command(place, Command::Media(media::Command::Clear(of)))
        .await;
    assert_eq!(pieces(&node).await, 2);
    assert_eq!(shown(&node, &url).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_that_no_contact_names_are_gone_in_an_hour_and_named_ones_stay() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let first = image(PNG, IMAGE_BYTES_MAX);
    let set = async |node: &TestNode, person: &Person, bytes: &[u8], key: &str| {
        let ask = person.shows_itself(node, bytes);
        ask.with("idempotency-key", key).send().await
    };
    assert_eq!(set(&node, &person, &first, "first").await.status, 200);
    node.clock.advance(IN_DOUBT_FOR);
    eventually("the contact was asked about each", async || {
        settled(&node).await == 5
    })
    .await;
    let person = Person::of(&person.refreshed(&node).send().await);
    // The one before cannot be cleared.
    node.probe.refuse_to_clear(true);
    let named = image(b"\xff\xd8\xff", 1_000);
    assert_eq!(set(&node, &person, &named, "named").await.status, 200);
    node.probe.refuse_to_clear(false);
    assert_eq!(pieces(&node).await, 6);
    // One is refused after its piece was kept.
    let refused_image = image(PNG, 2_000);
    let answer = set(&node, &person, &refused_image, "named").await;
    assert_eq!(answer.problem(), refused(422, "idempotency_key_reused"));
    assert_eq!(pieces(&node).await, 7);
    // One is cut short by the disk between its first and its second piece.
    node.gate.fail_next_sync(5);
    let cut_short = set(&node, &person, &image(PNG, 60_000), "cut short").await;
    assert!(cut_short.status >= 500, "{cut_short:?}");
    let ended = tokio::time::timeout(PATIENCE, node.take_running().until(pending())).await;
    assert!(ended.unwrap().is_err());
    node.start_again().await;
    assert_eq!(pieces(&node).await, 8);

    let url = person.avatar(&node).await;
    node.clock.advance(IN_DOUBT_FOR);
    eventually("what nobody names is gone", async || {
        pieces(&node).await == 1
    })
    .await;
    for _ in 0..2 {
        assert_eq!(shown(&node, &url).await.body.to_vec(), named);
        node.clock.advance(IN_DOUBT_FOR);
        node.restart().await;
        assert_eq!(pieces(&node).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_at_the_address_by_which_the_caller_reached_the_node_or_at_the_configured_one()
{
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let bytes = image(PNG, 60_000);
    assert_eq!(person.shows_itself(&node, &bytes).send().await.status, 200);
    let said = [
        ("host", "crm.example.test"),
        ("x-forwarded-host", "shop.example.test"),
        ("x-forwarded-proto", "https"),
    ];
    let begins = async |node: &TestNode, said: &[(&str, &str)]| {
        let ask = said.iter().fold(person.read(node), |ask, (name, value)| {
            ask.with(name, value)
        });
        let url = ask.send().await.json()["avatar_url"].clone();
        assert_eq!(shown(node, &url).await.body.to_vec(), bytes);
        let url = url.as_str().unwrap().to_owned();
        url[..url.find("/self-service").unwrap()].to_owned()
    };
    let own = format!("http://{}", node.public());
    assert_eq!(begins(&node, &[]).await, own);
    assert_eq!(begins(&node, &said).await, "http://crm.example.test");
    node.configure(|config| config.server.trusted_proxies = "127.0.0.1".to_owned())
        .await;
    assert_eq!(begins(&node, &said).await, "https://shop.example.test");
    node.configure(|config| config.server.public_url = "https://crm.example/".to_owned())
        .await;
    assert_eq!(begins(&node, &said).await, "https://crm.example");

    // The export has the image itself.
    let export = person.sees(&node, person.path("/export")).await;
    let image = &export["profile"]["image"];
    assert_eq!(image["url"], person.avatar(&node).await);
    let read = BASE64.decode(image["base64"].as_str().unwrap().as_bytes());
    assert_eq!(read.unwrap(), bytes);
}
