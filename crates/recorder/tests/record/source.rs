//! Media made by ffmpeg, as frames to publish.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use lianmai_media::{
    AudioCodec, AudioConfig, Frame, MediaDuration, MediaTime, Timescale, TrackKind, VideoCodec, VideoConfig,
};
use mp4_atom::{Any, Atom, Codec, Decode, Moof, Moov};

/// A short encode.
#[derive(Clone)]
pub(crate) struct Clip {
    pub(crate) video: Option<VideoConfig>,
    pub(crate) audio: Option<AudioConfig>,
    /// In order of decoding time.
    pub(crate) frames: Vec<Frame>,
}

pub(crate) const H264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25"];
pub(crate) const AAC: &[&str] = &["-c:a", "aac", "-b:a", "64k"];

impl Clip {
    /// `seconds` of pictures and sound; either is left out when nothing is said about its coding.
    pub(crate) fn make(dir: &Path, seconds: f64, video: &[&str], audio: &[&str]) -> Clip {
        Clip::sized(dir, seconds, "160x120", video, audio)
    }

    pub(crate) fn sized(dir: &Path, seconds: f64, size: &str, video: &[&str], audio: &[&str]) -> Clip {
        let file = dir.join(format!("source-{size}-{}.mp4", video.len() + 100 * audio.len()));
        if file.exists() {
            return Clip::read(&std::fs::read(&file).unwrap());
        }
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]);
        if !video.is_empty() {
            let pictures = format!("testsrc2=size={size}:rate=25");
            command.args(["-f", "lavfi", "-i", &pictures]);
        }
        if !audio.is_empty() {
            command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
        }
        if !video.is_empty() {
            command.args(["-pix_fmt", "yuv420p"]);
        }
        command.args(video).args(audio).args(["-t", &seconds.to_string()]);
        command.args([
            "-movflags",
            "frag_keyframe+delay_moov+default_base_moof",
            "-f",
            "mp4",
        ]);
        let output = command.arg(&file).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Clip::read(&std::fs::read(&file).unwrap())
    }

    fn read(bytes: &[u8]) -> Clip {
        let mut clip = Clip {
            video: None,
            audio: None,
            frames: Vec::new(),
        };
        let (mut rest, mut moov) = (bytes, None::<Moov>);
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            match Any::decode(&mut rest).unwrap() {
                Any::Moov(found) => {
                    found.trak.iter().for_each(|trak| clip.configure(trak));
                    moov = Some(found);
                }
                Any::Moof(moof) => clip.take(moov.as_ref().unwrap(), &moof, bytes, at),
                _ => {}
            }
        }
        clip.frames.sort_by_key(|frame| frame.dts);
        clip
    }

    fn configure(&mut self, trak: &mp4_atom::Trak) {
        let video = |codec, record: Vec<u8>, visual: &mp4_atom::Visual| {
            let mut config = VideoConfig::from_record(codec, record.into()).unwrap();
            (config.width, config.height) = (visual.width.into(), visual.height.into());
            Some(config)
        };
        let audio = |codec, record: Bytes| Some(AudioConfig::from_record(codec, record).unwrap());
        match &trak.mdia.minf.stbl.stsd.codecs[0] {
            Codec::Avc1(avc) => self.video = video(VideoCodec::H264, body(&avc.avcc), &avc.visual),
            Codec::Hvc1(hevc) => self.video = video(VideoCodec::H265, body(&hevc.hvcc), &hevc.visual),
            Codec::Hev1(hevc) => self.video = video(VideoCodec::H265, body(&hevc.hvcc), &hevc.visual),
            Codec::Av01(av1) => self.video = video(VideoCodec::Av1, body(&av1.av1c), &av1.visual),
            Codec::Vp09(vp9) => self.video = video(VideoCodec::Vp9, body(&vp9.vpcc), &vp9.visual),
            Codec::Opus(_) => self.audio = Some(AudioConfig::opus(1).unwrap()),
            Codec::Mp4a(mp4a) => {
                let config = &mp4a.esds.es_desc.dec_config;
                self.audio = match &config.dec_specific {
                    Some(specific) => audio(AudioCodec::Aac, specific.raw.clone().into()),
                    None => audio(AudioCodec::Mp3, Bytes::new()),
                };
            }
            other => panic!("{other:?}"),
        }
    }

    fn take(&mut self, moov: &Moov, moof: &Moof, bytes: &[u8], at: usize) {
        for traf in &moof.traf {
            let trak = moov
                .trak
                .iter()
                .find(|trak| trak.tkhd.track_id == traf.tfhd.track_id)
                .unwrap();
            let scale = Timescale::new(trak.mdia.mdhd.timescale).unwrap();
            let is_video = trak.mdia.minf.vmhd.is_some();
            let mut dts = traf.tfdt.as_ref().unwrap().base_media_decode_time as i64;
            for run in &traf.trun {
                let mut place = at + run.data_offset.unwrap() as usize;
                for entry in &run.samples {
                    let size = entry.size.or(traf.tfhd.default_sample_size).unwrap() as usize;
                    let flags = entry.flags.or(traf.tfhd.default_sample_flags).unwrap_or(0);
                    self.frames.push(Frame {
                        kind: if is_video {
                            TrackKind::Video
                        } else {
                            TrackKind::Audio
                        },
                        dts: MediaTime::new(dts, scale),
                        composition: MediaDuration::new(entry.cts.unwrap_or(0), scale),
                        keyframe: flags & 0x1_0000 == 0,
                        payload: Bytes::copy_from_slice(&bytes[place..place + size]),
                    });
                    place += size;
                    dts += i64::from(entry.duration.or(traf.tfhd.default_sample_duration).unwrap());
                }
            }
        }
    }

    pub(crate) fn count(&self, kind: TrackKind) -> usize {
        self.frames.iter().filter(|frame| frame.kind == kind).count()
    }
}

/// What is in a box, without header, version and flags where it has those.
fn body<T: mp4_atom::Encode + Atom>(atom: &T) -> Vec<u8> {
    let mut out = Vec::new();
    atom.encode(&mut out).unwrap();
    out.split_off(8)
}
