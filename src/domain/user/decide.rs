//! What a user makes of a command.

use super::command::{Begin, Command, Create, Credentials, Invite, Register, SetMemberships};
use super::event::{Event, PasswordNotice, Rejection};
use super::letter::{FORGET_PAUSE, FORGETS_COUNT_FOR, FORGETS_MAX, Letter, NewLetter, Purpose};
use super::session::{Ended, Place, Session};
use super::{MEMBERSHIPS_MAX, Membership, Password, Stage, User, Validity};
use crate::domain::access::{self, PasswordHash, REFRESH_GRACE, Refresh, Which};
use crate::domain::address::{Mode, TenantId};
use crate::domain::contact::SealedProfile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Timestamp;

impl User {
    /// Decides `command` at `wall`.
    pub fn decide(&self, command: &Command, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.stage == Stage::Absent
            && let Some(refused) = command.refused_by_nobody()
        {
            return Err(refused);
        }
        match command {
            Command::SignIn(credentials) => self.sign_in(credentials, wall),
            Command::Create(create) => self.create(create, wall),
            Command::Register(register) => self.register(register, wall),
            Command::Invite(invite) => self.invite(invite, wall),
            // Nobody can forget as anybody does: it is recorded, and comes to nothing.
            Command::Forget(letter) => Ok(if self.may_forget(wall) {
                vec![self.letter_sent(Purpose::Reset, letter, wall)]
            } else {
                Vec::new()
            }),
            Command::FireTimers => Ok(self.due(wall)),
            Command::Begin(begin) => self.begin(begin, wall),
            Command::Refresh(refresh) => self.refresh(refresh, wall),
            Command::End(Which::This(number)) => Ok(match self.session(*number) {
                Some(session) => {
                    vec![Event::SessionEnded(self.root(session), Ended::SignedOut)]
                }
                None => Vec::new(),
            }),
            Command::End(Which::All) if self.sessions.is_empty() => Ok(Vec::new()),
            Command::End(Which::All) => Ok(vec![Event::AllSessionsEnded]),
            Command::UseLetter(used) => self.use_letter(used, wall),
            Command::SetPassword(expected, hash, keep) => {
                if *expected != self.password_count {
                    return Err(Rejection::LoginRefused);
                }
                let kept = self.session(*keep).ok_or(Rejection::InvalidGrant)?;
                let mut events = self.replaced(hash, self.proven_to, wall);
                events.extend(self.ended_but(self.root(kept)));
                Ok(events)
            }
            Command::SetMemberships(set) => self.set_memberships(set, wall),
            Command::Rename(person) => Ok(vec![Event::Renamed(person.clone())]),
            Command::EnrolTotp(typist, nonce) => self.enrol(typist, *nonce),
            Command::ConfirmTotp(session, step, recovery) => {
                self.confirm_totp(*session, *step, recovery, wall)
            }
            Command::StepUp(session, factor) => self.step_up(*session, factor, wall),
            Command::RemoveTotp(typist, factor) => self.remove_totp(typist, factor, wall),
            Command::RenewRecoveryCodes(typist, factor, recovery) => {
                self.renew_recovery_codes(typist, factor, recovery, wall)
            }
            Command::ResetTotp(seen) => self.reset_totp(seen, wall),
        }
    }

    fn create(&self, create: &Create, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.stage == Stage::Active {
            return Err(Rejection::UserExists);
        }
        let mut events = self.created(create.value, &create.person, wall)?;
        let (hash, expired) = &create.password;
        events.push(set(hash, wall, *expired));
        let home = create.memberships.first().map(|it| (it.tenant, it.mode()));
        events.push(Event::Activated(home));
        events.extend(self.added(&create.memberships)?);
        Ok(events)
    }

    fn register(&self, register: &Register, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let mut events = match self.stage {
            Stage::Absent => self.created(register.value, &register.person, wall)?,
            Stage::Pending | Stage::Active if self.value == Some(register.value) => Vec::new(),
            Stage::Pending | Stage::Active => return Err(Rejection::UserExists),
        };
        let purpose = Purpose::Verification(register.registration.clone());
        events.push(self.letter_sent(purpose, &register.letter, wall));
        Ok(events)
    }

