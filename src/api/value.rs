//! Lenient reading of JSON, shared by both products: what is there is read, what is missing or of another type is `None`.
//!
//! Neither product keeps its types over the years (numbers as text, objects for arrays, four forms of time), so nothing
//! here fails: only the shape of a whole answer may be wrong, and that is decided by the operations. Values stay slices
//! of the answer, so numbers and key order of raw events are kept exactly.
//! This room knows JSON and time; it must not know either product's words.

#[cfg(test)]
pub(crate) mod testing;
mod verdict;

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Answer, Cause};
pub(super) use verdict::says_no;

/// The JSON body of an answer, checked to be JSON, not yet read.
#[derive(Debug)]
pub struct Body(Box<RawValue>);

impl Body {
    /// The body of an answer that must hold JSON.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn read(answer: &Answer) -> Result<Self, Cause> {
        answer.json().map(Self)
    }

    /// The body of an answer to a write, which may be empty (204, or 200 with nothing: both mean it was done).
    ///
    /// # Errors
    /// As [`Answer::json`], for a body that holds something.
    pub fn read_if_any(answer: &Answer) -> Result<Option<Self>, Cause> {
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        Self::read(answer).map(Some)
    }

    /// The whole.
    pub fn node(&self) -> Node<'_> {
        Node(&self.0)
    }
}

/// What kind of JSON a [`Node`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Shape {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    Text,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// One piece of an answer, as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a>(&'a RawValue);

impl<'a> Node<'a> {
    /// A piece of JSON kept from an answer.
    pub fn of(raw: &'a RawValue) -> Self {
        Self(raw)
    }

