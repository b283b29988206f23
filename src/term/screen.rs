//! The full screen: enter, draw, hand over for a while, leave.
//!
//! A frame is one write inside synchronized output, and no write at all when nothing changed. The screen is cleared only
//! when asked to ([`Screen::repaint`]), after a resize and after somebody else had the terminal.

use std::io::{self, Write};
use std::process::{Command, ExitStatus};

use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::stdio;
use rustix::termios::tcgetwinsize;

use super::encode::Encoder;
use super::modes;

const SYNC: &str = "\x1b[?2026h";
const UNSYNC: &str = "\x1b[?2026l";
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// How the screen is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The terminal shows ASCII only.
    pub ascii: bool,
    /// Mouse reports from the start (normally off: they take the terminal's own selection away).
    pub mouse: bool,
    /// The window title, or none to leave it alone.
    pub title: Option<String>,
}

/// The terminal, while this program has it.
pub struct Screen {
    terminal: Terminal<Encoder>,
    out: Box<dyn Write + Send>,
    /// Whether the real terminal's modes are ours to switch.
    real: bool,
    mouse: bool,
    title: Option<String>,
    repaint: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, numeric keypad, cursor hidden.
    ///
    /// # Errors
    /// Standard output is no terminal, or its modes cannot be set.
    pub fn enter(options: Options) -> io::Result<Self> {
        modes::enter()?;
        let mut screen = Self::build(Box::new(Tty), terminal_size, true, &options)
            .inspect_err(|_| modes::leave())?;
        screen.setup(options.title)?;
        Ok(screen)
    }

    /// A screen that writes elsewhere and switches no modes: for tests that count bytes and read frames.
    pub fn over(
        out: impl Write + Send + 'static,
        width: u16,
        height: u16,
        options: &Options,
    ) -> io::Result<Self> {
        Self::build(Box::new(out), move || Ok(Size { width, height }), false, options)
    }

    fn build(
        out: Box<dyn Write + Send>,
        size: impl Fn() -> io::Result<Size> + Send + 'static,
        real: bool,
        options: &Options,
    ) -> io::Result<Self> {
        let mut terminal = Terminal::new(Encoder::new(size, options.ascii))?;
        // entering blanked the screen, and the encoder must know it
        terminal.clear()?;
        terminal.hide_cursor()?;
        terminal.backend_mut().take();
        Ok(Self { terminal, out, real, mouse: options.mouse, title: None, repaint: false })
    }

    fn setup(&mut self, title: Option<String>) -> io::Result<()> {
        if self.mouse {
            self.write(MOUSE_ON)?;
        }
        if let Some(title) = title {
            // keep the old title on the terminal's stack
            self.write("\x1b[22;2t")?;
            self.set_title(&title)?;
        }
        Ok(())
    }

