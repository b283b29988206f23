//! Tables at every width, and lists under the cursor.

use super::super::theme::{Glyphs, Palette};
use super::*;

fn table() -> Table {
    Table::new(vec![
        Column::new("TIME", Width::Fixed(8)),
        Column::new("CONF", Width::Fixed(4)).right(),
        Column::new("TITLE", Width::Flex(6, 1)),
        Column::new("SRC", Width::Fixed(10)).rank(1),
    ])
    .marks(2)
}

fn lines(buf: &Buffer) -> Vec<String> {
    (0..buf.area.height)
        .map(|y| {
            (0..buf.area.width)
                .map(|x| buf[(x, y)].symbol())
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect()
}

fn theme() -> Theme {
    Theme::new(Palette::Ansi16, Glyphs::ASCII)
}

fn row(i: usize) -> Row<'static> {
    Row::new([format!("t{i}"), format!("{i}%"), format!("title {i} is long"), "10.1.2.3".into()])
        .mark("D~")
}

#[test]
fn columns_stand_where_the_mocks_put_them_and_drop_when_narrow() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 46, 3));
    let mut state = ListState::default();
    state.select(1);
    table().draw(buf.area, &mut buf, &theme(), &state, 2, row);
    assert_eq!(
        lines(&buf),
        [
            "    TIME     CONF TITLE             SRC",
            " D~ t0         0% title 0 is long   10.1.2.3",
            ">D~ t1         1% title 1 is long   10.1.2.3",
        ]
    );
    let mut buf = Buffer::empty(Rect::new(0, 0, 30, 2));
    table().draw(buf.area, &mut buf, &theme(), &ListState::default(), 1, row);
    assert_eq!(lines(&buf), ["    TIME     CONF TITLE", ">D~ t0         0% title 0 is.."]);
}

#[test]
fn a_million_rows_ask_for_the_visible_ones_only() {
    let mut asked = Vec::new();
    let mut buf = Buffer::empty(Rect::new(0, 0, 40, 6));
    let mut state = ListState::default();
    state.select(999_999);
    let shown = table().draw(buf.area, &mut buf, &theme(), &state, 1_000_000, |i| {
        asked.push(i);
        row(i)
    });
    assert_eq!(shown, 999_995..1_000_000);
    assert_eq!(asked, (999_995..1_000_000).collect::<Vec<_>>());
}

#[test]
fn the_list_scrolls_only_when_the_cursor_would_leave_it() {
    let mut s = ListState::default();
    s.select(50);
    assert_eq!(s.follow(100, 10), 41..51);
    s.step(-5, 100);
    assert_eq!(s.follow(100, 10), 41..51);
    s.step(-5, 100);
    assert_eq!(s.follow(100, 10), 40..50);
    s.shift(3);
    assert_eq!((s.cursor(), s.follow(103, 10)), (43, 43..53));
    s.page(1.0, 103);
    assert_eq!(s.cursor(), 53);
    s.last(103);
    assert_eq!(s.follow(103, 10), 93..103);
    assert_eq!(s.follow(4, 10), 0..4);
    assert_eq!(s.follow(0, 10), 0..0);
    s.step(-1, 0);
    assert_eq!(s.cursor(), 0);
    assert!(!s.step(1, 0));
}

#[test]
fn a_cursor_move_changes_eight_cells() {
    let area = Rect::new(0, 0, 80, 10);
    let (mut a, mut b) = (Buffer::empty(area), Buffer::empty(area));
    let mut s = ListState::default();
    table().draw(area, &mut a, &theme(), &s, 100, row);
    s.step(1, 100);
    table().draw(area, &mut b, &theme(), &s, 100, row);
    assert_eq!(a.diff(&b).len(), 8);
}

#[test]
fn any_size_draws_without_panic() {
    for w in 0..30 {
        for h in 0..4 {
            let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
            table().draw(buf.area, &mut buf, &theme(), &ListState::default(), 9, |i| {
                Row::new([format!("日本{i}"), "\x1b[31m".into(), "👩‍💻".repeat(9)])
            });
            table().draw(Rect::new(5, 1, 90, 9), &mut buf, &theme(), &ListState::default(), 9, row);
        }
    }
}
