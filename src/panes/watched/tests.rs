//! The watched list as a person works with it: keys in, writes and pictures out.

use crossterm::event::{KeyCode, KeyModifiers};

use super::*;
use crate::api::darktrace::endpoints::{Endpoint, EndpointKind, EndpointReport};
use crate::api::value::Time;
use crate::api::{ApiError, Cause, Operation};
use crate::outbox::{Answered, Keeper, Notice, Request, Session, Settlement};
use crate::panes::testing::{Bench, text as lines};
use crate::store::Wish;

fn entry(name: &str, reason: &str, expiry: Option<&str>) -> Watched {
    Watched {
        name: name.into(),
        description: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        expiry: expiry.map(Time::parse),
        strength: Some(100.0),
        responds: Some(name.starts_with("old")),
    }
}

fn keep(bench: &mut Bench, source: Option<&str>, entries: Vec<Watched>) {
    let at = bench.now.wall;
    let source = source.map(str::to_owned);
    bench.store.watch_lists.entry(source).or_default().arrived(entries, at);
}

/// A bench on which what reaches others may be sent.
fn armed() -> Bench {
    let mut bench = Bench::default();
    let until = bench.now.plus(std::time::Duration::from_secs(900));
    bench.store.armed_until = Some(until);
    bench
}

/// The pane on a list of four, one of them ours.
fn filled() -> (Bench, WatchedPane) {
    let mut bench = armed();
    let mut pane = WatchedPane::default();
    pane.open(None, &mut bench.cx());
    let ours = entry("203.0.113.7", "INC-4690 C2 seen by EDR", Some("2026-11-25T00:00:00"));
    let all = vec![
        entry("cdn.example", "feed", Some("2026-12-30T12:00:00")),
        entry("203.0.113.7", "a feed has it too", None),
        ours.clone(),
        entry("old-ioc.biz", "\u{1b}[2Jx\u{202e}y", None),
    ];
    keep(&mut bench, Some("tui-ana.pop"), vec![ours]);
    keep(&mut bench, None, all);
    pane.changed(&mut bench.cx());
    bench.store.take_wishes();
    (bench, pane)
}

fn press(pane: &mut WatchedPane, bench: &mut Bench, keys: &str) {
    for c in keys.chars() {
        let key: KeyEvent = match c {
            '\n' => KeyCode::Enter.into(),
            '\t' => KeyCode::Tab.into(),
            '→' => KeyCode::Right.into(),
            '^' => KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL),
            c => KeyCode::Char(c).into(),
        };
        assert!(pane.typing(), "a field takes {c:?}");
        pane.text(key, &mut bench.cx());
    }
}

fn row(pane: &mut WatchedPane, bench: &mut Bench, id: &str) -> Ready {
    let row = WatchedPane::ROWS.iter().find(|row| row.id == id).unwrap();
    (row.ready)(pane, &bench.store)?;
    (row.run)(pane, &mut bench.cx());
    Ok(())
}

/// Writes that were staged since the last time, with their bodies.
fn staged(bench: &mut Bench) -> Vec<Request> {
    let wishes = bench.store.take_wishes();
    wishes
        .into_iter()
        .filter_map(|wish| match wish {
            Wish::Outbox(request) => Some(request),
            _ => None,
        })
        .collect()
}

fn body(request: &Request) -> String {
    match request {
        Request::Stage { draft, .. } => crate::panes::sheet::exactly(&draft.call),
        other => panic!("a write is staged, not {other:?}"),
    }
}

fn shown(pane: &WatchedPane, bench: &Bench, width: u16, height: u16) -> String {
    bench.shown(width, height, |bench, area, buf| {
        pane.draw(&bench.store, &bench.look(), area, buf);
    })
}

