//! One peer: its connection, the streams it publishes or plays, and the loop that drives them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lianmai_hub::{EndReason, Hub, StreamKey};
use rtc::peer_connection::event::{RTCPeerConnectionEvent, RTCTrackEvent, RTCTrackEventInit};
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtp::Packet;
use rtc::rtp_transceiver::RTCRtpReceiverId;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::engine::Direction;
use super::incoming::{Incoming, Refused, Told, Want};
use super::link::Link;
use super::negotiate::Senders;
use super::outgoing::Outgoing;
use super::pacer::Pacer;
use super::sdp::{self, Section};
use super::share::Sound;
use super::timeline::Timeline;
use super::wait::Wake;
use crate::receive;
use crate::send::Outbound;
use crate::{BridgeConfig, BridgeError, BridgeEvent, LayerChoice, Offer, PeerId, Trickled};

/// What is not urgent waits this long for something else to wake the peer.
const LAX: Duration = Duration::from_millis(50);

/// What a peer is asked to do.
pub(crate) enum Command {
    Renegotiate(Offer, oneshot::Sender<Result<(String, String), BridgeError>>),
    Trickle {
        if_match: Option<String>,
        fragment: String,
        reply: oneshot::Sender<Result<Trickled, BridgeError>>,
    },
    Layer {
        mid: String,
        layer: LayerChoice,
    },
}

/// Why a peer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// It said goodbye, or was told to go.
    Closed,
    /// It never connected.
    NotConnected,
    /// Its connection broke.
    Lost,
    /// All its streams have ended.
    NothingLeft,
    /// Another publisher took its stream.
    TakenOver,
    /// DTLS or ICE failed.
    Failed,
}

impl Ended {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Ended::Closed => "closed",
            Ended::NotConnected => "not_connected",
            Ended::Lost => "lost",
            Ended::NothingLeft => "streams_ended",
            Ended::TakenOver => "taken_over",
            Ended::Failed => "failed",
        }
    }
}

pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(super) config: Arc<BridgeConfig>,
    pub(super) hub: Hub,
    pub(super) events: broadcast::Sender<BridgeEvent>,
    pub(super) direction: Direction,
    pub(super) link: Link,
    pub(super) offer: String,
    pub(super) etag: String,
    pub(super) sections: Vec<Section>,
    pub(super) senders: Senders,
    pub(super) incoming: Vec<Incoming>,
    /// Which stream a publishing line belongs to.
    pub(super) publishing: HashMap<String, usize>,
    /// Which stream a track that arrives belongs to.
    pub(super) arriving: HashMap<u32, usize>,
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) timelines: HashMap<StreamKey, Option<Timeline>>,
    pub(super) pacer: Pacer<Outbound>,
    pub(super) born: Instant,
    pub(super) connected: bool,
    pub(super) round_trip: Option<Duration>,
    pub(super) reception: Option<receive::Link>,
    pub(super) estimate: Option<f64>,
    pub(super) sound: Sound,
    pub(super) qualities: HashMap<StreamKey, (u8, u8)>,
    pub(super) levels_at: Instant,
    pub(super) quality_at: Instant,
    pub(super) fit_at: Instant,
}

impl Peer {
    /// A peer whose connection has no offer yet.
    pub(crate) fn new(
        id: PeerId,
        config: Arc<BridgeConfig>,
        hub: Hub,
        events: broadcast::Sender<BridgeEvent>,
        direction: Direction,
        link: Link,
        now: Instant,
    ) -> Peer {
        Peer {
            id,
            config,
            hub,
            events,
            direction,
            link,
            offer: String::new(),
            etag: String::new(),
            sections: Vec::new(),
            senders: Senders::new(),
            incoming: Vec::new(),
            publishing: HashMap::new(),
            arriving: HashMap::new(),
            outgoing: Vec::new(),
            timelines: HashMap::new(),
            pacer: Pacer::new(),
            born: now,
            connected: false,
            round_trip: None,
            reception: None,
            estimate: None,
            sound: Sound::default(),
            qualities: HashMap::new(),
            levels_at: now,
            quality_at: now,
            fit_at: now,
        }
    }

