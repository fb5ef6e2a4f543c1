//! `/segments`: contacts that belong together.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CreatedReward, numbers, organisation, segment, tier};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::configuration::{ActivityRule, Command, Item, Segment};
use crate::domain::contact::{ContactType, Loyalty};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::money_wire::{WireAmount, not_negative};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits;

/// A segment, as it is written: contacts that are all that it names. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenSegment {
    name: String,
    description: Option<String>,
    /// Names of tags, of which the contact has one.
    #[serde(default)]
    #[schema(max_items = 10)]
    tags: Vec<String>,
    /// Who the contact is.
    #[serde(default)]
    contact_types: Vec<SegmentContactType>,
    /// Ids of organisations at or below which the contact is signed up.
    #[serde(default)]
    #[schema(max_items = 10)]
    organisations: Vec<String>,
    /// Ids of tiers, of which the contact has one.
    #[serde(default)]
    #[schema(max_items = 10)]
    tiers: Vec<String>,
    /// For how many days after its creation the contact belongs to it.
    registered_within_days: Option<u32>,
    activity: Option<WireActivity>,
}

/// What the contact has bought of late, counted since the tenant has tiers or a segment with such a rule.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WireActivity {
    /// How many months of the tenant's calendar, the one under way among them.
    #[schema(minimum = 1, maximum = 24)]
    months: u8,
    /// How much it has paid in them.
    minimum_amount: Option<WireAmount>,
    /// How often it has bought in them.
    minimum_visits: Option<u32>,
}

/// Who a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum SegmentContactType {
    /// A person.
    Person,
    /// A company.
    Company,
}

impl Validate for WrittenSegment {
    fn validate(&self, faults: &mut Faults) {
        super::check_texts(faults, &self.name, self.description.as_deref());
        let WrittenSegment {
            name: _,
            description: _,
            tags,
            contact_types,
            organisations,
            tiers,
            registered_within_days,
            activity,
        } = self;
        for (member, length) in [
            ("tags", tags.len()),
            ("contact_types", contact_types.len()),
            ("organisations", organisations.len()),
            ("tiers", tiers.len()),
        ] {
            faults.require(
                length <= Segment::LIST_MAX,
                member,
                "too_many",
                "must have at most 10 entries",
            );
        }
        faults.require(
            registered_within_days
                .is_none_or(|days| (1..=limits::REGISTERED_WITHIN_DAYS_MAX).contains(&days)),
            "registered_within_days",
            "out_of_range",
            "must be between 1 day and 3660, or be left out",
        );
        if let Some(activity) = activity {
            faults.within("activity", |faults| {
                faults.require(
                    (1..=Loyalty::MONTHS_MAX).contains(&activity.months.into()),
                    "months",
                    "out_of_range",
                    "must be between 1 and 24",
                );
                faults.require(
                    activity.minimum_amount.is_some() || activity.minimum_visits.is_some(),
                    "",
                    "empty",
                    "must have minimum_amount or minimum_visits, or be left out",
                );
            });
        }
        let demands = !(tags.is_empty()
            && contact_types.is_empty()
            && organisations.is_empty()
            && tiers.is_empty())
            || registered_within_days.is_some()
            || activity.is_some();
        faults.require(
            demands,
            "",
            "empty",
            "must demand something: tags, contact_types, organisations, tiers, registered_within_days or activity",
        );
    }
}

impl WrittenSegment {
    fn read(&self, tenant: &TenantView, ids: &PublicIds) -> Result<Item, Problem> {
        let mut faults = Faults::new();
        let decimals = tenant.currency.decimals();
        let mut activity = None;
        if let Some(wire) = self.activity {
            faults.within("activity", |faults| {
                let amount = not_negative(faults, "minimum_amount", wire.minimum_amount, decimals);
                activity = Some(ActivityRule {
                    months: wire.months,
                    minimum_amount: amount.unwrap_or_default(),
                    minimum_visits: wire.minimum_visits.unwrap_or_default(),
                });
            });
        }
        let types = self.contact_types.iter();
        let segment = Segment {
            name: self.name.trim().to_owned(),
            description: self.description.clone(),
            tags: numbers(&mut faults, ("tags", "unknown_tag"), &self.tags, |name| {
                tenant.rewards.tag(name.trim())
            }),
            contact_types: types.map(|it| ContactType::from(*it)).collect(),
            organisations: numbers(
                &mut faults,
                ("organisations", "unknown_organisation"),
                &self.organisations,
                |id| organisation(ids, tenant, id),
            ),
            tiers: numbers(&mut faults, ("tiers", "unknown_tier"), &self.tiers, |id| {
                tier(ids, tenant, id)
            }),
            registered_within_days: self.registered_within_days,
            activity,
        };
        faults.into_result()?;
        Ok(Item::Segment(segment))
    }
}

impl From<SegmentContactType> for ContactType {
    fn from(wire: SegmentContactType) -> ContactType {
        match wire {
            SegmentContactType::Person => ContactType::Person,
            SegmentContactType::Company => ContactType::Company,
        }
    }
}

