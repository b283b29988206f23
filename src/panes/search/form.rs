//! The question: time, query, metric, operation. Tab goes from one to the next, Enter runs it from any of them.
//!
//! A form checks and offers while one types; it never keeps a query from being run.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use super::names;
use super::text::{self, Complaint};
use crate::api::darktrace::search::{Analysis, Analyze, SearchQuery};
use crate::panes::window::{self, Window};
use crate::ui::input::{Field, Reaction};

/// A part of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Time,
    Query,
    Metric,
    Operation,
}

const PARTS: [Part; 4] = [Part::Time, Part::Query, Part::Metric, Part::Operation];

/// What a key did to the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// Not for the form.
    Ignored,
    /// Used up.
    Taken,
    /// Enter: run it.
    Run,
    /// The keyboard goes to the results.
    Leave,
}

/// See the module.
pub struct Form {
    pub time: Field,
    pub query: Field,
    pub metric: Field,
    pub operation: Analysis,
    /// The part with the keyboard, if the form has it.
    pub focus: Option<Part>,
    /// Metrics that were asked, offered again.
    own: Vec<String>,
}

impl Default for Form {
    fn default() -> Self {
        let mut time =
            Field::new("").placeholder("last 2h").history(window::OFFERED.map(String::from).into());
        time.set("last 1h");
        let mut metric = Field::new("").placeholder("@fields.dest_ip");
        metric.set(names::FIELDS[0]);
        Self {
            time,
            query: Field::new("")
                .placeholder(r#"every record; or @type:"ssl" AND @fields.dest_port:"443""#),
            metric,
            operation: Analysis::Terms,
            focus: None,
            own: Vec::new(),
        }
    }
}

impl Form {
    /// The question as it stands.
    ///
    /// # Errors
    /// The part that is no question yet, and why.
    pub fn read(&self, now: Timestamp) -> Result<Analyze, (Part, String)> {
        let Window { from, to } =
            window::parse(self.time.text(), now).map_err(|why| (Part::Time, why))?;
        let field = names::whole(self.metric.text());
        if field.is_empty() {
            let why = "the metric is empty: a field's name such as @fields.dest_ip is wanted";
            return Err((Part::Metric, why.to_owned()));
        }
        Ok(Analyze {
            field,
            operation: self.operation,
            query: SearchQuery { search: self.query.text().trim().to_owned(), from, to, offset: 0 },
        })
    }

    /// Remembers what was run, for Up and Down.
    pub fn ran(&mut self, field: &str) {
        for entry in [&mut self.time, &mut self.query] {
            let text = entry.text().to_owned();
            entry.take();
            entry.set(&text);
        }
        self.metric.set(field);
        self.own.retain(|name| name != field);
        self.own.insert(0, field.to_owned());
    }

    /// What is wrong with the query, if anything strikes the eye.
    pub fn complaint(&self) -> Option<Complaint> {
        text::check(self.query.text())
    }

    /// Names offered for what is being typed.
    pub fn offers(&self) -> Vec<&str> {
        match self.focus {
            Some(Part::Metric) => names::matching(self.metric.text(), &self.own),
            Some(Part::Query) => text::word_at(self.query.text(), self.query.cursor())
                .map_or_else(Vec::new, |(_, word)| names::matching(word, &self.own)),
            _ => Vec::new(),
        }
    }

    /// Goes to the next part, or the one before; past the ends to the results.
    fn step(&mut self, by: isize) -> Typed {
        let here = PARTS.iter().position(|part| Some(*part) == self.focus);
        let next = here.and_then(|here| here.checked_add_signed(by));
        self.focus = next.and_then(|next| PARTS.get(next)).copied();
        if self.focus.is_some() { Typed::Taken } else { Typed::Leave }
    }

