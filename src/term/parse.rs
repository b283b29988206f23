//! Bytes of a terminal to crossterm events: pure, without a clock of its own.
//!
//! Understands what xterm, `PuTTY`, rxvt, the Linux console, screen and tmux send for keys, the SGR mouse, bracketed paste
//! and focus. Every other sequence is swallowed to its end, whatever it says. A lone Esc at the end of what was read is
//! passed on as Esc: whether more follows, only time tells, and time is the guard's. Bytes that are no text are told as
//! [`KeyCode::Null`], which no key sends.

use std::time::{Duration, Instant};

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// Longest sequence kept; a longer one is no key and is swallowed without being kept.
const LONGEST: usize = 64;
/// Longest paste taken; the rest is dropped.
const PASTE_MAX: usize = 8 * 1024 * 1024;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Holds what was begun and not finished.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    /// Bytes of the sequence being read, beginning with Esc, or of an unfinished character.
    held: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// How long what was begun may pause before it is given up: longer than any line stalls while it works, and short enough
/// for a person whose keys seem dead.
const STALE: Duration = Duration::from_secs(2);

/// The parser with an eye on the time: a paste or a sequence whose end was lost must not swallow keys for ever.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    parser: Parser,
    last: Option<Instant>,
}

impl Reader {
    /// Takes the bytes of one read, which came at `at`.
    pub fn take(&mut self, bytes: &[u8], at: Instant) -> Vec<Event> {
        let last = self.last.replace(at);
        let mut events = Vec::new();
        if last.is_some_and(|last| at.saturating_duration_since(last) > STALE) {
            self.parser.give_up(&mut events);
        }
        events.extend(self.parser.feed(bytes));
        events
    }
}

impl Parser {
    /// Forgets what was begun; a paste is handed on as far as it came. It is told like bytes that are no text: what comes now
    /// may be its rest.
    fn give_up(&mut self, events: &mut Vec<Event>) {
        let held = !std::mem::take(&mut self.held).is_empty();
        let paste = self.paste.take();
        let paste = paste.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if held || paste.is_some() {
            events.extend(paste.map(Event::Paste));
            events.push(key(KeyCode::Null));
        }
    }

    /// Takes the bytes of one read and returns the events they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for (i, byte) in bytes.iter().enumerate() {
            self.byte(*byte, i + 1 < bytes.len(), &mut events);
        }
        events
    }

    fn byte(&mut self, byte: u8, more: bool, events: &mut Vec<Event>) {
        if let Some(paste) = &mut self.paste {
            paste.push(byte);
            if paste.ends_with(PASTE_END) {
                paste.truncate(paste.len() - PASTE_END.len());
                events.push(Event::Paste(String::from_utf8_lossy(paste).into_owned()));
                self.paste = None;
            } else if paste.len() > PASTE_MAX {
                // keep the end in sight, drop the middle
                paste.drain(PASTE_MAX - PASTE_END.len()..paste.len() - PASTE_END.len());
            }
            return;
        }
        if self.held.len() < LONGEST || !is_final(byte) {
            self.held.push(byte);
            self.held.truncate(LONGEST);
        } else {
            self.held.clear();
            return;
        }
        match self.held[..] {
            [0x1b] if more => {}
            [0x1b] | [0x1b, 0x1b] => {
                events.push(key(KeyCode::Esc));
                // of two Escs the second may begin a sequence
                if self.held.len() == 2 && more {
                    self.held.truncate(1);
                } else {
                    if self.held.len() == 2 {
                        events.push(key(KeyCode::Esc));
                    }
                    self.held.clear();
                }
            }
            [0x1b, b'[' | b'O'] => {}
            [0x1b, b'[', ..] => self.csi(events),
            [0x1b, b'O', b'0'..=b'9' | b';', ..] if !is_final(byte) => {}
            [0x1b, b'O', ..] => {
                events.extend(ss3(byte).map(key));
                self.held.clear();
            }
            [0x1b, ..] => match character(&self.held[1..]) {
                Character::Unfinished => {}
                Character::Nothing => self.noise(byte, 2, more, events),
                Character::Key(k) => {
                    self.held.clear();
                    events.push(Event::Key(KeyEvent {
                        modifiers: k.modifiers | KeyModifiers::ALT,
                        ..k
                    }));
                }
            },
            _ => match character(&self.held) {
                Character::Unfinished => {}
                Character::Nothing => self.noise(byte, 1, more, events),
                Character::Key(k) => {
                    self.held.clear();
                    events.push(Event::Key(k));
                }
            },
        }
    }

    /// Bytes that are no text: a character that was cut off, an 8-bit control, another encoding. They are told as a key that
    /// no keyboard has, for what follows may be the rest of something. `whole` bytes belong together; an ASCII byte after
    /// more of them is a key of its own.
    fn noise(&mut self, last: u8, whole: usize, more: bool, events: &mut Vec<Event>) {
        let own = last.is_ascii() && self.held.len() > whole;
        self.held.clear();
        events.push(key(KeyCode::Null));
        if own {
            self.byte(last, more, events);
        }
    }

    /// `Esc [` and at least one byte.
    fn csi(&mut self, events: &mut Vec<Event>) {
        let body = &self.held[2..];
        let last = body[body.len() - 1];
        match body {
            [b'[', f @ b'A'..=b'E'] => events.push(key(KeyCode::F(f - b'A' + 1))),
            // a second bracket begins the Linux console's F1 to F5; an old-style mouse report is three bytes of anything
            [b'[' | b'M'] | [b'M', _] | [b'M', _, _] => return,
            [b'M', ..] => {}
            _ if last == 0x1b => {
                // broken off by the next sequence
                self.held = vec![0x1b];
                return;
            }
            _ if !is_final(last) => return,
            b"200~" => self.paste = Some(Vec::new()),
            b"I" => events.push(Event::FocusGained),
            b"O" => events.push(Event::FocusLost),
            [b'<', report @ .., b'M' | b'm'] => events.extend(mouse(report, last == b'm')),
            [b'0'..=b'9' | b';', ..] | [_] => events.extend(csi_key(&body[..body.len() - 1], last)),
            _ => {}
        }
        self.held.clear();
    }
}

