//! How jobs look: all of them while there is room, and below or beside them what is known of one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::figures::{self, Waiting};
use super::{JobsPane, key, model, train};
use crate::api::Product;
use crate::api::arcanna::count::CountOpen;
use crate::api::arcanna::jobs::{Job, JobStatus};
use crate::api::arcanna::metrics::JobMetrics;
use crate::outbox::{Act, Row, State};
use crate::panes::paint::{self, Look, freshness, put, rule, when, when_in};
use crate::store::{Digits, Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// From this width on the job stands beside the list.
const WIDE: u16 = 120;

/// Rows a job needs below the list to be worth showing.
const LEAST: u16 = 6;

impl JobsPane {
    pub(super) fn paint(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let remote = &store.job_list;
        let (words, style) = freshness(remote, look);
        let foot = area.height.saturating_sub(1);
        match (remote.value(), &remote.error) {
            (None, Some((error, _))) => return paint::failed(buf, area, look, error),
            (None, None) => {
                if !paint::unconfigured(Product::Arcanna, look, area, buf) {
                    paint::empty(buf, area, look, &["loading the jobs".to_owned()]);
                }
                return;
            }
            (Some(jobs), _) if jobs.is_empty() => paint::empty(
                buf,
                area,
                look,
                &[
                    "No job carries this key.".into(),
                    format!(
                        "Attach the key to a job's External REST API input in Arcanna, then {}.",
                        look.key("shell.refresh")
                    ),
                ],
            ),
            (Some(jobs), _) => {
                let body = Rect { height: foot, ..area };
                self.paint_jobs(jobs, store, look, body, buf);
            }
        }
        let line = Line::from(Span::styled(format!(" {words}"), style));
        put(buf, area, foot, &line);
    }

    fn paint_jobs(
        &self,
        jobs: &[Job],
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let job = self.current(store);
        if area.width >= WIDE {
            let left = Rect { width: area.width * 9 / 20, ..area };
            self.draw_list(jobs, store, look, left, buf);
            let right = Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area };
            if let Some(job) = job {
                self.draw_job(job, store, look, right, buf);
            }
            return;
        }
        let wanted = jobs.len() as u16 + 1;
        let facts = job.map_or(0, |job| self.facts(job, store, look).len() as u16 + 1);
        // All jobs are shown while that leaves room for the facts that matter most; the blank row goes first.
        let rows = wanted.min(area.height.saturating_sub(facts.min(LEAST)));
        let rows = if area.height < 14 { area.height } else { rows };
        self.draw_list(jobs, store, look, Rect { height: rows, ..area }, buf);
        let gap = u16::from(area.height > rows + facts);
        let below = Rect {
            y: area.y + (rows + gap).min(area.height),
            height: area.height.saturating_sub(rows + gap),
            ..area
        };
        if let Some(job) = job.filter(|_| below.height > 1) {
            self.draw_job(job, store, look, below, buf);
        }
    }

    fn draw_list(
        &self,
        jobs: &[Job],
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let low = look.prefs.low_confidence;
        let waiting: Vec<Waiting> =
            jobs.iter().map(|job| Waiting::of(store, &job.id, low)).collect();
        // A column stands only where something can be in it.
        let counts =
            figures::may(store, CountOpen::SCOPE) || waiting.iter().any(|one| one.open.is_some());
        let metrics = figures::may(store, JobMetrics::SCOPE);
        let mut columns = vec![
            Column::new("ID", Width::Fixed(7)),
            Column::new("TITLE", Width::Flex(14, 3)),
            Column::new("STATUS", Width::Flex(9, 1)),
            Column::new("LAST", Width::Fixed(12)),
        ];
        if counts {
            columns.push(Column::new("OPEN", Width::Fixed(5)).right().rank(1));
            columns.push(Column::new("LOWC", Width::Fixed(5)).right().rank(2));
        }
        columns.push(Column::new("NEW LABELS", Width::Fixed(10)).right().rank(4));
        if metrics {
            columns.push(Column::new("ACC", Width::Fixed(4)).right().rank(3));
        }
        columns.extend([
            Column::new("SEEN", Width::Fixed(7)).right().rank(5),
            Column::new("FEEDBACK", Width::Fixed(8)).right().rank(6),
            Column::new("TRAINED", Width::Fixed(12)).rank(7),
            Column::new("LABELS", Width::Flex(12, 2)).rank(8),
        ]);
        let table = Table::new(columns);
        table.draw(area, buf, theme, &self.list, jobs.len(), |index| {
            let job = &jobs[index];
            let count = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), text::thousands);
            let runs = job.status.as_ref().and_then(JobStatus::runs);
            let (status, style) = if job.invalid == Some(true) {
                ("INVALID".to_owned(), theme.bad)
            } else {
                let style = if runs == Some(true) { theme.good } else { theme.warn };
                (status(job), style)
            };
            let changed = self.sets.get(&job.id).is_some_and(|set| set.changed.is_some());
            let labels = job.labels.as_deref().unwrap_or_default().join(" ");
            let mut cells = vec![
                Text::from(job.id.to_string()),
                Text::from(job.title.clone().unwrap_or_else(|| "-".into())),
                Text::styled(status, style),
                Text::from(when_in(12, job.last_processed.as_ref(), look)),
            ];
            if counts {
                cells.push(Text::from(count(waiting[index].open)));
                cells.push(Text::from(count(waiting[index].low)));
            }
            // Labels of others since the training are not known: these are the ones given from here.
            let yours: usize =
                train::Given::of(&job.id, train::trained(job), store).sent.values().sum();
            cells.push(Text::from(if yours == 0 {
                "0".to_owned()
            } else {
                format!("{yours} you")
            }));
            if metrics {
                let read = figures::metrics(store, &job.id).and_then(Remote::value);
                cells.push(Text::from(model::share(read.and_then(|read| read.accuracy))));
            }
            cells.extend([
                Text::from(count(job.processed)),
                Text::from(count(job.with_feedback)),
                Text::styled(when_in(12, job.last_train_finished.as_ref(), look), theme.dim),
                if changed {
                    Text::styled(format!("CHANGED {labels}"), theme.warn)
                } else {
                    Text::styled(labels, theme.dim)
                },
            ]);
            Cells::new(cells).style(if runs == Some(false) { theme.dim } else { theme.text })
        });
    }

    fn draw_job(&self, job: &Job, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let title = format!("{} {}", job.id, job.title.as_deref().unwrap_or("-"));
        let category = job.category.as_deref().unwrap_or("");
        rule(buf, area, 0, look, &title, category);
        let area =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        let wide = usize::from(area.width);
        let facts = self.facts(job, store, look).into_iter();
        let lines = facts.flat_map(|(name, value)| {
            let mut spans = vec![Span::styled(format!(" {name:<NAME$} "), look.theme.dim)];
            let used: usize = value.iter().map(|span| text::width(&span.content)).sum();
            // Words that do not fit go on in the next line, below where they began.
            if used + NAME + 2 > wide {
                let words: String = value.iter().map(|span| span.content.as_ref()).collect();
                let pieces = text::wrap(&words, wide.saturating_sub(NAME + 3).max(8));
                let style = value.last().map_or(look.theme.text, |span| span.style);
                return pieces
                    .into_iter()
                    .enumerate()
                    .map(|(index, piece)| {
                        let name = if index == 0 { name } else { "" };
                        Line::from(vec![
                            Span::styled(format!(" {name:<NAME$} "), look.theme.dim),
                            Span::styled(piece, style),
                        ])
                    })
                    .collect();
            }
            spans.extend(value);
            vec![Line::from(spans)]
        });
        let lines: Vec<Line<'_>> = lines.collect();
        let most = lines.len().saturating_sub(usize::from(area.height));
        self.above.set(most);
        paint::put_lines(buf, area, lines, self.scroll.min(most));
    }

    /// What is known of a job, the most useful first: a small screen shows only the beginning.
    fn facts(&self, job: &Job, store: &Store, look: &Look<'_>) -> Vec<Fact> {
        let theme = look.theme;
        let plain = |value: String| vec![Span::raw(value)];
        let count = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), text::thousands);
        let mut facts = vec![("labels", labels(job, store, look))];
        facts.push(("decision set", self.set(job, store, look)));
        let mut training = when(job.last_train_finished.as_ref(), look);
        if let Some(at) = train::under_way(job) {
            training = format!("began {}, not finished", look.tell(at));
        }
        for more in [&job.retrain_state, &job.retrain_message].into_iter().flatten() {
            training = format!("{training}   {more}");
        }
        facts.push(("last training", plain(training)));
        if let Some(row) = store.writes.newest().find(|row| own(row, job)) {
            facts.push(("last write", write(row, look)));
        }
        let given = train::Given::of(&job.id, train::trained(job), store);
        let mut since = given.words();
        if since.is_empty() {
            "none sent from here".clone_into(&mut since);
        }
        let mut since = plain(since);
        if given.unsent > 0 {
            let words = format!("   {} not sent yet", given.unsent);
            since.push(Span::styled(words, theme.warn));
        }
        facts.push(("labels since", since));
        let agreements = given.agreements;
        if let Some(words) = paint::agreement(&agreements) {
            let mut spans = vec![Span::raw(words.trim_start_matches("agree ").to_owned())];
            if let Some(gap) = agreements.gap().filter(|gap| *gap >= train::APART) {
                let words = format!("   <- {gap:.0} points apart");
                spans.push(Span::styled(words, theme.warn));
            }
            facts.push(("you and the AI", spans));
        }
        facts.extend(model::facts(&job.id, store, look));
        facts.push((
            "events",
            plain(format!(
                "{} seen   {} with feedback   newest feedback {}",
                count(job.processed),
                count(job.with_feedback),
                when(job.last_feedback.as_ref(), look)
            )),
        ));
        facts.extend(key_words(store, look));
        if job.invalid == Some(true) {
            let words = "the product marks this job as invalid: its settings no longer fit";
            facts.insert(0, ("invalid", vec![Span::styled(words, theme.bad)]));
        }
        let points = job.decision_points.as_deref().unwrap_or_default();
        let points = if points.is_empty() { "-".to_owned() } else { points.join("  ") };
        facts.push(("decision points", plain(points)));
        facts
    }

    /// How the decision set does against what was seen before.
    fn set(&self, job: &Job, store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
        let theme = look.theme;
        if let Some(set) = store.decision_sets.get(&job.id)
            && (set.pending || set.error.is_some())
        {
            let (words, style) = freshness(set, look);
            return vec![Span::styled(words, style)];
        }
        match self.sets.get(&job.id) {
            None => vec![Span::styled("-", theme.dim)],
            Some(set) => match &set.changed {
                Some((words, at)) => vec![Span::styled(
                    format!(
                        "CHANGED {}: {words}   {} takes it as known",
                        look.tell(*at),
                        look.key("jobs.decision-set")
                    ),
                    theme.warn,
                )],
                None => vec![Span::styled(
                    format!("unchanged since {}", look.tell(set.since)),
                    theme.dim,
                )],
            },
        }
    }
}

