//! Offers and answers (RFC 8829), on top of the `rtc` crate's.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Instant;

use lianmai_media::{TrackKind, VideoCodec};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};

use super::engine::{self, Direction};
use super::sdp::{self, Codec, Section};
use crate::BridgeError;

/// What an offer led to.
#[derive(Clone, Debug)]
pub(crate) struct Negotiated {
    /// Our answer.
    pub(crate) answer: String,
    /// Its media sections: what may be sent and how.
    pub(crate) sections: Vec<Section>,
}

/// SSRCs of our streams towards a viewer, by mid. They live as long as the peer.
pub(crate) type Senders = HashMap<String, u32>;

/// Applies `offer` and answers it; `before` is the offer before it, if there was one. Lines that are not among those `named` are answered as inactive.
///
/// # Errors
/// [`BridgeError::Sdp`], [`BridgeError::NoCodec`]. A connection that has failed once is not to be used any more.
pub(crate) fn negotiate(
    connection: &mut RTCPeerConnection,
    now: Instant,
    direction: Direction,
    offer: &str,
    before: Option<&str>,
    named: Option<&HashSet<&str>>,
    senders: &mut Senders,
) -> Result<Negotiated, BridgeError> {
    let offered = sdp::sections(offer);
    let kept = before.map_or_else(Vec::new, |before| sdp::keeping_layers(offer, before));
    let prepared = match direction {
        Direction::Publish => sdp::without_streams(&sdp::prefer(offer), &kept),
        Direction::Play => sdp::without_inactive(offer),
    };
    let description = RTCSessionDescription::offer(prepared).map_err(refused)?;
    connection
        .set_remote_description(now, description)
        .map_err(refused)?;
    if direction == Direction::Play {
        for section in offered.iter().filter(|section| !section.rejected) {
            add_sender(connection, section, senders)?;
        }
    }
    let answer = connection.create_answer(None).map_err(refused)?;
    connection.set_local_description(now, answer).map_err(refused)?;
    let answer = connection
        .local_description()
        .map(|description| description.sdp)
        .ok_or_else(|| BridgeError::Sdp("no answer could be made".into()))?;
    let inactive: Vec<&str> = offered
        .iter()
        .filter(|section| {
            let unused = named.is_some_and(|named| !named.contains(section.mid.as_str()));
            unused || (!section.sends && !section.receives)
        })
        .map(|section| section.mid.as_str())
        .collect();
    let answer = sdp::with_inactive(&answer, &inactive);
    let answer = match direction {
        Direction::Publish => sdp::with_layers(&answer, offer, &kept),
        Direction::Play => answer,
    };
    let sections = sdp::sections(&answer);
    let mids = |sections: &[Section]| {
        sections
            .iter()
            .map(|section| section.mid.clone())
            .collect::<Vec<_>>()
    };
    if mids(&offered) != mids(&sections) {
        return Err(BridgeError::Sdp("not every media section can be answered".into()));
    }
    for (offered, answered) in offered.iter().zip(&sections) {
        if let Some(kind) = offered.kind
            && !offered.rejected
            && answered.codecs.is_empty()
        {
            return Err(BridgeError::NoCodec(kind));
        }
    }
    // Of an offer with nothing but rejected sections there is nothing left to connect.
    if sdp::credentials(&answer).is_none() {
        return Err(BridgeError::Sdp("no usable media section".into()));
    }
    Ok(Negotiated { answer, sections })
}

/// Tells the connection where we are reached.
pub(crate) fn add_candidates(
    connection: &mut RTCPeerConnection,
    udp: &[SocketAddr],
    tcp: &[SocketAddr],
) -> Result<(), BridgeError> {
    let mut lines = Vec::new();
    for (place, address) in udp.iter().enumerate() {
        let (ip, port) = (address.ip(), address.port());
        lines.push(format!(
            "candidate:{} 1 udp {} {ip} {port} typ host",
            place + 1,
            priority(126, place)
        ));
    }
    for (place, address) in tcp.iter().enumerate() {
        let (ip, port) = (address.ip(), address.port());
        let foundation = udp.len() + place + 1;
        lines.push(format!(
            "candidate:{foundation} 1 tcp {} {ip} {port} typ host tcptype passive",
            priority(90, place)
        ));
    }
    // The empty one says that there are no more.
    lines.push(String::new());
    for candidate in lines {
        let candidate = RTCIceCandidateInit {
            candidate,
            ..RTCIceCandidateInit::default()
        };
        connection.add_local_candidate(candidate).map_err(refused)?;
    }
    Ok(())
}

/// RFC 8445 §5.1.2.1, component 1.
fn priority(kind: u32, place: usize) -> u32 {
    let local = 65_535_u32.saturating_sub(u32::try_from(place).unwrap_or(u32::MAX));
    (kind << 24) | (local << 8) | 255
}

fn add_sender(
    connection: &mut RTCPeerConnection,
    section: &Section,
    senders: &mut Senders,
) -> Result<(), BridgeError> {
    let Some(kind) = section.kind else { return Ok(()) };
    if senders.contains_key(&section.mid) {
        return Ok(());
    }
    let (codec, kind) = match kind {
        TrackKind::Audio => (engine::opus(), RtpCodecKind::Audio),
        TrackKind::Video => (offered_video(section)?, RtpCodecKind::Video),
    };
    let ssrc = rand::random::<u32>();
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..RTCRtpCodingParameters::default()
        },
        codec,
        ..RTCRtpEncodingParameters::default()
    };
    let name = format!("m{}", section.mid);
    let track = MediaStreamTrack::new("lianmai".into(), name.clone(), name, kind, vec![coding]);
    connection.add_track(track).map_err(refused)?;
    senders.insert(section.mid.clone(), ssrc);
    Ok(())
}

/// A codec that both sides have, to set the sender up with. What is sent later may be another one.
fn offered_video(section: &Section) -> Result<RTCRtpCodec, BridgeError> {
    let h264 = section.payload_type(Codec::Video(VideoCodec::H264)).is_some();
    let first = section.codecs.iter().find_map(|(_, codec)| match codec {
        Codec::Video(codec) => Some(*codec),
        Codec::Audio(_) => None,
    });
    match first {
        Some(_) if h264 => Ok(engine::video(VideoCodec::H264, "42e01f")),
        Some(codec) => Ok(engine::video(codec, "")),
        None => Err(BridgeError::NoCodec(TrackKind::Video)),
    }
}

fn refused(error: rtc::shared::error::Error) -> BridgeError {
    BridgeError::Sdp(error.to_string())
}
