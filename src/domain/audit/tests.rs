use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn entry(target: &str) -> Entry {
    Entry {
        actor: "key:1".to_owned(),
        masquerader: None,
        operation: "api_keys.create".to_owned(),
        target: Some(target.to_owned()),
        outcome: Outcome::Done,
    }
}

fn page(start: Start, lines: usize) -> Page {
    let mut page = Page::default();
    page.apply(&Event::Begun(start));
    for number in 0..lines {
        let append = Command::Append(entry(&number.to_string()));
        for event in page.decide(&append, NOW).unwrap() {
            page.apply(&event);
        }
    }
    page
}

fn verified(lines: &[Line]) -> Result<Start, Break> {
    let mut verifier = Verifier::default();
    for line in lines {
        verifier.take(line)?;
    }
    Ok(verifier.end())
}

#[test]
fn a_page_takes_lines_once_begun_and_until_full() {
    let empty = Page::default();
    let append = Command::Append(entry("x"));
    assert_eq!(empty.decide(&append, NOW), Err(Rejection::NotBegun));
    let full = page(Start::default(), PAGE_LINES);
    assert_eq!(full.decide(&append, NOW), Err(Rejection::PageFull));
    let begin = |start| Command::Begin(start);
    assert_eq!(full.decide(&begin(Start::default()), NOW), Ok(Vec::new()));
    let elsewhere = Start {
        lines: 1,
        ..Start::default()
    };
    let refused = full.decide(&begin(elsewhere), NOW);
    assert_eq!(refused, Err(Rejection::BegunOtherwise));
    let long = Command::Append(entry(&"x".repeat(TEXT_BYTES_MAX + 1)));
    let refused = page(Start::default(), 1).decide(&long, NOW);
    assert_eq!(refused, Err(Rejection::TextTooLong));
}

#[test]
fn the_chain_goes_on_from_page_to_page() {
    let first = page(Start::default(), PAGE_LINES);
    let second = page(first.end().unwrap(), 3);
    let lines = [first.lines, second.lines].concat();
    let end = verified(&lines).unwrap();
    assert_eq!((end.lines, end.hash), (103, lines[102].hash));
}

#[test]
fn one_line_that_is_altered_is_found() {
    let lines = page(Start::default(), 5).lines;
    let alterations: [fn(&mut Line); 8] = [
        |line| line.at.0 += 1,
        |line| line.entry.actor.push('1'),
        |line| line.entry.masquerader = Some(String::new()),
        |line| line.entry.operation.make_ascii_uppercase(),
        |line| line.entry.target = None,
        |line| line.entry.outcome = Outcome::Refused,
        |line| line.hash[31] ^= 1,
        // What one field loses the next one gains.
        |line| {
            let moved = line.entry.actor.pop().unwrap();
            line.entry.operation.insert(0, moved);
        },
    ];
    for alter in alterations {
        for at in 0..lines.len() {
            let mut forged = lines.clone();
            alter(&mut forged[at]);
            let number = forged[at].number;
            assert_eq!(verified(&forged), Err(Break::Hash { number }));
        }
    }
    // Made to fit by itself, it does not fit what follows.
    let mut forged = lines.clone();
    forged[1].entry.outcome = Outcome::Refused;
    forged[1].hash = forged[1].hash_after(&forged[0].hash);
    assert_eq!(verified(&forged), Err(Break::Hash { number: 3 }));
}

#[test]
fn one_line_that_is_missing_added_or_reordered_is_found() {
    let lines = page(Start::default(), 5).lines;
    let mut without = lines.clone();
    without.remove(2);
    let found = Break::Number {
        expected: 3,
        found: 4,
    };
    assert_eq!(verified(&without), Err(found));
    let mut renumbered = without.clone();
    renumbered[2].number = 3;
    assert_eq!(verified(&renumbered), Err(Break::Hash { number: 3 }));
    let mut twice = lines.clone();
    twice.insert(2, lines[1].clone());
    assert!(matches!(verified(&twice), Err(Break::Number { .. })));
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    assert!(matches!(verified(&swapped), Err(Break::Number { .. })));
    // A missing end is seen by the number and the hash of the last line.
    assert_eq!(verified(&lines[..4]).map(|end| end.lines), Ok(4));
}
