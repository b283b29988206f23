//! One event in reading order: the decision, the decision points beside Darktrace's context, the nearest labelled event, the
//! note, the pipeline's words. The raw event is [`super::raw`]'s.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::blind::Others;
use super::known::{self, Known};
use super::nearest::{Near, nearest};
use super::polls::Told;
use super::raw::Raw;
use super::strip;
use crate::api::arcanna::{ArcannaBlock, Decision, EventState};
use crate::outbox::{Row, State};
use crate::panes::paint::{self, Look};
use crate::store::{EventKey, LabelState, Store, is_undecided};
use crate::ui::text;

/// What the detail is drawn from.
pub(super) struct Detail<'a> {
    pub store: &'a Store,
    pub look: &'a Look<'a>,
    pub event: &'a EventKey,
    pub told: Told,
    /// The note that goes with the next label.
    pub note: Option<&'a str>,
    /// The decision point under the cursor, while the detail has the keyboard.
    pub focus: Option<usize>,
    pub scroll: usize,
}

impl Detail<'_> {
    /// Everything in one area: two columns where there is room for them.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        let width = usize::from(area.width);
        let mut lines = self.head();
        let points = self.points(if width >= 76 { 16 } else { 26 });
        let context = strip::block(self.store, self.look, self.event, width * 45 / 100);
        if width >= 76 {
            lines.extend(beside(points, context, width * 55 / 100, self.look));
        } else {
            lines.extend(points);
            lines.extend(context);
        }
        lines.extend(self.nearest_lines(1));
        lines.push(self.raw_line(width));
        lines.push(self.note_line());
        lines.extend(self.pipeline());
        self.put(lines, area, buf);
    }

    /// The decision and what must be known first, on rows of their own; returns how many.
    pub(super) fn draw_head(&self, area: Rect, buf: &mut Buffer) -> u16 {
        let lines = self.head();
        let used = (lines.len() as u16).min(area.height);
        let width = usize::from(area.width);
        let lines = lines.into_iter().map(|line| clip(line, width, self.look));
        paint::put_lines(buf, area, lines, 0);
        used
    }

    /// What stands below the head, without context and raw event: a wide screen has other places for them.
    pub(super) fn draw_column(&self, area: Rect, buf: &mut Buffer) {
        let mut lines = self.points(26);
        lines.push(Line::default());
        lines.extend(self.nearest_lines(3));
        lines.push(Line::default());
        lines.push(self.note_line());
        lines.extend(self.siblings());
        lines.extend(self.pipeline());
        self.put(lines, area, buf);
    }

    fn put(&self, lines: Vec<Line<'static>>, area: Rect, buf: &mut Buffer) {
        let most = lines.len().saturating_sub(usize::from(area.height));
        let width = usize::from(area.width);
        let lines = lines.into_iter().map(|line| clip(line, width, self.look));
        paint::put_lines(buf, area, lines, self.scroll.min(most));
    }

    /// The decision, and whatever must be known before anything else is read.
    fn head(&self) -> Vec<Line<'static>> {
        let (store, look, event) = (self.store, self.look, self.event);
        let known = Known::of(store, event);
        let block = known.block();
        let votes_open = store.votes_open(event);
        let mut lines = vec![verdict(&known, block.as_deref(), votes_open, look)];
        lines.extend(waiting(known.decision.as_deref(), self.told, look));
        lines.extend(yours(store, look, event));
        let analyst = look.prefs.analyst.as_deref();
        let others = block.as_deref().and_then(|block| Others::told(block, analyst));
        lines.extend(others.filter(|_| votes_open).map(|others| others.line(look)));
        let failures = [
            store.decisions.get(event).and_then(|one| one.error.as_ref()),
            store.exports.get(event).and_then(|one| one.error.as_ref()),
        ];
        for (error, _) in failures.into_iter().flatten() {
            let words = format!(" {error}");
            lines.push(Line::from(Span::styled(words, look.theme.bad)));
        }
        let decision = known.decision.as_deref();
        if let Some(words) = decision.and_then(|one| one.error_message.as_deref()) {
            lines.push(Line::from(vec![
                Span::styled(" error  ", look.theme.bad),
                Span::raw(words.to_owned()),
            ]));
        }
        lines
    }

    fn points(&self, most: usize) -> Vec<Line<'static>> {
        let theme = self.look.theme;
        let mut lines =
            vec![Line::from(Span::styled(" DECISION POINTS  what the model sees", theme.title))];
        let known = Known::of(self.store, self.event);
        let points = known.points();
        if points.is_empty() {
            let words = match (known.found, known.export) {
                (Some(_), _) => "  none named".to_owned(),
                (None, Some(_)) => "  the job names none, or the event has none of them".to_owned(),
                (None, None) => format!("  {} reads the whole event", self.look.key("triage.look")),
            };
            lines.push(Line::from(Span::styled(words, theme.dim)));
        }
        let wide =
            points.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0).clamp(8, most);
        for (index, (name, value)) in points.iter().enumerate() {
            let name = text::fit(&text::clean(name), wide, theme.ellipsis());
            let here = self.focus == Some(index);
            let mark = if here { theme.glyphs.cursor } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{mark} "), if here { theme.cursor } else { theme.dim }),
                Span::styled(format!("{name}  "), theme.dim),
                Span::raw(value.clone()),
            ]));
        }
        lines
    }

    fn nearest_lines(&self, count: usize) -> Vec<Line<'static>> {
        let theme = self.look.theme;
        let near = nearest(self.store, self.event, count);
        let title = Span::styled(" NEAREST LABELLED  ", theme.title);
        if near.is_empty() {
            return vec![Line::from(vec![title, Span::styled("none in this list yet", theme.dim)])];
        }
        if count == 1 {
            let mut spans = vec![title];
            spans.extend(near.iter().flat_map(|near| self.near(near)));
            return vec![Line::from(spans)];
        }
        let mut lines = vec![Line::from(vec![
            title,
            Span::styled(format!("{} compares", self.look.key("triage.diff")), theme.dim),
        ])];
        lines.extend(near.iter().map(|near| {
            let mut spans = vec![Span::raw("  ")];
            spans.extend(self.near(near));
            Line::from(spans)
        }));
        lines
    }

    fn near(&self, near: &Near) -> Vec<Span<'static>> {
        let theme = self.look.theme;
        let whose = if near.yours { "you" } else { "kb" };
        let at = near.at.map_or_else(String::new, |at| format!(" {}", self.look.tell(at)));
        let differs = match near.differs.len() {
            0 => "nothing differs".to_owned(),
            1..=3 => format!("differs: {}", near.differs.join(", ")),
            many => format!("differs: {} and {} more", near.differs[..2].join(", "), many - 2),
        };
        vec![
            Span::styled(format!("{}  ", text::short_id(near.event.as_str(), 4)), theme.dim),
            Span::styled(near.label().to_owned(), theme.label),
            Span::styled(format!(" ({whose}{at})   {differs}"), theme.dim),
        ]
    }

    fn raw_line(&self, width: usize) -> Line<'static> {
        let theme = self.look.theme;
        let mut spans = vec![Span::styled(" RAW  ", theme.title)];
        let key = self.look.key("triage.next-part");
        match Raw::preview(self.store, self.event) {
            Some(preview) => {
                let room = width.saturating_sub(16 + key.len());
                let shown = text::fit(&text::clean(&preview), room, theme.ellipsis());
                spans.push(Span::styled(shown, theme.dim));
                spans.push(Span::styled(format!("  {key}"), theme.key));
                spans.push(Span::styled(" all", theme.dim));
            }
            None => spans.push(Span::styled(
                format!("{} reads the whole event", self.look.key("triage.look")),
                theme.dim,
            )),
        }
        Line::from(spans)
    }

    fn note_line(&self) -> Line<'static> {
        let theme = self.look.theme;
        let kept = match self.store.writes.label(self.event) {
            LabelState::Kept(row, _) => row.draft.note.as_deref(),
            LabelState::None | LabelState::Staging => None,
        };
        let mut spans = vec![Span::styled(" note  ", theme.title)];
        match (self.note, kept) {
            (Some(note), _) => {
                spans.push(Span::raw(note.to_owned()));
                spans.push(Span::styled("   kept with your next label", theme.dim));
            }
            (None, Some(note)) => spans.push(Span::raw(note.to_owned())),
            (None, None) => spans.push(Span::styled("-", theme.dim)),
        }
        Line::from(spans)
    }

    /// Other listed events of the same bucket.
    fn siblings(&self) -> Option<Line<'static>> {
        let theme = self.look.theme;
        let queue = self.store.queues.get(&self.event.job)?;
        let others: Vec<String> = queue
            .bucket(&self.event.event)
            .iter()
            .filter(|event| **event != self.event.event)
            .map(|event| text::short_id(event.as_str(), 4).into_owned())
            .collect();
        let more = others.len().saturating_sub(5);
        let mut words = others.iter().take(5).cloned().collect::<Vec<_>>().join("  ");
        if more > 0 {
            words = format!("{words}  and {more} more");
        }
        (!others.is_empty()).then(|| {
            Line::from(vec![
                Span::styled(" SAME BUCKET  ", theme.title),
                Span::raw(words),
                Span::styled("   one label is a vote for all", theme.dim),
            ])
        })
    }

    fn pipeline(&self) -> Vec<Line<'static>> {
        let theme = self.look.theme;
        let known = Known::of(self.store, self.event);
        let Some(block) = known.block().filter(|block| !block.log_messages.is_empty()) else {
            return Vec::new();
        };
        let count = block.log_messages.len();
        let mut lines = vec![Line::from(vec![
            Span::styled(" PIPELINE  ", theme.title),
            Span::styled(
                format!("{count} messages   {} scrolls", self.look.key("shell.scroll-down")),
                theme.dim,
            ),
        ])];
        for message in &block.log_messages {
            let level = message.level.as_deref().unwrap_or("-");
            let style = if level.starts_with("warn") || level.starts_with("err") {
                theme.warn
            } else {
                theme.dim
            };
            let part = message.component.as_deref().unwrap_or("-");
            lines.push(Line::from(vec![
                Span::styled(format!("  {level:<5} "), style),
                Span::styled(format!("{part:<10} "), theme.dim),
                Span::raw(message.content.clone()),
            ]));
        }
        lines
    }
}

