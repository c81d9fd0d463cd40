//! emedia clients against the HTTP face: written from what their client files send.

mod calls;
mod client;
mod hostile;
mod hostile_ops;
mod hostile_server_calls;
mod kicks;
mod members;
mod peers;
mod recordings;
mod refusals;
mod server_calls;
mod tokens;
