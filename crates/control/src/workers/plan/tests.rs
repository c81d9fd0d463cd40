//! The planner, case by case.

use std::time::Duration;

use lianmai_hub::job::{JobId, JobKind, JobReport, WorkerMessage};
use lianmai_hub::{Form, StreamKey};

use super::rendition::Shortage;
use super::*;
use crate::workers::config::JobTiming;

const NOW: Duration = Duration::from_secs(1_000);

fn key(stream: &str, form: Form) -> StreamKey {
    StreamKey::new("demo", stream).form(form)
}

fn sound(stream: &str) -> Want {
    Want {
        key: key(stream, Form::Opus),
        work: Work::Rendition(JobKind::AudioToOpus { bitrate: 96_000 }),
        need: 0.02,
    }
}

fn picture(stream: &str, need: f64) -> Want {
    Want {
        key: key(stream, Form::H264),
        work: Work::Rendition(JobKind::VideoToH264 {
            bitrate: 2_000_000,
            max_side: 1_280,
        }),
        need,
    }
}

fn planner() -> Planner {
    Planner::new(JobTiming::default())
}

/// Starts among the actions: worker, job, stream.
fn starts(actions: &[Action]) -> Vec<(WorkerId, JobId, &str)> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Start { worker, job, key, .. } => Some((*worker, *job, key.stream())),
            Action::Update { .. } | Action::Stop { .. } => None,
        })
        .collect()
}

fn stops(actions: &[Action]) -> Vec<(WorkerId, JobId)> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Stop { worker, job } => Some((*worker, *job)),
            Action::Start { .. } | Action::Update { .. } => None,
        })
        .collect()
}

fn one_start(actions: &[Action]) -> (WorkerId, JobId) {
    let [(worker, job, _)] = starts(actions)[..] else {
        panic!("one start: {actions:?}");
    };
    (worker, job)
}

fn condition(planner: &Planner, want: &Want) -> Condition {
    let mut all = planner.renditions();
    all.find(|(key, ..)| **key == want.key).expect("wanted").2
}

fn shortage(planner: &Planner, want: &Want) -> Option<Shortage> {
    match condition(planner, want) {
        Condition::Waiting { shortage, .. } => shortage,
        other => panic!("it does not wait: {other:?}"),
    }
}

fn failed(id: JobId) -> WorkerMessage {
    WorkerMessage::Failed {
        id,
        reason: "the decoder fell over".to_owned(),
    }
}

fn report(id: JobId, cpu: f64, frames_in: u64, frames_out: u64) -> JobReport {
    JobReport {
        id,
        cpu,
        memory: 1 << 20,
        frames_in,
        frames_out,
    }
}

#[test]
fn a_wanted_rendition_is_started_once_and_stopped_when_nobody_wants_it() {
    let mut planner = planner();
    let worker = planner.join("w".to_owned(), 4.0);
    planner.want(vec![sound("a")], NOW);
    let (at, job) = one_start(&planner.poll(NOW));
    assert_eq!(at, worker);
    planner.want(vec![sound("a")], NOW);
    assert_eq!(planner.poll(NOW), []);
    planner.hear(worker, WorkerMessage::Started { id: job }, NOW);
    assert!(matches!(
        condition(&planner, &sound("a")),
        Condition::Running { .. }
    ));
    assert_eq!(planner.poll(NOW), []);
    planner.want(Vec::new(), NOW);
    assert_eq!(planner.poll(NOW), [Action::Stop { worker, job }]);
    planner.hear(worker, WorkerMessage::Stopped { id: job }, NOW);
    assert_eq!((planner.poll(NOW), planner.deadline(NOW)), (Vec::new(), None));
    assert_eq!(planner.renditions().count(), 0);
}

#[test]
fn jobs_go_where_most_is_free() {
    let mut planner = planner();
    let small = planner.join("small".to_owned(), 1.0);
    let big = planner.join("big".to_owned(), 1.5);
    planner.want((0..4).map(|n| picture(&format!("s{n}"), 0.4)).collect(), NOW);
    let actions = planner.poll(NOW);
    let at: Vec<WorkerId> = starts(&actions).into_iter().map(|(worker, ..)| worker).collect();
    assert_eq!(at, [big, big, small, big]);
}

/// R-M7: no silent refusal; need and free are known, and it is told once.
#[test]
fn without_room_the_shortage_is_known_and_told_once() {
    let mut planner = planner();
    let want = picture("a", 0.5);
    planner.want(vec![want.clone()], NOW);
    assert_eq!(planner.poll(NOW), []);
    let none = Shortage { need: 0.5, free: 0.0 };
    assert_eq!(shortage(&planner, &want), Some(none));
    planner.join("tiny".to_owned(), 0.3);
    assert_eq!(planner.poll(NOW), []);
    let little = Shortage { need: 0.5, free: 0.3 };
    assert_eq!(shortage(&planner, &want), Some(little));
    let told: Vec<Note> = planner.take_notes();
    assert!(
        matches!(&told[..], [Note::NoCapacity { shortage, .. }] if *shortage == none),
        "{told:?}"
    );
    assert_eq!(planner.deadline(NOW), None, "it waits for a worker, not for time");
    let big = planner.join("big".to_owned(), 2.0);
    assert_eq!(one_start(&planner.poll(NOW)).0, big);
    assert!(matches!(
        planner.take_notes()[..],
        [Note::CapacityFound { .. }, Note::Started { .. }]
    ));
}

