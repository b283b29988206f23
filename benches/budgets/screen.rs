//! A cursor that moves: how long until the bytes are there.

use std::io;

use criterion::{BatchSize, Criterion};
use ratatui::layout::Rect;
use socdeck::term::{Options, Screen};
use socdeck::ui::table::{Column, ListState, Row, Table, Width};
use socdeck::ui::theme::Theme;

struct Desk {
    screen: Screen,
    list: ListState,
    theme: Theme,
    table: Table,
    area: Rect,
    len: usize,
}

impl Desk {
    fn new(width: u16, height: u16, len: usize) -> io::Result<Self> {
        let mut desk = Self {
            screen: Screen::over(io::sink(), width, height, &Options::default())?,
            list: ListState::default(),
            theme: Theme::default(),
            table: Table::new(vec![
                Column::new("TIME", Width::Fixed(9)),
                Column::new("AI", Width::Fixed(9)),
                Column::new("TITLE", Width::Flex(20, 1)),
                Column::new("SRC", Width::Fixed(15)),
            ]),
            area: Rect::new(0, 0, width, height),
            len,
        };
        desk.paint();
        Ok(desk)
    }

    fn paint(&mut self) -> usize {
        let Self { screen, list, theme, table, area, len } = self;
        let drawn = screen.draw(|frame| {
            table.draw(*area, frame.buffer_mut(), theme, list, *len, |i| {
                Row::new([
                    format!("13:{:02}:{:02}", i / 60 % 60, i % 60),
                    ["Drop", "Escalate"][i % 2].to_owned(),
                    format!("event {i} of an ordinary length"),
                    format!("10.128.{}.{}", i / 250 % 250, i % 250),
                ])
            });
        });
        drawn.unwrap_or_default()
    }
}

/// One step of the cursor at 80×24, and one that scrolls. Budget: p50 0.5 ms, p99 3 ms.
pub fn cursor(c: &mut Criterion) {
    let Ok(mut desk) = Desk::new(80, 24, 400) else { return };
    c.bench_function("cursor, 80x24, 400 rows", |b| {
        b.iter(|| {
            if !desk.list.step(1, desk.len) {
                desk.list.first();
            }
            desk.paint()
        });
    });
}

/// A list of a million rows at 160×48: a step, a jump to the other end. Budget: 16 ms.
pub fn million(c: &mut Criterion) {
    let Ok(mut desk) = Desk::new(160, 48, 1_000_000) else { return };
    c.bench_function("step, 160x48, 1,000,000 rows", |b| {
        b.iter(|| {
            desk.list.step(1, desk.len);
            desk.paint()
        });
    });
    c.bench_function("end to end, 160x48, 1,000,000 rows", |b| {
        b.iter_batched(
            || (),
            |()| {
                if desk.list.cursor() == 0 {
                    desk.list.last(desk.len)
                } else {
                    desk.list.first()
                }
                desk.paint()
            },
            BatchSize::SmallInput,
        );
    });
}
