//! H.264 facts that a relay needs without decoding: NAL unit types, parameter sets, `avcC` (ITU-T H.264,
//! ISO/IEC 14496-15 §5.3).

mod record;
mod sps;
mod unit;
mod vui;

pub use record::AvcRecord;
pub use sps::{Sps, SpsError};
pub use unit::{NalType, PpsIds, contains_idr, pps_ids};