/// Two blocks side by side; the left one is cut at `left` cells.
fn beside(
    one: Vec<Line<'static>>,
    two: Vec<Line<'static>>,
    left: usize,
    look: &Look<'_>,
) -> Vec<Line<'static>> {
    let rows = one.len().max(two.len());
    let (mut one, mut two) = (one.into_iter(), two.into_iter());
    (0..rows)
        .map(|_| {
            let one = clip(one.next().unwrap_or_default(), left.saturating_sub(1), look);
            let used: usize = one.spans.iter().map(|span| text::width(&span.content)).sum();
            let mut spans = one.spans;
            spans.push(Span::raw(" ".repeat(left.saturating_sub(used))));
            spans.extend(two.next().unwrap_or_default().spans);
            Line::from(spans)
        })
        .collect()
}

/// A line cut to a width, with a mark where it was cut.
fn clip(line: Line<'static>, width: usize, look: &Look<'_>) -> Line<'static> {
    let mut room = width;
    let mut spans = Vec::with_capacity(line.spans.len());
    for span in line.spans {
        let clean = text::clean(&span.content);
        let cut = text::cut(&clean, room, look.theme.ellipsis()).into_owned();
        room -= text::width(&cut).min(room);
        spans.push(Span::styled(cut, span.style));
    }
    Line::from(spans)
}

