//! The URLs a worker plays from and pushes to.

use lianmai_hub::job::{Job, JobId, JobKind};
use lianmai_hub::{Action, StreamKey};
use lianmai_rooms::Timestamp;

use super::job::source;
use super::token::{InternalKey, PARAMETER};

/// How long a worker may take to connect. A connection that stands is not cut.
const TOKEN_LIFE_SECS: u64 = 60;

/// The job with its URLs. What it plays is one track, written frame by frame.
pub(super) fn job(
    base: &str,
    signer: &InternalKey,
    id: JobId,
    kind: JobKind,
    rendition: &StreamKey,
    now: Timestamp,
) -> Job {
    let track = match kind {
        JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => "audio",
        JobKind::VideoToH264 { .. } => "video",
    };
    let expiry = now.as_secs().saturating_add(TOKEN_LIFE_SECS);
    let base = base.trim_end_matches('/');
    let url = |key: &StreamKey, action, options: &str| {
        let token = signer.sign(key, action, expiry);
        format!(
            "{base}/{}/{}?{PARAMETER}{token}{options}",
            key.app(),
            key.stream()
        )
    };
    Job {
        source: url(
            &source(rendition),
            Action::Play,
            &format!("&coalesce=0&only={track}"),
        ),
        target: url(rendition, Action::Publish, ""),
        id,
        kind,
    }
}
