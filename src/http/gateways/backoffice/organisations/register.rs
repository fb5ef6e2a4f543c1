//! `POST /organisations/register`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::check_name;
use super::super::users::{check_chosen, check_person_name, chosen, require_mail, validity};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::contact::Profile;
use crate::domain::ids::{Named, PublicId};
use crate::domain::organisation::Role;
use crate::domain::user::{Command, NewLetter, Register, Registration, Stage};
use crate::http::audit::{audited, target};
use crate::http::auth::PageKey;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, email, failure, reply};

/// Who registers what.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationRegistration)]
pub(in super::super) struct NewRegistration {
    /// What people call the organisation: a business below the one that owns the network.
    #[schema(max_length = 200)]
    name: String,
    #[schema(max_length = 200)]
    first_name: String,
    #[schema(max_length = 200)]
    last_name: String,
    /// By which its owner signs in.
    #[schema(max_length = 254)]
    email_address: String,
    /// From 8 to 128 characters, and none that everybody uses. Whoever is a user already keeps the password that it has; a user of another network sends that one.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
}

impl Validate for NewRegistration {
    fn validate(&self, faults: &mut Faults) {
        check_name(faults, &self.name);
        check_person_name(faults, "first_name", Some(&self.first_name));
        check_person_name(faults, "last_name", Some(&self.last_name));
        email::check(faults, "email_address", &self.email_address);
        check_chosen(faults, &self.password);
    }
}

/// An organisation that is registered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredOrganisation)]
pub(super) struct Registered {
    /// The id that it is going to have.
    id: String,
}

/// Register an organisation with its first user.
///
/// A one-time token goes to the e-mail address; with it, within a day, `GET /users/verify_email` makes the organisation, and its owner may sign in.
/// Nothing is there before. The answer is the same whether or not there is a user of this address.
#[utoipa::path(
    post, path = "/organisations/register", tag = "Organisations", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewRegistration,
    responses(
        (status = 201, description = "Registered, once the e-mail address is proven", body = Registered),
        (status = 400, description = "Not JSON, or nothing delivers e-mails in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many were asked for; try again later", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn register(
    State(api): State<Api>,
    caller: PageKey<{ Scope::OrganisationsRegister.bit() }>,
    headers: Conditions,
    body: ValidJson<NewRegistration>,
) -> Result<Response, Problem> {
    require_mail(&api, &caller).await?;
    let tenant = caller.tenant_view(&api).await?;
    let parent = caller.bound_to().unwrap_or_else(|| tenant.owner());
    let part = tenant.part_at(parent);
    if !part.is_some_and(|part| Role::Business.lies_below(part)) {
        return Err(Problem::new(
            Code::InsufficientScope,
            "the key belongs to an organisation below which no business lies; send one of the whole network",
        ));
    }
    let once = Once::of(
        &caller,
        &headers,
        "organisations.register",
        None,
        &body.hash,
    )?;
    let router = &api.router;
    let secrets = router.secrets();
    let organisation = secrets.derived_entity(&once.scope(), 0);
    let email = email::folded(&body.email_address);
    let (user, value) = router.user_of(&email);
    let before = router.user(user).await.map_err(failure::problem)?;
    let person = Profile {
        first_name: Some(body.first_name.clone()),
        last_name: Some(body.last_name.clone()),
        email_address: Some(email),
        ..Profile::default()
    };
    let typed = chosen(&body.password)?;
    let known = before.password.filter(|_| before.stage == Stage::Active);
    let known = known.map(|it| it.hash);
    let knows = api.passwords.matches(typed, known).await?;
    let sealed = match before.person {
        Some(person) => Ok(person),
        None => router.seal_person(&user, None, &person),
    };
    let register = Command::Register(Register {
        value,
        person: sealed.map_err(failure::problem)?,
        registration: Registration {
            tenant: caller.tenant(),
            organisation,
            parent,
            name: body.name.clone(),
            validity: validity(&caller),
            password: api.passwords.hash(chosen(&body.password)?).await?,
            knows: knows.then_some(before.password_count),
        },
        letter: NewLetter {
            nonce: router.user_nonce().map_err(failure::problem)?,
            sender: Some((caller.tenant(), caller.mode())),
        },
    });
    let act = async {
        let registered = router.tell_user(user, register, Some(once.remember(&api)));
        registered.await.map_err(failure::problem)?;
        let id = PublicId::of(Named::Organisation, organisation);
        let registered = Registered {
            id: secrets.public_ids().write(id),
        };
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::CREATED, &registered, timings))
    };
    let target = target(&api, Named::Organisation, organisation);
    let registered = audited(&api, &caller, "organisations.register", target, act);
    caller.has_sent(&api, |_| true, registered).await
}
