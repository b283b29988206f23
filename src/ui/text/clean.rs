//! What foreign text becomes before it is shown anywhere.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Stands for one character that must not be shown: invisible, reordering, private or unassignable.
pub const HIDDEN: char = '·';
/// Stands for a line break inside text that is drawn on one line.
pub const BREAK: &str = " ⏎ ";
/// Combining marks kept on one base; more of them would paint over the neighbouring rows.
const MARKS: usize = 4;

/// Makes foreign text safe to draw on one line, changing nothing that is harmless.
///
/// - C0 controls become their control pictures (`ESC` → `␛`), `DEL` → `␡`, C1 controls → [`HIDDEN`];
/// - line breaks of any kind become [`BREAK`], tabs and exotic blanks one blank;
/// - bidi controls, joiners outside an emoji or Indic sequence, fillers, tag characters, private-use and non-characters
///   become [`HIDDEN`]; more than four combining marks in a row are cut with one [`HIDDEN`];
/// - emoji presentation selectors are dropped, because terminals disagree on their width.
///
/// Borrowed when nothing had to change. Cleaning twice is cleaning once.
pub fn clean(s: &str) -> Cow<'_, str> {
    if s.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 8);
    for cluster in s.graphemes(true) {
        clean_cluster(cluster, &mut out);
    }
    if out == s { Cow::Borrowed(s) } else { Cow::Owned(out) }
}

/// Cleans one grapheme cluster into `out`.
///
/// Whatever attaches to the character before it (marks, joiners, selectors) is kept only behind an unchanged base of its
/// own cluster: behind a replaced one it would attach to the stand-in and the text would read differently a second time.
fn clean_cluster(cluster: &str, out: &mut String) {
    if cluster == "\r\n" {
        out.push_str(BREAK);
        return;
    }
    let mut based = false;
    let mut marks = 0usize;
    let mut chars = cluster.chars().peekable();
    while let Some(c) = chars.next() {
        match judge(c) {
            Verdict::Keep => {
                out.push(c);
                (based, marks) = (true, 0);
            }
            Verdict::Joiner
                if based && chars.peek().is_some_and(|n| matches!(judge(*n), Verdict::Keep)) =>
            {
                out.push(c);
            }
            Verdict::Selector if based && !out.ends_with(|p: char| p.is_ascii()) => {}
            Verdict::Mark if based && marks < MARKS => {
                out.push(c);
                marks += 1;
            }
            Verdict::Break => {
                out.push_str(BREAK);
                based = false;
            }
            Verdict::Blank => {
                out.push(' ');
                based = false;
            }
            Verdict::Picture(p) => {
                out.push(p);
                based = false;
            }
            Verdict::Mark | Verdict::Joiner | Verdict::Selector | Verdict::Hide => {
                out.push(HIDDEN);
                based = false;
                while chars.peek().is_some_and(|n| matches!(judge(*n), Verdict::Mark)) {
                    chars.next();
                }
            }
        }
    }
}

enum Verdict {
    Keep,
    Mark,
    Joiner,
    Selector,
    Break,
    Blank,
    Picture(char),
    Hide,
}

fn judge(c: char) -> Verdict {
    match c {
        // halfwidth voiced marks take a cell of their own although they attach to the letter before
        ' '..='~' | '\u{ff9e}' | '\u{ff9f}' => Verdict::Keep,
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Verdict::Break,
        '\t'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Verdict::Blank,
        '\0'..='\x1f' => Verdict::Picture(char::from_u32(0x2400 + u32::from(c)).unwrap_or(HIDDEN)),
        '\x7f' => Verdict::Picture('␡'),
        '\u{200d}' => Verdict::Joiner,
        '\u{fe0e}' | '\u{fe0f}' => Verdict::Selector,
        _ if is_hidden(c) => Verdict::Hide,
        _ => match c.width() {
            Some(0) => Verdict::Mark,
            Some(_) => Verdict::Keep,
            None => Verdict::Hide,
        },
    }
}

/// Characters that show nothing, reorder, or carry text no reader sees.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'                       // C1 controls
        | '\u{ad}' | '\u{34f}' | '\u{61c}'         // soft hyphen, grapheme joiner, Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}'                 // bidi embeddings and overrides
        | '\u{2060}'..='\u{206f}'                 // word joiner, invisible operators, bidi isolates
        | '\u{3164}' | '\u{ffa0}'                 // Hangul fillers
        | '\u{e000}'..='\u{f8ff}'                 // private use
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{323b0}'..='\u{10ffff}'              // no assigned text: unassigned, tags, selectors, private planes
    ) || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text as an attacker would send it: ordinary, control, joining, wide and hidden characters in any order.
    pub(in crate::ui::text) fn foreign() -> impl Strategy<Value = String> {
        let nasty = prop::sample::select(vec![
            '\x1b',
            '\u{9b}',
            '\x07',
            '\0',
            '\r',
            '\n',
            '\t',
            '\x7f',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{fe0f}',
            '\u{301}',
            '\u{20e3}',
            '👩',
            '💻',
            '🏽',
            '🇩',
            '🇪',
            'あ',
            'ｶ',
            '\u{ff9e}',
            '한',
            '\u{1100}',
            '\u{1161}',
            '\u{e0041}',
            '\u{f8ff}',
            '\u{600}',
            'ل',
            'ا',
            '\u{915}',
            '\u{94d}',
            '…',
            '·',
            ' ',
        ]);
        prop::collection::vec(
            prop_oneof![2 => nasty, 2 => prop::char::range(' ', '~'), 1 => any::<char>()],
            0..24,
        )
        .prop_map(|v| v.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn nothing_that_acts_survives(s in foreign()) {
            let c = clean(&s);
            prop_assert!(!c.chars().any(char::is_control), "{c:?}");
            prop_assert!(!c.chars().any(is_hidden), "{c:?}");
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(s in foreign()) {
            let once = clean(&s).into_owned();
            let twice = clean(&once);
            prop_assert_eq!(&*twice, &once);
            prop_assert!(matches!(twice, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn harmless_text_is_borrowed_and_unchanged() {
        for s in ["", "plain", "héllo wörld", "日本語", "👩‍💻 ok", "क्‍ष", "עברית"]
        {
            assert!(matches!(clean(s), Cow::Borrowed(_)), "{s}");
        }
    }

    #[test]
    fn what_could_act_on_a_terminal_is_shown_instead() {
        assert_eq!(clean("a\x1b]52;c;eA==\x07b"), "a␛]52;c;eA==␇b");
        assert_eq!(clean("one\r\ntwo\nthree\tfour"), "one ⏎ two ⏎ three four");
        assert_eq!(clean("user\u{202e}gpj.exe"), "user·gpj.exe");
        assert_eq!(clean("pay\u{200b}pal \u{e0041}"), "pay·pal ·");
        assert_eq!(clean("a\u{200d}b"), "a·b");
        assert_eq!(clean("❤\u{fe0f}!"), "❤!");
        assert_eq!(clean(&format!("e{}x", "\u{301}".repeat(9))), "e\u{301}\u{301}\u{301}\u{301}·x");
        assert_eq!(clean("\u{9b}31m"), "·31m");
    }
}
