//! The event's own text as a tree that folds and is searched. Made once per text; large ones only when they are looked at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::known::Known;
use crate::panes::paint::{Look, put};
use crate::store::{EventKey, Store};
use crate::ui::json::Document;
use crate::ui::table::ListState;
use crate::ui::text;

/// Texts above this are laid out only when a person goes to them. Bytes.
const AT_ONCE: usize = 128 * 1024;

/// The tree of the event under the cursor.
#[derive(Debug, Default)]
pub(super) struct Raw {
    of: Option<EventKey>,
    /// The text's length when the tree was made: an export replaces what was listed.
    size: usize,
    /// The AI's part was left out of the tree.
    hidden: bool,
    tree: Option<Document>,
    pub list: ListState,
    /// What was searched last.
    pub needle: String,
}

impl Raw {
    /// Takes in the event under the cursor; `looked` when the person is in the tree.
    pub(super) fn follow(&mut self, store: &Store, event: Option<&EventKey>, looked: bool) {
        let known = event.map(|event| Known::of(store, event));
        let size = known.as_ref().map_or(0, Known::size);
        let hidden = known.as_ref().is_some_and(|known| known.hidden);
        if self.of.as_ref() != event {
            self.list = ListState::default();
            self.tree = None;
        } else if self.size != size || self.hidden != hidden {
            self.tree = None;
        }
        self.of = event.cloned();
        self.size = size;
        self.hidden = hidden;
        if self.tree.is_none() && (looked || size <= AT_ONCE) {
            let raw = known.and_then(|known| known.raw());
            self.tree = raw.map(|raw| Document::new(raw.into_owned()));
        }
    }

    /// Lines in sight.
    pub(super) fn len(&self) -> usize {
        self.tree.as_ref().map_or(0, Document::len)
    }

    /// Folds or unfolds what the cursor is in.
    pub(super) fn fold(&mut self) {
        if let Some(at) = self.tree.as_mut().and_then(|tree| tree.toggle(self.list.cursor())) {
            self.list.select(at);
        }
    }

    /// Goes to the next place that holds what is searched. Says whether there is one.
    pub(super) fn find(&mut self, forward: bool) -> bool {
        let from = self.list.cursor();
        let hit = self.tree.as_mut().and_then(|tree| tree.find(&self.needle, from, forward));
        if let Some(at) = hit {
            self.list.select(at);
        }
        hit.is_some()
    }

    /// The text at the cursor, without the quotes of a string.
    pub(super) fn value(&self) -> Option<String> {
        let value = self.tree.as_ref()?.value(self.list.cursor())?;
        Some(serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned()))
    }

    /// `line 3/58  rule.name`, for the title.
    pub(super) fn place(&self) -> String {
        let path =
            self.tree.as_ref().and_then(|tree| tree.path(self.list.cursor())).unwrap_or_default();
        format!("line {}/{}  {path}", self.list.cursor() + 1, self.len())
    }

    pub(super) fn draw(&self, look: &Look<'_>, active: bool, area: Rect, buf: &mut Buffer) {
        match &self.tree {
            Some(tree) => tree.draw(area, buf, look.theme, &self.list, active),
            None if self.size > 0 => {
                let words = format!(
                    "{} to lay out; {} goes there",
                    text::bytes(self.size as u64),
                    look.key("triage.next-part")
                );
                put(buf, area, 0, &Line::from(Span::styled(words, look.theme.dim)));
            }
            None => {
                let words = format!("{} reads the whole event", look.key("triage.look"));
                put(buf, area, 0, &Line::from(Span::styled(words, look.theme.dim)));
            }
        }
    }

    /// One line of what it begins with, for a narrow screen.
    pub(super) fn preview(store: &Store, event: &EventKey) -> Option<String> {
        let known = Known::of(store, event);
        // Taking the AI's part out of a large text is not for every frame.
        if known.hidden && known.size() > AT_ONCE {
            return None;
        }
        let raw = known.raw()?;
        let mut end = raw.len().min(400);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        let words: Vec<&str> = raw[..end].split_whitespace().collect();
        Some(words.join(" "))
    }
}
