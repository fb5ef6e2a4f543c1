//! The edge of HTTP: what arrives from strangers becomes typed requests, and what is refused says why.
//!
//! A call flows inwards: `edge` (sockets, time limits, request ids) -> the router -> `extract` (bodies and queries become
//! valid values) -> a gateway's handler; its answer flows back out, and a [`problem::Problem`] gets its body on the way.
//!
//! What this layer deliberately does not do: decide anything about money, contacts or credentials; keep state; retry;
//! look at what a body means. Its foundation (`problem`, `body`, `extract`, `money_wire`, `edge`) knows nothing of ours
//! but the limits, so that any gateway can stand on it.
pub mod admin;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod body;
pub mod control;
mod dates;
pub mod edge;
pub mod email;
pub mod extract;
pub mod failure;
mod freshness;
pub mod gateways;
mod hours;
pub mod mac_address;
pub mod misses;
pub mod money_wire;
pub mod paging;
pub mod passwords;
pub mod phone;
pub mod problem;
pub mod quota;
pub mod reached;
pub mod reply;
mod shown;
pub mod tokens;
pub mod users;

use std::ops::Deref;
use std::sync::Arc;

use crate::actors::router::Router;
use crate::domain::user::LetterPages;
use crate::external_login::ExternalLogin;
use crate::publishing::contacts::Contacts;
use crate::publishing::delivery::Connectors;
use crate::publishing::inbox::Inbox;
use crate::publishing::projections::purchases::PurchaseLists;

/// What every handler can reach. Cloned several times for each request, so it is one pointer.
#[derive(Clone)]
pub struct Api(Arc<Reach>);

impl Api {
    /// For handlers that reach `reach`.
    pub fn new(reach: Reach) -> Api {
        Api(Arc::new(reach))
    }
}

impl Deref for Api {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.0
    }
}

/// The one door to the entities, and the lists over many of them.
pub struct Reach {
    /// The one door to the entities.
    pub router: Router,
    /// The access tokens of contacts.
    pub tokens: Arc<tokens::Tokens>,
    /// Hashes passwords.
    pub passwords: Arc<passwords::Passwords>,
    /// Under which addresses this node is reached.
    pub addresses: reached::Addresses,
    /// How much each API key may ask for.
    pub quota: Arc<quota::Quota>,
    /// The purchases of organisations.
    pub purchases: PurchaseLists,
    /// All contacts, by age and by name.
    pub contacts: Arc<Contacts>,
    /// What test mode would have sent.
    pub inbox: Arc<Inbox>,
    /// What messages of live mode leave through.
    pub connectors: Arc<Connectors>,
    /// What links of letters to users lead to.
    pub letter_pages: Arc<LetterPages>,
    /// Whoever vouches for contacts elsewhere.
    pub external_login: Arc<ExternalLogin>,
}
