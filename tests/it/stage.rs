//! The console beside a simulator whose clock stands still, answered at once and in order: the same keys give the same
//! screen, to the cell. What the other side says can be made empty, late, wrong or hostile.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use serde_json::Value;
use socdeck::api::call::encode;
use socdeck::api::{Answer, ApiError, Body, Call, Cause, Kind, Product};
use socdeck::app::{App, Effect, Event};
use socdeck::evidence::{Change, Item, Told};
use socdeck::job::{Action, Arrived, Phase, Report};
use socdeck::outbox::{Keeper, Moment, Notice, Session};
use socdeck::store::Wish;
use socdeck::ui::text;
use socdeck::ui::theme::{Glyphs, Palette, Theme};

use crate::desk::prefs;
use crate::sim::harness::{self, Sim};

/// How the products behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As they are.
    Full,
    /// They hold nothing: every list is empty.
    Empty,
    /// They never answer.
    Silent,
    /// They answer that they are busy.
    Failing,
    /// Every text of theirs is one that breaks frames.
    Hostile,
}

/// A simulator, and what it has answered already: its clock stands still, so that it would say the same again.
pub struct World {
    sim: Sim,
    said: Mutex<HashMap<String, String>>,
}

/// See the module.
pub struct Stage {
    /// The program's state.
    pub app: App,
    /// How the products behave from now on.
    pub mood: Mood,
    /// What left the program, one word or text each: copies, exports, an editor, the end.
    pub left: Vec<String>,
    world: Arc<World>,
    outbox: Keeper,
    now: Moment,
    waiting: Vec<Action>,
    /// What was pinned, as a file would keep it.
    basket: Vec<Item>,
}

impl World {
    /// What the simulator says to a call.
    fn said(&self, call: &Call) -> Result<String, ApiError> {
        let mut known = self.said.lock().expect("no test fails while it holds this");
        let place = format!("{call} {:?}", call.body);
        if call.kind != Kind::Read {
            // What is written may change every answer.
            known.clear();
        } else if let Some(said) = known.get(&place) {
            return Ok(said.clone());
        }
        let (method, target) = (call.method.to_string(), call.target());
        let (path, json) = (call.path.as_str(), "application/json");
        let answer = match (call.product, &call.body) {
            (Product::Arcanna, Body::Json(body)) => self.sim.arcanna(&method, &target, body),
            (Product::Arcanna, _) => self.sim.arcanna(&method, &target, ""),
            (Product::Darktrace, Body::Json(body)) => self.sim.post_json(path, body),
            (Product::Darktrace, Body::Form(fields)) => {
                let pair = |(name, value): &(String, String)| {
                    format!("{}={}", encode(name), encode(value))
                };
                self.sim.post_form(path, &fields.iter().map(pair).collect::<Vec<_>>().join("&"))
            }
            (Product::Darktrace, Body::Empty) => {
                self.sim.signed(&method, &target, &target, &self.sim.date(), json, "")
            }
        };
        if !(200..300).contains(&answer.status) {
            return Err(ApiError::of(call, Cause::Refused(answer.text())));
        }
        if call.kind == Kind::Read {
            known.insert(place, answer.text());
        }
        Ok(answer.text())
    }
}

impl Stage {
    /// A simulator, for stages that leave it as it is.
    pub fn world() -> Arc<World> {
        Arc::new(World { sim: harness::start(), said: Mutex::default() })
    }

    /// The console on its first pane.
    pub fn open(world: &Arc<World>, mood: Mood) -> Self {
        Self::kept(world, mood, None)
    }

    /// The console whose writes are kept in this folder.
    pub fn kept(world: &Arc<World>, mood: Mood, folder: Option<&Path>) -> Self {
        let wall = Timestamp::from_millisecond(harness::START).expect("the moment is one");
        let now = Moment { wall, instant: Instant::now() };
        let theme = Theme::new(Palette::Mono, Glyphs::UTF8);
        let (outbox, rows) =
            Keeper::open(folder, Session::nowhere(), now).expect("there is a place for writes");
        let mut stage = Self {
            app: App::new(prefs(), theme, &[], now).expect("the built-in keys are sound"),
            mood,
            left: Vec::new(),
            world: Arc::clone(world),
            outbox,
            now,
            waiting: Vec::new(),
            basket: Vec::new(),
        };
        stage.app.start(now);
        stage.notice(rows);
        stage.carry_out();
        stage
    }

