//! Arcanna's side of the wire: who may call, which call it is, and the world it works on (`model`). The v1 calls are in
//! `v1`, the v2 calls in `v2`, `query` and `metrics`. Nothing here knows Darktrace but for the hosts the alerts speak of.

mod alerts;
mod data;
mod datemath;
mod document;
mod elastic;
mod filter;
mod metrics;
mod model;
mod query;
mod resources;
mod v1;
mod v2;

use serde_json::{Value, json};

pub use model::World;

use super::Credentials;
use super::wire::{Reply, Request};

/// `{"detail": text}`, `FastAPI`'s form of an HTTP error.
fn detail(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"detail": text}))
}

/// One problem of a 422: where, what, and its kind.
fn problem(place: &[Value], message: &str, kind: &str) -> Value {
    json!({"loc": place, "msg": message, "type": kind})
}

/// 422 with `FastAPI`'s `detail` array.
fn invalid(problems: &[Value]) -> Reply {
    Reply::json(422, &json!({"detail": problems}))
}

/// 422 for one field of the body.
fn bad_field(name: &str, message: &str) -> Reply {
    let kind = if message == "field required" { "value_error.missing" } else { "value_error" };
    invalid(&[problem(&[json!("body"), json!(name)], message, kind)])
}

/// 422 for one query parameter.
fn bad_param(name: &str, message: &str) -> Reply {
    let kind = if message == "field required" { "value_error.missing" } else { "value_error" };
    invalid(&[problem(&[json!("query"), json!(name)], message, kind)])
}

/// Collections answer with and without the final slash [XN, FS2 with; INP, G without].
const COLLECTIONS: [&str; 5] = [
    "/api/v1/health/",
    "/api/v1/jobs/",
    "/api/v1/events/",
    "/api/v2/health/",
    "/api/v2/resources/",
];

/// Answers one request.
pub fn answer(world: &mut World, credentials: &Credentials, request: &Request) -> Reply {
    world.settle(request.now);
    let known = request.header("x-arcanna-api-key") == Some(credentials.arcanna_api_key.as_str());
    if let Some(bare) =
        request.path.strip_suffix('/').filter(|_| !COLLECTIONS.contains(&request.path.as_str()))
    {
        // Assumption: FastAPI's redirect to the other form, with the query kept.
        let query = request.query.as_deref().map(|q| format!("?{q}")).unwrap_or_default();
        return Reply::text(307, "").with("location", &format!("{bare}{query}"));
    }
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(1).collect();
    if matches!(path.as_slice(), ["v1", "health"] | ["v1", "health", "check"])
        && request.method == "GET"
    {
        // [INP]: a bad key is no error here, but status false
        return Reply::ok(&json!({"status": known}));
    }
    if !known {
        // Assumption: 401 with a text detail; the contract leaves code and body of a bad key open.
        return detail(401, "Invalid or missing API key");
    }
    match path.split_first() {
        Some((&"v1", rest)) => v1::answer(world, request, rest),
        Some((&"v2", rest)) => v2::answer(world, request, rest),
        _ => detail(404, "Not Found"),
    }
}
