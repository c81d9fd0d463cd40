//! What both sides can do beyond the original RTMP, told at `connect` (Enhanced RTMP v2,
//! "Enhancing NetConnection connect Command").

use lianmai_media::amf0::Value;

/// Names kept per list or map: more is noise.
const MAX_ENTRIES: usize = 64;

/// What a side can do with one codec: `FourCcInfoMask`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FourCcInfo(pub u8);

impl FourCcInfo {
    /// Can decode it.
    pub const DECODE: FourCcInfo = FourCcInfo(1);
    /// Can encode it.
    pub const ENCODE: FourCcInfo = FourCcInfo(2);
    /// Can pass it on.
    pub const FORWARD: FourCcInfo = FourCcInfo(4);
}

/// Extended capabilities: `CapsExMask`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CapsEx(pub u8);

impl CapsEx {
    /// Understands a reconnect request.
    pub const RECONNECT: CapsEx = CapsEx(1);
    /// Understands several tracks in one message.
    pub const MULTITRACK: CapsEx = CapsEx(2);
    /// Understands `ModEx` headers.
    pub const MOD_EX: CapsEx = CapsEx(4);
    /// Understands the nanosecond offset of a timestamp.
    pub const TIMESTAMP_NANO_OFFSET: CapsEx = CapsEx(8);
}

/// The Enhanced RTMP properties of a `connect` command or of its answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EnhancedCaps {
    /// `fourCcList`: FourCC names, or `*` for all.
    pub four_cc_list: Vec<String>,
    /// `videoFourCcInfoMap`.
    pub video: Vec<(String, FourCcInfo)>,
    /// `audioFourCcInfoMap`.
    pub audio: Vec<(String, FourCcInfo)>,
    /// `capsEx`, when it was there.
    pub caps_ex: Option<CapsEx>,
}

/// The property names of [`EnhancedCaps`].
pub(super) const PROPERTIES: [&str; 4] = ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap", "capsEx"];

impl EnhancedCaps {
    /// What a gateway that passes everything on without decoding it can do.
    pub fn gateway() -> EnhancedCaps {
        let all = |names: &[&str]| {
            names
                .iter()
                .map(|n| ((*n).to_owned(), FourCcInfo::FORWARD))
                .collect()
        };
        EnhancedCaps {
            four_cc_list: ["avc1", "hvc1", "av01", "vp09", "vp08", "mp4a", "Opus"]
                .map(str::to_owned)
                .to_vec(),
            video: all(&["avc1", "hvc1", "av01", "vp09", "vp08"]),
            audio: all(&["mp4a", "Opus"]),
            caps_ex: Some(CapsEx(0)),
        }
    }

    /// Whether nothing was negotiated: the other side speaks the original RTMP.
    pub fn is_empty(&self) -> bool {
        self == &EnhancedCaps::default()
    }

    /// Whether `four_cc` is named (or `*`) with anything a reader of it needs: a list entry or
    /// decode/forward in a map.
    pub fn receives(&self, four_cc: &str) -> bool {
        let named = |name: &str| name == four_cc || name == "*";
        let wanted = FourCcInfo::DECODE.0 | FourCcInfo::FORWARD.0;
        self.four_cc_list.iter().any(|name| named(name))
            || self
                .video
                .iter()
                .chain(&self.audio)
                .any(|(name, info)| named(name) && info.0 & wanted != 0)
    }

    /// Reads the properties out of a command object; what is of another type is left out.
    pub(super) fn from_properties(object: &Value) -> EnhancedCaps {
        EnhancedCaps {
            four_cc_list: names(object.get("fourCcList")),
            video: info_map(object.get("videoFourCcInfoMap")),
            audio: info_map(object.get("audioFourCcInfoMap")),
            caps_ex: object
                .get("capsEx")
                .and_then(Value::as_number)
                .map(|bits| CapsEx(mask(bits))),
        }
    }

    /// The properties to put into a command object.
    pub(super) fn to_properties(&self) -> Vec<(String, Value)> {
        let map = |entries: &[(String, FourCcInfo)]| {
            Value::Object(
                entries
                    .iter()
                    .map(|(k, v)| (k.clone(), Value::Number(v.0.into())))
                    .collect(),
            )
        };
        let mut properties = Vec::new();
        if !self.four_cc_list.is_empty() {
            let names = self
                .four_cc_list
                .iter()
                .map(|name| Value::String(name.clone()))
                .collect();
            properties.push((PROPERTIES[0].to_owned(), Value::StrictArray(names)));
        }
        if !self.video.is_empty() {
            properties.push((PROPERTIES[1].to_owned(), map(&self.video)));
        }
        if !self.audio.is_empty() {
            properties.push((PROPERTIES[2].to_owned(), map(&self.audio)));
        }
        if let Some(caps) = self.caps_ex {
            properties.push((PROPERTIES[3].to_owned(), Value::Number(caps.0.into())));
        }
        properties
    }
}

/// A mask sent as a number; anything that is none counts as 0.
fn mask(number: f64) -> u8 {
    if (0.0..256.0).contains(&number) {
        number as u8
    } else {
        0
    }
}

fn names(value: Option<&Value>) -> Vec<String> {
    let name = |value: &Value| value.as_str().filter(|name| name.len() <= 16).map(str::to_owned);
    match value {
        Some(Value::StrictArray(items)) => items.iter().filter_map(name).take(MAX_ENTRIES).collect(),
        Some(other) => {
            let items = other.properties().unwrap_or_default().iter();
            items
                .filter_map(|(_, value)| name(value))
                .take(MAX_ENTRIES)
                .collect()
        }
        None => Vec::new(),
    }
}

fn info_map(value: Option<&Value>) -> Vec<(String, FourCcInfo)> {
    let entries = value.and_then(Value::properties).unwrap_or_default().iter();
    entries
        .filter(|(name, _)| name.len() <= 16)
        .filter_map(|(name, value)| Some((name.clone(), FourCcInfo(mask(value.as_number()?)))))
        .take(MAX_ENTRIES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_round_trip_and_odd_types_are_left_out() {
        let caps = EnhancedCaps {
            four_cc_list: vec!["hvc1".into(), "Opus".into()],
            video: vec![("*".into(), FourCcInfo::FORWARD)],
            audio: vec![("Opus".into(), FourCcInfo(3))],
            caps_ex: Some(CapsEx(5)),
        };
        assert_eq!(
            EnhancedCaps::from_properties(&Value::Object(caps.to_properties())),
            caps
        );
        assert!(caps.receives("Opus") && caps.receives("av01"));
        let odd = Value::Object(vec![
            ("fourCcList".into(), Value::Number(1.0)),
            ("videoFourCcInfoMap".into(), Value::String("x".into())),
            ("capsEx".into(), Value::Number(f64::NAN)),
        ]);
        let read = EnhancedCaps::from_properties(&odd);
        assert_eq!(
            read,
            EnhancedCaps {
                caps_ex: Some(CapsEx(0)),
                ..EnhancedCaps::default()
            }
        );
        assert!(EnhancedCaps::from_properties(&Value::Null).is_empty());
        assert!(!read.receives("avc1"));
    }

    #[test]
    fn long_lists_are_cut() {
        let names = vec![Value::String("avc1".into()); 1_000];
        let object = Value::Object(vec![("fourCcList".into(), Value::StrictArray(names))]);
        assert_eq!(
            EnhancedCaps::from_properties(&object).four_cc_list.len(),
            MAX_ENTRIES
        );
    }
}
