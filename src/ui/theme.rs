//! Colours and glyphs by role. A pane asks for "warn" or "cursor", never for yellow.
//!
//! Meaning never hangs on colour alone: every state also has a letter or a word, so `mono` loses nothing. The default
//! palette uses the terminal's own sixteen colours and never sets a background (the cursor reverses instead), so it reads
//! on dark, light and solarized terminals alike. Nothing here reads the environment by itself: values are handed in.

use ratatui::style::{Color, Modifier, Style};

/// A named set of colours.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumString,
    strum::Display,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Palette {
    /// The terminal's sixteen colours.
    #[default]
    Ansi16,
    /// No colour at all: bold, dim, underline and reverse only.
    Mono,
    /// Blue and orange-like hues that stay apart with any common colour blindness.
    CbSafe,
    /// Bright colours and bold only, nothing dim.
    HighContrast,
}

/// The styles of all roles, and the glyphs drawn with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The palette it was made from.
    pub palette: Palette,
    /// Plain text.
    pub text: Style,
    /// The header row.
    pub header: Style,
    /// The environment's own cell of the header.
    pub environment: Style,
    /// Header cell of a system where mistakes hurt somebody.
    pub header_caution: Style,
    /// Header cell of production, and of everything that must not be overlooked (`TLS OFF`, `ARMED`).
    pub header_danger: Style,
    /// Patched over the few cells that mark the cursor row.
    pub cursor: Style,
    /// A marked row's mark.
    pub marked: Style,
    /// Names, links, the thing the eye should land on.
    pub accent: Style,
    /// Secondary text: ages, units, placeholders.
    pub dim: Style,
    /// Needs a look: low confidence, rare, parked.
    pub warn: Style,
    /// Failed, refused, dangerous.
    pub bad: Style,
    /// Done, sent, healthy.
    pub good: Style,
    /// A decision label.
    pub label: Style,
    /// The key in a hint.
    pub key: Style,
    /// Titles of rules, sheets and columns.
    pub title: Style,
    /// Rules and frames.
    pub rule: Style,
    /// Matches of a search.
    pub found: Style,
    /// The shapes to draw with.
    pub glyphs: Glyphs,
}

impl Theme {
    /// The theme of a palette.
    pub fn new(palette: Palette, glyphs: Glyphs) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reverse = plain.add_modifier(Modifier::REVERSED);
        let mono = Self {
            palette,
            text: plain,
            header: reverse,
            environment: reverse.add_modifier(Modifier::UNDERLINED),
            header_caution: reverse.add_modifier(Modifier::UNDERLINED),
            header_danger: reverse.add_modifier(Modifier::BOLD),
            cursor: reverse,
            marked: bold,
            accent: bold,
            dim: plain,
            warn: bold,
            bad: bold,
            good: plain,
            label: bold,
            key: bold,
            title: bold,
            rule: plain,
            found: plain.add_modifier(Modifier::UNDERLINED),
            glyphs,
        };
        match palette {
            Palette::Mono => mono,
            Palette::Ansi16 => Self {
                environment: reverse.fg(Color::Yellow),
                header_caution: reverse.fg(Color::Yellow),
                header_danger: reverse.fg(Color::Red),
                marked: plain.fg(Color::Cyan),
                accent: plain.fg(Color::Cyan),
                dim: plain.fg(Color::DarkGray),
                warn: plain.fg(Color::Yellow),
                bad: plain.fg(Color::Red),
                good: plain.fg(Color::Green),
                key: plain.fg(Color::Cyan),
                rule: plain.fg(Color::DarkGray),
                found: plain.fg(Color::Yellow).add_modifier(Modifier::UNDERLINED),
                ..mono
            },
            Palette::CbSafe => Self {
                environment: reverse.fg(Color::LightYellow),
                header_caution: reverse.fg(Color::LightYellow),
                header_danger: reverse.fg(Color::LightBlue),
                marked: plain.fg(Color::LightBlue),
                accent: plain.fg(Color::LightBlue),
                dim: plain.fg(Color::DarkGray),
                warn: plain.fg(Color::LightYellow),
                bad: bold.fg(Color::LightYellow).add_modifier(Modifier::UNDERLINED),
                good: plain.fg(Color::Blue),
                key: plain.fg(Color::LightBlue),
                rule: plain.fg(Color::DarkGray),
                found: plain.fg(Color::LightYellow).add_modifier(Modifier::UNDERLINED),
                ..mono
            },
            Palette::HighContrast => Self {
                environment: reverse.fg(Color::LightYellow).add_modifier(Modifier::BOLD),
                header_caution: reverse.fg(Color::LightYellow).add_modifier(Modifier::BOLD),
                header_danger: reverse.fg(Color::LightRed).add_modifier(Modifier::BOLD),
                marked: bold.fg(Color::LightCyan),
                accent: bold.fg(Color::LightCyan),
                warn: bold.fg(Color::LightYellow),
                bad: bold.fg(Color::LightRed),
                good: bold.fg(Color::LightGreen),
                key: bold.fg(Color::LightCyan),
                found: bold.fg(Color::LightYellow).add_modifier(Modifier::UNDERLINED),
                ..mono
            },
        }
    }

    /// The same with an environment's cell of its own colour, by its common name; a theme without colours stays without.
    #[must_use]
    pub fn with_environment(self, colour: &str) -> Self {
        let Ok(colour) = colour.parse::<Color>() else {
            return self;
        };
        let style = match self.palette {
            Palette::Mono => return self,
            Palette::HighContrast => self.header.fg(colour).add_modifier(Modifier::BOLD),
            Palette::Ansi16 | Palette::CbSafe => self.header.fg(colour),
        };
        Self { environment: style, ..self }
    }

    /// What marks a cut.
    pub fn ellipsis(&self) -> &'static str {
        self.glyphs.ellipsis
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(Palette::default(), Glyphs::UTF8)
    }
}

