//! The queue of uploads, and that of what is to be removed from where it was uploaded to.

use lianmai_rooms::{AppId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::read::{parse, timestamp};
use super::run::{json, millis};
use super::{Store, StoreError};
use crate::recordings::{Location, Part};

/// One change of the queues.
#[derive(Debug)]
pub(crate) enum UploadOp {
    /// A complete part that is on disk only. Nothing when it waits already.
    Queue {
        recording: String,
        part: u32,
        at: Timestamp,
    },
    /// All of them, and those that were given up.
    QueueAll {
        at: Timestamp,
    },
    /// Those of one recording that were given up, or wait for their next attempt.
    Hurry {
        recording: String,
        at: Timestamp,
    },
    /// How far one is.
    Keep {
        recording: String,
        part: u32,
        progress: String,
    },
    Failed(Box<FailedUpload>),
    /// The part is there, and what was said of it is right; it is on disk, too.
    Verified {
        part: Box<Part>,
        progress: String,
    },
    /// Nothing is left to be done.
    Done {
        recording: String,
        part: u32,
        location: Location,
    },
    /// An object, or a multipart upload, to be removed.
    Remove {
        object: String,
        upload: Option<String>,
        at: Timestamp,
    },
    Removed(i64),
    RemoveLater {
        id: i64,
        next_at: Timestamp,
    },
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct FailedUpload {
    pub(crate) recording: String,
    pub(crate) part: u32,
    pub(crate) attempts: u32,
    pub(crate) next_at: Timestamp,
    pub(crate) reason: &'static str,
    pub(crate) error: String,
    pub(crate) is_given_up: bool,
}

/// A part that waits.
#[derive(Debug, Clone)]
pub(crate) struct QueuedUpload {
    pub(crate) app: AppId,
    pub(crate) recording: String,
    pub(crate) part: u32,
    pub(crate) queued_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) next_at: Timestamp,
    pub(crate) reason: Option<String>,
    pub(crate) progress: String,
}

/// An object to be removed.
#[derive(Debug, Clone)]
pub(crate) struct QueuedRemoval {
    pub(crate) id: i64,
    pub(crate) object: String,
    pub(crate) upload: Option<String>,
    pub(crate) queued_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) next_at: Timestamp,
}

/// The queue in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UploadCounts {
    pub(crate) waiting: u64,
    pub(crate) bytes: u64,
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) given_up: u64,
    pub(crate) removals: u64,
}

macro_rules! waiting {
    ($rest:literal) => {
        concat!(
            "SELECT r.app, u.recording, u.part, u.queued_at, u.attempts, u.next_at, u.reason, u.progress ",
            "FROM uploads u JOIN recordings r ON r.id = u.recording WHERE u.state = 'waiting' ",
            $rest
        )
    };
}

impl Store {
    /// Uploads in the order in which they are due.
    pub(crate) async fn queued_uploads(&self, limit: usize) -> Result<Vec<QueuedUpload>, StoreError> {
        let rows = query(waiting!("ORDER BY u.next_at, u.queued_at LIMIT ?"))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(upload).collect()
    }

    /// Uploads that are there; only their local files may be left.
    pub(crate) async fn verified_uploads(&self) -> Result<Vec<QueuedUpload>, StoreError> {
        let rows = query(waiting!("AND json_extract(u.progress, '$.is_verified')"))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(upload).collect()
    }

