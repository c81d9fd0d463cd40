//! From a want to a job and back.

use std::time::{Duration, Instant};

use lianmai_hub::job::{JobKind, JobReport, WorkerMessage};
use lianmai_hub::{Action, Form, StreamKey};

use crate::harness::{PATIENCE, Plane, until};

fn name(url: &str) -> StreamKey {
    let url = url::Url::parse(url).unwrap();
    let path: Vec<&str> = url.path_segments().unwrap().collect();
    StreamKey::new(path[0], path[1])
}

#[tokio::test]
async fn a_want_becomes_a_job_with_urls_that_open_what_it_needs() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let opus = plain.form(Form::Opus);
    let mut worker = plane.worker("w", 2.0).await;
    let want = plane.hub.want(&opus);
    let job = worker.start().await;
    assert_eq!(job.kind, JobKind::AudioToOpus { bitrate: 96_000 });
    assert_eq!(
        (name(&job.source), name(&job.target)),
        (plain.clone(), opus.clone())
    );
    assert!(
        job.source.starts_with("rtmp://127.0.0.1:1935/demo/"),
        "its own address"
    );
    assert!(job.source.contains("&coalesce=0&only=audio"));
    assert!(!format!("{job:?}").contains("w1."), "no token in logs");
    assert_eq!(
        plane.authorise(Action::Play, &job.source).await,
        Ok(plain.clone())
    );
    assert_eq!(
        plane.authorise(Action::Publish, &job.target).await,
        Ok(opus.clone())
    );
    for (action, url) in [(Action::Publish, &job.source), (Action::Play, &job.target)] {
        assert_eq!(plane.authorise(action, url).await, Err("token_signature"));
    }
    assert_eq!(plane.state(&plain, Form::Opus), Some("starting"));
    worker.say(&WorkerMessage::Started { id: job.id }).await;
    until("it runs", || plane.state(&plain, Form::Opus) == Some("running")).await;
    drop(want);
    assert_eq!(worker.stop().await, job.id);
    worker.say(&WorkerMessage::Stopped { id: job.id }).await;
    until("its room is free again", || {
        plane.service.workers().list()[0].jobs == 0
    })
    .await;
    assert_eq!(plane.state(&plain, Form::Opus), None);
    plane.finish().await;
}

#[tokio::test]
async fn a_failed_job_is_started_again_with_a_new_number() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let mut worker = plane.worker("w", 2.0).await;
    let _want = plane.hub.want(&plain.form(Form::Opus));
    let mut seen = Vec::new();
    let began = Instant::now();
    for _ in 0..4 {
        let job = worker.start().await;
        assert!(!seen.contains(&job.id));
        seen.push(job.id);
        let reason = "no\nsuch codec".to_owned();
        worker.say(&WorkerMessage::Failed { id: job.id, reason }).await;
    }
    // At once, then 20 ms, then 40 ms.
    assert!(began.elapsed() >= Duration::from_millis(60));
    until("it is told", || {
        let status = plane.service.workers().renditions(&plain);
        status
            .first()
            .is_some_and(|s| s.reason.as_deref() == Some("nosuch codec"))
    })
    .await;
    plane.finish().await;
}

/// kill −9 of a worker: its renditions go elsewhere at once.
#[tokio::test]
async fn jobs_of_a_lost_worker_go_to_another_at_once() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let mut first = plane.worker("first", 4.0).await;
    let mut second = plane.worker("second", 2.0).await;
    let _want = plane.hub.want(&plain.form(Form::Opus));
    let job = first.start().await;
    first.say(&WorkerMessage::Started { id: job.id }).await;
    let began = Instant::now();
    drop(first);
    let (again, _) = tokio::join!(second.start(), async {});
    assert_ne!(again.id, job.id);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    plane.finish().await;
}

/// R-M7: refused with numbers, visible, and started as soon as somebody has room.
#[tokio::test]
async fn no_capacity_is_shown_with_need_and_free() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let _want = plane.hub.want(&plain.form(Form::Opus));
    until("nobody is there", || {
        plane.state(&plain, Form::Opus) == Some("no_capacity")
    })
    .await;
    let mut small = plane.worker("small", 0.01).await;
    let short = |free: f64| {
        let status = plane.service.workers().renditions(&plain);
        status
            .first()
            .is_some_and(|s| s.need == Some(0.02) && s.free == Some(free))
    };
    until("it is too small", || short(0.01)).await;
    let waiting = async {
        let mut big = plane.worker("big", 1.0).await;
        (big.start().await, big)
    };
    let keep = async {
        // Pings have to be answered.
        let _ = tokio::time::timeout(PATIENCE, small.next()).await;
    };
    let (job, mut big) = tokio::select! {
        found = waiting => found,
        () = keep => panic!("the small one got the job"),
    };
    big.say(&WorkerMessage::Started { id: job.id }).await;
    until("it runs", || plane.state(&plain, Form::Opus) == Some("running")).await;
    plane.finish().await;
}

#[tokio::test]
async fn a_refusal_is_kept_until_the_worker_reports_room() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let mut worker = plane.worker("w", 1.0).await;
    let _want = plane.hub.want(&plain.form(Form::Opus));
    let id = worker.start().await.id;
    let refused = WorkerMessage::Refused {
        id,
        need: 0.5,
        free: 0.1,
    };
    worker.say(&refused).await;
    until("it is shown", || {
        let status = plane.service.workers().renditions(&plain);
        status
            .first()
            .is_some_and(|s| s.need == Some(0.5) && s.free == Some(0.1))
    })
    .await;
    worker.report(0.9, Vec::new()).await;
    assert_ne!(worker.start().await.id, id);
    plane.finish().await;
}

/// A gateway that forgot a job tells the worker to stop it.
#[tokio::test]
async fn jobs_nobody_handed_out_are_stopped() {
    let plane = Plane::start().await;
    let mut worker = plane.worker("w", 1.0).await;
    let stray = JobReport {
        id: lianmai_hub::job::JobId(77),
        cpu: 0.1,
        memory: 1,
        frames_in: 1,
        frames_out: 1,
    };
    worker.report(0.5, vec![stray]).await;
    assert_eq!(worker.stop().await.0, 77);
    plane.finish().await;
}

/// Hundreds of renditions, started and stopped, with nothing left over.
#[tokio::test]
async fn many_renditions_come_and_go() {
    let plane = Plane::start().await;
    let mut held = Vec::new();
    for n in 0..200 {
        let (key, publication) = plane.on_air_elsewhere(&format!("room{n}")).await;
        held.push((plane.hub.want(&key.form(Form::Opus)), publication));
    }
    let mut worker = plane.worker("big", 64.0).await;
    let mut jobs = Vec::new();
    for _ in 0..held.len() {
        let job = worker.start().await;
        worker.say(&WorkerMessage::Started { id: job.id }).await;
        jobs.push(job.id);
    }
    until("all run", || plane.service.workers().list()[0].jobs == 200).await;
    held.clear();
    for _ in 0..jobs.len() {
        let id = worker.stop().await;
        assert!(jobs.contains(&id));
        worker.say(&WorkerMessage::Stopped { id }).await;
    }
    until("none is left", || plane.service.workers().list()[0].jobs == 0).await;
    plane.finish().await;
}
