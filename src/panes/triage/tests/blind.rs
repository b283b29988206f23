//! What is hidden until the vote stays hidden wherever it could be read, and is told after it.

use super::*;
use crate::api::arcanna::EventId;
use crate::api::arcanna::events::ExportEvent;
use crate::command::{Ask, Take};
use crate::outbox::{Keeper, Seen, Session};
use crate::store::{EventKey, key};

/// An event the AI calls by a word that stands nowhere else, one of the same bucket, and one decided alike.
const PAGE: &str = r#"{"total_count":3,"events":[
 {"event_id":"9001","@timestamp":"2026-11-22T13:59:31Z",
  "decision_points":{"rule.name":"odd logon","source.ip":"10.128.0.6"},
  "arcanna":{"result":"class_zebra","result_label":"Zebra","confidence_score":31.7,"bucket_state":"new","bucket_id":"b1","previous_result":"class_zebra",
   "consensus":"Drop","feedback":[{"user":"m.ion","label":"Drop"},{"user":"ana.pop","label":"Drop"},{"user":"p.moreau","label":"Drop"}],
   "log_messages":[{"component":"Inference","level":"info","content":"decided Zebra at 31.7"}],"inference_status":"finished"},
  "raw_event":{"rule":{"name":"odd logon"},"arcanna":{"result_label":"Zebra"},"arcanna.result":"Zebra","source":{"ip":"10.128.0.6"}}},
 {"event_id":"9002","@timestamp":"2026-11-22T13:58:31Z",
  "decision_points":{"rule.name":"odd logon","source.ip":"10.128.0.6"},
  "arcanna":{"result_label":"Zebra","confidence_score":31.7,"bucket_state":"new","bucket_id":"b1","inference_status":"finished"}},
 {"event_id":"9003","@timestamp":"2026-11-22T13:57:31Z",
  "decision_points":{"rule.name":"odd logon","source.ip":"10.128.0.6"},
  "arcanna":{"result_label":"Zebra","confidence_score":31.7,"bucket_state":"in_knowledge_base","bucket_id":"b2","inference_status":"finished"}}
]}"#;

fn store() -> Store {
    let mut store = Store::default();
    let query = crate::api::arcanna::query::QueryEvents::newest(testing::job(), 50);
    land(&mut store, &query, PAGE);
    store.queues.get_mut(&testing::job()).unwrap().take_in();
    let set = crate::api::arcanna::jobs::DecisionSet { job: testing::job() };
    land(&mut store, &set, r#"["Drop","Escalate"]"#);
    store.pin_new();
    let export = ExportEvent { job: testing::job(), event: "9002".into() };
    land(
        &mut store,
        &export,
        r#"{"status":"OK","arcanna_event":{"rule":{"name":"odd logon"},"arcanna":{"result_label":"Zebra","confidence_score":31.7,"log_messages":[{"content":"decided Zebra"}]}}}"#,
    );
    store
}

fn opened() -> (Bench, TriagePane) {
    let mut bench = Bench::default();
    bench.store = store();
    bench.now = testing::now();
    let mut pane = TriagePane::default();
    pane.open(Some(Target::Job(testing::job())), &mut bench.cx());
    pane.put(Some("9001".into()), &mut bench.cx());
    bench.asks.clear();
    (bench, pane)
}

fn event(id: &str) -> EventKey {
    key(&testing::job(), &EventId::from(id))
}

/// Everything the pane lets out of the store about its events.
fn all(bench: &mut Bench, pane: &mut TriagePane) -> String {
    let mut all = String::new();
    for id in ["9001", "9002", "9003"] {
        pane.put(Some(id.into()), &mut bench.cx());
        for _ in 0..3 {
            for (width, height) in [(80, 21), (140, 37), (60, 13), (60, 20), (200, 60)] {
                all += &shown(bench, pane, width, height);
            }
            press(pane, bench, "triage.next-part", None);
        }
        for what in [Take::Id, Take::Line, Take::Markdown, Take::Json] {
            all.extend(pane.take(what, &bench.store, &bench.prefs));
        }
    }
    all.extend(pane.grid(&bench.store).map(|grid| grid.csv()));
    press(pane, bench, "triage.diff", None);
    all += &shown(bench, pane, 80, 21);
    typed(pane, bench, "q");
    press(pane, bench, "triage.mark-all", None);
    press(pane, bench, "triage.label", Some('1'));
    all += &shown(bench, pane, 80, 21);
    typed(pane, bench, "v");
    all += &shown(bench, pane, 80, 21);
    typed(pane, bench, "v\u{1b}");
    pane.over = None;
    pane.cancel();
    press(pane, bench, "triage.find", None);
    for c in "conf:>31 label:zebra".chars() {
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(c));
        pane.text(key, &mut bench.cx());
    }
    all.extend([pane.shown.len().to_string().as_str(), " pass the filter\n"]);
    pane.leave();
    press(pane, bench, "triage.find", None);
    typed(pane, bench, &format!("{}\r", "\u{8}"));
    pane.filter = super::super::Filter::default();
    pane.reshow(&bench.cx());
    for ask in bench.asks.drain(..) {
        if let Ask::Say(_, words) = ask {
            all += &words;
        }
    }
    all
}

