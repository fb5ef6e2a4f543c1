//! Runs a load: opens the connections, fills the wallets if spends need it, sends, and collects.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use tokio::time::{interval, sleep, sleep_until, timeout};

use super::arrivals::{Arrival, ArrivalQueue, Arrivals, ClosedLoop, Part};
use super::batches;
use super::connection::{Failure, Keep, Link};
use super::otp_login::OtpLogins;
use super::people::Sources;
use super::progress::Progress;
use super::report::{Ending, Report};
use super::requests::Requests;
use super::schedule::Schedule;
use super::tally::SharedTally;
use super::timer::Timer;
use super::{BenchError, Plan, Scenario};
use crate::limits::{BENCH_DRAIN_MAX, BENCH_PROGRESS_EVERY, BENCH_RECONNECT_PAUSE};

/// What all connections of one phase share.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) requests: Requests,
    /// Instead of requests, whole logins.
    pub(super) logins: Option<OtpLogins>,
    pub(super) arrivals: Arrivals,
    pub(super) tally: SharedTally,
}

impl Load {
    /// The measured phase of a plan, beginning with its warm-up at `start`.
    ///
    /// # Errors
    /// When the seed does not fit into requests.
    pub(super) fn of_plan(plan: &Plan, start: Instant) -> Result<Self, BenchError> {
        let requests = Requests::of_scenario(plan.scenario, &plan.seed, &plan.target)?;
        Self::of_requests(plan, requests, start)
    }

    fn of_requests(plan: &Plan, requests: Requests, start: Instant) -> Result<Self, BenchError> {
        let measured_from = start + plan.warmup;
        let arrivals = match plan.rate {
            Some(_) => Arrivals::Open(ArrivalQueue::new(plan.arrivals_waiting_max)),
            None => Arrivals::Closed(ClosedLoop::new(
                measured_from,
                measured_from + plan.duration,
            )),
        };
        let logins = match plan.scenario {
            Scenario::OtpLogin => Some(OtpLogins::new(plan)?),
            Scenario::Award
            | Scenario::Spend
            | Scenario::Mixed
            | Scenario::Read
            | Scenario::HotContact
            | Scenario::Batch
            | Scenario::LoginStorm => None,
        };
        Ok(Self {
            requests,
            logins,
            arrivals,
            tally: SharedTally::new(measured_from, plan.duration)?,
        })
    }
}

/// Runs the whole plan, and reports. `interrupted` ends it early, with a report of what there is.
///
/// # Errors
/// When the node cannot be reached, or wallets cannot be filled. Failed requests are no error here: they are counted.
pub(super) async fn measure(
    plan: &Plan,
    interrupted: impl Future<Output = ()>,
) -> Result<Report, BenchError> {
    let mut interrupted = pin!(interrupted);
    let links = prepare(plan, interrupted.as_mut()).await?;
    run(plan, links, interrupted).await
}

