//! Those who ask: each request is repeated with the same key until its outcome is known.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use clientele::actors::contact_creation::{NewContact, NotCreated};
use clientele::actors::envelope::Failure;
use clientele::actors::router::Router;
use clientele::domain::address::{Address, Kind, Mode, TenantId};
use clientele::domain::contact::{
    self, Amounts, ContactType, Private, Profile, RecordPurchase, SpendRequest, Unbacked,
};
use clientele::domain::directory_entry::ValueHash;
use clientele::domain::entity::{
    Answer, Command, ContactView, Query, Rejection, Remember, WalletView,
};
use clientele::domain::money::Minor;
use clientele::domain::remembered::RequestHash;
use clientele::secrets::{KeyScope, UniqueValue};

use crate::model::{Asked, Model};
use crate::random::Random;
use crate::world::World;

pub(crate) const TENANT: TenantId = TenantId(1);
pub(crate) const VENUE: u64 = 1;

/// Longer than any recovery takes in simulated time: whoever waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// One who asks.
pub(crate) struct Till {
    pub(crate) world: Rc<World>,
    pub(crate) model: Rc<RefCell<Model>>,
    pub(crate) random: Random,
}

impl Till {
    pub(crate) fn new(world: &Rc<World>, model: &Rc<RefCell<Model>>, stream: u64) -> Till {
        Till {
            world: Rc::clone(world),
            model: Rc::clone(model),
            random: Random::new(world.seed, stream),
        }
    }

    pub(crate) async fn pause(&mut self, most_ms: u64) {
        let pause = Duration::from_millis(1 + self.random.below(most_ms));
        tokio::time::sleep(pause).await;
    }

