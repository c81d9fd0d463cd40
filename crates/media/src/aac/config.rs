//! `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1), read and written.

use bytes::Bytes;

use crate::ConfigError;
use crate::bits::{BitReader, BitWriter};

/// What a decoder of AAC must know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AudioSpecificConfig {
    /// Audio object type of the core: 2 for AAC-LC.
    pub object_type: u8,
    /// Samples per second of the core.
    pub sample_rate: u32,
    /// `channelConfiguration`; 0 means that a program config element counted [`channels`](Self::channels).
    pub channel_configuration: u8,
    /// Channels of the core.
    pub channels: u8,
    /// Samples per second after spectral band replication, when that is announced.
    pub sbr_sample_rate: Option<u32>,
    /// Whether parametric stereo is announced.
    pub parametric_stereo: bool,
    /// Samples per frame and channel of the core: 1 024 or 960, 512 or 480 for AAC-LD. Taken as
    /// 1 024 for object types outside general audio (ELD, USAC), whose own configuration is not read.
    pub frame_length: u16,
}

const NAME: &str = "AudioSpecificConfig";
const SBR: u8 = 5;
const PS: u8 = 29;
const AAC_LD: u8 = 23;
/// Index that says: 24 explicit bits follow.
const EXPLICIT_RATE: u32 = 15;
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/// Channels of `channelConfiguration` 1…14 (table 1.19); 0 where reserved.
const CHANNELS: [u8; 15] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

impl AudioSpecificConfig {
    /// AAC-LC with 1…6 or 8 channels.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for another number of channels, or a rate of 0 or past 24 bits.
    pub fn aac_lc(sample_rate: u32, channels: u8) -> Result<AudioSpecificConfig, ConfigError> {
        let channel_configuration = match channels {
            1..=6 => channels,
            8 => 7,
            _ => {
                return Err(ConfigError::OutOfRange {
                    record: NAME,
                    field: "number of channels",
                });
            }
        };
        if !(1..1 << 24).contains(&sample_rate) {
            return Err(ConfigError::OutOfRange {
                record: NAME,
                field: "sampling frequency",
            });
        }
        Ok(AudioSpecificConfig {
            object_type: 2,
            sample_rate,
            channel_configuration,
            channels,
            sbr_sample_rate: None,
            parametric_stereo: false,
            frame_length: 1_024,
        })
    }

    /// Reads a record; what follows the last known field is ignored.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(record: &[u8]) -> Result<AudioSpecificConfig, ConfigError> {
        let truncated = ConfigError::Truncated {
            record: NAME,
            length: record.len(),
        };
        let mut bits = BitReader::new(record);
        let fields = Fields::read(&mut bits).ok_or(truncated)?;
        let rate_error = ConfigError::OutOfRange {
            record: NAME,
            field: "sampling frequency",
        };
        let sample_rate = fields.rate.filter(|&rate| rate > 0).ok_or(rate_error)?;
        let channels = CHANNELS
            .get(usize::from(fields.channel_configuration))
            .copied()
            .unwrap_or(0);
        let mut config = AudioSpecificConfig {
            object_type: fields.object_type,
            sample_rate,
            channel_configuration: fields.channel_configuration,
            channels,
            sbr_sample_rate: fields.sbr_rate.filter(|&rate| rate > 0),
            // Parametric stereo works on top of SBR; without its rate there is none (§1.6.6.1.2).
            parametric_stereo: fields.parametric_stereo && fields.sbr_rate.is_some_and(|rate| rate > 0),
            frame_length: 1_024,
        };
        if is_general_audio(config.object_type) {
            config.read_general(&mut bits).ok_or(truncated)?;
            if !fields.explicit_extension {
                // Optional; a tail that is something else says nothing.
                let _ = config.read_late_extension(&mut bits);
            }
        }
        if config.channels == 0 {
            return Err(ConfigError::OutOfRange {
                record: NAME,
                field: "channel configuration",
            });
        }
        Ok(config)
    }

    /// Samples per second of the decoded sound.
    pub fn output_sample_rate(&self) -> u32 {
        self.sbr_sample_rate.unwrap_or(self.sample_rate)
    }

    /// Channels of the decoded sound: parametric stereo makes two out of one.
    pub fn output_channels(&self) -> u8 {
        if self.parametric_stereo && self.channels == 1 {
            2
        } else {
            self.channels
        }
    }

    /// The record's bytes; SBR and PS are signalled explicitly (hierarchically).
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] when a field does not fit, for object types other than AAC Main, LC, SSR and LTP,
    /// or without a channel configuration: program config elements are not written.
    pub fn to_bytes(&self) -> Result<Bytes, ConfigError> {
        let out_of_range = |field| ConfigError::OutOfRange { record: NAME, field };
        let known = CHANNELS
            .get(usize::from(self.channel_configuration))
            .is_some_and(|&count| count > 0);
        if !known {
            return Err(out_of_range("channel configuration"));
        }
        let simple = matches!(self.object_type, 1..=4);
        if !simple {
            return Err(out_of_range("object type"));
        }
        let mut bits = BitWriter::default();
        let extension = if self.parametric_stereo { PS } else { SBR };
        if self.sbr_sample_rate.is_some() {
            bits.put(u32::from(extension), 5);
        } else {
            bits.put(u32::from(self.object_type), 5);
        }
        put_rate(&mut bits, self.sample_rate).ok_or(out_of_range("sampling frequency"))?;
        bits.put(u32::from(self.channel_configuration), 4);
        if let Some(rate) = self.sbr_sample_rate {
            put_rate(&mut bits, rate).ok_or(out_of_range("sampling frequency"))?;
            bits.put(u32::from(self.object_type), 5);
        }
        bits.put(u32::from(self.frame_length == 960), 1);
        bits.put(0, 2); // dependsOnCoreCoder, extensionFlag
        Ok(bits.into_bytes().into())
    }

    /// `GASpecificConfig` (§4.4.1).
    fn read_general(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        let short = bits.bit()?;
        self.frame_length = match (self.object_type == AAC_LD, short) {
            (false, false) => 1_024,
            (false, true) => 960,
            (true, false) => 512,
            (true, true) => 480,
        };
        if bits.bit()? {
            bits.skip(14)?; // coreCoderDelay
        }
        let extension = bits.bit()?;
        if self.channel_configuration == 0 {
            self.channels = read_program_config(bits)?;
        }
        if matches!(self.object_type, 6 | 20) {
            bits.skip(3)?; // layerNr
        }
        if extension {
            match self.object_type {
                22 => bits.skip(16)?,
                17 | 19 | 20 | 23 => bits.skip(3)?,
                _ => {}
            }
            bits.skip(1)?; // extensionFlag3
        }
        Some(())
    }

    /// The backward compatible extension behind the core's configuration (§1.6.2.1, syncExtensionType).
    fn read_late_extension(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        if bits.bits(11)? != 0x2B7 || object_type(bits)? != SBR || !bits.bit()? {
            return None;
        }
        self.sbr_sample_rate = rate(bits)?.filter(|&rate| rate > 0);
        if bits.bits(11)? == 0x548 {
            self.parametric_stereo = bits.bit()? && self.sbr_sample_rate.is_some();
        }
        Some(())
    }
}

