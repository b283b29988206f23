//! A sheet: a form in a box over its pane, opened and owned by that pane. What is about to be done, its fields, the exact
//! request, and a confirmation that Enter alone never gives.
//!
//! A sheet sends nothing and checks nothing by itself. The pane reads [`Sheet::value`] after [`SheetReaction::Edited`],
//! answers with [`Sheet::complain`] and [`Sheet::set_request`], and acts on [`SheetReaction::Confirmed`]. What was typed
//! stays until the sheet is closed: a refused confirmation loses nothing.

mod draw;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::api::{Body, Call};
use crate::command::Tone;
use crate::ui::input::{Editor, Field, Reaction};

/// What a key did to a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetReaction {
    /// Nothing that concerns the pane.
    Stay,
    /// A value changed: the pane checks it and says what would be sent.
    Edited,
    /// [`Sheet::text`] shall go to the person's own editor; it comes back through [`Sheet::edited`].
    Edit,
    /// Left without doing it.
    Close,
    /// Confirmed: the request as shown is to be staged.
    Confirmed,
}

/// How a sheet is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// `y` on the last line: what can be taken back.
    Yes,
    /// This text is typed on the last line, then Enter: what reaches others. What it is, and the text itself.
    Type(String, String),
}

/// One field of the form.
#[derive(Debug)]
struct Input {
    name: &'static str,
    label: String,
    help: String,
    complaint: Option<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// One line, with words it can be completed to.
    Line(Box<Field>, Vec<String>),
    /// One of a few.
    Choice(Vec<&'static str>, usize),
    /// Several lines.
    Text(Box<Editor>),
}

/// See the module.
#[derive(Debug)]
pub struct Sheet {
    title: String,
    notes: Vec<(Tone, String)>,
    inputs: Vec<Input>,
    /// Index of the field with the keyboard; behind the last one it is the confirmation.
    focus: usize,
    confirm: Confirm,
    answer: Field,
    request: Result<String, String>,
    refused: Option<String>,
    read_only: bool,
    barred: Option<String>,
}

impl Sheet {
    /// A sheet without fields. Nothing can be confirmed before [`Self::set_request`] was given a request.
    pub fn new(title: impl Into<String>, confirm: Confirm, read_only: bool) -> Self {
        Self {
            title: title.into(),
            notes: Vec::new(),
            inputs: Vec::new(),
            focus: 0,
            confirm,
            answer: Field::new(""),
            request: Err(String::new()),
            refused: None,
            read_only,
            barred: None,
        }
    }

    /// Adds a sentence that explains: what happens, to whom, what cannot be undone.
    #[must_use]
    pub fn note(mut self, tone: Tone, words: impl Into<String>) -> Self {
        self.notes.push((tone, words.into()));
        self
    }

    /// Adds a field of one line with what it holds already, and quiet words beside it.
    #[must_use]
    pub fn line(
        self,
        name: &'static str,
        label: &str,
        text: &str,
        help: impl Into<String>,
    ) -> Self {
        let mut field = Field::new("");
        field.set(text);
        self.input(name, label, help.into(), Kind::Line(Box::new(field), Vec::new()))
    }

