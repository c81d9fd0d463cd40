//! The peer connection with its sockets: datagrams in and out, and what both sides said.

use std::ops::Range;
use std::time::{Duration, Instant};

use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp::Packet;
use rtc::sansio::Protocol as _;
use rtc::shared::TaggedBytesMut;

use super::places::Places;
use super::tap::{Heard, Tap};
use crate::net::{CredentialError, Datagram, Net, Port};

/// First bytes of STUN messages and DTLS records (RFC 7983 §7).
const STUN: Range<u8> = 0..4;
const DTLS: Range<u8> = 20..64;

pub(crate) struct Link {
    pub(crate) connection: RTCPeerConnection,
    pub(crate) places: Places,
    net: Net,
    /// There is none before the first negotiation, which makes the credentials.
    port: Option<Port>,
    tap: Tap,
    /// When the peer last proved that it wants to hear from us (RFC 7675).
    consented: Instant,
    heard_dtls: bool,
}

impl Link {
    pub(crate) fn new(
        connection: RTCPeerConnection,
        places: Places,
        net: Net,
        tap: Tap,
        now: Instant,
    ) -> Link {
        Link {
            connection,
            places,
            net,
            port: None,
            tap,
            consented: now,
            heard_dtls: false,
        }
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
            let transport = self.places.inward(&datagram);
            // The net lets only checked ICE messages through.
            let first = datagram.bytes.first();
            if first.is_some_and(|first| STUN.contains(first)) {
                self.consented = datagram.at;
            }
            self.heard_dtls |= first.is_some_and(|first| DTLS.contains(first));
            let message = TaggedBytesMut {
                now: datagram.at,
                transport,
                message: datagram.bytes,
            };
            if self.connection.handle_read(message).is_err() {
                metrics::counter!("lianmai_bridge_bad_datagrams_total").increment(1);
            }
        }
    }

    /// Sends what the connection has to say.
    pub(crate) fn flush(&mut self) {
        let Some(port) = &mut self.port else { return };
        while let Some(out) = self.connection.poll_write() {
            if let Some(route) = self.places.outward(&out.transport) {
                port.send(route, &out.message);
            }
        }
        port.flush();
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
        self.tap.next()
    }

    /// Sends an RTP packet of ours.
    pub(crate) fn send_packet(&mut self, packet: Packet, now: Instant) {
        self.write(RTCMessage::RtpPacket(String::new(), packet), now);
    }

    pub(crate) fn send_report(&mut self, report: rtc::rtcp::sender_report::SenderReport, now: Instant) {
        self.write(RTCMessage::RtcpPacket(String::new(), vec![Box::new(report)]), now);
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
        // Refused only once it is closed, and then nobody waits for it.
        let _ = self.connection.handle_write(TaggedRTCMessage { now, message });
    }

    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        self.connection.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
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
        if let Err(error) = self.connection.close() {
            tracing::debug!(%error, "close");
        }
        self.flush();
    }
}
