//! Darktrace's advanced search: which values a field has in the records a query matches, how they change, what they mean.
//!
//! A form above, results below. A call looks at 10,000 records; `>` looks at the next ones, and what was covered is always
//! said. The service is asked nothing before Enter.

mod draw;
mod form;
mod names;
mod results;
mod saved;
mod text;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::Look;
use super::{Pane, Rows};
use crate::api::darktrace::search::Analysis;
use crate::command::{Ask, Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::Policy;
use crate::store::Store;
use crate::ui::table::ListState;
use form::{Form, Part, Typed};
use results::{Pivot, Results, Run};

/// Searches of the session whose answers are kept.
const KEPT: usize = 20;

/// The pane.
#[derive(Default)]
pub struct SearchPane {
    form: Form,
    /// The session's searches, oldest first.
    runs: Vec<Run>,
    /// The one on the screen.
    current: usize,
    list: ListState,
    /// Why the form is no question, since Enter said so.
    refused: Option<(Part, String)>,
    /// The sheet of searches kept under a name.
    shelf: Option<saved::Shelf>,
    /// The one the form was filled from last.
    loaded: Option<String>,
}

impl Rows for SearchPane {
    const ID: PaneId = PaneId::Search;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "search.edit",
            title: "edit the query",
            keys: &["/"],
            hint: "query",
            ready: always,
            run: |pane, _| pane.form.focus = Some(Part::Query),
        },
        Row {
            id: "search.form",
            title: "to the form: time, query, metric, operation",
            keys: &["tab"],
            hint: "form",
            ready: always,
            run: |pane, _| pane.form.focus = Some(Part::Time),
        },
        Row {
            id: "search.form-back",
            title: "to the form's last part",
            keys: &["s-tab"],
            hint: "",
            ready: always,
            run: |pane, _| pane.form.focus = Some(Part::Operation),
        },
        Row {
            id: "search.open",
            title: "open the value under the cursor: endpoint, or device when it is one of ours",
            keys: &["enter"],
            hint: "open",
            ready: has_place,
            run: Self::open_value,
        },
        Row {
            id: "search.more",
            title: "look at the next 10,000 records",
            keys: &[">"],
            hint: "next 10k",
            ready: has_more,
            run: Self::more,
        },
        Row {
            id: "search.exclude",
            title: "exclude the value under the cursor, and run",
            keys: &["!"],
            hint: "exclude",
            ready: has_value,
            run: |pane, cx| pane.narrow(true, cx),
        },
        Row {
            id: "search.add",
            title: "add the value under the cursor to the query, and run",
            keys: &["+"],
            hint: "add",
            ready: has_value,
            run: |pane, cx| pane.narrow(false, cx),
        },
        Row {
            id: "search.endpoint",
            title: "look the value under the cursor up in Endpoint",
            keys: &["e"],
            hint: "",
            ready: has_place,
            run: |pane, cx| pane.go(PaneId::Endpoint, cx),
        },
        Row {
            id: "search.device",
            title: "look the value under the cursor up in Devices",
            keys: &["d"],
            hint: "",
            ready: has_place,
            run: |pane, cx| pane.go(PaneId::Devices, cx),
        },
        Row {
            id: "search.watch",
            title: "watch the value under the cursor…",
            keys: &["w"],
            hint: "watch",
            ready: has_place,
            run: |pane, cx| pane.go(PaneId::Watched, cx),
        },
        Row {
            id: "search.saved",
            title: "searches under a name: load, keep, rename, edit, remove",
            keys: &["F"],
            hint: "saved",
            ready: always,
            run: Self::open_shelf,
        },
        Row {
            id: "search.previous",
            title: "the search before this one",
            keys: &[","],
            hint: "",
            ready: always,
            run: |pane, cx| pane.turn(-1, cx),
        },
        Row {
            id: "search.next",
            title: "the search after this one",
            keys: &["."],
            hint: "",
            ready: always,
            run: |pane, cx| pane.turn(1, cx),
        },
    ];
}

fn has_value(pane: &SearchPane, store: &Store) -> Ready {
    pane.value(store).map(|_| ()).ok_or("there is no value under the cursor".into())
}

fn has_place(pane: &SearchPane, store: &Store) -> Ready {
    has_value(pane, store)?;
    let words = "it is neither an address nor a host name; + and ! narrow the search by it";
    pane.pivot(store).map(|_| ()).ok_or(words.into())
}

fn has_more(pane: &SearchPane, store: &Store) -> Ready {
    let Some(run) = pane.run() else {
        return Err("nothing was searched yet".into());
    };
    if run.pending(store) {
        return Err("the slice before is still under way; ^G stops it".into());
    }
    if run.broken(store) || Results::of(run, store).coverage.more {
        return Ok(());
    }
    Err("every matching record was looked at".into())
}

