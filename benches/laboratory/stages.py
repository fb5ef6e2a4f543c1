"""Where the processor time of one award goes: `make bench-profile`. Needs `perf`, and the right to use it.

Loads a node at full speed and takes samples of every thread with its whole stack. A sample belongs to the first stage below that has a
function in its stack, so the stages add up to everything.
"""

import argparse
import collections
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import machine
import peers
import scale
import servers

# The stages, in the order in which they claim a sample: (what it is, a function in the stack).
STAGES = (
    ("the journal: writing and syncing", r"fdatasync|write_all_at|pwrite"),
    ("the journal: telling who waits, noting what is durable", r"Completion>::resolve"),
    ("the journal: the rest of its thread", r"journal::segment::serve"),
    ("checkpoints: sled", r"checkpoint_with.*sled|sled.*checkpoint_with|THREAD sled-io"),
    ("checkpoints: folding entities into rows", r"checkpoint_with"),
    ("projections", r"Projector<P>|publishing::"),
    ("the contact: deciding", r"Entity::decide|Entity::seen"),
    ("the contact: applying, and handing the record over", r"Turn::append"),
    ("the contact: its mailbox and the rest of its turn", r"ActorRuntime"),
    ("the request: reading the socket", r"poll_read_from_io"),
    ("the request: writing the socket", r"poll_flush"),
    ("the request: its key", r"Authorized"),
    ("the request: its body", r"ValidJson"),
    ("the answer: putting it together", r"WirePurchase|reply::json"),
    ("the request: sending the command", r"Router::command"),
    ("the request: the rest of its handler", r"create::post|Handler<"),
    ("the request: routing and layers", r"axum::|tower::"),
    ("the request: HTTP, headers, metrics", r"connection::run"),
    ("waiting: parking and waking threads", r"park|epoll"),
)
REST = "everything else"


def arguments():
    parser = argparse.ArgumentParser(prog="make bench-profile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="seconds of samples (default: %(default)s)")
    parser.add_argument("--frequency", type=int, default=149, help="samples a second and thread (default: %(default)s)")
    parser.add_argument("--contacts", type=int, default=10_000, help="contacts that awards go to in turn (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="requests in flight (default: %(default)s)")
    parser.add_argument("--folder", default="/var/tmp", help="where the data directory is made (default: %(default)s)")
    parser.add_argument("--binary", required=True, help="the binary of clientele")
    parser.add_argument("--results", default=str(peers.ROOT / "benches/PROFILE.md"), help="the table (default: %(default)s)")
    return parser.parse_args()


def stacks(path):
    """Each sample's stack as one text, innermost function first, the thread's name before it."""
    command = ["perf", "script", "-i", path, "-F", "comm,ip,sym", "--no-inline"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
        lines = []
        for line in script.stdout:
            line = line.strip()
            if line:
                lines.append(re.sub(r"^[0-9a-f]+\s+", "", line) if lines else f"THREAD {line}")
            elif lines:
                yield "\n".join(lines)
                lines = []


def stage_of(stack):
    flat = stack.replace("\n", " ")
    return next((name for name, pattern in STAGES if re.search(pattern, flat)), REST)


def measure(options, folder):
    with servers.clientele(options.binary, folder, options.contacts) as (seed, seed_file):
        process = seed_process(folder)
        load = ("--scenario", "award", "--connections", options.connections)
        scale.say("warming up …")
        scale.bench(options, seed_file, seed["base_url"], *load, "--duration", 5)
        scale.say(f"taking samples for {options.seconds} s …")
        samples = folder / "perf.data"
        perf = subprocess.Popen(["perf", "record", "-q", "-F", str(options.frequency), "--call-graph", "dwarf,60000", "-p", str(process), "-o", samples,
                                 "--", "sleep", str(options.seconds)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        award = scale.bench(options, seed_file, seed["base_url"], *load, "--warmup", 1, "--duration", options.seconds + 2)
        if perf.wait() != 0:
            raise servers.Failed("perf record failed; it needs root, or kernel.perf_event_paranoid at most 1")
    counts, kernel = collections.Counter(), collections.Counter()
    for stack in stacks(samples):
        stage = stage_of(stack)
        counts[stage] += 1
        kernel[stage] += bool(re.search(r"entry_SYSCALL|asm_|ret_from_fork", stack))
    return {"rate": award["achieved_rate"], "samples": dict(counts), "kernel": dict(kernel), "seconds": options.seconds, "frequency": options.frequency}


def seed_process(folder):
    """The node that writes its log into `folder`."""
    for status in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = status.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder / "data").encode() in words:
            return int(status.parent.name)
    raise servers.Failed("the node is not there")


def write(options, result):
    total = sum(result["samples"].values())
    us = lambda samples: samples / result["frequency"] / result["seconds"] / result["rate"] * 1e6
    rows = [[name, f"{100 * result['samples'][name] / total:.1f}%", f"{us(result['samples'][name]):.1f}", f"{us(result['kernel'][name]):.1f}"]
            for name in [*(name for name, _ in STAGES), REST] if result["samples"].get(name)]
    rows.append(["**all of it**", "100%", f"{us(total):.1f}", f"{us(sum(result['kernel'].values())):.1f}"])
    return "\n\n".join([
        "# Where the time of one award goes",
        "Processor time of the node, all threads, at full speed; what it waits for is not in it. How it was taken: "
        "[docs/performance.md](../docs/performance.md). This file is written by the command below.",
        f"    {result['command']}",
        f"Taken {result['taken_at']} at commit {result['commit']}: {result['rate']:,.0f} awards/s while samples were taken, {total:,} samples.",
        *machine.caveats(options.binary, result["load"]),
        peers.table(["machine", ""], result["machine"]).replace("---:", "---"),
        peers.table(["stage", "share", "µs an award", "of it in the kernel"], rows),
    ]) + "\n"


def main():
    options = arguments()
    if shutil.which("perf") is None:
        sys.exit("bench-profile: perf is missing; install it with: sudo apt-get install linux-perf")
    result = {
        "taken_at": peers.now(), "commit": peers.commit(), "machine": machine.describe(options.folder), "load": machine.load(),
        "command": "make bench-profile ARGS=" + shlex.quote(shlex.join(peers.passed_on())),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
            result |= measure(options, pathlib.Path(folder))
    except servers.Failed as failed:
        sys.exit(f"bench-profile: {failed}")
    text = write(options, result)
    pathlib.Path(options.results).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
