//! The planner against workers that do anything.

use std::collections::BTreeMap;
use std::time::Duration;

use lianmai_hub::job::{JobId, JobKind, JobReport, WorkerMessage};
use lianmai_hub::{Form, StreamKey};
use lianmai_rooms::layout::Canvas;
use proptest::prelude::*;

use super::*;
use crate::workers::config::JobTiming;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Sound,
    Picture,
    /// Size and revision.
    Mix(bool, u64),
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Sound),
        Just(Kind::Picture),
        (any::<bool>(), 0_u64..5).prop_map(|(big, revision)| Kind::Mix(big, revision)),
    ]
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Want(Vec<(u8, Kind)>),
    Join(f64),
    Leave(usize),
    /// A worker says something of a job: which worker, which of all jobs ever, what.
    Say(usize, usize, Saying),
    /// A worker reports all it has, or all but one.
    Report(usize, f64, Option<usize>, bool),
    Pass(u64),
}

#[derive(Debug, Clone, Copy)]
enum Saying {
    Started,
    Stopped,
    Failed,
    Refused(f64, f64),
}

fn step() -> impl Strategy<Value = Step> {
    let saying = prop_oneof![
        Just(Saying::Started),
        Just(Saying::Stopped),
        Just(Saying::Failed),
        (0.0..2.0, 0.0..2.0).prop_map(|(need, free)| Saying::Refused(need, free)),
    ];
    prop_oneof![
        2 => prop::collection::vec((0_u8..6, kind()), 0..8).prop_map(Step::Want),
        1 => (0.0..3.0).prop_map(Step::Join),
        1 => (0_usize..4).prop_map(Step::Leave),
        6 => (0_usize..4, 0_usize..1_000, saying).prop_map(|(w, j, s)| Step::Say(w, j, s)),
        2 => (0_usize..4, 0.0..3.0, prop::option::of(0_usize..4), any::<bool>())
            .prop_map(|(w, free, without, stuck)| Step::Report(w, free, without, stuck)),
        2 => (0_u64..6_000).prop_map(Step::Pass),
    ]
}

/// What an onlooker knows from actions and messages alone.
#[derive(Default)]
struct World {
    now: Duration,
    wanted: BTreeMap<StreamKey, Work>,
    workers: Vec<WorkerId>,
    /// Jobs that were started and not told to stop, and did not end, and what they were told last.
    live: BTreeMap<JobId, (WorkerId, StreamKey, Work)>,
    /// All jobs ever handed out.
    ever: Vec<JobId>,
    reports: u64,
}

impl World {
    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start {
                    worker,
                    job,
                    key,
                    work,
                } => {
                    assert!(self.workers.contains(&worker), "a job for a worker that is gone");
                    assert!(!self.ever.contains(&job), "a job's number is used again");
                    assert_eq!(
                        self.wanted.get(&key),
                        Some(&work),
                        "{key} is started as it is not wanted"
                    );
                    let twice = self.live.values().any(|(_, other, _)| *other == key);
                    assert!(!twice, "{key} has two jobs");
                    self.ever.push(job);
                    self.live.insert(job, (worker, key, work));
                }
                Action::Update { worker, job, key } => {
                    let (at, of, told) = self
                        .live
                        .get_mut(&job)
                        .expect("an update for a job that does not run");
                    assert!(*at == worker && *of == key);
                    let new = self.wanted.get(&key).expect("an update of what nobody wants");
                    assert!(told.continues_as(new), "{told:?} cannot go on as {new:?}");
                    *told = new.clone();
                }
                Action::Stop { worker, job } => {
                    if self.live.get(&job).is_some_and(|(at, ..)| *at == worker) {
                        self.live.remove(&job);
                    }
                }
            }
        }
        for (_, key, work) in self.live.values() {
            let wanted = self.wanted.get(key).expect("what runs is wanted");
            assert!(
                work.continues_as(wanted),
                "{key} runs as {work:?}, not as {wanted:?}"
            );
        }
    }

    fn ended(&mut self, worker: WorkerId, job: JobId) {
        if self.live.get(&job).is_some_and(|(at, ..)| *at == worker) {
            self.live.remove(&job);
        }
    }

    fn step(&mut self, planner: &mut Planner, step: Step) {
        match step {
            Step::Want(list) => {
                let wants: Vec<Want> = list.into_iter().map(|(n, kind)| want(n, kind)).collect();
                // The first of a key counts.
                self.wanted = wants
                    .iter()
                    .rev()
                    .map(|want| (want.key.clone(), want.work.clone()))
                    .collect();
                planner.want(wants, self.now);
            }
            Step::Join(capacity) => self.workers.push(planner.join("w".to_owned(), capacity)),
            Step::Leave(n) if n < self.workers.len() => {
                let worker = self.workers.remove(n);
                self.live.retain(|_, (at, ..)| *at != worker);
                planner.leave(worker, self.now);
            }
            Step::Say(worker, job, saying) => {
                let (Some(&worker), false) = (self.workers.get(worker), self.ever.is_empty()) else {
                    return;
                };
                let id = self.ever[job % self.ever.len()];
                let message = match saying {
                    Saying::Started => WorkerMessage::Started { id },
                    Saying::Stopped => WorkerMessage::Stopped { id },
                    Saying::Failed => WorkerMessage::Failed {
                        id,
                        reason: String::new(),
                    },
                    Saying::Refused(need, free) => WorkerMessage::Refused { id, need, free },
                };
                if !matches!(saying, Saying::Started) {
                    self.ended(worker, id);
                }
                planner.hear(worker, message, self.now);
            }
            Step::Report(worker, free, without, stuck) => {
                let Some(&worker) = self.workers.get(worker) else {
                    return;
                };
                self.reports += 20;
                let all = self.live.iter().filter(|(_, (at, ..))| *at == worker);
                let all = all.map(|(id, _)| JobReport {
                    id: *id,
                    cpu: 0.1,
                    memory: 1,
                    frames_in: self.reports,
                    frames_out: if stuck { 1 } else { self.reports },
                });
                let mut jobs: Vec<JobReport> = all.collect();
                if let Some(without) = without.filter(|at| *at < jobs.len()) {
                    // Three of these in a row end the job: the planner may know it before the onlooker does.
                    let lost = jobs.remove(without).id;
                    for _ in 0..3 {
                        let jobs = jobs.clone();
                        planner.hear(worker, WorkerMessage::Report { free, jobs }, self.now);
                    }
                    let forgotten = planner.take_notes().into_iter().any(
                        |note| matches!(note, Note::Lost { job, cause: Cause::Forgotten, .. } if job == lost),
                    );
                    if forgotten {
                        self.ended(worker, lost);
                    }
                } else {
                    planner.hear(worker, WorkerMessage::Report { free, jobs }, self.now);
                }
            }
            Step::Pass(millis) => self.now += Duration::from_millis(millis),
            Step::Leave(_) => {}
        }
    }
}

