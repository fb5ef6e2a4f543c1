"""Measures what depends on how many contacts there are, and what must not: `make bench-scale`.

For each number of contacts, in a fresh data directory: how long making them takes, awards to contacts in memory, memory, the time from a
kill to readiness, and the first read of contacts that have left memory.
"""

import argparse
import json
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

import clients
import machine
import peers
import servers

# How many contacts are awarded: as many as the smallest directory has, so that they stay in memory in each.
RESIDENT = 1_000

# How many contacts are read for the first time in a second, at most: far below what a node reads, so that reads do not wait.
COLD_READS_A_SECOND = 500


def arguments():
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog='Pass them through make: make bench-scale ARGS="--contacts 1000 100000"')
    parser.add_argument("--contacts", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000],
                        help="the numbers of contacts, each at least 1,000 (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=10, help="seconds of each measurement (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=2, help="seconds before it, not counted (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="requests in flight (default: %(default)s)")
    parser.add_argument("--folder", default="/var/tmp", help="where the data directories are made; its disk is measured (default: %(default)s)")
    parser.add_argument("--binary", required=True, help="the release binary of clientele")
    parser.add_argument("--plot", required=True, help="the release binary of the example `plot`")
    parser.add_argument("--results", default=str(peers.ROOT / "benches/SCALE.md"), help="the table; the plot and all figures lie beside it (default: %(default)s)")
    options = parser.parse_args()
    if min(options.contacts) < RESIDENT:
        parser.error(f"--contacts: at least {RESIDENT}")
    return options


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def bench(options, seed_file, url, *more):
    command = [options.binary, "bench", "-o", "json", "--seed-file", seed_file, "--url", url, *more]
    return json.loads(clients.run([str(word) for word in command]))


def memory_mib(process, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise servers.Failed("the node has no memory: it has ended")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_ready(port):
    """Whether the operators' listener answers 200 to /readyz."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
            link.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            return link.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def measure(options, contacts, folder):
    found = {"contacts": contacts}
    data, seed_file = folder / "data", folder / "seed.json"
    listen = lambda admin: ["--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{admin}", "--data-dir", str(data)]
    say(f"{contacts:,} contacts: making them …")
    began = time.monotonic()
    command = [options.binary, "dev", *listen(0), "--seed-file", str(seed_file), "--contacts", str(contacts)]
    with servers.running(command, folder, "first") as (process, log):
        patiently(lambda: b"Stop it with Ctrl-C" in log.read_bytes(), process, log)
        found["made_seconds"] = time.monotonic() - began
        url = json.loads(seed_file.read_text())["base_url"]
        say(f"{contacts:,} contacts: made in {found['made_seconds']:.1f} s; awards …")
        load = ("--connections", options.connections, "--duration", options.seconds, "--warmup", options.warmup)
        award = bench(options, seed_file, url, "--scenario", "award", "--contacts", RESIDENT, *load)
        found["award"] = clients.figures(award["achieved_rate"], *(award["latency_us"][name] for name in ("p50", "p99", "p99_9")))
        found["memory_mib"], found["memory_peak_mib"] = memory_mib(process.pid), memory_mib(process.pid, "VmHWM")
        process.send_signal(signal.SIGKILL)
        process.wait()
    found["directory_mib"] = sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) / 2**20
    say(f"{contacts:,} contacts: {award['achieved_rate']:,.0f} awards/s, {found['memory_mib']:,.0f} MiB; killed; starting again …")
    # A port that is known beforehand: readiness is asked for from the first moment on.
    admin, began = free_port(), time.monotonic()
    # It makes sure of its demo contacts, which brings them in: one, and not the hundred that it has otherwise.
    with servers.running([options.binary, "dev", *listen(admin), "--contacts", "1"], folder, "second") as (process, log):
        patiently(lambda: is_ready(admin), process, log)
        found["ready_seconds"] = time.monotonic() - began
        patiently(lambda: b"Stop it with Ctrl-C" in log.read_bytes(), process, log)
        url = next(word for word in log.read_text().split() if word.startswith("http://")).split("/backoffice")[0]
        found["memory_started_mib"] = memory_mib(process.pid)
        # Each contact once, so that each read brings one in from its row.
        rate = min(COLD_READS_A_SECOND, contacts // options.seconds)
        cold = bench(options, seed_file, url, "--scenario", "read", "--rate", rate, "--connections", options.connections,
                     "--duration", options.seconds, "--warmup", 0)
        found["cold"] = clients.figures(cold["achieved_rate"], *(cold["latency_us"][name] for name in ("p50", "p99", "p99_9")))
    say(f"{contacts:,} contacts: ready in {found['ready_seconds']:.2f} s; first reads p50 {found['cold']['p50_us'] / 1e3:.2f} ms, "
        f"p99 {found['cold']['p99_us'] / 1e3:.2f} ms")
    return found


def patiently(is_there, process, log):
    """As `wait_for`, for what may take many minutes: as long as the node runs, it gets on."""
    while not is_there():
        if process.poll() is not None:
            raise servers.Failed(f"the node ended:\n{servers.tail(log)}")
        time.sleep(0.01)


def plot(options, name, title, label, figures, lines):
    """Draws one value or several over the number of contacts, beside the table."""
    axis = {"label": "contacts", "scale": "log", "figures": "count"}
    chart = {"title": title, "x": axis, "y": {"label": label, "scale": "log", "figures": figures},
             "lines": [{"name": line, "points": points} for line, points in lines]}
    drawn = subprocess.run([options.plot], input=json.dumps(chart), capture_output=True, text=True, check=True).stdout
    path = pathlib.Path(options.results).with_name(name)
    path.write_text(drawn, encoding="utf-8")
    return f"![{title}]({path.name})"


def write(options, result):
    found = result["sizes"]
    rows = [[f"{at['contacts']:,}", f"{at['made_seconds']:.1f} s", f"{at['award']['rate']:,.0f}",
             *(f"{at['award'][name] / 1e3:.2f}" for name in ("p50_us", "p99_us")), f"{at['memory_mib']:,.0f}", f"{at['memory_started_mib']:,.0f}",
             f"{at['directory_mib']:,.0f}", f"{at['ready_seconds']:.2f} s", *(f"{at['cold'][name] / 1e3:.2f}" for name in ("p50_us", "p99_us"))]
            for at in found]
    over = lambda *path: [[at["contacts"], at[path[0]][path[1]]] for at in found]
    return "\n\n".join([
        "# Over the number of contacts",
        "What these figures mean and how they were taken: [docs/performance.md](../docs/performance.md). This file is written by the command "
        "below; every single figure is in [scale.json](scale.json).",
        f"    {result['command']}",
        f"Taken {result['taken_at']} at commit {result['commit']}, {options.connections} connections, {options.seconds} s each.",
        *machine.caveats(options.binary, result["load"]),
        peers.table(["machine", ""], result["machine"]).replace("---:", "---"),
        peers.table(["contacts", "made in", "awards/s", "p50 ms", "p99 ms", "MiB under load", "MiB after the start", "MiB on disk",
                     "ready after a kill", "first read p50 ms", "p99 ms"], rows),
        plot(options, "scale-award.svg", "An award to a contact in memory, over all contacts", "latency", "microseconds",
             [("p50", over("award", "p50_us")), ("p99", over("award", "p99_us"))]),
        plot(options, "scale-cold.svg", "The first read of a contact that left memory, over all contacts", "latency", "microseconds",
             [("p50", over("cold", "p50_us")), ("p99", over("cold", "p99_us"))]),
    ]) + "\n"


def main():
    options = arguments()
    result = {
        "taken_at": peers.now(), "commit": peers.commit(), "machine": machine.describe(options.folder), "load": machine.load(),
        "command": "make bench-scale ARGS=" + shlex.quote(shlex.join(peers.passed_on())), "sizes": [],
    }
    try:
        for contacts in options.contacts:
            with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
                result["sizes"].append(measure(options, contacts, pathlib.Path(folder)))
    except servers.Failed as failed:
        sys.exit(f"bench-scale: {failed}")
    except KeyboardInterrupt:
        sys.exit("bench-scale: interrupted; nothing was written")
    text = write(options, result)
    pathlib.Path(options.results).write_text(text, encoding="utf-8")
    pathlib.Path(options.results).with_name("scale.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
