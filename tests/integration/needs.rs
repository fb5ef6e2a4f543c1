//! What opens each operation of the Back Office, said once more than in the product: `routes` holds the two to each other.

/// What an operation of the Back Office asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// No credential.
    Nothing,
    /// A user's refresh token.
    RefreshToken,
    /// A user's access token, whatever its roles.
    Token,
    /// A secret key with this scope, or a user with this permission.
    Scope(&'static str),
    /// A key with this scope, a public one too: what a page lets strangers do.
    Page(&'static str),
}

/// What opens an operation: the first that has its method, or `_` for any, and how its path begins.
const OPENED_BY: &[(&str, &str, Need)] = &[
    ("get", "audit_log", Need::Scope("audit.read")),
    ("post", "users/authenticate", Need::Nothing),
    ("post", "users/accept", Need::Nothing),
    ("post", "users/reset_password", Need::Nothing),
    ("post", "users/forgot_password", Need::Nothing),
    ("post", "users/refresh", Need::RefreshToken),
    ("post", "users/mode", Need::Token),
    ("get", "users/verify_email", Need::Nothing),
    (
        "post",
        "organisations/register",
        Need::Page("organisations.register"),
    ),
    ("_", "users/totp", Need::Token),
    ("post", "users/step_up", Need::Token),
    ("post", "users/{id}/sign_out", Need::Token),
    ("post", "users/{id}/change_password", Need::Token),
    ("get", "users", Need::Scope("users.read")),
    ("_", "users", Need::Scope("users.write")),
    ("get", "roles", Need::Scope("roles.read")),
    ("_", "roles", Need::Scope("roles.write")),
    ("post", "organisations/{id}/masquerade", Need::Token),
    ("post", "organisations/{id}/switch", Need::Token),
    ("post", "organisations/switch", Need::Token),
    (
        "post",
        "contacts/{id}/journals",
        Need::Scope("finance.write"),
    ),
    ("get", "contacts", Need::Scope("contacts.read")),
    ("_", "contacts", Need::Scope("contacts.write")),
    ("get", "wallets", Need::Scope("wallets.read")),
    ("_", "wallets", Need::Scope("wallets.write")),
    ("get", "journals", Need::Scope("finance.read")),
    ("_", "journals", Need::Scope("finance.write")),
    ("_", "topups", Need::Scope("finance.write")),
    ("get", "purchases", Need::Scope("purchases.read")),
    ("_", "purchases", Need::Scope("purchases.write")),
    (
        "get",
        "customer_event_classifications",
        Need::Scope("purchases.read"),
    ),
    ("get", "reward_", Need::Scope("offers.read")),
    ("_", "reward_", Need::Scope("offers.write")),
    ("get", "segments", Need::Scope("offers.read")),
    ("_", "segments", Need::Scope("offers.write")),
    ("get", "tags", Need::Scope("offers.read")),
    ("_", "tags", Need::Scope("offers.write")),
    ("get", "organisations", Need::Scope("organisations.read")),
    ("_", "organisations", Need::Scope("organisations.write")),
    ("get", "settings", Need::Scope("settings.read")),
    ("_", "settings", Need::Scope("settings.write")),
    ("get", "applications", Need::Scope("settings.read")),
    ("_", "applications", Need::Scope("settings.write")),
    ("get", "custom_fields", Need::Scope("settings.read")),
    ("_", "custom_fields", Need::Scope("settings.write")),
    ("get", "api_keys", Need::Scope("keys.read")),
    ("_", "api_keys", Need::Scope("keys.write")),
    ("_", "test_clock", Need::Scope("test_clock")),
    ("get", "test_inbox", Need::Scope("test_inbox.read")),
    ("get", "integrations", Need::Scope("integrations.read")),
    ("_", "integrations", Need::Scope("integrations.write")),
    (
        "get",
        "identity_providers",
        Need::Scope("integrations.read"),
    ),
    ("_", "identity_providers", Need::Scope("integrations.write")),
];

/// What an operation needs: every one is declared.
pub(crate) fn need(method: &str, path: &str) -> Need {
    let about = path.splitn(4, '/').nth(3).unwrap();
    let mut rows = OPENED_BY.iter();
    let row = rows.find(|(of, part, _)| ["_", method].contains(of) && about.starts_with(part));
    let (_, _, need) = row.unwrap_or_else(|| panic!("what opens {method} {path}?"));
    *need
}
