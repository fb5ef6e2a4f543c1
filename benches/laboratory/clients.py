"""The load on each server, by the client that suits it best, and what it measured: a rate, and latencies in microseconds.

All are closed loops: each of so many clients sends its next request when it has the answer to the last. The one exception names a
rate, and is an open loop.
"""

import json
import math
import pathlib
import re
import secrets
import subprocess

from servers import Failed


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}\nfailed:\n{done.stderr}")
    return done.stdout


def http(binary, seed_file, scenario, connections, seconds, warmup, rate=None):
    """`clientele bench`, against Clientele itself or the ceiling. A batch counts as its purchases."""
    command = [binary, "bench", "-o", "json", "--seed-file", seed_file, "--scenario", scenario,
               "--connections", connections, "--duration", seconds, "--warmup", warmup]
    if rate is not None:
        command += ["--rate", rate]
    found = json.loads(run([str(word) for word in command]))
    latency, purchases = found["latency_us"], found["batched_purchases"]
    rate = purchases["rate"] if purchases else found["achieved_rate"]
    return figures(rate, latency["p50"], latency["p99"], latency["p99_9"])


def postgres(server, bin_folder, clients, seconds, warmup):
    """pgbench with one statement in its extended protocol, prepared once."""
    user = ["-U", server.user] if server.user else []
    command = [str(pathlib.Path(bin_folder) / "pgbench"), "-h", str(server.folder), *user, "-d", "postgres", "-n", "-M", "prepared",
               "-f", str(server.folder / "award.sql"), "-c", str(clients), "-j", "2"]
    if warmup:
        run([*command, "-T", str(warmup)])
    before = server.check()
    prefix = server.folder / "latencies"
    printed = run([*command, "-T", str(seconds), "-l", f"--log-prefix={prefix}"])
    done = int(re.search(r"transactions actually processed: (\d+)", printed)[1])
    added = server.check() - before
    if added != done:
        raise Failed(f"pgbench counts {done} transactions, the ledger grew by {added} lines")
    took = []
    for log in server.folder.glob("latencies.*"):
        with open(log, encoding="ascii") as lines:
            # client, transaction, microseconds, …
            took.extend(int(line.split(" ", 3)[2]) for line in lines)
        log.unlink()
    took.sort()
    rate = float(re.search(r"tps = ([\d.]+)", printed)[1])
    return figures(rate, *(took[min(len(took) - 1, math.ceil(share * len(took)) - 1)] for share in (0.5, 0.99, 0.999)))


def redis(server, clients, seconds, warmup):
    """redis-benchmark without pipelining. It counts requests, not time: a short run first says how many fill the time."""
    rate = benchmark(server, clients, 2_000)["rate"]
    if warmup:
        rate = benchmark(server, clients, max(clients, int(rate * warmup)))["rate"]
    before, requests = server.check(), max(clients, int(rate * seconds))
    found = benchmark(server, clients, requests)
    added = server.check() - before
    if added != requests:
        raise Failed(f"redis-benchmark counts {requests} requests, the ledger grew by {added} lines")
    return found


def benchmark(server, clients, requests):
    printed = run(["redis-benchmark", "-s", server.path, "-c", str(clients), "-n", str(requests), "-r", "2000000000", "-P", "1",
                   "--precision", "3", "EVALSHA", server.script, "0", "__rand_int__", "__rand_int__", "__rand_int__", secrets.token_hex(4)])
    rate = float(re.findall(r"throughput summary: ([\d.]+) requests per second", printed)[-1])
    # avg, min, p50, p95, p99, max in milliseconds, below their names.
    summary = re.search(r"avg\s+min\s+p50\s+p95\s+p99\s+max\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", printed)
    shares = re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", printed)
    p99_9 = next(float(ms) for share, ms in shares if float(share) >= 99.9)
    return figures(rate, float(summary[3]) * 1e3, float(summary[5]) * 1e3, p99_9 * 1e3)


def figures(rate, p50, p99, p99_9):
    return {"rate": rate, "p50_us": p50, "p99_us": p99, "p99_9_us": p99_9}
