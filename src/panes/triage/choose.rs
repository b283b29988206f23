//! What is shown and what is marked: views, filter, order, marks; and the one line a person types into.

use crossterm::event::KeyEvent;

use super::filter::Filter;
use super::over::Over;
use super::view::{self, View};
use super::{Part, TriagePane};
use crate::api::arcanna::EventId;
use crate::command::{Ask, Cx, PaneId, Target, Tone};
use crate::ui::input::{Field, Reaction};

/// What a line is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum What {
    Filter,
    Raw,
    Note,
}

impl What {
    /// The keys that matter while the line is typed.
    pub(super) fn hints(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Filter => {
                &[("Enter", "keep, or open the id"), ("Up", "earlier filters"), ("^G", "leave")]
            }
            Self::Raw => &[("Enter", "search"), ("Up", "earlier"), ("^G", "leave")],
            Self::Note => &[("Enter", "keep"), ("^X^E", "your editor"), ("^G", "leave")],
        }
    }
}

/// The line that has the keyboard.
pub(super) struct Input {
    pub what: What,
    pub field: Field,
    /// What is wrong with it so far.
    pub complaint: Option<String>,
}

impl TriagePane {
    /// Works out what is shown: a person asked for something.
    pub(super) fn reshow(&mut self, cx: &Cx<'_>) {
        let Some(job) = &self.job else { return };
        self.shown = view::shown(cx.store, job, &self.view, &self.filter, cx.prefs, cx.now);
        self.generation =
            self.queue(cx.store).map_or(self.generation, crate::store::TriageQueue::generation);
    }

    /// Every event, unfiltered.
    pub(super) fn show_all(&mut self) {
        self.view = View::All;
        self.filter = Filter::default();
        self.anchor = None;
    }

