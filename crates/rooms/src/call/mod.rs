//! Calls as a pure state machine: ringing, answers, time-outs, and what stays of a call.
//!
//! No I/O, no clock, no randomness. [`Calls::apply`] is the only way a call changes; it knows which account is in which
//! call, so an account is in at most one. Events say whom they are for: all devices of an account that rings, the one
//! device of an account that is inside. Media is no matter here: with the first acceptance the caller of this crate
//! opens an ordinary room under [`Call::room`].

mod answer;
mod apply;
mod calls;
mod clock;
mod command;
mod data;
mod end;
mod event;
mod index;
mod kind;
mod limits;
mod member;
mod pace;
mod presence;
mod record;
mod rejection;
mod ring;
mod start;
mod state;
mod talk;

pub use calls::{Calls, Change};
pub use command::{Command, Invitee, Start};
pub use data::{Data, DataError, Reason};
pub use event::{Addressee, Event, EventKind, LeaveReason};
pub use kind::{CallId, Kind, Status};
pub use limits::{Limits, MAX_RING, MAX_WAITING, MIN_RING, ring_time};
pub use member::{Member, MemberState, Standing};
pub use record::{Outcome, Record, RecordMember};
pub use rejection::Rejection;
pub use state::Call;
