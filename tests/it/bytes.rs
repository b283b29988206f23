//! What moving about costs on the line, in bytes: budgets, not impressions.

use std::io;

use ratatui::layout::Rect;
use socdeck::term::{Options, Screen};
use socdeck::ui::frame::{self, Segment};
use socdeck::ui::table::{Column, ListState, Row, Table, Text, Width};
use socdeck::ui::theme::Theme;

const TITLES: [&str; 6] = [
    "SMB admin share from wkstn",
    "HTTP unable to match resp",
    "Generic Protocol Cmd Decode",
    "ET SCAN Suspicious inbound",
    "DNS query to DGA-like name",
    "TLS cert self-signed new CA",
];

/// A triage-like list under a header that counts, 80 by 24 with `rows` rows of list.
struct Desk {
    screen: Screen,
    list: ListState,
    theme: Theme,
    table: Table,
    rows: u16,
    counting: bool,
}

impl Desk {
    fn new(rows: u16, counting: bool) -> io::Result<Self> {
        Ok(Self {
            screen: Screen::over(io::sink(), 80, 24, &Options::default())?,
            list: ListState::default(),
            theme: Theme::default(),
            table: Table::new(vec![
                Column::new("TIME Z", Width::Fixed(9)),
                Column::new("AI", Width::Fixed(9)),
                Column::new("CONF", Width::Fixed(5)),
                Column::new("TITLE", Width::Flex(20, 1)),
                Column::new("SRC", Width::Fixed(15)),
            ])
            .marks(2),
            rows,
            counting,
        })
    }

    fn paint(&mut self) -> io::Result<usize> {
        let Self { screen, list, theme, table, rows, counting } = self;
        screen.draw(|f| {
            let place =
                if *counting { format!("{}/400", list.cursor() + 1) } else { String::new() };
            let header =
                [Segment::new("PROD acme"), Segment::new("TRIAGE 1202"), Segment::new(place)];
            frame::header(f.area(), f.buffer_mut(), theme, &header);
            let area = Rect::new(0, 1, 80, *rows);
            table.draw(area, f.buffer_mut(), theme, list, 400, |i| {
                let conf = Text::styled(format!("{}%", 30 + i % 60), theme.warn);
                let mut row = Row::new([
                    format!("13:{:02}:{:02}", i / 60 % 60, i * 7 % 60),
                    ["Drop", "Escalate"][i % 2].to_owned(),
                    String::new(),
                    TITLES[i * 5 % 6].to_owned(),
                    format!("10.128.{}.{}", i % 10, i * 3 % 250),
                ]);
                row.cells[2] = conf;
                row.mark(if i % 3 == 0 { "D." } else { "" })
            });
        })
    }
}

#[test]
fn a_cursor_move_in_a_plain_list_costs_at_most_120_bytes() {
    for counting in [false, true] {
        let mut desk = Desk::new(22, counting).unwrap();
        let first = desk.paint().unwrap();
        assert!(first < 3_000, "the first frame took {first} bytes");
        for _ in 0..19 {
            desk.list.step(1, 400);
            let n = desk.paint().unwrap();
            assert!((20..=120).contains(&n), "{n} bytes, counting: {counting}");
        }
        assert_eq!(desk.paint().unwrap(), 0, "an unchanged frame is not free");
    }
}

#[test]
fn scrolling_a_list_by_one_costs_at_most_350_bytes() {
    for rows in [8, 22] {
        let mut desk = Desk::new(rows, true).unwrap();
        desk.paint().unwrap();
        for _ in 0..rows - 2 {
            desk.list.step(1, 400);
            desk.paint().unwrap();
        }
        let costs: Vec<usize> = (0..50)
            .map(|_| {
                desk.list.step(1, 400);
                desk.paint().unwrap()
            })
            .collect();
        assert!(costs.iter().all(|n| *n <= 350), "{rows} rows: {costs:?}");
    }
}
