//! emedia clients against the HTTP face: written from what their client files send.

mod calls;
mod client;
mod hostile;
mod members;
mod peers;
mod server_calls;
mod tokens;
