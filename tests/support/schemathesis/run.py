"""Holds a running node to its own OpenAPI documents: schemathesis makes up requests, and every answer must be what the document says.

usage: run.py API SEED_FILE DIRECTORY. Prints a line a run on stderr, and what all came to, as JSON, on stdout.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import requests

HERE = pathlib.Path(__file__).parent
CHECKS = "answers,status_code_conformance,content_type_conformance,response_schema_conformance"
MANY = {"requests": 10_000_000, "seconds": 1}
RATE_LIMITS = {name: MANY for name in ("secret_key", "public_key", "address", "account", "address_codes", "public_codes", "secret_codes")}
PASSWORD = "vivid turtle 9"


class Node:
    """The node, to a caller."""

    def __init__(self, api, header, value):
        self.api, self.header, self.value = api, header, value

    def ask(self, method, path, body=None):
        answer = requests.request(method, self.api + path, json=body, headers={self.header: self.value}, timeout=30)
        if not answer.ok:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def post(self, path, body):
        return self.ask("POST", path, body)

    def caller(self, **more):
        return {"header": self.header, "value": self.value, **more}


def contact(app, till, phone):
    """Somebody who has registered by phone: the answer that signed them in."""
    identification = {"provider": "PHONE", "phone": {"number": phone, "country_code": "GBR"}}
    asked = app.post("/contacts/register", {"first_name": "Ada", "last_name": "Byron", "identification": identification})
    inbox = till.ask("GET", "/test_inbox?size=100")["content"]
    code = next(message["code"] for message in inbox if message["recipient"] == phone)
    return app.post("/contacts/validate_otp", {"auth_otp": asked["auth_otp"], "code": code})


def things(till, contacts, venue):
    """What the Back Office knows in one mode, a few of each."""
    ids = {"contact": [one["id"] for one in contacts], "code": [one["code"] for one in contacts]}
    ids["wallet"] = [one["wallet_id"] for one in contacts]

    def made(path, *bodies):
        return [till.post(path, body)["id"] for body in bodies]

    def bought(path, who):
        body = {"contact": {"id": who}, "organisation": {"id": venue}, "transaction_amounts": {"total": 5}}
        return till.post(path, body)["id"]

    for wallet in ids["wallet"]:
        till.post("/topups", {"wallet_id": wallet, "amount": 500})
    ids["purchase"] = [bought("/purchases", one) for one in ids["contact"] for _ in range(2)]
    ids["estimate"] = [bought("/purchases/estimates", one) for one in ids["contact"]]
    ids["card"] = [f"card{number}" for number in range(len(contacts))]
    for one, cim in zip(ids["contact"], ids["card"]):
        till.post(f"/contacts/{one}/cards", {"cim": cim})
    ids["tag"] = ["friends"]
    till.post("/tags", {"name": "friends"})
    ids["api_key"] = made("/api_keys", *[{"name": f"k{n}", "scopes": ["contacts.read"]} for n in range(4)])
    ids["segment"] = made("/segments", *[{"name": f"s{n}", "tags": ["friends"]} for n in range(2)])
    ids["tier"] = made("/reward_tiers", *[{"name": f"t{n}", "value_units": 10 * n + 10} for n in range(2)])
    schemes = [{"name": f"c{n}", "sign_up_option": "SELF_SIGN_UP"} for n in range(3)]
    closed = {"name": "c9", "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "CODE", "sign_up_code": "HARBOUR-STAFF-26"}
    ids["sign_up_code"] = [closed["sign_up_code"]]
    ids["scheme"] = made("/reward_schemes", *schemes, closed)
    award = {"amount": 1, "amount_type": "FIXED"}
    offers = [{"name": f"o{n}", "awards": [award], "conditions": {"organisations": [venue]}} for n in range(3)]
    ids["offer"] = made("/reward_offers", *offers)
    return ids


def main():
    base, seed_file, directory = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    seed = json.loads(pathlib.Path(seed_file).read_text(encoding="utf-8"))
    office, service = f"{base}/backoffice/v2", f"{base}/self-service/v2"
    keys, organisations, owner = seed["keys"], seed["organisations"], seed["users"][0]
    merchant = organisations["merchants"][0]
    venue = merchant["venues"][0]["id"]
    tills = {mode: Node(office, "api_key", keys[mode]["secret"]) for mode in keys}
    for till in tills.values():
        till.ask("PUT", "/settings", {"uncovered_offline_spend": "REJECT", "rate_limits": RATE_LIMITS})

    protected = [key["id"] for till in tills.values() for key in till.ask("GET", "/api_keys?size=100")["content"]]
    # Roles belong to both modes.
    role = {"permissions": ["contacts.read"]}
    roles = [tills["live"].post("/roles", role | {"name": f"r{number}"})["id"] for number in range(3)]
    known = {}
    for mode, till in tills.items():
        contacts = [one for one in seed["contacts"] if one["mode"] == mode][:8]
        known[mode] = things(till, contacts, venue)
        known[mode] |= {
            "role": roles,
            "venue": [venue, merchant["id"]],
            "organisation": [venue, merchant["id"], organisations["business"]],
            "business": [organisations["business"]],
        }
    sink = {"name": "Sink", "connector": "FILE", "file": {"file_name": "sink.jsonl", "channels": ["SMS", "EMAIL"]}}
    known["live"]["integration"] = [tills["live"].post("/integrations", sink)["id"]]

    app = Node(service, "api_key", keys["test"]["self_service"])
    ada = contact(app, tills["test"], "+447566224395")
    # Who refreshes is somebody else: a token that comes back twice ends its session.
    refreshing = contact(app, tills["test"], "+447566224396")
    own = Node(service, "Authorization", f"Bearer {ada['access_token']}")
    her = ada["contact"]["id"]
    bought = {"contact": {"id": her}, "organisation": {"id": venue}, "transaction_amounts": {"total": 5}}
    home = {"type": "HOME", "address_line_1": "1 High Street", "country_code": "GBR"}
    phone = {"registration_token": "a-token-of-a-phone", "platform": "MOBILE"}
    wallet = own.ask("GET", f"/contacts/{her}")["wallet"]["id"]
    tills["test"].post("/topups", {"wallet_id": wallet, "amount": 500})
    hers = known["test"] | {
        "contact": [her],
        "wallet": [wallet],
        "purchase": [tills["test"].post("/purchases", bought)["id"] for _ in range(3)],
        "address": [own.post(f"/contacts/{her}/addresses", home)["id"] for _ in range(3)],
        "device": [own.post(f"/contacts/{her}/devices", phone)["id"]],
    }

    def sign_in():
        return Node(office, "Authorization", "").post("/users/authenticate", {"username": owner["username"], "password": owner["password"]})

    def user(session):
        return Node(office, "Authorization", f"Bearer {session['access_token']}")

    session = sign_in()
    trials = user(user(session).post("/users/mode", {"mode": "TEST"}))
    person = {"roles": roles[:1], "organisation_id": merchant["id"], "first_name": "Grace"}
    users = [trials.post("/users", person | {"email_address": f"u{number}@example.com"})["id"] for number in range(3)]
    # Who signs in again and again is not who acts: a user has so many sessions, and the oldest end.
    trials.post("/users", person | {"email_address": "often@example.com"})
    letter = next(message for message in tills["test"].ask("GET", "/test_inbox?size=100")["content"] if message["recipient"] == "often@example.com")
    Node(office, "Authorization", "").post("/users/accept", {"token": letter["code"], "password": PASSWORD})
    for ids in known.values():
        ids |= {"user": users, "username": "often@example.com", "password": PASSWORD}
    # Where a masquerade would return to is protected too.
    protected += [one["id"] for one in session["organisations"]]
    protected += [her, refreshing["contact"]["id"], session["user"]["id"]]
    masked = user(sign_in()).post(f"/organisations/{merchant['id']}/masquerade", None)

    # The masquerade before its user, who makes sessions until the oldest end.
    runs = [
        ("backoffice", "a token of a masquerade", 6, user(masked).caller(), known["live"], "/backoffice/v2/contacts"),
        ("backoffice", "a user's token", 16, user(session).caller(refresh_token=sign_in()["refresh_token"]), known["live"], "/backoffice/v2/settings"),
        ("backoffice", "a secret key of test mode", 16, tills["test"].caller(), known["test"], "/backoffice/v2/settings"),
        ("backoffice", "a public key", 3, Node(office, "api_key", keys["live"]["public"]).caller(), known["live"], None),
        ("self-service", "a contact's token", 20, own.caller(refresh_token=refreshing["refresh_token"]), hers, f"/self-service/v2/contacts/{her}"),
        ("self-service", "a public key", 8, app.caller(), hers, None),
    ]
    totals = {"cases": 0, "succeeded": 0, "statuses": {}, "reached": {}, "failed": []}
    for number, (gateway, name, examples, caller, ids, still_open) in enumerate(runs):
        began = time.monotonic()
        place = directory / f"run{number}"
        place.mkdir()
        context = place / "context.json"
        context.write_text(json.dumps({"caller": caller, "known": ids, "protected": protected, "rate_limits": RATE_LIMITS}), encoding="utf-8")
        command = [
            *(pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "--no-color", "run"),
            *(f"{base}/{gateway}/openapi.json", "--phases", "fuzzing", "-n", str(examples), "--checks", CHECKS),
            *("--seed", "1", "--generation-database", "none", "--generation-with-security-parameters", "false"),
            *("--suppress-health-check", "all", "--request-timeout", "30"),
        ]
        counts = place / "counts.json"
        variables = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        variables |= {"FUZZ_CONTEXT": str(context), "FUZZ_COUNTS": str(counts)}
        with open(place / "output.txt", "w", encoding="utf-8") as output:
            ran = subprocess.run(command, cwd=place, env=os.environ | variables, stdout=output, stderr=subprocess.STDOUT, check=False)
        if not counts.exists():
            raise SystemExit((place / "output.txt").read_text(encoding="utf-8"))
        counted = json.loads(counts.read_text(encoding="utf-8"))
        cases, succeeded = sum(counted["statuses"].values()), sum(counted["succeeded"].values())
        totals["cases"] += cases
        totals["succeeded"] += succeeded
        for status, count in counted["statuses"].items():
            totals["statuses"][status] = totals["statuses"].get(status, 0) + count
        totals["reached"].setdefault(gateway, set()).update(counted["succeeded"])
        if ran.returncode != 0:
            totals["failed"].append(f"{gateway} with {name}:\n{(place / 'output.txt').read_text(encoding='utf-8')}")
        # Whoever lost its credential on the way was refused all that came after.
        if still_open:
            Node(base, caller["header"], caller["value"]).ask("GET", still_open)
        seconds = time.monotonic() - began
        print(f"{gateway} with {name}: {cases} cases, {succeeded} of them 2xx, in {seconds:.0f} s", file=sys.stderr, flush=True)
    totals["reached"] = {gateway: sorted(names) for gateway, names in totals["reached"].items()}
    json.dump(totals, sys.stdout)


main()
