mod step_up;

use super::*;
use crate::domain::access::{Cost, REFRESH_GRACE, Refresh, Which};
use crate::domain::address::{Mode, TenantId};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const TENANT: TenantId = TenantId(1);
const EMAIL: ValueHash = ValueHash([7; 16]);

fn hash(mark: u8) -> PasswordHash {
    PasswordHash {
        cost: Cost::TODAY,
        salt: [mark; 16],
        hash: [mark; 32],
    }
}

fn person() -> SealedProfile {
    SealedProfile {
        slot: 3,
        sealed: vec![1, 2, 3].into(),
    }
}

fn owner_of(organisation: u64) -> Membership {
    Membership {
        tenant: TENANT,
        organisation,
        role: 1,
        validity: Validity::BothModes,
        is_active: true,
    }
}

fn after(span: Span) -> Timestamp {
    NOW.after(span)
}

/// A user to whom `commands` came, one after the other, each of which it took.
fn given(commands: impl IntoIterator<Item = Command>) -> User {
    let mut user = User::default();
    for command in commands {
        when(&mut user, &command, NOW).unwrap();
    }
    user
}

/// What `command` comes to at `wall`, taken in.
fn when(user: &mut User, command: &Command, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
    let events = user.decide(command, wall)?;
    for event in &events {
        user.apply(event);
    }
    match events.iter().find_map(Event::refusal) {
        Some(refused) => Err(refused),
        None => Ok(events),
    }
}

fn create() -> Command {
    Command::Create(Create {
        value: EMAIL,
        person: person(),
        password: (hash(1), false),
        memberships: vec![owner_of(1)],
    })
}

fn typed(matches: bool) -> Command {
    Command::SignIn(Credentials {
        value: EMAIL,
        matches,
        password: 1,
        nonce: [9; 16],
    })
}

fn begin(from: u32, organisation: u64, is_masquerade: bool) -> Command {
    Command::Begin(Begin {
        from,
        place: Place {
            tenant: TENANT,
            organisation,
            mode: Mode::Live,
        },
        is_masquerade,
        nonce: [8; 16],
    })
}

fn refresh(session: u32, generation: u32, nonce: u8) -> Command {
    Command::Refresh(Refresh {
        session,
        generation,
        nonce: [nonce; 16],
    })
}

fn letter(mark: u8) -> NewLetter {
    NewLetter {
        nonce: [mark; 16],
        sender: Some((TENANT, Mode::Live)),
    }
}

fn numbers(user: &User) -> Vec<u32> {
    user.sessions.iter().map(|it| it.tokens.number).collect()
}

#[test]
fn ten_wrong_passwords_lock_a_user_out_and_the_right_one_then_too() {
    let mut user = given([create()]);
    for _ in 0..PASSWORDS_WRONG_MAX {
        assert_eq!(user.locked_out_at, None);
        let wrong = when(&mut user, &typed(false), NOW);
        assert_eq!(wrong, Err(Rejection::LoginRefused));
    }
    assert_eq!(user.locked_out_at, Some(NOW));
    assert_eq!(user.decide(&typed(true), NOW), Err(Rejection::LoginRefused));
    let later = after(PASSWORDS_COUNT_FOR);
    assert!(when(&mut user, &typed(true), later).is_ok());
    assert_eq!(user.wrong, Wrong::default());
    assert_eq!(user.locked_out_at, Some(NOW));
}

#[test]
fn nobody_counts_wrong_passwords_as_somebody_does_and_is_forgotten() {
    let mut nobody = User::default();
    for _ in 0..PASSWORDS_WRONG_MAX {
        let wrong = when(&mut nobody, &typed(true), NOW);
        assert_eq!(wrong, Err(Rejection::LoginRefused));
    }
    assert_eq!(
        nobody.decide(&typed(true), NOW),
        Err(Rejection::LoginRefused)
    );
    let due = nobody.next_due().unwrap();
    when(&mut nobody, &Command::FireTimers, due).unwrap();
    assert_eq!(nobody.wrong, Wrong::default());
    assert_eq!(nobody.stage, Stage::Absent);
}

