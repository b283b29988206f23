//! The fifteen commands of the manuals, each done from its pane: the real program in a terminal, keyboard only, against a
//! simulator of its own. What the screen says is then asked of the simulator again with `exec`, command by command.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::path::Path;
use std::process::Command;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::campaign::server::Server;
use crate::console::Console;

/// Short grace times: what is tested is that a write is kept, sent and seen, not how long a person has to think again.
const CONFIG: &str =
    "[labels]\ngrace = \"1s\"\noutward_grace = \"1s\"\n[arcanna]\npoll_interval = \"1s\"\n";

/// The job that is worked on, and the event that is sent to it.
const JOB: &str = "1201";
const EVENT: &str = "990001";

/// A console, and the same commands without it.
struct Both {
    console: Console,
    server: Server,
    home: tempfile::TempDir,
}

impl Both {
    fn start(columns: u16, rows: u16) -> Self {
        let home = tempfile::tempdir().unwrap();
        let server = Server::start(home.path(), 1);
        let environment: Vec<(&str, &str)> =
            server.exports.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let console = Console::start(columns, rows, &[], &environment, CONFIG);
        Self { console, server, home }
    }

    /// What `exec` says, below the product's name.
    fn exec(&self, words: &[&str]) -> Value {
        let exports = self.server.exports.iter().map(|(name, value)| (name, value));
        exec(self.home.path(), words, exports)
    }

    /// Keys one after the other, each thing waited for before the next.
    fn go(&mut self, steps: &[(&str, &str)]) {
        for (keys, seen) in steps {
            self.console.keys(keys);
            self.console.see(seen);
        }
    }

    /// The screen holds all of these.
    fn holds(&self, what: &str, words: &[String]) {
        assert!(!words.is_empty(), "{what}: exec says nothing");
        self.console.wait(&format!("{what}: {words:?}"), |text| {
            words.iter().all(|word| text.contains(word))
        });
    }
}

fn exec<'a>(
    home: &Path,
    words: &[&str],
    exports: impl Iterator<Item = (&'a String, &'a String)>,
) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_socdeck"))
        .arg("exec")
        .args(words)
        .args(["--format", "json"])
        .env_clear()
        .env("HOME", home)
        .envs(exports)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{words:?}: {out}{err}");
    let product = if words[0].starts_with("arcanna") { "Arcanna" } else { "Darktrace" };
    serde_json::from_str::<Value>(&out).unwrap()[product].take()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A field of each item.
fn each(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| text(&item[field])).collect()
}