    /// Adds a field that is one of a few; left and right change it.
    #[must_use]
    pub fn choice(
        self,
        name: &'static str,
        label: &str,
        options: &[&'static str],
        chosen: usize,
    ) -> Self {
        let at = chosen.min(options.len().saturating_sub(1));
        self.input(name, label, String::new(), Kind::Choice(options.to_vec(), at))
    }

    /// Adds a field of several lines. A sheet has one at most.
    #[must_use]
    pub fn editor(
        self,
        name: &'static str,
        label: &str,
        text: &str,
        help: impl Into<String>,
    ) -> Self {
        self.input(name, label, help.into(), Kind::Text(Box::new(Editor::new(text))))
    }

    fn input(mut self, name: &'static str, label: &str, help: String, kind: Kind) -> Self {
        self.inputs.push(Input { name, label: label.to_owned(), help, complaint: None, kind });
        self
    }

    /// What a field holds; empty when there is no such field.
    pub fn value(&self, name: &str) -> String {
        self.inputs.iter().find(|input| input.name == name).map(Input::text).unwrap_or_default()
    }

    /// Fills a field; an option that is none of a choice is ignored.
    pub fn set(&mut self, name: &str, text: &str) {
        let Some(input) = self.inputs.iter_mut().find(|input| input.name == name) else {
            return;
        };
        match &mut input.kind {
            Kind::Line(field, _) => field.set(text),
            Kind::Text(editor) => editor.set(text),
            Kind::Choice(options, at) => {
                if let Some(found) = options.iter().position(|option| *option == text) {
                    *at = found;
                }
            }
        }
    }

    /// The words a field can be completed to.
    pub fn offer(&mut self, name: &str, words: Vec<String>) {
        for input in &mut self.inputs {
            if input.name == name
                && let Kind::Line(_, offered) = &mut input.kind
            {
                *offered = words;
                return;
            }
        }
    }

    /// Says beside a field what is wrong with it, or that nothing is. A sheet with a complaint cannot be confirmed.
    pub fn complain(&mut self, name: &str, complaint: Option<String>) {
        if let Some(input) = self.inputs.iter_mut().find(|input| input.name == name) {
            input.complaint = complaint;
        }
    }

    /// Says beside a field, quietly, what is known of it.
    pub fn help(&mut self, name: &str, help: impl Into<String>) {
        if let Some(input) = self.inputs.iter_mut().find(|input| input.name == name) {
            input.help = help.into();
        }
    }

    /// Replaces the sentences that explain.
    pub fn set_notes(&mut self, notes: Vec<(Tone, String)>) {
        self.notes = notes;
    }

    /// Says why nothing can be confirmed at this moment although it could be at another: the console is not armed.
    pub fn set_barred(&mut self, why: Option<&str>) {
        self.barred = why.map(str::to_owned);
    }

    /// Shows the exact request, or why there is none yet.
    pub fn set_request(&mut self, request: Result<String, String>) {
        self.request = request;
    }

    /// Changes what confirms the sheet, where that depends on its fields (a count).
    pub fn set_confirm(&mut self, confirm: Confirm) {
        self.confirm = confirm;
    }

    /// Starts on the confirmation: everything else is filled in already.
    #[must_use]
    pub fn filled(mut self) -> Self {
        self.focus = self.inputs.len();
        self
    }

    /// The keys that matter where the keyboard is, for the hint line.
    pub fn hints(&self) -> &'static [(&'static str, &'static str)] {
        match self.inputs.get(self.focus).map(|input| &input.kind) {
            Some(Kind::Text(_)) => &[("^G", "leave"), ("Tab", "next"), ("^X^E", "your editor")],
            _ if self.inputs.is_empty() => &[("^G", "leave")],
            _ => &[("^G", "leave"), ("Tab", "next")],
        }
    }

    /// The name of the field that has the keyboard; `None` on the confirmation.
    pub fn focused(&self) -> Option<&'static str> {
        self.inputs.get(self.focus).map(|input| input.name)
    }

    /// The text of the field that has the keyboard, for the person's own editor.
    pub fn text(&self) -> String {
        self.inputs.get(self.focus).map(Input::text).unwrap_or_default()
    }

    /// Takes in what the person's own editor made of [`Self::text`].
    pub fn edited(&mut self, text: &str) {
        if let Some(name) = self.focused() {
            self.set(name, text.trim_end_matches('\n'));
        }
    }

    /// Pasted text, into the field that has the keyboard.
    pub fn paste(&mut self, pasted: &str) -> SheetReaction {
        self.refused = None;
        match self.inputs.get_mut(self.focus).map(|input| &mut input.kind) {
            Some(Kind::Line(field, _)) => edited(field.paste(pasted)),
            Some(Kind::Text(editor)) => edited(editor.paste(pasted)),
            Some(Kind::Choice(..)) => SheetReaction::Stay,
            // A confirmation is typed by hand: pasting it proves nothing.
            None => {
                self.refused = Some("a confirmation is typed, not pasted".to_owned());
                SheetReaction::Stay
            }
        }
    }

    /// A key. Every key is the sheet's while it is open.
    pub fn key(&mut self, key: KeyEvent) -> SheetReaction {
        if key.kind == KeyEventKind::Release {
            return SheetReaction::Stay;
        }
        self.refused = None;
        let ctrl =
            |c: char| key.code == KeyCode::Char(c) && key.modifiers.contains(KeyModifiers::CONTROL);
        if key.code == KeyCode::Esc || ctrl('g') {
            return SheetReaction::Close;
        }
        let editor =
            matches!(self.inputs.get(self.focus).map(|input| &input.kind), Some(Kind::Text(_)));
        match key.code {
            KeyCode::BackTab => return self.step(-1),
            KeyCode::Tab => return self.tab(),
            KeyCode::Up if !editor => return self.step(-1),
            KeyCode::Down if !editor => return self.step(1),
            _ if !editor && ctrl('p') => return self.step(-1),
            _ if !editor && ctrl('n') => return self.step(1),
            KeyCode::Enter if !editor && self.focus < self.inputs.len() => return self.step(1),
            _ => {}
        }
        match self.inputs.get_mut(self.focus).map(|input| &mut input.kind) {
            Some(Kind::Line(field, _)) => edited(field.key(key)),
            Some(Kind::Text(editor)) => edited(editor.key(key)),
            Some(Kind::Choice(options, at)) => choose(options, at, key),
            None => self.confirming(key),
        }
    }

    fn step(&mut self, by: isize) -> SheetReaction {
        let stops = self.inputs.len() as isize + 1;
        self.focus = (self.focus as isize + by).rem_euclid(stops) as usize;
        SheetReaction::Stay
    }

