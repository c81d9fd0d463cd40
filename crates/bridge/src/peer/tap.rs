//! Listens to the RTCP of one peer.
//!
//! Feedback ends inside the `rtc` crate's chain of interceptors, where most of it is acted upon (retransmission, bandwidth
//! estimate). This interceptor comes last in the chain and copies what we need besides.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// Kept at most between two looks; a compound packet holds a few.
const MAX_HEARD: usize = 256;

/// What the far end says.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    /// It cannot go on without a key frame of this stream of ours.
    KeyframeWanted { ssrc: u32 },
    /// Wall clock and RTP time of one of its streams (RFC 3550 §6.4.1).
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp: u32,
        at: Instant,
    },
    /// How one of our streams arrives there.
    Reception { report: ReceptionReport },
    /// What the connection carries towards it, in bits per second.
    Estimate { bits_per_second: f64 },
}

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

impl Listener {
    fn listen(&self, packet: &dyn rtc::rtcp::Packet, at: Instant) {
        let any = packet.as_any();
        if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
            self.tap.tell(Heard::KeyframeWanted { ssrc: pli.media_ssrc });
        } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
            for entry in fir.fir.iter().take(8) {
                self.tap.tell(Heard::KeyframeWanted { ssrc: entry.ssrc });
            }
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.tap.tell(Heard::SenderReport {
                ssrc: report.ssrc,
                ntp: report.ntp_time,
                rtp: report.rtp_time,
                at,
            });
            self.receptions(&report.reports);
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            self.receptions(&report.reports);
        }
    }

    fn receptions(&self, reports: &[ReceptionReport]) {
        for report in reports {
            self.tap.tell(Heard::Reception {
                report: report.clone(),
            });
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Listener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        for attribute in &packet.message.attributes {
            if let Attribute::TargetBitrateChanged { bits_per_second } = attribute {
                self.tap.tell(Heard::Estimate {
                    bits_per_second: *bits_per_second,
                });
            }
        }
        if let Packet::Rtcp(packets) = &packet.message.packet {
            for rtcp in packets {
                self.listen(rtcp.as_ref(), packet.now);
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
