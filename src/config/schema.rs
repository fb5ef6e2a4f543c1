//! The settings as data: their names, types, bounds and descriptions, read off the schema of the types themselves, so
//! that what is documented, what is suggested and what is enforced cannot differ.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Config;

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text: an address, a path, a name.
    Text,
    /// A whole number within bounds, both inclusive.
    Whole {
        /// The least.
        min: i128,
        /// The most.
        max: i128,
    },
}

/// One setting.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// `section.key`.
    pub(super) key: String,
    /// What it holds.
    pub(super) type_: Type,
    /// What it means.
    pub(super) description: String,
}

/// Every setting, in the order of the names.
pub(super) static SETTINGS: LazyLock<Vec<Known>> = LazyLock::new(|| settings(&of_config()));

/// The schema of the file, without references, so that an editor and the walk below need no second look-up.
pub(super) fn of_config() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value()
}

/// The setting of this name, if there is one.
pub(super) fn find(key: &str) -> Option<&'static Known> {
    SETTINGS.iter().find(|known| known.key == key)
}

/// Whether there is a section of this name.
pub(super) fn is_section(name: &str) -> bool {
    SETTINGS
        .iter()
        .any(|known| known.key.split('.').next() == Some(name))
}

/// The setting whose name is most like `key`, unless none is much like it.
pub(super) fn closest(key: &str) -> Option<&'static str> {
    SETTINGS
        .iter()
        .map(|known| (likeness(key, &known.key), known.key.as_str()))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .map(|(_, known)| known)
}

/// Two or three slips of the finger in a name of fifteen letters; below it a suggestion is noise.
const LIKE_ENOUGH: f64 = 0.7;

/// The right key in the wrong section is as good a hint as a slip in the key itself.
fn likeness(key: &str, known: &str) -> f64 {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = strsim::normalized_damerau_levenshtein(key, known);
    let alone = strsim::normalized_damerau_levenshtein(&last(key), &last(known));
    // Between two settings of the same last name ("listen"), the likeness of the whole name decides.
    whole.max(0.9 * alone + 0.1 * whole)
}

fn settings(schema: &Value) -> Vec<Known> {
    let mut known = Vec::new();
    for (section, section_schema) in properties(schema) {
        for (name, property) in properties(section_schema) {
            let bound = |name: &str| property.get(name).and_then(Value::as_i64).map(i128::from);
            let type_ = match (bound("minimum"), bound("maximum")) {
                (Some(min), Some(max)) => Type::Whole { min, max },
                _ => Type::Text,
            };
            known.push(Known {
                key: format!("{section}.{name}"),
                type_,
                description: property
                    .get("description")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
            });
        }
    }
    known
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}