/// What a [`Target::Search`] asks for.
struct Wanted<'a> {
    time: Option<&'a str>,
    analysis: Option<(Analysis, &'a str)>,
    query: &'a str,
}

impl<'a> Wanted<'a> {
    fn of(target: &'a str) -> Self {
        let text = target.trim();
        let parts = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((before, query)) = parts else {
            return Self { time: None, analysis: None, query: text };
        };
        let (time, analysis) = before.split_once(';').unwrap_or((before, ""));
        let analysis = analysis.trim().split_once(char::is_whitespace);
        let analysis =
            analysis.and_then(|(word, field)| Some((saved::operation(word)?, field.trim())));
        let time = Some(time.trim()).filter(|time| !time.is_empty());
        Self { time, analysis, query: query.trim() }
    }

    fn is(&self, run: &Run) -> bool {
        let first = &run.first;
        self.query == first.query.search
            && self.time.is_none_or(|time| time == run.time)
            && self.analysis.is_none_or(|(operation, field)| {
                operation == first.operation && field == first.field
            })
    }
}

impl SearchPane {
    fn run(&self) -> Option<&Run> {
        self.runs.get(self.current)
    }

    /// The value under the cursor and the field it is of.
    fn value(&self, store: &Store) -> Option<(String, String)> {
        let run = self.run()?;
        let results = Results::of(run, store);
        let value = results.lines.get(self.list.cursor())?.value()?;
        Some((run.first.field.clone(), value.to_owned()))
    }

    fn pivot(&self, store: &Store) -> Option<Pivot> {
        let (field, value) = self.value(store)?;
        results::pivot(&field, &value)
    }

    fn open_value(&mut self, cx: &mut Cx<'_>) {
        match self.pivot(cx.store) {
            Some(Pivot::Endpoint(_)) => self.go(PaneId::Endpoint, cx),
            Some(Pivot::Device(_)) => self.go(PaneId::Devices, cx),
            None => {}
        }
    }

    fn go(&mut self, pane: PaneId, cx: &mut Cx<'_>) {
        let Some(Pivot::Endpoint(value) | Pivot::Device(value)) = self.pivot(cx.store) else {
            return;
        };
        let target = match pane {
            PaneId::Devices => Target::Find(value),
            PaneId::Watched => Target::Watch(value),
            _ => Target::Endpoint(value),
        };
        cx.go(pane, Some(target));
    }

    /// Runs the form's question.
    fn search(&mut self, cx: &mut Cx<'_>) {
        self.refused = None;
        let filled = self.fill_form(cx.store).map_err(|why| (Part::Query, why));
        let first = match filled.and_then(|()| self.form.read(cx.now.wall)) {
            Ok(first) => first,
            Err((part, why)) => {
                self.form.focus = Some(part);
                cx.say(Tone::Mind, why.clone());
                self.refused = Some((part, why));
                return;
            }
        };
        // What an earlier search still waits for is of no use any more.
        cx.store.leave(PaneId::Search.name());
        self.form.ran(&first.field);
        self.form.focus = None;
        self.stay();
        self.list = ListState::default();
        self.runs.push(Run {
            cursor: 0,
            time: self.form.time.text().to_owned(),
            at: cx.now.wall,
            slices: 1,
            first: first.clone(),
        });
        let surplus = self.runs.len().saturating_sub(KEPT);
        for run in self.runs.drain(..surplus) {
            for index in 0..run.slices {
                cx.store.analyses.remove(&run.slice(index));
            }
        }
        self.current = self.runs.len() - 1;
        cx.store.ask(first, Policy::Latest, cx.now);
    }

    /// Asks the next slice, or the last one again when it failed.
    fn more(&mut self, cx: &mut Cx<'_>) {
        let Some(run) = self.runs.get_mut(self.current) else {
            return;
        };
        if !run.broken(cx.store) {
            run.slices += 1;
        }
        cx.store.ask(run.slice(run.slices - 1), Policy::Latest, cx.now);
    }

    /// Narrows the query by the value under the cursor, and runs it.
    fn narrow(&mut self, exclude: bool, cx: &mut Cx<'_>) {
        let Some((field, value)) = self.value(cx.store) else {
            return;
        };
        let condition = text::condition(&field, &value);
        match text::narrowed(self.form.query.text(), &condition, exclude) {
            Ok(query) => {
                self.form.query.set(&query);
                self.search(cx);
            }
            Err(why) => cx.say(Tone::Mind, why),
        }
    }

    /// Shows an earlier or later search of the session, with what it found.
    fn turn(&mut self, by: isize, cx: &mut Cx<'_>) {
        let at = self.current.checked_add_signed(by).filter(|at| *at < self.runs.len());
        let Some(at) = at else {
            let which = if by < 0 { "before" } else { "after" };
            return cx.say(Tone::Mind, format!("there is no search {which} this one"));
        };
        self.show(at);
    }

