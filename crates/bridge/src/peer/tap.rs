//! Listens to the RTCP of a peer that publishes.
//!
//! Reports end inside the `rtc` crate's chain of interceptors. This interceptor comes last in the chain and copies what
//! we need besides.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

use crate::send::Heard;

/// Kept at most between two looks; a compound packet holds a few.
const MAX_HEARD: usize = 256;

/// Our end of the tap.
#[derive(Clone, Default)]
pub(crate) struct Tap {
    heard: Arc<Mutex<VecDeque<Heard>>>,
}

impl Tap {
    /// The interceptor for the chain.
    pub(crate) fn interceptor(&self) -> Listener {
        Listener {
            tap: self.clone(),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
        }
    }

    /// The oldest thing heard.
    pub(crate) fn next(&self) -> Option<Heard> {
        self.heard.lock().pop_front()
    }

    fn tell(&self, heard: Heard) {
        let mut queue = self.heard.lock();
        if queue.len() < MAX_HEARD {
            queue.push_back(heard);
        } else {
            metrics::counter!("lianmai_bridge_feedback_dropped_total").increment(1);
        }
    }
}

/// The interceptor.
pub(crate) struct Listener {
    tap: Tap,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Listener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            for rtcp in packets {
                Heard::read(rtcp.as_ref(), packet.now, |heard| self.tap.tell(heard));
            }
        }
        self.reads.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for Listener {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
