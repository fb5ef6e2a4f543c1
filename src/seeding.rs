//! The demo network of `clientele dev`: small enough to read, complete enough to award and spend at once.
//!
//! Every entity has a fixed place, and every creation is one that a retry finds again: a start that was cut short is
//! taken up by the next one, and a second start changes nothing.

mod users;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::actors::contact_creation::{NewContact, NotCreated};
use crate::actors::envelope::Failure;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::api_key::{self, Gateway, Scope, Scopes, Visibility};
use crate::domain::calendar::Zone;
use crate::domain::contact::{ContactType, Profile};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::ids::{Named, PublicId};
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::offer::{self, Award, Conditions, Offer};
use crate::domain::organisation::{self, Organisation, Role};
use crate::domain::remembered::RequestHash;
use crate::domain::tenant;
use crate::domain::time::Span;
use crate::http::Api;
use crate::http::api_keys::{self, Minted, Terms};
use crate::limits::SEEDED_CONTACTS_AT_A_TIME;
use crate::secrets::{KeyScope, UniqueValue};

pub use self::users::SeedUser;

/// The demo network's tenant.
pub const TENANT: TenantId = TenantId(1);

/// How many live contacts the demo network has where nobody says otherwise.
pub const LIVE_CONTACTS: u32 = 100;
const TEST_CONTACTS: u32 = 20;

/// What a program needs to use the demo network: the content of the seed file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seed {
    /// Where the API listens.
    pub base_url: String,
    /// The tenant.
    pub tenant_id: String,
    /// The network.
    pub organisations: SeedOrganisations,
    /// The keys by mode.
    pub keys: BTreeMap<String, SeedKeys>,
    /// Who signs in to the Back Office.
    #[serde(default)]
    pub users: Vec<SeedUser>,
    /// The live offers.
    pub offers: Vec<SeedOffer>,
    /// The contacts: live ones first.
    pub contacts: Vec<SeedContact>,
}

/// The network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedOrganisations {
    /// Owns it.
    pub service_owner: String,
    /// Runs the reward scheme.
    pub business: String,
    /// Sell.
    pub merchants: Vec<SeedMerchant>,
}

/// A merchant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedMerchant {
    /// Its id.
    pub id: String,
    /// Its venues.
    pub venues: Vec<SeedId>,
}

/// An id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedId {
    /// The id.
    pub id: String,
}

/// The keys of one mode.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedKeys {
    /// The public key.
    pub public: Option<String>,
    /// The secret key: none, if it was rolled since and no seed file holds it.
    pub secret: Option<String>,
    /// The public key of the self-service gateway, for an app: contacts register and sign in with it.
    #[serde(default)]
    pub self_service: Option<String>,
}

/// An offer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedOffer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A contact.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeedContact {
    /// Its id.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its wallet's id.
    pub wallet_id: String,
    /// `live` or `test`.
    pub mode: String,
}

/// Why the demo network is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An entity refused or did not answer.
    #[error("the demo network cannot be made: {0:?}")]
    Failed(Failure),
    /// A contact could not be created.
    #[error("a demo contact cannot be made: {0:?}")]
    Contact(NotCreated),
    /// The owner could not be made.
    #[error("the demo network's owner cannot be made")]
    User,
    /// ISO 4217 has no euro.
    #[error("the currency EUR is not known")]
    Currency,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        Error::Failed(failure)
    }
}

/// Organisations: entity number, name, role, parent.
const NETWORK: [(u64, &str, Role, Option<u64>); 8] = [
    (1, "Clientele Demo", Role::ServiceOwner, None),
    (2, "Harbour Rewards", Role::Business, Some(1)),
    (3, "Corner Coffee", Role::Merchant, Some(2)),
    (4, "Corner Coffee Quay", Role::Venue, Some(3)),
    (5, "Corner Coffee Station", Role::Venue, Some(3)),
    (6, "Old Town Market", Role::Merchant, Some(2)),
    (7, "Old Town Market Hall", Role::Venue, Some(6)),
    (8, "Old Town Market Online", Role::Venue, Some(6)),
];

/// What the launch bonus may give in all: enough for 500 purchases.
const LAUNCH_BUDGET: Minor = Minor(50_000);

