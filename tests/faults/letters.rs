//! What people are sent in live mode reaches them through a mail server that others wrote: over a kill of the process, and by TLS with certificates of
//! one's own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::Client;
use crate::delivery::{Desk, MailServer, site, smtp};
use crate::process::{Process, text};

const GATEWAY: &str = "/backoffice/v2";
const GRACE: &str = "grace@example.org";

/// A port on which nobody listens yet.
fn free_port() -> u16 {
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    place.local_addr().unwrap().port()
}

/// The code or token that a mail begins with.
fn token(mail: &Value) -> String {
    let body = mail["body"].as_str().unwrap();
    body.split_whitespace().next().unwrap().to_owned()
}

async fn posts(client: &mut Client, path: &str, body: &Value, status: u16) -> Value {
    let path = format!("{GATEWAY}{path}");
    let answer = client.post(&path, body).await.unwrap();
    assert_eq!(answer.status, status, "{path} {answer:?}");
    match answer.body.is_empty() {
        true => Value::Null,
        false => answer.json(),
    }
}

async fn signs_in(client: &mut Client, password: &str, status: u16) -> Value {
    let typed = json!({ "username": GRACE, "password": password });
    posts(client, "/users/authenticate", &typed, status).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_of_live_mode_arrives_although_the_node_was_killed_before_it_was_sent() {
    let port = free_port();
    // What is to be sent stands in the journal alone.
    let site = site().with("STORAGE__CHECKPOINT_EVERY_MS", 60_000);
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    desk.connect(&smtp(port)).await;
    let roles = desk.office.get(&format!("{GATEWAY}/roles")).await.unwrap();
    let owners = roles.json()["content"][0]["id"].clone();
    let invitation = json!({ "email_address": GRACE, "first_name": "Grace", "roles": [owners] });
    posts(&mut desk.office, "/users", &invitation, 201).await;
    process.kill();
    let mut server = MailServer::with(&["--port", &port.to_string()]);
    let process = site.start().await;
    let mail = server.next();
    assert_eq!(mail["to"], json!([GRACE]));
    assert_eq!(mail["subject"], "You are invited to the Back Office");
    let mut desk = Desk::of(&process);
    let chosen = json!({ "token": token(&mail), "password": "calm otter 77" });
    let accepted = posts(&mut desk.office, "/users/accept", &chosen, 200).await;
    assert_eq!(accepted["mode"], "LIVE", "{accepted}");

    let forgot = json!({ "email": GRACE });
    posts(&mut desk.office, "/users/forgot_password", &forgot, 204).await;
    let mail = server.next();
    assert_eq!(mail["subject"], "Choose another password");
    let chosen = json!({ "token": token(&mail), "password": "brisk heron 4" });
    posts(&mut desk.office, "/users/reset_password", &chosen, 204).await;
    signs_in(&mut desk.office, "calm otter 77", 400).await;
    signs_in(&mut desk.office, "brisk heron 4", 200).await;
    process.kill();
}

/// The app's and the Back Office's public keys of live mode.
fn public_key(process: &Process) -> String {
    let key = process.seed()["keys"]["live"]["public"].clone();
    key.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_mail_proves_the_addresses_of_whoever_registers_an_organisation_and_of_contacts() {
    let mut server = MailServer::with(&[]);
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    desk.connect(&smtp(server.port)).await;
    let mut page = Client::new(process.public, &public_key(&process));
    let pier = json!({
        "name": "Pier", "first_name": "Grace", "last_name": "Hopper",
        "email_address": GRACE, "password": "calm otter 77",
    });
    let registered = posts(&mut page, "/organisations/register", &pier, 201).await;
    signs_in(&mut page, "calm otter 77", 400).await;
    let mail = server.next();
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!([GRACE]), &json!("Confirm your e-mail address"))
    );
    let path = format!("{GATEWAY}/users/verify_email?token={}", token(&mail));
    assert_eq!(page.get(&path).await.unwrap().status, 200);
    let owner = signs_in(&mut page, "calm otter 77", 200).await;
    assert_eq!(
        (&owner["organisation"]["id"], &owner["mode"]),
        (&registered["id"], &json!("LIVE"))
    );

    let ada = json!({
        "first_name": "Ada", "last_name": "Byron",
        "identification": { "provider": "EMAIL", "email": "ada@example.org" },
    });
    let path = "/self-service/v2/contacts/register";
    let registered = desk.app.post(path, &ada).await.unwrap();
    assert_eq!(registered.status, 201, "{registered:?}");
    let mail = server.next();
    assert_eq!(mail["to"], json!(["ada@example.org"]));
    let auth_otp = registered.json()["auth_otp"].clone();
    let answer = desk.answer(auth_otp.as_str().unwrap(), &token(&mail)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    process.stop().await;
}

/// Makes an authority and a certificate of it for this machine, in `place`.
fn certify(place: &Path) {
    let script = "
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj /CN=Authority -keyout authority.key -out authority.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
            -subj /CN=mail -keyout mail.key -out mail.csr
        echo subjectAltName=IP:127.0.0.1 > names
        openssl x509 -req -in mail.csr -CA authority.pem -CAkey authority.key -CAcreateserial \
            -days 2 -extfile names -out mail.pem";
    let made = Command::new("bash")
        .args(["-euc", script])
        .current_dir(place)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{complaint}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_leaves_by_tls_to_servers_whose_authority_the_machine_believes_and_to_no_others() {
    let place = tempfile::tempdir().unwrap();
    certify(place.path());
    let file = |name: &str| text(&place.path().join(name)).to_owned();
    let server = |tls: &str| {
        let (certificate, key) = (file("mail.pem"), file("mail.key"));
        MailServer::with(&["--tls", tls, "--certificate", &certificate, "--key", &key])
    };
    let believing = site().in_environment("SSL_CERT_FILE", &place.path().join("authority.pem"));
    let process = believing.start().await;
    let mut desk = Desk::of(&process);
    let tries = async |desk: &mut Desk, security: &str, port: u16| {
        let mut settings = smtp(port);
        settings["smtp"]["security"] = json!(security);
        let id = desk.connect(&settings).await;
        let body = json!({ "channel": "EMAIL", "recipient": "ada@example.org" });
        posts(
            &mut desk.office,
            &format!("/integrations/{id}/test"),
            &body,
            200,
        )
        .await
    };
    let (mut upgrading, mut wrapped) = (server("after-starttls"), server("from-the-first-byte"));
    for (security, server) in [("STARTTLS", &mut upgrading), ("TLS", &mut wrapped)] {
        let tried = tries(&mut desk, security, server.port).await;
        assert_eq!(
            tried,
            json!({ "is_delivered": true, "detail": null }),
            "{security}"
        );
        let mail = server.next();
        assert_eq!(
            (&mail["tls"], &mail["account"]),
            (&json!(true), &json!("codes"))
        );
    }
    process.kill();
    // Where the machine believes others, neither account nor mail leaves.
    let doubting = site();
    let process = doubting.start().await;
    let mut desk = Desk::of(&process);
    for (security, port) in [("STARTTLS", upgrading.port), ("TLS", wrapped.port)] {
        let tried = tries(&mut desk, security, port).await;
        assert_eq!(tried["is_delivered"], false, "{security}: {tried}");
        assert!(
            tried["detail"]
                .as_str()
                .unwrap()
                .starts_with("the mail server "),
            "{tried}"
        );
    }
    process.kill();
}
