//! Searching as a person does it: keys in, calls and pictures out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::api::darktrace::search::{Analysed, Counted, Found, Stats, Trending};
use crate::api::{ApiError, Cause, Operation};
use crate::panes::testing::{Bench, text as lines};
use crate::store::Wish;

pub(super) fn press(pane: &mut SearchPane, bench: &mut Bench, keys: &str) {
    for c in keys.chars() {
        let key: KeyEvent = match c {
            '\n' => KeyCode::Enter.into(),
            '\t' => KeyCode::Tab.into(),
            '⌫' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
            '^' => KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL),
            c => KeyCode::Char(c).into(),
        };
        assert!(pane.typing(), "a field takes {c:?}");
        pane.text(key, &mut bench.cx());
    }
}

pub(super) fn row(pane: &mut SearchPane, bench: &mut Bench, id: &str) {
    let index = SearchPane::ROWS.iter().position(|row| row.id == id).unwrap();
    let row = &SearchPane::ROWS[index];
    match (row.ready)(pane, &bench.store) {
        Ok(()) => (row.run)(pane, &mut bench.cx()),
        Err(why) => bench.asks.push(Ask::Say(Tone::Mind, why.into_owned())),
    }
}

/// A pane that asked `query`.
pub(super) fn searched(bench: &mut Bench, query: &str) -> SearchPane {
    let mut pane = SearchPane::default();
    pane.open(None, &mut bench.cx());
    press(&mut pane, bench, query);
    press(&mut pane, bench, "\n");
    pane
}

fn counted(rows: &[(&str, u64)]) -> Vec<Counted> {
    rows.iter().map(|(value, count)| Counted { value: (*value).into(), count: *count }).collect()
}

fn found(found: Found, seen: u64, total: u64) -> Analysed {
    Analysed {
        found,
        total: Some(total),
        looked_at: Some(seen),
        partial: None,
        took_ms: Some(1_234),
    }
}

/// Lands the answer of a slice.
pub(super) fn land(pane: &mut SearchPane, bench: &mut Bench, slice: u64, answer: Analysed) {
    let ask = pane.run().unwrap().slice(slice);
    let at = bench.now.wall;
    bench.store.analyses.entry(ask).or_default().arrived(answer, at);
    pane.changed(&mut bench.cx());
}

fn fail(pane: &mut SearchPane, bench: &mut Bench, slice: u64) {
    let ask = pane.run().unwrap().slice(slice);
    let error = ApiError::of(&ask.call().unwrap(), Cause::Server("busy".into(), None));
    let at = bench.now.wall;
    bench.store.analyses.entry(ask).or_default().failed(error, at);
    pane.changed(&mut bench.cx());
}

/// What was asked since the last time: name and address of each call.
pub(super) fn asked(bench: &mut Bench) -> Vec<String> {
    let wishes = bench.store.take_wishes();
    wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Run(action) => Some(action.call.to_string()),
            _ => None,
        })
        .collect()
}

pub(super) fn shown(pane: &SearchPane, bench: &Bench, width: u16, height: u16) -> String {
    bench.shown(width, height, |bench, area, buf| {
        pane.draw(&bench.store, &bench.look(), area, buf);
    })
}

pub(super) fn terms() -> Analysed {
    let rows = counted(&[
        ("10.128.0.2", 4_102),
        ("8.8.8.8", 2_880),
        ("203.0.113.7", 911),
        ("evil-cdn.top", 212),
        ("2001:db8::1", 97),
        ("\u{202e}gpj\u{1b}[2J", 3),
    ]);
    let terms = Found::Terms { rows, others: Some(37) };
    found(terms, 9_871, 20_573)
}

#[test]
fn nothing_is_asked_before_enter() {
    let mut bench = Bench::default();
    let mut pane = SearchPane::default();
    pane.open(None, &mut bench.cx());
    assert!(pane.typing(), "the query is edited at once");
    press(&mut pane, &mut bench, "@type:\"conn\"");
    assert_eq!(asked(&mut bench), [""; 0]);
    press(&mut pane, &mut bench, "\n");
    let calls = asked(&mut bench);
    assert_eq!(calls.len(), 1);
    let path = "GET /advancedsearch/api/analyze/@fields.dest_ip/terms/";
    assert!(calls[0].starts_with(path), "{calls:?}");
    assert!(!pane.typing(), "the results have the keyboard");
}

