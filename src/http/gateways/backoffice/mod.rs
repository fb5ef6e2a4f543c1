//! The Back Office and POS gateway: every operation on one page. One file a verb below.

mod api_keys;
mod apps;
mod audit_log;
mod classifications;
pub(super) mod contacts;
mod fields;
mod identity_providers;
mod integrations;
mod journals;
mod offers;
mod organisations;
mod purchases;
mod rewards;
mod roles;
mod set_up;
mod settings;
mod test_clock;
mod test_inbox;
mod users;
mod wallets;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

pub(super) use self::purchases::get::reached as reached_purchase;
pub(super) use self::wallets::limits::{LimitedWallet, set_limits};
use super::{answers_of_all, reference, under};
use crate::http::Api;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clientele Back Office and POS API",
        description = "Contacts, wallets, purchases and reward offers, for servers and tills. Send a secret key in the `api_key` header, or the access token of a user in the `Authorization` header; it decides the tenant and whether the call is live or a test.\n\nEvery answer carries `X-Request-Id` and `Server-Timing`. Errors are `application/problem+json`. Send an `Idempotency-Key` with each write: a retry then has no second effect."
    ),
    tags(
        (name = "API keys", description = "The credentials of programs. One that is bound to an organisation acts for it and all below it: it sells there only, and reads only the purchases, organisations and keys of there. Contacts, wallets and offers are the whole network's."),
        (name = "Users", description = "People of the Back Office: they sign in with an e-mail address and a password, and what they may do follows from their roles in organisations, as they are at each request. Wherever a secret key is taken, so is the access token of a user whose roles have the permission of the same name."),
        (name = "Roles", description = "What users may do in an organisation and those below it: sets of permissions. Every network has the role of owners, which allows everything."),
        (name = "Contacts", description = "The customers of a business"),
        (name = "Wallets", description = "Their money"),
        (name = "Purchases", description = "Award and spend at the till"),
        (name = "Reward offers", description = "What purchases earn, under which conditions"),
        (name = "Reward tiers", description = "What loyalty reaches"),
        (name = "Reward schemes", description = "What contacts are members of"),
        (name = "Segments", description = "Contacts that belong together, and the tags that say so"),
        (name = "Organisations", description = "The network of those who sell"),
        (name = "Settings", description = "How the platform behaves towards the tenant"),
        (name = "Apps", description = "What apps are told before anybody has signed in, and what they ask for"),
        (name = "Test clock", description = "The time of business in test mode"),
        (name = "Audit log", description = "Who did what"),
        (name = "Test inbox", description = "What test mode would have sent"),
        (name = "Identity providers", description = "Who vouches for contacts: accounts elsewhere that they sign in by"),
        (name = "Integrations", description = "What messages of live mode leave through: a mail server, a gateway of text messages, or an address of your own"),
    )
)]
struct Document;

