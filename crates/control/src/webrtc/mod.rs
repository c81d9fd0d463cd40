//! WebRTC for clients: WHIP and WHEP (RFC 9725, draft-ietf-wish-whep) and the signalling of rooms.
//!
//! Media and protocols of a peer connection are in `lianmai-bridge`; this is who may have one, and for what. A peer made
//! by URL belongs to whoever knows its address, which cannot be guessed; a peer made in a room belongs to the
//! signalling session that made it and ends with it. Both end with the stay of the member whose right was used.

mod answers;
mod asked;
mod capacity;
mod cors;
mod ice;
mod peers;
mod resource;
mod routes;
mod signalling;
mod state;

pub use ice::{IceConfig, TurnSecret, names_private_address};
pub(crate) use peers::{Direction, Owner};
pub(crate) use resource::*;
pub(crate) use routes::*;
pub(crate) use signalling::{Answered, LineUse, Signaller, choose_layer, close, negotiate, trickle};
pub use state::{Webrtc, WebrtcConfig};
