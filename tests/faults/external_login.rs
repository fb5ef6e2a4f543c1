//! Contacts sign in by accounts elsewhere: at a real provider of OpenID Connect, and at a recorder that speaks as Facebook does.

mod accounts;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::client::{Answer, Client};
use crate::delivery::tool;
use crate::process::{Process, Site};
use crate::recorder::Recorder;

/// Where the provider sends people back to. Nobody listens there: what comes back is read off the address.
const BACK: &str = "http://127.0.0.1:9/back";
const APP: &str = "the-tenants-app";
const SECRET: &str = "a-secret-of-the-provider";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// npm oidc-provider; it ends with its owner.
struct Provider {
    process: Child,
    /// Kept open: what it prints later must not fail.
    _lines: BufReader<ChildStdout>,
    issuer: String,
    jar: TempDir,
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn run(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    String::from_utf8(ran.stdout).unwrap()
}

impl Provider {
    fn start() -> Provider {
        let tools = tool("oidc-provider", "oidc");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/oidc/server.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .arg(tools)
            .arg(BACK)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let issuer = lines.by_ref().lines().find_map(|line| {
            let said: Value = serde_json::from_str(&line.unwrap()).ok()?;
            Some(said["issuer"].as_str()?.to_owned())
        });
        Provider {
            process,
            _lines: lines,
            issuer: issuer.unwrap(),
            jar: TempDir::new().unwrap(),
        }
    }

    /// What comes back to the app once somebody, `who`, has signed in on the page at `url`: code and state.
    fn browse(&self, url: &str, who: &str) -> (String, String) {
        let jar = self.jar.path().join(who);
        let separator = if url.contains('?') { '&' } else { '?' };
        let effective = run(Command::new("curl")
            .args([
                "-s",
                "-L",
                "-o",
                "/dev/null",
                "-w",
                "%{url_effective}",
                "-c",
            ])
            .arg(&jar)
            .arg("-b")
            .arg(&jar)
            .arg(format!("{url}{separator}login_hint={who}")));
        let back = Url::parse(&effective).unwrap();
        assert!(effective.starts_with(BACK), "{effective}");
        let get = |name: &str| {
            let mut pairs = back.query_pairs();
            let found = pairs.find(|(known, _)| known == name);
            found
                .unwrap_or_else(|| panic!("no {name} in {effective}"))
                .1
                .into_owned()
        };
        (get("code"), get("state"))
    }

    /// An ID token of `who` for `client`, as an app of its own gets one.
    fn id_token(&self, client: &str, who: &str) -> String {
        let issuer = &self.issuer;
        let url = format!(
            "{issuer}/auth?response_type=code&scope=openid&client_id={client}&redirect_uri={BACK}&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let (code, _) = self.browse(&url, who);
        let mut form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={BACK}&client_id={client}&code_verifier={VERIFIER}"
        );
        if client == APP {
            form += &format!("&client_secret={SECRET}");
        }
        let tokens =
            run(Command::new("curl").args(["-s", &format!("{issuer}/token"), "-d", &form]));
        let tokens: Value = serde_json::from_str(&tokens).unwrap();
        tokens["id_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{tokens}"))
            .to_owned()
    }
}

/// The app, and the back office, in test mode.
struct Desk {
    app: Client,
    office: Client,
}

impl Desk {
    fn of(process: &Process) -> Desk {
        let seed = process.seed();
        let key = |name: &str| seed["keys"]["test"][name].as_str().unwrap().to_owned();
        Desk {
            app: Client::new(process.public, &key("self_service")),
            office: Client::new(process.public, &key("secret")),
        }
    }

    async fn set_up(&mut self, provider: &Value) -> Value {
        let path = "/backoffice/v2/identity_providers";
        let made = self.office.post(path, provider).await.unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    }

    async fn register(&mut self, provider: &str, token: &str) -> Answer {
        let body = json!({
            "first_name": "Ada", "last_name": "Byron",
            "identification": { "provider": provider, "token": token },
        });
        let path = "/self-service/v2/contacts/register";
        self.app.post(path, &body).await.unwrap()
    }

    async fn authenticate(&mut self, body: &Value) -> Answer {
        let path = "/self-service/v2/contacts/authenticate";
        self.app.post(path, body).await.unwrap()
    }

