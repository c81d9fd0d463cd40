//! From a wanted rendition or mix to the job that makes it.

use lianmai_hub::job::JobKind;
use lianmai_hub::{Form, Hub, StreamKey};

use super::WorkersConfig;
use super::plan::{Picture, Want, Work, estimate, estimate_mix};
use crate::mixing::MixPlan;

/// The job of a rendition and what it takes; `None` for keys that no worker makes.
pub(super) fn want(config: &WorkersConfig, hub: &Hub, key: StreamKey) -> Option<Want> {
    let kind = kind(config, key.form_of()?)?;
    let picture = match kind {
        JobKind::VideoToH264 { .. } => picture(hub, &source(&key)),
        _ => None,
    };
    let need = estimate(&kind, picture);
    Some(Want {
        key,
        work: Work::Rendition(kind),
        need,
    })
}

/// The job of a mix and what it takes.
pub(super) fn want_mix(hub: &Hub, key: &StreamKey, plan: &MixPlan) -> Want {
    let shown: Vec<Option<Picture>> = plan
        .inputs
        .iter()
        .filter(|(name, _)| plan.shown().any(|shown| shown == name))
        .map(|(_, source)| picture(hub, source))
        .collect();
    let heard = plan.scene.voices.iter().filter(|voice| !voice.muted).count();
    let canvas = plan.scene.canvas;
    Want {
        key: key.clone(),
        need: estimate_mix(&canvas, &shown, heard, plan.sounds.len()),
        work: Work::Mix {
            canvas,
            revision: plan.revision,
        },
    }
}

fn kind(config: &WorkersConfig, form: Form) -> Option<JobKind> {
    let video = JobKind::VideoToH264 {
        bitrate: config.h264_bitrate,
        max_side: config.h264_max_side,
    };
    match form {
        Form::Opus => Some(JobKind::AudioToOpus {
            bitrate: config.opus_bitrate,
        }),
        Form::Aac => Some(JobKind::AudioToAac {
            bitrate: config.aac_bitrate,
        }),
        Form::H264 | Form::NoBFrames => Some(video),
        Form::Rtc | Form::Layer(_) => None,
    }
}

/// The key a rendition is made of.
pub(super) fn source(rendition: &StreamKey) -> StreamKey {
    match rendition.form_of().and_then(Form::source) {
        Some(form) => rendition.form(form),
        None => rendition.plain(),
    }
}

/// Width, height and frames per second of a stream's picture, where they are known.
fn picture(hub: &Hub, key: &StreamKey) -> Option<Picture> {
    let video = hub.stats(key)?.video?;
    (video.width > 0 && video.height > 0).then_some((video.width, video.height, video.fps))
}

/// A form's name in answers: what the key adds to the stream's name.
pub(super) fn form_name(form: Form) -> &'static str {
    match form {
        Form::Opus => "opus",
        Form::Aac => "aac",
        Form::H264 => "h264",
        Form::NoBFrames => "nob",
        Form::Rtc => "rtc",
        Form::Layer(_) => "layer",
    }
}

#[cfg(test)]
mod tests {
    use lianmai_hub::HubConfig;

    use super::*;

    #[tokio::test]
    async fn each_rendition_has_its_job_and_source() {
        let (config, hub) = (WorkersConfig::default(), Hub::new(HubConfig::default()));
        let plain = StreamKey::new("demo", "s1");
        let opus = want(&config, &hub, plain.form(Form::Opus)).unwrap();
        assert_eq!(
            opus.work,
            Work::Rendition(JobKind::AudioToOpus { bitrate: 96_000 })
        );
        assert_eq!(source(&opus.key), plain);
        let aac = want(&config, &hub, plain.form(Form::Aac)).unwrap();
        assert_eq!(
            aac.work,
            Work::Rendition(JobKind::AudioToAac { bitrate: 128_000 })
        );
        assert_eq!(source(&aac.key), plain.form(Form::Rtc));
        let h264 = want(&config, &hub, plain.form(Form::H264)).unwrap();
        assert!(matches!(
            h264.work,
            Work::Rendition(JobKind::VideoToH264 { max_side: 1_280, .. })
        ));
        assert_eq!(source(&h264.key), plain.form(Form::Rtc));
        // R-B1.
        let nob = want(&config, &hub, plain.form(Form::NoBFrames)).unwrap();
        assert_eq!((nob.work, source(&nob.key)), (h264.work, plain.clone()));
        for other in [plain.clone(), plain.form(Form::Rtc), plain.form(Form::Layer(1))] {
            assert_eq!(want(&config, &hub, other), None);
        }
        assert_eq!(want(&config, &hub, StreamKey::new("demo", "s1~x")), None);
    }
}
