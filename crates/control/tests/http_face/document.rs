//! The committed OpenAPI document is the one the code gives. `UPDATE_OPENAPI=1` writes it anew.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::routing::get;
use lianmai_control::http::HttpConfig;
use lianmai_control::service::ServiceConfig;
use serde_json::Value;

use crate::harness::Server;

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let current = lianmai_control::http::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/openapi.json is out of date: run this test with UPDATE_OPENAPI=1"
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_says_what_it_does() {
    let document: Value = serde_json::from_str(&lianmai_control::http::openapi_json()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{method} {path}"
            );
            assert!(operation["operationId"].is_string(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_served_and_what_is_described_are_the_same() {
    let server = Server::start().await;
    assert_eq!(differences(&server).await, Vec::<String>::new());
    server.finish().await;
}

/// The test above would see it.
#[tokio::test]
async fn a_route_that_is_not_described_is_found() {
    let more = Router::new().route("/v1/more/{name}", get(|| async {}).put(|| async {}));
    let server = Server::with(HttpConfig::default(), ServiceConfig::default(), more).await;
    let found = differences(&server).await;
    assert_eq!(found, ["GET /v1/more/{name}", "PUT /v1/more/{name}"]);
    server.finish().await;
}

/// Addresses below `/v1` with each method that only the server or only the document knows of, and other addresses that
/// the document tells of in vain.
async fn differences(server: &Server) -> Vec<String> {
    let document: Value = serde_json::from_str(&lianmai_control::http::openapi_json()).unwrap();
    let described = document["paths"].as_object().unwrap();
    let served: BTreeSet<&str> = server.paths.iter().map(String::as_str).collect();
    let in_vain = described.keys().filter(|path| !served.contains(path.as_str()));
    let mut found: Vec<String> = in_vain.map(|path| format!("not served: {path}")).collect();
    // The document does not describe itself.
    let of_api = served
        .iter()
        .filter(|path| path.starts_with("/v1/") && **path != "/v1/openapi.json");
    for path in of_api {
        let methods = described.get(*path).and_then(Value::as_object);
        let known: BTreeSet<_> = methods
            .into_iter()
            .flat_map(|methods| methods.keys().map(|name| name.to_ascii_uppercase()))
            .collect();
        let taken = server.methods(path).await;
        let either = taken.symmetric_difference(&known);
        found.extend(either.map(|method| format!("{method} {path}")));
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "$ref" => found.push(text.clone()),
                    other => collect(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
