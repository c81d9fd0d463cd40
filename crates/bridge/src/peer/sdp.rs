//! The little of a session description that we read and change ourselves (RFC 8866, RFC 8829).
//!
//! Negotiation is the `rtc` crate's. Before it, an offer is checked and brought into the order we want (H.264 first); after
//! it, our answer tells which payload type means what. Text in, text out; pure.

use std::collections::HashMap;

use lianmai_media::{AudioCodec, TrackKind, VideoCodec};

/// URI of the audio level extension (RFC 6464).
pub(crate) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// URI of the coordination of video orientation (3GPP TS 26.114 §7.4.5).
pub(crate) const VIDEO_ORIENTATION: &str = "urn:3gpp:video-orientation";

/// What a payload type carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Codec {
    Video(VideoCodec),
    Audio(AudioCodec),
}

/// One media section, as far as it concerns us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    pub(crate) kind: Option<TrackKind>,
    pub(crate) mid: String,
    pub(crate) sends: bool,
    pub(crate) receives: bool,
    /// Payload types in order of preference.
    pub(crate) codecs: Vec<(u8, Codec)>,
    /// Header extension ids by URI.
    pub(crate) extensions: HashMap<String, u8>,
    /// Names of the simulcast layers it sends, best first.
    pub(crate) layers: Vec<String>,
    /// Rejected (port 0).
    pub(crate) rejected: bool,
}

impl Section {
    pub(crate) fn payload_type(&self, codec: Codec) -> Option<u8> {
        self.codecs.iter().find(|(_, c)| *c == codec).map(|(pt, _)| *pt)
    }

    pub(crate) fn codec(&self, payload_type: u8) -> Option<Codec> {
        self.codecs
            .iter()
            .find(|(pt, _)| *pt == payload_type)
            .map(|(_, c)| *c)
    }
}

/// Reads the media sections.
pub(crate) fn sections(sdp: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    // A direction above the first section is the default of all.
    let mut default = (true, true);
    for line in sdp.lines().map(str::trim_end) {
        if let Some(media) = line.strip_prefix("m=") {
            sections.push(section(media, default));
            continue;
        }
        let Some(attribute) = line.strip_prefix("a=") else {
            continue;
        };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let direction = match name {
            "sendrecv" => Some((true, true)),
            "sendonly" => Some((true, false)),
            "recvonly" => Some((false, true)),
            "inactive" => Some((false, false)),
            _ => None,
        };
        let Some(section) = sections.last_mut() else {
            default = direction.unwrap_or(default);
            continue;
        };
        if let Some((sends, receives)) = direction {
            (section.sends, section.receives) = (sends, receives);
        }
        match name {
            "mid" => section.mid = value.to_owned(),
            "rtpmap" => rtpmap(section, value),
            "fmtp" => fmtp(section, value),
            "extmap" => extmap(section, value),
            "simulcast" => section.layers = layers(value),
            _ => {}
        }
    }
    for section in &mut sections {
        section.codecs.retain(|(pt, _)| *pt != UNUSABLE);
    }
    sections
}

/// Not a payload type: for codecs that turn out to be of no use.
const UNUSABLE: u8 = 0xFF;

fn section(media: &str, (sends, receives): (bool, bool)) -> Section {
    let mut words = media.split_whitespace();
    let kind = match words.next() {
        Some("audio") => Some(TrackKind::Audio),
        Some("video") => Some(TrackKind::Video),
        _ => None,
    };
    let rejected = words.next() == Some("0");
    Section {
        kind,
        sends,
        receives,
        rejected,
        ..Section::default()
    }
}

fn rtpmap(section: &mut Section, value: &str) {
    let Some((payload_type, encoding)) = value.split_once(' ') else {
        return;
    };
    let Ok(payload_type) = payload_type.parse::<u8>() else {
        return;
    };
    let name = encoding.split('/').next().unwrap_or_default();
    let codec = match name.to_ascii_uppercase().as_str() {
        "H264" => Codec::Video(VideoCodec::H264),
        "VP8" => Codec::Video(VideoCodec::Vp8),
        "VP9" => Codec::Video(VideoCodec::Vp9),
        "AV1" => Codec::Video(VideoCodec::Av1),
        "OPUS" => Codec::Audio(AudioCodec::Opus),
        _ => return,
    };
    if section.codecs.len() < 64 {
        section.codecs.push((payload_type, codec));
    }
}

