//! The `rtc` crate's peer connection, set up as we want it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::crypto::{self, RTCCryptoProvider, SignatureScheme};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::interceptor::{NackGeneratorBuilder, ReceiverReportBuilder, Registry, Slot, TwccReceiverBuilder};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_AV1, MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MIME_TYPE_VP9, MediaEngine,
};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::sdp::extmap;
use rtc::shared::error::Error;

use lianmai_media::VideoCodec;

use super::sdp::{AUDIO_LEVEL, VIDEO_ORIENTATION};
use super::tap::Tap;
use crate::send::keys::KeyTap;

/// Which way media of a peer goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    /// From the client to us.
    Publish,
    /// From us to the client.
    Play,
}

/// The certificate of all our peers; made when the gateway starts.
pub(crate) fn certificate() -> Result<RTCCertificate, Error> {
    let provider = provider()?;
    let parameters = CertificateParams::new(vec!["lianmai".to_owned()])
        .map_err(|error| Error::Other(error.to_string()))?;
    RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, parameters)
}

/// What carries media of a peer besides its connection.
pub(crate) enum Media {
    /// The connection brings it; reports come through the tap.
    Publish(Tap),
    /// We send it ourselves, with keys from the connection's cryptography.
    Play(KeyTap),
}

impl Media {
    /// For a new peer.
    pub(crate) fn new(direction: Direction) -> Result<Media, Error> {
        Ok(match direction {
            Direction::Publish => Media::Publish(Tap::default()),
            Direction::Play => Media::Play(KeyTap::new(provider()?)),
        })
    }
}

fn provider() -> Result<Arc<dyn RTCCryptoProvider>, Error> {
    crypto::default_provider().map_err(|error| Error::Other(error.to_string()))
}

/// A peer connection that waits for an offer.
pub(crate) fn connection(
    now: Instant,
    certificate: RTCCertificate,
    media: &Media,
    consent: Duration,
) -> Result<RTCPeerConnection, Error> {
    let mut engine = MediaEngine::default();
    let direction = match media {
        Media::Publish(_) => Direction::Publish,
        Media::Play(_) => Direction::Play,
    };
    codecs(&mut engine, direction)?;
    extensions(&mut engine)?;
    let settings = SettingEngineBuilder::new()
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_ice_timeouts(Some(consent / 2), Some(consent), Some(Duration::from_secs(2)))
        // GCM is cheaper than the two passes of CM and HMAC.
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .with_include_loopback_candidate(true);
    let (settings, registry) = match media {
        Media::Publish(tap) => (settings, interceptors(tap)),
        Media::Play(keys) => (
            settings.with_crypto_provider(Arc::new(keys.clone())),
            Registry::new(),
        ),
    };
    RTCPeerConnectionBuilder::new()
        .with_configuration(
            RTCConfigurationBuilder::new()
                .with_certificates(vec![certificate])
                .build(),
        )
        .with_media_engine(engine)
        .with_setting_engine(settings.build())
        .with_interceptor_registry(registry)
        .build(now)
}

/// What a publisher needs and nothing more: every interceptor sees every packet.
fn interceptors(tap: &Tap) -> Registry {
    Registry::new()
        .with(
            Slot::NackGenerator,
            NackGeneratorBuilder::new()
                .with_interval(Duration::from_millis(20))
                .build(),
        )
        .with(
            Slot::ReceiverReport,
            ReceiverReportBuilder::new()
                .with_interval(Duration::from_secs(1))
                .build(),
        )
        .with(Slot::TwccReceiver, TwccReceiverBuilder::new().build())
        .with(Slot::from(LAST), tap.interceptor())
}

/// Application-ward of all others.
const LAST: usize = 14_000;

pub(crate) fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;usedtx=1;stereo=1".to_owned(),
        rtcp_feedback: vec![feedback("transport-cc", "")],
    }
}

/// H.264 in packetisation mode 1 of a profile, or another codec.
pub(crate) fn video(codec: VideoCodec, profile: &str) -> RTCRtpCodec {
    let (mime, parameters) = match codec {
        VideoCodec::Vp8 => (MIME_TYPE_VP8, String::new()),
        VideoCodec::Vp9 => (MIME_TYPE_VP9, "profile-id=0".to_owned()),
        VideoCodec::Av1 => (MIME_TYPE_AV1, String::new()),
        _ => (
            MIME_TYPE_H264,
            format!("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"),
        ),
    };
    RTCRtpCodec {
        mime_type: mime.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: parameters,
        rtcp_feedback: vec![
            feedback("ccm", "fir"),
            feedback("nack", ""),
            feedback("nack", "pli"),
            feedback("transport-cc", ""),
        ],
    }
}

fn feedback(kind: &str, parameter: &str) -> RTCPFeedback {
    RTCPFeedback {
        typ: kind.to_owned(),
        parameter: parameter.to_owned(),
    }
}

/// Constrained baseline first: the widest-spread and the one without B-frames.
const PROFILES: [&str; 4] = ["42e01f", "42001f", "4d001f", "640032"];

fn codecs(media: &mut MediaEngine, direction: Direction) -> Result<(), Error> {
    media.register_codec(
        RTCRtpCodecParameters {
            rtp_codec: opus(),
            payload_type: 111,
        },
        RtpCodecKind::Audio,
    )?;
    let h264 = PROFILES.iter().map(|profile| video(VideoCodec::H264, profile));
    let others = [VideoCodec::Vp8, VideoCodec::Vp9, VideoCodec::Av1].map(|codec| video(codec, ""));
    let mut payload_type = 96;
    for codec in h264.chain(others) {
        media.register_codec(
            RTCRtpCodecParameters {
                rtp_codec: codec,
                payload_type,
            },
            RtpCodecKind::Video,
        )?;
        // Towards viewers repairs go on the stream itself: a retransmission stream is bound to one codec, and what a
        // viewer gets may change its codec at any time.
        if direction == Direction::Publish {
            let repair = RTCRtpCodec {
                mime_type: MIME_TYPE_RTX.to_owned(),
                clock_rate: 90_000,
                channels: 0,
                sdp_fmtp_line: format!("apt={payload_type}"),
                rtcp_feedback: vec![],
            };
            media.register_codec(
                RTCRtpCodecParameters {
                    rtp_codec: repair,
                    payload_type: payload_type + 1,
                },
                RtpCodecKind::Video,
            )?;
        }
        payload_type += 2;
    }
    Ok(())
}

fn extensions(media: &mut MediaEngine) -> Result<(), Error> {
    let both = [extmap::TRANSPORT_CC_URI, extmap::SDES_MID_URI];
    let video = [
        extmap::SDES_RTP_STREAM_ID_URI,
        extmap::SDES_REPAIR_RTP_STREAM_ID_URI,
        VIDEO_ORIENTATION,
    ];
    let audio = [AUDIO_LEVEL];
    let all = both
        .iter()
        .flat_map(|uri| [(*uri, RtpCodecKind::Audio), (*uri, RtpCodecKind::Video)])
        .chain(video.iter().map(|uri| (*uri, RtpCodecKind::Video)))
        .chain(audio.iter().map(|uri| (*uri, RtpCodecKind::Audio)));
    for (uri, kind) in all {
        let capability = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
        media.register_header_extension(capability, kind, None)?;
    }
    Ok(())
}
