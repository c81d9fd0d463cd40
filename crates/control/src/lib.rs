//! The control plane: REST, WebSocket, webhooks, HTTP-FLV, metrics and the watch page.
//!
//! - [`service`]: what can be done with apps, rooms, streams and sessions, whoever asks.
//! - [`access`]: who may publish or play, for all protocols.
//! - [`events`]: what happens in rooms, for those who listen; [`webhook`]: the same, posted to the apps' servers.
//! - [`store`]: what survives a restart.
//! - [`http`]: REST, probes, metrics and the page; [`ws`]: the same commands and the events over WebSocket.
//! - [`flv`]: playback over HTTP and WebSocket.

pub mod access;
pub mod events;
pub mod flv;
pub mod http;
pub mod service;
pub mod store;
pub mod webhook;
pub mod ws;
