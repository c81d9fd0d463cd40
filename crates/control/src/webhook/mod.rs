//! Webhooks: every event of a room is posted to the app's own servers, at least once and in order (R-H1).
//!
//! Events wait in the store, so a restart loses none. Events of one room go one after the other; rooms, targets and
//! apps do not wait for each other. Bodies are signed. Targets inside private networks are refused unless the
//! operator allows them.

mod backoff;
mod config;
mod deliver;
mod egress;
pub(crate) mod message;
mod outbox;
mod signature;
mod webhooks;

pub use config::WebhookConfig;
pub(crate) use deliver::signed;
pub(crate) use egress::{Egress, EgressError};
pub use signature::{
    DELIVERY_HEADER, EVENT_HEADER, SEQUENCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign, verify,
};
pub(crate) use webhooks::Webhooks;
