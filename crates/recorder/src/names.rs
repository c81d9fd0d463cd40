//! File names of parts: `{id}-{part:05}`, and what of it.

use std::path::{Path, PathBuf};

use crate::{Format, TrackChoice};

/// The files of one part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PartName {
    pub(crate) id: String,
    pub(crate) part: u32,
    pub(crate) format: Format,
    pub(crate) audio_only: bool,
}

impl PartName {
    pub(crate) fn new(id: &str, part: u32, format: Format, tracks: TrackChoice) -> PartName {
        PartName {
            id: id.to_owned(),
            part,
            format,
            audio_only: tracks == TrackChoice::AudioOnly,
        }
    }

    fn stem(&self) -> String {
        format!("{}-{:05}", self.id, self.part)
    }

    fn extension(&self) -> &'static str {
        match (self.format, self.audio_only) {
            (Format::Mp4, false) => "mp4",
            (Format::Mp4, true) => "m4a",
            (Format::Flv, _) => "flv",
            (Format::Hls, _) => "m3u8",
        }
    }

    /// The file to open.
    pub(crate) fn file(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.{}", self.stem(), self.extension()))
    }

    /// The initialisation segment of HLS.
    pub(crate) fn init(&self) -> String {
        format!("{}-init.mp4", self.stem())
    }

    /// A media segment of HLS, from 1.
    pub(crate) fn segment(&self, number: u32) -> String {
        format!("{}-{number:05}.m4s", self.stem())
    }

    /// Which part a file name in a recording's folder begins, if it does.
    pub(crate) fn parse(name: &str) -> Option<PartName> {
        let (stem, format, audio_only) = [
            ("-init.mp4", Format::Hls, false),
            (".mp4", Format::Mp4, false),
            (".m4a", Format::Mp4, true),
            (".flv", Format::Flv, false),
        ]
        .iter()
        .find_map(|(end, format, audio_only)| Some((name.strip_suffix(end)?, *format, *audio_only)))?;
        let (id, part) = stem.rsplit_once('-')?;
        let is_number = part.len() >= 5 && part.bytes().all(|digit| digit.is_ascii_digit());
        let part = part.parse().ok().filter(|_| is_number)?;
        Some(PartName {
            id: id.to_owned(),
            part,
            format,
            audio_only,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for (format, tracks) in [
            (Format::Mp4, TrackChoice::All),
            (Format::Mp4, TrackChoice::AudioOnly),
            (Format::Flv, TrackChoice::All),
        ] {
            for part in [0, 7, 123_456] {
                let name = PartName::new("a-1_b", part, format, tracks);
                let file = name.file(Path::new("/x"));
                let text = file.file_name().unwrap().to_str().unwrap();
                assert_eq!(PartName::parse(text), Some(name));
            }
        }
        let hls = PartName::new("r", 3, Format::Hls, TrackChoice::All);
        assert_eq!(PartName::parse(&hls.init()), Some(hls.clone()));
        for other in [
            hls.segment(1).as_str(),
            "r-3.mp4",
            "r.mp4",
            "r-00001.mp4.tmp",
            "r-+0001.mp4",
        ] {
            assert_eq!(PartName::parse(other), None, "{other}");
        }
    }
}
