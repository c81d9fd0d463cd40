//! Why a session failed, in words an operator can use: what, where in the stream, whose fault.

use super::chunk::{ChunkError, ChunkErrorKind};
use super::command::CommandError;
use super::handshake::HandshakeError;

/// Whose doing an error is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The peer broke the protocol, fell silent or said no.
    Peer,
    /// We asked for something that cannot be.
    Local,
}

/// How far a session got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// C0 to C2 are being exchanged.
    Handshake,
    /// `connect` is awaited or being answered.
    Connecting,
    /// Connected; nothing was published or played yet.
    Connected,
    /// Publishing or playing was accepted once.
    Active,
    /// It is over.
    Closed,
}

/// A failed session.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("RTMP at byte {position}: {kind}")]
pub struct SessionError {
    /// Bytes from the first one the peer sent to where the error was found.
    pub position: u64,
    /// What happened.
    pub kind: SessionErrorKind,
}

/// What can end a session.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SessionErrorKind {
    /// The handshake went wrong.
    #[error("handshake: {0}")]
    Handshake(#[from] HandshakeError),
    /// The chunk stream cannot be read on.
    #[error("chunk stream: {0}")]
    Chunk(ChunkErrorKind),
    /// A command cannot be read.
    #[error("command: {0}")]
    Command(#[from] CommandError),
    /// The peer was too slow to get past this phase.
    #[error("not past {phase:?} in time")]
    TooSlow {
        /// Where it got stuck.
        phase: Phase,
    },
    /// The peer sent nothing, not even an answer to our ping.
    #[error("peer is silent")]
    Silent,
    /// A name the peer gave is longer than allowed.
    #[error("{what} is {length} bytes long, {limit} are allowed")]
    NameTooLong {
        /// Which name.
        what: &'static str,
        /// Its bytes.
        length: usize,
        /// The allowed bytes.
        limit: usize,
    },
    /// More commands in a row than a peer has reason to send.
    #[error("too many commands")]
    TooManyCommands,
    /// The server said no.
    #[error("refused: {code} ({description})")]
    Refused {
        /// The status code, `NetConnection.Connect.Rejected` for instance.
        code: String,
        /// The server's words.
        description: String,
        /// Where the server says to go instead.
        redirect: Option<String>,
    },
    /// The server ended the stream we published or played.
    #[error("ended by the server: {code} ({description})")]
    Ended {
        /// The status code.
        code: String,
        /// The server's words.
        description: String,
    },
    /// We were asked to send something that does not fit into a message.
    #[error("message of {0} bytes cannot be sent")]
    Unsendable(usize),
}

impl SessionError {
    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self.kind {
            SessionErrorKind::Unsendable(_) => Fault::Local,
            _ => Fault::Peer,
        }
    }
}

impl From<ChunkError> for SessionError {
    fn from(error: ChunkError) -> SessionError {
        SessionError {
            position: error.position,
            kind: SessionErrorKind::Chunk(error.kind),
        }
    }
}
