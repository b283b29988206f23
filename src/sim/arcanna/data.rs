//! Arcanna's world as it is at the start: the jobs, some hundred events of the last fortnight, votes, and the few rows that
//! test a console's nerves. Everything follows from the seed.

use serde_json::json;

use super::super::darktrace::hosts;
use super::super::rng::Rng;
use super::super::time::{DAY, HOUR, MINUTE, Ms};
use super::alerts::{self, Kind};
use super::document::decision;
use super::model::{Job, Label, World, decision_points};

/// The category whose equal events share a bucket [MCP].
pub const BUCKETS: &str = "Decision intelligence";
/// The category without buckets [MCP].
pub const EVENT_CENTRIC: &str = "Event centric decision intelligence";

/// What the key may do: everything there is a scope for [MCP tools/*].
pub const SCOPES: [&str; 17] = [
    "read:event_query",
    "write:event_feedback",
    "write:event_agentic_notes",
    "execute:reprocess_events",
    "read:event_export",
    "write:events",
    "execute:job_operations",
    "read:job_metrics",
    "execute:recompute_model_metrics",
    "read:resources",
    "write:resources",
    "delete:resources",
    "read:agents",
    "execute:agents",
    "write:agents",
    "execute:job_code_blocks",
    "write:job_code_blocks",
];

/// The people whose votes are there already.
const PEOPLE: [&str; 5] = ["m.keller", "s.okafor", "j.lindqvist", "night-shift", "p.moreau"];

const TWO: &[(&str, u8, &str)] = &[("Drop", 0, "#3f9142"), ("Escalate", 1, "#c0392b")];
/// Escalate is `class_0` in this one [SEED].
const THREE: &[(&str, u8, &str)] =
    &[("Escalate", 0, "#c0392b"), ("Drop", 1, "#3f9142"), ("Investigate", 2, "#d98c00")];
const FIVE: &[(&str, u8, &str)] = &[
    ("Drop", 0, "#3f9142"),
    ("Low", 4, "#7f8c8d"),
    ("Medium", 2, "#d98c00"),
    ("High", 3, "#e67e22"),
    ("Escalate with Priority", 1, "#c0392b"),
];
/// A label with a right-to-left override in it, and one wide and combining.
const HOSTILE: &[(&str, u8, &str)] = &[
    ("Drop", 0, "#3f9142"),
    ("Quarant\u{202e}eni", 1, "#c0392b"),
    ("調査 e\u{301}te\u{301}", 2, "#d98c00"),
];

/// Id, title, category, labels, decision points, what it is fed with, events, trained, enabled.
type Row = (
    i64,
    &'static str,
    &'static str,
    &'static [(&'static str, u8, &'static str)],
    &'static [&'static str],
    &'static [Kind],
    usize,
    bool,
    bool,
);

const NETWORK: &[&str] =
    &["rule.name", "rule.category", "event.severity", "source.ip", "destination.port"];
const ENDPOINT: &[&str] =
    &["rule.name", "process.name", "process.parent.name", "host.hostname", "event.severity"];

const JOBS: [Row; 9] = [
    (
        1201,
        "dev1",
        BUCKETS,
        TWO,
        NETWORK,
        &[Kind::Suricata, Kind::Dga, Kind::Beacon],
        60,
        true,
        true,
    ),
    (1202, "marian-demo", BUCKETS, TWO, NETWORK, &[Kind::Suricata, Kind::Smb], 40, true, true),
    (
        1208,
        "suricata-edge",
        BUCKETS,
        THREE,
        NETWORK,
        &[Kind::Suricata, Kind::Beacon, Kind::Dga, Kind::Smb],
        120,
        true,
        true,
    ),
    (
        1210,
        "phish-inbox",
        EVENT_CENTRIC,
        FIVE,
        &["email.subject", "email.from.address", "email.spf", "email.url_count", "event.severity"],
        &[Kind::Phishing],
        80,
        true,
        true,
    ),
    (
        1211,
        "dlp-endpoint",
        BUCKETS,
        HOSTILE,
        &["rule.name", "user.name", "file.extension", "destination.domain", "event.severity"],
        &[Kind::Dlp],
        35,
        true,
        false,
    ),
    (
        1214,
        "cloud-identity",
        EVENT_CENTRIC,
        THREE,
        &["rule.name", "user.name", "source.geo.country_name", "oauth.app_name", "event.severity"],
        &[Kind::OAuth, Kind::Brute],
        45,
        false,
        true,
    ),
    (1215, "edr-servers", BUCKETS, THREE, ENDPOINT, &[Kind::Edr], 70, true, true),
    (
        1216,
        "auth-failures",
        BUCKETS,
        TWO,
        &["rule.name", "user.name", "source.ip", "event.outcome", "event.severity"],
        &[Kind::Brute],
        40,
        true,
        true,
    ),
    // no events yet: an empty list must look right too
    (1217, "ot-gateway", BUCKETS, TWO, NETWORK, &[], 0, false, true),
];

