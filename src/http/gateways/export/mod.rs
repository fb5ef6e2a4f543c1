//! Everything that is held on a contact, as one JSON document: the contact asks for its own in self-service, and the Back Office for anybody's.
//!
//! What a contact's entity holds is taken apart here field by field, and none is left out by `..`: a field that is added does not compile
//! before somebody has said what the document shows of it. What only proves something (hashes, keys, what codes are made of) is named and not
//! shown.
//!
//! The journal and the purchases of years are read and sent page by page, so that no document is ever in memory as a whole.

mod access;
mod held;
mod money;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::actors::router::{OpenedProfile, Timings};
use crate::domain::address::Address;
use crate::domain::contact::{Contact, Image, JournalPage, Profile, SealedProfile};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;
use crate::http::auth::Caller;
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;
use crate::http::reached::Reached;
use crate::http::shown::journal;
use crate::http::shown::purchases::fetch;
use crate::http::{Api, failure, reply};
use crate::limits;

/// Why an export ends before its end: what was sent of it is no JSON then.
#[derive(Debug, thiserror::Error)]
#[error("the export was cut off")]
struct CutOff;

/// What ids, names and amounts are read from.
struct Place<'a> {
    api: &'a Api,
    reached: &'a Reached,
    contact: Address,
    slot: u32,
    tenant: &'a TenantView,
    /// Its image as it was read; none, if it has none.
    image: Option<&'a (Image, Vec<u8>)>,
}

impl Place<'_> {
    fn ids(&self) -> &PublicIds {
        self.api.router.secrets().public_ids()
    }

    fn id(&self, named: Named, entity: u64) -> String {
        self.ids().write(PublicId::of(named, entity))
    }

    /// The id of a part of the contact.
    fn part(&self, named: Named, part: u32) -> String {
        self.ids().write(PublicId {
            named,
            entity: self.contact.entity,
            part,
        })
    }

    fn amount(&self, minor: Minor) -> WireAmount {
        WireAmount::from_minor(minor.0, self.tenant.currency.decimals())
    }

    /// An organisation, with its name.
    fn organisation(&self, number: u64) -> Value {
        let known = self.tenant.organisations.get(&number);
        serde_json::json!({
            "id": self.id(Named::Organisation, number),
            "name": known.map(|it| it.name.clone()),
        })
    }

    /// An offer, with its name.
    fn offer(&self, number: u64) -> Value {
        let mut offers = self.tenant.offers.iter();
        let known = offers.find(|(other, _)| *other == number);
        serde_json::json!({
            "id": self.id(Named::Offer, number),
            "name": known.map(|(_, offer)| offer.name.clone()),
        })
    }

    /// What was sealed with the key of the contact's profile.
    fn open(&self, sealed: SealedProfile) -> Result<Profile, Problem> {
        let opened = self.api.router.open_profile(&self.contact, &sealed);
        match opened.map_err(failure::problem)? {
            OpenedProfile::Plain(profile) => Ok(*profile),
            OpenedProfile::Erased => Err(failure::not_found()),
        }
    }

    /// What was sealed by itself: a phone number, an e-mail address, or an account at a provider.
    fn sealed_value(&self, sealed: &Arc<[u8]>) -> Result<Value, Problem> {
        let profile = self.open(SealedProfile {
            slot: self.slot,
            sealed: Arc::clone(sealed),
        })?;
        let phone = profile.phones.into_iter().next().map(|phone| phone.number);
        if let Some(text) = phone.or(profile.email_address) {
            return Ok(Value::String(text));
        }
        let fields = profile.custom_fields.into_iter();
        let account = fields.map(|field| (field.key, Value::String(field.value)));
        Ok(Value::Object(account.collect()))
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.unix_seconds()
}

/// How far an export has come.
enum Exporting {
    /// To the lines of the journal from this one on.
    Journal(u32),
    /// To the purchases from this one on.
    Purchases(u32),
}

/// What goes on beside the request.
struct Source {
    api: Api,
    reached: Reached,
    contact: Address,
    tenant: Arc<TenantView>,
    lines: u32,
    purchases: u32,
}

