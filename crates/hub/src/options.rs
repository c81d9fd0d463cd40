//! Play options in the query of a play URL.

use std::time::Duration;

use crate::{ReadOptions, TrackFilter};

const MAX_COALESCE: Duration = Duration::from_millis(1_000);

impl ReadOptions {
    /// Options named in `query` (`a=b&c=d`, without `?`); unknown names and senseless values are left out.
    ///
    /// - `gop=0`: start with the next key frame, not with the newest one held.
    /// - `only=audio`, `only=video`: one track alone.
    /// - `coalesce=<ms>`: write at most once in this time, 0 to 1 000.
    pub fn from_query(query: &str) -> ReadOptions {
        let mut options = ReadOptions::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match (name, value) {
                ("gop", "0") => options.skip_gop_cache = true,
                ("only", "audio") => options.tracks = TrackFilter::AudioOnly,
                ("only", "video") => options.tracks = TrackFilter::VideoOnly,
                ("coalesce", millis) => {
                    let millis = millis.parse::<u64>().ok().map(Duration::from_millis);
                    options.coalesce = millis.map(|m| m.min(MAX_COALESCE)).or(options.coalesce);
                }
                _ => {}
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_options_are_read_and_others_ignored() {
        let options = ReadOptions::from_query("t=x.y&gop=0&only=audio&coalesce=350&coalesce=abc&&=&only");
        assert!(options.skip_gop_cache);
        assert_eq!(options.tracks, TrackFilter::AudioOnly);
        assert_eq!(options.coalesce, Some(Duration::from_millis(350)));
        assert_eq!(
            ReadOptions::from_query("coalesce=99999999").coalesce,
            Some(MAX_COALESCE)
        );
        assert_eq!(ReadOptions::from_query("").coalesce, None);
    }
}
