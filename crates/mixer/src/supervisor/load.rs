//! What a process uses, as the kernel counts it.

use std::time::{Duration, Instant};

use nix::time::ClockId;
use nix::unistd::Pid;

/// Bytes of a page.
const PAGE: u64 = 4_096;

/// Watches one process.
#[derive(Debug)]
pub(super) struct ProcessLoad {
    pid: Pid,
    last: Option<(Instant, Duration)>,
}

impl ProcessLoad {
    pub(super) fn new(pid: u32) -> ProcessLoad {
        ProcessLoad {
            pid: Pid::from_raw(pid.cast_signed()),
            last: None,
        }
    }

    /// Cores used since the last call (or since the process began), and resident bytes now; `None` when it is gone.
    pub(super) fn measure(&mut self, now: Instant) -> Option<(f64, u64)> {
        let clock = ClockId::pid_cpu_clock_id(self.pid).ok()?;
        let used = Duration::from(clock.now().ok()?);
        let cores = match self.last {
            Some((then, before)) => {
                let elapsed = now.saturating_duration_since(then).as_secs_f64();
                used.saturating_sub(before).as_secs_f64() / elapsed.max(1e-3)
            }
            None => 0.0,
        };
        self.last = Some((now, used));
        Some((cores, self.resident()?))
    }

    /// The second number of `statm` is the resident pages.
    fn resident(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid)).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages.saturating_mul(PAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_uses_something() {
        let mut load = ProcessLoad::new(std::process::id());
        let start = Instant::now();
        let (_, memory) = load.measure(start).unwrap();
        assert!(memory > 1 << 20);
        let mut x = 1_u64;
        while start.elapsed() < Duration::from_millis(30) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        let (cores, _) = load.measure(Instant::now()).unwrap();
        assert!(cores > 0.05, "{cores}");
        assert!(ProcessLoad::new(u32::MAX >> 2).measure(start).is_none());
    }
}
