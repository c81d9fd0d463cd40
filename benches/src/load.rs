//! The generator: one epoll loop that publishes on time and reads every player.

use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::client::{Connection, READ, Target};
use crate::histogram::Histogram;
use crate::machine::now_ns;
use crate::rtmp::client::Action;
use crate::source::Source;

/// Connections that may be between connect and media at the same time.
const OPENING: usize = 32;
const EVENTS: usize = 512;
/// Marks the epoll tokens of publishers.
const PUBLISHER: u64 = 1 << 63;

struct Publisher {
    connection: Connection,
    /// None until the server accepted it.
    source: Option<Source>,
}

/// Publishers and players of one run.
pub(crate) struct Load {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    publishers: Vec<Publisher>,
    /// None where the server has closed the connection.
    players: Vec<Option<Connection>>,
    /// Connected, and never read again.
    stalled: Vec<Connection>,
    latency: Histogram,
    opening: usize,
    /// Why the last lost connection was lost.
    lost: Option<anyhow::Error>,
}

/// What the players saw in one measuring window.
pub(crate) struct Delivered {
    pub(crate) bytes: u64,
    pub(crate) gaps: u64,
    /// Frames per player, with zero for the lost ones.
    pub(crate) frames: Vec<u64>,
    pub(crate) latency: Histogram,
}

