//! What is measured: one server, one kind of work, one window.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::client::Target;
use crate::load::{Delivered, Load};
use crate::machine::now_ns;
use crate::peers::{Need, Running, Server, Settings, Wire};
use crate::process::{cores_cpu_ms, own_cpu_ms};
use crate::source::MESSAGES_PER_SECOND;

/// Time for everybody to be served evenly before the window opens: more than one key frame interval.
const SETTLE: Duration = Duration::from_millis(2500);
const CONNECT: Duration = Duration::from_secs(30);

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scenario {
    /// One publisher, players over RTMP.
    Rtmp,
    /// One publisher, players over HTTP-FLV.
    Flv,
    /// Many publishers with one RTMP player each; the number of players is that of publishers.
    Publishers,
    /// As `rtmp`, beside players that never read.
    Stalled,
    /// Nobody: time to the first accept and idle memory.
    Startup,
}

/// One point to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Point {
    pub(crate) scenario: Scenario,
    pub(crate) players: usize,
    pub(crate) coalesce: u32,
    pub(crate) stalled: usize,
    /// From the publisher's start to the first player.
    pub(crate) warm_up: Duration,
    /// Length of the window.
    pub(crate) window: Duration,
}

/// What one run of one server at one point gave. Absent: not measured in this scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sample {
    /// Server CPU milliseconds per gigabyte that players received.
    pub(crate) ms_per_gb: Option<f64>,
    /// Share of its core that the server used, in percent.
    pub(crate) server_cpu_percent: Option<f64>,
    /// The same of the load generator: near 100 the latencies are its own.
    pub(crate) load_cpu_percent: Option<f64>,
    /// The same of everybody else, of two cores: well above 5 the machine was not quiet.
    pub(crate) other_cpu_percent: Option<f64>,
    pub(crate) gigabits_per_second: Option<f64>,
    pub(crate) latency_p50_ms: Option<f64>,
    pub(crate) latency_p99_ms: Option<f64>,
    /// Growth of resident memory by each player (or publisher with its player).
    pub(crate) kb_per_player: Option<f64>,
    /// Growth of resident memory by each player that never reads.
    pub(crate) kb_per_stalled: Option<f64>,
    /// Players that got less than half of the frames.
    pub(crate) starved: Option<f64>,
    /// Jumps in the frame numbers that reading players saw.
    pub(crate) gaps: Option<f64>,
    pub(crate) start_ms: Option<f64>,
    pub(crate) idle_mb: Option<f64>,
}

impl Point {
    /// What a server must be able to do.
    pub(crate) fn need(&self) -> Need {
        Need {
            wire: if self.scenario == Scenario::Flv {
                Wire::Flv
            } else {
                Wire::Rtmp
            },
            streams: if self.scenario == Scenario::Publishers {
                self.players
            } else {
                1
            },
            coalesce: self.coalesce,
        }
    }

    /// Starts the server, measures once, stops it. The second value says why a player was lost, if one was.
    pub(crate) fn measure(
        &self,
        server: Server,
        settings: &Settings,
    ) -> Result<(Sample, Option<anyhow::Error>)> {
        let running = server
            .start(&self.need(), settings)
            .with_context(|| server.name())?;
        let mut load = Load::new()?;
        let sample = self
            .with(&running, &mut load, settings)
            .with_context(|| server.name())?;
        Ok((sample, load.lost()))
    }

    fn with(&self, running: &Running, load: &mut Load, settings: &Settings) -> Result<Sample> {
        let server = &running.process;
        load.run(Duration::from_secs(1))?;
        let idle_kb = server.rss_kb()?;
        let mut sample = Sample {
            start_ms: Some(server.start_ms),
            idle_mb: Some(idle_kb / 1024.0),
            ..Sample::default()
        };
        if self.scenario == Scenario::Startup {
            return Ok(sample);
        }

        let push: Vec<&Target> = running
            .streams
            .iter()
            .filter_map(|stream| stream.push.as_ref())
            .collect();
        let play: Vec<&Target> = running.streams.iter().map(|stream| &stream.play).collect();
        load.publish(&push, CONNECT)?;
        load.run(self.warm_up)?;
        // Publishers count as part of the stream where there are many, else as part of the server.
        let before_kb = if push.len() > 1 { idle_kb } else { server.rss_kb()? };
        load.play(&play, self.players, CONNECT)?;
        load.run(SETTLE)?;
        let with_players_kb = server.rss_kb()?;
        if self.scenario == Scenario::Stalled {
            load.stall(play[0], self.stalled)?;
            load.run(SETTLE)?;
        }

        load.restart();
        let used =
            || Ok::<_, anyhow::Error>((server.cpu_ms()?, own_cpu_ms()?, cores_cpu_ms(settings.cores())?));
        let (began, before) = (now_ns(), used()?);
        load.run(self.window)?;
        let after = used()?;
        let (server_ms, load_ms) = (after.0 - before.0, after.1 - before.1);
        let other_ms = (after.2 - before.2 - server_ms - load_ms).max(0.0);
        let seconds = (now_ns() - began) as f64 / 1e9;
        let after_kb = server.rss_kb()?;

        sample.fill(&load.delivered(), seconds);
        sample.ms_per_gb = sample
            .gigabits_per_second
            .map(|rate| server_ms / (rate * seconds / 8.0));
        sample.server_cpu_percent = Some(server_ms / seconds / 10.0);
        sample.load_cpu_percent = Some(load_ms / seconds / 10.0);
        sample.other_cpu_percent = Some(other_ms / seconds / 10.0);
        if self.scenario == Scenario::Stalled {
            sample.kb_per_stalled = Some((after_kb - with_players_kb) / self.stalled as f64);
            sample.kb_per_player = Some((with_players_kb - before_kb) / self.players as f64);
        } else {
            sample.kb_per_player = Some((after_kb - before_kb) / self.players as f64);
        }
        Ok(sample)
    }
}

impl Sample {
    fn fill(&mut self, delivered: &Delivered, seconds: f64) {
        let enough = (seconds * MESSAGES_PER_SECOND / 2.0) as u64;
        self.gigabits_per_second =
            (delivered.bytes > 0).then_some(delivered.bytes as f64 * 8.0 / seconds / 1e9);
        self.latency_p50_ms = delivered.latency.quantile(0.5);
        self.latency_p99_ms = delivered.latency.quantile(0.99);
        self.starved = Some(delivered.frames.iter().filter(|frames| **frames < enough).count() as f64);
        self.gaps = Some(delivered.gaps as f64);
    }
}
