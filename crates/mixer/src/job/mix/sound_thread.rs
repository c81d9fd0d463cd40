//! The thread that sums: every 20 ms, whatever has come by then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::tap::{Counts, SoundIn, Tap};
use crate::codec::CodecError;
use crate::mix::sound::{Level, OutputId, STEP, SoundMixer};
use crate::timeline::{PER_MILLI, RATE};
use crate::transcode::Output;

/// Commands that may wait.
const MAX_COMMANDS: usize = 256;
/// Further behind than this, steps are left out: the machine slept.
const MOST_BEHIND: i64 = RATE;
const STACK: usize = 2 << 20;

/// What is to change.
pub(super) enum SoundCommand {
    /// The inputs there are, and how loud each is.
    Inputs(Vec<Arc<Tap>>, Vec<Level>),
    /// A further output.
    Add(OutputId, Option<String>, mpsc::Sender<Output>),
    /// One output less.
    Remove(OutputId),
}

/// What the thread counts and may say at its end.
#[derive(Default)]
pub(super) struct SoundReport {
    /// 20 ms steps made.
    pub(super) steps: AtomicU64,
    /// Packets that came too late, steps and packets left out.
    pub(super) lost: AtomicU64,
    /// Samples made up.
    pub(super) concealed: AtomicU64,
}

/// Starts the thread. It ends when the commands' sender is let go, or on an error.
///
/// # Errors
/// When no thread can be made.
pub(super) fn start(
    bitrate: u32,
    epoch: Instant,
    report: Arc<SoundReport>,
) -> std::io::Result<SyncSender<SoundCommand>> {
    let (commands, queue) = sync_channel(MAX_COMMANDS);
    std::thread::Builder::new()
        .name("sound".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let mut summing = Summing {
                mixer: SoundMixer::new(bitrate, 0),
                taps: Vec::new(),
                outputs: BTreeMap::new(),
                report,
            };
            // The end of its outputs says that it ended.
            let _ = summing.work(&queue, epoch);
        })?;
    Ok(commands)
}

struct Summing {
    mixer: SoundMixer,
    taps: Vec<Arc<Tap>>,
    outputs: BTreeMap<OutputId, mpsc::Sender<Output>>,
    report: Arc<SoundReport>,
}

impl Summing {
    fn work(&mut self, queue: &Receiver<SoundCommand>, epoch: Instant) -> Result<(), CodecError> {
        let mut out = Vec::new();
        loop {
            let at = Duration::from_micros(
                self.mixer.position().unsigned_abs() * 1_000 / PER_MILLI.unsigned_abs(),
            );
            let now = epoch.elapsed();
            if let Some(wait) = at.checked_sub(now).filter(|wait| !wait.is_zero()) {
                match queue.recv_timeout(wait) {
                    Ok(command) => self.obey(command)?,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
                continue;
            }
            // Also when it is behind.
            while let Ok(command) = queue.try_recv() {
                self.obey(command)?;
            }
            let behind = (now.saturating_sub(at).as_millis() as i64) * PER_MILLI;
            if behind > MOST_BEHIND {
                let steps = behind / STEP;
                self.report.lost.fetch_add(steps.unsigned_abs(), Relaxed);
                self.mixer.skip_to(self.mixer.position() + steps * STEP);
            }
            self.step(&mut out)?;
        }
    }

    fn step(&mut self, out: &mut Vec<(OutputId, Output)>) -> Result<(), CodecError> {
        let now = self.mixer.position();
        for tap in &self.taps {
            let sound = tap.take_sound();
            let Some(voice) = self.mixer.voice(&tap.name) else {
                continue;
            };
            for sound in sound {
                match sound {
                    SoundIn::Config(config) => voice.configure(&config),
                    SoundIn::Packet(payload, at) => voice.packet(&payload, at, now),
                }
            }
            if voice.take_hopeless() {
                tap.hopeless.store(true, Relaxed);
            }
        }
        self.mixer.step(out)?;
        for (id, output) in out.drain(..) {
            let sent = self.outputs.get(&id).map(|queue| queue.try_send(output));
            if let Some(Err(_)) = sent {
                self.report.lost.fetch_add(1, Relaxed);
                metrics::counter!("lianmai_worker_dropped_frames_total").increment(1);
            }
        }
        let losses = self.mixer.losses();
        self.report.concealed.store(losses.concealed, Relaxed);
        if let Some(tap) = self.taps.first() {
            tap.counts.sound_late.store(losses.late, Relaxed);
            tap.counts.sound_broken.store(losses.broken, Relaxed);
        }
        self.report.steps.fetch_add(1, Relaxed);
        Ok(())
    }

    fn obey(&mut self, command: SoundCommand) -> Result<(), CodecError> {
        match command {
            SoundCommand::Inputs(taps, levels) => {
                self.mixer.set_levels(&levels);
                self.taps = taps;
            }
            SoundCommand::Add(id, without, queue) => {
                let config = self.mixer.add_output(id, without)?;
                // The queue is new and has room.
                if queue.try_send(Output::Audio(config)).is_err() {
                    Counts::add(&self.report.lost, 1);
                }
                self.outputs.insert(id, queue);
            }
            SoundCommand::Remove(id) => {
                self.mixer.remove_output(id);
                self.outputs.remove(&id);
            }
        }
        Ok(())
    }
}
