//! Help and command line: the same list of commands, filtered as one types; Enter runs the line.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::known::Values;
use super::shell::{SHELL, Shell};
use crate::catalogue;
use crate::command::{Cx, Spec};
use crate::keymap::ScopeName;
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// Verbs of the command line that open something by name, with what follows them.
pub(super) const VERBS: [(&str, &str, &str); 18] = [
    ("job", "JOB", "open a job's events"),
    ("view", "NAME", "show a view of the events, built in or your own"),
    ("event", "JOB EVENT", "open an event by its id"),
    ("device", "DID|TEXT", "find devices"),
    ("tag", "NAME", "devices that carry a tag"),
    ("endpoint", "ADDRESS|HOST|URL", "look up an endpoint"),
    ("arm", "15m", "let writes that reach others through for a while"),
    ("disarm", "", "labels only again"),
    ("search", "[TIME] QUERY", "advanced search"),
    ("breach", "NUMBER", "open a model breach"),
    ("watch", "ADDRESS|HOST|URL", "put on the watched list…"),
    ("set", "NAME VALUE", "a setting for this session; alone: what is set"),
    ("unset", "NAME", "forget what this session set"),
    ("keys", "vim|emacs|arrows|numpad", "whose habits the keys follow"),
    ("log", "level off|info|debug", "how much goes to the log file"),
    ("reload", "", "read the configuration again"),
    ("export", "md|csv|json [PATH]", "write what is shown to a new file"),
    ("quit", "", "end the program"),
];

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `?`: every key.
    Help,
    /// `:`: actions, verbs and the products' commands.
    Command,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub does: Does,
    /// What is matched and shown: a row's title, a verb, a command's name.
    pub title: String,
    /// What stands beside it: a row's id, a verb's or command's help.
    pub aside: String,
    /// What it is about, for help: `LABEL`, `MOVE`.
    pub group: &'static str,
}