    /// Ends the session as a lost terminal does: what was in its grace time is held for the next start.
    pub fn leave(mut self) {
        self.outbox.leave(self.now);
    }

    fn notice(&mut self, notice: Notice) {
        self.app.update(Event::Notice(notice), self.now);
    }

    fn carry_out(&mut self) {
        loop {
            let effects = self.app.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Wish(Wish::Run(action)) => self.run(action),
                    Effect::Wish(Wish::Cancel(ticket)) => {
                        if let Some(at) = self.waiting.iter().position(|one| one.ticket == ticket) {
                            let action = self.waiting.remove(at);
                            let error = ApiError::of(&action.call, Cause::Cancelled);
                            self.report(&action, Err(error));
                        }
                    }
                    Effect::Wish(Wish::Outbox(request)) => {
                        for notice in self.outbox.handle(request, self.now) {
                            self.notice(notice);
                        }
                    }
                    Effect::Wish(Wish::Keep(change)) => self.keep(change),
                    Effect::Copy(text) | Effect::Export { text, .. } => self.left.push(text),
                    other => self.left.push(format!("{other:?}")),
                }
            }
        }
    }

    /// What the keeper of the basket does, without a file; a silent world has a disk that does not answer.
    fn keep(&mut self, change: Change) {
        let place = Ok("evidence.jsonl".to_owned());
        let told = match change {
            Change::Read => Told::Read { items: self.basket.clone(), strange: Vec::new(), place },
            Change::Pin(item) => {
                let id = item.id;
                self.basket.push(*item);
                Told::Kept(id)
            }
            Change::Note(id, words) => {
                for item in self.basket.iter_mut().filter(|item| item.id == id) {
                    item.note.clone_from(&words);
                }
                Told::Kept(id)
            }
            Change::Remove(id) => {
                self.basket.retain(|item| item.id != id);
                Told::Kept(id)
            }
        };
        if self.mood != Mood::Silent {
            self.app.update(Event::Evidence(told), self.now);
        }
    }

    fn run(&mut self, action: Action) {
        let trying = Report { ticket: action.ticket, phase: Phase::Started(1) };
        self.app.update(Event::Report(trying), self.now);
        if self.mood == Mood::Silent {
            self.waiting.push(action);
            return;
        }
        let outcome = self.answered(&action).and_then(|answer| {
            let output = action.decode.decode(&answer);
            let output =
                output.map_err(|cause| ApiError::answered(&action.call, &answer, cause))?;
            let size = answer.body.len();
            let took = Duration::from_millis(40);
            Ok(Arrived { output, status: answer.status, skew_s: None, took, size })
        });
        self.report(&action, outcome);
    }

    fn report(&mut self, action: &Action, outcome: Result<Arrived, ApiError>) {
        let report = Report { ticket: action.ticket, phase: Phase::Ended(outcome) };
        self.app.update(Event::Report(report), self.now);
    }

    fn answered(&self, action: &Action) -> Result<Answer, ApiError> {
        let call = &action.call;
        if self.mood == Mood::Failing {
            return Err(ApiError::of(call, Cause::Server("busy".into(), None)));
        }
        if self.mood == Mood::Hostile && call.kind != Kind::Read {
            return Err(ApiError::of(call, Cause::Refused(HOSTILE.concat())));
        }
        let said = self.world.said(call)?;
        let json = || serde_json::from_str(&said).expect("the simulator speaks JSON");
        let body = match self.mood {
            Mood::Empty => emptied(json()).to_string(),
            Mood::Hostile => hostile(json(), "").to_string(),
            _ => said,
        };
        Ok(Answer::from_json(&body))
    }

    /// One key, as it comes from the terminal; label keys count because the screen shows the event.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.app.drawn(self.app.event());
        self.app.update(Event::Key(KeyEvent::new(code, modifiers)), self.now);
        self.carry_out();
    }

    /// Types text; `\r` is Enter, `\t` Tab, other control characters their keys. `\0` lets the cursor rest, `⏳` lets a grace
    /// time pass.
    pub fn keys(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\0' => self.pass(Duration::from_millis(500)),
                '\r' => self.key(KeyCode::Enter, KeyModifiers::NONE),
                '\t' => self.key(KeyCode::Tab, KeyModifiers::NONE),
                '⏳' => self.pass(Duration::from_secs(31)),
                '→' => self.key(KeyCode::Right, KeyModifiers::NONE),
                '\x01'..='\x1a' => {
                    let letter = (c as u8 - 1 + b'a') as char;
                    self.key(KeyCode::Char(letter), KeyModifiers::CONTROL);
                }
                c => self.key(KeyCode::Char(c), KeyModifiers::NONE),
            }
        }
    }

    /// Lets time pass: deadlines of app and outbox come due. The simulator's clock stands still.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        for notice in self.outbox.claim(self.now) {
            self.notice(notice);
        }
        self.carry_out();
        self.app.update(Event::Tick, self.now);
        self.carry_out();
    }

    /// A frame of this size.
    pub fn frame(&self, width: u16, height: u16) -> Buffer {
        self.seen((width, height)).0
    }

    /// Everything a person sees at this size: cells, their looks, and where the terminal's cursor is.
    pub fn seen(&self, (width, height): (u16, u16)) -> (Buffer, Option<Position>) {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = self.app.draw(buf.area, &mut buf);
        (buf, cursor)
    }

    /// A frame as lines, blanks at the ends cut.
    pub fn text(&self, width: u16, height: u16) -> String {
        lines(&self.frame(width, height)).join("\n")
    }
}