/// H.264 needs packetisation mode 1: modes differ in what a large picture may look like (RFC 6184 §6.3).
fn fmtp(section: &mut Section, value: &str) {
    let Some((payload_type, parameters)) = value.split_once(' ') else {
        return;
    };
    let Ok(payload_type) = payload_type.parse::<u8>() else {
        return;
    };
    let of_h264 = section.codec(payload_type) == Some(Codec::Video(VideoCodec::H264));
    if of_h264 && parameters.contains("packetization-mode=0") {
        for entry in &mut section.codecs {
            if entry.0 == payload_type {
                entry.0 = UNUSABLE;
            }
        }
    }
}

fn extmap(section: &mut Section, value: &str) {
    let Some((id, uri)) = value.split_once(' ') else {
        return;
    };
    let id = id.split('/').next().unwrap_or_default();
    if let Ok(id) = id.parse::<u8>()
        && section.extensions.len() < 32
    {
        let uri = uri.split(' ').next().unwrap_or_default();
        section.extensions.insert(uri.to_owned(), id);
    }
}

/// `send h;m;l` (RFC 8853 §5.1), best first.
fn layers(value: &str) -> Vec<String> {
    let mut words = value.split_whitespace();
    while let Some(word) = words.next() {
        if word == "send" {
            let list = words.next().unwrap_or_default();
            let first = |alternatives: &str| {
                let rid = alternatives.split(',').next().unwrap_or_default();
                rid.trim_start_matches('~').to_owned()
            };
            let names = list.split(';').map(first).filter(|rid| !rid.is_empty());
            return best_first(names.take(4).collect());
        }
    }
    Vec::new()
}

/// Names that say which layer is the smallest, smallest first.
const FAMILIES: [&[&str]; 4] = [
    &["q", "h", "f"],
    &["l", "m", "h"],
    &["low", "mid", "high"],
    &["low", "medium", "high"],
];

/// Layers are listed in the sender's order, which RFC 8853 gives no meaning and pages choose at will. Where their names
/// say what is better, or count upwards, these decide; else the first is taken to be the best.
fn best_first(mut names: Vec<String>) -> Vec<String> {
    let of_family = |name: &str, family: &[&str]| family.iter().position(|known| *known == name);
    let numbered = |name: &str| -> Option<usize> {
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse().ok()
    };
    let is_of = |family: &&&[&str]| names.iter().all(|name| of_family(name, family).is_some());
    if let Some(family) = FAMILIES.iter().find(is_of) {
        names.sort_by_key(|name| std::cmp::Reverse(of_family(name, family)));
    } else if names.iter().all(|name| numbered(name).is_some()) {
        names.sort_by_key(|name| std::cmp::Reverse(numbered(name)));
    }
    names
}

/// The offer with the payload types of its video sections in the order we prefer: H.264 passes through to RTMP players.
/// Of a simulcast section retransmission payload types are taken out: their streams carry no name that the layers below
/// us could map, and without them repairs come on the stream itself.
pub(crate) fn prefer(offer: &str) -> String {
    let all = sections(offer);
    let mut out = String::with_capacity(offer.len());
    let mut place = 0;
    for line in offer.lines().map(str::trim_end) {
        match line.strip_prefix("m=") {
            Some(media) => {
                out.push_str("m=");
                match all.get(place) {
                    Some(section) if section.kind == Some(TrackKind::Video) => {
                        out.push_str(&reordered(media, section, offer));
                    }
                    _ => out.push_str(media),
                }
                place += 1;
            }
            None => out.push_str(line),
        }
        out.push_str("\r\n");
    }
    out
}

fn reordered(media: &str, section: &Section, offer: &str) -> String {
    let words: Vec<&str> = media.split_whitespace().collect();
    let Some((head, payload_types)) = words.split_at_checked(3) else {
        return media.to_owned();
    };
    let rank = |payload_type: &str| {
        let codec = payload_type.parse().ok().and_then(|pt| section.codec(pt));
        match codec {
            Some(Codec::Video(VideoCodec::H264)) => 0,
            Some(_) => 1,
            None => 2,
        }
    };
    let mut payload_types: Vec<&str> = payload_types.to_vec();
    if !section.layers.is_empty() {
        let repairs = |pt: &str| offer.contains(&format!("a=rtpmap:{pt} rtx/"));
        payload_types.retain(|pt| !repairs(pt));
    }
    payload_types.sort_by_key(|pt| rank(pt));
    format!("{} {}", head.join(" "), payload_types.join(" "))
}

/// The offer with receiving sections in place of inactive ones: the library below gives an inactive section up for good,
/// while a viewer may want to use it again.
pub(crate) fn without_inactive(offer: &str) -> String {
    map_lines(offer, |line, _| {
        (line == "a=inactive").then(|| "a=recvonly".to_owned())
    })
}