    fn invite(&self, invite: &Invite, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let mut events = match self.stage {
            Stage::Absent => self.created(invite.value, &invite.person, wall)?,
            Stage::Pending | Stage::Active if self.value == Some(invite.value) => Vec::new(),
            Stage::Pending | Stage::Active => return Err(Rejection::UserExists),
        };
        // That there is room is known now, and not only when the invitation is accepted.
        self.added(&invite.memberships)?;
        let purpose = Purpose::Invitation(invite.memberships.clone());
        events.push(self.letter_sent(purpose, &invite.letter, wall));
        Ok(events)
    }

    fn created(
        &self,
        value: ValueHash,
        person: &SealedProfile,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        match self.value {
            None => Ok(vec![Event::Created(value, person.clone(), wall)]),
            Some(own) if own == value => Ok(Vec::new()),
            // Two addresses of one number: once in 2^64.
            Some(_) => Err(Rejection::UserExists),
        }
    }

    /// Whether another token to choose another password is sent. Whoever asks is not told.
    fn may_forget(&self, wall: Timestamp) -> bool {
        let counting = |at: &&Timestamp| wall < at.after(FORGETS_COUNT_FOR);
        let asked = self.forgot_at.iter().filter(counting);
        let last = self.forgot_at.last();
        asked.count() < FORGETS_MAX && last.is_none_or(|at| wall >= at.after(FORGET_PAUSE))
    }

    fn letter_sent(&self, purpose: Purpose, new: &NewLetter, wall: Timestamp) -> Event {
        Event::LetterSent(Letter {
            number: self.letter_count.saturating_add(1),
            expires_at: wall.after(purpose.lasts()),
            purpose,
            nonce: new.nonce,
            sender: new.sender,
            issued_at: wall,
        })
    }

    /// Its roles with `more`, by tenant. What holds in both modes is left as it is: test mode takes nothing of live business away.
    pub(super) fn added(&self, more: &[Membership]) -> Result<Vec<Event>, Rejection> {
        let mut all = self.memberships.clone();
        for membership in more {
            let same = |it: &Membership| {
                (it.tenant, it.organisation, it.role)
                    == (membership.tenant, membership.organisation, membership.role)
            };
            let narrows = membership.validity == Validity::TestMode;
            if narrows
                && all
                    .iter()
                    .any(|it| same(it) && it.validity == Validity::BothModes)
            {
                continue;
            }
            all.retain(|it| !same(it));
            all.push(*membership);
        }
        if all.len() > MEMBERSHIPS_MAX {
            return Err(Rejection::MembershipsFull);
        }
        let of = |tenant| all.iter().filter(move |it| it.tenant == tenant).copied();
        Ok(tenants(more)
            .into_iter()
            .map(|tenant| Event::MembershipsSet(tenant, of(tenant).collect()))
            .collect())
    }

    fn sign_in(&self, credentials: &Credentials, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        // Whoever is locked out is told nothing else, and it goes on no longer for that.
        if self.wrong.counting(wall).locked_until().is_some() {
            return Err(Rejection::LoginRefused);
        }
        let is_right = credentials.matches
            && self.stage == Stage::Active
            && self.value == Some(credentials.value)
            && self.password_count == credentials.password;
        let primary = self.primary().filter(|_| is_right);
        Ok(vec![match primary {
            Some(primary) => self.signed_in(primary, credentials.nonce, wall),
            None => Event::PasswordWrong(wall),
        }])
    }

    pub(super) fn signed_in(
        &self,
        primary: &Membership,
        nonce: [u8; 16],
        wall: Timestamp,
    ) -> Event {
        let number = self.session_count.saturating_add(1);
        Event::SignedIn(Session {
            tokens: access::Session::begun(number, nonce, wall),
            place: Place {
                tenant: primary.tenant,
                organisation: primary.organisation,
                mode: primary.mode(),
            },
            parent: None,
            is_masquerade: false,
            stepped_up_at: None,
        })
    }

