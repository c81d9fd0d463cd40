//! The WebRTC side of one viewer, as a browser would be one: full ICE, DTLS, and with feedback also SRTP.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::BytesMut;
use rtc::interceptor::Registry;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp::Packet;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

/// Never a busy loop, whatever says that it is due.
const LEAST_WAIT: Duration = Duration::from_millis(5);

/// One connection without its socket.
pub(crate) struct Client {
    connection: RTCPeerConnection,
    local: SocketAddr,
    server: SocketAddr,
    /// When [`Client::drive`] has something to do even if nothing arrives.
    pub(crate) wake: Instant,
    pub(crate) connected: bool,
    pub(crate) ended: bool,
}

impl Client {
    /// A client that receives at `local`. `feedback`: it will be given RTP and RTCP too, and answers to them.
    pub(crate) fn new(local: SocketAddr, feedback: bool, audio: bool) -> Result<Self> {
        let mut media = MediaEngine::default();
        media.register_default_codecs()?;
        // Offers the same, whoever answers to it later.
        let answering = register_default_interceptors(Registry::new(), &mut media)?;
        let registry = if feedback { answering } else { Registry::new() };
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(registry)
            .build(Instant::now())?;
        connection.add_local_candidate(RTCIceCandidateInit {
            candidate: format!(
                "candidate:1 1 udp 2130706431 {} {} typ host",
                local.ip(),
                local.port()
            ),
            ..RTCIceCandidateInit::default()
        })?;
        if audio {
            connection.add_transceiver_from_kind(RtpCodecKind::Audio, None)?;
        }
        connection.add_transceiver_from_kind(RtpCodecKind::Video, None)?;
        Ok(Self {
            connection,
            local,
            server: local,
            wake: Instant::now(),
            connected: false,
            ended: false,
        })
    }

    /// The offer.
    pub(crate) fn offer(&mut self) -> Result<String> {
        let offer = self.connection.create_offer(None)?;
        self.connection.set_local_description(Instant::now(), offer)?;
        Ok(self.connection.local_description().context("no offer")?.sdp)
    }

    /// Takes the answer; where the server receives.
    pub(crate) fn answer(&mut self, sdp: &str) -> Result<SocketAddr> {
        self.server = udp_candidate(sdp).context("no UDP candidate in the answer")?;
        let answer = RTCSessionDescription::answer(sdp.to_owned())?;
        self.connection.set_remote_description(Instant::now(), answer)?;
        Ok(self.server)
    }

    /// Takes a datagram. [`Client::drive`] must follow.
    pub(crate) fn take(&mut self, datagram: &[u8]) {
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr: self.server,
            transport_protocol: TransportProtocol::UDP,
            ecn: None,
        };
        // What it cannot use is not ours to judge.
        let _ = self.connection.handle_read(TaggedBytesMut {
            now: Instant::now(),
            transport,
            message: BytesMut::from(datagram),
        });
    }

    /// Does what is due and sends what there is to say; decrypted packets go to `sink`.
    pub(crate) fn drive(&mut self, socket: &UdpSocket, now: Instant, mut sink: impl FnMut(&Packet)) {
        if self.wake <= now {
            let _ = self.connection.handle_timeout(now);
        }
        while let Some(event) = self.connection.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                self.connected |= state == RTCPeerConnectionState::Connected;
                self.ended |= matches!(
                    state,
                    RTCPeerConnectionState::Closed | RTCPeerConnectionState::Failed
                );
            }
        }
        while let Some(read) = self.connection.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = read.message {
                sink(&packet);
            }
        }
        while let Some(out) = self.connection.poll_write() {
            // A lost datagram is repeated by whoever needs it.
            let _ = socket.send(&out.message);
        }
        let due = self.connection.poll_timeout();
        self.wake = due.map_or(now + Duration::from_secs(1), |due| due.max(now + LEAST_WAIT));
    }
}

/// Address of the first UDP candidate (RFC 8839 §5.1).
fn udp_candidate(sdp: &str) -> Option<SocketAddr> {
    sdp.lines().find_map(|line| {
        let mut fields = line.trim().strip_prefix("a=candidate:")?.split(' ').skip(2);
        if !fields.next()?.eq_ignore_ascii_case("udp") {
            return None;
        }
        let (ip, port) = (fields.nth(1)?, fields.next()?);
        Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_where_to_send() {
        let sdp = "v=0\r\na=candidate:1 1 tcp 5 127.0.0.1 9 typ host\r\na=candidate:2 1 udp 7 127.0.0.2 8000 typ host\r\n";
        assert_eq!(udp_candidate(sdp), Some(([127, 0, 0, 2], 8000).into()));
        assert_eq!(udp_candidate("v=0\r\n"), None);
    }
}
