//! What was written and what was asked: every write with its state, every call with status, attempts and time.

mod draw;
mod piece;
mod session;
#[cfg(test)]
mod tests;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::paint::{Look, put};
use super::{Pane, Rows};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::{Live, Ticket};
use crate::outbox::{Act, Request, Row as Write, RowId, State};
use crate::store::{Entry, EventKey, Store, key};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// From this size on the session stands beside the detail.
const WIDE: (u16, u16) = (120, 30);

/// The two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Writes,
    Calls,
}

/// The pane.
#[derive(Default)]
pub struct ActivityPane {
    part: Part,
    writes: ListState,
    calls: ListState,
    /// Rows each list had when it was last looked at: what came since stands above the cursor.
    had: (usize, usize),
    /// Only what holds these words, in lower case.
    filter: String,
    field: Option<Field>,
    /// The row whose giving up was asked for once.
    giving_up: Option<RowId>,
}

impl Rows for ActivityPane {
    const ID: PaneId = PaneId::Activity;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "activity.next-part",
            title: "the other list: writes, calls",
            keys: &["tab", "s-tab"],
            hint: "writes/calls",
            ready: always,
            run: Self::turn,
        },
        Row {
            id: "activity.open",
            title: "open the event of the write",
            keys: &["enter"],
            hint: "open event",
            ready: has_event,
            run: Self::open_event,
        },
        Row {
            id: "activity.resend",
            title: "send a held, parked or unknown write",
            keys: &["R"],
            hint: "send again",
            ready: asks,
            run: Self::resend,
        },
        Row {
            id: "activity.drop",
            title: "give a held, parked or unknown write up (twice: it asks)",
            keys: &["X"],
            hint: "give up",
            ready: asks,
            run: Self::give_up,
        },
        Row {
            id: "activity.find",
            title: "show only what holds a text",
            keys: &["/"],
            hint: "filter",
            ready: always,
            run: Self::find,
        },
    ];
}

/// The event that a write labels or sends.
fn event_of(row: &Write) -> Option<EventKey> {
    match &row.draft.act {
        Act::Send(send) => send.id.as_ref().map(|id| key(&send.job, id)),
        act => act.labels().map(|(job, event, _)| key(job, event)),
    }
}

fn has_event(pane: &ActivityPane, store: &Store) -> Ready {
    let event = pane.write(store).and_then(event_of);
    event.map(|_| ()).ok_or("the cursor is on no label and no event that was sent by its id".into())
}

fn asks(pane: &ActivityPane, store: &Store) -> Ready {
    if pane.write(store).is_some_and(|row| row.state.asks()) {
        Ok(())
    } else {
        Err("only a held, parked or unknown write can be sent again or given up".into())
    }
}

/// Whether a write's line holds every word of the filter.
fn holds(row: &Write, words: &str) -> bool {
    let state = match row.state {
        State::Grace => "grace",
        State::Held => "held",
        State::Due => "retry due",
        State::Sending => "sending",
        State::Sent(_) => "sent",
        State::Parked(_) => "parked",
        State::Unknown(_) => "unknown",
        State::Undone => "undone",
    };
    let said = match &row.state {
        State::Sent(said) | State::Parked(said) | State::Unknown(said) => said.as_str(),
        _ => row.trouble.as_deref().unwrap_or_default(),
    };
    let line = format!("{state} {} {said}", row.draft.act.summary()).to_lowercase();
    words.split_whitespace().all(|word| line.contains(word))
}

/// A line of the calls: under way, or ended.
enum CallLine<'a> {
    Live(Ticket, &'a Live),
    Ended(&'a Entry),
}

impl CallLine<'_> {
    fn ticket(&self) -> Ticket {
        match self {
            Self::Live(ticket, _) => *ticket,
            Self::Ended(entry) => entry.ticket,
        }
    }
}

/// All calls, the youngest first: a call keeps its place when it ends.
fn calls(store: &Store) -> Vec<CallLine<'_>> {
    let live = store.jobs.live().map(|(ticket, live)| CallLine::Live(ticket, live));
    let mut lines: Vec<CallLine<'_>> =
        live.chain(store.activity.newest().map(CallLine::Ended)).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.ticket()));
    lines
}

impl ActivityPane {
    fn turn(&mut self, _cx: &mut Cx<'_>) {
        self.part = if self.part == Part::Writes { Part::Calls } else { Part::Writes };
    }

    /// The writes that are shown, newest first.
    fn shown<'a>(&'a self, store: &'a Store) -> impl Iterator<Item = &'a Write> {
        store.writes.newest().filter(|row| self.filter.is_empty() || holds(row, &self.filter))
    }

