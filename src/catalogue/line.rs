//! A command line of the seeds cut into a name and `key=value` pairs, quoted as the seeds quote them.
//!
//! Two ways lead here: the whole line as one text (the console's `:`, or one shell argument), and words that a shell
//! has already split. Quotes are taken off once, never twice. Must not: know any command.

/// A command line taken apart; nothing in it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The command's name without the leading `!`.
    pub name: String,
    /// Arguments in the order they were given, quotes taken off.
    pub pairs: Vec<(String, String)>,
}

/// A line that cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// No command name.
    #[error("no command was named")]
    NoName,
    /// A quote without its partner.
    #[error("a quote is not closed")]
    Quote,
    /// A word that is no `name=value`.
    #[error(
        "`{0}` is no name=value; a value with blanks is quoted: name=\"some value\", with \\\" for a quote inside"
    )]
    Word(String),
}

impl Line {
    /// Takes one line apart: `!arcanna-trigger-train job_id="1201" username="admin"`.
    ///
    /// # Errors
    /// Unclosed quotes, words that are no `name=value`, nothing at all.
    pub fn parse(line: &str) -> Result<Self, Broken> {
        let line = line.trim();
        let (name, rest) = line.split_once(|c: char| c.is_whitespace()).unwrap_or((line, ""));
        let mut pairs = Vec::new();
        let mut rest = rest.trim_start();
        while !rest.is_empty() {
            let (pair, after) = next_pair(rest)?;
            pairs.push(pair);
            rest = after.trim_start();
        }
        Ok(Self { name: bare_name(name)?, pairs })
    }

    /// Takes the words a shell has split: the first is the name, or a whole line when it holds blanks.
    ///
    /// # Errors
    /// As [`Line::parse`].
    pub fn from_words<S: AsRef<str>>(words: &[S]) -> Result<Self, Broken> {
        let (first, rest) = words.split_first().ok_or(Broken::NoName)?;
        let mut line = Self::parse(first.as_ref())?;
        for word in rest {
            let word = word.as_ref();
            let (key, value) = word
                .split_once('=')
                .filter(|(key, _)| is_key(key))
                .ok_or_else(|| Broken::Word(word.to_owned()))?;
            line.pairs.push((key.to_owned(), unquoted(value)));
        }
        Ok(line)
    }
}

fn bare_name(name: &str) -> Result<String, Broken> {
    let name = name.strip_prefix('!').unwrap_or(name);
    if name.is_empty() {
        return Err(Broken::NoName);
    }
    Ok(name.to_owned())
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The first pair of the rest of a line, and what follows it.
fn next_pair(rest: &str) -> Result<((String, String), &str), Broken> {
    let word = || {
        let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
        Broken::Word(rest[..end].to_owned())
    };
    let (key, value) = rest.split_once('=').filter(|(key, _)| is_key(key)).ok_or_else(word)?;
    // Unquoted JSON keeps its own quotes; whether it is good JSON is for the argument's check to say.
    if let Some(end) = bracketed_end(value) {
        let (json, after) = value.split_at(end);
        if after.is_empty() || after.starts_with(|c: char| c.is_whitespace()) {
            return Ok(((key.to_owned(), json.to_owned()), after));
        }
    }
    let end = word_end(value).ok_or(Broken::Quote)?;
    let (word, after) = value.split_at(end);
    Ok(((key.to_owned(), one_word(word)?), after))
}

/// Where the brackets that open `text` are closed again, strings not counted; `None` when none open it or they stay open.
fn bracketed_end(text: &str) -> Option<usize> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (mut depth, mut string, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if string => escaped = true,
            '"' => string = !string,
            _ if string => {}
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth -= 1; // the first character opened one
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the word at the start of `text` ends, by the shell's rules; `None` when a quote stays open.
fn word_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (None | Some('"'), '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => return Some(at),
            _ => {}
        }
    }
    (quote.is_none() && !escaped).then_some(text.len())
}

/// Takes the quotes off one word by the shell's rules.
fn one_word(word: &str) -> Result<String, Broken> {
    // A leading `#` is a comment only to a shell at a prompt, and an empty value is no word at all: neither is asked.
    if word.is_empty() {
        return Ok(String::new());
    }
    if word.starts_with('#') {
        return Ok(word.to_owned());
    }
    let mut words = shell_words::split(word).map_err(|_| Broken::Quote)?;
    match (words.pop(), words.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Ok(word.to_owned()),
    }
}

/// A value that is entirely one quoted word loses its quotes; any other, such as `"a" AND "b"`, stays as it is.
fn unquoted(value: &str) -> String {
    let mut chars = value.chars();
    let quoted = match (chars.next(), chars.next_back()) {
        (Some(first @ ('"' | '\'')), Some(last)) if first == last => {
            closes_at_the_end(value, first)
        }
        _ => false,
    };
    if quoted { one_word(value).unwrap_or_else(|_| value.to_owned()) } else { value.to_owned() }
}

