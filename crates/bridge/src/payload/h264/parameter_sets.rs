//! The parameter sets of an H.264 stream, gathered in-band, as a decoder configuration (R-V1, R-V5, R-V6).

use std::collections::BTreeMap;

use bytes::Bytes;
use lianmai_media::h264::{AvcRecord, NalType, Sps, pps_ids};
use lianmai_media::nal::LengthSize;
use lianmai_media::{VideoCodec, VideoConfig};

use super::super::PayloadError;

/// Longer ones are not those of any encoder.
const MAX_BYTES: usize = 2_048;
/// As many as `avcC` has room for.
const MAX_SPS: usize = 31;
const MAX_PPS: usize = 64;

/// Sets in force and the record made of them.
#[derive(Debug, Default)]
pub(super) struct ParameterSets {
    sps: BTreeMap<u8, Bytes>,
    pps: BTreeMap<u8, Bytes>,
    /// Those of the present access unit.
    pending: Vec<(NalType, u8, Bytes)>,
    changed: bool,
    sps_changed: bool,
    /// Whether there is a configuration that readers were told.
    told: bool,
}

impl ParameterSets {
    /// Takes an SPS or PPS; one that cannot be read or is too much is left out.
    pub(super) fn push(&mut self, kind: NalType, unit: &[u8]) {
        let id = match kind {
            // The profile and level are in the first four bytes.
            NalType::Sps if unit.len() >= 4 => Some(Sps::parse(unit).map_or(0, |sps| sps.id)),
            NalType::Pps => pps_ids(unit).map(|ids| ids.pps),
            _ => None,
        };
        if let Some(id) = id
            && unit.len() <= MAX_BYTES
            && self.pending.len() < MAX_SPS + MAX_PPS
        {
            self.pending.push((kind, id, Bytes::copy_from_slice(unit)));
        }
    }

    /// Whether sets came with the present access unit.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Those of the present access unit are in force from now on. An SPS that was not known before, together with a
    /// PPS, means a new sequence: then nothing older is kept.
    pub(super) fn apply(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let brings_new_sps = pending
            .iter()
            .any(|(kind, id, unit)| *kind == NalType::Sps && self.sps.get(id) != Some(unit));
        let brings_pps = pending.iter().any(|(kind, ..)| *kind == NalType::Pps);
        if brings_new_sps && brings_pps {
            self.sps.clear();
            self.pps.clear();
        }
        self.changed |= brings_new_sps;
        self.sps_changed |= brings_new_sps;
        for (kind, id, unit) in pending {
            let (sets, most) = match kind {
                NalType::Sps => (&mut self.sps, MAX_SPS),
                _ => (&mut self.pps, MAX_PPS),
            };
            if sets.get(&id) != Some(&unit) && (sets.contains_key(&id) || sets.len() < most) {
                sets.insert(id, unit);
                self.changed = true;
            }
        }
    }

    /// The configuration, if readers must be told a new one with a picture that is (`idr`) or is not an IDR picture.
    /// An SPS takes effect only with an IDR picture (H.264 §7.4.1.2.1).
    pub(super) fn news(&mut self, idr: bool) -> Result<Option<VideoConfig>, PayloadError> {
        if idr && (self.sps.is_empty() || self.pps.is_empty()) {
            return Err(PayloadError::NoConfig);
        }
        if !self.changed || !idr && (self.sps_changed || !self.told) {
            return Ok(None);
        }
        let config = self.config().ok_or(PayloadError::NoConfig)?;
        (self.changed, self.sps_changed, self.told) = (false, false, true);
        Ok(Some(config))
    }

    fn config(&self) -> Option<VideoConfig> {
        let [_, profile, compatibility, level] = *self.sps.first_key_value()?.1.first_chunk::<4>()?;
        let record = AvcRecord {
            profile,
            compatibility,
            level,
            length_size: LengthSize::Four,
            sps: self.sps.values().cloned().collect(),
            pps: self.pps.values().cloned().collect(),
        };
        VideoConfig::from_record(VideoCodec::H264, record.to_bytes().ok()?).ok()
    }
}
