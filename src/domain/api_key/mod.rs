//! An API key: a program's credential, live or test, public or secret.

use super::time::Timestamp;

/// Whether a key may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// May be embedded in a page or an app, and opens little.
    Public,
    /// For servers; its value is shown once.
    Secret,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read contacts.
    ContactsRead,
    /// Create and change contacts.
    ContactsWrite,
    /// Read wallets.
    WalletsRead,
    /// Read purchases.
    PurchasesRead,
    /// Post purchases: award and spend.
    PurchasesWrite,
    /// Change wallets: pay in, and change balances by hand.
    WalletsWrite,
    /// Read API keys.
    KeysRead,
    /// Create, change, roll and revoke API keys.
    KeysWrite,
    /// Read offers.
    OffersRead,
    /// Create and change offers.
    OffersWrite,
    /// Read organisations.
    OrganisationsRead,
    /// Create and change organisations.
    OrganisationsWrite,
    /// Read how the platform behaves towards the tenant.
    SettingsRead,
    /// Change it.
    SettingsWrite,
    /// Read and advance the test clock.
    TestClock,
    /// Let contacts register and sign in: what an app's public key needs.
    ContactsRegister,
    /// Ask whether anybody is known by a phone number or an e-mail address.
    ContactsExist,
    /// Let in whoever proves nothing: guests, and devices by their MAC address.
    ContactsGuests,
    /// Read what test mode would have sent.
    TestInbox,
    /// Read what the tenant is connected to.
    IntegrationsRead,
    /// Connect the tenant to services, try and end connections.
    IntegrationsWrite,
    /// Read and export the audit log.
    AuditRead,
    /// Read users.
    UsersRead,
    /// Invite, change and deactivate users.
    UsersWrite,
    /// Read roles.
    RolesRead,
    /// Make, change and remove roles.
    RolesWrite,
    /// Act as an organisation below.
    Masquerade,
    /// Register an organisation with its first user: what a page's public key needs.
    OrganisationsRegister,
    /// Read journals.
    FinanceRead,
    /// Pay in, and move money by hand.
    FinanceWrite,
}

impl Scope {
    /// Every scope, in order.
    pub const ALL: [Scope; 30] = [
        Scope::ContactsRead,
        Scope::ContactsWrite,
        Scope::WalletsRead,
        Scope::PurchasesRead,
        Scope::PurchasesWrite,
        Scope::WalletsWrite,
        Scope::KeysRead,
        Scope::KeysWrite,
        Scope::OffersRead,
        Scope::OffersWrite,
        Scope::OrganisationsRead,
        Scope::OrganisationsWrite,
        Scope::SettingsRead,
        Scope::SettingsWrite,
        Scope::TestClock,
        Scope::ContactsRegister,
        Scope::ContactsExist,
        Scope::ContactsGuests,
        Scope::TestInbox,
        Scope::IntegrationsRead,
        Scope::IntegrationsWrite,
        Scope::AuditRead,
        Scope::UsersRead,
        Scope::UsersWrite,
        Scope::RolesRead,
        Scope::RolesWrite,
        Scope::Masquerade,
        Scope::OrganisationsRegister,
        Scope::FinanceRead,
        Scope::FinanceWrite,
    ];

