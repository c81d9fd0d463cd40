//! The OpenAPI 3.1 document, made from the routes themselves.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::dto::schema::Event;
use super::problem::ProblemBody;

const DESCRIPTION: &str = "Rooms, members and streams of a live gateway. Requests carry `Authorization: Bearer <JWT>`, \
    signed HS256 with the app's secret: `iss` = app id, `sub` = account, `exp` (required), optional `room`, `role`, and \
    `scope: \"app\"` for the app's own server. Refusals are RFC 9457 problems with a stable `code`. Times are \
    milliseconds since the Unix epoch. The same commands and the events of rooms travel over the WebSocket `/v1/ws`.";

/// The frame of the document; routes add themselves.
pub(crate) fn frame() -> OpenApi {
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    Event::schemas(&mut schemas);
    let token = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build(),
    );
    let stream_token = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Token of a push or pull URL"))
            .build(),
    );
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schema("Problem", ProblemBody::schema())
        .schema("Event", Event::schema())
        .security_scheme("token", token)
        .security_scheme("stream_token", stream_token)
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("lianmai")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .build(),
        )
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>(
            "token",
            [],
        )]))
        .build()
}
