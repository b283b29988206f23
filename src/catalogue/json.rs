//! JSON kept as it was written: key order, number spelling and string escapes survive every step.
//!
//! What the products send is shown, taken apart and wrapped in the seeds' contexts here without ever passing through
//! a float: a flow id beyond 2^64 comes out digit for digit. Must not: change a literal it did not make itself.

use std::borrow::Cow;
use std::fmt::Write;

use serde::de::IgnoredAny;

/// The deepest nesting that is taken apart; no answer of either product comes near it.
const DEPTH: usize = 128;

/// One JSON value. Numbers and strings keep their literal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as it was spelt.
    Number(Box<str>),
    /// A string literal, with its quotes and escapes.
    Text(Box<str>),
    /// `[…]`
    List(Vec<Json>),
    /// `{…}`: keys are string literals, in their order; a repeated key is kept.
    Object(Vec<(Box<str>, Json)>),
}

/// Text that is no JSON: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {why}")]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1; 0 when there is no text at all.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
}

impl Json {
    /// Reads JSON text.
    ///
    /// # Errors
    /// The first place where it is no JSON, or is nested deeper than 128 levels.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        // The grammar is serde_json's affair; afterwards the text is known to be good and only needs cutting up.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
            let said = error.to_string();
            let why = said.split(" at line ").next().unwrap_or_default();
            // a fault at a line's very end is counted as column 0 of the next
            let (line, column) = match (error.line(), error.column()) {
                (line @ 2.., 0) => {
                    let before = text.lines().nth(line - 2).map_or(0, str::len);
                    (line - 1, before + 1)
                }
                place => place,
            };
            Fault { line, column, why: why.to_owned() }
        })?;
        let mut cutter = Cutter { text, at: 0 };
        cutter.value(0)
    }

    /// A string made here.
    pub fn text(value: &str) -> Self {
        Self::Text(literal(value))
    }

    /// An object made here, in this order.
    pub fn object<const N: usize>(pairs: [(&str, Self); N]) -> Self {
        Self::Object(pairs.into_iter().map(|(key, value)| (literal(key), value)).collect())
    }

    /// The member of an object; `None` where there is none, or this is no object. Of a repeated key the last counts.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(pairs) => pairs
                .iter()
                .rev()
                .find(|(literal, _)| plain(literal) == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Object(pairs) => pairs
                .iter_mut()
                .rev()
                .find(|(literal, _)| plain(literal) == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |json, key| json.get(key))
    }

    /// Appends a member to an object; nothing happens to other values.
    pub fn push(&mut self, key: &str, value: Self) {
        if let Self::Object(pairs) = self {
            pairs.push((literal(key), value));
        }
    }

    /// The elements of a list; empty for anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The keys of an object, decoded, in order; empty for anything else.
    pub fn keys(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let pairs: &[(Box<str>, Self)] = match self {
            Self::Object(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|(key, _)| plain(key))
    }

    /// The decoded text of a string; `None` for anything else.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(literal) => Some(plain(literal)),
            _ => None,
        }
    }

    /// A whole number that fits; also one spelt `1702038492000.0`, as the products' schemas allow.
    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Number(text) => match text.split_once('.') {
                Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => {
                    whole.parse().ok()
                }
                _ => text.parse().ok(),
            },
            _ => None,
        }
    }

    /// Missing, `null` or an empty string: how the products say that there is nothing.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(literal) => plain(literal).trim().is_empty(),
            _ => false,
        }
    }

    /// One line without blanks.
    pub fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None, 0);
        out
    }

    /// Indented by 4, as the seeds print it; no line feed at the end.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(4), 0);
        out
    }

    fn write(&self, out: &mut String, indent: Option<usize>, level: usize) {
        let gap = |out: &mut String, level: usize| {
            if let Some(width) = indent {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', width * level));
            }
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) | Self::Text(text) => out.push_str(text),
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::Object(pairs) if pairs.is_empty() => out.push_str("{}"),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    gap(out, level + 1);
                    item.write(out, indent, level + 1);
                }
                gap(out, level);
                out.push(']');
            }
            Self::Object(pairs) => {
                out.push('{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    gap(out, level + 1);
                    out.push_str(key);
                    out.push_str(if indent.is_some() { ": " } else { ":" });
                    value.write(out, indent, level + 1);
                }
                gap(out, level);
                out.push('}');
            }
        }
    }

    /// As Python prints a value inside a list or dict: what the seeds' tables hold for nested values.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        self.write_repr(&mut out);
        out
    }

    fn write_repr(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("None"),
            Self::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(literal) => repr_text(&plain(literal), out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.write_repr(out);
                }
                out.push(']');
            }
            Self::Object(pairs) => {
                out.push('{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    repr_text(&plain(key), out);
                    out.push_str(": ");
                    value.write_repr(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value.to_string().into())
    }
}

