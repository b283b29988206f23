//! The v2 calls: scopes, health, feedback, notes, reprocessing, job control, fields; the searches and metrics are in their
//! own rooms. Contract arcanna.md §3. Every call but health and scopes needs a scope of the key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::time;
use super::super::wire::{Reply, Request};
use super::model::{World, at};
use super::{bad_field, detail, document, elastic, filter, metrics, query, resources, v1};

/// Answers one v2 call; `path` is what follows `v2`.
pub fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    let method = request.method.as_str();
    if let Some(scope) = scope_of(method, path)
        && !world.scopes.iter().any(|s| s.split(':').take(2).eq(scope.split(':')))
    {
        // Assumption: the body of a missing scope.
        return detail(403, &format!("Not enough permissions: {scope} is required"));
    }
    match (method, path) {
        ("GET", ["health"]) => Reply::ok(&status("OK", "")),
        ("GET", ["token", "scopes"]) => Reply::ok(&json!(world.scopes)),
        ("POST", ["events", "query"]) => query::answer(world, request),
        ("POST", ["events", "raw_es_query"]) => elastic::answer(world, request),
        ("PUT", ["events", job, id, "feedback"]) => feedback(world, request, job, id),
        ("POST", ["events", job, id, "add_agentic_notes"]) => notes(world, request, job, id),
        ("POST", ["events", job, id, "reprocess"]) => reprocess_one(world, job, id, request.now),
        ("POST", ["events", job, "reprocess"]) => reprocess_many(world, request, job),
        ("POST", ["jobs", id, action @ ("start" | "stop" | "train")]) => {
            let Some(number) = v1::number(id).filter(|n| world.job(*n).is_some()) else {
                return v1::no_job(id);
            };
            match v1::control(world, number, action, "api_key_owner", request.now) {
                Ok(()) => Reply::ok(&status("OK", "")),
                Err(why) => Reply::ok(&status("ERROR", why)),
            }
        }
        ("POST", ["filters", "fields"]) => fields(world, request, false),
        ("POST", ["filters", "fields_mapping"]) => fields(world, request, true),
        (_, ["metrics", rest @ ..]) => metrics::answer(world, request, rest),
        ("GET", ["resources", rest @ ..]) => resources::answer(world, request, rest),
        ("POST" | "DELETE", ["resources"]) => {
            detail(403, "The simulator's resources cannot be changed")
        }
        _ => detail(404, "Not Found"),
    }
}

/// The scope a call needs [MCP tools/*].
fn scope_of(method: &str, path: &[&str]) -> Option<&'static str> {
    Some(match (method, path) {
        (_, ["events", "query" | "raw_es_query"] | ["filters", ..]) => "read:event_query",
        (_, ["events", _, _, "feedback"]) => "write:event_feedback",
        (_, ["events", _, _, "add_agentic_notes"]) => "write:event_agentic_notes",
        (_, ["events", .., "reprocess"]) => "execute:reprocess_events",
        (_, ["jobs", ..]) => "execute:job_operations",
        (_, ["metrics", "model", "request_recompute_metrics"]) => "execute:recompute_model_metrics",
        (_, ["metrics", ..]) => "read:job_metrics",
        ("GET", ["resources", ..]) => "read:resources",
        ("POST", ["resources", ..]) => "write:resources",
        ("DELETE", ["resources", ..]) => "delete:resources",
        _ => return None,
    })
}

/// The v2 form of how it went. `reason_details` is a text here and a list for notes [MCP].
fn status(status: &str, reason: &str) -> Value {
    json!({"status": status, "reason": reason, "reason_details": ""})
}

fn feedback(world: &mut World, request: &Request, job: &str, id: &str) -> Reply {
    let Some(label) = request.filled("feedback_label") else {
        return v1::missing("feedback_label");
    };
    v1::vote(world, job, id, "api_key_owner", &label, request.now)
        .unwrap_or_else(|| Reply::ok(&status("updated", "")))
}

fn notes(world: &mut World, request: &Request, job: &str, id: &str) -> Reply {
    let body = match v1::body(request) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(text) = body.get("agent_notes").and_then(Value::as_str) else {
        return bad_field("agent_notes", "field required");
    };
    let note = json!({
        "agent_notes": text, "agent_saved_objects": body.get("agent_saved_objects").cloned().unwrap_or_else(|| json!({})),
        "workflow_name": body.get("workflow_name"), "workflow_id": body.get("workflow_id"),
        "session_id": body.get("session_id"), "timestamp": time::zulu(request.now),
    });
    match v1::number(job).and_then(|n| world.event_mut(n, id)) {
        Some(event) => {
            event.notes.push(note);
            Reply::ok(&json!({"status": "OK", "reason": "", "reason_details": []}))
        }
        None => Reply::ok(
            &json!({"status": "ERROR", "reason": "Event not found", "reason_details": [id]}),
        ),
    }
}

