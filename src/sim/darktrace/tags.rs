//! Tags: the list, one, making and removing them, and where they are. Contract darktrace.md §3.6–3.8 and §4.6.

use serde_json::{Value, json};

use super::super::whole;
use super::super::wire::{Reply, Request, form};
use super::model::{Entity, Tag, World};
use super::{data, devices, input_error, int};

/// Answers everything under `/tags`; `path` is what follows.
pub fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    match (request.method.as_str(), path) {
        ("GET", []) => match request.filled("tag") {
            None => Reply::ok(&world.tags.iter().map(|t| t.json(0)).collect()),
            Some(name) => world.tag(&name).map_or_else(gone, |t| Reply::ok(&t.json(0))),
        },
        ("POST", []) => create(world, request),
        ("GET", ["entities"]) => entities(world, request),
        ("POST", ["entities"]) => put(world, request),
        ("DELETE", ["entities"]) => take_off(world, request),
        ("GET", [tid]) => by_id(world, tid).map_or_else(gone, |t| Reply::ok(&t.json(0))),
        ("DELETE", [tid]) => delete(world, tid),
        ("GET", [tid, "entities"]) => match by_id(world, tid) {
            Some(tag) => tagged(world, tag, request.flag("fulldevicedetails", false)),
            None => gone(),
        },
        ("POST", [tid, "entities"]) => put_many(world, request, tid),
        ("DELETE", [tid, "entities", assigned]) => {
            let before = world.entities.len();
            world.entities.retain(|e| e.tid.to_string() != *tid || e.teid.to_string() != *assigned);
            if world.entities.len() == before { gone() } else { success() }
        }
        _ => gone(),
    }
}

fn success() -> Reply {
    Reply::ok(&json!({"response": "SUCCESS"}))
}

/// [LAB]: 404 for a tag that is not there.
fn gone() -> Reply {
    Reply::json(404, &json!({"error": "Not found"}))
}

fn by_id<'a>(world: &'a World, tid: &str) -> Option<&'a Tag> {
    world.tags.iter().find(|t| t.tid.to_string() == tid)
}

fn entity(e: &Entity) -> Value {
    let mut out = json!({
        "teid": e.teid, "tehid": e.teid + 1, "tid": e.tid, "thid": e.tid, "entityType": e.kind, "entityValue": e.value,
        "valid": true,
    });
    if e.expiry != 0 {
        out["expiry"] = json!(e.expiry);
    }
    out
}

fn tagged(world: &World, tag: &Tag, full: bool) -> Reply {
    let entities: Vec<&Entity> = world.entities.iter().filter(|e| e.tid == tag.tid).collect();
    let rows: Value = entities.iter().map(|e| entity(e)).collect();
    if !full {
        return Reply::ok(&rows);
    }
    let devices: Value = world
        .devices
        .iter()
        .filter(|d| entities.iter().any(|e| e.kind == "Device" && e.value == d.did.to_string()))
        .map(|d| devices::full(world, d))
        .collect();
    Reply::ok(&json!({"entities": rows, "devices": devices}))
}

fn entities(world: &World, request: &Request) -> Reply {
    match (int(request, "did"), request.filled("tag")) {
        (Err(reply), _) => reply,
        (Ok(Some(did)), _) => Reply::ok(&devices::tags_of(world, did)),
        (Ok(None), Some(name)) => match world.tag(&name) {
            Some(tag) => tagged(world, tag, request.flag("fulldevicedetails", false)),
            // Assumption: what an unknown tag answers here; POST is known to say this.
            None => Reply::json(404, &json!({"tags": "DATANOTFOUND ERROR"})),
        },
        (Ok(None), None) => input_error("either did or tag is required"),
    }
}

/// Puts a tag on something; the refusal is the product's.
fn assign(
    world: &mut World,
    tid: i64,
    kind: &'static str,
    value: &str,
    seconds: Option<i64>,
    now: i64,
) -> Result<Value, Reply> {
    let Some(tag) = world.tags.iter().find(|t| t.tid == tid).cloned() else {
        return Err(gone());
    };
    if tag.restricted {
        // Assumption: the body; the contract only says that it is refused.
        return Err(Reply::json(403, &json!({"error": "Tag is restricted"})));
    }
    if kind == "Device" && !world.devices.iter().any(|d| d.did.to_string() == value) {
        // Assumption: what an unknown device answers.
        return Err(input_error("no such device"));
    }
    let scope = tag.name.split_once("::").map(|(scope, _)| format!("{scope}::"));
    let rivals: Vec<i64> = world
        .tags
        .iter()
        // one tag per scope and device: the new one takes its sibling's place [OAS]
        .filter(|t| t.tid == tid || scope.as_ref().is_some_and(|s| t.name.starts_with(s.as_str())))
        .map(|t| t.tid)
        .collect();
    world.entities.retain(|e| e.kind != kind || e.value != value || !rivals.contains(&e.tid));
    let expiry = seconds.map_or(0, |s| now + s * 1000);
    let assigned = world.id();
    let new = Entity { teid: assigned, tid, kind, value: value.to_owned(), expiry };
    let shown = entity(&new);
    world.entities.push(new);
    Ok(shown)
}