    fn shown_calls<'a>(&self, store: &'a Store) -> Vec<CallLine<'a>> {
        let mut lines = calls(store);
        lines.retain(|line| {
            let call = match line {
                CallLine::Live(_, live) => &live.call,
                CallLine::Ended(entry) => &entry.call,
            };
            let text = format!("{} {} {call}", call.product, call.name).to_lowercase();
            self.filter.split_whitespace().all(|word| text.contains(word))
        });
        lines
    }

    fn counts(&self, store: &Store) -> (usize, usize) {
        (self.shown(store).count(), self.shown_calls(store).len())
    }

    fn write<'a>(&'a self, store: &'a Store) -> Option<&'a Write> {
        (self.part == Part::Writes).then(|| self.shown(store).nth(self.writes.cursor()))?
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let mut field =
            Field::new("show only: ").placeholder("words of the line, such as parked 1202");
        field.set(&self.filter);
        self.field = Some(field);
    }

    fn filtered(&mut self, words: &str, store: &Store) {
        self.filter = words.trim().to_lowercase();
        self.writes = ListState::default();
        self.calls = ListState::default();
        self.had = self.counts(store);
    }

    /// The first press asks, the second on the same row does it.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        let Some((id, what)) = self.write(cx.store).map(|row| (row.id, row.draft.act.summary()))
        else {
            return;
        };
        if self.giving_up.take() == Some(id) {
            cx.store.outbox(Request::Drop(id));
        } else {
            self.giving_up = Some(id);
            cx.say(Tone::Mind, format!("the same key again gives it up for ever: {what}"));
        }
    }

    fn open_event(&mut self, cx: &mut Cx<'_>) {
        let event = self.write(cx.store).and_then(event_of);
        if let Some(event) = event {
            cx.go(PaneId::Triage, Some(Target::Event(event.job, event.event)));
        }
    }

    fn resend(&mut self, cx: &mut Cx<'_>) {
        if let Some(id) = self.write(cx.store).map(|row| row.id) {
            cx.store.outbox(Request::Resend(id));
            cx.say(Tone::Fine, "it goes out now");
        }
    }
}

impl Pane for ActivityPane {
    fn open(&mut self, _target: Option<Target>, cx: &mut Cx<'_>) {
        self.writes = ListState::default();
        self.calls = ListState::default();
        self.giving_up = None;
        self.had = self.counts(cx.store);
        // Another session may have changed some.
        cx.store.outbox(Request::Reread);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let have = self.counts(cx.store);
        self.writes.shift(have.0.saturating_sub(self.had.0) as isize);
        self.calls.shift(have.1.saturating_sub(self.had.1) as isize);
        self.had = have;
    }

    fn moved(&mut self, _cx: &mut Cx<'_>) {
        self.giving_up = None;
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.store.outbox(Request::Reread);
        cx.say(Tone::Fine, "calls are always current; writes were read again");
    }

    fn typing(&self) -> bool {
        self.field.is_some()
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(field) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                let words = field.take();
                self.field = None;
                self.filtered(&words, cx.store);
                true
            }
            Reaction::Cancel => {
                self.field = None;
                true
            }
            Reaction::Ignored => false,
            _ => true,
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        self.field.as_mut().map(|field| field.paste(text)).is_some()
    }

    fn cancel(&mut self) -> bool {
        self.giving_up = None;
        if self.field.take().is_some() {
            return true;
        }
        let had = !self.filter.is_empty();
        self.filter.clear();
        had
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let (writes, calls) = self.counts(store);
        Some(match self.part {
            Part::Writes => (&mut self.writes, writes),
            Part::Calls => (&mut self.calls, calls),
        })
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        match self.part {
            Part::Writes => super::grids::writes(self.shown(store)),
            Part::Calls => {
                super::grids::calls(self.shown_calls(store).into_iter().map(|line| match line {
                    CallLine::Live(_, live) => (&live.call, None),
                    CallLine::Ended(entry) => (&entry.call, Some(entry)),
                }))
            }
        }
    }

    fn grid_row(&self) -> Option<usize> {
        Some(match self.part {
            Part::Writes => self.writes.cursor(),
            Part::Calls => self.calls.cursor(),
        })
    }

    fn piece(&self, store: &Store, _prefs: &crate::command::Prefs) -> Option<super::piece::Piece> {
        self.whole_row(store)
    }

    fn heading(&self, store: &Store) -> String {
        let part = match self.part {
            Part::Writes => "[writes] calls",
            Part::Calls => "writes [calls]",
        };
        let live = store.jobs.live().count();
        let live = if live > 0 { format!("  {live} under way") } else { String::new() };
        let filter =
            if self.filter.is_empty() { String::new() } else { format!("  /{}", self.filter) };
        format!("{part}{live}{filter}")
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let foot = area.height.saturating_sub(1);
        let rows = if area.height < 14 { foot } else { foot * 3 / 5 };
        let list = Rect { height: rows, ..area };
        match self.part {
            Part::Writes => self.draw_writes(store, look, list, buf),
            Part::Calls => self.draw_calls(store, look, list, buf),
        }
        let mut below = Rect { y: area.y + rows, height: foot - rows, ..area };
        if area.width >= WIDE.0 && area.height >= WIDE.1 {
            let half = area.width / 2;
            let right = Rect { x: below.x + half + 1, width: below.width - half - 1, ..below };
            session::draw(store, look, right, buf);
            below.width = half;
        }
        if below.height > 2 {
            self.draw_detail(store, look, below, buf);
        }
        let line = Rect { y: area.y + foot, height: 1, ..area };
        if let Some(field) = &self.field {
            return field.draw(line, buf, look.theme);
        }
        let foreign = match store.writes.foreign {
            0 => String::new(),
            count => format!("   {count} unsent for another profile or address: start with it"),
        };
        let words = format!(
            " {} unsent   {} held   {} parked or unknown   {} calls ended{foreign}",
            store.writes.unsent(),
            store.writes.held().count(),
            store.writes.troubled(),
            store.activity.len()
        );
        put(buf, area, foot, &Line::from(Span::styled(words, look.theme.dim)));
        None
    }
}
