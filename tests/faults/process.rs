//! The real binary as a child process.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::ledger::Network;

/// How long a start or a stop may take on a busy machine before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory, and how nodes are started on it.
pub(crate) struct Site {
    directory: TempDir,
    /// Where the data directory and the seed file are.
    home: PathBuf,
    settings: Vec<(&'static str, String)>,
    environment: Vec<(&'static str, std::ffi::OsString)>,
}

/// A child process; killed when dropped.
struct Running(Child);

/// A node that may not be ready yet.
pub(crate) struct Launched {
    running: Running,
    seed_file: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A node that runs.
pub(crate) struct Process {
    running: Running,
    seed_file: PathBuf,
    stderr: PathBuf,
    /// Where the API listens.
    pub(crate) public: SocketAddr,
}

/// A command that has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    /// An empty data directory, with small segments so that starts are quick.
    pub(crate) fn new() -> Site {
        let directory = TempDir::new().unwrap();
        Site {
            home: directory.path().to_owned(),
            directory,
            settings: Vec::new(),
            environment: Vec::new(),
        }
        .with("STORAGE__SEGMENT_MIB", 2)
    }

    /// The same, with its data in `home`; what the node prints stays elsewhere.
    pub(crate) fn on(home: &Path) -> Site {
        Site {
            home: home.to_owned(),
            ..Site::new()
        }
    }

    /// Checkpoints only when something else makes them: what is written stays in the journal alone.
    pub(crate) fn without_checkpoints() -> Site {
        Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 60_000)
    }

    /// Sets a setting for every start.
    pub(crate) fn with(mut self, setting: &'static str, value: impl ToString) -> Site {
        self.settings.push((setting, value.to_string()));
        self
    }

    /// Sets a variable of the environment that is none of ours for every start.
    pub(crate) fn in_environment(mut self, name: &'static str, value: &Path) -> Site {
        self.environment.push((name, value.into()));
        self
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The seed file.
    pub(crate) fn seed_file(&self) -> PathBuf {
        self.home.join("seed.json")
    }

    /// A place for another file.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn dev(&self) -> Command {
        let mut command = self.command(&["dev", "--listen", "127.0.0.1:0"]);
        command
            .args(["--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.data())
            .arg("--seed-file")
            .arg(self.seed_file());
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clientele"));
        command.args(arguments).stdin(Stdio::null());
        for (setting, value) in &self.settings {
            command.env(format!("CLIENTELE__{setting}"), value);
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Starts a node and waits until it is ready.
    ///
    /// It takes free ports by itself and prints them, so that no other process can take them in between.
    pub(crate) async fn start(&self) -> Process {
        self.launch().ready().await
    }

    /// Starts a node, and waits for nothing.
    pub(crate) fn launch(&self) -> Launched {
        let (stdout, stderr) = (self.beside("stdout"), self.beside("stderr"));
        let mut command = self.dev();
        command
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap());
        Launched {
            running: Running(command.spawn().unwrap()),
            seed_file: self.seed_file(),
            stdout,
            stderr,
        }
    }

    /// Starts a node that must refuse to start: how it ended.
    pub(crate) async fn refuse_to_start(&self) -> Ended {
        let ended = self.finish(self.dev()).await;
        assert!(!ended.status.success(), "it started: {}", ended.stdout);
        ended
    }

    /// Runs another command of the binary to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.finish(self.command(arguments)).await
    }

    /// Runs a command on the data directory that must succeed: the JSON that it prints.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.on_data(arguments, true).await;
        assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Runs a command on the data directory to its end.
    pub(crate) async fn on_data(&self, arguments: &[&str], as_json: bool) -> Ended {
        let mut command = self.command(arguments);
        command.arg("--data-dir").arg(self.data());
        if as_json {
            command.args(["-o", "json"]);
        }
        self.finish(command).await
    }

    async fn finish(&self, mut command: Command) -> Ended {
        let files = TempDir::new_in(self.directory.path()).unwrap();
        let (stdout, stderr) = (files.path().join("out"), files.path().join("err"));
        command
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap());
        let mut child = command.spawn().unwrap();
        let status = exit(&mut child).await;
        Ended {
            status,
            stdout: std::fs::read_to_string(&stdout).unwrap(),
            stderr: std::fs::read_to_string(&stderr).unwrap(),
        }
    }
}

impl Running {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn suspend(&self, wait: bool) {
        kill_process(self.pid(), Signal::STOP).unwrap();
        if wait {
            let stopped = waitpid(Some(self.pid()), WaitOptions::UNTRACED).unwrap();
            let (_, status) = stopped.expect("the child's state");
            assert!(status.stopped(), "it has ended: {status:?}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Launched {
    /// Waits until it is ready.
    ///
    /// It takes free ports by itself and prints them, so that no other process can take them in between.
    pub(crate) async fn ready(self) -> Process {
        let ready = self.ready_or_ended().await;
        ready.unwrap_or_else(|ended| {
            panic!("the node ended with {}: {}", ended.status, ended.stderr)
        })
    }

    /// Waits until it is ready or has ended.
    pub(crate) async fn ready_or_ended(mut self) -> Result<Process, Ended> {
        let deadline = Instant::now() + PATIENCE;
        let (public, admin) = loop {
            let said = std::fs::read_to_string(&self.stdout).unwrap();
            let address = |label: &str| address_after(&said, label);
            if let (Some(public), Some(admin), true) =
                (address("API "), address("Health"), said.contains("Ctrl-C"))
            {
                break (public, admin);
            }
            let complaint = || std::fs::read_to_string(&self.stderr).unwrap();
            if let Some(status) = self.running.0.try_wait().unwrap() {
                return Err(Ended {
                    status,
                    stdout: said,
                    stderr: complaint(),
                });
            }
            assert!(
                Instant::now() < deadline,
                "the node is not ready: {}",
                complaint()
            );
            pause().await;
        };
        let ready = Client::new(admin, "").get("/readyz").await.unwrap();
        assert_eq!((ready.status, &ready.body[..]), (200, &b"ok\n"[..]));
        Ok(Process {
            running: self.running,
            seed_file: self.seed_file,
            stderr: self.stderr,
            public,
        })
    }

    /// As [`Process::suspend`].
    pub(crate) fn suspend(&self, wait: bool) {
        self.running.suspend(wait);
    }

    /// As [`Process::kill`].
    pub(crate) fn kill(self) {
        self.running.kill();
    }
}

impl Process {
    /// Ends the process as a power cut would end it: without a word.
    pub(crate) fn kill(self) {
        self.running.kill();
    }

    /// Stops it where it is; `wait` until every thread is out of what it does in the kernel.
    pub(crate) fn suspend(&self, wait: bool) {
        self.running.suspend(wait);
    }

    /// Waits for it to end by itself.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = exit(&mut self.running.0).await;
        Ended {
            status,
            stdout: String::new(),
            stderr: std::fs::read_to_string(&self.stderr).unwrap(),
        }
    }

    /// How much memory the process has in use, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = format!("/proc/{}/status", self.running.0.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .unwrap()
            .trim()
            .strip_suffix(" kB")
            .unwrap()
            .parse()
            .unwrap();
        kib * 1024
    }

    /// Sends TERM.
    pub(crate) fn terminate(&self) {
        kill_process(self.running.pid(), Signal::TERM).unwrap();
    }

    /// Sends TERM and waits for the end, which must be a good one.
    pub(crate) async fn stop(mut self) {
        self.terminate();
        let status = exit(&mut self.running.0).await;
        assert!(status.success(), "after TERM it ended with {status}");
    }

    /// What the seed file says.
    pub(crate) fn seed(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.seed_file).unwrap()).unwrap()
    }

    /// The demo network.
    pub(crate) fn network(&self) -> Network {
        Network::of(&self.seed())
    }

    /// A client with the live secret key.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.public, &self.network().secret)
    }
}

async fn exit(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the process does not end");
        }
        pause().await;
    }
}

async fn pause() {
    // waits for: another process, which tells nobody what it is about to do; callers ask again, up to a deadline.
    tokio::time::sleep(Duration::from_millis(5)).await;
}

fn address_after(said: &str, label: &str) -> Option<SocketAddr> {
    let line = said.lines().find(|line| line.trim().starts_with(label))?;
    let (_, url) = line.split_once("http://")?;
    url.split('/').next()?.parse().ok()
}

/// The path as a command's argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
