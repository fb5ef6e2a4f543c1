//! `/custom_fields`: what is kept with contacts and other things beside what the platform knows of them.

use std::future::ready;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::CreatedForApps;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::apps::{Command, CustomField, FieldKind, Item};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};
use crate::http::auth::Authorized;
use crate::http::extract::text::check;
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::gateways::custom_fields::{WireDefinition, WireEntity, WireKind};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits;

/// The definition of a custom field, as it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WrittenCustomField)]
pub(in super::super) struct Written {
    /// What it belongs to. It stays what it is, as `key` and `field` do.
    entity: WireEntity,
    /// By what values are written and read: letters, digits, `_`, `-` and `.`; unique among those of its entity.
    #[schema(max_length = 64)]
    key: String,
    /// What people call it.
    label: String,
    tooltip: Option<String>,
    /// Whether apps are to show it.
    #[serde(default = "yes")]
    visible: bool,
    field: WireKind,
    /// With `SELECTION` and `RADIO_BUTTONS`: what one is chosen from.
    #[serde(default)]
    #[schema(max_items = 20)]
    options: Vec<String>,
}

const fn yes() -> bool {
    true
}

impl Validate for Written {
    fn validate(&self, faults: &mut Faults) {
        let max = limits::CUSTOM_FIELD_TEXT_BYTES_MAX;
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        faults.require(
            (1..=limits::CUSTOM_FIELD_KEY_CHARS_MAX).contains(&self.key.len())
                && self.key.bytes().all(is_key),
            "key",
            "not_a_key",
            "must have 1 to 64 letters, digits, _, - and .",
        );
        check(faults, "label", Some(&self.label), max);
        check(faults, "tooltip", self.tooltip.as_deref(), max);
        let has_options = FieldKind::from(self.field).has_options();
        faults.require(
            has_options != self.options.is_empty(),
            "options",
            "not_of_its_kind",
            "must be there with SELECTION and RADIO_BUTTONS, and with nothing else",
        );
        faults.require(
            self.options.len() <= CustomField::OPTIONS_MAX,
            "options",
            "too_many",
            "must have at most 20 entries",
        );
        faults.within("options", |faults| {
            for (index, option) in self.options.iter().enumerate() {
                faults.at(index, |faults| {
                    check(faults, "", Some(option), max);
                    let mut before = self.options.iter().take(index);
                    faults.require(
                        before.all(|other| other != option),
                        "",
                        "duplicate",
                        "must stand in the list once",
                    );
                });
            }
        });
        let texts = [&self.key, &self.label].into_iter().chain(&self.tooltip);
        let bytes = texts.chain(&self.options).map(String::len);
        faults.require(
            bytes.fold(0_usize, usize::saturating_add) <= max,
            "",
            "too_long",
            "must have less text: key, label, tooltip and options together at most 400 bytes",
        );
    }
}

impl Written {
    fn read(&self) -> Box<Item> {
        Box::new(Item::Field(CustomField {
            entity: self.entity.into(),
            key: self.key.clone(),
            label: self.label.clone(),
            tooltip: self.tooltip.clone(),
            visible: self.visible,
            kind: self.field.into(),
            options: self.options.clone(),
        }))
    }
}

/// Which custom fields.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Wanted {
    /// Those of this entity alone.
    #[param(inline)]
    entity: Option<WireEntity>,
}

impl Validate for Wanted {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// Definitions of custom fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldDefinitions)]
struct Definitions {
    content: Vec<WireDefinition>,
}

/// The custom field of this id, if it is defined.
fn named(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
    let number = ids.read_as(Named::CustomField, id)?.entity;
    tenant.apps.field(number).map(|_| number)
}

fn shown(ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<WireDefinition> {
    let number = named(ids, tenant, id)?;
    let field = tenant.apps.field(number)?;
    Some(WireDefinition::of(number, field, ids))
}

/// Define a custom field.
///
/// From its answer on, the entity's `custom_fields` take the keys that are defined for it and no others, and values of their kind. Values that are there already stay.
#[utoipa::path(
    post, path = "/custom_fields", tag = "Apps", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = Written,
    responses(
        (status = 201, description = "Defined", body = CreatedForApps),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 50 custom fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, another one of the entity has the key, or the Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<Written>,
) -> Result<Response, Problem> {
    super::of_whole_network(&caller)?;
    let what = ("custom_fields.create", Named::CustomField);
    let once = Once::of(&caller, &headers, what.0, None, &body.hash)?;
    super::create(&api, &caller, &once, what, *body.read()).await
}

/// List custom fields.
#[utoipa::path(
    get, path = "/custom_fields", tag = "Apps", security(("api_key" = [])),
    params(Wanted),
    responses(
        (status = 200, description = "All of them, at most 50, in the order in which they were defined", body = Definitions),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsRead.bit() }>,
    wanted: ValidQuery<Wanted>,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let all = tenant.apps.fields.iter();
        let entity = |it: &CustomField| WireEntity::from(it.entity);
        let wanted = all.filter(|(_, it)| wanted.entity.is_none_or(|of| of == entity(it)));
        let content = wanted.map(|(number, it)| WireDefinition::of(*number, it, ids));
        Some(Definitions {
            content: content.collect(),
        })
    };
    super::answer(&api, &caller, Timings::default(), show).await
}

/// Get a custom field.
#[utoipa::path(
    get, path = "/custom_fields/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The custom field's id")),
    responses(
        (status = 200, description = "The custom field", body = WireDefinition),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No custom field of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| shown(ids, tenant, &id);
    super::answer(&api, &caller, Timings::default(), show).await
}

/// Change a custom field: label, tooltip, visibility and options. Its entity, key and kind stay, as what was written by them does.
#[utoipa::path(
    put, path = "/custom_fields/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The custom field's id")),
    request_body = Written,
    responses(
        (status = 200, description = "As it is now", body = WireDefinition),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No custom field of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or may not change", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<Written>,
) -> Result<Response, Problem> {
    super::of_whole_network(&caller)?;
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let number = named(ids, &tenant, &id).ok_or_else(failure::not_found)?;
    let command = Command::Change(number, body.read());
    let what = ("custom_fields.update", &*id);
    super::change(&api, &caller, what, command, |engine| {
        let show = |tenant: &TenantView, ids: &PublicIds| shown(ids, tenant, &id);
        super::answer(&api, &caller, engine, show)
    })
    .await
}

/// Define a custom field no longer. Values that were written stay with what they were written for.
#[utoipa::path(
    delete, path = "/custom_fields/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The custom field's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No custom field of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let number = named(ids, &tenant, &id).ok_or_else(failure::not_found)?;
    super::of_whole_network(&caller)?;
    let what = ("custom_fields.remove", &*id);
    let command = Command::RemoveField(number);
    super::change(&api, &caller, what, command, |engine| {
        ready(Ok(reply::no_content(reply::timings(&caller, engine))))
    })
    .await
}
