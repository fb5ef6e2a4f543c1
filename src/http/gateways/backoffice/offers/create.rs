//! `POST /reward_offers`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::read;
use super::wire::{CreatedOffer, WrittenOffer};
use crate::domain::address::{Address, Kind};
use crate::domain::api_key::Scope;
use crate::domain::ids::{Named, PublicId};
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Create a reward offer.
///
/// It applies from the very next purchase. With an `Idempotency-Key`, a retry answers with the same offer.
#[utoipa::path(
    post, path = "/reward_offers", tag = "Reward offers", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = WrittenOffer,
    responses(
        (status = 201, description = "Created", body = CreatedOffer),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many offers as there may be", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<WrittenOffer>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let secrets = api.router.secrets();
    let offer = read::offer(&body, &tenant, secrets.public_ids())?;
    let once = Once::of(&caller, &headers, "reward_offers.create", None, &body.hash)?;
    let address = Address {
        tenant: caller.tenant(),
        mode: caller.mode(),
        kind: Kind::Offer,
        entity: secrets.derived_entity(&once.scope(), 0),
    };
    let act = async {
        let remember = once.remember(&api);
        let (created, engine) = api.router.create_offer(address, offer, remember).await;
        let timings = reply::timings(&caller, engine);
        Ok(match created {
            Ok(()) => {
                let id = PublicId::of(Named::Offer, address.entity);
                let created = CreatedOffer {
                    id: secrets.public_ids().write(id),
                };
                reply::json(StatusCode::CREATED, &created, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    let target = target(&api, Named::Offer, address.entity);
    audited(&api, &caller, "reward_offers.create", target, act).await
}
