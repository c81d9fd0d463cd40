//! What a job does, as far as the planner has to know.

use lianmai_hub::job::JobKind;
use lianmai_rooms::layout::Canvas;

/// What is to be made under a key.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Work {
    /// One track in another codec.
    Rendition(JobKind),
    /// The mix of a room.
    Mix {
        /// Another one needs another encoder, and so another job.
        canvas: Canvas,
        /// Number of what is to be composed; the job that runs is told of every other one.
        revision: u64,
    },
}

impl Work {
    /// A word for metrics and logs.
    pub(in super::super) const fn name(&self) -> &'static str {
        match self {
            Work::Rendition(JobKind::AudioToOpus { .. }) => "audio_to_opus",
            Work::Rendition(JobKind::AudioToAac { .. }) => "audio_to_aac",
            Work::Rendition(JobKind::VideoToH264 { .. }) => "video_to_h264",
            Work::Mix { .. } => "mix",
        }
    }

    /// Whether it makes pictures, which come after sound.
    pub(super) const fn has_picture(&self) -> bool {
        match self {
            Work::Rendition(kind) => matches!(kind, JobKind::VideoToH264 { .. }),
            Work::Mix { canvas, .. } => !canvas.audio_only,
        }
    }

    /// Whether a job that does this can go on to do `other`.
    pub(super) fn continues_as(&self, other: &Work) -> bool {
        match (self, other) {
            (Work::Rendition(kind), Work::Rendition(other)) => kind == other,
            (Work::Mix { canvas, .. }, Work::Mix { canvas: other, .. }) => canvas == other,
            _ => false,
        }
    }

    /// Number of what is to be composed; 0 where nothing can change.
    pub(super) const fn revision(&self) -> u64 {
        match self {
            Work::Rendition(_) => 0,
            Work::Mix { revision, .. } => *revision,
        }
    }
}
