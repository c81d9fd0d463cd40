//! The start of the uncompressed header of a frame (VP9 bitstream specification §6.2).

use bytes::Bytes;
use lianmai_media::{VideoCodec, VideoConfig};

use lianmai_media::bits::BitReader;

/// What matters of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// A key frame.
    Key(Format),
    /// Any other.
    Inter,
}

/// What a key frame says about the pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Format {
    pub(super) width: u16,
    pub(super) height: u16,
    profile: u8,
    bit_depth: u8,
    /// As in `vpcC`: 0 and 1 are 4:2:0, 2 is 4:2:2, 3 is 4:4:4.
    subsampling: u8,
    full_range: bool,
    /// As in `vpcC`: primaries, transfer and matrix of ISO/IEC 23091-2.
    colour: [u8; 3],
}

const SYNC_CODE: u32 = 0x49_8342;
const RGB: u32 = 7;

impl Header {
    /// Reads the header of a frame or superframe; `None` when it is none.
    pub(super) fn parse(frame: &[u8]) -> Option<Header> {
        let mut bits = BitReader::new(frame);
        if bits.bits(2)? != 2 {
            return None;
        }
        let profile = (u8::from(bits.bit()?)) | u8::from(bits.bit()?) << 1;
        if profile == 3 && bits.bit()? {
            return None;
        }
        let shows_existing = bits.bit()?;
        if shows_existing || bits.bit()? {
            return Some(Header::Inter);
        }
        bits.skip(2)?; // show_frame, error_resilient_mode
        if bits.bits(24)? != SYNC_CODE {
            return None;
        }
        let bit_depth = match profile {
            0 | 1 => 8,
            _ if bits.bit()? => 12,
            _ => 10,
        };
        let colour_space = bits.bits(3)?;
        let is_odd_profile = profile & 1 == 1;
        let (full_range, subsampling) = if colour_space == RGB {
            bits.skip(usize::from(is_odd_profile))?;
            (true, 3)
        } else {
            let full_range = bits.bit()?;
            let mut subsampling = 1;
            if is_odd_profile {
                subsampling = match (bits.bit()?, bits.bit()?) {
                    (false, false) => 3,
                    (true, false) => 2,
                    _ => 1,
                };
                bits.skip(1)?;
            }
            (full_range, subsampling)
        };
        // Each is one less on the wire and so at most 65 535 here, save for a size that no level has.
        let mut size = || u16::try_from(bits.bits(16)? + 1).ok();
        Some(Header::Key(Format {
            width: size()?,
            height: size()?,
            profile,
            bit_depth,
            subsampling,
            full_range,
            colour: match colour_space {
                1 => [6, 6, 6],
                2 => [1, 1, 1],
                3 => [6, 6, 6],
                4 => [7, 7, 7],
                5 => [9, 14, 9],
                RGB => [1, 13, 0],
                _ => [2, 2, 2],
            },
        }))
    }
}

impl Format {
    /// The configuration, with a `vpcC` record (VP Codec ISO Media File Format Binding v1.0).
    pub(super) fn config(self) -> VideoConfig {
        let level = level(u32::from(self.width) * u32::from(self.height));
        let depth = self.bit_depth << 4 | self.subsampling << 1 | u8::from(self.full_range);
        let [primaries, transfer, matrix] = self.colour;
        let record = [
            1,
            0,
            0,
            0,
            self.profile,
            level,
            depth,
            primaries,
            transfer,
            matrix,
            0,
            0,
        ];
        VideoConfig {
            codec: VideoCodec::Vp9,
            record: Bytes::copy_from_slice(&record),
            width: u32::from(self.width),
            height: u32::from(self.height),
            profile: self.profile,
            level,
            reorder_depth: Some(0),
        }
    }
}

/// The lowest level for pictures of so many pixels (VP9 levels, "max luma picture size").
fn level(pixels: u32) -> u8 {
    match pixels {
        0..=36_864 => 10,
        36_865..=73_728 => 11,
        73_729..=122_880 => 20,
        122_881..=245_760 => 21,
        245_761..=552_960 => 30,
        552_961..=983_040 => 31,
        983_041..=2_228_224 => 40,
        2_228_225..=8_912_896 => 50,
        _ => 60,
    }
}
