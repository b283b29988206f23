//! The event search of v2: `events/query`, structured. Contract arcanna.md §3.4. The raw form is in `elastic`.

use serde_json::{Value, json};

use super::super::time;
use super::super::whole;
use super::super::wire::{Reply, Request};
use super::model::{Job, World, decision_points};
use super::{bad_field, document, filter, v1};

/// Assumption: the most rows a page may hold; the contract names no limit.
const SIZE_MAX: i64 = 10_000;

/// The jobs a body names by `job_ids` and `job_titles`; none named means all.
pub fn jobs<'a>(world: &'a World, body: &Value) -> Result<Vec<&'a Job>, Reply> {
    let ids: Option<Vec<i64>> = match body.get("job_ids").filter(|v| !v.is_null()) {
        None => None,
        Some(Value::Array(list)) => Some(list.iter().filter_map(whole).collect()),
        Some(one) => match whole(one) {
            Some(id) => Some(vec![id]),
            None => return Err(bad_field("job_ids", "value is not a valid integer")),
        },
    };
    let titles = strings(body, "job_titles");
    Ok(world
        .jobs
        .iter()
        .filter(|j| ids.as_ref().is_none_or(|ids| ids.contains(&j.id)))
        .filter(|j| titles.as_ref().is_none_or(|t| t.contains(&j.title)))
        .collect())
}

/// A text or a list of texts.
pub fn strings(body: &Value, name: &str) -> Option<Vec<String>> {
    match body.get(name)? {
        Value::Null => None,
        Value::Array(list) => Some(list.iter().map(filter::text).collect()),
        one => Some(vec![filter::text(one)]),
    }
}

/// The bounds of `start_date` and `end_date`; a bare end date includes its day.
pub fn window(body: &Value) -> Result<(i64, i64), Reply> {
    let bound = |name: &str, otherwise: i64, add: i64| match body.get(name).and_then(Value::as_str)
    {
        None => Ok(otherwise),
        Some(text) => time::parse(text)
            .map(|at| if text.len() == 10 { at + add } else { at })
            .ok_or_else(|| bad_field(name, "invalid datetime format")),
    };
    Ok((bound("start_date", i64::MIN, 0)?, bound("end_date", i64::MAX, time::DAY - 1)?))
}

/// `POST events/query`.
pub fn answer(world: &World, request: &Request) -> Reply {
    match v1::body(request).and_then(|body| run(world, &body, request.now)) {
        Ok(value) => Reply::ok(&value),
        Err(reply) => reply,
    }
}

fn run(world: &World, body: &Value, now: i64) -> Result<Value, Reply> {
    const ONE_OF: [&str; 7] =
        ["job_ids", "job_titles", "event_ids", "size", "filters", "start_date", "end_date"];
    if ONE_OF.iter().all(|k| body.get(k).is_none_or(Value::is_null)) {
        return Err(bad_field("__root__", &format!("at least one of {ONE_OF:?} is required")));
    }
    let whole_of = |name: &str, otherwise: i64| match body.get(name).filter(|v| !v.is_null()) {
        None => Ok(otherwise),
        Some(value) => whole(value).filter(|n| *n >= 0).ok_or_else(|| {
            bad_field(name, "ensure this value is an integer greater than or equal to 0")
        }),
    };
    let size = whole_of("size", 5)?; // the default [MCP]
    if size > SIZE_MAX {
        return Err(bad_field("size", "ensure this value is less than or equal to 10000"));
    }
    let page = whole_of("page", 0)?;
    let flag = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or(false);
    let named =
        |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("@timestamp").to_owned();
    let (date_field, column) = (named("date_field"), named("sort_by_column"));
    let ascending = match body.get("sort_order").and_then(Value::as_str) {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => {
            return Err(bad_field(
                "sort_order",
                "value is not a valid enumeration member; permitted: 'asc', 'desc'",
            ));
        }
    };
    let (from, to) = window(body)?;
    let filters = filter::read(body.get("filters"))?;
    let ids = strings(body, "event_ids");
    let (mut rows, mut total) = (Vec::new(), 0);
    for job in jobs(world, body)? {
        let mut found: Vec<(Value, Value)> = world
            .events
            .iter()
            .filter(|e| e.job == job.id && ids.as_ref().is_none_or(|ids| ids.contains(&e.id)))
            .map(|e| (e, document::full(world, job, e, now)))
            .filter(|(_, doc)| {
                let at = filter::field(doc, &date_field).and_then(Value::as_str).and_then(time::parse);
                at.is_none_or(|at| (from..=to).contains(&at)) && filters.iter().all(|f| f.keeps(doc))
            })
            .map(|(e, doc)| {
                let key = filter::field(&doc, &column).cloned().unwrap_or_default();
                let bare = flag("decision_points_only");
                let row = json!({
                    "event_id": e.id, "job_id": job.id, "job_title": job.title,
                    "decision_points": decision_points(job, &e.raw()),
                    "arcanna": if bare { Value::Null } else { doc["arcanna"].clone() },
                    "raw_event": if bare { Value::Null } else { e.raw() },
                    "@timestamp": doc["@timestamp"], "timestamp_inference": doc["timestamp_inference"],
                });
                (key, row)
            })
            .collect();
        total += found.len();
        // rows without the column come last, whichever way the rest is sorted
        found.sort_by(|(a, _), (b, _)| match (a.is_null(), b.is_null()) {
            (true, true) => std::cmp::Ordering::Equal,
            (true, false) => std::cmp::Ordering::Greater,
            (false, true) => std::cmp::Ordering::Less,
            _ if ascending => filter::compare(a, b),
            _ => filter::compare(b, a),
        });
        rows.extend(
            found.into_iter().skip((page * size) as usize).take(size as usize).map(|(_, row)| row),
        );
    }
    if flag("count_results_only") {
        rows.clear();
    }
    Ok(json!({"events": rows, "total_count": total}))
}
