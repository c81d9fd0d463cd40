//! Media that a peer gets: one track of a stream of the hub on one media line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_hub::{
    Accept, Content, Delivery, EndReason, Feed, FeedOptions, Form, Headers, Hub, Item, PublishError, WireForm,
};
use lianmai_media::{AudioCodec, Frame, MediaTime, Timescale, TrackKind, VideoCodec};
use rtc::rtcp::sender_report::SenderReport;

use super::any;
use super::ladder::Ladder;
use super::pacer::Pacer;
use super::sdp::{Codec, Section};
use super::sound_clock::SoundClock;
use super::timeline::Timeline;
use crate::payload::packetise;
use crate::receive::Orientation;
use crate::send::Outbound;
use crate::{LayerChoice, PlayLine};

/// A viewer wakes at most once in this time.
const COALESCE: Duration = Duration::from_millis(5);
/// Sender reports: the first with the first packet, then this often (R-S3).
const REPORT: Duration = Duration::from_secs(1);
/// What is older than this when a viewer joins is not shown in its time but quickly.
const STALE_MILLIS: i64 = 100;
/// Distance of stale pictures, in ticks of 90 kHz: a viewer shows the last of them at once.
const STALE_TICKS: u32 = 45;
/// Headers of a packet on the wire: RTP with its seal, UDP, IP; and the same as a factor for pictures.
const HEADERS: u32 = 64;
const ON_THE_WIRE: f64 = 1.07;
/// Items taken at once by who joins.
const MAX_JOIN: usize = 4_096;

/// What became of a picture when the connection was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fitted {
    /// It goes on, or stays away.
    Same,
    /// A smaller one comes.
    Less,
    /// It was taken away.
    Paused,
    /// It comes back.
    Back,
}

/// A line that plays one track.
pub(crate) struct Outgoing {
    hub: Hub,
    line: PlayLine,
    kind: TrackKind,
    ssrc: u32,
    section: Section,
    feed: Feed,
    offset: u32,
    /// Sequence number of the next packet, with its roll-overs.
    index: u64,
    headers: Option<Arc<Headers>>,
    started: bool,
    /// What the connection has for the picture.
    ladder: Ladder,
    /// No picture goes out: the connection does not carry it, or it is not wanted.
    paused: bool,
    /// No picture goes out before the first of the layer chosen: the present one is too large.
    held: bool,
    needs_keyframe: bool,
    sound: SoundClock,
    packets: u32,
    octets: u32,
    reported: Option<Instant>,
    ended: bool,
    batch: Vec<Delivery>,
}

impl Outgoing {
    /// Begins to follow the stream of `line`; what it delivers is taken with [`next_batch`](Self::next_batch).
    pub(crate) fn new(
        hub: &Hub,
        line: PlayLine,
        kind: TrackKind,
        ssrc: u32,
        section: Section,
    ) -> Result<Outgoing, PublishError> {
        let video = section.codecs.iter().filter_map(|(_, codec)| match codec {
            Codec::Video(codec) => Some(*codec),
            Codec::Audio(_) => None,
        });
        let mut accepted: Vec<VideoCodec> = Vec::new();
        for codec in video {
            if !accepted.contains(&codec) {
                accepted.push(codec);
            }
        }
        let feed = hub.follow(
            &line.grant.key,
            FeedOptions {
                kind,
                accept: Accept {
                    video: accepted,
                    b_frames: false,
                },
                coalesce: COALESCE,
                holder: line.grant.holder.clone(),
            },
        )?;
        let mut outgoing = Outgoing {
            hub: hub.clone(),
            ladder: Ladder::new(),
            paused: false,
            held: false,
            line,
            kind,
            ssrc,
            section,
            feed,
            offset: rand::random(),
            // Far from a roll-over: who misses the first packets must not guess the number of roll-overs wrong.
            index: u64::from(rand::random::<u16>() >> 1),
            headers: None,
            started: false,
            needs_keyframe: kind == TrackKind::Video,
            sound: SoundClock::default(),
            packets: 0,
            octets: 0,
            reported: None,
            ended: false,
            batch: Vec::new(),
        };
        outgoing.apply_choice();
        Ok(outgoing)
    }

    pub(crate) fn line(&self) -> &PlayLine {
        &self.line
    }