    /// What kind of JSON it is.
    pub fn shape(self) -> Shape {
        match self.0.get().as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::Text,
            Some(b't' | b'f') => Shape::Boolean,
            Some(b'n') | None => Shape::Null,
            Some(_) => Shape::Number,
        }
    }

    /// The members of an object.
    pub fn fields(self) -> Option<Fields<'a>> {
        (self.shape() == Shape::Object).then(|| serde_json::from_str(self.0.get()).ok()).flatten()
    }

    /// The items of an array.
    pub fn items(self) -> Option<Vec<Self>> {
        if self.shape() != Shape::Array {
            return None;
        }
        let items: Vec<&'a RawValue> = serde_json::from_str(self.0.get()).ok()?;
        Some(items.into_iter().map(Self).collect())
    }

    /// The items of an array, or the value itself where one stands instead of many; `null` is none.
    pub fn one_or_many(self) -> Vec<Self> {
        match self.shape() {
            Shape::Null => Vec::new(),
            Shape::Array => self.items().unwrap_or_default(),
            _ => vec![self],
        }
    }

    /// A string, even a blank one. Broken escapes (half a surrogate pair) become U+FFFD.
    pub fn string(self) -> Option<String> {
        if self.shape() != Shape::Text {
            return None;
        }
        serde_json::from_str::<Lossy>(self.0.get()).ok().map(|text| text.0)
    }

    /// A string that says something: blank ones count as missing, as both products use `""` for unknown.
    pub fn text(self) -> Option<String> {
        self.string().filter(|text| !text.trim().is_empty())
    }

    /// A string that says something, or a number or boolean as it was written.
    pub fn word(self) -> Option<String> {
        match self.shape() {
            Shape::Text => self.text(),
            Shape::Number | Shape::Boolean => Some(self.0.get().to_owned()),
            _ => None,
        }
    }

    /// The value in one line for a person: text as it is, everything else as compact JSON.
    pub fn line(self) -> String {
        match self.shape() {
            Shape::Text => self.string().unwrap_or_default(),
            Shape::Array | Shape::Object => {
                self.value().map_or_else(|| self.0.get().to_owned(), |value| value.to_string())
            }
            _ => self.0.get().to_owned(),
        }
    }

    /// A whole number, also written as `12.0` or `"12"`.
    pub fn int(self) -> Option<i64> {
        let token = self.token()?;
        token.parse().ok().or_else(|| {
            let number: f64 = token.parse().ok()?;
            // beyond 2^53 a float no longer names one whole number
            (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                .then_some(number as i64)
        })
    }

    /// A count: a whole number that is not negative.
    pub fn count(self) -> Option<u64> {
        self.int().and_then(|number| number.try_into().ok())
    }

    /// A number, also written as text.
    pub fn num(self) -> Option<f64> {
        self.token()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A boolean, also written as text or as 0 and 1.
    pub fn flag(self) -> Option<bool> {
        match self.word()?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// A time; a bare number counts milliseconds since 1970. Zero is no time (both products write it for never).
    pub fn time(self) -> Option<Time> {
        self.time_in(Unit::Millis)
    }

    /// A time where a bare number counts seconds since 1970.
    pub fn time_s(self) -> Option<Time> {
        self.time_in(Unit::Seconds)
    }

    /// The value as a tree; `None` where it cannot be one (nested more than 128 deep, a number beyond `f64`).
    pub fn value(self) -> Option<Value> {
        serde_json::from_str(self.0.get()).ok()
    }

    /// A copy of the exact text.
    pub fn keep(self) -> Box<RawValue> {
        self.0.to_owned()
    }

    /// The exact text.
    pub fn as_str(self) -> &'a str {
        self.0.get()
    }

    /// The text of a number, written bare or in quotes.
    fn token(self) -> Option<String> {
        match self.shape() {
            Shape::Number => Some(self.0.get().to_owned()),
            Shape::Text => self.text().map(|text| text.trim().to_owned()),
            _ => None,
        }
    }

    fn time_in(self, unit: Unit) -> Option<Time> {
        let text = self.token()?;
        if let Ok(number) = text.parse::<f64>() {
            if number == 0.0 {
                return None;
            }
            return Some(unit.read(number).map_or(Time::Unread(text), Time::At));
        }
        Some(Time::parse(&text))
    }
}

/// The members of an object in their order; a key that is there twice counts as written last.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The value of a key; `null` counts as missing.
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        self.0
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, raw)| Node(raw))
            .filter(|node| node.shape() != Shape::Null)
    }

    /// The value of the first of several keys that is there.
    pub fn first(&self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether the key is there, be it `null`.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// Whether the object is `{}`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Node<'a>)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), Node(raw)))
    }

    /// [`Node::text`] of a key.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    /// [`Node::word`] of a key.
    pub fn word(&self, key: &str) -> Option<String> {
        self.get(key)?.word()
    }

    /// [`Node::int`] of a key.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.int()
    }

    /// [`Node::count`] of a key.
    pub fn count(&self, key: &str) -> Option<u64> {
        self.get(key)?.count()
    }

    /// [`Node::num`] of a key.
    pub fn num(&self, key: &str) -> Option<f64> {
        self.get(key)?.num()
    }

    /// [`Node::flag`] of a key.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.flag()
    }

    /// [`Node::time`] of a key.
    pub fn time(&self, key: &str) -> Option<Time> {
        self.get(key)?.time()
    }

    /// [`Node::fields`] of a key.
    pub fn object(&self, key: &str) -> Option<Fields<'a>> {
        self.get(key)?.fields()
    }

    /// Reads each object of an array (or the one object in its place); items of other shapes are left out.
    /// `None` when the key is missing.
    pub fn each<T>(&self, key: &str, read: impl Fn(&Fields<'a>) -> T) -> Option<Vec<T>> {
        let nodes = self.get(key)?.one_or_many();
        Some(nodes.into_iter().filter_map(Node::fields).map(|fields| read(&fields)).collect())
    }

    /// The words of an array of strings (or the one word in its place). `None` when the key is missing.
    pub fn words(&self, key: &str) -> Option<Vec<String>> {
        let nodes = self.get(key)?.one_or_many();
        Some(nodes.into_iter().filter_map(Node::word).collect())
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Lossy, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A JSON string read without failing on half a surrogate pair, which Python and JavaScript servers can emit.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// A point in time as a product wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Time {
    /// Understood.
    At(Timestamp),
    /// Not understood: the text as it came.
    Unread(String),
}

impl Time {
    /// Reads ISO forms and `YYYY-MM-DD HH:MM:SS`; without a zone it is UTC.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        text.parse::<Timestamp>()
            .or_else(|_| {
                text.parse::<DateTime>()
                    .and_then(|civil| civil.to_zoned(TimeZone::UTC))
                    .map(|zoned| zoned.timestamp())
            })
            .map_or_else(|_| Self::Unread(text.to_owned()), Self::At)
    }

    /// The point in time, where it was understood.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Unread(_) => None,
        }
    }
}

impl fmt::Display for Time {
    /// `2026-01-02T03:04:05Z`, with fractions where there are some; else the text as it came.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::Unread(text) => f.write_str(text),
        }
    }
}

/// What a bare number of a time counts.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Millis,
    Seconds,
}