    /// The scope's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::ContactsRead => "contacts.read",
            Scope::ContactsWrite => "contacts.write",
            Scope::WalletsRead => "wallets.read",
            Scope::PurchasesRead => "purchases.read",
            Scope::PurchasesWrite => "purchases.write",
            Scope::WalletsWrite => "wallets.write",
            Scope::KeysRead => "keys.read",
            Scope::KeysWrite => "keys.write",
            Scope::OffersRead => "offers.read",
            Scope::OffersWrite => "offers.write",
            Scope::OrganisationsRead => "organisations.read",
            Scope::OrganisationsWrite => "organisations.write",
            Scope::SettingsRead => "settings.read",
            Scope::SettingsWrite => "settings.write",
            Scope::TestClock => "test_clock",
            Scope::ContactsRegister => "contacts.register",
            Scope::ContactsExist => "contacts.exists",
            Scope::ContactsGuests => "contacts.guests",
            Scope::TestInbox => "test_inbox.read",
            Scope::IntegrationsRead => "integrations.read",
            Scope::IntegrationsWrite => "integrations.write",
            Scope::AuditRead => "audit.read",
            Scope::UsersRead => "users.read",
            Scope::UsersWrite => "users.write",
            Scope::RolesRead => "roles.read",
            Scope::RolesWrite => "roles.write",
            Scope::Masquerade => "organisations.masquerade",
            Scope::OrganisationsRegister => "organisations.register",
            Scope::FinanceRead => "finance.read",
            Scope::FinanceWrite => "finance.write",
        }
    }

    /// The scope of a wire name.
    pub fn from_name(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// The scope's bit in a set.
    // By reference: by value, an optimising compiler looks at how it is called, for which it looks at every async closure, and goes round in
    // circles at the first one in a handler whose signature names a scope (E0391).
    pub const fn bit(&self) -> u32 {
        match self {
            Scope::ContactsRead => 1,
            Scope::ContactsWrite => 2,
            Scope::WalletsRead => 4,
            Scope::PurchasesRead => 8,
            Scope::PurchasesWrite => 16,
            Scope::WalletsWrite => 256,
            Scope::KeysRead => 1 << 16,
            Scope::KeysWrite => 1 << 17,
            Scope::OffersRead => 32,
            Scope::OffersWrite => 64,
            Scope::OrganisationsRead => 512,
            Scope::OrganisationsWrite => 1_024,
            Scope::SettingsRead => 2_048,
            Scope::SettingsWrite => 4_096,
            Scope::TestClock => 128,
            Scope::ContactsRegister => 1 << 13,
            Scope::ContactsExist => 1 << 14,
            Scope::ContactsGuests => 1 << 30,
            Scope::TestInbox => 1 << 27,
            Scope::IntegrationsRead => 1 << 25,
            Scope::IntegrationsWrite => 1 << 26,
            Scope::AuditRead => 1 << 24,
            Scope::UsersRead => 1 << 18,
            Scope::UsersWrite => 1 << 19,
            Scope::RolesRead => 1 << 20,
            Scope::RolesWrite => 1 << 21,
            Scope::Masquerade => 1 << 22,
            Scope::OrganisationsRegister => 1 << 23,
            Scope::FinanceRead => 1 << 28,
            Scope::FinanceWrite => 1 << 29,
        }
    }
}

/// Which of the API's families a key opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gateway {
    /// For servers and tills.
    #[default]
    BackOffice,
    /// For the apps and pages that contacts use.
    SelfService,
}

impl Gateway {
    /// What opens something to a public key: what a page, or an app, lets strangers do.
    pub fn open_to_public_keys(self) -> Scopes {
        match self {
            Gateway::BackOffice => Scopes::of([Scope::OrganisationsRegister]),
            Gateway::SelfService => Scopes::of([
                Scope::ContactsRegister,
                Scope::ContactsExist,
                Scope::ContactsGuests,
            ]),
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(pub u32);

impl Scopes {
    /// The set of `scopes`.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Every scope.
    pub fn all() -> Scopes {
        Scopes::of(Scope::ALL)
    }

    /// Whether `scope` is in the set.
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in the set that `other` lacks.
    #[must_use]
    pub const fn beyond(self, other: Scopes) -> Scopes {
        Scopes(self.0 & !other.0)
    }

    /// The scopes in the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.allows(*scope))
    }
}

/// A key as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What people call it.
    pub name: String,
    /// Whether it may be seen.
    pub visibility: Visibility,
    /// Which of the API's families it opens.
    pub gateway: Gateway,
    /// What it may do.
    pub scopes: Scopes,
    /// The organisation it acts for, by entity number; the whole network if none.
    pub organisation: Option<u64>,
    /// A hash of the whole value: all that is kept of a secret.
    pub value_hash: [u8; 32],
    /// The value of a public key.
    pub public_value: Option<String>,
    /// The first key of the chain of rolls that this one is part of, by entity number: idempotency goes by it.
    pub lineage: u64,
    /// When it stops working, on the clock of credentials.
    pub expires_at: Option<Timestamp>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It works, until its expiry.
    Active,
    /// It was revoked at this time.
    Revoked(Timestamp),
    /// Its expiry passed and was recorded.
    Expired,
}

/// A created key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// How it was made.
    pub details: Details,
    /// Where it is in its life.
    pub stage: Stage,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key that takes its place, by entity number, once it was rolled.
    pub successor: Option<u64>,
}

