//! A directory entry: the holder of one unique value (an own id, a code, a phone, an e-mail), so that two contacts never share it.
//!
//! The entry's address is a hash of the value, so two values may meet in one entry: each claim carries a longer hash.
//! A value is first reserved for a contact that is being created, then confirmed or released. When a reservation
//! lapses the entry asks the contact, whose recorded answer settles it: see [`State::obligations`].

mod destination;

use super::time::{Dues, Span, Timestamp};

pub use destination::{Destination, PASSWORDS_MAX, SEND_PAUSE, SENDS_AN_HOUR};

/// How long a creation may take before the entry asks what became of it.
pub const RESERVED_FOR: Span = Span::seconds(30);

/// How many values may meet in one entry: addresses are 64-bit hashes, so two would be a wonder.
pub const CLAIMS_MAX: usize = 4;

/// A keyed hash of what kind of value it is and the normalised value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueHash(pub [u8; 16]);

impl ValueHash {
    /// The number of the entry that holds this value.
    pub fn entry(&self) -> u64 {
        let [first, _] = *self.0.as_chunks::<8>().0 else {
            return 0;
        };
        u64::from_be_bytes(first)
    }
}

/// Who holds a value: a contact, by one of the attempts to create it. What an abandoned attempt still sends touches nothing of a
/// later one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The contact, by entity number.
    pub contact: u64,
    /// Which of the proposals of this contact, counted from 1.
    pub attempt: u32,
}

/// How firm a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Held for a contact that is being created; asked about from this time on.
    Reserved(Timestamp),
    /// The same, by the wall: somebody has proven to control the value.
    ReservedOnWall(Timestamp),
    /// The contact has it.
    Confirmed,
    /// The contact has it until this time on the wall, and nobody is asked then.
    HeldUntil(Timestamp),
}

impl Standing {
    fn is_firm(self) -> bool {
        match self {
            Standing::Confirmed | Standing::HeldUntil(_) => true,
            Standing::Reserved(_) | Standing::ReservedOnWall(_) => false,
        }
    }
}

/// One value and who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The value.
    pub value: ValueHash,
    /// Who has it.
    pub holder: Holder,
    /// How firm the claim is.
    pub standing: Standing,
}

impl Claim {
    /// When it lapses by itself, if it does.
    fn lapses_at(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::HeldUntil(until) => Some(until),
            Standing::Reserved(_) | Standing::ReservedOnWall(_) | Standing::Confirmed => None,
        }
    }
}

/// What an entry can be asked to do.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Hold the value for a contact.
    Reserve(ValueHash, Holder),
    /// The contact has the value.
    Confirm(ValueHash, Holder),
    /// The contact does not have the value after all.
    Release(ValueHash, Holder),
    /// Hold the value, which was proven, for a contact; by the wall.
    ReserveOnWall(ValueHash, Holder),
    /// The contact has the value until this time on the wall.
    HoldUntil(ValueHash, Holder, Timestamp),
    /// A code is to be sent to the value.
    CountSend(ValueHash),
    /// A code that was sent to the value was answered wrongly.
    CountWrong(ValueHash),
    /// A code that was sent to the value was answered rightly.
    ForgetWrong(ValueHash),
    /// A password is about to be tried with the value.
    CountPassword(ValueHash),
    /// The password was not tried after all.
    GivePasswordBack(ValueHash),
    /// The password that was tried with the value is right.
    ForgetPasswords(ValueHash),
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A value was reserved until this time.
    Reserved(ValueHash, Holder, Timestamp),
    /// A reservation was confirmed.
    Confirmed(ValueHash, Holder),
    /// A claim was given up.
    Released(ValueHash, Holder),
    /// A value that was proven was reserved until this time on the wall.
    ReservedOnWall(ValueHash, Holder, Timestamp),
    /// A code was sent to the value.
    Sent(ValueHash, Timestamp),
    /// A code that was sent to the value was answered wrongly.
    WrongCounted(ValueHash, Timestamp),
    /// The wrong answers count no longer.
    WrongForgotten(ValueHash),
    /// What counted long before was forgotten.
    Tidied(Timestamp),
    /// A contact has the value until this time on the wall.
    HeldUntil(ValueHash, Holder, Timestamp),
    /// A password was tried with the value.
    PasswordCounted(ValueHash, Timestamp),
    /// A password was not tried after all.
    PasswordGivenBack(ValueHash),
    /// The passwords that were tried count no longer.
    PasswordsForgotten(ValueHash),
}

