//! The whole pane: list, detail, strip, label line; what stands where at which size.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::blind::Others;
use super::detail::Detail;
use super::known::Known;
use super::{Part, TriagePane, session, strip};
use crate::api::Product;
use crate::api::arcanna::{EventState, JobId};
use crate::api::value::Time;
use crate::outbox::State;
use crate::panes::paint::{self, Look, freshness, put, rule};
use crate::store::{Digits, EventKey, LabelState, Store, key};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;
use crate::ui::time::Reach;

/// From this size on the detail stands beside the list and Darktrace below both.
const WIDE: (u16, u16) = (120, 30);

/// Rows of a wide screen below list and detail.
const LOWER: u16 = 11;

/// Rows below which there is only the list.
const LIST_ONLY: u16 = 14;

impl TriagePane {
    pub(super) fn draw_whole(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let Some(job) = &self.job else {
            let absent = look.prefs.absent.contains(&Product::Arcanna);
            let first = if absent { "Arcanna is not configured." } else { "No job is open." };
            let hint =
                format!("{} shows the jobs; Enter there opens one.", look.key("shell.go-jobs"));
            paint::empty(buf, area, look, &[first.to_owned(), hint]);
            return None;
        };
        let foot = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
        let body = Rect { height: area.height.saturating_sub(1), ..area };
        let typed = if area.width >= WIDE.0 && area.height >= WIDE.1 {
            let (upper, lower) = split(area, area.height - LOWER);
            self.draw_wide(store, look, upper, buf);
            self.draw_lower(store, look, job, lower, buf);
            true
        } else {
            self.draw_normal(store, look, body, buf);
            false
        };
        let over = self.draw_over(store, look, body, buf);
        if let Some(input) = &self.input {
            let at = input.field.draw(foot, buf, look.theme);
            if let Some(why) = &input.complaint {
                let words = format!("  {why} ");
                let wide = (text::width(&words) as u16).min(foot.width / 2);
                let right = Rect { x: foot.right() - wide, width: wide, ..foot };
                put(buf, right, 0, &Line::from(Span::styled(words, look.theme.warn)));
            }
            return at;
        }
        if !typed {
            self.draw_labels(store, look, job, foot, buf);
        }
        over
    }

    /// List above, detail below.
    fn draw_normal(&self, store: &Store, look: &Look<'_>, body: Rect, buf: &mut Buffer) {
        if body.height < LIST_ONLY {
            return self.draw_small(store, look, body, buf);
        }
        let (list, detail) = split(body, (body.height * 2 / 5).max(4));
        self.draw_list(store, look, list, buf);
        let Some(event) = self.current() else { return };
        let (title, below) = split(detail, 1);
        if self.part == Part::Raw {
            let name = format!("{}  RAW", event.event);
            rule(buf, title, 0, look, &name, &self.raw.place());
            return self.raw.draw(look, true, below, buf);
        }
        let part = if self.part == Part::Detail { "decision points" } else { "" };
        let name = format!("{}  {part}", event.event);
        rule(buf, title, 0, look, name.trim_end(), &self.remark(store, look, &event, detail));
        self.detail(store, look, &event).draw(below, buf);
    }

    /// One part alone, the one with the keyboard; what failed keeps a line.
    fn draw_small(&self, store: &Store, look: &Look<'_>, body: Rect, buf: &mut Buffer) {
        let event = self.current().filter(|_| self.part != Part::List);
        if let Some(event) = event {
            let (title, below) = split(body, 1);
            let part = if self.part == Part::Raw { "RAW" } else { "decision points" };
            let name = format!("{}  {part}", event.event);
            let place = if self.part == Part::Raw { self.raw.place() } else { String::new() };
            rule(buf, title, 0, look, &name, &place);
            if self.part == Part::Raw {
                return self.raw.draw(look, true, below, buf);
            }
            return self.detail(store, look, &event).draw(below, buf);
        }
        let stale = self.queue(store).filter(|queue| {
            queue.page.error.is_some() && !queue.page.pending && queue.page.value().is_some()
        });
        let Some(queue) = stale else {
            return self.draw_list(store, look, body, buf);
        };
        let (list, foot) = split(body, body.height.saturating_sub(1));
        self.draw_list(store, look, list, buf);
        let (words, style) = freshness(&queue.page, look);
        put(buf, foot, 0, &Line::from(Span::styled(format!(" {words}"), style)));
    }

