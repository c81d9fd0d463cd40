//! The service as a whole.

mod access;
mod apps;
mod hook;
mod limits;
mod media;
mod records;
mod restart;
mod sessions;
mod urls;
mod webhooks;