/// `AI Escalate 47% LOW   outlier no   consensus UNDECIDED   bucket new`.
fn verdict(
    known: &Known<'_>,
    block: Option<&ArcannaBlock>,
    votes_open: bool,
    look: &Look<'_>,
) -> Line<'static> {
    let theme = look.theme;
    let decision = known.decision.as_deref();
    let Some(decision) = decision else {
        return Line::from(vec![
            Span::styled(" AI  ", theme.title),
            Span::styled("not read yet", theme.dim),
        ]);
    };
    let word = match (&decision.state, &decision.label) {
        (EventState::Pending, _) => Span::styled("pending inference", theme.warn),
        (EventState::Error, _) => Span::styled("ERROR", theme.bad),
        (_, Some(label)) => Span::styled(label.clone(), theme.label),
        (_, None) if known.hidden => Span::styled("hidden until your vote", theme.accent),
        (EventState::Ok, None) => Span::styled("no decision", theme.warn),
        (EventState::Other(word), None) => Span::styled(word.clone(), theme.warn),
    };
    let mut spans = vec![Span::styled(" AI  ", theme.title), word];
    if decision.confidence.is_some() {
        let sure = known::confidence(decision.confidence);
        spans.push(Span::raw(format!(" {sure}")));
    }
    if known.is_low(look) {
        spans.push(Span::styled(" LOW", theme.warn));
    }
    let mut tell = |name: &str, value: String, style: Style| {
        spans.push(Span::styled(format!("   {name} "), theme.dim));
        spans.push(Span::styled(value, style));
    };
    let (outlier, style) = match decision.outlier {
        Some(true) => ("YES", theme.warn),
        Some(false) => ("no", theme.text),
        None => ("-", theme.dim),
    };
    tell("outlier", outlier.to_owned(), style);
    if let Some(block) = block
        && let Some(consensus) = &block.consensus
    {
        if is_undecided(block) {
            tell("consensus", "UNDECIDED".to_owned(), theme.warn);
        } else if votes_open {
            tell("consensus", consensus.clone(), theme.text);
        } else {
            // What the others' votes amount to tells them.
            tell("consensus", known::HIDDEN.to_owned(), theme.dim);
        }
    }
    let bucket = decision.bucket_state.as_deref().unwrap_or("-");
    tell("bucket", bucket.replace('_', " "), theme.text);
    Line::from(spans)
}