    /// List at the left, detail and raw event at the right.
    fn draw_wide(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let left = Rect { width: area.width * 43 / 100, ..area };
        let right = Rect { x: area.x + left.width + 1, width: area.width - left.width - 1, ..area };
        self.draw_list(store, look, left, buf);
        let Some(event) = self.current() else { return };
        let (title, below) = split(right, 1);
        rule(
            buf,
            title,
            0,
            look,
            &event.event.to_string(),
            &self.remark(store, look, &event, right),
        );
        let detail = self.detail(store, look, &event);
        let used = detail.draw_head(below, buf);
        let (_, below) = split(below, used + 1);
        let column = Rect { width: below.width * 58 / 100, ..below };
        detail.draw_column(column, buf);
        let raw = Rect {
            x: column.right() + 1,
            width: below.width.saturating_sub(column.width + 1),
            ..below
        };
        let (head, tree) = split(raw, 1);
        let active = self.part == Part::Raw;
        let words = if active {
            format!("RAW  {}", self.raw.place())
        } else {
            format!("RAW  {} goes there", look.key("triage.next-part"))
        };
        let words = text::cut(&text::clean(&words), usize::from(head.width), look.theme.ellipsis())
            .into_owned();
        let style = if active { look.theme.title } else { look.theme.dim };
        put(buf, head, 0, &Line::from(Span::styled(words, style)));
        self.raw.draw(look, active, tree, buf);
    }

    /// The strip, the labels, the last three of them, and the session.
    fn draw_lower(
        &self,
        store: &Store,
        look: &Look<'_>,
        job: &JobId,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let width = usize::from(area.width);
        let (head, lines) = match self.current() {
            Some(event) => strip::strip(store, look, &event, width),
            None => ("DARKTRACE".to_owned(), Vec::new()),
        };
        rule(buf, area, 0, look, &head, "");
        for (row, line) in lines.iter().enumerate() {
            put(buf, area, row as u16 + 1, line);
        }
        rule(buf, area, 4, look, "", "");
        let (_, from_labels) = split(area, 5);
        self.draw_labels(store, look, job, Rect { height: 1, ..from_labels }, buf);
        rule(buf, area, 6, look, "", "");
        let labels = store.writes.newest().filter(|row| row.draft.act.labels().is_some()).take(3);
        for (row, write) in labels.enumerate() {
            put(buf, area, row as u16 + 7, &session::last(store, write, look));
        }
        let spans = session::line(store, look, &self.view, self.left(store), width);
        put(buf, area, 10, &Line::from(spans));
    }

