//! `POST /contacts/{id}/identities`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::challenge::{answered_evenly, obfuscated, refused, send_to};
use super::external;
use super::identification::{Identification, Identity};
use crate::actors::router::Timings;
use crate::actors::router::access::{AccessRefused, Account};
use crate::domain::address::Address;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::ValidJson;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, reply};

/// What a contact is to sign in by: once the code came back, or at once by an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewIdentity)]
pub(super) struct WireNewIdentity {
    id: String,
    /// Where the code went, as far as it was sent here; none was for an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    obfuscated_value: Option<String>,
    /// For `validate_otp`, with the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    auth_otp: Option<String>,
}

/// Add what the contact signs in by.
///
/// A code is sent to it. The contact signs in by it as well once `validate_otp` has got the code, within ten minutes and while this session
/// lasts. Where another contact signs in by it, the answer here is the same, and `validate_otp` refuses. A password counts for every e-mail
/// address of the contact, in place of the one before. By an account at a provider the contact signs in at once, unless another does; by a
/// device it is recognised from then on, and signed in to nothing that is its own.
#[utoipa::path(
    post, path = "/contacts/{id}/identities", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    request_body = Identification,
    responses(
        (status = 201, description = "A code was sent; or the contact signs in by the account", body = WireNewIdentity),
        (status = 400, description = "Not JSON, nothing delivers messages in live mode, the provider vouches for nobody, or another contact signs in by the account or device", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact signs in by eight things already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact signs in by this already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address; an address lets in 100 devices an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    body: ValidJson<Identification>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    answered_evenly(token.began, begin(&api, &token, &body)).await
}

async fn begin(
    api: &Api,
    token: &ContactToken,
    body: &Identification,
) -> Result<Response, Problem> {
    let identity = body.identity()?;
    if let Identity::External { service, proof } = &identity {
        let account = external::vouched(api, token, *service, proof).await?;
        return by_account(api, token, &account).await;
    }
    if let Identity::Device(mac_address) = identity {
        // It tells whether somebody has the device: not to whoever goes through a list.
        api.quota
            .admit_guest((token.tenant(), token.mode()), token.client)?;
        return by_account(api, token, &Account::of_device(mac_address)).await;
    }
    let to = identity.destination()?;
    let (contact, session) = (token.signed_in.contact, token.signed_in.session);
    let shown = obfuscated(&to);
    let begun = async {
        let password = identity.password(api).await?;
        let begun = api
            .router
            .begin_adding(contact, session, to.clone(), password);
        begun.await.map_err(refused)
    };
    let begun = send_to(api, token, &to, |it| it.challenged.is_new, begun).await?;
    let answer = WireNewIdentity {
        id: id_of(api, contact, begun.number),
        obfuscated_value: Some(shown),
        auth_otp: Some(begun.challenged.auth_otp),
    };
    let timings = reply::timings(token, Timings::default());
    Ok(reply::json(StatusCode::CREATED, &answer, timings))
}

/// Adds an account at a provider that has vouched for it, or a device.
async fn by_account(
    api: &Api,
    token: &ContactToken,
    account: &Account,
) -> Result<Response, Problem> {
    let (contact, session) = (token.signed_in.contact, token.signed_in.session);
    let added = api.router.add_account(contact, session, account).await;
    let added = added.map_err(|why| match why {
        AccessRefused::ValueTaken => Problem::new(
            Code::ContactNotUnique,
            "another contact signs in by this account or device; sign in by it, or add another one",
        ),
        why => refused(why),
    })?;
    let answer = WireNewIdentity {
        id: id_of(api, contact, added),
        obfuscated_value: None,
        auth_otp: None,
    };
    let timings = reply::timings(token, Timings::default());
    Ok(reply::json(StatusCode::CREATED, &answer, timings))
}

fn id_of(api: &Api, contact: Address, number: u32) -> String {
    let id = PublicId {
        named: Named::Identity,
        entity: contact.entity,
        part: number,
    };
    api.router.secrets().public_ids().write(id)
}
