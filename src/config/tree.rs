//! Values with their places, before they mean anything: what a file, the environment or a flag said, and how one layer
//! lies over another. Knows no setting by name; not `Debug`, because secrets pass through.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::place::{ConfigError, Place, Problem};

/// A value as it was written.
#[derive(Clone)]
pub enum Data {
    /// Text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// A table.
    Table(Table),
    /// Something no setting accepts (a TOML date, an integer past 64 bits), as it is called.
    Other(&'static str),
}

/// A value and where it stands.
#[derive(Clone)]
pub struct Value {
    /// Where the value stands.
    pub place: Place,
    /// Where its key stands.
    pub key_place: Place,
    /// What it is.
    pub data: Data,
}

/// Values by key.
pub type Table = BTreeMap<String, Value>;

impl Value {
    /// A value whose key has the same place.
    pub fn new(place: Place, data: Data) -> Self {
        Self { key_place: place.clone(), place, data }
    }
}

impl Data {
    /// The value in a person's words, for messages: long text is cut.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(text) => {
                let short: String = text.chars().take(60).collect();
                if short.len() < text.len() { format!("{short:?}…") } else { format!("{text:?}") }
            }
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Other(what) => (*what).to_owned(),
        }
    }

    /// The value as TOML text, for `config print`.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::String(text.clone()).to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.data.to_toml()).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.describe(),
        }
    }
}

/// Reads a TOML text. `path` is `None` for the built-in defaults.
///
/// # Errors
/// Every syntax error, each with its line.
pub fn read(text: &str, path: Option<&Arc<PathBuf>>) -> Result<Table, ConfigError> {
    let at = Lines::of(text, path);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(at.table(table.get_ref()));
    }
    let problems = errors
        .iter()
        .map(|error| Problem {
            place: at.place(error.span().map_or(0, |span| span.start)).to_string(),
            key: String::new(),
            // the first line says what; the others repeat the text of the file, which may hold a secret
            what: format!("not TOML: {}", error.message().lines().next().unwrap_or_default()),
            allowed: String::new(),
            nearest: None,
        })
        .collect();
    Err(ConfigError { problems })
}

/// Turns byte offsets into places.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    path: Option<&'a Arc<PathBuf>>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, path: Option<&'a Arc<PathBuf>>) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(index, _)| index + 1))
            .collect();
        Self { text, starts, path }
    }

    fn place(&self, offset: usize) -> Place {
        let Some(path) = self.path else {
            return Place::Default;
        };
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        Place::File { path: Arc::clone(path), line, column: before.chars().count() + 1 }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        table
            .iter()
            .map(|(key, value)| {
                let value = Value { key_place: self.place(key.span().start), ..self.value(value) };
                (key.get_ref().to_string(), value)
            })
            .collect()
    }

    fn value(&self, value: &toml::Spanned<DeValue<'_>>) -> Value {
        let data = match value.get_ref() {
            DeValue::String(text) => Data::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Data::Other("an integer past 64 bits"), Data::Integer),
            DeValue::Float(number) => {
                number.as_str().parse().map_or(Data::Other("a number out of range"), Data::Float)
            }
            DeValue::Boolean(truth) => Data::Bool(*truth),
            DeValue::Datetime(_) => Data::Other("a date"),
            DeValue::Array(items) => {
                Data::List(items.iter().map(|item| self.value(item)).collect())
            }
            DeValue::Table(table) => Data::Table(self.table(table)),
        };
        Value::new(self.place(value.span().start), data)
    }
}

/// Settings of one table of which a layer chooses one: giving one takes the other away from the layers below.
pub const EITHER: [(&str, &str); 3] = [
    ("api_key", "api_key_command"),
    ("public_token", "public_token_command"),
    ("private_token", "private_token_command"),
];

/// Lays `over` on `base`: tables are joined, everything else is replaced.
pub fn lay(base: &mut Table, over: Table) {
    for (one, other) in EITHER {
        if over.contains_key(one) || over.contains_key(other) {
            base.remove(one);
            base.remove(other);
        }
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (
                Some(Value { data: Data::Table(below), .. }),
                Value { data: Data::Table(above), .. },
            ) => lay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// A value as a person types it without a file around it: TOML where it is TOML (`true`, `60`, `["a"]`), else text.
pub fn typed(text: &str, place: &Place) -> Data {
    let read =
        read(&format!("value = {text}"), None).ok().and_then(|mut table| table.remove("value"));
    match read {
        // What was typed has one place, inside lists too.
        Some(Value { data: Data::List(items), .. }) => {
            Data::List(items.into_iter().map(|item| Value::new(place.clone(), item.data)).collect())
        }
        Some(Value { data: Data::Table(_) | Data::Other(_), .. }) | None => {
            Data::Text(text.to_owned())
        }
        Some(value) => value.data,
    }
}

/// Puts one value at a path of two parts (`arcanna`, `url`).
pub fn put(base: &mut Table, path: (&str, &str), value: Value) {
    let place = value.place.clone();
    let inner = Table::from([(path.1.to_owned(), value)]);
    let layer = Table::from([(path.0.to_owned(), Value::new(place, Data::Table(inner)))]);
    lay(base, layer);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Arc<PathBuf> {
        Arc::new(PathBuf::from("c.toml"))
    }

    #[test]
    fn places_count_lines_and_characters() {
        let table = read("# é\n[ui]\n  \"é\" = 1\n", Some(&file())).unwrap();
        let Data::Table(ui) = &table["ui"].data else { panic!("a table") };
        assert_eq!(ui["é"].key_place.to_string(), "c.toml:3:3");
        assert_eq!(ui["é"].place.to_string(), "c.toml:3:9");
    }

    #[test]
    fn every_syntax_error_is_told_and_none_repeats_the_line() {
        let error = read("a = \nb = 'hunter2\nc = 1\n", Some(&file())).err().unwrap();
        assert!(error.problems.len() >= 2, "{error}");
        assert!(error.to_string().contains("c.toml:1:5: not TOML"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_layer_that_gives_a_key_takes_the_command_away() {
        let mut base = read("[arcanna]\nurl='u'\napi_key_command='pass x'", None).unwrap();
        put(&mut base, ("arcanna", "api_key"), Value::new(Place::Env("X"), Data::Text("k".into())));
        let Data::Table(arcanna) = &base["arcanna"].data else { panic!("a table") };
        assert_eq!(
            arcanna.keys().collect::<Vec<_>>(),
            ["api_key", "url"],
            "the url stays, the command goes"
        );
    }
}
