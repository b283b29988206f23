//! Draws the console's panes over the built-in simulator into `assets/screens/*.svg`: `cargo run --example screens`.
//!
//! The pictures of the README. Another folder may be named; nothing else can be chosen, so that everybody makes the same ones.

#[path = "../tests/it/desk.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod desk;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use socdeck::ui::text;
use socdeck::ui::theme::Theme;

use desk::Desk;

/// Size of a cell in the picture's units, and of the type in it.
const CELL: (f64, f64) = (8.4, 18.0);
const TYPE: f64 = 14.0;
/// Margin around the screen.
const MARGIN: f64 = 10.0;

const PAPER: &str = "#14161b";
const INK: &str = "#d4d7de";

/// Name, columns, rows, and the keys that lead there from Jobs.
const SCENES: [(&str, u16, u16, &str); 15] = [
    ("jobs", 80, 24, ""),
    ("triage", 80, 24, ":job 1208\r"),
    ("triage-wide", 140, 40, ":job 1208\r"),
    ("triage-labelled", 80, 24, ":job 1208\r/state:new\r"),
    ("triage-raw", 80, 24, ":job 1208\r\t\t/severity\r"),
    ("triage-diff", 80, 24, ":job 1208\r="),
    ("triage-bulk", 80, 24, ":job 1208\r/outlier:yes state:new\r*2"),
    ("triage-filter", 80, 24, ":job 1208\r/label:drop conf:<60 -rule:nmap"),
    ("devices", 80, 24, ":device 1\r"),
    ("search", 80, 24, ":search\r@fields.dest_port:443\r"),
    ("watched", 80, 24, "gw"),
    ("breaches", 80, 24, "gb"),
    ("endpoint", 80, 24, ":endpoint hxxp://cats[.]com/a\r"),
    ("activity", 80, 24, ":job 1208\r1ga\t"),
    ("help", 80, 24, ":job 1208\r?"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder =
        std::env::args_os().nth(1).map_or_else(|| PathBuf::from("assets/screens"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for (name, width, height, keys) in SCENES {
        let frame = runtime.block_on(async {
            let mut desk = Desk::open(Theme::default()).await;
            // A stop after every key that begins something: a person waits for what they asked.
            for part in keys.split_inclusive(['\r', '\t']) {
                desk.go(part).await;
            }
            if name == "triage-labelled" {
                label_some(&mut desk).await;
            }
            desk.frame(width, height)
        });
        write(&folder, name, &frame)?;
    }
    Ok(())
}

/// A few labels, so that their marks are seen.
async fn label_some(desk: &mut Desk) {
    for key in ["2", "3", "0", "2"] {
        desk.go(key).await;
        desk.pass(Duration::from_secs(40));
        desk.settle().await;
    }
    desk.go("3").await;
}

fn write(folder: &Path, name: &str, frame: &Buffer) -> std::io::Result<()> {
    std::fs::write(folder.join(format!("{name}.svg")), svg(name, frame))
}

/// A frame as a picture: one rectangle for each reversed run, one text for each run of one style.
fn svg(name: &str, frame: &Buffer) -> String {
    let area = frame.area;
    let width = f64::from(area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(area.height) * CELL.1 + 2.0 * MARGIN;
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.1} {height:.1}" role="img" aria-label="socdeck: {name}">
<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="{TYPE}" xml:space="preserve">"#
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &frame[(x, y)];
            let style = (first.fg, first.bg, first.modifier);
            let (begin, mut run) = (x, String::new());
            while x < area.width {
                let cell = &frame[(x, y)];
                if (cell.fg, cell.bg, cell.modifier) != style {
                    break;
                }
                run.push_str(cell.symbol());
                x += (text::width(cell.symbol()) as u16).max(1);
            }
            push_run(&mut out, &run, (begin, y, x - begin), style);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn push_run(
    out: &mut String,
    run: &str,
    (column, row, cells): (u16, u16, u16),
    (fg, bg, modifier): (Color, Color, Modifier),
) {
    let (mut ink, mut paper) = (colour(fg).unwrap_or(INK), colour(bg));
    if modifier.contains(Modifier::REVERSED) {
        let back = paper.unwrap_or(PAPER);
        paper = Some(ink);
        ink = back;
    }
    let left = MARGIN + f64::from(column) * CELL.0;
    let top = MARGIN + f64::from(row) * CELL.1;
    let wide = f64::from(cells) * CELL.0;
    if let Some(paper) = paper {
        let _ = writeln!(
            out,
            r#"<rect x="{left:.1}" y="{top:.1}" width="{wide:.1}" height="{:.1}" fill="{paper}"/>"#,
            CELL.1
        );
    }
    if run.trim().is_empty() {
        return;
    }
    let weight = if modifier.contains(Modifier::BOLD) { r#" font-weight="bold""# } else { "" };
    let line = if modifier.contains(Modifier::UNDERLINED) {
        r#" text-decoration="underline""#
    } else {
        ""
    };
    let _ = writeln!(
        out,
        r#"<text x="{left:.1}" y="{:.1}" textLength="{wide:.1}" lengthAdjust="spacingAndGlyphs" fill="{ink}"{weight}{line}>{}</text>"#,
        top + TYPE,
        escape(run)
    );
}

/// The sixteen colours as a quiet terminal shows them; `None` is the terminal's own.
fn colour(colour: Color) -> Option<&'static str> {
    Some(match colour {
        Color::Black => "#14161b",
        Color::Red => "#e06c75",
        Color::Green => "#8fbf7f",
        Color::Yellow => "#e0b25a",
        Color::Blue => "#6b9bd1",
        Color::Magenta => "#c08ad0",
        Color::Cyan => "#5fb8c4",
        Color::Gray => "#b4b8c2",
        Color::DarkGray => "#7d8492",
        Color::LightRed => "#ff8a8a",
        Color::LightGreen => "#a9dc8f",
        Color::LightYellow => "#ffd479",
        Color::LightBlue => "#8fbcff",
        Color::LightMagenta => "#dca8ea",
        Color::LightCyan => "#83dbe6",
        Color::White => "#ffffff",
        _ => return None,
    })
}

fn escape(text: &str) -> String {
    // Blanks are kept by value: some viewers fold them whatever they are told.
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}