fn is_final(byte: u8) -> bool {
    (0x40..=0x7e).contains(&byte)
}

fn key(code: KeyCode) -> Event {
    Event::Key(code.into())
}

enum Character {
    Unfinished,
    /// No text in any encoding we know.
    Nothing,
    Key(KeyEvent),
}

/// One character or control.
fn character(bytes: &[u8]) -> Character {
    let ctrl = |c: u8| KeyEvent::new(KeyCode::Char(c.into()), KeyModifiers::CONTROL);
    Character::Key(match bytes {
        [b'\r'] => KeyCode::Enter.into(),
        [b'\t'] => KeyCode::Tab.into(),
        [0x7f] => KeyCode::Backspace.into(),
        [0] => ctrl(b' '),
        [c @ 0x01..=0x1a] => ctrl(c - 1 + b'a'),
        [c @ 0x1c..=0x1f] => ctrl(c - 0x1c + b'4'),
        _ => match std::str::from_utf8(bytes).map(|s| s.chars().next()) {
            Ok(Some(c)) if c.is_control() => return Character::Nothing,
            Ok(Some(c)) if c.is_uppercase() => KeyEvent::new(KeyCode::Char(c), KeyModifiers::SHIFT),
            Ok(Some(c)) => KeyCode::Char(c).into(),
            Ok(None) => return Character::Unfinished,
            Err(e) if e.error_len().is_none() => return Character::Unfinished,
            Err(_) => return Character::Nothing,
        },
    })
}

/// `Esc O x`. A keypad in application mode sends its digits this way; they are no digit keys and are swallowed.
fn ss3(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// `Esc [ numbers x`: cursor, editing and function keys, with the modifier as second number.
fn csi_key(parameters: &[u8], last: u8) -> Option<Event> {
    let text = std::str::from_utf8(parameters).ok()?;
    let mut numbers = text.split(';');
    let first = numbers.next().unwrap_or_default();
    let mut second = numbers.next().unwrap_or("1").split(':');
    let mask: u8 = second.next().unwrap_or_default().parse().unwrap_or(1);
    let kind = match second.next() {
        Some("2") => KeyEventKind::Repeat,
        Some("3") => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    let mut modifiers = modifiers(mask);
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'S' => KeyCode::F(4),
        b'Z' => {
            modifiers |= KeyModifiers::SHIFT;
            KeyCode::BackTab
        }
        b'~' => match first.parse().ok()? {
            1u8 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            n @ 11..=15 => KeyCode::F(n - 10),
            n @ 17..=21 => KeyCode::F(n - 11),
            n @ 23..=26 => KeyCode::F(n - 12),
            n @ 28..=29 => KeyCode::F(n - 15),
            n @ 31..=34 => KeyCode::F(n - 17),
            _ => return None,
        },
        b'u' => match char::from_u32(first.split(':').next()?.parse().ok()?)? {
            '\x1b' => KeyCode::Esc,
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x7f' => KeyCode::Backspace,
            c if c.is_control() || ('\u{e000}'..='\u{f8ff}').contains(&c) => return None,
            c => KeyCode::Char(c),
        },
        _ => return None,
    };
    Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)))
}

fn modifiers(mask: u8) -> KeyModifiers {
    let bits = mask.saturating_sub(1);
    let mut set = KeyModifiers::empty();
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ] {
        if bits & bit != 0 {
            set |= modifier;
        }
    }
    set
}