/// The jobs as they are at the start.
pub fn jobs(start: Ms) -> Vec<Job> {
    JOBS.iter()
        .map(|(id, title, category, labels, features, kinds, _, trained, enabled)| Job {
            id: *id,
            title: (*title).to_owned(),
            status: if *id == 1217 {
                "READY_TO_SELECT_FEATURES"
            } else if *enabled {
                "ENABLED"
            } else {
                "DISABLED"
            }
            .to_owned(),
            category,
            labels: labels
                .iter()
                .map(|(text, class, colour)| Label {
                    text: (*text).to_owned(),
                    class: format!("class_{class}"),
                    colour,
                })
                .collect(),
            features: features.iter().map(|f| (*f).to_owned()).collect(),
            trained: *trained,
            stopped: (!enabled).then_some(start),
            last_feedback: None,
            train_started: trained.then_some(start - 2 * DAY),
            train_finished: trained.then_some(start - 2 * DAY + 95_000),
            fresh_votes: 0,
            kinds,
        })
        .collect()
}

/// Puts events and votes in.
pub fn fill(world: &mut World, seed: u64, start: Ms) {
    let hosts = hosts(seed, start);
    for row in &JOBS {
        let Some(job) = world.job(row.0).cloned() else {
            continue;
        };
        let mut rng = Rng::new(seed, &job.title);
        let mut sent: Vec<Ms> = (0..row.6).map(|_| start - sent_ago(&mut rng)).collect();
        sent.sort_unstable();
        for at in sent {
            let kind = *rng.pick(job.kinds);
            let raised = at - rng.between(2_000, 40_000);
            let (raw, title) = alerts::alert(kind, &mut rng, &hosts, raised);
            let severity = alerts::severity(&raw);
            let id = world.ingest(&job, None, &raw, &title, Some(severity), at);
            if rng.chance(0.012)
                && let Some(event) = world.event_mut(job.id, &id)
            {
                event.broken =
                    Some("Inference failed: field event.severity has an unexpected type");
            }
        }
        vote(world, &job, &mut rng, start);
    }
    from_the_seed(world, start);
    hostile(world, seed, start);
    world.events.sort_by_key(|e| e.sent);
    // what was there before is no news for /__sim/state
    world.feedback.clear();
}

// most of it is recent, as a queue is: half of the last day, the rest over a fortnight
fn sent_ago(rng: &mut Rng) -> Ms {
    if rng.chance(0.5) { rng.between(3 * MINUTE, DAY) } else { rng.between(DAY, 14 * DAY) }
}

fn vote(world: &mut World, job: &Job, rng: &mut Rng, start: Ms) {
    let events: Vec<(String, Ms)> =
        world.events.iter().filter(|e| e.job == job.id).map(|e| (e.id.clone(), e.sent)).collect();
    for (id, sent) in events {
        let older = sent < start - DAY;
        if !job.trained || !rng.chance(if older { 0.45 } else { 0.12 }) {
            continue;
        }
        let Some(event) = world.event(job.id, &id) else {
            continue;
        };
        let Some(told) = decision(world, job, event).map(|d| d.label) else {
            continue;
        };
        let other = rng.pick(&job.labels).text.clone();
        let label = if rng.chance(0.85) { told.clone() } else { other };
        let first = rng.below(PEOPLE.len());
        world.vote(job.id, &id, PEOPLE[first], &label, sent + rng.between(5 * MINUTE, HOUR));
        // a second opinion, sometimes the opposite: that is how a consensus becomes undecided
        if rng.chance(0.25) {
            let second =
                job.labels.iter().find(|l| l.text != label).map_or(&told, |l| &l.text).clone();
            let second = if rng.chance(0.5) { second } else { label };
            world.vote(job.id, &id, PEOPLE[(first + 1) % PEOPLE.len()], &second, sent + 2 * HOUR);
        }
    }
    // what was voted before the last training has been learnt
    let learnt: Vec<String> = world
        .events
        .iter()
        .filter(|e| e.job == job.id && e.sent < start - 2 * DAY)
        .map(|e| e.bucket.clone())
        .collect();
    for id in learnt {
        if let Some(bucket) = world.buckets.get_mut(&(job.id, id)) {
            bucket.learnt = bucket.consensus().filter(|c| c != "Undecided");
        }
    }
    let fresh = world.events.iter().filter(|e| e.job == job.id && e.sent >= start - 2 * DAY);
    let fresh = fresh.filter(|e| world.bucket(e).is_some()).count();
    if let Some(job) = world.job_mut(job.id) {
        job.fresh_votes = fresh as u64;
        job.last_feedback = job.last_feedback.map(|at| at.min(start - 4 * MINUTE));
    }
}

