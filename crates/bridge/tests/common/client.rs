//! A WebRTC client on the `rtc` crate, as a browser would be one: full ICE, DTLS, SRTP.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp::Packet;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use tokio::net::UdpSocket;

pub struct Client {
    connection: RTCPeerConnection,
    socket: UdpSocket,
    local: SocketAddr,
    pub connected: bool,
    pub ended: bool,
    pub packets: Vec<Packet>,
}

impl Client {
    pub async fn new() -> Client {
        Client::with(SettingEngineBuilder::new()).await
    }

    pub async fn with(settings: SettingEngineBuilder) -> Client {
        let mut media = MediaEngine::default();
        media.register_default_codecs().unwrap();
        let registry = register_default_interceptors(Registry::new(), &mut media).unwrap();
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_setting_engine(settings.build())
            .with_interceptor_registry(registry)
            .build(Instant::now())
            .unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        let candidate = format!("candidate:1 1 udp 2130706431 127.0.0.1 {} typ host", local.port());
        connection
            .add_local_candidate(RTCIceCandidateInit {
                candidate,
                ..Default::default()
            })
            .unwrap();
        Client {
            connection,
            socket,
            local,
            connected: false,
            ended: false,
            packets: Vec::new(),
        }
    }

    /// Wants to receive one track of each kind.
    pub fn receive(&mut self) {
        for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
            self.connection.add_transceiver_from_kind(kind, None).unwrap();
        }
    }

    /// Will send a track of this codec; its SSRC.
    pub fn send(&mut self, kind: RtpCodecKind, codec: RTCRtpCodec, ssrc: u32) {
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..Default::default()
            },
            codec,
            ..Default::default()
        };
        let name = format!("track{ssrc}");
        let track = MediaStreamTrack::new("client".into(), name.clone(), name, kind, vec![coding]);
        self.connection.add_track(track).unwrap();
    }

    pub fn offer(&mut self) -> String {
        let offer = self.connection.create_offer(None).unwrap();
        self.connection
            .set_local_description(Instant::now(), offer)
            .unwrap();
        self.connection.local_description().unwrap().sdp
    }

    pub fn answer(&mut self, sdp: &str) {
        let answer = RTCSessionDescription::answer(sdp.to_owned()).unwrap();
        self.connection
            .set_remote_description(Instant::now(), answer)
            .unwrap();
    }

    pub fn write(&mut self, packet: Packet) {
        let message = RTCMessage::RtpPacket(String::new(), packet);
        self.connection
            .handle_write(TaggedRTCMessage {
                now: Instant::now(),
                message,
            })
            .unwrap();
    }

    /// Drives the connection until `done` or the time is up; whether it was done.
    pub async fn until(&mut self, within: Duration, mut done: impl FnMut(&mut Client) -> bool) -> bool {
        let deadline = Instant::now() + within;
        let mut buffer = vec![0; 2_048];
        loop {
            while let Some(out) = self.connection.poll_write() {
                let _ = self.socket.send_to(&out.message, out.transport.peer_addr).await;
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
                    self.packets.push(packet);
                }
            }
            if done(self) {
                return true;
            }
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            let timer = self.connection.poll_timeout().unwrap_or(deadline).min(deadline);
            tokio::select! {
                () = tokio::time::sleep_until(timer.max(now + Duration::from_millis(1)).into()) => {
                    let _ = self.connection.handle_timeout(Instant::now());
                }
                received = self.socket.recv_from(&mut buffer) => {
                    let (length, from) = received.unwrap();
                    let transport = TransportContext {
                        local_addr: self.local,
                        peer_addr: from,
                        transport_protocol: TransportProtocol::UDP,
                        ecn: None,
                    };
                    let _ = self.connection.handle_read(TaggedBytesMut {
                        now: Instant::now(),
                        transport,
                        message: BytesMut::from(&buffer[..length]),
                    });
                }
            }
        }
    }

    pub fn close(&mut self) {
        let _ = self.connection.close();
    }
}