/// What is waited for: since when, and when the next look is.
fn waiting(decision: Option<&Decision>, told: Told, look: &Look<'_>) -> Option<Line<'static>> {
    if decision?.state != EventState::Pending {
        return None;
    }
    let words = match told {
        Told::Next(asked, next) => format!(
            " waits for its decision; asked {}, next look {}",
            look.tell(asked),
            look.tell(next)
        ),
        Told::GivenUp(at) => {
            format!(" no decision by {}; {} looks again", look.tell(at), look.key("triage.look"))
        }
        Told::No => " waits for its decision".to_owned(),
    };
    Some(Line::from(Span::styled(words, look.theme.dim)))
}

/// The label given from here, and how far it is.
fn yours(store: &Store, look: &Look<'_>, event: &EventKey) -> Option<Line<'static>> {
    let LabelState::Kept(row, label) = store.writes.label(event) else {
        return None;
    };
    let (words, style) = told(row, look);
    Some(Line::from(vec![
        Span::styled(" YOU ", look.theme.title),
        Span::styled(label.to_owned(), look.theme.label),
        Span::styled(format!("   {words}"), style),
    ]))
}

/// How far a write is, in words that promise nothing.
pub fn told(row: &Row, look: &Look<'_>) -> (String, Style) {
    let theme = look.theme;
    match &row.state {
        State::Grace => (
            format!("sends {}, {} undoes", look.tell(row.due.wall), look.key("shell.undo")),
            theme.dim,
        ),
        State::Due => (
            row.trouble.as_ref().map_or_else(
                || "waits its turn".to_owned(),
                |why| format!("again {}: {why}", look.tell(row.due.wall)),
            ),
            theme.warn,
        ),
        State::Held => (
            format!("HELD since {}: not sent; a digit labels anew", look.tell(row.changed)),
            theme.warn,
        ),
        State::Sending => ("sending".to_owned(), theme.dim),
        State::Sent(words) => {
            (format!("sent {}, the server says {words}", look.tell(row.changed)), theme.good)
        }
        State::Parked(words) => (format!("PARKED, not sent: {words}"), theme.bad),
        State::Unknown(words) => (format!("UNKNOWN whether it was applied: {words}"), theme.warn),
        State::Undone => ("taken back, never sent".to_owned(), theme.dim),
    }
}
