"""Measures the same durable award in Clientele, PostgreSQL and Redis, side by side with a bare HTTP route: `make bench-peers`.

Each server runs alone, in a fresh folder, and is ended before the next one starts. The number of clients is chosen for each by a
short trial. Then rounds alternate between the servers, and the figures are the medians of the rounds with their spread.
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import clients
import machine
import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = {"ceiling": "bare axum route (the ceiling)", "clientele": "Clientele", "postgres": "PostgreSQL", "redis": "Redis"}

# Clients tried for each server.
TRIED = {"ceiling": [16, 64, 128], "clientele": [64, 128, 256], "postgres": [8, 16, 32, 64, 128], "redis": [16, 64, 128, 256]}

# Clientele's other scenarios and the connections of each; `None`: as for awards. A batch is a thousand purchases.
SCENARIOS = {"spend": None, "mixed": None, "read": None, "hot-contact": None, "batch": 4}


def arguments():
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog='Pass them through make: make bench-peers ARGS="--rounds 5 --seconds 30"')
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=10, help="seconds of each measurement (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=2, help="seconds before it, not counted (default: %(default)s)")
    parser.add_argument("--trial-seconds", type=int, default=3, help="seconds to try each number of clients (default: %(default)s)")
    parser.add_argument("--contacts", type=int, default=10_000, help="contacts that awards go to in turn or at random, for all alike (default: %(default)s)")
    parser.add_argument("--peers", nargs="+", choices=NAMES, default=list(NAMES), help="what to measure (default: all)")
    parser.add_argument("--connections", type=int, nargs="+", help="numbers of clients to try, for all alike")
    parser.add_argument("--awards-only", action="store_true", help="without Clientele's other scenarios")
    parser.add_argument("--folder", default="/var/tmp", help="where the servers' folders are made; its disk is measured (default: %(default)s)")
    parser.add_argument("--binary", required=True, help="the release binary of clientele")
    parser.add_argument("--ceiling", required=True, help="the release binary of the example `ceiling`")
    parser.add_argument("--results", default=str(ROOT / "benches/RESULTS.md"), help="the tables (default: %(default)s)")
    parser.add_argument("--raw", default=str(ROOT / "benches/results.json"), help="every figure (default: %(default)s)")
    return parser.parse_args()


class Laboratory:
    """Starts one server at a time, and loads it."""

    def __init__(self, options, steps):
        self.options, self.steps, self.done, self.began = options, steps, 0, time.monotonic()
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        self.postgres_bin = found[-1].parent if found else None
        self.seed, self.answer_bytes = None, None

    @contextlib.contextmanager
    def folder(self):
        with tempfile.TemporaryDirectory(prefix="bench-", dir=self.options.folder) as folder:
            # PostgreSQL's user has to get through to its own folder.
            pathlib.Path(folder).chmod(0o711)
            yield pathlib.Path(folder)

    def learn(self):
        """What an award looks like: the ceiling answers one of the same size."""
        with self.folder() as folder, servers.clientele(self.options.binary, folder, self.options.contacts) as (seed, _):
            self.seed, self.answer_bytes = seed, servers.award_bytes(seed)

    @contextlib.contextmanager
    def started(self, peer):
        """A function that measures awards: (clients, seconds, warm-up) to figures; of Clientele also by scenario and rate."""
        options = self.options
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(self.folder())
            if peer == "postgres":
                server = stack.enter_context(servers.postgres(self.postgres_bin, folder, options.contacts))
                yield lambda *load: clients.postgres(server, self.postgres_bin, *load)
            elif peer == "redis":
                server = stack.enter_context(servers.redis(folder, options.contacts))
                yield lambda *load: clients.redis(server, *load)
            else:
                if peer == "ceiling":
                    seed_file = stack.enter_context(servers.ceiling(options.ceiling, folder, self.answer_bytes, self.seed))
                else:
                    _, seed_file = stack.enter_context(servers.clientele(options.binary, folder, options.contacts))
                yield lambda connections, seconds, warmup, scenario="award", rate=None: clients.http(
                    options.binary, seed_file, scenario, connections, seconds, warmup, rate)

    def step(self, what, measure):
        """One measurement, with a word on it for whoever waits."""
        self.say(f"{what} …", end="\r" if sys.stderr.isatty() else "\n")
        found = measure()
        self.done += 1
        self.say(f"{what}: {found['rate']:,.0f}/s, p50 {ms(found['p50_us'])}, p99 {ms(found['p99_us'])}")
        return found

    def say(self, text, end="\n"):
        share = self.done / self.steps
        minutes = (time.monotonic() - self.began) / 60
        print(f"{share:4.0%} {minutes:5.1f} min  {text:<90}", end=end, file=sys.stderr, flush=True)

    def choose(self, peer):
        """The number of clients with which it answers most."""
        tried = {}
        with self.started(peer) as measure:
            for count in self.options.connections or TRIED[peer]:
                what = f"trial      {peer:10} {count:4} clients"
                tried[count] = self.step(what, lambda count=count: measure(count, self.options.trial_seconds, 1))["rate"]
        return max(tried, key=tried.get), tried

    def round(self, number, peer, count):
        """What it does in one round: awards, and for Clientele the rest, in fresh folders."""
        options, found = self.options, {}
        load = (options.seconds, options.warmup)
        prefix = f"round {number}/{options.rounds}  {peer:10}"
        with self.started(peer) as measure:
            found["award"] = self.step(f"{prefix} {count:4} clients, awards", lambda: measure(count, *load))
            if peer != "clientele":
                return found
            rate = max(1, round(0.7 * found["award"]["rate"]))
            found["award at 70%"] = self.step(f"{prefix} {count:4} clients, {rate}/s", lambda: measure(count, *load, rate=rate))
        for scenario, own in () if options.awards_only else SCENARIOS.items():
            with self.started(peer) as measure:
                what = f"{prefix} {own or count:4} clients, {scenario}"
                found[scenario] = self.step(what, lambda: measure(own or count, *load, scenario=scenario))
        return found


def measure(options):
    scenarios = 0 if options.awards_only else len(SCENARIOS)
    a_round = len(options.peers) + (1 + scenarios if "clientele" in options.peers else 0)
    trials = sum(len(options.connections or TRIED[peer]) for peer in options.peers)
    laboratory = Laboratory(options, trials + options.rounds * a_round)
    if "postgres" in options.peers and laboratory.postgres_bin is None:
        raise servers.Failed("PostgreSQL is not installed: apt-get install postgresql")
    result = {
        "taken_at": now(),
        "command": "make bench-peers ARGS=" + shlex.quote(shlex.join(passed_on())),
        "commit": commit(), "load": machine.load(), "machine": machine.describe(options.folder), "versions": versions(laboratory),
        "seconds": options.seconds, "warmup": options.warmup, "contacts": options.contacts, "clients": {}, "trials": {}, "rounds": [],
    }
    laboratory.learn()
    result["answer_bytes"] = laboratory.answer_bytes
    for peer in options.peers:
        result["clients"][peer], result["trials"][peer] = laboratory.choose(peer)
    for number in range(1, options.rounds + 1):
        # Each begins a round once, so that none always has the quiet or the worn disk.
        turn = (number - 1) % len(options.peers)
        order = options.peers[turn:] + options.peers[:turn]
        result["rounds"].append({peer: laboratory.round(number, peer, result["clients"][peer]) for peer in order})
    return result


def passed_on():
    """The arguments that were typed, without those that make adds."""
    words, skip = [], False
    for word in sys.argv[1:]:
        if skip or word in ("--binary", "--ceiling", "--plot"):
            skip = not skip
        else:
            words.append(word)
    return words


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def commit():
    called = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return called.stdout.strip() or "unknown"


def versions(laboratory):
    commands = {"clientele": [laboratory.options.binary, "--version"]}
    if "postgres" in laboratory.options.peers:
        commands["postgres"] = [str(laboratory.postgres_bin / "postgres"), "--version"]
    if "redis" in laboratory.options.peers:
        commands["redis"] = ["redis-server", "--version"]
    return {name: clients.run(command).strip() for name, command in commands.items()}


def ms(us):
    return f"{us / 1e3:.2f} ms"


def spread(values, form):
    """The median, and what lies between the least and the most."""
    text = form(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({form(min(values))}–{form(max(values))})"


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def of(result, peer, scenario, figure):
    return [each[peer][scenario][figure] for each in result["rounds"]]


def ratios(result, above, below):
    """Round by round, so that what slows a whole round cancels out."""
    pairs = zip(of(result, *above, "rate"), of(result, *below, "rate"))
    return spread([one / other for one, other in pairs], "{:.2f}".format)


def row(name, result, peer, scenario, *more):
    rate = spread(of(result, peer, scenario, "rate"), "{:,.0f}".format)
    latencies = (spread(of(result, peer, scenario, figure), lambda us: f"{us / 1e3:.2f}") for figure in ("p50_us", "p99_us", "p99_9_us"))
    return [name, *more, rate, *latencies]


def write(result, caveats):
    peers = list(result["clients"])
    has = lambda *names: all(name in peers for name in names)
    latencies = ["p50 ms", "p99 ms", "p99.9 ms"]
    parts = [
        "# Results",
        "What these figures mean and how they were taken: [docs/performance.md](../docs/performance.md). This file is written by the command "
        "below; every single figure is in [results.json](results.json).",
        f"    {result['command']}",
        f"Taken {result['taken_at']} at commit {result['commit']}: {len(result['rounds'])} rounds of {result['seconds']} s after "
        f"{result['warmup']} s of warm-up over {result['contacts']:,} contacts, each server alone in a fresh folder. A figure is the median of the rounds, with the least and the "
        "most in parentheses. The clients run on the same machine.",
        *caveats,
        table(["machine", ""], result["machine"] + list(result["versions"].items())).replace("---:", "---"),
        "## One durable award",
        table(["", "clients", "a second", *latencies],
              [row(NAMES[peer], result, peer, "award", result["clients"][peer]) for peer in peers]),
    ]
    compared = [("clientele", "ceiling"), ("postgres", "ceiling"), ("redis", "ceiling"), ("clientele", "postgres"), ("clientele", "redis")]
    rows = [[f"{NAMES[one]} to {NAMES[other]}", ratios(result, (one, "award"), (other, "award"))]
            for one, other in compared if has(one, other)]
    if rows:
        parts.append(table(["awards a second", "ratio"], rows))
    if has("clientele"):
        scenarios = [name for name in result["rounds"][0]["clientele"] if name != "award"]
        parts += ["## Clientele's scenarios",
                  "At 70% the loop is open: arrivals come at 70% of the rate that the same round reached, and latency counts from the moment "
                  "they were meant to be sent. Of batches the purchases count, and the latency is that of a thousand.",
                  table(["", "a second", *latencies, "to awards"],
                        [row(name, result, "clientele", name) + [ratios(result, ("clientele", name), ("clientele", "award"))]
                         for name in scenarios])]
    parts += ["## Trials",
              "Awards a second by number of clients, in short runs; the best number was taken.",
              table(["", "clients: a second"], [[NAMES[peer], ", ".join(f"{count}: {rate:,.0f}" for count, rate in tried.items())]
                                               for peer, tried in result["trials"].items()]).replace("---:", "---")]
    return "\n\n".join(parts) + "\n"


def main():
    options = arguments()
    try:
        result = measure(options)
    except servers.Failed as failed:
        sys.exit(f"bench-peers: {failed}")
    except KeyboardInterrupt:
        sys.exit("bench-peers: interrupted; nothing was written")
    text = write(result, machine.caveats(options.binary, result["load"]))
    pathlib.Path(options.results).write_text(text, encoding="utf-8")
    pathlib.Path(options.raw).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
