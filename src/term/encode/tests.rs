//! Bytes of single frames, and a second opinion: a terminal emulator reads runs of frames.

use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::*;

fn terminal(width: u16, height: u16, ascii: bool) -> Terminal<Encoder> {
    let mut t = Terminal::new(Encoder::new(move || Ok(Size { width, height }), ascii)).unwrap();
    t.clear().unwrap();
    t.backend_mut().take();
    t
}

fn frame(t: &mut Terminal<Encoder>, lines: &[(&str, Style)]) -> String {
    t.draw(|f| {
        for (y, (s, style)) in (0..).zip(lines) {
            f.buffer_mut().set_string(0, y, s, *style);
        }
    })
    .unwrap();
    t.backend_mut().take()
}

#[test]
fn an_unchanged_frame_is_no_byte() {
    let mut t = terminal(20, 3, false);
    assert_eq!(frame(&mut t, &[("hello", Style::new())]), "\x1b[1Hhello\x1b[?25l");
    assert_eq!(frame(&mut t, &[("hello", Style::new())]), "");
    for _ in 0..2 {
        t.draw(|f| {
            f.buffer_mut().set_string(0, 0, "hello", Style::new());
            f.set_cursor_position((3, 1));
        })
        .unwrap();
    }
    assert_eq!(t.backend_mut().take(), "\x1b[?25h\x1b[2;4H");
}

#[test]
fn colours_are_short_and_blank_tails_are_erased() {
    let mut t = terminal(20, 3, false);
    frame(&mut t, &[("state: all is well", Style::new())]);
    let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
    assert_eq!(frame(&mut t, &[("bad", red)]), "\x1b[1H\x1b[1;31mbad\x1b[m\x1b[K");
}

#[test]
fn no_control_character_leaves_and_uncertain_glyphs_are_followed_by_a_column() {
    let mut t = terminal(20, 2, false);
    t.draw(|f| {
        let buf = f.buffer_mut();
        buf[(0, 0)].set_symbol("\x1b[31m");
        buf.set_string(5, 0, "👩‍💻ok日本x", Style::new());
    })
    .unwrap();
    let bytes = t.backend_mut().take();
    assert_eq!(bytes, "\x1b[1H?????👩‍💻\x1b[1;8Hok日本x\x1b[?25l");
}

#[test]
fn ascii_terminals_get_ascii() {
    let mut t = terminal(20, 2, true);
    assert_eq!(frame(&mut t, &[("日本é│", Style::new())]), "\x1b[1H??????\x1b[?25l");
}

#[test]
fn what_a_terminal_shows_is_what_was_drawn() {
    // a second opinion: a terminal emulator reads the bytes of a run of frames
    // a wide glyph half covered by a reversed blank is left out: emulators disagree on its other half
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    let loud =
        Style::new().fg(Color::LightCyan).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    for (special, words) in [(reversed, ["alpha", "two", "  "]), (loud, ["日本語", "한글x", "é日"])]
    {
        compare(special, words);
    }
}

fn compare(special: Style, special_words: [&str; 3]) {
    let (w, h) = (30u16, 6u16);
    let mut t = terminal(w, h, false);
    let mut seen = vt100::Parser::new(h.try_into().unwrap(), w.try_into().unwrap(), 0);
    let looks = [Style::new(), Style::new().fg(Color::Red), special];
    let words: Vec<_> = special_words
        .into_iter()
        .chain(["x", "a long tail of text here", "─│é", "", "   gap   "])
        .collect();
    let mut dice = 7usize;
    let mut roll = |n: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % n
    };
    for _ in 0..300 {
        let plan: Vec<_> =
            (0..h).map(|y| (y, roll(9) as u16, roll(words.len()), roll(looks.len()))).collect();
        let mut drawn = None;
        t.draw(|f| {
            for &(y, x, word, look) in &plan {
                f.buffer_mut().set_stringn(x, y, words[word], usize::from(w - x), looks[look]);
            }
            drawn = Some(f.buffer_mut().clone());
        })
        .unwrap();
        let bytes = t.backend_mut().take();
        seen.process(bytes.as_bytes());
        let drawn = drawn.unwrap();
        assert_shows(&seen, &drawn);
    }
}