#[test]
fn sound_comes_before_pictures() {
    let mut planner = planner();
    planner.want(vec![picture("a", 0.5), picture("b", 0.5), sound("c")], NOW);
    planner.poll(NOW);
    planner.join("w".to_owned(), 0.6);
    let actions = planner.poll(NOW);
    let order: Vec<&str> = starts(&actions).into_iter().map(|(.., stream)| stream).collect();
    assert_eq!(order, ["c~opus", "a~h264"]);
}

#[test]
fn the_first_retry_is_elsewhere_and_at_once_then_it_waits() {
    let mut planner = planner();
    let first = planner.join("a".to_owned(), 4.0);
    let second = planner.join("b".to_owned(), 2.0);
    planner.want(vec![sound("s")], NOW);
    let (at, job) = one_start(&planner.poll(NOW));
    assert_eq!(at, first);
    planner.hear(first, failed(job), NOW);
    let (at, job) = one_start(&planner.poll(NOW));
    assert_eq!(at, second, "elsewhere, although it has less room");
    planner.hear(second, failed(job), NOW);
    assert_eq!(planner.poll(NOW), []);
    assert_eq!(planner.deadline(NOW), Some(NOW + Duration::from_millis(100)));
    let later = NOW + Duration::from_millis(100);
    assert_eq!(one_start(&planner.poll(later)).0, first);
    let (.., cause) = planner.renditions().next().unwrap();
    assert_eq!(cause.unwrap().sentence(), "the decoder fell over");
}

#[test]
fn a_job_that_ran_for_a_while_has_a_clean_record() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s")], NOW);
    let mut now = NOW;
    for _ in 0..3 {
        now = planner.deadline(now).map_or(now, |at| at.max(now));
        let (_, job) = one_start(&planner.poll(now));
        planner.hear(worker, WorkerMessage::Started { id: job }, now);
        planner.hear(worker, failed(job), now);
    }
    now = planner.deadline(now).unwrap();
    let (_, job) = one_start(&planner.poll(now));
    planner.hear(worker, WorkerMessage::Started { id: job }, now);
    now = planner.deadline(now).unwrap();
    assert_eq!(planner.poll(now), []);
    planner.hear(worker, failed(job), now);
    one_start(&planner.poll(now));
}

#[test]
fn jobs_of_a_lost_worker_move_at_once() {
    let mut planner = planner();
    let first = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s"), picture("t", 0.5)], NOW);
    assert_eq!(starts(&planner.poll(NOW)).len(), 2);
    let second = planner.join("b".to_owned(), 4.0);
    planner.leave(first, NOW);
    let actions = planner.poll(NOW);
    assert_eq!(starts(&actions).len(), 2);
    assert!(starts(&actions).iter().all(|(worker, ..)| *worker == second));
    assert_eq!(stops(&actions), [], "there is nobody to tell");
}

/// R-M5, R-M7: a refusal teaches what is needed and what is free.
#[test]
fn a_refusal_is_believed_until_there_is_room() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    let want = picture("s", 0.2);
    planner.want(vec![want.clone()], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    let refused = WorkerMessage::Refused {
        id,
        need: 0.9,
        free: 0.4,
    };
    planner.hear(worker, refused, NOW);
    assert_eq!(planner.poll(NOW), []);
    assert_eq!(shortage(&planner, &want), Some(Shortage { need: 0.9, free: 0.4 }));
    let free = |free| WorkerMessage::Report {
        free,
        jobs: Vec::new(),
    };
    planner.hear(worker, free(0.8), NOW);
    assert_eq!(planner.poll(NOW), []);
    planner.hear(worker, free(1.0), NOW);
    one_start(&planner.poll(NOW));
}

#[test]
fn what_is_measured_counts_and_not_what_was_guessed() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 1.0);
    planner.want(vec![picture("a", 0.6)], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    let both = vec![picture("a", 0.6), picture("b", 0.6)];
    planner.want(both, NOW);
    assert_eq!(planner.poll(NOW), []);
    for n in 1..20 {
        let message = WorkerMessage::Report {
            free: 0.9,
            jobs: vec![report(id, 0.1, n * 30, n * 30)],
        };
        planner.hear(worker, message, NOW + Duration::from_secs(n));
    }
    let actions = planner.poll(NOW + Duration::from_secs(20));
    assert_eq!(starts(&actions).len(), 1, "the job takes 0.1 cores, not 0.6");
    // Other programs on the worker's machine count, too.
    let busy = WorkerMessage::Report {
        free: 0.05,
        jobs: vec![report(id, 0.1, 600, 600)],
    };
    planner.hear(worker, busy, NOW + Duration::from_secs(21));
    assert_eq!(planner.loads()[0].1.free, 0.0);
}

