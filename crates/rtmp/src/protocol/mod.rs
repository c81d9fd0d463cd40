//! The RTMP protocol as a machine without I/O (Adobe RTMP 1.0, Enhanced RTMP v2).
//!
//! Bytes and `now` come in; bytes, events and the next deadline come out. Nothing here opens a socket,
//! reads a clock or draws randomness, and no input can make it panic or hold more memory than its limits say.

pub mod aggregate;
pub mod chunk;
pub mod client;
pub mod command;
pub mod control;
mod enhanced;
mod error;
pub mod handshake;
mod link;
mod message;
mod output;
pub mod server;
pub mod status;
mod url;

pub use chunk::{ChunkLimits, ChunkReader, ChunkWriter, media_chunk_parts, media_chunks};
pub use client::{ClientConfig, ClientEvent, ClientSession, NotReady, Purpose};
pub use command::{Command, DataMessage};
pub use control::Control;
pub use enhanced::{CapsEx, EnhancedCaps, FourCcInfo};
pub use error::{Fault, Phase, SessionError, SessionErrorKind};
pub use handshake::Seed;
pub use link::Keepalive;
pub use message::{Media, MediaKind, Message, csid, type_id};
pub use output::{Close, Output};
pub use server::{
    Connect, ConnectPolicy, PlayEnd, PlayRequest, PublishKind, PublishRequest, Rejection, RequestId,
    ServerConfig, ServerCounters, ServerEvent, ServerSession, StreamName, UnknownRequest,
};
pub use url::{RtmpUrl, Scheme, UrlError};
