//! Hashes passwords without getting in the way of anybody else: on threads that get what the cores have left, a few at a time, with a
//! short line in front of them. Whoever finds the line full is told to come again; nothing has happened by then.
//!
//! A comparison with nobody's password takes the same line and the same time, so that neither tells who exists.

mod line;
mod rule;

use std::sync::Arc;
use std::{io, thread};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use self::line::{Job, Line};
pub use self::rule::{Password, Unfit};
use super::problem::{Code, Problem};
use crate::domain::access::{Cost, PasswordHash};
use crate::limits::{PASSWORD_LATE_THREAD_NICE, PASSWORD_RETRY_AFTER, PASSWORD_THREADS_MAX};

/// What is done with a password.
enum Task {
    /// Make a hash of it, with this salt.
    Hash(Cost, [u8; 16]),
    /// Compare it with this hash.
    Compare(PasswordHash),
}

/// What came of it.
enum Done {
    Hashed(PasswordHash),
    Compared(bool),
}

type Answer = Result<Done, argon2::Error>;

/// Hashes and compares passwords. Its threads end with it.
pub struct Passwords(Arc<Line>);

impl Drop for Passwords {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Passwords {
    /// Starts the threads. `pepper` is mixed into every hash: without it a stolen hash cannot even be tried at.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn start(pepper: [u8; 32]) -> io::Result<Passwords> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).clamp(1, PASSWORD_THREADS_MAX);
        Passwords::with_threads(threads, pepper)
    }

    /// As [`Passwords::start`], with so many threads that work while the cores have nothing else to do, and always one that works
    /// when these come to nothing.
    fn with_threads(threads: usize, pepper: [u8; 32]) -> io::Result<Passwords> {
        let passwords = Passwords(Arc::default());
        for _ in 0..threads {
            let line = Arc::clone(&passwords.0);
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(move || serve(&line, &pepper))?;
        }
        let line = Arc::clone(&passwords.0);
        thread::Builder::new()
            .name("late-passwords".to_owned())
            .spawn(move || serve_late(&line, &pepper))?;
        Ok(passwords)
    }

    /// How many passwords were hashed or compared: the work that tells nobody who exists, since it is the same for all.
    pub fn worked(&self) -> u64 {
        self.0.begun()
    }

    /// Demands that there is room in the line: before anything is written down for a try that would be refused then.
    ///
    /// # Errors
    /// There is none: nothing happened.
    pub fn require_room(&self) -> Result<(), Problem> {
        match self.0.has_room() {
            true => Ok(()),
            false => Err(over_capacity()),
        }
    }

    /// The hash under which a password that was chosen is kept.
    ///
    /// # Errors
    /// Too many are being hashed: nothing happened.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Problem> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| failed(&error))?;
        match self.run(password, Task::Hash(Cost::TODAY, salt)).await? {
            Done::Hashed(hash) => Ok(hash),
            Done::Compared(_) => Err(failed(&"a hash was not made")),
        }
    }

    /// Whether a password that was typed is the one of `hash`. With no hash it never is, and takes as long.
    ///
    /// # Errors
    /// Too many are being compared: nothing happened.
    pub async fn matches(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Problem> {
        let is_somebodys = hash.is_some();
        let hash = hash.unwrap_or(PasswordHash {
            cost: Cost::TODAY,
            salt: [0; 16],
            hash: [0; 32],
        });
        match self.run(password, Task::Compare(hash)).await? {
            Done::Compared(matches) => Ok(matches && is_somebodys),
            Done::Hashed(_) => Err(failed(&"a password was not compared")),
        }
    }

    async fn run(&self, password: Password, task: Task) -> Result<Done, Problem> {
        let answer = self.0.join(password, task).ok_or_else(over_capacity)?;
        // The thread panicked with the job in hand.
        let answer = answer.await.map_err(|lost| failed(&lost))?;
        answer.map_err(|error| failed(&error))
    }
}

fn over_capacity() -> Problem {
    Problem::new(
        Code::OverCapacity,
        "too many people are signing in; nothing happened, try again shortly",
    )
    .retry_after(PASSWORD_RETRY_AFTER)
}

fn failed(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a password cannot be hashed");
    Problem::from(Code::Internal)
}

/// Works while the cores have nothing else to do: any other thread that wakes up takes this one's core at once.
fn serve(line: &Line, pepper: &[u8; 32]) {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let this = thread_native_id();
    if let Err(error) = set_thread_priority_and_policy(this, ThreadPriority::Min, idle) {
        tracing::debug!(%error, "passwords are hashed at the usual priority");
    }
    // The same memory for one password after the other.
    let mut memory = Vec::new();
    while let Some(job) = line.next() {
        line.finish(&job, work(&job, pepper, &mut memory));
    }
}

/// Works when the others came to nothing for a while.
fn serve_late(line: &Line, pepper: &[u8; 32]) {
    let this = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(this, PASSWORD_LATE_THREAD_NICE) {
        tracing::debug!(%error, "late passwords are hashed at the usual priority");
    }
    while let Some(job) = line.overdue() {
        line.finish(&job, work(&job, pepper, &mut Vec::new()));
    }
}

fn work(job: &Job, pepper: &[u8; 32], memory: &mut Vec<Block>) -> Answer {
    Ok(match &job.task {
        Task::Hash(cost, salt) => {
            let (cost, salt) = (*cost, *salt);
            let hash = argon2id(&job.password, cost, &salt, pepper, memory)?;
            Done::Hashed(PasswordHash { cost, salt, hash })
        }
        Task::Compare(of) => {
            let hash = argon2id(&job.password, of.cost, &of.salt, pepper, memory)?;
            Done::Compared(bool::from(hash.ct_eq(&of.hash)))
        }
    })
}

fn argon2id(
    password: &Password,
    cost: Cost,
    salt: &[u8; 16],
    pepper: &[u8; 32],
    memory: &mut Vec<Block>,
) -> Result<[u8; 32], argon2::Error> {
    let mut hash = [0; 32];
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(hash.len()))?;
    memory.resize_with(params.block_count(), Block::new);
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)?;
    argon2.hash_password_into_with_memory(password.bytes(), salt, &mut hash, memory)?;
    Ok(hash)
}

#[cfg(test)]
mod tests;
