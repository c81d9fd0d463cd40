//! The URLs a worker plays from and pushes to.

use std::collections::{HashMap, HashSet};

use lianmai_hub::job::{Job, JobId, JobKind, MixInput, MixJob, SoundOutput};
use lianmai_hub::{Action, StreamKey};
use lianmai_rooms::Timestamp;

use super::job::source;
use super::token::{InternalKey, PARAMETER};
use crate::mixing::MixPlan;

/// How long a worker may take to connect. A connection that stands is not cut.
const TOKEN_LIFE_SECS: u64 = 60;
/// Inputs of a mix come and go while it runs, and a lost one is opened again with the URL it had.
const INPUT_LIFE_SECS: u64 = 24 * 3_600;

/// Makes URLs.
pub(super) struct Urls<'a> {
    /// Where workers reach RTMP.
    pub(super) base: &'a str,
    pub(super) signer: &'a InternalKey,
    pub(super) now: Timestamp,
}

/// The URLs that the job of a mix knows: a changed one would make it connect anew.
#[derive(Default)]
pub(super) struct Known {
    urls: HashMap<StreamKey, (String, u64)>,
}

impl Urls<'_> {
    /// The job of a rendition. What it plays is one track, written frame by frame.
    pub(super) fn job(&self, id: JobId, kind: JobKind, rendition: &StreamKey) -> Job {
        let track = match kind {
            JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => "audio",
            JobKind::VideoToH264 { .. } => "video",
        };
        let expiry = self.now.as_secs().saturating_add(TOKEN_LIFE_SECS);
        let options = format!("&coalesce=0&only={track}");
        Job {
            source: self.url(&source(rendition), Action::Play, expiry, &options),
            target: self.url(rendition, Action::Publish, expiry, ""),
            id,
            kind,
        }
    }

    /// The job of a mix as it is to be now.
    pub(super) fn mix(&self, id: JobId, key: &StreamKey, plan: &MixPlan, known: &mut Known) -> MixJob {
        let inputs = plan.inputs.iter().map(|(_, key)| key);
        let needed: HashSet<&StreamKey> = inputs.chain(plan.sounds.iter().map(|(_, key)| key)).collect();
        known.urls.retain(|key, _| needed.contains(key));
        // Also pictures that are not shown now, because they may be with the next change.
        let options = if plan.scene.canvas.audio_only {
            "&coalesce=0&only=audio"
        } else {
            "&coalesce=0"
        };
        let inputs = plan.inputs.iter().map(|(name, key)| MixInput {
            name: name.clone(),
            url: known.url(self, key, Action::Play, options),
        });
        let inputs = inputs.collect();
        let sounds = plan.sounds.iter().map(|(without, key)| SoundOutput {
            without: without.clone(),
            url: known.url(self, key, Action::Publish, ""),
        });
        let expiry = self.now.as_secs().saturating_add(TOKEN_LIFE_SECS);
        MixJob {
            id,
            scene: plan.scene.clone(),
            inputs,
            assets: plan.assets.iter().map(|asset| (**asset).clone()).collect(),
            target: self.url(key, Action::Publish, expiry, ""),
            sound_outputs: sounds.collect(),
        }
    }

    fn url(&self, key: &StreamKey, action: Action, expiry: u64, options: &str) -> String {
        let base = self.base.trim_end_matches('/');
        let token = self.signer.sign(key, action, expiry);
        format!(
            "{base}/{}/{}?{PARAMETER}{token}{options}",
            key.app(),
            key.stream()
        )
    }
}

impl Known {
    fn url(&mut self, urls: &Urls<'_>, key: &StreamKey, action: Action, options: &str) -> String {
        let now = urls.now.as_secs();
        // Renewed with half of its life left, to connect again in.
        let fresh = |(_, expiry): &&(String, u64)| *expiry >= now.saturating_add(INPUT_LIFE_SECS / 2);
        if let Some((url, _)) = self.urls.get(key).filter(fresh) {
            return url.clone();
        }
        let expiry = now.saturating_add(INPUT_LIFE_SECS);
        let url = urls.url(key, action, expiry, options);
        self.urls.insert(key.clone(), (url.clone(), expiry));
        url
    }
}
