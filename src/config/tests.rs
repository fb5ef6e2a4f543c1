//! Layers, refusals and secrets, as an operator meets them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::limits;

/// A file's text and variables of the environment, in.
struct Given {
    directory: tempfile::TempDir,
    sources: Sources,
}

fn given(file: &str) -> Given {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clientele.toml");
    std::fs::write(&path, file).unwrap();
    Given {
        sources: Sources {
            file: Some(path),
            ..Sources::default()
        },
        directory,
    }
}

impl Given {
    fn variable(mut self, name: &str, value: &str) -> Given {
        self.sources
            .environment
            .push((name.to_owned(), value.to_owned()));
        self
    }

    fn profile(mut self, profile: Profile) -> Given {
        self.sources.profile = profile;
        self
    }

    fn load(&self) -> Result<Loaded, Error> {
        load(&self.sources)
    }

    fn file(&self) -> String {
        self.sources.file.as_ref().unwrap().display().to_string()
    }

    /// The problems as an operator reads them, with the file's path as FILE.
    fn problems(&self) -> Vec<String> {
        match self.load() {
            Err(error @ Error::Refused(_)) => problems_of(&error, &self.file()),
            other => panic!("not refused: {other:?}"),
        }
    }
}

fn problems_of(error: &Error, file: &str) -> Vec<String> {
    match error {
        Error::Refused(problems) => problems
            .iter()
            .map(|problem| problem.to_string().replace(file, "FILE"))
            .collect(),
        other => panic!("not refused: {other}"),
    }
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let mut given = given(
        "[server]\nlisten = \"127.0.0.1:1\"\n[admin]\nlisten = \"127.0.0.1:2\"\n[storage]\nsegment_mib = 32\n",
    )
    .variable("CLIENTELE__SERVER__LISTEN", "127.0.0.1:3")
    .variable("CLIENTELE__ADMIN__LISTEN", "127.0.0.1:4")
    .variable("CLIENTELE_SERVICE_PORT", "someone else's");
    given.sources.flags.listen = Some(([127, 0, 0, 1], 5).into());
    let loaded = given.load().unwrap();
    let seen: Vec<_> = loaded
        .settings()
        .into_iter()
        .map(|setting| (setting.setting, setting.value, setting.source))
        .collect();
    for (setting, value, source) in [
        ("server.listen", json!("127.0.0.1:5"), "--listen"),
        (
            "admin.listen",
            json!("127.0.0.1:4"),
            "CLIENTELE__ADMIN__LISTEN",
        ),
        ("storage.segment_mib", json!(32), given.file().as_str()),
        ("actors.shards", json!(256), "default"),
    ] {
        let wanted = (setting.to_owned(), value, source.to_owned());
        assert!(seen.contains(&wanted), "{wanted:?} in {seen:?}");
    }
    assert_eq!(loaded.config.server.listen.port(), 5);
}