/// `Esc [ < button ; column ; row M` (or `m` for a release), counted from one.
fn mouse(report: &[u8], released: bool) -> Option<Event> {
    let text = std::str::from_utf8(report).ok()?;
    let mut numbers = text.split(';').map(|n| n.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let which = match button & 3 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (button & 0b1100_0000, button & 3, button & 32 != 0) {
        (64, 0, _) => MouseEventKind::ScrollUp,
        (64, 1, _) => MouseEventKind::ScrollDown,
        (64, 2, _) => MouseEventKind::ScrollLeft,
        (64, 3, _) => MouseEventKind::ScrollRight,
        (0, 3, true) => MouseEventKind::Moved,
        (0, 0..=2, true) => MouseEventKind::Drag(which),
        (0, 0..=2, false) if released => MouseEventKind::Up(which),
        (0, 0..=2, false) => MouseEventKind::Down(which),
        _ => return None,
    };
    let mut set = KeyModifiers::empty();
    set.set(KeyModifiers::SHIFT, button & 4 != 0);
    set.set(KeyModifiers::ALT, button & 8 != 0);
    set.set(KeyModifiers::CONTROL, button & 16 != 0);
    Some(Event::Mouse(MouseEvent {
        kind,
        column: column.saturating_sub(1),
        row: row.saturating_sub(1),
        modifiers: set,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(pieces: &[&[u8]]) -> Vec<KeyCode> {
        let mut p = Parser::default();
        pieces
            .iter()
            .flat_map(|b| p.feed(b))
            .map(|e| match e {
                Event::Key(k) => k.code,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn keys_of_many_terminals_are_known() {
        use KeyCode::{
            BackTab, Char, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, Right, Up,
        };
        for (bytes, code) in [
            (&b"\x1b[A"[..], Up),
            (b"\x1bOB", Down),
            (b"\x1b[1;5C", Right),
            (b"\x1b[D", Left),
            (b"\x1b[1~", Home),
            (b"\x1b[8~", End),
            (b"\x1b[3~", Delete),
            (b"\x1b[6~", PageDown),
            (b"\x1b[Z", BackTab),
            (b"\x1b[[C", F(3)),
            (b"\x1bOS", F(4)),
            (b"\x1b[24~", F(12)),
            (b"\x1b[13;5u", Enter),
            (b"\x1b", Esc),
            ("é".as_bytes(), Char('é')),
        ] {
            assert_eq!(codes(&[bytes]), [code], "{bytes:?}");
        }
    }

    #[test]
    fn controls_carry_control_and_are_no_digits() {
        for (byte, c) in [(0x1c, '4'), (0x1d, '5'), (0x1f, '7'), (7, 'g'), (0, ' ')] {
            let events = Parser::default().feed(&[byte]);
            assert_eq!(
                events,
                [Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))]
            );
        }
    }

    #[test]
    fn unknown_sequences_are_swallowed_to_their_end() {
        for bytes in [
            &b"\x1b[?1;2c"[..],
            b"\x1b[>41;354;0c",
            b"\x1b[0n",
            b"\x1b[?2026;2$y",
            b"\x1b[12;34R",
            b"\x1b[8;24;80t",
            b"\x1bOq",
            b"\x1b[M !!",
        ] {
            assert_eq!(codes(&[bytes, b"j"]), [KeyCode::Char('j')], "{bytes:?}");
        }
        let long = [b"\x1b[".as_slice(), &b"1;".repeat(200), b"~j"].concat();
        assert_eq!(codes(&[&long]), [KeyCode::Char('j')]);
    }

    #[test]
    fn a_split_after_the_bracket_is_put_together() {
        assert_eq!(codes(&[b"\x1b[", b"6~"]), [KeyCode::PageDown]);
        assert_eq!(codes(&[b"\x1b[6", b"~"]), [KeyCode::PageDown]);
        assert_eq!(
            codes(&["é".as_bytes().split_at(1).0, "é".as_bytes().split_at(1).1]),
            [KeyCode::Char('é')]
        );
        assert_eq!(codes(&[b"\x1b\x1b[6~"]), [KeyCode::Esc, KeyCode::PageDown]);
        assert_eq!(codes(&[b"\x1b[1;\x1b[6~"]), [KeyCode::PageDown]);
    }

    #[test]
    fn a_paste_is_one_event_whatever_it_holds() {
        let mut p = Parser::default();
        let mut events = p.feed(b"\x1b[200~1221\r\x1b[A");
        events.extend(p.feed(b"\x1b[20"));
        events.extend(p.feed(b"1~j"));
        assert_eq!(events, [Event::Paste("1221\r\x1b[A".into()), key(KeyCode::Char('j'))]);
    }

    #[test]
    fn the_mouse_counts_from_zero() {
        let event = Parser::default().feed(b"\x1b[<64;10;5M");
        assert!(matches!(
            event[..],
            [Event::Mouse(MouseEvent { kind: MouseEventKind::ScrollUp, column: 9, row: 4, .. })]
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_survived(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..12)) {
            let mut p = Parser::default();
            for piece in &pieces {
                p.feed(piece);
            }
            prop_assert!(p.held.len() <= LONGEST);
        }
    }
}
