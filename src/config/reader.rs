//! Reads one table of the merged layers, setting by setting: each is asked for once, by name, with the parser of its kind.
//! What was asked is what is known: the rest is reported as unknown, with the nearest name. Every problem is collected.

use super::parse::Bad;
use super::place::{Place, Problem, nearest};
use super::tree::{Data, Table, Value};

/// One line of `config print`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The setting, dotted.
    pub key: String,
    /// Its value as TOML; for a secret only that it is set, and its end.
    pub value: String,
    /// Whether the value is hidden.
    pub secret: bool,
    /// Where it comes from.
    pub place: Place,
}

/// What reading brought besides the settings themselves.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What was read.
    pub rows: Vec<Row>,
}

impl Findings {
    /// Reports a problem at a place.
    pub fn report(&mut self, place: &Place, key: String, bad: Bad) {
        self.problems.push(Problem {
            place: place.to_string(),
            key,
            what: bad.what.unwrap_or_else(|| "it is not accepted".to_owned()),
            allowed: match bad.allowed.as_str() {
                "" => String::new(),
                allowed => format!("allowed: {allowed}"),
            },
            nearest: bad.nearest,
        });
    }
}

/// A table being read.
pub struct Reader<'a> {
    findings: &'a mut Findings,
    section: &'static str,
    table: Table,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// Takes the table `section` out of `root`.
    pub fn of(findings: &'a mut Findings, root: &mut Table, section: &'static str) -> Self {
        let table = match root.remove(section) {
            None => Table::new(),
            Some(Value { data: Data::Table(table), .. }) => table,
            Some(other) => {
                let bad = Bad::what(
                    format!("{} is not accepted", other.data.describe()),
                    format!("a table: [{section}] on a line of its own, its settings below"),
                );
                findings.report(&other.place, section.to_owned(), bad);
                Table::new()
            }
        };
        Self { findings, section, table, known: Vec::new() }
    }

    /// Reads a setting that may be absent.
    pub fn maybe<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Data) -> Result<T, Bad>,
    ) -> Option<T> {
        self.placed(name, parse, Data::to_toml).map(|(value, _)| value)
    }

    /// Reads a setting that has a built-in default. The value that stands in after a problem is never used.
    pub fn read<T: Default>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Data) -> Result<T, Bad>,
    ) -> T {
        let problems = self.findings.problems.len();
        let value = self.maybe(name, parse);
        if value.is_none() && self.findings.problems.len() == problems {
            let bad = Bad::what("it has no value", "");
            let key = self.key(name);
            self.findings.report(&Place::Default, key, bad);
        }
        value.unwrap_or_default()
    }

    /// Reads a setting with its place, shown by `show` in `config print`.
    pub fn placed<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Data) -> Result<T, Bad>,
        show: impl Fn(&Data) -> String,
    ) -> Option<(T, Place)> {
        self.known.push(name);
        let value = self.table.remove(name)?;
        let key = self.key(name);
        match parse(&value.data) {
            Ok(parsed) => {
                self.findings.rows.push(Row {
                    key,
                    value: show(&value.data),
                    secret: false,
                    place: value.key_place,
                });
                Some((parsed, value.place))
            }
            Err(mut bad) => {
                bad.what =
                    bad.what.or_else(|| Some(format!("{} is not accepted", value.data.describe())));
                self.findings.report(&value.place, key, bad);
                None
            }
        }
    }

    /// Reads a secret: its line in `config print` tells at most its last four characters.
    pub fn secret<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Data) -> Result<T, Bad>,
    ) -> Option<(T, Place)> {
        let read = self.placed(name, parse, |data| match data {
            Data::Text(text) => hint(text),
            _ => "set".to_owned(),
        });
        if read.is_some()
            && let Some(row) = self.findings.rows.last_mut()
        {
            row.secret = true;
        }
        read
    }

    /// Reports a problem with a setting of this table.
    pub fn report(&mut self, place: &Place, name: &str, bad: Bad) {
        let key = self.key(name);
        self.findings.report(place, key, bad);
    }

    /// Reports every setting that was not asked for.
    pub fn finish(self) {
        let Self { findings, section, table, known } = self;
        for (name, value) in table {
            let bad = Bad {
                what: Some("there is no such setting".to_owned()),
                allowed: format!("in [{section}]: {}", known.join(", ")),
                nearest: nearest(&name, known.iter().copied()),
            };
            findings.report(&value.key_place, format!("{section}.{name}"), bad);
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.section)
    }
}

/// What may be told of a secret: that it is set, and its end when it is long enough to stay secret without it.
fn hint(secret: &str) -> String {
    let count = secret.chars().count();
    if count > 12 {
        let end: String = secret.chars().skip(count - 4).collect();
        format!("set (…{end})")
    } else {
        "set".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_secrets_tell_nothing_of_themselves() {
        assert_eq!(hint("hunter2hunte"), "set");
        assert_eq!(hint("hunter2hunter2"), "set (…ter2)");
    }
}
