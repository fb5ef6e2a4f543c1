//! What a node answers to a batch of purchases: a status for each.

use serde::Deserialize;

/// How many purchases one batch holds: as many as the contract allows.
pub(super) const PURCHASES: usize = crate::limits::OFFLINE_BATCH_PURCHASES_MAX;

/// How the purchases of one batch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    /// How many were recorded.
    pub(super) purchases: u64,
    /// The first one that was not, in words.
    pub(super) first_refusal: Option<String>,
}

#[derive(Deserialize)]
struct Answered {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sequence: u64,
    status: u16,
    problem: Option<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
}

/// Counts the purchases that the answer to a batch says were recorded.
///
/// An answer is a megabyte, and the generator shares the machine with the node: so the good case is counted by its bytes, which
/// cannot stand inside a JSON string and belong to no other member. Only when some are missing, the document is read.
pub(super) fn read(body: &[u8]) -> Recorded {
    let recorded = memchr::memmem::find_iter(body, br#""status":200"#).count();
    let first_refusal = (recorded != PURCHASES).then(|| describe(body));
    Recorded {
        purchases: u64::try_from(recorded).unwrap_or(u64::MAX),
        first_refusal,
    }
}

fn describe(body: &[u8]) -> String {
    let Ok(Answered { items }) = serde_json::from_slice(body) else {
        return "the answer to a batch is not what the contract says".to_owned();
    };
    match items.iter().find(|item| item.status != 200) {
        Some(item) => {
            let detail = item.problem.as_ref().and_then(|of| of.detail.as_deref());
            format!(
                "purchase {} of a batch: {} {}",
                item.sequence,
                item.status,
                detail.unwrap_or_default()
            )
        }
        None => format!("{} purchases of {PURCHASES} were answered", items.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn purchases_that_were_not_recorded_are_counted_out_and_the_first_is_named() {
        let items: Vec<_> = (0..PURCHASES)
            .map(|sequence| match sequence {
                7 | 8 => json!({
                    "sequence": sequence, "status": 503,
                    "problem": { "detail": "busy, \"status\":200 is said elsewhere", "status": 503 }
                }),
                _ => json!({ "sequence": sequence, "status": 200, "purchase": { "state": "POSTED" } }),
            })
            .collect();
        let recorded = read(json!({ "items": items }).to_string().as_bytes());
        assert_eq!(recorded.purchases, 998);
        let first = recorded.first_refusal.unwrap();
        assert!(
            first.starts_with("purchase 7 of a batch: 503 busy"),
            "{first}"
        );
    }

    #[test]
    fn an_answer_that_is_short_or_no_json_is_no_success() {
        let short = json!({ "items": [{ "sequence": 0, "status": 200 }] }).to_string();
        let recorded = read(short.as_bytes());
        assert_eq!(recorded.purchases, 1);
        assert!(
            recorded
                .first_refusal
                .unwrap()
                .starts_with("1 purchases of")
        );
        assert!(read(b"{").first_refusal.is_some());
    }
}
