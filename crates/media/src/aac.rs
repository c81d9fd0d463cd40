//! AAC facts that a relay needs without decoding: `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1) and ADTS.

mod adts;
mod config;

pub use adts::{ADTS_HEADER_LENGTH, AdtsError, AdtsHeader};
pub use config::AudioSpecificConfig;
