//! Accounts at providers: which of the tenant's it is, and whom it vouches for.

use axum::response::Response;
use http::StatusCode;

use super::challenge::{self, invalid_login};
use super::proof::{Proof, ProvenBy};
use super::signed_in;
use crate::actors::router::access::{Account, SignedIn};
use crate::domain::access::Provider;
use crate::domain::address::Address;
use crate::domain::entity::{Answer, Query};
use crate::domain::tenant::{Connector, Integration};
use crate::external_login::{Person, Refused, Returned, Service, Settings};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::reached::Reached;
use crate::http::{Api, failure};

const fn connector(service: Service) -> Connector {
    match service {
        Service::Google => Connector::Google,
        Service::Apple => Connector::Apple,
        Service::Facebook => Connector::Facebook,
        Service::Oidc => Connector::Oidc,
    }
}

const fn provider(service: Service) -> Provider {
    match service {
        Service::Google => Provider::Google,
        Service::Apple => Provider::Apple,
        Service::Facebook => Provider::Facebook,
        Service::Oidc => Provider::Oidc,
    }
}

/// The provider that the tenant has set up for `service`, in the caller's mode: the newest that works.
pub(super) async fn provider_of(
    api: &Api,
    caller: &Caller,
    service: Service,
) -> Result<(Integration, Settings), Problem> {
    let tenant = Address::tenant(caller.tenant());
    let reply = api.router.query(tenant, Query::Tenant).await;
    let found = match reply.result.map_err(failure::problem)? {
        Answer::Tenant(tenant) => tenant.vouches(caller.mode(), connector(service)).cloned(),
        _ => None,
    };
    let opened = found.and_then(|found| {
        let secrets = api.router.secrets();
        let sealed = &found.sealed;
        let plain = secrets.open_settings(caller.tenant(), found.number, sealed)?;
        Some((found, Settings::from_bytes(&plain)?))
    });
    opened.ok_or_else(|| {
        failure::invalid_field(
            "/provider",
            "not_set_up",
            "nobody of this type vouches for contacts here; make one with POST /backoffice/v2/identity_providers in this mode",
        )
    })
}

/// Whom a proof vouches for. What vouches for nobody counts as a wrong guess of the caller's address.
pub(super) async fn vouched(
    api: &Api,
    caller: &Caller,
    service: Service,
    proof: &Proof,
) -> Result<Account, Problem> {
    // On the heap: few get in so, and all would carry its size.
    let asked = Box::pin(ask(api, caller, service, proof));
    caller.guess(api, asked).await
}

async fn ask(
    api: &Api,
    caller: &Caller,
    service: Service,
    proof: &Proof,
) -> Result<Account, Problem> {
    let (integration, settings) = provider_of(api, caller, service).await?;
    let (egress, now) = (api.connectors.egress(), api.router.wall());
    let login = &api.external_login;
    let person = match &proof.by {
        ProvenBy::Token(token) => login.swap(egress, service, &settings, token, now).await,
        ProvenBy::Code { code, state } => {
            let (tenant, mode) = (caller.tenant(), caller.mode());
            let secrets = api.router.secrets();
            let flow = secrets
                .read_code_flow((tenant, mode, caller.lineage()), state)
                .filter(|flow| now < flow.expires_at && flow.provider == integration.number);
            let flow = flow.ok_or_else(invalid_login)?;
            let known = secrets.code_flow_secrets(&flow);
            let redirect_url = settings.redirect_urls.get(usize::from(flow.redirect));
            let returned = Returned {
                code,
                redirect_url: redirect_url.ok_or_else(invalid_login)?,
                nonce: &known.nonce,
                verifier: &known.verifier,
            };
            let used = api.router.use_code_flow(tenant, mode, &flow).await;
            let used = used.map_err(challenge::refused)?;
            let redeemed = login.redeem(egress, service, &settings, &returned, now);
            let redeemed = redeemed.await;
            if let Err(Refused::NoAnswer(_)) = redeemed {
                api.router.give_code_flow_back(used).await;
            }
            redeemed
        }
    };
    let Person { issuer, subject } = person.map_err(|why| refused(&why))?;
    if proof.sub.as_ref().is_some_and(|sub| *sub != subject) {
        return Err(refused(&Refused::Invalid));
    }
    Ok(Account {
        provider: provider(service),
        issuer,
        subject,
    })
}

/// Why nobody is vouched for, as a problem.
pub(super) fn refused(refused: &Refused) -> Problem {
    match refused {
        Refused::Invalid => Problem::new(
            Code::InvalidLogin,
            "the provider does not vouch for anybody with this; get another token or code there",
        ),
        Refused::NoAnswer(why) => {
            tracing::warn!(%why, "an identity provider cannot be asked");
            Problem::new(
                Code::OverCapacity,
                "the identity provider gives no answer that could be used; nothing happened, try again shortly",
            )
        }
    }
}

/// The answer to whoever got in by an account.
pub(super) async fn entered(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    status: StatusCode,
    entered: &SignedIn,
) -> Result<Response, Problem> {
    let existing = Some(entered.existing);
    let who = (entered.contact, &entered.session, existing);
    signed_in::signed_in_as(api, reached, caller.began, status, who).await
}
