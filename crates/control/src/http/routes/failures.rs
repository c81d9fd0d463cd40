//! What OpenAPI says of refusals: the same for every route.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::http::problem::PROBLEM_JSON;

/// A problem in place of the answer.
pub(crate) struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::from([
            ("4XX".to_owned(), failure("Refused; `code` says why")),
            (
                "5XX".to_owned(),
                failure("Failed; worth another try if there is a `Retry-After`"),
            ),
        ])
    }
}

/// A problem, with what it means here.
pub(crate) fn failure(text: &str) -> RefOr<Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let response = ResponseBuilder::new().description(text);
    RefOr::T(response.content(PROBLEM_JSON, content).build())
}
