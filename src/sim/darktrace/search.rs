//! Advanced search: analyse, search, graph. Counts for real over the generated records. Contract darktrace.md §5.

use std::collections::HashMap;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::super::time::{self, DAY, HOUR, Ms, zulu};
use super::super::whole;
use super::super::wire::{Reply, Request};
use super::input_error;
use super::lucene::{self, Query};
use super::model::World;
use super::records::{self, Record, Seen, typed};

/// Records one analysis looks at [XA].
const SLICE: usize = 10_000;
/// Rows an analysis shows.
const ROWS: usize = 50;
/// Rows a search may ask for [OAS].
const SIZE_MAX: i64 = 10_000;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is asked.
struct Asked {
    query: Query,
    from: Ms,
    to: Ms,
    offset: usize,
    size: usize,
    analyze: String,
}

/// Answers everything under `/advancedsearch/api`; `path` is what follows. A `/` in a standard base64 text has been taken
/// for a separator and is put back.
pub fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    if world.records.is_none() {
        world.records = Some(records::generate(world));
    }
    match (request.method.as_str(), path) {
        ("GET", ["analyze", field, operation, hash @ ..]) if !hash.is_empty() => {
            with(&hash.join("/"), request, |asked| analyze(world, field, operation, &asked))
        }
        ("GET", ["search", hash @ ..]) if !hash.is_empty() => {
            with(&hash.join("/"), request, |asked| Reply::ok(&search(world, &asked)))
        }
        ("POST", ["search"]) => {
            let hash = request
                .json()
                .and_then(|b| b.get("hash").and_then(Value::as_str).map(str::to_owned));
            match hash {
                Some(hash) => with(&hash, request, |asked| Reply::ok(&search(world, &asked))),
                None => input_error("hash is required, as JSON"),
            }
        }
        ("GET", ["graph", mode, interval, rest @ ..]) if !rest.is_empty() => {
            let Ok(interval) = interval.parse::<i64>() else {
                return input_error("interval: milliseconds");
            };
            let (hash, page) = match rest {
                [hash @ .., page]
                    if !hash.is_empty() && page.len() < 4 && page.parse::<usize>().is_ok() =>
                {
                    (hash.join("/"), page.parse().unwrap_or(0))
                }
                hash => (hash.join("/"), 0),
            };
            with(&hash, request, |asked| graph(world, mode, interval.max(1_000), page, &asked))
        }
        _ => Reply::html(404, "Error", "<pre>Cannot GET</pre>"),
    }
}

fn with(hash: &str, request: &Request, then: impl FnOnce(Asked) -> Reply) -> Reply {
    match read(hash, request.now) {
        Ok(asked) => then(asked),
        Err(why) => input_error(&why),
    }
}

fn read(hash: &str, now: Ms) -> Result<Asked, String> {
    let standard: String = hash
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let bytes = LENIENT.decode(standard).map_err(|e| format!("the query is not base64: {e}"))?;
    let body: Value =
        serde_json::from_slice(&bytes).map_err(|e| format!("the query is not JSON: {e}"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let search = text("search").ok_or("search is required")?;
    if !body.get("fields").is_some_and(Value::is_array) {
        return Err("fields is required".to_owned());
    }
    let number =
        |name: &str, otherwise: i64| match body.get(name).filter(|v| v.as_str() != Some("")) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(value) => {
                whole(value).filter(|n| *n >= 0).ok_or_else(|| format!("{name} is not a number"))
            }
        };
    let size = number("size", 50)?;
    if size > SIZE_MAX {
        return Err(format!("size: at most {SIZE_MAX}"));
    }
    let frame =
        body.get("timeframe").map(|t| t.as_str().map_or_else(|| t.to_string(), str::to_owned));
    let (from, to) = match frame.as_deref() {
        Some("custom") => {
            let bound = |names: [&str; 2]| {
                let value = names.iter().find_map(|n| body.get("time")?.get(n));
                let value = value.ok_or_else(|| format!("time.{} is required", names[0]))?;
                value
                    .as_i64()
                    .or_else(|| time::parse(value.as_str()?))
                    .ok_or_else(|| format!("time.{}: YYYY-MM-DDTHH:MM:SSZ", names[0]))
            };
            (bound(["from", "starttime"])?, bound(["to", "endtime"])?)
        }
        Some(seconds) => {
            let seconds: i64 =
                seconds.parse().map_err(|_| "timeframe: seconds, or custom".to_owned())?;
            (now.saturating_sub(seconds.saturating_mul(1000)), now)
        }
        None => return Err("timeframe is required".to_owned()),
    };
    Ok(Asked {
        query: lucene::parse(search)?,
        from,
        to,
        offset: number("offset", 0)? as usize,
        size: size as usize,
        analyze: text("analyze_field").unwrap_or_default().to_owned(),
    })
}

/// The records asked for, newest first.
fn found<'a>(world: &'a World, asked: &Asked) -> Vec<&'a Record> {
    let all = world.records.as_deref().unwrap_or_default();
    all.iter()
        .filter(|r| {
            (asked.from..=asked.to).contains(&r.at) && asked.query.matches(Seen::new(world, r))
        })
        .collect()
}

