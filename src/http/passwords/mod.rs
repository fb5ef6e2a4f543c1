//! Hashes passwords without getting in the way of anybody else: on threads of low priority beside tokio's, a few at a time, with a short
//! line in front of them. Whoever finds the line full is told to come again; nothing has happened by then.
//!
//! A comparison with nobody's password takes the same line and the same time, so that neither tells who exists.

mod rule;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

pub use self::rule::{Password, Unfit};
use super::problem::{Code, Problem};
use crate::domain::access::{Cost, PasswordHash};
use crate::limits::{
    PASSWORD_RETRY_AFTER, PASSWORD_THREAD_NICE, PASSWORD_THREADS_MAX, PASSWORDS_WAITING_MAX,
};

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

struct Job {
    password: Password,
    task: Task,
    reply: oneshot::Sender<Result<Done, argon2::Error>>,
    place: Place,
}

/// A place in the line, until it is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Hashes and compares passwords. Its threads end with it.
pub struct Passwords {
    line: SyncSender<Job>,
    /// How many stand in the line.
    waiting: Arc<AtomicUsize>,
    worked: Arc<AtomicU64>,
}

impl Passwords {
    /// Starts the threads. `pepper` is mixed into every hash: without it a stolen hash cannot even be tried at.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn start(pepper: [u8; 32]) -> io::Result<Passwords> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).clamp(1, PASSWORD_THREADS_MAX);
        let (line, jobs) = sync_channel(PASSWORDS_WAITING_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let worked = Arc::new(AtomicU64::new(0));
        for _ in 0..threads {
            let (jobs, worked) = (Arc::clone(&jobs), Arc::clone(&worked));
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(move || serve(&jobs, &pepper, &worked))?;
        }
        Ok(Passwords {
            line,
            waiting: Arc::default(),
            worked,
        })
    }

    /// How many passwords were hashed or compared: the work that tells nobody who exists, since it is the same for all.
    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    /// Demands that there is room in the line: before anything is written down for a try that would be refused then.
    ///
    /// # Errors
    /// There is none: nothing happened.
    pub fn require_room(&self) -> Result<(), Problem> {
        match self.waiting.load(Ordering::Relaxed) < PASSWORDS_WAITING_MAX {
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
        let (reply, answer) = oneshot::channel();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let job = Job {
            password,
            task,
            reply,
            place: Place(Arc::clone(&self.waiting)),
        };
        self.line.try_send(job).map_err(|_full| over_capacity())?;
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

fn serve(jobs: &Mutex<Receiver<Job>>, pepper: &[u8; 32], worked: &AtomicU64) {
    let thread = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(thread, PASSWORD_THREAD_NICE) {
        tracing::debug!(%error, "passwords are hashed at the usual priority");
    }
    let mut memory = Vec::new();
    loop {
        // Held while waiting: threads take their jobs one after the other.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        drop(job.place);
        // Whoever asked may have gone.
        if job.reply.is_closed() {
            continue;
        }
        worked.fetch_add(1, Ordering::Relaxed);
        let done = work(&job.password, job.task, pepper, &mut memory);
        if job.reply.send(done).is_err() {
            tracing::debug!("whoever had a password hashed has gone");
        }
    }
}

fn work(
    password: &Password,
    task: Task,
    pepper: &[u8; 32],
    memory: &mut Vec<Block>,
) -> Result<Done, argon2::Error> {
    Ok(match task {
        Task::Hash(cost, salt) => {
            let hash = argon2id(password, cost, &salt, pepper, memory)?;
            Done::Hashed(PasswordHash { cost, salt, hash })
        }
        Task::Compare(of) => {
            let hash = argon2id(password, of.cost, &of.salt, pepper, memory)?;
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
    // The same memory for one password after the other.
    memory.resize_with(params.block_count(), Block::new);
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)?;
    argon2.hash_password_into_with_memory(password.bytes(), salt, &mut hash, memory)?;
    Ok(hash)
}

#[cfg(test)]
mod tests;
