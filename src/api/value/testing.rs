//! What the tests of both products' operations share: a call in one line, and answers no server should ever send.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::api::{Answer, Body, Cause, Operation};

/// JSON text as it stands.
pub fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// The whole call in one line: `Read GET /path?key=value` and ` json …` or ` form …` where it has a body.
pub fn wire(operation: &impl Operation) -> String {
    let call = operation.call().unwrap();
    let body = match &call.body {
        Body::Empty => String::new(),
        Body::Json(text) => format!(" json {text}"),
        Body::Form(fields) => {
            let fields: Vec<String> = fields.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!(" form {}", fields.join("&"))
        }
    };
    format!("{:?} {call}{body}", call.kind)
}

/// The reason why a call is refused before it is sent.
pub fn refused(operation: &impl Operation) -> String {
    operation.call().unwrap_err().to_string()
}

/// Decodes a 200 answer.
pub fn decode<O: Operation>(operation: &O, json: &str) -> Result<O::Output, Cause> {
    operation.decode(&Answer::from_json(json))
}

/// The cause of a failed decoding.
pub fn cause<O: Operation>(operation: &O, json: &str) -> Cause {
    match decode(operation, json) {
        Ok(_) => panic!("{json} was accepted"),
        Err(cause) => cause,
    }
}

/// The place named by [`Cause::Unexpected`].
pub fn place<O: Operation>(operation: &O, json: &str) -> String {
    match cause(operation, json) {
        Cause::Unexpected { at, .. } => at,
        other => panic!("{json}: {other:?}"),
    }
}

/// Feeds an operation JSON of any shape made of the contracts' words, and some bodies built to break a reader.
/// Nothing may panic, and a refusal must be one that an answer can cause.
pub fn survives<O: Operation>(operation: &O) {
    let check = |json: &str| match decode(operation, json) {
        Ok(_)
        | Err(
            Cause::Unexpected { .. }
            | Cause::Refused(_)
            | Cause::NotFound(_)
            | Cause::Credentials(_)
            | Cause::Clock
            | Cause::NotJson(_)
            | Cause::Truncated,
        ) => {}
        Err(other) => panic!("{json}: {other:?}"),
    };
    let deep = 20_000;
    for json in [
        String::new(),
        "nul".into(),
        "{".into(),
        r#"{"status":"OK""#.into(),
        r#"{"status":"\ud800","job_id":1e999,"job_id":{}}"#.into(),
        "[".repeat(deep) + &"]".repeat(deep),
        r#"{"request":"#.repeat(deep) + "1" + &"}".repeat(deep),
        r#"{"detail":["#.repeat(deep) + &"]}".repeat(deep),
        r#"{"decision_set":"#.repeat(deep) + "1" + &"}".repeat(deep),
        r#"[{"devices":"#.repeat(deep) + "1" + &"}]".repeat(deep),
    ] {
        check(&json);
    }
    let mut runner =
        TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    runner
        .run(&any_json(), |json| {
            check(&json.to_string());
            Ok(())
        })
        .unwrap();
}

/// Every key that an operation looks for, and one that none does.
const KEYS: &str = "status detail details error error_message reason reason_details request connected job_id title \
    labels features retrain_state last_processed_timestamp invalid decision_set event_id \
    ingest_timestamp result result_label outlier confidence_score bucket_state knowledge_base_state \
    arcanna_event arcanna metadata @timestamp log_messages content model events total_count \
    decision_points raw_event rule name did devices entities ips ip time timems firstSeen firsttime tags \
    tid teid data expiry credentials interfaces customFields entityValue hostname locations popularity \
    subnetid deviceInfo graphData count info devicesAndPorts deviceAndPort device port direction size \
    portsUsed devicesUsed externalDomains domain hits total value id trend aggregations terms buckets \
    key doc_count stats avg darktraceChildError timed_out _shards response added pbid score then now \
    triggeredComponents triggeredFilters metric acknowledged message username action sdid sourceDevice \
    totalCount version instances overall_accuracy confusion_matrix metrics_per_decision \
    changed_consensus_after_training top_events_ids total_events feedback label user unknown";

const WORDS: &[&str] = &[
    "",
    " ",
    "OK",
    "ERROR",
    "false",
    "pending_inference",
    "Pending inference",
    "others",
    "5001 - 10000",
    "-6",
    "12",
    "1702038492000",
    "2020-09-14 06:00:00",
    "2021-09-02T09:46:22.363642",
    "API DATE ERROR",
    "DATANOTFOUND ERROR",
    "policybreach",
    "out",
    "internal_ip",
    "class_0",
    "\u{1b}[2J\u{202e}",
];

fn any_json() -> impl Strategy<Value = Value> {
    let keys: Vec<&str> = KEYS.split_whitespace().collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10_i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(WORDS).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(keys.clone()), inner), 0..8)
                .prop_map(|members| {
                    let members = members.into_iter().map(|(key, v)| (key.to_owned(), v));
                    Value::from(members.collect::<Map<_, _>>())
                }),
        ]
    })
}