/// A segment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
struct WireSegment {
    id: String,
    name: String,
    description: Option<String>,
    /// Names of tags, of which the contact has one.
    #[schema(max_items = 10)]
    tags: Vec<String>,
    /// Who the contact is.
    contact_types: Vec<SegmentContactType>,
    /// Ids of organisations at or below which the contact is signed up.
    #[schema(max_items = 10)]
    organisations: Vec<String>,
    /// Ids of tiers, of which the contact has one.
    #[schema(max_items = 10)]
    tiers: Vec<String>,
    /// For how many days after its creation the contact belongs to it.
    registered_within_days: Option<u32>,
    activity: Option<WireActivity>,
}

impl WireSegment {
    fn of(number: u64, segment: &Segment, tenant: &TenantView, ids: &PublicIds) -> WireSegment {
        let id = |named: Named, number: &u64| ids.write(PublicId::of(named, *number));
        let tags = tenant.rewards.tags.iter();
        let tags = tags.filter(|(number, _)| segment.tags.contains(number));
        let types = segment.contact_types.iter();
        let amount = |rule: &ActivityRule| {
            WireAmount::from_minor(rule.minimum_amount.0, tenant.currency.decimals())
        };
        WireSegment {
            id: id(Named::Segment, &number),
            name: segment.name.clone(),
            description: segment.description.clone(),
            tags: tags.map(|(_, name)| name.clone()).collect(),
            contact_types: types
                .map(|it| match it {
                    ContactType::Person => SegmentContactType::Person,
                    ContactType::Company => SegmentContactType::Company,
                })
                .collect(),
            organisations: segment
                .organisations
                .iter()
                .map(|number| id(Named::Organisation, number))
                .collect(),
            tiers: segment
                .tiers
                .iter()
                .map(|number| id(Named::Tier, number))
                .collect(),
            registered_within_days: segment.registered_within_days,
            activity: segment.activity.as_ref().map(|rule| WireActivity {
                months: rule.months,
                minimum_amount: Some(amount(rule)),
                minimum_visits: Some(rule.minimum_visits),
            }),
        }
    }
}

/// Which segments.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in super::super) struct ListQuery {
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// A page of segments, in the order in which they were created.
#[derive(Debug, Serialize, ToSchema)]
struct SegmentPage {
    content: Vec<WireSegment>,
    paging: Paging,
}

/// Create a segment: contacts that belong together.
///
/// Offers name it in their conditions. Whether a contact belongs to it is looked at with each purchase.
#[utoipa::path(
    post, path = "/segments", tag = "Segments", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = WrittenSegment,
    responses(
        (status = 201, description = "Created", body = CreatedReward),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 30 segments", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<WrittenSegment>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let item = body.read(&tenant, api.router.secrets().public_ids())?;
    let what = ("segments.create", Named::Segment);
    super::create(&api, &caller, &headers, what, (item, &body.hash)).await
}

/// List segments.
#[utoipa::path(
    get, path = "/segments", tag = "Segments", security(("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = SegmentPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let page = Page::of(query.page, query.size);
    let all = tenant.rewards.segments.iter().collect();
    let (segments, paging) = page.cut(all, query.include_total);
    let content = segments.into_iter();
    let content = content
        .map(|(number, segment)| WireSegment::of(*number, segment, &tenant, ids))
        .collect();
    let timings = reply::timings(&caller, Timings::default());
    let page = SegmentPage { content, paging };
    Ok(reply::json(StatusCode::OK, &page, timings))
}

/// Get a segment.
#[utoipa::path(
    get, path = "/segments/{id}", tag = "Segments", security(("api_key" = [])),
    params(("id" = String, Path, description = "The segment's id")),
    responses(
        (status = 200, description = "The segment", body = WireSegment),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No segment of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &id, Timings::default()).await
}

/// Change a segment as a whole, from the very next purchase on. What is left out is as in a new one.
#[utoipa::path(
    put, path = "/segments/{id}", tag = "Segments", security(("api_key" = [])),
    params(("id" = String, Path, description = "The segment's id")),
    request_body = WrittenSegment,
    responses(
        (status = 200, description = "The segment as it is now", body = WireSegment),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No segment of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WrittenSegment>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let number = segment(ids, &tenant, &id).ok_or_else(failure::not_found)?;
    let item = Box::new(body.read(&tenant, ids)?);
    let act = async {
        let engine = super::command(&api, &caller, Command::Change(number, item)).await?;
        answer(&api, &caller, &id, engine).await
    };
    let target = target(&api, Named::Segment, number);
    audited(&api, &caller, "segments.update", target, act).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: &str,
    engine: Timings,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let number = segment(ids, tenant, id)?;
        let segment = tenant.rewards.segment(number)?;
        Some(WireSegment::of(number, segment, tenant, ids))
    };
    super::answer(api, caller, engine, show).await
}