    /// Takes the first name that is offered for an unfinished word. `false` when there is nothing to finish.
    fn complete(&mut self) -> bool {
        let offers = self.offers();
        match self.focus {
            Some(Part::Metric) => {
                let typed = self.metric.text();
                let done = typed.is_empty() || offers.contains(&typed);
                let Some(first) = offers.first().filter(|_| !done).map(ToString::to_string) else {
                    return false;
                };
                self.metric.set(&first);
                true
            }
            Some(Part::Query) => {
                let cursor = self.query.cursor();
                let Some((_, word)) = text::word_at(self.query.text(), cursor) else {
                    return false;
                };
                let word = word.to_owned();
                let Some(first) = offers
                    .first()
                    .filter(|_| !offers.contains(&word.as_str()))
                    .map(ToString::to_string)
                else {
                    return false;
                };
                for _ in word.chars() {
                    self.query.key(KeyCode::Backspace.into());
                }
                self.query.paste(&first);
                true
            }
            _ => false,
        }
    }

    /// Puts the next (1) or previous (-1) offered metric into the field.
    fn pick(&mut self, by: isize) {
        let all = names::matching("", &self.own);
        let here = all.iter().position(|name| *name == self.metric.text());
        let Some(here) = here else {
            // From an unfinished word to the first name it may become.
            if let Some(first) = self.offers().first().map(ToString::to_string) {
                self.metric.set(&first);
            }
            return;
        };
        let next = (here as isize + by).rem_euclid(all.len() as isize) as usize;
        let name = all[next].to_owned();
        self.metric.set(&name);
    }

    fn turn(&mut self, by: usize) {
        let all = names::OPERATIONS;
        let here = all.iter().position(|(one, _)| *one == self.operation);
        self.operation = all[(here.unwrap_or(0) + by) % all.len()].0;
    }

    /// A key while the form has the keyboard.
    pub fn key(&mut self, key: KeyEvent) -> Typed {
        let Some(part) = self.focus else {
            return Typed::Ignored;
        };
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::BackTab => return self.step(-1),
            KeyCode::Tab if self.complete() => return Typed::Taken,
            KeyCode::Tab => return self.step(1),
            KeyCode::Enter => return Typed::Run,
            _ => {}
        }
        let field = match part {
            Part::Time => &mut self.time,
            Part::Query => &mut self.query,
            Part::Metric => {
                match key.code {
                    KeyCode::Up => self.pick(-1),
                    KeyCode::Down => self.pick(1),
                    _ => return reacted(self.metric.key(key)),
                }
                return Typed::Taken;
            }
            Part::Operation => {
                match key.code {
                    KeyCode::Esc => return Typed::Leave,
                    KeyCode::Char('g') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        return Typed::Leave;
                    }
                    KeyCode::Char(' ') | KeyCode::Right | KeyCode::Down => self.turn(1),
                    KeyCode::Left | KeyCode::Up => self.turn(3),
                    KeyCode::Char(c) if plain => {
                        for _ in 0..names::OPERATIONS.len() {
                            self.turn(1);
                            if self.operation.to_string().starts_with(c) {
                                break;
                            }
                        }
                    }
                    _ => return Typed::Ignored,
                }
                return Typed::Taken;
            }
        };
        reacted(field.key(key))
    }

    /// Pasted text, into the field with the keyboard.
    pub fn paste(&mut self, pasted: &str) -> bool {
        let field = match self.focus {
            Some(Part::Time) => &mut self.time,
            Some(Part::Query) => &mut self.query,
            Some(Part::Metric) => &mut self.metric,
            Some(Part::Operation) | None => return false,
        };
        field.paste(pasted);
        true
    }
}