#[test]
fn every_setting_can_be_given_in_the_file_and_in_the_environment() {
    let defaults = load(&Sources::default()).unwrap();
    for setting in defaults.settings() {
        let value = match (setting.setting.as_str(), &setting.value) {
            ("actors.resident_max" | "limits.requests_per_second_per_key", _) => "20000".to_owned(),
            ("secrets.root_key_file", _) => "7".to_owned(),
            (_, serde_json::Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        let (section, key) = setting.setting.split_once('.').unwrap();
        let variable = format!(
            "CLIENTELE__{}__{}",
            section.to_uppercase(),
            key.to_uppercase()
        );
        let from_environment = given("").variable(&variable, &value).load().unwrap();
        let source = |loaded: &Loaded| loaded.origin(&setting.setting);
        assert_eq!(source(&from_environment), variable);

        let quoted = if value.parse::<u64>().is_ok() && key != "root_key_file" {
            value
        } else {
            format!("{value:?}")
        };
        let given = given(&format!("[{section}]\n{key} = {quoted}\n"));
        let from_file = given.load().unwrap();
        assert_eq!(source(&from_file), given.file());
        assert_eq!(
            from_file.config, from_environment.config,
            "{}",
            setting.setting
        );
    }
}

#[test]
fn a_misspelt_setting_is_refused_wherever_it_stands_with_the_closest_one() {
    let given = given("[server]\nlisen = \"127.0.0.1:1\"\n[colour]\ntheme = \"dark\"\n[storage]\npassivate_after_ms = 5\n")
        .variable("CLIENTELE__ADMN__LISTEN", "127.0.0.1:2")
        .variable("CLIENTELE__LOG__LEVL", "info")
        .variable("CLIENTELE__", "x");
    assert_eq!(
        given.problems(),
        [
            "colour.theme (FILE) is not a setting; `clientele config schema` lists them all",
            "server.lisen (FILE) is not a setting; did you mean server.listen?",
            "storage.passivate_after_ms (FILE) is not a setting; did you mean actors.passivate_after_ms?",
            " (CLIENTELE__) is not a setting; `clientele config schema` lists them all",
            "admn.listen (CLIENTELE__ADMN__LISTEN) is not a setting; did you mean admin.listen?",
            "log.levl (CLIENTELE__LOG__LEVL) is not a setting; did you mean log.level?",
        ]
    );
}

#[test]
fn a_section_in_the_place_of_a_setting_is_refused() {
    assert_eq!(
        given("server = \"127.0.0.1:1\"\n").problems(),
        ["server (FILE) is a section, not a setting; put its settings below [server]"]
    );
    assert_eq!(
        given("[log.level]\nactors = \"debug\"\n").problems(),
        [
            "log.level (FILE) is not text; expected: What is logged: `error`, `warn`, `info`, `debug` or `trace`, or \
          directives such as `info,clientele::actors=debug`"
        ]
    );
}

#[test]
fn everything_out_of_range_is_told_at_once() {
    let given = given("[storage]\nsegment_mib = 0\nrow_cache_mib = -1\n[actors]\nshards = 70000\nresident_max = 1\n")
        .variable("CLIENTELE__ACTORS__PASSIVATE_AFTER_MS", "soon")
        .variable("CLIENTELE__LIMITS__CONNECTIONS", "1.5");
    let problems = given.problems();
    let begins = [
        "actors.passivate_after_ms (CLIENTELE__ACTORS__PASSIVATE_AFTER_MS) is not a whole number; expected: ",
        "actors.resident_max (FILE) is 1, which is not between 64 and 4000000; expected: ",
        "actors.shards (FILE) is 70000, which is not between 1 and 4096; expected: Number of shards",
        "limits.connections (CLIENTELE__LIMITS__CONNECTIONS) is not a whole number; expected: ",
        "storage.row_cache_mib (FILE) is -1, which is not between 8 and 65536; expected: ",
        "storage.segment_mib (FILE) is 0, which is not between 1 and 1024; expected: Size of a journal segment in MiB",
    ];
    assert_eq!(problems.len(), begins.len(), "{problems:#?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem}\n{begin}");
    }
}

#[test]
fn text_that_is_no_address_or_variant_is_refused() {
    let address = given("[server]\nlisten = \"localhost:8080\"\n").problems();
    assert!(
        address[0].starts_with("server.listen (FILE) does not fit: "),
        "{address:?}"
    );
    assert!(address[0].contains("such as `0.0.0.0:8080`"), "{address:?}");
    let format = given("")
        .variable("CLIENTELE__LOG__FORMAT", "xml")
        .problems();
    assert!(
        format[0].starts_with("log.format (CLIENTELE__LOG__FORMAT) does not fit: "),
        "{format:?}"
    );
    assert!(format[0].contains("`json`"), "{format:?}");
}

#[test]
fn settings_that_contradict_each_other_are_refused_all_at_once() {
    let given = given(
        "[server]\nlisten = \"127.0.0.1:1\"\n[admin]\nlisten = \"127.0.0.1:1\"\n[storage]\ndata_dir = \"\"\n\
         [actors]\nunder_way_per_shard = 8\nunder_way_per_entity = 9\n\
         [limits]\nconnections = 10\nconnections_per_address = 11\n[log]\nlevel = \"x=loud\"\n",
    );
    let problems = given.problems();
    let settings: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.split(' ').next())
        .collect();
    assert_eq!(
        settings,
        [
            "admin.listen",
            "storage.data_dir",
            "actors.under_way_per_entity",
            "limits.connections_per_address",
            "log.level",
        ],
        "{problems:#?}"
    );
}

#[test]
fn a_file_that_is_missing_or_no_toml_says_which_and_where() {
    let missing = load(&Sources {
        file: Some("/nonexistent/clientele.toml".into()),
        ..Sources::default()
    });
    let message = missing.unwrap_err().to_string();
    assert!(
        message.starts_with("the configuration file /nonexistent/clientele.toml cannot be read"),
        "{message}"
    );

    let broken = given("[server]\nlisten = \"127.0.0.1:1\"\n[secrets]\nroot_key = hunter2\n");
    let message = broken.load().unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("{}:4:12 is not TOML", broken.file())),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn a_secret_in_plain_sight_is_refused_and_never_repeated() {
    let file = given("[secrets]\nroot_key = \"hunter2\"\n").problems();
    assert_eq!(
        file,
        [
            "secrets.root_key (FILE) would be a secret in plain sight; write it to a file that only its owner can read, \
          and name that file in secrets.root_key_file"
        ]
    );
    for (name, value) in [
        ("CLIENTELE__SECRETS__ROOT_KEY", "hunter2"),
        ("CLIENTELE__SECRETS", "hunter2"),
        ("CLIENTELE__SECRETS__HMAC", "hunter2"),
    ] {
        let problems = given("").variable(name, value).problems();
        assert!(problems[0].contains(name), "{problems:?}");
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    }
    let problems = given("[secrets]\nroot_key_file = 747474\n").problems();
    assert!(!problems[0].contains("747474"), "{problems:?}");
}

