"""The servers under load: each is started in a folder of its own on a free port or a socket, and only what was started is ended."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

# How long a server may take to start or to stop.
PATIENCE_S = 60

# How many wallets PostgreSQL and Redis spread their awards over. Fewer would make PostgreSQL's transactions wait for each other.
PEER_CONTACTS = 10_000


class Failed(Exception):
    """Something did not start or did not do its work; the message says what, and what to do."""


def wait_for(what, is_there, process=None, log=None):
    """Waits until `is_there()` returns something true, and returns it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = is_there()
        if found:
            return found
        if process is not None and process.poll() is not None:
            raise Failed(f"{what} ended at once:\n{tail(log)}")
        time.sleep(0.02)
    raise Failed(f"{what} was not ready within {PATIENCE_S} s:\n{tail(log)}")


def tail(log):
    return "" if log is None else pathlib.Path(log).read_text(errors="replace")[-2_000:]


@contextlib.contextmanager
def running(command, folder, what, stop=signal.SIGTERM, **options):
    """A child process whose output goes to a file; ended at the end."""
    log = pathlib.Path(folder) / f"{what}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.send_signal(stop)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def clientele(binary, folder, arguments=()):
    """Clientele as `clientele dev` starts it, in a fresh directory; yields its seed and the place of the seed file."""
    seed_file = pathlib.Path(folder) / "seed.json"
    command = [binary, "dev", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
               "--data-dir", str(pathlib.Path(folder) / "data"), "--seed-file", str(seed_file), *arguments]
    with running(command, folder, "clientele") as (process, log):
        # Its last words before it waits: everything is ready, and the seed file is written.
        wait_for("clientele dev", lambda: b"Stop it with Ctrl-C" in log.read_bytes(), process, log)
        yield json.loads(seed_file.read_text()), seed_file, process.pid


