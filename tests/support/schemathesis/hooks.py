"""What schemathesis makes up is sent as one kind of caller, and much of it about what exists, so that it gets further than a 404."""

import atexit
import collections
import json
import os
import random
import zlib

import schemathesis

with open(os.environ["FUZZ_CONTEXT"], encoding="utf-8") as file:
    CONTEXT = json.load(file)
KNOWN = CONTEXT["known"]
CALLER = CONTEXT["caller"]

# What of three requests, by their content, is about things that exist.
AS_GENERATED, FILLED_IN, PLAIN = "as generated", "filled in", "plain"

# What could end a credential that the runs go on with: never about an id in `protected`, which schemathesis finds in lists by itself.
ENDS_CREDENTIALS = {
    "/contacts/{id}/sign_out", "/users/{id}/sign_out", "/users/{id}/deactivate", "/users/{id}/reset_totp", "/organisations/{id}/switch", "/organisations/switch/{id}",
    "/api_keys/{id}", "/api_keys/{id}/revoke", "/api_keys/{id}/roll", "/users/{id}", "/contacts/{id}/change_password", "/users/{id}/change_password",
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"

statuses = collections.Counter()
succeeded = collections.Counter()
refresh_token = CALLER.get("refresh_token")


def write_down():
    # Schemathesis asks its own process for more than requests; what was never called counts nothing.
    with open(os.environ["FUZZ_COUNTS"], "w", encoding="utf-8") as file:
        json.dump({"statuses": statuses, "succeeded": succeeded}, file)


atexit.register(write_down)


def short(path):
    """The path below the gateway and its version."""
    return "/" + path.split("/", 3)[3]


class Pick:
    """Chooses by the content of a case, so that the same case is always sent in the same way."""

    def __init__(self, case):
        content = [case.method, case.path, case.path_parameters, case.query, case.body]
        seed = zlib.crc32(json.dumps(content, default=str, sort_keys=True).encode())
        self.random = random.Random(seed)

    def of(self, values):
        return self.random.choice(values)

    def known(self, name):
        return self.of(KNOWN[name])

    def word(self, stem):
        return f"{stem} {self.random.getrandbits(40)}"

    def slug(self):
        return f"x{self.random.getrandbits(40)}"

    def phone(self):
        return {"number": f"+4479{self.random.randrange(10**8):08}", "country_code": "GBR"}

    def email(self):
        return f"{self.slug()}@example.test"

    def amount(self):
        return self.of([0.01, 1, 2.5, 10])


def purchase(pick):
    body = {
        "contact": pick.of([{"id": pick.known("contact")}, {"code": pick.known("code")}]),
        "organisation": {"id": pick.known("venue")},
        "transaction_amounts": {"total": pick.amount()},
        "currency_code": pick.of(["EUR", None]),
        "products": pick.of([[], [{"id": "BREAD", "quantity": 1, "amount": 1}]]),
    }
    absent = ["id", "classification", "estimate_id", "performed_on", "spend_request", "payment_medium_identifier"]
    return {**body, **dict.fromkeys(absent)}


def offer(pick):
    return {
        "name": pick.word("Offer"),
        "awards": [{"amount": 1, "amount_type": pick.of(["FIXED", "PERCENTAGE"])}],
        "conditions": {"organisations": [pick.known("venue")]},
        "spend_conditions": None,
        "best_of": None,
        "budget": None,
        "caps": {},
        "goal": pick.of([None, {"type": "VISITS", "visits": 3}, {"type": "ACHIEVEMENT", "amount": 50}]),
        "expires_after_s": None,
        "unlocks_after_s": None,
        "currency": None,
    }


def profile(pick):
    return {
        "first_name": pick.of(["Ada", "Zoë", "陳"]),
        "last_name": "Byron",
        "email_address": pick.of([None, pick.email()]),
        "phones": pick.of([[], [pick.phone()]]),
        "addresses": pick.of([[], [{"address_line_1": "1 High Street", "town_city": "York", "country_code": "GBR"}]]),
        "custom_fields": [{"key": "shoe", "value": "39"}],
        "contact_type": "PERSON",
        "company_name": None,
        "code": None,
        "id": None,
    }


def own_profile(pick):
    return {
        "id": None,
        "first_name": "Ada",
        "last_name": pick.of(["Byron", "Lovelace"]),
        "email": pick.of([None, pick.email()]),
        "phone": None,
        "language_code": "EN",
        "custom_fields": [],
        "demographics": pick.of([None, {"gender": "FEMALE", "date_of_birth": {"day": 10, "month": 12, "year": 1990}}]),
        "company_profile": None,
        "company_name": None,
    }


def address(pick):
    return {
        "type": pick.of(["HOME", "BUSINESS", "ALTERNATIVE"]),
        "name": pick.word("Home"),
        "address_line_1": "1 High Street",
        "country_code": "GBR",
        "google_place_id": None,
        "lat": None,
        "lon": None,
    }


def identification(pick):
    by_phone = {"provider": "PHONE", "phone": pick.phone(), "email": None, "password": None, "token": None, "sub": None}
    return pick.of([by_phone, {**by_phone, "provider": "EMAIL", "phone": None, "email": pick.email()}])


def integration(pick):
    """One that leads nowhere: no test sends anything to where something may listen."""
    nothing = {"smtp": None, "twilio": None, "webhook": None, "file": None}
    name = pick.word("codes")[:64]
    webhook = {"url": "https://192.0.2.1/codes", "channels": ["SMS"]}
    sink = {"file_name": f"{pick.slug()}.jsonl", "channels": ["SMS"]}
    return pick.of([
        {**nothing, "name": name, "type": "COMMUNICATIONS", "connector": "WEBHOOK", "webhook": webhook},
        {**nothing, "name": name, "type": "COMMUNICATIONS", "connector": "FILE", "file": sink},
    ])


def tier(pick):
    return {"name": pick.word("Tier")[:20], "value_units": pick.random.randrange(1, 10**6), "color": "#c0c0c0"}


def scheme(pick):
    return {"name": pick.word("Club"), "sign_up_option": "SELF_SIGN_UP", "sign_up_method": None, "sign_up_code": None, "email_domains": []}


def segment(pick):
    return {"name": pick.word("Segment"), "tags": [], "tiers": [], "organisations": [pick.known("venue")], "activity": None}


PASSWORD = "vivid turtle 9"

# For an operation, by its method and how its path ends: fields that are right together.
BODIES = {
    ("POST", "/api_keys"): lambda pick: {"name": pick.word("key"), "type": "SECRET", "gateway": "BACK_OFFICE", "mode": None, "scopes": ["contacts.read"], "organisation_id": None, "expiration_date": None},
    ("PUT", "/api_keys/{id}"): lambda pick: {"name": pick.word("key"), "scopes": ["contacts.read", "purchases.read"]},
    ("POST", "/api_keys/{id}/roll"): lambda pick: {"expire_current_at": None},
    ("POST", "/contacts"): profile,
    ("PUT", "/backoffice/contacts/{id}"): profile,
    ("PUT", "/self-service/contacts/{id}"): own_profile,
    ("POST", "/contacts/{id}/cards"): lambda pick: {"cim": pick.slug()},
    ("POST", "/contacts/{id}/journals"): lambda pick: {"action": "CREDIT", "amount": pick.amount(), "entity": "WALLET", "currency_code": "EUR", "notes": "by hand"},
    ("POST", "/backoffice/contacts/{id}/organisations"): lambda pick: {"organisation_id": pick.known("venue"), "action": pick.of(["SIGNUP", "SIGNOFF"])},
    ("POST", "/self-service/contacts/{id}/organisations"): lambda pick: {"organisation_id": pick.known("venue"), "action": "SIGNUP", "service_acceptance": True, "referral_code": None},
    ("PUT", "/contacts/{id}/tags"): lambda pick: {"tags": pick.of([[], [pick.known("tag")]])},
    ("POST", "/integrations"): integration,
    ("POST", "/integrations/{id}/test"): lambda pick: {"channel": "SMS", "recipient": "+442079460018"},
    ("POST", "/organisations"): lambda pick: {"name": pick.word("Shop"), "type": "MERCHANT", "parent": {"id": pick.known("business")}, "tap_code": None, "time_zone": pick.of([None, "Europe/Athens"])},
    ("PUT", "/organisations/{id}"): lambda pick: {"name": pick.word("Shop"), "tap_code": None, "time_zone": "Europe/Athens"},
    ("POST", "/organisations/register"): lambda pick: {"name": pick.word("Firm"), "first_name": "Ada", "last_name": "Byron", "email_address": pick.email(), "password": PASSWORD},
    ("POST", "/purchases"): purchase,
    ("POST", "/purchases/estimates"): purchase,
    ("POST", "/purchases/ad_hoc_return"): lambda pick: {"amount": 1, "contact": {"id": pick.known("contact")}, "organisation": {"id": pick.known("venue")}, "currency_code": None, "date": None, "return_amount": None, "return_spent_amount": None, "payment_medium_identifier": None},
    ("POST", "/purchases/batch"): lambda pick: {"device_id": pick.slug(), "purchases": [{"sequence": 1, "purchase": {k: v for k, v in purchase(pick).items() if v is not None}}]},
    ("POST", "/reward_offers"): offer,
    ("PUT", "/reward_offers/{id}"): offer,
    ("PUT", "/reward_offers/{id}/awards"): lambda pick: {"awards": [{"amount": pick.amount(), "amount_type": "FIXED"}]},
    ("POST", "/reward_schemes"): scheme,
    ("PUT", "/reward_schemes/{id}"): scheme,
    ("POST", "/reward_tiers"): tier,
    ("PUT", "/reward_tiers/{id}"): tier,
    ("POST", "/roles"): lambda pick: {"name": pick.word("Role")[:40], "permissions": ["contacts.read"], "organisation_id": None},
    ("PUT", "/roles/{id}"): lambda pick: {"name": pick.word("Role")[:40], "permissions": ["contacts.read", "offers.read"]},
    ("POST", "/segments"): segment,
    ("PUT", "/segments/{id}"): segment,
    ("POST", "/tags"): lambda pick: {"name": pick.word("t")[:32]},
    ("POST", "/test_clock/advance"): lambda pick: {"seconds": pick.of([1, 60]), "to": None},
    ("POST", "/topups"): lambda pick: {"wallet_id": pick.known("wallet"), "amount": pick.amount(), "topup_date": None},
    ("POST", "/users"): lambda pick: {"email_address": pick.email(), "first_name": "Grace", "organisation_id": pick.known("venue"), "roles": [pick.known("role")]},
    ("PUT", "/users/{id}"): lambda pick: {"first_name": "Grace", "last_name": "Hopper", "organisation_id": None, "roles": [pick.known("role")]},
    ("POST", "/users/authenticate"): lambda pick: {"username": KNOWN["username"], "password": KNOWN["password"], "provider": "EMAIL"},
    ("POST", "/users/forgot_password"): lambda pick: {"email": pick.email()},
    ("PUT", "/wallets/{id}/limits"): lambda pick: {"limit_rules": [{"applies_for": ["TOP_UP"], "currency_code": "EUR", "maximum_amount": 1_000_000, "period": "DAILY", "name": "day"}]},
    ("POST", "/contacts/authenticate"): lambda pick: {**identification(pick), "provider": "PHONE", "phone": pick.phone(), "email": None, "username": None, "code": None, "login_as_guest": False},
    ("POST", "/contacts/forgot_password"): lambda pick: {"username": pick.email()},
    ("POST", "/contacts/otp"): lambda pick: {"method": "SMS", "credentials": [{"name": "PHONE", "value": pick.phone()["number"]}]},
    ("POST", "/contacts/register"): lambda pick: {"first_name": "Ada", "last_name": "Byron", "identification": identification(pick), "contact_type": "PERSON", "company_name": None, "country_of_agreement": "GBR", "language_code": "EN", "custom_fields": [], "pass_code": None, "pass_pin": None, "referral_code": None},
    ("POST", "/contacts/request_email_verification"): lambda pick: {"email_address": pick.email()},
    ("POST", "/contacts/{id}/addresses"): address,
    ("PUT", "/contacts/{id}/addresses/{address_id}"): address,
    ("POST", "/contacts/{id}/devices"): lambda pick: {"registration_token": pick.slug(), "platform": "MOBILE", "application_id": "app", "custom_fields": [], "serial_number": None, "electronic_id": None, "mac_address": None, "product_id": None},
    ("PUT", "/devices/{id}"): lambda pick: {"custom_fields": [{"key": "shoe", "value": "39"}], "id": None},
    ("POST", "/contacts/{id}/identities"): identification,
    ("POST", "/contacts/{id}/preferences"): lambda pick: {"organisation_id": pick.known("venue"), "type": "ORDERS"},
    ("POST", "/contacts/{id}/reward_schemes"): lambda pick: {"action": pick.of(["SIGN_UP", "SIGN_OUT"]), "reward_scheme_id": pick.known("scheme"), "email_address": None, "sign_up_code": None},
    ("POST", "/contacts/{id}/tokens"): lambda pick: {"intent": "SPEND", "spend_amount": 1, "community_id": None, "purchase": None},
}

# Whose ids a path's parameters are, by what stands before them.
PATHS = {
    "api_keys": "api_key", "contacts": "contact", "purchases": "purchase", "estimates": "estimate", "integrations": "integration",
    "organisations": "organisation", "network": "organisation", "switch": "organisation", "reward_offers": "offer", "reward_schemes": "scheme",
    "reward_tiers": "tier", "roles": "role", "segments": "segment", "users": "user", "wallets": "wallet",
    "addresses": "address", "devices": "device", "cards": "card", "verification": "sign_up_code",
}


def operation(case):
    """The method, and the path below the version."""
    return case.method.upper(), short(case.operation.path)


def right_body(case, pick):
    method, path = operation(case)
    gateway = "/" + case.operation.path.split("/")[1]
    make = BODIES.get((method, path)) or BODIES.get((method, gateway + path))
    return make(pick) if make else None


def fill_in_path(case, pick):
    before = None
    for part in case.operation.path.split("/"):
        name = part.strip("{}")
        if part.startswith("{") and KNOWN.get(PATHS.get(before)):
            case.path_parameters[name] = pick.known(PATHS[before])
        before = part


def fill_in_query(case, pick):
    for name, value in {
        "wallet_id": lambda: pick.known("wallet"),
        "contact_id": lambda: pick.known("contact"),
        "organisations": lambda: pick.known("venue"),
        "page": lambda: 1,
        "size": lambda: pick.of([1, 10, 100]),
        "sort": lambda: None,
        "order": lambda: None,
        "lat": lambda: None,
        "lon": lambda: None,
    }.items():
        if name in case.query:
            case.query[name] = value()
            if case.query[name] is None:
                del case.query[name]


def keep_the_rates(case):
    """What sets the rates may not lower them under the requests that follow."""
    if operation(case) == ("PUT", "/settings") and isinstance(case.body, dict):
        case.body["rate_limits"] = CONTEXT["rate_limits"]


def send_nothing_out(case):
    """An integration that is made up is as generated in all but where it leads."""
    if operation(case) != ("POST", "/integrations") or not isinstance(case.body, dict):
        return
    for part, field, nowhere in [("webhook", "url", "https://192.0.2.1/"), ("smtp", "host", "192.0.2.1"), ("twilio", "base_url", "https://192.0.2.1/")]:
        if isinstance(case.body.get(part), dict):
            case.body[part][field] = nowhere


def end_no_credential(case):
    _, path = operation(case)
    method = case.method.upper()
    ends = (path in ENDS_CREDENTIALS and method != "GET") or (method, path) == ("DELETE", "/contacts/{id}")
    for name, value in case.path_parameters.items():
        if ends and value in CONTEXT["protected"]:
            case.path_parameters[name] = UNKNOWN


def authorize(case):
    headers = case.headers
    for name in [name for name in headers if name.lower() in ("api_key", "authorization")]:
        del headers[name]
    security = {name for one in case.operation.definition.raw.get("security", []) for name in one}
    if "refresh_token" in security and refresh_token:
        headers["Authorization"] = f"Bearer {refresh_token}"
        # One that was used before, which schemathesis has kept, would end the session.
        case.query.pop("refresh_token", None)
    elif security:
        headers[CALLER["header"]] = CALLER["value"]


@schemathesis.hook
def before_call(context, case, kwargs):
    pick = Pick(case)
    how = pick.of([AS_GENERATED, FILLED_IN, PLAIN])
    if how != AS_GENERATED:
        fill_in_path(case, pick)
        fill_in_query(case, pick)
        right = right_body(case, pick)
        if right is not None:
            generated = case.body if isinstance(case.body, dict) else {}
            # A field that is not right is as good as none, but null where the document allows it is worth sending too.
            plain = {name: value for name, value in right.items() if value is not None}
            case.body = {**generated, **right} if how == FILLED_IN and generated else plain
            case.media_type = "application/json"
    keep_the_rates(case)
    send_nothing_out(case)
    end_no_credential(case)
    authorize(case)


@schemathesis.hook
def after_call(context, case, response):
    global refresh_token
    name = f"{case.method.upper()} {case.operation.path}"
    statuses[response.status_code] += 1
    if 200 <= response.status_code < 300:
        succeeded[name] += 1
        if case.operation.path.endswith("/refresh"):
            refresh_token = response.json().get("refresh_token", refresh_token)


@schemathesis.check
def answers(ctx, response, case):
    """No server error; what is not built says so."""
    if response.status_code < 500:
        return
    not_built = response.status_code == 501 and response.json().get("code") == "not_built"
    documented = str(response.status_code) in case.operation.definition.raw["responses"]
    assert not_built and documented, f"a server error: {response.status_code}"