fn offers() -> [Offer; 5] {
    let offer = |name: &str, award, conditions, award_lasts| Offer {
        conditions,
        award_lasts,
        ..Offer::new(name, award)
    };
    let percent = |share: i64| Award::Percentage(Percent(Decimal::from(share)));
    [
        offer(
            "5% back on everything",
            percent(5),
            Conditions::default(),
            None,
        ),
        offer(
            "2.00 back from 50.00",
            Award::Fixed(Minor(200)),
            Conditions {
                minimum_total: Some(Minor(5_000)),
                ..Conditions::default()
            },
            Some(Span::days(90)),
        ),
        offer(
            "10% back on fuel",
            percent(10),
            Conditions {
                classifications: vec!["FUEL".to_owned()],
                ..Conditions::default()
            },
            Some(Span::days(30)),
        ),
        offer(
            "0.50 back at Old Town Market",
            Award::Fixed(Minor(50)),
            Conditions {
                organisations: vec![6],
                ..Conditions::default()
            },
            Some(Span::days(365)),
        ),
        Offer {
            budget: Some(LAUNCH_BUDGET),
            ..offer(
                "Launch bonus",
                Award::Fixed(Minor(100)),
                Conditions {
                    minimum_total: Some(Minor(5_000)),
                    ..Conditions::default()
                },
                None,
            )
        },
    ]
}

/// Makes the demo network where it is not there yet. `held` is what an earlier seed file says: secrets that are not
/// those of the first start are taken from it. A network that has more live contacts keeps them.
///
/// # Errors
/// When an entity does not answer.
pub async fn seed(
    api: &Api,
    base_url: String,
    live_contacts: u32,
    held: Option<&Seed>,
) -> Result<Seed, Error> {
    let ids = api.router.secrets().public_ids();
    let id = |named, entity| ids.write(PublicId::of(named, entity));
    create_network(api).await?;
    let mut seed = Seed {
        base_url,
        tenant_id: id(Named::Tenant, 0),
        organisations: SeedOrganisations {
            service_owner: id(Named::Organisation, 1),
            business: id(Named::Organisation, 2),
            merchants: [(3, [4, 5]), (6, [7, 8])]
                .into_iter()
                .map(|(merchant, venues)| SeedMerchant {
                    id: id(Named::Organisation, merchant),
                    venues: venues
                        .into_iter()
                        .map(|venue| SeedId {
                            id: id(Named::Organisation, venue),
                        })
                        .collect(),
                })
                .collect(),
        },
        ..Seed::default()
    };
    for (mode, name) in [(Mode::Live, "live"), (Mode::Test, "test")] {
        create_offers(api, mode).await?;
        let before = held.and_then(|held| held.keys.get(name));
        seed.keys
            .insert(name.to_owned(), create_keys(api, mode, name, before).await?);
    }
    let users = held.map(|held| held.users.as_slice());
    seed.users = vec![users::create(api, users).await?];
    seed.offers = (1_u64..)
        .zip(offers())
        .map(|(entity, offer)| SeedOffer {
            id: id(Named::Offer, entity),
            name: offer.name,
        })
        .collect();
    for (mode, name, count) in [
        (Mode::Live, "live", live_contacts),
        (Mode::Test, "test", TEST_CONTACTS),
    ] {
        // One by one, so that the smallest node can do it; only a large network needs haste. In the order of their numbers in any case.
        let at_a_time = if count > LIVE_CONTACTS {
            SEEDED_CONTACTS_AT_A_TIME
        } else {
            1
        };
        let contacts = stream::iter(1..=count)
            .map(|number| create_contact(api, mode, name, number))
            .buffered(at_a_time);
        let contacts: Vec<_> = contacts.try_collect().await?;
        seed.contacts.extend(contacts);
    }
    Ok(seed)
}