/// 12,345
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Jobs, decision set, training and events: what is done from Jobs and Triage.
fn arcanna(both: &mut Both) {
    both.console.see("dev1");
    let jobs = both.exec(&["arcanna-get-jobs"]);
    both.holds("jobs", &each(&jobs["Jobs"], "title"));
    let before = jobs["Jobs"][0]["last_train_start_timestamp"].clone();

    both.console.keys("L");
    let set = both.exec(&["arcanna-get-decision-set", &format!("job_id={JOB}")]);
    let labels = set["GetDecisionSet"]["decision_set"]["decision_set"].as_array().unwrap();
    let numbered =
        labels.iter().enumerate().map(|(at, label)| format!("{} {}", at + 1, text(label)));
    both.holds("decision set", &numbered.collect::<Vec<_>>());

    both.go(&[
        (":", "Tab completes"),
        ("arm 15m\r", "ARMED until"),
        ("+", "SEND EVENT TO JOB 1201"),
        ("Beacon to a rare host\r", "> severity"),
        ("3\r", "> id"),
        (&format!("{EVENT}\r"), "> event"),
        (r#"{"source": {"ip": "10.20.1.45"}}"#, "POST /api/v1/events/"),
        ("\t", "> type the job id"),
        (&format!("{JOB}\r"), "sent in 1 s"),
        // The event opens by itself once it is sent, and is looked at until it is decided.
        ("", &format!("TRIAGE {JOB}")),
    ]);
    both.console.see(EVENT);
    let event = [format!("job_id={JOB}"), format!("event_id={EVENT}")];
    let named = |name| [name, event[0].as_str(), event[1].as_str()];
    both.console.wait("a decision", |text| {
        text.lines().any(|line| line.trim_start().starts_with("AI  ") && line.contains('%'))
            || text.contains(" AI  Drop ")
            || text.contains(" AI  Escalate ")
    });
    let status = &both.exec(&named("arcanna-get-event-status"))["GetEventDetails"];
    assert_eq!(status["status"], "OK", "{status}");
    both.holds("event status", &[format!("AI  {}", text(&status["result_label"]))]);

    // Export: what Enter reads feeds the raw event and the log of its way.
    both.console.keys("\r");
    both.console.see("Beacon to a rare host");
    let export = &both.exec(&named("arcanna-export-event"))["RawEvent"]["arcanna_event"];
    let messages = export["arcanna"]["log_messages"].as_array().unwrap().len();
    both.holds("export", &[format!("{messages} messages"), text(&export["source"]["ip"])]);

    both.console.label('2', |screen| screen.contains("= Escalate"));
    both.console.see("the server says upd");
    let feedback = &both.exec(&named("arcanna-export-event"))["RawEvent"]["arcanna_event"]["arcanna"]
        ["feedback"];
    assert!(feedback.to_string().contains("Escalate"), "{feedback}");
    assert!(feedback.to_string().contains("analyst"), "{feedback}");

    both.go(&[
        ("gj", "LAST"),
        ("T", "TRAIN JOB 1201"),
        ("\r", "> type the job id"),
        (&format!("{JOB}\r"), "sent in 1 s"),
        ("", "train   sent"),
    ]);
    let jobs = both.exec(&["arcanna-get-jobs"]);
    assert_ne!(jobs["Jobs"][0]["last_train_start_timestamp"], before, "{jobs}");
}

/// Devices: tags, similar devices, connections, devices with a tag, a tag put on and taken off.
fn devices(both: &mut Both) {
    both.go(&[("gd", "DID"), ("/", "find: "), ("1\r", "did 1 "), ("\t", "read ")]);
    let tags = both.exec(&["darktrace-get-tags-for-device", "deviceId=1"]);
    both.holds("tags", &each(&tags["Device"], "tagName"));

    both.console.keys("\t");
    let similar = both.exec(&["darktrace-get-similar-devices", "did=1", "max_results=10"]);
    let mut alike = similar["SimilarDevices"]["devices"].as_array().unwrap().clone();
    alike.sort_by_key(|device| std::cmp::Reverse(device["score"].as_f64().unwrap() as u64));
    for one in alike.iter().take(5) {
        let pair = [text(&one["score"]), text(&one["did"])];
        both.console.wait(&format!("similar device {pair:?}"), |screen| {
            let mut lines = screen.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            lines.any(|words| words.windows(2).any(|two| two == pair))
        });
    }

    both.console.keys("\t\t\t");
    let info = both.exec(&["darktrace-get-device-connection-info", "did=1", "data_type=co"]);
    let points = info["DeviceConnectionInfo"]["deviceInfo"][0]["graphData"].as_array().unwrap();
    // The screen shows 28 days to the hour; the product's answer may begin an hour earlier.
    let count = |point: &Value| point["count"].as_u64().unwrap();
    let most = points.iter().map(count).max().unwrap();
    let total: u64 = points.iter().map(count).sum();
    both.holds("connections", &[format!("max {most}/h"), format!("total {}", thousands(total))]);

    both.go(&[("/", "find: "), ("\x15tag:Admin\r", "tag: Admin")]);
    let tagged = both.exec(&["darktrace-get-tagged-devices", "tagName=Admin"]);
    both.holds("tagged devices", &each(&tagged["Device"], "deviceId"));

    let on_two = |both: &Both| {
        let tags = both.exec(&["darktrace-get-tags-for-device", "deviceId=2"]);
        tags["Device"]
            .as_array()
            .is_some_and(|tags| tags.iter().any(|tag| tag["tagName"] == "Active Threat"))
    };
    assert!(!on_two(both), "the tag is on the device before anybody put it there");
    both.go(&[
        ("/", "find: "),
        ("\x152\r", "did 2"),
        ("t", "TAG DEVICE 2"),
        ("Active Threat\r", "> expires"),
        ("\r", "y sends it"),
        ("y", "read back: Active Threat is on the device"),
    ]);
    assert!(on_two(both), "put on from the pane");
    both.go(&[
        ("X", "REMOVE A TAG FROM DEVICE 2"),
        ("\x15Active Threat\r", "y sends it"),
        ("y", "read back: Active Threat is not on the device"),
    ]);
    assert!(!on_two(both), "taken off from the pane");
}

/// An endpoint, a search, the watched list.
fn network(both: &mut Both) {
    both.go(&[("ge", "look up: "), ("8.8.8.8\r", "popularity")]);
    let details = both.exec(&[
        "darktrace-get-external-endpoint-details",
        "endpoint_type=ip",
        "endpoint_value=8.8.8.8",
    ]);
    let details = &details["ExternalEndpointDetails"];
    both.holds("endpoint", &[text(&details["asn"]), text(&details["country"])]);
    both.holds("its devices", &each(&details["devices"], "did"));

    let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
    let day = yesterday.to_zoned(TimeZone::UTC).date().to_string();
    both.go(&[
        ("gs", "Nothing was searched yet"),
        ("\x15@type:conn", "@type:conn"),
        ("\x1b[Z", ">time"),
        (&format!("\x15{day} 08:00..09:00"), &format!("{day} 08:00..09:00")),
        ("\r", "records looked at"),
    ]);
    let analysed = both.exec(&[
        "darktrace-run-advanced-search-analysis",
        &format!("initialDate={day}"),
        "initialTime=08:00:00",
        &format!("endDate={day}"),
        "endTime=09:00:00",
        "query=@type:conn",
        "operation=terms",
        "metric=@fields.dest_ip",
    ]);
    let analysed = &analysed["AdvancedSearch"];
    let total = analysed["hits"]["total"].as_u64().unwrap();
    assert!(total > 0, "{analysed}");
    both.holds("advanced search", &[format!("{total} of {total} records looked at")]);

    both.go(&[
        ("gw", "cornpany"),
        ("+", "ADD TO THE WATCHED LIST"),
        ("cats.com", "1 valid"),
        ("\t", "> reason"),
        ("INC-4711\t", ">"),
        ("\t", ">"),
        ("\t", "> type the number of entries (1)"),
        ("1\r", "1 added"),
    ]);
    both.holds("watched list", &["ours 1".to_owned()]);
    // None of the fifteen reads the list: the simulator is asked itself. Then the same command without the pane.
    let entry = |source: &str, why: &str| ["cats.com", source, why].map(str::to_owned);
    let ours = |both: &Both| -> Vec<[String; 3]> {
        both.server.watched().into_iter().filter(|entry| entry[0] == "cats.com").collect()
    };
    assert_eq!(ours(both), [entry("tui-analyst", "INC-4711")]);
    both.exec(&["darktrace-post-to-watched-list", "endpointsToWatch=cats.com", "description=exec"]);
    assert_eq!(ours(both).len(), 2, "another source has an entry of its own: {:?}", ours(both));
}

fn all(columns: u16, rows: u16) {
    let mut both = Both::start(columns, rows);
    arcanna(&mut both);
    devices(&mut both);
    network(&mut both);
    both.console.keys("ga");
    both.console.wait("every write confirmed", |text| {
        text.contains("0 unsent") && text.matches("  sent  ").count() == 6
    });
    assert_eq!(both.console.quit(), 0);
}

#[test]
fn each_command_is_done_from_its_pane_at_80_columns() {
    all(80, 24);
}

#[test]
fn each_command_is_done_from_its_pane_at_140_columns() {
    all(140, 40);
}
