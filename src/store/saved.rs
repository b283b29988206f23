//! What a person keeps under a name, and what a saved search is filled with: the event or device one comes from.

use jiff::Timestamp;

use super::Store;
use crate::views::{Change, Views};

/// Views and searches as the screen has them, and how they stand to the file.
#[derive(Debug, Default)]
pub(super) struct Saved {
    views: Views,
    /// Why the file was not understood; it is not written before it is mended.
    fault: Option<String>,
    /// Whether they outlive the program.
    kept: bool,
    changes: Vec<Change>,
    /// Changes whose outcome is not known yet.
    waiting: usize,
}

/// What a person was looking at: it fills the places of a saved search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// What it is, for people: `event ..1762`.
    pub of: String,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// Its address.
    pub ip: Option<String>,
    /// The device's number.
    pub did: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// Where its traffic came from.
    pub src: Option<String>,
    /// Where it went.
    pub dst: Option<String>,
}

impl Subject {
    /// The value of a place by its name: `ip`.
    pub fn value(&self, place: &str) -> Option<&str> {
        match place {
            "ip" => self.ip.as_deref(),
            "did" => self.did.as_deref(),
            "host" => self.host.as_deref(),
            "src" => self.src.as_deref(),
            "dst" => self.dst.as_deref(),
            _ => None,
        }
    }
}

impl Store {
    /// Starts with what the file holds, or why it is not understood; `kept` when changes reach a file.
    pub fn set_views(&mut self, read: Result<Views, String>, kept: bool) {
        let (views, fault) = match read {
            Ok(views) => (views, None),
            Err(fault) => (Views::default(), Some(fault)),
        };
        self.saved = Saved { views, fault, kept, ..Saved::default() };
    }

    /// What is kept under a name.
    pub fn views(&self) -> &Views {
        &self.saved.views
    }

    /// Why the file is not understood, with path and line.
    pub fn views_fault(&self) -> Option<&str> {
        self.saved.fault.as_deref()
    }

    /// How long a change lasts, for the sentence that tells of it; empty when it is written down.
    pub fn views_last(&self) -> &'static str {
        if self.saved.kept { "" } else { ", until the program ends" }
    }

    /// Makes a change and leaves it to be written down.
    ///
    /// # Errors
    /// The name is taken.
    pub fn change_views(&mut self, change: Change) -> Result<(), String> {
        self.saved.views.apply(&change)?;
        if self.saved.kept {
            self.saved.waiting += 1;
            self.saved.changes.push(change);
        }
        Ok(())
    }

    /// Changes to be written down, in order.
    pub fn take_view_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.saved.changes)
    }

    /// A change was written down, and this is what the file holds now; or it was not, and why.
    ///
    /// # Errors
    /// The reason, for the result line. The change holds until the program ends.
    pub fn views_told(&mut self, told: Result<Views, String>) -> Result<(), String> {
        self.saved.waiting = self.saved.waiting.saturating_sub(1);
        match told {
            Ok(views) => {
                self.saved.fault = None;
                // What is not written down yet is not in the file: the last answer has all.
                if self.saved.waiting == 0 {
                    self.saved.views = views;
                }
                Ok(())
            }
            Err(why) => {
                let words = format!("not written down, it holds until the program ends: {why}");
                self.saved.fault = Some(why);
                Err(words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::{Kind, Saved, SavedView};

    fn add(name: &str) -> Change {
        let view = SavedView { name: name.into(), ..SavedView::default() };
        Change { kind: Kind::View, before: None, after: Some(Saved::View(view)) }
    }

    fn names(store: &Store) -> Vec<String> {
        store.views().views().map(|view| view.name.clone()).collect()
    }

    #[test]
    fn a_change_is_seen_at_once_and_the_file_has_the_last_word() {
        let mut store = Store::default();
        store.set_views(Ok(Views::default()), true);
        store.change_views(add("a")).unwrap();
        store.change_views(add("b")).unwrap();
        assert!(store.change_views(add("A")).is_err());
        assert_eq!(store.take_view_changes().len(), 2);
        let mut file = Views::default();
        file.apply(&add("other")).unwrap();
        file.apply(&add("a")).unwrap();
        store.views_told(Ok(file.clone())).unwrap();
        assert_eq!(names(&store), ["a", "b"], "b is on its way: it does not vanish meanwhile");
        file.apply(&add("b")).unwrap();
        store.views_told(Ok(file)).unwrap();
        assert_eq!(names(&store), ["other", "a", "b"]);
    }

    #[test]
    fn a_file_that_is_not_understood_takes_nothing_away() {
        let mut store = Store::default();
        store.set_views(Err("views.toml:3: no".into()), true);
        assert_eq!(store.views_fault(), Some("views.toml:3: no"));
        store.change_views(add("a")).unwrap();
        let why = store.views_told(Err("views.toml:3: no".into())).unwrap_err();
        assert!(why.contains("until the program ends") && why.contains(":3:"), "{why}");
        assert_eq!(names(&store), ["a"]);
        store.set_views(Ok(Views::default()), false);
        store.change_views(add("a")).unwrap();
        assert!(store.take_view_changes().is_empty(), "the demo writes nothing");
        assert!(!store.views_last().is_empty());
    }
}
