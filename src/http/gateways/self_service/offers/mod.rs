//! The reward offers that a contact sees, and how far it has got with their goals.

pub(super) mod get;
pub(super) mod list;
pub(super) mod merchants;
pub(super) mod performance;
pub(super) mod wire;

use std::sync::Arc;

use crate::actors::router::Timings;
use crate::domain::contact::{BuyingContact, LoyaltyView};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::Named;
use crate::domain::offer::{Buyer, LifeCycle, Offer};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// A contact that looks at offers.
pub(super) struct Onlooker {
    /// Who looks.
    pub(super) view: Box<LoyaltyView>,
    /// At what.
    pub(super) tenant: Arc<TenantView>,
    /// What it took to know.
    pub(super) timings: Timings,
}

impl Onlooker {
    pub(super) async fn of(api: &Api, token: &ContactToken) -> Result<Onlooker, Problem> {
        let reply = api.router.query(token.signed_in.contact, Query::Loyalty);
        let reply = reply.await;
        let view = match reply.result.map_err(failure::problem)? {
            Answer::Loyalty(view) => view,
            _ => return Err(failure::not_found()),
        };
        Ok(Onlooker {
            view,
            tenant: token.tenant_view(api).await?,
            timings: reply.timings,
        })
    }

    /// Whether the contact sees an offer: one that gives, or will, and that is not for others only. What a tier opens is seen by all.
    fn sees(&self, offer: &Offer) -> bool {
        let conditions = &offer.conditions;
        let buyer = BuyingContact::of_view(&self.view, &self.tenant);
        let mut segments = conditions.segments.iter();
        offer.life_cycle == LifeCycle::Active
            && conditions.ends_at.is_none_or(|end| self.view.now < end)
            && (conditions.segments.is_empty() || segments.any(|it| buyer.is_in_segment(*it)))
    }

    /// The offer of this id, if the contact sees it.
    fn offer(&self, api: &Api, id: &str) -> Result<(u64, &Offer), Problem> {
        let ids = api.router.secrets().public_ids();
        let number = ids.read_as(Named::Offer, id).map(|id| id.entity);
        let mut offers = self.tenant.offers.iter();
        let found = offers.find(|(of, offer)| number == Some(*of) && self.sees(offer));
        let (number, offer) = found.ok_or_else(failure::not_found)?;
        Ok((*number, offer))
    }
}