fn closes_at_the_end(value: &str, quote: char) -> bool {
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8() == value.len();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(line: &Line) -> Vec<(&str, &str)> {
        line.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
    }

    #[test]
    fn a_whole_line_as_the_seeds_write_it() {
        let line = Line::parse(r#"!arcanna-trigger-train job_id="1201" username="admin""#).unwrap();
        assert_eq!(line.name, "arcanna-trigger-train");
        assert_eq!(pairs(&line), [("job_id", "1201"), ("username", "admin")]);

        let line = Line::parse(
            r#"arcanna-send-event event_json="{\"a\":{   \"b\":1 }}" title='x y' severity=3 "#,
        )
        .unwrap();
        assert_eq!(
            pairs(&line),
            [("event_json", r#"{"a":{   "b":1 }}"#), ("title", "x y"), ("severity", "3")]
        );
    }

    #[test]
    fn unquoted_json_in_a_line_keeps_its_quotes() {
        let line = Line::parse(r#"x event_json={"a": "b c", "d": [1]} title=t"#).unwrap();
        assert_eq!(pairs(&line), [("event_json", r#"{"a": "b c", "d": [1]}"#), ("title", "t")]);
    }

    #[test]
    fn broken_json_in_a_line_is_left_for_its_check() {
        let line = Line::parse(r#"x event_json={"a": "}", } title=[urgent]"#).unwrap();
        assert_eq!(pairs(&line), [("event_json", r#"{"a": "}", }"#), ("title", "[urgent]")]);
        let line = Line::parse(r#"x title=[a]"b c""#).unwrap();
        assert_eq!(pairs(&line), [("title", "[a]b c")]);
    }

    #[test]
    fn a_line_is_unquoted_once() {
        let line = Line::parse(r#"x query="\"a\" AND \"b\"" q2="\"a\"" tag=#1 e="" f="#).unwrap();
        assert_eq!(
            pairs(&line),
            [("query", r#""a" AND "b""#), ("q2", r#""a""#), ("tag", "#1"), ("e", ""), ("f", "")]
        );
    }

    #[test]
    fn words_split_by_a_shell() {
        let line = Line::from_words(&[
            "!arcanna-send-event-feedback",
            r#"feedback="Low priority""#,
            r#"query="a" AND "b""#,
            r#"event_json={"a":"b"}"#,
            r"u='ann'",
            r#"w="it\"s""#,
            r#"half=""#,
            "plain=a b=c",
        ])
        .unwrap();
        assert_eq!(
            pairs(&line),
            [
                ("feedback", "Low priority"),
                ("query", r#""a" AND "b""#),
                ("event_json", r#"{"a":"b"}"#),
                ("u", "ann"),
                ("w", "it\"s"),
                ("half", "\""),
                ("plain", "a b=c"),
            ]
        );
    }

    #[test]
    fn a_whole_line_in_one_word() {
        let line =
            Line::from_words(&["!darktrace-get-similar-devices did=1 max_results=2"]).unwrap();
        assert_eq!(line.name, "darktrace-get-similar-devices");
        assert_eq!(pairs(&line), [("did", "1"), ("max_results", "2")]);
    }

    #[test]
    fn broken_lines_say_why() {
        assert_eq!(Line::parse("  "), Err(Broken::NoName));
        assert_eq!(Line::parse("!"), Err(Broken::NoName));
        assert_eq!(Line::parse("x a=\"b"), Err(Broken::Quote));
        assert_eq!(Line::parse(r#"x query="a" AND "b""#), Err(Broken::Word("AND".into())));
        assert_eq!(Line::from_words(&["x", "1201"]), Err(Broken::Word("1201".into())));
        assert_eq!(Line::from_words::<&str>(&[]), Err(Broken::NoName));
    }

    proptest! {
        #[test]
        fn any_quoted_value_arrives_as_it_was(value in "\\PC*", other in "[ -~]*") {
            // A blank of any script ends a bare value: it is quoted as a person would.
            let quoted = format!("'{}'", value.replace('\'', "'\\''"));
            let line = format!("!x a={quoted} b={}", shell_words::quote(&other));
            let line = Line::parse(&line).unwrap();
            prop_assert_eq!(pairs(&line), [("a", value.as_str()), ("b", other.as_str())]);
        }

        #[test]
        fn no_line_breaks_the_parser(line in "[ -~=\"'\\\\{}é\n]*") {
            let _ = Line::parse(&line);
            let _ = Line::from_words(&["x", line.as_str()]);
        }
    }
}
