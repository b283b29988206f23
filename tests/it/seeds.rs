//! The commands of the two manuals: equal to their examples, and word for word on the wire.
//!
//! The golden half feeds raw replies to the catalogue and compares with the manuals' contexts and tables. The other half
//! runs the program: against a server that records, and against the simulator.

mod recorder;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socdeck::api::Answer;
use socdeck::catalogue::{self, Defaults, Line, Outcome, Run, Step};
use socdeck::cli::exec::{Format, bytes};

use recorder::{Reply, Server};

/// A file of the manuals' examples.
fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/seeds")
        .join(name);
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
                let reply = replies
                    .next()
                    .unwrap_or_else(|| panic!("{call} has no reply"));
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
            assert!(
                shown(&outcome, format).lines().count() > 0,
                "{name} {format:?}"
            );
        }
    }
    assert_eq!(
        shown(&example("arcanna-get-jobs"), Format::Table),
        "job_id  title        status   last_processed_timestamp\n\
         1201    dev1         ENABLED  2025-07-24T15:51:01.731058+00:00\n\
         1202    marian-demo  ENABLED  2025-07-23T13:50:01.351058+00:00\n"
    );
    let csv = shown(
        &example("darktrace-get-device-connection-info"),
        Format::Csv,
    );
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
        &[
            r#"[{"tid":9,"name":"Admin","expiry":0,"data":{"color":200,"description":""}},
             {"tid":10,"name":"Bare"},
             {"tid":11,"name":"Soon","expiry":1600063200000,"data":{"description":"x|y"}}]"#,
        ],
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
        &[
            r#"{"entities":[{"teid":1,"tid":5,"entityType":"Device","entityValue":"2","valid":true},
              {"teid":2,"tid":5,"entityType":"Device","entityValue":"999999999","valid":true},
              {"teid":3,"tid":5,"entityType":"Credential","entityValue":"ann","valid":true}],
             "devices":[{"did":2,"hostname":"h","credentials":[{"credential":"ann","lastSeen":1}],
              "tags":[{"tid":5,"name":"Active Threat"}]}]}"#,
        ],
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
            "the tag is also on 1 credentials"
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
    assert_eq!(
        context,
        json!({"Darktrace": {"Endpoint": {"Watched": "SUCCESS"}}})
    );
    assert_eq!(
        watched.notes,
        ["nothing is new: Darktrace had every entry already"]
    );
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
    assert!(
        terms
            .context
            .at(&["Darktrace", "AdvancedSearch", "aggregations"])
            .is_some()
    );
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

// --- the program

/// The program with nothing configured but these two servers.
fn socdeck(url: &str) -> Command {
    let home = tempfile::tempdir().unwrap().keep();
    let mut command = Command::new(env!("CARGO_BIN_EXE_socdeck"));
    command
        .env_clear()
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", &home)
        .env("XDG_STATE_HOME", &home)
        .env("SOCDECK_ARCANNA_URL", url)
        .env("SOCDECK_ARCANNA_API_KEY", recorder::API_KEY)
        .env("SOCDECK_DARKTRACE_URL", url)
        .env("SOCDECK_DARKTRACE_PUBLIC_TOKEN", recorder::PUBLIC)
        .env("SOCDECK_DARKTRACE_PRIVATE_TOKEN", recorder::PRIVATE)
        .stdin(Stdio::null());
    command
}

