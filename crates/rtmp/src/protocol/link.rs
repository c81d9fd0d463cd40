//! What both sides of a connection have in common once the handshake is done: messages in and out,
//! acknowledgements both ways, pings both ways, silence.

mod ack;
mod keepalive;

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use self::ack::Acks;
pub use self::keepalive::Keepalive;
use self::keepalive::{Pulse, Wakeup};
use super::chunk::{ChunkError, ChunkLimits, ChunkReader, ChunkWriter};
use super::command::Command;
use super::control::{Control, UserControl};
use super::message::{Message, csid, type_id};

/// What a link hands to its session.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A command, media, or a message of unknown type.
    Message(Message),
    /// A user control event the session has to know.
    User(UserControl),
}

/// One connection after its handshake, seen from either side.
pub(super) struct Link {
    reader: ChunkReader,
    writer: ChunkWriter,
    out: BytesMut,
    acks: Acks,
    pulse: Pulse,
    unreadable: u64,
}

impl Link {
    pub(super) fn new(limits: ChunkLimits, window: u32, keepalive: Keepalive, now: Instant) -> Link {
        Link {
            reader: ChunkReader::new(limits),
            writer: ChunkWriter::new(),
            out: BytesMut::new(),
            acks: Acks::new(window),
            pulse: Pulse::new(keepalive, now),
            unreadable: 0,
        }
    }

    pub(super) fn reader(&self) -> &ChunkReader {
        &self.reader
    }

    pub(super) fn reader_mut(&mut self) -> &mut ChunkReader {
        &mut self.reader
    }

    /// Input and output as plain buffers: for the handshake.
    pub(super) fn buffers(&mut self) -> (&mut BytesMut, &mut BytesMut) {
        (self.reader.read_buf(), &mut self.out)
    }

    /// Notes that bytes of the peer arrived; acknowledges when `established`.
    pub(super) fn received(&mut self, established: bool, now: Instant) {
        self.pulse.heard(now);
        if established && let Some(sequence) = self.acks.due(self.reader.bytes_received()) {
            self.control(&Control::Acknowledgement(sequence));
        }
    }

    /// The next message the session has to see.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, ChunkError> {
        while let Some(message) = self.reader.poll_message()? {
            match message.type_id {
                type_id::ACKNOWLEDGEMENT
                | type_id::WINDOW_ACK_SIZE
                | type_id::SET_PEER_BANDWIDTH
                | type_id::USER_CONTROL => match Control::parse(&message) {
                    Some(control) => {
                        if let Some(user) = self.obey(control) {
                            return Ok(Some(Incoming::User(user)));
                        }
                    }
                    None => self.unreadable += 1,
                },
                _ => return Ok(Some(Incoming::Message(message))),
            }
        }
        Ok(None)
    }

    fn obey(&mut self, control: Control) -> Option<UserControl> {
        match control {
            Control::Acknowledgement(sequence) => self.acks.peer_acknowledged(sequence),
            Control::WindowAckSize(window) => self.acks.peer_window(window),
            Control::SetPeerBandwidth(bandwidth, _) => {
                if let Some(window) = self.acks.peer_bandwidth(bandwidth) {
                    self.control(&Control::WindowAckSize(window));
                }
            }
            Control::User(UserControl::PingRequest(number)) => {
                self.control(&Control::User(UserControl::PingResponse(number)));
            }
            Control::User(UserControl::PingResponse(_)) | Control::SetChunkSize(_) | Control::Abort(_) => {}
            Control::User(user) => return Some(user),
        }
        None
    }

    /// Sends a control message.
    pub(super) fn control(&mut self, control: &Control) {
        self.send(csid::CONTROL, control.type_id(), 0, 0, &control.body());
    }

    /// Asks the peer to acknowledge every `window` bytes.
    pub(super) fn announce_window(&mut self, window: u32) {
        self.acks.announced(window);
        self.control(&Control::WindowAckSize(window));
    }

    /// Announces and uses another chunk size.
    pub(super) fn announce_chunk_size(&mut self, size: u32) {
        self.writer.set_chunk_size(size, &mut self.out);
    }

    pub(super) fn chunk_size(&self) -> u32 {
        self.writer.chunk_size()
    }

    /// Sends a command on a message stream.
    pub(super) fn command(&mut self, stream_id: u32, command: &Command) {
        self.send(
            csid::COMMAND,
            type_id::COMMAND_AMF0,
            0,
            stream_id,
            &command.encode(),
        );
    }

    /// Sends any message; false when it is too long for one.
    pub(super) fn send(&mut self, csid: u32, type_id: u8, time: u32, stream_id: u32, body: &[u8]) -> bool {
        self.writer
            .write_parts(csid, type_id, time, stream_id, body, &mut self.out)
            .is_ok()
    }

    /// What is to be written to the socket.
    pub(super) fn take_output(&mut self) -> Option<Bytes> {
        // Taken whole: splitting would leave a handle behind that keeps the memory of what was written.
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out).freeze())
    }

    pub(super) fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// When [`timeout`](Self::timeout) has something to do.
    pub(super) fn deadline(&self) -> Instant {
        self.pulse.deadline()
    }

    /// The session did not read for a while: silence counts from the next time-out on.
    pub(super) fn excuse_silence(&mut self) {
        self.pulse.excuse();
    }

    /// Pings when it is time; false when the peer counts as gone.
    pub(super) fn timeout(&mut self, now: Instant) -> bool {
        match self.pulse.timeout(now) {
            Wakeup::Nothing => true,
            Wakeup::Ping(number) => {
                self.control(&Control::User(UserControl::PingRequest(number)));
                true
            }
            Wakeup::Gone => false,
        }
    }

    /// The sequence number of the peer's last acknowledgement.
    pub(super) fn acknowledged(&self) -> Option<u32> {
        self.acks.by_peer()
    }

    /// Control messages that were too short or unknown.
    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable
    }
}
