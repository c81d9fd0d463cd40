//! RTP packets on their way out (RFC 3550 §5.1).

use bytes::Bytes;

use super::Extensions;

/// Longest header: fixed part, extension header, and all extensions with the longest mid.
const MAX_HEADER: usize = 12 + 4 + 24;
/// Profile of one-byte extension headers (RFC 8285 §4.2).
const ONE_BYTE: u16 = 0xBEDE;
/// Longest mid that fits; offers with longer ones are refused.
pub(super) const MAX_MID: usize = 16;

/// A packet that waits to be sent. Its payload is shared with all other viewers.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) ssrc: u32,
    /// The sequence number with its roll-overs (RFC 3711 §3.3.1). Never used for two different packets.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    /// Value of the orientation extension.
    pub(crate) orientation: Option<u8>,
    pub(crate) payload: Bytes,
    /// Bytes of padding behind the payload.
    pub(crate) padding: u8,
}

impl Outbound {
    /// Bytes behind the header.
    pub(crate) fn content(&self) -> usize {
        self.payload.len() + usize::from(self.padding)
    }

    /// Writes payload and padding; `to` has [`content`](Self::content) bytes.
    pub(super) fn put_content(&self, to: &mut [u8]) {
        let (payload, padding) = to.split_at_mut(self.payload.len().min(to.len()));
        if payload.len() == self.payload.len() {
            payload.copy_from_slice(&self.payload);
        }
        padding.fill(0);
        if let Some(last) = padding.last_mut() {
            *last = self.padding;
        }
    }
}

/// The bytes of a header.
pub(super) struct Header {
    bytes: [u8; MAX_HEADER],
    length: usize,
}

impl Header {
    /// `transport`: the transport-wide number; `mid`: to be told.
    pub(super) fn new(
        packet: &Outbound,
        extensions: &Extensions,
        transport: Option<u16>,
        mid: Option<&str>,
    ) -> Header {
        let mut header = Header {
            bytes: [0; MAX_HEADER],
            length: 0,
        };
        let padded = if packet.padding > 0 { 0x20 } else { 0 };
        let orientation = packet.orientation.filter(|_| extensions.orientation > 0);
        let mid = mid.filter(|mid| extensions.mid > 0 && (1..=MAX_MID).contains(&mid.len()));
        let extended = transport.is_some() || mid.is_some() || orientation.is_some();
        header.put(&[
            0x80 | padded | u8::from(extended) << 4,
            u8::from(packet.marker) << 7 | packet.payload_type,
        ]);
        header.put(&(packet.index as u16).to_be_bytes());
        header.put(&packet.timestamp.to_be_bytes());
        header.put(&packet.ssrc.to_be_bytes());
        if extended {
            header.put(&ONE_BYTE.to_be_bytes());
            header.put(&[0, 0]);
            if let Some(number) = transport {
                header.extension(extensions.transport, &number.to_be_bytes());
            }
            if let Some(mid) = mid {
                header.extension(extensions.mid, mid.as_bytes());
            }
            if let Some(value) = orientation {
                header.extension(extensions.orientation, &[value]);
            }
            // Zeros are padding (RFC 8285 §4.2).
            header.length = header.length.next_multiple_of(4);
            let words = (header.length.saturating_sub(16) / 4) as u8;
            if let Some(low) = header.bytes.get_mut(15) {
                *low = words;
            }
        }
        header
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }

    fn extension(&mut self, id: u8, value: &[u8]) {
        self.put(&[id << 4 | (value.len().saturating_sub(1) as u8 & 0x0F)]);
        self.put(value);
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
            self.length = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use rtc::rtp::Packet;
    use rtc::shared::marshal::Unmarshal as _;

    use super::*;

    fn packet() -> Outbound {
        Outbound {
            ssrc: 0x0102_0304,
            index: 0x2_FFFE,
            timestamp: 77,
            payload_type: 102,
            marker: true,
            orientation: Some(3),
            payload: Bytes::from_static(b"payload"),
            padding: 0,
        }
    }

    fn read(packet: &Outbound, extensions: Extensions, transport: Option<u16>, mid: Option<&str>) -> Packet {
        let header = Header::new(packet, &extensions, transport, mid);
        let mut bytes = header.as_bytes().to_vec();
        let start = bytes.len();
        bytes.resize(start + packet.content(), 0xEE);
        packet.put_content(&mut bytes[start..]);
        Packet::unmarshal(&mut bytes.as_slice()).unwrap()
    }

    #[test]
    fn others_read_it() {
        let ids = Extensions {
            transport: 5,
            mid: 14,
            orientation: 1,
        };
        for mid in ["0", "sixteen letters!"] {
            let read = read(&packet(), ids, Some(0xABCD), Some(mid));
            assert_eq!(read.payload, packet().payload);
            let header = read.header;
            assert_eq!((header.ssrc, header.sequence_number), (0x0102_0304, 0xFFFE));
            assert_eq!(
                (header.timestamp, header.payload_type, header.marker),
                (77, 102, true)
            );
            assert_eq!(&header.get_extension(5).unwrap()[..], [0xAB, 0xCD]);
            assert_eq!(&header.get_extension(14).unwrap()[..], mid.as_bytes());
            assert_eq!(&header.get_extension(1).unwrap()[..], [3]);
        }
    }

    #[test]
    fn nothing_negotiated_nothing_sent() {
        let read = read(&packet(), Extensions::default(), None, Some("0"));
        assert!(!read.header.extension);
        assert_eq!(read.payload, packet().payload);
    }

    #[test]
    fn padding_is_no_media() {
        let padding = Outbound {
            payload: Bytes::new(),
            padding: 200,
            ..packet()
        };
        let ids = Extensions {
            transport: 1,
            ..Extensions::default()
        };
        let read = read(&padding, ids, Some(1), None);
        assert!(read.header.padding);
        assert!(read.payload.is_empty());
    }
}
