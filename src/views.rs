//! Views of Triage and searches of Advanced search that a person keeps under a name, and the text they are written down in.
//!
//! Pure: where the file is, and when it is written, is the loop's affair. A person may edit the file by hand, so a change
//! touches the lines of its own entry alone, and a text that is not understood is refused with its line, never replaced.

use serde::Deserialize;
use toml::Spanned;

/// The most characters of a name.
pub const NAME_MAX: usize = 40;

/// Words for the order of a view, in the order the sheet offers them.
pub const ORDERS: [&str; 4] = ["worth", "newest", "confidence", "title"];

/// Words for the analysis of a search.
pub const OPERATIONS: [&str; 4] = ["terms", "score", "trend", "mean"];

/// How a new file begins.
const HEAD: &str = "\
# Views of Triage and searches of Advanced search, kept with F. Edit it as you like: it is read when the console starts.
#
#   [[view]]                                       [[search]]
#   name = \"Night shift\"                           name = \"its-ports\"
#   view = \"Low-confidence\"   # optional           time = \"last 24h\"  # optional
#   filter = \"age:<12h -rule:SURICATA\"             query = '@fields.source_ip:\"{ip}\"'
#   order = \"newest\"          # optional           metric = \"@fields.dest_port\"
#                                                  operation = \"terms\"
";

/// A view of Triage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedView {
    /// Its name; no two views have the same.
    pub name: String,
    /// The built-in view it narrows, by its name; none: every event.
    pub view: Option<String>,
    /// What is let through, in the filter's language; may be empty.
    pub filter: String,
    /// One of [`ORDERS`]; none: as the list stands.
    pub order: Option<String>,
}

/// A question to Advanced search. Its query may hold places to be filled: `{ip}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedSearch {
    /// Its name; no two searches have the same.
    pub name: String,
    /// The window, in a person's words; empty: the one in force when it is loaded.
    pub time: String,
    /// The query; may be empty.
    pub query: String,
    /// The field that is analysed.
    pub metric: String,
    /// One of [`OPERATIONS`].
    pub operation: String,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A view of Triage.
    View,
    /// A search of Advanced search.
    Search,
}

/// One of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// A view of Triage.
    View(SavedView),
    /// A search of Advanced search.
    Search(SavedSearch),
}

/// One thing a person changed: added, replaced under the same or another name, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which of the two is changed.
    pub kind: Kind,
    /// The name of the one that is replaced or removed; none: one is added.
    pub before: Option<String>,
    /// What stands there afterwards; none: it is removed.
    pub after: Option<Saved>,
}

/// Everything a person keeps, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Views {
    all: Vec<Saved>,
}

/// Why a text is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Saved {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::View(view) => &view.name,
            Self::Search(search) => &search.name,
        }
    }

    /// Which of the two it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::View(_) => Kind::View,
            Self::Search(_) => Kind::Search,
        }
    }

    /// Its lines in the file.
    fn text(&self) -> String {
        let line = |name: &str, value: &str| {
            format!("{name} = {}\n", toml::Value::String(value.to_owned()))
        };
        match self {
            Self::View(view) => {
                let mut text = format!("[[view]]\n{}", line("name", &view.name));
                if let Some(base) = &view.view {
                    text.push_str(&line("view", base));
                }
                text.push_str(&line("filter", &view.filter));
                if let Some(order) = &view.order {
                    text.push_str(&line("order", order));
                }
                text
            }
            Self::Search(search) => format!(
                "[[search]]\n{}{}{}{}{}",
                line("name", &search.name),
                line("time", &search.time),
                line("query", &search.query),
                line("metric", &search.metric),
                line("operation", &search.operation),
            ),
        }
    }
}

/// Whether two names are one: what differs only in case, or in a hyphen for a blank, does not differ for a person.
pub fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.trim().replace('-', " ").to_lowercase();
    plain(a) == plain(b)
}

/// Checks a name a person gave.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() {
        Err("a name is wanted".to_owned())
    } else if name.chars().count() > NAME_MAX {
        Err(format!("the name is longer than {NAME_MAX} characters"))
    } else if name.chars().any(|c| c.is_control() || c == '"') {
        Err("a name has no quotes and no control characters".to_owned())
    } else {
        Ok(name.to_owned())
    }
}

impl Views {
    /// The views of Triage.
    pub fn views(&self) -> impl Iterator<Item = &SavedView> {
        self.all.iter().filter_map(|one| match one {
            Saved::View(view) => Some(view),
            Saved::Search(_) => None,
        })
    }

    /// The searches of Advanced search.
    pub fn searches(&self) -> impl Iterator<Item = &SavedSearch> {
        self.all.iter().filter_map(|one| match one {
            Saved::Search(search) => Some(search),
            Saved::View(_) => None,
        })
    }

    fn position(&self, kind: Kind, name: &str) -> Option<usize> {
        self.all.iter().position(|one| one.kind() == kind && same(one.name(), name))
    }

