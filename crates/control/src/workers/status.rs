//! What is known about renditions, mixes and workers, for people and dashboards.

use std::collections::{HashMap, HashSet};

use lianmai_hub::{Form, StreamKey};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::job::form_name;
use super::plan::{Cause, Condition, Planner, Work};
use crate::mixing::Plans;

/// Where a rendition or a mix stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenditionState {
    /// It was handed to a worker, or is about to be.
    Starting,
    /// It is on air.
    Running,
    /// No worker has room for it.
    NoCapacity,
    /// It failed and will be tried again.
    Failed,
}

impl RenditionState {
    /// As in JSON and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::NoCapacity => "no_capacity",
            Self::Failed => "failed",
        }
    }
}

/// A rendition that somebody wants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RenditionStatus {
    /// What it is: `opus`, `aac`, `h264`, or `nob` (H.264 without B-frames).
    #[schema(value_type = String, example = "opus")]
    #[serde(serialize_with = "name")]
    pub form: Form,
    /// Where it stands.
    pub state: RenditionState,
    /// What went wrong last, or why it cannot run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `no_capacity`: the cores it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<f64>,
    /// With `no_capacity`: the most cores that are free on one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<f64>,
}

/// A mix that a room has.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MixStatus {
    /// Where it stands.
    pub state: RenditionState,
    /// What went wrong last, or why it cannot run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `no_capacity`: the cores it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<f64>,
    /// With `no_capacity`: the most cores that are free on one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<f64>,
}

impl MixStatus {
    fn of(condition: Condition, cause: Option<&Cause>) -> Self {
        let mut status = Self {
            state: RenditionState::Starting,
            reason: cause.map(Cause::sentence),
            need: None,
            free: None,
        };
        match condition {
            Condition::Starting { .. } => {}
            Condition::Running { .. } => {
                status.state = RenditionState::Running;
                status.reason = None;
            }
            Condition::Waiting {
                shortage: Some(shortage),
                ..
            } => {
                status.state = RenditionState::NoCapacity;
                status.reason = Some("no worker has room".to_owned());
                (status.need, status.free) = (Some(cents(shortage.need)), Some(cents(shortage.free)));
            }
            Condition::Waiting { .. } if cause.is_some() => status.state = RenditionState::Failed,
            Condition::Waiting { .. } => {}
        }
        status
    }
}

impl RenditionStatus {
    fn new(form: Form, job: MixStatus) -> Self {
        let MixStatus {
            state,
            reason,
            need,
            free,
        } = job;
        Self {
            form,
            state,
            reason,
            need,
            free,
        }
    }
}

/// A connected worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerStatus {
    /// The name it gave itself.
    pub name: String,
    /// Cores it offers.
    pub capacity: f64,
    /// Cores a new job may count on.
    pub free: f64,
    /// Jobs it has.
    pub jobs: usize,
    /// Cores its jobs use.
    pub cpu: f64,
    /// Bytes its jobs use.
    pub memory: u64,
}

/// Everything at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// By the plain key of the stream.
    pub(super) renditions: HashMap<StreamKey, Vec<RenditionStatus>>,
    /// By the key of the mix.
    pub(super) mixes: HashMap<StreamKey, MixStatus>,
    /// What mixes publish.
    pub(super) made: HashSet<StreamKey>,
    pub(super) workers: Vec<WorkerStatus>,
}

impl Snapshot {
    pub(super) fn of(planner: &Planner, plans: &Plans) -> Self {
        let mut snapshot = Self::default();
        for (key, work, condition, cause) in planner.renditions() {
            let status = MixStatus::of(condition, cause);
            match (work, key.form_of()) {
                (Work::Mix { .. }, _) => {
                    let sounds = plans.get(key).map(|plan| plan.sounds.iter());
                    let sounds = sounds.into_iter().flatten().map(|(_, key)| key.clone());
                    snapshot.made.extend(sounds.chain([key.clone()]));
                    snapshot.mixes.insert(key.clone(), status);
                }
                (Work::Rendition(_), Some(form)) => {
                    let of_stream = snapshot.renditions.entry(key.plain()).or_default();
                    of_stream.push(RenditionStatus::new(form, status));
                }
                (Work::Rendition(_), None) => {}
            }
        }
        let workers = planner.loads().into_iter().map(|(_, load)| WorkerStatus {
            name: load.name,
            capacity: load.capacity,
            free: cents(load.free),
            jobs: load.jobs,
            cpu: cents(load.cpu),
            memory: load.memory,
        });
        snapshot.workers = workers.collect();
        snapshot
    }
}

fn name<S: Serializer>(form: &Form, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(form_name(*form))
}

/// Hundredths of a core are all there is to know.
fn cents(cores: f64) -> f64 {
    (cores * 100.0).round() / 100.0
}