/// The problems of reading a key file of these bytes and mode; none if it is accepted.
fn problems_of_key(bytes: Option<&[u8]>, mode: u32) -> Vec<String> {
    let given = given("");
    let path = given.directory.path().join("root.key");
    if let Some(bytes) = bytes {
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let shown = path.display().to_string();
    let given = given.variable("CLIENTELE__SECRETS__ROOT_KEY_FILE", &shown);
    let loaded = given.load().unwrap();
    match secrets::read(&loaded) {
        Ok(material) => {
            assert_eq!(
                material.root_key.unwrap().expose().as_slice(),
                bytes.unwrap()
            );
            Vec::new()
        }
        Err(error) => problems_of(&error, &shown),
    }
}

#[test]
fn a_root_key_is_a_file_of_32_bytes_for_the_owner_alone() {
    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
    const MAKE: &str = "`(umask 077; head -c 32 /dev/urandom > FILE)` makes one";
    let setting = "secrets.root_key_file (CLIENTELE__SECRETS__ROOT_KEY_FILE)";
    assert!(problems_of_key(Some(KEY), 0o600).is_empty());
    assert!(problems_of_key(Some(KEY), 0o400).is_empty());
    for (mode, shown) in [
        (0o644, "0644"),
        (0o640, "0640"),
        (0o602, "0602"),
        (0o610, "0610"),
    ] {
        assert_eq!(
            problems_of_key(Some(KEY), mode),
            [format!(
                "{setting} names FILE, which others can read (mode {shown}); chmod 600 FILE, and make a new key if \
                 strangers may have read it"
            )]
        );
    }
    assert_eq!(
        problems_of_key(None, 0),
        [format!(
            "{setting} names FILE, which does not exist; for a new data directory: {MAKE}; for one that has data, put \
             its key back"
        )]
    );
    for length in [0, 31, 33] {
        assert_eq!(
            problems_of_key(Some(&vec![7; length]), 0o600),
            [format!(
                "{setting} names FILE, which holds {length} bytes instead of 32 raw ones (no text, no line end); for a \
                 new data directory: {MAKE}"
            )]
        );
    }
}

#[test]
fn production_does_not_start_without_its_root_key_and_development_makes_its_own() {
    let production = given("").load().unwrap();
    let message = secrets::read(&production).unwrap_err().to_string();
    assert_eq!(
        message,
        "the configuration is refused:\n  secrets.root_key_file (default) is required and has no value; \
         `(umask 077; head -c 32 /dev/urandom > root.key)` makes one, then name that file"
    );
    let development = given("").profile(Profile::Development).load().unwrap();
    assert!(secrets::read(&development).unwrap().root_key.is_none());
}

#[test]
fn a_root_key_does_not_print_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("root.key");
    std::fs::write(&path, [b'k'; 32]).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let given = given("").variable(
        "CLIENTELE__SECRETS__ROOT_KEY_FILE",
        &path.display().to_string(),
    );
    let material = secrets::read(&given.load().unwrap()).unwrap();
    assert_eq!(
        format!("{material:?}"),
        "Material { root_key: Some(RootKey(..)) }"
    );
}

#[test]
fn development_listens_on_this_machine_only() {
    let config = Config::dev("x".into());
    assert!(config.server.listen.ip().is_loopback() && config.admin.listen.ip().is_loopback());
    assert_eq!(config.storage.data_dir, Path::new("x"));
    assert!(Config::default().server.listen.ip().is_unspecified());
}

#[test]
fn the_schema_describes_bounds_and_explains_every_setting() {
    let schema = Config::schema();
    assert_eq!(
        schema.pointer("/properties/storage/properties/segment_mib/maximum"),
        Some(&json!(limits::SEGMENT_MIB_MAX))
    );
    assert_eq!(
        schema.pointer("/properties/storage/additionalProperties"),
        Some(&json!(false))
    );
    assert_eq!(
        schema.pointer("/properties/actors/properties/shards/default"),
        Some(&json!(256))
    );
    for known in schema::SETTINGS.iter() {
        assert!(
            known.description.ends_with('.'),
            "{} is not described",
            known.key
        );
        let is_number = load(&Sources::default())
            .unwrap()
            .settings()
            .iter()
            .any(|setting| setting.setting == known.key && setting.value.is_number());
        let has_bounds = matches!(known.type_, schema::Type::Whole { .. });
        assert!(has_bounds || !is_number, "{} has no bounds", known.key);
    }
}
