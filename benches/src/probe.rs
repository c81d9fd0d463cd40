//! What the publisher hides in every frame: when it was sent, and its number in its track.
//!
//! Seven bits per byte with the top bit set, so that no start code and no emulation prevention can occur.

/// Bytes of a probe inside a frame.
pub(crate) const LEN: usize = 15;
const STAMP: usize = 10;

/// Send time (nanoseconds, [`crate::machine::now_ns`]) and number of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) sent_ns: u64,
    pub(crate) number: u32,
}

impl Probe {
    /// The bytes that go into the frame.
    pub(crate) fn encode(self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let digit =
            |value: u64, place: usize| (value.checked_shr(7 * place as u32).unwrap_or(0) & 0x7f) as u8 | 0x80;
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = match place.checked_sub(STAMP) {
                None => digit(self.sent_ns, place),
                Some(place) => digit(u64::from(self.number), place),
            };
        }
        bytes
    }

    /// Reads a probe from the start of `bytes`; none if they are something else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..LEN)?;
        if bytes.iter().any(|byte| byte & 0x80 == 0) {
            return None;
        }
        let value = |digits: &[u8]| {
            digits
                .iter()
                .rev()
                .fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f))
        };
        let (stamp, number) = bytes.split_at(STAMP);
        Some(Self {
            sent_ns: value(stamp),
            number: value(number) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_round_trip_and_refuses_other_bytes() {
        for probe in [
            Probe {
                sent_ns: 0,
                number: 0,
            },
            Probe {
                sent_ns: u64::MAX,
                number: u32::MAX,
            },
            Probe {
                sent_ns: 1_234_567_890_123,
                number: 77,
            },
        ] {
            assert_eq!(Probe::decode(&probe.encode()), Some(probe));
        }
        assert_eq!(Probe::decode(&[0x80; LEN - 1]), None);
        assert_eq!(Probe::decode(&[0; LEN]), None);
    }
}
