//! The frame: header, pane, result line, hints, and what lies over them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::App;
use super::finder::{Does, Finder, Item, Kind};
use super::shell::{Overlay, SHELL};
use super::unsent;
use crate::api::Product;
use crate::api::error::Class;
use crate::command::{PaneId, Tone};
use crate::job::{Live, Policy};
use crate::panes;
use crate::panes::paint::{self, Look, put, rule};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::{frame, text};

/// The smallest screen anything is drawn on.
const LEAST: (u16, u16) = (60, 16);

/// A clock that differs from ours by more than this is told in the header. Seconds.
const SKEW: i64 = 30;

/// Draws the program.
pub(super) fn whole(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let look = Look {
        theme: &app.theme,
        prefs: &app.prefs,
        keymap: &app.keymap,
        clock: app.shell.clock(app.now.wall),
    };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        frame::too_small(area, buf, &app.theme, LEAST);
        return None;
    }
    header(app, &look, Rect { height: 1, ..area }, buf);
    let body = Rect { y: area.y + 1, height: area.height - 3, ..area };
    let mut cursor = app.shell.pane().draw(&app.store, &look, body, buf);
    result(app, &look, area, area.height - 2, buf);
    hints(app, &look, area, area.height - 1, buf);
    match &app.shell.overlay {
        None => which_key(app, &look, area, buf),
        Some(Overlay::Finder(finder)) => {
            let whole = Rect { y: area.y + 1, height: area.height - 1, ..area };
            cursor = draw_finder(finder, &look, whole, buf);
        }
        Some(Overlay::Outcome(view)) => {
            view.draw(&look, Rect { y: area.y + 1, height: area.height - 3, ..area }, buf);
            cursor = None;
        }
        Some(Overlay::Quit | Overlay::Offer { .. }) => {
            unsent::draw(app, &look, body, buf);
            cursor = None;
        }
    }
    cursor
}

/// One reversed row: where one is, whose votes are sent, and whatever must not be overlooked.
fn header(app: &App, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let theme = look.theme;
    let store = &app.store;
    let mut left = vec![Span::styled(format!(" {} ", look.prefs.environment), theme.environment)];
    let name = app.shell.id().name().to_uppercase();
    left.push(Span::styled(
        format!(" {name} {}", text::clean(&app.shell.pane().heading(store))),
        theme.header,
    ));
    let mut right = Vec::new();
    let mut tell =
        |words: String, style: Style| right.push(Span::styled(format!(" {words} "), style));
    for product in Product::ALL {
        let link = store.link(product);
        if look.prefs.unverified.contains(&product) {
            tell(format!("TLS OFF {product}"), theme.header_danger);
        }
        if let Some(since) = link.down_since {
            let waiting = store.writes.waiting_for(product);
            let rows = if waiting > 0 { format!(", {waiting} wait") } else { String::new() };
            tell(
                format!("OFFLINE {product} since {}{rows}", look.tell(since)),
                theme.header_danger,
            );
        } else if let Some(trouble) = &link.trouble {
            let word = match trouble.class() {
                Class::Credentials | Class::Configuration => "NO ACCESS",
                _ => "BAD ANSWERS",
            };
            tell(format!("{word} {product}"), theme.header_danger);
        }
        if let Some(skew) = link.skew_s.filter(|skew| skew.abs() > SKEW) {
            tell(format!("SKEW {skew}s {product}"), theme.header_danger);
        }
    }
    let (unsent, troubled) = (store.writes.unsent(), store.writes.troubled());
    if troubled > 0 {
        tell(format!("{troubled} parked"), theme.header_danger);
    }
    let held = store.writes.held().count();
    if held > 0 {
        tell(format!("{held} held"), theme.header_caution);
    }
    if unsent > 0 {
        tell(format!("out {unsent}"), theme.header);
    }
    if let Some(until) = store.armed_until {
        tell(format!("ARMED until {}", look.tell(until.wall)), theme.header_danger);
    }
    if look.prefs.read_only {
        tell("READ-ONLY".to_owned(), theme.header_caution);
    }
    tell(look.prefs.analyst.clone().unwrap_or_else(|| "no analyst".to_owned()), theme.header);
    let wide: usize = right.iter().map(|span| text::width(&span.content)).sum();
    put(buf, area, 0, &Line::from(Span::styled(" ".repeat(usize::from(area.width)), theme.header)));
    let room = area.width.saturating_sub(wide as u16);
    put(buf, Rect { width: room, ..area }, 0, &Line::from(left));
    put(buf, Rect { x: area.x + room, width: area.width - room, ..area }, 0, &Line::from(right));
}

