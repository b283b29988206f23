//! The raw event search of v2: the part of Elasticsearch's query language that clients of this product use. Contract
//! arcanna.md §3.5. A clause it does not know is refused with 400, never ignored.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::glob::wildcard;
use super::super::wire::{Reply, Request};
use super::filter::{compare, field, text};
use super::model::{World, decision_points};
use super::{datemath, document, query, v1};

/// `POST events/raw_es_query`.
pub fn answer(world: &World, request: &Request) -> Reply {
    match v1::body(request).and_then(|body| run(world, &body, request.now)) {
        Ok(value) => Reply::ok(&value),
        Err(reply) => reply,
    }
}

fn refused(reason: &str) -> Reply {
    // Assumption: Elasticsearch's own error form is passed through.
    let cause = json!({"type": "parsing_exception", "reason": reason});
    Reply::json(
        400,
        &json!({"error": {"root_cause": [cause], "type": "parsing_exception", "reason": reason}, "status": 400}),
    )
}

fn run(world: &World, body: &Value, now: i64) -> Result<Value, Reply> {
    let all = json!({"match_all": {}});
    let search = body.get("query_body").cloned().unwrap_or(Value::Null);
    if !search.is_null() && search.get("query").is_none() {
        return Err(super::bad_field("query_body", "query_body must contain query"));
    }
    let clause = &datemath::worked_out(search.get("query").unwrap_or(&all), now);
    let bare = body.get("decision_points_only").and_then(Value::as_bool).unwrap_or(false);
    let mut hits = Vec::new();
    for job in query::jobs(world, body)? {
        for event in world.events.iter().filter(|e| e.job == job.id) {
            let doc = document::full(world, job, event, now);
            if matches(clause, &doc).map_err(|why| refused(&why))? {
                hits.push((job, event, doc));
            }
        }
    }
    sort(&mut hits, search.get("sort"), |(_, _, doc)| doc);
    let aggregations = match search.get("aggs").or_else(|| search.get("aggregations")) {
        None => None,
        Some(aggs) => {
            let docs: Vec<&Value> = hits.iter().map(|(_, _, doc)| doc).collect();
            Some(aggregate(aggs, &docs).map_err(|why| refused(&why))?)
        }
    };
    let number = |name: &str, otherwise: usize| {
        search.get(name).and_then(Value::as_u64).map_or(otherwise, |n| n as usize)
    };
    let total = hits.len();
    let page: Vec<Value> = hits
        .into_iter()
        .skip(number("from", 0))
        .take(number("size", 10))
        .map(|(job, event, doc)| {
            let source = if bare { Value::Object(decision_points(job, &event.raw())) } else { doc };
            json!({"_index": format!("arcanna-{}", job.id), "_id": event.id, "_score": 1.0, "_source": source})
        })
        .collect();
    // Assumption: the reply is Elasticsearch's, as nothing public shows it.
    let mut out = json!({
        "took": 3, "timed_out": false, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": total, "relation": "eq"}, "max_score": null, "hits": page},
    });
    if let Some(aggregations) = aggregations {
        out["aggregations"] = aggregations;
    }
    Ok(out)
}

fn sort<T>(hits: &mut [T], order: Option<&Value>, doc: impl Fn(&T) -> &Value) {
    let newest = json!([{"@timestamp": "desc"}]);
    let list = match order.unwrap_or(&newest) {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let keys: Vec<(String, bool)> = list
        .iter()
        .filter_map(|item| match item {
            Value::String(name) => Some((name.clone(), false)),
            Value::Object(map) => map.iter().next().map(|(name, how)| {
                let how = how.get("order").unwrap_or(how);
                (name.clone(), how.as_str() == Some("desc"))
            }),
            _ => None,
        })
        .collect();
    hits.sort_by(|a, b| {
        keys.iter().fold(std::cmp::Ordering::Equal, |order, (name, down)| {
            order.then_with(|| {
                let value = |t| field(doc(t), name).cloned().unwrap_or_default();
                let by = compare(&value(a), &value(b));
                if *down { by.reverse() } else { by }
            })
        })
    });
}

fn clauses(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |list| list.iter().collect())
}