    /// How far the uploads of a recording are: the parts that may have left something there.
    pub(crate) async fn uploads_of(&self, recording: &str) -> Result<Vec<(u32, String)>, StoreError> {
        let rows = query("SELECT part, progress FROM uploads WHERE recording = ?")
            .bind(recording)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("part")?, row.try_get("progress")?)))
            .collect()
    }

    /// Removals in the order in which they are due.
    pub(crate) async fn queued_removals(&self, limit: usize) -> Result<Vec<QueuedRemoval>, StoreError> {
        let rows = query("SELECT * FROM remote_removals ORDER BY next_at, id LIMIT ?")
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(removal).collect()
    }

    pub(crate) async fn upload_counts(&self) -> Result<UploadCounts, StoreError> {
        let row = query(
            "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, \
             coalesce(sum(bytes) FILTER (WHERE state = 'waiting'), 0) AS bytes, \
             min(queued_at) FILTER (WHERE state = 'waiting') AS oldest, \
             count(*) FILTER (WHERE state = 'given_up') AS given_up, \
             (SELECT count(*) FROM remote_removals) AS removals FROM uploads",
        )
        .fetch_one(&self.read)
        .await?;
        let count = |name| Ok::<_, StoreError>(row.try_get::<i64, _>(name)?.unsigned_abs());
        let oldest: Option<i64> = row.try_get("oldest")?;
        Ok(UploadCounts {
            waiting: count("waiting")?,
            bytes: count("bytes")?,
            oldest: oldest.map(timestamp),
            given_up: count("given_up")?,
            removals: count("removals")?,
        })
    }
}

fn upload(row: &SqliteRow) -> Result<QueuedUpload, StoreError> {
    Ok(QueuedUpload {
        app: parse("app id", row.try_get("app")?)?,
        recording: row.try_get("recording")?,
        part: row.try_get("part")?,
        queued_at: timestamp(row.try_get("queued_at")?),
        attempts: row.try_get("attempts")?,
        next_at: timestamp(row.try_get("next_at")?),
        reason: row.try_get("reason")?,
        progress: row.try_get("progress")?,
    })
}

fn removal(row: &SqliteRow) -> Result<QueuedRemoval, StoreError> {
    Ok(QueuedRemoval {
        id: row.try_get("id")?,
        object: row.try_get("object")?,
        upload: row.try_get("upload")?,
        queued_at: timestamp(row.try_get("queued_at")?),
        attempts: row.try_get("attempts")?,
        next_at: timestamp(row.try_get("next_at")?),
    })
}

/// Has complete parts wait that are nowhere but on disk.
macro_rules! wait {
    ($rest:literal) => {
        concat!(
            "INSERT INTO uploads (recording, part, state, bytes, queued_at, next_at) SELECT recording, part, 'waiting', ",
            "(SELECT coalesce(sum(json_extract(value, '$.bytes')), 0) FROM json_each(facts, '$.files')), ?1, ?1 ",
            "FROM recording_parts WHERE state = 'complete' AND location = 'local' ",
            $rest
        )
    };
}

