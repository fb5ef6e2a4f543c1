//! The table of all error codes: one line a code, one page a code under `docs/errors/`.
use http::StatusCode;

/// The contract's `error` value for "there is no such thing".
const NOT_FOUND: &str = "CRM.EXCEPTIONS.NOTFOUNDEXCEPTION";
/// The contract's `error` value for a spend above the balance.
const BALANCE_NOT_ENOUGH: &str = "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION";
/// The contract's `error` value for a contact whose identity another contact has.
const CONTACT_NOT_UNIQUE: &str = "COM.CRM.EXCEPTIONS.CONTACTUNIQUELYIDENTIFYEXCEPTION";
/// The contract's `error` value for a card that another contact has.
const CARD_NOT_UNIQUE: &str = "COM.CRM.EXCEPTIONS.CIMALREADYEXISTSFORANOTHERCONTACTEXCEPTION";

/// The contract's `error` value for a login that fails.
const INVALID_LOGIN: &str = "CRM.EXCEPTIONS.INVALIDLOGINEXCEPTION";

/// Declares [`Code`] and its table in one place, so that a code cannot lack a status, a title or a name.
macro_rules! codes {
    ($($variant:ident $name:literal $status:ident $title:literal $error:expr;)+) => {
        /// What went wrong, as a stable name that programs may match on. Each has a page in `docs/errors/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            /// The stable snake_case name: the `code` member, the last part of `type`, and the page's name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// The HTTP status that answers with this code; never another one.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status,)+ }
            }

            /// One short sentence, the same for every occurrence (RFC 9457, section 3.1.3).
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)+ }
            }

            /// The `error` value of the compatible wire contract, where the contract has one.
            #[must_use]
            pub const fn contract_error(self) -> Option<&'static str> {
                match self { $(Code::$variant => $error,)+ }
            }

            /// The code's page in Markdown, for the route that `type` points to.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self {
                    $(Code::$variant => include_str!(concat!("../../../docs/errors/", $name, ".md")),)+
                }
            }

            /// The `type` member: where this server serves the code's page, relative to its root.
            #[must_use]
            pub const fn type_uri(self) -> &'static str {
                match self { $(Code::$variant => concat!("/errors/", $name),)+ }
            }
        }
    };
}

