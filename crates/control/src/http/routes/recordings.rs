//! Recordings.

use axum::Json;
use axum::body::Body as AnyBody;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::RoomPath;
use super::remote_file;
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids, Params};
use crate::http::ops::Ctx;
use crate::http::ops::recordings::{self, Act};
use crate::http::problem::Problem;
use crate::recordings::upload::FileAt;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(start_recording))
        .routes(routes!(list_recordings))
        .routes(routes!(show_recording, delete_recording))
        .routes(routes!(pause_recording))
        .routes(routes!(resume_recording))
        .routes(routes!(split_recording))
        .routes(routes!(stop_recording))
        .routes(routes!(upload_recording))
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

/// Try again now to upload what could not be uploaded so far, also what was given up.
#[utoipa::path(post, path = "/v1/recordings/{recording}/upload", tag = "recordings", params(RecordingPath),
    responses((status = 200, description = "The recording now", body = dto::Recording), Failures))]
async fn upload_recording(ctx: Ctx, Ids(ids): Ids<RecordingPath>) -> Result<Json<dto::Recording>, Problem> {
    Ok(Json(recordings::act(&ctx, &ids.recording, Act::Upload).await?))
}

/// A file of a complete part. Takes `Range`, so that players can seek and downloads go on where they broke off. What was
/// uploaded comes through the gateway or, if it is so configured, with a redirect.
#[utoipa::path(get, path = "/v1/recordings/{recording}/parts/{part}/{file}", tag = "recordings", params(FilePath),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), (status = 206, description = "A range of it", content_type = "application/octet-stream"), (status = 307, description = "Where it is"), Failures))]
async fn recording_file(
    ctx: Ctx,
    Ids(ids): Ids<FilePath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut answer = match get(&ctx, &ids, &method, &headers).await? {
        Some(answer) => answer,
        // Uploaded in this moment; it is where it went.
        None => get(&ctx, &ids, &method, &headers).await?.ok_or_else(|| {
            let text = "the file is no longer on disk";
            Problem::new(StatusCode::GONE, "file_gone", text)
        })?,
    };
    answer
        .headers_mut()
        .insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(answer)
}

/// `None` when it is not where it should be.
async fn get(
    ctx: &Ctx,
    ids: &FilePath,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Response>, Problem> {
    match recordings::file(ctx, &ids.recording, ids.part, &ids.file).await? {
        FileAt::Disk(path) => {
            let mut asked = Request::new(AnyBody::empty());
            *asked.method_mut() = method.clone();
            asked.headers_mut().clone_from(headers);
            let Ok(answer) = ServeFile::new(path).oneshot(asked).await;
            Ok((answer.status() != StatusCode::NOT_FOUND).then(|| answer.into_response()))
        }
        FileAt::Remote(file) => Ok(Some(remote_file::send(file, method, headers).await?)),
        FileAt::Elsewhere(url) => Ok(Some(Redirect::temporary(url.as_str()).into_response())),
    }
}
