//! The playlist's text (RFC 8216 §4).

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::names::PartName;

/// What a live player is promised; pictures without key frames are cut there.
pub(super) const LONGEST_MILLIS: u64 = 12_000;
/// The last line of a finished playlist.
pub(super) const END: &str = "#EXT-X-ENDLIST";

/// A playlist of segments that last so many milliseconds.
pub(super) fn playlist(name: &PartName, segments: &[u64], started_at: SystemTime, ended: bool) -> String {
    let longest = segments
        .iter()
        .copied()
        .chain([LONGEST_MILLIS].into_iter().filter(|_| !ended))
        .max();
    let target = longest.unwrap_or(1_000).div_ceil(1_000).max(1);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-PLAYLIST-TYPE:EVENT\n\
         #EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-MAP:URI=\"{}\"\n#EXT-X-PROGRAM-DATE-TIME:{}\n",
        name.init(),
        date(started_at)
    );
    for (number, millis) in (1..).zip(segments) {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "#EXTINF:{}.{:03},\n{}\n",
            millis / 1_000,
            millis % 1_000,
            name.segment(number)
        );
    }
    if ended {
        text.push_str(END);
        text.push('\n');
    }
    text
}

/// ISO 8601 in UTC with milliseconds.
fn date(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60,
        since.subsec_millis()
    )
}

/// The Gregorian date so many days after 1970-01-01, counted in years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, TrackChoice};
    use std::time::Duration;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_playlist_lists_its_segments() {
        let name = PartName::new("r", 2, Format::Hls, TrackChoice::All);
        let live = playlist(&name, &[4_000, 4_040], UNIX_EPOCH, false);
        assert!(live.contains("#EXT-X-TARGETDURATION:12\n") && !live.contains(END));
        let ended = playlist(&name, &[4_000, 4_040], UNIX_EPOCH, true);
        assert!(ended.contains("#EXT-X-TARGETDURATION:5\n"));
        assert!(
            ended.ends_with("#EXTINF:4.040,\nr-00002-00002.m4s\n#EXT-X-ENDLIST\n"),
            "{ended}"
        );
    }
}