    pub(crate) fn kind(&self) -> TrackKind {
        self.kind
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(crate) fn mid(&self) -> &str {
        &self.section.mid
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ended
    }

    /// Renegotiated: payload types may be others now.
    pub(crate) fn set_section(&mut self, section: Section) {
        self.section = section;
    }

    /// Waits for news, which [`send`](Self::send) then takes. Nothing is lost when the future is dropped.
    pub(crate) async fn fill(&mut self) {
        if self.ended {
            return std::future::pending().await;
        }
        if !self.batch.is_empty() {
            return;
        }
        self.feed.next_batch(&mut self.batch).await;
        // Who joins must know where the live edge is: takes everything that is there.
        let mut more = Vec::new();
        // The same when another source may have taken over, which headers tell.
        while (!self.started || has_headers(&self.batch))
            && self.batch.len() < MAX_JOIN
            && any::now(self.feed.next_batch(&mut more)).await
        {
            self.batch.append(&mut more);
        }
    }

    /// The viewer cannot go on without a key frame.
    pub(crate) fn keyframe_wanted(&mut self) {
        if !self.paused {
            self.feed.request_keyframe();
        }
    }

    pub(crate) fn choose(&mut self, layer: LayerChoice) {
        self.line.layer = layer;
        self.apply_choice();
    }

    fn apply_choice(&mut self) {
        if self.kind != TrackKind::Video {
            return;
        }
        let best = self.best();
        self.ladder.ask(best);
        self.pause_or_go_on();
        if self.line.layer != LayerChoice::AudioOnly {
            self.feed.choose_layer(best);
        }
    }

    /// The best layer that is wanted.
    fn best(&self) -> u8 {
        match self.line.layer {
            LayerChoice::Low => self.feed.layers().saturating_sub(1),
            LayerChoice::High | LayerChoice::Auto | LayerChoice::AudioOnly => 0,
        }
    }

    fn pause_or_go_on(&mut self) {
        let paused = self.line.layer == LayerChoice::AudioOnly || self.ladder.layer().is_none();
        if self.paused && !paused {
            self.keyframe_needed();
        }
        self.paused = paused;
    }

    /// Whether the connection does not carry the picture that is wanted.
    pub(crate) fn is_starved(&self) -> bool {
        self.ladder.layer().is_none() && self.line.layer != LayerChoice::AudioOnly
    }

    /// Bits per second on the wire of the best picture that is wanted, as far as that is known.
    pub(crate) fn need(&self) -> Option<f64> {
        let wanted = self.kind == TrackKind::Video && self.line.layer != LayerChoice::AudioOnly;
        if wanted { self.need_of(self.best()) } else { None }
    }

    /// Bytes that went out on the wire, with their roll-over.
    pub(crate) fn carried(&self) -> u32 {
        self.octets.wrapping_add(self.packets.wrapping_mul(HEADERS))
    }

    /// Adapts to what the connection carries, in bits per second: the best layer that fits, at last no picture.
    pub(crate) fn fit(&mut self, available: f64, now: Instant) -> Fitted {
        if self.kind != TrackKind::Video || self.line.layer == LayerChoice::AudioOnly {
            return Fitted::Same;
        }
        let needs: Vec<Option<f64>> = (0..self.feed.layers().max(1))
            .map(|layer| self.need_of(layer))
            .collect();
        if needs.iter().all(Option::is_none) {
            return Fitted::Same;
        }
        let before = self.ladder.layer();
        let chosen = self.ladder.look(&needs, self.best(), available, now);
        if let Some(layer) = chosen {
            self.feed.choose_layer(layer);
        }
        self.pause_or_go_on();
        if chosen == before {
            return Fitted::Same;
        }
        let stream = &self.line.grant.key;
        let needed = needs.last().copied().flatten();
        match (before, chosen) {
            (_, None) => {
                metrics::counter!("lianmai_bridge_pictures_paused_total").increment(1);
                tracing::info!(%stream, available, needed, "picture paused: no room");
                Fitted::Paused
            }
            (None, Some(layer)) => {
                tracing::info!(%stream, available, needed, layer, "picture goes on");
                Fitted::Back
            }
            (Some(before), Some(layer)) => {
                let direction = if before < layer { "down" } else { "up" };
                metrics::counter!("lianmai_bridge_layer_changes_total", "direction" => direction)
                    .increment(1);
                tracing::info!(%stream, available, before, layer, "another layer");
                // What is too large fills the connection until the smaller one comes.
                self.held = before < layer;
                if self.held { Fitted::Less } else { Fitted::Same }
            }
        }
    }

    /// Bits per second of a layer on the wire, measured.
    fn need_of(&self, layer: u8) -> Option<f64> {
        self.bitrate(layer).map(|bitrate| bitrate * ON_THE_WIRE)
    }

    /// Bits per second of a layer, measured.
    fn bitrate(&self, layer: u8) -> Option<f64> {
        let key = &self.line.grant.key;
        let stats = if layer == 0 {
            self.hub
                .stats(&key.form(Form::Rtc))
                .filter(|s| s.on_air)
                .or_else(|| self.hub.stats(key))
        } else {
            self.hub.stats(&key.form(Form::Layer(layer)))
        };
        stats?
            .video
            .map(|video| video.bitrate)
            .filter(|bitrate| *bitrate > 0.0)
    }

    /// Whether there is something to send.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        !self.batch.is_empty() || self.deadline().is_none_or(|at| at <= now)
    }