#[test]
fn a_broken_query_is_complained_of_and_asked_all_the_same() {
    let mut bench = Bench::default();
    let mut pane = SearchPane::default();
    pane.open(None, &mut bench.cx());
    press(&mut pane, &mut bench, "a:(\"b");
    assert!(shown(&pane, &bench, 80, 21).contains("the quote at column 4 is not closed"));
    press(&mut pane, &mut bench, "\n");
    assert_eq!(asked(&mut bench).len(), 1);
}

#[test]
fn a_time_that_is_none_is_refused_in_its_place() {
    let mut bench = Bench::default();
    let mut pane = SearchPane::default();
    pane.open(None, &mut bench.cx());
    pane.form.focus = Some(Part::Time);
    press(&mut pane, &mut bench, "⌫soon\n");
    assert_eq!(asked(&mut bench), [""; 0]);
    assert_eq!(pane.form.focus, Some(Part::Time));
    assert!(shown(&pane, &bench, 140, 37).contains("'soon' is no time window"));
    press(&mut pane, &mut bench, "⌫last 2h\n");
    assert_eq!(asked(&mut bench).len(), 1);
}

#[test]
fn the_next_slice_is_asked_once_and_a_failed_one_again() {
    let mut bench = Bench::default();
    let mut pane = searched(&mut bench, "a");
    let first = asked(&mut bench);
    row(&mut pane, &mut bench, "search.more");
    assert_eq!(asked(&mut bench), [""; 0], "the first is under way");
    land(&mut pane, &mut bench, 0, terms());
    row(&mut pane, &mut bench, "search.more");
    let second = asked(&mut bench);
    assert_eq!(second.len(), 1);
    assert_ne!(first, second, "it begins 10,000 records further");
    fail(&mut pane, &mut bench, 1);
    assert!(shown(&pane, &bench, 80, 21).contains("slice 2:"));
    row(&mut pane, &mut bench, "search.more");
    assert_eq!(pane.run().unwrap().slices, 2, "the same slice again");
    land(&mut pane, &mut bench, 1, terms());
    row(&mut pane, &mut bench, "search.more");
    assert_eq!(pane.run().unwrap().slices, 3);
    land(&mut pane, &mut bench, 2, terms());
    row(&mut pane, &mut bench, "search.more");
    assert_eq!(pane.run().unwrap().slices, 3, "every record was looked at");
    assert!(
        matches!(bench.asks.last(), Some(Ask::Say(_, words)) if words.contains("every matching"))
    );
}

#[test]
fn a_value_narrows_the_search_and_opens_as_what_it_is() {
    let mut bench = Bench::default();
    let mut pane = searched(&mut bench, "a OR b");
    land(&mut pane, &mut bench, 0, terms());
    row(&mut pane, &mut bench, "search.open");
    let device = Ask::Go(PaneId::Devices, Some(Target::Find("10.128.0.2".into())));
    assert_eq!(bench.asks.pop(), Some(device));
    pane.list.select(1);
    row(&mut pane, &mut bench, "search.open");
    let endpoint = Ask::Go(PaneId::Endpoint, Some(Target::Endpoint("8.8.8.8".into())));
    assert_eq!(bench.asks.pop(), Some(endpoint));
    row(&mut pane, &mut bench, "search.watch");
    let watch = Ask::Go(PaneId::Watched, Some(Target::Watch("8.8.8.8".into())));
    assert_eq!(bench.asks.pop(), Some(watch));
    row(&mut pane, &mut bench, "search.exclude");
    let narrowed = r#"(a OR b) AND NOT @fields.dest_ip:"8.8.8.8""#;
    assert_eq!(pane.run().unwrap().first.query.search, narrowed);
    assert_eq!(asked(&mut bench).len(), 2, "the first search and the narrowed one");
    // Back to the search before, with what it found.
    row(&mut pane, &mut bench, "search.previous");
    assert_eq!(pane.form.query.text(), "a OR b");
    assert!(shown(&pane, &bench, 80, 21).contains("4,102"));
    assert_eq!(asked(&mut bench), [""; 0]);
}

#[test]
fn only_the_last_searches_are_kept() {
    let mut bench = Bench::default();
    let mut pane = searched(&mut bench, "0");
    for _ in 0..KEPT + 5 {
        land(&mut pane, &mut bench, 0, terms());
        bench.now.wall += jiff::SignedDuration::from_secs(60);
        pane.refresh(&mut bench.cx());
    }
    assert_eq!(pane.runs.len(), KEPT);
    assert_eq!(bench.store.analyses.len(), KEPT);
}

