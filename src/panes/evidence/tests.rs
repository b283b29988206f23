//! The basket as a person has it: pinned, looked at, noted, removed after asking, exported; at each size, with hostile words.

use super::*;
use crate::evidence::{Basket, Told};
use crate::panes::Registered;
use crate::panes::testing::Bench;
use crate::store::Wish;

fn item(at: &str, kind: &str, title: &str) -> Item {
    let pane = if kind == "device" { "devices" } else { "triage" };
    Item {
        id: 0,
        at: at.parse().unwrap(),
        analyst: Some("ana.pop".into()),
        kind: kind.into(),
        title: title.into(),
        pane: pane.into(),
        target: if kind == "device" {
            vec!["device".into(), "823".into()]
        } else {
            vec!["event".into(), "1202".into(), "12023636421771".into()]
        },
        markdown: format!("### Arcanna {kind} {title}\n- Decision: AI Escalate 47% (low)\n"),
        json: "{\n  \"src\": \"8[.]8[.]8[.]8\"\n}\n".into(),
        columns: vec![kind.into(), "note".into()],
        rows: vec![vec!["=1+1".into(), "its own".into()]],
        note: None,
    }
}

fn bench() -> (Bench, EvidencePane) {
    let mut bench = Bench::default();
    let basket = &mut bench.store.evidence;
    basket.told(Told::Read {
        items: Vec::new(),
        strange: Vec::new(),
        place: Ok("/state/evidence.jsonl".into()),
    });
    for (at, kind, title) in [
        ("2026-11-20T14:03:00Z", "event", "SURICATA HTTP unable to match 8[.]8[.]8[.]8"),
        ("2026-11-20T14:04:00Z", "device", "did 823  ip-172-31-32-146"),
    ] {
        let Change::Pin(item) = basket.pin(item(at, kind, title)).unwrap() else { panic!() };
        basket.told(Told::Kept(item.id));
    }
    let mut pane = EvidencePane::default();
    pane.open(None, &mut bench.cx());
    (bench, pane)
}

fn kept(bench: &mut Bench) -> Vec<Change> {
    let wishes = bench.store.take_wishes();
    wishes
        .into_iter()
        .filter_map(|wish| match wish {
            Wish::Keep(change) => Some(change),
            _ => None,
        })
        .collect()
}

fn step(bench: &mut Bench, pane: &mut EvidencePane, by: isize) {
    let (list, len) = pane.list(&bench.store).unwrap();
    list.step(by, len);
    pane.moved(&mut bench.cx());
}

#[test]
fn an_empty_basket_says_what_to_press() {
    let mut bench = Bench::default();
    let mut pane = EvidencePane::default();
    assert!(bench.pane(&pane, 80, 20).contains("loading"));
    pane.open(None, &mut bench.cx());
    assert_eq!(kept(&mut bench), [Change::Read], "another session may have pinned something");
    bench.store.evidence.told(Told::Read {
        items: Vec::new(),
        strange: Vec::new(),
        place: Err("the demo keeps nothing".into()),
    });
    let text = bench.pane(&pane, 80, 20);
    assert!(text.contains("Nothing is pinned.") && text.contains("in any pane pins"), "{text}");
    assert!(text.contains("for this session only: the demo keeps nothing"), "{text}");
    let index = pane.specs().iter().position(|spec| spec.id == "evidence.open").unwrap();
    assert!(pane.ready(index, &bench.store).unwrap_err().contains("m pins"));
}

#[test]
fn the_newest_is_first_and_its_text_is_as_it_was() {
    let (mut bench, mut pane) = bench();
    insta::assert_snapshot!("normal", bench.pane(&pane, 80, 21));
    step(&mut bench, &mut pane, 1);
    insta::assert_snapshot!("wide", bench.pane(&pane, 140, 37));
    insta::assert_snapshot!("small", bench.pane(&pane, 60, 13));
}

#[test]
fn enter_goes_back_to_the_original() {
    let (mut bench, mut pane) = bench();
    bench.run(&mut pane, "evidence.open");
    step(&mut bench, &mut pane, 1);
    bench.run(&mut pane, "evidence.open");
    assert_eq!(
        bench.asks,
        [
            crate::command::Ask::Go(PaneId::Devices, Some(Target::Device(823))),
            crate::command::Ask::Go(
                PaneId::Triage,
                Some(Target::Event("1202".into(), "12023636421771".into()))
            ),
        ]
    );
}

#[test]
fn removing_asks_first_and_a_moved_cursor_takes_the_question_back() {
    let (mut bench, mut pane) = bench();
    kept(&mut bench);
    bench.run(&mut pane, "evidence.remove");
    step(&mut bench, &mut pane, 1);
    bench.run(&mut pane, "evidence.remove");
    assert_eq!((bench.store.evidence.len(), kept(&mut bench).len()), (2, 0));
    let id = pane.here.unwrap();
    bench.run(&mut pane, "evidence.remove");
    assert_eq!(kept(&mut bench), [Change::Remove(id)]);
    assert_eq!(bench.store.evidence.len(), 1);
    assert!(bench.pane(&pane, 80, 21).contains("did 823"));
}

#[test]
fn the_cursor_stays_on_its_item_when_another_session_pins() {
    let (mut bench, mut pane) = bench();
    step(&mut bench, &mut pane, 1);
    let here = pane.here;
    bench.store.evidence.pin(item("2026-11-20T14:09:00Z", "event", "newer")).unwrap();
    pane.changed(&mut bench.cx());
    assert_eq!((pane.here, pane.list.cursor()), (here, 2));
}