#[test]
fn nothing_tells_a_hidden_answer_and_everything_tells_it_afterwards() {
    let (mut bench, mut pane) = opened();
    let open = all(&mut bench, &mut pane);
    for telling in ["Zebra", "31", "3 pass the filter"] {
        assert!(open.contains(telling), "{telling} is told as long as nothing is hidden");
    }

    let (mut bench, mut pane) = opened();
    press(&mut pane, &mut bench, "triage.blind", None);
    let blind = all(&mut bench, &mut pane);
    for telling in ["ebra", "31.7", "32%", "31%"] {
        let at = blind.find(telling);
        assert_eq!(at, None, "{telling}: {}", &blind[at.unwrap_or(0).saturating_sub(400)..]);
    }
    assert!(blind.contains("0 pass the filter"), "a filter asks for the answer as well");
    assert!(blind.contains("hidden until your vote") && blind.contains("odd logon"));
    assert!(blind.contains("the order shows how sure the AI is"), "what it does tell is said");
}

#[test]
fn a_blind_vote_is_told_what_the_ai_said() {
    let (mut bench, mut pane) = opened();
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    press(&mut pane, &mut bench, "triage.blind", None);
    insta::assert_snapshot!("blind_80x24", shown(&bench, &pane, 80, 21));
    insta::assert_snapshot!("blind_140x40", shown(&bench, &pane, 140, 37));
    pane.drawn(&mut bench.store);
    press(&mut pane, &mut bench, "triage.label", Some('1'));
    bench.keep(&mut outbox);
    pane.changed(&mut bench.cx());
    let row = bench.store.writes.newest().next().unwrap();
    let seen = row.draft.seen.clone().unwrap();
    let wanted = Seen {
        label: Some("Zebra".into()),
        confidence: Some(31.7),
        blind: true,
        ..Seen::default()
    };
    assert_eq!(seen, wanted);
    let line = super::super::last_label(&bench.store, &bench.look(), 100).unwrap();
    let words: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
    assert!(words.contains("9001 = Drop   AI said Zebra 32%"), "{words}");
    assert!(words.contains("blind-agree 0%"), "{words}");
    insta::assert_snapshot!("voted_140x40", shown(&bench, &pane, 140, 37));
    press(&mut pane, &mut bench, "triage.order", None);
    insta::assert_snapshot!("order_80x24", shown(&bench, &pane, 80, 21));
    pane.over = None;

    // Taken back, it is hidden again, but whoever knows the answer does not judge blind.
    pane.drawn(&mut bench.store);
    let row = bench.store.writes.newest().next().unwrap().id;
    bench.store.undo(row);
    bench.keep(&mut outbox);
    assert!(bench.store.is_hidden(&event("9001")) && !bench.store.is_blind(&event("9001")));
    assert_eq!(bench.store.sitting.stats().agreements.blind.n, 0);
}

#[test]
fn an_answer_that_was_on_the_screen_makes_no_blind_vote() {
    let (mut bench, mut pane) = opened();
    shown(&bench, &pane, 80, 21);
    pane.drawn(&mut bench.store);
    press(&mut pane, &mut bench, "triage.blind", None);
    let text = shown(&bench, &pane, 80, 21);
    assert!(!text.contains("Zebra"), "it is hidden all the same\n{text}");
    press(&mut pane, &mut bench, "triage.label", Some('2'));
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    bench.keep(&mut outbox);
    let row = bench.store.writes.newest().next().unwrap();
    assert!(!row.draft.seen.as_ref().unwrap().blind);
    assert_eq!(bench.store.sitting.stats().agreements.blind.n, 0);
    assert_eq!(bench.store.sitting.stats().agreements.shown.n, 1);
}

