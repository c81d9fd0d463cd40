//! One server, one number of viewers, one window.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::floor;
use super::load::Load;
use crate::machine::now_ns;
use crate::peers::Settings;
use crate::peers::lianmai::{Whep, start_whep};
use crate::process::{Process, cores_cpu_ms, own_cpu_ms};
use crate::source::{FPS, Shape};

/// Time for everybody to be served evenly before the window opens: more than one key frame interval.
const SETTLE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(30);

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    /// The floor, one system call per packet.
    Sendto,
    /// The floor, one system call per picture and viewer.
    Gso,
    /// The gateway.
    Lianmai,
}

/// One point to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Point {
    pub(crate) viewers: usize,
    pub(crate) bitrate: u32,
    pub(crate) sampled: usize,
    pub(crate) feedback: bool,
    pub(crate) audio: bool,
    pub(crate) sei: bool,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// What one run gave. Absent: not measured of this server.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sample {
    /// Server CPU microseconds per packet that was sent.
    pub(crate) us_per_packet: f64,
    pub(crate) server_percent: f64,
    pub(crate) load_percent: f64,
    pub(crate) other_percent: f64,
    /// Viewers that one core would serve if the cost grew with their number.
    pub(crate) viewers_per_core: f64,
    pub(crate) packets_per_second: f64,
    /// Bits per second that one viewer gets, headers of RTP and SRTP included.
    pub(crate) bits_per_viewer: f64,
    pub(crate) lost_percent: f64,
    pub(crate) starved: f64,
    pub(crate) kb_per_viewer: Option<f64>,
    pub(crate) latency_p50_ms: Option<f64>,
    pub(crate) latency_p99_ms: Option<f64>,
    pub(crate) decrypted_p50_ms: Option<f64>,
    pub(crate) decrypted_p99_ms: Option<f64>,
    pub(crate) decrypted_packets: f64,
    pub(crate) first_picture_p50_ms: Option<f64>,
    pub(crate) first_picture_p99_ms: Option<f64>,
}

/// Starts the server, measures once, stops it.
pub(crate) fn measure(point: &Point, server: Server, settings: &Settings) -> Result<Sample> {
    let mut load = Load::new(Shape::of_video(point.bitrate, point.audio, point.sei))?;
    let segmentation = server == Server::Gso;
    if server != Server::Lianmai {
        let (process, address) = floor::start(point.bitrate, segmentation, settings)?;
        for _ in 0..point.viewers {
            load.open_floor(address)?;
        }
        return window(point, &process, &mut load, settings);
    }
    let whep = start_whep(settings)?;
    load.publish(&whep.push, CONNECT)?;
    load.run(point.warm_up)?;
    let before_kb = whep.process.rss_kb()?;
    open(point, &whep, &mut load)?;
    let mut sample = window(point, &whep.process, &mut load, settings)?;
    let after_kb = whep.process.rss_kb()?;
    sample.kb_per_viewer = Some((after_kb - before_kb) / point.viewers as f64);
    let first = load.first_pictures();
    sample.first_picture_p50_ms = first.quantile(0.5);
    sample.first_picture_p99_ms = first.quantile(0.99);
    Ok(sample)
}

/// Opens all viewers; those that decrypt lie evenly among the others.
fn open(point: &Point, whep: &Whep, load: &mut Load) -> Result<()> {
    let every = point.viewers.checked_div(point.sampled).unwrap_or(usize::MAX);
    for number in 0..point.viewers {
        let sampled = number % every == every / 2 && number / every < point.sampled;
        let feedback = point.feedback || sampled;
        load.open(whep.server, &whep.path, feedback, point.audio, CONNECT)
            .with_context(|| format!("viewer {number}"))?;
    }
    Ok(())
}

fn window(point: &Point, server: &Process, load: &mut Load, settings: &Settings) -> Result<Sample> {
    load.run(SETTLE)?;
    load.restart();
    let used = || Ok::<_, anyhow::Error>((server.cpu_ms()?, own_cpu_ms()?, cores_cpu_ms(settings.cores())?));
    let (began, before) = (now_ns(), used()?);
    load.run(point.window)?;
    let after = used()?;
    let seconds = (now_ns() - began) as f64 / 1e9;
    let (server_ms, load_ms) = (after.0 - before.0, after.1 - before.1);
    let other_ms = (after.2 - before.2 - server_ms - load_ms).max(0.0);
    let (totals, seen) = load.counted((seconds * FPS as f64 / 2.0) as u64);
    let sent = (totals.packets as f64 + totals.lost as f64).max(1.0);
    let server_percent = server_ms / seconds / 10.0;
    let viewers = point.viewers as f64;
    Ok(Sample {
        us_per_packet: server_ms * 1000.0 / sent,
        server_percent,
        load_percent: load_ms / seconds / 10.0,
        other_percent: other_ms / seconds / 10.0,
        viewers_per_core: viewers * 100.0 / server_percent,
        packets_per_second: totals.packets as f64 / seconds,
        bits_per_viewer: totals.bytes as f64 * 8.0 / seconds / viewers,
        lost_percent: totals.lost as f64 * 100.0 / sent,
        starved: totals.starved as f64,
        latency_p50_ms: seen.latency.quantile(0.5),
        latency_p99_ms: seen.latency.quantile(0.99),
        decrypted_p50_ms: seen.decrypted_latency.quantile(0.5),
        decrypted_p99_ms: seen.decrypted_latency.quantile(0.99),
        decrypted_packets: seen.decrypted as f64,
        ..Sample::default()
    })
}
