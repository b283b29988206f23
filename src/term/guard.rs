//! Decides which keys a person meant: the input guard.
//!
//! A digit labels an event with one key. Over a slow line the same digit can be the middle of a split function key, of a
//! late answer of the terminal, of a paste, of a key held down, or a press meant for the event before. The guard holds a
//! digit back for a moment, watches what comes before and after it, and passes it on only if nothing speaks against it; a
//! dropped digit costs one more press and is told, a wrong label costs training data. It is a pure state machine: it has
//! no clock, reads no terminal and knows neither panes nor labels.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// How long each rule looks; a zero switches the rule off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// After a lone Esc: how long a rest of a split sequence may follow. Esc itself is passed on when it is over.
    pub escape: Duration,
    /// Before and after a digit no other printable key may come; the digit is passed on this much later.
    pub burst: Duration,
    /// How long a printable key nobody bound keeps digits out, and how long a started sequence may pause.
    pub lock: Duration,
    /// How long an event must have been on the screen before it can be labelled.
    pub dwell: Duration,
    /// How long a digit must have been quiet before it counts again.
    pub repeat: Duration,
    /// How long digits stay out after the terminal came back from another program or changed its size.
    pub settle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            escape: Duration::from_millis(300),
            burst: Duration::from_millis(35),
            lock: Duration::from_secs(1),
            dwell: Duration::from_millis(200),
            repeat: Duration::from_millis(150),
            settle: Duration::from_millis(500),
        }
    }
}

/// What a key would do where the focus is now; the caller knows, the guard does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A field takes it as text.
    Text,
    /// It labels.
    Label,
    /// Some other command is bound to it.
    Bound,
    /// Nothing is.
    Unbound,
}

/// What becomes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it on.
    Pass(Event),
    /// A label key a person pressed at that moment: act on it.
    Label(KeyEvent, Instant),
    /// A label key that was not believed; say why.
    Dropped(KeyEvent, Reason),
}

/// Why a label key was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Reason {
    /// It came together with other keys.
    #[strum(to_string = "came with other keys, as a paste does: press it again")]
    Burst,
    /// It came right after Esc.
    #[strum(to_string = "came right after Esc: press it again")]
    Escape,
    /// A key nobody bound came just before, as in the rest of a split key.
    #[strum(to_string = "came after an unknown key: wait a second, press it again")]
    Locked,
    /// The event had not been on the screen long enough.
    #[strum(to_string = "too soon: the event had only just appeared")]
    TooSoon,
    /// The event under the cursor is not the one on the screen yet.
    #[strum(to_string = "too soon: the event was not on the screen yet")]
    NotDrawn,
    /// The key is held down.
    #[strum(to_string = "the key repeats: release it first")]
    Repeat,
    /// The terminal just came back from another program or changed its size.
    #[strum(to_string = "the terminal had only just come back: press it again")]
    Settling,
}

/// Where the guard is within a sequence that arrives in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Plain,
    /// Esc alone; what follows decides.
    Escape,
    /// `Esc [`: up to a final character; true after a second bracket (the Linux console's function keys).
    Csi { bracket: bool, empty: bool },
    /// `Esc O`: digits, then one character.
    Ss3,
    /// A string of the terminal (OSC, DCS, …): up to BEL or ST.
    String,
    /// Esc within a string: perhaps its end.
    StringEscape,
    /// A `[` without Esc before it: perhaps a rest that came late; its digits are dropped, nothing else is held.
    Tail(Instant),
}

/// A label key waiting for its burst window to pass.
#[derive(Debug, Clone, Copy)]
struct Pending {
    key: KeyEvent,
    at: Instant,
    /// The cursor moved meanwhile.
    stale: bool,
}

/// Longest time digits after a stray `[` are taken for its rest.
const TAIL_MAX: Duration = Duration::from_secs(3);

/// The guard. Feed it every event with its time of arrival, and call [`Guard::poll`] when [`Guard::next_deadline`] comes.
#[derive(Debug, Clone)]
pub struct Guard {
    limits: Limits,
    state: State,
    /// When the state last saw a character.
    state_at: Option<Instant>,
    pending: Option<Pending>,
    /// The last printable key of any kind.
    last_printable: Option<Instant>,
    locked_until: Option<Instant>,
    /// A lone Esc was passed on: until then a digit may still be its rest, as in a split Alt chord.
    escaped_until: Option<Instant>,
    settling_until: Option<Instant>,
    /// When the event under the cursor was drawn; none while it is not.
    drawn: Option<Instant>,
    /// Per label key, when it last arrived.
    seen: Vec<(char, Instant)>,
    /// A drop of this burst was told already.
    told: bool,
}

