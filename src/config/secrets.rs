//! Secrets, read from the files that settings name, and from nowhere else: an environment is inherited by children and
//! printed by tools, a flag shows in the process list, and a configuration file gets committed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Profile;
use super::load::Loaded;
use super::problem::{Error, Problem};

/// How many bytes a root key has.
pub const ROOT_KEY_BYTES: usize = 32;

const ROOT_KEY_FILE: &str = "secrets.root_key_file";

/// The root key. It prints as nothing.
pub struct RootKey([u8; ROOT_KEY_BYTES]);

impl RootKey {
    /// The key's bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; ROOT_KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RootKey(..)")
    }
}

/// Every secret that a configuration names.
#[derive(Debug)]
pub struct Material {
    /// The root key; `None` only in development, where the node makes one in its data directory.
    pub root_key: Option<RootKey>,
}

/// Reads the secrets' files.
///
/// # Errors
/// [`Error::Refused`] if a required one is not named, or a file is missing, readable by others, or not what it
/// should be. A problem says what to do and never quotes what the file holds.
pub fn read(loaded: &Loaded) -> Result<Material, Error> {
    let Some(path) = &loaded.config.secrets.root_key_file else {
        return match loaded.profile {
            Profile::Development => Ok(Material { root_key: None }),
            Profile::Production => Err(refused(
                loaded,
                "is required and has no value".to_owned(),
                format!("{}, then name that file", how_to_make("root.key")),
            )),
        };
    };
    let shown = path.display();
    match read_root_key(path) {
        Ok(key) => Ok(Material {
            root_key: Some(key),
        }),
        Err(Fault::Missing) => Err(refused(
            loaded,
            format!("names {shown}, which does not exist"),
            format!(
                "for a new data directory: {}; for one that has data, put its key back",
                how_to_make(&shown.to_string())
            ),
        )),
        Err(Fault::Exposed { mode }) => Err(refused(
            loaded,
            format!("names {shown}, which others can read (mode {mode:04o})"),
            format!("chmod 600 {shown}, and make a new key if strangers may have read it"),
        )),
        Err(Fault::NotAFile) => Err(refused(
            loaded,
            format!("names {shown}, which is not a file"),
            "name the file that holds the key".to_owned(),
        )),
        Err(Fault::Length { bytes }) => Err(refused(
            loaded,
            format!(
                "names {shown}, which holds {bytes} bytes instead of {ROOT_KEY_BYTES} raw ones (no text, no line end)"
            ),
            format!(
                "for a new data directory: {}",
                how_to_make(&shown.to_string())
            ),
        )),
        Err(Fault::Io(error)) => Err(refused(
            loaded,
            format!("names {shown}, which cannot be read: {error}"),
            "let the user that runs the node own it, with mode 600".to_owned(),
        )),
    }
}

fn how_to_make(path: &str) -> String {
    format!("`(umask 077; head -c {ROOT_KEY_BYTES} /dev/urandom > {path})` makes one")
}

fn refused(loaded: &Loaded, fault: String, remedy: String) -> Error {
    Error::Refused(vec![Problem {
        setting: ROOT_KEY_FILE.to_owned(),
        origin: loaded.origin(ROOT_KEY_FILE),
        fault,
        remedy,
    }])
}

/// Why a secret's file is refused.
#[derive(Debug)]
enum Fault {
    Missing,
    Exposed { mode: u32 },
    NotAFile,
    Length { bytes: u64 },
    Io(io::Error),
}

fn read_root_key(path: &Path) -> Result<RootKey, Fault> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::Missing,
        _ => Fault::Io(error),
    })?;
    // Asked of the open file, so that no other file can take its place between the question and the read.
    let metadata = file.metadata().map_err(Fault::Io)?;
    if !metadata.is_file() {
        return Err(Fault::NotAFile);
    }
    let access = Access {
        mode: metadata.mode() & 0o7777,
        file_owner: metadata.uid(),
        process_user: rustix::process::geteuid().as_raw(),
    };
    if access.is_exposed() {
        return Err(Fault::Exposed { mode: access.mode });
    }
    let mut key = RootKey([0; ROOT_KEY_BYTES]);
    let length = Fault::Length {
        bytes: metadata.len(),
    };
    if usize::try_from(metadata.len()) != Ok(ROOT_KEY_BYTES) {
        return Err(length);
    }
    let mut whole = file;
    match whole.read_exact(&mut key.0) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(length),
        Err(error) => Err(Fault::Io(error)),
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
struct Access {
    mode: u32,
    file_owner: u32,
    process_user: u32,
}

impl Access {
    /// Whether anyone but its owner may read, change or run the file. A file of root that the process reads through its
    /// group is fine: this is how Kubernetes mounts secrets for other users (`fsGroup`), and PostgreSQL's rule too.
    fn is_exposed(self) -> bool {
        let through_group_of_root = self.file_owner == 0 && self.process_user != 0;
        let allowed = if through_group_of_root { 0o740 } else { 0o700 };
        self.mode & 0o777 & !allowed != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_exposed_to_any_group_but_the_one_that_root_granted() {
        let exposed = |mode, file_owner, process_user| {
            Access {
                mode,
                file_owner,
                process_user,
            }
            .is_exposed()
        };
        assert!(!exposed(0o600, 1000, 1000));
        assert!(!exposed(0o400, 0, 0));
        assert!(exposed(0o640, 1000, 1000));
        assert!(exposed(0o604, 1000, 1000));
        assert!(!exposed(0o440, 0, 1000));
        assert!(exposed(0o440, 0, 0));
        assert!(exposed(0o460, 0, 1000));
        assert!(exposed(0o444, 0, 1000));
    }
}
