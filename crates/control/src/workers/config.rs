//! What an operator decides about workers.

use std::time::Duration;

use super::WorkerSecret;

/// Settings of the dispatcher and of what it asks workers to make.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkersConfig {
    /// What workers prove themselves with; `None`: a random one is drawn, so only a worker that the gateway itself
    /// starts can know it.
    pub secret: Option<WorkerSecret>,
    /// Where workers reach RTMP: `rtmp://host:port` or `rtmps://…`, without a trailing slash.
    pub rtmp_base: String,
    /// Bits per second of Opus renditions.
    pub opus_bitrate: u32,
    /// Bits per second of AAC renditions.
    pub aac_bitrate: u32,
    /// Highest bits per second of H.264 renditions.
    pub h264_bitrate: u32,
    /// Longer side of H.264 renditions at most, in pixels.
    pub h264_max_side: u32,
    /// Workers at a time.
    pub max_workers: usize,
    /// Time for a worker's first message.
    pub hello_timeout: Duration,
    /// How often a worker is pinged.
    pub ping_every: Duration,
    /// Silence after which a worker counts as gone.
    pub gone_after: Duration,
    /// Timing of jobs.
    pub timing: JobTiming,
}

impl Default for WorkersConfig {
    fn default() -> Self {
        Self {
            secret: None,
            rtmp_base: "rtmp://127.0.0.1:1935".to_owned(),
            opus_bitrate: 96_000,
            aac_bitrate: 128_000,
            h264_bitrate: 2_000_000,
            h264_max_side: 1_280,
            max_workers: 64,
            hello_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(3),
            gone_after: Duration::from_secs(10),
            timing: JobTiming::default(),
        }
    }
}

/// Time limits of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobTiming {
    /// From start to `Started`.
    pub start_timeout: Duration,
    /// From stop to `Stopped`; after it the job's share of its worker counts as free.
    pub stop_timeout: Duration,
    /// Input without output after which a job is restarted (R-A6).
    pub stall_after: Duration,
    /// A job that ran so long has a clean record again.
    pub stable_after: Duration,
    /// Wait before the second restart; doubles up to `retry_max`. The first restart is at once.
    pub retry_min: Duration,
    /// Longest wait before a restart.
    pub retry_max: Duration,
}

impl Default for JobTiming {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(5),
            stall_after: Duration::from_secs(2),
            stable_after: Duration::from_secs(10),
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(5),
        }
    }
}
