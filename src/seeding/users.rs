//! The demo network's owner: a person who signs in to the Back Office.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use super::{Error, TENANT, scope};
use crate::actors::envelope::Failure;
use crate::domain::address::Mode;
use crate::domain::entity::Rejection;
use crate::domain::user;
use crate::http::Api;
use crate::http::passwords::Password;
use crate::http::users::{self, NewUser, NotMade};

/// By what the owner of the demo network signs in.
const OWNER: &str = "owner@clientele.example";

/// A user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedUser {
    /// Its id.
    pub id: String,
    /// By what it signs in.
    pub username: String,
    /// Its password: none, if another was chosen and no seed file holds it.
    pub password: Option<String>,
}

/// Makes the owner where it is not there yet. `held` is what an earlier seed file says.
pub(super) async fn create(api: &Api, held: Option<&[SeedUser]>) -> Result<SeedUser, Error> {
    // Derived, so that each start makes and tells the same one.
    let secret = api.router.secrets();
    let secret = secret.derived_api_key_secret(&scope(Mode::Live, "owner"));
    let (short, _) = secret.split_at(10);
    let password = BASE32_NOPAD.encode(short).to_lowercase();
    let (user, _) = api.router.user_of(OWNER);
    let new = NewUser {
        tenant: TENANT,
        organisation: None,
        email: OWNER.to_owned(),
        first_name: Some("Demo".to_owned()),
        last_name: Some("Owner".to_owned()),
        password: password.clone(),
        password_expired: false,
    };
    let password = match users::make(api, new).await {
        Ok(_) => Some(password),
        Err(NotMade::Failed(Failure::Rejected(Rejection::User(user::Rejection::UserExists)))) => {
            let state = api.router.user(user).await?;
            let hash = state.password.map(|it| it.hash);
            let typed = Password::typed(password.clone()).ok_or(Error::User)?;
            let matches = api.passwords.matches(typed, hash).await;
            let held = || {
                held?
                    .iter()
                    .find(|it| it.username == OWNER)?
                    .password
                    .clone()
            };
            match matches.map_err(|_busy| Error::User)? {
                true => Some(password),
                false => held(),
            }
        }
        Err(NotMade::Failed(failure)) => return Err(failure.into()),
        Err(NotMade::Unfit(_) | NotMade::Busy(_)) => return Err(Error::User),
    };
    Ok(SeedUser {
        id: users::id(api, user),
        username: OWNER.to_owned(),
        password,
    })
}