/// What a line does when it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Runs a row of the registry.
    Row(ScopeName, usize, &'static str),
    /// Puts a word into the field, to be completed.
    Word(&'static str),
}

/// What a key did.
pub(super) enum Picked {
    Stay,
    Close,
    Row(ScopeName, usize),
    Line(String),
}

/// The overlay.
pub(super) struct Finder {
    pub kind: Kind,
    pub field: Field,
    items: Vec<Item>,
    /// Indices of the items that match, best first.
    pub shown: Vec<usize>,
    pub list: ListState,
    /// Values to complete arguments with.
    values: Values,
    /// The cursor was moved by hand: Enter runs the line under it rather than the text.
    chosen: bool,
}

impl Finder {
    pub(super) fn help(shell: &Shell) -> Self {
        Self::new(Kind::Help, Field::new("? ").placeholder("type to search every key"), rows(shell))
    }

    pub(super) fn command(shell: &Shell, cx: &Cx<'_>) -> Self {
        let mut items: Vec<Item> = VERBS
            .iter()
            .map(|(verb, after, help)| Item {
                does: Does::Word(verb),
                title: format!("{verb} {after}").trim_end().to_owned(),
                aside: (*help).to_owned(),
                group: "",
            })
            .collect();
        items.extend(catalogue::ALL.iter().map(|entry| Item {
            does: Does::Word(entry.name),
            title: entry.name.to_owned(),
            aside: entry.title.to_owned(),
            group: "",
        }));
        items.extend(rows(shell));
        let field = Field::new(": ")
            .placeholder("an action, or a command such as darktrace-get-tags-for-device deviceId=1")
            .history(shell.history.clone());
        let values = Values::of(cx.store, cx.prefs);
        Self { values, ..Self::new(Kind::Command, field, items) }
    }

    fn new(kind: Kind, field: Field, items: Vec<Item>) -> Self {
        let shown = (0..items.len()).collect();
        Self {
            kind,
            field,
            items,
            shown,
            list: ListState::default(),
            values: Values::default(),
            chosen: false,
        }
    }

    pub(super) fn item(&self, index: usize) -> Option<&Item> {
        self.items.get(*self.shown.get(index)?)
    }

    pub(super) fn total(&self) -> usize {
        self.items.len()
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
        self.filter();
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Picked {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let by = match key.code {
            KeyCode::Down => 1,
            KeyCode::Up => -1,
            KeyCode::Char('n') if ctrl => 1,
            KeyCode::Char('p') if ctrl => -1,
            KeyCode::PageDown => 10,
            KeyCode::PageUp => -10,
            _ => 0,
        };
        // In the command line Up is history while there is nothing typed to choose from.
        let history = self.kind == Kind::Command && by == -1 && !self.chosen;
        if by != 0 && !history {
            self.list.step(by, self.shown.len());
            self.chosen = true;
            return Picked::Stay;
        }
        match self.field.key(key) {
            Reaction::Cancel => Picked::Close,
            Reaction::Submit => self.submit(),
            Reaction::Complete => {
                self.complete();
                Picked::Stay
            }
            Reaction::Edited => {
                self.filter();
                Picked::Stay
            }
            Reaction::Moved if history => {
                self.filter();
                Picked::Stay
            }
            Reaction::Ignored | Reaction::Moved | Reaction::Edit => Picked::Stay,
        }
    }

    fn submit(&mut self) -> Picked {
        let text = self.field.text().trim().to_owned();
        if self.kind == Kind::Command && !self.chosen && is_line(&text) {
            return Picked::Line(text);
        }
        match self.item(self.list.cursor()).map(|item| item.does) {
            Some(Does::Row(scope, index, _)) => Picked::Row(scope, index),
            Some(Does::Word(word @ ("quit" | "arm" | "disarm" | "reload"))) => {
                Picked::Line(word.to_owned())
            }
            Some(Does::Word(word)) => {
                self.field.set(&format!("{word} "));
                self.filter();
                Picked::Stay
            }
            None if text.is_empty() => Picked::Close,
            None if self.kind == Kind::Help => Picked::Stay,
            None => Picked::Line(text),
        }
    }

    fn complete(&mut self) {
        let text = self.field.text().to_owned();
        let candidates = self.candidates();
        if let Some(best) = candidates.first() {
            let mut line = text[..best.from.min(text.len())].to_owned();
            line.push_str(&best.text);
            self.field.set(&line);
        } else if let Some(Does::Word(word)) = self.item(self.list.cursor()).map(|item| item.does) {
            self.field.set(&format!("{word} "));
        }
        self.filter();
    }

    /// What may follow what is typed, for the line below the field.
    pub(super) fn candidates(&self) -> Vec<catalogue::Candidate> {
        let text = self.field.text();
        if self.kind != Kind::Command || !is_line(text) || !text.contains(' ') {
            return Vec::new();
        }
        let known = self.values.complete(text);
        if known.is_empty() { catalogue::complete(text) } else { known }
    }

    fn filter(&mut self) {
        self.chosen = false;
        self.list.first();
        let text = self.field.text().trim().trim_start_matches('!');
        let word = if self.kind == Kind::Command {
            text.split_whitespace().next().unwrap_or_default()
        } else {
            text
        };
        if word.is_empty() {
            self.shown = (0..self.items.len()).collect();
            return;
        }
        let pattern = Pattern::parse(word, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let text = format!("{} {}", item.title, item.aside);
            if let Some(score) = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher) {
                // A line that begins with what was typed is what was meant.
                let begins = u32::from(item.title.starts_with(word)) * 1_000;
                let named = u32::from(item.aside == word) * 10_000;
                scored.push((score + begins + named, index));
            }
        }
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.shown = scored.into_iter().map(|(_, index)| index).collect();
    }
}

/// Whether a text is a line to run as it stands: a product's command, or a verb.
fn is_line(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.starts_with('!')
        || word.starts_with("arcanna-")
        || word.starts_with("darktrace-")
        || VERBS.iter().any(|(verb, ..)| *verb == word)
}

/// The rows of the pane on the screen, then the shell's.
fn rows(shell: &Shell) -> Vec<Item> {
    let here = shell.id().name();
    let of = |scope: ScopeName, specs: Vec<Spec>| {
        specs.into_iter().enumerate().map(move |(index, spec)| Item {
            does: Does::Row(scope, index, spec.id),
            title: spec.title.to_owned(),
            aside: spec.id.to_owned(),
            group: group(spec.id),
        })
    };
    let scopes = shell.scopes();
    let mut ordered: Vec<_> =
        scopes.into_iter().filter(|(scope, _)| *scope == here || *scope == SHELL).collect();
    ordered.sort_by_key(|(scope, _)| *scope == SHELL);
    let mut items: Vec<Item> =
        ordered.into_iter().flat_map(|(scope, specs)| of(scope, specs)).collect();
    // Within the pane's rows and within the shell's, what belongs together stands together.
    let mut order: Vec<&str> = Vec::new();
    for item in &items {
        if !order.contains(&item.group) {
            order.push(item.group);
        }
    }
    let place: Vec<&str> = order;
    items.sort_by_key(|item| place.iter().position(|group| *group == item.group));
    items
}

/// What a row is about, for the first column of help.
fn group(id: &str) -> &'static str {
    let (scope, name) = id.split_once('.').unwrap_or((id, ""));
    match (scope, name) {
        ("triage", "label" | "second-opinion" | "skip" | "note" | "edit-note") => "LABEL",
        ("triage", "mark" | "range" | "mark-all") => "MARK",
        (
            "triage",
            "find" | "next-view" | "previous-view" | "views" | "order" | "next-match"
            | "previous-match",
        ) => "CHOOSE",
        (_, "device" | "endpoint" | "search" | "watch" | "next-job" | "previous-job")
            if scope != "shell" =>
        {
            "GO ON"
        }
        ("shell", "back" | "forward") => "GO",
        ("shell", name) if name.starts_with("go-") => "GO",
        ("shell", "plain" | "page" | "pin") => "TAKE AWAY",
        ("shell", name) if name.starts_with("copy-") || name.starts_with("export-") => "TAKE AWAY",
        (
            "shell",
            "down" | "up" | "half-down" | "half-up" | "page-down" | "page-up" | "first" | "last"
            | "scroll-down" | "scroll-up",
        ) => "MOVE",
        ("shell", _) => "PROGRAM",
        _ => "HERE",
    }
}