/// Operations that are the same in both versions of the contract.
fn both_versions() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(api_keys::create::create, api_keys::list::list),
        routes!(api_keys::get::get, api_keys::update::update),
        routes!(api_keys::roll::roll),
        routes!(api_keys::revoke::revoke),
        routes!(contacts::create::create, contacts::list::list),
        routes!(
            contacts::get::get,
            contacts::update::update,
            contacts::delete::delete
        ),
        routes!(contacts::export::export),
        routes!(contacts::cards::add, contacts::cards::list),
        routes!(contacts::cards::remove),
        routes!(contacts::organisations::sign),
        routes!(contacts::otp::validate),
        routes!(wallets::get::get),
        routes!(wallets::limits::get, wallets::limits::set),
        routes!(journals::list::list),
        routes!(journals::create::create),
        routes!(journals::top_up::top_up),
        routes!(purchases::get::get),
        routes!(purchases::cancel::cancel),
        routes!(purchases::estimate::release),
        routes!(purchases::list::list),
        routes!(classifications::list),
        routes!(offers::create::create, offers::list::list),
        routes!(offers::get::get, offers::change::change),
        routes!(offers::awards::get, offers::awards::change),
        routes!(offers::life_cycle::change),
        routes!(rewards::tags::create, rewards::tags::list),
        routes!(rewards::segments::create, rewards::segments::list),
        routes!(rewards::segments::get, rewards::segments::change),
        routes!(
            rewards::tiers::create,
            rewards::tiers::list,
            rewards::tiers::set
        ),
        routes!(rewards::tiers::get, rewards::tiers::change),
        routes!(rewards::schemes::create, rewards::schemes::list),
        routes!(rewards::schemes::get, rewards::schemes::change),
        routes!(contacts::tags::get, contacts::tags::set),
        routes!(organisations::create::create),
        routes!(organisations::get::get, organisations::update::update),
        routes!(organisations::network::network),
        routes!(settings::get, settings::set),
        routes!(apps::applications::create, apps::applications::list),
        routes!(
            apps::applications::get,
            apps::applications::change,
            apps::applications::remove
        ),
        routes!(apps::custom_fields::create, apps::custom_fields::list),
        routes!(
            apps::custom_fields::get,
            apps::custom_fields::change,
            apps::custom_fields::remove
        ),
        routes!(purchases::ad_hoc_return::record),
        routes!(test_clock::get::get),
        routes!(test_clock::advance::advance),
        routes!(test_inbox::list),
        routes!(integrations::create::create, integrations::list::list),
        routes!(integrations::get::get),
        routes!(integrations::try_out::try_out),
        routes!(integrations::deactivate::deactivate),
        routes!(
            identity_providers::create::create,
            identity_providers::list::list
        ),
        routes!(identity_providers::deactivate::deactivate),
        routes!(audit_log::list::list),
        routes!(audit_log::export::export),
        routes!(roles::create::create, roles::list::list),
        routes!(
            roles::list::get,
            roles::change::change,
            roles::remove::remove
        ),
        routes!(organisations::register::register),
        routes!(organisations::switch::switch),
        routes!(organisations::switch::switch_by_other_path),
        routes!(organisations::masquerade::masquerade),
    ]
}

/// Those that are about users and their sessions.
fn of_users() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(users::authenticate::authenticate),
        routes!(users::refresh::refresh),
        routes!(users::mode::mode),
        routes!(users::verify_email::verify_email),
        routes!(
            users::totp::enrol::get,
            users::totp::enrol::enrol,
            users::totp::enrol::remove
        ),
        routes!(users::totp::enrol::confirm),
        routes!(users::totp::recovery::renew),
        routes!(users::totp::reset::reset),
        routes!(users::totp::step_up::step_up),
        routes!(users::invite::invite, users::list::list),
        routes!(users::accept::accept),
        routes!(users::accept::reset_password),
        routes!(users::forgot_password::forgot_password),
        routes!(users::list::get, users::update::update),
        routes!(users::update::deactivate),
        routes!(users::sign_out::sign_out),
        routes!(users::change_password::change_password),
    ]
}

fn version_2() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(contacts::otp::ask),
        routes!(purchases::create::create),
        routes!(purchases::estimate::estimate),
        routes!(purchases::batch::batch),
    ]
}

fn version_1() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(contacts::otp::ask_version_1),
        routes!(contacts::otp::validate_by_other_path),
        routes!(purchases::version_1::create),
        routes!(purchases::version_1::estimate),
    ]
}

fn by(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, std::iter::empty::<String>())
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = path;
    let all = [get, put, post, delete, patch];
    all.into_iter().filter_map(Option::as_mut)
}

/// The gateway's routes, and the OpenAPI 3.1 document that describes them.
pub fn router() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let described = OpenApiRouter::with_openapi(Document::openapi());
    let both = || both_versions().into_iter().chain(of_users());
    let second = both().chain(version_2());
    let first = both().chain(version_1());
    let gateway = under(
        "/backoffice/v1",
        first,
        under("/backoffice/v2", second, described),
    );
    let (routes, mut document) = gateway.split_for_parts();
    answers_of_all(&mut document);
    let schemes = document.components.get_or_insert_default();
    schemes.add_security_scheme(
        "api_key",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("api_key"))),
    );
    let bearer = |format: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some(format.to_owned());
        SecurityScheme::Http(scheme)
    };
    schemes.add_security_scheme("access_token", bearer("JWT"));
    schemes.add_security_scheme("refresh_token", bearer("opaque"));
    let paths = document.paths.paths.values_mut();
    for operation in paths.flat_map(operations) {
        let opened_by = operation.security.get_or_insert_default();
        // Wherever a secret key is taken, so is a user's token.
        if opened_by.contains(&by("api_key"))
            && operation.operation_id.as_deref() != Some("register")
        {
            opened_by.push(by("access_token"));
        }
    }
    let reference = reference::routes("/backoffice", Arc::new(document.clone()));
    (routes.merge(reference), document)
}
