//! The v1 calls: jobs, ingest, status, export, feedback, training, start and stop. Contract arcanna.md §2 and §3.1.

use serde_json::{Value, json};

use super::super::time::{Ms, zulu};
use super::super::whole;
use super::super::wire::{Reply, Request};
use super::model::{INFERENCE, Job, World};
use super::{bad_field, bad_param, detail, document, invalid, problem};

/// Answers one v1 call; `path` is what follows `v1`.
pub fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    let now = request.now;
    match (request.method.as_str(), path) {
        ("GET", ["jobs"]) => {
            Reply::ok(&world.jobs.iter().map(|j| document::job(world, j, now)).collect())
        }
        ("POST", ["jobs", "get_by_name"]) => match by_name(world, request) {
            Ok(job) => Reply::ok(&document::job(world, job, now)),
            Err(reply) => reply,
        },
        ("POST", ["jobs", "get_by_name", "labels"]) => match by_name(world, request) {
            Ok(job) => Reply::ok(&labels(job)),
            Err(reply) => reply,
        },
        ("GET", ["jobs", id]) => {
            with_job(world, id, |world, job| Reply::ok(&document::job(world, job, now)))
        }
        ("GET", ["jobs", id, "labels"]) => with_job(world, id, |_, job| Reply::ok(&labels(job))),
        ("POST", ["jobs", id, action @ ("train" | "start" | "stop")]) => {
            // FS2: without a user name the key's owner is meant
            let user = request.filled("username").unwrap_or_else(|| "api_key_owner".to_owned());
            match number(id).and_then(|id| world.job(id).map(|j| j.id)) {
                None => no_job(id),
                Some(id) => match control(world, id, action, &user, now) {
                    Ok(()) => Reply::ok(&json!({"status": "OK", "error_message": ""})),
                    Err(why) => Reply::ok(&json!({"status": "ERROR", "error_message": why})),
                },
            }
        }
        ("POST", ["events"]) => send(world, request, None),
        ("POST", ["events", id]) => send(world, request, Some(id)),
        ("GET", ["events", job, id]) => {
            with_job(world, job, |world, job| match world.event(job.id, id) {
                Some(event) => Reply::ok(&document::status(world, job, event, now)),
                None => no_event(id),
            })
        }
        ("GET", ["events", job, id, "export"]) => {
            with_job(world, job, |world, job| export(world, job, id, now))
        }
        ("PUT", ["events", job, id, "feedback"]) => feedback(world, request, job, id),
        (_, ["jobs" | "events", ..]) => detail(405, "Method Not Allowed"),
        _ => detail(404, "Not Found"),
    }
}

/// A job's number as it stands in a path.
pub fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Assumption: code and body for an unknown job or event on v1 are not public; `FastAPI`'s usual form.
pub fn no_job(id: &str) -> Reply {
    match number(id) {
        Some(_) => detail(404, &format!("Job {id} not found")),
        None => invalid(&[problem(
            &[json!("path"), json!("job_id")],
            "value is not a valid integer",
            "type_error.integer",
        )]),
    }
}

fn no_event(id: &str) -> Reply {
    detail(404, &format!("Event {id} not found"))
}

fn with_job(world: &World, id: &str, then: impl FnOnce(&World, &Job) -> Reply) -> Reply {
    match number(id).and_then(|id| world.job(id)) {
        Some(job) => then(world, job),
        None => no_job(id),
    }
}

fn labels(job: &Job) -> Value {
    job.labels.iter().map(|l| json!(l.text)).collect()
}

fn by_name<'a>(world: &'a World, request: &Request) -> Result<&'a Job, Reply> {
    let body = body(request)?;
    let name = body
        .get("job_name")
        .and_then(Value::as_str)
        .ok_or_else(|| bad_field("job_name", "field required"))?;
    world
        .jobs
        .iter()
        .find(|j| j.title == name)
        .ok_or_else(|| detail(404, &format!("Job {name} not found")))
}

/// The JSON object of a body, or `FastAPI`'s refusal.
pub fn body(request: &Request) -> Result<Value, Reply> {
    match request.json() {
        Some(value) if value.is_object() => Ok(value),
        Some(_) => Err(invalid(&[problem(
            &[json!("body")],
            "value is not a valid dict",
            "type_error.dict",
        )])),
        None if request.body.is_empty() => {
            Err(invalid(&[problem(&[json!("body")], "field required", "value_error.missing")]))
        }
        None => {
            let place = [json!("body"), json!(0)];
            Err(invalid(&[problem(
                &place,
                "Expecting value: line 1 column 1 (char 0)",
                "value_error.jsondecode",
            )]))
        }
    }
}

/// Starts, stops or trains a job; shared with v2. The error is the in-band message.
pub fn control(
    world: &mut World,
    id: i64,
    action: &str,
    user: &str,
    now: Ms,
) -> Result<(), &'static str> {
    if action == "train" {
        return world.train(id, user, now);
    }
    let Some(job) = world.job_mut(id) else {
        return Ok(());
    };
    if action == "stop" {
        "DISABLED".clone_into(&mut job.status);
        job.stopped.get_or_insert(now);
        return Ok(());
    }
    "ENABLED".clone_into(&mut job.status);
    if let Some(stopped) = job.stopped.take() {
        // what waited while it was stopped is decided now
        for event in
            world.events.iter_mut().filter(|e| e.job == id && e.queued + INFERENCE > stopped)
        {
            event.queued = now;
        }
    }
    Ok(())
}

