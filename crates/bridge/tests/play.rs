//! What a viewer gets over WebRTC.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::client::Client;
use common::*;
use lianmai_media::TrackKind;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;

const WAIT: Duration = Duration::from_secs(10);

/// The frames arrive whole and in order, begin with a key frame with its parameter sets in-band, and the first arrives
/// at once although the next key frame is far away.
#[tokio::test]
async fn pictures_of_an_rtmp_publisher_arrive_from_the_newest_key_frame_on() {
    let hub = hub();
    let bridge = bridge(&hub).await;
    let publication = publish(&hub);
    for number in 0..40 {
        let payload = picture(number, number % 25 == 0, 3_000);
        publication
            .push(frame(
                TrackKind::Video,
                i64::from(number) * 40,
                number % 25 == 0,
                payload,
            ))
            .unwrap();
    }
    let mut client = Client::new().await;
    client.receive();
    let answer = bridge.open(playing(client.offer())).await.unwrap();
    assert!(answer.sdp.contains("a=ice-lite"), "{}", answer.sdp);
    let answered = Instant::now();
    client.answer(&answer.sdp);
    assert!(
        client.until(WAIT, |client| !client.packets.is_empty()).await,
        "no packet"
    );
    let first = answered.elapsed();
    assert!(first < Duration::from_millis(500), "first packet after {first:?}");
    let mut number = 40;
    let mut at = Instant::now();
    let done = client
        .until(WAIT, |client| {
            if number < 60 && at.elapsed() >= Duration::from_millis(20) {
                at = Instant::now();
                let payload = picture(number, number % 25 == 0, 3_000);
                publication
                    .push(frame(
                        TrackKind::Video,
                        i64::from(number) * 40,
                        number % 25 == 0,
                        payload,
                    ))
                    .unwrap();
                number += 1;
            }
            client
                .packets
                .iter()
                .filter(|packet| packet.header.marker)
                .count()
                >= 60 - 25
        })
        .await;
    let markers = client
        .packets
        .iter()
        .filter(|packet| packet.header.marker)
        .count();
    assert!(done, "{markers} pictures");
    let sps = client
        .packets
        .iter()
        .position(|packet| packet.payload.windows(4).any(|w| w == &SPS[..4]));
    assert_eq!(sps, Some(0), "parameter sets come first");
    let mut last = client.packets[0].header.timestamp;
    for packet in &client.packets {
        let step = packet.header.timestamp.wrapping_sub(last);
        assert!(step < 90 * 100, "timestamps go on: {step}");
        last = packet.header.timestamp;
    }
    bridge.shut_down().await;
    assert_eq!(bridge.peers(), 0);
}

#[tokio::test]
async fn a_viewer_that_leaves_is_forgotten() {
    let hub = hub();
    let bridge = bridge(&hub).await;
    let _publication = publish(&hub);
    for _ in 0..3 {
        let mut client = Client::new().await;
        client.receive();
        let answer = bridge.open(playing(client.offer())).await.unwrap();
        client.answer(&answer.sdp);
        assert!(client.until(WAIT, |client| client.connected).await);
        assert_eq!(bridge.peers(), 1);
        client.close();
        let gone = client.until(WAIT, |_| bridge.peers() == 0).await;
        assert!(gone, "the peer said goodbye");
    }
    bridge.shut_down().await;
}

/// Each protection that we offer is one that media arrives under.
#[tokio::test]
async fn every_protection_works() {
    let hub = hub();
    let bridge = bridge(&hub).await;
    let publication = publish(&hub);
    for profile in [
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
    ] {
        let payload = picture(0, true, 3_000);
        publication
            .push(frame(TrackKind::Video, 0, true, payload))
            .unwrap();
        let settings = SettingEngineBuilder::new().with_srtp_protection_profiles(vec![profile]);
        let mut client = Client::with(settings).await;
        client.receive();
        let answer = bridge.open(playing(client.offer())).await.unwrap();
        client.answer(&answer.sdp);
        let whole = |client: &mut Client| client.packets.iter().any(|packet| packet.header.marker);
        assert!(client.until(WAIT, whole).await, "{profile:?}");
    }
    bridge.shut_down().await;
}
