//! What lies over the list while it is open: the menu of orders, the differences to another event, the bulk sheet.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use strum::IntoEnumIterator;

use super::TriagePane;
use super::blind::told_by;
use super::bulk::Bulk;
use super::diff::Diff;
use super::shelf::Shelf;
use crate::command::{Cx, Tone};
use crate::panes::paint::{Look, put};
use crate::store::{Order, Store};
use crate::ui::frame;
use crate::ui::input::Reaction;

/// See the module.
pub(super) enum Over {
    /// The orders, and the one under the cursor.
    Order(usize),
    Diff(Diff),
    Bulk(Box<Bulk>),
    Views(Box<Shelf>),
}

/// The letters of the orders.
const LETTERS: [char; 4] = ['w', 'n', 'c', 't'];

impl Over {
    /// The keys that matter while it is open.
    pub(super) fn hints(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Order(_) => &[("Enter", "sort"), ("j k", "choose"), ("^G", "leave")],
            Self::Diff(_) => {
                &[("h l", "another"), ("j k", "scroll"), ("Enter", "open it"), ("^G", "leave")]
            }
            Self::Views(shelf) => shelf.sheet.hints(),
            Self::Bulk(_) => &[
                ("Enter", "label them, the number typed"),
                ("e", "exclude"),
                ("v", "list"),
                ("^G", "cancel"),
            ],
        }
    }

    pub(super) fn order(now: Order) -> Self {
        Self::Order(Order::iter().position(|one| one == now).unwrap_or(0))
    }
}

impl TriagePane {
    pub(super) fn compare(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let diff = Diff::default();
        if diff.other(cx.store, &event).is_some() {
            self.over = Some(Over::Diff(diff));
        } else {
            cx.say(Tone::Mind, "no labelled event of this list is like this one");
        }
    }

    /// A key for what lies over the list. Every key is its own.
    pub(super) fn over_key(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        if let Some(Over::Views(_)) = self.over {
            return self.views_key(key, cx);
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if key.code == KeyCode::Esc || (ctrl && key.code == KeyCode::Char('g')) {
            self.over = None;
            return true;
        }
        let Some(over) = self.over.take() else {
            return false;
        };
        self.over = match over {
            Over::Order(at) => self.order_key(at, key, cx),
            Over::Diff(diff) => self.diff_key(diff, key, cx),
            Over::Bulk(bulk) => self.bulk_key(bulk, key, cx),
            Over::Views(shelf) => Some(Over::Views(shelf)),
        };
        true
    }

    /// The sheet of views has fields of its own, which are left before it.
    fn views_key(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(Over::Views(mut shelf)) = self.over.take() else {
            return false;
        };
        let deed = shelf.sheet.key(key, &shelf.items);
        self.over = self.shelf_deed(deed, shelf, cx);
        true
    }

    fn order_key(&mut self, at: usize, key: KeyEvent, cx: &mut Cx<'_>) -> Option<Over> {
        let count = LETTERS.len();
        let chosen = match key.code {
            KeyCode::Char('j') | KeyCode::Down => return Some(Over::Order((at + 1) % count)),
            KeyCode::Char('k') | KeyCode::Up => return Some(Over::Order((at + count - 1) % count)),
            KeyCode::Enter => at,
            KeyCode::Char(c) => match LETTERS.iter().position(|letter| *letter == c) {
                Some(at) => at,
                None => return Some(Over::Order(at)),
            },
            _ => return Some(Over::Order(at)),
        };
        let order = Order::iter().nth(chosen).unwrap_or_default();
        if let Some(queue) = self.job.as_ref().and_then(|job| cx.store.queues.get_mut(job)) {
            queue.sort(order);
        }
        self.order_before = None;
        self.settle(cx);
        cx.say(Tone::Fine, format!("order: {}", order.words()));
        None
    }

    fn diff_key(&mut self, mut diff: Diff, key: KeyEvent, cx: &mut Cx<'_>) -> Option<Over> {
        let event = self.current()?;
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => diff.top = diff.top.saturating_add(1).min(1_000),
            KeyCode::Char('k') | KeyCode::Up => diff.top = diff.top.saturating_sub(1),
            KeyCode::Char('l') | KeyCode::Right | KeyCode::Tab => diff.turn(1, cx.store, &event),
            KeyCode::Char('h') | KeyCode::Left | KeyCode::BackTab => {
                diff.turn(-1, cx.store, &event);
            }
            KeyCode::Char('=' | 'q') => return None,
            KeyCode::Enter => {
                if let Some(near) = diff.other(cx.store, &event) {
                    cx.go(
                        crate::command::PaneId::Triage,
                        Some(crate::command::Target::Event(event.job, near.event)),
                    );
                }
                return None;
            }
            _ => {}
        }
        Some(Over::Diff(diff))
    }

