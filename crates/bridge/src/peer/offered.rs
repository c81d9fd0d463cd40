//! What an offer asks for, for whoever decides about it before the bridge does.

use lianmai_media::{TrackKind, VideoCodec};

use super::sdp::{self, Codec};

/// A media line on which the client wants to receive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedLine {
    /// Its name.
    pub mid: String,
    /// Sound or picture.
    pub kind: TrackKind,
    /// The codecs of pictures that it can show, best first.
    pub video: Vec<VideoCodec>,
}

/// The receiving media lines of an offer. What is no session description has none.
pub fn offered(sdp: &str) -> Vec<OfferedLine> {
    let sections = sdp::sections(sdp).into_iter();
    let lines = sections.filter(|section| section.receives && !section.rejected);
    lines
        .filter_map(|section| {
            let video = section.codecs.iter().filter_map(|(_, codec)| match codec {
                Codec::Video(codec) => Some(*codec),
                Codec::Audio(_) => None,
            });
            Some(OfferedLine {
                kind: section.kind?,
                video: video.collect(),
                mid: section.mid,
            })
        })
        .collect()
}