#[test]
fn a_password_that_was_compared_before_it_was_changed_opens_nothing() {
    let mut user = given([create(), typed(true)]);
    when(&mut user, &Command::SetPassword(1, hash(2), 1), NOW).unwrap();
    assert_eq!(
        when(&mut user, &typed(true), NOW),
        Err(Rejection::LoginRefused)
    );
}

#[test]
fn what_began_from_a_session_ends_with_it() {
    let mut user = given([create(), typed(true), begin(1, 3, true), typed(true)]);
    assert_eq!(numbers(&user), [1, 2, 3]);
    assert_eq!(user.session(2).unwrap().parent, Some(1));
    when(&mut user, &Command::End(Which::This(1)), NOW).unwrap();
    assert_eq!(numbers(&user), [3]);
}

#[test]
fn signing_out_of_a_masquerade_signs_out_where_it_began() {
    let mut user = given([create(), typed(true), begin(1, 3, true)]);
    when(&mut user, &Command::End(Which::This(2)), NOW).unwrap();
    assert_eq!(numbers(&user), [0_u32; 0]);
}

#[test]
fn going_back_to_an_own_organisation_ends_the_masquerade_and_nothing_else() {
    let mut user = given([create(), typed(true), begin(1, 3, true), begin(2, 1, false)]);
    assert_eq!(numbers(&user), [1, 3]);
    assert_eq!(user.session(3).unwrap().parent, Some(1));
    when(&mut user, &begin(3, 5, false), NOW).unwrap();
    assert_eq!(numbers(&user), [1, 3, 4]);
}

#[test]
fn a_refresh_gives_the_same_successor_for_ten_seconds_and_then_ends_the_family() {
    let mut user = given([create(), typed(true), begin(1, 3, true), typed(true)]);
    when(&mut user, &refresh(2, 0, 8), NOW).unwrap();
    let again = user.decide(&refresh(2, 0, 8), after(Span(9_999)));
    assert_eq!(again, Ok(Vec::new()));
    let late = when(&mut user, &refresh(2, 0, 8), after(REFRESH_GRACE));
    assert_eq!(late, Err(Rejection::InvalidGrant));
    assert_eq!(numbers(&user), [3], "with the session that it began from");
    let of_another = user.decide(&refresh(3, 0, 1), NOW);
    assert_eq!(of_another, Err(Rejection::InvalidGrant), "another nonce");
}

#[test]
fn a_session_ends_for_its_requests_when_the_one_does_that_it_began_from() {
    let user = given([create(), typed(true)]);
    let parent_ends = user.session(1).unwrap().tokens.expires_at;
    let mut user = user;
    when(&mut user, &begin(1, 3, true), after(Span::days(20))).unwrap();
    assert_eq!(user.view().sessions[1].tokens.expires_at, parent_ends);
    assert_eq!(
        when(&mut user, &refresh(2, 0, 8), parent_ends),
        Err(Rejection::InvalidGrant)
    );
}

#[test]
fn past_the_bound_a_session_gives_way_from_which_none_began() {
    let mut user = given([create(), typed(true)]);
    for _ in 0..SESSIONS_MAX * 2 {
        when(&mut user, &begin(1, 3, true), NOW).unwrap();
    }
    assert_eq!(user.sessions.len(), SESSIONS_MAX);
    assert_eq!(numbers(&user)[0], 1);
}

#[test]
fn an_invitation_opens_its_roles_when_it_is_accepted_and_not_before() {
    let invite = Command::Invite(Invite {
        value: EMAIL,
        person: person(),
        memberships: vec![owner_of(5)],
        letter: letter(4),
    });
    let mut user = given([invite]);
    assert_eq!(user.stage, Stage::Pending);
    assert_eq!(user.memberships, []);
    let accept = |nonce| {
        Command::UseLetter(UseLetter {
            number: 1,
            nonce: [nonce; 16],
            password: Some(Typed {
                hash: hash(2),
                matches: None,
            }),
            session: Some([6; 16]),
        })
    };
    assert_eq!(
        user.decide(&accept(5), NOW),
        Err(Rejection::LetterInvalid),
        "of another letter"
    );
    let week = after(Span::days(7));
    assert_eq!(user.decide(&accept(4), week), Err(Rejection::LetterInvalid));
    when(&mut user, &accept(4), NOW).unwrap();
    assert_eq!(user.stage, Stage::Active);
    assert_eq!(user.memberships, [owner_of(5)]);
    assert_eq!(user.sessions[0].place.organisation, 5);
    assert_eq!(user.decide(&accept(4), NOW), Err(Rejection::LetterInvalid));
}

