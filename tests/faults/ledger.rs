//! What the node has acknowledged, noted outside of it, and what must therefore be found.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// The code of the refusal of a spend that the balance does not cover, and the contract's own name for it.
const BALANCE_TOO_LOW: (&str, &str) = (
    "wallet_balance_too_low",
    "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION",
);

/// What a test needs of the demo network.
#[derive(Clone)]
pub(crate) struct Network {
    /// The live secret key.
    pub(crate) secret: String,
    /// A venue whose purchases earn 5 % of what is left to pay, and 2.00 from 50.00 on.
    pub(crate) venue: String,
    /// Live contacts: id and wallet.
    pub(crate) contacts: Vec<(String, String)>,
}

impl Network {
    /// Reads a seed file.
    pub(crate) fn of(seed: &Value) -> Network {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Network {
            secret: text(&seed["keys"]["live"]["secret"]),
            venue: text(&seed["organisations"]["merchants"][0]["venues"][0]["id"]),
            contacts: seed["contacts"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|contact| contact["mode"] == "live")
                .map(|contact| (text(&contact["id"]), text(&contact["wallet_id"])))
                .collect(),
        }
    }

    /// A purchase of `total` cents by a contact.
    pub(crate) fn award(&self, contact: usize, total: i64) -> Value {
        json!({
            "contact": { "id": self.contacts[contact].0 },
            "organisation": { "id": self.venue },
            "transaction_amounts": { "total": amount(total) },
        })
    }

    /// A purchase of `total` cents, all of it to be paid from the wallet, which leaves nothing to award on.
    pub(crate) fn spend(&self, contact: usize, total: i64) -> Value {
        let mut body = self.award(contact, total);
        body["spend_request"] = json!({ "amount": amount(total), "restrict_fully_covered": true });
        body
    }

    /// A contact's balance in cents; never below zero.
    pub(crate) async fn balance(&self, client: &mut Client, contact: usize) -> i64 {
        let path = format!("/backoffice/v2/wallets/{}", self.contacts[contact].1);
        let answer = client.get(&path).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let balance = cents(&answer.json()["balance"]);
        assert!(balance >= 0, "contact {contact} has a balance of {balance}");
        balance
    }

    /// A wallet's own ledger, newest first; no balance in it is below zero.
    pub(crate) async fn lines(&self, client: &mut Client, contact: usize) -> Vec<Value> {
        let wallet = &self.contacts[contact].1;
        let mut lines = Vec::new();
        for page in 1.. {
            let path = format!("/backoffice/v2/journals?wallet_id={wallet}&size=100&page={page}");
            let answer = client.get(&path).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            let mut answer = answer.json();
            lines.append(answer["content"].as_array_mut().unwrap());
            if answer["paging"]["has_more"] != true {
                break;
            }
        }
        for line in &lines {
            assert!(cents(&line["balance"]) >= 0, "below zero: {line}");
        }
        lines
    }
}

fn amount(cents: i64) -> Value {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(&text).unwrap()
}

/// An amount on the wire in cents.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the amounts here are small"
)]
pub(crate) fn cents(value: &Value) -> i64 {
    (value
        .as_f64()
        .unwrap_or_else(|| panic!("no amount: {value}"))
        * 100.0)
        .round() as i64
}

/// Whether an answer says that the balance does not cover a spend.
pub(crate) fn is_too_low(answer: &Answer) -> bool {
    let body = answer.json();
    answer.status == 400 && body["code"] == BALANCE_TOO_LOW.0 && body["error"] == BALANCE_TOO_LOW.1
}

/// One request.
#[derive(Clone)]
pub(crate) struct Asked {
    /// Its idempotency key.
    pub(crate) key: String,
    /// The contact's place in the network.
    pub(crate) contact: usize,
    /// The purchase.
    pub(crate) body: Value,
}

/// Everything asked, with the answer where there is one.
#[derive(Default)]
pub(crate) struct Ledger {
    /// In no order; those that were checked stay as they are.
    pub(crate) entries: Vec<(Asked, Option<Answer>)>,
    /// How many entries were compared with the node already.
    compared: usize,
    counted: Counted,
}

/// What the first `entries` entries come to, so that a check after a thousand restarts costs no more than the first.
#[derive(Default)]
struct Counted {
    entries: usize,
    /// What each contact must have, in cents.
    balances: BTreeMap<usize, i64>,
    /// What each purchase moved, in cents; each belongs to one key.
    purchases: HashMap<String, i64>,
}

