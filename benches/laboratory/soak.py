"""Awards for minutes, and watches what must not grow: `make bench-soak`.

Full speed for the first part, which says how many awards a second there are; then 70% of that in an open loop, which says what a client sees
while there is room. Checkpoints, projections and exports are on throughout. Every few seconds the operators' metrics are read: how old
what followers had built was, how many effects waited for a checkpoint, how old the newest export was, and the memory. Each is shown by
thirds of the run: what grows from third to third will not last the night.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import clients
import machine
import peers
import scale
import servers

# How often the metrics are read.
EVERY_S = 2

# An export a minute, so that a run has several; a node makes one an hour unless told otherwise.
EXPORTS = {"CLIENTELE__SNAPSHOTS__EXPORT_EVERY_S": "60"}

# What is watched: the metric, what the table calls it, and how a reading becomes its figure.
WATCHED = (
    ("clientele_follower_lag_seconds", "followers' lag, ms", 1e3),
    ("clientele_waiting_effects", "effects that wait for a checkpoint", 1),
    ("clientele_export_age_seconds", "age of the newest export, s", 1),
)
MEMORY = "memory, MiB"


def arguments():
    parser = argparse.ArgumentParser(prog="make bench-soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog='Pass them through make: make bench-soak ARGS="--seconds 60"')
    parser.add_argument("--seconds", type=int, default=300, help="seconds of each part (default: %(default)s)")
    parser.add_argument("--contacts", type=int, default=10_000, help="contacts that awards go to in turn (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="requests in flight (default: %(default)s)")
    parser.add_argument("--folder", default="/var/tmp", help="where the data directory is made; its disk is measured (default: %(default)s)")
    parser.add_argument("--binary", required=True, help="the binary of clientele")
    parser.add_argument("--results", default=str(peers.ROOT / "benches/SOAK.md"), help="the table; all readings lie beside it (default: %(default)s)")
    return parser.parse_args()


class Watch(threading.Thread):
    """Reads the metrics until it is told to stop."""

    def __init__(self, admin, process):
        super().__init__(daemon=True)
        self.admin, self.process, self.readings, self.ended = admin, process, [], threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(EVERY_S):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=30) as answer:
                text = answer.read().decode()
            reading = {"at": time.monotonic() - began, MEMORY: scale.memory_mib(self.process.pid)}
            for metric, name, factor in WATCHED:
                found = [float(value) for value in re.findall(rf"^{metric}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)]
                if found:
                    reading[name] = max(found) * factor
            self.readings.append(reading)

    def stop(self):
        self.ended.set()
        self.join()
        return self.readings


def thirds(readings, name):
    """The median of the readings in each third, and the most of all."""
    values = [reading[name] for reading in readings if name in reading]
    third = len(values) // 3
    parts = [values[:third], values[third:2 * third], values[2 * third:]]
    return [statistics.median(part) if part else None for part in parts] + [max(values, default=None)]


def part(options, admin, process, seed_file, url, *more):
    watch = Watch(admin, process)
    watch.start()
    said = scale.bench(options, seed_file, url, "--scenario", "award", "--connections", options.connections, "--duration", options.seconds, *more)
    readings = watch.stop()
    if said["errors_total"]:
        raise servers.Failed(f"{said['errors_total']} requests failed: {said['first_error']}")
    found = clients.figures(said["achieved_rate"], *(said["latency_us"][name] for name in ("p50", "p99", "p99_9")))
    return {**found, "readings": readings}


def measure(options, folder):
    admin, seed_file = scale.free_port(), folder / "seed.json"
    command = [options.binary, "dev", "--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{admin}", "--data-dir", str(folder / "data"),
               "--seed-file", str(seed_file), "--contacts", str(options.contacts)]
    with servers.running(command, folder, "soaked", env={**os.environ, **EXPORTS}) as (process, log):
        scale.patiently(lambda: b"Stop it with Ctrl-C" in log.read_bytes(), process, log)
        url = json.loads(seed_file.read_text())["base_url"]
        scale.say(f"{options.seconds} s at full speed …")
        full = part(options, admin, process, seed_file, url)
        rate = round(full["rate"] * 0.7)
        scale.say(f"{full['rate']:,.0f} awards/s; {options.seconds} s at {rate:,} …")
        return {"full speed": full, "70% of it": part(options, admin, process, seed_file, url, "--rate", rate)}


def write(options, result):
    rates = [[name, f"{at['rate']:,.0f}", *(f"{at[kind] / 1e3:.2f}" for kind in ("p50_us", "p99_us", "p99_9_us"))] for name, at in result["parts"].items()]
    shown = lambda value: "" if value is None else f"{value:,.0f}"
    watched = [[f"{what}, {name}", *map(shown, thirds(at["readings"], what))] for name, at in result["parts"].items() for what in [name for _, name, _ in WATCHED] + [MEMORY]]
    return "\n\n".join([
        "# Awards for minutes",
        "What these figures mean and how they were taken: [docs/performance.md](../docs/performance.md). This file is written by the command "
        "below; every reading is in [soak.json](soak.json).",
        f"    {result['command']}",
        f"Taken {result['taken_at']} at commit {result['commit']}, {options.connections} connections, {options.contacts:,} contacts, {options.seconds} s each.",
        *machine.caveats(options.binary, result["load"]),
        peers.table(["machine", ""], result["machine"]).replace("---:", "---"),
        peers.table(["", "awards/s", "p50 ms", "p99 ms", "p99.9 ms"], rates),
        peers.table(["", "first third", "second", "last", "most"], watched),
    ]) + "\n"


def main():
    options = arguments()
    result = {
        "taken_at": peers.now(), "commit": peers.commit(), "machine": machine.describe(options.folder), "load": machine.load(),
        "command": "make bench-soak ARGS=" + shlex.quote(shlex.join(peers.passed_on())),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
            result["parts"] = measure(options, pathlib.Path(folder))
    except servers.Failed as failed:
        sys.exit(f"bench-soak: {failed}")
    except KeyboardInterrupt:
        sys.exit("bench-soak: interrupted; nothing was written")
    text = write(options, result)
    pathlib.Path(options.results).write_text(text, encoding="utf-8")
    pathlib.Path(options.results).with_name("soak.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
