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
def clientele(binary, folder, contacts):
    """Clientele as `clientele dev` starts it, in a fresh directory; yields its seed and the place of the seed file."""
    seed_file = pathlib.Path(folder) / "seed.json"
    command = [binary, "dev", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
               "--data-dir", str(pathlib.Path(folder) / "data"), "--seed-file", str(seed_file), "--contacts", str(contacts)]
    with running(command, folder, "clientele") as (process, log):
        # Its last words before it waits: everything is ready, and the seed file is written.
        wait_for("clientele dev", lambda: b"Stop it with Ctrl-C" in log.read_bytes(), process, log)
        yield json.loads(seed_file.read_text()), seed_file


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


POSTGRES_SCHEMA = """
CREATE TABLE wallets (contact bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE keys (key bigint PRIMARY KEY);
CREATE TABLE ledger (line bigserial PRIMARY KEY, contact bigint NOT NULL, key bigint NOT NULL, amount bigint NOT NULL, balance bigint NOT NULL);
INSERT INTO wallets SELECT contact, 0 FROM generate_series(1, CONTACTS) contact;
VACUUM ANALYZE;
"""

# One statement, so one round trip and one transaction. What is in `keys` already changes nothing.
POSTGRES_AWARD = """\\set contact random(1, CONTACTS)
\\set key random(1, 9000000000000000000)
WITH once AS (INSERT INTO keys VALUES (:key) ON CONFLICT DO NOTHING RETURNING key),
wallet AS (UPDATE wallets SET balance = balance + 10 WHERE contact = :contact AND EXISTS (SELECT FROM once) RETURNING balance)
INSERT INTO ledger (contact, key, amount, balance) SELECT :contact, once.key, 10, wallet.balance FROM once, wallet RETURNING balance;
"""


class Postgres:
    """A cluster of its own."""

    def __init__(self, bin_folder, folder, user):
        self.bin, self.folder, self.user = pathlib.Path(bin_folder), pathlib.Path(folder), user
        # As the user that owns the cluster: not through a shell or runuser, which would not pass signals on.
        self.as_owner = {"cwd": folder}
        if user is not None:
            owner = pwd.getpwnam(user)
            self.as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def run(self, name, *arguments, **options):
        """Runs a program of PostgreSQL to its end."""
        done = subprocess.run([str(self.bin / name), *arguments], capture_output=True, text=True, check=False, **self.as_owner, **options)
        if done.returncode != 0:
            raise Failed(f"{name} failed:\n{done.stderr}")
        return done.stdout.strip()

    def sql(self, text):
        return self.run("psql", "-h", str(self.folder), "-d", "postgres", "-qtA", "-v", "ON_ERROR_STOP=1", "-f", "-", input=text)

    def is_ready(self):
        try:
            self.run("pg_isready", "-q", "-h", str(self.folder))
            return True
        except Failed:
            return False

    def check(self):
        """How many awards it holds; they and the balances agree."""
        lines, balances, keys = self.sql(
            "SELECT (SELECT count(*) FROM ledger), (SELECT sum(balance) FROM wallets), (SELECT count(*) FROM keys)").split("|")
        if int(lines) * 10 != int(balances) or lines != keys:
            raise Failed(f"PostgreSQL holds {lines} lines of 10, but balances of {balances} and {keys} keys")
        return int(lines)


@contextlib.contextmanager
def postgres(bin_folder, folder, contacts):
    """PostgreSQL with fsync and synchronous commits on, on a unix socket, as an unprivileged user."""
    user = None
    if os.geteuid() == 0:
        # It refuses to run as root; Debian's package makes this user.
        user = "postgres"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Postgres(bin_folder, folder, user)
    data = str(pathlib.Path(folder) / "data")
    server.run("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale", "C")
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "on", "synchronous_commit": "on",
        "max_connections": "300", "shared_buffers": "512MB", "max_wal_size": "4GB",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGINT is its fast shutdown.
    command = [str(server.bin / "postgres"), "-D", data, *options]
    with running(command, folder, "postgres", stop=signal.SIGINT, **server.as_owner) as (process, log):
        wait_for("PostgreSQL", server.is_ready, process, log)
        server.sql(POSTGRES_SCHEMA.replace("CONTACTS", str(contacts)))
        script = pathlib.Path(folder) / "award.sql"
        script.write_text(POSTGRES_AWARD.replace("CONTACTS", str(contacts)))
        script.chmod(0o644)
        yield server


# The key, the balance and the line in one step that nothing comes between; false when the key is there already. The key begins with
# a name of the run: two runs of redis-benchmark can draw the same random numbers.
REDIS_AWARD = """
local key = 'key:' .. ARGV[4] .. ARGV[1] .. ARGV[2]
if not redis.call('SET', key, '1', 'NX') then return false end
local contact = tonumber(ARGV[3]) % CONTACTS
local balance = redis.call('INCRBY', 'balance:' .. contact, 10)
redis.call('RPUSH', 'ledger:' .. contact, key .. ':10:' .. balance)
return balance
"""


class Redis:
    """A server on a unix socket, spoken to in its own protocol."""

    def __init__(self, path, contacts):
        self.path, self.contacts = str(path), contacts
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
        lines, balances, keys = self.call("EVAL", count, 0, self.contacts).split()
        if int(lines) * 10 != int(balances) or lines != keys:
            raise Failed(f"Redis holds {lines} lines of 10, but balances of {balances} and {keys} keys")
        return int(lines)


@contextlib.contextmanager
def redis(folder, contacts):
    """Redis that syncs its append-only file before it answers."""
    path = pathlib.Path(folder) / "redis.sock"
    command = [shutil.which("redis-server"), "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", "",
               "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"]
    server = Redis(path, contacts)
    with running(command, folder, "redis") as (process, log):
        wait_for("Redis", server.answers, process, log)
        server.script = server.call("SCRIPT", "LOAD", REDIS_AWARD.replace("CONTACTS", str(contacts)))
        yield server