    fn bulk_key(&mut self, mut bulk: Box<Bulk>, key: KeyEvent, cx: &mut Cx<'_>) -> Option<Over> {
        bulk.refused = None;
        match (key.code, bulk.listing) {
            (KeyCode::Char('v'), None) => bulk.listing = Some(0),
            (KeyCode::Char('v'), Some(_)) => bulk.listing = None,
            (KeyCode::Char('j') | KeyCode::Down, Some(top)) => {
                bulk.listing = Some((top + 1).min(bulk.events.len().saturating_sub(1)));
            }
            (KeyCode::Char('k') | KeyCode::Up, Some(top)) => {
                bulk.listing = Some(top.saturating_sub(1));
            }
            (_, Some(_)) => {}
            (KeyCode::Char('e'), None) => {
                let out = bulk.exclude(cx.store);
                bulk.refused = Some(if out == 0 {
                    "there is no minority to leave out".to_owned()
                } else {
                    format!("{out} left out; they keep no mark and no label")
                });
            }
            (KeyCode::Char(c), None) if !c.is_ascii_digit() => {}
            (_, None) => {
                if bulk.answer.key(key) == Reaction::Submit {
                    let count = bulk.events.len();
                    let typed = bulk.answer.text().trim().to_owned();
                    if typed == count.to_string() {
                        return match self.label_all(&bulk, cx) {
                            Ok(()) => None,
                            Err(why) => {
                                bulk.refused = Some(why);
                                Some(Over::Bulk(bulk))
                            }
                        };
                    }
                    bulk.answer.clear();
                    bulk.refused = Some(if typed.is_empty() {
                        format!("type {count}, then Enter; Enter alone labels nothing")
                    } else {
                        format!("{typed} is not {count}, the number of events")
                    });
                }
            }
        }
        Some(Over::Bulk(bulk))
    }

    /// Draws what lies over the list; returns where the terminal's cursor belongs.
    pub(super) fn draw_over(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        match self.over.as_ref()? {
            Over::Order(at) => {
                let inside = frame::sheet(area, buf, look.theme, "ORDER", 64, 8);
                for (row, (order, letter)) in Order::iter().zip(LETTERS).enumerate() {
                    let here = row == *at;
                    let mark = if here { look.theme.glyphs.cursor } else { " " };
                    let style = if here { look.theme.cursor } else { look.theme.text };
                    let mut line = Line::from(vec![
                        Span::styled(format!("{mark} "), style),
                        Span::styled(format!("{letter}  "), look.theme.key),
                        Span::raw(order.words()),
                    ]);
                    // Of what is hidden an order may tell something: whoever judges blind should know.
                    if store.may_hide() && told_by(order).is_some() {
                        line.spans.push(Span::styled("  *", look.theme.warn));
                    }
                    put(buf, inside, row as u16, &line);
                }
                if store.may_hide() {
                    let words = "* shows how sure the AI is, although its answers are hidden";
                    put(buf, inside, 4, &Line::from(Span::styled(words, look.theme.dim)));
                }
                let foot = "Enter sorts the list once; ^G leaves it as it is";
                put(buf, inside, 5, &Line::from(Span::styled(foot, look.theme.dim)));
                None
            }
            Over::Diff(diff) => {
                diff.draw(store, look, &self.current()?, area, buf);
                None
            }
            Over::Bulk(bulk) => bulk.draw(store, look, area, buf),
            Over::Views(shelf) => shelf.draw(store, look, area, buf),
        }
    }
}
