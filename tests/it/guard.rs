//! The input guard against what slow lines, terminals, pastes and held keys do to digit keys.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use socdeck::term::guard::{Class, Guard, Limits, Reason, Verdict};
use socdeck::term::parse::{Parser, Reader};

/// Keys and late answers as xterm, `PuTTY`, rxvt, the Linux console, screen and tmux send them.
pub const SEQUENCES: &[&str] = &[
    // cursor and editing keys
    "\x1b[A",
    "\x1b[B",
    "\x1b[H",
    "\x1bOA",
    "\x1bOD",
    "\x1bOF",
    "\x1b[1~",
    "\x1b[2~",
    "\x1b[3~",
    "\x1b[4~",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[7~",
    "\x1b[8~",
    "\x1b[Z",
    // function keys
    "\x1bOP",
    "\x1bOS",
    "\x1b[11~",
    "\x1b[15~",
    "\x1b[24~",
    "\x1b[[A",
    "\x1b[[E",
    // with modifiers
    "\x1b[1;5A",
    "\x1b[3;5~",
    "\x1b[1;2P",
    "\x1b[27;5;49~",
    // answers
    "\x1b[0n",
    "\x1b[?1;2c",
    "\x1b[12;34R",
    "\x1b[?2026;2$y",
    "\x1b[8;24;80t",
    "\x1b]11;rgb:1212/3434/5656\x07",
    "\x1b]11;rgb:1212/3434/5656\x1b\\",
    "\x1b]52;c;MTIyMQ==\x07",
    "\x1bP>|xterm(390)\x1b\\",
    "\x1bP1$r0;4;21m\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
];

/// Answers crossterm 0.29 lets through as single digits even with a guard behind it; our own reader must not.
pub const ANSWERS_CROSSTERM_LEAKS: &[&str] = &["\x1b[>41;354;0c", "\x1b[=1;2c"];

const GAPS: [u64; 8] = [5, 39, 41, 100, 250, 301, 600, 900];

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A guard, its clock, and what became of everything.
struct Desk {
    guard: Guard,
    now: Instant,
    labels: Vec<char>,
    drops: Vec<Reason>,
    passed: Vec<Event>,
    /// Labelling shows the next event a moment later, as the program does.
    draws: bool,
}

impl Desk {
    /// An event has been on the screen for a long time.
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let start = Instant::now();
        let mut guard = Guard::new(limits);
        guard.drawn(start);
        Self {
            guard,
            now: start + ms(60_000),
            labels: Vec::new(),
            drops: Vec::new(),
            passed: Vec::new(),
            draws: false,
        }
    }

    /// Lets time pass, stopping at every deadline as the loop does.
    fn wait(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(at) = self.guard.next_deadline().filter(|at| *at <= until) {
            self.now = at;
            let verdicts = self.guard.poll(at);
            assert!(self.guard.next_deadline() != Some(at), "a deadline that never passes");
            self.take(verdicts);
        }
        self.now = until;
    }

    fn feed(&mut self, event: Event) {
        let settled = self.guard.poll(self.now);
        self.take(settled);
        let class = match &event {
            Event::Key(k) if !k.modifiers.is_empty() && k.modifiers != KeyModifiers::SHIFT => {
                Class::Unbound
            }
            Event::Key(KeyEvent { code: KeyCode::Char(c), .. }) => match c {
                '0'..='9' => Class::Label,
                // as in the triage pane
                'a'..='h'
                | 'j'..='p'
                | 's'..='z'
                | 'J'
                | 'K'
                | 'G'
                | 'A'
                | ' '
                | ','
                | '.'
                | '/'
                | '?'
                | ':' => Class::Bound,
                _ => Class::Unbound,
            },
            _ => Class::Bound,
        };
        let verdicts = self.guard.feed(event, self.now, class);
        self.take(verdicts);
    }

    fn take(&mut self, verdicts: Vec<Verdict>) {
        for v in verdicts {
            match v {
                Verdict::Pass(e) => self.passed.push(e),
                Verdict::Dropped(_, why) => self.drops.push(why),
                Verdict::Label(key, _) => {
                    let KeyCode::Char(c) = key.code else { panic!("{key:?}") };
                    self.labels.push(c);
                    if self.draws {
                        self.guard.moved();
                        self.guard.drawn(self.now + ms(5));
                    }
                }
            }
        }
    }

    fn press(&mut self, c: char) {
        self.feed(Event::Key(KeyCode::Char(c).into()));
    }
}

