//! Darktrace's model breaches: a frozen list, what is known of one, and sheets that acknowledge and comment.
//!
//! The list is made when a person asks for it and stays as it is; what a later answer holds besides is counted. Whether a
//! breach is acknowledged is read back, never assumed: the service says SUCCESS too easily.

mod detail;
mod draw;
mod grids;
mod pivots;
mod reading;
mod rows;
mod writing;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Pane;
use super::paint::Look;
use super::window;
use crate::api::Product;
use crate::command::{Ask, Cx, Prefs, Take, Target, Tone};
use crate::export::Grid;
use crate::job::Policy;
use crate::outbox::RowId;
use crate::store::Store;
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// How long the cursor rests on a breach before its comments and connections are asked: a held key asks nothing.
const REST: Duration = Duration::from_millis(150);

/// Which breaches are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum View {
    #[default]
    Open,
    All,
    High,
    Critical,
}

const VIEWS: [(View, &str); 4] = [
    (View::Open, "open"),
    (View::All, "all"),
    (View::High, "score>=60"),
    (View::Critical, "critical"),
];

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    #[default]
    Newest,
    Score,
    Device,
    Model,
}

const ORDERS: [(Order, &str); 4] = [
    (Order::Newest, "newest"),
    (Order::Score, "highest score"),
    (Order::Device, "device"),
    (Order::Model, "model"),
];

/// Which part has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Info,
    Comments,
    Connections,
}

impl Part {
    const ALL: [Self; 3] = [Self::Info, Self::Comments, Self::Connections];
}

/// What the open field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Filter,
    Narrow,
}

/// What is read at all: a time window in a person's words, and a least score.
#[derive(Debug, Clone, PartialEq)]
struct Reach {
    /// As it was typed; worked out anew with every read.
    window: String,
    /// 0 to 100.
    least: Option<f64>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { window: "last 24h".to_owned(), least: None }
    }
}

impl Reach {
    /// Reads `last 7d >= 60`: a window, a least score, or both.
    fn read(text: &str, now: jiff::Timestamp) -> Result<Self, String> {
        let (window, least) = match text.split_once(">=") {
            None => (text, None),
            Some((window, least)) => {
                let words = least.trim().trim_end_matches('%').trim();
                let number = words.parse::<f64>().ok().filter(|is| (0.0..=100.0).contains(is));
                let least =
                    number.ok_or_else(|| format!("'{words}' is no score; allowed: >= 0 to 100"))?;
                (window, Some(least))
            }
        };
        let window = match window.trim() {
            "" => Self::default().window,
            words => words.to_owned(),
        };
        window::parse(&window, now)?;
        Ok(Self { window, least: least.filter(|least| *least > 0.0) })
    }

    /// As it is typed.
    fn text(&self) -> String {
        match self.least {
            None => self.window.clone(),
            Some(least) => format!("{} >= {least}", self.window),
        }
    }
}

/// The pane.
#[derive(Default)]
pub struct BreachesPane {
    view: View,
    order: Order,
    reach: Reach,
    /// With which reach the open breaches and all of them were asked for last.
    reached: [Option<Reach>; 2],
    filter: String,
    /// The breach that was opened by its number, alone.
    only: Option<i64>,
    /// The list, as it was made when a person asked for it.
    shown: Vec<i64>,
    /// The list is made anew of the next answers.
    thawed: bool,
    /// Breaches the last answer holds that are not in the list.
    newer: usize,
    /// The breach under the cursor.
    chosen: Option<i64>,
    list: ListState,
    connections: ListState,
    part: Part,
    /// The detail has the whole pane.
    closer: bool,
    /// Lines of the detail above its first visible one.
    top: usize,
    /// The most of them there can be, as last drawn.
    most: Cell<usize>,
    field: Option<(Asks, Field)>,
    history: [Vec<String>; 2],
    sheet: Option<writing::Open>,
    /// Comments that were begun and not sent, by breach.
    drafts: HashMap<i64, String>,
    /// When the breach under the cursor is asked about.
    rest: Option<Instant>,
    /// The breach whose details were asked last.
    asked: Option<i64>,
    /// Writes whose outcome was said on the result line.
    told: HashSet<RowId>,
}

impl BreachesPane {
    fn turn_part(&mut self, by: usize) {
        let here = Part::ALL.iter().position(|part| *part == self.part).unwrap_or(0);
        self.part = Part::ALL[(here + by) % Part::ALL.len()];
        self.top = 0;
    }

    fn turn_view(&mut self, by: usize, cx: &mut Cx<'_>) {
        let here = VIEWS.iter().position(|(view, _)| *view == self.view).unwrap_or(0);
        self.only = None;
        self.view = VIEWS[(here + by) % VIEWS.len()].0;
        self.show_view(cx);
    }

    fn turn_order(&mut self, cx: &mut Cx<'_>) {
        let here = ORDERS.iter().position(|(order, _)| *order == self.order).unwrap_or(0);
        let (order, words) = ORDERS[(here + 1) % ORDERS.len()];
        self.order = order;
        self.make(cx.store);
        cx.say(Tone::Fine, format!("order: {words} first"));
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let mut field = Field::new("filter: ")
            .placeholder("a part of the model, device, address, category or tag")
            .history(self.history[0].clone());
        field.set(&self.filter);
        self.field = Some((Asks::Filter, field));
    }