#[test]
fn losing_every_role_in_a_network_ends_the_sessions_there() {
    let mut user = given([create(), typed(true)]);
    let inactive = Membership {
        is_active: false,
        ..owner_of(1)
    };
    when(
        &mut user,
        &Command::SetMemberships(SetMemberships {
            tenant: TENANT,
            before: vec![owner_of(1)],
            after: vec![inactive],
            until: after(Span::seconds(1)),
        }),
        NOW,
    )
    .unwrap();
    assert_eq!(numbers(&user), [0_u32; 0]);
    assert_eq!(
        when(&mut user, &typed(true), NOW),
        Err(Rejection::LoginRefused)
    );
}

#[test]
fn roles_are_changed_as_they_were_known_and_in_time_or_not_at_all() {
    let until = after(Span::seconds(5));
    let set = |before: &[Membership], after: &[Membership]| {
        Command::SetMemberships(SetMemberships {
            tenant: TENANT,
            before: before.to_vec(),
            after: after.to_vec(),
            until,
        })
    };
    let (one, two) = (owner_of(1), owner_of(2));
    let mut user = given([create()]);
    let unseen = set(&[], &[two]);
    assert_eq!(user.decide(&unseen, NOW), Err(Rejection::Overtaken));
    let change = set(&[one], &[two]);
    assert_eq!(user.decide(&change, until), Err(Rejection::Overtaken));
    when(&mut user, &change, until.before(Span(1))).unwrap();
    assert_eq!(user.memberships, [two]);
    // A retry finds it done.
    assert_eq!(user.decide(&change, until), Ok(Vec::new()));
    let again = set(&[one], &[]);
    assert_eq!(user.decide(&again, NOW), Err(Rejection::Overtaken));
}

#[test]
fn what_test_mode_gave_opens_nothing_live() {
    let trial = Membership {
        validity: Validity::TestMode,
        ..owner_of(1)
    };
    assert!(trial.holds(TENANT, Mode::Test));
    assert!(!trial.holds(TENANT, Mode::Live));
    assert!(!trial.holds(TenantId(2), Mode::Test));
    assert_eq!(trial.mode(), Mode::Test);
}

#[test]
fn a_registration_gives_its_password_and_its_organisation_when_it_is_proven_and_not_before() {
    let register = |mark: u8| {
        Command::Register(Register {
            value: EMAIL,
            person: person(),
            registration: Registration {
                tenant: TENANT,
                organisation: u64::from(mark),
                parent: 1,
                name: "Pier".to_owned(),
                validity: Validity::BothModes,
                password: hash(mark),
                knows: None,
            },
            letter: letter(mark),
        })
    };
    // A stranger registers with the address first.
    let mut user = given([register(66), register(77)]);
    assert_eq!((user.stage, user.password.clone()), (Stage::Pending, None));
    let verify = |number| {
        Command::UseLetter(UseLetter {
            number,
            nonce: [if number == 1 { 66 } else { 77 }; 16],
            password: None,
            session: None,
        })
    };
    when(&mut user, &verify(2), NOW).unwrap();
    assert_eq!(user.stage, Stage::Active);
    assert_eq!(user.password.clone().unwrap().hash, hash(77));
    assert_eq!(user.memberships, [owner_of(77)]);
    // A program opened the link before the person did.
    assert_eq!(user.decide(&verify(2), NOW), Ok(Vec::new()));
    // Another one of a user who exists leaves the password.
    when(&mut user, &verify(1), NOW).unwrap();
    assert_eq!(user.password.clone().unwrap().hash, hash(77));
    assert_eq!(user.memberships, [owner_of(77), owner_of(66)]);
    let reset = Command::UseLetter(UseLetter {
        number: 1,
        nonce: [66; 16],
        password: Some(Typed {
            hash: hash(5),
            matches: None,
        }),
        session: None,
    });
    assert_eq!(user.decide(&reset, NOW), Err(Rejection::LetterInvalid));
    let day = after(Span::days(1));
    assert_eq!(user.decide(&verify(2), day), Err(Rejection::LetterInvalid));
}