    /// Remembers where the cursor is in the search on the screen.
    fn stay(&mut self) {
        let cursor = self.list.cursor();
        if let Some(run) = self.runs.get_mut(self.current) {
            run.cursor = cursor;
        }
    }

    /// Shows a search of the session with what it found, the cursor where it was.
    fn show(&mut self, at: usize) {
        self.stay();
        let Some(run) = self.runs.get(at) else { return };
        self.form.time.set(&run.time);
        self.form.query.set(&run.first.query.search);
        self.form.metric.set(&run.first.field);
        self.form.operation = run.first.operation;
        self.current = at;
        self.list = ListState::default();
        self.list.select(run.cursor);
        self.form.focus = None;
        self.refused = None;
    }

    fn lines(&self, store: &Store) -> usize {
        self.run().map_or(0, |run| Results::of(run, store).lines.len())
    }

    /// The operation's results cannot be put together over slices.
    fn stands_alone(operation: Analysis) -> bool {
        matches!(operation, Analysis::Trend | Analysis::Mean)
    }
}

impl Pane for SearchPane {
    fn open(&mut self, target: Option<Target>, _cx: &mut Cx<'_>) {
        match target {
            Some(Target::Search(target)) => {
                let wanted = Wanted::of(&target);
                // What the session asked already is shown with what it found: the one on the screen, else the newest.
                let here = self.run().is_some_and(|run| wanted.is(run)).then_some(self.current);
                let known = here.or_else(|| self.runs.iter().rposition(|run| wanted.is(run)));
                if let Some(at) = known {
                    return self.show(at);
                }
                if let Some(time) = wanted.time {
                    self.form.time.set(time);
                }
                if let Some((operation, field)) = wanted.analysis {
                    self.form.operation = operation;
                    self.form.metric.set(field);
                }
                self.form.query.set(wanted.query);
                self.form.focus = Some(Part::Query);
                self.loaded = None;
            }
            _ if self.runs.is_empty() => self.form.focus = Some(Part::Query),
            _ => {}
        }
    }

    /// The same question about the same words of time: `last 2h` has moved on since.
    fn refresh(&mut self, cx: &mut Cx<'_>) {
        if self.runs.is_empty() {
            let key = Ask::Say(Tone::Mind, "nothing was searched yet".to_owned());
            cx.asks.push(key);
        } else {
            self.search(cx);
        }
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let len = self.lines(cx.store);
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
    }

    fn place(&self) -> Option<Target> {
        let Run { first, time, .. } = self.run()?;
        let (operation, field, query) = (first.operation, &first.field, &first.query.search);
        Some(Target::Search(format!("[{time}; {operation} {field}] {query}")))
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let len = self.lines(store);
        Some((&mut self.list, len))
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        results::grid(self.run()?, store)
    }

    fn grid_row(&self) -> Option<usize> {
        Some(self.list.cursor())
    }

    fn piece(&self, store: &Store, _prefs: &crate::command::Prefs) -> Option<super::piece::Piece> {
        let run = self.run()?;
        let mut piece =
            super::piece::Piece::of_grid("result", results::grid(run, store)?, self.grid_row())?;
        let query = crate::export::defang_text(&crate::ui::text::clean(self.form.query.text()));
        piece.title = format!("{}: {}  of {query}", run.first.field, piece.title);
        piece.markdown = format!("{}\n- Query: {query}\n", piece.table.markdown().trim_end());
        piece.target = self.place();
        Some(piece)
    }

    fn typing(&self) -> bool {
        self.form.focus.is_some() || self.shelf.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        let form = &[("Enter", "run"), ("Tab", "next part"), ("^G", "leave")];
        self.shelf.as_ref().map_or(form, saved::Shelf::hints)
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        if self.shelf.is_some() {
            self.shelf_key(key, cx);
            return true;
        }
        match self.form.key(key) {
            Typed::Ignored => false,
            Typed::Taken => {
                self.refused = None;
                true
            }
            Typed::Run => {
                self.search(cx);
                true
            }
            Typed::Leave => {
                self.form.focus = None;
                self.refused = None;
                true
            }
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        match &mut self.shelf {
            Some(shelf) => shelf.paste(text),
            None => self.form.paste(text),
        }
    }

    fn cancel(&mut self) -> bool {
        self.refused = None;
        self.shelf.take().is_some() || self.form.focus.take().is_some()
    }

    fn heading(&self, _store: &Store) -> String {
        match self.runs.len() {
            0 => String::new(),
            len => format!("{}/{len}", self.current + 1),
        }
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let cursor = self.paint(store, look, area, buf);
        match &self.shelf {
            Some(shelf) => shelf.draw(self, store, look, area, buf),
            None => cursor,
        }
    }
}

#[cfg(test)]
mod tests;
