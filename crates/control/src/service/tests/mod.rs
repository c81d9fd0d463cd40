//! The service as a whole.

mod access;
mod apps;
mod calls;
mod hook;
mod leaving;
mod limits;
mod media;
mod records;
mod restart;
mod sessions;
mod signals;
mod silence;
mod urls;
mod webhooks;