impl Counted {
    fn count(&mut self, asked: &Asked, purchase: &Value) {
        let rewards = &purchase["rewards"];
        let moved = cents(&rewards["award"]) - cents(&rewards["spend"]);
        *self.balances.entry(asked.contact).or_default() += moved;
        let id = purchase["id"].as_str().unwrap().to_owned();
        let twice = self.purchases.insert(id, moved);
        assert_eq!(twice, None, "two keys made one purchase: {purchase}");
    }
}

impl Ledger {
    /// Posts a purchase that must be answered with 200, and notes it.
    pub(crate) async fn record(&mut self, client: &mut Client, asked: Asked) -> Value {
        let answer = client.purchase(&asked.key, &asked.body).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        self.entries.push((asked, Some(answer)));
        body
    }

    /// Sends everything without an answer again, under the same key; how many there were.
    pub(crate) async fn settle(&mut self, client: &mut Client) -> usize {
        let mut settled = 0;
        for (asked, answer) in &mut self.entries {
            if answer.is_none() {
                let late = client.purchase(&asked.key, &asked.body).await.unwrap();
                assert!(late.status == 200 || is_too_low(&late), "{late:?}");
                *answer = Some(late);
                settled += 1;
            }
        }
        settled
    }

    fn recorded(&self) -> impl Iterator<Item = (&Asked, &Answer)> {
        self.entries.iter().filter_map(|(asked, answer)| {
            let answer = answer.as_ref().expect("settled before");
            (answer.status == 200).then_some((asked, answer))
        })
    }

    /// Holds the node to every answer since the last time, and every wallet to all of them.
    pub(crate) async fn check(&mut self, client: &mut Client, network: &Network) {
        let fresh = self.compared;
        self.compared = self.entries.len();
        for (_, answer) in &self.entries[fresh..] {
            let answer = answer.as_ref().expect("settled before");
            if answer.status == 200 {
                is_found_as_acknowledged(client, answer).await;
            }
        }
        self.check_balances(client, network).await;
    }

    /// Every wallet must hold what its purchases awarded, less what they spent; each purchase belongs to one key.
    pub(crate) async fn check_balances(&mut self, client: &mut Client, network: &Network) {
        let fresh = self.counted.entries;
        self.counted.entries = self.entries.len();
        for (asked, answer) in &self.entries[fresh..] {
            let answer = answer.as_ref().expect("settled before");
            if answer.status == 200 {
                self.counted.count(asked, &answer.json());
            }
        }
        for (contact, expected) in &self.counted.balances {
            let balance = network.balance(client, *contact).await;
            assert_eq!(balance, *expected, "of contact {contact}");
        }
    }

    /// After [`Self::check_balances`]: the node's own ledger of every wallet must come to its balance, and to what each purchase
    /// was answered with. A purchase that nobody asked for, or that moved money twice, shows here.
    pub(crate) async fn check_lines(&self, client: &mut Client, network: &Network) {
        let mut moved: HashMap<String, i64> = HashMap::new();
        for (contact, expected) in &self.counted.balances {
            let mut balance = 0;
            for line in network.lines(client, *contact).await {
                let amount = cents(&line["amount"]);
                balance += amount;
                let purchase = line["purchase"]["id"].as_str();
                let purchase = purchase.unwrap_or_else(|| panic!("nobody asked for {line}"));
                *moved.entry(purchase.to_owned()).or_default() += amount;
            }
            assert_eq!(balance, *expected, "the lines of contact {contact}");
        }
        for (id, cents) in &self.counted.purchases {
            let found = moved.remove(id).unwrap_or_default();
            assert_eq!(found, *cents, "the lines of purchase {id}");
        }
        assert!(moved.is_empty(), "nobody asked for {moved:?}");
    }

    /// Sends everything that was recorded again: each must get the first answer, byte for byte.
    pub(crate) async fn replay(&self, client: &mut Client) {
        for (asked, answer) in self.recorded() {
            let again = client.purchase(&asked.key, &asked.body).await.unwrap();
            assert_eq!(&again, answer, "key {}", asked.key);
        }
    }
}

/// The purchase must be there with the amounts that its post was answered with.
async fn is_found_as_acknowledged(client: &mut Client, answer: &Answer) {
    let acknowledged = answer.json();
    let id = acknowledged["id"].as_str().unwrap();
    let found = client
        .get(&format!("/backoffice/v2/purchases/{id}"))
        .await
        .unwrap();
    assert_eq!(found.status, 200, "{acknowledged} is lost: {found:?}");
    let found = found.json();
    for member in [
        "id",
        "rewards",
        "amount_due",
        "transaction_amounts",
        "offers",
        "date",
    ] {
        assert_eq!(found[member], acknowledged[member], "{member} of {id}");
    }
}
