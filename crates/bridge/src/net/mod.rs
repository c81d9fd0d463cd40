//! Sockets: all peers behind one UDP port and one TCP port.
//!
//! A [`Net`] owns the sockets, a [`Port`] is one peer's side of them. A datagram reaches a peer in two ways only: as an
//! ICE check that names one of the peer's user name fragments and proves to know its password (which binds the source
//! address to the peer), or from an address so bound. Everything else is dropped and counted ([`Dropped`]), before
//! anything is allocated for it. All queues are bounded; what does not fit is dropped and counted too.

mod address;
mod datagram;
mod drops;
mod hosts;
mod inbox;
mod limits;
mod listen;
mod port;
mod run;
mod shared;
mod stun;
mod table;
mod tcp;
mod udp;

pub use datagram::{Datagram, Route, Transport};
pub use drops::Dropped;
pub use limits::Limits;
pub use listen::Net;
pub use port::{CredentialError, Port};
