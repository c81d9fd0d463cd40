//! WebRTC by URL and in rooms: what is refused, what is answered, whose peers are whose.

mod by_url;
mod in_rooms;
pub(crate) mod scene;
mod urls;
