//! The figures of jobs: asked politely, told exactly, left out where nobody gives them.

use std::time::Duration;

use super::*;
use crate::api::arcanna::count::CountOpen;
use crate::api::arcanna::feedback::Feedback;
use crate::outbox::{Seen, Settlement};
use crate::panes::Registered;

const METRICS: &str = r#"{"start_time":null,"end_time":null,"overall_accuracy":0.914,"overall_f1_score":0.9,
 "overall_recall":0.9,"overall_precision":null,"confusion_matrix":[[1204,88],[41,367]],
 "metrics_per_decision":{
  "Drop":{"precision":0.967,"recall":0.932,"f1_score":0.949,"true_positives":1204,"false_positives":41,"false_negatives":88},
  "Escalate":{"precision":0.807,"recall":null,"f1_score":0.85,"true_positives":367,"false_positives":88,"false_negatives":41}},
 "total_events":1700,"changed_consensus_after_training":{"total_events":12,"top_events_ids":["12020931","12020917"],"top_buckets_ids":null}}"#;

const SCOPES: &str =
    r#"["read:event_query", "write:event_feedback", "read:job_metrics", "execute:job_operations"]"#;

fn read(bench: &mut Bench, json: &str) {
    bench.land(&JobMetrics { job: "1202".into() }, json);
}

