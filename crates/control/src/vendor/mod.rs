//! Wire protocols of vendors' clients, each a thin translator to the same service as the native API.
//!
//! Which apps of vendors there are, and how their tokens are checked, is configured ([`VendorConfig`]) and the same
//! for all of them.

mod config;
pub(crate) mod emedia;
pub(crate) mod netcall;
pub(crate) mod sign_in;
pub(crate) mod tokens;

pub use config::{TokenPolicy, VendorApp, VendorConfig};
pub(crate) use netcall::Netcall;
pub use netcall::NetcallConfig;
