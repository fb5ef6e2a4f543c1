//! Codes reach people over kills of the process, and through a mail server that others wrote.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::process::{Process, Site};
use crate::recorder::Recorder;

const PHONE: &str = "+442079460018";

/// The app, and the back office, in live mode.
pub(crate) struct Desk {
    pub(crate) app: Client,
    pub(crate) office: Client,
}

impl Desk {
    pub(crate) fn of(process: &Process) -> Desk {
        let seed = process.seed();
        let key = |name: &str| seed["keys"]["live"][name].as_str().unwrap().to_owned();
        Desk {
            app: Client::new(process.public, &key("self_service")),
            office: Client::new(process.public, &key("secret")),
        }
    }

    pub(crate) async fn connect(&mut self, integration: &Value) -> String {
        let path = "/backoffice/v2/integrations";
        let made = self.office.post(path, integration).await.unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn register(&mut self) -> String {
        let body = json!({
            "first_name": "Ada", "last_name": "Byron",
            "identification": {
                "provider": "PHONE", "phone": { "number": PHONE, "country_code": "GBR" },
            },
        });
        let path = "/self-service/v2/contacts/register";
        let registered = self.app.post(path, &body).await.unwrap();
        assert_eq!(registered.status, 201, "{registered:?}");
        registered.json()["auth_otp"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn answer(&mut self, auth_otp: &str, code: &str) -> Answer {
        let body = json!({ "auth_otp": auth_otp, "code": code });
        let path = "/self-service/v2/contacts/validate_otp";
        self.app.post(path, &body).await.unwrap()
    }
}

pub(crate) fn site() -> Site {
    Site::new().with("OUTBOUND__ALLOW_NETWORKS", "127.0.0.0/8")
}

/// Asks for a code that cannot be sent, kills the node, and lets the code arrive after a start; `settle` is what happens before the kill.
async fn arrives_after_a_kill(site: &Site) {
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = place.local_addr().unwrap();
    drop(place);
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let webhook = json!({
        "name": "Our own", "connector": "WEBHOOK",
        "webhook": { "url": format!("http://{address}/codes"), "channels": ["SMS"] },
    });
    desk.connect(&webhook).await;
    let auth_otp = desk.register().await;
    process.kill();
    let mut own = Recorder::at(address).await;
    let process = site.start().await;
    let code = own.next().await.json()["code"].clone();
    let mut desk = Desk::of(&process);
    let answer = desk.answer(&auth_otp, code.as_str().unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_was_acknowledged_is_sent_although_the_node_was_killed() {
    // What is to be sent stands in the journal alone.
    arrives_after_a_kill(&site().with("STORAGE__CHECKPOINT_EVERY_MS", 60_000)).await;
    // And in rows, with a cursor behind it.
    arrives_after_a_kill(&site().with("STORAGE__CHECKPOINT_EVERY_MS", 100)).await;
}

/// The tools of tests that others wrote: installed where they are missing.
pub(crate) fn tool(target: &str, path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = Command::new("make")
        .args(["--silent", target])
        .current_dir(root)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "make {target}: {complaint}");
    root.join("target/tools").join(path)
}

/// A mail server; it ends with its owner.
pub(crate) struct MailServer {
    process: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl MailServer {
    fn start() -> MailServer {
        MailServer::with(&[])
    }

    /// One with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> MailServer {
        let python = tool("mail-server", "python/bin/python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/mail_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let mut server = MailServer {
            process,
            lines,
            port: 0,
        };
        server.port = u16::try_from(server.next()["port"].as_u64().unwrap()).unwrap();
        server
    }

    /// What it printed next.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn smtp(port: u16) -> Value {
    json!({
        "name": "Mail", "connector": "SMTP",
        "smtp": {
            "host": "127.0.0.1", "port": port, "security": "NONE",
            "username": "codes", "password": "a-password-of-the-mail-server",
            "from": "Example <codes@example.com>",
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_leaves_through_a_real_mail_server() {
    let mut server = MailServer::start();
    let site = site();
    let process = site.start().await;
    let mut desk = Desk::of(&process);
    let id = desk.connect(&smtp(server.port)).await;
    let path = format!("/backoffice/v2/integrations/{id}/test");
    let body = json!({ "channel": "EMAIL", "recipient": "ada@example.org" });
    let tried = desk.office.post(&path, &body).await.unwrap();
    assert_eq!(
        tried.json(),
        json!({ "is_delivered": true, "detail": null })
    );
    let mail = server.next();
    assert_eq!(mail["from"], "codes@example.com");
    assert_eq!(mail["header_from"], "Example <codes@example.com>");
    assert_eq!(mail["to"], json!(["ada@example.org"]));
    assert_eq!(mail["account"], "codes");
    assert!(
        mail["body"].as_str().unwrap().contains("This is a test"),
        "{mail}"
    );

    // What the server says of somebody is not repeated; that it said no, is.
    let body = json!({ "channel": "EMAIL", "recipient": "later@example.org" });
    let refused = desk.office.post(&path, &body).await.unwrap();
    let expected = json!({ "is_delivered": false, "detail": "the mail server refused the message for now (451)" });
    assert_eq!(refused.json(), expected);

    // A server that offers no TLS gets neither account nor mail where TLS is asked for.
    let mut safe = smtp(server.port);
    safe["smtp"]["security"] = json!("STARTTLS");
    let id = desk.connect(&safe).await;
    let path = format!("/backoffice/v2/integrations/{id}/test");
    let refused = desk.office.post(&path, &body).await.unwrap();
    assert_eq!(refused.json()["is_delivered"], false, "{refused:?}");
    let mut wrong = smtp(server.port);
    wrong["smtp"]["password"] = json!("another");
    let id = desk.connect(&wrong).await;
    let path = format!("/backoffice/v2/integrations/{id}/test");
    let refused = desk.office.post(&path, &body).await.unwrap();
    let expected = "the mail server refused the message for good (535)";
    assert_eq!(refused.json()["detail"], expected);
    process.stop().await;
}