/// Sends a creation; one that was done before is as good.
async fn ensure(api: &Api, address: Address, command: Command) -> Result<(), Error> {
    match api
        .router
        .command(address, command, None, None)
        .await
        .result
    {
        Ok(_)
        | Err(Failure::Rejected(
            Rejection::Tenant(tenant::Rejection::TenantExists)
            | Rejection::Organisation(organisation::Rejection::OrganisationExists)
            | Rejection::Offer(offer::Rejection::OfferExists),
        )) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn create_network(api: &Api) -> Result<(), Error> {
    let details = tenant::Details {
        name: "Clientele Demo".to_owned(),
        currency: Currency::from_code("EUR").ok_or(Error::Currency)?,
        classifications: vec!["PURCHASE".to_owned(), "FUEL".to_owned()],
        time_zone: Zone::named("Europe/Dublin").unwrap_or_default(),
    };
    let tenant = Address::tenant(TENANT);
    ensure(
        api,
        tenant,
        Command::Tenant(tenant::Command::Create(details)),
    )
    .await?;
    for (entity, name, role, parent) in NETWORK {
        let organisation = Organisation {
            name: name.to_owned(),
            role,
            parent,
            time_zone: None,
            shares_contacts: false,
            profile: Default::default(),
        };
        let address = Address {
            tenant: TENANT,
            mode: Mode::Shared,
            kind: Kind::Organisation,
            entity,
        };
        let create = organisation::Command::Create(organisation);
        ensure(api, address, Command::Organisation(create)).await?;
        let list = tenant::Command::ListOrganisation(entity, None);
        ensure(api, tenant, Command::Tenant(list)).await?;
    }
    Ok(())
}

async fn create_offers(api: &Api, mode: Mode) -> Result<(), Error> {
    for (entity, offer) in (1_u64..).zip(offers()) {
        let address = Address {
            tenant: TENANT,
            mode,
            kind: Kind::Offer,
            entity,
        };
        ensure(
            api,
            address,
            Command::Offer(offer::Command::Create(Box::new(offer))),
        )
        .await?;
        let list = Command::Tenant(tenant::Command::ListOffer(mode, entity));
        ensure(api, Address::tenant(TENANT), list).await?;
    }
    Ok(())
}

async fn create_keys(
    api: &Api,
    mode: Mode,
    name: &str,
    held: Option<&SeedKeys>,
) -> Result<SeedKeys, Error> {
    let all = Scopes::all();
    let of_apps = Scopes::of([Scope::ContactsRegister]);
    let of_pages = Gateway::BackOffice.open_to_public_keys();
    let key = async |entity, name: String, visibility, gateway, scopes| {
        let terms = Terms {
            name,
            visibility,
            gateway,
            organisation: None,
            scopes,
            expires_at: None,
        };
        create_key(api, mode, entity, terms).await
    };
    let (public, secret) = (Visibility::Public, Visibility::Secret);
    let demo = format!("demo {name}");
    let app = format!("demo app {name}");
    let secret = key(2, demo.clone(), secret, Gateway::BackOffice, all).await?;
    Ok(SeedKeys {
        public: key(1, demo, public, Gateway::BackOffice, of_pages).await?,
        secret: secret.or_else(|| held.and_then(|held| held.secret.clone())),
        self_service: key(3, app, public, Gateway::SelfService, of_apps).await?,
    })
}

/// Makes a key where it is not there yet. Its value, as far as it can be known.
async fn create_key(
    api: &Api,
    mode: Mode,
    entity: u64,
    terms: Terms,
) -> Result<Option<String>, Error> {
    let address = Address {
        tenant: TENANT,
        mode,
        kind: Kind::ApiKey,
        entity,
    };
    // Derived, so that a start that was cut short between making the key and telling it loses no secret.
    let key = format!("key {entity}");
    let secret = (api.router.secrets()).derived_api_key_secret(&scope(mode, &key));
    let minted = Minted::of(api, address, terms.visibility, &secret);
    match api_keys::create(api, &minted, terms, None, None).await {
        Ok(_) => Ok(Some(minted.value)),
        Err(Failure::Rejected(Rejection::ApiKey(api_key::Rejection::ApiKeyExists))) => {
            match api.router.query(address, Query::ApiKey).await.result? {
                Answer::ApiKey(key) if key.details.value_hash == minted.value_hash() => {
                    Ok(Some(minted.value))
                }
                Answer::ApiKey(key) => Ok(key.details.public_value),
                _ => Ok(None),
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

/// What names something of the demo network, so that each start makes the same of it.
fn scope(mode: Mode, key: &str) -> KeyScope<'_> {
    KeyScope {
        tenant: TENANT,
        mode,
        lineage: 0,
        operation: "seed",
        target: None,
        source: "seed",
        key,
    }
}

async fn create_contact(
    api: &Api,
    mode: Mode,
    mode_name: &str,
    number: u32,
) -> Result<SeedContact, Error> {
    let secrets = api.router.secrets();
    let key = format!("contact {number}");
    let scope = scope(mode, &key);
    let address = Address {
        tenant: TENANT,
        mode,
        kind: Kind::Contact,
        entity: secrets.derived_entity(&scope, 0),
    };
    let code: Arc<str> = format!("DEMO-{number:04}").into();
    let new = NewContact {
        address,
        contact_type: ContactType::Person,
        profile: Profile {
            first_name: Some("Demo".to_owned()),
            last_name: Some(format!("Contact {number}")),
            ..Profile::default()
        },
        own_id: None,
        claims: vec![(
            secrets.value_hash(TENANT, mode, UniqueValue::Code, &code),
            "code",
        )],
        code: Arc::clone(&code),
    };
    let remember = Remember {
        keys: vec![secrets.key_hash(&scope)],
        request: RequestHash([0; 16]),
    };
    // A second start, longer after the first than keys are remembered, finds the contact by its address. One that was erased stays so.
    match api.router.create_contact(new, remember).await.0 {
        Ok(_) => {}
        Err(NotCreated::Failed(Failure::Rejected(Rejection::Contact(
            crate::domain::contact::Rejection::ContactExists
            | crate::domain::contact::Rejection::NeverSeen,
        )))) => {}
        Err(why) => return Err(Error::Contact(why)),
    }
    let ids = secrets.public_ids();
    Ok(SeedContact {
        id: ids.write(PublicId::of(Named::Contact, address.entity)),
        code: code.to_string(),
        wallet_id: ids.write(PublicId::of(Named::Wallet, address.entity)),
        mode: mode_name.to_owned(),
    })
}
