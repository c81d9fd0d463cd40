//! tmp
use std::time::Duration;
use bytes::Bytes;
use lianmai_hub::*;
use lianmai_media::*;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let hub = Hub::new(HubConfig::default());
    let key = StreamKey::new("a", "b");
    let p = hub.publish(key.form(Form::Rtc), PublishOptions::default()).unwrap();
    p.set_video(VideoConfig { codec: VideoCodec::H264, record: Bytes::new(), width: 1, height: 1, profile: 66, level: 1, reorder_depth: Some(0) }).unwrap();
    let local = tokio::task::LocalSet::new();
    let n = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    for _ in 0..1500 {
        let mut f = hub.follow(&key, FeedOptions { kind: TrackKind::Video, accept: Accept { video: vec![VideoCodec::H264], b_frames: false }, coalesce: Duration::from_millis(20), holder: None }).unwrap();
        let n = n.clone();
        local.spawn_local(async move { let mut b = Vec::new(); loop { f.next_batch(&mut b).await; n.fetch_add(b.len() as u64, std::sync::atomic::Ordering::Relaxed); } });
    }
    let cpu = || { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let v: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); v[11].parse::<f64>().unwrap() / 100.0 + v[12].parse::<f64>().unwrap() / 100.0 };
    let c0 = cpu();
    local.run_until(async {
        let mut t = tokio::time::interval(Duration::from_millis(33));
        for i in 0..150i64 { t.tick().await; p.push(Frame { kind: TrackKind::Video, dts: MediaTime::from_millis(i * 33), composition: MediaDuration::from_millis(0), keyframe: i % 30 == 0, payload: Bytes::from(vec![0; 2500]) }).unwrap(); }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }).await;
    let d = n.load(std::sync::atomic::Ordering::Relaxed);
    println!("{} deliveries, cpu {:.2}s, {:.2} us each; RSS {}", d, cpu() - c0, (cpu() - c0) * 1e6 / d as f64, std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmRSS")).unwrap());
}