#[test]
fn other_votes_wait_for_the_own_or_for_the_key_and_the_ledger_knows() {
    let (mut bench, mut pane) = opened();
    let text = shown(&bench, &pane, 80, 21);
    assert!(text.contains("votes 2 (hidden)  V"), "the own vote is not another's\n{text}");
    assert!(!text.contains("m.ion") && text.contains("consensus hidden"), "{text}");
    assert!(!bench.store.votes_seen(&event("9001")));
    press(&mut pane, &mut bench, "triage.votes", None);
    let text = shown(&bench, &pane, 80, 21);
    assert!(text.contains("VOTES  Drop 2 (m.ion, p.moreau)"), "{text}");
    pane.drawn(&mut bench.store);
    press(&mut pane, &mut bench, "triage.label", Some('2'));
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    bench.keep(&mut outbox);
    let seen = bench.store.writes.newest().next().unwrap().draft.seen.clone().unwrap();
    assert!(seen.others_revealed && !seen.blind);

    // After the own vote they are shown unasked; without any nothing is shown.
    let (mut bench, mut pane) = opened();
    press(&mut pane, &mut bench, "triage.label", Some('1'));
    bench.keep(&mut outbox);
    assert!(
        !bench.store.writes.newest().next().unwrap().draft.seen.as_ref().unwrap().others_revealed
    );
    pane.put(Some("9001".into()), &mut bench.cx());
    assert!(shown(&bench, &pane, 80, 21).contains("VOTES  Drop 2 (m.ion, p.moreau)"));
    pane.put(Some("9003".into()), &mut bench.cx());
    let text = shown(&bench, &pane, 80, 21);
    assert!(!text.contains("votes") && !text.contains("VOTES"), "{text}");
    bench.asks.clear();
    press(&mut pane, &mut bench, "triage.votes", None);
    let said = format!("{:?}", bench.asks);
    assert!(said.contains("tells of no other votes"), "{said}");
}

#[test]
fn a_view_that_would_tell_the_answer_is_left() {
    let (mut bench, mut pane) = opened();
    pane.view = super::super::View::Says("Zebra".into());
    pane.reshow(&bench.cx());
    assert_eq!(pane.shown.len(), 3);
    press(&mut pane, &mut bench, "triage.blind", None);
    assert_eq!((pane.view.name().as_str(), pane.shown.len()), ("All", 3));
    pane.view = super::super::View::LowConfidence;
    pane.reshow(&bench.cx());
    assert_eq!(pane.shown.len(), 3, "a work list stays one");
    press(&mut pane, &mut bench, "triage.blind", None);
    assert!(shown(&bench, &pane, 80, 21).contains("Zebra"));
}

#[test]
fn events_named_elsewhere_are_a_view_of_their_own() {
    let (mut bench, mut pane) = opened();
    let named: Vec<EventId> = ["7777", "9002"].map(EventId::from).into();
    let target = Target::Events(testing::job(), "Changed consensus", named.clone());
    pane.open(Some(target), &mut bench.cx());
    let asked = bench.wished().1;
    assert!(asked.iter().any(|call| call == "POST /api/v2/events/query"), "{asked:?}");
    let query = crate::api::arcanna::query::QueryEvents {
        event_ids: vec!["7777".into()],
        ..crate::api::arcanna::query::QueryEvents::newest(testing::job(), 1)
    };
    bench.land(
        &query,
        r#"{"events":[{"event_id":"7777","decision_points":{"rule.name":"an older one"}}],"total_count":1}"#,
    );
    pane.changed(&mut bench.cx());
    assert_eq!(pane.shown, named);
    let text = shown(&bench, &pane, 80, 21);
    assert!(text.contains("an older one") && text.contains("odd logon"), "{text}");
    assert!(pane.heading(&bench.store).contains("Changed consensus 1/2"));
    press(&mut pane, &mut bench, "triage.next-view", None);
    assert_ne!(pane.view.name(), "Changed consensus");
}
