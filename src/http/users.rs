//! Users as operators make them: over the control socket, and for the demo network.

use super::passwords::{Password, Unfit};
use super::{Api, email, failure};
use crate::actors::router::Failure;
use crate::domain::address::{Address, TenantId};
use crate::domain::contact::Profile;
use crate::domain::entity::{Command, Rejection};
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant::{self, OWNER_ROLE};
use crate::domain::user::{self, Create, Membership, Validity};
use crate::http::problem::Problem;

/// A user to make, of whom nobody doubts that the e-mail address is its own.
#[derive(Clone)]
pub struct NewUser {
    /// Whose network it is to work in.
    pub tenant: TenantId,
    /// In which organisation it is to be an owner, by entity number; where none is named, in the one that owns the network.
    pub organisation: Option<u64>,
    /// Its e-mail address.
    pub email: String,
    /// Its first name.
    pub first_name: Option<String>,
    /// Its last name.
    pub last_name: Option<String>,
    /// Its password.
    pub password: String,
    /// Whether it has to choose another password before anything is open to it.
    pub password_expired: bool,
}

/// Why a user is not made.
#[derive(Debug)]
pub enum NotMade {
    /// The password may not be chosen.
    Unfit(Unfit),
    /// Too many passwords are being hashed.
    Busy(Problem),
    /// It exists, or there is no such organisation, or no answer.
    Failed(Failure),
}

impl From<Failure> for NotMade {
    fn from(failure: Failure) -> NotMade {
        NotMade::Failed(failure)
    }
}

impl NotMade {
    /// As a problem.
    pub fn problem(self) -> Problem {
        match self {
            NotMade::Unfit(unfit) => {
                failure::invalid_field("/password", unfit.code(), unfit.detail())
            }
            NotMade::Busy(problem) => problem,
            NotMade::Failed(failure) => failure::problem(failure),
        }
    }
}

/// A user's public id.
pub fn id(api: &Api, user: Address) -> String {
    let ids = api.router.secrets().public_ids();
    ids.write(PublicId::of(Named::User, user.entity))
}

/// Makes a user who is an owner.
///
/// # Errors
/// As [`NotMade`] says.
pub async fn make(api: &Api, new: NewUser) -> Result<Address, NotMade> {
    let router = &api.router;
    let tenant = router.tenant_view(new.tenant, crate::domain::address::Mode::Live);
    let tenant = tenant.await?;
    let organisation = new.organisation.unwrap_or_else(|| tenant.owner());
    if !tenant.organisations.contains_key(&organisation) {
        return Err(Failure::Rejected(Rejection::NotFound).into());
    }
    let password = Password::chosen(new.password).map_err(NotMade::Unfit)?;
    let hash = api.passwords.hash(password).await.map_err(NotMade::Busy)?;
    let email = email::folded(&new.email);
    let (user, value) = router.user_of(&email);
    let person = Profile {
        first_name: new.first_name,
        last_name: new.last_name,
        email_address: Some(email),
        ..Profile::default()
    };
    let before = router.user(user).await?;
    let create = user::Command::Create(Create {
        value,
        person: router.seal_person(&user, before.person.as_ref(), &person)?,
        password: (hash, new.password_expired),
        memberships: vec![Membership {
            tenant: new.tenant,
            organisation,
            role: OWNER_ROLE,
            validity: Validity::BothModes,
            is_active: true,
        }],
    });
    // Listed first: a list that names nobody shows nobody, and a user that no list names would be lost.
    list(api, new.tenant, user).await?;
    router.tell_user(user, create, None).await?;
    Ok(user)
}

/// Has a tenant list a user.
///
/// # Errors
/// The tenant is unknown or lists as many as it may; no answer.
pub async fn list(api: &Api, tenant: TenantId, user: Address) -> Result<(), Failure> {
    let list = Command::Tenant(tenant::Command::ListUser(user.entity));
    let listed = api
        .router
        .command(Address::tenant(tenant), list, None, None);
    listed.await.result.map(|_| ())
}