    /// Makes a change. What was to be replaced and is gone meanwhile is added.
    ///
    /// # Errors
    /// The name is taken.
    pub fn apply(&mut self, change: &Change) -> Result<(), String> {
        let at = change.before.as_ref().and_then(|name| self.position(change.kind, name));
        let Some(after) = &change.after else {
            if let Some(at) = at {
                self.all.remove(at);
            }
            return Ok(());
        };
        if self.position(change.kind, after.name()).is_some_and(|other| Some(other) != at) {
            return Err(format!("{} is there already; choose another name", after.name()));
        }
        match at.and_then(|at| self.all.get_mut(at)) {
            Some(place) => *place = after.clone(),
            None => self.all.push(after.clone()),
        }
        Ok(())
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// The first line that is not understood, and why.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Ok(read(text)?.0)
    }

    /// The text after a change. Only the changed entry's lines differ, wherever that is possible.
    ///
    /// # Errors
    /// The text is not understood, or the name is taken (on line 0).
    pub fn edit(text: &str, change: &Change) -> Result<(String, Self), Fault> {
        let (mut views, starts) = read(text)?;
        let at = change.before.as_ref().and_then(|name| views.position(change.kind, name));
        views.apply(change).map_err(|what| Fault { line: 0, what })?;
        let block = change.after.as_ref().map(Saved::text).unwrap_or_default();
        let edited = match at {
            Some(at) => {
                let range = extent(text, &starts, starts[at]);
                let rest = &text[range.end..];
                let gap = if rest.is_empty() || block.is_empty() { "" } else { "\n" };
                format!("{}{block}{gap}{rest}", &text[..range.start])
            }
            None if block.is_empty() => text.to_owned(),
            None => {
                let head = if text.trim().is_empty() { HEAD } else { text };
                format!("{}\n\n{block}", head.trim_end())
            }
        };
        // Entries written in another way (inline tables) cannot be cut out by their lines: then all are written anew.
        let whole = |views: &Self| {
            let blocks: Vec<String> = views.all.iter().map(Saved::text).collect();
            format!("{HEAD}\n{}", blocks.join("\n"))
        };
        let as_meant = Self::parse(&edited).is_ok_and(|read| read.holds(&views));
        Ok((if as_meant { edited } else { whole(&views) }, views))
    }

    /// Whether both hold the same entries, each kind in the same order.
    fn holds(&self, other: &Self) -> bool {
        self.views().eq(other.views()) && self.searches().eq(other.searches())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    view: Vec<Spanned<RawView>>,
    #[serde(default)]
    search: Vec<Spanned<RawSearch>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawView {
    name: Spanned<String>,
    view: Option<String>,
    #[serde(default)]
    filter: String,
    order: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSearch {
    name: Spanned<String>,
    #[serde(default)]
    time: String,
    #[serde(default)]
    query: String,
    metric: String,
    operation: Spanned<String>,
}

/// The entries and where each begins, in the order of the file.
fn read(text: &str) -> Result<(Views, Vec<usize>), Fault> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let raw: RawFile = toml::from_str(text).map_err(|error| Fault {
        line: error.span().map_or(1, |span| line(span.start)),
        what: error.message().lines().next().unwrap_or_default().to_owned(),
    })?;
    let word = |given: &Spanned<String>, what: &str, known: &[&str]| {
        let word = given.get_ref();
        if known.contains(&word.as_str()) {
            return Ok(word.clone());
        }
        let what = format!("{what}: {word:?} is not one of {}", known.join(", "));
        Err(Fault { line: line(given.span().start), what })
    };
    let named = |given: &Spanned<String>| {
        name(given.get_ref()).map_err(|what| Fault { line: line(given.span().start), what })
    };
    let mut all: Vec<(usize, usize, Saved)> = Vec::new();
    for entry in raw.view {
        let (start, view) = (entry.span().start, entry.into_inner());
        let order = view.order.as_ref().map(|order| word(order, "order", &ORDERS)).transpose()?;
        let saved =
            SavedView { name: named(&view.name)?, view: view.view, filter: view.filter, order };
        all.push((start, view.name.span().start, Saved::View(saved)));
    }
    for entry in raw.search {
        let (start, search) = (entry.span().start, entry.into_inner());
        let saved = SavedSearch {
            name: named(&search.name)?,
            time: search.time,
            query: search.query,
            metric: search.metric,
            operation: word(&search.operation, "operation", &OPERATIONS)?,
        };
        all.push((start, search.name.span().start, Saved::Search(saved)));
    }
    all.sort_by_key(|(start, ..)| *start);
    let mut views = Views::default();
    let mut starts = Vec::new();
    for (start, name_at, saved) in all {
        if views.position(saved.kind(), saved.name()).is_some() {
            let what = format!("the name {:?} is there twice", saved.name());
            return Err(Fault { line: line(name_at), what });
        }
        views.all.push(saved);
        starts.push(text[..start].rfind('\n').map_or(0, |at| at + 1));
    }
    Ok((views, starts))
}

/// The lines of the entry that begins at `start`: up to the next one, whose comments stay with it.
fn extent(text: &str, starts: &[usize], start: usize) -> std::ops::Range<usize> {
    let mut end = starts.iter().copied().filter(|other| *other > start).min().unwrap_or(text.len());
    if end < text.len() {
        while let Some(before) = text[start..end].strip_suffix('\n') {
            let line = before.rfind('\n').map_or(start, |at| start + at + 1);
            if line <= start || !text[line..end].starts_with('#') {
                break;
            }
            end = line;
        }
    }
    start..end
}

#[cfg(test)]
mod tests;
