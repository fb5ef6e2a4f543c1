//! Where a purchase was made and what kind it is, each named in exactly one way.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};
use crate::domain::organisation::Role;
use crate::http::auth::Caller;
use crate::http::extract::Faults;
use crate::http::failure;
use crate::http::problem::{Code, Problem};

/// Who sells, named in exactly one way.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct OrganisationReference {
    pub(super) id: Option<String>,
    /// The merchant of a terminal access point (TAP).
    pub(super) merchant_tap: Option<TapReference>,
    /// The venue of a terminal access point (TAP).
    pub(super) venue_tap: Option<TapReference>,
}

/// A terminal access point, named in exactly one way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TapReference {
    id: Option<String>,
    code: Option<String>,
}

impl OrganisationReference {
    pub(super) fn validate(&self, faults: &mut Faults) {
        let taps = [&self.merchant_tap, &self.venue_tap];
        let named = taps.iter().filter(|tap| tap.is_some()).count();
        faults.require(
            named.saturating_add(usize::from(self.id.is_some())) == 1,
            "organisation",
            "ambiguous",
            "must name the organisation in exactly one way: id, merchant_tap or venue_tap",
        );
        faults.within("organisation", |faults| {
            for (member, tap) in ["merchant_tap", "venue_tap"].into_iter().zip(taps) {
                let is_named_once = tap
                    .as_ref()
                    .is_none_or(|tap| tap.id.is_some() != tap.code.is_some());
                faults.require(
                    is_named_once,
                    member,
                    "ambiguous",
                    "must name the TAP in exactly one way: id or code",
                );
            }
        });
    }

    /// Whether it names none.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none() && self.merchant_tap.is_none() && self.venue_tap.is_none()
    }

    /// The organisation by entity number. Without any name, it is the key's own. `member` is what the body calls it.
    pub(super) fn find(
        &self,
        caller: &Caller,
        tenant: &TenantView,
        ids: &PublicIds,
        member: &str,
    ) -> Result<u64, Problem> {
        let unknown = || {
            Problem::new(
                Code::UnknownOrganisation,
                format!("{member} names none that is known under this key"),
            )
        };
        let number = self.known(caller, tenant, ids).ok_or_else(unknown)?;
        let found = tenant.organisations.get(&number).ok_or_else(unknown)?;
        if found.role.takes_purchases() {
            return Ok(number);
        }
        Err(failure::invalid_field(
            &format!("/{member}"),
            "takes_no_purchases",
            "must name where it was bought: a VENUE or MERCHANT, or a BUSINESS or SERVICE_OWNER that sells by itself",
        ))
    }

    fn known(&self, caller: &Caller, tenant: &TenantView, ids: &PublicIds) -> Option<u64> {
        let (tap, role) = match (&self.id, &self.merchant_tap, &self.venue_tap) {
            (Some(id), _, _) => return caller.organisation(ids, tenant, id),
            (None, Some(tap), _) => (tap, Role::Merchant),
            (None, None, Some(tap)) => (tap, Role::Venue),
            (None, None, None) => return caller.bound_to(),
        };
        tap.holder(tenant, ids)
            .filter(|number| {
                let found = tenant.organisations.get(number);
                found.is_some_and(|organisation| organisation.role == role)
            })
            .filter(|number| caller.acts_for(tenant, Some(*number)))
    }
}

impl TapReference {
    fn holder(&self, tenant: &TenantView, ids: &PublicIds) -> Option<u64> {
        match (&self.code, &self.id) {
            (Some(code), _) => tenant.taps.get(code).copied(),
            (None, Some(id)) => {
                let number = ids.read_as(Named::Tap, id)?.entity;
                tenant.tap_of(number).map(|_| number)
            }
            (None, None) => None,
        }
    }
}

/// What kind of purchase it is, named in exactly one way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ClassificationReference {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

impl ClassificationReference {
    pub(super) fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.id.is_some() != self.name.is_some(),
            "classification",
            "ambiguous",
            "must name the classification in exactly one way: id or name; or be left out",
        );
    }
}