/// Why an entry refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Another contact has the value, or is being created with it.
    ValueTaken,
    /// The contact does not hold the value.
    NotHeld,
    /// A later attempt of the same contact has the value.
    Overtaken,
    /// More values meet in this entry than it may hold.
    EntryFull,
    /// So many codes were sent to the value that no other is before this time on the wall.
    TooManySends(Timestamp),
    /// So many passwords were tried with the value that no other is before this time on the wall.
    TooManyPasswords(Timestamp),
}

/// What is owed between a contact and an entry, or a place for a piece of its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obligation {
    /// An entry has to ask a contact what became of its reservation.
    Ask {
        /// The value.
        value: ValueHash,
        /// Whom to ask.
        holder: Holder,
    },
    /// A contact has to tell entries of values that it gave up.
    TellReleases,
    /// The key of a registration that came to nothing is to be destroyed.
    Shred,
    /// A place has to ask a contact whether it names what its piece is of.
    AskOfPiece {
        /// Whom to ask.
        contact: u64,
        /// The number of what it is a piece of.
        of: u32,
        /// When it was to be asked.
        asked_at: Timestamp,
    },
    /// A contact has to record the purchase of a receipt that it claimed.
    SettleClaim,
}

/// An entry's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The values that meet here; usually one.
    pub claims: Vec<Claim>,
    /// What was sent to values that meet here, of late: whether or not anybody has them.
    pub destinations: Vec<Destination>,
}

impl State {
    /// Who has `value`, if a contact's claim to it is confirmed, or holds for a time.
    pub fn holder(&self, value: &ValueHash) -> Option<u64> {
        self.claims
            .iter()
            .find(|claim| claim.value == *value && claim.standing.is_firm())
            .map(|claim| claim.holder.contact)
    }