    fn narrow(&mut self, _cx: &mut Cx<'_>) {
        let mut field = Field::new("narrow: ")
            .placeholder("last 24h, today, 2026-11-20 08:00..09:30; a least score: last 7d >= 60")
            .history(self.history[1].clone());
        field.set(&self.reach.text());
        self.field = Some((Asks::Narrow, field));
    }

    /// A key for the open field.
    fn field_key(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some((asks, field)) = &mut self.field else {
            return false;
        };
        let asks = *asks;
        match (field.key(key), asks) {
            (Reaction::Ignored, _) => return false,
            (Reaction::Edit, _) => cx.asks.push(Ask::Edit(field.text().to_owned())),
            (Reaction::Cancel, _) => {
                self.field = None;
                if asks == Asks::Filter {
                    self.filter.clear();
                    self.make(cx.store);
                }
            }
            (Reaction::Submit, Asks::Filter) => {
                field.take();
                self.history[0] = field.entries().to_vec();
                self.field = None;
                self.rest = Some(cx.now.instant + REST);
            }
            (Reaction::Submit, Asks::Narrow) => match Reach::read(field.text(), cx.now.wall) {
                // A refused text stays in the field, to be mended.
                Err(why) => cx.say(Tone::Mind, why),
                Ok(reach) => {
                    field.take();
                    self.history[1] = field.entries().to_vec();
                    self.field = None;
                    self.reach = reach;
                    self.only = None;
                    self.thawed = true;
                    self.ask_lists(Policy::Latest, cx);
                }
            },
            (_, Asks::Filter) => self.filtered(cx.store),
            (_, Asks::Narrow) => {}
        }
        true
    }

    /// The filter follows what is typed.
    fn filtered(&mut self, store: &Store) {
        if let Some((Asks::Filter, field)) = &self.field {
            field.text().clone_into(&mut self.filter);
            self.make(store);
        }
    }
}

impl Pane for BreachesPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        if cx.prefs.absent.contains(&Product::Darktrace) {
            return;
        }
        match target {
            Some(Target::Breach(pbid)) => self.show_one(pbid, cx),
            _ => self.come_back(cx),
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.read_again(cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
        self.tell_fates(cx);
        if let Some(open) = &mut self.sheet {
            open.check(cx.store, cx.now);
        }
    }

    fn place(&self) -> Option<Target> {
        self.only.map(Target::Breach)
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some(if self.part == Part::Connections {
            let len = self.log(store).len();
            (&mut self.connections, len)
        } else {
            let len = self.shown.len();
            (&mut self.list, len)
        })
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        if self.part != Part::Connections {
            self.chosen = self.shown.get(self.list.cursor()).copied();
            self.connections = ListState::default();
            self.top = 0;
            self.rest = Some(cx.now.instant + REST);
        }
    }

    fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.most.get());
    }

    fn typing(&self) -> bool {
        self.field.is_some() || self.sheet.is_some()
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        if let Some(open) = &mut self.sheet {
            let reaction = open.sheet.key(key);
            self.react(reaction, cx);
            return true;
        }
        self.field_key(key, cx)
    }

    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        if let Some(open) = &mut self.sheet {
            let reaction = open.sheet.paste(text);
            self.react(reaction, cx);
            return true;
        }
        let Some((_, field)) = &mut self.field else {
            return false;
        };
        field.paste(text);
        self.filtered(cx.store);
        true
    }

    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        if let Some(open) = &mut self.sheet {
            open.edited(text);
            open.check(cx.store, cx.now);
        } else if let Some((_, field)) = &mut self.field {
            field.set(text);
            self.filtered(cx.store);
        }
    }

    fn cancel(&mut self) -> bool {
        if let Some(open) = self.sheet.take() {
            self.keep_draft(&open);
            return true;
        }
        if self.field.take().is_some() {
            return true;
        }
        if self.closer || self.part != Part::Info {
            self.closer = false;
            self.part = Part::Info;
            self.top = 0;
            return true;
        }
        let had = !self.filter.is_empty() || self.only.is_some();
        if had {
            self.filter.clear();
            self.only = None;
            self.thawed = true;
        }
        had
    }

    fn deadline(&self) -> Option<Instant> {
        self.rest
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        if self.rest.is_some_and(|rest| rest <= cx.now.instant) {
            self.rest = None;
            self.ask_details(Policy::Join, cx);
        }
    }

    fn take(&self, what: Take, store: &Store, prefs: &Prefs) -> Option<String> {
        self.taken(what, store, prefs)
    }

    fn grid(&self, store: &Store) -> Option<Grid> {
        self.table(store)
    }

    fn grid_row(&self) -> Option<usize> {
        match self.part {
            Part::Info => Some(self.list.cursor()),
            Part::Connections => Some(self.connections.cursor()),
            Part::Comments => None,
        }
    }

    fn heading(&self, store: &Store) -> String {
        self.title(store)
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        self.paint(store, look, area, buf)
    }
}

#[cfg(test)]
mod tests;