    /// Draws a frame and returns how many bytes that took.
    ///
    /// # Errors
    /// The terminal does not take them; the next frame is then painted in full.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<usize> {
        if std::mem::take(&mut self.repaint) {
            self.terminal.backend_mut().forget();
            self.terminal.clear()?;
        }
        self.terminal.draw(render)?;
        let bytes = self.terminal.backend_mut().take();
        if bytes.is_empty() {
            return Ok(0);
        }
        let frame = [SYNC, &bytes, UNSYNC].concat();
        self.write(&frame).inspect_err(|_| self.repaint = true)?;
        Ok(frame.len())
    }

    /// The next frame clears and paints everything (`^L`).
    pub fn repaint(&mut self) {
        self.repaint = true;
    }

    /// Columns and rows right now.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Switches mouse reports on or off.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if self.mouse != on {
            self.write(if on { MOUSE_ON } else { MOUSE_OFF })?;
            self.mouse = on;
        }
        Ok(())
    }

    /// Sets the window title. Control characters are taken out; anything else is the caller's to clean.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        let title: String = title.chars().filter(|c| !c.is_control()).take(200).collect();
        if self.title.as_deref() != Some(&title) {
            self.write(&format!("\x1b]2;{title}\x07"))?;
            self.title = Some(title);
        }
        Ok(())
    }

    /// Sends a ready-made sequence, such as one from [`super::clipboard`]. It must not move the cursor or draw.
    pub fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.write(sequence)
    }

    /// Gives the terminal away, runs `with`, takes it back; the next frame paints everything. Keys typed meanwhile and
    /// not read are discarded: they were meant for the other program.
    pub fn released<T>(&mut self, with: impl FnOnce() -> T) -> io::Result<T> {
        self.give()?;
        // Whoever is killed or careless leaves the line raw: it would be taken for the shell's own way at the end.
        let line = if self.real { modes::line_settings() } else { None };
        let result = with();
        if let Some(line) = line {
            modes::set_line_settings(&line);
        }
        self.write(modes::AFTER)?;
        self.retake()?;
        Ok(result)
    }

    /// Goes to the main screen and puts plain lines there, where the terminal's own mouse can select them and its history
    /// keeps them. Keys still come one by one. Nothing may be drawn until [`Self::step_back`]. The text is the caller's to
    /// clean.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub fn step_aside(&mut self, text: &str) -> io::Result<()> {
        let mouse = if self.mouse { MOUSE_OFF } else { "" };
        // The line is raw: a new line alone would not go back to the first column.
        let text = text.replace('\n', "\r\n");
        self.write(&[mouse, modes::ASIDE, &text].concat())
    }

    /// Back on the full screen; the next frame paints everything. Keys typed meanwhile and not read are discarded.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub fn step_back(&mut self) -> io::Result<()> {
        self.repaint = true;
        if self.real {
            modes::flush_input();
        }
        let mouse = if self.mouse { MOUSE_ON } else { "" };
        self.write(&[modes::RETURN, mouse].concat())
    }

    /// Runs a command that needs the terminal ($EDITOR, $PAGER) to its end.
    pub fn run(&mut self, command: &mut Command) -> io::Result<ExitStatus> {
        self.released(|| command.status())?
    }

    /// `^Z`: stops the process group with the terminal restored, and returns once it was continued.
    ///
    /// A process with several threads that stops itself goes on for a moment before it stops, long enough to take the
    /// terminal back from the shell. So a child of the same group sends the signal and is waited for: it stops with us and
    /// ends only after it was continued with us. Where nothing stops (no shell to come back from), it ends at once.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.run(Command::new("/bin/sh").args(["-c", "kill -TSTP 0"]))?;
        Ok(())
    }

    fn give(&mut self) -> io::Result<()> {
        if self.title.is_some() {
            self.write("\x1b[23;2t")?;
        }
        if self.real {
            modes::leave();
        }
        Ok(())
    }

    fn retake(&mut self) -> io::Result<()> {
        self.repaint = true;
        if self.real {
            modes::enter()?;
            modes::flush_input();
        }
        let title = self.title.take();
        self.setup(title)
    }

    /// Gives the terminal back. Dropping does the same and cannot tell of errors.
    pub fn leave(mut self) -> io::Result<()> {
        let result = self.give();
        self.title = None;
        result
    }

    fn write(&mut self, bytes: &str) -> io::Result<()> {
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.title.take().is_some() {
            let _ = self.write("\x1b[23;2t");
        }
        if self.real {
            modes::leave();
        }
    }
}