#[test]
fn a_note_is_kept_and_shown_and_goes_out_with_the_item() {
    let (mut bench, mut pane) = bench();
    kept(&mut bench);
    bench.run(&mut pane, "evidence.note");
    assert!(pane.typing());
    bench.press(&mut pane, "see http://evil.example/x\n");
    let id = pane.here.unwrap();
    assert_eq!(kept(&mut bench), [Change::Note(id, Some("see http://evil.example/x".into()))]);
    let prefs = bench.prefs.clone();
    let markdown = pane.take(Take::Markdown, &bench.store, &prefs).unwrap();
    assert!(markdown.contains("- Note on it: see hxxp://evil[.]example/x"), "{markdown}");
    assert!(
        markdown.contains("- Pinned 2026-11-20 14:04:00Z by ana.pop, from devices"),
        "{markdown}"
    );
    let line = pane.take(Take::Line, &bench.store, &prefs).unwrap();
    assert!(line.starts_with("2026-11-20 14:04:00Z  device  did 823"), "{line}");
    assert_eq!(pane.take(Take::Id, &bench.store, &prefs).as_deref(), Some("823"));
    // Left without Enter, nothing changes.
    bench.run(&mut pane, "evidence.note");
    bench.press(&mut pane, "x");
    assert!(pane.cancel() && !pane.typing());
    assert!(kept(&mut bench).is_empty());
}

#[test]
fn the_set_goes_out_in_the_order_it_was_pinned() {
    let (mut bench, mut pane) = bench();
    let id = pane.here.unwrap();
    bench.store.evidence.note(id, "=cmd|' /C calc'!A0 http://evil.example");
    pane.changed(&mut bench.cx());
    let markdown = pane.whole(Format::Markdown, &bench.store).unwrap();
    insta::assert_snapshot!("set_md", markdown);
    let csv = pane.whole(Format::Csv, &bench.store).unwrap();
    insta::assert_snapshot!("set_csv", csv.replace("\r\n", "\n"));
    for line in csv.lines() {
        assert!(!line.contains(",=") && !line.contains("\"="), "a formula: {line}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&pane.whole(Format::Json, &bench.store).unwrap()).unwrap();
    assert_eq!(json[0]["data"]["src"], "8[.]8[.]8[.]8");
    assert_eq!(json[1]["kind"], "device");
    assert_eq!(json[1]["note"], "=cmd|' /C calc'!A0 hxxp://evil[.]example");
    assert_eq!(EvidencePane::default().whole(Format::Csv, &Store::default()), None);
}

#[test]
fn long_texts_scroll_to_their_end_and_back() {
    let (mut bench, mut pane) = bench();
    let mut long = item("2026-11-20T14:09:00Z", "event", "long");
    long.json = (0..100).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    bench.store.evidence.pin(long).unwrap();
    pane.here = None;
    pane.changed(&mut bench.cx());
    assert!(bench.pane(&pane, 80, 21).contains("more lines, "));
    for _ in 0..500 {
        pane.scroll(1);
    }
    let text = bench.pane(&pane, 80, 21);
    assert!(text.contains("line 99") && text.contains("end"), "{text}");
    let end = pane.top;
    assert!(end < 110, "it does not run on beyond the end: {end}");
    pane.scroll(-1);
    assert!(!bench.pane(&pane, 80, 21).contains("line 99"));
}

#[test]
fn what_is_wrong_with_the_file_is_told() {
    let (mut bench, pane) = bench();
    let lost = bench.store.evidence.pin(item("2026-11-20T14:09:00Z", "event", "lost")).unwrap();
    let Change::Pin(lost) = lost else { panic!() };
    bench.store.evidence.told(Told::Failed(lost.id, "no space".into()));
    bench.store.evidence.strange = vec![(3, "expected value".into()), (9, "x".into())];
    let text = bench.pane(&pane, 140, 21);
    assert!(text.contains("1 could not be kept (!)"), "{text}");
    assert!(
        text.contains("line 3 of the file and 1 more is no pinned item (expected value)"),
        "{text}"
    );
}

#[test]
fn hostile_words_stay_in_their_row() {
    let mut bench = Bench::default();
    let mut one = item("2026-11-20T14:03:00Z", "event", "a\x1b]0;x\x07\u{202e}b\r\nc");
    one.markdown = "### \x1b[2Jx\u{9b}31m\n".into();
    one.note = Some("n\x07".into());
    bench.store.evidence = Basket::default();
    bench.store.evidence.pin(one).unwrap();
    let mut pane = EvidencePane::default();
    pane.open(None, &mut bench.cx());
    let mut texts: Vec<String> =
        [(60, 13), (80, 21), (140, 37)].iter().map(|(w, h)| bench.pane(&pane, *w, *h)).collect();
    for format in [Format::Markdown, Format::Csv, Format::Json] {
        texts.push(pane.whole(format, &bench.store).unwrap());
    }
    for text in &texts[..3] {
        let odd = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(odd, None, "{text:?}");
    }
    // The title and the note are made safe where they go out; the texts were when they were pinned.
    assert!(
        !texts[4].chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')),
        "{:?}",
        texts[4]
    );
}
