//! The access tokens of users: they also say where the session is, and what its user is there, for pages that show it. What the
//! user may do is asked of the user itself at each request.

use serde::Serialize;

use super::{AccessToken, BACK_OFFICE, Grant, ISSUER, NotSigned, Tokens, WireMode, token_id};
use crate::domain::access::ACCESS_LASTS;
use crate::domain::address::Address;
use crate::domain::ids::{Named, PublicId};
use crate::domain::user::SessionView;

/// What a user's token is made from: a session as it was recorded, and what its user is where it looks.
#[derive(Clone, Debug)]
pub struct UserGrant<'a> {
    /// Whose.
    pub user: Address,
    /// Which session.
    pub session: &'a SessionView,
    /// The names of the user's roles there.
    pub roles: Vec<String>,
    /// Whether the organisation owns its network.
    pub is_service_owner: bool,
}

/// What a user's token says.
#[derive(Debug, Serialize)]
struct UserClaims {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    tid: String,
    mode: WireMode,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
    /// The organisation that the session looks at.
    org: String,
    /// The same, as published clients read it.
    primary_organisation_id: String,
    /// The mode, as published clients read it.
    login_mode: WireMode,
    roles: Vec<String>,
    service_owner: bool,
    /// Who acts as the organisation, in a masquerade (RFC 8693, section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    /// When the user last proved to have its second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
}

/// Who acts.
#[derive(Debug, Serialize)]
struct Actor {
    sub: String,
}

impl Tokens {
    /// The access token of a user's session, as it stands since it was begun or refreshed last.
    ///
    /// # Errors
    /// The signature cannot be made.
    pub fn issue_to_user(&self, grant: &UserGrant<'_>) -> Result<AccessToken, NotSigned> {
        let ids = self.secrets.public_ids();
        let (session, place) = (grant.session, grant.session.place);
        let tokens = session.tokens;
        let issued_at = tokens.issued_at;
        let expires_at = issued_at.after(ACCESS_LASTS).unix_seconds();
        let user = ids.write(PublicId::of(Named::User, grant.user.entity));
        let organisation = ids.write(PublicId::of(Named::Organisation, place.organisation));
        let claims = UserClaims {
            iss: ISSUER,
            aud: BACK_OFFICE,
            tid: ids.write(PublicId::of(Named::Tenant, place.tenant.0)),
            mode: WireMode::of(place.mode),
            sid: tokens.number.to_string(),
            jti: token_id(&Grant {
                contact: grant.user,
                session: tokens.number,
                generation: tokens.generation,
                nonce: &tokens.nonce,
                issued_at,
                organisation: None,
            }),
            iat: issued_at.unix_seconds(),
            exp: expires_at,
            primary_organisation_id: organisation.clone(),
            org: organisation,
            login_mode: WireMode::of(place.mode),
            roles: grant.roles.clone(),
            service_owner: grant.is_service_owner,
            act: session.is_masquerade.then(|| Actor { sub: user.clone() }),
            auth_time: session.stepped_up_at.map(|at| at.unix_seconds()),
            sub: user,
        };
        let text = self.signed(&claims, issued_at)?;
        Ok(AccessToken { text, expires_at })
    }
}
