//! Codes for contacts that the back office made, who sign in by nothing yet: two details that match, one of them unique, and the code goes to
//! what the profile says. Where nothing matches, as much is done, and nobody gets a code.

use super::{AccessRefused, Challenged, Destination};
use crate::actors::envelope::Failure;
use crate::actors::router::{OpenedProfile, Router, unexpected};
use crate::domain::access::{self, Channel, Purpose};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::contact::{Document, Profile, Stage};
use crate::domain::directory_entry::{self, ValueHash};
use crate::domain::entity::{Answer, ContactView, Query, Rejection};
use crate::secrets::UniqueValue;

/// Something that one contact alone is known by.
#[derive(Clone, PartialEq, Eq)]
pub enum Detail {
    /// A phone number of its profile, or its e-mail address.
    Reached(Destination),
    /// The identifier of one of its cards.
    Card(String),
}

/// Something that its profile may say of a contact, and of others: it finds nobody.
#[derive(Clone, PartialEq, Eq)]
pub enum Fact {
    /// Its date of birth: year, month and day.
    Born(u16, u8, u8),
    /// The number of its passport.
    Passport(String),
    /// The number of its identity card.
    IdNumber(String),
    /// Its number with an authority.
    StatutoryNumber(String),
}

impl Fact {
    /// Whether `profile` says so. Blanks and case make no other number.
    fn is_of(&self, profile: &Profile) -> bool {
        let Some(about) = profile.own.as_ref().map(|own| &own.demographics) else {
            return false;
        };
        let same =
            |known: Option<&String>, said: &str| known.is_some_and(|it| folded(it) == folded(said));
        let number = |document: &Option<Document>, said: &str| {
            same(document.as_ref().map(|it| &it.number), said)
        };
        match self {
            Fact::Born(year, month, day) => about.date_of_birth == Some((*year, *month, *day)),
            Fact::Passport(said) => number(&about.passport, said),
            Fact::IdNumber(said) => number(&about.id_details, said),
            Fact::StatutoryNumber(said) => same(about.statutory_number.as_ref(), said),
        }
    }
}

fn folded(number: &str) -> String {
    let letters = number.chars().filter(|it| !it.is_whitespace());
    letters.flat_map(char::to_uppercase).collect()
}

impl Router {
    /// Sends a code by `channel` to the contact that has all of the details, and of whom all of `facts` are true, if there is one, to the first of those that `to` finds in its
    /// profile that it is known by or has proven: what a contact says of itself alone may be anybody's. The first detail finds the contact; where `channel` reaches it, the code goes there.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the details.
    pub async fn challenge_on_file(
        &self,
        (tenant, mode): (TenantId, Mode),
        channel: Channel,
        (first, others): (&Detail, &[Detail]),
        facts: &[Fact],
        to: impl Fn(&Profile) -> Vec<Destination> + Send,
    ) -> Result<Challenged, AccessRefused> {
        let value = self.detail(first, tenant, mode);
        // Counted as what somebody signs in by, where the code may go there: one phone gets one code, however it is asked for.
        let sent_here = match first {
            Detail::Reached(to) if to.channel() == channel => Some(to.clone()),
            Detail::Reached(_) | Detail::Card(_) => None,
        };
        let counted = sent_here
            .as_ref()
            .map_or(value, |to| to.identity(self.secrets(), tenant, mode));
        let nobody = self.nobody(tenant, mode, counted);
        self.count_send(nobody, counted).await?;
        let holder = self.identity_holder(nobody, value).await?;
        let contact = Address {
            entity: holder.unwrap_or(nobody.entity),
            ..nobody
        };
        let others = others
            .iter()
            .map(|detail| self.detail(detail, tenant, mode));
        let values: Vec<_> = others.chain([value]).collect();
        let known = self.known_by(contact, &values).await?;
        let known = known.filter(|(_, profile)| facts.iter().all(|fact| fact.is_of(profile)));
        // What was sent here and can be reached this way was counted, and anything else must be.
        let is_counted = sent_here.is_some();
        let is_held = |view: &ContactView, to: &Destination| {
            let secrets = self.secrets();
            let [detail, identity] = [
                to.detail(secrets, tenant, mode),
                to.identity(secrets, tenant, mode),
            ];
            view.claims.contains(&detail) || view.identities.contains(&identity)
        };
        let to = known.and_then(|(view, profile)| {
            let on_file = || to(&profile).into_iter().find(|to| is_held(&view, to));
            sent_here.or_else(on_file)
        });
        let goes_to = to
            .as_ref()
            .map(|to| to.identity(self.secrets(), tenant, mode));
        let may_be_sent = is_counted || self.count_on_file(contact, value, goes_to).await?;
        let to = to.filter(|_| may_be_sent);
        let (contact, challenge) = match (to, goes_to) {
            (Some(to), Some(goes_to)) => {
                let new = self.new_challenge(&contact, Purpose::SignIn, channel, goes_to)?;
                let sealed = self.seal_destination(contact, to).await?;
                let on_file = access::Command::ChallengeOnFile(Purpose::SignIn, new, sealed);
                (contact, on_file)
            }
            _ => {
                let new = self.new_challenge(&nobody, Purpose::SignIn, channel, counted)?;
                (nobody, access::Command::Challenge(Purpose::SignIn, new))
            }
        };
        let reply = self.tell_access(contact, challenge, None).await;
        self.challenged(contact, reply)
    }

    fn detail(&self, detail: &Detail, tenant: TenantId, mode: Mode) -> ValueHash {
        let secrets = self.secrets();
        match detail {
            Detail::Reached(to) => to.detail(secrets, tenant, mode),
            Detail::Card(text) => secrets.value_hash(tenant, mode, UniqueValue::Card, text),
        }
    }

    /// The contact with its profile, if it exists and is known by all of `values`.
    async fn known_by(
        &self,
        contact: Address,
        values: &[ValueHash],
    ) -> Result<Option<(Box<ContactView>, Profile)>, AccessRefused> {
        let view = match self.query(contact, Query::Contact).await.result {
            Ok(Answer::Contact(view)) => view,
            Err(Failure::Rejected(Rejection::NotFound)) => return Ok(None),
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(AccessRefused::Failed(failure)),
        };
        let has_all = |view: &ContactView| values.iter().all(|it| view.claims.contains(it));
        if view.stage != Stage::Active || !has_all(&view) {
            return Ok(None);
        }
        match self.open_profile(&contact, &view.profile) {
            Ok(OpenedProfile::Plain(profile)) => Ok(Some((view, *profile))),
            Ok(OpenedProfile::Erased) => Ok(None),
            Err(failure) => Err(AccessRefused::Failed(failure)),
        }
    }

    /// Counts what goes to `goes_to`, beside the detail that was sent; as much where nothing goes anywhere. Whether it may: a refusal would
    /// tell that the details match, and so would one of a code that is asked for by that destination alone, which has a count of its own.
    async fn count_on_file(
        &self,
        near: Address,
        sent: ValueHash,
        goes_to: Option<ValueHash>,
    ) -> Result<bool, AccessRefused> {
        let counted = aside(goes_to.unwrap_or(sent));
        let count = directory_entry::Command::CountSend(counted);
        match self.at_entry(near, counted, count).await {
            Ok(_) => Ok(goes_to.is_some()),
            Err(Failure::Rejected(_)) => Ok(false),
            Err(failure) => Err(AccessRefused::Failed(failure)),
        }
    }
}

/// Where sends by details are counted: an entry that nothing else counts at.
fn aside(value: ValueHash) -> ValueHash {
    let mut bytes = value.0;
    bytes.reverse();
    ValueHash(bytes)
}
