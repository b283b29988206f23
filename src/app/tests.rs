//! The program without a loop: keys and answers in, cells and wishes out. Time is handed in, so nothing waits.

mod settings;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use strum::IntoEnumIterator as _;

use super::*;
use crate::api::{Answer, ApiError, Cause};
use crate::job::{Action, Arrived, Phase};
use crate::outbox::{Keeper, Request, Session};
use crate::ui::theme::{Glyphs, Palette};

/// The program with a scripted other side: what it asks is kept, what is answered is said.
struct Desk {
    app: App,
    outbox: Keeper,
    now: Moment,
    asked: Vec<Action>,
    cancelled: Vec<crate::job::Ticket>,
}

const JOBS: &str =
    r#"[{"job_id":1202,"title":"suricata","status":"ENABLED","labels":["Drop","Escalate"]}]"#;

fn event(id: u64, confidence: f64) -> String {
    format!(
        r#"{{"event_id":"{id}","job_id":1202,"decision_points":{{"source.ip":"10.0.0.{}","destination.ip":"8.8.8.8"}},"arcanna":{{"result_label":"Drop","confidence_score":{confidence},"bucket_state":"new","outlier_flag":false}},"raw_event":{{"title":"event {id}","@timestamp":"2026-01-02T03:04:05Z"}}}}"#,
        id % 250
    )
}

fn page(events: &[(u64, f64)]) -> String {
    let events: Vec<String> =
        events.iter().map(|(id, confidence)| event(*id, *confidence)).collect();
    format!(r#"{{"events":[{}],"total_count":{}}}"#, events.join(","), events.len())
}

impl Desk {
    fn new() -> Self {
        let prefs = Prefs {
            analyst: Some("ana".into()),
            environment: "TEST".into(),
            read_only: false,
            label_grace: Duration::from_secs(5),
            outward_grace: Duration::from_secs(30),
            tag_grace: Duration::from_secs(10),
            max_arm: Duration::from_secs(3_600),
            low_confidence: 60.0,
            skip_bucket: false,
            poll: (Duration::from_secs(10), Duration::from_secs(60)),
            absent: Vec::new(),
            unverified: Vec::new(),
            default_job: None,
            mouse: false,
            hints: true,
            allow_editor: true,
            own_domains: Vec::new(),
            settable: Vec::new(),
            blind: crate::store::Sampling::default(),
            darktrace_url: None,
        };
        let now = Moment { wall: "2026-01-02T03:04:05Z".parse().unwrap(), instant: Instant::now() };
        let theme = Theme::new(Palette::Mono, Glyphs::ASCII);
        let app = App::new(prefs, theme, &[], now).unwrap();
        let mut desk = Self {
            app,
            outbox: Keeper::open(None, Session::nowhere(), now).unwrap().0,
            now,
            asked: Vec::new(),
            cancelled: Vec::new(),
        };
        desk.app.start(now);
        desk.carry_out();
        desk
    }

    /// In Triage on job 1202 with these events, first frame drawn.
    fn triage(events: &[(u64, f64)]) -> Self {
        let mut desk = Self::new();
        desk.answer("jobs", JOBS);
        desk.press(KeyCode::Enter);
        desk.answer("query events", &page(events));
        desk.draw();
        desk
    }

    fn carry_out(&mut self) {
        for effect in self.app.take_effects() {
            match effect {
                Effect::Wish(Wish::Run(action)) => self.asked.push(action),
                Effect::Wish(Wish::Cancel(ticket)) => self.cancelled.push(ticket),
                Effect::Wish(Wish::Outbox(request)) => self.request(request),
                _ => {}
            }
        }
    }

    fn request(&mut self, request: Request) {
        for notice in self.outbox.handle(request, self.now) {
            self.app.update(Event::Notice(notice), self.now);
            self.carry_out();
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), self.now);
        self.carry_out();
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }

    /// Lets time pass, with what the loop does when a deadline comes.
    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        for notice in self.outbox.claim(self.now) {
            self.app.update(Event::Notice(notice), self.now);
            self.carry_out();
        }
        self.app.update(Event::Tick, self.now);
        self.carry_out();
    }

    fn find(&mut self, name: &str) -> Action {
        let index = self.asked.iter().position(|action| action.call.name == name);
        let asked: Vec<_> = self.asked.iter().map(|action| action.call.name.to_string()).collect();
        self.asked.remove(index.unwrap_or_else(|| panic!("{name} was not asked; {asked:?} were")))
    }

    fn end(&mut self, action: &Action, result: Result<Arrived, ApiError>) {
        let report = Report { ticket: action.ticket, phase: Phase::Ended(result) };
        self.app.update(Event::Report(report), self.now);
        self.carry_out();
    }

    fn answer(&mut self, name: &str, body: &str) {
        let action = self.find(name);
        let output = action.decode.decode(&Answer::from_json(body));
        let result = output
            .map(|output| Arrived {
                output,
                status: 200,
                skew_s: None,
                took: Duration::ZERO,
                size: body.len(),
            })
            .map_err(|cause| ApiError::of(&action.call, cause));
        self.end(&action, result);
    }

    fn fail(&mut self, name: &str, cause: Cause) {
        let action = self.find(name);
        let error = ApiError::of(&action.call, cause);
        self.end(&action, Err(error));
    }

    fn draw(&mut self) -> String {
        let area = Rect::new(0, 0, 80, 24);
        let mut buffer = Buffer::empty(area);
        self.app.draw(area, &mut buffer);
        let event = self.app.event();
        self.app.drawn(event);
        let rows = buffer.content().chunks(80);
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n")
            .collect()
    }

    fn current(&self) -> String {
        self.app.event().map(|event| event.event.to_string()).unwrap_or_default()
    }
}

