//! Whole sessions cut and damaged anywhere (R-R1).

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Instant;

use common::pair::Pair;
use common::raw::pattern;
use common::victim::Victim;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::{
    Close, Command, MediaKind, Output, Purpose, Seed, ServerConfig, ServerEvent, ServerSession,
};
use proptest::prelude::*;

const URL: &str = "rtmp://host/live/cam?t=1";

/// A recorded session, for cutting and damaging.
fn recorded() -> Vec<u8> {
    let mut pair = Pair::default(URL, Purpose::Publish);
    pair.run();
    pair.accept_publish();
    pair.client
        .send_metadata(&Value::Object(vec![("width".into(), Value::Number(640.0))]), 0)
        .unwrap();
    pair.client
        .send_media(MediaKind::Video, 0, &pattern(500, 1))
        .unwrap();
    pair.client
        .send_media(MediaKind::Audio, 20, &pattern(50, 1))
        .unwrap();
    pair.run();
    pair.client.finish();
    pair.run();
    pair.up
}

/// Gives `bytes` to a server that says yes to everything; what became of it.
fn serve(bytes: &[u8], step: usize) -> (ServerSession, Option<Close>, usize) {
    let now = Instant::now();
    let mut session = ServerSession::new(ServerConfig::default(), Seed([9; 32]), now);
    let (mut close, mut events) = (None, 0);
    for part in bytes.chunks(step) {
        session.handle_input(part, now);
        while let Some(output) = session.poll_output() {
            match output {
                Output::Event(ServerEvent::PublishRequested(request)) => {
                    session.accept_publish(request.request).unwrap();
                }
                Output::Event(ServerEvent::PlayRequested(request)) => {
                    session.accept_play(request.request).unwrap();
                }
                Output::Event(_) => events += 1,
                Output::Write(_) => {}
                Output::Close(reason) => close = Some(reason),
            }
        }
    }
    (session, close, events)
}

#[test]
fn every_truncation_of_a_session_waits_for_more() {
    let bytes = recorded();
    let (_, close, all) = serve(&bytes, usize::MAX);
    assert_eq!((close, all), (None, 5));
    for cut in (0..bytes.len()).filter(|cut| *cut > 3_060 || cut % 97 == 0) {
        let (_, close, events) = serve(&bytes[..cut], usize::MAX);
        assert!(close.is_none() && events <= all, "cut at {cut}: {close:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A session does not depend on how its bytes are cut, nor panics when some of them are wrong.
    #[test]
    fn damaged_sessions_end_well(
        hits in prop::collection::vec((3_073_usize..5_000, any::<u8>()), 0..8),
        step in 1_usize..400,
    ) {
        let mut bytes = recorded();
        for (at, value) in hits {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let (one, close, events) = serve(&bytes, usize::MAX);
        let (two, close_cut, events_cut) = serve(&bytes, step);
        prop_assert_eq!((close, events, one.phase()), (close_cut, events_cut, two.phase()));
    }

    /// Anything after a sound handshake.
    #[test]
    fn nonsense_sessions_end_well(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let mut victim = Victim::new(ServerConfig::default());
        victim.feed(&bytes);
        let mut victim = Victim::publishing();
        victim.feed(&bytes);
    }

    /// Commands of any shape, by name.
    #[test]
    fn odd_commands_end_well(calls in prop::collection::vec((0_usize..20, 0_u32..3, any::<f64>(), 0_usize..7), 1..30)) {
        let names = [
            "connect", "createStream", "deleteStream", "closeStream", "releaseStream", "FCPublish", "FCUnpublish",
            "publish", "FCSubscribe", "play", "pause", "seek", "receiveAudio", "receiveVideo", "getStreamLength",
            "_checkbw", "_result", "onStatus", "play2", "",
        ];
        let values = [
            Value::Null, Value::Number(1.0), Value::Boolean(true), "cam".into(), Value::Object(vec![]),
            Value::StrictArray(vec![Value::Null]), Value::Number(f64::NAN),
        ];
        let mut victim = Victim::connected();
        for (name, stream_id, transaction, value) in calls {
            let command = Command::new(names[name], transaction, values[value].clone());
            victim.call(stream_id, command.with(values[value].clone()).with(values[(value + 3) % 7].clone()));
            match victim.events.pop() {
                Some(ServerEvent::PublishRequested(request)) => victim.session.accept_publish(request.request).unwrap(),
                Some(ServerEvent::PlayRequested(request)) => victim.session.accept_play(request.request).unwrap(),
                _ => {}
            }
        }
    }

    /// A server that answers our client with anything.
    #[test]
    fn clients_survive_any_server(bytes in prop::collection::vec(any::<u8>(), 0..2_000), hits in prop::collection::vec((3_073_usize..4_000, any::<u8>()), 1..6)) {
        let mut pair = Pair::default(URL, Purpose::Play);
        pair.run();
        pair.accept_play();
        pair.client.handle_input(&bytes, pair.now);
        while pair.client.poll_output().is_some() {}
        let mut down = pair.down.clone();
        for (at, value) in hits {
            if let Some(byte) = down.get_mut(at) {
                *byte = value;
            }
        }
        let mut fresh = Pair::default(URL, Purpose::Play);
        while fresh.client.poll_output().is_some() {}
        fresh.client.handle_input(&down, fresh.now);
        while fresh.client.poll_output().is_some() {}
    }
}
