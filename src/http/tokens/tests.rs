use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::domain::address::Kind;
use crate::domain::time::Span;
use crate::limits::SIGNING_KEY_LASTS_DAYS;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn tokens() -> Tokens {
    without(&[])
}

/// Tokens of the same root without these keys.
fn without(withdrawn: &[&str]) -> Tokens {
    let secrets = Secrets::derive(|purpose| *blake3::hash(purpose.as_bytes()).as_bytes());
    let withdrawn = KeyId::list(&withdrawn.join(", ")).unwrap();
    Tokens::new(Arc::new(secrets), withdrawn)
}

fn contact() -> Address {
    Address {
        tenant: TenantId(7),
        mode: Mode::Test,
        kind: Kind::Contact,
        entity: 42,
    }
}

fn grant(issued_at: Timestamp) -> Grant<'static> {
    Grant {
        contact: contact(),
        session: 3,
        generation: 1,
        nonce: b"nonce",
        issued_at,
        organisation: None,
    }
}

/// The parts of a token as JSON: its header and its claims.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// A token of this header and these claims, signed with the key that signs now.
fn signed(tokens: &Tokens, header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let key = tokens.signing.at(NOW).unwrap();
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key.private, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

#[test]
fn a_token_says_whose_it_is_until_it_expires() {
    let tokens = tokens();
    let token = tokens.issue(&grant(NOW)).unwrap();
    let (header, claims) = parts(&token.text);
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["mode"], "TEST");
    assert_eq!(claims["exp"], token.expires_at);
    assert_eq!(claims["iat"], NOW.unix_seconds());
    assert_eq!(token.expires_at - NOW.unix_seconds(), 15 * 60);
    let signed_in = SignedIn::Contact(SignedInContact {
        contact: contact(),
        session: 3,
    });
    let last = Timestamp::from_unix_seconds(token.expires_at).before(Span(1));
    // Twice: the second time it is known.
    for _ in 0..2 {
        assert_eq!(tokens.verify(&token.text, NOW), Ok(signed_in));
        assert_eq!(tokens.verify(&token.text, last), Ok(signed_in));
        let end = Timestamp::from_unix_seconds(token.expires_at);
        assert_eq!(tokens.verify(&token.text, end), Err(Refused::Expired));
    }
    // Also where nobody has seen it before.
    let later = NOW.after(Span::days(1));
    assert_eq!(
        super::tests::tokens().verify(&token.text, later),
        Err(Refused::Expired)
    );
}

#[test]
fn the_same_session_has_the_same_token_and_each_refresh_another() {
    let tokens = tokens();
    let token = |grant: &Grant<'_>| tokens.issue(grant).unwrap().text;
    let first = grant(NOW);
    assert_eq!(
        token(&first),
        super::tests::tokens().issue(&first).unwrap().text
    );
    let others = [
        Grant {
            session: 4,
            ..first
        },
        Grant {
            generation: 2,
            ..first
        },
        Grant {
            nonce: b"other",
            ..first
        },
        Grant {
            organisation: Some(5),
            ..first
        },
        grant(NOW.after(Span::seconds(1))),
    ];
    for other in others {
        assert_ne!(token(&other), token(&first), "{other:?}");
    }
}

#[test]
fn what_was_tampered_with_opens_nothing() {
    let tokens = tokens();
    let good = tokens.issue(&grant(NOW)).unwrap().text;
    let (header, claims) = parts(&good);
    assert!(
        tokens
            .verify(&signed(&tokens, &header, &claims), NOW)
            .is_ok()
    );

    let mut bad = vec![
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("no signature", unsigned(&header, &claims) + "."),
        ("two parts", unsigned(&header, &claims)),
        ("too long", format!("{good}{}", "A".repeat(TOKEN_CHARS_MAX))),
    ];
    for (what, value) in [
        (
            "none",
            json!({"alg": "none", "typ": "at+jwt", "kid": header["kid"]}),
        ),
        (
            "NONE",
            json!({"alg": "NONE", "typ": "at+jwt", "kid": header["kid"]}),
        ),
        (
            "other alg",
            json!({"alg": "HS256", "typ": "at+jwt", "kid": header["kid"]}),
        ),
        ("no alg", json!({"typ": "at+jwt", "kid": header["kid"]})),
        ("no typ", json!({"alg": "EdDSA", "kid": header["kid"]})),
        (
            "other typ",
            json!({"alg": "EdDSA", "typ": "JWT", "kid": header["kid"]}),
        ),
        ("no kid", json!({"alg": "EdDSA", "typ": "at+jwt"})),
        (
            "kid path",
            json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "../../../dev/null"}),
        ),
        (
            "unknown kid",
            json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "AAAAAAAAAAAAAAAA"}),
        ),
    ] {
        bad.push((what, signed(&tokens, &value, &claims)));
        bad.push((what, unsigned(&value, &claims) + "."));
    }
    for (what, claim, value) in [
        ("aud", "aud", json!("clientele:backoffice")),
        ("no aud", "aud", Value::Null),
        ("iss", "iss", json!("somebody")),
        ("no iss", "iss", Value::Null),
        ("mode", "mode", json!("SHARED")),
        ("no exp", "exp", Value::Null),
        ("sub", "sub", json!("69691e1e-1d90-4355-8b78-acd41ef577f4")),
        ("tid", "tid", claims["sub"].clone()),
        ("sid", "sid", json!("-1")),
    ] {
        let mut other = claims.clone();
        other[claim] = value;
        bad.push((what, signed(&tokens, &header, &other)));
    }
    // A changed claim under the old signature.
    let signature = good.rsplit('.').next().unwrap();
    let mut live = claims.clone();
    live["mode"] = json!("LIVE");
    bad.push((
        "changed",
        format!("{}.{signature}", unsigned(&header, &live)),
    ));
    for (what, token) in &bad {
        assert_eq!(tokens.verify(token, NOW), Err(Refused::Invalid), "{what}");
    }
}

