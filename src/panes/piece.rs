//! What is under the cursor as a whole, to be read in a pager, put on a plain screen or pinned. Its texts leave the
//! program: they are cleaned and defanged, times are UTC.

use crate::command::{PaneId, Target};
use crate::evidence::Item;
use crate::export::Grid;
use crate::outbox::Moment;
use crate::ui::text;

/// Characters a title keeps.
const TITLE: usize = 200;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is, in a word: `event`.
    pub kind: String,
    /// One line about it.
    pub title: String,
    /// What its pane is opened on to see it again; `None`: the pane as it opens.
    pub target: Option<Target>,
    /// Ticket text.
    pub markdown: String,
    /// Its data.
    pub json: String,
    /// The same as a table.
    pub table: Grid,
}

impl Piece {
    /// A row of a table; without one the whole table.
    pub fn of_grid(kind: &str, mut grid: Grid, row: Option<usize>) -> Option<Self> {
        if let Some(row) = row {
            grid.rows = vec![grid.rows.get(row)?.clone()];
        }
        let title = match grid.rows.as_slice() {
            [one] => {
                one.iter().filter(|cell| !matches!(cell.as_str(), "" | "-")).cloned().collect()
            }
            _ => vec![grid.title.clone().unwrap_or_default()],
        };
        Some(Self {
            kind: kind.to_owned(),
            title: title.join("  "),
            target: None,
            markdown: grid.markdown(),
            json: grid.json(),
            table: grid,
        })
    }

    /// Everything, to be read: a single row as one fact a line, else its ticket text; then its data.
    pub fn text(&self) -> String {
        let Some(row) = self.single() else {
            return format!("{}\n{}", self.markdown, self.json);
        };
        let wide = self.table.headers.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let title = self.table.title.iter().map(|title| format!("{}\n\n", text::clean(title)));
        let facts = self.table.headers.iter().zip(row);
        let facts = facts
            .map(|(name, value)| format!("{:wide$}  {}\n", text::clean(name), text::clean(value)));
        title.chain(facts).collect::<Vec<_>>().concat()
    }

    /// The one row it is made of, where it is nothing more than that.
    fn single(&self) -> Option<&Vec<String>> {
        let [row] = self.table.rows.as_slice() else {
            return None;
        };
        (self.markdown == self.table.markdown()).then_some(row)
    }

    /// As it is pinned.
    pub fn pinned(self, pane: PaneId, analyst: Option<&str>, now: Moment) -> Item {
        let title: String = self.title.chars().take(TITLE).collect();
        Item {
            id: 0,
            at: now.wall,
            analyst: analyst.map(str::to_owned),
            kind: self.kind,
            title,
            pane: pane.name().to_owned(),
            target: self.target.as_ref().map(words).unwrap_or_default(),
            markdown: self.markdown,
            json: self.json,
            columns: self.table.headers,
            rows: self.table.rows,
            note: None,
        }
    }
}

/// A target in words, as it is kept.
fn words(target: &Target) -> Vec<String> {
    let one = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    match target {
        // A list that was put together for the moment is gone later; its job is not.
        Target::Job(job) | Target::Events(job, ..) => one("job", job.as_str()),
        Target::View(name) => one("view", name),
        Target::Event(job, event) => {
            vec!["event".to_owned(), job.to_string(), event.to_string()]
        }
        Target::Device(did) => one("device", &did.to_string()),
        Target::Find(text) => one("find", text),
        Target::Tag(tag) => one("tag", tag),
        Target::Endpoint(name) => one("endpoint", name),
        Target::Search(query) => one("search", query),
        Target::Watch(entry) => one("watch", entry),
        Target::Breach(pbid) => one("breach", &pbid.to_string()),
    }
}

/// The target that was kept in these words; `None` when they are none.
pub fn target(words: &[String]) -> Option<Target> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(match words.as_slice() {
        ["job", job] => Target::Job((*job).into()),
        ["view", name] => Target::View((*name).to_owned()),
        ["event", job, event] => Target::Event((*job).into(), (*event).into()),
        ["device", did] => Target::Device(did.parse().ok()?),
        ["find", text] => Target::Find((*text).to_owned()),
        ["tag", tag] => Target::Tag((*tag).to_owned()),
        ["endpoint", name] => Target::Endpoint((*name).to_owned()),
        ["search", query] => Target::Search((*query).to_owned()),
        ["watch", entry] => Target::Watch((*entry).to_owned()),
        ["breach", pbid] => Target::Breach(pbid.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_survives_being_kept() {
        for one in [
            Target::Job("1202".into()),
            Target::View("Low-confidence".into()),
            Target::Event("1202".into(), "12023636421771".into()),
            Target::Device(-5),
            Target::Find("web 01".into()),
            Target::Tag("Active Threat".into()),
            Target::Endpoint("8.8.8.8".into()),
            Target::Search("[-1h] a:\"b\"".into()),
            Target::Watch("evil.example".into()),
            Target::Breach(4107),
        ] {
            assert_eq!(target(&words(&one)), Some(one));
        }
        assert_eq!(target(&[]), None);
        assert_eq!(target(&["device".into(), "x".into()]), None);
    }

    #[test]
    fn a_row_reads_as_facts_and_a_table_as_itself() {
        let mut grid = Grid::new(["entry", "reason"]).title("Watched list");
        grid.push(["evil[.]example", "-"]);
        grid.push(["8[.]8[.]8[.]8", "beacon"]);
        let row = Piece::of_grid("entry", grid.clone(), Some(1)).unwrap();
        assert_eq!(row.title, "8[.]8[.]8[.]8  beacon");
        assert_eq!(row.text(), "Watched list\n\nentry   8[.]8[.]8[.]8\nreason  beacon\n");
        assert_eq!(row.table.rows.len(), 1);
        assert_eq!(Piece::of_grid("entry", grid.clone(), Some(2)), None);
        let whole = Piece::of_grid("entry", grid, None).unwrap();
        assert_eq!(whole.title, "Watched list");
        assert!(whole.text().contains("| evil") && whole.text().contains("\"reason\": \"beacon\""));
    }
}
