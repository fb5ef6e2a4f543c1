//! Files, and Rust as tokens: a rule that looks at tokens is deceived neither by comments nor by strings.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A file of the repository.
pub(crate) struct Source {
    /// Its path from the root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// A file that exists in a test only.
    pub(crate) fn sample(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The modules that lead to a file below `src`: `src/http/auth.rs` is `["http", "auth"]`.
    pub(crate) fn modules(&self) -> Vec<String> {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let below = below.strip_suffix(".rs").unwrap_or(below);
        let mut modules: Vec<String> = below.split('/').map(str::to_owned).collect();
        if modules
            .last()
            .is_some_and(|last| last == "mod" || below == "lib")
        {
            modules.pop();
        }
        modules
    }
}

/// A rule that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub path: String,
    pub line: usize,
    pub what: String,
}

impl Fault {
    pub(crate) fn new(source: &Source, line: usize, what: impl Into<String>) -> Fault {
        Fault {
            path: source.path.clone(),
            line,
            what: what.into(),
        }
    }
}

/// Every file below the folders (from the root) whose name ends in `.extension`, in the order of their paths.
pub(crate) fn files(folders: &[&str], extension: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        collect(root, &root.join(folder), extension, &mut found);
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

/// One file of the root.
pub(crate) fn file(path: &str) -> Source {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    Source::sample(path, &text)
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() && name != "target" && name != "node_modules" {
            collect(root, &path, extension, found);
        } else if path.extension().is_some_and(|have| have == extension) {
            found.push(Source {
                path: path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

/// A token, without what no rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
    Open(Delimiter),
    Close(Delimiter),
    Literal,
}

impl Token {
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(have) if have == word)
    }
}

/// A token and its line, from 1.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub token: Token,
    pub line: usize,
}

/// The tokens of a file, groups flattened; comments are gone.
pub(crate) fn tokens(source: &Source) -> Vec<Placed> {
    let stream: TokenStream = source
        .text
        .parse()
        .unwrap_or_else(|error| panic!("{} is no Rust: {error}", source.path));
    let mut flat = Vec::new();
    flatten(stream, &mut flat);
    flat
}

fn flatten(stream: TokenStream, flat: &mut Vec<Placed>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let token = match tree {
            TokenTree::Group(group) => {
                let delimiter = group.delimiter();
                flat.push(Placed {
                    token: Token::Open(delimiter),
                    line,
                });
                flatten(group.stream(), flat);
                Token::Close(delimiter)
            }
            TokenTree::Ident(ident) => Token::Word(ident.to_string()),
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                match trees
                    .next_if(|next| matches!(next, TokenTree::Punct(next) if next.as_char() == ':'))
                {
                    Some(_) => Token::Path,
                    None => Token::Sign(':'),
                }
            }
            TokenTree::Punct(sign) => Token::Sign(sign.as_char()),
            TokenTree::Literal(_) => Token::Literal,
        };
        flat.push(Placed { token, line });
    }
}

/// At each token, the inline modules round it, from the outside in.
pub(crate) fn inline_modules(tokens: &[Placed]) -> Vec<Vec<String>> {
    let mut braces: Vec<Option<String>> = Vec::new();
    let mut round = Vec::with_capacity(tokens.len());
    for (at, placed) in tokens.iter().enumerate() {
        match &placed.token {
            Token::Open(_) => {
                let module = match at.checked_sub(2).and_then(|from| tokens.get(from..at)) {
                    Some([keyword, name]) if keyword.token.is("mod") => match &name.token {
                        Token::Word(name) => Some(name.clone()),
                        _ => None,
                    },
                    _ => None,
                };
                braces.push(module);
            }
            Token::Close(_) => {
                braces.pop();
            }
            Token::Word(_) | Token::Path | Token::Sign(_) | Token::Literal => {}
        }
        round.push(braces.iter().flatten().cloned().collect());
    }
    round
}

/// The paths that begin at `at`, which stands after a `::`: one for `a::b`, one for each leaf of `a::{b, c::d}`.
/// `*` is a segment of its own.
pub(crate) fn paths(tokens: &[Placed], at: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    tree(tokens, at, &[], &mut found);
    found
}

/// Returns where the tree ends.
fn tree(
    tokens: &[Placed],
    mut at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(|placed| &placed.token) {
            Some(Token::Word(word)) => {
                path.push(word.clone());
                at += 1;
                if tokens.get(at).is_none_or(|next| next.token != Token::Path) {
                    break;
                }
                at += 1;
            }
            Some(Token::Open(Delimiter::Brace)) => return branches(tokens, at + 1, &path, found),
            Some(Token::Sign('*')) => {
                path.push("*".to_owned());
                at += 1;
                break;
            }
            _ => break,
        }
    }
    found.push(path);
    at
}

fn branches(
    tokens: &[Placed],
    mut at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    while let Some(placed) = tokens.get(at) {
        match placed.token {
            Token::Close(_) => return at + 1,
            Token::Sign(',') => at += 1,
            _ => {
                at = tree(tokens, at, before, found);
                // `as name` says nothing about edges.
                while tokens
                    .get(at)
                    .is_some_and(|next| !matches!(next.token, Token::Sign(',') | Token::Close(_)))
                {
                    at += 1;
                }
            }
        }
    }
    at
}
