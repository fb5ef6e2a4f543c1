//! How many entities fit into memory, where the configuration does not say.

use std::path::Path;

use crate::limits;

/// The cap on entities in memory for a process that may use `bytes`: half of them divided by what an entity takes.
/// The other half is for the dirty-row table, caches, buffers, and what the allocator has not given back.
#[must_use]
pub fn resident_max(bytes: u64) -> u32 {
    let fitting = bytes / 2 / limits::RESIDENT_BYTES;
    u32::try_from(fitting)
        .unwrap_or(u32::MAX)
        .clamp(limits::RESIDENT_DEFAULT_MIN, limits::RESIDENT_MAX)
}

/// The bytes that this process may use: its container's limit where there is one, else the machine's memory. `None`
/// where neither can be read, as outside of Linux.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    available_in(Path::new("/"))
}

fn available_in(root: &Path) -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    // "max" where there is no limit, which is no number.
    let container = read("sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse().ok());
    let machine = read("proc/meminfo").and_then(|text| machine_bytes(&text));
    match (container, machine) {
        (Some(container), Some(machine)) => Some(u64::min(container, machine)),
        (container, machine) => container.or(machine),
    }
}

/// The line is `MemTotal:       24689764 kB`.
fn machine_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        available_in(root.path())
    }

    const MACHINE: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:        2097152 kB\nMemFree: 1 kB\n",
    );

    #[test]
    fn the_smaller_of_container_and_machine_counts() {
        let gib = 1 << 30;
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[MACHINE]), Some(2 * gib));
        assert_eq!(
            with(&[MACHINE, ("sys/fs/cgroup/memory.max", "max\n")]),
            Some(2 * gib)
        );
        assert_eq!(
            with(&[MACHINE, ("sys/fs/cgroup/memory.max", "1073741824\n")]),
            Some(gib)
        );
        assert_eq!(
            with(&[MACHINE, ("sys/fs/cgroup/memory.max", "9999999999999\n")]),
            Some(2 * gib)
        );
    }

    #[test]
    fn half_of_the_memory_is_for_entities_within_bounds() {
        assert_eq!(resident_max(0), limits::RESIDENT_DEFAULT_MIN);
        assert_eq!(resident_max(u64::MAX), limits::RESIDENT_MAX);
        assert_eq!(
            u64::from(resident_max(1 << 34)),
            (1 << 33) / limits::RESIDENT_BYTES
        );
    }
}