    async fn by_token(&mut self, provider: &str, token: &str) -> Answer {
        let body = json!({ "provider": provider, "token": token });
        self.authenticate(&body).await
    }

    /// The address of the provider's page.
    async fn page(&mut self, provider: &str, back: &str) -> Answer {
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let path = format!("/self-service/v2/contacts/oidc/{provider}?redirect_url={back}");
        self.app.get(&path).await.unwrap()
    }
}

fn who(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let said = body["contact"]["id"].as_str().or(body["code"].as_str());
    (
        answer.status,
        said.unwrap_or_else(|| panic!("{body}")).to_owned(),
    )
}

fn provider_of(kind: &str, issuer: &str) -> Value {
    json!({
        "type": kind, "issuer": issuer, "client_id": APP, "client_secret": SECRET,
        "redirect_urls": [BACK],
    })
}

fn site() -> Site {
    Site::new().with("OUTBOUND__ALLOW_NETWORKS", "127.0.0.0/8")
}

const REFUSED: &str = "invalid_login";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_register_and_sign_in_by_accounts_at_a_real_provider() {
    let provider = Provider::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let token = provider.id_token(APP, "ada");
    let nobody = desk.by_token("OIDC_OAUTH", &token).await;
    assert_eq!(
        who(&nobody),
        (422, "invalid_request".into()),
        "none is set up"
    );
    // Google, Apple and any other: one code.
    for kind in ["OIDC_OAUTH", "GOOGLE", "APPLE"] {
        desk.set_up(&provider_of(kind, &provider.issuer)).await;
        let token = provider.id_token(APP, kind);
        let nobody = desk.by_token(kind, &token).await;
        assert_eq!(who(&nobody), (400, REFUSED.into()), "nobody has it yet");
        let registered = desk.register(kind, &token).await;
        let (status, contact) = who(&registered);
        assert_eq!(status, 201, "{registered:?}");
        assert_eq!(registered.json()["existing_contact"], false);
        // A second registration finds the first, and so do all ways in.
        let again = desk.register(kind, &provider.id_token(APP, kind)).await;
        assert_eq!(who(&again), (201, contact.clone()));
        assert_eq!(again.json()["existing_contact"], true);
        let entered = desk.by_token(kind, &token).await;
        assert_eq!(who(&entered), (200, contact.clone()));
        let page = desk.page(kind, BACK).await.json();
        let page = page["authorization_url"].as_str().unwrap();
        let (code, state) = provider.browse(page, kind);
        let body = json!({ "provider": kind, "code": code, "state": state });
        assert_eq!(who(&desk.authenticate(&body).await), (200, contact));
        let replayed = desk.authenticate(&body).await;
        assert_eq!(who(&replayed), (400, REFUSED.into()), "a code is good once");
    }

    // Somebody else at the same provider, with the same e-mail address, is somebody else.
    let grace = provider.id_token(APP, "grace");
    let other = desk.by_token("OIDC_OAUTH", &grace).await;
    assert_eq!(who(&other), (400, REFUSED.into()));
    // A token that the provider made for another app, and one that was changed.
    let foreign = provider.id_token("somebody-elses-app", "OIDC_OAUTH");
    let mut changed = provider.id_token(APP, "OIDC_OAUTH").into_bytes();
    let last = changed.len() - 20;
    changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for token in [&*foreign, &*changed, "a.b.c"] {
        let refused = desk.by_token("OIDC_OAUTH", token).await;
        assert_eq!(who(&refused), (400, REFUSED.into()), "{token}");
        let refused = desk.register("OIDC_OAUTH", token).await;
        assert_eq!(who(&refused), (400, REFUSED.into()), "{token}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_from_a_page_is_good_for_its_own_key_type_and_state_only() {
    let provider = Provider::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let made = desk
        .set_up(&provider_of("OIDC_OAUTH", &provider.issuer))
        .await;
    desk.set_up(&provider_of("GOOGLE", &provider.issuer)).await;
    let registered = desk
        .register("OIDC_OAUTH", &provider.id_token(APP, "ada"))
        .await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let elsewhere = desk.page("OIDC_OAUTH", "http://127.0.0.1:9/back/").await;
    assert_eq!(who(&elsewhere), (422, "invalid_request".into()));
    assert_eq!(
        who(&desk.page("FACEBOOK", BACK).await),
        (404, "not_found".into())
    );

    let page = desk.page("OIDC_OAUTH", BACK).await.json();
    let page = page["authorization_url"].as_str().unwrap().to_owned();
    let (code, state) = provider.browse(&page, "ada");
    // Of another type, with a state that was changed or is another's: each leaves the code as it was.
    let mut changed = state.clone().into_bytes();
    changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for (kind, state) in [("GOOGLE", &state), ("OIDC_OAUTH", &changed)] {
        let body = json!({ "provider": kind, "code": code, "state": state });
        let refused = desk.authenticate(&body).await;
        assert_eq!(who(&refused), (400, REFUSED.into()), "{kind}");
    }
    let mut live = Client::new(
        process.public,
        process.seed()["keys"]["live"]["self_service"]
            .as_str()
            .unwrap(),
    );
    let body = json!({ "provider": "OIDC_OAUTH", "code": code, "state": state });
    let path = "/self-service/v2/contacts/authenticate";
    let refused = live.post(path, &body).await.unwrap();
    assert_eq!(
        refused.status, 422,
        "live mode has no provider: {refused:?}"
    );
    assert_eq!(desk.authenticate(&body).await.status, 200);

    // A code of one flow with the state of another: its verifier does not fit.
    let (first, _) = provider.browse(&page, "ada");
    let other = desk.page("OIDC_OAUTH", BACK).await.json();
    let other = other["authorization_url"].as_str().unwrap();
    let (_, second) = provider.browse(other, "ada");
    let body = json!({ "provider": "OIDC_OAUTH", "code": first, "state": second });
    assert_eq!(who(&desk.authenticate(&body).await), (400, REFUSED.into()));

    let id = made["id"].as_str().unwrap();
    let path = format!("/backoffice/v2/identity_providers/{id}/deactivate");
    assert_eq!(
        desk.office.post(&path, &json!({})).await.unwrap().status,
        200
    );
    let ended = desk
        .by_token("OIDC_OAUTH", &provider.id_token(APP, "ada"))
        .await;
    assert_eq!(who(&ended), (422, "invalid_request".into()));
    let listed = desk
        .office
        .get("/backoffice/v2/identity_providers")
        .await
        .unwrap();
    assert_eq!(listed.json()["content"][0]["type"], "GOOGLE");
    assert_eq!(listed.json()["content"][1]["is_active"], false);
    assert!(!String::from_utf8_lossy(&listed.body).contains(SECRET));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facebook_is_asked_whose_a_token_is() {
    let mut facebook = Recorder::start().await;
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let issuer = format!("http://{}", facebook.address);
    desk.set_up(&provider_of("FACEBOOK", &issuer)).await;
    let says = |app: &str, is_valid: bool, expires_at: i64| {
        let data = json!({ "app_id": app, "is_valid": is_valid, "user_id": "1234", "expires_at": expires_at });
        json!({ "data": data }).to_string()
    };
    facebook.then(200, says(APP, true, 0));
    let registered = desk.register("FACEBOOK", "an&access=token").await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let asked = facebook.next().await.line;
    let expected =
        format!("GET /debug_token?input_token=an%26access%3Dtoken&access_token={APP}%7C{SECRET}");
    assert_eq!(asked, expected);
    facebook.then(200, says(APP, true, 4_000_000_000));
    let entered = desk.by_token("FACEBOOK", "another").await;
    assert_eq!(who(&entered), (200, who(&registered).1));
    for (status, body, code) in [
        (200, says(APP, false, 0), REFUSED),
        (200, says("another app", true, 0), REFUSED),
        (200, says(APP, true, 1), REFUSED),
        (
            200,
            json!({ "data": { "app_id": APP, "is_valid": true } }).to_string(),
            REFUSED,
        ),
        (400, json!({ "error": {} }).to_string(), REFUSED),
        (500, "{}".to_owned(), "over_capacity"),
        (200, "no JSON".to_owned(), "over_capacity"),
    ] {
        facebook.then(status, body.clone());
        let refused = desk.by_token("FACEBOOK", "a-token").await;
        assert_eq!(refused.json()["code"], code, "{body}");
    }
    process.stop().await;
}
