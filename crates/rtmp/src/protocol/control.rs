//! Protocol control messages and user control events (RTMP 1.0 §5.4, §6.2, §7.1.7).

use bytes::{BufMut, BytesMut};

use super::message::{Message, type_id};

/// How Set Peer Bandwidth binds (§5.4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BandwidthLimit {
    /// 0: as said.
    Hard,
    /// 1: the smaller of this and the one in effect.
    Soft,
    /// 2, or unknown: hard if the last one was hard.
    Dynamic,
}

/// A user control event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserControl {
    /// 0: the stream has become usable.
    StreamBegin(u32),
    /// 1: playback of the stream is over.
    StreamEof(u32),
    /// 2: there is no more data for now.
    StreamDry(u32),
    /// 3: the client buffers so much.
    SetBufferLength {
        /// The message stream.
        stream_id: u32,
        /// Milliseconds.
        millis: u32,
    },
    /// 4: the stream is a recorded one.
    StreamIsRecorded(u32),
    /// 6: to be answered with the same number.
    PingRequest(u32),
    /// 7: the answer.
    PingResponse(u32),
}

/// A control message. Chunk size and abort are carried out by the chunk reader and not met here again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// Type 1: the chunks that follow hold up to so many bytes.
    SetChunkSize(u32),
    /// Type 2: the half-sent message of this chunk stream is given up.
    Abort(u32),
    /// Type 3: so many bytes have arrived, modulo 2^32.
    Acknowledgement(u32),
    /// Type 4.
    User(UserControl),
    /// Type 5: the sender expects an acknowledgement after so many bytes.
    WindowAckSize(u32),
    /// Type 6: the receiver is to send no more than this unacknowledged.
    SetPeerBandwidth(u32, BandwidthLimit),
}

impl Control {
    /// The control message in `message`; `None` when it is none, too short or an unknown event.
    pub fn parse(message: &Message) -> Option<Control> {
        let body = &message.payload[..];
        let number = |at: usize| Some(u32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?));
        Some(match message.type_id {
            type_id::SET_CHUNK_SIZE => Control::SetChunkSize(number(0)?),
            type_id::ABORT => Control::Abort(number(0)?),
            type_id::ACKNOWLEDGEMENT => Control::Acknowledgement(number(0)?),
            type_id::WINDOW_ACK_SIZE => Control::WindowAckSize(number(0)?),
            type_id::SET_PEER_BANDWIDTH => {
                let limit = match body.get(4) {
                    Some(0) => BandwidthLimit::Hard,
                    Some(1) => BandwidthLimit::Soft,
                    _ => BandwidthLimit::Dynamic,
                };
                Control::SetPeerBandwidth(number(0)?, limit)
            }
            type_id::USER_CONTROL => {
                let event = u16::from_be_bytes(body.get(..2)?.try_into().ok()?);
                Control::User(match event {
                    0 => UserControl::StreamBegin(number(2)?),
                    1 => UserControl::StreamEof(number(2)?),
                    2 => UserControl::StreamDry(number(2)?),
                    3 => UserControl::SetBufferLength {
                        stream_id: number(2)?,
                        millis: number(6)?,
                    },
                    4 => UserControl::StreamIsRecorded(number(2)?),
                    6 => UserControl::PingRequest(number(2)?),
                    7 => UserControl::PingResponse(number(2)?),
                    _ => return None,
                })
            }
            _ => return None,
        })
    }

    /// The message type it is sent as.
    pub fn type_id(&self) -> u8 {
        match self {
            Control::SetChunkSize(_) => type_id::SET_CHUNK_SIZE,
            Control::Abort(_) => type_id::ABORT,
            Control::Acknowledgement(_) => type_id::ACKNOWLEDGEMENT,
            Control::User(_) => type_id::USER_CONTROL,
            Control::WindowAckSize(_) => type_id::WINDOW_ACK_SIZE,
            Control::SetPeerBandwidth(..) => type_id::SET_PEER_BANDWIDTH,
        }
    }

    /// The message body.
    pub fn body(&self) -> BytesMut {
        let mut body = BytesMut::with_capacity(10);
        let mut event = |event: u16, numbers: &[u32]| {
            body.put_u16(event);
            numbers.iter().for_each(|&number| body.put_u32(number));
        };
        match *self {
            Control::SetChunkSize(number)
            | Control::Abort(number)
            | Control::Acknowledgement(number)
            | Control::WindowAckSize(number) => body.put_u32(number),
            Control::SetPeerBandwidth(number, limit) => {
                body.put_u32(number);
                body.put_u8(match limit {
                    BandwidthLimit::Hard => 0,
                    BandwidthLimit::Soft => 1,
                    BandwidthLimit::Dynamic => 2,
                });
            }
            Control::User(user) => match user {
                UserControl::StreamBegin(stream_id) => event(0, &[stream_id]),
                UserControl::StreamEof(stream_id) => event(1, &[stream_id]),
                UserControl::StreamDry(stream_id) => event(2, &[stream_id]),
                UserControl::SetBufferLength { stream_id, millis } => event(3, &[stream_id, millis]),
                UserControl::StreamIsRecorded(stream_id) => event(4, &[stream_id]),
                UserControl::PingRequest(number) => event(6, &[number]),
                UserControl::PingResponse(number) => event(7, &[number]),
            },
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_message_round_trips_and_every_truncation_is_refused() {
        let all = [
            Control::SetChunkSize(4096),
            Control::Abort(5),
            Control::Acknowledgement(u32::MAX),
            Control::WindowAckSize(2_500_000),
            Control::SetPeerBandwidth(1, BandwidthLimit::Hard),
            Control::SetPeerBandwidth(1, BandwidthLimit::Soft),
            Control::User(UserControl::StreamBegin(1)),
            Control::User(UserControl::StreamEof(1)),
            Control::User(UserControl::StreamDry(1)),
            Control::User(UserControl::SetBufferLength {
                stream_id: 1,
                millis: 3000,
            }),
            Control::User(UserControl::StreamIsRecorded(1)),
            Control::User(UserControl::PingRequest(7)),
            Control::User(UserControl::PingResponse(7)),
        ];
        for control in all {
            let body = control.body().freeze();
            let message = |payload| Message {
                type_id: control.type_id(),
                timestamp: 0,
                stream_id: 0,
                csid: 2,
                payload,
            };
            assert_eq!(Control::parse(&message(body.clone())), Some(control));
            for cut in 0..body.len().min(10) {
                let limit_left_out = matches!(control, Control::SetPeerBandwidth(..)) && cut == 4;
                let parsed = Control::parse(&message(body.slice(..cut)));
                assert!(parsed.is_none() || limit_left_out, "{control:?} cut at {cut}");
            }
        }
    }
}
