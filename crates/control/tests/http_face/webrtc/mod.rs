//! WebRTC by URL and in rooms: what is refused, what is answered, whose peers are whose.

mod by_url;
mod in_rooms;
mod scene;
mod urls;