/// The event of the manual: 615471 of job 1208, Escalate, 98.3, in the knowledge base.
fn from_the_seed(world: &mut World, start: Ms) {
    let Some(job) = world.job(1208).cloned() else {
        return;
    };
    let raw = json!({
        "destination": {"address": "172.31.32.146", "port": 53720, "bytes": 836_035, "ip": "172.31.32.146", "packets": 6_459},
        "rule": {
            "name": "SURICATA HTTP unable to match response to request", "id": "2221010",
            "category": "Generic Protocol Command Decode",
        },
        "source": {"address": "8.8.8.8", "port": 9200, "bytes": 4_833_843, "ip": "8.8.8.8", "packets": 9_677},
        "event": {"severity": 3, "kind": "alert", "module": "suricata", "dataset": "suricata.eve",
            "category": ["network", "intrusion_detection"], "type": ["allowed"]},
        "message": "Generic Protocol Command Decode",
        "url": {"path": "/libhtp::request_uri_not_seen", "original": "/libhtp::request_uri_not_seen"},
        "@timestamp": super::super::time::zulu(start - 3 * HOUR - 90_000),
        "suricata": {"eve": {"in_iface": "ens4", "event_type": "alert", "flow_id": 576_330_410_117_303_i64, "tx_id": 3_224,
            "alert": {"signature_id": 2_221_010, "rev": 1, "gid": 1,
                "signature": "SURICATA HTTP unable to match response to request",
                "category": "Generic Protocol Command Decode"}}},
    });
    debug_assert_eq!(decision_points(&job, &raw).len(), job.features.len());
    world.ingest(&job, Some("615471"), &raw, "Test_alert", Some(3), start - 3 * HOUR);
    if let Some(event) = world.event_mut(1208, "615471") {
        event.guess = Some((0, 98.3, false));
        // its own bucket: the votes of others must not change what the manual shows
        "00000000000615471".clone_into(&mut event.bucket);
    }
    world.vote(1208, "615471", "admin", "Escalate", start - 2 * HOUR);
}

/// Rows no honest source sends: a console has to survive them.
fn hostile(world: &mut World, seed: u64, start: Ms) {
    let Some(job) = world.job(1208).cloned() else {
        return;
    };
    let titles = [
        "\u{1b}[2J\u{1b}[31mcleared\u{1b}[0m your screen",
        "clipboard \u{1b}]52;c;cm0gLXJmIH4=\u{7} theft",
        "invoice_\u{202e}fdp.exe ran \u{2066}on\u{2069} ws",
        "全角の警告：横移動が検出されました e\u{301}\u{308}\u{323} 👩‍💻👨‍👩‍👧‍👦",
        "title\nwith\r\nlines\tand\u{0}nul \u{9b}31m C1",
        "a very long title that goes on and on, as rules written by machines do, far beyond any column a terminal has, \
         and then a little further still, so that the reader wonders whether it will ever come to its end",
    ];
    let mut rng = Rng::new(seed, "hostile");
    for (i, title) in titles.into_iter().enumerate() {
        let at = start - (i as Ms + 1) * 37 * MINUTE;
        let mut raw = json!({
            "rule": {"name": title, "category": "Attempted Administrator Privilege Gain", "id": "9000001"},
            "event": {"severity": rng.between(1, 4), "kind": "alert", "module": "suricata"},
            "source": {"ip": "10.20.1.15", "address": "10.20.1.15", "port": 51_515},
            "destination": {"ip": "203.0.113.77", "port": 443},
            "host": {"hostname": "ws-\u{1b}[5mblink\u{1b}[0m"},
            "user_agent": {"original": "\u{1b}]0;owned\u{7}Mozilla/5.0"},
            "message": title,
            "@timestamp": super::super::time::zulu(at - 2_000),
        });
        raw["big"] = json!([18_446_744_073_709_551_615_u64, -9_007_199_254_740_993_i64, 1e300]);
        world.ingest(&job, None, &raw, title, Some(2), at);
    }
    // an id that says nothing, from a connector's bug [FS1], and an id that needs encoding
    let plain = json!({"rule": {"name": "ET POLICY curl User-Agent", "category": "Potential Corporate Privacy Violation"},
        "event": {"severity": 1}, "source": {"ip": "10.20.1.16"}, "destination": {"port": 80}});
    world.ingest(&job, Some("None"), &plain, "event without an id", None, start - 5 * HOUR);
    world.ingest(
        &job,
        Some("INC 42/7?x=1#ü"),
        &plain,
        "id that needs encoding",
        Some(1),
        start - 6 * HOUR,
    );
}