/// What crossterm 0.29 makes of bytes (its `sys/unix/parse.rs`), as far as keys are concerned: everything that is not a
/// plain character is `CapsLock` here.
#[derive(Default)]
struct Crossterm(Vec<u8>);

impl Crossterm {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        for (i, b) in bytes.iter().enumerate() {
            self.0.push(*b);
            match Self::parse(&self.0, i + 1 < bytes.len()) {
                None => {}
                Some(event) => {
                    out.extend(event);
                    self.0.clear();
                }
            }
        }
        out
    }

    /// None: more is needed. `Some(None)`: dropped.
    #[expect(clippy::option_option, reason = "three outcomes, as in the model")]
    fn parse(b: &[u8], more: bool) -> Option<Option<Event>> {
        let key = |code: KeyCode, modifiers| Some(Some(Event::Key(KeyEvent::new(code, modifiers))));
        let none = KeyModifiers::NONE;
        match b {
            [0x1b] if more => None,
            [0x1b] | [0x1b, 0x1b] => key(KeyCode::Esc, none),
            [0x1b, b'O' | b'['] => None,
            [0x1b, b'O', b'A'..=b'D' | b'F' | b'H' | b'P'..=b'S'] => key(KeyCode::CapsLock, none),
            [0x1b, b'O', ..] => Some(None),
            [0x1b, b'[', rest @ ..] => match rest {
                [b'[', b'A'..=b'E']
                | [b'A'..=b'D' | b'F' | b'H' | b'Z' | b'P' | b'Q' | b'S']
                | [b'0'..=b'9', .., b'~' | b'A'..=b'H' | b'P'..=b'S'] => {
                    key(KeyCode::CapsLock, none)
                }
                [b'?', .., b'u' | b'c'] => Some(None),
                [b'[' | b'0'..=b'9'] | [b'?', ..] => None,
                [b'0'..=b'9', .., last] if !(64..=126).contains(last) => None,
                _ => Some(None),
            },
            [0x1b, rest @ ..] => match Self::parse(rest, more) {
                Some(Some(Event::Key(k))) => key(k.code, k.modifiers | KeyModifiers::ALT),
                other => other,
            },
            [b'\r'] => key(KeyCode::Enter, none),
            [c @ 0x01..=0x1a] => key(KeyCode::Char((c - 1 + b'a') as char), KeyModifiers::CONTROL),
            [c @ 0x1c..=0x1f] => {
                key(KeyCode::Char((c - 0x1c + b'4') as char), KeyModifiers::CONTROL)
            }
            [c] if c.is_ascii_uppercase() => key(KeyCode::Char(*c as char), KeyModifiers::SHIFT),
            [c] => key(KeyCode::Char(*c as char), none),
            // an ASCII world: anything longer is nothing
            _ => Some(None),
        }
    }
}

/// Every sequence, split at every byte, with every gap; returns cases, digits that came through as digits, and labels.
fn storm(
    limits: Limits,

    sequences: &[&str],
    mut reader: impl FnMut() -> Box<dyn FnMut(&[u8]) -> Vec<Event>>,
) -> (usize, usize, usize) {
    let (mut cases, mut digits, mut labels) = (0, 0, 0);
    for sequence in sequences {
        let bytes = sequence.as_bytes();
        for split in 0..bytes.len() {
            for gap in GAPS {
                let mut desk = Desk::with(limits);
                let mut read = reader();
                for piece in [&bytes[..split], &bytes[split..]] {
                    for event in read(piece) {
                        let plain = matches!(&event, Event::Key(k) if k.modifiers.is_empty()
                            && matches!(k.code, KeyCode::Char('0'..='9')));
                        digits += usize::from(plain);
                        desk.feed(event);
                    }
                    desk.wait(ms(gap));
                }
                desk.wait(ms(5_000));
                labels += desk.labels.len();
                cases += 1;
            }
        }
    }
    (cases, digits, labels)
}

#[test]
fn no_split_sequence_labels_anything_behind_crossterms_parser() {
    let (cases, digits, labels) = storm(Limits::default(), SEQUENCES, || {
        let mut c = Crossterm::default();
        Box::new(move |b| c.feed(b))
    });
    assert!(cases > 1500, "{cases}");
    // the storm is real: matching plain digits would have labelled thousands of times
    assert!(digits > 2000, "{digits}");
    assert_eq!(labels, 0);
}

