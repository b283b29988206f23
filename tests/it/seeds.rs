//! The commands of the two manuals: equal to their examples, and word for word on the wire.
//!
//! Here raw replies are fed to the catalogue, and what comes out is compared with the manuals' contexts and tables. The rooms
//! below run the program: against a server that records, and against the simulator.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

mod program;
mod recorder;
mod simulated;
mod wire;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use socdeck::api::Answer;
use socdeck::catalogue::{self, Defaults, Line, Outcome, Run, Step};
use socdeck::cli::exec::{Format, bytes};

/// A file of the manuals' examples.
fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn prepared(line: &str) -> Run {
    let line = Line::parse(line).unwrap();
    let entry = catalogue::entry_of(&line).unwrap();
    catalogue::prepare(entry, &line.pairs, &Defaults::default(), &mut |_| {
        panic!("no file is read here")
    })
    .unwrap()
}

/// Runs a line on these replies, in order.
fn outcome(line: &str, replies: &[&str]) -> Outcome {
    let mut run = prepared(line);
    let mut replies = replies.iter();
    let mut step = run.start();
    loop {
        step = match step {
            Step::Ask(call) => {
                let reply = replies.next().unwrap_or_else(|| panic!("{call} has no reply"));
                run.answered(Ok(Answer::from_json(reply)), Duration::ZERO)
            }
            Step::Done(outcome) => return outcome,
            other => panic!("{line}: {other:?}"),
        };
    }
}

fn shown(outcome: &Outcome, format: Format) -> String {
    String::from_utf8(bytes(outcome, format, false)).unwrap()
}

/// Every command with an example in the manuals.
const EXAMPLES: [&str; 10] = [
    "arcanna-get-jobs",
    "arcanna-send-event",
    "arcanna-trigger-train",
    "arcanna-get-decision-set",
    "arcanna-export-event",
    "arcanna-get-event-status",
    "arcanna-send-event-feedback",
    "darktrace-get-similar-devices",
    "darktrace-get-external-endpoint-details",
    "darktrace-get-device-connection-info",
];

fn example(name: &str) -> Outcome {
    let reply = fixture(&format!("{name}.reply.json"));
    let labels = fixture("arcanna-get-decision-set.reply.json");
    let replies = match name {
        "arcanna-send-event-feedback" => vec![labels.as_str(), reply.as_str()],
        _ => vec![reply.as_str()],
    };
    outcome(&fixture(&format!("{name}.line")), &replies)
}

#[test]
fn contexts_are_the_manuals() {
    for name in EXAMPLES {
        let printed: Value = serde_json::from_str(&shown(&example(name), Format::Json)).unwrap();
        let wanted: Value =
            serde_json::from_str(&fixture(&format!("{name}.context.json"))).unwrap();
        assert_eq!(printed, wanted, "{name}");
    }
}

#[test]
fn tables_are_the_manuals() {
    for name in EXAMPLES {
        let printed = shown(&example(name), Format::Markdown);
        assert_eq!(printed, fixture(&format!("{name}.md")), "{name}");
    }
}

#[test]
fn raw_is_the_reply_byte_for_byte() {
    for name in EXAMPLES {
        let reply = fixture(&format!("{name}.reply.json"));
        assert_eq!(shown(&example(name), Format::Raw), reply, "{name}");
    }
}

#[test]
fn every_format_of_every_example_prints_something_readable() {
    for name in EXAMPLES {
        let outcome = example(name);
        for line in shown(&outcome, Format::Jsonl).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert!(row.is_object(), "{name}: {line}");
        }
        for format in [Format::Table, Format::Csv] {
            assert!(shown(&outcome, format).lines().count() > 0, "{name} {format:?}");
        }
    }
    assert_eq!(
        shown(&example("arcanna-get-jobs"), Format::Table),
        "job_id  title        status   last_processed_timestamp\n\
         1201    dev1         ENABLED  2025-07-24T15:51:01.731058+00:00\n\
         1202    marian-demo  ENABLED  2025-07-23T13:50:01.351058+00:00\n"
    );
    let csv = shown(&example("darktrace-get-device-connection-info"), Format::Csv);
    for row in [
        "1,total,used,1589,connections,",
        "1,device used,others,1,%,",
        "1,port used,5001 - 10000,11,%,2020-06-18T16:07:55.000Z",
        "1,device and port,out -5:80,12,%,",
        "1,graph,,390,connections,2020-08-24T21:00:00.000Z",
    ] {
        assert!(csv.lines().any(|line| line == row), "{row} in\n{csv}");
    }
}

#[test]
fn numbers_and_key_order_survive_every_json_format() {
    let reply = r#"{"status":"OK","event_id":"1","arcanna_event":{"z":123456789012345678901234567890,"a":1.50,"b":0.1e-7}}"#;
    let event = outcome("arcanna-export-event job_id=1 event_id=1", &[reply]);
    assert_eq!(shown(&event, Format::Raw), reply);
    assert_eq!(shown(&event, Format::Jsonl), format!("{reply}\n"));
    let json = shown(&event, Format::Json);
    let (z, a) = (json.find("\"z\"").unwrap(), json.find("\"a\"").unwrap());
    assert!(z < a, "{json}");
    for text in ["123456789012345678901234567890", "1.50", "0.1e-7"] {
        assert!(json.contains(text), "{json}");
    }
}