/// What a key can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Details),
    /// Have this name and these scopes from now on.
    Change(String, Scopes),
    /// Give way to the successor of this entity number, and stop working at this time.
    RollOut(u64, Timestamp),
    /// Stop working now and for ever.
    Revoke,
    /// Record an expiry that has passed.
    FireTimers,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Details, Timestamp),
    /// It was revoked.
    Revoked(Timestamp),
    /// It got a name and scopes.
    Changed(String, Scopes),
    /// A successor of this entity number took its place; it works until this time.
    RolledOut(u64, Timestamp),
    /// Its expiry passed.
    Expired,
}

/// Why a key refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such key.
    UnknownApiKey,
    /// It exists already.
    ApiKeyExists,
    /// It has expired or was revoked.
    NotActive,
    /// Another key took its place before.
    RolledAlready,
}

/// A key's state: absent until it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<ApiKey>);

impl ApiKey {
    /// Whether the key works at `wall`. Compared at use: no timer has to have fired.
    pub fn works(&self, wall: Timestamp) -> bool {
        self.stage == Stage::Active && self.details.expires_at.is_none_or(|end| wall < end)
    }
}

impl State {
    /// Decides `command`. `wall` is the time of credentials.
    pub fn decide(&self, command: &Command, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        match (command, &self.0) {
            (Command::Create(details), None) => Ok(vec![Event::Created(details.clone(), wall)]),
            (Command::Create(_), Some(_)) => Err(Rejection::ApiKeyExists),
            (Command::Revoke, Some(key)) => Ok(match key.stage {
                Stage::Active | Stage::Expired => vec![Event::Revoked(wall)],
                Stage::Revoked(_) => Vec::new(),
            }),
            (Command::Change(name, scopes), Some(key)) => {
                if !key.works(wall) {
                    return Err(Rejection::NotActive);
                }
                let is_so = key.details.name == *name && key.details.scopes == *scopes;
                Ok(if is_so {
                    Vec::new()
                } else {
                    vec![Event::Changed(name.clone(), *scopes)]
                })
            }
            (Command::RollOut(successor, at), Some(key)) => match key.successor {
                Some(before) if before == *successor => Ok(Vec::new()),
                Some(_) => Err(Rejection::RolledAlready),
                None if !key.works(wall) => Err(Rejection::NotActive),
                None => {
                    let ends = key.details.expires_at.map_or(*at, |end| end.min(*at));
                    Ok(vec![Event::RolledOut(*successor, ends)])
                }
            },
            (Command::FireTimers, Some(key)) => Ok(match (key.stage, key.details.expires_at) {
                (Stage::Active, Some(end)) if end <= wall => vec![Event::Expired],
                (Stage::Active | Stage::Revoked(_) | Stage::Expired, _) => Vec::new(),
            }),
            (
                Command::Change(..) | Command::RollOut(..) | Command::Revoke | Command::FireTimers,
                None,
            ) => Err(Rejection::UnknownApiKey),
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(details, created_at) => {
                self.0 = Some(ApiKey {
                    details: details.clone(),
                    stage: Stage::Active,
                    created_at: *created_at,
                    successor: None,
                });
            }
            Event::Revoked(at) => self.stage(Stage::Revoked(*at)),
            Event::Changed(name, scopes) => {
                if let Some(key) = &mut self.0 {
                    key.details.name.clone_from(name);
                    key.details.scopes = *scopes;
                }
            }
            Event::RolledOut(successor, ends) => {
                if let Some(key) = &mut self.0 {
                    key.successor = Some(*successor);
                    key.details.expires_at = Some(*ends);
                }
            }
            Event::Expired => self.stage(Stage::Expired),
        }
    }

    fn stage(&mut self, stage: Stage) {
        if let Some(key) = &mut self.0 {
            key.stage = stage;
        }
    }

    /// When the expiry is to be recorded.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0
            .as_ref()
            .filter(|key| key.stage == Stage::Active)
            .and_then(|key| key.details.expires_at)
    }
}

#[cfg(test)]
mod tests;