/// Does what comes before the first measurement: opens every connection, and fills the wallets if anything is spent.
///
/// # Errors
/// As [`measure`].
pub(super) async fn prepare(
    plan: &Plan,
    interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Vec<Link>, BenchError> {
    let links = open_links(plan).await?;
    if plan.scenario.spends() {
        fill_wallets(plan, links, interrupted).await
    } else {
        Ok(links)
    }
}

/// Runs the load of a plan that was prepared for. When the report says that it was interrupted, `interrupted` has ended, and must
/// not be waited for again.
///
/// # Errors
/// When there is no timer to follow a schedule.
pub(super) async fn run(
    plan: &Plan,
    links: Vec<Link>,
    interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Report, BenchError> {
    let start = Instant::now();
    let load = Load::of_plan(plan, start)?;
    run_load(plan, load, links, start, interrupted).await
}

/// The same with these requests.
///
/// # Errors
/// As [`run`].
pub(super) async fn run_requests(
    plan: &Plan,
    requests: Requests,
    links: Vec<Link>,
    interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Report, BenchError> {
    let start = Instant::now();
    let load = Load::of_requests(plan, requests, start)?;
    run_load(plan, load, links, start, interrupted).await
}

async fn run_load(
    plan: &Plan,
    load: Load,
    links: Vec<Link>,
    start: Instant,
    interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Report, BenchError> {
    let load = Arc::new(load);
    let ending = send(plan, &load, links, start, interrupted).await?;
    Ok(Report::new(plan, &load, start + plan.warmup, ending))
}

/// Opens every connection before anything is measured.
///
/// # Errors
/// When the node does not accept one of them.
pub(super) async fn open_links(plan: &Plan) -> Result<Vec<Link>, BenchError> {
    let address = plan.target.address;
    let mut links = Vec::new();
    let sources = match plan.scenario.is_of_people() {
        true => Some(Arc::new(Sources::new(&plan.target)?)),
        false => None,
    };
    for _ in 0..plan.connections {
        let link = Link::open(address, sources.clone()).await;
        links.push(link.map_err(|source| BenchError::Unreachable { address, source })?);
    }
    Ok(links)
}

/// Sends everything that the plan intends, and collects the answers.
///
/// # Errors
/// When there is no timer to follow a schedule.
pub(super) async fn send(
    plan: &Plan,
    load: &Arc<Load>,
    links: Vec<Link>,
    start: Instant,
    mut interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Ending, BenchError> {
    let whole = plan.warmup.saturating_add(plan.duration);
    let bar = Progress::new(phase(plan), Progress::steps_of(whole));
    let show = || bar.show(Progress::steps_of(start.elapsed()), &load.tally.lock());
    let schedule = plan
        .rate
        .map(|rate| Schedule::new(start, rate, plan.warmup, plan.duration));
    // A task of its own: whoever waits here may be outside the runtime's threads, and would be woken across threads
    // for every arrival.
    let mut pacing = JoinSet::new();
    pacing.spawn(pace(Arc::clone(load), schedule, links.len()));
    let mut senders = start_senders(load, links);
    let mut ending = Ending::Complete;
    match until_interrupted(join(&mut pacing), interrupted.as_mut(), show).await {
        Some(paced) => {
            let paced: io::Result<()> = paced.into_iter().collect();
            paced.map_err(BenchError::Timer)?;
            let drained = timeout(BENCH_DRAIN_MAX, join(&mut senders));
            if until_interrupted(drained, interrupted, show)
                .await
                .is_none()
            {
                ending = Ending::Interrupted { at: Instant::now() };
            }
        }
        None => ending = Ending::Interrupted { at: Instant::now() },
    }
    pacing.shutdown().await;
    senders.shutdown().await;
    Ok(ending)
}

/// What the bar says is under way.
fn phase(plan: &Plan) -> String {
    let name = plan.scenario.name();
    match plan.rate {
        Some(rate) => format!("{name} at {rate}/s"),
        None => name.to_owned(),
    }
}

/// Lets arrivals happen until the last one has; then lets the senders end. A queue without a schedule holds everything
/// already.
async fn pace(load: Arc<Load>, schedule: Option<Schedule>, connections: usize) -> io::Result<()> {
    match &load.arrivals {
        Arrivals::Open(queue) => {
            if let Some(schedule) = schedule {
                schedule.release(queue, &load.tally, &Timer::new()?).await?;
            }
            queue.close(connections);
        }
        Arrivals::Closed(closed) => sleep_until(closed.until.into()).await,
    }
    Ok(())
}

/// Gives every contact a balance to spend from, and returns the connections for the measured part.
async fn fill_wallets(
    plan: &Plan,
    links: Vec<Link>,
    interrupted: Pin<&mut impl Future<Output = ()>>,
) -> Result<Vec<Link>, BenchError> {
    let total = Requests::fills(&plan.seed);
    let queue = ArrivalQueue::new(usize::MAX);
    let intended = Instant::now();
    queue.release((0..total).map(|number| Arrival {
        number,
        intended,
        part: Part::Measured,
    }));
    queue.close(links.len());
    let requests = Requests::of_filling(&plan.seed, &plan.target)?;
    let load = Arc::new(Load {
        requests,
        logins: None,
        arrivals: Arrivals::Open(queue),
        tally: SharedTally::new(intended, plan.duration)?,
    });
    let bar = Progress::new("filling wallets", total);
    let show = || {
        let tally = load.tally.lock();
        bar.show(tally.answered() + tally.errors_total(), &tally);
    };
    let mut senders = start_senders(&load, links);
    let filled = until_interrupted(join(&mut senders), interrupted, show).await;
    let links = filled.ok_or(BenchError::InterruptedInSetup)?;
    let tally = load.tally.lock();
    match tally.first_error.clone() {
        Some(first) => Err(BenchError::SetupFailed {
            failed: tally.errors_total(),
            total,
            first,
        }),
        None => Ok(links),
    }
}

fn start_senders(load: &Arc<Load>, links: Vec<Link>) -> JoinSet<Link> {
    links
        .into_iter()
        .map(|link| send_arrivals(Arc::clone(load), link))
        .collect()
}

/// Sends arrivals over one connection, one at a time, until there are no more.
async fn send_arrivals(load: Arc<Load>, mut link: Link) -> Link {
    let keep = if load.requests.are_batches() {
        Keep::Body
    } else {
        Keep::Nothing
    };
    loop {
        let arrival = tokio::select! {
            biased;
            () = link.closed_while_idle() => continue,
            arrival = load.arrivals.next() => arrival,
        };
        let Some(arrival) = arrival else { return link };
        if arrival.part == Part::Measured {
            load.tally.lock().count_sent(arrival.intended.elapsed());
        }
        let outcome = match &load.logins {
            Some(logins) => logins.play(&mut link, &arrival).await,
            None => {
                let request = load.requests.make(arrival.number);
                link.exchange(request, keep).await
            }
        };
        let answered_at = Instant::now();
        if arrival.part == Part::Measured {
            let latency = answered_at.saturating_duration_since(arrival.intended);
            let batch = match (&outcome, keep) {
                (Ok(answer), Keep::Body) if answer.status.is_success() => {
                    Some(batches::read(&answer.body))
                }
                _ => None,
            };
            load.tally
                .lock()
                .count_outcome(&outcome, batch, latency, answered_at);
        }
        // A schedule bounds its attempts by itself; a closed loop would spin on a server that is gone.
        if let (Err(Failure::Connect(_)), Arrivals::Closed(_)) = (&outcome, &load.arrivals) {
            sleep(BENCH_RECONNECT_PAUSE).await;
        }
    }
}

/// Waits for all tasks, and hands their results over. A task's panic is a bug, and goes on here.
async fn join<T: 'static>(tasks: &mut JoinSet<T>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(result) => results.push(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_aborted) => {}
        }
    }
    results
}

/// Waits for some work, showing progress, or returns `None` at once when the run is interrupted. After that,
/// `interrupted` must not be waited for again.
async fn until_interrupted<T>(
    work: impl Future<Output = T>,
    mut interrupted: Pin<&mut impl Future<Output = ()>>,
    mut show: impl FnMut(),
) -> Option<T> {
    let mut work = pin!(work);
    let mut ticks = interval(BENCH_PROGRESS_EVERY);
    loop {
        tokio::select! {
            biased;
            () = interrupted.as_mut() => return None,
            done = work.as_mut() => return Some(done),
            _ = ticks.tick() => show(),
        }
    }
}
