//! From the four layers to one checked [`Config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::value::{Dict, Value};
use serde::Serialize;

use super::layer::{Flags, Layer, Origin, VARIABLE_PREFIX};
use super::problem::{Error, Problem};
use super::schema::{self, Known, SETTINGS, Type};
use super::{Config, Profile, validate};

/// Where settings may come from, collected at the edge of the program, so that a test can hand in its own.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Whose defaults apply.
    pub profile: Profile,
    /// The flags.
    pub flags: Flags,
    /// Names and values of environment variables; only those of ours are looked at.
    pub environment: Vec<(String, String)>,
    /// The file, if one was named.
    pub file: Option<PathBuf>,
}

impl Sources {
    /// Those of this process.
    #[must_use]
    pub fn of_process(profile: Profile, flags: Flags, file: Option<PathBuf>) -> Sources {
        // A value that is not UTF-8 is kept, mangled, so that it is refused as a value rather than overlooked.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        Sources {
            profile,
            flags,
            environment,
            file,
        }
    }
}

/// A checked configuration that knows where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Whose defaults it fell back on.
    pub profile: Profile,
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

/// One setting in effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// `section.key`.
    pub setting: String,
    /// Its value; for a secret, the path of its file.
    pub value: serde_json::Value,
    /// Where the value stands: a file, a variable, a flag, or "default".
    pub source: String,
}

impl Loaded {
    /// Every setting in effect, in the order of the names.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        // The types serialize to plain JSON objects; a failure here would be one of the derive.
        let values = serde_json::to_value(&self.config).unwrap_or_default();
        SETTINGS
            .iter()
            .map(|known| Setting {
                setting: known.key.clone(),
                value: values
                    .pointer(&format!("/{}", known.key.replace('.', "/")))
                    .cloned()
                    .unwrap_or_default(),
                source: self.origin(&known.key),
            })
            .collect()
    }

    pub(super) fn origin(&self, key: &str) -> String {
        self.origins.get(key).unwrap_or(&Origin::Default).of(key)
    }
}

/// Reads, layers and checks everything but the secrets' files; those are read by [`super::secrets::read`].
///
/// # Errors
/// [`Error::Unreadable`] and [`Error::Syntax`] for the file; [`Error::Refused`] with everything that is wrong.
pub fn load(sources: &Sources) -> Result<Loaded, Error> {
    let mut layers = Vec::new();
    if let Some(path) = &sources.file {
        layers.push(Layer::file(path)?);
    }
    let variables = sources
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    layers.push(Layer::environment(variables));
    layers.push(Layer::flags(&sources.flags));
    refuse(layers.iter().flat_map(unknown).collect())?;

    let defaults = Layer::defaults(sources.profile).map_err(|error| refused_by_type(&error))?;
    let figment = layers
        .iter()
        .fold(Figment::from(defaults), |figment, layer| {
            figment.merge(layer)
        });
    refuse(
        SETTINGS
            .iter()
            .filter_map(|known| misfit(&figment, known))
            .collect(),
    )?;

    let config: Config = figment.extract().map_err(|error| refused_by_type(&error))?;
    let origins = SETTINGS
        .iter()
        .map(|known| (known.key.as_str(), origin(&figment, &known.key)))
        .collect();
    let loaded = Loaded {
        config,
        profile: sources.profile,
        origins,
    };
    refuse(validate::problems(&loaded))?;
    Ok(loaded)
}

fn refuse(problems: Vec<Problem>) -> Result<(), Error> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Refused(problems))
    }
}

fn origin(figment: &Figment, key: &str) -> Origin {
    Origin::from_metadata(figment.find_metadata(key))
}

/// The keys of a layer that are no settings.
fn unknown(layer: &Layer) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (section, value) in &layer.values {
        match value {
            Value::Dict(_, settings) if schema::is_section(section) => {
                problems.extend(unknown_in(layer, section, settings));
            }
            _ if schema::is_section(section) => problems.push(Problem {
                setting: section.clone(),
                origin: layer.origin.of(section),
                fault: "is a section, not a setting".to_owned(),
                remedy: format!("put its settings below [{section}]"),
            }),
            Value::Dict(_, settings) => problems.extend(unknown_in(layer, section, settings)),
            _ => problems.push(unknown_key(layer, section)),
        }
    }
    problems
}

fn unknown_in(layer: &Layer, section: &str, settings: &Dict) -> Vec<Problem> {
    settings
        .keys()
        .map(|name| format!("{section}.{name}"))
        .filter(|key| schema::find(key).is_none())
        .map(|key| unknown_key(layer, &key))
        .collect()
}

fn unknown_key(layer: &Layer, key: &str) -> Problem {
    let file_twin = format!("{key}_file");
    let (fault, remedy) = if schema::find(&file_twin).is_some() {
        (
            "would be a secret in plain sight",
            format!(
                "write it to a file that only its owner can read, and name that file in {file_twin}"
            ),
        )
    } else {
        let remedy = match schema::closest(key) {
            Some(closest) => format!("did you mean {closest}?"),
            None => "`clientele config schema` lists them all".to_owned(),
        };
        ("is not a setting", remedy)
    };
    Problem {
        setting: key.to_owned(),
        origin: layer.origin.of(key),
        fault: fault.to_owned(),
        remedy,
    }
}

/// What is wrong with the value of `known`, going by the schema alone.
fn misfit(figment: &Figment, known: &Known) -> Option<Problem> {
    let value = figment.find_value(&known.key).ok()?;
    let fault = match (known.type_, &value) {
        (_, Value::Empty(..)) => return None,
        (Type::Whole { min, max }, Value::Num(..)) => {
            match value.to_i128().or_else(|| unsigned(&value)) {
                Some(number) if (min..=max).contains(&number) => return None,
                Some(number) => format!("is {number}, which is not between {min} and {max}"),
                None => "is not a whole number".to_owned(),
            }
        }
        (Type::Whole { .. }, _) => "is not a whole number".to_owned(),
        (Type::Text, Value::String(..)) => return None,
        (Type::Text, _) => "is not text".to_owned(),
    };
    Some(Problem {
        setting: known.key.clone(),
        origin: origin(figment, &known.key).of(&known.key),
        fault,
        remedy: expected(known),
    })
}

fn unsigned(value: &Value) -> Option<i128> {
    value
        .to_u128()
        .and_then(|number| i128::try_from(number).ok())
}

fn expected(known: &Known) -> String {
    // The first sentence says what it is; the rest is for whoever reads the schema.
    let first = known.description.split(". ").next().unwrap_or_default();
    format!(
        "expected: {}",
        first.trim_end_matches('.').replace('\n', " ")
    )
}

/// A value that fits the schema and still is no address or variant. Text only, so it is no secret.
fn refused_by_type(error: &figment::Error) -> Error {
    let key = error.path.join(".");
    let origin = Origin::from_metadata(error.metadata.as_ref());
    Error::Refused(vec![Problem {
        origin: origin.of(&key),
        fault: format!("does not fit: {}", error.kind),
        remedy: schema::find(&key).map_or_else(String::new, expected),
        setting: key,
    }])
}
