//! Jobs: what is trained, sent and told, and how it looks.

mod figures;

use super::*;
use crate::api::Cause;
use crate::outbox::{Answered, Keeper, Notice, Request, Session};
use crate::panes::testing::Bench;
use crate::store::key;

const JOBS: &str = r#"[
 {"job_id": 1202, "title": "suricata-edge", "status": "ENABLED", "category": "Decision intelligence",
  "labels": ["Drop", "Escalate"], "features": ["source.ip", "destination.ip", "rule.name"],
  "processed_documents_count": 120431, "feedback_documents_count": 1204, "retrain_state": "RETRAIN_FINISHED",
  "last_processed_timestamp": "2026-11-20T14:02:00Z", "last_feedback_timestamp": "2026-11-20T13:51:00Z",
  "last_train_start_timestamp": "2026-11-14T09:12:00Z", "last_train_finished_timestamp": "2026-11-14T09:20:00Z", "invalid": false},
 {"job_id": 1210, "title": "dlp-endpoint", "status": "DISABLED", "labels": ["Drop"], "invalid": false},
 {"job_id": 1211, "title": "日本語 \u001b[31m名", "status": "ENABLED", "invalid": true}
]"#;

fn open() -> (Bench, JobsPane) {
    let mut bench = Bench::default();
    let mut pane = JobsPane::default();
    bench.land(&Jobs, JOBS);
    bench.land(&Health, r#"{"status": true}"#);
    let scopes = r#"["read:event_query", "write:event_feedback", "write:events"]"#;
    bench.land(&Scopes, scopes);
    pane.open(None, &mut bench.cx());
    bench.arm();
    bench.wished();
    (bench, pane)
}

fn said(bench: &mut Bench) -> String {
    let asks = std::mem::take(&mut bench.asks);
    let said = asks.into_iter().filter_map(|ask| match ask {
        Ask::Say(_, words) => Some(words),
        _ => None,
    });
    said.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_job_is_trained_when_its_id_was_typed() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "jobs.train");
    bench.press(&mut pane, "\n\n1201\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    bench.press(&mut pane, "\u{15}1202\n");
    let train = "POST /api/v1/jobs/1202/train?username=ana.pop in 30 s";
    assert_eq!(bench.wished().0, [train]);
    assert!(!pane.typing());
    assert!(said(&mut bench).contains("u takes it back"));
}

#[test]
fn nothing_leaves_a_console_that_is_not_armed() {
    let (mut bench, mut pane) = open();
    bench.store.armed_until = None;
    bench.run(&mut pane, "jobs.train");
    bench.press(&mut pane, "\n1202\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    assert!(bench.pane(&pane, 80, 21).contains(":arm"));
    assert!(pane.typing(), "the sheet stays, with what was typed");
    // armed when the sheet was checked, no longer when it is confirmed
    bench.arm();
    pane.changed(&mut bench.cx());
    bench.now = bench.now.plus(std::time::Duration::from_secs(3_601));
    bench.press(&mut pane, "\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    bench.arm();
    pane.changed(&mut bench.cx());
    bench.press(&mut pane, "\n");
    assert_eq!(bench.wished().0.len(), 1);
}

#[test]
fn unsent_labels_of_the_job_go_first() {
    let (mut bench, mut pane) = open();
    let feedback = crate::api::arcanna::feedback::Feedback {
        job: JobId::from("1202"),
        event: "7".into(),
        label: "Drop".into(),
        username: "ana.pop".into(),
    };
    let act = Act::Label { feedback, digit: '1' };
    let event = key(&JobId::from("1202"), &"7".into());
    let draft = Draft {
        call: act.call().unwrap(),
        act,
        grace: bench.prefs.label_grace,
        seen: None,
        note: None,
        batch: None,
    };
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    bench.store.stage_label(event, draft);
    bench.keep(&mut outbox);
    bench.run(&mut pane, "jobs.train");
    bench.press(&mut pane, "\n1202\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    let shown = bench.pane(&pane, 100, 30);
    assert!(
        shown.contains("1 label of this job are not sent yet") || shown.contains("go first"),
        "{shown}"
    );
    assert!(pane.typing(), "the sheet stays open");
    // once it is sent, the same sheet can be confirmed
    let id = bench.store.writes.newest().next().unwrap().id;
    let later = bench.now.plus(bench.prefs.label_grace);
    let mut notices = outbox.claim(later);
    let sent = crate::outbox::Settlement::Sent("updated".into());
    notices.extend(outbox.handle(Request::Settle(id, sent, Answered::default()), later));
    for notice in notices {
        if let Notice::Changed(_) = notice {
            bench.store.notice(notice, later);
        }
    }
    pane.changed(&mut bench.cx());
    assert!(bench.pane(&pane, 100, 30).contains("Drop 1"));
    bench.press(&mut pane, "\n");
    assert_eq!(bench.wished().0.len(), 1);
}

#[test]
fn an_event_is_sent_as_it_was_written() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "jobs.send");
    bench.press(&mut pane, "Beacon\n3.9\n\n");
    bench.press(&mut pane, "\u{15}");
    pane.edited(
        "{\"z\": 1, \"a\": 576330410117303000001, \"b\": \"\u{202e}x\"}\n",
        &mut bench.cx(),
    );
    bench.press(&mut pane, "\t1202\n");
    let sent = "POST /api/v1/events/ {\"job_id\":1202,\"title\":\"Beacon\",\
        \"raw_body\":{\"z\": 1, \"a\": 576330410117303000001, \"b\": \"\\u202ex\"},\"severity\":3} in 30 s";
    assert_eq!(bench.wished().0, [sent]);
}

#[test]
fn wrong_json_is_told_at_its_place_and_not_sent() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "jobs.send");
    pane.edited("x", &mut bench.cx());
    bench.press(&mut pane, "\nhigh\n\n");
    pane.edited("{\n  \"a\": ,\n}", &mut bench.cx());
    let shown = bench.pane(&pane, 100, 30);
    assert!(shown.contains("line 2, column 8: expected value"), "{shown}");
    assert!(shown.contains("it is no number"), "{shown}");
    bench.press(&mut pane, "\t1202\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    for (text, words) in [
        ("", "The event: it is empty"),
        ("[1]", "an event is an object"),
        ("{} x", "line 1, column 4: trailing characters"),
    ] {
        let (mut bench, mut pane) = open();
        bench.run(&mut pane, "jobs.send");
        bench.press(&mut pane, "\n\n\n");
        pane.edited(text, &mut bench.cx());
        let shown = bench.pane(&pane, 100, 30);
        assert!(shown.contains(words), "{text}: {shown}");
    }
}

