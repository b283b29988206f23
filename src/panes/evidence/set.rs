//! The basket as a set, for a ticket: every item with when and where it was pinned. Times are UTC; what the items hold was
//! cleaned and defanged when it was pinned, what a person wrote beside them is here.

use serde_json::{Value, json};

use crate::evidence::Item;
use crate::export::{Format, Grid, defang_text};
use crate::panes::grids::utc;
use crate::ui::text;

/// Columns every row of the table has before the item's own.
const OWN: [&str; 6] = ["item", "pinned", "by", "kind", "what", "note"];

fn safe(words: &str) -> String {
    defang_text(&text::clean(words))
}

/// One line about an item.
pub(super) fn line(item: &Item) -> String {
    let note =
        item.note.as_deref().map_or_else(String::new, |note| format!("  note: {}", safe(note)));
    format!("{}  {}  {}{note}", utc(item.at), safe(&item.kind), text::clean(&item.title))
}

/// When and by whom it was pinned, and what was written beside it: Markdown list lines.
fn facts(item: &Item) -> String {
    let by = item.analyst.as_deref().map_or_else(String::new, |who| format!(" by {}", safe(who)));
    let note = item
        .note
        .as_deref()
        .map_or_else(String::new, |note| format!("- Note on it: {}\n", safe(note)));
    format!("- Pinned {}{by}, from {}\n{note}", utc(item.at), safe(&item.pane))
}

/// One item as ticket text.
pub(super) fn one(item: &Item) -> String {
    format!("{}\n{}", item.markdown.trim_end(), facts(item))
}

/// All items, oldest first.
pub(super) fn render(items: &[&Item], format: Format) -> String {
    match format {
        Format::Markdown => markdown(items),
        Format::Json => format!("{:#}\n", Value::Array(objects(items).collect())),
        Format::Jsonl => objects(items).map(|object| object.to_string() + "\n").collect(),
        Format::Csv | Format::Text => table(items).render(format),
    }
}

fn markdown(items: &[&Item]) -> String {
    let count = match items.len() {
        1 => "1 item".to_owned(),
        many => format!("{many} items"),
    };
    let one_of = |(index, item): (usize, &&Item)| {
        let title = text::clean(&item.title).replace(['`', '<', '>'], " ");
        let kind = safe(&item.kind);
        let (facts, ticket) = (facts(item), item.markdown.trim_end());
        format!("\n## {}. {kind}: {title}\n\n{facts}\n{ticket}\n", index + 1)
    };
    let parts: Vec<String> = items.iter().enumerate().map(one_of).collect();
    format!("# Evidence, {count}\n{}", parts.concat())
}

fn objects<'a>(items: &'a [&'a Item]) -> impl Iterator<Item = Value> + 'a {
    items.iter().map(|item| {
        // An event's own text may be anything; what is no JSON stays the text it is.
        let data =
            serde_json::from_str(&item.json).unwrap_or_else(|_| Value::from(item.json.clone()));
        json!({
            "pinned": utc(item.at),
            "by": item.analyst,
            "kind": item.kind,
            "what": item.title,
            "from": item.pane,
            "note": item.note.as_deref().map(safe),
            "ticket": item.markdown,
            "data": data,
        })
    })
}

/// Every row of every item, under the columns of all: what an item has no column for is empty.
fn table(items: &[&Item]) -> Grid {
    let mut columns: Vec<&str> = Vec::new();
    for name in items.iter().flat_map(|item| &item.columns) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    // A column of an item may bear the name of one of ours.
    let titles = columns
        .iter()
        .map(|name| if OWN.contains(name) { format!("its {name}") } else { (*name).to_owned() });
    let mut grid = Grid::new(OWN.iter().map(|name| (*name).to_owned()).chain(titles));
    for (index, item) in items.iter().enumerate() {
        let nothing = vec![Vec::new()];
        let rows = if item.rows.is_empty() { &nothing } else { &item.rows };
        for row in rows {
            let own = [
                (index + 1).to_string(),
                utc(item.at),
                item.analyst.clone().unwrap_or_default(),
                item.kind.clone(),
                item.title.clone(),
                item.note.as_deref().map(safe).unwrap_or_default(),
            ];
            let cell = |name: &&str| {
                let at = item.columns.iter().position(|column| column == name);
                at.and_then(|at| row.get(at)).cloned().unwrap_or_default()
            };
            grid.push(own.into_iter().chain(columns.iter().map(cell)));
        }
    }
    grid
}
