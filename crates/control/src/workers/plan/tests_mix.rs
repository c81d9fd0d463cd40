//! The planner and mixes, case by case.

use std::time::Duration;

use lianmai_hub::StreamKey;
use lianmai_hub::job::{JobId, WorkerMessage};
use lianmai_rooms::layout::Canvas;

use super::*;
use crate::workers::config::JobTiming;

const NOW: Duration = Duration::from_secs(1_000);

fn mix(revision: u64, need: f64) -> Want {
    sized(1_280, revision, need)
}

fn sized(width: u32, revision: u64, need: f64) -> Want {
    let canvas = Canvas {
        width,
        ..Canvas::default()
    };
    Want {
        key: StreamKey::new("demo", "mix"),
        work: Work::Mix { canvas, revision },
        need,
    }
}

fn started(actions: &[Action]) -> (WorkerId, JobId, u64) {
    match actions {
        [
            Action::Start {
                worker,
                job,
                work: Work::Mix { revision, .. },
                ..
            },
        ] => (*worker, *job, *revision),
        other => panic!("one mix is started: {other:?}"),
    }
}

fn planner() -> (Planner, WorkerId) {
    let mut planner = Planner::new(JobTiming::default());
    let worker = planner.join("w".to_owned(), 4.0);
    (planner, worker)
}

fn is_update(actions: &[Action], id: JobId) -> bool {
    matches!(actions, [Action::Update { job, .. }] if *job == id)
}

#[test]
fn a_mix_that_runs_is_told_of_changes_and_one_that_starts_when_it_runs() {
    let (mut planner, worker) = planner();
    planner.want(vec![mix(1, 0.3)], NOW);
    let (_, id, revision) = started(&planner.poll(NOW));
    assert_eq!(revision, 1);
    planner.want(vec![mix(2, 0.3)], NOW);
    planner.want(vec![mix(3, 0.4)], NOW);
    assert_eq!(planner.poll(NOW), [], "it is starting");
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    assert!(is_update(&planner.poll(NOW), id));
    assert_eq!(planner.poll(NOW), [], "once");
    planner.want(vec![mix(4, 0.4)], NOW);
    assert!(is_update(&planner.poll(NOW), id));
}

#[test]
fn a_new_job_begins_with_what_is_composed_now() {
    let (mut planner, worker) = planner();
    planner.want(vec![mix(1, 0.3)], NOW);
    let (_, id, _) = started(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    planner.want(vec![mix(7, 0.3)], NOW);
    planner.leave(worker, NOW);
    assert_eq!(planner.poll(NOW), []);
    let other = planner.join("x".to_owned(), 4.0);
    let (at, id, revision) = started(&planner.poll(NOW));
    assert_eq!((at, revision), (other, 7));
    planner.hear(other, WorkerMessage::Started { id }, NOW);
    assert_eq!(planner.poll(NOW), [], "it knows that");
}

#[test]
fn another_canvas_is_another_job() {
    let (mut planner, worker) = planner();
    planner.want(vec![mix(1, 0.3)], NOW);
    let (_, id, _) = started(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    planner.want(vec![sized(640, 2, 0.1)], NOW);
    let actions = planner.poll(NOW);
    assert!(
        matches!(actions[0], Action::Stop { job, .. } if job == id),
        "{actions:?}"
    );
    assert_ne!(started(&actions[1..]).1, id);
}

/// R-M5, R-M7: refused with numbers; inputs that come count before they are measured.
#[test]
fn mixes_are_admitted_by_cost() {
    let (mut planner, worker) = planner();
    planner.want(vec![mix(1, 5.0)], NOW);
    assert_eq!(planner.poll(NOW), []);
    let (_, _, condition, _) = planner.renditions().next().unwrap();
    let Condition::Waiting {
        shortage: Some(shortage),
        ..
    } = condition
    else {
        panic!("{condition:?}");
    };
    assert_eq!((shortage.need, shortage.free), (5.0, 4.0));
    planner.want(vec![mix(2, 1.0)], NOW);
    let (_, id, _) = started(&planner.poll(NOW));
    planner.hear(worker, WorkerMessage::Started { id }, NOW);
    assert_eq!(planner.loads()[0].1.free, 3.0);
    planner.want(vec![mix(3, 2.5)], NOW);
    assert!(is_update(&planner.poll(NOW), id));
    assert_eq!(planner.loads()[0].1.free, 1.5);
}

/// What a worker refused is not what is wanted any more.
#[test]
fn a_smaller_mix_is_tried_again() {
    let (mut planner, worker) = planner();
    planner.want(vec![mix(1, 0.5)], NOW);
    let (_, id, _) = started(&planner.poll(NOW));
    let refused = WorkerMessage::Refused {
        id,
        need: 3.0,
        free: 2.0,
    };
    planner.hear(worker, refused, NOW);
    assert_eq!(planner.poll(NOW), []);
    planner.want(vec![mix(2, 0.4)], NOW);
    started(&planner.poll(NOW));
}
