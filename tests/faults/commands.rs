//! The commands of the binary beside a running node.

use serde_json::Value;

use crate::client::Client;
use crate::process::{Process, Site, text};

async fn status(process: &Process, key: &str) -> u16 {
    let path = format!("/backoffice/v2/wallets/{}", process.network().contacts[0].1);
    Client::new(process.public, key)
        .get(&path)
        .await
        .unwrap()
        .status
}

fn listed<'a>(keys: &'a Value, id: &str) -> &'a Value {
    let mut found = keys
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["id"] == id);
    let key = found
        .next()
        .unwrap_or_else(|| panic!("{id} is not in {keys}"));
    assert!(found.next().is_none(), "{id} is there twice");
    key
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_works_from_its_creation_to_its_revocation() {
    let site = Site::new();
    let process = site.start().await;
    let created = site.json(&["keys", "create", "--name", "till-7"]).await;
    let (id, value) = (
        created["id"].as_str().unwrap(),
        created["value"].as_str().unwrap(),
    );
    assert!(value.starts_with("sk_live_"), "{value}");
    assert_eq!(status(&process, value).await, 200);

    let keys = site.json(&["keys", "list"]).await;
    let key = listed(&keys, id);
    assert_eq!(
        (&key["name"], &key["state"]),
        (&"till-7".into(), &"active".into())
    );
    assert!(key["last_used_at"].is_i64(), "{key}");
    let table = site.on_data(&["keys", "list"], false).await;
    assert!(table.stdout.contains("till-7"), "{}", table.stdout);
    for shown in [&keys.to_string(), &table.stdout] {
        assert!(!shown.contains(value), "the list shows a secret");
        assert!(
            !shown.contains(&process.network().secret),
            "the list shows a secret"
        );
    }

    let revoked = site.json(&["keys", "revoke", id]).await;
    assert_eq!(listed(&revoked, id)["state"], "revoked");
    assert_eq!(status(&process, value).await, 401);
    assert_eq!(
        status(&process, &process.network().secret).await,
        200,
        "other keys go on"
    );
    process.kill();
    // A revocation is as durable as a purchase.
    let process = site.start().await;
    assert_eq!(status(&process, value).await, 401);
    assert_eq!(
        listed(&site.json(&["keys", "list"]).await, id)["state"],
        "revoked"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrow_key_does_what_its_scopes_say_and_no_more() {
    let site = Site::new();
    let process = site.start().await;
    let arguments = [
        "keys",
        "create",
        "--name",
        "narrow",
        "--scope",
        "contacts.read",
    ];
    let created = site.json(&arguments).await;
    assert_eq!(
        status(&process, created["value"].as_str().unwrap()).await,
        403
    );
    let arguments = ["keys", "create", "--name", "wrong", "--scope", "everything"];
    let refused = site.on_data(&arguments, true).await;
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("contacts.read"),
        "{}",
        refused.stderr
    );
    let unknown = site.on_data(&["keys", "revoke", "nonsense"], true).await;
    assert!(!unknown.status.success());
    assert!(unknown.stderr.contains("keys list"), "{}", unknown.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_node_the_commands_say_how_to_start_one() {
    let site = Site::new();
    for arguments in [&["keys", "list"][..], &["snapshot", "create"]] {
        let ended = site.on_data(arguments, false).await;
        assert!(!ended.status.success());
        assert!(ended.stderr.contains("clientele dev"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn openapi_prints_the_document_of_a_gateway_of_version_3_1() {
    for (arguments, path, status) in [
        (&["openapi"][..], "/backoffice/v2/purchases", "200"),
        (
            &["openapi", "--gateway", "self-service"],
            "/self-service/v2/contacts/register",
            "201",
        ),
    ] {
        let ended = Site::new().run(arguments).await;
        assert!(ended.status.success());
        let document: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let post = &document["paths"][path]["post"];
        assert!(post["responses"][status].is_object(), "{post}");
    }
}

#[tokio::test]
async fn a_server_without_secrets_refuses_and_says_how_to_make_them() {
    let site = Site::new();
    let ended = site.on_data(&["server"], false).await;
    assert!(!ended.status.success());
    for part in ["secrets.root_key_file", "/dev/urandom"] {
        assert!(
            ended.stderr.contains(part),
            "{part} is not in: {}",
            ended.stderr
        );
    }
    assert!(
        !site.data().exists(),
        "a refused start made a data directory"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bench_against_a_node_succeeds_without_errors() {
    let site = Site::new();
    let process = site.start().await;
    for scenario in ["award", "spend", "read"] {
        let seed_file = site.seed_file();
        let arguments = [
            "bench",
            "--scenario",
            scenario,
            "--seed-file",
            text(&seed_file),
        ];
        let quick = [
            "--duration",
            "1",
            "--warmup",
            "0",
            "--connections",
            "4",
            "-o",
            "json",
        ];
        let ended = site.run(&[&arguments[..], &quick[..]].concat()).await;
        assert!(ended.status.success(), "{}", ended.stderr);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert!(report["ok"].as_u64().unwrap() > 0, "{report}");
        assert_eq!(report["errors_total"], 0, "{report}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_gets_its_first_tenant_with_its_first_user_and_key_by_the_command_line() {
    let site = Site::new();
    let process = site.start().await;
    let user = [
        "users",
        "create",
        "--tenant",
        "7",
        "--email",
        "ada@example.com",
    ];
    for command in [
        &user[..],
        &["keys", "create", "--tenant", "7", "--name", "till"],
    ] {
        let refused = site.on_data(command, false).await;
        assert_eq!(refused.status.code(), Some(1));
        let remedy = "`clientele tenants create --tenant 7";
        assert!(refused.stderr.contains(remedy), "{}", refused.stderr);
    }
    let create = |more: &[&'static str]| {
        let create = ["tenants", "create", "--tenant", "7", "--name", "Pier"];
        [&create[..], more].concat()
    };
    for (more, field) in [
        (&["--currency", "XYZZY"][..], "--currency"),
        (
            &["--currency", "EUR", "--time-zone", "Atlantis"],
            "--time-zone",
        ),
    ] {
        let refused = site.on_data(&create(more), false).await;
        assert!(refused.stderr.contains(field), "{}", refused.stderr);
    }
    let create = create(&["--currency", "eur", "--time-zone", "Europe/Nicosia"]);
    let created = site.json(&create).await;
    assert_eq!(created["tenant"], 7);
    let again = site.on_data(&create, false).await;
    assert!(
        again.stderr.contains("there is a tenant 7 already"),
        "{}",
        again.stderr
    );
    let ada = site.json(&user).await;
    let key = ["keys", "create", "--tenant", "7", "--name", "till"];
    let key = site.json(&key).await["value"].as_str().unwrap().to_owned();
    process.kill();
    let process = site.start().await;
    let mut client = Client::new(process.public, &key);
    let id = created["organisation_id"].as_str().unwrap();
    let path = format!("/backoffice/v2/organisations/{id}");
    let owner = client.get(&path).await.unwrap().json();
    assert_eq!(
        (&owner["name"], &owner["type"]),
        (&"Pier".into(), &"SERVICE_OWNER".into())
    );
    let typed = serde_json::json!({ "username": ada["username"], "password": ada["password"] });
    let path = "/backoffice/v2/users/authenticate";
    let signed_in = client.post(path, &typed).await.unwrap();
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    assert_eq!(
        signed_in.json()["organisation"]["id"],
        created["organisation_id"]
    );
    let reset = ["users", "reset-totp", "ada@example.com"];
    let expected =
        serde_json::json!({ "id": ada["id"], "username": ada["username"], "had_totp": false });
    assert_eq!(site.json(&reset).await, expected);
    let refused = site
        .on_data(&["users", "reset-totp", "eve@example.com"], false)
        .await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.stderr.contains("there is no user eve@example.com"),
        "{}",
        refused.stderr
    );
    process.kill();
}
