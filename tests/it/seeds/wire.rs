//! Every command on the wire: method, path, query, body and signature as the contracts say.

use serde_json::Value;
use socdeck::catalogue::{self, Line};

use super::fixture;
use super::program::{code, err, exec, out};
use super::recorder::{Reply, Server};

/// A server that answers each command as the contracts say.
pub fn good() -> Server {
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

/// Method, path with query, and body.
type OnTheWire = (&'static str, String, String);

/// The seeds' own lines and one for each command without an example, with what must be on the wire.
fn wire() -> Vec<(String, Vec<OnTheWire>)> {
    let get = |target: &str| ("GET", target.to_owned(), String::new());
    let line = |name: &str| fixture(&format!("{name}.line")).trim().to_owned();
    let sent = Line::parse(&line("arcanna-send-event")).unwrap();
    let raw = &sent.pairs.iter().find(|(key, _)| key == "event_json").unwrap().1;
    // default-spaced JSON is one reading of the contract, compact another; ours is compact
    let query = r#"{"search":"@type:\"ssl\" AND @fields.dest_port:\"443\"","fields":[],"offset":"0","timeframe":"custom","graphmode":"count","time":{"from":"2026-01-01T08:00:00Z","to":"2026-01-02T09:30:00Z","user_interval":"0"},"mode":"","analyze_field":""}"#;
    let query = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, query);
    let query = query.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F");
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
        let got: Vec<_> =
            seen.iter().map(|r| (r.method.as_str(), r.target.clone(), r.body.clone())).collect();
        assert_eq!(got, wanted, "{line}");
        for request in &seen {
            request.check_credentials();
        }
        names.push(Line::parse(&line).unwrap().name);
    }
    for entry in catalogue::ALL {
        assert!(names.iter().any(|name| name == entry.name), "{} is not tried", entry.name);
    }
}