/// The last sentence that was said; else what a person waits for; else the last label.
fn result(app: &App, look: &Look<'_>, area: Rect, y: u16, buf: &mut Buffer) {
    let theme = look.theme;
    if let Some((tone, words)) = &app.shell.result {
        let style = match tone {
            Tone::Fine => theme.text,
            Tone::Mind => theme.warn,
            Tone::Bad => theme.bad,
        };
        return put(buf, area, y, &Line::from(Span::styled(format!(" {words}"), style)));
    }
    let here = app.shell.id().name();
    let reads: Vec<&Live> = app
        .store
        .jobs
        .live()
        .map(|(_, live)| live)
        .filter(|live| live.owner == here && live.policy != Policy::Serial)
        .collect();
    if let Some(first) = reads.first() {
        let more = match reads.len() {
            1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let why = first
            .waiting
            .as_ref()
            .map_or_else(String::new, |error| format!("; again soon: {error}"));
        let words = format!(" loading {}{more}   ^G stops{why}", first.call.name);
        return put(buf, area, y, &Line::from(Span::styled(words, theme.dim)));
    }
    if app.shell.id() == PaneId::Triage
        && let Some(line) = panes::triage::last_label(&app.store, look, usize::from(area.width))
    {
        put(buf, area, y, &line);
    }
}

/// The keys that matter here, as many as fit whole.
fn hints(app: &App, look: &Look<'_>, area: Rect, y: u16, buf: &mut Buffer) {
    let typed: Vec<String> = app.shell.typed.iter().map(ToString::to_string).collect();
    // A field's keys and what may follow a prefix are shown all the same: they are known nowhere else.
    if !look.prefs.hints && typed.is_empty() && !app.shell.pane().typing() {
        return;
    }
    let scopes = app.shell.scopes();
    let mut spans = vec![Span::raw(" ")];
    let mut room = usize::from(area.width).saturating_sub(2);
    let mut add = |key: String, word: &str, kept: usize, spans: &mut Vec<Span<'static>>| {
        let wide = text::width(&key) + 1 + text::width(word) + 2;
        if wide + kept <= room {
            room -= wide;
            spans.push(Span::styled(key, look.theme.key));
            spans.push(Span::styled(format!(" {word}  "), look.theme.dim));
        }
    };
    let over = match &app.shell.overlay {
        Some(Overlay::Outcome(view)) => Some(view.hints()),
        Some(Overlay::Quit) => Some(unsent::QUIT_HINTS),
        Some(Overlay::Offer { .. }) => Some(unsent::OFFER_HINTS),
        Some(Overlay::Finder(_)) => None,
        None => app.shell.pane().typing().then(|| app.shell.pane().typing_hints()),
    };
    if let Some(over) = over {
        // A field, a sheet or an overlay has the keyboard: no other key does anything.
        for (key, word) in over {
            add((*key).to_owned(), word, 0, &mut spans);
        }
    } else if typed.is_empty() {
        let here = app.shell.id().name();
        let of = |name: &'static str| {
            scopes
                .iter()
                .filter(move |(scope, _)| *scope == name)
                .flat_map(|(_, specs)| specs.iter())
        };
        // Help is never left out: its room is kept free until the others have theirs.
        let help = (look.key("shell.help"), "help");
        let kept = text::width(&help.0) + help.1.len() + 3;
        // The label keys have a line of their own.
        for spec in of(here).chain(of(SHELL)).filter(|spec| {
            !spec.hint.is_empty() && !matches!(spec.id, "triage.label" | "shell.help")
        }) {
            // Of a chord the first key is enough: what may follow is shown once it is pressed.
            let key = look.key(spec.id);
            let key = key.split(' ').next().unwrap_or_default().to_owned();
            add(key, spec.hint, kept, &mut spans);
        }
        add("g".to_owned(), "go", kept, &mut spans);
        add(help.0, help.1, 0, &mut spans);
    } else {
        for (key, word) in following(app, look) {
            add(key, word, 0, &mut spans);
        }
    }
    put(buf, area, y, &Line::from(spans));
}

/// What may follow the keys typed so far: each chord and its word.
fn following(app: &App, look: &Look<'_>) -> Vec<(String, &'static str)> {
    let typed: Vec<String> = app.shell.typed.iter().map(ToString::to_string).collect();
    let prefix = format!("{} ", typed.join(" "));
    let here = app.shell.id().name();
    let mut found = Vec::new();
    for (_, specs) in
        app.shell.scopes().iter().filter(|(scope, _)| *scope == here || *scope == SHELL)
    {
        for spec in specs {
            for key in look.keymap.keys(spec.id) {
                if key.starts_with(&prefix) {
                    let word = spec.title.trim_start_matches("go to ");
                    let word = word.trim_start_matches("copy: ");
                    let word = word.trim_start_matches("export what is shown: ");
                    found.push((key, word));
                }
            }
        }
    }
    found
}

/// Three rows above the hint line with everything that may follow a prefix, where one row is too short for it.
fn which_key(app: &App, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let found = following(app, look);
    let wide = found
        .iter()
        .map(|(key, word)| text::width(key) + text::width(word) + 4)
        .max()
        .unwrap_or(1)
        .min(usize::from(area.width).max(1));
    let columns = (usize::from(area.width) / wide).max(1);
    let rows = found.len().div_ceil(columns) as u16;
    if !app.shell.which_key || found.is_empty() || area.height < rows + 4 {
        return;
    }
    let typed: Vec<String> = app.shell.typed.iter().map(ToString::to_string).collect();
    let panel = Rect { y: area.bottom() - rows - 1, height: rows + 1, ..area };
    paint::blank(buf, panel);
    rule(buf, panel, 0, look, &format!("{} then", typed.join(" ")), "^G leaves");
    for (index, (key, word)) in found.iter().enumerate() {
        let at = Rect { x: panel.x + (index % columns * wide) as u16, width: wide as u16, ..panel };
        let line = Line::from(vec![
            Span::styled(format!(" {key}"), look.theme.key),
            Span::raw(format!("  {word}")),
        ]);
        put(buf, at.intersection(panel), (index / columns) as u16 + 1, &line);
    }
}