impl Unit {
    fn read(self, number: f64) -> Option<Timestamp> {
        let seconds = match self {
            Self::Millis => number / 1000.0,
            Self::Seconds => number,
        };
        let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
        // a float holds a millisecond of our century exactly enough to round to it
        Timestamp::from_duration(since).and_then(|at| at.round(jiff::Unit::Millisecond)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::raw;
    use super::*;

    #[test]
    fn numbers_are_read_from_every_form() {
        let int = |json: &str| Node::of(&raw(json)).int();
        assert_eq!(int("12"), Some(12));
        assert_eq!(int("-6"), Some(-6));
        assert_eq!(int("12.0"), Some(12));
        assert_eq!(int("\"12\""), Some(12));
        assert_eq!(int("\" 12 \""), Some(12));
        assert_eq!(int("9007199254740993"), Some(9_007_199_254_740_993));
        for none in [
            "1.5",
            "1e300",
            "\"others\"",
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "99999999999999999999",
        ] {
            assert_eq!(int(none), None, "{none}");
        }
        assert_eq!(Node::of(&raw("-1")).count(), None);
        assert_eq!(Node::of(&raw("\"98.3\"")).num(), Some(98.3));
        assert_eq!(Node::of(&raw("1e999")).num(), None);
        assert_eq!(Node::of(&raw("\"NaN\"")).num(), None);
    }

    #[test]
    fn booleans_are_read_from_every_form() {
        let flag = |json: &str| Node::of(&raw(json)).flag();
        for yes in ["true", "\"true\"", "\"True\"", "1"] {
            assert_eq!(flag(yes), Some(true), "{yes}");
        }
        for no in ["false", "\"false\"", "0"] {
            assert_eq!(flag(no), Some(false), "{no}");
        }
        for none in ["null", "2", "\"maybe\"", "[]"] {
            assert_eq!(flag(none), None, "{none}");
        }
    }

    #[test]
    fn times_are_read_from_every_form() {
        let time = |json: &str| Node::of(&raw(json)).time().map(|time| time.to_string());
        let cases = [
            // milliseconds: whole, as a float, as text
            ("1600063200000", "2020-09-14T06:00:00Z"),
            ("1702038492000.0", "2023-12-08T12:28:12Z"),
            ("\"1600063200123\"", "2020-09-14T06:00:00.123Z"),
            // Arcanna's forms
            ("\"2021-09-02T09:46:22.363642Z\"", "2021-09-02T09:46:22.363642Z"),
            ("\"2021-09-02T09:46:22.363642\"", "2021-09-02T09:46:22.363642Z"),
            ("\"2025-07-24T15:51:01.731058+00:00\"", "2025-07-24T15:51:01.731058Z"),
            ("\"2025-07-24T15:51:01+02:00\"", "2025-07-24T13:51:01Z"),
            // Darktrace's forms
            ("\"2020-09-14 06:00:00\"", "2020-09-14T06:00:00Z"),
            ("\"2020-12-31T12:00:00\"", "2020-12-31T12:00:00Z"),
            ("\"2020-12-31\"", "2020-12-31T00:00:00Z"),
            ("\"2026-01-02 03:04\"", "2026-01-02T03:04:00Z"),
            // not understood: kept
            ("\"yesterday\"", "yesterday"),
            ("1e300", "1e300"),
        ];
        for (json, wanted) in cases {
            assert_eq!(time(json).as_deref(), Some(wanted), "{json}");
        }
        for none in ["null", "0", "\"\"", "[]", "{}", "true", "\"0\""] {
            assert_eq!(time(none), None, "{none}");
        }
        let seconds = Node::of(&raw("1600063200")).time_s().unwrap();
        assert_eq!(seconds.to_string(), "2020-09-14T06:00:00Z");
        assert_eq!(seconds.at().unwrap().as_second(), 1_600_063_200);
        assert_eq!(Time::Unread("x".into()).at(), None);
    }

    #[test]
    fn objects_keep_order_take_the_last_double_and_bear_broken_escapes() {
        let json = raw(r#"{"b":1,"a":null,"b":2,"\ud800":"x\udfffy"}"#);
        let fields = Node::of(&json).fields().unwrap();
        assert_eq!(fields.int("b"), Some(2));
        assert!(fields.has("a") && fields.get("a").is_none());
        let names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(names[..3], ["b", "a", "b"]);
        let (name, value) = fields.iter().last().unwrap();
        assert!(name.contains('\u{fffd}'), "{name}");
        let text = value.string().unwrap();
        assert!(text.starts_with('x') && text.ends_with('y'), "{text}");
    }

    #[test]
    fn one_stands_for_many() {
        let each = |json: &str| {
            let json = raw(json);
            let fields = Node::of(&json).fields().unwrap();
            fields.each("x", |item| item.int("n"))
        };
        assert_eq!(each(r#"{"x":[{"n":1},7,{"n":2}]}"#), Some(vec![Some(1), Some(2)]));
        assert_eq!(each(r#"{"x":{"n":1}}"#), Some(vec![Some(1)]));
        assert_eq!(each(r#"{"x":[]}"#), Some(vec![]));
        assert_eq!(each(r#"{"x":null}"#), None);
        assert_eq!(each("{}"), None);
    }

    #[test]
    fn exact_text_is_kept() {
        let json = r#"{"z":576330410117303576330410117303,"a":1.10,"b":"\u00fc"}"#;
        assert_eq!(Node::of(&raw(json)).keep().get(), json);
    }
}
