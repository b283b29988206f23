//! The triage queue over the simulator: what keys do, what they cost on the line, and that no size and no text breaks a frame.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::io;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use socdeck::outbox::State;
use socdeck::term::{Options, Screen};
use socdeck::ui::theme::{Glyphs, Palette, Theme};

use crate::desk::Desk;

/// The job whose events are listed; it holds rows with hostile text.
const OPEN: &str = ":job 1208\r";

fn on_desk<T>(theme: Theme, with: impl AsyncFnOnce(&mut Desk) -> T) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut desk = Desk::open(theme).await;
        desk.go(OPEN).await;
        with(&mut desk).await
    })
}

fn paint(screen: &mut Screen, desk: &Desk) -> usize {
    screen
        .draw(|frame| {
            let area = frame.area();
            desk.app.draw(area, frame.buffer_mut());
        })
        .unwrap()
}

#[test]
fn a_cursor_move_or_a_label_costs_at_most_1200_bytes() {
    on_desk(Theme::default(), async |desk| {
        for (width, height, budget, blind) in
            [(80, 24, 1_200, false), (140, 40, 2_400, false), (80, 24, 1_200, true)]
        {
            if blind {
                desk.go("b").await;
            }
            let mut screen = Screen::over(io::sink(), width, height, &Options::default()).unwrap();
            paint(&mut screen, desk);
            let mut costs = Vec::new();
            for keys in ["j", "j", "j", "k", "j", "j", "j", "j", "1", "1", "2", "j", "1", "s", "1"]
            {
                desk.keys(keys);
                desk.settle().await;
                costs.push((keys, paint(&mut screen, desk)));
                // What Darktrace answers comes in frames of its own.
                desk.go("").await;
                costs.push(("context", paint(&mut screen, desk)));
            }
            let dear: Vec<_> = costs.iter().filter(|(_, bytes)| *bytes > budget).collect();
            assert!(
                dear.is_empty(),
                "{width}x{height} blind {blind}: over {budget}: {dear:?} of {costs:?}"
            );
            assert!(costs.iter().any(|(_, bytes)| *bytes > 100), "nothing was drawn: {costs:?}");
            assert_eq!(paint(&mut screen, desk), 0, "an unchanged frame is not free");
        }
    });
}

