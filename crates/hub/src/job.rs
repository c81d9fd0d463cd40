//! What the gateway and its workers say to each other, as JSON text messages on one WebSocket.
//!
//! A worker says [`WorkerMessage::Hello`] first. The gateway then starts and stops jobs; a worker answers every
//! [`GatewayMessage::Start`] with `Started`, `Refused` or `Failed`, and reports its load about once per second. When the
//! connection breaks, all its jobs count as ended, on both sides.

use lianmai_rooms::layout::Scene;
use serde::{Deserialize, Serialize};

/// Version of this conversation. Both sides must have the same.
pub const JOB_PROTOCOL: u32 = 1;

/// Number of a job, unique for the life of a gateway process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobKind {
    /// AAC (or MP3) to Opus, 48 kHz, 20 ms packets. Plays and pushes sound only.
    AudioToOpus {
        /// Bits per second.
        bitrate: u32,
    },
    /// Opus to AAC-LC, 48 kHz. Plays and pushes sound only.
    AudioToAac {
        /// Bits per second.
        bitrate: u32,
    },
    /// Any picture to H.264 baseline without B-frames, a key frame at least every two seconds. Plays and pushes
    /// pictures only. Rotation that the source asks for is applied.
    VideoToH264 {
        /// Highest bits per second.
        bitrate: u32,
        /// Longer side in pixels at most; larger pictures are scaled down.
        max_side: u32,
    },
}

/// A job with where its media comes from and goes to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    #[serde(flatten)]
    pub kind: JobKind,
    /// RTMP URL to play, with its token. The worker adds nothing to it.
    pub source: String,
    /// RTMP URL to push to, with its token.
    pub target: String,
}

impl std::fmt::Debug for Job {
    /// Without the URLs: they hold tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Where one input of a mix is played from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixInput {
    /// What the scene calls it.
    pub name: String,
    /// RTMP URL to play, with its token.
    pub url: String,
}

/// A file that a scene names: a background, an avatar, a logo.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixAsset {
    /// What the scene calls it.
    pub name: String,
    /// PNG or JPEG, in base64.
    pub data: String,
}

impl std::fmt::Debug for MixAsset {
    /// Without the bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MixAsset")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A further output of a mix that carries sound only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundOutput {
    /// The input that is left out of it; `None` = everybody.
    pub without: Option<String>,
    /// RTMP URL to push to, with its token.
    pub url: String,
}

/// One composed picture and sound, by a process of its own.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct MixJob {
    /// Its number, from the same series as [`Job::id`].
    pub id: JobId,
    /// What is composed.
    pub scene: Scene,
    /// Where the inputs come from. One whose connection ends is opened again while it is listed.
    pub inputs: Vec<MixInput>,
    /// The files that the scene names.
    #[serde(default)]
    pub assets: Vec<MixAsset>,
    /// RTMP URL to push the mix to, with its token.
    pub target: String,
    /// Further outputs, sound only.
    #[serde(default)]
    pub sound_outputs: Vec<SoundOutput>,
}

impl std::fmt::Debug for MixJob {
    /// Without the URLs: they hold tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MixJob")
            .field("id", &self.id)
            .field("canvas", &self.scene.canvas)
            .field("inputs", &self.inputs.len())
            .finish_non_exhaustive()
    }
}

/// Gateway to worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GatewayMessage {
    /// The worker is taken on.
    Welcome,
    /// Do this.
    Start {
        /// The job.
        job: Job,
    },
    /// Compose this.
    StartMix {
        /// The job.
        job: Box<MixJob>,
    },
    /// A mix that runs is to be like this from its next frame on. The canvas stays as it was; inputs that are
    /// listed with another URL are opened anew, those not listed any more are closed.
    UpdateMix {
        /// The job as it is now. Its target is not looked at.
        job: Box<MixJob>,
    },
    /// Stop doing this.
    Stop {
        /// Which.
        id: JobId,
    },
}

/// Worker to gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WorkerMessage {
    /// The first message.
    Hello {
        /// [`JOB_PROTOCOL`].
        protocol: u32,
        /// A name for logs and metrics.
        name: String,
        /// How much it can do, in cores.
        capacity: f64,
    },
    /// The job runs: its output is on air.
    Started {
        /// Which.
        id: JobId,
    },
    /// There is no room for the job.
    Refused {
        /// Which.
        id: JobId,
        /// Cores it would need.
        need: f64,
        /// Cores that are free.
        free: f64,
    },
    /// The job ended by itself; the gateway decides whether to start it again.
    Failed {
        /// Which.
        id: JobId,
        /// A sentence for the log.
        reason: String,
    },
    /// The job ended as told.
    Stopped {
        /// Which.
        id: JobId,
    },
    /// How things are.
    Report {
        /// Cores not in use, measured.
        free: f64,
        /// Each job's share.
        jobs: Vec<JobReport>,
    },
}

/// How one job is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobReport {
    /// Which.
    pub id: JobId,
    /// Cores it used over the last second.
    pub cpu: f64,
    /// Resident bytes.
    pub memory: u64,
    /// Frames or packets that came in since it began.
    pub frames_in: u64,
    /// Frames or packets that went out since it began.
    pub frames_out: u64,
}