fn reacted(reaction: Reaction) -> Typed {
    match reaction {
        Reaction::Ignored => Typed::Ignored,
        Reaction::Cancel => Typed::Leave,
        Reaction::Submit => Typed::Run,
        _ => Typed::Taken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(form: &mut Form, keys: &str) -> Typed {
        let mut last = Typed::Ignored;
        for c in keys.chars() {
            last = form.key(match c {
                '\t' => KeyCode::Tab.into(),
                '⇤' => KeyCode::BackTab.into(),
                '\n' => KeyCode::Enter.into(),
                '↑' => KeyCode::Up.into(),
                '↓' => KeyCode::Down.into(),
                '⌫' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
                c => KeyCode::Char(c).into(),
            });
        }
        last
    }

    fn at(part: Part) -> Form {
        Form { focus: Some(part), ..Form::default() }
    }

    #[test]
    fn tab_goes_through_the_parts_and_out_of_the_form() {
        let mut form = at(Part::Time);
        press(&mut form, "\t");
        assert_eq!(form.focus, Some(Part::Query));
        press(&mut form, "\t\t");
        assert_eq!(form.focus, Some(Part::Operation));
        press(&mut form, "⇤");
        assert_eq!(form.focus, Some(Part::Metric));
        assert_eq!(press(&mut form, "\t\t"), Typed::Leave);
        assert_eq!(form.focus, None);
        assert_eq!(press(&mut form, "x"), Typed::Ignored);
    }

    #[test]
    fn tab_finishes_a_name_before_it_goes_on() {
        let mut form = at(Part::Query);
        press(&mut form, "a AND @fields.dest_p\t");
        assert_eq!(form.query.text(), "a AND @fields.dest_port");
        assert_eq!(form.focus, Some(Part::Query));
        press(&mut form, "\t");
        assert_eq!(form.focus, Some(Part::Metric));
        press(&mut form, "⌫host\t");
        assert_eq!(form.metric.text(), "@fields.host");
        press(&mut form, "\t");
        assert_eq!(form.focus, Some(Part::Operation));
        // an unknown name is left as it is
        let mut form = at(Part::Metric);
        press(&mut form, "⌫@fields.zzz\t");
        assert_eq!((form.metric.text(), form.focus), ("@fields.zzz", Some(Part::Operation)));
    }

    #[test]
    fn operations_go_round_and_by_letter() {
        let mut form = at(Part::Operation);
        for wanted in [Analysis::Trend, Analysis::Terms] {
            press(&mut form, "t");
            assert_eq!(form.operation, wanted);
        }
        press(&mut form, "m");
        assert_eq!(form.operation, Analysis::Mean);
        press(&mut form, " ");
        assert_eq!(form.operation, Analysis::Terms);
        press(&mut form, "↑");
        assert_eq!(form.operation, Analysis::Mean);
    }

    #[test]
    fn up_offers_windows_and_earlier_queries_and_down_metrics() {
        let mut form = at(Part::Time);
        press(&mut form, "⌫↑");
        assert_eq!(form.time.text(), "last 1h");
        press(&mut form, "↑");
        assert_eq!(form.time.text(), "last 2h");
        form.focus = Some(Part::Metric);
        press(&mut form, "↓");
        assert_eq!(form.metric.text(), "@fields.source_ip");
        form.query.set("first");
        form.ran("@fields.ja3");
        form.query.set("second");
        form.focus = Some(Part::Query);
        press(&mut form, "↑");
        assert_eq!(form.query.text(), "first");
        form.focus = Some(Part::Metric);
        form.metric.set("@fields.j");
        assert_eq!(form.offers(), ["@fields.ja3"]);
    }

    #[test]
    fn what_is_no_question_names_its_part() {
        let now = "2026-11-22T06:40:12Z".parse().unwrap();
        let mut form = at(Part::Query);
        form.query.set(" a ");
        let ask = form.read(now).unwrap();
        assert_eq!((ask.field.as_str(), ask.query.search.as_str()), ("@fields.dest_ip", "a"));
        form.metric.set("dest_port");
        assert_eq!(form.read(now).unwrap().field, "@fields.dest_port");
        form.metric.clear();
        assert_eq!(form.read(now).unwrap_err().0, Part::Metric);
        form.time.set("soon");
        assert_eq!(form.read(now).unwrap_err().0, Part::Time);
        // a broken query is complained of, and asked all the same
        let mut form = at(Part::Query);
        form.query.set("a:\"b");
        assert!(form.complaint().is_some() && form.read(now).is_ok());
    }
}