fn reprocess_one(world: &mut World, job: &str, id: &str, now: i64) -> Reply {
    match v1::number(job).and_then(|n| world.event_mut(n, id)) {
        Some(event) => {
            event.queued = now;
            Reply::ok(&json!({"request": status("OK", "")}))
        }
        None => Reply::ok(&json!({"request": status("ERROR", "Event not found")})),
    }
}

fn reprocess_many(world: &mut World, request: &Request, job: &str) -> Reply {
    let Some(job) = v1::number(job).and_then(|n| world.job(n)).cloned() else {
        return v1::no_job(job);
    };
    let chosen = v1::body(request).and_then(|body| {
        let (from, to) = query::window(&body)?;
        let filters = filter::read(body.get("filters"))?;
        let date_field =
            body.get("date_field").and_then(Value::as_str).unwrap_or("@timestamp").to_owned();
        Ok(world
            .events
            .iter()
            .map(|e| {
                e.job == job.id && {
                    let doc = document::full(world, &job, e, request.now);
                    let at = filter::field(&doc, &date_field)
                        .and_then(Value::as_str)
                        .and_then(time::parse);
                    at.is_none_or(|at| (from..=to).contains(&at))
                        && filters.iter().all(|f| f.keeps(&doc))
                }
            })
            .collect::<Vec<bool>>())
    });
    match chosen {
        Err(reply) => reply,
        Ok(chosen) => {
            let mut updated = 0;
            for (event, _) in world.events.iter_mut().zip(chosen).filter(|(_, chosen)| *chosen) {
                event.queued = request.now;
                updated += 1;
            }
            Reply::ok(&json!({"request": status("OK", ""), "events_updated": updated}))
        }
    }
}

/// The fields one can filter by, as a mapping to types or as rows with operators.
fn fields(world: &World, request: &Request, mapping: bool) -> Reply {
    let found = v1::body(request).and_then(|body| query::jobs(world, &body));
    let jobs = match found {
        Ok(jobs) => jobs,
        Err(reply) => return reply,
    };
    let mut fields: BTreeMap<String, (&'static str, Vec<i64>)> = BTreeMap::new();
    for job in jobs {
        let mut add = |name: &str, kind| {
            let entry = fields.entry(name.to_owned()).or_insert((kind, Vec::new()));
            entry.1.push(job.id);
        };
        for name in &job.features {
            let mut events = world.events.iter().filter(|e| e.job == job.id);
            let kind = events.find_map(|e| at(&e.raw(), name).map(kind_of));
            add(name, kind.unwrap_or("keyword"));
        }
        let state =
            if job.has_buckets() { "arcanna.bucket_state" } else { "arcanna.knowledge_base_state" };
        for (name, kind) in [
            ("@timestamp", "date"),
            ("timestamp_inference", "date"),
            ("arcanna.result_label", "keyword"),
            ("arcanna.consensus", "keyword"),
            ("arcanna.outlier_flag", "boolean"),
            ("arcanna.confidence_score", "float"),
            ("arcanna.bucket_id", "keyword"),
            ("arcanna.attention.low_confidence_score.attention_required", "boolean"),
            ("arcanna.attention.undecided_consensus.attention_required", "boolean"),
            (state, "keyword"),
        ] {
            add(name, kind);
        }
    }
    if mapping {
        return Reply::ok(
            &fields.into_iter().map(|(name, (kind, _))| (name, json!(kind))).collect(),
        );
    }
    let rows: Value = fields
        .into_iter()
        .map(|(name, (kind, jobs))| {
            let operators: Vec<&str> = match kind {
                "keyword" => filter::OPERATORS[..10].to_vec(),
                "boolean" => vec!["is", "is not", "exists", "not exists"],
                _ => vec!["is", "is not", "exists", "not exists", "lt", "lte", "gt", "gte"],
            };
            json!({"field_name": name, "available_operators": operators, "available_in_jobs": jobs})
        })
        .collect();
    Reply::ok(&rows)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "float",
        Value::Number(_) => "long",
        _ => "keyword",
    }
}