fn assert_shows(seen: &vt100::Parser, drawn: &Buffer) {
    let (w, h) = (drawn.area.width, drawn.area.height);
    for y in 0..h {
        let mut skip = 0;
        for x in 0..w {
            let cell = &drawn[(x, y)];
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = cell.symbol().width().saturating_sub(1);
            let shown = seen.screen().cell(y, x).unwrap();
            let text = if shown.contents().is_empty() { " " } else { shown.contents() };
            assert_eq!(text, cell.symbol(), "at {x},{y}");
            assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED), "at {x},{y}");
            if cell.symbol() != " " {
                assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD), "at {x},{y}");
                let ink = match cell.fg {
                    Color::Red => vt100::Color::Idx(1),
                    Color::LightCyan => vt100::Color::Idx(14),
                    _ => vt100::Color::Default,
                };
                assert_eq!(shown.fgcolor(), ink, "at {x},{y}");
            }
        }
    }
}

/// A list under a head and over a foot, with a cursor; rows of all kinds of letters.
fn list(t: &mut Terminal<Encoder>, from: usize, cursor: u16) -> (String, Buffer) {
    let mut drawn = None;
    t.draw(|f| {
        let buf = f.buffer_mut();
        buf.set_string(0, 0, "head", Style::new().add_modifier(Modifier::REVERSED));
        for y in 1..9u16 {
            let n = from + usize::from(y);
            let what =
                ["a plain row of words", "日本語の行です", "ünïcödé – ok", "한글 글자 줄"][n % 4];
            let ink = if n.is_multiple_of(3) { Style::new().fg(Color::Red) } else { Style::new() };
            buf.set_string(2, y, format!("{n:05} {what} {n}"), ink);
        }
        buf.set_string(0, cursor, "> ", Style::new().add_modifier(Modifier::REVERSED));
        buf.set_string(0, 9, format!("foot {from}"), Style::new());
        drawn = Some(buf.clone());
    })
    .unwrap();
    (t.backend_mut().take(), drawn.unwrap())
}

#[test]
fn a_list_that_scrolls_is_moved_by_the_terminal() {
    let (w, h) = (40u16, 10u16);
    let mut t = terminal(w, h, false);
    let mut seen = vt100::Parser::new(h.try_into().unwrap(), w.try_into().unwrap(), 0);
    seen.process(list(&mut t, 100, 8).0.as_bytes());
    // up and down by one to three rows, jumps, the cursor now here, now there
    let mut from = 100usize;
    for (turn, by) in
        [1i32, 1, 2, -1, 3, -3, 50, 1, -2, -1, 0, 1, 2, 3, -60, 1].into_iter().enumerate()
    {
        from = from.saturating_add_signed(by as isize);
        let cursor = if turn % 3 == 0 { 4 } else { 8 };
        let (bytes, drawn) = list(&mut t, from, cursor);
        seen.process(bytes.as_bytes());
        assert_shows(&seen, &drawn);
        if by == 1 {
            assert!(bytes.contains("\x1b[2;9r"), "{bytes:?}");
            assert!(bytes.len() < 150, "{} bytes: {bytes:?}", bytes.len());
        }
    }
}

#[test]
fn nothing_is_moved_on_a_screen_somebody_else_wrote_to() {
    let mut t = terminal(40, 10, false);
    list(&mut t, 100, 8);
    t.backend_mut().forget();
    let (bytes, _) = list(&mut t, 101, 8);
    assert!(!bytes.contains("\x1b[2;9r"), "{bytes:?}");
}

#[test]
fn a_resize_clears_once_and_paints_anew() {
    let size = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(20));
    let handle = size.clone();
    let read =
        move || Ok(Size { width: handle.load(std::sync::atomic::Ordering::SeqCst), height: 2 });
    let mut t = Terminal::new(Encoder::new(read, false)).unwrap();
    frame(&mut t, &[("hello", Style::new())]);
    size.store(10, std::sync::atomic::Ordering::SeqCst);
    let bytes = frame(&mut t, &[("hello", Style::new())]);
    assert_eq!(bytes.matches("\x1b[2J").count(), 1, "{bytes:?}");
    assert!(bytes.contains("hello"));
    assert_eq!(t.get_frame().area(), Rect::new(0, 0, 10, 2));
}