pub(super) async fn one(tx: &mut SqliteConnection, op: &UploadOp) -> Result<(), StoreError> {
    match op {
        UploadOp::Queue { recording, part, at } => {
            query(wait!("AND recording = ?2 AND part = ?3 ON CONFLICT DO NOTHING"))
                .bind(millis(*at))
                .bind(recording)
                .bind(part)
                .execute(tx)
                .await?;
        }
        UploadOp::QueueAll { at } => {
            query(wait!(
                "ON CONFLICT DO UPDATE SET state = 'waiting', queued_at = excluded.queued_at, \
                 next_at = excluded.next_at, attempts = 0 WHERE uploads.state = 'given_up'"
            ))
            .bind(millis(*at))
            .execute(tx)
            .await?;
        }
        UploadOp::Hurry { recording, at } => {
            query(
                "UPDATE uploads SET next_at = ?1, attempts = 0, \
                 queued_at = CASE state WHEN 'given_up' THEN ?1 ELSE queued_at END, state = 'waiting' \
                 WHERE recording = ?2",
            )
            .bind(millis(*at))
            .bind(recording)
            .execute(tx)
            .await?;
        }
        UploadOp::Keep {
            recording,
            part,
            progress,
        } => keep(tx, (recording, *part), progress).await?,
        UploadOp::Failed(failed) => {
            query(
                "UPDATE uploads SET state = ?, attempts = ?, next_at = ?, reason = ?, error = ? \
                 WHERE recording = ? AND part = ?",
            )
            .bind(if failed.is_given_up { "given_up" } else { "waiting" })
            .bind(failed.attempts)
            .bind(millis(failed.next_at))
            .bind(failed.reason)
            .bind(&failed.error)
            .bind(&failed.recording)
            .bind(failed.part)
            .execute(tx)
            .await?;
        }
        UploadOp::Verified { part, progress } => {
            query(
                "UPDATE recording_parts SET facts = ?, location = 'both', remote = ? \
                 WHERE recording = ? AND part = ?",
            )
            .bind(json("part", &part.facts)?)
            .bind(part.remote.as_ref().map(ToString::to_string))
            .bind(&part.recording)
            .bind(part.part)
            .execute(&mut *tx)
            .await?;
            keep(tx, (&part.recording, part.part), progress).await?;
        }
        UploadOp::Done {
            recording,
            part,
            location,
        } => {
            query("UPDATE recording_parts SET location = ? WHERE recording = ? AND part = ?")
                .bind(location.as_str())
                .bind(recording)
                .bind(part)
                .execute(&mut *tx)
                .await?;
            query("DELETE FROM uploads WHERE recording = ? AND part = ?")
                .bind(recording)
                .bind(part)
                .execute(tx)
                .await?;
        }
        UploadOp::Remove { object, upload, at } => {
            query("INSERT INTO remote_removals (object, upload, queued_at, next_at) VALUES (?1, ?2, ?3, ?3)")
                .bind(object)
                .bind(upload)
                .bind(millis(*at))
                .execute(tx)
                .await?;
        }
        UploadOp::Removed(id) => {
            query("DELETE FROM remote_removals WHERE id = ?")
                .bind(id)
                .execute(tx)
                .await?;
        }
        UploadOp::RemoveLater { id, next_at } => {
            query("UPDATE remote_removals SET attempts = attempts + 1, next_at = ? WHERE id = ?")
                .bind(millis(*next_at))
                .bind(id)
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

async fn keep(
    tx: &mut SqliteConnection,
    (recording, part): (&str, u32),
    progress: &str,
) -> Result<(), StoreError> {
    query("UPDATE uploads SET progress = ? WHERE recording = ? AND part = ?")
        .bind(progress)
        .bind(recording)
        .bind(part)
        .execute(tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::Secret;

    use super::*;
    use crate::recordings::{PartFacts, PartFile, PartState, UploadState, sample};
    use crate::service::AppPolicy;
    use crate::store::{Op, StoreConfig, StoredApp};

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn part(number: u32, state: PartState) -> Box<Part> {
        let file = PartFile {
            name: "x.mp4".to_owned(),
            bytes: 100,
            sha256: None,
        };
        Box::new(Part {
            recording: "r".to_owned(),
            part: number,
            facts: PartFacts {
                files: vec![file.clone(), file],
                ..PartFacts::default()
            },
            state,
            location: Location::Local,
            remote: None,
            upload: None,
        })
    }

    async fn store() -> Store {
        let store = Store::open(&StoreConfig::memory()).await.unwrap();
        let app = AppId::parse("demo").unwrap();
        let app = StoredApp {
            id: app,
            secret: Secret::new(&crate::service::random::bytes::<32>()).unwrap(),
            created_at: at(0),
            policy: AppPolicy::default(),
        };
        let rows = vec![
            Op::SaveApp(app),
            Op::SaveRecording(Box::new(sample::ended("demo", "r"))),
            Op::SavePart(part(1, PartState::Complete)),
            Op::SavePart(part(2, PartState::Open)),
        ];
        store.write(rows).await.unwrap();
        store
    }

    async fn write(store: &Store, op: UploadOp) {
        store.write(vec![Op::Upload(op)]).await.unwrap();
    }

    fn queue(part: u32, now: u64) -> UploadOp {
        UploadOp::Queue {
            recording: "r".to_owned(),
            part,
            at: at(now),
        }
    }

    fn failed(attempts: u32, is_given_up: bool) -> UploadOp {
        UploadOp::Failed(Box::new(FailedUpload {
            recording: "r".to_owned(),
            part: 1,
            attempts,
            next_at: at(500),
            reason: "refused",
            error: "no".to_owned(),
            is_given_up,
        }))
    }

    /// A part waits once, and only when it is complete; what was given up waits again when it is asked for.
    #[tokio::test]
    async fn parts_wait_until_they_are_done() {
        let store = store().await;
        for (number, now) in [(1, 10), (2, 11), (1, 12)] {
            write(&store, queue(number, now)).await;
        }
        let waiting = store.queued_uploads(10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(
            (waiting[0].part, waiting[0].queued_at, waiting[0].attempts),
            (1, at(10), 0)
        );
        let counts = store.upload_counts().await.unwrap();
        assert_eq!(
            (counts.waiting, counts.bytes, counts.oldest),
            (1, 200, Some(at(10)))
        );

        write(&store, failed(3, false)).await;
        let waiting = store.queued_uploads(10).await.unwrap();
        assert_eq!((waiting[0].attempts, waiting[0].next_at), (3, at(500)));
        assert_eq!(waiting[0].reason.as_deref(), Some("refused"));
        write(&store, failed(4, true)).await;
        assert!(store.queued_uploads(10).await.unwrap().is_empty());
        let parts = store.recording_parts("r").await.unwrap();
        let upload = parts[0].upload.as_ref().unwrap();
        assert_eq!(
            (upload.state, upload.error.as_deref()),
            (UploadState::GivenUp, Some("no"))
        );
        assert!(parts[1].upload.is_none());
        let hurry = UploadOp::Hurry {
            recording: "r".to_owned(),
            at: at(600),
        };
        write(&store, hurry).await;
        assert_eq!(store.queued_uploads(10).await.unwrap()[0].queued_at, at(600));
        write(&store, failed(1, true)).await;
        write(&store, UploadOp::QueueAll { at: at(700) }).await;
        assert_eq!(store.queued_uploads(10).await.unwrap()[0].queued_at, at(700));

        let mut there = part(1, PartState::Complete);
        there.remote = Some("s3://b/a/r".parse().unwrap());
        let verified = UploadOp::Verified {
            part: there,
            progress: r#"{"is_verified":true}"#.to_owned(),
        };
        write(&store, verified).await;
        assert_eq!(store.verified_uploads().await.unwrap().len(), 1);
        let done = UploadOp::Done {
            recording: "r".to_owned(),
            part: 1,
            location: Location::S3,
        };
        write(&store, done).await;
        // What a repair says of it afterwards does not bring it back.
        store
            .write(vec![Op::SavePart(part(1, PartState::Complete))])
            .await
            .unwrap();
        write(&store, UploadOp::QueueAll { at: at(800) }).await;
        assert!(store.queued_uploads(10).await.unwrap().is_empty());
        let parts = store.recording_parts("r").await.unwrap();
        assert_eq!(
            (parts[0].location, parts[0].remote.as_ref().unwrap().key.as_str()),
            (Location::S3, "a/r")
        );
    }

    /// A deleted recording takes what waits with it, but not what is to be removed.
    #[tokio::test]
    async fn removals_outlive_their_recording() {
        let store = store().await;
        write(&store, queue(1, 10)).await;
        let remove = UploadOp::Remove {
            object: "s3://b/x".to_owned(),
            upload: None,
            at: at(20),
        };
        let rows = vec![Op::Upload(remove), Op::DeleteRecording("r".to_owned())];
        store.write(rows).await.unwrap();
        assert!(store.queued_uploads(10).await.unwrap().is_empty());
        let removals = store.queued_removals(10).await.unwrap();
        assert_eq!((removals.len(), removals[0].object.as_str()), (1, "s3://b/x"));
        let id = removals[0].id;
        write(&store, UploadOp::RemoveLater { id, next_at: at(90) }).await;
        let removals = store.queued_removals(10).await.unwrap();
        assert_eq!((removals[0].attempts, removals[0].next_at), (1, at(90)));
        write(&store, UploadOp::Removed(id)).await;
        assert_eq!(store.upload_counts().await.unwrap(), UploadCounts::default());
    }
}