    /// Turns deliveries into packets.
    pub(crate) fn send(
        &mut self,
        timeline: &mut Option<Timeline>,
        pacer: &mut Pacer<Outbound>,
        now: Instant,
    ) -> Option<EndReason> {
        let mut batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return None;
        }
        let live = batch.iter().rev().find_map(|delivery| match delivery {
            Delivery::Item(item) => item.frame().map(|frame| frame.dts),
            _ => None,
        });
        let other_source = has_headers(&batch);
        let joining = !self.started || other_source;
        if let Some(live) = live {
            timeline
                .get_or_insert_with(|| Timeline::new(live, now))
                .follow(live, other_source, now);
        }
        let mut stale = match live {
            Some(live) if joining => batch.iter().filter(|d| is_older(d, live)).count() as u32,
            _ => 0,
        };
        if self.held && !other_source {
            self.hold_until_changed();
        }
        for delivery in batch.drain(..) {
            match delivery {
                Delivery::Headers(headers) => {
                    self.headers = Some(headers);
                    self.hold_until_changed();
                }
                Delivery::Item(item) => {
                    let Some(frame) = item.frame() else { continue };
                    let timeline =
                        timeline.get_or_insert_with(|| Timeline::new(live.unwrap_or(frame.dts), now));
                    let late = joining && live.is_some_and(|live| is_stale(frame.dts, live));
                    if late {
                        stale = stale.saturating_sub(1);
                        // Sound of the past is of no use.
                        if self.kind == TrackKind::Audio {
                            continue;
                        }
                    }
                    let before_live = late.then_some((live.unwrap_or(frame.dts), stale + 1));
                    self.send_item(&item, frame, before_live, timeline, pacer, now);
                }
                Delivery::Gap { .. } => self.needs_keyframe = self.kind == TrackKind::Video,
                Delivery::Run(_) => {}
                Delivery::End(reason) => {
                    self.ended = true;
                    return Some(reason);
                }
            }
        }
        self.started |= live.is_some();
        None
    }

    /// What follows is of the layer that was chosen, or there is none such.
    fn hold_until_changed(&mut self) {
        if self.held && !self.feed.is_changing() {
            self.held = false;
            self.keyframe_needed();
        }
    }

    fn keyframe_needed(&mut self) {
        self.needs_keyframe = true;
        self.feed.request_keyframe();
    }

    fn send_item(
        &mut self,
        item: &Arc<Item>,
        frame: &Frame,
        before_live: Option<(MediaTime, u32)>,
        timeline: &mut Timeline,
        pacer: &mut Pacer<Outbound>,
        now: Instant,
    ) {
        if frame.kind != self.kind || self.paused || self.held {
            return;
        }
        if self.needs_keyframe {
            if !frame.keyframe {
                return;
            }
            self.needs_keyframe = false;
        }
        let Some((payload_type, scale)) = self.format() else {
            metrics::counter!("lianmai_bridge_unplayable_frames_total").increment(1);
            return;
        };
        let shown = frame.dts.checked_add(frame.composition).unwrap_or(frame.dts);
        let timestamp = match before_live {
            // Before the oldest that is shown in its time.
            Some((live, pictures)) => timeline
                .rtp(live, scale)
                .wrapping_sub(STALE_MILLIS as u32 * (scale.hz() / 1_000))
                .wrapping_sub(pictures * STALE_TICKS),
            None => timeline.rtp(shown, scale),
        };
        let timestamp = self.offset.wrapping_add(timestamp);
        let timestamp = match self.kind {
            TrackKind::Audio => self.sound.place(timestamp, &frame.payload),
            TrackKind::Video => timestamp,
        };
        // Rotation rides on the last packet of a picture (3GPP TS 26.114 §7.4.5).
        let turned = (item.headers.rotation != 0).then(|| {
            let orientation = Orientation {
                degrees: item.headers.rotation,
                flip: false,
            };
            orientation.to_extension()
        });
        let payloads = item.wire(WireForm::RtpPayloads, payloads_of);
        let last = payloads.len().saturating_sub(1);
        for (place, payload) in payloads.iter().enumerate() {
            let marker = place == last && self.kind == TrackKind::Video;
            let packet = Outbound {
                ssrc: self.ssrc,
                index: self.index,
                timestamp,
                payload_type,
                marker,
                orientation: if marker { turned } else { None },
                payload: payload.clone(),
                padding: 0,
            };
            self.index += 1;
            self.packets = self.packets.wrapping_add(1);
            self.octets = self.octets.wrapping_add(payload.len() as u32);
            match self.kind {
                TrackKind::Audio => pacer.push_urgent(packet),
                TrackKind::Video => pacer.push(packet, payload.len(), now),
            }
        }
    }

    /// Payload type and clock of what is delivered now; `None` if it was not negotiated.
    fn format(&self) -> Option<(u8, Timescale)> {
        let headers = self.headers.as_ref()?;
        match self.kind {
            TrackKind::Video => {
                let codec = headers.video.as_ref()?.codec;
                Some((
                    self.section.payload_type(Codec::Video(codec))?,
                    Timescale::RTP_VIDEO,
                ))
            }
            TrackKind::Audio => {
                let codec = headers.audio.as_ref()?.codec;
                let payload_type = self.section.payload_type(Codec::Audio(codec))?;
                (codec == AudioCodec::Opus).then_some((payload_type, Timescale::OPUS))
            }
        }
    }

    /// A sender report, when one is due.
    pub(crate) fn report(
        &mut self,
        timeline: Option<&Timeline>,
        ntp: impl FnOnce() -> u64,
        now: Instant,
    ) -> Option<SenderReport> {
        let timeline = timeline.filter(|_| self.packets > 0)?;
        if self
            .reported
            .is_some_and(|at| now.saturating_duration_since(at) < REPORT)
        {
            return None;
        }
        self.reported = Some(now);
        let scale = match self.kind {
            TrackKind::Video => Timescale::RTP_VIDEO,
            TrackKind::Audio => Timescale::OPUS,
        };
        Some(SenderReport {
            ssrc: self.ssrc,
            ntp_time: ntp(),
            rtp_time: self
                .offset
                .wrapping_add(timeline.rtp_now(now, scale))
                .wrapping_add_signed(self.sound.ahead()),
            packet_count: self.packets,
            octet_count: self.octets,
            ..SenderReport::default()
        })
    }

    /// When the next report is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.reported.map(|at| at + REPORT)
    }
}

fn payloads_of(item: &Item) -> Vec<Bytes> {
    match &item.content {
        Content::Frame(frame) => packetise(&item.headers, frame),
        Content::Data { .. } => Vec::new(),
    }
}

fn has_headers(batch: &[Delivery]) -> bool {
    batch
        .iter()
        .any(|delivery| matches!(delivery, Delivery::Headers(_)))
}

fn is_stale(at: MediaTime, live: MediaTime) -> bool {
    live.as_millis() - at.as_millis() > STALE_MILLIS
}

fn is_older(delivery: &Delivery, live: MediaTime) -> bool {
    match delivery {
        Delivery::Item(item) => item.frame().is_some_and(|frame| is_stale(frame.dts, live)),
        _ => false,
    }
}
