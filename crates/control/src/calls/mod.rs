//! Calls as the gateway does them: who rings where, what is stored and told, and the room of a call.
//!
//! The rules are in [`lianmai_rooms::call`]. Here commands come in from sessions, changes go to the store in the same
//! transaction as those of rooms, and what devices are told goes through bounded boxes, one per connection. Who has
//! missed something asks for the call as it is ([`CallView`]).

mod config;
mod follow;
mod mail;
mod message;
mod records;
mod requests;
mod sessions;
mod told;
mod view;

pub use config::CallsConfig;
pub(crate) use follow::{restore, rooms_lost};
pub(crate) use mail::{Letter, Mail, Mailbox, Post};
pub use records::{EndedCall, EndedCallFilter};
pub use requests::{Party, StartCall};
pub(crate) use sessions::Greeting;
pub(crate) use told::tell;
pub use view::CallView;
