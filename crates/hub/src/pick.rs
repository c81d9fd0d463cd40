//! Which form of a stream to read for one track.
//!
//! What the member publishes is read as it is wherever it can be; else the rendition that is made of it. Pure.

use std::sync::Arc;

use lianmai_media::{AudioCodec, TrackKind, VideoCodec, VideoConfig};
use tokio::time::Instant;

use crate::family::{Air, Origin};
use crate::{Accept, EndReason, FileCodecs, Form, Headers};

/// Which simulcast layers are on air.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Layers([u64; 4]);

impl Layers {
    pub(crate) fn set(&mut self, layer: u8, on_air: bool) {
        if let Some(word) = self.0.get_mut(usize::from(layer / 64)) {
            let bit = 1 << (layer % 64);
            *word = if on_air { *word | bit } else { *word & !bit };
        }
    }

    pub(crate) fn has(self, layer: u8) -> bool {
        self.0
            .get(usize::from(layer / 64))
            .is_some_and(|word| word >> (layer % 64) & 1 == 1)
    }

    pub(crate) fn count(self) -> u8 {
        self.0.iter().map(|word| word.count_ones() as u8).sum()
    }
}

/// What there is to read, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) publisher: Option<Origin>,
    pub(crate) off_air_since: Instant,
    pub(crate) ended: Option<EndReason>,
    /// Of what the member publishes.
    pub(crate) headers: Arc<Headers>,
    /// Whether pictures have come in another order than they are shown.
    pub(crate) reordered: bool,
    /// Lower simulcast layers on air.
    pub(crate) layers: Layers,
    /// Layers that bring pictures, the best one being 0.
    pub(crate) flowing: Layers,
    /// Of the best lower layer.
    layer: Option<(u8, Arc<Headers>)>,
}

impl View {
    pub(crate) fn new(air: &Air) -> View {
        View {
            publisher: air.publisher,
            off_air_since: air.off_air_since,
            ended: air.ended,
            headers: Arc::default(),
            reordered: false,
            layers: Layers::default(),
            flowing: Layers::default(),
            layer: None,
        }
    }

    /// Adds a lower simulcast layer that is on air.
    pub(crate) fn add_layer(&mut self, layer: u8, headers: &Arc<Headers>) {
        self.layers.set(layer, true);
        let is_better = self.layer.as_ref().is_none_or(|(other, _)| layer < *other);
        if is_better && headers.video.is_some() && self.flowing.has(layer) {
            self.layer = Some((layer, headers.clone()));
        }
    }

    /// The layer to read when `chosen` is wanted, with its headers: the best flowing one that is not better, else the
    /// next better one, else whatever there is. `None` without pictures.
    fn layer(&self, chosen: u8) -> Option<(Form, &Headers)> {
        let usable = |layer: &u8| self.flowing.has(*layer) && (*layer == 0 || self.layers.has(*layer));
        let best = self
            .headers
            .video
            .is_some()
            .then_some((Form::Rtc, &*self.headers));
        let lower = self.layer.as_ref().map(|(_, headers)| &**headers);
        let of = |layer: u8| match layer {
            0 => best,
            layer => lower.map(|headers| (Form::Layer(layer), headers)),
        };
        let at_most = (0..=chosen).rev().filter(usable).find_map(of);
        at_most
            .or_else(|| (chosen..=u8::MAX).filter(usable).find_map(of))
            .or(best)
    }

    /// Whether a rendition without B-frames is needed by those who cannot show them. A stream that leaves it open is
    /// taken at its word until it shows one (R-B1).
    fn has_b_frames(&self) -> bool {
        let declared = self.headers.video.as_ref().and_then(|video| video.reorder_depth);
        self.reordered || declared.is_some_and(|depth| depth > 0)
    }
}

/// What a reader can use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Taste {
    /// A WebRTC viewer.
    Viewer(Accept),
    /// The composition of what RTMP and FLV players take, for a WebRTC publisher.
    Flv,
    /// A file.
    File(FileCodecs),
}

