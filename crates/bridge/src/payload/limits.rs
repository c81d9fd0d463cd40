//! Limits of payloads.

/// Longest RTP payload made by default: leaves room for RTP, SRTP, UDP and IPv6 within 1 280 bytes.
pub const MAX_PAYLOAD: usize = 1_188;

/// Longest access unit that is put together from packets, in bytes.
pub const MAX_ACCESS_UNIT: usize = 8 * 1024 * 1024;