#[test]
fn without_its_rules_the_guard_would_let_thousands_through() {
    let zero = Duration::ZERO;
    let off =
        Limits { escape: zero, burst: zero, lock: zero, dwell: zero, repeat: zero, settle: zero };
    let (_, digits, labels) = storm(off, SEQUENCES, || {
        let mut c = Crossterm::default();
        Box::new(move |b| c.feed(b))
    });
    assert!(labels <= digits, "{labels} of {digits}");
    assert!(labels > 2000, "{labels}");
}

#[test]
fn no_split_sequence_labels_anything_behind_our_reader() {
    let all = [SEQUENCES, ANSWERS_CROSSTERM_LEAKS].concat();
    let (_, digits, labels) = storm(Limits::default(), &all, || {
        let mut p = Parser::default();
        Box::new(move |b| p.feed(b))
    });
    assert!(digits > 1000, "{digits}");
    assert_eq!(labels, 0);
}

#[test]
fn a_sequence_in_three_pieces_labels_nothing() {
    for sequence in
        ["\x1b[6~", "\x1b[24~", "\x1b[?1;2c", "\x1b[>41;354;0c", "\x1b]11;rgb:1/2/3\x07"]
    {
        let b = sequence.as_bytes();
        for first in 1..b.len() {
            for second in first + 1..b.len() {
                for gap in GAPS {
                    let (mut desk, mut p) = (Desk::new(), Parser::default());
                    for piece in [&b[..first], &b[first..second], &b[second..]] {
                        for event in p.feed(piece) {
                            desk.feed(event);
                        }
                        desk.wait(ms(gap));
                    }
                    desk.wait(ms(5_000));
                    assert!(
                        desk.labels.is_empty(),
                        "{sequence:?} at {first},{second}, {gap} ms: {:?}",
                        desk.labels
                    );
                }
            }
        }
    }
}

#[test]
fn eight_bit_sequences_in_pieces_label_nothing_and_digits_count_again_after() {
    let sequences: [&[u8]; 10] = [
        b"\x9b1;2R",
        b"\x9b12~",
        b"\x9b?1;2c",
        b"\x9b2",
        b"\x8f1",
        b"\x9d11;1\x9c",
        b"\x901$r12\x9c",
        b"\xc2\x9b12~",
        b"\xe2\x82\x9b1~",
        b"\xff\xfe2",
    ];
    for bytes in sequences {
        for first in 1..bytes.len() {
            for second in first + 1..=bytes.len() {
                for gap in GAPS {
                    let (mut desk, mut p) = (Desk::new(), Parser::default());
                    for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                        for event in p.feed(piece) {
                            desk.feed(event);
                        }
                        desk.wait(ms(gap));
                    }
                    assert!(desk.labels.is_empty(), "{bytes:?} at {first},{second}, {gap} ms");
                    desk.wait(ms(3_000));
                    p.feed(b"1").into_iter().for_each(|event| desk.feed(event));
                    desk.wait(ms(100));
                    assert_eq!(desk.labels, ['1'], "{bytes:?} at {first},{second}, {gap} ms");
                }
            }
        }
    }
}

#[test]
fn an_alt_chord_in_pieces_labels_nothing_and_says_why() {
    for gap in GAPS {
        let mut desk = Desk::new();
        desk.feed(Event::Key(KeyCode::Esc.into()));
        desk.wait(ms(gap));
        desk.press('1');
        desk.wait(ms(1_500));
        assert_eq!((desk.labels.len(), desk.drops.as_slice()), (0, &[Reason::Escape][..]), "{gap}");
        desk.press('1');
        desk.wait(ms(100));
        assert_eq!(desk.labels, ['1'], "{gap}");
    }
}