fn send(world: &mut World, request: &Request, id: Option<&str>) -> Reply {
    let body = match body(request) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let mut problems = Vec::new();
    let mut wrong = |name: &str, message: &str, kind: &str| {
        problems.push(problem(&[json!("body"), json!(name)], message, kind));
    };
    let job_id = match body.get("job_id") {
        None | Some(Value::Null) => {
            wrong("job_id", "field required", "value_error.missing");
            None
        }
        Some(value) => {
            let id = whole(value);
            if id.is_none() {
                wrong("job_id", "value is not a valid integer", "type_error.integer");
            }
            id
        }
    };
    match body.get("raw_body") {
        None => wrong("raw_body", "field required", "value_error.missing"),
        Some(raw) if !raw.is_object() => {
            wrong("raw_body", "value is not a valid dict", "type_error.dict");
        }
        Some(_) => {}
    }
    let severity = body.get("severity").filter(|s| !s.is_null());
    if severity.is_some_and(|s| whole(s).is_none()) {
        wrong("severity", "value is not a valid integer", "type_error.integer");
    }
    let title = body.get("title").filter(|t| !t.is_null());
    if title.is_some_and(|t| !t.is_string()) {
        wrong("title", "str type expected", "type_error.str");
    }
    let (Some(job_id), true) = (job_id, problems.is_empty()) else {
        return invalid(&problems);
    };
    let Some(job) = world.job(job_id).cloned() else {
        return no_job(&job_id.to_string());
    };
    let title = title.and_then(Value::as_str).unwrap_or_default().to_owned();
    let raw = body.get("raw_body").cloned().unwrap_or_default();
    let severity = severity.and_then(whole);
    let tag = body.get("storage_tag").and_then(Value::as_str).map(str::to_owned);
    let id = world.ingest(&job, id, &raw, &title, severity, request.now);
    if let (Some(tag), Some(event)) = (tag, world.event_mut(job_id, &id)) {
        event.storage_tag = tag;
    }
    Reply::json(
        201,
        &json!({
            "event_id": id, "job_id": job_id, "ingest_timestamp": zulu(request.now), "status": "pending_inference",
            "error_message": "",
        }),
    )
}

fn export(world: &World, job: &Job, id: &str, now: Ms) -> Reply {
    let Some(event) = world.event(job.id, id) else {
        // [MCP transfer_event]: no `arcanna_event` is how a missing event shows. Assumption: code 200 and the rest.
        return Reply::ok(&json!({
            "event_id": id, "ingest_timestamp": null, "status": "ERROR", "arcanna_event": null,
            "error_message": "Event not found",
        }));
    };
    let pending = World::is_pending(job, event, now);
    let status = if pending { "pending_inference" } else { "OK" };
    Reply::ok(&json!({
        "event_id": event.id, "ingest_timestamp": zulu(event.sent), "status": status,
        "arcanna_event": document::full(world, job, event, now),
    }))
}

fn feedback(world: &mut World, request: &Request, job: &str, id: &str) -> Reply {
    let body = match body(request) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(label) = body.get("feedback").and_then(Value::as_str) else {
        return bad_field("feedback", "field required");
    };
    // FS2: optional, the key's owner is meant
    let user = match body.get("cortex_user") {
        None | Some(Value::Null) => "api_key_owner",
        Some(Value::String(user)) => user,
        Some(_) => return bad_field("cortex_user", "str type expected"),
    };
    vote(world, job, id, user, label, request.now)
        .unwrap_or_else(|| Reply::ok(&json!({"status": "updated"})))
}

/// Stores a vote; a reply says why not. Shared with v2.
///
/// Assumption: feedback on a pending event is taken like any other; an unknown label is a 422.
pub fn vote(
    world: &mut World,
    job: &str,
    id: &str,
    user: &str,
    label: &str,
    now: Ms,
) -> Option<Reply> {
    let Some(known) = number(job).and_then(|n| world.job(n)) else {
        return Some(no_job(job));
    };
    let number = known.id;
    if world.event(number, id).is_none() {
        return Some(no_event(id));
    }
    let by_class = known.labels.iter().find(|l| l.class == label).map(|l| l.text.clone());
    let Some(label) = known.label(label).map(|l| l.text.clone()).or(by_class) else {
        let names: Vec<&str> = known.labels.iter().map(|l| l.text.as_str()).collect();
        return Some(bad_field(
            "feedback",
            &format!("unknown label {label:?}; the decision set is {names:?}"),
        ));
    };
    world.vote(number, id, user, &label, now);
    None
}

/// 422 for a missing query parameter; shared with v2.
pub fn missing(name: &str) -> Reply {
    bad_param(name, "field required")
}
