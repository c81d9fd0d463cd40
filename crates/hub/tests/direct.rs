//! Readers whose output the hub writes to by itself: the bytes are the same, whoever writes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{
    Content, Delivery, DirectWrite, EndReason, Hub, HubConfig, Item, Publication, PublishOptions,
    ReadOptions, Reader, StreamKey, Wire, WireForm,
};
use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};

/// An output that takes a limited number of bytes at a time.
#[derive(Default)]
struct Pipe {
    bytes: Mutex<Vec<u8>>,
    room: AtomicUsize,
    direct_writes: AtomicUsize,
}

impl Pipe {
    fn put(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
    }
}

impl DirectWrite for Pipe {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.room.load(Ordering::SeqCst).min(bytes.len());
        if n == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.fetch_sub(n, Ordering::SeqCst);
        self.direct_writes.fetch_add(1, Ordering::SeqCst);
        self.put(&bytes[..n]);
        Ok(n)
    }
}

fn wire() -> Wire {
    let parts = |item: &Item| match &item.content {
        Content::Frame(frame) => vec![
            Bytes::copy_from_slice(&item.sequence.to_be_bytes()),
            frame.payload.clone(),
        ],
        Content::Data { .. } => Vec::new(),
    };
    Wire {
        form: WireForm::RtmpChunks,
        parts: Arc::new(parts),
    }
}

fn push(publication: &Publication, n: i64) {
    let frame = Frame {
        kind: TrackKind::Video,
        dts: MediaTime::from_millis(n * 40),
        composition: MediaDuration::from_millis(0),
        keyframe: n % 10 == 0,
        payload: Bytes::from(vec![n as u8; 100 + (n as usize * 37) % 900]),
    };
    publication.push(frame).unwrap();
}

fn config(width: u32) -> VideoConfig {
    VideoConfig {
        codec: VideoCodec::H264,
        record: Bytes::copy_from_slice(&width.to_be_bytes()),
        width,
        height: 360,
        profile: 66,
        level: 30,
        reorder_depth: Some(0),
    }
}

fn expected(from: i64, to: i64) -> Vec<u8> {
    (from..to)
        .flat_map(|n| {
            let payload = vec![n as u8; 100 + (n as usize * 37) % 900];
            [(n as u64).to_be_bytes().to_vec(), payload].concat()
        })
        .collect()
}

struct Rig {
    hub: Hub,
    publication: Publication,
    pipe: Arc<Pipe>,
    reader: Reader,
}

fn rig(coalesce: Duration) -> Rig {
    let hub = Hub::new(HubConfig::default());
    let key = StreamKey::new("demo", "camera");
    let publication = hub.publish(key.clone(), PublishOptions::default()).unwrap();
    publication.set_video(config(640)).unwrap();
    let pipe = Arc::new(Pipe::default());
    let options = ReadOptions {
        coalesce: Some(coalesce),
        wire: Some(wire()),
        direct: Some(pipe.clone()),
        ..ReadOptions::default()
    };
    let reader = hub.subscribe(key, options).unwrap();
    Rig {
        hub,
        publication,
        pipe,
        reader,
    }
}

/// What a connection does: writes what it is given, until the stream ends.
async fn drive(reader: &mut Reader, pipe: &Pipe) -> EndReason {
    let mut batch = Vec::new();
    loop {
        // Now and then something else wakes the connection, and the wait is given up.
        let _ = tokio::time::timeout(Duration::from_millis(170), reader.next_batch(&mut batch)).await;
        if let Some(cut) = reader.reclaim() {
            pipe.put(&cut);
        }
        for delivery in batch.drain(..) {
            match delivery {
                Delivery::Run(bytes) => pipe.put(&bytes),
                Delivery::Item(item) => item
                    .wire(WireForm::RtmpChunks, |item| (wire().parts)(item))
                    .iter()
                    .for_each(|p| pipe.put(p)),
                Delivery::End(reason) => return reason,
                Delivery::Headers(_) | Delivery::Gap { .. } => {}
            }
        }
    }
}

async fn check(coalesce: Duration, room_per_frame: usize) -> usize {
    let Rig {
        hub,
        publication,
        pipe,
        mut reader,
    } = rig(coalesce);
    let feed = async {
        for n in 0..200 {
            if n == 120 {
                publication.set_video(config(1280)).unwrap();
            }
            push(&publication, n);
            pipe.room.fetch_add(room_per_frame, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        hub.end(&StreamKey::new("demo", "camera"));
    };
    let (reason, ()) = tokio::join!(drive(&mut reader, &pipe), feed);
    assert_eq!(reason, EndReason::Finished);
    assert_eq!(*pipe.bytes.lock().unwrap(), expected(0, 200));
    assert_eq!((reader.stats().delivered(), reader.stats().dropped()), (200, 0));
    drop((reader, publication));
    hub.shut_down().await;
    assert_eq!(hub.tasks(), 0);
    pipe.direct_writes.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn the_hub_writes_most_runs_by_itself() {
    let writes = check(Duration::from_millis(20), 100_000).await;
    assert!(writes > 150, "{writes} direct writes of 200 frames");
    assert!(check(Duration::ZERO, 100_000).await > 150);
}

/// Whatever the output takes at a time, nothing is lost, doubled or out of order.
#[tokio::test(start_paused = true)]
async fn a_full_output_cuts_runs_and_loses_nothing() {
    for room in [0, 1, 50, 333, 700, 5_000] {
        check(Duration::from_millis(20), room).await;
        check(Duration::ZERO, room).await;
        check(Duration::from_millis(130), room).await;
    }
}

/// A reader that is cut off while the hub writes for it learns so at once.
#[tokio::test(start_paused = true)]
async fn a_lent_output_does_not_hide_the_end() {
    let Rig {
        hub,
        publication,
        pipe,
        mut reader,
    } = rig(Duration::from_millis(20));
    pipe.room.store(1_000_000, Ordering::SeqCst);
    push(&publication, 0);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        push(&publication, 1);
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(publication);
    };
    let start = tokio::time::Instant::now();
    let (reason, ()) = tokio::join!(drive(&mut reader, &pipe), stop);
    assert_eq!(reason, EndReason::PublisherGone);
    assert_eq!(start.elapsed().as_secs(), 15);
    assert_eq!(*pipe.bytes.lock().unwrap(), expected(0, 2));
    drop(reader);
    hub.shut_down().await;
}
