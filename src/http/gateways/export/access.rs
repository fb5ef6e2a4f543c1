//! How a contact gets in: what it is known by and where it is signed in. Nothing that would let somebody in.

use serde_json::{Value, json};

use super::held::wrong;
use super::{Place, seconds};
use crate::domain::access::{
    Access, Adding, Challenge, Channel, Identity, OnFile, Provider, Purpose, SealedPassword,
    Session, ToAdd, Trust,
};
use crate::http::problem::Problem;

const fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Phone => "PHONE",
        Provider::Email => "EMAIL",
        Provider::Facebook => "FACEBOOK",
        Provider::Apple => "APPLE",
        Provider::Google => "GOOGLE",
        Provider::Oidc => "OIDC_OAUTH",
        Provider::MacAddress => "MAC_ADDRESS",
    }
}

pub(super) fn document(place: &Place<'_>, access: &Access) -> Result<Value, Problem> {
    let Access {
        identities,
        identity_count: _,
        password,
        challenges,
        challenge_count,
        guesses,
        sessions,
        session_count,
        // A contact that exists registers no more, and no key of it waits to be destroyed.
        registering: _,
        adding,
        on_file,
        // The hash of the e-mail address.
        verified,
        to_shred: _,
    } = access;
    let mut known = Vec::new();
    for identity in identities {
        let Identity {
            number: _,
            provider: by,
            value: _,
            sealed,
            verified_at,
        } = identity;
        known.push(json!({
            "provider": provider(*by),
            "value": place.sealed_value(sealed)?,
            "verified_date": seconds(*verified_at),
        }));
    }
    let adds = match adding {
        None => Value::Null,
        Some(Adding {
            add:
                ToAdd {
                    session: _,
                    provider: by,
                    sealed,
                    password: _,
                },
            value: _,
            lapses_at,
            is_proven,
        }) => json!({
            "provider": provider(*by),
            "value": place.sealed_value(sealed)?,
            "is_proven": is_proven,
            "expiration_date": seconds(*lapses_at),
        }),
    };
    let newest_sent_to = match on_file {
        None => Value::Null,
        Some(OnFile { value: _, sealed }) => place.sealed_value(sealed)?,
    };
    let password = password.as_ref().map(|password| {
        let SealedPassword {
            number,
            sealed: _,
            notices,
        } = password;
        let told = (notices.count > 0)
            .then(|| json!({ "since": seconds(notices.since), "count": notices.count }));
        json!({ "changes": number, "told_of_another": told })
    });
    Ok(json!({
        "identities": known,
        "identity_being_added": adds,
        "has_verified_email": verified.is_some(),
        "password": password,
        "sessions": sessions.iter().map(|it| session(place, it)).collect::<Vec<_>>(),
        "sessions_ever": session_count,
        "codes": challenges.iter().map(challenge).collect::<Vec<_>>(),
        "codes_ever": challenge_count,
        "newest_code_beside_identities_sent_to": newest_sent_to,
        "wrong_codes": wrong(*guesses),
    }))
}

fn session(place: &Place<'_>, session: &Session) -> Value {
    let Session {
        number: _,
        nonce: _,
        generation,
        rotated_at,
        began_at,
        expires_at,
        trust,
        organisation,
    } = session;
    json!({
        "began_date": seconds(*began_at),
        "refreshed_date": seconds(*rotated_at),
        "refreshes": generation,
        "is_recognised_only": *trust == Trust::Recognised,
        "expiration_date": seconds(*expires_at),
        "organisation": organisation.map(|number| place.organisation(number)),
    })
}

fn challenge(challenge: &Challenge) -> Value {
    let Challenge {
        number: _,
        purpose,
        channel,
        destination: _,
        nonce: _,
        code: _,
        issued_at,
        expires_at,
        wrong,
    } = challenge;
    json!({
        "purpose": match purpose {
            Purpose::Register => "REGISTER",
            Purpose::SignIn => "SIGN_IN",
            Purpose::AddIdentity => "ADD_IDENTITY",
            Purpose::ResetPassword => "RESET_PASSWORD",
            Purpose::VerifyEmail => "VERIFY_EMAIL",
            Purpose::Till => "TILL",
            Purpose::Wallet => "WALLET",
        },
        "channel": match channel {
            Channel::Sms => "SMS",
            Channel::Email => "EMAIL",
        },
        "issued_date": seconds(*issued_at),
        "expiration_date": seconds(*expires_at),
        "wrong_tries": wrong,
    })
}
