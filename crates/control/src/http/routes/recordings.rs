//! Recordings.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::RoomPath;
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids, Params};
use crate::http::ops::Ctx;
use crate::http::ops::recordings::{self, Act};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(start_recording))
        .routes(routes!(list_recordings))
        .routes(routes!(show_recording, delete_recording))
        .routes(routes!(pause_recording))
        .routes(routes!(resume_recording))
        .routes(routes!(split_recording))
        .routes(routes!(stop_recording))
        .routes(routes!(recording_file))
}

/// `/v1/recordings/{recording}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct RecordingPath {
    /// Recording id.
    #[param(max_length = 64)]
    recording: String,
}

/// `/v1/recordings/{recording}/parts/{part}/{file}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct FilePath {
    /// Recording id.
    #[param(max_length = 64)]
    recording: String,
    /// Number of the part.
    part: u32,
    /// Name of the file.
    #[param(max_length = 255)]
    file: String,
}

/// Begin to record streams of a room.
#[utoipa::path(post, path = "/v1/rooms/{room}/recordings", tag = "recordings", params(RoomPath), request_body = Option<dto::StartRecording>,
    responses((status = 201, description = "The recordings that began", body = dto::RecordingList), Failures))]
async fn start_recording(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::StartRecording>,
) -> Result<(StatusCode, Json<dto::RecordingList>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(recordings::start(&ctx, ids.room, body).await?),
    ))
}

/// Recordings, newest first: the app's own server sees all, an admin those of the room it is in.
#[utoipa::path(get, path = "/v1/recordings", tag = "recordings", params(dto::RecordingQuery),
    responses((status = 200, description = "The recordings", body = dto::RecordingList), Failures))]
async fn list_recordings(
    ctx: Ctx,
    Params(query): Params<dto::RecordingQuery>,
) -> Result<Json<dto::RecordingList>, Problem> {
    Ok(Json(recordings::list(&ctx, query).await?))
}

/// One recording with its parts.
#[utoipa::path(get, path = "/v1/recordings/{recording}", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording", body = dto::Recording), Failures))]
async fn show_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::show(&ctx, &ids.recording).await?))
}

/// Delete a recording that has ended, with its files; for the app's own server only.
#[utoipa::path(delete, path = "/v1/recordings/{recording}", tag = "recordings", params(RecordingPath),
    responses((status = 204, description = "Done"), Failures))]
async fn delete_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<StatusCode, Problem> {
    recordings::delete(&ctx, &ids.recording).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave out what comes until it is resumed; the present part ends.
#[utoipa::path(post, path = "/v1/recordings/{recording}/pause", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording now", body = dto::Recording), Failures))]
async fn pause_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::act(&ctx, &ids.recording, Act::Pause).await?))
}

/// Go on with a new part.
#[utoipa::path(post, path = "/v1/recordings/{recording}/resume", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording now", body = dto::Recording), Failures))]
async fn resume_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::act(&ctx, &ids.recording, Act::Resume).await?))
}

/// Begin a new part at the next key frame.
#[utoipa::path(post, path = "/v1/recordings/{recording}/split", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording now", body = dto::Recording), Failures))]
async fn split_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::act(&ctx, &ids.recording, Act::Split).await?))
}

/// End a recording. Its last part is complete a moment later.
#[utoipa::path(post, path = "/v1/recordings/{recording}/stop", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording now", body = dto::Recording), Failures))]
async fn stop_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::act(&ctx, &ids.recording, Act::Stop).await?))
}

/// A file of a complete part. Takes `Range`, so that players can seek and downloads go on where they broke off.
#[utoipa::path(get, path = "/v1/recordings/{recording}/parts/{part}/{file}", tag = "recordings", params(FilePath),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), Failures))]
async fn recording_file(ctx: Ctx, Ids(ids): Ids<FilePath>, request: Request) -> Result<Response, Problem> {
    let path = recordings::file(&ctx, &ids.recording, ids.part, &ids.file).await?;
    let Ok(answer) = ServeFile::new(path).oneshot(request).await;
    if answer.status() == StatusCode::NOT_FOUND {
        return Err(Problem::new(
            StatusCode::GONE,
            "file_gone",
            "the file is no longer on disk",
        ));
    }
    let mut answer = answer.into_response();
    answer
        .headers_mut()
        .insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(answer)
}