#[test]
fn what_is_never_ended_is_given_up_and_costs_one_digit_that_says_why() {
    for begun in ["\x1b[200~12", "\x1b[<0;1", "\x1b[1", "\x1bO1", "\u{20ac}", "\x1b[M1"] {
        let bytes = begun.as_bytes();
        // a character is cut, everything else is short of its end as it stands
        let bytes = if begun == "\u{20ac}" { &bytes[..2] } else { bytes };
        let (mut desk, mut reader) = (Desk::new(), Reader::default());
        let feed = |desk: &mut Desk, reader: &mut Reader, bytes: &[u8]| {
            for event in reader.take(bytes, desk.now) {
                desk.feed(event);
            }
        };
        feed(&mut desk, &mut reader, bytes);
        desk.wait(ms(2_500));
        feed(&mut desk, &mut reader, b"1");
        desk.wait(ms(1_500));
        assert_eq!(
            (desk.labels.len(), desk.drops.as_slice()),
            (0, &[Reason::Locked][..]),
            "{begun:?}"
        );
        feed(&mut desk, &mut reader, b"1");
        desk.wait(ms(100));
        assert_eq!(desk.labels, ['1'], "{begun:?}");
    }
}

#[test]
fn twenty_digits_at_a_human_pace_are_all_taken() {
    let mut desk = Desk::new();
    desk.draws = true;
    for i in 0..20 {
        desk.press(['1', '2'][i % 2]);
        desk.wait(ms(300));
    }
    assert_eq!(desk.labels.len(), 20, "{:?}", desk.drops);
    // and the same digit over and over
    for _ in 0..20 {
        desk.press('1');
        desk.wait(ms(300));
    }
    assert_eq!(desk.labels.len(), 40, "{:?}", desk.drops);
}

#[test]
fn a_held_key_labels_once() {
    let mut desk = Desk::new();
    desk.draws = true;
    desk.press('1');
    desk.wait(ms(500));
    for _ in 0..90 {
        desk.press('1');
        desk.wait(ms(33));
    }
    desk.wait(ms(1000));
    assert_eq!(desk.labels, ['1']);
    assert!(desk.drops.contains(&Reason::Repeat), "{:?}", desk.drops);
}

#[test]
fn a_double_press_labels_once_and_says_why() {
    for gap in [45, 60, 120, 220] {
        let mut desk = Desk::new();
        desk.draws = true;
        desk.press('1');
        desk.wait(ms(gap));
        desk.press('2');
        desk.wait(ms(1000));
        assert_eq!(desk.labels, ['1'], "{gap}");
        assert_eq!(desk.drops, [Reason::TooSoon], "{gap}");
    }
}

#[test]
fn pasted_digits_label_nothing_and_are_told_once() {
    let mut desk = Desk::new();
    for c in "1221".chars() {
        desk.press(c);
    }
    desk.feed(Event::Key(KeyCode::Enter.into()));
    desk.wait(ms(1000));
    assert!(desk.labels.is_empty());
    assert_eq!(desk.drops.len(), 1, "{:?}", desk.drops);
    let mut desk = Desk::new();
    desk.feed(Event::Paste("1221\n".into()));
    desk.wait(ms(1000));
    assert_eq!((desk.labels.len(), desk.passed.len()), (0, 1));
}

#[test]
fn control_digits_label_nothing() {
    let mut desk = Desk::new();
    for byte in [0x1c, 0x1d, 0x1f] {
        for event in Parser::default().feed(&[byte]) {
            desk.feed(event);
        }
        desk.wait(ms(1000));
    }
    assert!(desk.labels.is_empty());
}

#[test]
fn a_lone_escape_is_passed_on_after_its_window_and_before_the_next_key() {
    let esc = Event::Key(KeyCode::Esc.into());
    let mut desk = Desk::new();
    desk.feed(esc.clone());
    desk.wait(ms(299));
    assert!(desk.passed.is_empty());
    desk.wait(ms(1));
    assert_eq!(desk.passed, std::slice::from_ref(&esc));
    let mut desk = Desk::new();
    desk.feed(esc.clone());
    desk.wait(ms(100));
    desk.press('j');
    assert_eq!(desk.passed, [esc.clone(), Event::Key(KeyCode::Char('j').into())]);
    let mut desk = Desk::new();
    desk.feed(esc.clone());
    desk.feed(esc.clone());
    desk.wait(ms(300));
    assert_eq!(desk.passed, [esc.clone(), esc.clone()]);
    // a digit right behind it is dropped, and said to be
    let mut desk = Desk::new();
    desk.feed(esc.clone());
    desk.wait(ms(100));
    desk.press('1');
    desk.wait(ms(1000));
    assert_eq!((desk.passed, desk.drops), (vec![esc], vec![Reason::Escape]));
    assert!(desk.labels.is_empty());
}

