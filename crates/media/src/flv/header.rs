//! The start of an FLV file (FLV v10.1 §E.2).

/// Length of the file header and the zero tag size behind it.
pub const FILE_HEADER_LENGTH: usize = 13;

/// Which tracks an FLV file announces. Players wait for tracks that are announced and ignore others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileHeader {
    /// Audio tags will come.
    pub audio: bool,
    /// Video tags will come.
    pub video: bool,
}

impl FileHeader {
    /// The 9-byte header and `PreviousTagSize0`.
    pub fn to_bytes(self) -> [u8; FILE_HEADER_LENGTH] {
        let flags = u8::from(self.audio) << 2 | u8::from(self.video);
        [b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]
    }
}
