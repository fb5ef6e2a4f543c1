//! Users over the control socket: how a node gets its first one, and who gets in again whom no other user may help.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Answered, Control, failed, refuse, tenants};
use crate::domain::address::TenantId;
use crate::domain::ids::Named;
use crate::domain::user::{Command, Stage};
use crate::http::audit::audited_of_operator;
use crate::http::problem::Problem;
use crate::http::users::{self, NotMade};
use crate::http::{email, failure};

/// How many random bytes a password that we make has: 120 bits.
const PASSWORD_BYTES: usize = 15;

/// A user to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Whose network it is to work in.
    pub tenant: u64,
    /// Its e-mail address.
    pub email: String,
    /// Its first name.
    pub first_name: Option<String>,
    /// Its last name.
    pub last_name: Option<String>,
    /// The id of the organisation in which it is to be an owner; the one that owns the network, if none.
    pub organisation_id: Option<String>,
}

/// A user that was made: the only time that its password is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedUser {
    /// The user's id.
    pub id: String,
    /// By what it signs in.
    pub username: String,
    /// A password to sign in with once, and choose another.
    pub password: String,
}

pub(super) async fn create(
    State(control): State<Control>,
    Json(new): Json<NewUser>,
) -> Answered<CreatedUser> {
    let api = &control.api;
    let email = normal(&new.email, "--email")?;
    tenants::require(api, TenantId(new.tenant)).await?;
    let organisation = match &new.organisation_id {
        None => None,
        Some(id) => {
            let named = api.router.secrets().public_ids();
            let named = named.read_as(Named::Organisation, id);
            let unknown = || refuse(StatusCode::NOT_FOUND, "there is no organisation of this id");
            Some(named.ok_or_else(unknown)?.entity)
        }
    };
    let mut random = [0; PASSWORD_BYTES];
    getrandom::fill(&mut random)
        .map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let password = data_encoding::BASE64URL_NOPAD.encode(&random);
    let user = users::NewUser {
        tenant: TenantId(new.tenant),
        organisation,
        email: email.clone(),
        first_name: new.first_name,
        last_name: new.last_name,
        password: password.clone(),
        password_expired: true,
    };
    let made = users::make(api, user).await.map_err(not_made)?;
    Ok(Json(CreatedUser {
        id: users::id(api, made),
        username: email,
        password,
    }))
}

/// Whose second factor is to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotpReset {
    /// Its e-mail address.
    pub email: String,
}

/// Whose second factor is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResetUser {
    /// The user's id.
    pub id: String,
    /// By what it signs in.
    pub username: String,
    /// Whether it had an app: if not, nothing has changed.
    pub had_totp: bool,
}

/// Removes a user's second factor, whatever its roles are: for whom nobody else may.
pub(super) async fn reset_totp(
    State(control): State<Control>,
    Json(reset): Json<TotpReset>,
) -> Answered<ResetUser> {
    let api = &control.api;
    let email = normal(&reset.email, "EMAIL")?;
    let (user, value) = api.router.user_of(&email);
    let state = api.router.user(user).await.map_err(failed)?;
    if state.stage != Stage::Active || state.value != Some(value) {
        let detail = format!("there is no user {email} who has accepted an invitation or was made");
        return Err(refuse(StatusCode::NOT_FOUND, detail));
    }
    let act = async {
        let seen = Command::ResetTotp(state.memberships.clone());
        let reset = api.router.tell_user(user, seen, None).await;
        reset.map_err(failure::problem)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    let who = (user, &*state.memberships);
    let done = audited_of_operator(api, who, state.proven_to, "users.totp.reset", act).await;
    done.map_err(refuse_as)?;
    Ok(Json(ResetUser {
        id: users::id(api, user),
        username: email,
        had_totp: state.confirmed_totp().is_some(),
    }))
}

fn normal(text: &str, field: &str) -> Result<String, (StatusCode, Json<super::Refused>)> {
    email::normal(text).ok_or_else(|| {
        let detail = format!("{field} must be like name@example.com");
        refuse(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })
}

fn refuse_as(problem: Problem) -> (StatusCode, Json<super::Refused>) {
    refuse(problem.code().status(), problem.detail().to_owned())
}

fn not_made(why: NotMade) -> (StatusCode, Json<super::Refused>) {
    refuse_as(why.problem())
}
