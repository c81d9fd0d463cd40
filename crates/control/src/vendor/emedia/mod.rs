//! Easemob emedia: the REST calls and the conference WebSocket that its client files speak, so that they work
//! unmodified when their host is this gateway.
//!
//! Requests become commands of rooms and events become frames; rooms know nothing of it, and members of other
//! clients are seen and see. What a client proves itself with later (`roleToken`, `useUrl`) is a signed token that
//! names its account and room; what it may do is decided by its role in the room at that moment.

mod attributes;
mod body;
mod confr;
mod date;
mod events;
mod handlers;
mod identity;
mod live;
mod manage;
mod media;
mod names;
mod refusal;
mod rest;
mod routes;
mod settings;
mod shapes;
mod socket;
mod tickets;

pub(crate) use routes::router;
use {body::Fields, refusal::Refusal};

/// Name of this vendor in tokens, metrics and logs.
const VENDOR: &str = "emedia";