/// `POST /tags/entities`: a form, nothing else.
fn put(world: &mut World, request: &Request) -> Reply {
    if !request.is_form() {
        return input_error("a form is wanted");
    }
    let pairs = form(&request.text());
    let value = |name: &str| {
        pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    };
    let (Some(did), Some(name)) = (value("did"), value("tag")) else {
        return input_error("did and tag are required");
    };
    let seconds = match value("duration").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if seconds > 0 => Some(seconds),
        Some(_) => return input_error("duration: seconds"),
    };
    // [IBM]: a body to look at; Assumption: with status 200.
    let Some(tid) = world.tag(name).map(|t| t.tid) else {
        return Reply::ok(&json!({"tags": "DATANOTFOUND ERROR"}));
    };
    match assign(world, tid, "Device", did.trim(), seconds, request.now) {
        Ok(_) => Reply::ok(&json!({"tid": tid})),
        Err(reply) => reply,
    }
}

/// `POST /tags/{tid}/entities`: JSON.
fn put_many(world: &mut World, request: &Request, tid: &str) -> Reply {
    let Some(tid) = by_id(world, tid).map(|t| t.tid) else {
        return gone();
    };
    let Some(body) = request.json() else {
        return input_error("a JSON body is wanted");
    };
    let kind = match body.get("entityType").and_then(Value::as_str) {
        Some("Device") => "Device",
        Some("Credential") => "Credential",
        _ => return input_error("entityType: Device or Credential"),
    };
    let values: Vec<String> = match body.get("entityValue") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => return input_error("entityValue: a text or a list of texts"),
    };
    let seconds = body.get("expiryDuration").and_then(whole);
    let rows: Result<Vec<Value>, Reply> =
        values.iter().map(|v| assign(world, tid, kind, v, seconds, request.now)).collect();
    rows.map_or_else(|reply| reply, |rows| Reply::ok(&json!(rows)))
}

/// `DELETE /tags/entities?did=&tag=`.
fn take_off(world: &mut World, request: &Request) -> Reply {
    let (Some(did), Some(name)) = (request.filled("did"), request.filled("tag")) else {
        return input_error("did and tag are required");
    };
    let Some(tag) = world.tag(&name).cloned() else {
        return Reply::json(404, &json!({"tags": "DATANOTFOUND ERROR"}));
    };
    if tag.restricted {
        return Reply::json(403, &json!({"error": "Tag is restricted"}));
    }
    // Assumption: taking off what is not there is a success.
    world.entities.retain(|e| e.tid != tag.tid || e.kind != "Device" || e.value != did);
    success()
}

fn create(world: &mut World, request: &Request) -> Reply {
    let Some(body) = request.json() else {
        return input_error("a JSON body is wanted");
    };
    let (Some(name), Some(given)) = (body.get("name").and_then(Value::as_str), body.get("data"))
    else {
        return input_error("name and data are required");
    };
    if name.trim().is_empty() || !given.is_object() {
        return input_error("name is a text and data an object");
    }
    if world.tag(name).is_some() {
        // Assumption: a name that exists is refused.
        return input_error("a tag of this name exists");
    }
    let tid = world.id();
    let tag = Tag {
        tid,
        name: name.to_owned(),
        restricted: false,
        referenced: false,
        data: data::tag_data(Some(given)),
    };
    let shown = tag.json(0);
    world.tags.push(tag);
    Reply::ok(&shown)
}

fn delete(world: &mut World, tid: &str) -> Reply {
    let Some(tag) = by_id(world, tid).cloned() else {
        return gone();
    };
    if tag.restricted || tag.referenced {
        return Reply::json(403, &json!({"error": "Tag is restricted or referenced by a model"}));
    }
    world.tags.retain(|t| t.tid != tag.tid);
    world.entities.retain(|e| e.tid != tag.tid);
    success()
}