#[test]
fn a_digit_labels_moves_on_and_is_sent_after_its_grace() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0), (3, 30.0)]);
    assert_eq!(desk.current(), "1", "least confidence first");
    desk.keys("2");
    assert_eq!(desk.current(), "2", "the cursor has moved on");
    assert!(desk.draw().contains("E~"), "staged, not sent");
    desk.pass(Duration::from_secs(4));
    assert!(desk.asked.iter().all(|action| action.call.name != "feedback"), "still in its grace");
    desk.pass(Duration::from_secs(2));
    let sent = desk.asked.iter().find(|action| {
        action.call.product == crate::api::Product::Arcanna
            && action.call.method == crate::api::Method::Put
    });
    let name = sent.expect("the label is sent").call.name.to_string();
    assert!(desk.draw().contains("E~"), "on its way is not sent");
    desk.answer(&name, r#"{"status":"updated"}"#);
    assert!(desk.draw().contains("E."), "a checked answer confirmed it");
}

#[test]
fn a_refused_label_is_parked_with_the_servers_words_and_never_shown_as_sent() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0)]);
    desk.keys("1");
    desk.pass(Duration::from_secs(6));
    let index =
        desk.asked.iter().position(|action| action.call.method == crate::api::Method::Put).unwrap();
    let name = desk.asked[index].call.name.to_string();
    desk.answer(&name, r#"{"status":"ERROR","error_message":"label not in decision set"}"#);
    let screen = desk.draw();
    assert!(screen.contains("D!") && screen.contains("PARKED"), "{screen}");
    assert!(screen.contains("1 parked"), "{screen}");
    desk.keys("ga");
    let screen = desk.draw();
    assert!(screen.contains("label not in decision set"), "{screen}");
}

#[test]
fn an_unreachable_server_keeps_the_label_and_tries_again() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0)]);
    desk.keys("1");
    desk.pass(Duration::from_secs(6));
    let name = desk
        .asked
        .iter()
        .find(|action| action.call.method == crate::api::Method::Put)
        .unwrap()
        .call
        .name
        .to_string();
    desk.fail(&name, Cause::Unreachable("refused".into()));
    let screen = desk.draw();
    assert!(screen.contains("OFFLINE Arcanna") && screen.contains("D~"), "{screen}");
    desk.pass(Duration::from_secs(3));
    desk.answer(&name, r#"{"status":"updated"}"#);
    assert!(desk.draw().contains("D."));
}

#[test]
fn a_label_can_be_taken_back_in_its_grace_and_leaves_no_trace() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0)]);
    desk.keys("1");
    desk.keys("u");
    assert_eq!(desk.current(), "1", "back on the event");
    assert!(!desk.draw().contains("D~"));
    desk.pass(Duration::from_secs(60));
    assert!(desk.asked.iter().all(|action| action.call.method != crate::api::Method::Put));
}

