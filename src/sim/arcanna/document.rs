//! How a job and an event look on the wire: the rows of the lists, the status, the full document with its `arcanna` block.
//! Reads the world, changes nothing.

use serde_json::{Map, Value, json};

use super::super::time::{Ms, offset, zulu};
use super::model::{Bucket, Event, INFERENCE, Job, TRAINING, World, decision_points};

/// An event's decision as it stands: label, class, confidence, outlier. None while pending, broken or undecided.
pub struct Decision {
    pub label: String,
    pub class: String,
    pub confidence: f64,
    pub outlier: bool,
}

/// The decision of an event that is not pending.
pub fn decision(world: &World, job: &Job, event: &Event) -> Option<Decision> {
    if !job.trained || event.broken.is_some() {
        return None;
    }
    let (place, confidence, outlier) = event.guess?;
    let guessed = job.labels.get(place)?;
    let learnt = world.bucket(event).and_then(|b| b.learnt.as_deref()).and_then(|l| job.label(l));
    Some(match learnt {
        // what was learnt from people is told back, and with more confidence than a guess
        Some(label) => Decision {
            label: label.text.clone(),
            class: label.class.clone(),
            confidence: if label.text == guessed.text { confidence.max(90.0) } else { 91.5 },
            outlier: false,
        },
        None => Decision {
            label: guessed.text.clone(),
            class: guessed.class.clone(),
            confidence,
            outlier,
        },
    })
}

/// `bucket_state` of the jobs with buckets. [SEED]: `in_knowledge_base` once feedback is given; [G]: `new` before.
fn bucket_state(bucket: Option<&Bucket>) -> &'static str {
    if bucket.is_some_and(|b| !b.votes.is_empty()) { "in_knowledge_base" } else { "new" }
}

/// `knowledge_base_state` of event-centric jobs.
fn knowledge_base_state(bucket: Option<&Bucket>) -> &'static str {
    // Assumption: the spellings; the contract describes Pending, In model and Retrain only in words.
    match bucket {
        Some(b) if b.learnt.is_some() && b.learnt == b.consensus() => "in_model",
        Some(b) if b.learnt.is_some() => "retrain",
        Some(b) if !b.votes.is_empty() => "pending",
        _ => "new",
    }
}

/// The key and the value that say where the event stands in the model.
pub fn state(world: &World, job: &Job, event: &Event) -> (&'static str, &'static str) {
    let bucket = world.bucket(event);
    if job.has_buckets() {
        ("bucket_state", bucket_state(bucket))
    } else {
        ("knowledge_base_state", knowledge_base_state(bucket))
    }
}

/// A row of `GET jobs`.
pub fn job(world: &World, job: &Job, now: Ms) -> Value {
    let events = world.events.iter().filter(|e| e.job == job.id);
    let done = events.filter(|e| !World::is_pending(job, e, now));
    let last = done.clone().map(|e| e.queued + INFERENCE).max();
    let training = job
        .train_started
        .is_some_and(|s| job.train_finished.is_none_or(|f| f < s) && now < s + TRAINING);
    // Assumption: the word for a training under way; null and RETRAIN_FINISHED are known.
    let retrain = if training {
        json!("RETRAIN_STARTED")
    } else if job.train_finished.is_some() {
        json!("RETRAIN_FINISHED")
    } else {
        Value::Null
    };
    json!({
        "job_id": job.id,
        "title": job.title,
        "status": job.status,
        "category": job.category,
        "retrain_state": retrain,
        "retrain_msg": if training { json!("Model is being trained") } else { Value::Null },
        "labels": job.labels.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(),
        "features": job.features,
        "processed_documents_count": done.count(),
        "feedback_documents_count": job.fresh_votes,
        "last_processed_timestamp": last.map(offset),
        "last_feedback_timestamp": job.last_feedback.map(offset),
        "last_train_start_timestamp": job.train_started.map(offset),
        "last_train_finished_timestamp": job.train_finished.map(offset),
        "invalid": false,
    })
}

/// `GET events/{job}/{event}`.
pub fn status(world: &World, job: &Job, event: &Event, now: Ms) -> Value {
    let mut out = Map::new();
    out.insert("event_id".into(), json!(event.id));
    out.insert("ingest_timestamp".into(), json!(zulu(event.sent)));
    let (key, state) = state(world, job, event);
    if World::is_pending(job, event, now) {
        // Assumption: the result fields are there and null while pending; no sample is public.
        out.insert("status".into(), json!("pending_inference"));
        for name in ["result", "result_label", "confidence_score", "outlier", key, "error_message"]
        {
            out.insert(name.into(), Value::Null);
        }
        return Value::Object(out);
    }
    let decision = decision(world, job, event);
    out.insert("status".into(), json!(if event.broken.is_some() { "ERROR" } else { "OK" }));
    out.insert("result".into(), json!(decision.as_ref().map(|d| d.class.as_str())));
    out.insert("result_label".into(), json!(decision.as_ref().map(|d| d.label.as_str())));
    out.insert(key.into(), json!(state));
    out.insert("outlier".into(), json!(decision.as_ref().map(|d| d.outlier)));
    out.insert("confidence_score".into(), json!(decision.as_ref().map(|d| d.confidence)));
    out.insert("error_message".into(), json!(event.broken));
    Value::Object(out)
}

