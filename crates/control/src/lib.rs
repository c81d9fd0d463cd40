//! The control plane: REST, WebSocket, webhooks, HTTP-FLV, metrics and the watch page.
//!
//! - [`service`]: what can be done with apps, rooms, streams and sessions, whoever asks.
//! - [`access`]: who may publish or play, for all protocols.
//! - [`events`]: what happens in rooms, for those who listen; [`webhook`]: the same, posted to the apps' servers.
//! - [`store`]: what survives a restart.
//! - [`http`]: REST, probes, metrics and the page; [`ws`]: the same commands and the events over WebSocket.
//! - [`flv`]: playback over HTTP and WebSocket; [`webrtc`]: WHIP, WHEP and the signalling of rooms.
//! - [`bypass`]: streams pushed to other servers.
//! - [`calls`]: ringing, answers, and what stays of a call.
//! - [`mixing`]: what rooms' mixes are to be.
//! - [`recordings`]: what is recorded, and where it is.
//! - [`vendor`]: wire protocols of vendors' clients.
//! - [`workers`]: who transcodes, and what is to be transcoded.
//! - [`signals`]: who speaks and how good connections are, told and forgotten.

pub mod access;
pub mod bypass;
pub mod calls;
pub mod events;
pub mod flv;
pub mod http;
pub mod mixing;
mod outbound;
pub mod recordings;
pub mod service;
pub mod signals;
pub mod store;
pub mod vendor;
pub mod webhook;
pub mod webrtc;
pub mod workers;
pub mod ws;
