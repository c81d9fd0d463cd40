//! FLV tag bodies (which are also RTMP audio, video and data messages) and FLV files.
//!
//! Follows the FLV specification v10.1 annex E and Enhanced RTMP v1 and v2 (Veovera, 2023 and 2024). Parsing takes
//! slices of the incoming buffer; writing gives a small [`BodyHeader`] to put before a shared payload.

mod audio;
mod body;
mod error;
mod extended;
mod fourcc;
mod header;
mod reader;
mod script;
mod tag;
mod video;

pub use audio::{AudioTagBody, parse_audio};
pub use body::{
    BodyHeader, audio_config_body, audio_end_body, audio_frame_header, video_config_body, video_end_body,
    video_frame_header,
};
pub use error::FlvError;
pub use fourcc::FourCc;
pub use header::{FILE_HEADER_LENGTH, FileHeader};
pub use reader::{FlvReader, ReaderError, ReaderLimits};
pub use script::{ScriptData, metadata_body, parse_script};
pub use tag::{TAG_HEADER_LENGTH, Tag, TagKind, TagTooLong, tag, tag_header};
pub use video::{VideoTagBody, parse_video};