/// A string literal for text made here.
fn literal(value: &str) -> Box<str> {
    serde_json::Value::from(value).to_string().into()
}

/// The text of a string literal. One that names half a surrogate pair keeps its escapes: there is no such character.
fn plain(literal: &str) -> Cow<'_, str> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains('\\') {
        serde_json::from_str::<String>(literal).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

fn repr_text(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32); // writing to a String cannot fail
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// Cuts text that is known to be JSON into values.
struct Cutter<'a> {
    text: &'a str,
    at: usize,
}

impl Cutter<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        if depth > DEPTH {
            let before = &self.text[..self.at];
            return Err(Fault {
                line: before.matches('\n').count() + 1,
                column: self.at - before.rfind('\n').map_or(0, |lf| lf + 1) + 1,
                why: format!("nested deeper than {DEPTH} levels"),
            });
        }
        Ok(match self.peek() {
            b'{' => {
                self.at += 1;
                let mut pairs = Vec::new();
                while self.peek() != b'}' {
                    self.skip(b',');
                    let key = self.string();
                    self.skip(b':');
                    pairs.push((key, self.value(depth + 1)?));
                }
                self.at += 1;
                Json::Object(pairs)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.peek() != b']' {
                    self.skip(b',');
                    items.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Json::List(items)
            }
            b'"' => Json::Text(self.string()),
            _ => {
                let rest = &self.text[self.at..];
                let end = rest
                    .find(|c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace())
                    .unwrap_or(rest.len());
                self.at += end;
                match &rest[..end] {
                    "null" => Json::Null,
                    "true" => Json::Bool(true),
                    "false" => Json::Bool(false),
                    number => Json::Number(number.into()),
                }
            }
        })
    }

    /// The next byte that is no blank; 0 at the end, which known-good JSON only has after its value.
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    fn skip(&mut self, mark: u8) {
        if self.peek() == mark {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Box<str> {
        self.peek();
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text[start..self.at.min(self.text.len())].into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keys_and_escapes_survive() {
        let text = r#"{"b":123456789012345678901234567890,"a":[1.50,1e5,-0],"s":"\u00e9\/\"","z":null,"b":true}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(json.compact(), text);
        assert_eq!(json.get("b"), Some(&Json::Bool(true)));
        assert_eq!(json.get("s").unwrap().as_text().unwrap(), "é/\"");
        assert_eq!(Json::parse(&json.pretty()).unwrap(), json);
    }

    #[test]
    fn pretty_is_indented_by_four() {
        let json = Json::parse(r#"{"a":[1,{"b":[]}],"c":{}}"#).unwrap();
        assert_eq!(
            json.pretty(),
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": []\n        }\n    ],\n    \"c\": {}\n}"
        );
    }

    #[test]
    fn repr_is_pythons() {
        let json =
            Json::parse(r#"{"a":"it's","b":[true,null,1.0],"c":"say \"it's\"\n","d":{}}"#).unwrap();
        assert_eq!(
            json.repr(),
            r#"{'a': "it's", 'b': [True, None, 1.0], 'c': 'say "it\'s"\n', 'd': {}}"#
        );
    }

    #[test]
    fn faults_have_a_place() {
        let fault = Json::parse("{\n  \"a\": tru\n}").unwrap_err();
        assert_eq!((fault.line, fault.column), (2, 11), "{fault}");
        assert!(Json::parse("").is_err());
        assert!(Json::parse("{\"a\":1} x").is_err());
        let deep = Json::parse(&"[".repeat(100_000)).unwrap_err();
        assert!(deep.why.contains("EOF"), "{deep}");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Json::parse(&deep).unwrap_err().why.contains("deeper"));
    }

    #[test]
    fn half_a_surrogate_is_kept() {
        let json = Json::parse(r#"["\ud800"]"#).unwrap();
        assert_eq!(json.compact(), r#"["\ud800"]"#);
        assert_eq!(json.items()[0].as_text().unwrap(), r"\ud800");
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_comes_out_as_it_went_in(value in values()) {
            let text = value.to_string();
            let json = Json::parse(&text).unwrap();
            prop_assert_eq!(json.compact(), text);
            let pretty: serde_json::Value = serde_json::from_str(&json.pretty()).unwrap();
            prop_assert_eq!(pretty, value);
        }
    }
}