/// The answer with the sections named made inactive again.
pub(crate) fn with_inactive(answer: &str, mids: &[&str]) -> String {
    let all = sections(answer);
    map_lines(answer, |line, place| {
        let mid = all.get(place?)?.mid.as_str();
        (matches!(line, "a=sendonly" | "a=recvonly" | "a=sendrecv") && mids.contains(&mid))
            .then(|| "a=inactive".to_owned())
    })
}

/// The answer with the sections' streams named: a client plays what has one name in step, and nothing else with it.
pub(crate) fn with_stream_names(answer: &str, names: &HashMap<String, String>) -> String {
    let all = sections(answer);
    map_lines(answer, |line, place| {
        let name = names.get(all.get(place?)?.mid.as_str())?;
        let (before, stream) = line.split_once("msid:")?;
        let track = stream.split_once(' ').map_or("", |(_, track)| track);
        Some(format!("{before}msid:{name} {track}"))
    })
}

/// Sections that send the same simulcast layers as they did in the offer before.
pub(crate) fn keeping_layers(offer: &str, before: &str) -> Vec<String> {
    let before = sections(before);
    let is_same = |section: &Section| {
        let known = before.iter().find(|known| known.mid == section.mid);
        !section.layers.is_empty() && known.is_some_and(|known| known.layers == section.layers)
    };
    let all = sections(offer);
    all.into_iter()
        .filter(is_same)
        .map(|section| section.mid)
        .collect()
}

/// The offer without what says which streams these sections send. Clients name the streams of layers in their first
/// packets only; told of the layers again, the library below forgets which stream is which, for good.
pub(crate) fn without_streams(offer: &str, mids: &[String]) -> String {
    const STREAMS: [&str; 5] = ["a=rid:", "a=simulcast:", "a=ssrc:", "a=ssrc-group:", "a=msid:"];
    let all = sections(offer);
    let is_kept = |line: &str, place: Option<usize>| {
        let section = place.and_then(|place| all.get(place));
        let concerned = section.is_some_and(|section| mids.contains(&section.mid));
        !concerned || !STREAMS.iter().any(|start| line.starts_with(start))
    };
    filter_lines(offer, is_kept)
}

/// The answer with the layers of these sections taken, as the offer has them (RFC 8853 §5.3).
pub(crate) fn with_layers(answer: &str, offer: &str, mids: &[String]) -> String {
    let mut taken: HashMap<String, String> = HashMap::new();
    let all = sections(offer);
    for (line, place) in placed_lines(offer) {
        let Some(section) = place.and_then(|place| all.get(place)) else {
            continue;
        };
        let rid = || {
            Some(format!(
                "a=rid:{} recv",
                line.strip_prefix("a=rid:")?.split_once(" send")?.0
            ))
        };
        let list = || {
            Some(format!(
                "a=simulcast:recv {}",
                line.strip_prefix("a=simulcast:send ")?
            ))
        };
        if mids.contains(&section.mid)
            && let Some(line) = rid().or_else(list)
        {
            let lines = taken.entry(section.mid.clone()).or_default();
            lines.push_str("\r\n");
            lines.push_str(&line);
        }
    }
    let answered = sections(answer);
    map_lines(answer, |line, place| {
        let mid = &answered.get(place?)?.mid;
        let lines = taken.get(mid)?;
        (line.strip_prefix("a=mid:") == Some(mid)).then(|| format!("{line}{lines}"))
    })
}

/// Lines with the numbers of their media sections.
fn placed_lines(text: &str) -> impl Iterator<Item = (&str, Option<usize>)> {
    let mut place = None;
    text.lines().map(str::trim_end).map(move |line| {
        if line.starts_with("m=") {
            place = Some(place.map_or(0, |place: usize| place + 1));
        }
        (line, place)
    })
}

