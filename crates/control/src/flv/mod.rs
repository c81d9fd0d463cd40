//! Playing a stream as FLV, in one endless HTTP response (HTTP-FLV) or in WebSocket messages (WS-FLV).
//!
//! Both come from the same ring as RTMP players; tags are made once per item and shared by all of them.

mod feed;
mod routes;

pub use routes::{FlvState, router};
