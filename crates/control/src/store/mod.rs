//! What must survive a restart: apps, rooms, members, streams, events, sessions, webhooks, call records.
//!
//! SQLite in WAL mode. All SQL of the control plane is in this module, so that another database can take its place.
//! Writes go through one task that commits many at once; an answer waits for its commit. Reads have connections of
//! their own. Nothing here knows a rule of a room.

mod apps;
mod calls;
mod error;
mod migrations;
mod mix_assets;
mod offline;
mod op;
mod open;
mod read;
mod record;
mod recordings;
mod room_rows;
mod run;
mod uploads;
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

pub use error::StoreError;
pub(crate) use op::{EndedRoom, NewRoomRow, Op, QueuedEvent, StayEnd, StoredSession};
pub use open::{Durability, Store, StoreConfig};
pub(crate) use read::StoredApp;
pub use record::{CallMember, CallRecord};
pub(crate) use uploads::{FailedUpload, QueuedRemoval, QueuedUpload, UploadOp};
pub(crate) use webhooks::Delivery;
