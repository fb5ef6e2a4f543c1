//! A timer that is precise to some microseconds.
//!
//! tokio's own timer ticks in milliseconds, which would add up to one to every latency that counts from a schedule: as
//! much as the server needs. On Linux a timer descriptor wakes the runtime like any socket; elsewhere tokio's must do.

use std::io;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod precise {
    use std::os::fd::OwnedFd;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::{Duration, io};

    /// A timer of the calling task, for one sleep at a time.
    #[derive(Debug)]
    pub(in super::super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        /// Creates a timer on the current runtime.
        ///
        /// # Errors
        /// When the process has no descriptor left.
        #[expect(
            deprecated,
            reason = "its replacement is unsafe, for types whose descriptor may change under tokio; an OwnedFd's cannot"
        )]
        pub(in super::super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self(AsyncFd::with_interest(
                descriptor,
                Interest::READABLE,
            )?))
        }

        /// Waits for this long.
        ///
        /// # Errors
        /// When the operating system refuses to arm or read the timer.
        pub(in super::super) async fn sleep(&self, wait: Duration) -> io::Result<()> {
            // Zero would disarm the timer instead of ending at once.
            let value =
                Timespec::try_from(wait.max(Duration::from_nanos(1))).map_err(io::Error::other)?;
            let once = Itimerspec {
                it_interval: Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                },
                it_value: value,
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            let read = |timer: &OwnedFd| Ok(rustix::io::read(timer, &mut [0_u8; 8])?);
            self.0
                .async_io(Interest::READABLE, read)
                .await
                .map(|_expirations| ())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod precise {
    use super::{Duration, io};

    /// A timer of the calling task.
    #[derive(Debug)]
    pub(in super::super) struct Timer(());

    impl Timer {
        /// Creates a timer.
        ///
        /// # Errors
        /// None.
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self(()))
        }

        /// Waits for this long, rounded up to a millisecond.
        ///
        /// # Errors
        /// None.
        pub(in super::super) async fn sleep(&self, wait: Duration) -> io::Result<()> {
            tokio::time::sleep(wait).await;
            Ok(())
        }
    }
}

pub(super) use precise::Timer;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_sleep_never_ends_early_and_the_timer_can_be_used_again() {
        let timer = Timer::new().unwrap();
        for wait in [
            Duration::ZERO,
            Duration::from_micros(300),
            Duration::from_millis(3),
        ] {
            let start = Instant::now();
            timer.sleep(wait).await.unwrap();
            assert!(start.elapsed() >= wait, "{wait:?}");
        }
    }
}