fn matches(clause: &Value, doc: &Value) -> Result<bool, String> {
    let Some(map) = clause.as_object().filter(|m| m.len() == 1) else {
        return Err(format!("a query is an object with one key, found {clause}"));
    };
    let Some((kind, body)) = map.iter().next() else {
        return Ok(true);
    };
    let of = || {
        let pair = body.as_object().and_then(|m| m.iter().next());
        pair.ok_or_else(|| format!("[{kind}] query malformed, no field"))
    };
    let value_of = |v: &Value, inner: &str| v.get(inner).cloned().unwrap_or_else(|| v.clone());
    let same = |name: &str, wanted: &Value| {
        field(doc, name)
            .is_some_and(|f| clauses(f).iter().any(|f| text(f).eq_ignore_ascii_case(&text(wanted))))
    };
    match kind.as_str() {
        "match_all" => Ok(true),
        "match_none" => Ok(false),
        "bool" => all(body, doc),
        "term" => of().map(|(name, v)| same(name, &value_of(v, "value"))),
        "terms" => of().map(|(name, v)| clauses(v).iter().any(|w| same(name, w))),
        "ids" => Ok(body.get("values").is_some_and(|v| clauses(v).contains(&&doc["id"]))),
        "exists" => {
            Ok(body.get("field").and_then(Value::as_str).is_some_and(|f| field(doc, f).is_some()))
        }
        "match" => of().map(|(name, v)| {
            let wanted = text(&value_of(v, "query")).to_lowercase();
            let found = field(doc, name).map(text).unwrap_or_default().to_lowercase();
            let words: Vec<&str> = found.split(|c: char| !c.is_alphanumeric()).collect();
            found == wanted || wanted.split_whitespace().any(|w| words.contains(&w))
        }),
        "match_phrase" => of().map(|(name, v)| {
            let wanted = text(&value_of(v, "query")).to_lowercase();
            field(doc, name).is_some_and(|f| text(f).to_lowercase().contains(&wanted))
        }),
        "prefix" => of().map(|(name, v)| {
            field(doc, name).is_some_and(|f| text(f).starts_with(&text(&value_of(v, "value"))))
        }),
        "wildcard" => of().map(|(name, v)| {
            let pattern = text(v.get("value").or_else(|| v.get("wildcard")).unwrap_or(v));
            field(doc, name).is_some_and(|f| wildcard(&pattern, &text(f)))
        }),
        "range" => of().and_then(|(name, bounds)| range(name, bounds, doc)),
        other => Err(format!("unknown query [{other}]")),
    }
}

fn all(body: &Value, doc: &Value) -> Result<bool, String> {
    let each = |name: &str| -> Result<Vec<bool>, String> {
        body.get(name)
            .map_or(Ok(Vec::new()), |v| clauses(v).into_iter().map(|c| matches(c, doc)).collect())
    };
    let (must, filter, not, should) =
        (each("must")?, each("filter")?, each("must_not")?, each("should")?);
    let optional = !must.is_empty() || !filter.is_empty();
    let at_least =
        body.get("minimum_should_match").and_then(Value::as_u64).unwrap_or(u64::from(!optional))
            as usize;
    let should_hold = should.is_empty() || should.iter().filter(|b| **b).count() >= at_least;
    Ok(must.into_iter().chain(filter).all(|b| b) && !not.into_iter().any(|b| b) && should_hold)
}

