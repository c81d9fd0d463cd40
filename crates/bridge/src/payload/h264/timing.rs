//! SEI messages that say what RTP says better.

/// Payload types (H.264 §D.1): how full a buffer is, and when a picture is due.
const BUFFERING_PERIOD: u8 = 0;
const PICTURE_TIMING: u8 = 1;
/// Longer ones are not looked into.
const MAX_UNIT: usize = 128;

/// Whether an SEI unit holds nothing but buffering periods and picture timing. A receiver of RTP has timestamps for
/// that, while a small unit in front of every picture costs a datagram, and a system call per picture and viewer.
pub(super) fn is_timing(unit: &[u8]) -> bool {
    let Some((_, mut rest)) = unit.split_first() else {
        return false;
    };
    // Lengths do not count emulation prevention bytes: with those, it is kept.
    if unit.len() > MAX_UNIT || unit.windows(3).any(|bytes| bytes == [0, 0, 3]) {
        return false;
    }
    let mut any = false;
    // The last byte is the stop bit.
    while rest.len() > 1 {
        let [BUFFERING_PERIOD | PICTURE_TIMING, length, behind @ ..] = rest else {
            return false;
        };
        let Some(behind) = behind.get(usize::from(*length)..).filter(|_| *length < 0xFF) else {
            return false;
        };
        rest = behind;
        any = true;
    }
    any && rest == [0x80]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timing_is_timing() {
        assert!(is_timing(&[6, 1, 2, 0x40, 0x10, 0x80]));
        assert!(is_timing(&[6, 0, 1, 0xC0, 1, 1, 0x30, 0x80]));
        let message = [5, 3, 1, 2, 3];
        let others: [&[u8]; 8] = [
            &[],
            &[6],
            &[6, 0x80],
            &[6, 1, 200, 0x80],
            &[6, 1, 255, 0, 0x80],
            &[6, 1, 4, 0, 0, 3, 1, 0x80],
            &[&[6][..], &message, &[0x80]].concat(),
            &[&[6, 1, 1, 7][..], &message, &[0x80]].concat(),
        ];
        for unit in others {
            assert!(!is_timing(unit), "{unit:?}");
        }
    }
}
