//! After a restart: repairs what a crash left on disk and takes up what had not ended.

use lianmai_recorder::{RecoveredPart, recover};

use super::running::{Active, OpenRecordingsError, Recordings};
use super::{Part, PartState, Recording, writer};
use crate::store::{Op, StoreError};

impl Recordings {
    /// Once, before anything is recorded.
    pub(super) async fn restore(&self) -> Result<(), OpenRecordingsError> {
        for recording in self.core.store.unfinished_recordings().await? {
            let id = recording.id.clone();
            if let Err(error) = self.take_up(recording).await {
                tracing::error!(recording = id, %error, "a recording was not taken up again");
            }
        }
        Ok(())
    }

    async fn take_up(&self, recording: Recording) -> Result<(), StoreError> {
        let dir = self.dir_of(&recording);
        let repaired = tokio::task::spawn_blocking(move || recover(&dir)).await;
        let repaired: Vec<RecoveredPart> = match repaired {
            Ok(Ok(parts)) => parts,
            // Nothing had been written.
            Ok(Err(error)) => {
                tracing::warn!(recording = recording.id, %error, "nothing to repair");
                Vec::new()
            }
            Err(error) => {
                tracing::error!(recording = recording.id, %error, "repairing failed");
                Vec::new()
            }
        };
        let known = self.core.store.recording_parts(&recording.id).await?;
        let mut ops = Vec::new();
        for found in &repaired {
            let is_new = known
                .iter()
                .find(|part| part.part == found.part)
                .is_none_or(|part| part.state == PartState::Open);
            if is_new {
                tracing::info!(recording = recording.id, part = found.part, "a part was repaired");
                metrics::counter!("lianmai_recording_parts_repaired_total").increment(1);
                let mut facts = writer::facts(&found.facts);
                let before = known.iter().find(|part| part.part == found.part);
                if let Some(before) = before.filter(|before| before.facts.started_at > 0) {
                    facts.started_at = before.facts.started_at;
                }
                let part = Part::new(&recording.id, found.part, facts, PartState::Complete);
                ops.push(Op::SavePart(Box::new(part)));
            }
        }
        if !ops.is_empty() {
            self.core.store.write(ops).await?;
        }
        let numbers = known.iter().map(|part| part.part);
        let last = numbers.chain(repaired.iter().map(|part| part.part)).max();
        self.running.lock().all.insert(
            recording.id.clone(),
            Active {
                recording,
                next_part: last.map_or(1, |last| last.saturating_add(1)),
                writer: None,
                is_ending: false,
            },
        );
        Ok(())
    }
}
