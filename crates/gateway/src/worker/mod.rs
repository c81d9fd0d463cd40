//! The worker that the gateway runs beside itself: where its program is, and that it keeps running.
//!
//! A worker is a separate process because it decodes what strangers send. It gets a pipe as standard input that closes
//! with the gateway, however that ends, and nothing of the gateway's environment or files. Workers on other machines
//! come by themselves and are not seen here.

mod locate;
mod output;
mod supervise;

pub use locate::{PROGRAM, locate};
pub use supervise::{LocalWorker, Restarts, supervise};
