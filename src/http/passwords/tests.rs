use super::*;
use crate::limits::PASSWORDS_WAITING_MAX;

fn passwords() -> Passwords {
    Passwords::start([7; 32]).unwrap()
}

fn chosen(text: &str) -> Password {
    Password::chosen(text.to_owned()).unwrap()
}

fn typed(text: &str) -> Password {
    Password::typed(text.to_owned()).unwrap()
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other() {
    let passwords = passwords();
    let one = passwords.hash(chosen("vivid turtle 9")).await.unwrap();
    let again = passwords.hash(chosen("vivid turtle 9")).await.unwrap();
    assert_ne!(one, again, "salted");
    let matches = async |text, hash| passwords.matches(typed(text), Some(hash)).await.unwrap();
    assert!(matches("vivid turtle 9", one.clone()).await);
    assert!(matches("vivid turtle 9", again).await);
    assert!(!matches("vivid turtle 8", one.clone()).await);
    assert!(!matches("", one).await);
}

#[tokio::test]
async fn a_hash_is_worthless_without_the_pepper() {
    let hash = passwords().hash(chosen("vivid turtle 9")).await.unwrap();
    let elsewhere = Passwords::start([8; 32]).unwrap();
    let matches = elsewhere.matches(typed("vivid turtle 9"), Some(hash));
    assert!(!matches.await.unwrap());
}

#[tokio::test]
async fn nobodys_password_is_never_right() {
    let passwords = passwords();
    let matches = passwords.matches(typed("vivid turtle 9"), None);
    assert!(!matches.await.unwrap());
}

#[tokio::test]
async fn past_a_full_line_callers_are_told_to_come_again() {
    let passwords = Arc::new(passwords());
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..PASSWORDS_WAITING_MAX + PASSWORD_THREADS_MAX + 20 {
        let passwords = Arc::clone(&passwords);
        under_way.spawn(async move { passwords.matches(typed("x"), None).await });
    }
    let answers = under_way.join_all().await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(served.len() >= PASSWORDS_WAITING_MAX, "{}", served.len());
    assert!(!refused.is_empty());
    for problem in refused.into_iter().filter_map(Result::err) {
        assert_eq!(problem.code(), Code::OverCapacity);
        let answer = problem.render("r");
        assert_eq!(answer.headers()[http::header::RETRY_AFTER], "1");
    }
}

#[tokio::test]
async fn a_full_line_is_seen_before_anything_is_done_for_a_try() {
    let passwords = Arc::new(passwords());
    passwords.require_room().unwrap();
    let mut under_way = tokio::task::JoinSet::new();
    while passwords.require_room().is_ok() {
        assert!(under_way.len() < 10_000, "it never fills");
        let passwords = Arc::clone(&passwords);
        under_way.spawn(async move { passwords.matches(typed("x"), None).await });
        tokio::task::yield_now().await;
    }
    let refused = passwords.require_room().unwrap_err();
    assert_eq!(refused.code(), Code::OverCapacity);
    under_way.join_all().await;
    passwords.require_room().unwrap();
}

#[test]
fn length_counts_and_what_everybody_chose_is_refused() {
    let refused = |text: &str| Password::chosen(text.to_owned()).err();
    assert_eq!(refused("short 7"), Some(Unfit::TooShort));
    assert_eq!(refused(&"ä".repeat(129)), Some(Unfit::TooLong));
    for common in [
        "Password1",
        "qwerty12",
        "Qwerty12",
        "xxxxxxxxxxxx",
        "12345678",
    ] {
        assert_eq!(refused(common), Some(Unfit::Common), "{common}");
    }
    for fit in ["all lower case", "ÄÖÜ äöü ß", &"0123456789abcdef".repeat(8)] {
        assert_eq!(refused(fit), None, "{fit}");
    }
    assert!(Password::typed("a".repeat(129)).is_none());
}

#[test]
fn a_password_is_never_shown() {
    let shown = format!("{:?}", typed("vivid turtle 9"));
    assert!(!shown.contains("turtle"), "{shown}");
}

#[tokio::test]
async fn somebody_gets_in_even_where_the_cores_have_nothing_left() {
    let passwords = Passwords::with_threads(0, [7; 32]).unwrap();
    let hash = passwords.hash(chosen("vivid turtle 9")).await.unwrap();
    let matches = passwords.matches(typed("vivid turtle 9"), Some(hash));
    assert!(matches.await.unwrap());
    assert_eq!(passwords.worked(), 2);
}

#[tokio::test]
async fn passwords_take_no_core_that_anybody_wants() {
    let passwords = passwords();
    // A thread that has answered has set its policy before.
    (passwords.matches(typed("x"), None).await).unwrap();
    let mut policies = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        // A thread of another test may end meanwhile.
        let Ok(stat) = std::fs::read_to_string(thread.unwrap().path().join("stat")) else {
            continue;
        };
        let (name, fields) = stat.rsplit_once(") ").unwrap();
        if name.ends_with("(passwords") {
            policies.push(fields.split(' ').nth(38).unwrap().to_owned());
        }
    }
    let idle = "5";
    assert!(policies.iter().any(|policy| policy == idle), "{policies:?}");
}