/// Sends all that is held on the contact.
///
/// # Errors
/// There is no such contact; no answer.
pub(super) async fn answer(
    api: Api,
    reached: Reached,
    caller: &Caller,
    contact: Address,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let answer = api.router.query(contact, Query::Held).await;
    let (held, now) = match answer.result.map_err(failure::of_path)? {
        Answer::Held(held, now) => (held, now),
        _ => return Err(failure::not_found()),
    };
    let image = api.router.image(contact).await.map_err(failure::of_path)?;
    let place = Place {
        api: &api,
        reached: &reached,
        contact,
        slot: held.profile.slot,
        tenant: &tenant,
        image: image.as_ref(),
    };
    let head = head(&place, &held, now)?;
    let newest = JournalPage {
        newest: None,
        skip: 0,
        take: 1,
    };
    let source = Source {
        contact,
        tenant,
        lines: journal::ask(&api, contact, newest).await?.count,
        purchases: held.purchase_count,
        reached,
        api,
    };
    let first = stream::iter([Ok(head)]);
    let begun = Some(Exporting::Journal(1));
    let rest = stream::unfold((source, begun), |(source, state)| async move {
        match next(&source, state?).await {
            Ok((text, state)) => Some((Ok(text), (source, state))),
            Err(problem) => {
                let why = problem.code();
                tracing::warn!(?why, "an export of a contact was cut off");
                Some((Err(CutOff), (source, None)))
            }
        }
    });
    let timings = reply::timings(caller, Timings::default());
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let mut response = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response.extensions_mut().insert(timings);
    Ok(response)
}

/// All but the journal and the purchases, up to where the journal's lines begin.
fn head(place: &Place<'_>, held: &Contact, now: Timestamp) -> Result<Bytes, Problem> {
    let document = held::document(place, held, now)?;
    let mut text = written(&document);
    // The object goes on.
    text.pop();
    text.extend_from_slice(br#","journal":["#);
    Ok(text.into())
}

async fn next(source: &Source, state: Exporting) -> Result<(Bytes, Option<Exporting>), Problem> {
    let (api, contact) = (&source.api, source.contact);
    let place = Place {
        api,
        reached: &source.reached,
        contact,
        slot: 0,
        tenant: &source.tenant,
        image: None,
    };
    match state {
        Exporting::Journal(from) => {
            let page = limits::PAGE_SIZE_MAX;
            let to = from
                .saturating_add(page.saturating_sub(1))
                .min(source.lines);
            let asked = JournalPage {
                newest: Some(to),
                skip: 0,
                take: to.saturating_add(1).saturating_sub(from),
            };
            let lines = match from <= to {
                true => journal::ask(api, contact, asked).await?.lines,
                false => Vec::new(),
            };
            let lines = lines.iter().rev().map(|line| money::line(&place, line));
            let is_last = to == source.lines;
            let after: &[u8] = if is_last { br#"],"purchases":["# } else { b"" };
            let state = match is_last {
                true => Exporting::Purchases(1),
                false => Exporting::Journal(to.saturating_add(1)),
            };
            Ok((entries(lines, from, after), Some(state)))
        }
        Exporting::Purchases(from) => {
            let page = limits::PAGE_SIZE_MAX;
            let to = from
                .saturating_add(page.saturating_sub(1))
                .min(source.purchases);
            let mut purchases = Vec::new();
            for number in from..=to {
                let found = fetch(api, contact, number).await?;
                // Erased meanwhile: nobody gets the rest.
                let (_, view) = found.ok_or_else(failure::not_found)?;
                purchases.push(money::purchase(&place, &view));
            }
            let is_last = to == source.purchases;
            let after: &[u8] = if is_last { b"]}" } else { b"" };
            let state = (!is_last).then(|| Exporting::Purchases(to.saturating_add(1)));
            Ok((entries(purchases.into_iter(), from, after), state))
        }
    }
}

/// Entries of a list from the one of number `first` on, and what comes after them.
fn entries(values: impl Iterator<Item = Value>, first: u32, after: &[u8]) -> Bytes {
    let mut text = Vec::new();
    for (number, value) in (first..).zip(values) {
        if number > 1 {
            text.push(b',');
        }
        text.extend_from_slice(&written(&value));
    }
    text.extend_from_slice(after);
    text.into()
}

fn written(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