/// Chooses the palette: a set, non-empty `NO_COLOR` wins over everything (no-color.org).
pub fn palette(wanted: Palette, no_color: Option<&str>) -> Palette {
    if no_color.is_some_and(|v| !v.is_empty()) { Palette::Mono } else { wanted }
}

/// The shapes widgets draw with, in two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Everything is 7-bit.
    pub ascii: bool,
    /// The cursor row's mark.
    pub cursor: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// A vertical rule between two halves.
    pub bar: &'static str,
    /// Shows that text was cut.
    pub ellipsis: &'static str,
    /// A list bullet.
    pub bullet: &'static str,
    /// Open and closed folds.
    pub open: &'static str,
    /// A closed fold.
    pub closed: &'static str,
    /// Corners of a sheet: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Intensities from nothing to most.
    pub ramp: &'static [&'static str],
    /// Heights from nothing to most, one row high.
    pub heights: &'static [&'static str],
    /// A full and an empty cell of a horizontal bar.
    pub full: &'static str,
}

impl Glyphs {
    /// 7-bit shapes.
    pub const ASCII: Self = Self {
        ascii: true,
        cursor: ">",
        rule: "-",
        bar: "|",
        ellipsis: "..",
        bullet: "*",
        open: "v",
        closed: ">",
        corners: ["+", "+", "+", "+"],
        ramp: &[" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"],
        heights: &[" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"],
        full: "#",
    };

    /// Light lines and blocks.
    pub const UTF8: Self = Self {
        ascii: false,
        cursor: ">",
        rule: "─",
        bar: "│",
        ellipsis: "…",
        bullet: "•",
        open: "▾",
        closed: "▸",
        corners: ["┌", "┐", "└", "┘"],
        ramp: &[" ", "░", "▒", "▓", "█"],
        heights: &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        full: "█",
    };

    /// The set for a locale (see [`is_utf8_locale`]); `force_ascii` is the user's setting.
    pub fn for_locale(utf8: bool, force_ascii: bool) -> Self {
        if utf8 && !force_ascii { Self::UTF8 } else { Self::ASCII }
    }
}

/// Whether the locale's character set is UTF-8: the first non-empty of `LC_ALL`, `LC_CTYPE`, `LANG` decides, and none
/// of them means the C locale. `var` looks a variable up.
pub fn is_utf8_locale(var: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|v| !v.is_empty()).is_some_and(
        |v| {
            let v = v.to_ascii_lowercase();
            v.contains("utf-8") || v.contains("utf8")
        },
    )
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn styles(t: &Theme) -> Vec<Style> {
        vec![
            t.header, t.cursor, t.accent, t.dim, t.warn, t.bad, t.good, t.label, t.key, t.title,
            t.rule, t.found,
        ]
    }

    #[test]
    fn mono_has_no_colour_and_no_palette_sets_a_background() {
        for p in [Palette::Ansi16, Palette::Mono, Palette::CbSafe, Palette::HighContrast] {
            for s in styles(&Theme::new(p, Glyphs::UTF8)) {
                assert_eq!(s.bg, None, "{p}");
                assert!(p != Palette::Mono || s.fg.is_none());
            }
        }
    }

    #[test]
    fn no_color_wins_only_when_it_is_not_empty() {
        assert_eq!(palette(Palette::CbSafe, Some("1")), Palette::Mono);
        assert_eq!(palette(Palette::CbSafe, Some("")), Palette::CbSafe);
        assert_eq!(palette(Palette::Ansi16, None), Palette::Ansi16);
        assert_eq!(Palette::from_str("high-contrast").unwrap(), Palette::HighContrast);
    }

    #[test]
    fn the_first_set_locale_variable_decides() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |k: &str| pairs.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_owned())
        };
        assert!(is_utf8_locale(env(&[("LANG", "en_GB.UTF-8")])));
        assert!(is_utf8_locale(env(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")])));
        assert!(!is_utf8_locale(env(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")])));
        assert!(!is_utf8_locale(env(&[])));
    }

    #[test]
    fn ascii_glyphs_are_ascii_and_every_glyph_is_one_cell_but_the_ellipsis() {
        for g in [Glyphs::ASCII, Glyphs::UTF8] {
            let mut all = vec![g.cursor, g.rule, g.bar, g.bullet, g.open, g.closed, g.full];
            all.extend(g.corners);
            all.extend(g.ramp);
            all.extend(g.heights);
            for s in all {
                assert!(!g.ascii || s.is_ascii());
                assert_eq!(crate::ui::text::width(s), 1, "{s}");
            }
        }
        assert!(Glyphs::ASCII.ellipsis.is_ascii());
    }
}
