//! The peer connection with its sockets: datagrams in and out, and what both sides said.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp::Packet;
use rtc::sansio::Protocol as _;
use rtc::shared::TaggedBytesMut;

use super::engine::Media;
use super::outlet::Outlet;
use super::places::Places;
use super::tap::Tap;
use crate::net::{CredentialError, Datagram, Net, Port, Route};
use crate::send::keys::KeyTap;
use crate::send::{Extensions, Heard, Outbound, Sender};

/// First bytes of STUN messages, DTLS records, and RTP or RTCP packets (RFC 7983 §7).
const STUN: Range<u8> = 0..4;
const DTLS: Range<u8> = 20..64;
const MEDIA: Range<u8> = 128..192;
/// Kept at most between two looks; a compound packet holds a few.
const MAX_HEARD: usize = 256;

pub(crate) struct Link {
    connection: RTCPeerConnection,
    pub(crate) places: Places,
    net: Net,
    /// There is none before the first negotiation, which makes the credentials.
    port: Option<Port>,
    reports: Reports,
    /// Where media goes: the pair that ICE chose.
    route: Option<Route>,
    /// The connection was given something: it may have something to say, and its deadline may be another.
    stirred: bool,
    deadline: Option<Instant>,
    /// When the peer last proved that it wants to hear from us (RFC 7675).
    consented: Instant,
    heard_dtls: bool,
}

/// How reports reach us, and media the peer.
enum Reports {
    /// Through the connection.
    Publish(Tap),
    /// Beside it.
    Play {
        keys: KeyTap,
        sender: Box<Sender>,
        heard: VecDeque<Heard>,
    },
}

impl Link {
    pub(crate) fn new(
        connection: RTCPeerConnection,
        places: Places,
        net: Net,
        media: Media,
        now: Instant,
    ) -> Link {
        Link {
            connection,
            places,
            net,
            port: None,
            reports: match media {
                Media::Publish(tap) => Reports::Publish(tap),
                Media::Play(keys) => Reports::Play {
                    keys,
                    sender: Box::new(Sender::new()),
                    heard: VecDeque::new(),
                },
            },
            route: None,
            stirred: true,
            deadline: None,
            consented: now,
            heard_dtls: false,
        }
    }

    /// The connection, to be changed.
    pub(crate) fn connection(&mut self) -> &mut RTCPeerConnection {
        self.stirred = true;
        &mut self.connection
    }

    /// Whether the connection was given something since the last [`flush`](Self::flush), so that polling it is of use.
    pub(crate) fn is_stirred(&self) -> bool {
        self.stirred
    }

    /// Waits for datagrams; `false` when the sockets are shut down.
    pub(crate) async fn receive(&mut self, batch: &mut Vec<Datagram>) -> bool {
        match &mut self.port {
            Some(port) => port.recv(batch).await > 0,
            None => std::future::pending().await,
        }
    }

    /// Takes what came.
    pub(crate) fn take(&mut self, batch: &mut Vec<Datagram>) {
        for datagram in batch.drain(..) {
            let first = datagram.bytes.first().copied().unwrap_or(0);
            let taken = match MEDIA.contains(&first) && self.sends() {
                true => self.take_report(&datagram),
                false => self.pass_on(datagram, first),
            };
            if !taken {
                metrics::counter!("lianmai_bridge_bad_datagrams_total").increment(1);
            }
        }
    }

    /// Whether media and reports are sent and read here.
    fn sends(&self) -> bool {
        matches!(&self.reports, Reports::Play { sender, .. } if !sender.is_locked())
    }

    fn pass_on(&mut self, datagram: Datagram, first: u8) -> bool {
        let transport = self.places.inward(&datagram);
        // The net lets only checked ICE messages through.
        if STUN.contains(&first) {
            self.consented = datagram.at;
        }
        self.heard_dtls |= DTLS.contains(&first);
        let message = TaggedBytesMut {
            now: datagram.at,
            transport,
            message: datagram.bytes,
        };
        self.stirred = true;
        self.connection.handle_read(message).is_ok()
    }

    fn take_report(&mut self, datagram: &Datagram) -> bool {
        let (Reports::Play { sender, heard, .. }, Some(port)) = (&mut self.reports, &mut self.port) else {
            return false;
        };
        let mut out = Outlet::new(port, self.route);
        let read = sender.feedback(&datagram.bytes, datagram.at, &mut out, |told| {
            if heard.len() < MAX_HEARD {
                heard.push_back(told);
            } else {
                metrics::counter!("lianmai_bridge_feedback_dropped_total").increment(1);
            }
        });
        read.is_ok()
    }

    /// Sends what the connection has to say, and all that waits.
    pub(crate) fn flush(&mut self) {
        if self.stirred {
            self.stirred = false;
            while let Some(out) = self.connection.poll_write() {
                if let Some(route) = self.places.outward(&out.transport)
                    && let Some(port) = &mut self.port
                {
                    port.send(route, &out.message);
                }
            }
            self.deadline = self.connection.poll_timeout();
        }
        if let Some(port) = &mut self.port {
            port.flush();
        }
    }