#[test]
fn both_lists_are_asked_and_ours_stands_first_once() {
    let mut bench = armed();
    let mut pane = WatchedPane::default();
    pane.open(None, &mut bench.cx());
    let calls: Vec<String> = bench
        .store
        .take_wishes()
        .iter()
        .filter_map(|wish| match wish {
            Wish::Run(action) => Some(action.call.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        calls,
        ["GET /intelfeed?fulldetails=true", "GET /intelfeed?fulldetails=true&source=tui-ana.pop"]
    );
    let (bench, pane) = filled();
    let names: Vec<(&str, bool)> = pane
        .lines(&bench.store, bench.now.wall)
        .into_iter()
        .map(|line| (line.name(), matches!(line, Line::Entry(_, true))))
        .collect();
    assert_eq!(
        names,
        [
            ("203.0.113.7", true),
            ("cdn.example", false),
            // the same address from another source stays there
            ("203.0.113.7", false),
            ("old-ioc.biz", false)
        ]
    );
    assert_eq!(pane.heading(&bench.store), "1 ours / 4 all");
}

#[test]
fn without_a_reason_nothing_is_sent() {
    let (mut bench, mut pane) = filled();
    let target = Target::Watch("hxxp://cats[.]com/a\n10.0.0.1".into());
    pane.open(Some(target), &mut bench.cx());
    press(&mut pane, &mut bench, "\t\t\t\t1\n");
    assert!(pane.typing() && staged(&mut bench).is_empty());
    // The keyboard is where something is missing; what was typed is not lost.
    press(&mut pane, &mut bench, "INC-4711\t\t\t\n");
    assert_eq!(staged(&mut bench).len(), 1);
}

#[test]
fn the_number_must_be_that_of_the_entries() {
    let (mut bench, mut pane) = filled();
    let target = Target::Watch("hxxp://cats[.]com/a\n8.8.8.8\n10.0.0.1".into());
    pane.open(Some(target), &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC-4711\t\t\t\n");
    assert!(staged(&mut bench).is_empty(), "Enter alone");
    press(&mut pane, &mut bench, "3\n");
    assert!(staged(&mut bench).is_empty(), "10.0.0.1 is none of them");
    pane.text(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), &mut bench.cx());
    press(&mut pane, &mut bench, "2\n");
    let staged = staged(&mut bench);
    assert_eq!(staged.len(), 1);
    assert_eq!(
        body(&staged[0]),
        concat!(
            r#"POST /intelfeed {"addlist":"cats.com,8.8.8.8","description":"INC-4711","#,
            r#""source":"tui-ana.pop","expiry":"2026-12-20T14:05:00"}"#
        )
    );
    assert!(!pane.typing(), "the sheet is closed");
    assert!(
        matches!(&staged[0], Request::Stage { draft, .. } if draft.grace == bench.prefs.outward_grace)
    );
}

#[test]
fn nothing_is_sent_unarmed_and_the_sheet_is_kept() {
    let (mut bench, mut pane) = filled();
    let until = bench.store.armed_until.take();
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    assert!(shown(&pane, &bench, 80, 21).contains("not armed"));
    press(&mut pane, &mut bench, "\tINC-4711\t\t\t1\n");
    assert!(staged(&mut bench).is_empty() && !pane.typing());
    assert!(matches!(bench.asks.pop(), Some(Ask::Say(_, words)) if words.contains(":arm 15m")));
    bench.store.armed_until = until;
    row(&mut pane, &mut bench, "watched.add").unwrap();
    assert!(shown(&pane, &bench, 80, 21).contains("INC-4711"));
    press(&mut pane, &mut bench, "\n");
    assert_eq!(staged(&mut bench).len(), 1, "what was typed is still there");
    // One of ours is removed as little.
    bench.store.armed_until = None;
    row(&mut pane, &mut bench, "watched.remove").unwrap();
    press(&mut pane, &mut bench, "1\n");
    assert!(staged(&mut bench).is_empty());
}

#[test]
fn the_list_is_exported_defanged() {
    let (bench, pane) = filled();
    let grid = pane.grid(&bench.store).unwrap();
    assert_eq!(grid.rows.len(), 4);
    assert_eq!(grid.rows[0][0], "203[.]0[.]113[.]7");
}

#[test]
fn no_key_sets_autonomous_response() {
    let (mut bench, mut pane) = filled();
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    press(&mut pane, &mut bench, "\tiagn true\t→→\t→→→\t1\n");
    let staged = staged(&mut bench);
    assert!(!body(&staged[0]).contains("iagn\":"), "{}", body(&staged[0]));
}

#[test]
fn nothing_is_added_before_the_list_was_read() {
    let mut bench = armed();
    let mut pane = WatchedPane::default();
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC\t\t\t1\n");
    assert!(staged(&mut bench).is_empty());
    assert!(shown(&pane, &bench, 80, 21).contains("is being read"));
    keep(&mut bench, None, vec![entry("cats.com", "there", None)]);
    pane.changed(&mut bench.cx());
    assert!(shown(&pane, &bench, 80, 21).contains("it is on the list already"));
    // When it cannot be read, that is said, and the person decides.
    let mut bench = armed();
    let mut pane = WatchedPane::default();
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    let call = WatchList::default().call().unwrap();
    let at = bench.now.wall;
    let list = bench.store.watch_lists.entry(None).or_default();
    list.failed(ApiError::of(&call, Cause::Server("busy".into(), None)), at);
    pane.changed(&mut bench.cx());
    assert!(shown(&pane, &bench, 80, 21).contains("could not be read"));
    press(&mut pane, &mut bench, "\tINC\t\t\t1\n");
    assert_eq!(staged(&mut bench).len(), 1);
}

#[test]
fn popularity_is_asked_when_typing_rests_and_warned_of() {
    let (mut bench, mut pane) = filled();
    row(&mut pane, &mut bench, "watched.add").unwrap();
    press(&mut pane, &mut bench, "cats.com\n");
    let lookups = |bench: &mut Bench| {
        let wishes = bench.store.take_wishes();
        wishes.iter().filter(|wish| matches!(wish, Wish::Run(_))).count()
    };
    assert_eq!(lookups(&mut bench), 0, "not while one types");
    bench.now = bench.now.plus(std::time::Duration::from_secs(2));
    assert!(pane.deadline().is_some_and(|at| at <= bench.now.instant));
    pane.tick(&mut bench.cx());
    assert_eq!(lookups(&mut bench), 1);
    assert_eq!(pane.deadline(), None, "nothing ticks while nothing waits");
    let report = EndpointReport {
        kind: EndpointKind::Hostname,
        popularity: Some(97.0),
        ..EndpointReport::default()
    };
    let at = bench.now.wall;
    let cats = Endpoint::Hostname("cats.com".into());
    bench.store.endpoints.entry(cats).or_default().arrived(report, at);
    pane.changed(&mut bench.cx());
    assert!(shown(&pane, &bench, 80, 21).contains("popularity 97"));
}

#[test]
fn a_file_is_read_when_its_line_is_ended() {
    let (mut bench, mut pane) = filled();
    let file = std::env::temp_dir().join(format!("socdeck-watched-{}.txt", std::process::id()));
    std::fs::write(&file, "# report\ncats.com\ndogs.com\n").unwrap();
    row(&mut pane, &mut bench, "watched.import").unwrap();
    press(&mut pane, &mut bench, &format!("@{}", file.display()));
    assert!(shown(&pane, &bench, 140, 37).contains("(0)"));
    press(&mut pane, &mut bench, "\n");
    std::fs::remove_file(&file).unwrap();
    assert!(shown(&pane, &bench, 140, 37).contains("2 valid"));
    press(&mut pane, &mut bench, "@/no/such/file\n");
    assert!(shown(&pane, &bench, 140, 37).contains("# /no/such/file: No such file"));
}

#[test]
fn only_ours_can_be_removed_and_with_its_source() {
    let (mut bench, mut pane) = filled();
    pane.list.select(1);
    let refused = row(&mut pane, &mut bench, "watched.remove").unwrap_err();
    assert!(refused.contains("not yours"), "{refused}");
    pane.list.select(0);
    row(&mut pane, &mut bench, "watched.remove").unwrap();
    press(&mut pane, &mut bench, "y\n1");
    assert!(staged(&mut bench).is_empty());
    pane.text(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), &mut bench.cx());
    press(&mut pane, &mut bench, "1\n");
    let staged = staged(&mut bench);
    assert_eq!(
        body(&staged[0]),
        r#"POST /intelfeed {"removeentry":"203.0.113.7","source":"tui-ana.pop"}"#
    );
}

#[test]
fn nobody_adds_without_a_name_and_nothing_is_sent_read_only() {
    let mut bench = Bench::default();
    bench.prefs.analyst = None;
    let mut pane = WatchedPane::default();
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    assert!(!pane.typing());
    assert!(row(&mut pane, &mut bench, "watched.add").is_err());
    let (mut bench, mut pane) = filled();
    bench.prefs.read_only = true;
    pane.open(Some(Target::Watch("cats.com".into())), &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC\t\t\t1\n");
    assert!(pane.typing() && staged(&mut bench).is_empty());
    assert_eq!(add::source(Some(&"x".repeat(99))).unwrap().len(), 63);
}

#[test]
fn own_domains_of_the_settings_are_refused() {
    let (mut bench, mut pane) = filled();
    bench.prefs.own_domains = vec!["acme.example".into()];
    pane.open(Some(Target::Watch("mail.acme.example\nacme.example".into())), &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC\t\t\t2\n");
    assert!(pane.typing() && staged(&mut bench).is_empty());
    let shown = bench.pane(&pane, 80, 21);
    assert!(shown.contains("REFUSED mail.acme.example: it is ours: acme.example"), "{shown}");
    pane.open(Some(Target::Watch("acme.example.evil.com".into())), &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC\t\t\t1\n");
    assert_eq!(staged(&mut bench).len(), 1, "a name that only begins like ours is not ours");
}

#[test]
fn filter_and_views_narrow_the_list() {
    let (mut bench, mut pane) = filled();
    row(&mut pane, &mut bench, "watched.filter").unwrap();
    press(&mut pane, &mut bench, "203[.]0");
    assert_eq!(pane.len(&bench.store), 2, "defanged or not");
    press(&mut pane, &mut bench, "\n");
    assert!(!pane.typing());
    assert!(pane.cancel() && pane.len(&bench.store) == 4);
    row(&mut pane, &mut bench, "watched.filter").unwrap();
    press(&mut pane, &mut bench, "edr\n");
    assert_eq!(pane.len(&bench.store), 1, "reasons are looked at");
    pane.cancel();
    for wanted in [1, 1, 2, 1, 4] {
        row(&mut pane, &mut bench, "watched.next-view").unwrap();
        assert_eq!(pane.len(&bench.store), wanted, "{:?}", pane.view);
    }
}

/// Stages a write and lets the outbox tell of it; returns the outbox.
fn write(bench: &mut Bench, settlement: Option<Settlement>) {
    let add = crate::api::darktrace::watchlist::WatchAdd {
        entries: vec!["cats.com".into()],
        description: Some("INC-4711".into()),
        source: Some("tui-ana.pop".into()),
        ..Default::default()
    };
    let call = add.call().unwrap();
    let draft = crate::outbox::Draft {
        act: Act::Watch(add),
        call,
        grace: std::time::Duration::from_secs(30),
        seen: None,
        note: None,
        batch: None,
    };
    let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    let mut notices = outbox.handle(Request::Stage { draft, tag: 7 }, bench.now);
    if let Some(settlement) = settlement {
        let later = bench.now.plus(std::time::Duration::from_secs(31));
        let sending = outbox.claim(later);
        let Notice::Send(row) = &sending[0] else { panic!("it is sent") };
        notices = outbox.handle(Request::Settle(row.id, settlement, Answered::default()), later);
    }
    for notice in notices {
        bench.store.notice(notice, bench.now);
    }
}

fn looks(width: u16, height: u16) -> String {
    let mut all = String::new();
    let mut add = |what: &str, pane: &WatchedPane, bench: &Bench| {
        all.extend(["== ", what, "\n", &shown(pane, bench, width, height)]);
    };
    let mut bench = armed();
    let mut pane = WatchedPane::default();
    pane.open(None, &mut bench.cx());
    add("loading", &pane, &bench);
    let call = WatchList::default().call().unwrap();
    let error = || ApiError::of(&call, Cause::Server("busy".into(), None));
    let at = bench.now.wall;
    bench.store.watch_lists.entry(None).or_default().failed(error(), at);
    add("failed", &pane, &bench);
    keep(&mut bench, None, Vec::new());
    add("empty", &pane, &bench);
    let (mut bench, mut pane) = filled();
    add("full", &pane, &bench);
    write(&mut bench, None);
    pane.list.select(0);
    add("waits", &pane, &bench);
    let (mut bench, mut pane) = filled();
    write(&mut bench, Some(Settlement::Sent("SUCCESS, 0 added, 0 updated".into())));
    pane.list.select(3);
    bench.store.watch_lists.entry(None).or_default().failed(error(), at);
    add("stale, after a write", &pane, &bench);
    row(&mut pane, &mut bench, "watched.filter").unwrap();
    press(&mut pane, &mut bench, "nothing like it");
    add("filtered away", &pane, &bench);
    let (mut bench, mut pane) = filled();
    row(&mut pane, &mut bench, "watched.import").unwrap();
    let pasted =
        "hxxps://cats[.]com/a\n8.8.8[.]8\ncats.com\nn/a\n10.128.0.6\ncdn.example\na.cdn.example";
    pane.paste(pasted, &mut bench.cx());
    press(&mut pane, &mut bench, "\tINC-4711");
    add("import", &pane, &bench);
    press(&mut pane, &mut bench, "^");
    row(&mut pane, &mut bench, "watched.remove").unwrap();
    add("remove", &pane, &bench);
    all
}

#[test]
fn the_list_looks_like_this_at_80() {
    insta::assert_snapshot!(looks(80, 21));
}

#[test]
fn the_list_looks_like_this_at_140() {
    insta::assert_snapshot!(looks(140, 37));
}

#[test]
fn the_list_looks_like_this_at_60() {
    insta::assert_snapshot!(looks(60, 13));
}

#[test]
fn hostile_entries_stay_in_their_rows() {
    let (mut bench, pane) = filled();
    let bad = "日本\u{200d}👩‍👩‍👧\u{202e}x\u{1b}]52;c;eA==\u{7}\r\n".repeat(40);
    keep(&mut bench, None, vec![entry(&bad, &bad, None)]);
    for (width, height) in [(80, 21), (140, 37), (60, 13), (9, 3), (1, 1)] {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        pane.draw(&bench.store, &bench.look(), area, &mut buf);
        let drawn = lines(&buf);
        assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{drawn}");
    }
}