/// R-A6: input without output for two seconds restarts the job.
#[test]
fn a_stuck_job_is_restarted() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s")], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    let mut say = |second: u64, frames_in, frames_out| {
        let now = NOW + Duration::from_secs(second);
        let jobs = vec![report(id, 0.02, frames_in, frames_out)];
        planner.hear(worker, WorkerMessage::Report { free: 3.9, jobs }, now);
        planner.poll(now)
    };
    assert_eq!(say(1, 50, 50), []);
    assert_eq!(say(2, 50, 50), [], "nothing came in, nothing can go out");
    assert_eq!(say(9, 50, 50), []);
    assert_eq!(say(10, 100, 51), []);
    assert_eq!(say(11, 150, 51), []);
    let actions = say(12, 200, 51);
    assert_eq!(stops(&actions), [(worker, id)]);
    let (_, next) = one_start(&actions);
    assert_ne!(next, id);
    let counted = planner.take_notes();
    assert!(counted.iter().any(|note| matches!(
        note,
        Note::Lost {
            cause: Cause::Stalled,
            ..
        }
    )));
}

#[test]
fn a_job_that_does_not_start_is_given_up() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s")], NOW);
    let (_, job) = one_start(&planner.poll(NOW));
    let late = planner.deadline(NOW).unwrap();
    assert_eq!(late, NOW + Duration::from_secs(10));
    let actions = planner.poll(late);
    assert_eq!(stops(&actions), [(worker, job)]);
    let (_, next) = one_start(&actions);
    // The late answer of the job that was given up means nothing.
    planner.hear(worker, WorkerMessage::Started { id: job }, late);
    assert!(matches!(condition(&planner, &sound("s")), Condition::Starting { job, .. } if job == next));
}

#[test]
fn a_job_that_does_not_stop_is_forgotten_and_told_again_when_it_shows() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 0.5);
    planner.want(vec![picture("a", 0.5)], NOW);
    let (_, job) = one_start(&planner.poll(NOW));
    planner.want(vec![picture("b", 0.5)], NOW);
    let actions = planner.poll(NOW);
    assert_eq!(stops(&actions), [(worker, job)]);
    assert_eq!(starts(&actions), [], "its room is still taken");
    let until = planner.deadline(NOW).unwrap();
    assert_eq!(until, NOW + Duration::from_secs(5));
    one_start(&planner.poll(until));
    let stray = WorkerMessage::Report {
        free: 0.5,
        jobs: vec![report(job, 0.5, 1, 1)],
    };
    planner.hear(worker, stray, until);
    assert_eq!(planner.poll(until), [Action::Stop { worker, job }]);
}

#[test]
fn a_job_that_its_worker_no_longer_knows_is_started_again() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s")], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    let with = |jobs| WorkerMessage::Report { free: 3.9, jobs };
    planner.hear(worker, with(vec![report(id, 0.02, 9, 9)]), NOW);
    for _ in 0..2 {
        planner.hear(worker, with(Vec::new()), NOW);
        assert_eq!(planner.poll(NOW), []);
    }
    planner.hear(worker, with(Vec::new()), NOW);
    assert_ne!(one_start(&planner.poll(NOW)).1, id);
}

#[test]
fn workers_cannot_speak_of_jobs_of_others() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    let stranger = planner.join("b".to_owned(), 0.0);
    planner.want(vec![sound("s")], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    planner.take_notes();
    planner.hear(stranger, WorkerMessage::Started { id }, NOW);
    planner.hear(stranger, failed(id), NOW);
    planner.hear(stranger, WorkerMessage::Stopped { id }, NOW);
    planner.hear(worker, failed(JobId(u64::MAX)), NOW);
    assert_eq!(planner.poll(NOW), []);
    assert!(matches!(
        condition(&planner, &sound("s")),
        Condition::Starting { .. }
    ));
    assert!(
        planner
            .take_notes()
            .iter()
            .all(|note| matches!(note, Note::Odd { .. }))
    );
}

#[test]
fn figures_out_of_range_do_no_harm() {
    let mut planner = planner();
    let worker = planner.join("a".to_owned(), 4.0);
    planner.want(vec![sound("s")], NOW);
    let (_, id) = one_start(&planner.poll(NOW));
    for (free, cpu) in [
        (f64::NAN, f64::NAN),
        (-1e300, -5.0),
        (f64::INFINITY, f64::INFINITY),
    ] {
        let jobs = vec![report(id, cpu, u64::MAX, 0)];
        planner.hear(worker, WorkerMessage::Report { free, jobs }, NOW);
        planner.poll(NOW);
        let load = &planner.loads()[0].1;
        assert!((0.0..=4.0).contains(&load.free), "{load:?}");
    }
}