#[test]
fn a_bulk_label_wants_its_number_and_is_taken_back_as_one() {
    on_desk(Theme::default(), async |desk| {
        desk.go("/outlier:yes state:new\r").await;
        desk.go("**").await;
        let text = desk.text(80, 24);
        assert!(text.contains("marked"), "{text}");
        desk.go("1").await;
        let text = desk.text(80, 24);
        assert!(text.contains("LABEL ") && text.contains(" EVENTS AS "), "{text}");
        let count: usize = text
            .split("LABEL ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("no count in\n{text}"));
        assert!(count > 1);
        desk.go("\r").await;
        assert!(desk.text(80, 24).contains("Enter alone labels nothing"));
        desk.go("9999\r").await;
        assert!(desk.text(80, 24).contains("is not"), "{}", desk.text(80, 24));
        assert_eq!(desk.app.store.writes.unsent(), 0);
        desk.go(&format!("{count}\r")).await;
        assert_eq!(desk.app.store.writes.unsent(), count, "{}", desk.text(80, 24));
        desk.go("u").await;
        assert_eq!(desk.app.store.writes.unsent(), 0, "one u takes all back");
        let undone =
            desk.app.store.writes.newest().filter(|row| row.state == State::Undone).count();
        assert_eq!(undone, count);
    });
}

#[test]
fn a_filter_keeps_the_event_and_an_unknown_word_opens_an_id() {
    on_desk(Theme::default(), async |desk| {
        desk.go("jjj").await;
        let before = desk.app.event().unwrap();
        desk.go("/zzz-nothing-like-it").await;
        assert!(desk.text(80, 24).contains("Nothing in view All"), "{}", desk.text(80, 24));
        desk.go("\x07").await;
        assert_eq!(desk.app.event(), Some(before.clone()), "the cursor is back where it was");
        desk.go("/label:drop\r").await;
        assert!(desk.text(80, 24).contains("of 129"), "{}", desk.text(80, 24));
        desk.go("\x07").await;
        assert_eq!(desk.app.event(), Some(before.clone()));
        desk.go("/conf:<").await;
        assert!(desk.text(80, 24).contains("wants a number"), "{}", desk.text(80, 24));
        desk.go("\x07/id:no-such-event\r").await;
        assert_eq!(desk.app.event().unwrap().event.as_str(), "no-such-event");
        desk.go("-").await;
        assert_eq!(desk.app.event(), Some(before), "back is where one was");
    });
}

#[test]
fn one_label_is_done_with_its_bucket_and_a_note_goes_with_it() {
    on_desk(Theme::default(), async |desk| {
        desk.go("/state:new\r").await;
        // An event whose bucket has others.
        for _ in 0..40 {
            let event = desk.app.event().unwrap();
            if desk.app.store.queues[&event.job].bucket(&event.event).len() > 1 {
                break;
            }
            desk.go("j").await;
        }
        let event = desk.app.event().unwrap();
        let bucket = desk.app.store.queues[&event.job].bucket(&event.event).to_vec();
        assert!(bucket.len() > 1, "no bucket with two new events");
        desk.go("cscanner window INC-4711\r").await;
        assert!(desk.text(80, 24).contains("INC-4711"), "{}", desk.text(80, 24));
        desk.go("1").await;
        let row = desk.app.store.writes.newest().next().unwrap().clone();
        assert_eq!(row.draft.note.as_deref(), Some("scanner window INC-4711"));
        let next = desk.app.event().unwrap();
        assert!(!bucket.contains(&next.event), "its bucket is done with");
        desk.pass(Duration::from_secs(6));
        desk.settle().await;
        let row = desk.app.store.writes.get(row.id).unwrap();
        assert!(matches!(row.state, State::Sent(_)), "{:?}", row.state);
        desk.go("0").await;
        assert!(desk.text(80, 24).contains("?."), "{}", desk.text(80, 24));
    });
}

#[test]
fn darktrace_context_is_asked_after_a_rest_and_left_with_the_pane() {
    on_desk(Theme::default(), async |desk| {
        let text = desk.text(80, 24);
        assert!(text.contains("DARKTRACE  did "), "{text}");
        assert!(text.contains("conn  28d"), "{text}");
        let asked = |desk: &Desk| {
            desk.app.store.activity.newest().filter(|one| one.owner == "triage.context").count()
        };
        let before = asked(desk);
        // A held key asks nothing: the cursor never rests.
        desk.keys("jjjjjjjj");
        assert_eq!(desk.app.store.jobs.live().count(), 0);
        desk.go("").await;
        assert!(asked(desk) > before);
        let settled = asked(desk);
        desk.go("k").await;
        desk.go("j").await;
        let again = asked(desk) - settled;
        assert!(again < 12, "what is known is not asked again: {again}");
    });
}

#[test]
fn what_is_copied_and_exported_is_harmless() {
    on_desk(Theme::default(), async |desk| {
        desk.go("yiyyymyjyoxmxcxj").await;
        assert!(desk.handed.len() >= 7, "{:?}", desk.handed.len());
        for text in &desk.handed {
            let odd = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
            assert_eq!(odd, None, "{text}");
        }
        let csv = &desk.handed[desk.handed.len() - 2];
        assert!(csv.starts_with("event,job,time,"), "{}", &csv[..80]);
        assert!(csv.lines().skip(1).all(|line| !line.starts_with(['=', '@'])));
        desk.go("gjyixmgax\x07").await;
        assert!(desk.handed.last().unwrap().contains("| job |"), "{:?}", desk.handed.last());
    });
}

/// Panes and overlays worth drawing, by the keys that lead there.
const PLACES: [&str; 18] = [
    "gj",
    "gt",
    "gt\t",
    "gt\t\t",
    ":device 10.20.1.25\r",
    ":endpoint hxxp://cats[.]com/a\r",
    "gs",
    "gw",
    "ga",
    "gt?",
    "gt:",
    "gt=",
    "gto",
    "gt*1",
    "gt/label:drop",
    "gtcnote",
    "gtq",
    "gt/hostile\r",
];

#[test]
fn every_pane_is_drawn_at_any_size_without_a_panic() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    on_desk(Theme::new(Palette::Ansi16, Glyphs::UTF8), async |desk| {
        for place in PLACES {
            desk.go("\x07\x07\x07").await;
            desk.go(place).await;
            let mut runner = TestRunner::new(Config { cases: 48, ..Config::default() });
            let sizes = (0u16..230, 0u16..70, 0u16..4, 0u16..3);
            runner
                .run(&sizes, |(width, height, left, top)| {
                    let mut buf = Buffer::empty(Rect::new(left, top, width, height));
                    desk.app.draw(buf.area, &mut buf);
                    // Nothing that a terminal would act on is ever in a cell.
                    for cell in &buf.content {
                        prop_assert!(!cell.symbol().chars().any(char::is_control));
                    }
                    Ok(())
                })
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            for (width, height) in [(200, 60), (20, 5), (1, 1), (0, 0), (80, 24)] {
                desk.frame(width, height);
            }
        }
    });
}

#[test]
fn meaning_never_hangs_on_colour() {
    let shown = |theme: Theme| {
        on_desk(theme, async |desk| {
            desk.go("1").await;
            let text = desk.text(80, 24);
            let colours = desk.frame(80, 24).content.iter().any(|cell| {
                cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset
            });
            (text, colours)
        })
    };
    for palette in [Palette::Mono, Palette::HighContrast, Palette::CbSafe] {
        let (text, colours) = shown(Theme::new(palette, Glyphs::ASCII));
        assert_eq!(colours, palette != Palette::Mono, "mono has no colours");
        assert!(text.contains("LOW") || text.contains("outlier"), "{text}");
        assert!(text.contains("D~") || text.contains("E~"), "the label has its mark\n{text}");
    }
}

#[test]
fn a_click_selects_and_a_wheel_scrolls() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    use socdeck::app::Event;
    on_desk(Theme::default(), async |desk| {
        desk.go("gg").await;
        let first = desk.app.event().unwrap();
        desk.frame(80, 24);
        let mut mouse = |kind, row| {
            let event = MouseEvent { kind, column: 10, row, modifiers: KeyModifiers::NONE };
            desk.app.update(Event::Mouse(event), socdeck::outbox::Moment::now());
            desk.frame(80, 24);
            desk.app.event().unwrap()
        };
        let clicked = mouse(MouseEventKind::Down(MouseButton::Left), 4);
        assert_ne!(clicked, first, "the third line is another event");
        let scrolled = mouse(MouseEventKind::ScrollDown, 4);
        assert_ne!(scrolled, clicked);
        let same = mouse(MouseEventKind::Down(MouseButton::Left), 23);
        assert_eq!(same, scrolled, "a click elsewhere selects nothing");
        desk.key(KeyCode::Char('%'), KeyModifiers::NONE);
        assert!(desk.text(80, 24).contains("hold Shift"), "{}", desk.text(80, 24));
    });
}