#[test]
fn an_event_that_is_not_on_the_screen_cannot_be_labelled() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0), (3, 30.0)]);
    desk.keys("j");
    desk.keys("1");
    assert!(desk.draw().contains("too soon"));
    desk.keys("1");
    assert!(desk.draw().contains("D~"));
}

#[test]
fn a_digit_without_a_label_names_the_labels() {
    let mut desk = Desk::triage(&[(1, 10.0)]);
    desk.keys("7");
    assert!(desk.draw().contains("no label 7 in this job: 1 Drop  2 Escalate"));
}

#[test]
fn what_arrives_never_moves_the_cursor_or_the_order() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0), (3, 30.0)]);
    desk.keys("j");
    desk.draw();
    let before = desk.draw();
    // A poll brings new events that would stand first.
    let job = crate::api::arcanna::JobId::new("1202");
    let query = crate::api::arcanna::query::QueryEvents::newest(job, 200);
    desk.app.store.ask(query, crate::job::Policy::Join, desk.now);
    desk.carry_out();
    desk.answer("query events", &page(&[(9, 1.0), (8, 2.0), (1, 10.0), (2, 20.0), (3, 30.0)]));
    let after = desk.draw();
    assert_eq!(desk.current(), "2");
    let list = |screen: &str| screen.lines().skip(1).take(7).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(list(&before), list(&after));
    assert!(after.contains("+2 new"), "{after}");
}

#[test]
fn a_failure_keeps_the_old_rows_and_says_how_old_they_are() {
    let mut desk = Desk::new();
    desk.answer("jobs", JOBS);
    desk.keys("r");
    desk.fail("jobs", Cause::Server("busy".into(), None));
    let screen = desk.draw();
    assert!(screen.contains("suricata") && screen.contains("Data of 03:04:05Z"), "{screen}");
}

#[test]
fn leaving_a_pane_cancels_its_reads_and_late_answers_are_dropped() {
    let mut desk = Desk::new();
    let jobs = desk.find("jobs");
    desk.keys("gd");
    assert!(desk.cancelled.contains(&jobs.ticket));
    // The answer was already on its way: it is current still, so it may land; a superseded one may not.
    desk.press(KeyCode::Esc);
    desk.keys("gj");
    assert!(desk.app.store.job_list.value().is_none());
}

#[test]
fn every_row_of_every_pane_runs_without_data() {
    for (scope, specs) in registry() {
        for (index, spec) in specs.iter().enumerate() {
            let mut desk = Desk::new();
            if let Some(pane) = PaneId::iter().find(|pane| pane.name() == scope) {
                desk.app.act(|shell, cx| shell.show(pane, None, false, cx));
                desk.press(KeyCode::Esc);
            }
            desk.app.act(|shell, cx| shell.run(scope, index, Some('1'), cx));
            desk.carry_out();
            let screen = desk.draw();
            assert!(screen.contains("TEST"), "{scope} {}: {screen}", spec.id);
        }
    }
}