codes! {
    // The request as bytes.
    InvalidHost "invalid_host" BAD_REQUEST "The request must name exactly one host" None;
    AmbiguousFraming "ambiguous_framing" BAD_REQUEST "The length of the body is stated in two ways" None;
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The request did not arrive in time" None;
    BodyIncomplete "body_incomplete" BAD_REQUEST "The body ended before its stated length" None;
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large" None;
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body must be JSON" None;
    // The request as JSON.
    InvalidUtf8 "invalid_utf8" BAD_REQUEST "The body is not UTF-8" None;
    InvalidJson "invalid_json" BAD_REQUEST "The body is not JSON" None;
    DuplicateMember "duplicate_member" BAD_REQUEST "An object names the same member twice" None;
    JsonTooDeep "json_too_deep" BAD_REQUEST "The body is nested too deeply" None;
    UnknownField "unknown_field" UNPROCESSABLE_ENTITY "The request has a field that is not known here" None;
    InvalidRequest "invalid_request" UNPROCESSABLE_ENTITY "The request has invalid fields" None;
    // What it asks for.
    RouteNotFound "route_not_found" NOT_FOUND "There is no such path" None;
    InvalidPath "invalid_path" BAD_REQUEST "The path cannot be read" None;
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The path does not know this method" None;
    NotFound "not_found" NOT_FOUND "There is no such thing" Some(NOT_FOUND);
    // Who asks.
    MissingCredentials "missing_credentials" UNAUTHORIZED "The request carries no credentials" None;
    InvalidApiKey "invalid_api_key" UNAUTHORIZED "The API key is not valid" None;
    ApiKeyExpired "api_key_expired" UNAUTHORIZED "The API key has expired" None;
    TokenExpired "token_expired" UNAUTHORIZED "The access token has expired" None;
    InvalidToken "invalid_token" UNAUTHORIZED "The access token is not valid" None;
    InvalidGrant "invalid_grant" UNAUTHORIZED "The refresh token is not valid" None;
    OtpInvalid "otp_invalid" UNAUTHORIZED "The one-time code is not valid" Some(INVALID_LOGIN);
    CredentialsConflict "credentials_conflict" UNAUTHORIZED "The token and the API key contradict each other" None;
    StepUpRequired "step_up_required" UNAUTHORIZED "This operation needs a fresh proof of who asks" None;
    SecretKeyRequired "secret_key_required" FORBIDDEN "This operation needs a secret key" None;
    LiveKeyRequired "live_key_required" FORBIDDEN "This operation needs a key of live mode" None;
    TestKeyRequired "test_key_required" FORBIDDEN "This operation needs a key of test mode" None;
    InsufficientScope "insufficient_scope" FORBIDDEN "The credentials do not cover this operation" None;
    ApiKeyInactive "api_key_inactive" CONFLICT "The API key works no longer" None;
    LimitReached "limit_reached" CONFLICT "There are as many as there may be" None;
    // Retries and versions.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The idempotency key was used for another request" None;
    IdempotencyInFlight "idempotency_in_flight" CONFLICT "The first request with this idempotency key is still in flight" None;
    PreconditionFailed "precondition_failed" PRECONDITION_FAILED "It has changed since it was read" None;
    // What the business refuses.
    WalletBalanceTooLow "wallet_balance_too_low" BAD_REQUEST "The wallet's balance is too low" Some(BALANCE_NOT_ENOUGH);
    WalletLimitReached "wallet_limit_reached" BAD_REQUEST "The wallet's limits leave less" None;
    InvalidLogin "invalid_login" BAD_REQUEST "The login fails" Some(INVALID_LOGIN);
    ContactNotUnique "contact_not_unique" BAD_REQUEST "Another contact has this identity" Some(CONTACT_NOT_UNIQUE);
    CardNotUnique "card_not_unique" BAD_REQUEST "Another contact has this card" Some(CARD_NOT_UNIQUE);
    UnknownContact "unknown_contact" BAD_REQUEST "The contact that the request names is not known" Some(NOT_FOUND);
    UnknownOrganisation "unknown_organisation" BAD_REQUEST "The organisation that the request names is not known" Some(NOT_FOUND);
    SpendTokenInvalid "spend_token_invalid" BAD_REQUEST "The spend token is not valid" Some(NOT_FOUND);
    PurchaseNotClaimable "purchase_not_claimable" NOT_FOUND "No such purchase can be claimed" Some(NOT_FOUND);
    PurchaseRejected "purchase_rejected" BAD_REQUEST "The contact has rejected the purchase" None;
    NoIntegration "no_integration" BAD_REQUEST "Nothing is set up to deliver the message" None;
    SchemeClosed "scheme_closed" BAD_REQUEST "The reward scheme does not let the contact in" None;
    TapNotUnique "tap_not_unique" CONFLICT "Another organisation has this TAP" None;
    CurrencyMismatch "currency_mismatch" UNPROCESSABLE_ENTITY "The currency is not the wallet's" None;
    // What the server cannot do now. Each says in its page whether something may have happened.
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "Too many requests" None;
    OverCapacity "over_capacity" SERVICE_UNAVAILABLE "The server is at its capacity" None;
    ShuttingDown "shutting_down" SERVICE_UNAVAILABLE "The server is shutting down" None;
    EntityQuarantined "entity_quarantined" SERVICE_UNAVAILABLE "This record is out of service for now" None;
    NotBuilt "not_built" NOT_IMPLEMENTED "This part of the contract is not built" None;
    UnknownOutcome "unknown_outcome" INTERNAL_SERVER_ERROR "The outcome is unknown" None;
    Internal "internal" INTERNAL_SERVER_ERROR "The server has failed" None;
}

impl Code {
    /// The code of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether the answer must end the connection: the rest of the request is unread, or cannot be told from the
    /// next one, so reading on would be request smuggling (RFC 9112, section 11.2).
    #[must_use]
    pub const fn ends_connection(self) -> bool {
        matches!(
            self,
            Code::InvalidHost
                | Code::AmbiguousFraming
                | Code::RequestTimeout
                | Code::BodyIncomplete
                | Code::BodyTooLarge
        )
    }

    /// Whether it refuses a code or a password because it is a wrong one.
    #[must_use]
    pub const fn is_wrong_guess(self) -> bool {
        matches!(
            self,
            Code::OtpInvalid | Code::InvalidLogin | Code::InvalidToken | Code::PurchaseNotClaimable
        )
    }

    /// Whether the answer always carries `Retry-After`: 429 and 503 do, and both mean that nothing happened.
    #[must_use]
    pub fn asks_to_retry(self) -> bool {
        let status = self.status();
        status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::Code;

    #[test]
    fn every_code_has_a_page_and_every_page_has_a_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
        let pages: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "README.md")
            .collect();
        let codes: BTreeSet<String> = Code::ALL
            .iter()
            .map(|code| format!("{}.md", code.as_str()))
            .collect();
        assert_eq!(pages, codes);
    }

    #[test]
    fn every_page_states_its_code_status_meaning_and_remedy() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
        for code in Code::ALL {
            let page =
                std::fs::read_to_string(folder.join(format!("{}.md", code.as_str()))).unwrap();
            for expected in [
                format!("# {}\n", code.as_str()),
                format!("HTTP {}", code.status().as_u16()),
                code.title().to_owned(),
                "## What it means\n".to_owned(),
                "## How to mend it\n".to_owned(),
                code.contract_error().unwrap_or_default().to_owned(),
            ] {
                assert!(
                    page.contains(&expected),
                    "{} lacks {expected:?}",
                    code.as_str()
                );
            }
        }
    }

    #[test]
    fn no_two_codes_share_a_name_and_names_are_snake_case() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            assert_eq!(Code::named(name).map(Code::as_str), Some(name));
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            );
        }
    }
}