#[test]
fn commands_without_an_example_follow_the_context_tables() {
    let tags = outcome(
        "darktrace-get-tags-for-device deviceId=2",
        &[r#"[{"tid":9,"name":"Admin","expiry":0,"data":{"color":200,"description":""}},
             {"tid":10,"name":"Bare"},
             {"tid":11,"name":"Soon","expiry":1600063200000,"data":{"description":"x|y"}}]"#],
    );
    let context: Value = serde_json::from_str(&tags.context.compact()).unwrap();
    assert_eq!(
        context,
        json!({"Darktrace": {"Device": [
            {"tagId": 9, "tagName": "Admin", "tagDescription": "", "expiry": 0},
            {"tagId": 10, "tagName": "Bare", "tagDescription": "", "expiry": null},
            {"tagId": 11, "tagName": "Soon", "tagDescription": "x|y", "expiry": 1_600_063_200_000_i64},
        ]}})
    );
    assert!(
        shown(&tags, Format::Markdown).contains("| 11 | Soon | x\\|y | 2020-09-14T06:00:00.000Z |")
    );

    let tagged = outcome(
        "darktrace-get-tagged-devices tagName=\"Active Threat\"",
        &[r#"{"entities":[{"teid":1,"tid":5,"entityType":"Device","entityValue":"2","valid":true},
              {"teid":2,"tid":5,"entityType":"Device","entityValue":"999999999","valid":true},
              {"teid":3,"tid":5,"entityType":"Credential","entityValue":"ann","valid":true}],
             "devices":[{"did":2,"hostname":"h","credentials":[{"credential":"ann","lastSeen":1}],
              "tags":[{"tid":5,"name":"Active Threat"}]}]}"#],
    );
    let context: Value = serde_json::from_str(&tagged.context.compact()).unwrap();
    assert_eq!(
        context,
        json!({"Darktrace": {"Device": [{
            "deviceId": 2, "hostname": "h", "label": null,
            "credentials": [{"credential": "ann", "lastSeen": 1}],
            "otherTags": [{"tid": 5, "name": "Active Threat"}],
        }]}})
    );
    assert_eq!(
        tagged.notes,
        [
            "the tag is also on devices Darktrace does not describe: 999999999",
            "the tag is also on 1 credential"
        ]
    );
    assert!(
        shown(&tagged, Format::Table)
            .contains("2         h                ann          Active Threat")
    );

    let watched = outcome(
        "darktrace-post-to-watched-list endpointsToWatch=\"1.1.1.1, bad.example\" description=why",
        &[r#"{"response":"SUCCESS","added":0,"updated":0}"#],
    );
    let context: Value = serde_json::from_str(&watched.context.compact()).unwrap();
    assert_eq!(context, json!({"Darktrace": {"Endpoint": {"Watched": "SUCCESS"}}}));
    assert_eq!(watched.notes, ["nothing is new: Darktrace had every entry already"]);
}

#[test]
fn a_tag_is_confirmed_by_reading_it_back() {
    let line = "darktrace-post-tag-to-device deviceId=2 tagName=Admin";
    let there = outcome(line, &[r#"{"tid":57}"#, r#"[{"tid":57,"name":"Admin"}]"#]);
    let context: Value = serde_json::from_str(&there.context.compact()).unwrap();
    assert_eq!(
        context,
        json!({"Darktrace": {"Device": {
            "tagId": 57, "tagName": "Admin", "deviceId": 2, "response": "the device carries the tag",
        }}})
    );
    assert_eq!(there.refusal, None);
    let absent = outcome(line, &[r#"{"response":"SUCCESS"}"#, "[]"]);
    assert!(absent.refusal.unwrap().contains("does not carry `Admin`"));
}

#[test]
fn an_analysis_is_read_from_where_its_data_sits() {
    let line = |operation: &str| {
        format!(
            "darktrace-run-advanced-search-analysis initialDate=2026-01-01 initialTime=00:00:00 \
             endDate=2026-01-02 endTime=00:00:00 query=x metric=@fields.source_ip operation={operation}"
        )
    };
    let trend = outcome(
        &line("trend"),
        &[
            r#"{"took":1,"hits":{"total":20573,"count":10000,"hits":[{"id":"10.0.0.1","count":5,"start":4,"trend":-0.5}]},"darktraceChildError":"probe-2"}"#,
        ],
    );
    assert_eq!(
        shown(&trend, Format::Table),
        "id        count  start  trend\n10.0.0.1  5      4      -0.5\n"
    );
    assert_eq!(
        trend.notes,
        [
            "warning: this is only a part of the result: probe-2 did not answer",
            "looked at 10000 of 20573 matching records from 0 on; offset=10000 goes on"
        ]
    );
    let terms = outcome(
        &line("TERMS"),
        &[
            r#"{"hits":{"total":3,"hits":[]},"aggregations":{"terms":{"sum_other_doc_count":0,"buckets":[{"key":443,"doc_count":2},{"key":"x","doc_count":1}]}}}"#,
        ],
    );
    assert_eq!(shown(&terms, Format::Csv), "key,doc_count\n443,2\nx,1\n");
    assert!(terms.context.at(&["Darktrace", "AdvancedSearch", "aggregations"]).is_some());
    let mean = outcome(
        &line("mean"),
        &[
            r#"{"hits":{"total":2,"hits":[]},"aggregations":{"stats":{"count":2,"min":1,"max":3,"avg":2.0,"sum":4}}}"#,
        ],
    );
    assert_eq!(
        shown(&mean, Format::Jsonl),
        "{\"count\":2,\"min\":1,\"max\":3,\"avg\":2.0,\"sum\":4}\n"
    );
}
