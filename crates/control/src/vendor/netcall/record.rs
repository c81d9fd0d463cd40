//! What clients want recorded, as the flags of a room have it.

/// `recordAudio`, `recordVideo`, `rtmpRecord`, `recordType`, `isHostSpeaker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Record {
    /// Sound.
    pub(super) audio: bool,
    /// Picture.
    pub(super) video: bool,
    /// What the bypass pushes, which is the mix.
    pub(super) live: bool,
    /// The mix and nothing else.
    pub(super) mixed_only: bool,
    /// Members one by one and nothing else.
    pub(super) single_only: bool,
    /// The host's is the main picture.
    pub(super) host_is_main: bool,
}

/// What is to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Recorded {
    /// Members one by one.
    pub(super) single: bool,
    /// The mix.
    pub(super) mix: bool,
}

impl Record {
    /// Sound and picture are one recording here, so either asks for both.
    pub(super) const fn wanted(self) -> Recorded {
        let any = self.audio || self.video;
        Recorded {
            single: any && !self.mixed_only,
            mix: (any && !self.single_only) || self.live,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_recordings() {
        let record = |audio, live, kind| {
            let wanted = Record {
                audio,
                live,
                mixed_only: kind == 1,
                single_only: kind == 2,
                ..Record::default()
            }
            .wanted();
            (wanted.single, wanted.mix)
        };
        assert_eq!(record(false, false, 0), (false, false));
        assert_eq!(record(true, false, 0), (true, true));
        assert_eq!(record(true, false, 1), (false, true));
        assert_eq!(record(true, false, 2), (true, false));
        assert_eq!(record(true, true, 2), (true, true));
        assert_eq!(record(false, true, 2), (false, true));
    }
}
