//! Metrics of a job and of its model, computed from the votes the simulator holds. Contract arcanna.md §3.11: the real
//! client rejects a reply that lacks any key, so every key is always there.

use serde_json::{Map, Value, json};

use super::super::time;
use super::super::wire::{Reply, Request};
use super::model::{Bucket, Job, World};
use super::{bad_param, detail, document, filter, v1};

/// Answers one metrics call; `path` is what follows `metrics`.
pub fn answer(world: &World, request: &Request, path: &[&str]) -> Reply {
    let name = request.filled("job_id");
    let job = || match name.as_deref() {
        None => Err(v1::missing("job_id")),
        // [DOC]: a number or a job's name
        Some(text) => {
            let found = world.jobs.iter().find(|j| j.id.to_string() == text || j.title == text);
            found.ok_or_else(|| {
                Reply::json(404, &json!({"error": "Job not found", "details": text}))
            })
        }
    };
    let model = |job: &Job| match (request.filled("model_id"), document::model_path(job)) {
        (None, _) => Err(v1::missing("model_id")),
        (Some(asked), Some(known)) if asked == known => Ok(known),
        (Some(asked), _) => {
            Err(Reply::json(404, &json!({"error": "Model not found", "details": asked})))
        }
    };
    let result = match (request.method.as_str(), path) {
        ("POST", ["job"]) => job().and_then(|job| of_job(world, job, request)),
        ("POST", ["job_and_latest_model"]) => job().and_then(|job| {
            let mut out = of_job(world, job, request)?;
            out["active_model_metrics"] = of_model(world, job, request.now);
            Ok(out)
        }),
        ("GET", ["model"]) => {
            job().and_then(|job| model(job).map(|_| of_model(world, job, request.now)))
        }
        // the docs show an object, MCP wants a text; the text is what a real client checks
        ("POST", ["model", "request_recompute_metrics"]) => job().and_then(|job| {
            model(job).map(|id| json!(format!("Recompute of metrics requested for model {id}")))
        }),
        ("POST", ["internal_metrics"]) => {
            let ids: Vec<i64> = request
                .pairs()
                .iter()
                .filter(|(n, _)| n == "job_ids")
                .filter_map(|(_, v)| v.parse().ok())
                .collect();
            let jobs = world.jobs.iter().filter(|j| ids.is_empty() || ids.contains(&j.id));
            jobs.map(|j| of_job(world, j, request).map(|m| json!({"job_id": j.id, "metrics": m})))
                .collect()
        }
        _ => return detail(404, "Not Found"),
    };
    result.map_or_else(|reply| reply, |value: Value| Reply::ok(&value))
}

/// Counts of one label.
#[derive(Default)]
struct Tally {
    right: u64,
    wrongly_said: u64,
    missed: u64,
}

/// How the model's guesses compare with what people decided, over these pairs of (person, model) label places.
fn compare(job: &Job, pairs: &[(usize, usize)]) -> Map<String, Value> {
    let size = job.labels.len();
    let mut matrix = vec![vec![0_u64; size]; size];
    for (person, model) in pairs {
        matrix[*person][*model] += 1;
    }
    let total = pairs.len() as u64;
    let share = |a: u64, b: u64| {
        if b == 0 { None } else { Some(a as f64 / b as f64) }
    };
    let mut per_label = Map::new();
    let (mut f1s, mut precisions, mut recalls) = (Vec::new(), Vec::new(), Vec::new());
    for (i, label) in job.labels.iter().enumerate() {
        let tally = Tally {
            right: matrix[i][i],
            wrongly_said: (0..size).filter(|j| *j != i).map(|j| matrix[j][i]).sum(),
            missed: (0..size).filter(|j| *j != i).map(|j| matrix[i][j]).sum(),
        };
        let precision = share(tally.right, tally.right + tally.wrongly_said).unwrap_or(0.0);
        let recall = share(tally.right, tally.right + tally.missed).unwrap_or(0.0);
        let f1 = if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        };
        f1s.push(f1);
        precisions.push(precision);
        recalls.push(recall);
        per_label.insert(
            label.text.clone(),
            json!({
                "precision": precision, "recall": recall, "f1_score": f1, "true_positives": tally.right,
                "true_negatives": total - tally.right - tally.wrongly_said - tally.missed,
                "false_positives": tally.wrongly_said, "false_negatives": tally.missed,
            }),
        );
    }
    let mean = |list: &[f64]| (total > 0).then(|| list.iter().sum::<f64>() / list.len() as f64);
    let right: u64 = (0..size).map(|i| matrix[i][i]).sum();
    let mut out = Map::new();
    out.insert("overall_accuracy".into(), json!(share(right, total)));
    out.insert("overall_f1_score".into(), json!(mean(&f1s)));
    out.insert("overall_recall".into(), json!(mean(&recalls)));
    out.insert("overall_precision".into(), json!(mean(&precisions)));
    out.insert("confusion_matrix".into(), if total > 0 { json!(matrix) } else { Value::Null });
    out.insert("metrics_per_decision".into(), Value::Object(per_label));
    out
}

