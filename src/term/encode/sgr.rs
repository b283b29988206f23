//! From one look of glyphs to the next in as few bytes as it takes. Underline colours are not sent.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// What the terminal's next glyph would look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pen {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) modifier: Modifier,
}

impl Pen {
    pub(super) const PLAIN: Self =
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    pub(super) fn of_blank(cell: &Cell) -> Self {
        Self { fg: Color::Reset, bg: cell.bg, modifier: cell.modifier & ON_BLANKS }
    }
}

/// Modifiers that show on a blank.
pub(super) const ON_BLANKS: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK);

/// Writes the shortest of the two ways from one look to another: taking single properties back, or starting over.
pub(super) fn sgr(from: Pen, to: Pen, out: &mut String) {
    let mut step = String::new();
    let gone = from.modifier - to.modifier;
    let mut have = from.modifier;
    if gone.intersects(Modifier::BOLD | Modifier::DIM) {
        code(&mut step, "22");
        have -= Modifier::BOLD | Modifier::DIM;
    }
    for (bit, off) in [
        (Modifier::ITALIC, "23"),
        (Modifier::UNDERLINED, "24"),
        (Modifier::SLOW_BLINK | Modifier::RAPID_BLINK, "25"),
        (Modifier::REVERSED, "27"),
        (Modifier::HIDDEN, "28"),
        (Modifier::CROSSED_OUT, "29"),
    ] {
        if gone.intersects(bit) {
            code(&mut step, off);
            have -= bit;
        }
    }
    modifiers(to.modifier - have, &mut step);
    if from.fg != to.fg {
        color(to.fg, 30, &mut step);
    }
    if from.bg != to.bg {
        color(to.bg, 40, &mut step);
    }
    // an empty parameter list is a reset
    let mut anew = String::new();
    modifiers(to.modifier, &mut anew);
    if to.fg != Color::Reset {
        color(to.fg, 30, &mut anew);
    }
    if to.bg != Color::Reset {
        color(to.bg, 40, &mut anew);
    }
    let lead = if anew.is_empty() { "" } else { ";" };
    if anew.len() + lead.len() < step.len() {
        let _ = write!(out, "\x1b[{lead}{anew}m");
    } else {
        let _ = write!(out, "\x1b[{step}m");
    }
}

fn code(out: &mut String, parameter: &str) {
    if !out.is_empty() {
        out.push(';');
    }
    out.push_str(parameter);
}

fn modifiers(set: Modifier, out: &mut String) {
    for (bit, on) in [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::SLOW_BLINK, "5"),
        (Modifier::RAPID_BLINK, "6"),
        (Modifier::REVERSED, "7"),
        (Modifier::HIDDEN, "8"),
        (Modifier::CROSSED_OUT, "9"),
    ] {
        if set.contains(bit) {
            code(out, on);
        }
    }
}

/// Adds a colour; `base` is 30 for the ink and 40 for the paper.
fn color(c: Color, base: u8, out: &mut String) {
    let bright = base + 60;
    let n = match c {
        Color::Reset => base + 9,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => bright,
        Color::LightRed => bright + 1,
        Color::LightGreen => bright + 2,
        Color::LightYellow => bright + 3,
        Color::LightBlue => bright + 4,
        Color::LightMagenta => bright + 5,
        Color::LightCyan => bright + 6,
        Color::White => bright + 7,
        Color::Indexed(n) => return code(out, &format!("{};5;{n}", base + 8)),
        Color::Rgb(r, g, b) => return code(out, &format!("{};2;{r};{g};{b}", base + 8)),
    };
    code(out, &n.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_from_look_to_look_takes_the_shorter_way() {
        let pen = |fg, modifier| Pen { fg, bg: Color::Reset, modifier };
        let step = |a, b| {
            let mut s = String::new();
            sgr(a, b, &mut s);
            s
        };
        let bold_red = pen(Color::Red, Modifier::BOLD | Modifier::REVERSED);
        assert_eq!(step(bold_red, Pen::PLAIN), "\x1b[m");
        assert_eq!(step(bold_red, pen(Color::Red, Modifier::BOLD)), "\x1b[27m");
        assert_eq!(step(Pen::PLAIN, pen(Color::LightBlue, Modifier::empty())), "\x1b[94m");
        assert_eq!(step(bold_red, pen(Color::Blue, Modifier::empty())), "\x1b[;34m");
    }
}