fn range(name: &str, bounds: &Value, doc: &Value) -> Result<bool, String> {
    let Some(found) = field(doc, name) else {
        return Ok(false);
    };
    let Some(bounds) = bounds.as_object() else {
        return Err("[range] query malformed".to_owned());
    };
    for (bound, value) in bounds {
        let order = compare(found, value);
        let holds = match bound.as_str() {
            "gt" => order.is_gt(),
            "gte" | "from" => order.is_ge(),
            "lt" => order.is_lt(),
            "lte" | "to" => order.is_le(),
            "format" | "boost" | "time_zone" => true,
            other => return Err(format!("[range] query does not support [{other}]")),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn aggregate(aggs: &Value, docs: &[&Value]) -> Result<Value, String> {
    let mut out = Map::new();
    for (name, agg) in aggs.as_object().ok_or("aggs must be an object")? {
        let inner = agg.get("aggs").or_else(|| agg.get("aggregations"));
        let field_of =
            |body: &Value| body.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
        let values = |name: &str| {
            docs.iter().filter_map(|d| field(d, name).and_then(Value::as_f64)).collect::<Vec<f64>>()
        };
        let value = if let Some(body) = agg.get("terms") {
            terms(
                &field_of(body),
                body.get("size").and_then(Value::as_u64).unwrap_or(10) as usize,
                inner,
                docs,
            )?
        } else if let Some(body) = agg.get("cardinality") {
            let distinct: std::collections::BTreeSet<String> =
                docs.iter().filter_map(|d| field(d, &field_of(body)).map(text)).collect();
            json!({"value": distinct.len()})
        } else if let Some(body) = agg.get("value_count") {
            json!({"value": docs.iter().filter(|d| field(d, &field_of(body)).is_some()).count()})
        } else if let Some(body) = agg.get("avg") {
            let list = values(&field_of(body));
            json!({"value": (!list.is_empty()).then(|| list.iter().sum::<f64>() / list.len() as f64)})
        } else if let Some(body) = agg.get("min") {
            json!({"value": values(&field_of(body)).into_iter().reduce(f64::min)})
        } else if let Some(body) = agg.get("max") {
            json!({"value": values(&field_of(body)).into_iter().reduce(f64::max)})
        } else {
            return Err(format!(
                "unknown aggregation in [{name}]; terms, cardinality, value_count, avg, min and max are known"
            ));
        };
        out.insert(name.clone(), value);
    }
    Ok(Value::Object(out))
}

fn terms(name: &str, size: usize, inner: Option<&Value>, docs: &[&Value]) -> Result<Value, String> {
    let mut groups: BTreeMap<String, (Value, Vec<&Value>)> = BTreeMap::new();
    for doc in docs {
        for value in field(doc, name).map(clauses).unwrap_or_default() {
            groups.entry(text(value)).or_insert_with(|| (value.clone(), Vec::new())).1.push(doc);
        }
    }
    let mut groups: Vec<(Value, Vec<&Value>)> = groups.into_values().collect();
    groups.sort_by_key(|(_, docs)| std::cmp::Reverse(docs.len()));
    let rest: usize = groups.iter().skip(size).map(|(_, docs)| docs.len()).sum();
    let buckets: Result<Vec<Value>, String> = groups
        .into_iter()
        .take(size)
        .map(|(key, docs)| {
            let mut bucket = json!({"key": key, "doc_count": docs.len()});
            if let (Some(inner), Some(map)) = (inner, bucket.as_object_mut()) {
                map.extend(aggregate(inner, &docs)?.as_object().cloned().unwrap_or_default());
            }
            Ok(bucket)
        })
        .collect();
    Ok(json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": buckets?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bool_clauses_combine_and_the_unknown_is_refused() {
        let doc = json!({"arcanna": {"result_label": "Drop"}, "n": 5, "id": "1"});
        let query = json!({"bool": {
            "must": [{"term": {"arcanna.result_label.keyword": "Drop"}}],
            "filter": {"range": {"n": {"gte": 5, "lt": 6}}},
            "must_not": [{"exists": {"field": "gone"}}],
        }});
        assert_eq!(matches(&query, &doc), Ok(true));
        assert_eq!(matches(&json!({"bool": {"should": [{"term": {"n": 4}}]}}), &doc), Ok(false));
        assert!(matches(&json!({"fuzzy": {"n": 4}}), &doc).is_err());
    }
}