impl Load {
    /// Without connections.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; READ],
            publishers: Vec::new(),
            players: Vec::new(),
            stalled: Vec::new(),
            latency: Histogram::new(),
            opening: 0,
            lost: None,
        })
    }

    /// Connects publishers, one per target, and lets them start in turn within 40 ms.
    pub(crate) fn publish(&mut self, targets: &[&Target], limit: Duration) -> Result<()> {
        let deadline = now_ns() + limit.as_nanos() as u64;
        for target in targets {
            self.wait_for_room(deadline)?;
            let connection = Connection::open(target, Action::Publish, None)?;
            self.watch(&connection, PUBLISHER | self.publishers.len() as u64)?;
            self.publishers.push(Publisher {
                connection,
                source: None,
            });
            self.opening += 1;
        }
        while self.opening > 0 {
            self.turn(deadline)?;
            if now_ns() >= deadline {
                bail!("{} publishers were not accepted", self.opening);
            }
        }
        Ok(())
    }

    /// Connects players in turn to the targets; those not served in time stay, and count as starved.
    pub(crate) fn play(&mut self, targets: &[&Target], count: usize, limit: Duration) -> Result<()> {
        let deadline = now_ns() + limit.as_nanos() as u64;
        for target in targets.iter().cycle().take(count) {
            if self.wait_for_room(deadline).is_err() {
                self.players.push(None);
                continue;
            }
            let connection = Connection::open(target, Action::Play, None)?;
            self.watch(&connection, self.players.len() as u64)?;
            self.opening += usize::from(!connection.is_live());
            self.players.push(Some(connection));
            self.turn(now_ns())?;
        }
        while self.opening > 0 && now_ns() < deadline {
            self.turn(deadline)?;
        }
        self.opening = 0;
        Ok(())
    }

    /// Connects players that stop reading once they are served.
    pub(crate) fn stall(&mut self, target: &Target, count: usize) -> Result<()> {
        for _ in 0..count {
            let mut connection = Connection::open(target, Action::Play, Some(16 * 1024))?;
            let deadline = now_ns() + 5_000_000_000;
            while !connection.is_live() {
                self.turn(now_ns() + 1_000_000)?;
                connection.receive(&mut self.buffer[..4096], now_ns, &mut self.latency)?;
                if now_ns() > deadline {
                    bail!("a player was not served");
                }
            }
            self.stalled.push(connection);
            self.turn(now_ns())?;
        }
        Ok(())
    }

    /// Publishes and reads for this long.
    pub(crate) fn run(&mut self, time: Duration) -> Result<()> {
        let deadline = now_ns() + time.as_nanos() as u64;
        while now_ns() < deadline {
            self.turn(deadline)?;
        }
        Ok(())
    }

    /// Forgets what was counted.
    pub(crate) fn restart(&mut self) {
        self.latency = Histogram::new();
        self.players
            .iter_mut()
            .flatten()
            .for_each(|player| player.tally.restart());
    }

    /// What was counted since [`Load::restart`].
    pub(crate) fn delivered(&mut self) -> Delivered {
        let tallies = || {
            self.players
                .iter()
                .map(|player| player.as_ref().map(|player| &player.tally))
        };
        Delivered {
            bytes: tallies().flatten().map(|tally| tally.bytes).sum(),
            gaps: tallies().flatten().map(|tally| tally.gaps).sum(),
            frames: tallies()
                .map(|tally| tally.map_or(0, |tally| tally.frames))
                .collect(),
            latency: std::mem::replace(&mut self.latency, Histogram::new()),
        }
    }

    /// Why a player was lost, if one was.
    pub(crate) fn lost(&mut self) -> Option<anyhow::Error> {
        self.lost.take()
    }

    fn wait_for_room(&mut self, deadline: u64) -> Result<()> {
        while self.opening >= OPENING {
            self.turn(deadline)?;
            if now_ns() >= deadline {
                bail!("the server accepts too slowly");
            }
        }
        Ok(())
    }

    fn watch(&self, connection: &Connection, token: u64) -> Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::add(
            &self.epoll,
            &connection.socket,
            data,
            epoll::EventFlags::IN,
        )?)
    }

    /// Publishes what is due, then waits for and reads at most one batch of sockets.
    fn turn(&mut self, deadline: u64) -> Result<()> {
        let now = now_ns();
        let mut wake = deadline;
        for publisher in &mut self.publishers {
            let Some(source) = &mut publisher.source else {
                continue;
            };
            while source.due_ns() <= now {
                let message = source.next(now_ns());
                publisher
                    .connection
                    .media(message.kind, message.milliseconds, message.body);
            }
            wake = wake.min(source.due_ns());
            publisher.connection.flush().context("publisher")?;
        }
        let wait = wake.saturating_sub(now);
        let wait = Timespec {
            tv_sec: (wait / 1_000_000_000) as i64,
            tv_nsec: (wait % 1_000_000_000) as i64,
        };
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&wait))?;
        let events = std::mem::take(&mut self.events);
        let outcome = events.iter().try_for_each(|event| self.read(event.data.u64()));
        self.events = events;
        outcome
    }

    fn read(&mut self, token: u64) -> Result<()> {
        let publisher = token & PUBLISHER != 0;
        let index = (token & !PUBLISHER) as usize;
        let slot = match publisher {
            true => self
                .publishers
                .get_mut(index)
                .map(|publisher| &mut publisher.connection),
            false => self.players.get_mut(index).and_then(Option::as_mut),
        };
        let Some(connection) = slot else { return Ok(()) };
        let was_live = connection.is_live();
        let outcome = connection.receive(&mut self.buffer, now_ns, &mut self.latency);
        if !was_live && (outcome.is_err() || connection.is_live()) {
            self.opening = self.opening.saturating_sub(1);
        }
        match (publisher, outcome) {
            (true, outcome) => {
                outcome.context("publisher")?;
                if !was_live && self.publishers[index].connection.is_live() {
                    self.start_publisher(index);
                }
            }
            (false, Err(error)) => {
                self.players[index] = None;
                self.lost = Some(error.context(format!("player {index}")));
            }
            (false, Ok(())) => {}
        }
        Ok(())
    }

    fn start_publisher(&mut self, index: usize) {
        let publisher = &mut self.publishers[index];
        for (kind, body) in Source::headers() {
            publisher.connection.media(kind, 0, &body);
        }
        // Spread over one frame's time, as independent cameras are.
        let offset = (index as u64 * 7_919_000) % 40_000_000;
        publisher.source = Some(Source::new(now_ns() + offset, index as u64));
    }
}
