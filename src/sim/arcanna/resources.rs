//! The resources of v2, to read: jobs, integrations, the key itself. Contract arcanna.md §3.12. The shape differs by type on
//! purpose: it does on the real server.

use serde_json::{Value, json};

use super::super::wire::{Reply, Request};
use super::model::{Job, World};
use super::{bad_param, data, detail};

/// Answers `GET resources…`; `path` is what follows `resources`.
pub fn answer(world: &World, request: &Request, path: &[&str]) -> Reply {
    match path {
        [] => list(world, request),
        ["job", "metadata"] => {
            let categories = [data::BUCKETS, data::EVENT_CENTRIC];
            Reply::ok(
                &json!({"categories": categories, "pipeline": ["Input", "Process", "Enrichment", "Output", "Post-decision"]}),
            )
        }
        ["integration", "metadata"] => Reply::ok(
            &json!({"types": ["External REST API", "Elasticsearch"], "roles": ["input", "output"]}),
        ),
        ["integration", "parameters", "schema"] => {
            Reply::ok(&json!({"External REST API": {"type": "object", "properties": {}}}))
        }
        _ => detail(404, "Not Found"),
    }
}

fn list(world: &World, request: &Request) -> Reply {
    let (title, id) = (request.filled("title"), request.filled("id"));
    if title.is_some() && id.is_some() {
        return bad_param("title", "title and id are exclusive");
    }
    let kept = |t: &str, i: &str| {
        title.as_deref().is_none_or(|x| x == t) && id.as_deref().is_none_or(|x| x == i)
    };
    let kind = request.filled("resource_type");
    // without any filter everything is listed, and jobs with the least [MCP]
    let short = kind.is_none() && title.is_none() && id.is_none();
    let jobs =
        world.jobs.iter().filter(|j| kept(&j.title, &j.id.to_string())).map(|j| job(j, short));
    let integrations = [("External REST API", "1"), ("Elasticsearch output", "2")]
        .into_iter()
        .filter(|(t, i)| kept(t, i))
        .map(|(t, i)| json!({"type": "integration", "title": t, "id": i, "subcategory_id": i}));
    let keys = [("simulator key", "1")]
        .into_iter()
        .filter(|(t, i)| kept(t, i))
        .map(|(t, i)| json!({t: {"type": "api_key", "properties": {"title": t, "id": i}}}));
    let rows: Vec<Value> = match kind.as_deref() {
        None => jobs.chain(integrations).chain(keys).collect(),
        Some("job") => jobs.collect(),
        Some("integration") => integrations.collect(),
        Some("api_key") => keys.collect(),
        Some(_) => {
            return bad_param(
                "resource_type",
                "value is not a valid enumeration member; permitted: 'api_key', 'job', 'integration'",
            );
        }
    };
    Reply::ok(&json!(rows))
}

fn job(job: &Job, short: bool) -> Value {
    let mut properties = json!({"title": job.title, "id": job.id, "category": job.category});
    if !short {
        let labels: Vec<Value> =
            job.labels.iter().map(|l| json!({"name": l.text, "hex_color": l.colour})).collect();
        properties["description"] = json!(format!("Alerts of {}", job.title));
        properties["decision_points"] = json!(job.features);
        properties["advanced_settings"] = json!({"custom_labels": labels});
        properties["pipeline_integrations"] =
            json!([{"integration": "External REST API", "role": "input", "enabled": true}]);
    }
    json!({&job.title: {"type": "job", "properties": properties}})
}