/// A name and what is known.
pub(super) type Fact = (&'static str, Vec<Span<'static>>);

/// Cells of a fact's name.
const NAME: usize = 15;

/// Whether a write trains this job or sends it an event.
fn own(row: &Row, job: &Job) -> bool {
    match &row.draft.act {
        Act::Train(train) => train.job == job.id,
        Act::Send(send) => send.job == job.id,
        _ => false,
    }
}

/// A write and how far it is.
fn write(row: &Row, look: &Look<'_>) -> Vec<Span<'static>> {
    let theme = look.theme;
    let deed = match &row.draft.act {
        Act::Train(_) => "train",
        _ => "send event",
    };
    let at = look.tell(row.changed);
    let (words, style) = match &row.state {
        State::Grace | State::Due => {
            let words = format!("waits until {}, u takes it back", look.tell(row.due.wall));
            (words, theme.warn)
        }
        State::Held => {
            ("held from an earlier session, not sent; Activity decides".to_owned(), theme.warn)
        }
        State::Sending => ("on its way".to_owned(), theme.dim),
        State::Sent(said) => (format!("sent {at}, Arcanna said {said}"), theme.good),
        State::Parked(why) => (format!("refused {at}: {why}"), theme.bad),
        State::Unknown(why) => (format!("outcome unknown {at}: {why}"), theme.bad),
        State::Undone => (format!("taken back {at}"), theme.dim),
    };
    vec![Span::raw(format!("{deed}   ")), Span::styled(words, style)]
}

fn status(job: &Job) -> String {
    job.status.as_ref().map_or_else(|| "-".to_owned(), |status| status.as_str().to_owned())
}

/// Whether Arcanna takes the key, and what the key may do where the server tells.
fn key_words(store: &Store, look: &Look<'_>) -> Vec<Fact> {
    let theme = look.theme;
    let mut spans = match (store.health.value(), &store.health.error) {
        (_, Some((error, _))) => {
            return vec![("key", vec![Span::styled(error.to_string(), theme.bad)])];
        }
        (Some(_), None) => vec![Span::styled("accepted", theme.good)],
        (None, None) => vec![Span::styled("not asked yet", theme.dim)],
    };
    let mut not = String::new();
    match (store.scopes.value(), &store.scopes.error) {
        (Some(granted), _) => {
            let (may, may_not) = key::told(granted);
            let may = if may.is_empty() { "nothing an analyst needs".to_owned() } else { may };
            spans.push(Span::raw(format!("; may {may}")));
            not = may_not;
        }
        (None, Some(_)) => {
            spans.push(Span::styled("; the server does not tell what it may do", theme.dim))
        }
        (None, None) => {}
    }
    let mut facts = vec![("key", spans)];
    if !not.is_empty() {
        facts.push(("", vec![Span::styled(format!("not: {not}"), theme.warn)]));
    }
    facts
}

/// The labels with their digits: `1 Drop   2 Escalate`.
fn labels(job: &Job, store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
    let digits = match store.digits(&job.id) {
        Digits::Ready(digits) => digits,
        Digits::Unknown => return vec![Span::raw("-")],
        Digits::Changed { .. } => {
            let key = look.key("jobs.decision-set");
            let words = format!("the decision set changed; {key} pins its digits anew");
            return vec![Span::styled(words, look.theme.warn)];
        }
    };
    let spans = digits.into_iter().flat_map(|(digit, label)| {
        [
            Span::styled(format!("{digit} "), look.theme.key),
            Span::styled(format!("{label}   "), look.theme.label),
        ]
    });
    spans.collect()
}