    fn begin(&self, begin: &Begin, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let from = self.session(begin.from).ok_or(Rejection::InvalidGrant)?;
        let number = self.session_count.saturating_add(1);
        let session = Session {
            tokens: access::Session::begun(number, begin.nonce, wall),
            place: begin.place,
            parent: Some(self.root(from)),
            is_masquerade: begin.is_masquerade,
            stepped_up_at: from.stepped_up_at.filter(|_| !begin.is_masquerade),
        };
        let returns = from.is_masquerade && !begin.is_masquerade;
        let ended = returns.then_some(Event::SessionEnded(begin.from, Ended::Returned));
        Ok([Event::SignedIn(session)]
            .into_iter()
            .chain(ended)
            .collect())
    }

    fn refresh(&self, refresh: &Refresh, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let view = self.view();
        let alive = view.sessions.iter().find(|it| {
            it.tokens.number == refresh.session
                && it.tokens.nonce == refresh.nonce
                && wall < it.tokens.expires_at
        });
        let tokens = alive.ok_or(Rejection::InvalidGrant)?.tokens;
        if refresh.generation == tokens.generation {
            return Ok(vec![Event::Refreshed(tokens.number, wall)]);
        }
        let is_predecessor = refresh.generation.checked_add(1) == Some(tokens.generation);
        if is_predecessor && wall < tokens.issued_at.after(REFRESH_GRACE) {
            return Ok(Vec::new());
        }
        let replayed = self.session(tokens.number).map(|it| self.root(it));
        let root = replayed.unwrap_or(tokens.number);
        Ok(vec![Event::SessionEnded(root, Ended::Replayed)])
    }

    /// Sets a password. Where there was one, the user is told: it may have been somebody else.
    pub(super) fn replaced(
        &self,
        hash: &PasswordHash,
        sender: Option<(TenantId, Mode)>,
        wall: Timestamp,
    ) -> Vec<Event> {
        let notice = self.password.is_some().then(|| {
            Event::PasswordReplaced(PasswordNotice {
                number: self.password_count.saturating_add(1),
                sender,
                at: wall,
            })
        });
        [set(hash, wall, false)].into_iter().chain(notice).collect()
    }

    fn set_memberships(
        &self,
        set: &SetMemberships,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let (tenant, memberships) = (set.tenant, &set.after);
        let of_tenant = |it: &&Membership| it.tenant == tenant;
        let others = self
            .memberships
            .len()
            .saturating_sub(self.memberships.iter().filter(of_tenant).count());
        if others.saturating_add(memberships.len()) > MEMBERSHIPS_MAX {
            return Err(Rejection::MembershipsFull);
        }
        if self.memberships.iter().filter(of_tenant).eq(memberships) {
            return Ok(Vec::new());
        }
        if wall >= set.until || !self.memberships.iter().filter(of_tenant).eq(&set.before) {
            return Err(Rejection::Overtaken);
        }
        let mut events = vec![Event::MembershipsSet(tenant, memberships.clone())];
        let opens = |mode| memberships.iter().any(|it| it.holds(tenant, mode));
        let ended = self
            .sessions
            .iter()
            .filter(|it| it.place.tenant == tenant && !opens(it.place.mode));
        events.extend(ended.map(|it| Event::SessionEnded(it.tokens.number, Ended::Deactivated)));
        Ok(events)
    }

    /// Every session ends that is not of one sign-in with session `root`.
    fn ended_but(&self, root: u32) -> impl Iterator<Item = Event> {
        let others = self
            .sessions
            .iter()
            .filter(move |it| it.parent.is_none() && it.tokens.number != root);
        others.map(|it| Event::SessionEnded(it.tokens.number, Ended::SignedOut))
    }

    /// What has lapsed by `wall`.
    fn due(&self, wall: Timestamp) -> Vec<Event> {
        let mut after = self.clone();
        after.apply(&Event::Tidied(wall));
        let tidied = (after != *self).then_some(Event::Tidied(wall));
        tidied.into_iter().collect()
    }
}

/// Whose the memberships are, each once.
pub(super) fn tenants(memberships: &[Membership]) -> Vec<TenantId> {
    let mut tenants: Vec<_> = memberships.iter().map(|it| it.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}

pub(super) fn set(hash: &PasswordHash, wall: Timestamp, expired: bool) -> Event {
    Event::PasswordSet(Password {
        hash: hash.clone(),
        set_at: wall,
        expired,
    })
}