#[test]
fn a_file_is_read_after_enter_and_a_closed_sheet_keeps_the_draft() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "jobs.send");
    bench.press(&mut pane, "Beacon\n\n\n");
    bench.press(&mut pane, "@/tmp/event.json");
    assert_eq!(bench.asks, []);
    bench.press(&mut pane, "\n");
    assert_eq!(bench.asks, [Ask::Load("/tmp/event.json".into())]);
    pane.edited("{\"a\": 1}\n", &mut bench.cx());
    bench.press(&mut pane, "\u{18}\u{5}");
    assert_eq!(bench.asks.pop().unwrap(), Ask::Edit("{\"a\": 1}".into()));
    bench.press(&mut pane, "\u{7}");
    assert!(!pane.typing());
    bench.run(&mut pane, "jobs.send");
    let shown = bench.pane(&pane, 80, 21);
    assert!(shown.contains("Beacon") && shown.contains("{\"a\": 1}"), "{shown}");
}

#[test]
fn nothing_leaves_a_read_only_console() {
    let (mut bench, mut pane) = open();
    bench.prefs.read_only = true;
    bench.run(&mut pane, "jobs.train");
    bench.press(&mut pane, "\n1202\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    assert!(bench.pane(&pane, 80, 21).contains("READ-ONLY"));
}

#[test]
fn a_changed_decision_set_is_told_until_it_is_taken_as_known() {
    let (mut bench, mut pane) = open();
    assert_eq!(said(&mut bench), "");
    let other = JOBS.replace(r#"["Drop", "Escalate"]"#, r#"["Monitor", "Drop"]"#);
    bench.land(&Jobs, &other);
    pane.changed(&mut bench.cx());
    let words = "the decision set of job 1202 changed: +Monitor -Escalate";
    assert_eq!(said(&mut bench), words);
    pane.changed(&mut bench.cx());
    assert_eq!(said(&mut bench), "", "told once");
    assert!(bench.pane(&pane, 80, 21).contains("CHANGED 14:05:00Z: +Monitor -Escalate"));
    bench.run(&mut pane, "jobs.decision-set");
    assert_eq!(bench.wished().1, ["GET /api/v1/jobs/1202/labels"]);
    let set = DecisionSet { job: JobId::from("1202") };
    bench.land(&set, r#"["Monitor", "Drop"]"#);
    pane.changed(&mut bench.cx());
    assert!(!bench.pane(&pane, 80, 21).contains("CHANGED"));
    let of = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
    let swapped = difference(&of(&["a", "b"]), &of(&["b", "a"]));
    assert!(swapped.unwrap().contains("the digits mean other labels"));
}

#[test]
fn jobs_look_like_this() {
    let (bench, pane) = open();
    insta::assert_snapshot!("full_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("full_140", bench.pane(&pane, 140, 37));
    insta::assert_snapshot!("full_60", bench.pane(&pane, 60, 13));
}

#[test]
fn sheets_look_like_this() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "jobs.train");
    insta::assert_snapshot!("train_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("train_140", bench.pane(&pane, 140, 37));
    pane.cancel();
    bench.run(&mut pane, "jobs.send");
    bench.press(&mut pane, "Beacon to a rare host\n7\n\n");
    pane.edited("{\n  \"src\": \"172.31.32.146\",\n  \"dst\": }", &mut bench.cx());
    insta::assert_snapshot!("send_80", bench.pane(&pane, 80, 21));
    pane.edited("{\n  \"src\": \"172.31.32.146\",\n  \"dst\": 8 }", &mut bench.cx());
    insta::assert_snapshot!("send_140", bench.pane(&pane, 140, 37));
}

#[test]
fn other_states_look_like_this() {
    let mut bench = Bench::default();
    let mut pane = JobsPane::default();
    pane.open(None, &mut bench.cx());
    let mut all = bench.pane(&pane, 80, 8);
    bench.land(&Jobs, "[]");
    all += &bench.pane(&pane, 80, 8);
    bench.fail(&Jobs, Cause::Refused("maintenance".into()));
    all += &bench.pane(&pane, 80, 8);
    let mut bench = Bench::default();
    bench.fail(&Jobs, Cause::Refused("maintenance".into()));
    all += &bench.pane(&pane, 80, 8);
    let (mut bench, pane) = open();
    bench.fail(&Jobs, Cause::Refused("maintenance".into()));
    all += &bench.pane(&pane, 80, 16);
    insta::assert_snapshot!("states", all);
}

#[test]
fn any_size_is_drawn() {
    let (mut bench, mut pane) = open();
    for open in [false, true] {
        if open {
            bench.run(&mut pane, "jobs.send");
        }
        for (width, height) in
            [(0, 0), (1, 1), (3, 9), (20, 4), (60, 13), (119, 7), (120, 2), (300, 90)]
        {
            bench.pane(&pane, width, height);
        }
    }
}