/// The document of an event as it is indexed: its own keys, then ours.
pub fn full(world: &World, job: &Job, event: &Event, now: Ms) -> Value {
    let mut out = match event.raw() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    out.insert("id".into(), json!(event.id));
    out.insert(
        "metadata".into(),
        json!({
            "severity": event.severity, "ingested_timestamp": zulu(event.sent), "id": event.id, "description": event.title,
        }),
    );
    out.insert("arcanna".into(), block(world, job, event, now));
    if !out.contains_key("@timestamp") {
        out.insert("@timestamp".into(), json!(zulu(event.sent)));
    }
    out.insert("timestamp_inference".into(), json!(zulu(event.queued + INFERENCE)));
    Value::Object(out)
}

fn block(world: &World, job: &Job, event: &Event, now: Ms) -> Value {
    let pending = World::is_pending(job, event, now);
    let decision = if pending { None } else { decision(world, job, event) };
    let bucket = world.bucket(event);
    let consensus = bucket.and_then(Bucket::consensus);
    let (state_key, state) = state(world, job, event);
    let low = decision.as_ref().is_some_and(|d| d.confidence < 50.0);
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("result", json!(decision.as_ref().map(|d| d.class.as_str())));
    put("result_label", json!(decision.as_ref().map(|d| d.label.as_str())));
    put("inference_status", json!(if pending { "pending" } else { "finished" }));
    put("inference_result", json!(if decision.is_some() { "decision" } else { "no_decision" }));
    put("pipeline_status", json!(if event.broken.is_some() { "error" } else { "ok" }));
    put(state_key, json!(state));
    put("bucket_id", json!(event.bucket));
    put("original_id", json!(event.id));
    put("original_index", json!(""));
    put("artifacts", json!([]));
    put("outlier_flag", json!(decision.as_ref().map(|d| d.outlier)));
    put("outlier_score", json!(decision.as_ref().map(|d| if d.outlier { 0.91 } else { 0.12 })));
    put("confidence_score", json!(decision.as_ref().map(|d| d.confidence)));
    put("confidence_percentage", json!(decision.as_ref().map(|d| d.confidence)));
    put("consensus", json!(consensus));
    // Assumption: whether a server lists the votes, and in which form; the contract knows their outcome alone.
    put(
        "feedback",
        bucket.map_or(json!([]), |b| {
            b.votes.iter().map(|(u, l)| json!({"user": u, "label": l})).collect()
        }),
    );
    put(
        "attention",
        json!({
            "low_confidence_score": {"attention_required": low},
            "undecided_consensus": {"attention_required": consensus.as_deref() == Some("Undecided")},
        }),
    );
    put("storage_tag", json!(event.storage_tag));
    put("storage_tag_display_name", json!("External REST API"));
    put("log_messages", log_messages(job, event, pending));
    put("timers", timers(event));
    put("batch_uuid", json!(format!("{}-{:012x}", &event.bucket[..8], event.sent)));
    put("model", json!({"path": model_path(job), "timestamp": job.train_finished.map(offset)}));
    put("features_hash", json!(event.bucket));
    put("key_hash", json!(format!("{}{}", event.bucket, &event.bucket[..8])));
    if !event.notes.is_empty() {
        put("agentic_notes", json!(event.notes));
    }
    Value::Object(out)
}

/// The model in use, named as the product names them.
pub fn model_path(job: &Job) -> Option<String> {
    job.train_finished.map(|at| format!("generic-1-{}-model-{}.hdf5", job.id, at / 1000))
}

fn log_messages(job: &Job, event: &Event, pending: bool) -> Value {
    let line = |component: &str, sub: &str, level: &str, content: &str, after: Ms| {
        json!({
            "component": component, "component_subcategory": sub, "level": level, "content": content,
            "timestamp": zulu(event.queued + after),
        })
    };
    let mut out = vec![line("Input", "rest_api", "info", "Event received.", 12)];
    if pending {
        return json!(out);
    }
    let found = decision_points(job, &event.raw()).len();
    match (event.broken, event.guess, job.trained) {
        (Some(error), ..) => out.push(line("Inference", "model", "error", error, 700)),
        (None, None, _) => out.push(line(
            "Inference",
            "features",
            "warn",
            "Decision points are missing in the event: features are incompatible with the model, no decision was taken.",
            700,
        )),
        (None, Some(_), false) => {
            out.push(line("Inference", "model", "warn", "The job has no trained model: no decision was taken.", 700));
        }
        (None, Some(_), true) => {
            let text = format!("{found} of {} decision points found.", job.features.len());
            out.push(line("Inference", "features", "info", &text, 640));
            out.push(line("Inference", "model", "info", "Decision taken.", 910));
        }
    }
    out.push(line("Output", "elastic", "info", "Event exported.", 1_480));
    json!(out)
}

fn timers(event: &Event) -> Value {
    let part = |from: Ms, to: Ms| {
        json!({
            "per_alert_in_batch_ms": (to - from) / 4, "total_ms": to - from, "start": zulu(event.queued + from),
            "end": zulu(event.queued + to), "kafka_overhead_in_ms": 4,
        })
    };
    json!({
        "inference": part(600, 910), "output": part(1_200, 1_480), "core": {"end": zulu(event.queued + 1_500)},
        "total_kafka_overhead_in_s": 0.012, "total_pipeline_in_s": 1.5,
    })
}