fn frame(asked: &Asked, hits: &Value, aggregations: Option<Value>) -> Value {
    let mut out = json!({
        "took": 11, "timed_out": false, "_shards": {"total": 5, "successful": 5, "skipped": 0, "failed": 0}, "hits": hits,
        "darktraceChildError": "",
        "kibana": {
            // a list over several days, a text within one
            "index": if asked.to - asked.from > DAY { json!(["logstash-vmprobe-*", "logstash-vmprobe-old"]) } else { json!("logstash-vmprobe-*") },
            "per_page": 50, "time": {"from": zulu(asked.from.max(0)), "to": zulu(asked.to)},
        },
    });
    if let Some(aggregations) = aggregations {
        out["aggregations"] = aggregations;
    }
    out
}

/// How often each value of a field is there, the most frequent first.
fn counts(world: &World, records: &[&Record], field: &str) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for record in records {
        if let Some(value) = Seen::new(world, record).field(field) {
            *counts.entry(value.into_owned()).or_default() += 1;
        }
    }
    let mut rows: Vec<(String, usize)> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows
}

fn analyze(world: &World, field: &str, operation: &str, asked: &Asked) -> Reply {
    let all = found(world, asked);
    let total = all.len();
    // Assumption: the offset is counted in records, as in search; the next slice begins 10,000 further.
    let rest: Vec<&Record> = all.into_iter().skip(asked.offset).collect();
    let slice = &rest[..rest.len().min(SLICE)];
    let hits = |rows: Value, count: usize| json!({"total": total, "max_score": null, "hits": rows, "count": count});
    let reply = match operation {
        "score" => {
            let rows = counts(world, slice, field);
            let rows: Value =
                rows.iter().take(ROWS).map(|(id, n)| json!({"id": id, "count": n})).collect();
            frame(asked, &hits(rows, slice.len()), None)
        }
        "trend" => {
            let rows = trend(world, slice, field);
            frame(asked, &hits(rows, slice.len()), None)
        }
        "terms" => {
            let rows = counts(world, slice, field);
            let others: usize = rows.iter().skip(ROWS).map(|(_, n)| n).sum();
            // numbers come as numbers here, texts as texts
            let buckets: Value = rows
                .iter()
                .take(ROWS)
                .map(|(key, n)| json!({"key": typed(key), "doc_count": n}))
                .collect();
            let terms = json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": buckets});
            frame(asked, &hits(json!([]), slice.len()), Some(json!({"terms": terms})))
        }
        // the cap of 10,000 does not bind here: the contract's example counts 10,355
        "mean" => frame(
            asked,
            &hits(json!([]), rest.len()),
            Some(json!({"stats": stats(world, &rest, field)})),
        ),
        _ => return input_error("operation: score, trend, terms or mean"),
    };
    Reply::ok(&reply)
}