fn want(n: u8, kind: Kind) -> Want {
    let plain = StreamKey::new("demo", &format!("s{n}"));
    match kind {
        Kind::Picture => Want {
            key: plain.form(Form::H264),
            work: Work::Rendition(JobKind::VideoToH264 {
                bitrate: 1,
                max_side: 1,
            }),
            need: 0.3,
        },
        Kind::Sound => Want {
            key: plain.form(Form::Opus),
            work: Work::Rendition(JobKind::AudioToOpus { bitrate: 1 }),
            need: 0.02,
        },
        Kind::Mix(big, revision) => {
            let canvas = Canvas {
                width: if big { 1_280 } else { 640 },
                ..Canvas::default()
            };
            Want {
                key: plain,
                work: Work::Mix { canvas, revision },
                need: if big { 0.5 } else { 0.2 },
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Never two jobs for one rendition or mix, none for one that nobody wants; and when a worker with room for
    /// everything comes and does what it is told, everything runs, and mixes as they are wanted last.
    #[test]
    fn whatever_workers_do_the_wanted_runs_once(steps in prop::collection::vec(step(), 1..60)) {
        let mut planner = Planner::new(JobTiming::default());
        let mut world = World::default();
        for step in steps {
            world.step(&mut planner, step);
            let actions = planner.poll(world.now);
            world.act(actions);
        }
        // From now on there is one worker, and it is a good one.
        for worker in std::mem::take(&mut world.workers) {
            world.live.retain(|_, (at, ..)| *at != worker);
            planner.leave(worker, world.now);
        }
        let good = planner.join("good".to_owned(), 1_000.0);
        world.workers.push(good);
        for _ in 0..100 {
            let actions = planner.poll(world.now);
            let idle = actions.is_empty();
            for action in &actions {
                let message = match action {
                    Action::Start { job, .. } => WorkerMessage::Started { id: *job },
                    Action::Stop { job, .. } => WorkerMessage::Stopped { id: *job },
                    Action::Update { .. } => continue,
                };
                planner.hear(good, message, world.now);
            }
            world.act(actions);
            match planner.deadline(world.now) {
                Some(next) => world.now = world.now.max(next),
                None if idle => break,
                None => {}
            }
        }
        prop_assert_eq!(planner.deadline(world.now), None, "nothing is left to be done");
        let running: BTreeMap<StreamKey, Work> =
            world.live.values().map(|(_, key, work)| (key.clone(), work.clone())).collect();
        prop_assert_eq!(&running, &world.wanted);
        for (key, _, condition, _) in planner.renditions() {
            prop_assert!(matches!(condition, Condition::Running { .. }), "{} {:?}", key, condition);
        }
    }
}
