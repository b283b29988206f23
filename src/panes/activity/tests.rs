//! Activity: what was written and asked, in every state, at each size, with hostile words.

use std::time::Duration;

use super::*;
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::jobs::Jobs;
use crate::outbox::{Act, Answered, Draft, Keeper, Notice, Request, Session, Settlement};
use crate::panes::testing::Bench;

/// Labels in each state a session can leave them in, one of them for an event with a hostile name.
fn busy() -> Bench {
    let mut bench = Bench::default();
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    let tell = |bench: &mut Bench, notices: Vec<Notice>| {
        for notice in notices {
            bench.store.notice(notice, bench.now);
        }
    };
    let ends = [
        Some(Settlement::Sent("updated".into())),
        Some(Settlement::Parked(
            "Arcanna refused it. The server says: label\u{1b}[31m not in decision set".into(),
        )),
        None,
    ];
    for (index, end) in ends.into_iter().enumerate() {
        let feedback = Feedback {
            job: "1202".into(),
            event: ["615471", "日本語\u{202e}\u{301}", "7"][index].into(),
            label: "Drop".into(),
            username: "ana.pop".into(),
        };
        let act = Act::Label { feedback, digit: '1' };
        let call = act.call().unwrap();
        let grace = Duration::from_secs(5);
        let draft = Draft { act, call, grace, seen: None, note: None, batch: None };
        let staged = outbox.handle(Request::Stage { draft, tag: 99 }, bench.now);
        tell(&mut bench, staged);
        if let Some(end) = end {
            let later = bench.now.plus(Duration::from_secs(6));
            let claimed = outbox.claim(later);
            let id = claimed.iter().find_map(|notice| match notice {
                Notice::Send(row) => Some(row.id),
                _ => None,
            });
            tell(&mut bench, claimed);
            let settle = Request::Settle(id.unwrap(), end, Answered::default());
            let settled = outbox.handle(settle, later);
            tell(&mut bench, settled);
        }
    }
    bench.store.take_wishes();
    bench.land(&Jobs, "[]");
    bench
}

fn looks(width: u16, height: u16) -> String {
    let mut all = String::new();
    let mut pane = ActivityPane::default();
    let mut add = |what: &str, pane: &ActivityPane, bench: &Bench| {
        all.extend(["== ", what, "\n", &bench.pane(pane, width, height)]);
    };
    let mut empty = Bench::default();
    pane.open(None, &mut empty.cx());
    add("empty", &pane, &empty);
    let mut bench = busy();
    pane.open(None, &mut bench.cx());
    if let Some((list, len)) = pane.list(&bench.store) {
        list.step(1, len);
    }
    add("writes", &pane, &bench);
    bench.run(&mut pane, "activity.next-part");
    add("calls", &pane, &bench);
    all
}

#[test]
fn it_looks_like_this_at_each_size() {
    insta::assert_snapshot!("80x24", looks(80, 21));
    insta::assert_snapshot!("140x40", looks(140, 37));
    insta::assert_snapshot!("60x16", looks(60, 13));
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    let text = looks(80, 21);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("PARKED") && text.contains("not in decision set"), "{text}");
}

#[test]
fn a_wide_screen_shows_what_the_session_came_to() {
    let mut bench = Bench::default();
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    let pressed = [
        ("Drop", "Drop", false, 2_000),
        ("Drop", "Escalate", false, 5_000),
        ("調査\u{202e}x", "Drop", true, 12_000),
        ("Drop", "Drop", true, 700),
        ("Escalate", "Escalate", true, 40_000),
    ];
    for (index, (label, ai, blind, dwell)) in pressed.into_iter().enumerate() {
        let feedback = Feedback {
            job: "1202".into(),
            event: index.to_string().into(),
            label: label.into(),
            username: "ana.pop".into(),
        };
        let act = Act::Label { feedback, digit: '1' };
        let call = act.call().unwrap();
        let seen = crate::outbox::Seen {
            label: Some(ai.into()),
            blind,
            others_revealed: index == 4,
            dwell_ms: Some(dwell),
            ..crate::outbox::Seen::default()
        };
        let grace = Duration::from_secs(3_000);
        let draft = Draft { act, call, grace, seen: Some(seen), note: None, batch: None };
        bench.store.stage_label(key(&"1202".into(), &index.to_string().into()), draft);
        bench.keep(&mut outbox);
        bench.now = bench.now.plus(Duration::from_secs(150));
    }
    bench.store.sitting.skipped = 3;
    let mut pane = ActivityPane::default();
    pane.open(None, &mut bench.cx());
    let text = bench.pane(&pane, 140, 37);
    assert!(!text.contains('\u{202e}'), "{text}");
    insta::assert_snapshot!("session_140", text);
    bench.now = bench.now.plus(Duration::from_secs(3_600));
    assert_eq!(bench.pane(&pane, 140, 37), text, "nothing ticks");
    assert!(!bench.pane(&pane, 80, 21).contains("this session"));
}

#[test]
fn what_is_taken_away_is_the_line_under_the_cursor_with_its_error() {
    let mut bench = busy();
    let mut pane = ActivityPane::default();
    pane.open(None, &mut bench.cx());
    if let Some((list, len)) = pane.list(&bench.store) {
        list.step(1, len);
    }
    let piece = pane.piece(&bench.store, &bench.prefs).unwrap();
    insta::assert_snapshot!("piece", piece.text());
    assert!(!piece.text().contains(['\u{1b}', '\u{202e}']));
    assert_eq!(piece.kind, "write");
    assert!(matches!(piece.target, Some(Target::Event(..))));
    // A filter moves the rows: what is copied and exported is what is shown.
    pane.filtered("parked", &bench.store);
    let grid = pane.grid(&bench.store).unwrap();
    let row = grid.rows[pane.grid_row().unwrap()].join(" ");
    assert!(grid.rows.len() == 1 && row.contains("parked"), "{row}");

    let mut bench = Bench::default();
    bench.store.ask(Jobs, crate::job::Policy::Latest, bench.now);
    let mut pane = ActivityPane::default();
    pane.open(None, &mut bench.cx());
    bench.run(&mut pane, "activity.next-part");
    let piece = pane.piece(&bench.store, &bench.prefs).unwrap();
    assert!(
        piece.markdown.starts_with("### Call jobs\n- Request: Arcanna GET /"),
        "{}",
        piece.markdown
    );
    assert!(piece.markdown.contains("- Under way"), "{}", piece.markdown);

    let looked = crate::api::darktrace::endpoints::EndpointDetails {
        endpoint: crate::api::darktrace::endpoints::Endpoint::Hostname("cats.com".into()),
        additional_info: true,
        devices: true,
        score: true,
    };
    bench.store.ask(looked, crate::job::Policy::Latest, bench.now);
    let piece = pane.piece(&bench.store, &bench.prefs).unwrap();
    assert!(piece.markdown.contains("hostname=cats[.]com"), "{}", piece.markdown);
    assert!(
        !format!("{}{}{}", piece.title, piece.markdown, piece.table.csv()).contains("cats.com")
    );
}
