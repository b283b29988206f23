//! Darktrace's side of the wire: whether the signature holds, which call it is, and the world it works on (`model`). Each
//! endpoint's replies are in the room of its name. Nothing here knows Arcanna.

mod breaches;
mod connections;
mod data;
mod devices;
mod endpoints;
mod habits;
mod lucene;
mod model;
mod records;
mod search;
mod sign;
mod status;
mod tables;
mod tags;
mod watchlist;

use serde_json::json;

pub use model::{Hosts, World, hosts};

use super::Credentials;
use super::wire::{Reply, Request};

/// 400 with the value clients look for.
fn input_error(why: &str) -> Reply {
    Reply::json(400, &json!({"response": "INPUT ERROR", "error": why}))
}

/// A parameter as an integer, or the refusal.
fn int(request: &Request, name: &str) -> Result<Option<i64>, Reply> {
    request.int(name).map_err(|text| input_error(&format!("{name}: {text:?} is not a number")))
}

/// `responsedata=<field>` restricts the reply to that field [OAS].
fn restricted(request: &Request, reply: Reply) -> Reply {
    let Some(name) = request.filled("responsedata").filter(|_| reply.status == 200) else {
        return reply;
    };
    match serde_json::from_slice::<serde_json::Value>(&reply.body) {
        Ok(serde_json::Value::Object(mut map)) => match map.remove(&name) {
            Some(value) => Reply::ok(&json!({name: value})),
            None => Reply::ok(&json!({})),
        },
        Ok(serde_json::Value::Array(rows)) => Reply::ok(
            &rows
                .iter()
                .map(|r| r.get(&name).map_or_else(|| json!({}), |v| json!({&name: v})))
                .collect(),
        ),
        _ => reply,
    }
}

/// Answers one request.
pub fn answer(world: &mut World, credentials: &Credentials, request: &Request) -> Reply {
    if request.path == "/login" {
        return Reply::html(
            200,
            "Log In | Darktrace",
            "<form method=\"post\" action=\"/login\"></form>",
        );
    }
    if let Err(reply) = sign::verify(request, credentials) {
        return reply;
    }
    world.settle(request.now);
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    let reply = match (method, path.as_slice()) {
        ("GET", ["similardevices"]) => devices::similar(world, request),
        ("GET", ["devices"]) => devices::list(world, request),
        ("POST", ["devices"]) => devices::change(world, request),
        ("GET", ["devicesearch"]) => devices::search(world, request),
        ("GET", ["endpointdetails"]) => endpoints::details(world, request),
        ("GET", ["deviceinfo"]) => connections::info(world, request),
        (_, ["advancedsearch", "api", ..]) => search::answer(world, request, &path[2..]),
        ("GET", ["intelfeed"]) => watchlist::list(world, request),
        ("POST", ["intelfeed"]) => watchlist::change(world, request),
        (_, ["tags", rest @ ..]) => tags::answer(world, request, rest),
        ("GET", ["modelbreaches"]) => breaches::list(world, request),
        ("GET", ["modelbreaches", pbid]) => breaches::one(world, request, pbid),
        ("GET", ["modelbreaches", pbid, "comments"]) => breaches::comments(world, pbid),
        ("POST", ["modelbreaches", pbid, "comments"]) => breaches::comment(world, request, pbid),
        ("POST", ["modelbreaches", pbid, action @ ("acknowledge" | "unacknowledge")]) => {
            breaches::acknowledge(world, request, pbid, action)
        }
        ("GET", ["mbcomments"]) => breaches::all_comments(world, request),
        ("GET", ["details"]) => breaches::details(world, request),
        ("GET", ["status"]) => status::status(world, request),
        ("GET", ["time"]) => status::time(request),
        ("GET", ["summarystatistics"]) => status::summary(world, request),
        ("GET", ["devicesummary"]) => Reply::gateway(500), // [SDKg] issue 37: fails for tokens
        // [SDKc]: dead paths whose error is not JSON
        (_, ["similardevices" | "subnets" | "mbcomments", _]) => {
            Reply::html(404, "Error", "<pre>Cannot GET</pre>")
        }
        // [OAS]: not licensed
        (_, ["agemail", ..]) => Reply::json(403, &json!({"error": "Forbidden"})),
        // [XA]: signature valid, but nothing an API token may call
        _ => Reply::redirect("/login"),
    };
    restricted(request, reply)
}
