//! Somebody new: registers, reads the code, answers it, and reads itself.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use super::arrivals::{Arrival, Part};
use super::connection::{Answer, Failure, Link};
use super::people::{People, Stopped};
use super::tally::{microseconds, new_histogram};
use super::{BenchError, Plan};

/// The steps of one login, in their order.
pub(super) const STEPS: [&str; 4] = ["register", "code", "validate", "get"];

/// Logins, and how long their steps took.
#[derive(Debug)]
pub(super) struct OtpLogins {
    people: People,
    steps: Mutex<[Histogram<u64>; STEPS.len()]>,
}

impl OtpLogins {
    /// None yet.
    ///
    /// # Errors
    /// As [`People::new`].
    pub(super) fn new(plan: &Plan) -> Result<Self, BenchError> {
        let steps = [
            new_histogram()?,
            new_histogram()?,
            new_histogram()?,
            new_histogram()?,
        ];
        Ok(Self {
            people: People::new(plan)?,
            steps: Mutex::new(steps),
        })
    }

    /// How long each step of what came to its end took, in microseconds.
    pub(super) fn steps(&self) -> [Histogram<u64>; STEPS.len()] {
        self.steps.lock().clone()
    }

    /// Plays one login: the last answer, or the first that was a refusal.
    ///
    /// # Errors
    /// There is no answer, or none that could be read.
    pub(super) async fn play(&self, link: &mut Link, arrival: &Arrival) -> Result<Answer, Failure> {
        match self.walk(link, arrival.number).await {
            Ok((answer, took)) => {
                if arrival.part == Part::Measured {
                    let mut steps = self.steps.lock();
                    for (step, took) in steps.iter_mut().zip(took) {
                        step.saturating_record(microseconds(took));
                    }
                }
                Ok(answer)
            }
            Err(Stopped::Refused(answer)) => Ok(answer),
            Err(Stopped::Failed(failure)) => Err(failure),
        }
    }

    async fn walk(
        &self,
        link: &mut Link,
        number: u64,
    ) -> Result<(Answer, [Duration; STEPS.len()]), Stopped> {
        let email = self.people.address(number);
        let began = Instant::now();
        let challenged = self.people.register(link, &email, None).await?;
        let registered = Instant::now();
        let code = self.people.code(link, &email).await?;
        let told = Instant::now();
        let entered = self.people.validate(link, &challenged, &code).await?;
        let validated = Instant::now();
        let answer = self.people.read(link, &entered).await?;
        let took = [
            registered - began,
            told - registered,
            validated - told,
            validated.elapsed(),
        ];
        Ok((answer, took))
    }
}
