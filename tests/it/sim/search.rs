//! Advanced search: what the analyses count must be what the search finds.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::harness::{Sim, start};

fn query(search: &str, offset: usize) -> Value {
    let time =
        json!({"from": "2025-12-05T00:00:00Z", "to": "2026-01-02T04:00:00Z", "user_interval": "0"});
    json!({"search": search, "fields": [], "offset": offset.to_string(), "timeframe": "custom", "graphmode": "count", "time": time,
        "mode": "", "analyze_field": ""})
}

fn analyze(sim: &Sim, field: &str, operation: &str, query: &Value) -> Value {
    let hash = URL_SAFE_NO_PAD.encode(query.to_string());
    sim.get(&format!("/advancedsearch/api/analyze/{field}/{operation}/{hash}")).json()
}

#[test]
fn advanced_search_counts_what_search_finds() {
    let sim = start();
    let conn = query("@type:\"conn\" AND @fields.dest_port:\"443\"", 0);
    let total = analyze(&sim, "@fields.proto", "terms", &conn)["hits"]["total"].as_u64().unwrap();
    assert!(total > 2_000, "{total}");
    // the same number, counted over the rows
    let (mut rows, mut found) = (Vec::new(), 0);
    loop {
        let mut page = query("@type:\"conn\" AND @fields.dest_port:\"443\"", found);
        page["size"] = json!(3_000);
        let body = json!({"hash": STANDARD.encode(page.to_string())}).to_string();
        let hits =
            sim.post_json("/advancedsearch/api/search", &body).json()["hits"]["hits"].clone();
        let hits = hits.as_array().unwrap().clone();
        if hits.is_empty() {
            break;
        }
        found += hits.len();
        rows.extend(hits);
    }
    assert_eq!(found as u64, total);
    assert!(rows.iter().all(|r| r["_source"]["@type"] == "conn" && r["_source"]["@fields"]["dest_port"] == 443));
    let top = analyze(&sim, "@fields.source_ip", "score", &conn)["hits"]["hits"][0].clone();
    let newest = &rows[..rows.len().min(10_000)];
    let counted =
        newest.iter().filter(|r| r["_source"]["@fields"]["source_ip"] == top["id"]).count();
    assert_eq!(top["count"], counted);
    let stats = analyze(&sim, "@fields.orig_bytes", "mean", &conn)["aggregations"]["stats"].clone();
    let sum: f64 =
        rows.iter().map(|r| r["_source"]["@fields"]["orig_bytes"].as_f64().unwrap()).sum();
    assert!((stats["sum"].as_f64().unwrap() - sum).abs() < 1.0, "{stats} {sum}");
    assert_eq!(stats["count"], total);
}

#[test]
fn analyses_look_at_ten_thousand_records_a_slice() {
    let sim = start();
    let slice = |offset| analyze(&sim, "@type", "terms", &query("*", offset));
    let total = slice(0)["hits"]["total"].as_u64().unwrap();
    assert!(total > 20_000, "{total}");
    let mut counted = 0;
    for offset in (0..total as usize).step_by(10_000) {
        let answer = slice(offset);
        let buckets = answer["aggregations"]["terms"]["buckets"].clone();
        let sum: u64 =
            buckets.as_array().unwrap().iter().map(|b| b["doc_count"].as_u64().unwrap()).sum();
        assert_eq!(answer["hits"]["count"], sum);
        counted += sum;
    }
    assert_eq!(counted, total);
    let trend =
        analyze(&sim, "@fields.dest_port", "trend", &query("@type:conn", 0))["hits"]["hits"]
            .clone();
    assert!(trend.as_array().unwrap().iter().any(|r| r["trend"].as_f64().unwrap() < 0.0));
    let nothing = analyze(&sim, "@fields.dest_port", "score", &query("@fields.dest_port:\"1\"", 0));
    assert_eq!((&nothing["hits"]["total"], &nothing["hits"]["hits"]), (&json!(0), &json!([])));
}

#[test]
fn a_query_that_cannot_be_read_is_an_input_error() {
    let sim = start();
    let ask = |hash: &str| sim.get(&format!("/advancedsearch/api/analyze/@type/score/{hash}"));
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for hash in [
        "!!!".to_owned(),
        encode("not json"),
        encode(r#"{"search":"","fields":[]}"#),
        encode(r#"{"search":"","timeframe":"60"}"#),
        encode(r#"{"search":"(@type:conn","fields":[],"timeframe":"60"}"#),
        encode(
            r#"{"search":"","fields":[],"timeframe":"custom","time":{"from":"soon","to":"later"}}"#,
        ),
    ] {
        let answer = ask(&hash);
        assert_eq!(
            (answer.status, &answer.json()["response"]),
            (400, &json!("INPUT ERROR")),
            "{hash}"
        );
    }
}