#[test]
fn another_makers_token_opens_nothing_whatever_it_points_to() {
    let tokens = tokens();
    let other = Tokens::new(Arc::new(Secrets::derive(|_| [7; 32])), Vec::new());
    let foreign = other.issue(&grant(NOW)).unwrap().text;
    assert_eq!(tokens.verify(&foreign, NOW), Err(Refused::Invalid));
    // Signed by them under our key's name, with a place to get theirs from.
    let good = tokens.issue(&grant(NOW)).unwrap().text;
    let (mut header, claims) = parts(&good);
    header["jku"] = json!("http://127.0.0.1:1/keys");
    let forged = signed(&other, &header, &claims);
    assert_eq!(tokens.verify(&forged, NOW), Err(Refused::Invalid));
    // With our public key for a shared secret.
    let public = tokens.public_keys(NOW).unwrap();
    let public = serde_json::to_value(&public).unwrap();
    let x = public["keys"][1]["x"].as_str().unwrap();
    let secret = EncodingKey::from_secret(&BASE64URL_NOPAD.decode(x.as_bytes()).unwrap());
    let mut confused = Header::new(Algorithm::HS256);
    confused.typ = Some(TYPE.to_owned());
    confused.kid = header["kid"].as_str().map(str::to_owned);
    let confused = jsonwebtoken::encode(&confused, &claims, &secret).unwrap();
    assert_eq!(tokens.verify(&confused, NOW), Err(Refused::Invalid));
}

#[test]
fn a_change_of_keys_logs_nobody_out() {
    let tokens = tokens();
    let lasts = Span::days(SIGNING_KEY_LASTS_DAYS);
    let kid = |token: &str| parts(token).0["kid"].as_str().unwrap().to_owned();
    let start = Timestamp(NOW.0 - NOW.0 % lasts.0);
    let last = tokens
        .issue(&grant(start.before(Span(1_000))))
        .unwrap()
        .text;
    let first = tokens.issue(&grant(start)).unwrap().text;
    assert_ne!(kid(&last), kid(&first));
    assert!(tokens.verify(&last, start).is_ok());
    // By a clock that is behind.
    assert!(
        super::tests::tokens()
            .verify(&first, start.before(Span(1_000)))
            .is_ok()
    );
    // The key of two periods ago is gone.
    let later = start.after(lasts);
    assert!(
        super::tests::tokens()
            .signing
            .named(&kid(&last), later)
            .is_none()
    );
    let published = serde_json::to_value(tokens.public_keys(start).unwrap()).unwrap();
    let names: Vec<_> = published["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].clone())
        .collect();
    assert_eq!(names.len(), 3);
    assert_eq!(names[..2], [json!(kid(&last)), json!(kid(&first))]);
    assert!(published["keys"][0].get("d").is_none());
}

#[test]
fn a_key_that_is_withdrawn_opens_nothing_and_another_takes_its_place() {
    let issued = |tokens: &Tokens, at: Timestamp| tokens.issue(&grant(at)).unwrap().text;
    let kid = |token: &str| parts(token).0["kid"].as_str().unwrap().to_owned();
    let published = |tokens: &Tokens| -> Vec<String> {
        let keys = serde_json::to_value(tokens.public_keys(NOW).unwrap()).unwrap();
        let keys = keys["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = tokens();
    let token = issued(&before, NOW);
    let leaked = kid(&token);
    let all = published(&before);
    let after = without(&[&leaked]);
    assert_eq!(after.verify(&token, NOW), Err(Refused::Invalid));
    let again = issued(&after, NOW);
    assert_ne!(kid(&again), leaked);
    assert_eq!(after.verify(&again, NOW), before.verify(&token, NOW));
    // Neighbours are as they were.
    let now = published(&after);
    assert_eq!(
        (&now[0], &now[1], &now[2]),
        (&all[0], &kid(&again), &all[2])
    );
    // And what took its place can be withdrawn as well.
    let twice = without(&[&kid(&again), &leaked]);
    assert_eq!(twice.verify(&again, NOW), Err(Refused::Invalid));
    assert!(!published(&twice).contains(&leaked));
    for text in ["letmein", &leaked[1..]] {
        assert!(KeyId::list(text).is_err(), "{text}");
    }
    assert_eq!(KeyId::list(" ").unwrap(), []);
}
