//! A file system of the test's own: an ext4 image, loop-mounted, whose power can be cut and which can be filled up.
//!
//! It takes root, and `MOUNT=1`, as `make torture` sets it. Elsewhere the tests that need one say so and prove nothing.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// `EXT4_IOC_SHUTDOWN`, `_IOR('X', 125, __u32)`, with `EXT4_GOING_FLAGS_NOLOGFLUSH`: from now on nothing more reaches the disk, not even
/// what the kernel has in memory. No safe call of ours can do it, and perl is part of every Debian.
const SHUT_DOWN: &str = r#"
    sysopen(my $directory, $ARGV[0], 0) or die "open: $!\n";
    my $without_flush = pack("L", 2);
    ioctl($directory, 0x8004587d, $without_flush) or die "EXT4_IOC_SHUTDOWN: $!\n";
"#;

/// What is written and not synced right before a cut, and must be lost by it.
const CANARY: [u8; 4096] = [0xC5; 4096];

/// A mounted file system; unmounted when dropped.
pub(crate) struct Volume {
    directory: TempDir,
    canaries: u32,
}

fn command(program: &str, arguments: &[&Path]) -> Result<(), String> {
    let ran = Command::new(program).args(arguments).output();
    let ran = ran.map_err(|error| format!("{program} cannot be run: {error}"))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(format!("{program} says: {}", said.trim()))
}

impl Volume {
    /// A new file system of so many MiB; `None`, and a word about why, where none can be mounted.
    pub(crate) fn or_skip(mib: u64) -> Option<Volume> {
        if std::env::var_os("MOUNT").is_none() {
            eprintln!("SKIPPED: it mounts a file system, and MOUNT=1 does not allow it");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: only root can mount a file system; run it with sudo");
            return None;
        }
        match Volume::create(mib) {
            Ok(volume) => Some(volume),
            Err(why) => {
                eprintln!("SKIPPED: no ext4 image can be mounted here: {why}");
                None
            }
        }
    }

    fn create(mib: u64) -> Result<Volume, String> {
        let directory = TempDir::new().map_err(|error| error.to_string())?;
        let volume = Volume {
            directory,
            canaries: 0,
        };
        let image = File::create(volume.image()).map_err(|error| error.to_string())?;
        let sized = image.set_len(mib << 20);
        sized.map_err(|error| error.to_string())?;
        drop(image);
        std::fs::create_dir(volume.path()).map_err(|error| error.to_string())?;
        command("mkfs.ext4", &[Path::new("-q"), &volume.image()])?;
        volume.mount()?;
        Ok(volume)
    }

    fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("mounted")
    }

    fn mount(&self) -> Result<(), String> {
        let options = [Path::new("-o"), Path::new("loop")];
        let (image, path) = (self.image(), self.path());
        command("mount", &[options[0], options[1], &image, &path])
    }

    fn canary(&self) -> PathBuf {
        self.path().join(format!("canary-{}", self.canaries))
    }

    /// Fails every write and every sync from now on, and loses what was written and not synced.
    pub(crate) fn fail(&mut self) {
        self.canaries += 1;
        std::fs::write(self.canary(), CANARY).unwrap();
        let path = self.path();
        let arguments = [Path::new("-e"), Path::new(SHUT_DOWN), path.as_path()];
        command("perl", &arguments).unwrap();
        let refused = File::create(self.path().join("refused")).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(5), "it still works: {refused}");
    }

    /// Mounts it again, as the next boot would: by replaying the file system's own journal. Nobody may have a file of it open.
    pub(crate) fn boot(&mut self) {
        command("umount", &[&self.path()]).unwrap();
        self.mount().unwrap();
        let found = std::fs::read(self.canary()).unwrap_or_default();
        assert_ne!(found, CANARY, "the cut lost nothing that was not synced");
    }

    /// Takes all the space that is left; what gives it back is removing the file.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let block = vec![0xF1; size];
            let full = loop {
                if let Err(error) = file.write_all(&block) {
                    break error;
                }
            };
            assert_eq!(full.raw_os_error(), Some(28), "{full}");
        }
        path
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if let Err(why) = command("umount", &[&self.path()]) {
            eprintln!("{} stays mounted: {why}", self.path().display());
        }
    }
}
