//! What can be asked for, once, for REST and WebSocket alike: requests become commands, answers become JSON objects.
//!
//! No rules live here. Who may do what is decided by the room; reading is for members of the room and the app's server.

pub(crate) mod accounts;
pub(crate) mod apps;
pub(crate) mod calls;
pub(crate) mod context;
pub(crate) mod members;
pub(crate) mod mixes;
pub(crate) mod pushes;
pub(crate) mod recordings;
pub(crate) mod rooms;
pub(crate) mod streams;
pub(crate) mod webrtc;

pub(crate) use context::Ctx;