/// The older half of a slice against the newer.
///
/// Assumption: `start` counts in the older half, `count` in the newer, and `trend` is the change as percent of the half; the
/// contract shows the keys and that trend may be negative, not the sum.
fn trend(world: &World, slice: &[&Record], field: &str) -> Value {
    let (newer, older) = slice.split_at(slice.len() / 2);
    let before: HashMap<String, usize> = counts(world, older, field).into_iter().collect();
    let after: HashMap<String, usize> = counts(world, newer, field).into_iter().collect();
    let mut ids: Vec<&String> =
        before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))).collect();
    let half = newer.len().max(1) as f64;
    let change = |id: &String| {
        let (start, count) =
            (before.get(id).copied().unwrap_or(0), after.get(id).copied().unwrap_or(0));
        (start, count, (count as f64 - start as f64) * 100.0 / half)
    };
    ids.sort_by(|a, b| change(b).2.abs().total_cmp(&change(a).2.abs()).then_with(|| a.cmp(b)));
    ids.into_iter()
        .take(ROWS)
        .map(|id| {
            let (start, count, trend) = change(id);
            json!({"id": id, "count": count, "start": start, "trend": trend})
        })
        .collect()
}

fn stats(world: &World, records: &[&Record], field: &str) -> Value {
    let values: Vec<f64> = records
        .iter()
        .filter_map(|r| Seen::new(world, r).field(field)?.parse::<f64>().ok())
        .collect();
    let sum: f64 = values.iter().sum();
    // Assumption: without any number the bounds are null.
    json!({
        "count": values.len(), "min": values.iter().copied().reduce(f64::min), "max": values.iter().copied().reduce(f64::max),
        "avg": (!values.is_empty()).then(|| sum / values.len() as f64), "sum": sum,
    })
}

fn search(world: &World, asked: &Asked) -> Value {
    let all = found(world, asked);
    let rows: Value =
        all.iter().skip(asked.offset).take(asked.size).map(|r| Seen::new(world, r).hit()).collect();
    frame(asked, &json!({"total": all.len(), "max_score": null, "hits": rows}), None)
}

/// Buckets of a day; `next: 1` says there is an earlier one.
fn graph(world: &World, mode: &str, interval: Ms, page: usize, asked: &Asked) -> Reply {
    if mode == "mean" && asked.analyze.is_empty() {
        return input_error("analyze_field is required for mean");
    }
    let to = asked.to.min(world.start + HOUR);
    // days are cut at midnight, the newest first
    let midnight = to.div_euclid(DAY) * DAY - page as i64 * DAY;
    let (from, to) = (midnight.max(asked.from), to.min(midnight + DAY - 1));
    let earlier = midnight > asked.from;
    let day =
        Asked { query: asked.query.clone(), from, to, analyze: asked.analyze.clone(), ..*asked };
    let records = found(world, &day);
    let mut groups: std::collections::BTreeMap<Ms, Vec<&Record>> =
        std::collections::BTreeMap::new();
    for record in &records {
        groups.entry(record.at.div_euclid(interval) * interval).or_default().push(record);
    }
    let total = records.len();
    let aggregations = match mode {
        "count" => {
            let buckets: Value = groups
                .iter()
                .map(|(at, list)| json!({"key": at, "doc_count": list.len()}))
                .collect();
            json!({"count": {"buckets": buckets}})
        }
        "mean" => {
            let buckets: Value = groups
                .iter()
                .map(|(at, list)| {
                    let stats = stats(world, list, &asked.analyze);
                    json!({"key_as_string": zulu(*at), "key": at, "doc_count": list.len(), "mean_stats": stats})
                })
                .collect();
            json!({"mean": {"buckets": buckets}})
        }
        _ => return input_error("graph: count or mean"),
    };
    let mut out =
        frame(&day, &json!({"total": total, "max_score": null, "hits": []}), Some(aggregations));
    if earlier {
        out["next"] = json!(1);
    }
    Reply::ok(&out)
}