    fn claim(&self, value: &ValueHash) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.value == *value)
    }

    /// Decides `command`. Repeating what was done changes nothing.
    pub fn decide(
        &self,
        command: &Command,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        match *command {
            Command::Reserve(value, holder) => self.reserve(
                value,
                holder,
                Event::Reserved(value, holder, now.after(RESERVED_FOR)),
            ),
            Command::ReserveOnWall(value, holder) => self.reserve(
                value,
                holder,
                Event::ReservedOnWall(value, holder, wall.after(RESERVED_FOR)),
            ),
            Command::HoldUntil(value, holder, until) => {
                self.reserve(value, holder, Event::HeldUntil(value, holder, until))
            }
            Command::CountSend(value) => self.count_send(value, wall),
            Command::CountWrong(value) => Ok(self.count_wrong(value, wall)),
            Command::CountPassword(value) => self.count_password(value, wall),
            Command::GivePasswordBack(value) => {
                Ok(self.with_passwords(value, Event::PasswordGivenBack(value)))
            }
            Command::ForgetPasswords(value) => {
                Ok(self.with_passwords(value, Event::PasswordsForgotten(value)))
            }
            Command::ForgetWrong(value) => Ok(self.forget_wrong(value)),
            Command::Confirm(value, holder) => match self.claim(&value) {
                Some(claim) if claim.holder == holder => Ok(match claim.standing {
                    Standing::Reserved(_) | Standing::ReservedOnWall(_) => {
                        vec![Event::Confirmed(value, holder)]
                    }
                    Standing::Confirmed | Standing::HeldUntil(_) => Vec::new(),
                }),
                Some(_) | None => Err(Rejection::NotHeld),
            },
            Command::Release(value, holder) => match self.claim(&value) {
                // What an earlier attempt of the same contact holds is obsolete as well.
                Some(claim)
                    if claim.holder.contact == holder.contact
                        && claim.holder.attempt <= holder.attempt =>
                {
                    Ok(vec![Event::Released(value, claim.holder)])
                }
                Some(_) | None => Ok(Vec::new()),
            },
        }
    }

    fn reserve(
        &self,
        value: ValueHash,
        holder: Holder,
        reserved: Event,
    ) -> Result<Vec<Event>, Rejection> {
        match self.claim(&value) {
            Some(claim) if claim.holder.contact != holder.contact => Err(Rejection::ValueTaken),
            Some(claim) if claim.holder == holder => Ok(Vec::new()),
            Some(claim) if claim.holder.attempt > holder.attempt => Err(Rejection::Overtaken),
            None if self.claims.len() >= CLAIMS_MAX => Err(Rejection::EntryFull),
            Some(_) | None => Ok(vec![reserved]),
        }
    }

    fn apply_reservation(&mut self, value: ValueHash, holder: Holder, standing: Standing) {
        // In place of what an earlier attempt of the same contact holds.
        self.claims.retain(|claim| claim.value != value);
        self.claims.push(Claim {
            value,
            holder,
            standing,
        });
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match *event {
            Event::Reserved(value, holder, until) => {
                self.apply_reservation(value, holder, Standing::Reserved(until));
            }
            Event::ReservedOnWall(value, holder, until) => {
                self.apply_reservation(value, holder, Standing::ReservedOnWall(until));
            }
            Event::HeldUntil(value, holder, until) => {
                self.apply_reservation(value, holder, Standing::HeldUntil(until));
            }
            Event::Sent(value, at) => self.change_destination(value, |it| it.sent(at)),
            Event::WrongCounted(value, at) => {
                self.change_destination(value, |it| it.answered_wrongly(at));
            }
            Event::WrongForgotten(value) => {
                self.change_destination(value, Destination::forget_wrong);
            }
            Event::PasswordCounted(value, at) => {
                self.change_destination(value, |it| it.password_tried(at));
            }
            Event::PasswordGivenBack(value) => {
                self.change_destination(value, Destination::give_password_back);
            }
            Event::PasswordsForgotten(value) => {
                self.change_destination(value, Destination::forget_passwords);
            }
            Event::Tidied(at) => self.tidy(at),
            Event::Confirmed(value, holder) => {
                for claim in &mut self.claims {
                    if claim.value == value && claim.holder == holder {
                        claim.standing = Standing::Confirmed;
                    }
                }
            }
            Event::Released(value, holder) => self
                .claims
                .retain(|claim| claim.value != value || claim.holder != holder),
        }
    }

    /// When the first reservation lapses, or what was sent is to be forgotten.
    pub fn next_due(&self) -> Dues {
        let standings = || self.claims.iter().map(|claim| claim.standing);
        let reserved = standings().filter_map(|standing| match standing {
            Standing::Reserved(until) => Some(until),
            Standing::ReservedOnWall(_) | Standing::Confirmed | Standing::HeldUntil(_) => None,
        });
        let on_wall = standings().filter_map(|standing| match standing {
            Standing::ReservedOnWall(until) | Standing::HeldUntil(until) => Some(until),
            Standing::Reserved(_) | Standing::Confirmed => None,
        });
        let forgotten = self.destinations.iter().filter_map(|it| it.forgotten_at());
        Dues {
            business: reserved.min(),
            wall: on_wall.chain(forgotten).min(),
        }
    }

    /// Whom to ask at `now`, which is `wall` on the clock of credentials: the contacts of the reservations that have lapsed.
    pub fn obligations(&self, now: Timestamp, wall: Timestamp) -> Vec<Obligation> {
        self.claims
            .iter()
            .filter(|claim| match claim.standing {
                Standing::Reserved(until) => until <= now,
                Standing::ReservedOnWall(until) => until <= wall,
                Standing::Confirmed | Standing::HeldUntil(_) => false,
            })
            .map(|claim| Obligation::Ask {
                value: claim.value,
                holder: claim.holder,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