fn filter_lines(text: &str, is_kept: impl Fn(&str, Option<usize>) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (line, _) in placed_lines(text).filter(|(line, place)| is_kept(line, *place)) {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}

/// Replaces lines; `change` gets each with the number of its media section.
fn map_lines(text: &str, change: impl Fn(&str, Option<usize>) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for (line, place) in placed_lines(text) {
        match change(line, place) {
            Some(changed) => out.push_str(&changed),
            None => out.push_str(line),
        }
        out.push_str("\r\n");
    }
    out
}

/// The description with other ICE credentials.
pub(crate) fn with_credentials(sdp: &str, ufrag: &str, password: &str) -> String {
    map_lines(sdp, |line, _| {
        if line.starts_with("a=ice-ufrag:") {
            Some(format!("a=ice-ufrag:{ufrag}"))
        } else if line.starts_with("a=ice-pwd:") {
            Some(format!("a=ice-pwd:{password}"))
        } else {
            None
        }
    })
}

/// `a=ice-ufrag` and `a=ice-pwd`, of the session or the first section.
pub(crate) fn credentials(sdp: &str) -> Option<(String, String)> {
    let value = |name: &str| {
        let prefix = format!("a={name}:");
        let line = sdp
            .lines()
            .find_map(|line| line.trim_end().strip_prefix(&prefix).map(str::to_owned));
        line.filter(|value| !value.is_empty())
    };
    Some((value("ice-ufrag")?, value("ice-pwd")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n\
        a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 108\r\na=mid:1\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n\
        a=rtpmap:97 rtx/90000\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n\
        a=rtpmap:103 rtx/90000\r\na=rtpmap:108 H264/90000\r\na=fmtp:108 packetization-mode=0\r\n";

    #[test]
    fn sections_are_read() {
        let [audio, video] = &sections(OFFER)[..] else {
            panic!("two sections")
        };
        assert_eq!((audio.kind, audio.mid.as_str()), (Some(TrackKind::Audio), "0"));
        assert!(audio.sends && !audio.receives && !video.sends && video.receives);
        assert_eq!(audio.codec(111), Some(Codec::Audio(AudioCodec::Opus)));
        assert_eq!(audio.extensions.get(AUDIO_LEVEL), Some(&1));
        assert_eq!(video.payload_type(Codec::Video(VideoCodec::H264)), Some(102));
        assert_eq!(video.codec(108), None, "packetisation mode 0 is of no use");
        assert_eq!(credentials(OFFER), Some(("abcd".into(), "efgh".into())));
    }

    #[test]
    fn h264_comes_first() {
        let offer = prefer(OFFER);
        assert!(
            offer.contains("m=video 9 UDP/TLS/RTP/SAVPF 102 96 97 103 108\r\n"),
            "{offer}"
        );
        assert!(offer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n"));
    }

    #[test]
    fn simulcast_layers_lose_their_retransmission_streams() {
        let offer = format!("{OFFER}a=simulcast:send h;~m,x;l\r\n");
        assert_eq!(sections(&offer)[1].layers, ["h", "m", "l"]);
        for (listed, best_first) in [
            ("q;h;f", ["f", "h", "q"]),
            ("f;h;q", ["f", "h", "q"]),
            ("low;mid;high", ["high", "mid", "low"]),
            ("r0;r1;r2", ["r2", "r1", "r0"]),
            ("big;middle;tiny", ["big", "middle", "tiny"]),
        ] {
            assert_eq!(layers(&format!("send {listed}")), best_first);
        }
        assert!(prefer(&offer).contains("m=video 9 UDP/TLS/RTP/SAVPF 102 96 108\r\n"));
    }

    #[test]
    fn layers_are_told_once() {
        let lines =
            "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\na=ssrc:1 cname:x\r\na=msid:s t\r\n";
        let before = format!("{OFFER}{lines}");
        let offer = format!("{before}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=msid:s u\r\n");
        let kept = keeping_layers(&offer, &before);
        assert_eq!(kept, ["1"]);
        assert!(keeping_layers(&offer, OFFER).is_empty(), "new layers");
        let told = without_streams(&offer, &kept);
        assert!(
            !told.contains("rid:") && !told.contains("simulcast") && !told.contains("msid:s t"),
            "{told}"
        );
        assert!(told.contains("a=msid:s u"), "of another section: {told}");
        let answer = with_layers(&OFFER.replace("a=recvonly", "a=inactive"), &offer, &kept);
        assert!(
            answer.contains("a=mid:1\r\na=rid:h recv\r\na=rid:l recv\r\na=simulcast:recv h;l\r\n"),
            "{answer}"
        );
        assert_eq!(answer.matches("a=rid:").count(), 2);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        for end in 0..OFFER.len() {
            let cut = &OFFER[..end];
            let _ = (sections(cut), prefer(cut), credentials(cut));
        }
        let odd_mids = with_inactive(OFFER, &["1"]);
        assert!(odd_mids.contains("a=mid:1\r\na=inactive"), "{odd_mids}");
        assert!(!without_inactive(&odd_mids).contains("a=inactive"));
        for odd in [
            "m=",
            "m=video",
            "a=rtpmap:",
            "m=video 9\r\na=rtpmap:300 H264/1\r\na=mid",
            "a=extmap:x",
        ] {
            let _ = (sections(odd), prefer(odd));
        }
    }
}