/// Standard output without a buffer of its own, so that a frame is one write.
struct Tty;

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        modes::write_tty(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The largest screen that is drawn, in columns and rows: no eye takes in more, and a wrong size must not take the memory.
const LARGEST: Size = Size { width: 1_000, height: 500 };

/// The terminal's size; one that does not know its own is taken for 80 by 24.
fn terminal_size() -> io::Result<Size> {
    let size = tcgetwinsize(stdio::stdout())?;
    Ok(drawn(size.ws_col, size.ws_row))
}

fn drawn(columns: u16, rows: u16) -> Size {
    match (columns, rows) {
        (0, _) | (_, 0) => Size { width: 80, height: 24 },
        (width, height) => {
            Size { width: width.min(LARGEST.width), height: height.min(LARGEST.height) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ratatui::style::Style;

    use super::*;

    /// Every write with its bytes.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_size_that_cannot_be_is_not_drawn() {
        let sizes = [(0, 0), (0, 9), (7, 0), (1, 1), (200, 50), (u16::MAX, 3), (3, u16::MAX)];
        let drawn = sizes.map(|(columns, rows)| drawn(columns, rows)).map(|s| (s.width, s.height));
        let usual = (80, 24);
        assert_eq!(drawn, [usual, usual, usual, (1, 1), (200, 50), (1_000, 3), (3, 500)]);
    }

    #[test]
    fn a_frame_is_one_write_and_an_unchanged_frame_none() {
        let writes = Writes::default();
        let mut s = Screen::over(writes.clone(), 80, 24, &Options::default()).unwrap();
        let paint = |f: &mut Frame<'_>| f.buffer_mut().set_string(3, 3, "hello", Style::new());
        let n = s
            .draw(|f| {
                paint(f);
            })
            .unwrap();
        assert_eq!(
            s.draw(|f| {
                paint(f);
            })
            .unwrap(),
            0
        );
        let seen = writes.0.lock().unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].len(), n);
        assert_eq!(seen[0], b"\x1b[?2026h\x1b[4;4Hhello\x1b[?2026l");
    }

    #[test]
    fn a_repaint_clears_and_paints_everything() {
        let writes = Writes::default();
        let mut s = Screen::over(writes.clone(), 20, 2, &Options::default()).unwrap();
        for _ in 0..2 {
            s.draw(|f| {
                f.buffer_mut().set_string(0, 0, "hello", Style::new());
            })
            .unwrap();
            s.repaint();
        }
        let seen = writes.0.lock().unwrap();
        let second = String::from_utf8_lossy(&seen[1]);
        assert!(second.contains("\x1b[2J") && second.contains("hello"), "{second:?}");
    }

    #[test]
    fn a_step_aside_leaves_the_full_screen_and_a_step_back_paints_it_anew() {
        let writes = Writes::default();
        let options = Options { mouse: true, ..Options::default() };
        let mut s = Screen::over(writes.clone(), 20, 2, &options).unwrap();
        let paint = |s: &mut Screen| {
            s.draw(|f| {
                f.buffer_mut().set_string(0, 0, "hello", Style::new());
            })
            .unwrap()
        };
        paint(&mut s);
        s.step_aside("one\ntwo\n").unwrap();
        s.step_back().unwrap();
        assert!(paint(&mut s) > 0, "an unchanged frame is painted all the same");
        let seen: Vec<String> = writes
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        assert!(seen[1].starts_with(MOUSE_OFF), "the mouse selects: {:?}", seen[1]);
        assert!(seen[1].contains("\x1b[?1049l") && seen[1].ends_with("one\r\ntwo\r\n"));
        assert!(seen[2].contains("\x1b[?1049h") && seen[2].ends_with(MOUSE_ON), "{:?}", seen[2]);
        assert!(seen[3].contains("hello"), "{:?}", seen[3]);
    }

    #[test]
    fn a_failed_write_paints_in_full_next_time() {
        struct Fails(u8, Writes);
        impl Write for Fails {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 == 2 {
                    Err(io::ErrorKind::BrokenPipe.into())
                } else {
                    self.1.write(bytes)
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let writes = Writes::default();
        let mut s = Screen::over(Fails(0, writes.clone()), 20, 2, &Options::default()).unwrap();
        let results: Vec<_> = ["one", "two", "two"]
            .map(|w| {
                s.draw(|f| {
                    f.buffer_mut().set_string(0, 0, w, Style::new());
                })
                .is_ok()
            })
            .into();
        assert_eq!(results, [true, false, true]);
        let seen = writes.0.lock().unwrap();
        assert!(String::from_utf8_lossy(seen.last().unwrap()).contains("\x1b[2J"));
    }

    #[test]
    fn a_title_holds_no_control_characters() {
        let writes = Writes::default();
        let mut s = Screen::over(writes.clone(), 20, 2, &Options::default()).unwrap();
        s.set_title("PROD\x07\x1b]52;c;x acme").unwrap();
        assert_eq!(writes.0.lock().unwrap().concat(), b"\x1b]2;PROD]52;c;x acme\x07");
    }
}