#[test]
fn a_target_fills_the_form_and_waits_for_enter() {
    let mut bench = Bench::default();
    let mut pane = SearchPane::default();
    let target = "[+-15m of 2026-11-20T08:00Z] @fields.dest_ip:\"8.8.8.8\"";
    pane.open(Some(Target::Search(target.into())), &mut bench.cx());
    assert_eq!(pane.form.time.text(), "+-15m of 2026-11-20T08:00Z");
    assert_eq!(pane.form.query.text(), "@fields.dest_ip:\"8.8.8.8\"");
    assert!(pane.typing() && asked(&mut bench).is_empty());
    press(&mut pane, &mut bench, "\n");
    let place = pane.place();
    let whole = target.replace("] ", "; terms @fields.dest_ip] ");
    assert_eq!(place, Some(Target::Search(whole)));
    // Coming back to it neither asks nor takes the results away.
    asked(&mut bench);
    pane.open(place, &mut bench.cx());
    assert!(!pane.typing() && asked(&mut bench).is_empty());
}

fn looks(width: u16, height: u16) -> String {
    let mut bench = Bench::default();
    let mut all = String::new();
    let mut add = |what: &str, pane: &SearchPane, bench: &Bench| {
        all.extend(["== ", what, "\n", &shown(pane, bench, width, height)]);
    };
    let mut pane = SearchPane::default();
    add("empty", &pane, &bench);
    pane.open(None, &mut bench.cx());
    press(&mut pane, &mut bench, "a:(\"b c\") and @fields.or");
    add("being typed", &pane, &bench);
    let mut pane = searched(&mut bench, r#"@type:"conn""#);
    add("loading", &pane, &bench);
    fail(&mut pane, &mut bench, 0);
    add("failed", &pane, &bench);
    let mut partial = terms();
    partial.partial = Some("probe 7 did not answer".into());
    land(&mut pane, &mut bench, 0, partial);
    add("terms", &pane, &bench);
    row(&mut pane, &mut bench, "search.more");
    land(&mut pane, &mut bench, 1, terms());
    add("two slices", &pane, &bench);
    pane.form.operation = Analysis::Trend;
    pane.refresh(&mut bench.cx());
    let trend = |value: &str, trend| Trending {
        value: value.into(),
        count: Some(1_234),
        start: Some(1_000.0),
        trend: Some(trend),
    };
    let trends = vec![trend("8.8.8.8", 12.5), trend("10.0.0.1", -3.25)];
    land(&mut pane, &mut bench, 0, found(Found::Trend(trends.clone()), 10_000, 12_000));
    row(&mut pane, &mut bench, "search.more");
    land(&mut pane, &mut bench, 1, found(Found::Trend(trends), 2_000, 12_000));
    add("trend", &pane, &bench);
    pane.form.operation = Analysis::Mean;
    pane.refresh(&mut bench.cx());
    let stats = Stats {
        count: Some(41_886),
        min: Some(24.0),
        max: Some(3_997_051.0),
        avg: Some(122_321.542),
        sum: None,
    };
    land(&mut pane, &mut bench, 0, found(Found::Mean(Some(stats)), 62_762, 62_762));
    add("mean", &pane, &bench);
    bench.now.wall += jiff::SignedDuration::from_secs(60);
    pane.refresh(&mut bench.cx());
    land(&mut pane, &mut bench, 0, found(Found::Mean(None), 14, 14));
    add("nothing", &pane, &bench);
    all
}

#[test]
fn searches_look_like_this_at_80() {
    insta::assert_snapshot!(looks(80, 21));
}

#[test]
fn searches_look_like_this_at_140() {
    insta::assert_snapshot!(looks(140, 37));
}

#[test]
fn searches_look_like_this_at_60() {
    insta::assert_snapshot!(looks(60, 13));
}

#[test]
fn hostile_values_stay_in_their_cells() {
    let mut bench = Bench::default();
    let mut pane = searched(&mut bench, "a");
    let bad = "日本\u{200d}👩‍👩‍👧\u{202e}x\u{1b}]52;c;eA==\u{7}\r\n\u{ff76}\u{ff9e}".repeat(40);
    let rows = counted(&[(&bad, 5), ("b", 1)]);
    land(&mut pane, &mut bench, 0, found(Found::Score(rows), 6, 6));
    for (width, height) in [(80, 21), (140, 37), (60, 13), (12, 4), (1, 1)] {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        pane.draw(&bench.store, &bench.look(), area, &mut buf);
        let drawn = lines(&buf);
        assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{drawn}");
        for line in drawn.lines() {
            assert!(crate::ui::text::width(line) <= usize::from(width), "{line}");
        }
    }
}
