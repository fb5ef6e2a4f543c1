//! What must not stay behind: unfinished work, tests that are switched off, waits that hope, silenced lints without a
//! reason.

use crate::source::{Fault, Placed, Source, Token, inline_modules, tokens};

/// Spelt in two halves, so that this file does not find itself.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// How many lines above a wait its reason may begin.
const REASON_LINES: usize = 4;

/// The files of the gateways that serve what no credential is asked for, and no document lists.
const SERVE_TO_ANYBODY: [&str; 3] = [
    "src/http/gateways/errors.rs",
    "src/http/gateways/reference.rs",
    "src/http/gateways/well_known.rs",
];

/// A route of a gateway that is not of its document: nothing would ask what opens it.
pub(crate) fn undocumented_routes(source: &Source) -> Vec<Fault> {
    if SERVE_TO_ANYBODY.contains(&&*source.path) {
        return Vec::new();
    }
    let adds = [
        "route",
        "route_service",
        "nest",
        "nest_service",
        "fallback",
        "fallback_service",
    ];
    let mut faults = Vec::new();
    for [dot, name, open] in tokens(source).array_windows() {
        let is_call = dot.token == Token::Sign('.') && matches!(open.token, Token::Open(_));
        if is_call && adds.iter().any(|add| name.token.is(add)) {
            let what = "a route beside the document: declare it by routes!, so that it is known what opens it";
            faults.push(Fault::new(source, name.line, what));
        }
    }
    faults
}

/// Notes to oneself, and macros that stand for missing code.
pub(crate) fn unfinished(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        for word in words.filter(|word| UNFINISHED.contains(word)) {
            faults.push(Fault::new(
                source,
                at + 1,
                format!("{word}: do it, or drop it"),
            ));
        }
    }
    if source.path.ends_with(".rs") {
        for [name, sign] in tokens(source).array_windows() {
            let stands_in = ["todo", "unimplemented", "dbg"]
                .iter()
                .any(|stub| name.token.is(stub));
            if stands_in && sign.token == Token::Sign('!') {
                faults.push(Fault::new(
                    source,
                    name.line,
                    "a macro that stands for missing code",
                ));
            }
        }
    }
    faults
}

/// `#[ignore]`, also inside `cfg_attr`.
pub(crate) fn ignored_tests(source: &Source) -> Vec<Fault> {
    attributes(&tokens(source))
        .into_iter()
        .filter(|attribute| attribute.iter().any(|placed| placed.token.is("ignore")))
        .map(|attribute| {
            Fault::new(
                source,
                attribute[0].line,
                "a test that is switched off proves nothing: mend it, or drop it",
            )
        })
        .collect()
}

/// `#[allow]` and `#[expect]` without `reason = "…"`.
pub(crate) fn silenced_lints(source: &Source) -> Vec<Fault> {
    attributes(&tokens(source))
        .into_iter()
        .filter(|attribute| {
            let silences = attribute.array_windows().any(|[name, open]| {
                (name.token.is("allow") || name.token.is("expect"))
                    && matches!(open.token, Token::Open(_))
            });
            silences && !attribute.iter().any(|placed| placed.token.is("reason"))
        })
        .map(|attribute| {
            Fault::new(
                source,
                attribute[0].line,
                "a lint is silenced without a reason",
            )
        })
        .collect()
}

/// A test that sleeps to let something happen is slow on a fast machine and wrong on a slow one: await the thing itself.
/// Where time itself is the subject, or nothing tells of the event, a comment just above says what is waited for and
/// why nothing better can be awaited: `// waits for: …`.
pub(crate) fn hopeful_waits(source: &Source) -> Vec<Fault> {
    let tokens = tokens(source);
    let inline = inline_modules(&tokens);
    let lines: Vec<&str> = source.text.lines().collect();
    let is_reasoned = |line: usize| {
        lines[line.saturating_sub(REASON_LINES + 1)..line]
            .iter()
            .any(|line| line.contains("// waits for: "))
    };
    let mut faults = Vec::new();
    for (at, placed) in tokens.iter().enumerate() {
        let called =
            matches!(tokens.get(at + 1), Some(next) if matches!(next.token, Token::Open(_)));
        let before = at.checked_sub(1).map(|before| &tokens[before].token);
        let free_standing =
            before.is_none_or(|before| !before.is("fn") && *before != Token::Sign('.'));
        let in_test =
            is_test_file(&source.path) || inline[at].iter().any(|module| module == "tests");
        if placed.token.is("sleep")
            && called
            && free_standing
            && in_test
            && !is_reasoned(placed.line)
        {
            faults.push(Fault::new(
                source,
                placed.line,
                "a test sleeps: await the event, or say `// waits for: …` just above",
            ));
        }
    }
    faults
}

