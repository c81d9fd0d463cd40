//! What is known about renditions and workers, for people and dashboards.

use std::collections::HashMap;

use lianmai_hub::{Form, StreamKey};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::job::form_name;
use super::plan::{Condition, Planner};

/// Where a rendition stands.
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

impl RenditionStatus {
    /// Whether its job reads the plain key, as a viewer does.
    pub(super) fn plays_plain(&self) -> bool {
        self.state == RenditionState::Running && self.form.source().is_none()
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
    pub(super) workers: Vec<WorkerStatus>,
}

impl Snapshot {
    pub(super) fn of(planner: &Planner) -> Self {
        let mut snapshot = Self::default();
        for (key, condition, cause) in planner.renditions() {
            let Some(form) = key.form_of() else { continue };
            let mut status = RenditionStatus {
                form,
                state: RenditionState::Starting,
                reason: cause.map(super::plan::Cause::sentence),
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
            snapshot.renditions.entry(key.plain()).or_default().push(status);
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
