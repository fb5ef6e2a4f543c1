//! Applications on the wire of both gateways: what an app is told, how it is kept, and what may be in it.

mod check;
mod parts;

use std::sync::Arc;

use serde_json::Value;

use self::parts::AppContact;
pub(super) use self::parts::AppTree;
use super::backoffice::contacts::{ContactName, contact_id, resolve};
use crate::actors::router::{Failure, OpenedProfile};
use crate::domain::address::{Address, Kind, Mode};
use crate::domain::api_key::{Gateway, Scope, Visibility};
use crate::domain::apps::{Application, Place};
use crate::domain::contact::Stage;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Caller;
use crate::http::extract::{Faults, Validate};
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};
use crate::limits;

impl Validate for AppTree {
    fn validate(&self, faults: &mut Faults) {
        check::check(faults, self);
    }
}

/// The part of an application's number to which its seal is bound.
fn bound(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

/// What is left out of `value` where it says no more than what is left out does.
fn without_defaults(value: Value) -> Value {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Object(_) => true,
    };
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(without_defaults).collect()),
        Value::Object(members) => {
            let said = members.into_iter().filter(|(_, value)| says(value));
            Value::Object(
                said.map(|(name, value)| (name, without_defaults(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

impl AppTree {
    /// The application as it is to be kept under `number`, sealed. What it names must be the caller's: its public key, and its contacts.
    ///
    /// # Errors
    /// 422 for what it names, or too much of it; 403 for a contact whose name the caller may not read; no answer.
    pub(super) async fn kept(
        mut self,
        api: &Api,
        caller: &Caller,
        number: u64,
    ) -> Result<Application, Problem> {
        require_public_key(api, caller, self.public_key.as_deref()).await?;
        if let Some(it) = &mut self.authentication {
            let demo = it.demo_contact.as_mut();
            if caller.mode() != Mode::Test && demo.as_ref().is_some_and(|it| it.otp.is_some()) {
                return Err(failure::invalid_field(
                    "/authentication/demo_contact/otp",
                    "of_test_mode",
                    "must be left out in live mode: whoever has the app can read it",
                ));
            }
            if let Some(contact) = demo.and_then(|it| it.contact.as_mut()) {
                let pointer = "/authentication/demo_contact/contact/id";
                name_contact(api, caller, contact, pointer).await?;
            }
            let guest = it.guest_contact.as_mut();
            if let Some(contact) = guest.and_then(|it| it.contact.as_mut()) {
                let pointer = "/authentication/guest_contact/contact/id";
                name_contact(api, caller, contact, pointer).await?;
            }
        }
        let places = self.platforms.iter().map(|it| Place {
            platform_id: it.platform_id.clone(),
            cloud_name: it.cloud_name.clone(),
            version: it.version.clone(),
        });
        let places = places.collect();
        let plain = serde_json::to_value(&self).map(without_defaults);
        let plain = plain.and_then(|value| serde_json::to_vec(&value));
        let plain = plain.map_err(|error| {
            tracing::error!(%error, "an application cannot be written");
            Problem::from(Code::Internal)
        })?;
        if plain.len() > limits::APPLICATION_BYTES_MAX {
            return Err(failure::invalid_field(
                "",
                "too_long",
                "must have less in it: at most 9 KiB as JSON, without blanks and what is off or empty",
            ));
        }
        let secrets = api.router.secrets();
        let sealed = secrets.seal_settings(caller.tenant(), bound(number), &plain);
        let sealed = sealed.map_err(|error| {
            tracing::error!(%error, "an application cannot be sealed");
            Problem::from(Code::Internal)
        })?;
        Ok(Application {
            places,
            sealed: Arc::from(sealed),
        })
    }

    /// The application of this number as it is shown, with its contacts as they are called now.
    ///
    /// # Errors
    /// What is kept is not to be read; no answer.
    pub(super) async fn shown(
        api: &Api,
        caller: &Caller,
        number: u64,
        application: &Application,
    ) -> Result<AppTree, Problem> {
        let secrets = api.router.secrets();
        let opened = secrets.open_settings(caller.tenant(), bound(number), &application.sealed);
        let tree = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
        let mut tree: AppTree = tree.ok_or_else(|| {
            tracing::error!("an application that is kept cannot be read");
            Problem::from(Code::Internal)
        })?;
        if let Some(it) = &mut tree.authentication {
            let contacts = [
                it.demo_contact.as_mut().map(|it| &mut it.contact),
                it.guest_contact.as_mut().map(|it| &mut it.contact),
            ];
            for contact in contacts.into_iter().flatten() {
                *contact = match contact.take() {
                    Some(named) => called(api, caller, &named.id).await?,
                    None => None,
                };
            }
        }
        let id = PublicId::of(Named::Application, number);
        tree.id = Some(secrets.public_ids().write(id));
        Ok(tree)
    }
}

/// Demands that the key that an app is told is one that may be seen, of the caller's own world: a secret must not come in here.
async fn require_public_key(api: &Api, caller: &Caller, key: Option<&str>) -> Result<(), Problem> {
    let Some(key) = key else { return Ok(()) };
    let known = api.router.authenticate(key).await;
    let is_its_own = known.is_ok_and(|key| {
        let details = &key.key.details;
        (key.address.tenant, key.address.mode) == (caller.tenant(), caller.mode())
            && (details.visibility, details.gateway) == (Visibility::Public, Gateway::SelfService)
    });
    if is_its_own {
        return Ok(());
    }
    Err(failure::invalid_field(
        "/public_key",
        "not_a_public_key",
        "must be a public key of the self-service gateway that works, of this network and mode",
    ))
}

/// Names a contact by its number, whatever it was named by.
async fn name_contact(
    api: &Api,
    caller: &Caller,
    contact: &mut AppContact,
    pointer: &'static str,
) -> Result<(), Problem> {
    // Its name is shown with the application.
    caller.require(Scope::ContactsRead)?;
    let unknown = || {
        failure::invalid_field(
            pointer,
            "unknown_contact",
            "names no contact that is known under this key",
        )
    };
    let found = resolve(api, caller, ContactName::IdOrCode(&contact.id)).await;
    let address = found.map_err(failure::problem)?.ok_or_else(unknown)?;
    let ids = api.router.secrets().public_ids();
    contact.id = ids.write(PublicId::of(Named::Contact, address.entity));
    // An id of ours says where a contact would be, and not that it is there.
    match called(api, caller, &contact.id).await? {
        Some(_) => Ok(()),
        None => Err(unknown()),
    }
}

/// A contact with its name; none once it was erased.
async fn called(api: &Api, caller: &Caller, id: &str) -> Result<Option<AppContact>, Problem> {
    let ids = api.router.secrets().public_ids();
    let Some(named) = ids.read_as(Named::Contact, id) else {
        return Ok(None);
    };
    let address = Address {
        tenant: caller.tenant(),
        mode: caller.mode(),
        kind: Kind::Contact,
        entity: named.entity,
    };
    let shown = api.router.query(address, Query::Contact).await.result;
    let view = match shown {
        Ok(Answer::Contact(view)) => view,
        Ok(_) | Err(Failure::Rejected(_)) => return Ok(None),
        Err(why) => return Err(failure::problem(why)),
    };
    let opened = api.router.open_profile(&address, &view.profile);
    let profile = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(profile) if view.stage == Stage::Active => profile,
        OpenedProfile::Plain(_) | OpenedProfile::Erased => return Ok(None),
    };
    Ok(Some(AppContact {
        id: contact_id(api, view.own_id.as_deref(), address.entity),
        name: Some(profile.display_name()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_bound_to_its_own_application() {
        // Numbers derive from hashes: those of two applications differ in their lower half, too.
        assert_eq!(bound(0x0123_4567_89ab_cdef), 0x89ab_cdef);
        assert_eq!(bound(u64::MAX), u32::MAX);
        assert_ne!(bound(1), bound(2));
    }
}