#[test]
fn a_digit_keeps_its_label_and_a_changed_decision_set_locks_until_it_is_pinned() {
    let mut desk = Desk::triage(&[(1, 10.0), (2, 20.0)]);
    assert!(desk.draw().contains("1 Drop  2 Escalate"));
    let set = |labels: &str| {
        format!(r#"[{{"job_id":1202,"title":"suricata","status":"ENABLED","labels":[{labels}]}}]"#)
    };
    desk.app.store.ask(crate::api::arcanna::jobs::Jobs, crate::job::Policy::Latest, desk.now);
    desk.carry_out();
    desk.now = desk.now.plus(Duration::from_secs(1));
    desk.answer("jobs", &set(r#""Escalate","Drop""#));
    assert!(desk.draw().contains("1 Drop  2 Escalate"), "the order of the answer does not count");
    desk.app.store.ask(crate::api::arcanna::jobs::Jobs, crate::job::Policy::Latest, desk.now);
    desk.carry_out();
    desk.answer("jobs", &set(r#""Drop","Monitor""#));
    let screen = desk.draw();
    assert!(screen.contains("the decision set changed; new: Monitor; gone: Escalate"), "{screen}");
    desk.keys("1");
    assert!(desk.draw().contains("labelling waits until L"));
    desk.keys("L");
    assert!(desk.draw().contains("1 Drop  3 Monitor"), "Escalate's digit is not given to another");
}

#[test]
fn a_read_that_was_left_is_asked_again_and_never_passes_for_an_answer() {
    let mut desk = Desk::new();
    desk.keys("gd/823");
    desk.press(KeyCode::Enter);
    assert!(desk.draw().contains("loading the devices"));
    desk.keys("gj");
    desk.fail("device", Cause::Cancelled);
    desk.keys("gd");
    let screen = desk.draw();
    assert!(screen.contains("loading the devices"), "{screen}");
    desk.fail("device", Cause::Cancelled);
    let screen = desk.draw();
    assert!(screen.contains("They are not read") && !screen.contains("no such device"), "{screen}");
}

#[test]
fn an_error_is_taken_away_where_there_is_nothing_else() {
    let mut desk = Desk::new();
    desk.keys("yP");
    assert!(desk.draw().contains("there is nothing under the cursor"));
    desk.fail("jobs", Cause::Server("the database is \u{1b}[31mdown".into(), None));
    for key in ['y', 'P'] {
        desk.app.update(Event::Key(KeyCode::Char(key).into()), desk.now);
    }
    let text = desk.app.take_effects().into_iter().find_map(|effect| match effect {
        Effect::Page(text) => Some(text),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.starts_with("### Error\n") && text.contains("database is"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    desk.keys("m");
    desk.draw();
    assert_eq!(desk.app.store.evidence.newest().next().unwrap().kind, "error");
}

#[test]
fn hardened_hosts_hand_nothing_to_programs() {
    let mut desk = Desk::triage(&[(1, 50.0)]);
    desk.app.prefs.allow_editor = false;
    for keys in ["yP", "C"] {
        for key in keys.chars() {
            desk.app.update(Event::Key(KeyCode::Char(key).into()), desk.now);
        }
        let effects = desk.app.take_effects();
        assert!(effects.is_empty(), "{effects:?}");
        assert!(desk.draw().contains("allow_editor is false"));
    }
    desk.app.update(Event::Key(KeyCode::Char('y').into()), desk.now);
    desk.app.update(Event::Key(KeyCode::Char('p').into()), desk.now);
    assert!(
        matches!(desk.app.take_effects().as_slice(), [Effect::Plain(text)] if text.contains("event 1"))
    );
}

#[test]
fn no_link_is_made_up() {
    let mut desk = Desk::triage(&[(1, 50.0)]);
    desk.keys("yl");
    assert!(desk.draw().contains("no link is known for this"));
}

#[test]
fn a_pin_is_told_when_it_is_kept_and_when_it_is_not() {
    let mut desk = Desk::triage(&[(1, 50.0), (2, 40.0)]);
    desk.keys("m");
    assert!(!desk.draw().contains("in the basket"), "it is not kept yet");
    let id = desk.app.store.evidence.newest().next().unwrap().id;
    desk.app.update(Event::Evidence(Told::Kept(id)), desk.now);
    assert!(desk.draw().contains("pinned, 1 in the basket (g v)"));
    desk.keys("m");
    let id = desk.app.store.evidence.newest().next().unwrap().id;
    desk.app.update(Event::Evidence(Told::Failed(id, "no space left".into())), desk.now);
    assert!(desk.draw().contains("pinned for this session only: no space left"));
    desk.keys("gv");
    assert!(desk.draw().contains("EVIDENCE 1/2"));
    desk.keys("m");
    assert!(desk.draw().contains("pinned already"));
    let text = desk.draw();
    assert!(text.contains("1 could not be kept"), "{text}");
}

#[test]
fn export_names_a_format_and_maybe_a_place() {
    let mut desk = Desk::triage(&[(1, 50.0)]);
    let mut exported = |line: &str| {
        desk.keys(":");
        desk.keys(line);
        desk.app.update(Event::Key(KeyCode::Enter.into()), desk.now);
        desk.app.take_effects().into_iter().find_map(|effect| match effect {
            Effect::Export { ending, to, .. } => Some((ending, to)),
            _ => None,
        })
    };
    assert_eq!(exported("export md"), Some(("md", None)));
    assert_eq!(exported("export CSV ~/a b.csv"), Some(("csv", Some("~/a b.csv".into()))));
    assert_eq!(exported("export pdf"), None);
    assert_eq!(exported("export"), None);
    assert!(desk.draw().contains("export wants md, csv or json"));
}