    fn detail<'a>(
        &'a self,
        store: &'a Store,
        look: &'a Look<'a>,
        event: &'a EventKey,
    ) -> Detail<'a> {
        Detail {
            store,
            look,
            event,
            told: self.polls.told(&event.event),
            note: self.notes.get(event).map(String::as_str),
            focus: (self.part == Part::Detail).then(|| self.point.cursor()),
            scroll: self.scroll,
        }
    }

    fn draw_list(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let (Some(job), Some(queue)) = (&self.job, self.queue(store)) else {
            return;
        };
        if self.shown.is_empty() {
            return self.nothing(store, look, area, buf);
        }
        let wide = self.shown.len() > 1 && area.width >= 60;
        // As wide as the job's labels, so that they are read whole where that costs the title little.
        let labels = store.labels(job).unwrap_or_default();
        let ai = labels.iter().map(|label| text::width(label)).max();
        let ai = ai.unwrap_or(8).clamp(8, 11) as u16;
        let times = self.shown.iter().filter_map(|event| time(store, &key(job, event))?.at());
        let reach = look.clock.reach(times);
        let (title, cells) = look.clock.column(reach);
        let buckets = queue.has_buckets();
        let mut columns = vec![
            Column::new(title, Width::Fixed(cells)),
            Column::new("AI", Width::Flex(ai, 1)),
            Column::new("CONF", Width::Fixed(4)).right(),
            Column::new("FLAG", Width::Fixed(4)),
            Column::new("TITLE", Width::Flex(22, if wide { 6 } else { 5 })),
            Column::new("SRC", Width::Fixed(15)).rank(1),
        ];
        if buckets {
            columns.insert(4, Column::new("xN", Width::Fixed(3)).right().rank(2));
        }
        let table = Table::new(columns).marks(2).active(self.part == Part::List);
        table.draw(area, buf, look.theme, &self.list, self.shown.len(), |index| {
            let event = key(job, &self.shown[index]);
            let mut cells = row(store, look, &event, reach);
            if buckets {
                let many = queue.bucket(&event.event).len();
                let words = if many > 1 { format!("x{many}") } else { String::new() };
                cells.cells.insert(4, Text::styled(words, look.theme.dim));
            }
            if self.marks.contains(&event.event) {
                let label = cells.mark.text.chars().next().unwrap_or(' ');
                cells.mark = Text::styled(format!("*{label}"), look.theme.marked);
                cells.style = look.theme.marked;
            }
            cells
        });
    }

    /// The right word of the detail's rule: what is under way, or when the list was read.
    fn remark(&self, store: &Store, look: &Look<'_>, event: &EventKey, area: Rect) -> String {
        let status = store.decisions.get(event).is_some_and(|one| one.pending);
        let export = store.exports.get(event).is_some_and(|one| one.pending);
        if status || export {
            return "loading the event".to_owned();
        }
        let mut words =
            self.queue(store).map(|queue| freshness(&queue.page, look).0).unwrap_or_default();
        if !store.votes_open(event)
            && let Some(others) =
                Others::of(&Known::of(store, event), look.prefs.analyst.as_deref())
        {
            words = format!("{}   {words}", others.covered(look));
        }
        if !self.marks.is_empty() {
            words = format!("{} marked   {words}", self.marks.len());
        }
        text::cut(&words, usize::from(area.width / 2), look.theme.ellipsis()).into_owned()
    }

    fn draw_labels(
        &self,
        store: &Store,
        look: &Look<'_>,
        job: &JobId,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let mut spans = vec![Span::styled(" LABEL  ", theme.title)];
        let mut room = usize::from(area.width).saturating_sub(8);
        let mut add = |key: &str, word: &str, style: Style| {
            // Whole or not at all; labels are cut rather than left out.
            let wide = text::width(key) + text::width(word) + 1;
            if wide <= room || style == theme.label {
                room = room.saturating_sub(wide + 2);
                spans.push(Span::styled(key.to_owned(), theme.key));
                spans.push(Span::styled(format!(" {word}  "), style));
            }
        };
        match store.digits(job) {
            Digits::Ready(digits) => {
                // A long label leaves the others their room.
                let each =
                    (usize::from(area.width) / digits.len().max(1)).saturating_sub(5).max(12);
                for (digit, label) in &digits {
                    let label = text::cut(&text::clean(label), each, theme.ellipsis()).into_owned();
                    add(&look.keymap.label_key(*digit).to_string(), &label, theme.label);
                }
                let all = store.labels(job).map_or(0, <[String]>::len);
                if all > digits.len() {
                    add(":", &format!("{} more", all - digits.len()), theme.dim);
                }
                if look.prefs.read_only {
                    add("", "READ-ONLY", theme.warn);
                } else if look.prefs.analyst.is_none() {
                    add("", "no analyst name: nothing can be sent", theme.warn);
                }
                for (id, word) in [
                    ("shell.undo", "undo"),
                    ("triage.skip", "skip"),
                    ("triage.note", "note"),
                    ("triage.second-opinion", "2nd opinion"),
                    ("triage.blind", if store.blind.forced { "blind: on" } else { "blind: off" }),
                ] {
                    add(&look.key(id), word, theme.dim);
                }
            }
            Digits::Changed { added, gone } => {
                let mut words = "the decision set changed".to_owned();
                for (list, what) in [(&added, "new"), (&gone, "gone")] {
                    if !list.is_empty() {
                        words = format!("{words}; {what}: {}", list.join(", "));
                    }
                }
                add("", &words, theme.warn);
                add(&look.key("triage.pin"), "pins its digits anew", theme.text);
            }
            Digits::Unknown => {
                spans.push(Span::styled("the decision set is not read yet", theme.dim));
            }
        }
        put(buf, area, 0, &Line::from(spans));
    }

    /// What stands where the list would be.
    fn nothing(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let Some(queue) = self.queue(store) else {
            return;
        };
        if !queue.lines().is_empty() {
            let hint = if self.filter.is_empty() {
                format!("{} shows the next view.", look.key("triage.next-view"))
            } else {
                "^G clears the filter; Enter on a single word opens the event of that id."
                    .to_owned()
            };
            let first = format!("Nothing in {}.", self.origin());
            return paint::empty(buf, area, look, &[first, hint]);
        }
        let open = format!("{} opens an event by its id.", look.key("triage.find"));
        let sentences = match (&queue.page.error, queue.page.pending) {
            (Some((error, _)), false) if matches!(error.status, Some(404 | 405)) => vec![
                "This server lists no events (its key or version has no event query).".to_owned(),
                open,
            ],
            (Some((error, _)), false) => {
                let again = format!("{} tries again.", look.key("shell.refresh"));
                [paint::complaint(error), vec![again, open]].concat()
            }
            (_, true) => vec!["loading the events".to_owned()],
            (None, false) if queue.page.value().is_some() => {
                vec!["This job has no events.".to_owned(), open]
            }
            (None, false) => vec![
                "The events are not read yet.".to_owned(),
                format!("{} reads them.", look.key("shell.refresh")),
            ],
        };
        paint::empty(buf, area, look, &sentences);
    }
}