impl Guard {
    /// A guard that has seen nothing; label keys stay out until [`Guard::drawn`].
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Plain,
            state_at: None,
            pending: None,
            last_printable: None,
            locked_until: None,
            escaped_until: None,
            settling_until: None,
            drawn: None,
            seen: Vec::new(),
            told: false,
        }
    }

    /// Takes other limits over; what is being judged is judged by them.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The cursor is on another event now, which is not on the screen yet. A label key still waiting is dropped.
    pub fn moved(&mut self) {
        self.drawn = None;
        if let Some(p) = &mut self.pending {
            p.stale = true;
        }
    }

    /// A frame with the event under the cursor was written at this moment. Later frames of the same event change nothing.
    pub fn drawn(&mut self, at: Instant) {
        self.drawn.get_or_insert(at);
    }

    /// The terminal came back (from an editor, a stop, a resize) and its input was flushed: forget what was half read.
    pub fn flushed(&mut self, at: Instant) {
        (self.state, self.state_at, self.pending) = (State::Plain, None, None);
        self.settling_until = Some(at + self.limits.settle);
    }

    /// When to call [`Guard::poll`] next, if nothing arrives before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let escape = (self.state == State::Escape)
            .then(|| self.state_at.map(|at| at + self.limits.escape))
            .flatten();
        let digit = self.pending.map(|p| p.at + self.limits.burst);
        match (escape, digit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// What is settled by the passing of time alone. Call it before classifying the next key, because a label it returns
    /// may move the focus.
    #[must_use]
    pub fn poll(&mut self, now: Instant) -> Vec<Verdict> {
        let mut out = Vec::new();
        if let Some(p) = self.pending
            && now >= p.at + self.limits.burst
        {
            self.pending = None;
            if p.stale {
                self.drop_key(p.key, Reason::NotDrawn, &mut out);
            } else {
                out.push(Verdict::Label(p.key, p.at));
            }
        }
        if let Some(at) = self.state_at {
            match self.state {
                State::Escape if now >= at + self.limits.escape => {
                    self.leave();
                    self.escaped_until = Some(at + self.limits.lock);
                    out.push(Verdict::Pass(Event::Key(KeyCode::Esc.into())));
                }
                // a sequence that never ended
                State::Csi { .. } | State::Ss3 | State::String | State::StringEscape
                    if now > at + self.limits.lock =>
                {
                    self.leave();
                }
                State::Tail(begun) if now > at + self.limits.lock || now > begun + TAIL_MAX => {
                    self.leave();
                }
                _ => {}
            }
        }
        out
    }

    /// Takes one event that arrived at `at`; `class` says what a key would do. Returns what is settled now, in order.
    #[must_use]
    pub fn feed(&mut self, event: Event, at: Instant, class: Class) -> Vec<Verdict> {
        let mut out = self.poll(at);
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) if key.code == KeyCode::Null => self.noise(at, &mut out),
            Event::Key(key) => self.key(key, at, class, &mut out),
            Event::Resize(..) => {
                self.settling_until = Some(at + self.limits.settle);
                out.push(Verdict::Pass(event));
            }
            Event::Paste(_) => {
                self.cancel_pending(None, &mut out);
                self.give_escape(&mut out);
                self.leave();
                self.last_printable = Some(at);
                out.push(Verdict::Pass(event));
            }
            _ => out.push(Verdict::Pass(event)),
        }
        out
    }

    fn key(&mut self, key: KeyEvent, at: Instant, class: Class, out: &mut Vec<Verdict>) {
        let typed = match key.code {
            KeyCode::Char(c)
                if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                Some(c)
            }
            _ => None,
        };
        if self.sequence(key, typed, at, out) {
            if typed.is_some() {
                self.last_printable = Some(at);
            }
            return;
        }
        let after_burst = self.limits.burst > Duration::ZERO
            && self
                .last_printable
                .is_some_and(|last| at.saturating_duration_since(last) < self.limits.burst);
        if !after_burst {
            self.told = false;
        }
        // whatever comes so shortly after a digit makes it part of something else, and must not overtake it
        let cancelled = self.cancel_pending(Some(key.code), out);
        if key.code == KeyCode::Esc && key.modifiers.is_empty() && !self.limits.escape.is_zero() {
            self.enter(State::Escape, at);
            return;
        }
        if let Some(c) = typed {
            self.last_printable = Some(at);
            if class == Class::Label {
                self.label(key, c, at, after_burst || cancelled, out);
                return;
            }
        }
        self.lock(key, typed, at, class);
        out.push(Verdict::Pass(Event::Key(key)));
    }

    /// Bytes that are no text came, perhaps the beginning of a sequence in 8-bit form: its digits must not label.
    fn noise(&mut self, at: Instant, out: &mut Vec<Verdict>) {
        self.cancel_pending(None, out);
        self.locked_until = Some(at + self.limits.lock);
        self.last_printable = Some(at);
        let switched_on = !self.limits.lock.is_zero();
        if switched_on && matches!(self.state, State::Plain | State::Tail(_)) {
            self.enter(State::Tail(at), at);
        }
    }

    /// Keys that keep digits out for a while: those nobody bound, any with Alt, and the beginnings of sequences.
    fn lock(&mut self, key: KeyEvent, typed: Option<char>, at: Instant, class: Class) {
        if class == Class::Text {
            return;
        }
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let stray = matches!(typed, Some('[' | 'O'));
        if stray || alt || (typed.is_some() && class == Class::Unbound) {
            self.locked_until = Some(at + self.limits.lock);
        }
        let escaped = self.escaped_until.is_some_and(|until| at < until);
        if typed == Some('[') || escaped && typed.is_some_and(begins_string) {
            self.enter(State::Tail(at), at);
        }
    }

    /// Judges a label key. It becomes pending if nothing speaks against it yet.
    fn label(
        &mut self,
        key: KeyEvent,
        c: char,
        at: Instant,
        in_burst: bool,
        out: &mut Vec<Verdict>,
    ) {
        let last = self.note(c, at);
        let within = |from: Option<Instant>, limit: Duration| {
            !limit.is_zero() && from.is_some_and(|from| at.saturating_duration_since(from) < limit)
        };
        let before = |until: Option<Instant>| until.is_some_and(|until| at < until);
        let reason = if key.kind == KeyEventKind::Repeat {
            Some(Reason::Repeat)
        } else if before(self.settling_until) {
            Some(Reason::Settling)
        } else if before(self.locked_until) || matches!(self.state, State::Tail(_)) {
            if matches!(self.state, State::Tail(_)) {
                self.state_at = Some(at);
            }
            Some(Reason::Locked)
        } else if before(self.escaped_until) {
            Some(Reason::Escape)
        } else if within(last, self.limits.repeat) {
            Some(Reason::Repeat)
        } else if in_burst {
            Some(Reason::Burst)
        } else if self.drawn.is_none() {
            Some(Reason::NotDrawn)
        } else if within(self.drawn, self.limits.dwell) {
            Some(Reason::TooSoon)
        } else {
            None
        };
        match reason {
            Some(reason) => self.drop_key(key, reason, out),
            None if self.limits.burst.is_zero() => out.push(Verdict::Label(key, at)),
            None => {
                self.pending = Some(Pending { key, at, stale: false });
            }
        }
    }

    /// Remembers that a label key arrived and says when it did before.
    fn note(&mut self, c: char, at: Instant) -> Option<Instant> {
        if let Some((_, last)) = self.seen.iter_mut().find(|(k, _)| *k == c) {
            return Some(std::mem::replace(last, at));
        }
        self.seen.push((c, at));
        None
    }

    /// One message for one burst, however many digits it had.
    fn drop_key(&mut self, key: KeyEvent, reason: Reason, out: &mut Vec<Verdict>) {
        if !std::mem::replace(&mut self.told, true) {
            out.push(Verdict::Dropped(key, reason));
        }
    }

    /// Another key came within the window of the one waiting: the same one means it is held down.
    fn cancel_pending(&mut self, by: Option<KeyCode>, out: &mut Vec<Verdict>) -> bool {
        let Some(p) = self.pending.take() else {
            return false;
        };
        let reason = if by == Some(p.key.code) { Reason::Repeat } else { Reason::Burst };
        self.drop_key(p.key, reason, out);
        true
    }

    fn enter(&mut self, state: State, at: Instant) {
        (self.state, self.state_at) = (state, Some(at));
    }

    fn leave(&mut self) {
        (self.state, self.state_at) = (State::Plain, None);
    }

    /// A held Esc turned out to be one.
    fn give_escape(&mut self, out: &mut Vec<Verdict>) {
        if self.state == State::Escape {
            self.leave();
            out.push(Verdict::Pass(Event::Key(KeyCode::Esc.into())));
        }
    }

    /// Follows sequences that arrive in pieces. True if the key belongs to one and is used up.
    fn sequence(
        &mut self,
        key: KeyEvent,
        typed: Option<char>,
        at: Instant,
        out: &mut Vec<Verdict>,
    ) -> bool {
        let alt = match key.code {
            KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::ALT) => Some(c),
            _ => None,
        };
        match self.state {
            State::Plain | State::Tail(_) => {
                if let Some(c) = alt
                    && begins_string(c)
                    && !self.limits.escape.is_zero()
                {
                    self.cancel_pending(None, out);
                    self.enter(State::String, at);
                    return true;
                }
                match (self.state, typed) {
                    // parameters of a late rest extend its time; its final character ends it and is a key like any other
                    (State::Tail(_), Some(c)) if !is_parameter(c) && c != '[' => self.leave(),
                    (State::Tail(_), Some(_)) => self.state_at = Some(at),
                    _ => {}
                }
                false
            }
            State::Escape => match typed {
                Some('[') => self.follow(State::Csi { bracket: false, empty: true }, at),
                Some('O') => self.follow(State::Ss3, at),
                Some(c) if begins_string(c) => self.follow(State::String, at),
                Some(c) if c.is_ascii_digit() => {
                    self.give_escape(out);
                    self.last_printable = Some(at);
                    self.drop_key(key, Reason::Escape, out);
                    true
                }
                _ if alt.is_some_and(begins_string) => {
                    self.give_escape(out);
                    self.follow(State::String, at)
                }
                _ => {
                    self.give_escape(out);
                    false
                }
            },
            State::Csi { bracket, empty } => match typed {
                Some('[') if empty && !bracket => {
                    self.follow(State::Csi { bracket: true, empty: false }, at)
                }
                Some(c) if (' '..='?').contains(&c) && !bracket => {
                    self.follow(State::Csi { bracket, empty: false }, at)
                }
                Some('@'..='~') => self.end(),
                Some(_) if bracket => self.end(),
                _ => self.abort(),
            },
            State::Ss3 => match typed {
                Some('0'..='9' | ';') => self.follow(State::Ss3, at),
                Some(_) => self.end(),
                None => self.abort(),
            },
            State::String => match (key.code, typed, alt) {
                (_, Some(_), _) => self.follow(State::String, at),
                (KeyCode::Char('g'), _, None) | (_, _, Some('\\')) => self.end(),
                (KeyCode::Esc, ..) => self.follow(State::StringEscape, at),
                // a line of a device string; any other key is a key
                (KeyCode::Enter | KeyCode::Tab | KeyCode::Char(_), ..) => {
                    self.follow(State::String, at)
                }
                _ => self.abort(),
            },
            State::StringEscape => match typed {
                Some('\\') => self.end(),
                Some('[') => self.follow(State::Csi { bracket: false, empty: true }, at),
                Some('O') => self.follow(State::Ss3, at),
                Some(_) => self.follow(State::String, at),
                None => self.abort(),
            },
        }
    }

    fn follow(&mut self, state: State, at: Instant) -> bool {
        self.enter(state, at);
        true
    }

    /// The sequence is over with this key.
    fn end(&mut self) -> bool {
        self.leave();
        true
    }

    /// It was none, or it broke off: this key is a key.
    fn abort(&mut self) -> bool {
        self.leave();
        false
    }
}

fn begins_string(c: char) -> bool {
    matches!(c, ']' | 'P' | '_' | '^' | 'X')
}

fn is_parameter(c: char) -> bool {
    ('0'..='?').contains(&c) || c == '$'
}
