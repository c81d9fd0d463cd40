//! Why something could not be decoded or encoded.

use lianmai_media::ConfigError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// This FFmpeg was built without it.
    #[error("FFmpeg has no {0}")]
    Missing(&'static str),
    /// FFmpeg said no.
    #[error("{what}: {error}")]
    Ffmpeg {
        /// What was tried.
        what: &'static str,
        /// Its answer.
        error: ffmpeg_next::Error,
    },
    /// No memory within the process's limit.
    #[error("out of memory")]
    OutOfMemory,
    /// A configuration or header cannot be read or written.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Decoded media of a shape that is not handled.
    #[error("cannot handle {0}")]
    Shape(&'static str),
}

impl CodecError {
    /// For `map_err`: what was tried.
    pub(crate) fn of(what: &'static str) -> impl Fn(ffmpeg_next::Error) -> CodecError {
        move |error| CodecError::Ffmpeg { what, error }
    }
}
