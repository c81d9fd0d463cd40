//! Pictures that mixes may show.

use lianmai_rooms::{AppId, RoomId};
use sqlx::{Row, SqliteConnection, query};

use super::{Store, StoreError};
use crate::mixing::{Asset, ImageKind};

impl Store {
    /// The pictures of a room, in order of their names.
    pub(crate) async fn mix_assets(&self, app: &AppId, room: &RoomId) -> Result<Vec<Asset>, StoreError> {
        let rows = query(
            "SELECT name, kind, width, height, data FROM mix_assets WHERE app = ? AND room = ? ORDER BY name",
        )
        .bind(app.as_str())
        .bind(room.as_str())
        .fetch_all(&self.read)
        .await?;
        let asset = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Asset {
                name: row.try_get("name")?,
                kind: match row.try_get("kind")? {
                    "png" => ImageKind::Png,
                    "jpeg" => ImageKind::Jpeg,
                    _ => {
                        return Err(StoreError::Corrupt {
                            what: "kind of picture",
                        });
                    }
                },
                width: row.try_get("width")?,
                height: row.try_get("height")?,
                data: row.try_get::<Vec<u8>, _>("data")?.into(),
            })
        };
        rows.iter().map(asset).collect()
    }
}

pub(super) async fn save(
    tx: &mut SqliteConnection,
    (app, room): (&AppId, &RoomId),
    asset: &Asset,
) -> Result<(), StoreError> {
    // A room that ended meanwhile has no pictures.
    query(
        "INSERT OR REPLACE INTO mix_assets (app, room, name, kind, width, height, data) \
         SELECT app, id, ?, ?, ?, ?, ? FROM rooms WHERE app = ? AND id = ?",
    )
    .bind(&asset.name)
    .bind(asset.kind.as_str())
    .bind(asset.width)
    .bind(asset.height)
    .bind(&asset.data[..])
    .bind(app.as_str())
    .bind(room.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn delete(
    tx: &mut SqliteConnection,
    (app, room): (&AppId, &RoomId),
    name: &str,
) -> Result<(), StoreError> {
    query("DELETE FROM mix_assets WHERE app = ? AND room = ? AND name = ?")
        .bind(app.as_str())
        .bind(room.as_str())
        .bind(name)
        .execute(tx)
        .await?;
    Ok(())
}
