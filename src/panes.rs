//! The panes: what each shows, which rows it adds to the registry, how it answers.
//!
//! A pane holds presentation state only; data is in the store. `draw` takes `&self`: the same state gives the same cells.
//! Panes know neither the program around them nor each other; they ask through [`Cx`].

pub mod activity;
pub mod breaches;
pub mod devices;
pub mod endpoint;
pub mod evidence;
mod grids;
pub mod jobs;
pub mod lookup;
pub mod paint;
pub mod piece;
mod rest;
pub mod saved;
pub mod search;
pub mod sheet;
#[cfg(test)]
pub(crate) mod testing;
pub mod triage;
pub mod watched;
pub mod window;

use std::time::Instant;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::command::{Cx, PaneId, Prefs, Ready, Row, Spec, Take, Target};
use crate::export::{Format, Grid};
use crate::store::{EventKey, Store, Subject};
use crate::ui::table::ListState;
use paint::Look;
use piece::Piece;

/// The list of panes: one line each. Focus keys, help and palette read it.
pub fn all() -> Vec<Box<dyn Pane>> {
    vec![
        Box::<jobs::JobsPane>::default(),
        Box::<triage::TriagePane>::default(),
        Box::<devices::DevicesPane>::default(),
        Box::<endpoint::EndpointPane>::default(),
        Box::<search::SearchPane>::default(),
        Box::<watched::WatchedPane>::default(),
        Box::<breaches::BreachesPane>::default(),
        Box::<activity::ActivityPane>::default(),
        Box::<evidence::EvidencePane>::default(),
    ]
}

/// A pane's name and its rows of the registry.
pub trait Rows: Sized + 'static {
    /// Which pane.
    const ID: PaneId;
    /// Its commands.
    const ROWS: &'static [Row<Self>];
}

/// [`Rows`] of a pane whose type is forgotten.
pub trait Registered {
    /// Which pane.
    fn id(&self) -> PaneId;
    /// Its rows without their deeds.
    fn specs(&self) -> Vec<Spec>;
    /// Whether the row at `index` can be done now.
    fn ready(&self, index: usize, store: &Store) -> Ready;
    /// Does the row at `index`.
    fn run(&mut self, index: usize, cx: &mut Cx<'_>);
}

impl<P: Rows> Registered for P {
    fn id(&self) -> PaneId {
        P::ID
    }

    fn specs(&self) -> Vec<Spec> {
        P::ROWS.iter().map(Row::spec).collect()
    }

    fn ready(&self, index: usize, store: &Store) -> Ready {
        P::ROWS.get(index).map_or(Ok(()), |row| (row.ready)(self, store))
    }

    fn run(&mut self, index: usize, cx: &mut Cx<'_>) {
        if let Some(row) = P::ROWS.get(index) {
            (row.run)(self, cx);
        }
    }
}

/// A pane.
pub trait Pane: Registered {
    /// Shows the pane, on a target if there is one.
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>);

    /// Reads what is shown again: a person asked for it.
    fn refresh(&mut self, cx: &mut Cx<'_>);

    /// Something landed or was told: follow up on it.
    fn changed(&mut self, cx: &mut Cx<'_>) {
        let _ = cx;
    }

    /// Where the pane is, to come back to it.
    fn place(&self) -> Option<Target> {
        None
    }

    /// The list that movement keys move, with its length.
    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let _ = store;
        None
    }

    /// The cursor was moved.
    fn moved(&mut self, cx: &mut Cx<'_>) {
        let _ = cx;
    }

    /// Scrolls the detail by lines.
    fn scroll(&mut self, by: isize) {
        let _ = by;
    }

    /// Whether a field has the keyboard: then printable keys are text.
    fn typing(&self) -> bool {
        false
    }

    /// The keys that matter while a field has the keyboard, with a word each.
    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("Enter", "keep"), ("^G", "leave")]
    }

    /// A key for the field. `false` when the field does not want it.
    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let _ = (key, cx);
        false
    }

    /// Pasted text. `false` when there is no field for it.
    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        let _ = (text, cx);
        false
    }

    /// A text that was asked for: from the person's own editor ([`crate::command::Ask::Edit`]) or from a file
    /// ([`crate::command::Ask::Load`]).
    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        let _ = (text, cx);
    }

    /// Leaves a field, a mark, a filter: what `^G` and Esc do. `false` when there was nothing to leave.
    fn cancel(&mut self) -> bool {
        false
    }

    /// When the pane wants [`Self::tick`]; `None` while it waits for nothing.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A deadline has passed.
    fn tick(&mut self, cx: &mut Cx<'_>) {
        let _ = cx;
    }

    /// What is copied of what is under the cursor, ready to leave the program. `None`: the shell makes it from
    /// [`Self::grid`].
    fn take(&self, what: Take, store: &Store, prefs: &Prefs) -> Option<String> {
        let _ = (what, store, prefs);
        None
    }

    /// What is shown, as a table to be exported: times in UTC, indicators defanged.
    fn grid(&self, store: &Store) -> Option<Grid> {
        let _ = store;
        None
    }

    /// The row of [`Self::grid`] under the cursor.
    fn grid_row(&self) -> Option<usize> {
        None
    }

    /// What is under the cursor as a whole. `None`: the shell makes it from [`Self::take`] and [`Self::grid`].
    fn piece(&self, store: &Store, prefs: &Prefs) -> Option<Piece> {
        let _ = (store, prefs);
        None
    }

    /// What an export holds, ready to leave the program, where that is more than [`Self::grid`].
    fn whole(&self, format: Format, store: &Store) -> Option<String> {
        let _ = (format, store);
        None
    }

    /// The event whose detail the pane shows: what a label key would label.
    fn event(&self, store: &Store) -> Option<EventKey> {
        let _ = store;
        None
    }

    /// What a person is looking at, to fill a saved search with.
    fn subject(&self, store: &Store) -> Option<Subject> {
        let _ = store;
        None
    }

    /// What was drawn is on the screen: what a person saw of it may be remembered.
    fn drawn(&self, store: &mut Store) {
        let _ = store;
    }

    /// What the header says beside the pane's name.
    fn heading(&self, store: &Store) -> String;

    /// Draws the pane; returns where the terminal's cursor belongs while a field has the keyboard.
    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position>;
}