    /// Takes over what the connection has found out: the way to the peer, and the keys. To be called when it has been
    /// stirred.
    pub(crate) fn settle(&mut self) {
        let Reports::Play { keys, sender, .. } = &mut self.reports else {
            return;
        };
        if sender.is_locked()
            && let Some(found) = keys.take()
            && let Err(error) = sender.unlock(&found, keys.operations())
        {
            tracing::warn!(%error, "no protection for media");
        }
        // One transport carries all streams.
        let Some(id) = self.connection.get_senders().next() else {
            return;
        };
        let sender = self.connection.rtp_sender(id);
        let transport = sender.as_ref().and_then(|sender| sender.transport());
        let pair = transport.and_then(|transport| transport.ice_transport().get_selected_candidate_pair());
        if let Some(pair) = pair {
            self.route = self.places.selected(pair.local(), pair.remote()).or(self.route);
        }
    }

    /// Whether media can be sent: the handshake gave us keys. A connection without them is of no use to a viewer.
    pub(crate) fn can_send(&self) -> bool {
        self.sends()
    }

    /// Whether the peer has said goodbye. No event tells it: the library counts a closed DTLS transport as connected.
    pub(crate) fn has_left(&mut self) -> bool {
        if !std::mem::take(&mut self.heard_dtls) {
            return false;
        }
        // One transport carries all: whoever knows it.
        let (sender, receiver) = (
            self.connection.get_senders().next(),
            self.connection.get_receivers().next(),
        );
        let state = if let Some(sender) = sender.and_then(|id| self.connection.rtp_sender(id)) {
            sender.transport().map(|transport| transport.state())
        } else {
            let receiver = receiver.and_then(|id| self.connection.rtp_receiver(id));
            receiver.and_then(|receiver| receiver.transport().map(|transport| transport.state()))
        };
        state == Some(RTCDtlsTransportState::Closed)
    }

    pub(crate) fn poll_event(&mut self) -> Option<RTCPeerConnectionEvent> {
        self.connection.poll_event()
    }

    /// The next RTP packet that came.
    pub(crate) fn poll_packet(&mut self) -> Option<Packet> {
        loop {
            match self.connection.poll_read()?.message {
                RTCMessage::RtpPacket(_, packet) => return Some(packet),
                // Feedback comes through the tap; data channels are not offered.
                _ => continue,
            }
        }
    }

    pub(crate) fn poll_heard(&mut self) -> Option<Heard> {
        match &mut self.reports {
            Reports::Publish(tap) => tap.next(),
            Reports::Play { heard, .. } => heard.pop_front(),
        }
    }

    /// What was negotiated for a stream of ours.
    pub(crate) fn set_line(&mut self, ssrc: u32, mid: &str, extensions: Extensions) {
        if let Reports::Play { sender, .. } = &mut self.reports {
            sender.set_line(ssrc, mid, extensions);
        }
    }

    /// What was sent of a stream of ours is not to be sent again.
    pub(crate) fn forget_sent(&mut self, ssrc: u32) {
        if let Reports::Play { sender, .. } = &mut self.reports {
            sender.forget_sent(ssrc);
        }
    }

    /// Sends an RTP packet of ours.
    pub(crate) fn send_packet(&mut self, packet: Outbound, now: Instant) {
        if let (Reports::Play { sender, .. }, Some(port)) = (&mut self.reports, &mut self.port) {
            sender.send(packet, now, &mut Outlet::new(port, self.route));
        }
    }

    pub(crate) fn send_report(&mut self, report: &SenderReport) {
        if let (Reports::Play { sender, .. }, Some(port)) = (&mut self.reports, &mut self.port) {
            sender.report(report, &mut Outlet::new(port, self.route));
        }
    }

    /// Asks for a key frame (RFC 4585 §6.3.1).
    pub(crate) fn request_keyframe(&mut self, ssrc: u32, now: Instant) {
        let request = PictureLossIndication {
            sender_ssrc: 0,
            media_ssrc: ssrc,
        };
        metrics::counter!("lianmai_bridge_keyframe_requests_total").increment(1);
        self.write(
            RTCMessage::RtcpPacket(String::new(), vec![Box::new(request)]),
            now,
        );
    }

    fn write(&mut self, message: RTCMessage, now: Instant) {
        self.stirred = true;
        // Refused only once it is closed, and then nobody waits for it.
        let _ = self.connection.handle_write(TaggedRTCMessage { now, message });
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; known after [`flush`](Self::flush).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.stirred = true;
        if let Err(error) = self.connection.handle_timeout(now) {
            tracing::debug!(%error, "timeout");
        }
    }

    pub(crate) fn has_consent(&self, now: Instant, within: Duration) -> bool {
        now.saturating_duration_since(self.consented) < within
    }

    /// Takes the credentials of an ICE session, besides those of the one before when it was restarted.
    pub(crate) fn accept_credentials(&mut self, ufrag: &str, password: &str) -> Result<(), CredentialError> {
        match &mut self.port {
            Some(port) => port.accept(ufrag, password),
            None => {
                self.port = Some(self.net.register(ufrag, password)?);
                Ok(())
            }
        }
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self) {
        self.stirred = true;
        if let Err(error) = self.connection.close() {
            tracing::debug!(%error, "close");
        }
        self.flush();
    }
}
