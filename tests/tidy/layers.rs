//! Which layer may use which: DESIGN's "Allowed use edges", and the purity of the domain and the rules of ownership.

use crate::source::{Fault, Placed, Source, Token, inline_modules, paths, tokens};

/// What a layer may use of another.
enum May {
    /// All of it.
    Use(&'static str),
    /// These modules of it only.
    UseOnly(&'static str, &'static [&'static str]),
}
use May::{Use, UseOnly};

struct Layer {
    name: &'static str,
    may: &'static [May],
}

/// Every module of the crate's root but those that wire it together. Bounds, time, health and derived keys are leaves
/// that every layer above the domain may use; settings (`config`) are not among them, since a layer is handed values.
const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        may: &[],
    },
    Layer {
        name: "persistence",
        may: &[
            Use("domain"),
            Use(CLUSTER),
            Use("limits"),
            Use("clock"),
            Use("health"),
            Use("secrets"),
        ],
    },
    Layer {
        name: "publishing",
        may: &[
            Use("egress"),
            Use("persistence"),
            Use("domain"),
            Use("limits"),
            Use("clock"),
            Use("health"),
            Use("secrets"),
        ],
    },
    Layer {
        name: "actors",
        may: &[
            Use("domain"),
            Use("persistence"),
            Use(CLUSTER),
            Use("limits"),
            Use("clock"),
            Use("health"),
            Use("secrets"),
        ],
    },
    Layer {
        name: "http",
        may: &[
            UseOnly("actors", &["router"]),
            Use("domain"),
            UseOnly(
                "publishing",
                &["projections", "contacts", "inbox", "delivery"],
            ),
            Use("egress"),
            Use("external_login"),
            Use("limits"),
            Use("clock"),
            Use("health"),
            Use("secrets"),
            Use("telemetry"),
            Use("network"),
        ],
    },
    Layer {
        name: "network",
        may: &[],
    },
    Layer {
        name: "limits",
        may: &[],
    },
    Layer {
        name: "health",
        may: &[],
    },
    Layer {
        name: "clock",
        may: &[Use("domain")],
    },
    Layer {
        name: "secrets",
        may: &[Use("domain"), Use("limits")],
    },
    Layer {
        name: "telemetry",
        may: &[Use("limits")],
    },
    Layer {
        name: "external_login",
        may: &[Use("egress"), Use("domain"), Use("limits")],
    },
    Layer {
        name: "egress",
        may: &[Use("limits")],
    },
    Layer {
        name: "config",
        may: &[
            Use(CLUSTER),
            Use("limits"),
            Use("logging"),
            Use("network"),
            UseOnly("egress", &["Guard"]),
            UseOnly("secrets", &["KeyId"]),
        ],
    },
    Layer {
        name: "logging",
        may: &[Use("config")],
    },
];

/// Modules that wire the others together, and so may use all of them.
const WIRING: &[&str] = &[
    "app",
    "cli",
    "data_directory",
    "delivering",
    "lib",
    "main",
    "seeding",
];

/// Files that may use more than their layer, and why.
const BEYOND: &[(&str, &[May], &str)] = &[
    (
        "src/http/control.rs",
        &[UseOnly("actors", &["node"]), Use("data_directory")],
        "the socket of the machine's owner, which exports the node as a whole; no stranger reaches it",
    ),
    (
        "src/http/gateways/backoffice/contacts/wire.rs",
        &[UseOnly("persistence", &["codec"])],
        "its test holds that the largest profile that is accepted can also be stored",
    ),
];

/// The crate of the rules of ownership.
const CLUSTER: &str = "clientele_cluster";

/// Words that bring I/O, time, randomness, tasks or encodings into code that must be a function of what it is given.
const IMPURE: &[&str] = &[
    "async",
    "await",
    "tokio",
    "SystemTime",
    "Instant",
    "getrandom",
    "rand",
    "serde",
    "Serialize",
    "Deserialize",
    "bincode",
    "tracing",
    "metrics",
];

/// The same, below `std`.
const IMPURE_STD: &[&str] = &["env", "fs", "io", "net", "process", "thread"];

/// A use of another layer that is not allowed.
pub(crate) fn edges(source: &Source) -> Vec<Fault> {
    let modules = source.modules();
    let Some(home) = modules.first() else {
        return Vec::new();
    };
    if WIRING.contains(&home.as_str()) {
        return Vec::new();
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == home) else {
        return vec![Fault::new(
            source,
            1,
            format!("{home} is in no layer: name it in tests/tidy/layers.rs"),
        )];
    };
    let beyond = BEYOND
        .iter()
        .find(|(path, ..)| *path == source.path)
        .map_or(&[][..], |(_, may, _)| may);
    let tokens = tokens(source);
    used(&modules, &tokens)
        .into_iter()
        .filter(|(_, path)| !allows(layer, beyond, path))
        .map(|(line, path)| {
            Fault::new(
                source,
                line,
                format!("{home} must not use {}", path.join("::")),
            )
        })
        .collect()
}

fn allows(layer: &Layer, beyond: &[May], path: &[String]) -> bool {
    let (first, second) = (path.first(), path.get(1));
    first.is_none_or(|first| {
        first == layer.name
            || layer.may.iter().chain(beyond).any(|may| match may {
                Use(name) => first == name,
                UseOnly(name, modules) => {
                    first == name && second.is_some_and(|second| modules.contains(&second.as_str()))
                }
            })
    })
}

/// Paths from the crate's root, and those of the cluster crate, with their lines.
fn used(modules: &[String], tokens: &[Placed]) -> Vec<(usize, Vec<String>)> {
    let inline = inline_modules(tokens);
    let mut used = Vec::new();
    for (at, placed) in tokens.iter().enumerate() {
        let follows_path = at
            .checked_sub(1)
            .is_some_and(|before| tokens[before].token == Token::Path);
        if placed.token.is(CLUSTER) {
            used.push((placed.line, vec![CLUSTER.to_owned()]));
        } else if placed.token.is("crate") && leads_on(tokens, at) {
            used.extend(
                paths(tokens, at + 2)
                    .into_iter()
                    .map(|path| (placed.line, path)),
            );
        } else if placed.token.is("super") && leads_on(tokens, at) && !follows_path {
            for path in paths(tokens, at) {
                let here = modules.iter().chain(&inline[at]).cloned().collect();
                if let Some(path) = from_root(here, path) {
                    used.push((placed.line, path));
                }
            }
        }
    }
    used
}

fn leads_on(tokens: &[Placed], at: usize) -> bool {
    tokens
        .get(at + 1)
        .is_some_and(|next| next.token == Token::Path)
}

/// `super::super::a` seen from `here`. `None` if it stays below the module of the root that it starts from.
fn from_root(mut here: Vec<String>, path: Vec<String>) -> Option<Vec<String>> {
    let mut rest = path.into_iter().peekable();
    while rest.next_if(|segment| segment == "super").is_some() {
        here.pop();
    }
    here.is_empty().then(|| rest.collect())
}

/// I/O, time, randomness, tasks or encodings where there must be none.
pub(crate) fn purity(source: &Source) -> Vec<Fault> {
    let tokens = tokens(source);
    let mut faults = Vec::new();
    for (at, placed) in tokens.iter().enumerate() {
        let Token::Word(word) = &placed.token else {
            continue;
        };
        let std = if word == "std" && leads_on(&tokens, at) {
            paths(&tokens, at + 2)
        } else {
            Vec::new()
        };
        let impure_std = std.into_iter().filter_map(|path| path.into_iter().next());
        for word in impure_std.filter(|first| IMPURE_STD.contains(&first.as_str())) {
            faults.push(Fault::new(
                source,
                placed.line,
                format!("std::{word} is not pure"),
            ));
        }
        if IMPURE.contains(&word.as_str()) {
            faults.push(Fault::new(
                source,
                placed.line,
                format!("{word} is not pure"),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, text: &str) -> bool {
        !edges(&Source::sample(path, text)).is_empty()
    }

    #[test]
    fn an_edge_is_seen_however_it_is_spelt() {
        for text in [
            "use crate::persistence::journal;",
            "use crate::{domain, persistence};",
            "use crate::{domain::money, persistence::{journal, rows as r}};",
            "fn f(_: crate::persistence::journal::Position) {}",
            "use super::persistence;",
            "mod tests { use super::super::persistence; }",
            "use clientele_cluster::ShardId;",
            "macro_rules! m { () => { $crate::persistence::x() } }",
            "fn f() { g!(crate::persistence::x) }",
            "use crate::*;",
        ] {
            assert!(refused("src/http/mod.rs", text), "{text}");
        }
        assert!(refused(
            "src/http/gateways/till.rs",
            "use super::super::super::persistence;"
        ));
        assert!(refused(
            "src/http/gateways/till.rs",
            "use super::super::super::{actors::shard, domain};"
        ));
    }

    #[test]
    fn what_is_allowed_is_not_refused() {
        for text in [
            "use crate::{domain, http::problem, limits};",
            "// use crate::persistence;",
            "/// See [`crate::persistence`].\nfn f() {}",
            "fn f() -> &'static str { \"crate::persistence\" }",
            "pub(crate) fn persistence() {}",
            "mod tests { use super::*; }",
        ] {
            assert!(!refused("src/http/mod.rs", text), "{text}");
        }
        assert!(!refused(
            "src/http/gateways/till.rs",
            "use super::super::auth; mod tests { use super::super::super::auth; }"
        ));
    }

    #[test]
    fn each_layer_is_held_to_its_own_edges() {
        assert!(refused("src/domain/money.rs", "use crate::limits;"));
        assert!(refused(
            "src/persistence/mod.rs",
            "use crate::actors::router;"
        ));
        assert!(refused(
            "src/publishing/mod.rs",
            "use crate::actors::router;"
        ));
        assert!(refused("src/actors/mod.rs", "use crate::http::problem;"));
        assert!(refused("src/actors/mod.rs", "use crate::config::Config;"));
        assert!(refused("src/http/mod.rs", "use crate::actors::shard;"));
        assert!(refused("src/http/mod.rs", "use crate::actors;"));
        for (path, ..) in BEYOND {
            assert!(refused(path, "use crate::persistence;"), "{path}");
        }
        assert!(!refused(
            "src/http/mod.rs",
            "use crate::actors::router::Router;"
        ));
        assert!(!refused(
            "src/actors/mod.rs",
            "use clientele_cluster::Epoch;"
        ));
        assert!(!refused(
            "src/cli/server.rs",
            "use crate::{app, http, persistence};"
        ));
        assert!(refused("src/helpers/mod.rs", ""), "a module in no layer");
    }

    #[test]
    fn impurity_is_seen() {
        for text in [
            "#[derive(Clone, serde::Serialize)] struct S;",
            "use serde::Deserialize;",
            "async fn f() {}",
            "use std::{collections::BTreeMap, fs};",
            "fn f() { let _ = std::time::Instant::now(); }",
            "#[derive(bincode::Encode)] struct S;",
        ] {
            assert!(
                !purity(&Source::sample("src/domain/x.rs", text)).is_empty(),
                "{text}"
            );
        }
        let pure =
            "use std::collections::BTreeMap; /* tokio */ fn f() -> &'static str { \"async\" }";
        assert!(purity(&Source::sample("src/domain/x.rs", pure)).is_empty());
    }
}
