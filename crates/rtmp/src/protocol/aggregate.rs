//! Aggregate messages: several media messages in one (RTMP 1.0 §7.1.6).

use bytes::{Buf, Bytes};

use super::message::{Message, type_id};

/// Bytes of a sub-message header, and of the back pointer after each body.
const HEADER: usize = 11;
const BACK_POINTER: usize = 4;

/// A sub-message does not fit into the aggregate; the rest cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("sub-message of {announced} bytes with {left} left")]
pub struct AggregateError {
    /// Bytes its header announces.
    pub announced: usize,
    /// Bytes there are.
    pub left: usize,
}

/// The messages inside an aggregate, one at a time. Their times are moved so that the first one has the
/// time of the aggregate; they belong to its message stream, whatever their headers say.
#[derive(Clone, Debug)]
pub struct Aggregate {
    outer: Message,
    rest: Bytes,
    first: Option<u32>,
}

impl Aggregate {
    /// The aggregate in `message` (type 22).
    pub fn new(message: Message) -> Aggregate {
        let rest = message.payload.clone();
        Aggregate {
            outer: message,
            rest,
            first: None,
        }
    }
}

impl Iterator for Aggregate {
    type Item = Result<Message, AggregateError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let [kind, l0, l1, l2, t0, t1, t2, t3, _, _, _] = *self.rest.first_chunk::<HEADER>()?;
            self.rest.advance(HEADER);
            let announced = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            if announced > self.rest.len() {
                let left = std::mem::take(&mut self.rest).len();
                return Some(Err(AggregateError { announced, left }));
            }
            let payload = self.rest.split_to(announced);
            // The last back pointer is left out by some.
            self.rest.advance(BACK_POINTER.min(self.rest.len()));
            let time = u32::from_be_bytes([t3, t0, t1, t2]);
            let first = *self.first.get_or_insert(time);
            if kind == type_id::AGGREGATE {
                continue;
            }
            let timestamp = self.outer.timestamp.wrapping_add(time.wrapping_sub(first));
            return Some(Ok(Message {
                type_id: kind,
                timestamp,
                payload,
                ..self.outer
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub(kind: u8, time: u32, body: &[u8]) -> Vec<u8> {
        let [t3, t0, t1, t2] = time.to_be_bytes();
        let length = (body.len() as u32).to_be_bytes();
        let mut out = vec![kind, length[1], length[2], length[3], t0, t1, t2, t3, 0, 0, 0];
        out.extend(body);
        out.extend((HEADER as u32 + body.len() as u32).to_be_bytes());
        out
    }

    fn parts(payload: Vec<u8>) -> Vec<Result<(u8, u32, Bytes), AggregateError>> {
        let message = Message {
            type_id: 22,
            timestamp: 1_000,
            stream_id: 1,
            csid: 4,
            payload: payload.into(),
        };
        let parts = Aggregate::new(message);
        parts
            .map(|part| part.map(|m| (m.type_id, m.timestamp, m.payload)))
            .collect()
    }

    #[test]
    fn times_are_moved_to_the_aggregates() {
        let payload = [sub(8, 0xFFFF_FFF0, b"a"), sub(22, 0, b""), sub(9, 0x10, b"bc")].concat();
        let expected = [
            Ok((8, 1_000, Bytes::from_static(b"a"))),
            Ok((9, 1_032, Bytes::from_static(b"bc"))),
        ];
        assert_eq!(parts(payload.clone()), expected);
        // The last back pointer may be missing.
        assert_eq!(parts(payload[..payload.len() - 4].to_vec()), expected);
    }

    #[test]
    fn every_truncation_ends() {
        let payload = [sub(8, 1, b"abc"), sub(9, 2, b"defgh")].concat();
        for cut in 0..payload.len() {
            assert!(parts(payload[..cut].to_vec()).len() <= 2);
        }
        let error = AggregateError {
            announced: 3,
            left: 2,
        };
        assert_eq!(parts(payload[..13].to_vec()), [Err(error)]);
    }
}
