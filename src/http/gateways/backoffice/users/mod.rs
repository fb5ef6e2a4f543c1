//! Users: people of the Back Office. They sign in here, and say in which mode and organisation they look.
pub(super) mod accept;
pub(super) mod authenticate;
pub(super) mod change_password;
pub(super) mod forgot_password;
pub(super) mod invite;
pub(super) mod list;
mod member;
pub(super) mod mode;
pub(super) mod refresh;
pub(super) mod sign_out;
pub(super) mod signed_in;
pub(super) mod totp;
pub(super) mod update;
pub(super) mod verify_email;
mod wire;

pub(super) use self::change_password::{check_chosen, chosen};
pub(super) use self::member::validity;
pub(super) use self::wire::{check_person_name, require_mail};
use crate::domain::address::{Mode, TenantId};
use crate::domain::ids::Named;
use crate::http::auth::UserToken;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// Where wrong passwords and one-time tokens of users count, and who asks for one without a token: users are one for all networks.
const PLATFORM: (TenantId, Mode) = (TenantId::PLATFORM, Mode::Shared);

/// Demands that `id` is the user's own. Any other is answered alike, whether somebody has it or not.
fn require_self(api: &Api, caller: &UserToken, id: &str) -> Result<(), Problem> {
    let named = api.router.secrets().public_ids().read_as(Named::User, id);
    match named.filter(|it| it.part == 0 && it.entity == caller.user.user.entity) {
        Some(_) => Ok(()),
        None => Err(failure::not_found()),
    }
}