/// The fields before the core's own configuration.
struct Fields {
    object_type: u8,
    rate: Option<u32>,
    channel_configuration: u8,
    explicit_extension: bool,
    sbr_rate: Option<u32>,
    parametric_stereo: bool,
}

impl Fields {
    fn read(bits: &mut BitReader<'_>) -> Option<Fields> {
        let mut fields = Fields {
            object_type: object_type(bits)?,
            rate: rate(bits)?,
            channel_configuration: bits.byte(4)?,
            explicit_extension: false,
            sbr_rate: None,
            parametric_stereo: false,
        };
        if matches!(fields.object_type, SBR | PS) {
            fields.explicit_extension = true;
            fields.parametric_stereo = fields.object_type == PS;
            fields.sbr_rate = rate(bits)?;
            fields.object_type = object_type(bits)?;
            if fields.object_type == 22 {
                bits.skip(4)?; // extensionChannelConfiguration
            }
        }
        Some(fields)
    }
}

fn is_general_audio(object_type: u8) -> bool {
    matches!(object_type, 1..=4 | 6 | 7 | 17 | 19..=23)
}

fn object_type(bits: &mut BitReader<'_>) -> Option<u8> {
    match bits.byte(5)? {
        31 => Some(32 + bits.byte(6)?),
        direct => Some(direct),
    }
}

/// A sampling frequency; the inner `None` is a reserved index.
fn rate(bits: &mut BitReader<'_>) -> Option<Option<u32>> {
    match bits.bits(4)? {
        EXPLICIT_RATE => bits.bits(24).map(Some),
        index => Some(RATES.get(index as usize).copied()),
    }
}

/// `program_config_element()` (§4.4.1.1): how many channels it describes.
fn read_program_config(bits: &mut BitReader<'_>) -> Option<u8> {
    bits.skip(10)?; // element_instance_tag, object_type, sampling_frequency_index
    let mains = bits.bits(4)? + bits.bits(4)? + bits.bits(4)?;
    let effects = bits.bits(2)?;
    let data = bits.bits(3)? as usize;
    let couplings = bits.bits(4)? as usize;
    for mixdown_bits in [4, 4, 3] {
        if bits.bit()? {
            bits.skip(mixdown_bits)?;
        }
    }
    let mut channels = effects;
    for _ in 0..mains {
        channels += if bits.bit()? { 2 } else { 1 };
        bits.skip(4)?;
    }
    bits.skip(effects as usize * 4 + data * 4 + couplings * 5)?;
    bits.align();
    let comment = bits.bits(8)? as usize;
    bits.skip(comment * 8)?;
    u8::try_from(channels).ok()
}

fn put_rate(bits: &mut BitWriter, rate: u32) -> Option<()> {
    match RATES.iter().position(|&known| known == rate) {
        Some(index) => bits.put(index as u32, 4),
        None if (1..1 << 24).contains(&rate) => {
            bits.put(EXPLICIT_RATE, 4);
            bits.put(rate, 24);
        }
        None => return None,
    }
    Some(())
}

pub(super) fn known_rate(index: u8) -> Option<u32> {
    RATES.get(usize::from(index)).copied()
}

pub(super) fn rate_index(rate: u32) -> Option<u8> {
    RATES
        .iter()
        .position(|&known| known == rate)
        .and_then(|index| u8::try_from(index).ok())
}
