//! Users over the control socket: how a node gets its first one.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Answered, Control, refuse, tenants};
use crate::domain::address::TenantId;
use crate::domain::ids::Named;
use crate::http::email;
use crate::http::users::{self, NotMade};

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
    let email = email::normal(&new.email).ok_or_else(|| {
        let detail = "--email must be like name@example.com";
        refuse(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })?;
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

fn not_made(why: NotMade) -> (StatusCode, Json<super::Refused>) {
    let problem = why.problem();
    refuse(problem.code().status(), problem.detail().to_owned())
}
