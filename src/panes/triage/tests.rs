//! What the pane looks like, at each size and in each state.

mod blind;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::testing;
use super::{Part, TriagePane};
use crate::api::darktrace::connections::ConnectionInfo;
use crate::api::darktrace::devices::{DeviceSearch, Order, OrderBy};
use crate::api::darktrace::endpoints::{Endpoint, EndpointDetails};
use crate::api::darktrace::tags::DeviceTags;
use crate::api::{Answer, Operation};
use crate::command::Target;
use crate::outbox::Moment;
use crate::panes::Pane;
use crate::panes::testing::Bench;
use crate::store::{Lands, Store};

/// Puts an answer where the operation's answers are kept.
pub(super) fn land<O: Lands>(store: &mut Store, operation: &O, json: &str) {
    let output = operation.decode(&Answer::from_json(json)).unwrap();
    let at = testing::NOW.parse().unwrap();
    operation.remote(store).arrived(output, at);
}

pub(super) fn bench() -> Bench {
    let mut bench = Bench::default();
    bench.store = testing::store();
    bench.now = testing::now();
    let store = &mut bench.store;
    let search = DeviceSearch {
        query: "ip:\"10.128.0.6\"".into(),
        count: 5,
        offset: 0,
        order_by: OrderBy::LastSeen,
        order: Order::Desc,
    };
    land(
        store,
        &search,
        r#"{"totalCount":1,"devices":[{"did":823,"ip":"10.128.0.6","hostname":"ip-172-31-32-146","typelabel":"Server","firstSeen":1786000000000,"lastSeen":1795356000000}]}"#,
    );
    land(
        store,
        &DeviceTags { did: 823 },
        r#"[{"tid":1,"name":"Critical","data":{}},{"tid":2,"name":"Web-DMZ","data":{}}]"#,
    );
    let connections = ConnectionInfo { did: 823, ..ConnectionInfo::default() };
    let points: Vec<String> = (0..500)
        .map(|hour| {
            let at = 1_795_356_000_000_i64 - hour * 3_600_000;
            format!(r#"{{"time":{at},"count":{}}}"#, (hour * 37) % 97)
        })
        .collect();
    land(
        store,
        &connections,
        &format!(
            r#"{{"deviceInfo":[{{"did":823,"similarityScore":100,"graphData":[{}],"info":{{}}}}]}}"#,
            points.join(",")
        ),
    );
    let details = EndpointDetails {
        endpoint: Endpoint::Ip("8.8.8.8".into()),
        additional_info: true,
        devices: true,
        score: true,
    };
    land(
        store,
        &details,
        r#"{"ip":"8.8.8.8","firsttime":1781000000000,"popularity":8,"country":"United States","asn":"AS15169 Google LLC","devices":[{"did":1},{"did":2}]}"#,
    );
    bench
}

pub(super) fn pane(bench: &mut Bench) -> TriagePane {
    let mut pane = TriagePane::default();
    pane.open(Some(Target::Job(testing::job())), &mut bench.cx());
    let event = crate::api::arcanna::EventId::from("12023636421771");
    if pane.place_of(&event).is_some() {
        pane.put(Some(event), &mut bench.cx());
    }
    bench.asks.clear();
    pane
}

pub(super) fn shown(bench: &Bench, pane: &TriagePane, width: u16, height: u16) -> String {
    bench.shown(width, height, |bench, area, buf| {
        pane.draw(&bench.store, &bench.look(), area, buf);
    })
}

pub(super) fn press(pane: &mut TriagePane, bench: &mut Bench, id: &str, key: Option<char>) {
    use crate::panes::Rows;
    let row = TriagePane::ROWS.iter().find(|row| row.id == id).unwrap();
    let mut cx = bench.cx();
    cx.key = key;
    (row.run)(pane, &mut cx);
}

pub(super) fn typed(pane: &mut TriagePane, bench: &mut Bench, text: &str) {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    for c in text.chars() {
        let code = match c {
            '\r' => KeyCode::Enter,
            c => KeyCode::Char(c),
        };
        pane.text(KeyEvent::new(code, KeyModifiers::NONE), &mut bench.cx());
    }
}

#[test]
fn a_full_queue_looks_like_this_at_each_size() {
    let mut bench = bench();
    let pane = pane(&mut bench);
    insta::assert_snapshot!("full_80x24", shown(&bench, &pane, 80, 21));
    insta::assert_snapshot!("full_140x40", shown(&bench, &pane, 140, 37));
    insta::assert_snapshot!("full_60x16", shown(&bench, &pane, 60, 13));
}

#[test]
fn an_event_full_of_odd_characters_stays_in_its_frame() {
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    let odd = crate::api::arcanna::EventId::from("12023636421700");
    pane.put(Some(odd), &mut bench.cx());
    let text = shown(&bench, &pane, 80, 21);
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{text}");
    insta::assert_snapshot!("odd_80x24", text);
}

#[test]
fn the_raw_event_is_a_tree_that_folds_and_is_searched() {
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    press(&mut pane, &mut bench, "triage.next-part", None);
    assert_eq!(pane.part, Part::Detail);
    assert_eq!(
        pane.picked(&bench.store).as_deref(),
        Some("SURICATA HTTP unable to match response")
    );
    press(&mut pane, &mut bench, "triage.next-part", None);
    press(&mut pane, &mut bench, "triage.find", None);
    typed(&mut pane, &mut bench, "10.128\r");
    assert_eq!(pane.picked(&bench.store).as_deref(), Some("10.128.0.6"));
    press(&mut pane, &mut bench, "triage.device", None);
    let asked = crate::command::Ask::Go(
        crate::command::PaneId::Devices,
        Some(Target::Find("10.128.0.6".into())),
    );
    assert_eq!(bench.asks.last(), Some(&asked));
    press(&mut pane, &mut bench, "triage.look", None);
    insta::assert_snapshot!("raw_80x24", shown(&bench, &pane, 80, 21));
}

#[test]
fn what_lies_over_the_list_says_what_to_press() {
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    press(&mut pane, &mut bench, "triage.diff", None);
    insta::assert_snapshot!("diff_80x24", shown(&bench, &pane, 80, 21));
    typed(&mut pane, &mut bench, "q");
    press(&mut pane, &mut bench, "triage.order", None);
    insta::assert_snapshot!("order_80x24", shown(&bench, &pane, 80, 21));
    typed(&mut pane, &mut bench, "t");
    press(&mut pane, &mut bench, "triage.mark-all", None);
    press(&mut pane, &mut bench, "triage.label", Some('1'));
    insta::assert_snapshot!("bulk_80x24", shown(&bench, &pane, 80, 21));
    typed(&mut pane, &mut bench, "e3\r");
    assert_eq!(bench.store.take_wishes().len(), 0, "3 is not the number that is left");
    typed(&mut pane, &mut bench, "2\r");
    assert_eq!(bench.store.take_wishes().len(), 2, "one write for each event that is left");
    assert!(pane.marks.is_empty());
}

#[test]
fn views_go_round_and_an_empty_one_says_how_to_leave() {
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    let mut names = Vec::new();
    for _ in 0..9 {
        names.push(format!("{} {}", pane.view.name(), pane.shown.len()));
        press(&mut pane, &mut bench, "triage.next-view", None);
    }
    assert_eq!(
        names,
        [
            "All 4",
            "Low-confidence 1",
            "Outliers 1",
            "Undecided 1",
            "AI says Drop 1",
            "AI says Escalate 2",
            "Mine today 0",
            "Skipped 0",
            "Second opinion 0",
        ]
    );
    assert_eq!(pane.view.name(), "All");
    press(&mut pane, &mut bench, "triage.previous-view", None);
    insta::assert_snapshot!("nothing_80x24", shown(&bench, &pane, 80, 21));
}

#[test]
fn loading_and_failing_are_told_in_place() {
    let mut bench = Bench::default();
    let mut pane = pane(&mut bench);
    insta::assert_snapshot!("loading_80x24", shown(&bench, &pane, 80, 21));
    let call = crate::api::arcanna::query::QueryEvents::newest(testing::job(), 5).call().unwrap();
    let cause = crate::api::Cause::Unexpected { at: "events".into(), why: "it is missing".into() };
    let error = crate::api::ApiError::of(&call, cause);
    let at = testing::NOW.parse().unwrap();
    let queue = bench.store.queues.entry(testing::job()).or_default();
    queue.page.failed(error.clone(), at);
    pane.changed(&mut bench.cx());
    insta::assert_snapshot!("failed_80x24", shown(&bench, &pane, 80, 21));

    // A failure beside older data takes nothing away.
    let mut bench = self::bench();
    let mut pane = self::pane(&mut bench);
    bench.store.queues.entry(testing::job()).or_default().page.failed(error, at);
    pane.changed(&mut bench.cx());
    insta::assert_snapshot!("stale_80x24", shown(&bench, &pane, 80, 21));
}

#[test]
fn nothing_that_arrives_moves_the_cursor_or_the_lines() {
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    press(&mut pane, &mut bench, "triage.next-view", None);
    let (event, before) = (pane.event.clone(), pane.shown.clone());
    assert_eq!(before.len(), 1);
    // The decision becomes sure: the event stays in the view a person is in.
    let job = testing::job();
    let event_key = crate::store::key(&job, event.as_ref().unwrap());
    let status = crate::api::arcanna::events::EventStatus {
        job: event_key.job.clone(),
        event: event_key.event.clone(),
    };
    land(
        &mut bench.store,
        &status,
        r#"{"status":"OK","result_label":"Drop","confidence_score":99}"#,
    );
    pane.changed(&mut bench.cx());
    assert_eq!((pane.event.clone(), pane.shown.clone()), (event, before));
    bench.now = Moment {
        wall: bench.now.wall,
        instant: bench.now.instant + std::time::Duration::from_secs(1),
    };
    pane.tick(&mut bench.cx());
    let mut buf = Buffer::empty(Rect::new(0, 0, 80, 21));
    pane.draw(&bench.store, &bench.look(), buf.area, &mut buf);
}

#[test]
fn the_whole_event_is_read_again_once_it_is_decided() {
    use crate::api::arcanna::events::{EventStatus, ExportEvent};
    let mut bench = bench();
    let mut pane = pane(&mut bench);
    let event = crate::api::arcanna::EventId::from("900");
    let job = testing::job();
    pane.open(Some(Target::Event(job.clone(), event.clone())), &mut bench.cx());
    let status = EventStatus { job: job.clone(), event: event.clone() };
    let export = ExportEvent { job, event };
    let later = |bench: &mut Bench, seconds| {
        bench.now = bench.now.plus(std::time::Duration::from_secs(seconds));
    };
    let body = |state: &str, words: &str| {
        format!(
            r#"{{"event_id":"900","status":"OK","arcanna_event":{{"title":"t","arcanna":{{"inference_status":"{state}","log_messages":[{{"level":"info","component":"Input","content":"{words}"}}]}}}}}}"#
        )
    };
    bench.land(&status, r#"{"event_id":"900","status":"pending_inference"}"#);
    bench.land(&export, &body("pending", "Event received."));
    pane.changed(&mut bench.cx());
    bench.wished();
    // The reads of opening it have ended.
    bench.store.jobs = crate::job::Jobs::default();
    later(&mut bench, 3);
    pane.changed(&mut bench.cx());
    assert_eq!(bench.wished().1.len(), 0, "it waits still");
    bench.land(&status, r#"{"event_id":"900","status":"OK","result_label":"Drop"}"#);
    pane.changed(&mut bench.cx());
    pane.changed(&mut bench.cx());
    let asked: Vec<String> = bench.wished().1;
    assert_eq!(asked.iter().filter(|call| call.contains("/900/export")).count(), 1, "{asked:?}");
    later(&mut bench, 1);
    // Whatever the server says now, it was asked: nothing goes round in circles.
    bench.land(&export, &body("pending", "Event received."));
    pane.changed(&mut bench.cx());
    assert_eq!(bench.wished().1.len(), 0);
    bench.land(&export, &body("finished", "Decision taken."));
    pane.changed(&mut bench.cx());
    assert_eq!(bench.wished().1.len(), 0);
    assert!(
        shown(&bench, &pane, 80, 24).contains("Decision taken."),
        "{}",
        shown(&bench, &pane, 80, 24)
    );
}

#[test]
fn a_day_of_its_own_needs_no_date_and_raw_text_names_a_source() {
    let mut bench = Bench::default();
    bench.store = testing::store();
    bench.now = testing::now();
    let page = r#"{"total_count":2,"events":[
      {"event_id":1,"@timestamp":"2026-11-22T13:59:31Z","decision_points":{"rule.name":"no address here"},
       "raw_event":{"message":"1.2.3.4","source":{"port":7,"ip":"10.9.8.7"}}},
      {"event_id":2,"@timestamp":"2026-11-22T13:59:32Z","decision_points":{"rule.name":"nor here"}}]}"#;
    let job = crate::api::arcanna::JobId::from(7);
    bench.land(&crate::api::arcanna::query::QueryEvents::newest(job.clone(), 5), page);
    let mut pane = TriagePane::default();
    pane.open(Some(Target::Job(job)), &mut bench.cx());
    let text = shown(&bench, &pane, 80, 21);
    assert!(text.contains("TIME Z   AI"), "{text}");
    assert!(text.contains("13:59:31 ") && text.contains("10.9.8.7"), "{text}");
    assert!(!text.contains("xN"), "no bucket is known: it takes no room\n{text}");
}
