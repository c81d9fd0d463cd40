//! The forms one stream comes in.
//!
//! A member's stream is known by its plain key: what RTMP and FLV players read there is always H.264 and AAC (or what an
//! RTMP publisher sends). A WebRTC publisher's own media has a key beside it, as has every rendition that a worker
//! derives. Forms are internal: no client names them.

use std::borrow::Cow;

use crate::StreamKey;

/// One of the forms of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// What a WebRTC publisher sends, as it is (Opus; H.264, VP8, VP9 or AV1).
    Rtc,
    /// A lower simulcast layer of [`Rtc`](Self::Rtc), 1 is the next best: video only. Published after
    /// [`Rtc`](Self::Rtc), whose beginning ends the layers of an earlier publisher; its frames are on the same clock
    /// as those of [`Rtc`](Self::Rtc) and are moved by as much.
    Layer(u8),
    /// Its sound as Opus, made of the plain key's AAC.
    Opus,
    /// Its sound as AAC, made of [`Rtc`](Self::Rtc)'s Opus.
    Aac,
    /// Its picture as H.264 baseline, made of [`Rtc`](Self::Rtc)'s video.
    H264,
    /// Its picture as H.264 without B-frames, made of the plain key's.
    NoBFrames,
}

impl Form {
    /// What the form adds to a stream's name.
    fn suffix(self) -> Cow<'static, str> {
        match self {
            Form::Rtc => "rtc".into(),
            Form::Layer(layer) => format!("rtc{layer}").into(),
            Form::Opus => "opus".into(),
            Form::Aac => "aac".into(),
            Form::H264 => "h264".into(),
            Form::NoBFrames => "nob".into(),
        }
    }

    fn parse(suffix: &str) -> Option<Form> {
        Some(match suffix {
            "rtc" => Form::Rtc,
            "opus" => Form::Opus,
            "aac" => Form::Aac,
            "h264" => Form::H264,
            "nob" => Form::NoBFrames,
            layer => {
                let number: u8 = layer.strip_prefix("rtc")?.parse().ok().filter(|l| *l > 0)?;
                // One name per form: `rtc01` is none.
                Some(Form::Layer(number)).filter(|form| form.suffix() == layer)?
            }
        })
    }

    /// Whether a worker makes it, on demand.
    pub fn is_rendition(self) -> bool {
        matches!(self, Form::Opus | Form::Aac | Form::H264 | Form::NoBFrames)
    }

    /// What a rendition is made of; `None` is the plain key. Meaningless for other forms.
    pub fn source(self) -> Option<Form> {
        match self {
            Form::Aac | Form::H264 => Some(Form::Rtc),
            _ => None,
        }
    }
}

/// Between a stream's name and its form; not allowed in names.
const SEPARATOR: char = '~';

impl StreamKey {
    /// The key of a form of this stream.
    pub fn form(&self, form: Form) -> StreamKey {
        let name = self.plain_name();
        StreamKey::new(self.app(), &format!("{name}{SEPARATOR}{}", form.suffix()))
    }

    /// The key without a form.
    pub fn plain(&self) -> StreamKey {
        match self.split() {
            Some((name, _)) => StreamKey::new(self.app(), name),
            None => self.clone(),
        }
    }

    /// Which form this is the key of; `None` for the plain key.
    pub fn form_of(&self) -> Option<Form> {
        self.split().map(|(_, form)| form)
    }

    fn plain_name(&self) -> &str {
        self.split().map_or(self.stream(), |(name, _)| name)
    }

    /// Name and form. A name whose end is no form is a plain name, whatever is in it.
    fn split(&self) -> Option<(&str, Form)> {
        let (name, suffix) = self.stream().rsplit_once(SEPARATOR)?;
        Some((name, Form::parse(suffix)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms() -> impl Strategy<Value = Form> {
        prop_oneof![
            Just(Form::Rtc),
            (1u8..).prop_map(Form::Layer),
            Just(Form::Opus),
            Just(Form::Aac),
            Just(Form::H264),
            Just(Form::NoBFrames),
        ]
    }

    proptest! {
        #[test]
        fn a_form_is_read_back(form in forms(), other in forms(), name in "[a-zA-Z0-9_.-]{0,20}") {
            let plain = StreamKey::new("demo", &name);
            let key = plain.form(form);
            prop_assert_eq!(key.form_of(), Some(form));
            prop_assert_eq!(&key.plain(), &plain);
            prop_assert_eq!(key.form(other), plain.form(other), "a form of a form is a form of the stream");
            prop_assert_eq!((plain.form_of(), plain.plain()), (None, plain.clone()));
        }

        /// Whatever a name is, it has one plain key, which is its own plain key or has a form less.
        #[test]
        fn names_are_taken_apart_in_one_way(name in "[a-z0-9~+]{0,16}") {
            let key = StreamKey::new("demo", &name);
            match key.form_of() {
                Some(form) => prop_assert_eq!(key.plain().stream().len() + 1 + form.suffix().len(), name.len()),
                None => prop_assert_eq!(key.plain(), key),
            }
        }
    }

    #[test]
    fn odd_suffixes_are_part_of_the_name() {
        for name in [
            "a~", "~", "a~RTC", "a~rtc0", "a~rtc01", "a~rtc+1", "a~rtc256", "a~rtc-1", "a~opus ",
        ] {
            let key = StreamKey::new("demo", name);
            assert_eq!((key.form_of(), key.plain().stream()), (None, name));
        }
        assert_eq!(StreamKey::new("demo", "~rtc").plain().stream(), "");
        assert_eq!(
            StreamKey::new("demo", "a~rtc255").form_of(),
            Some(Form::Layer(255))
        );
    }

    #[test]
    fn renditions_know_their_source() {
        for (form, source) in [
            (Form::Opus, None),
            (Form::NoBFrames, None),
            (Form::Aac, Some(Form::Rtc)),
            (Form::H264, Some(Form::Rtc)),
        ] {
            assert!(form.is_rendition());
            assert_eq!(form.source(), source);
        }
        assert!(!Form::Rtc.is_rendition() && !Form::Layer(1).is_rendition());
    }
}