    /// Completes what can be completed, else goes to the next field.
    fn tab(&mut self) -> SheetReaction {
        let Some(input) = self.inputs.get_mut(self.focus) else {
            return self.step(1);
        };
        if let Kind::Line(field, words) = &mut input.kind
            && let Some(longer) = completion(field.text(), words)
        {
            field.set(&longer);
            return SheetReaction::Edited;
        }
        self.step(1)
    }

    fn confirming(&mut self, key: KeyEvent) -> SheetReaction {
        let wanted = match &self.confirm {
            Confirm::Yes => match key.code {
                KeyCode::Char('y') if key.modifiers.is_empty() => return self.confirmed(),
                KeyCode::Char(_) | KeyCode::Enter => {
                    self.refused = Some("y confirms; nothing else does, not even Enter".to_owned());
                    return SheetReaction::Stay;
                }
                _ => return SheetReaction::Stay,
            },
            Confirm::Type(what, wanted) => (what.clone(), wanted.clone()),
        };
        if self.answer.key(key) == Reaction::Submit {
            let (what, wanted) = wanted;
            if self.answer.text().trim() == wanted {
                return self.confirmed();
            }
            self.refused = Some(if self.answer.is_empty() {
                format!("type {what}, then Enter; Enter alone confirms nothing")
            } else {
                format!("that is not {what}: {wanted} is wanted")
            });
        }
        SheetReaction::Stay
    }

    /// Confirms, unless something forbids it.
    fn confirmed(&mut self) -> SheetReaction {
        let complaint = self.inputs.iter().position(|input| input.complaint.is_some());
        self.refused = if self.read_only {
            Some("READ-ONLY: nothing is written from this console".to_owned())
        } else if self.barred.is_some() {
            self.barred.clone()
        } else if let Some(at) = complaint {
            self.focus = at;
            Some(format!("{} is not right yet", self.inputs[at].label))
        } else {
            self.request.as_ref().err().cloned()
        };
        if self.refused.is_some() { SheetReaction::Stay } else { SheetReaction::Confirmed }
    }
}

impl Input {
    fn text(&self) -> String {
        match &self.kind {
            Kind::Line(field, _) => field.text().to_owned(),
            Kind::Choice(options, at) => options.get(*at).copied().unwrap_or_default().to_owned(),
            Kind::Text(editor) => editor.text(),
        }
    }
}

fn edited(reaction: Reaction) -> SheetReaction {
    match reaction {
        Reaction::Edited => SheetReaction::Edited,
        Reaction::Edit => SheetReaction::Edit,
        Reaction::Cancel => SheetReaction::Close,
        _ => SheetReaction::Stay,
    }
}

/// Left, right and blank go round; a letter goes to the next option that begins with it.
fn choose(options: &[&str], at: &mut usize, key: KeyEvent) -> SheetReaction {
    let count = options.len().max(1);
    let before = *at;
    match key.code {
        KeyCode::Right | KeyCode::Char(' ') => *at = (*at + 1) % count,
        KeyCode::Left => *at = (*at + count - 1) % count,
        KeyCode::Char(c) if key.modifiers.is_empty() => {
            let found = (1..=count)
                .map(|step| (*at + step) % count)
                .find(|index| options.get(*index).is_some_and(|option| option.starts_with(c)));
            *at = found.unwrap_or(*at);
        }
        _ => {}
    }
    if *at == before { SheetReaction::Stay } else { SheetReaction::Edited }
}

/// The words that begin with a text, whatever its case; those that hold it somewhere when none begins with it.
fn matching<'w>(text: &str, words: &'w [String]) -> Vec<&'w String> {
    let wanted = text.to_lowercase();
    let of = |fits: fn(&str, &str) -> bool| -> Vec<&'w String> {
        words.iter().filter(|word| fits(&word.to_lowercase(), &wanted)).collect()
    };
    let begin = of(|word, wanted| word.starts_with(wanted));
    if begin.is_empty() { of(|word, wanted| word.contains(wanted)) } else { begin }
}

/// What Tab makes of a text: the only word it can become, else as far as all of them agree. `None` when it stays as it is.
fn completion(text: &str, words: &[String]) -> Option<String> {
    if text.is_empty() || words.iter().any(|word| word == text) {
        return None;
    }
    let found = matching(text, words);
    let (first, others) = found.split_first()?;
    let mut long = first.len();
    for other in others {
        let agree = first
            .char_indices()
            .zip(other.chars())
            .find(|((_, one), another)| !one.to_lowercase().eq(another.to_lowercase()))
            .map_or(first.len().min(other.len()), |((at, _), _)| at);
        long = long.min(agree);
    }
    let longer = first.get(..long)?;
    (longer.chars().count() > text.chars().count() || (others.is_empty() && longer != text))
        .then(|| longer.to_owned())
}

/// A request in one line, as it will be sent: method, address, body.
pub fn exactly(call: &Call) -> String {
    match &call.body {
        Body::Empty => call.to_string(),
        Body::Json(json) => format!("{call} {json}"),
        Body::Form(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{call} {}", fields.join("&"))
        }
    }
}

#[cfg(test)]
mod tests;
