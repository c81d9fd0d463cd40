//! Live streams in memory: one ring per stream, one publisher, any number of readers.
//!
//! [`Hub::publish`] gives a [`Publication`], [`Hub::subscribe`] a [`Reader`]. A publisher never waits for a
//! reader: frames go into a ring bounded by media time and bytes, and a reader is a cursor into it. A reader
//! that falls off the tail jumps to the newest key frame and is told how much it lost. A newer publication of
//! the same stream replaces the older at once, and readers stay attached through a short absence of either.
//!
//! The crate knows no protocol. Protocols store their wire form of an item in the item itself
//! ([`Item::wire`]), so that it is built once and shared by all readers.

mod access;
mod announce;
mod compose;
mod contest;
mod cursor;
mod direct;
mod family;
mod feed;
mod file_feed;
mod form;
mod gate;
mod headers;
mod hub;
mod item;
pub mod job;
mod key;
mod keyframes;
mod merge;
mod normaliser;
mod options;
mod pick;
mod prospect;
mod publication;
mod pulse;
mod rate;
mod reader;
mod registry;
mod ring;
mod run;
mod seat;
mod stats;
mod stream;
mod ticker;
mod timeline;
mod wants;

pub use access::{AccessRequest, Action, Authorise, Denial, Grant, Protocol};
pub use announce::{Announcer, item_body};
pub use direct::DirectWrite;
pub use feed::{Accept, Feed, FeedOptions};
pub use file_feed::FileCodecs;
pub use form::Form;
pub use headers::Headers;
pub use hub::{Hub, HubConfig, StreamEvent};
pub use item::{Content, Item, WireForm};
pub use key::StreamKey;
pub use normaliser::{Normaliser, Placement};
pub use prospect::Prospect;
pub use publication::{Publication, PublishError, PublishOptions, PushError, StopReason};
pub use reader::{Delivery, EndReason, ReadOptions, Reader, TrackFilter};
pub use run::{Wire, WireParts};
pub use stats::{AudioStats, ReaderStats, StreamStats, VideoStats};
pub use wants::{RenditionWatch, Want};
