//! The line in front of the threads that hash passwords, and what sees to it that it moves.
//!
//! Those threads get what the cores have left, which may be nothing for a while. So there is one more, of which the system thinks
//! better: when nothing was finished for [`PASSWORD_PATIENCE`], it does the oldest job itself, be that in somebody's hand or not. Both
//! come to the same result, and the first one counts.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Answer, Password, Task};
use crate::limits::{PASSWORD_PATIENCE, PASSWORDS_WAITING_MAX};

/// A password with what is to be done with it.
pub(super) struct Job {
    pub(super) password: Password,
    pub(super) task: Task,
    /// Who asked, until somebody has answered.
    reply: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Job {
    /// Whether whoever asked has gone.
    fn is_vain(&self) -> bool {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }
}

/// The jobs, oldest first.
#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Arc<Job>>,
    in_hand: Vec<Arc<Job>>,
    /// How many were ever begun, each once.
    begun: u64,
    /// How many left, finished or in vain.
    gone: u64,
    is_closed: bool,
}

impl Jobs {
    /// Takes the oldest that waits and that somebody still wants.
    fn take(&mut self) -> Option<Arc<Job>> {
        while let Some(job) = self.waiting.pop_front() {
            if job.is_vain() {
                self.gone += 1;
                continue;
            }
            self.begun += 1;
            self.in_hand.push(Arc::clone(&job));
            return Some(job);
        }
        None
    }

    /// The oldest, where none has left since `gone` had.
    fn stuck_since(&mut self, gone: u64) -> Option<Arc<Job>> {
        if self.gone != gone {
            return None;
        }
        let oldest = self.in_hand.first().cloned();
        oldest.or_else(|| self.take())
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_hand.is_empty()
    }
}

/// The line.
#[derive(Default)]
pub(super) struct Line {
    jobs: Mutex<Jobs>,
    /// A job came, or the end.
    come: Condvar,
    /// The same, for the thread that sees to it that the line moves.
    watched: Condvar,
}

impl Line {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more may join.
    pub(super) fn has_room(&self) -> bool {
        self.jobs().waiting.len() < PASSWORDS_WAITING_MAX
    }

    /// How many jobs were ever begun.
    pub(super) fn begun(&self) -> u64 {
        self.jobs().begun
    }

    /// Joins the line; nothing comes back where it is full.
    pub(super) fn join(&self, password: Password, task: Task) -> Option<oneshot::Receiver<Answer>> {
        let mut jobs = self.jobs();
        if jobs.waiting.len() >= PASSWORDS_WAITING_MAX {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        jobs.waiting.push_back(Arc::new(Job {
            password,
            task,
            reply: Mutex::new(Some(reply)),
        }));
        drop(jobs);
        self.come.notify_one();
        self.watched.notify_one();
        Some(answer)
    }

    /// Waits for the next job. None at the end.
    pub(super) fn next(&self) -> Option<Arc<Job>> {
        let mut jobs = self.jobs();
        loop {
            if jobs.is_closed {
                return None;
            }
            if let Some(job) = jobs.take() {
                return Some(job);
            }
            jobs = (self.come.wait(jobs)).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until nothing was finished for a while although there is work, and gives the oldest of it. None at the end.
    pub(super) fn overdue(&self) -> Option<Arc<Job>> {
        let mut jobs = self.jobs();
        loop {
            let idle = |jobs: &mut Jobs| !jobs.is_closed && jobs.is_idle();
            jobs = (self.watched.wait_while(jobs, idle)).unwrap_or_else(PoisonError::into_inner);
            let gone = jobs.gone;
            let open = |jobs: &mut Jobs| !jobs.is_closed;
            let waited = (self.watched).wait_timeout_while(jobs, PASSWORD_PATIENCE, open);
            (jobs, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if jobs.is_closed {
                return None;
            }
            if let Some(job) = jobs.stuck_since(gone) {
                return Some(job);
            }
        }
    }

    /// Answers whoever asked, unless somebody was quicker.
    pub(super) fn finish(&self, job: &Arc<Job>, answer: Answer) {
        let mut jobs = self.jobs();
        if let Some(place) = jobs
            .in_hand
            .iter()
            .position(|other| Arc::ptr_eq(other, job))
        {
            jobs.in_hand.remove(place);
            jobs.gone += 1;
        }
        drop(jobs);
        let reply = (job.reply.lock().unwrap_or_else(PoisonError::into_inner)).take();
        if reply.is_some_and(|reply| reply.send(answer).is_err()) {
            tracing::debug!("whoever had a password hashed has gone");
        }
    }

    /// Sends the threads home.
    pub(super) fn close(&self) {
        self.jobs().is_closed = true;
        self.come.notify_all();
        self.watched.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Done;
    use super::*;
    use crate::domain::access::Cost;

    fn join(line: &Line) -> oneshot::Receiver<Answer> {
        let password = Password::typed("vivid turtle 9".to_owned()).unwrap();
        line.join(password, Task::Hash(Cost::TODAY, [0; 16]))
            .unwrap()
    }

    #[test]
    fn what_is_stuck_in_a_hand_is_done_by_another_and_answered_once() {
        let line = Line::default();
        let mut answer = join(&line);
        let in_hand = line.next().unwrap();
        let overdue = line.overdue().unwrap();
        assert!(Arc::ptr_eq(&in_hand, &overdue));
        assert_eq!(line.begun(), 1);
        line.finish(&overdue, Ok(Done::Compared(true)));
        line.finish(&in_hand, Ok(Done::Compared(false)));
        let answered = answer.try_recv().unwrap().unwrap();
        assert!(matches!(answered, Done::Compared(true)));
        assert_eq!(line.jobs().gone, 1);
    }

    #[test]
    fn what_nobody_takes_is_done_too_and_what_nobody_wants_is_not() {
        let line = Line::default();
        drop(join(&line));
        let _answer = join(&line);
        let overdue = line.overdue().unwrap();
        assert!(!overdue.is_vain());
        assert_eq!((line.begun(), line.jobs().gone), (1, 1));
    }

    #[test]
    fn a_line_that_moves_is_left_alone() {
        let line = Line::default();
        let _answers: Vec<_> = (0..PASSWORDS_WAITING_MAX).map(|_| join(&line)).collect();
        assert!(!line.has_room());
        let gone = line.jobs().gone;
        let job = line.next().unwrap();
        line.finish(&job, Ok(Done::Compared(true)));
        assert!(line.jobs().stuck_since(gone).is_none());
        line.close();
        assert!(line.next().is_none() && line.overdue().is_none());
    }
}
