//! Fields and editors, key by key.

use super::*;

fn press(f: &mut Field, keys: &str) -> Reaction {
    let mut last = Reaction::Ignored;
    for c in keys.chars() {
        let key = match c {
            '\u{1}'..='\u{1a}' if c != '\t' => {
                KeyEvent::new(KeyCode::Char((c as u8 - 1 + b'a') as char), KeyModifiers::CONTROL)
            }
            '↑' => KeyCode::Up.into(),
            '↓' => KeyCode::Down.into(),
            '←' => KeyCode::Left.into(),
            c => KeyCode::Char(c).into(),
        };
        last = f.key(key);
    }
    last
}

const A: &str = "\u{1}";
const E: &str = "\u{5}";

#[test]
fn emacs_keys_edit_one_line() {
    let mut f = Field::new("> ");
    press(&mut f, "one two three");
    press(&mut f, "\u{17}");
    assert_eq!(f.text(), "one two ");
    press(&mut f, A);
    press(&mut f, "\u{6}\u{6}\u{6}\u{b}");
    assert_eq!(f.text(), "one");
    press(&mut f, "\u{19}");
    assert_eq!(f.text(), "one two ");
    press(&mut f, "\u{15}");
    assert_eq!(f.text(), "");
    assert_eq!(press(&mut f, "x\u{18}\u{5}"), Reaction::Edit);
    assert_eq!(press(&mut f, "\u{7}"), Reaction::Cancel);
    assert_eq!(f.key(KeyCode::Enter.into()), Reaction::Submit);
    assert_eq!(f.key(KeyEvent::new(KeyCode::Char('b'), KeyModifiers::ALT)), Reaction::Ignored);
    assert_eq!(f.text(), "x");
}

#[test]
fn pasted_text_is_one_harmless_line() {
    let mut f = Field::default();
    f.paste("cats.com\r\n\n8.8.8.8\t\x1b[31mred\u{202e}\n");
    assert_eq!(f.text(), "cats.com 8.8.8.8 ␛[31mred·");
    f.clear();
    f.paste(&"日".repeat(FIELD_MAX));
    assert!(f.text().len() <= FIELD_MAX);
}

#[test]
fn history_goes_back_and_forth_and_gives_the_draft_back() {
    let mut f = Field::default();
    for t in ["view mine", "watch 8.8.8.8", "view all"] {
        f.set(t);
        f.take();
    }
    press(&mut f, "dra");
    press(&mut f, "↑");
    assert_eq!(f.text(), "view all");
    press(&mut f, "↑↑↑↑");
    assert_eq!(f.text(), "view mine");
    press(&mut f, "↓↓↓↓");
    assert_eq!(f.text(), "dra");
    f.set("view");
    press(&mut f, "\u{12}");
    assert_eq!(f.text(), "view all");
    press(&mut f, "\u{12}");
    assert_eq!(f.text(), "view mine");
    assert_eq!(press(&mut f, "\u{12}"), Reaction::Moved);
    assert_eq!(f.text(), "view mine");
}

#[test]
fn a_long_line_scrolls_by_cells_and_keeps_the_cursor_in_sight() {
    let theme = Theme::default();
    let mut f = Field::new(": ");
    f.set("日本語テキストabc");
    for room in 3..30u16 {
        let area = Rect::new(0, 0, room, 1);
        let mut buf = Buffer::empty(area);
        for keys in [E, "←←←←←", A] {
            press(&mut f, keys);
            let at = f.draw(area, &mut buf, &theme).unwrap();
            assert!(area.contains(at), "{room}: {at:?}");
        }
    }
    press(&mut f, E);
    let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
    let at = f.draw(buf.area, &mut buf, &theme).unwrap();
    let shown: String = (0..10).map(|x| buf[(x, 0)].symbol()).collect();
    assert_eq!((at.x, shown.as_str()), (9, ": ス ト abc "));
}

#[test]
fn an_editor_keeps_lines_and_draws_at_any_size() {
    let mut e = Editor::new("one\ttab\n\x1b[2J");
    assert_eq!(e.lines(), ["one    tab", "␛[2J"]);
    e.paste("a\r\nb🌞");
    assert_eq!(e.text(), "a\nb🌞one    tab\n␛[2J");
    assert_eq!(e.key(KeyCode::Enter.into()), Reaction::Edited);
    for w in 0..12 {
        for h in 0..4 {
            let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
            e.draw(buf.area, &mut buf, &Theme::default());
        }
    }
}