/// The first `rows` rows of an area, and the rest.
fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// When an event happened; without that, when it was taken in.
fn time<'a>(store: &'a Store, event: &EventKey) -> Option<&'a Time> {
    let found = store.queues.get(&event.job).and_then(|queue| queue.found(&event.event));
    found.and_then(|found| found.time.as_ref()).or_else(|| store.decision(event)?.ingested.as_ref())
}

/// One line of the list; the cell of the bucket is put in by the caller.
fn row<'a>(store: &'a Store, look: &Look<'_>, event: &EventKey, reach: Reach) -> Cells<'a> {
    let known = Known::of(store, event);
    let theme = look.theme;
    let decision = known.decision.as_deref();
    let time = match time(store, event) {
        Some(Time::At(at)) => look.clock.cell(*at, reach),
        Some(Time::Unread(text)) => text.clone(),
        None => "-".to_owned(),
    };
    let low = known.is_low(look);
    let outlier = decision.is_some_and(|decision| decision.outlier == Some(true));
    let flags =
        [(outlier, 'O'), (low, 'L'), (known.is_undecided(), 'U'), (known.is_changed(), 'C')];
    let flags: String = flags.into_iter().filter_map(|(on, flag)| on.then_some(flag)).collect();
    let source = known.source().unwrap_or_default();
    let (mark, mark_style) = mark(store, event, look).unwrap_or_default();
    let label_style = match decision.map(|decision| &decision.state) {
        Some(EventState::Error) => theme.bad,
        Some(EventState::Pending) | None => theme.dim,
        _ if known.hidden => theme.dim,
        _ => theme.label,
    };
    let title = known.title().into_owned();
    Cells::new([
        Text::styled(time, theme.dim),
        Text::styled(known.says(), label_style),
        Text::styled(known.sure(), if low { theme.warn } else { theme.text }),
        Text::styled(flags, theme.warn),
        Text::from(title),
        Text::styled(source, theme.dim),
    ])
    .mark(Text::styled(mark, mark_style))
}

/// The mark of an event: a label given from here, a second opinion, a skip, or a label the server holds.
fn mark(store: &Store, event: &EventKey, look: &Look<'_>) -> Option<(String, Style)> {
    let theme = look.theme;
    match store.writes.label(event) {
        LabelState::Staging => return Some(("..".to_owned(), theme.dim)),
        LabelState::Kept(row, label) => {
            let letter = label.chars().next().unwrap_or('?');
            let (sign, style) = match &row.state {
                State::Sent(_) => ('.', theme.good),
                State::Parked(_) => ('!', theme.bad),
                State::Unknown(_) => ('?', theme.warn),
                State::Held => ('=', theme.warn),
                State::Undone => return None,
                State::Grace | State::Due | State::Sending => ('~', theme.accent),
            };
            return Some((format!("{letter}{sign}"), style));
        }
        LabelState::None => {}
    }
    let queue = store.queues.get(&event.job)?;
    if queue.is_second(&event.event) {
        return Some(("?.".to_owned(), theme.warn));
    }
    if queue.is_skipped(&event.event) {
        return Some(("s".to_owned(), theme.dim));
    }
    let state = store.decision(event)?.bucket_state.as_deref()?;
    (!state.eq_ignore_ascii_case("new")).then(|| ("kb".to_owned(), theme.dim))
}