/// What to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pick {
    /// This form.
    Read(Option<Form>),
    /// Nothing new is known: nobody publishes.
    Absent,
    /// Somebody publishes, but not (yet) this track.
    NoTrack,
    /// Nothing that this reader can use can be made.
    Unusable,
}

/// What to read of `view` for the track `kind`; `layer` is the wanted simulcast layer.
pub(crate) fn pick(view: &View, kind: TrackKind, taste: &Taste, layer: u8) -> Pick {
    match (view.publisher, kind, taste) {
        (None, ..) => Pick::Absent,
        (Some(publisher), TrackKind::Audio, taste) => audio(view, publisher, taste),
        (Some(Origin::Rtc), TrackKind::Video, Taste::Viewer(accept)) => rtc_video(view, accept, layer),
        (Some(Origin::Plain), TrackKind::Video, Taste::Viewer(accept)) => plain_video(view, accept),
        (Some(Origin::Rtc), TrackKind::Video, Taste::Flv) => flv_video(view),
        (Some(Origin::Plain), TrackKind::Video, Taste::Flv) => Pick::Unusable,
        (Some(Origin::Rtc), TrackKind::Video, Taste::File(codecs)) => rtc_video(view, &codecs.pictures(), 0),
        (Some(Origin::Plain), TrackKind::Video, Taste::File(codecs)) => plain_video(view, &codecs.pictures()),
    }
}

fn audio(view: &View, publisher: Origin, taste: &Taste) -> Pick {
    let Some(audio) = &view.headers.audio else {
        return Pick::NoTrack;
    };
    match (publisher, taste) {
        (Origin::Rtc, Taste::File(codecs)) if codecs.audio.contains(&audio.codec) => {
            Pick::Read(Some(Form::Rtc))
        }
        (Origin::Rtc, Taste::File(codecs)) if codecs.audio.contains(&AudioCodec::Aac) => {
            Pick::Read(Some(Form::Aac))
        }
        (Origin::Plain, Taste::File(codecs)) if codecs.audio.contains(&audio.codec) => Pick::Read(None),
        (Origin::Plain, Taste::File(codecs)) if codecs.audio.contains(&AudioCodec::Opus) => {
            Pick::Read(Some(Form::Opus))
        }
        (_, Taste::File(_)) => Pick::Unusable,
        (Origin::Rtc, Taste::Viewer(_)) => Pick::Read(Some(Form::Rtc)),
        (Origin::Rtc, Taste::Flv) => Pick::Read(Some(Form::Aac)),
        (Origin::Plain, Taste::Flv) => Pick::Unusable,
        (Origin::Plain, Taste::Viewer(_)) if audio.codec == AudioCodec::Opus => Pick::Read(None),
        (Origin::Plain, Taste::Viewer(_)) => Pick::Read(Some(Form::Opus)),
    }
}

fn rtc_video(view: &View, accept: &Accept, layer: u8) -> Pick {
    let Some((form, video)) = layer_video(view, layer) else {
        return Pick::NoTrack;
    };
    if accept.video.contains(&video.codec) {
        return Pick::Read(Some(form));
    }
    if accept.video.contains(&VideoCodec::H264) {
        return Pick::Read(Some(Form::H264));
    }
    Pick::Unusable
}

fn layer_video(view: &View, layer: u8) -> Option<(Form, &VideoConfig)> {
    let (form, headers) = view.layer(layer)?;
    Some((form, headers.video.as_ref()?))
}

fn plain_video(view: &View, accept: &Accept) -> Pick {
    let Some(video) = &view.headers.video else {
        return Pick::NoTrack;
    };
    if accept.video.contains(&video.codec) && (accept.b_frames || !view.has_b_frames()) {
        return Pick::Read(None);
    }
    if accept.video.contains(&VideoCodec::H264) {
        return Pick::Read(Some(Form::NoBFrames));
    }
    Pick::Unusable
}