/// The label places (person, model) of the job's events with a decided consensus.
fn pairs(
    world: &World,
    job: &Job,
    keep: impl Fn(&super::model::Event) -> bool,
) -> Vec<(usize, usize)> {
    let place = |text: &str| job.labels.iter().position(|l| l.text == text);
    world
        .events
        .iter()
        .filter(|e| e.job == job.id && keep(e))
        .filter_map(|e| Some((place(&world.bucket(e)?.consensus()?)?, e.guess?.0)))
        .collect()
}

fn of_job(world: &World, job: &Job, request: &Request) -> Result<Value, Reply> {
    let body = if request.body.is_empty() { json!({}) } else { v1::body(request)? };
    let filters = filter::read(body.get("filters"))?;
    let bound = |name: &str, otherwise: i64| match request.filled(name) {
        None => Ok(otherwise),
        Some(text) => time::parse(&text).ok_or_else(|| bad_param(name, "invalid datetime format")),
    };
    let (from, to) = (bound("start_datetime", i64::MIN)?, bound("end_datetime", i64::MAX)?);
    let kept = |e: &super::model::Event| {
        (from..=to).contains(&e.sent)
            && (filters.is_empty() || {
                let doc = document::full(world, job, e, request.now);
                filters.iter().all(|f| f.keeps(&doc))
            })
    };
    let events: Vec<_> = world.events.iter().filter(|e| e.job == job.id && kept(e)).collect();
    let with = |test: &dyn Fn(&Bucket) -> bool| {
        events.iter().filter(|e| world.bucket(e).is_some_and(test)).count()
    };
    // people have changed their mind since the model learnt
    let changed = |b: &Bucket| b.learnt.is_some() && b.learnt != b.consensus();
    let ids: Vec<&str> = events
        .iter()
        .filter(|e| world.bucket(e).is_some_and(changed))
        .map(|e| e.id.as_str())
        .collect();
    let mut buckets: Vec<&str> = events
        .iter()
        .filter(|e| world.bucket(e).is_some_and(changed))
        .map(|e| e.bucket.as_str())
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    let model = document::model_path(job);
    let decided = events.iter().filter(|e| document::decision(world, job, e).is_some()).count();
    let mut out = compare(job, &pairs(world, job, kept));
    let text = |name: &str| json!(request.filled(name));
    out.insert("start_time".into(), text("start_datetime"));
    out.insert("end_time".into(), text("end_datetime"));
    // Assumption: five minutes saved by each decision.
    out.insert("time_saved_minutes".into(), json!(decided * 5));
    out.insert("active_model_id".into(), json!(model));
    out.insert("all_model_ids".into(), json!(model.iter().collect::<Vec<_>>()));
    out.insert("total_events".into(), json!(events.len()));
    out.insert("total_events_in_knowledge_base".into(), json!(with(&|b| b.learnt.is_some())));
    out.insert("total_events_with_consensus".into(), json!(with(&|b| b.consensus().is_some())));
    out.insert(
        "changed_consensus_after_training".into(),
        json!({
            "total_events": ids.len(), "top_events_ids": &ids[..ids.len().min(100)],
            "top_buckets_ids": &buckets[..buckets.len().min(100)],
        }),
    );
    Ok(Value::Object(out))
}

fn of_model(world: &World, job: &Job, now: i64) -> Value {
    let mut out = compare(job, &pairs(world, job, |_| true));
    out.insert("model_id".into(), json!(document::model_path(job)));
    out.insert("is_recomputing_metrics".into(), json!(false));
    out.insert("last_recomputed_timestamp".into(), json!(time::offset(now)));
    Value::Object(out)
}
