//! What the far end says in RTCP, as far as we care.

use std::time::Instant;

use rtc::rtcp::Packet;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;

/// Entries of one request that are looked at.
const MAX_ENTRIES: usize = 8;

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

impl Heard {
    /// Reads a packet that came at `at`; what it says goes to `tell`.
    pub(crate) fn read(packet: &dyn Packet, at: Instant, mut tell: impl FnMut(Heard)) {
        let any = packet.as_any();
        let mut receptions: &[ReceptionReport] = &[];
        if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
            tell(Heard::KeyframeWanted { ssrc: pli.media_ssrc });
        } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
            for entry in fir.fir.iter().take(MAX_ENTRIES) {
                tell(Heard::KeyframeWanted { ssrc: entry.ssrc });
            }
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            tell(Heard::SenderReport {
                ssrc: report.ssrc,
                ntp: report.ntp_time,
                rtp: report.rtp_time,
                at,
            });
            receptions = &report.reports;
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            receptions = &report.reports;
        }
        for report in receptions {
            tell(Heard::Reception {
                report: report.clone(),
            });
        }
    }
}