fn draw_finder(finder: &Finder, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let height = match finder.kind {
        Kind::Help => area.height,
        Kind::Command => (area.height / 2).max(9).min(area.height),
    };
    let area = Rect { y: area.bottom() - height, height, ..area };
    paint::blank(buf, area);
    let title = match finder.kind {
        Kind::Help => format!("help  {} of {} lines", finder.shown.len(), finder.total()),
        Kind::Command => "command".to_owned(),
    };
    let right = match finder.kind {
        Kind::Help => "Enter runs the line   ^G closes",
        Kind::Command => "Tab completes   Enter runs   ^G closes",
    };
    rule(buf, area, 0, look, &title, right);
    let field = Rect { y: area.y + 1, height: 1, ..area };
    let cursor = finder.field.draw(field, buf, look.theme);
    let below = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    let candidates = finder.candidates();
    if !candidates.is_empty() {
        let wide = candidates
            .iter()
            .map(|candidate| text::width(&candidate.text))
            .max()
            .unwrap_or(0)
            .clamp(10, 40);
        let lines = candidates.iter().map(|candidate| {
            let word = text::fit(&candidate.text, wide, look.theme.ellipsis());
            Line::from(vec![
                Span::styled(format!("   {word}  "), look.theme.accent),
                Span::styled(candidate.help.clone(), look.theme.dim),
            ])
        });
        paint::put_lines(buf, below, lines, 0);
        return cursor;
    }
    let help = finder.kind == Kind::Help;
    if finder.shown.is_empty() {
        let words = if help {
            "   no key does that; : takes commands"
        } else {
            "   nothing matches; Enter runs the line as it stands"
        };
        put(buf, below, 0, &Line::from(Span::styled(words, look.theme.dim)));
        return cursor;
    }
    // What the line under the cursor says is told whole at the bottom, however small the screen.
    let below = if let Some(Item { does: Does::Row(..), title, aside, .. }) =
        finder.item(finder.list.cursor())
    {
        let whole = Line::from(Span::styled(format!("   {title}"), look.theme.dim));
        put(buf, below, below.height.saturating_sub(1), &whole);
        // Its name, as the settings want it, stands at the right of the field.
        let wide = text::width(aside) as u16;
        let used = text::width(finder.field.text()) as u16 + 4;
        if help && used + wide < field.width {
            let right = Rect { x: field.right() - wide, width: wide, ..field };
            put(buf, right, 0, &Line::from(Span::styled(aside.as_str(), look.theme.dim)));
        }
        Rect { height: below.height.saturating_sub(1), ..below }
    } else {
        below
    };
    let mut columns = vec![
        Column::new("", Width::Fixed(12)),
        // In help the whole sentence comes before the row's name.
        Column::new("", Width::Flex(if help { 52 } else { 20 }, 3)),
        Column::new("", Width::Flex(16, 2)).rank(1),
    ];
    if help {
        columns.insert(0, Column::new("", Width::Fixed(9)));
    }
    let table = Table::new(columns).bare();
    table.draw(below, buf, look.theme, &finder.list, finder.shown.len(), |index| {
        let Some(item) = finder.item(index) else {
            return Cells::default();
        };
        let mut cells = line(item, look);
        if help {
            // The first line of a group names it.
            let before = index.checked_sub(1).and_then(|index| finder.item(index));
            let again = before.is_some_and(|before| before.group == item.group);
            let word = if again { "" } else { item.group };
            cells.cells.insert(0, Text::styled(word, look.theme.title));
        }
        cells
    });
    cursor
}

fn line<'a>(item: &'a Item, look: &Look<'_>) -> Cells<'a> {
    let keys = match item.does {
        Does::Row(_, _, id) => keys_of(&look.keymap.keys(id)),
        Does::Word(_) => ":".to_owned(),
    };
    Cells::new([
        Text::styled(keys, look.theme.key),
        Text::from(item.title.as_str()),
        Text::styled(item.aside.as_str(), look.theme.dim),
    ])
}

/// `1..9` for a run of digits, then the other keys with blanks between.
fn keys_of(keys: &[String]) -> String {
    let run = keys
        .iter()
        .take_while(|key| key.len() == 1 && key.starts_with(|c: char| c.is_ascii_digit()));
    let run = run.count();
    match (run > 3, keys.first(), keys.get(run.saturating_sub(1))) {
        (true, Some(first), Some(last)) => std::iter::once(format!("{first}..{last}"))
            .chain(keys[run..].iter().cloned())
            .collect::<Vec<_>>()
            .join("  "),
        _ => keys.join("  "),
    }
}