def award_bytes(seed):
    """How many bytes Clientele answers to one award."""
    contact = next(contact for contact in seed["contacts"] if contact["mode"] == "live")
    body = {
        "contact": {"id": contact["id"]},
        "organisation": {"id": seed["organisations"]["merchants"][0]["venues"][0]["id"]},
        "transaction_amounts": {"total": 10.0, "net": 8.4, "tax": 1.6, "discount": 0},
        "classification": {"name": "PURCHASE"}, "currency_code": "EUR", "reference_number": "size",
    }
    request = urllib.request.Request(
        seed["base_url"] + "/backoffice/v2/purchases", json.dumps(body).encode(),
        {"content-type": "application/json", "api_key": seed["keys"]["live"]["secret"]},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return len(answer.read())


@contextlib.contextmanager
def ceiling(binary, folder, answer_bytes, seed):
    """The bare route; yields a seed file that leads to it."""
    with running([binary, "127.0.0.1:0", str(answer_bytes)], folder, "ceiling") as (process, log):
        said = wait_for("the ceiling", lambda: "listening on" in log.read_text() and log.read_text(), process, log)
        seed_file = pathlib.Path(folder) / "seed.json"
        seed_file.write_text(json.dumps({**seed, "base_url": said.split()[-1]}))
        yield seed_file


POSTGRES_SCHEMA = f"""
CREATE TABLE wallets (contact bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE keys (key bigint PRIMARY KEY);
CREATE TABLE ledger (line bigserial PRIMARY KEY, contact bigint NOT NULL, key bigint NOT NULL, amount bigint NOT NULL, balance bigint NOT NULL);
INSERT INTO wallets SELECT contact, 0 FROM generate_series(1, {PEER_CONTACTS}) contact;
VACUUM ANALYZE;
"""

# One statement, so one round trip and one transaction. What is in `keys` already changes nothing.
POSTGRES_AWARD = f"""\\set contact random(1, {PEER_CONTACTS})
\\set key random(1, 9000000000000000000)
WITH once AS (INSERT INTO keys VALUES (:key) ON CONFLICT DO NOTHING RETURNING key),
wallet AS (UPDATE wallets SET balance = balance + 10 WHERE contact = :contact AND EXISTS (SELECT FROM once) RETURNING balance)
INSERT INTO ledger (contact, key, amount, balance) SELECT :contact, once.key, 10, wallet.balance FROM once, wallet RETURNING balance;
"""


class Postgres:
    """A cluster of its own."""

    def __init__(self, bin_folder, folder, user):
        self.bin, self.folder, self.user = pathlib.Path(bin_folder), pathlib.Path(folder), user

    def command(self, name, *arguments):
        """How a program of PostgreSQL is called, as the user that owns the cluster."""
        words = [str(self.bin / name), *arguments]
        return words if self.user is None else ["runuser", "-u", self.user, "--", *words]

    def sql(self, text):
        call = self.command("psql", "-h", str(self.folder), "-d", "postgres", "-qtA", "-v", "ON_ERROR_STOP=1", "-f", "-")
        done = subprocess.run(call, input=text, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode != 0:
            raise Failed(f"PostgreSQL refused:\n{done.stderr}")
        return done.stdout.strip()

    def check(self):
        """How many awards it holds; they and the balances agree."""
        lines, balances, keys = self.sql(
            "SELECT (SELECT count(*) FROM ledger), (SELECT sum(balance) FROM wallets), (SELECT count(*) FROM keys)").split("|")
        if int(lines) * 10 != int(balances) or lines != keys:
            raise Failed(f"PostgreSQL holds {lines} lines of 10, but balances of {balances} and {keys} keys")
        return int(lines)


@contextlib.contextmanager
def postgres(bin_folder, folder):
    """PostgreSQL with fsync and synchronous commits on, on a unix socket, as an unprivileged user."""
    user = None
    if os.geteuid() == 0:
        # It refuses to run as root; Debian's package makes this user.
        user = "postgres"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Postgres(bin_folder, folder, user)
    data = str(pathlib.Path(folder) / "data")
    made = subprocess.run(server.command("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale", "C"),
                          capture_output=True, text=True, check=False, cwd=folder)
    if made.returncode != 0:
        raise Failed(f"initdb failed:\n{made.stderr}")
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "on", "synchronous_commit": "on",
        "max_connections": "300", "shared_buffers": "512MB", "max_wal_size": "4GB",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGINT is its fast shutdown.
    with running(server.command("postgres", "-D", data, *options), folder, "postgres", stop=signal.SIGINT, cwd=folder) as (process, log):
        ready = server.command("pg_isready", "-q", "-h", str(folder))
        wait_for("PostgreSQL", lambda: subprocess.run(ready, check=False, cwd=folder).returncode == 0, process, log)
        server.sql(POSTGRES_SCHEMA)
        script = pathlib.Path(folder) / "award.sql"
        script.write_text(POSTGRES_AWARD)
        script.chmod(0o644)
        yield server


# The key, the balance and the line in one step that nothing comes between; false when the key is there already.
REDIS_AWARD = f"""
local key = 'key:' .. ARGV[1] .. ARGV[2]
if not redis.call('SET', key, '1', 'NX') then return false end
local contact = tonumber(ARGV[3]) % {PEER_CONTACTS}
local balance = redis.call('INCRBY', 'balance:' .. contact, 10)
redis.call('RPUSH', 'ledger:' .. contact, key .. ':10:' .. balance)
return balance
"""


class Redis:
    """A server on a unix socket, spoken to in its own protocol."""

    def __init__(self, path):
        self.path = str(path)
        self.script = None

    def call(self, *words):
        """One command and its answer, as a string or a number."""
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            raw = str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PATIENCE_S)
            link.connect(self.path)
            link.sendall(b"".join(parts))
            with link.makefile("rb") as answer:
                head = answer.readline().decode().strip()
                if head.startswith("$") and head != "$-1":
                    return answer.read(int(head[1:])).decode()
                if head.startswith("-"):
                    raise Failed(f"Redis refused {words[0]}: {head}")
                return head[1:]

    def answers(self):
        try:
            return self.call("PING") == "PONG"
        except OSError:
            return False

    def check(self):
        """How many awards it holds; they, the balances and the keys agree."""
        count = """
            local lines, balances, keys = 0, 0, redis.call('DBSIZE')
            for contact = 0, tonumber(ARGV[1]) - 1 do
                local here = redis.call('LLEN', 'ledger:' .. contact)
                lines = lines + here
                balances = balances + (redis.call('GET', 'balance:' .. contact) or 0)
                if here > 0 then keys = keys - 2 end
            end
            return lines .. ' ' .. balances .. ' ' .. keys"""
        lines, balances, keys = self.call("EVAL", count, 0, PEER_CONTACTS).split()
        if int(lines) * 10 != int(balances) or lines != keys:
            raise Failed(f"Redis holds {lines} lines of 10, but balances of {balances} and {keys} keys")
        return int(lines)


@contextlib.contextmanager
def redis(folder):
    """Redis that syncs its append-only file before it answers."""
    path = pathlib.Path(folder) / "redis.sock"
    command = [shutil.which("redis-server"), "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", "",
               "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"]
    server = Redis(path)
    with running(command, folder, "redis") as (process, log):
        wait_for("Redis", server.answers, process, log)
        server.script = server.call("SCRIPT", "LOAD", REDIS_AWARD)
        yield server