    /// Asks until the outcome is known.
    pub(crate) async fn until_known<T>(
        &mut self,
        what: &str,
        ask: impl AsyncFn(Router) -> Result<T, Failure>,
    ) -> Result<T, Rejection> {
        for _ in 0..500 {
            if let Some(router) = self.world.router() {
                let answer = tokio::time::timeout(PATIENCE, ask(router)).await;
                match answer.unwrap_or_else(|_| panic!("{what}: never answered")) {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Rejected(rejection)) => return Err(rejection),
                    Err(Failure::Unavailable(why)) => {
                        let mut model = self.model.borrow_mut();
                        model.happened(&format!("{what}: {why:?}"));
                        model.unknown += u64::from(!why.retry_is_safe());
                    }
                }
            }
            self.pause(8).await;
        }
        panic!("{what}: no outcome after 500 tries");
    }

    /// Makes something that is as good if it is there already.
    pub(crate) async fn ensure(&mut self, address: Address, command: Command) {
        let made = self
            .until_known("ensure", async |router| {
                let command = command.clone();
                router.command(address, command, None, None).await.result
            })
            .await;
        self.model.borrow_mut().happened(&format!("{made:?}"));
    }

    pub(crate) fn remember(&self, key: &str, request: u8) -> Remember {
        let scope = scope(key);
        Remember {
            keys: vec![self.world.secrets.key_hash(&scope)],
            request: RequestHash([request; 16]),
        }
    }

    /// The contact that creation `name` makes.
    pub(crate) fn contact(&self, name: &str) -> Address {
        let entity = self.world.secrets.derived_entity(&scope(name), 0);
        Address {
            tenant: TENANT,
            mode: Mode::Live,
            kind: Kind::Contact,
            entity,
        }
    }

    pub(crate) fn value(&self, text: &str) -> ValueHash {
        let secrets = &self.world.secrets;
        secrets.value_hash(TENANT, Mode::Live, UniqueValue::EmailAddress, text)
    }

    pub(crate) fn new_contact(&self, name: &str, contested: &str) -> NewContact {
        let code = self
            .world
            .secrets
            .value_hash(TENANT, Mode::Live, UniqueValue::Code, name);
        NewContact {
            address: self.contact(name),
            contact_type: ContactType::Person,
            profile: Profile::default(),
            own_id: None,
            code: name.into(),
            claims: vec![(code, "code"), (self.value(contested), "email")],
        }
    }

    /// Creates a contact, or learns that its value is taken.
    pub(crate) async fn create(&mut self, name: &str, contested: &str) -> bool {
        let new = self.new_contact(name, contested);
        let (address, value) = (new.address, self.value(contested));
        let remember = self.remember(name, 1);
        let created = self
            .until_known(name, async |router| {
                match router.create_contact(new.clone(), remember.clone()).await.0 {
                    Ok(view) => Ok(Ok(view)),
                    Err(NotCreated::Failed(failure)) => Err(failure),
                    Err(NotCreated::ValueTaken(field)) => Ok(Err(field)),
                }
            })
            .await
            .unwrap_or_else(|rejection| panic!("{name} is refused: {rejection:?}"));
        let mut model = self.model.borrow_mut();
        model.happened(&format!("{name}: {created:?}"));
        if let Err(field) = created {
            assert_eq!(field, "email", "nobody else asks for {name}'s code");
            model.refused_creations += 1;
            return false;
        }
        model.contested(value, address, true);
        model.ledgers.entry(address).or_default();
        true
    }

    pub(crate) async fn wallet(&mut self, contact: Address) -> WalletView {
        let shown = self
            .until_known("wallet", async |router| {
                router.query(contact, Query::Wallet).await.result
            })
            .await;
        match shown {
            Ok(Answer::Wallet(wallet)) => *wallet,
            other => panic!("no wallet but {other:?}"),
        }
    }

    /// The contact as far as it exists.
    pub(crate) async fn view(&mut self, contact: Address) -> Option<Box<ContactView>> {
        let shown = self
            .until_known("contact", async |router| {
                router.query(contact, Query::Contact).await.result
            })
            .await;
        match shown {
            Ok(Answer::Contact(view)) => Some(view),
            Err(Rejection::NotFound) => None,
            other => panic!("no contact but {other:?}"),
        }
    }

    /// Does one thing that a till does, to one of `contacts`.
    pub(crate) async fn act(&mut self, contacts: &[Address], key: &str) {
        let contact = contacts[self.random.index(contacts.len())];
        match self.random.below(10) {
            0 => {
                let balance = self.wallet(contact).await.balance;
                assert!(balance >= Minor::ZERO, "a balance below zero");
                self.model.borrow_mut().happened(&format!("{balance:?}"));
            }
            1 | 2 => self.repeat(contact).await,
            kind => {
                let total = self.random.amount(9_999);
                let amount = self.random.amount(300).min(total);
                let spend = match kind {
                    3..=5 => None,
                    6 | 7 => Some((amount, Unbacked::Refuse)),
                    _ => Some((amount, Unbacked::SpendWhatThereIs)),
                };
                let asked = Asked {
                    contact,
                    total,
                    spend,
                    remember: self.remember(key, 2),
                };
                self.buy(&asked).await;
            }
        }
    }

    /// Repeats a request whose outcome is known; with another content, it must be refused.
    async fn repeat(&mut self, contact: Address) {
        let known: Vec<Asked> = {
            let model = self.model.borrow();
            let ledger = model.ledgers.get(&contact);
            let known = ledger.iter().flat_map(|ledger| ledger.purchases.values());
            known.map(|(asked, _)| asked.clone()).collect()
        };
        if known.is_empty() {
            return;
        }
        let mut asked = known[self.random.index(known.len())].clone();
        assert!(self.buy(&asked).await, "a replay is refused");
        if self.random.below(2) == 0 {
            asked.remember.request = RequestHash([3; 16]);
            assert!(!self.buy(&asked).await, "a key works for two requests");
        }
    }

    /// Buys; whether it was accepted.
    pub(crate) async fn buy(&mut self, asked: &Asked) -> bool {
        let answer = self
            .until_known("buy", async |router| {
                let view = router.tenant_view(TENANT, Mode::Live).await?;
                let command = Command::Contact(contact::Command::RecordPurchase(purchase(asked)));
                let remember = Some(asked.remember.clone());
                router
                    .command(asked.contact, command, remember, Some(view))
                    .await
                    .result
            })
            .await;
        let mut model = self.model.borrow_mut();
        model.happened(&format!("{asked:?}: {answer:?}"));
        match (answer, asked.spend) {
            (Ok(Answer::Purchase(view)), _) => {
                model.acknowledged(asked, &view.purchase);
                true
            }
            (
                Err(Rejection::Contact(contact::Rejection::BalanceTooLow { balance })),
                Some((amount, Unbacked::Refuse)),
            ) => {
                assert!(balance < Minor(amount), "refused what the balance covers");
                false
            }
            (Err(Rejection::KeyReused), _) if asked.remember.request == RequestHash([3; 16]) => {
                false
            }
            (other, _) => panic!("{asked:?} is answered {other:?}"),
        }
    }
}

fn scope(key: &str) -> KeyScope<'_> {
    KeyScope {
        tenant: TENANT,
        mode: Mode::Live,
        lineage: 0,
        operation: "simulation",
        target: None,
        source: "simulation",
        key,
    }
}

fn purchase(asked: &Asked) -> RecordPurchase {
    RecordPurchase {
        organisation: VENUE,
        amounts: Amounts {
            total: Minor(asked.total),
            ..Amounts::default()
        },
        currency: None,
        classification: None,
        texts: Private::default(),
        performed_on: None,
        products: Vec::new(),
        estimate: None,
        token: None,
        spend: asked.spend.map(|(amount, unbacked)| SpendRequest {
            amount: Minor(amount),
            unbacked,
        }),
    }
}
