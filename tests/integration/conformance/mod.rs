//! The published contract, held against what a node serves and really answers: `tests/contract/README.md` says how it is scored.
//!
//! [`contract`] reads the files, [`scenarios`] drive nodes whose every exchange [`record`] keeps, and [`score`] compares.

mod contract;
mod document;
mod exceptions;
pub(crate) mod record;
mod rewards;
mod scenarios;
mod score;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use exceptions::Exception;
use http::Method;
use record::{Recorder, Seen};
use serde_json::Value;

use crate::node::TestNode;

/// What an area reaches: operations that are proven whole, and facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    whole: usize,
    operations: usize,
    proven: usize,
    facts: usize,
}

impl Score {
    fn add(&mut self, other: Score) {
        self.whole += other.whole;
        self.operations += other.operations;
        self.proven += other.proven;
        self.facts += other.facts;
    }
}

/// Everything that a run found out.
#[derive(Default)]
struct Report {
    areas: BTreeMap<String, Score>,
    /// Every fact that is still to be proven.
    unproven: String,
    /// What must not be: a contradiction, or an exception that nothing needs.
    faults: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_is_kept_as_far_as_its_scores_say() {
    let contract = contract::read();
    let recorder = Recorder::new(contract.clone());
    let mut documents = BTreeMap::new();
    let node = TestNode::start().await;
    for gateway in ["/self-service", "/backoffice"] {
        let document = node.ask(Method::GET, &format!("{gateway}/openapi.json"));
        documents.insert(gateway.to_owned(), document.send().await.json());
    }
    drop(node);
    scenarios::play(&recorder).await;
    let (seen, not_built) = recorder.seen();
    let exceptions = exceptions::read();
    let report = report(&contract, &documents, &seen, &not_built, &exceptions);

    let mut text = String::from("conformance with the published contract\n");
    let mut sum = Score::default();
    let mut lower = Vec::new();
    for (area, score) in &report.areas {
        sum.add(*score);
        writeln!(text, "{}", line(area, *score)).unwrap();
        lower.extend(ratchet(area, *score));
    }
    writeln!(text, "{}\nexceptions:", line("all", sum)).unwrap();
    for one in &exceptions {
        writeln!(text, "  {}: {}: {}", one.operation, one.fact, one.reason).unwrap();
    }
    let whole = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance.txt");
    std::fs::write(&whole, format!("{text}unproven:\n{}", report.unproven)).unwrap();
    writeln!(text, "what is unproven: {}", whole.display()).unwrap();
    // Past the harness, which keeps what a passing test prints to itself.
    std::io::stderr().write_all(text.as_bytes()).unwrap();

    assert_eq!(report.faults, Vec::<String>::new());
    assert_eq!(lower, Vec::<String>::new());
}

fn line(area: &str, score: Score) -> String {
    let Score {
        whole,
        operations,
        proven,
        facts,
    } = score;
    let percent = 100 * proven / facts.max(1);
    format!(
        "  {area:<26} {whole:>2} of {operations:>2} operations, {proven:>4} of {facts:>4} facts ({percent}%)"
    )
}

fn report(
    contract: &[contract::Operation],
    documents: &BTreeMap<String, Value>,
    seen: &BTreeMap<String, Seen>,
    not_built: &BTreeSet<String>,
    exceptions: &[Exception],
) -> Report {
    let nothing = Seen::default();
    let mut report = Report::default();
    let mut needed = vec![false; exceptions.len()];
    let mut need = |covers: &dyn Fn(&Exception) -> bool| {
        let at = exceptions.iter().position(covers);
        if let Some(at) = at {
            needed[at] = true;
        }
        at.is_some()
    };
    for operation in contract {
        let name = operation.name();
        if need(&|one| one.leaves_out(&name)) {
            if !not_built.contains(&name) {
                report.faults.push(format!(
                    "{name} does not count, but was not seen to answer 501"
                ));
            }
            continue;
        }
        let seen = seen.get(&name).unwrap_or(&nothing);
        let findings = score::judge(operation, &documents[&operation.gateway], seen);
        let mut score = Score {
            operations: 1,
            ..Score::default()
        };
        for fact in findings.facts {
            if !fact.is_proven && need(&|one| one.covers(&name, &fact.name)) {
                continue;
            }
            score.facts += 1;
            score.proven += usize::from(fact.is_proven);
            if !fact.is_proven {
                writeln!(report.unproven, "  {name} : {}", fact.name).unwrap();
            }
        }
        score.whole = usize::from(score.facts == score.proven);
        report
            .areas
            .entry(operation.area.clone())
            .or_default()
            .add(score);
        let contradictions: BTreeSet<_> = findings.contradictions.into_iter().collect();
        for one in contradictions {
            let fact = one.split(' ').next().unwrap();
            if !need(&|exception| exception.covers(&name, fact)) {
                report.faults.push(format!("{name}: {one}"));
            }
        }
    }
    let idle = exceptions
        .iter()
        .zip(&needed)
        .filter(|(_, needed)| !**needed);
    report.faults.extend(idle.map(|(one, _)| {
        format!(
            "the exception {} : {} is needed no longer: take its line out",
            one.operation, one.fact
        )
    }));
    report
}

/// What says that an area fell below what is recorded of it. With `RAISE=1` in the environment the record is made anew instead.
fn ratchet(area: &str, score: Score) -> Option<String> {
    let file = contract::folder().join(format!("scores/{area}.txt"));
    let Score {
        whole,
        operations,
        proven,
        facts,
    } = score;
    if std::env::var_os("RAISE").is_some_and(|it| it == "1") {
        let recorded = format!("operations {whole} of {operations}\nfacts {proven} of {facts}\n");
        std::fs::write(file, recorded).unwrap();
        return None;
    }
    let text = std::fs::read_to_string(file).unwrap();
    let numbers = text.split_whitespace().filter_map(|word| word.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    // A further exception takes a fact out of the count: what counts is what is missing.
    let was = (numbers[0], numbers[3] - numbers[2]);
    let is = (whole, facts - proven);
    (is.0 < was.0 || is.1 > was.1).then(|| {
        format!(
            "{area}: {} whole and {} facts unproven, where {} and {} were reached",
            is.0, is.1, was.0, was.1
        )
    })
}