fn counted(bench: &mut Bench, below: Option<u8>, count: u64) {
    let ask = CountOpen { job: "1202".into(), below };
    bench.land(&ask, &format!(r#"{{"total_count":{count}}}"#));
}

/// A label of an event, sent: what the AI said and whether it was hidden.
fn labelled(bench: &mut Bench, outbox: &mut Keeper, id: u64, label: &str, ai: &str, blind: bool) {
    let feedback = Feedback {
        job: "1202".into(),
        event: id.into(),
        label: label.into(),
        username: "ana.pop".into(),
    };
    let act = Act::Label { feedback, digit: '1' };
    let seen = Seen { label: Some(ai.into()), blind, ..Seen::default() };
    let call = act.call().unwrap();
    let draft =
        Draft { act, call, grace: Duration::ZERO, seen: Some(seen), note: None, batch: None };
    bench.store.stage_label(key(&"1202".into(), &id.into()), draft);
    bench.keep(outbox);
    let mut notices = outbox.claim(bench.now);
    let row = bench.store.writes.newest().next().unwrap().id;
    let sent = Settlement::Sent("updated".into());
    notices.extend(outbox.handle(Request::Settle(row, sent, Answered::default()), bench.now));
    for notice in notices {
        if let Notice::Changed(_) = notice {
            bench.store.notice(notice, bench.now);
        }
    }
}

#[test]
fn whoever_stays_is_told_the_figures_and_whoever_passes_asks_nothing() {
    let (mut bench, mut pane) = open();
    bench.land(&Scopes, SCOPES);
    pane.changed(&mut bench.cx());
    assert_eq!(bench.wished().1, [""; 0], "not before a rest");
    bench.now = bench.now.plus(Duration::from_millis(250));
    pane.tick(&mut bench.cx());
    assert_eq!(pane.deadline(), None, "nothing ticks afterwards");
    let asked = bench.wished().1;
    let metrics = "POST /api/v2/metrics/job?job_id=1202";
    let query = "POST /api/v2/events/query";
    assert_eq!(asked, [metrics, query, query], "the job under the cursor first, three at a time");
    pane.changed(&mut bench.cx());
    assert_eq!(bench.wished().1, [""; 0], "no more while those are under way");
}

#[test]
fn without_the_scopes_nothing_is_asked_and_the_key_line_names_what_is_missing() {
    let (mut bench, mut pane) = open();
    bench.land(&Scopes, r#"["write:event_feedback"]"#);
    bench.now = bench.now.plus(Duration::from_millis(250));
    pane.tick(&mut bench.cx());
    assert_eq!(bench.wished().1, [""; 0]);
    let text = bench.pane(&pane, 140, 37);
    assert!(!text.contains("OPEN") && !text.contains("ACC"), "{text}");
    let flat: Vec<&str> = text.split_whitespace().collect();
    let flat = flat.join(" ");
    assert!(flat.contains("not: read events") && flat.contains("train, read metrics"), "{text}");
    let ready = pane.specs().iter().position(|spec| spec.id == "jobs.changed").unwrap();
    let why = pane.ready(ready, &bench.store).unwrap_err();
    assert_eq!(why, "the key lacks the scope read:job_metrics");
}

#[test]
fn what_is_not_known_is_a_dash_and_never_a_zero() {
    let (mut bench, pane) = open();
    bench.land(&Scopes, SCOPES);
    let text = bench.pane(&pane, 80, 21);
    let row = text.lines().find(|line| line.contains("suricata-edge")).unwrap();
    assert!(row.contains(" - ") && !row.contains("0%"), "{row}");
    read(&mut bench, r#"{"overall_accuracy":null}"#);
    let text = bench.pane(&pane, 140, 37);
    assert!(text.contains("accuracy -   F1 -   precision -   recall -"), "{text}");
    assert!(!text.contains("confusion") && !text.contains("F lists"), "{text}");
    bench.fail(&JobMetrics { job: "1210".into() }, Cause::Refused("no model yet".into()));
    let (mut bench, mut pane) = (bench, pane);
    pane.list.select(1);
    pane.changed(&mut bench.cx());
    assert!(bench.pane(&pane, 140, 37).contains("no model yet"));
}

#[test]
fn figures_look_like_this() {
    let (mut bench, pane) = open();
    bench.land(&Scopes, SCOPES);
    read(&mut bench, METRICS);
    counted(&mut bench, None, 212);
    counted(&mut bench, Some(60), 62);
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    for id in 0..8 {
        labelled(&mut bench, &mut outbox, id, "Drop", "Drop", false);
    }
    for (id, ai) in [(10, "Drop"), (11, "Escalate"), (12, "Drop"), (13, "Drop"), (14, "Drop")] {
        labelled(&mut bench, &mut outbox, id, "Drop", ai, true);
    }
    insta::assert_snapshot!("figures_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("figures_140", bench.pane(&pane, 140, 37));
    let (mut bench, mut pane) = (bench, pane);
    bench.pane(&pane, 80, 21);
    for _ in 0..50 {
        pane.scroll(1);
    }
    let text = bench.pane(&pane, 80, 21);
    assert!(text.contains("decision points") && !text.contains("1 Drop   2"), "{text}");
    pane.scroll(-1);
    assert_ne!(bench.pane(&pane, 80, 21), text, "no key is lost at the end");
    pane.scroll(-50);
    bench.run(&mut pane, "jobs.train");
    insta::assert_snapshot!("figures_train", bench.pane(&pane, 100, 30));
}

#[test]
fn changed_events_are_opened_as_a_view() {
    let (mut bench, mut pane) = open();
    bench.land(&Scopes, SCOPES);
    read(&mut bench, METRICS);
    bench.run(&mut pane, "jobs.changed");
    let events = ["12020931", "12020917"].map(EventId::from).to_vec();
    let target = Target::Events("1202".into(), "Changed consensus", events);
    assert_eq!(bench.asks.last(), Some(&Ask::Go(PaneId::Triage, Some(target))));
}

#[test]
fn hostile_labels_and_matrices_stay_in_their_cells() {
    let (mut bench, mut pane) = open();
    bench.land(&Scopes, SCOPES);
    let label = r"\u001b[31m\u202e調査の長い名前の判定ラベル";
    read(
        &mut bench,
        &format!(
            r#"{{"overall_accuracy":18446744073709551616,"confusion_matrix":[[1,2,3],[4]],
                "metrics_per_decision":{{"{label}":{{"precision":-1}}}},
                "changed_consensus_after_training":{{"total_events":9007199254740993,"top_events_ids":["\u001b]52;x"]}}}}"#
        ),
    );
    pane.changed(&mut bench.cx());
    for (width, height) in [(0, 0), (1, 1), (60, 13), (80, 21), (140, 37), (300, 90)] {
        let text = bench.pane(&pane, width, height);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    let text = bench.pane(&pane, 140, 37);
    assert!(text.contains("do not fit the job's labels"), "{text}");
}
