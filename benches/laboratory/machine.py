"""What the machine is, and how quickly its disk makes a write durable: figures without them say nothing."""

import os
import pathlib
import platform
import statistics
import tempfile
import time


def describe(folder, sync_seconds=2.0):
    """The machine as (name, value) pairs; the disk is the one under `folder`."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    syncs, median_us = sync_rate(folder, sync_seconds)
    return [
        ("processor", processor()),
        ("cores", str(len(os.sched_getaffinity(0)))),
        ("memory", f"{memory_gib:.1f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("disk", f"{filesystem(folder)}; {syncs:,.0f} fdatasync/s of 512 appended bytes, one after the other, {median_us:,.0f} µs each"),
        ("load before", f"{load():.2f}"),
    ]


def load():
    """How many tasks wanted to run at a time over the last minute."""
    return os.getloadavg()[0]


def caveats(binary, load_before):
    """Why the figures must not be taken for the product's; empty when nothing speaks against them."""
    found = []
    if pathlib.Path(binary).parent.name not in ("release", "dist"):
        found.append("the binary was not built for release")
    if load_before > len(os.sched_getaffinity(0)) / 2:
        found.append(f"the machine did other work (a load of {load_before:.1f} before the start)")
    return [f"**These figures show that the measurement works, and nothing else: {', and '.join(found)}.**"] if found else []


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()


def filesystem(folder):
    """The type and device of the file system that holds `folder`."""
    folder, best = os.path.realpath(folder), ("", "unknown")
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            device, at, kind = line.split()[:3]
            inside = folder == at or folder.startswith(at.rstrip("/") + "/")
            if inside and len(at) > len(best[0]):
                best = (at, f"{kind} on {device}")
    return best[1]


def sync_rate(folder, seconds):
    """Durable appends a second, and the median time of one in microseconds."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            os.write(file.fileno(), b"\0" * 512)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return len(took) / sum(took), statistics.median(took) * 1e6