fn invited(sender: (TenantId, Mode), membership: Membership, mark: u8) -> Command {
    Command::Invite(Invite {
        value: EMAIL,
        person: person(),
        memberships: vec![membership],
        letter: NewLetter {
            nonce: [mark; 16],
            sender: Some(sender),
        },
    })
}

fn accepting(number: u32, mark: u8, matches: Option<u32>) -> Command {
    Command::UseLetter(UseLetter {
        number,
        nonce: [mark; 16],
        password: Some(Typed {
            hash: hash(mark),
            matches,
        }),
        session: Some([6; 16]),
    })
}

const OTHERS: TenantId = TenantId(2);

fn trial(tenant: TenantId) -> Membership {
    Membership {
        tenant,
        validity: Validity::TestMode,
        ..owner_of(1)
    }
}

#[test]
fn an_account_is_opened_by_its_password_and_by_no_letter_of_another() {
    let mut user = given([
        create(),
        invited((OTHERS, Mode::Live), trial(OTHERS), 4),
        invited((TENANT, Mode::Test), trial(TENANT), 5),
    ]);
    for (number, mark) in [(1, 4), (2, 5)] {
        let taken = when(&mut user, &accepting(number, mark, None), NOW);
        assert_eq!(taken, Err(Rejection::LoginRefused));
        // The number of a password that it had before.
        let taken = when(&mut user, &accepting(number, mark, Some(0)), NOW);
        assert_eq!(taken, Err(Rejection::LoginRefused));
    }
    assert_eq!(user.wrong.count, 4);
    when(&mut user, &accepting(1, 4, Some(1)), NOW).unwrap();
    when(&mut user, &accepting(2, 5, Some(1)), NOW).unwrap();
    assert_eq!(user.password.clone().unwrap().hash, hash(1));
    assert_eq!(user.memberships, [owner_of(1), trial(OTHERS)]);
    assert_eq!(user.proven_to, Some((TENANT, Mode::Live)));
    let places = user.sessions.iter().map(|it| it.place);
    let places: Vec<_> = places.map(|it| (it.tenant, it.mode)).collect();
    assert_eq!(places, [(OTHERS, Mode::Test), (TENANT, Mode::Test)]);
}

#[test]
fn live_mode_takes_an_account_over_that_only_a_test_inbox_proved() {
    let squatted = [
        invited((OTHERS, Mode::Test), trial(OTHERS), 4),
        accepting(1, 4, None),
        Command::Forget(NewLetter {
            nonce: [3; 16],
            sender: Some((OTHERS, Mode::Test)),
        }),
        invited((TENANT, Mode::Live), owner_of(1), 5),
    ];
    let mut user = given(squatted.clone());
    assert_eq!(user.proven_to, Some((OTHERS, Mode::Test)));
    when(&mut user, &accepting(3, 5, None), NOW).unwrap();
    assert_eq!(user.password.clone().unwrap().hash, hash(5));
    assert_eq!(user.memberships, [owner_of(1)]);
    assert_eq!(user.proven_to, Some((TENANT, Mode::Live)));
    assert_eq!(numbers(&user), [2], "only that which it began");
    let reset = accepting(2, 3, None);
    assert_eq!(user.decide(&reset, NOW), Err(Rejection::LetterInvalid));
    // Whoever knows the password keeps what it opens, and has it proven by live mode from then on.
    let mut user = given(squatted);
    when(&mut user, &accepting(3, 5, Some(1)), NOW).unwrap();
    assert_eq!(user.password.clone().unwrap().hash, hash(4));
    assert_eq!(user.memberships, [trial(OTHERS), owner_of(1)]);
    assert_eq!(user.proven_to, Some((TENANT, Mode::Live)));
}
