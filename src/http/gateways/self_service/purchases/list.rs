//! `GET /contacts/{id}/purchases`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::wallets::query::{WireOrder, validate_sort};
use crate::actors::router::Timings;
use crate::http::auth::bearer::ContactToken;
use crate::http::dates::DateRange;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::shown::purchases::{Found, Wanted, of_contact};
use crate::http::{Api, failure, reply};

/// Which purchases.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct OwnListQuery {
    date: Option<i64>,
    #[serde(rename = "date[gt]")]
    after: Option<i64>,
    #[serde(rename = "date[gte]")]
    from: Option<i64>,
    #[serde(rename = "date[lt]")]
    before: Option<i64>,
    #[serde(rename = "date[lte]")]
    to: Option<i64>,
    is_ad_hoc_returned: Option<bool>,
    page: Option<u32>,
    size: Option<u32>,
    sort: Option<String>,
    order: Option<WireOrder>,
    #[serde(default)]
    include_total: bool,
}

impl OwnListQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }

    fn dates(&self) -> DateRange {
        DateRange::of(self.date, [self.after, self.from, self.before, self.to])
    }
}

impl Validate for OwnListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
        self.dates().validate(faults, "date");
        validate_sort(faults, self.sort.as_deref());
    }
}

/// A page of purchases.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct OwnPurchasePage {
    content: Vec<WirePurchase>,
    paging: Paging,
}

/// List the contact's purchases.
#[utoipa::path(
    get, path = "/contacts/{id}/purchases", tag = "Purchases", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("date" = Option<i64>, Query, description = "Made in this second, in Unix seconds"),
        ("date[gt]" = Option<i64>, Query, description = "Made after this second"),
        ("date[gte]" = Option<i64>, Query, description = "Made in this second or later"),
        ("date[lt]" = Option<i64>, Query, description = "Made before this second"),
        ("date[lte]" = Option<i64>, Query, description = "Made in this second or earlier"),
        ("is_ad_hoc_returned" = Option<bool>, Query, description = "Whether its goods came back without it: that is not known of any"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = inline(Option<WireOrder>), Query, description = "DESC, the default: the newest first"),
    ),
    responses(
        (status = 200, description = "A page", body = OwnPurchasePage),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong, or the dates are too far apart", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    query: ValidQuery<OwnListQuery>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let contact = token.signed_in.contact;
    let wanted = Wanted {
        page: query.page(),
        dates: query.dates(),
        classification: None,
        organisations: Vec::new(),
        count: query.include_total,
        order: query.order.into(),
    };
    let found = match query.is_ad_hoc_returned {
        Some(true) => Found {
            total: query.include_total.then_some(0),
            ..Found::default()
        },
        Some(false) | None => {
            let found = of_contact(&api, contact, &tenant, &wanted).await?;
            found.ok_or_else(failure::not_found)?
        }
    };
    let mut content = Vec::with_capacity(found.purchases.len());
    for (contact, view) in found.purchases {
        let profile = api.router.open_profile(&contact, &view.contact_profile);
        let shown = Shown {
            ids: api.router.secrets().public_ids(),
            tenant: &tenant,
            contact: contact.entity,
            profile: Some(profile.map_err(failure::problem)?),
        };
        content.push(WirePurchase::of(&view, shown));
    }
    let page = OwnPurchasePage {
        content,
        paging: Paging {
            page: wanted.page.page,
            size: wanted.page.size,
            total: found.total,
            has_more: found.has_more,
        },
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