    /// Keeps the cursor on its event; without one it goes to the first that wants a label. A list that became another is
    /// worked out anew.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        let Some(queue) = self.queue(cx.store) else {
            return;
        };
        if queue.generation() != self.generation {
            self.reshow(cx);
            self.marks.retain(|event| self.shown.contains(event));
            self.range = None;
        }
        let event = match &self.event {
            Some(event) if self.place_of(event).is_some() => Some(event.clone()),
            Some(event) => self.near(event, cx),
            None => {
                let first = self.next_unlabelled(cx.store, None).unwrap_or(0);
                self.shown.get(first).cloned()
            }
        };
        self.put(event, cx);
    }

    /// The shown event that stands nearest after an event that is not shown.
    fn near(&self, event: &EventId, cx: &Cx<'_>) -> Option<EventId> {
        let queue = self.queue(cx.store)?;
        let at = queue.position(event).unwrap_or(0);
        let after =
            self.shown.iter().find(|one| queue.position(one).is_some_and(|place| place >= at));
        after.or(self.shown.last()).cloned()
    }

    /// In words for titles and sheets: the view and the filter.
    pub(super) fn origin(&self) -> String {
        if self.filter.is_empty() {
            format!("view {}", self.view.name())
        } else {
            format!("view {}, filter {}", self.view.name(), self.filter.text())
        }
    }

    pub(super) fn choose_order(&mut self, cx: &mut Cx<'_>) {
        let order = self.queue(cx.store).map(|queue| queue.order());
        self.over = Some(Over::order(order.unwrap_or_default()));
    }

    /// `/`: filters the list, or searches the raw event when the person is in it.
    pub(super) fn find(&mut self, _cx: &mut Cx<'_>) {
        if self.part == Part::Raw {
            let words = self.raw.needle.clone();
            return self.open_input(What::Raw, "search raw: ", "text in the event", &words);
        }
        self.filter_before = self.filter.clone();
        if self.filter.is_empty() {
            self.anchor = self.event.clone();
        }
        let text = self.filter.text().to_owned();
        let hint = "label:drop conf:<60 outlier:yes ip:10.0.0.0/8 age:<4h state:new -rule:x text, or an id";
        self.open_input(What::Filter, "filter: ", hint, &text);
    }

    pub(super) fn write_note(&mut self, _cx: &mut Cx<'_>) {
        let note = self.note().to_owned();
        self.open_input(What::Note, "note: ", "kept with your label, not sent", &note);
    }

    pub(super) fn edit_note(&mut self, cx: &mut Cx<'_>) {
        cx.asks.push(Ask::Edit(self.note().to_owned()));
    }

    fn note(&self) -> &str {
        self.current().and_then(|event| self.notes.get(&event)).map_or("", String::as_str)
    }

    pub(super) fn keep_note(&mut self, text: &str, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            self.notes.remove(&event);
        } else {
            self.notes.insert(event.clone(), lines.join("\n"));
            if crate::panes::triage::known::Known::of(cx.store, &event).yours().is_some() {
                cx.say(Tone::Mind, "the label is given already; the note goes with the next one");
            }
        }
    }

    fn open_input(&mut self, what: What, prompt: &str, hint: &str, text: &str) {
        let mut field = Field::new(prompt)
            .placeholder(hint)
            .history(self.histories.get(&what).cloned().unwrap_or_default());
        field.set(text);
        self.input = Some(Input { what, field, complaint: None });
    }

    pub(super) fn input_key(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        let what = input.what;
        match input.field.key(key) {
            Reaction::Submit => {
                let text = input.field.take();
                self.histories.insert(what, input.field.entries().to_vec());
                self.input = None;
                self.submitted(what, &text, cx);
                true
            }
            Reaction::Cancel => {
                self.input = None;
                if what == What::Filter {
                    self.filter = self.filter_before.clone();
                    self.reshow(cx);
                    self.return_to_anchor(cx);
                }
                true
            }
            Reaction::Edited => {
                self.typed(cx);
                true
            }
            Reaction::Edit if what == What::Note => {
                let text = input.field.text().to_owned();
                self.input = None;
                cx.asks.push(Ask::Edit(text));
                true
            }
            Reaction::Ignored => false,
            Reaction::Moved | Reaction::Complete | Reaction::Edit => true,
        }
    }

    pub(super) fn input_paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        input.field.paste(text);
        self.typed(cx);
        true
    }

    /// The filter works while it is typed; half a word leaves the list as it was and says what is missing.
    fn typed(&mut self, cx: &mut Cx<'_>) {
        let Some(input) = self.input.as_mut().filter(|input| input.what == What::Filter) else {
            return;
        };
        match Filter::parse(input.field.text()) {
            Ok(filter) => {
                input.complaint = None;
                self.filter = filter;
                self.reshow(cx);
                self.return_to_anchor(cx);
            }
            Err(why) => input.complaint = Some(why),
        }
    }

    /// After the filter changed: back on the event it began on, or the nearest that is left.
    fn return_to_anchor(&mut self, cx: &mut Cx<'_>) {
        if let Some(anchor) = self.anchor.clone() {
            self.event = Some(anchor);
        }
        self.settle(cx);
        if self.filter.is_empty() {
            self.anchor = None;
        }
    }

    fn submitted(&mut self, what: What, text: &str, cx: &mut Cx<'_>) {
        match what {
            What::Note => self.keep_note(text, cx),
            What::Raw => {
                text.clone_into(&mut self.raw.needle);
                if !text.is_empty() && !self.raw.find(true) {
                    cx.say(Tone::Mind, format!("'{text}' is not in this event"));
                }
            }
            What::Filter => self.filtered(text, cx),
        }
    }

    fn filtered(&mut self, text: &str, cx: &mut Cx<'_>) {
        let filter = match Filter::parse(text) {
            Ok(filter) => filter,
            Err(why) => return cx.say(Tone::Mind, why),
        };
        self.filter = filter;
        self.reshow(cx);
        // Generated ids are digits; custom ones are any single word: a word that is in no line may be an id.
        if self.shown.is_empty()
            && let (Some(job), Some(word)) = (self.job.clone(), self.filter.single())
        {
            let event = EventId::new(word);
            // Back is where the person was before they began to type.
            self.event = self.anchor.clone();
            self.show_all();
            self.reshow(cx);
            return cx.go(PaneId::Triage, Some(Target::Event(job, event)));
        }
        self.settle(cx);
        self.watch(cx);
        if self.shown.is_empty() {
            cx.say(Tone::Mind, "no event of this view passes the filter");
        }
    }

    pub(super) fn next_match(&mut self, by: isize, cx: &mut Cx<'_>) {
        if self.part == Part::Raw {
            if self.raw.needle.is_empty() {
                return self.find(cx);
            }
            if !self.raw.find(by > 0) {
                cx.say(Tone::Mind, format!("'{}' is not in this event", self.raw.needle));
            }
            return;
        }
        if self.list.step(by, self.shown.len()) {
            let event = self.shown.get(self.list.cursor()).cloned();
            self.put(event, cx);
            self.watch(cx);
        }
    }

    pub(super) fn mark(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.event.clone() else {
            return;
        };
        if let Some(at) = self.marks.iter().position(|one| *one == event) {
            self.marks.remove(at);
        } else {
            self.marks.push(event);
        }
        self.part = Part::List;
        self.next_match(1, cx);
        self.tell_marks(cx);
    }

    pub(super) fn mark_range(&mut self, cx: &mut Cx<'_>) {
        let here = self.list.cursor();
        match self.range.take() {
            None => {
                self.range = Some(here);
                cx.say(Tone::Fine, "a range begins here; v ends it, ^G clears it");
            }
            Some(begin) => {
                let (from, to) = (begin.min(here), begin.max(here));
                let events: Vec<EventId> =
                    self.shown.iter().take(to + 1).skip(from).cloned().collect();
                self.add_marks(events);
                self.tell_marks(cx);
            }
        }
    }

    pub(super) fn mark_all(&mut self, cx: &mut Cx<'_>) {
        self.add_marks(self.shown.clone());
        self.tell_marks(cx);
    }

    fn add_marks(&mut self, events: Vec<EventId>) {
        for event in events {
            if !self.marks.contains(&event) {
                self.marks.push(event);
            }
        }
    }

    fn tell_marks(&self, cx: &mut Cx<'_>) {
        let words = match self.marks.len() {
            0 => "no marks".to_owned(),
            count => format!("{count} marked; a digit labels them after asking, ^G clears"),
        };
        cx.say(Tone::Fine, words);
    }

    /// Leaves the innermost thing there is to leave.
    pub(super) fn leave(&mut self) -> bool {
        if self.over.take().is_some() || self.input.take().is_some() {
            return true;
        }
        if self.range.take().is_some() || !self.marks.is_empty() {
            self.marks.clear();
            return true;
        }
        if self.part != Part::List {
            self.part = Part::List;
            return true;
        }
        if !self.filter.is_empty() {
            self.filter = Filter::default();
            if let Some(anchor) = self.anchor.take() {
                self.event = Some(anchor);
            }
            // The next look at the queue works the list out anew.
            self.generation = u64::MAX;
            return true;
        }
        false
    }
}