fn exec(url: &str, words: &[&str]) -> Output {
    socdeck(url).arg("exec").args(words).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A server that answers each command as the contracts say.
fn good() -> Server {
    Server::start(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let body = match (request.method.as_str(), path) {
            ("GET", "/api/v1/jobs/") => fixture("arcanna-get-jobs.reply.json"),
            ("GET", "/api/v1/jobs/1201/labels" | "/api/v1/jobs/1208/labels") => {
                fixture("arcanna-get-decision-set.reply.json")
            }
            ("POST", "/api/v1/jobs/1201/train") => fixture("arcanna-trigger-train.reply.json"),
            ("POST", "/api/v1/events/" | "/api/v1/events/my%20id") => {
                return Reply::json(201, &fixture("arcanna-send-event.reply.json"));
            }
            ("GET", path) if path.ends_with("/export") => {
                fixture("arcanna-export-event.reply.json")
            }
            ("GET", "/api/v1/events/1208/615471") => fixture("arcanna-get-event-status.reply.json"),
            ("PUT", "/api/v1/events/1208/615471/feedback") => {
                fixture("arcanna-send-event-feedback.reply.json")
            }
            ("GET", "/similardevices") => fixture("darktrace-get-similar-devices.reply.json"),
            ("GET", "/endpointdetails") => {
                fixture("darktrace-get-external-endpoint-details.reply.json")
            }
            ("GET", "/deviceinfo") => fixture("darktrace-get-device-connection-info.reply.json"),
            ("POST", "/intelfeed") => r#"{"response":"SUCCESS","added":2,"updated":0}"#.to_owned(),
            ("GET", "/tags/entities") if request.target.contains("tag=") => {
                r#"{"entities":[],"devices":[]}"#.to_owned()
            }
            ("GET", "/tags/entities") => r#"[{"tid":57,"name":"Active Threat"}]"#.to_owned(),
            ("POST", "/tags/entities") => r#"{"tid":57}"#.to_owned(),
            ("GET", path) if path.starts_with("/advancedsearch/") => {
                r#"{"hits":{"total":0,"count":0,"hits":[]}}"#.to_owned()
            }
            _ => return Reply::json(404, r#"{"detail":"no such route"}"#),
        };
        Reply::json(200, &body)
    })
}

/// The seeds' own lines and one for each command without an example, with what must be on the wire.
fn wire() -> Vec<(String, Vec<(&'static str, String, String)>)> {
    let get = |target: &str| ("GET", target.to_owned(), String::new());
    let line = |name: &str| fixture(&format!("{name}.line")).trim().to_owned();
    let sent = Line::parse(&line("arcanna-send-event")).unwrap();
    let raw = &sent
        .pairs
        .iter()
        .find(|(key, _)| key == "event_json")
        .unwrap()
        .1;
    // default-spaced JSON is one reading of the contract, compact another; ours is compact
    let query = r#"{"search":"@type:\"ssl\" AND @fields.dest_port:\"443\"","fields":[],"offset":"0","timeframe":"custom","graphmode":"count","time":{"from":"2026-01-01T08:00:00Z","to":"2026-01-02T09:30:00Z","user_interval":"0"},"mode":"","analyze_field":""}"#;
    let query = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, query);
    let query = query
        .replace('=', "%3D")
        .replace('+', "%2B")
        .replace('/', "%2F");
    vec![
        (line("arcanna-get-jobs"), vec![get("/api/v1/jobs/")]),
        (
            line("arcanna-send-event"),
            vec![(
                "POST",
                "/api/v1/events/".to_owned(),
                format!(r#"{{"job_id":1202,"title":"Test_alert","raw_body":{raw},"severity":3}}"#),
            )],
        ),
        (
            line("arcanna-trigger-train"),
            vec![("POST", "/api/v1/jobs/1201/train?username=admin".to_owned(), String::new())],
        ),
        (line("arcanna-get-decision-set"), vec![get("/api/v1/jobs/1201/labels")]),
        (
            line("arcanna-export-event"),
            vec![get("/api/v1/events/1201/12011938471583/export")],
        ),
        (line("arcanna-get-event-status"), vec![get("/api/v1/events/1208/615471")]),
        (
            line("arcanna-send-event-feedback"),
            vec![
                get("/api/v1/jobs/1208/labels"),
                (
                    "PUT",
                    "/api/v1/events/1208/615471/feedback".to_owned(),
                    r#"{"cortex_user":"admin","feedback":"Escalate"}"#.to_owned(),
                ),
            ],
        ),
        (line("darktrace-get-similar-devices"), vec![get("/similardevices?count=2&did=1")]),
        (
            line("darktrace-get-external-endpoint-details"),
            vec![get("/endpointdetails?additionalinfo=true&devices=true&hostname=cats.com&score=true")],
        ),
        (
            line("darktrace-get-device-connection-info"),
            vec![get("/deviceinfo?datatype=co&did=1&fulldevicedetails=false&showallgraphdata=false")],
        ),
        (
            "darktrace-get-device-connection-info did=1 data_type=sizein destination_did=0 external_domain=a.example \
             num_similar_devices=2 full_device_details=yes show_all_graph_data=1"
                .to_owned(),
            vec![get(
                "/deviceinfo?datatype=sizein&did=1&externaldomain=a.example&fulldevicedetails=true&odid=0&showallgraphdata=true&similardevices=2",
            )],
        ),
        (
            r#"!darktrace-run-advanced-search-analysis initialDate=2026-01-01 initialTime=08:00:00 endDate=2026-01-02 endTime=09:30:00 query="@type:\"ssl\" AND @fields.dest_port:\"443\"" operation=score metric=@fields.source_ip"#.to_owned(),
            vec![get(&format!("/advancedsearch/api/analyze/@fields.source_ip/score/{query}"))],
        ),
        (
            r#"!darktrace-post-to-watched-list endpointsToWatch="1.1.1.1,bad.example" description="seen in a lure""#.to_owned(),
            vec![(
                "POST",
                "/intelfeed".to_owned(),
                r#"{"addlist":"1.1.1.1,bad.example","description":"seen in a lure"}"#.to_owned(),
            )],
        ),
        (
            r#"!darktrace-get-tagged-devices tagName="Active Threat""#.to_owned(),
            vec![get("/tags/entities?fulldevicedetails=true&tag=Active%20Threat")],
        ),
        ("!darktrace-get-tags-for-device deviceId=2".to_owned(), vec![get("/tags/entities?did=2")]),
        (
            r#"!darktrace-post-tag-to-device deviceId=2 tagName="Active Threat""#.to_owned(),
            vec![
                ("POST", "/tags/entities".to_owned(), "did=2&tag=Active+Threat".to_owned()),
                get("/tags/entities?did=2"),
            ],
        ),
    ]
}

#[test]
fn every_command_is_on_the_wire_as_the_contracts_say() {
    let server = good();
    let mut names = Vec::new();
    for (line, wanted) in wire() {
        let output = exec(&server.url, &[&line, "--format", "json"]);
        assert_eq!(code(&output), 0, "{line}\n{}", err(&output));
        let context: Value = serde_json::from_str(&out(&output)).unwrap();
        assert!(context.is_object(), "{line}");
        let seen = server.take();
        let got: Vec<_> = seen
            .iter()
            .map(|r| (r.method.as_str(), r.target.clone(), r.body.clone()))
            .collect();
        assert_eq!(got, wanted, "{line}");
        for request in &seen {
            request.check_credentials();
        }
        names.push(Line::parse(&line).unwrap().name);
    }
    for entry in catalogue::ALL {
        assert!(
            names.iter().any(|name| name == entry.name),
            "{} is not tried",
            entry.name
        );
    }
}

#[test]
fn exit_codes_tell_what_happened() {
    let server = good();
    let status =
        |status: u16, body: &'static str| Server::start(move |_| Reply::json(status, body));
    let jobs = ["arcanna-get-jobs"];

    let invalid = status(
        422,
        r#"{"detail":[{"loc":["path","job_id"],"msg":"not an int","type":"x"}]}"#,
    );
    let output = exec(&invalid.url, &jobs);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(err(&output).contains("not an int"), "{}", err(&output));
    assert!(output.stdout.is_empty());

    let output = exec(&server.url, &["arcanna-get-job"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("did you mean `arcanna-get-jobs`?"),
        "{}",
        err(&output)
    );

    let output = exec(
        &server.url,
        &[
            "arcanna-send-event-feedback",
            "job_id=1208",
            "event_id=615471",
            "feedback=escalate",
            "username=a",
        ],
    );
    assert_eq!(code(&output), 2);
    let said = err(&output);
    assert!(said.contains("Its labels: Escalate, Drop"), "{said}");
    assert!(said.contains("did you mean `Escalate`?"), "{said}");
    assert_eq!(
        server.take().len(),
        1,
        "the label is looked up, nothing is sent"
    );

    let output = socdeck(&server.url)
        .env_remove("SOCDECK_ARCANNA_URL")
        .args(["exec", "arcanna-get-jobs"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));

    let output = socdeck(&server.url)
        .env_remove("SOCDECK_ARCANNA_URL")
        .args(["exec", "arcanna-export-event job_id=1 event=2"])
        .output()
        .unwrap();
    assert_eq!(
        code(&output),
        2,
        "a wrong line is told before wrong settings"
    );
    let said = err(&output);
    assert!(said.contains("no argument `event`"), "{said}");
    assert!(
        said.contains("usage: arcanna-export-event [job_id=…] event_id=…"),
        "{said}"
    );

    let denied = status(401, r#"{"detail":"bad key"}"#);
    assert_eq!(code(&exec(&denied.url, &jobs)), 4);
    let signature = status(400, r#"{"response":"API SIGNATURE ERROR"}"#);
    assert_eq!(
        code(&exec(
            &signature.url,
            &["darktrace-get-tags-for-device", "did=1"]
        )),
        4
    );

    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let output = exec(&gone, &jobs);
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert_eq!(
        err(&output).matches("trying again").count(),
        2,
        "{}",
        err(&output)
    );

    let pending = status(200, r#"{"event_id":"7","status":"pending_inference"}"#);
    let output = exec(
        &pending.url,
        &[
            "arcanna-get-event-status",
            "job_id=1",
            "event_id=7",
            "polling=true",
            "interval=1",
            "timeout=2",
        ],
    );
    assert_eq!(code(&output), 6);
    assert!(
        out(&output).contains("pending_inference"),
        "the last state is printed"
    );
    assert_eq!(pending.take().len(), 2, "at once, and a second later");
}

#[test]
fn an_event_that_ended_in_error_is_printed_and_refused() {
    let server = Server::start(|_| {
        Reply::json(
            200,
            r#"{"event_id":"7","status":"ERROR","error_message":"no model"}"#,
        )
    });
    let output = exec(
        &server.url,
        &[
            "arcanna-get-event-status",
            "job_id=1",
            "event_id=7",
            "polling=true",
        ],
    );
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("no model"));
    assert!(err(&output).contains("ended in ERROR: no model"));
    assert_eq!(server.take().len(), 1);
}

#[test]
fn reads_are_repeated_and_writes_are_not() {
    let flaky = Server::start(|request| match request.number {
        0 | 1 => Reply::json(503, "{}").header("Retry-After", "0"),
        _ => Reply::json(200, "[]"),
    });
    let output = exec(&flaky.url, &["arcanna-get-jobs"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(flaky.take().len(), 3);
    assert!(err(&output).contains("no job"), "{}", err(&output));

    let down = Server::start(|_| Reply::json(503, "{}"));
    let output = exec(
        &down.url,
        &["arcanna-trigger-train", "job_id=1", "username=a"],
    );
    assert_eq!(code(&output), 1);
    assert_eq!(down.take().len(), 1);
    assert!(
        err(&output).contains("may have been made"),
        "{}",
        err(&output)
    );

    let busy = Server::start(|_| Reply::json(429, "{}").header("Retry-After", "60"));
    let output = exec(&busy.url, &["arcanna-get-jobs"]);
    assert_eq!(code(&output), 1);
    assert_eq!(busy.take().len(), 1, "a minute is not waited for");
    assert!(
        err(&output).contains("asks to wait 60 s"),
        "{}",
        err(&output)
    );
}

#[test]
fn data_goes_to_stdout_alone_and_is_safe_in_tables() {
    let body =
        "[{\"job_id\":1,\"title\":\"x\\u001b[31m\u{9b}31m\u{202e}\",\"status\":\"ENABLED\"}]\n";
    let server = Server::start(move |_| Reply::json(200, body));
    let raw = exec(&server.url, &["arcanna-get-jobs", "--format", "raw"]);
    assert_eq!(out(&raw), body, "untouched when it is no terminal");
    assert!(raw.stderr.is_empty());
    for format in ["table", "markdown", "csv"] {
        let output = exec(&server.url, &["arcanna-get-jobs", "--format", format]);
        let text = out(&output);
        assert!(
            !text.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
            "{format}: {text:?}"
        );
    }
}

#[test]
fn events_come_from_files_and_standard_input() {
    use std::io::Write;
    let server = good();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    let event = "{\"n\": 123456789012345678901234567890, \"a\": 1.50}";
    fs::write(&path, format!("{event}\n")).unwrap();
    let from_file = format!("event_json=@{}", path.display());
    let words = [
        "arcanna-send-event",
        "job_id=1202",
        "title=t",
        "id_value=my id",
    ];
    let output = exec(&server.url, &[&words[..], &[from_file.as_str()]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));

    let mut child = socdeck(&server.url)
        .arg("exec")
        .args(words)
        .arg("event_json=-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(event.as_bytes())
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());

    let seen = server.take();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.target, "/api/v1/events/my%20id");
        assert_eq!(
            request.body,
            format!(r#"{{"job_id":1202,"title":"t","raw_body":{event}}}"#)
        );
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let server = good();
    let mut child = socdeck(&server.url)
        .args([
            "exec",
            "darktrace-get-device-connection-info",
            "did=1",
            "data_type=co",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0);
    assert_eq!(err(&output), "");
}

#[test]
fn the_list_names_all_fifteen_and_needs_no_settings() {
    let output = Command::new(env!("CARGO_BIN_EXE_socdeck"))
        .env_clear()
        .args(["exec", "--list"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    for entry in catalogue::ALL {
        assert!(
            text.lines()
                .any(|line| line.split(' ').next() == Some(entry.name)),
            "{text}"
        );
    }
    assert!(text.contains("closing_notes"), "{text}");
}

#[test]
fn a_server_that_never_answers_ends_with_the_polling_limit() {
    // never accepted: the system completes the connection, and nobody answers
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let started = Instant::now();
    let output = exec(
        &url,
        &[
            "arcanna-get-event-status",
            "job_id=1",
            "event_id=7",
            "polling=true",
            "timeout=1",
        ],
    );
    assert_eq!(code(&output), 6, "{}", err(&output));
    assert!(
        err(&output).contains("no look was answered"),
        "{}",
        err(&output)
    );
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_interrupt_ends_it_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let child = socdeck(&url)
        .args(["exec", "arcanna-trigger-train", "job_id=1", "username=a"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (_held, _) = listener.accept().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130);
    assert!(
        err(&output).contains("interrupted; the change may have been made"),
        "{}",
        err(&output)
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_gateway_error_after_the_tag_was_set_is_looked_into() {
    let applied = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(502, "{}"),
        _ => Reply::json(200, r#"[{"tid":57,"name":"Admin"}]"#),
    });
    let words = [
        "darktrace-post-tag-to-device",
        "deviceId=2",
        "tagName=Admin",
    ];
    let output = exec(&applied.url, &words);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        err(&output).contains("the device carries the tag now"),
        "{}",
        err(&output)
    );
    assert_eq!(applied.take().len(), 2, "the tag is sent once");

    let lost = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(502, "{}"),
        _ => Reply::json(200, "[]"),
    });
    assert_eq!(code(&exec(&lost.url, &words)), 1);
}

#[test]
fn read_only_settings_forbid_changes() {
    let server = good();
    let output = socdeck(&server.url)
        .args([
            "--read-only",
            "exec",
            "arcanna-trigger-train",
            "job_id=1201",
            "username=a",
        ])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("read-only"), "{}", err(&output));
    assert!(server.take().is_empty());
}