/// A simulation's time is not the machine's: a sleep there takes no time, and orders events the same way in each run.
const SIMULATED: &str = "tests/simulation/";

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") && !path.starts_with(SIMULATED)
        || path.contains("/tests/")
        || path.ends_with("tests.rs")
}

/// The tokens of each attribute, `#` included.
fn attributes(tokens: &[Placed]) -> Vec<&[Placed]> {
    let mut found = Vec::new();
    for (at, placed) in tokens.iter().enumerate() {
        if placed.token != Token::Sign('#') {
            continue;
        }
        let inner = matches!(tokens.get(at + 1), Some(next) if next.token == Token::Sign('!'));
        let open = at + 1 + usize::from(inner);
        if !matches!(tokens.get(open), Some(next) if matches!(next.token, Token::Open(_))) {
            continue;
        }
        let mut depth = 0_usize;
        for (end, placed) in tokens.iter().enumerate().skip(open) {
            match placed.token {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth -= 1,
                Token::Word(_) | Token::Path | Token::Sign(_) | Token::Literal => {}
            }
            if depth == 0 {
                found.push(&tokens[at..=end]);
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rule: fn(&Source) -> Vec<Fault>, text: &str) -> bool {
        !rule(&Source::sample("tests/x.rs", text)).is_empty()
    }

    #[test]
    fn unfinished_work_is_seen() {
        for word in UNFINISHED {
            assert!(seen(unfinished, &format!("// {word}: later")));
        }
        assert!(seen(unfinished, "fn f() { todo!() }"));
        assert!(seen(unfinished, "fn f() { unimplemented!(\"later\") }"));
        assert!(seen(unfinished, "fn f() { dbg!(1); }"));
        assert!(!seen(unfinished, "fn todo() -> &'static str { \"todo!\" }"));
    }

    #[test]
    fn a_test_that_is_switched_off_is_seen() {
        assert!(seen(ignored_tests, "#[test]\n#[ignore]\nfn f() {}"));
        assert!(seen(ignored_tests, "#[ignore = \"slow\"]\nfn f() {}"));
        assert!(seen(
            ignored_tests,
            "#[cfg_attr(not(unix), ignore)]\nfn f() {}"
        ));
        assert!(!seen(ignored_tests, "#[test]\nfn ignore() {} // #[ignore]"));
    }

    #[test]
    fn a_lint_that_is_silenced_without_a_reason_is_seen() {
        assert!(seen(silenced_lints, "#[allow(dead_code)]\nfn f() {}"));
        assert!(seen(silenced_lints, "#![expect(clippy::panic)]"));
        assert!(seen(
            silenced_lints,
            "#[cfg_attr(test, allow(dead_code))]\nfn f() {}"
        ));
        assert!(!seen(
            silenced_lints,
            "#[allow(dead_code, reason = \"x\")]\nfn f() {}"
        ));
        assert!(!seen(silenced_lints, "#[derive(Debug)]\nstruct S;"));
    }

    #[test]
    fn a_hopeful_wait_is_seen_in_tests_only() {
        assert!(seen(hopeful_waits, "fn f() { std::thread::sleep(d); }"));
        assert!(seen(
            hopeful_waits,
            "async fn f() { tokio::time::sleep(d).await; }"
        ));
        assert!(seen(hopeful_waits, "async fn f() { sleep(d).await; }"));
        assert!(!seen(
            hopeful_waits,
            "fn f() {\n// waits for: the kernel's clock to tick\nstd::thread::sleep(d);\n}"
        ));
        assert!(!seen(hopeful_waits, "fn f() { clock.sleep(d); }"));
        assert!(!seen(hopeful_waits, "fn sleep(d: u8) {}"));
        let simulated = Source::sample("tests/simulation/x.rs", "fn f() { sleep(d); }");
        assert!(hopeful_waits(&simulated).is_empty());
        let in_source = |text| !hopeful_waits(&Source::sample("src/x.rs", text)).is_empty();
        assert!(in_source("mod tests { fn f() { std::thread::sleep(d); } }"));
        assert!(!in_source("fn f() { std::thread::sleep(d); } mod tests {}"));
    }
}