    /// Drives the peer until it ends.
    pub(crate) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        stop: CancellationToken,
    ) -> Ended {
        // Made once: a timer and a place in the list of those to stop cost more than a picture.
        let mut stopped = pin!(stop.cancelled());
        let mut time = pin!(tokio::time::sleep_until(self.born.into()));
        let ended = loop {
            let now = Instant::now();
            if let Some(ended) = self.turn(now) {
                break ended;
            }
            self.link.flush();
            let deadline = self.deadline(now).into();
            if time.deadline() != deadline {
                time.as_mut().reset(deadline);
            }
            match self.wait(&mut commands, stopped.as_mut(), time.as_mut()).await {
                Wake::Datagrams(mut batch) => self.link.take(&mut batch),
                Wake::Media | Wake::Time => {}
                Wake::Told(place, told) => {
                    if let Some(ended) = self.told(place, told, Instant::now()) {
                        break ended;
                    }
                }
                Wake::Command(command) => self.command(command, Instant::now()),
                Wake::Stop => break Ended::Closed,
            }
        };
        self.link.close();
        ended
    }

    /// Everything that is due. Returns why the peer is over, if it is.
    fn turn(&mut self, now: Instant) -> Option<Ended> {
        if self.link.deadline().is_some_and(|at| at <= now) {
            self.link.handle_timeout(now);
        }
        if self.link.is_stirred()
            && let Some(ended) = self.connection(now)
        {
            return Some(ended);
        }
        while let Some(heard) = self.link.poll_heard() {
            self.heard(heard, now);
        }
        if let Some(ended) = self.receive(now) {
            return Some(ended);
        }
        if let Some(ended) = self.send(now) {
            return Some(ended);
        }
        self.watch(now);
        self.expired(now)
    }

    /// What the connection has found out.
    fn connection(&mut self, now: Instant) -> Option<Ended> {
        self.link.settle();
        while let Some(event) = self.link.poll_event() {
            if let Some(ended) = self.event(event, now) {
                return Some(ended);
            }
        }
        while let Some(packet) = self.link.poll_packet() {
            self.packet(packet, now);
        }
        if self.link.has_left() {
            return Some(Ended::Closed);
        }
        // A first packet announces its track: what came before the event is in the assembler already.
        while let Some(event) = self.link.poll_event() {
            if let Some(ended) = self.event(event, now) {
                return Some(ended);
            }
        }
        None
    }

    fn expired(&self, now: Instant) -> Option<Ended> {
        if !self.connected {
            let late = now.saturating_duration_since(self.born) >= self.config.connect_timeout;
            return late.then_some(Ended::NotConnected);
        }
        (!self.link.has_consent(now, self.config.consent_timeout)).then_some(Ended::Lost)
    }

    fn event(&mut self, event: RTCPeerConnectionEvent, _now: Instant) -> Option<Ended> {
        match event {
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Connected
                    if self.direction == Direction::Play && !self.link.can_send() =>
                {
                    Some(Ended::Failed)
                }
                RTCPeerConnectionState::Connected if !self.connected => {
                    self.connected = true;
                    tracing::info!(peer = ?self.id, "connected");
                    for stream in &mut self.incoming {
                        if let Err(refused) = stream.start() {
                            tracing::info!(stream = %stream.key(), ?refused, "not published");
                            return Some(Ended::TakenOver);
                        }
                    }
                    None
                }
                RTCPeerConnectionState::Failed => Some(Ended::Failed),
                RTCPeerConnectionState::Closed => Some(Ended::Closed),
                _ => None,
            },
            RTCPeerConnectionEvent::OnTrack(RTCTrackEvent::OnOpen(track)) => {
                self.track(&track);
                None
            }
            _ => None,
        }
    }

    fn track(&mut self, track: &RTCTrackEventInit) {
        let of_receiver = |id: &usize| RTCRtpReceiverId::from(*id) == track.receiver_id;
        let Some(id) = self.link.connection().get_transceivers().find(of_receiver) else {
            return;
        };
        let mid = self
            .link
            .connection()
            .rtp_transceiver(id)
            .and_then(|transceiver| transceiver.mid().clone());
        let Some(mid) = mid else { return };
        let Some(section) = self.sections.iter().find(|section| section.mid == mid) else {
            return;
        };
        let Some(place) = self.publishing.get(&mid).copied() else {
            return;
        };
        let offered = sdp::sections(&self.offer);
        let layers = offered
            .iter()
            .find(|section| section.mid == mid)
            .map(|section| section.layers.clone());
        let layer = match (&track.rid, layers) {
            (Some(rid), Some(layers)) => layers.iter().position(|name| name == rid).unwrap_or(0),
            _ => 0,
        };
        let Some(payload_type) = section.codecs.first().map(|(pt, _)| *pt) else {
            return;
        };
        if let Some(stream) = self.incoming.get_mut(place) {
            stream.add_track(
                track.ssrc,
                section,
                u8::try_from(layer).unwrap_or(0),
                payload_type,
            );
            self.arriving.insert(track.ssrc, place);
            tracing::debug!(stream = %stream.key(), mid, layer, ssrc = track.ssrc, "track");
        }
    }

    fn packet(&mut self, packet: Packet, now: Instant) {
        let ssrc = packet.header.ssrc;
        if !self.arriving.contains_key(&ssrc) {
            // Its event waits behind it.
            while let Some(event) = self.link.poll_event() {
                let _ = self.event(event, now);
            }
        }
        let stream = self
            .arriving
            .get(&ssrc)
            .and_then(|place| self.incoming.get_mut(*place));
        match stream.filter(|stream| stream.has_track(ssrc)) {
            Some(stream) => stream.take(now, packet),
            None => metrics::counter!("lianmai_bridge_unknown_packets_total").increment(1),
        }
    }

    fn receive(&mut self, now: Instant) -> Option<Ended> {
        let mut wants = Vec::new();
        for stream in &mut self.incoming {
            if let Some(trip) = self.round_trip {
                stream.set_round_trip(trip);
            }
            match stream.deliver(now) {
                Ok(()) => wants.extend(stream.wants(now)),
                Err(Refused::Superseded | Refused::NotPublished(_)) => return Some(Ended::TakenOver),
            }
        }
        for Want::Keyframe { ssrc } in wants {
            self.link.request_keyframe(ssrc, now);
        }
        None
    }

    fn send(&mut self, now: Instant) -> Option<Ended> {
        if !self.connected {
            return None;
        }
        for out in &mut self.outgoing {
            if !out.is_due(now) {
                continue;
            }
            let timeline = match self.timelines.get_mut(&out.line().grant.key) {
                Some(timeline) => timeline,
                None => self.timelines.entry(out.line().grant.key.clone()).or_default(),
            };
            if let Some(reason) = out.send(timeline, &mut self.pacer, now) {
                tracing::info!(stream = %out.line().grant.key, ?reason, "play ended");
                if reason == EndReason::Revoked {
                    metrics::counter!("lianmai_bridge_revoked_total").increment(1);
                }
            }
            if let Some(report) = out.report(timeline.as_ref(), wall_ntp, now) {
                self.link.send_report(&report);
            }
        }
        while let Some(packet) = self.pacer.poll(now) {
            self.link.send_packet(packet, now);
        }
        let over = !self.outgoing.is_empty() && self.outgoing.iter().all(Outgoing::is_over);
        over.then_some(Ended::NothingLeft)
    }

    fn told(&mut self, place: usize, told: Told, now: Instant) -> Option<Ended> {
        match told {
            Told::Stopped(reason) => {
                tracing::info!(?reason, "publisher stopped");
                self.incoming.swap_remove(place);
                // Places have moved: lines and tracks of the one that went, and of the one that took its place.
                let moved = self.incoming.len();
                self.publishing.retain(|_, at| *at != place);
                self.arriving.retain(|_, at| *at != place);
                for at in self.publishing.values_mut().chain(self.arriving.values_mut()) {
                    if *at == moved {
                        *at = place;
                    }
                }
                self.incoming.is_empty().then_some(Ended::TakenOver)
            }
            Told::KeyframeWanted { layer } => {
                let wants = self
                    .incoming
                    .get_mut(place)
                    .map(|stream| stream.keyframe_of(layer, now));
                for Want::Keyframe { ssrc } in wants.unwrap_or_default() {
                    self.link.request_keyframe(ssrc, now);
                }
                None
            }
        }
    }

    fn command(&mut self, command: Command, now: Instant) {
        // Whoever asked may have gone.
        match command {
            Command::Renegotiate(offer, reply) => {
                let _ = reply.send(self.apply(&offer, now));
            }
            Command::Trickle {
                if_match,
                fragment,
                reply,
            } => {
                let _ = reply.send(self.trickle(if_match.as_deref(), &fragment, now));
            }
            Command::Layer { mid, layer } => {
                if let Some(out) = self.outgoing.iter_mut().find(|out| out.mid() == mid) {
                    out.choose(layer);
                }
            }
        }
    }

    fn deadline(&self, now: Instant) -> Instant {
        let fixed = if self.connected {
            self.fit_at.min(self.quality_at) + LAX
        } else {
            self.born + self.config.connect_timeout
        };
        let levels = (self.direction == Direction::Publish && self.connected).then_some(self.levels_at);
        let incoming = self.incoming.iter().filter_map(Incoming::deadline).min();
        let reports = self.outgoing.iter().filter_map(Outgoing::deadline).min();
        let reports = reports.map(|at| at + LAX);
        [
            self.link.deadline(),
            self.pacer.deadline(now),
            levels,
            incoming,
            reports,
        ]
        .into_iter()
        .flatten()
        .fold(fixed, Instant::min)
        // Never a busy loop, whatever says that it is due.
        .max(now + Duration::from_micros(500))
    }
}

/// The wall clock, for reports.
pub(super) fn wall_ntp() -> u64 {
    receive::ntp_time(SystemTime::now())
}
