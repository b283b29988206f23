//! All fifteen commands of the manuals against the simulator, and what they changed read back.

use std::sync::OnceLock;
use std::thread;

use serde_json::Value;
use socdeck::catalogue;
use socdeck::sim;

use super::program::{Keys, code, err, out, with_keys};

/// Where the simulator listens, and its credentials.
struct Sim {
    url: String,
    credentials: sim::Credentials,
}

/// One simulator for all tests, until the process ends.
fn simulator() -> &'static Sim {
    static SIM: OnceLock<Sim> = OnceLock::new();
    SIM.get_or_init(|| {
        let bound = sim::bind(sim::Options::default()).unwrap();
        let sim = Sim { url: bound.base_url(), credentials: bound.credentials() };
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(bound.serve(std::future::pending())).unwrap();
        });
        sim
    })
}

/// The rows a line gives.
fn rows(line: &str) -> Vec<Value> {
    let sim = simulator();
    let output = with_keys(&Keys {
        url: &sim.url,
        arcanna: &sim.credentials.arcanna_api_key,
        public: &sim.credentials.darktrace_public_token,
        private: &sim.credentials.darktrace_private_token,
    })
    .args(["exec", line, "--format", "jsonl"])
    .output()
    .unwrap();
    assert_eq!(code(&output), 0, "{line}\n{}", err(&output));
    out(&output).lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

#[test]
fn all_fifteen_run_and_what_they_change_is_there_afterwards() {
    let mut ran = Vec::new();
    let mut run = |line: &str| {
        ran.push(line.split(' ').next().unwrap().to_owned());
        rows(line)
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();

    let job = run("arcanna-get-jobs")[0]["job_id"].clone();
    let labels = run(&format!("arcanna-get-decision-set job_id={job}"));
    let label = text(&labels.last().unwrap()["decision_set"]);
    let sent = run(&format!(
        r#"arcanna-send-event job_id={job} title="a b" severity=3 event_json={{"n": 123456789012345678901234567890}}"#
    ));
    let event = text(&sent[0]["event_id"]);
    let which = format!("job_id={job} event_id={event}");
    let status =
        run(&format!("arcanna-get-event-status {which} polling=true interval=1 timeout=60"));
    assert_eq!(status[0]["status"], "OK");
    let export = run(&format!("arcanna-export-event {which}"));
    assert!(export[0]["arcanna_event"].to_string().contains("\"n\""), "{export:?}");
    let before = status[0]["bucket_state"].clone();
    let feedback = run(&format!(
        "arcanna-send-event-feedback {which} feedback={} username=ann",
        shell_words::quote(&label)
    ));
    assert_eq!(feedback[0]["status"], "updated");
    let after = rows(&format!("arcanna-get-event-status {which}"))[0]["bucket_state"].clone();
    assert_ne!(before, after, "feedback moves the event's bucket");
    let trained = run(&format!("arcanna-trigger-train job_id={job} username=ann"));
    assert_eq!(trained[0]["status"], "OK");

    let similar = run("darktrace-get-similar-devices did=1 max_results=2");
    assert_eq!(similar.len(), 2);
    let did = similar[0]["did"].clone();
    let details = run(
        "darktrace-get-external-endpoint-details endpoint_type=hostname endpoint_value=cats.com",
    );
    assert_eq!(details[0]["hostname"], "cats.com");
    let info = run("darktrace-get-device-connection-info did=1 data_type=co num_similar_devices=1");
    assert_eq!(info.len(), 2);

    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    for operation in ["score", "trend", "terms", "mean"] {
        let found = run(&format!(
            r#"darktrace-run-advanced-search-analysis initialDate=2020-01-01 initialTime=00:00:00 endDate={day} endTime=23:59:59 query="@type:\"conn\"" operation={operation} metric=@fields.dest_port"#
        ));
        assert!(!found.is_empty(), "{operation}");
    }

    let watch = "darktrace-post-to-watched-list endpointsToWatch=bad.example,203.0.113.9";
    assert_eq!(run(watch)[0]["added"], 2);
    assert_eq!(run(watch)[0]["added"], 0, "they are there already");

    let tag = "darktrace-post-tag-to-device";
    let tagged = run(&format!(r#"{tag} deviceId={did} tagName="Active Threat""#));
    assert_eq!(tagged[0]["response"], "the device carries the tag");
    let tags = run(&format!("darktrace-get-tags-for-device deviceId={did}"));
    assert!(tags.iter().any(|tag| tag["tagName"] == "Active Threat"), "{tags:?}");
    let holders = run(r#"darktrace-get-tagged-devices tagName="Active Threat""#);
    assert!(holders.iter().any(|device| device["deviceId"] == did), "{holders:?}");

    for entry in catalogue::ALL {
        assert!(ran.iter().any(|name| name == entry.name), "{} is not tried", entry.name);
    }
}