/// A frame as lines, blanks at the ends cut: what a wide character covers is left out.
pub fn lines(buf: &Buffer) -> Vec<String> {
    let row = |y: u16| {
        let mut line = String::new();
        let mut x = 0;
        while x < buf.area.width {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += (text::width(symbol) as u16).max(1);
        }
        line.trim_end().to_owned()
    };
    (0..buf.area.height).map(row).collect()
}

/// What is wrong with a frame: a character that steers a terminal, or one that reaches over the edge.
pub fn broken(buf: &Buffer) -> Option<String> {
    for y in 0..buf.area.height {
        for x in 0..buf.area.width {
            let symbol = buf[(x, y)].symbol();
            let steers = |c: char| {
                c.is_control()
                    || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            if symbol.chars().any(steers) {
                return Some(format!("{symbol:?} at column {x}, row {y}"));
            }
            if x as usize + text::width(symbol) > buf.area.width as usize {
                return Some(format!("{symbol:?} reaches over the edge of row {y}"));
            }
        }
    }
    None
}

/// The answer of a product that holds nothing.
fn emptied(value: Value) -> Value {
    match value {
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let count = name.to_lowercase().contains("count") && value.is_number();
                    let value = if count { Value::from(0) } else { emptied(value) };
                    (name, value)
                })
                .collect(),
        ),
        value => value,
    }
}

/// What stands before every text of a hostile product, one of them: controls and escapes, directions, wide, joined and combining
/// characters, line ends, and far too much.
const HOSTILE: [&str; 6] = [
    "\u{1b}[2J\u{1b}]52;c;eA==\u{7}esc ",
    "\u{202e}rtl\u{2066} ",
    "日本語の名前 ",
    "👩\u{200d}👩\u{200d}👧 e\u{301}\u{302}\u{303}\u{304} ｶﾞ ",
    "line\r\n\tend ",
    "long long long long long long long long long long long long long long long long long long long long long ",
];

/// What says how an answer is to be read: without it there would be nothing to show but a complaint.
const KEPT: [&str; 4] = ["status", "response", "bucket_state", "inference_status"];

/// The same text is spoilt in the same way everywhere, so that names still match.
fn hostile(value: Value, name: &str) -> Value {
    match value {
        Value::String(text) if !KEPT.contains(&name) => {
            let kind = text.bytes().map(usize::from).sum::<usize>() % HOSTILE.len();
            Value::String(format!("{}{text}", HOSTILE[kind]))
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| hostile(item, name)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(inner, value)| {
                    let free = name == "raw_event" || name == "decision_points";
                    let value = hostile(value, &inner);
                    (if free { format!("{inner} \u{202e}鍵\u{7}") } else { inner }, value)
                })
                .collect(),
        ),
        value => value,
    }
}
