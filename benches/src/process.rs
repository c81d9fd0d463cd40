//! A measured server process: started on its core, watched through /proc, killed when dropped.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::machine::{now_ns, pause, pin};

const START_LIMIT_NS: u64 = 15_000_000_000;

/// Which core runs the measured server, and which the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

/// A running server that accepts connections.
pub(crate) struct Process {
    child: Child,
    /// From the start of the process to the first connection that it (or its backlog) took.
    pub(crate) start_ms: f64,
}

impl Process {
    /// Starts `command` on the server's core and waits until `port` can be connected to.
    pub(crate) fn start(mut command: Command, port: u16, cores: Cores) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // A child inherits the core of the thread that starts it.
        pin(cores.server).context("pin the server")?;
        let began = now_ns();
        let child = command.spawn();
        pin(cores.load).context("pin the load")?;
        let child = child.with_context(|| format!("start {}", command.get_program().display()))?;
        let mut process = Self { child, start_ms: 0.0 };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                bail!("{} ended at once: {status}", command.get_program().display());
            }
            if now_ns() - began > START_LIMIT_NS {
                bail!("{} does not listen on {port}", command.get_program().display());
            }
            pause(Duration::from_micros(200));
        }
        process.start_ms = (now_ns() - began) as f64 / 1e6;
        Ok(process)
    }

    /// CPU time used so far by all threads, in milliseconds; the kernel counts in steps of about 10.
    pub(crate) fn cpu_ms(&self) -> Result<f64> {
        cpu_ms(&self.child.id().to_string())
    }

    /// Resident memory in kB.
    pub(crate) fn rss_kb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("the server is gone")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

/// CPU time of the load generator itself, to see whether it was the bottleneck.
pub(crate) fn own_cpu_ms() -> Result<f64> {
    cpu_ms("self")
}

/// CPU time that everybody has used on these cores, in milliseconds: shows whether others disturbed a measurement.
pub(crate) fn cores_cpu_ms(cores: Cores) -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let mut ticks = 0;
    for core in [cores.server, cores.load] {
        let line = stat
            .lines()
            .find_map(|line| line.strip_prefix(&format!("cpu{core} ")))
            .context("no such core")?;
        // user, nice, system, idle, iowait, irq, softirq
        for (place, value) in line.split_whitespace().take(7).enumerate() {
            ticks += if matches!(place, 3 | 4) {
                0
            } else {
                value.parse::<u64>()?
            };
        }
    }
    Ok(milliseconds(ticks))
}

fn milliseconds(ticks: u64) -> f64 {
    ticks as f64 * 1000.0 / rustix::param::clock_ticks_per_second() as f64
}

fn cpu_ms(process: &str) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server is gone")?;
    // The name may contain anything, so fields are counted from its closing parenthesis: 3 state … 14 utime, 15 stime.
    let (_, fields) = stat.rsplit_once(')').context("stat")?;
    let ticks = |field: usize| -> Result<u64> {
        Ok(fields
            .split_whitespace()
            .nth(field - 3)
            .context("stat")?
            .parse()?)
    };
    Ok(milliseconds(ticks(14)? + ticks(15)?))
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended: io::Result<()> = self.child.kill().and_then(|()| self.child.wait().map(drop));
        if let Err(error) = ended {
            eprintln!("cannot stop a server: {error}");
        }
    }
}