fn flv_video(view: &View) -> Pick {
    let Some((form, headers)) = view.layer(0) else {
        return Pick::NoTrack;
    };
    let is_h264 = headers
        .video
        .as_ref()
        .is_some_and(|video| video.codec == VideoCodec::H264);
    if is_h264 && headers.rotation == 0 {
        return Pick::Read(Some(form));
    }
    Pick::Read(Some(Form::H264))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Accept;
    use TrackKind::{Audio, Video};
    use VideoCodec::{Av1, H264, H265, Vp8};
    use bytes::Bytes;
    use lianmai_media::AudioConfig;

    fn view(publisher: Option<Origin>, codec: VideoCodec, depth: Option<u8>) -> View {
        let video = VideoConfig {
            codec,
            record: Bytes::new(),
            width: 0,
            height: 0,
            profile: 0,
            level: 0,
            reorder_depth: depth,
        };
        let audio = match publisher {
            Some(Origin::Rtc) => AudioConfig::opus(2).unwrap(),
            _ => AudioConfig::aac_lc(48_000, 2).unwrap(),
        };
        let headers = Headers {
            video: Some(video),
            audio: Some(audio),
            ..Headers::default()
        };
        View {
            publisher,
            off_air_since: Instant::now(),
            ended: None,
            headers: headers.into(),
            reordered: false,
            layers: Layers::default(),
            flowing: Layers::default(),
            layer: None,
        }
    }

    fn browser(codecs: &[VideoCodec]) -> Taste {
        Taste::Viewer(Accept {
            video: codecs.to_vec(),
            b_frames: false,
        })
    }

    fn picture(view: &View, taste: &Taste) -> Pick {
        pick(view, Video, taste, 0)
    }

    #[test]
    fn a_webrtc_publisher_is_read_as_it_is_by_those_who_can() {
        let taste = browser(&[H264, Vp8]);
        for (codec, form) in [(H264, Form::Rtc), (Vp8, Form::Rtc), (Av1, Form::H264)] {
            let view = view(Some(Origin::Rtc), codec, Some(0));
            assert_eq!(picture(&view, &taste), Pick::Read(Some(form)));
            assert_eq!(pick(&view, Audio, &taste, 0), Pick::Read(Some(Form::Rtc)));
        }
        let odd = view(Some(Origin::Rtc), H264, Some(0));
        assert_eq!(picture(&odd, &browser(&[Vp8])), Pick::Unusable);
    }

    /// R-B1.
    #[test]
    fn b_frames_of_an_rtmp_publisher_are_taken_out_where_they_harm() {
        let taste = browser(&[H264]);
        let plain = |depth, reordered| View {
            reordered,
            ..view(Some(Origin::Plain), H264, depth)
        };
        for (depth, reordered, form) in [
            (Some(0), false, None),
            (Some(0), true, Some(Form::NoBFrames)),
            (Some(2), false, Some(Form::NoBFrames)),
            (None, false, None),
            (None, true, Some(Form::NoBFrames)),
        ] {
            let view = plain(depth, reordered);
            assert_eq!(picture(&view, &taste), Pick::Read(form), "{depth:?} {reordered}");
            let tolerant = Taste::Viewer(Accept {
                video: vec![H264],
                b_frames: true,
            });
            assert_eq!(picture(&view, &tolerant), Pick::Read(None));
        }
        let hevc = view(Some(Origin::Plain), H265, Some(0));
        assert_eq!(picture(&hevc, &taste), Pick::Read(Some(Form::NoBFrames)));
        assert_eq!(picture(&hevc, &browser(&[H265])), Pick::Read(None));
        assert_eq!(pick(&hevc, Audio, &taste, 0), Pick::Read(Some(Form::Opus)));
    }

    #[test]
    fn players_get_upright_h264_and_aac() {
        for (codec, rotation, form) in [(H264, 0, Form::Rtc), (H264, 90, Form::H264), (Vp8, 0, Form::H264)] {
            let mut view = view(Some(Origin::Rtc), codec, Some(0));
            view.headers = Headers {
                rotation,
                ..(*view.headers).clone()
            }
            .into();
            assert_eq!(picture(&view, &Taste::Flv), Pick::Read(Some(form)));
            assert_eq!(pick(&view, Audio, &Taste::Flv, 0), Pick::Read(Some(Form::Aac)));
        }
        let plain = view(Some(Origin::Plain), H264, Some(0));
        assert_eq!(picture(&plain, &Taste::Flv), Pick::Unusable);
    }

    #[test]
    fn a_file_takes_what_is_published_or_else_a_rendition() {
        let file = |video: &[VideoCodec], audio: &[AudioCodec]| {
            Taste::File(FileCodecs {
                video: video.to_vec(),
                audio: audio.to_vec(),
            })
        };
        let mp4 = file(&[H264, Av1], &[AudioCodec::Aac, AudioCodec::Opus]);
        let old = file(&[H264], &[AudioCodec::Aac]);
        for (codec, taste, form) in [
            (H264, &mp4, Form::Rtc),
            (Av1, &mp4, Form::Rtc),
            (Vp8, &mp4, Form::H264),
            (Av1, &old, Form::H264),
        ] {
            let view = view(Some(Origin::Rtc), codec, Some(0));
            assert_eq!(picture(&view, taste), Pick::Read(Some(form)));
        }
        let rtc = view(Some(Origin::Rtc), H264, Some(0));
        assert_eq!(pick(&rtc, Audio, &mp4, 0), Pick::Read(Some(Form::Rtc)));
        assert_eq!(pick(&rtc, Audio, &old, 0), Pick::Read(Some(Form::Aac)));
        let plain = view(Some(Origin::Plain), H264, Some(2));
        assert_eq!(picture(&plain, &mp4), Pick::Read(None), "B-frames are welcome");
        assert_eq!(pick(&plain, Audio, &mp4, 0), Pick::Read(None));
        assert_eq!(pick(&plain, Audio, &file(&[], &[]), 0), Pick::Unusable);
    }

    #[test]
    fn without_a_publisher_or_a_track_nothing_is_picked() {
        for taste in [browser(&[H264]), Taste::Flv] {
            let mut silent = view(Some(Origin::Rtc), H264, Some(0));
            silent.headers = Arc::default();
            for kind in [Audio, Video] {
                assert_eq!(pick(&view(None, H264, None), kind, &taste, 0), Pick::Absent);
                assert_eq!(pick(&silent, kind, &taste, 0), Pick::NoTrack);
            }
        }
    }

    fn with_layers(layers: &[u8], flowing: &[u8]) -> View {
        let mut view = view(Some(Origin::Rtc), H264, Some(0));
        for layer in flowing {
            view.flowing.set(*layer, true);
        }
        let headers = view.headers.clone();
        for layer in layers {
            view.add_layer(*layer, &headers);
        }
        view
    }

    #[test]
    fn the_best_layer_that_is_not_above_the_chosen_one() {
        let view = with_layers(&[2, 3, 200], &[0, 2, 200]);
        assert_eq!(view.layers.count(), 3);
        let taste = browser(&[H264]);
        for (chosen, form) in [
            (0, Form::Rtc),
            (1, Form::Rtc),
            (2, Form::Layer(2)),
            (199, Form::Layer(2)),
            (255, Form::Layer(200)),
        ] {
            assert_eq!(pick(&view, Video, &taste, chosen), Pick::Read(Some(form)));
        }
    }

    /// A sender on a bad connection sends its lower layers only.
    #[test]
    fn a_layer_that_brings_nothing_is_not_read() {
        let taste = browser(&[H264]);
        let mut view = with_layers(&[1, 2], &[1, 2]);
        for (chosen, layer) in [(0, 1), (1, 1), (2, 2)] {
            let form = Some(Form::Layer(layer));
            assert_eq!(pick(&view, Video, &taste, chosen), Pick::Read(form));
        }
        assert_eq!(picture(&view, &Taste::Flv), Pick::Read(Some(Form::Layer(1))));
        // The best one has never brought anything, so that nothing is known of it.
        view.headers = Arc::default();
        assert_eq!(picture(&view, &taste), Pick::Read(Some(Form::Layer(1))));
        assert_eq!(
            picture(&with_layers(&[1, 2], &[]), &taste),
            Pick::Read(Some(Form::Rtc))
        );
    }
}