#[test]
fn unbound_keys_lock_digits_for_a_second_and_bound_ones_do_not() {
    let mut desk = Desk::new();
    desk.press('~');
    desk.wait(ms(900));
    desk.press('1');
    desk.wait(ms(50));
    assert_eq!((desk.labels.len(), &desk.drops[..]), (0, &[Reason::Locked][..]));
    desk.wait(ms(200));
    desk.press('1');
    desk.wait(ms(50));
    assert_eq!(desk.labels, ['1']);
    let mut desk = Desk::new();
    desk.press('j');
    desk.wait(ms(41));
    desk.press('1');
    desk.wait(ms(50));
    assert_eq!(desk.labels, ['1']);
}

#[test]
fn a_stray_bracket_does_not_lock_for_ever() {
    let mut desk = Desk::new();
    desk.press('[');
    for _ in 0..10 {
        desk.wait(ms(400));
        desk.press('1');
    }
    desk.wait(ms(50));
    assert!(!desk.labels.is_empty(), "{:?}", desk.drops);
}

#[test]
fn digits_wait_for_the_event_to_be_drawn() {
    let mut desk = Desk::new();
    desk.guard.moved();
    desk.press('1');
    desk.wait(ms(1000));
    assert_eq!((desk.labels.len(), &desk.drops[..]), (0, &[Reason::NotDrawn][..]));
    // the cursor moves between the press and its taking effect
    let mut desk = Desk::new();
    desk.press('1');
    desk.wait(ms(20));
    desk.guard.moved();
    desk.guard.drawn(desk.now);
    desk.wait(ms(1000));
    assert_eq!((desk.labels.len(), &desk.drops[..]), (0, &[Reason::NotDrawn][..]));
}

#[test]
fn a_key_never_overtakes_a_digit() {
    let mut desk = Desk::new();
    desk.press('1');
    desk.wait(ms(10));
    desk.feed(Event::Key(KeyCode::Down.into()));
    desk.wait(ms(1000));
    assert!(desk.labels.is_empty(), "it would have labelled the next event");
    assert_eq!(desk.drops, [Reason::Burst]);
}

#[test]
fn the_terminal_settles_after_an_editor_and_a_resize() {
    for resize in [false, true] {
        let mut desk = Desk::new();
        if resize {
            desk.feed(Event::Resize(80, 24));
        } else {
            desk.guard.flushed(desk.now);
        }
        desk.wait(ms(450));
        desk.press('1');
        desk.wait(ms(60));
        assert_eq!((desk.labels.len(), &desk.drops[..]), (0, &[Reason::Settling][..]));
        desk.wait(ms(200));
        desk.press('1');
        desk.wait(ms(60));
        assert_eq!(desk.labels, ['1']);
    }
}

#[test]
fn text_goes_into_fields_unjudged_but_split_keys_do_not() {
    let mut desk = Desk::new();
    for c in "hxxp://8[.]8".chars() {
        let out = desk.guard.feed(Event::Key(KeyCode::Char(c).into()), desk.now, Class::Text);
        desk.take(out);
    }
    assert_eq!(desk.passed.len(), 12);
    for c in ['[', '6', '~'] {
        if c == '[' {
            let out = desk.guard.feed(Event::Key(KeyCode::Esc.into()), desk.now, Class::Bound);
            desk.take(out);
        }
        let out =
            desk.guard.feed(Event::Key(KeyCode::Char(c).into()), desk.now + ms(50), Class::Text);
        desk.take(out);
    }
    assert_eq!(desk.passed.len(), 12);
}

#[test]
fn every_rule_can_be_switched_off() {
    let zero = Duration::ZERO;
    let mut desk = Desk::with(Limits {
        escape: zero,
        burst: zero,
        lock: zero,
        dwell: zero,
        repeat: zero,
        settle: zero,
    });
    desk.guard.flushed(desk.now);
    for c in "~11[2".chars() {
        desk.press(c);
        desk.wait(ms(1));
    }
    assert_eq!(desk.labels, ['1', '1', '2']);
    desk.feed(Event::Key(KeyCode::Esc.into()));
    assert_eq!(desk.passed.last(), Some(&Event::Key(KeyCode::Esc.into())));
}
