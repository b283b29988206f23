//! Searches kept under a name: the sheet that `F` opens, and the places in a query that are filled from what one comes from.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::form::Part;
use super::{SearchPane, names};
use crate::api::darktrace::search::Analysis;
use crate::command::{Cx, Tone};
use crate::panes::paint::Look;
use crate::panes::saved::{Deed, Item, Sheet};
use crate::panes::window;
use crate::store::{Store, Subject};
use crate::ui::text;
use crate::views::{self, Change, Kind, OPERATIONS, Saved, SavedSearch};

/// Searches everybody has: name, window, query, metric, operation. Without a window they keep the form's: around the event
/// one comes from.
const BUILT_IN: [[&str; 5]; 6] = [
    ["who-talked-to", "", r#"@fields.source_ip:"{ip}""#, "@fields.dest_ip", "terms"],
    ["who-else-met-it", "last 24h", r#"@fields.dest_ip:"{dst}""#, "@fields.source_ip", "terms"],
    [
        "rare-ports",
        "",
        r#"@type:"conn" AND @fields.source_ip:"{ip}""#,
        "@fields.dest_port",
        "terms",
    ],
    [
        "beacon-lengths",
        "",
        r#"@type:"conn" AND @fields.source_ip:"{src}" AND @fields.dest_ip:"{dst}""#,
        "@fields.duration",
        "mean",
    ],
    [
        "new-user-agents",
        "last 24h",
        r#"@type:"http" AND @fields.source_ip:"{ip}""#,
        "@fields.user_agent",
        "terms",
    ],
    [
        "names-it-asked-for",
        "",
        r#"@type:"dns" AND @fields.source_ip:"{ip}""#,
        "@fields.query",
        "terms",
    ],
];

/// Names of the places a query may hold, each in braces, and what is asked when nobody knows them.
const PLACES: [(&str, &str); 5] = [
    ("ip", "the address"),
    ("did", "the device's number"),
    ("host", "the host's name"),
    ("src", "where it came from"),
    ("dst", "where it went"),
];

/// The open sheet.
pub(super) struct Shelf {
    sheet: Sheet,
    searches: Vec<(SavedSearch, bool)>,
    /// A search that is loaded once its places have values, and the places that were asked.
    asked: Option<(SavedSearch, Vec<&'static str>)>,
}

/// The built-in searches, then a person's own (with `true`).
pub(super) fn searches(store: &Store) -> Vec<(SavedSearch, bool)> {
    let built_in = BUILT_IN.iter().map(|[name, time, query, metric, operation]| SavedSearch {
        name: (*name).to_owned(),
        time: (*time).to_owned(),
        query: (*query).to_owned(),
        metric: (*metric).to_owned(),
        operation: (*operation).to_owned(),
    });
    let own = store.views().searches().cloned().map(|search| (search, true));
    built_in.map(|search| (search, false)).chain(own).collect()
}

/// A search in few words: `terms of dest_ip  last 24h  source_ip:"{ip}"`.
pub(super) fn about(search: &SavedSearch) -> String {
    let metric = search.metric.trim_start_matches("@fields.");
    let query = search.query.replace("@fields.", "");
    let time = if search.time.is_empty() { "this window" } else { &search.time };
    format!("{} of {metric}  {time}  {query}", search.operation)
}

/// The same without its query.
pub(super) fn brief(search: &SavedSearch) -> String {
    let metric = search.metric.trim_start_matches("@fields.");
    let comma = if search.time.is_empty() { "" } else { ", " };
    format!("{} of {metric}{comma}{}", search.operation, search.time)
}

/// The places a query holds, each once.
pub(super) fn places(query: &str) -> Vec<&'static str> {
    let held = PLACES.iter().filter(|(place, _)| query.contains(&format!("{{{place}}}")));
    held.map(|(place, _)| *place).collect()
}

/// A query with its places filled, in one go: a value is never taken for a place. What has no value stays.
pub(super) fn filled(query: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = rest[1..].split_once('}').map(|(place, _)| place);
        if let Some((place, value)) = place.and_then(|place| Some((place, value(place)?))) {
            // It stands between quotes, as conditions do.
            out.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
            rest = &rest[place.len() + 2..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

impl Shelf {
    fn items(&self, pane: &SearchPane) -> Vec<Item> {
        let item = |(search, own): &(SavedSearch, bool)| Item {
            name: search.name.clone(),
            about: about(search),
            own: *own,
            here: pane.loaded.as_deref() == Some(search.name.as_str()),
        };
        self.searches.iter().map(item).collect()
    }

    pub(super) fn hints(&self) -> &'static [(&'static str, &'static str)] {
        self.sheet.hints()
    }

    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.sheet.paste(text)
    }

    pub(super) fn draw(
        &self,
        pane: &SearchPane,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let from = store.subject.as_ref().map_or_else(
            || "{ip} {did} {host} {src} {dst} are filled from where one comes from".to_owned(),
            |subject| {
                format!("{{ip}} {{did}} {{host}} {{src}} {{dst}} are filled from {}", subject.of)
            },
        );
        let foot = store.views_fault().unwrap_or(&from);
        let items = self.items(pane);
        self.sheet.draw(("SEARCHES", &text::clean(foot)), &items, look, area, buf)
    }
}

impl SearchPane {
    /// Opens the sheet of searches.
    pub(super) fn open_shelf(&mut self, cx: &mut Cx<'_>) {
        let searches = searches(cx.store);
        let mut shelf = Shelf { sheet: Sheet::new(&[]), searches, asked: None };
        shelf.sheet = Sheet::new(&shelf.items(self));
        self.shelf = Some(shelf);
    }

    /// A key for the sheet.
    pub(super) fn shelf_key(&mut self, key: crossterm::event::KeyEvent, cx: &mut Cx<'_>) {
        let Some(mut shelf) = self.shelf.take() else { return };
        let items = shelf.items(self);
        let done = match shelf.sheet.key(key, &items) {
            Deed::Close => return,
            Deed::Stay => Ok(()),
            Deed::Open(at) => {
                if let Some((search, _)) = shelf.searches.get(at).cloned()
                    && self.load(search, &mut shelf, cx)
                {
                    return;
                }
                Ok(())
            }
            Deed::Answered(values) => {
                if let Some(at) = values.iter().position(String::is_empty) {
                    shelf.sheet.complain_of(at, "a value is wanted");
                } else if let Some((search, asked)) = shelf.asked.take() {
                    let given: Vec<_> = asked.into_iter().zip(values).collect();
                    self.fill(&search, &given, cx);
                    return;
                }
                Ok(())
            }
            Deed::Add(name) => own_name(&name).and_then(|name| {
                let search = self.present(name, cx)?;
                self.change(None, Some(search), &mut shelf, cx)
            }),
            Deed::Rename(at, name) => own_name(&name).and_then(|name| {
                let Some((before, _)) = shelf.searches.get(at).cloned() else { return Ok(()) };
                let after = SavedSearch { name, ..before.clone() };
                self.change(Some(before.name), Some(after), &mut shelf, cx)
            }),
            Deed::Edit(at) => {
                if let Some((search, _)) = shelf.searches.get(at) {
                    let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                    let operations = format!("operation ({})", OPERATIONS.join(" "));
                    let parts = vec![
                        part("time, or empty for the form's", &search.time),
                        part("query", &search.query),
                        part("metric", &search.metric),
                        part(&operations, &search.operation),
                    ];
                    shelf.sheet.edit(at, parts);
                }
                Ok(())
            }
            Deed::Edited(at, values) => {
                match (shelf.searches.get(at).cloned(), edited(&values, cx)) {
                    (Some((before, _)), Ok(parts)) => {
                        let after = SavedSearch { name: before.name.clone(), ..parts };
                        self.change(Some(before.name), Some(after), &mut shelf, cx)
                    }
                    (_, Err((part, why))) => {
                        shelf.sheet.complain_of(part, why);
                        Ok(())
                    }
                    (None, _) => Ok(()),
                }
            }
            Deed::Remove(at) => {
                let name = shelf.searches.get(at).map(|(search, _)| search.name.clone());
                self.change(name, None, &mut shelf, cx)
            }
        };
        if let Err(why) = done {
            shelf.sheet.complain(why);
        }
        self.shelf = Some(shelf);
    }

    /// Keeps, replaces or removes a search.
    fn change(
        &mut self,
        before: Option<String>,
        after: Option<SavedSearch>,
        shelf: &mut Shelf,
        cx: &mut Cx<'_>,
    ) -> Result<(), String> {
        let last = cx.store.views_last();
        let words = match (&before, &after) {
            (_, Some(search)) => format!("search {} is kept{last}", search.name),
            (Some(name), None) => format!("search {name} is removed{last}"),
            (None, None) => return Ok(()),
        };
        if before.is_none() || before == self.loaded {
            self.loaded = after.as_ref().map(|search| search.name.clone());
        }
        let name = after.as_ref().map(|search| search.name.clone()).unwrap_or_default();
        let after = after.map(Saved::Search);
        cx.store.change_views(Change { kind: Kind::Search, before, after })?;
        cx.say(Tone::Fine, words);
        shelf.searches = searches(cx.store);
        let items = shelf.items(self);
        shelf.sheet.done(&items, &name);
        Ok(())
    }

    /// The form as it stands, to be kept.
    fn present(&self, name: String, cx: &Cx<'_>) -> Result<SavedSearch, String> {
        let read = self.form.read(cx.now.wall).map_err(|(_, why)| why)?;
        Ok(SavedSearch {
            name,
            time: self.form.time.text().trim().to_owned(),
            query: read.query.search,
            metric: read.field,
            operation: read.operation.to_string(),
        })
    }

    /// Puts a search into the form; asks first for what nobody knows. Returns whether it is there.
    fn load(&mut self, search: SavedSearch, shelf: &mut Shelf, cx: &mut Cx<'_>) -> bool {
        let known = |place: &str| cx.store.subject.as_ref().and_then(|one| one.value(place));
        let mut asked = places(&search.query);
        asked.retain(|place| known(place).is_none());
        if asked.is_empty() {
            self.fill(&search, &[], cx);
            return true;
        }
        let question = |place: &&'static str| {
            let told = PLACES.iter().find(|(one, _)| one == place).map_or("", |(_, told)| *told);
            (format!("{{{place}}} {told}"), String::new())
        };
        shelf.sheet.ask(asked.iter().map(question).collect());
        shelf.asked = Some((search, asked));
        false
    }

    /// The form with a search, its places filled; nothing is asked before Enter.
    fn fill(&mut self, search: &SavedSearch, given: &[(&str, String)], cx: &mut Cx<'_>) {
        let subject = cx.store.subject.clone().unwrap_or_default();
        let query = filled(&search.query, |place| value(&subject, given, place));
        if !search.time.is_empty() {
            self.form.time.set(&search.time);
        }
        self.form.query.set(&query);
        self.form.metric.set(&search.metric);
        if let Some(operation) = operation(&search.operation) {
            self.form.operation = operation;
        }
        self.form.focus = Some(Part::Query);
        self.refused = None;
        self.loaded = Some(search.name.clone());
        let from = match (places(&search.query).len() > given.len(), subject.of.as_str()) {
            (true, of) if !of.is_empty() => format!(", filled from {of}"),
            _ => String::new(),
        };
        cx.say(Tone::Fine, format!("{} is in the form{from}", search.name));
    }

    /// Fills the places of the form's query.
    ///
    /// # Errors
    /// What is not known.
    pub(super) fn fill_form(&mut self, store: &Store) -> Result<(), String> {
        let held = places(self.form.query.text());
        if held.is_empty() {
            return Ok(());
        }
        let subject = store.subject.clone().unwrap_or_default();
        if let Some(place) = held.into_iter().find(|place| subject.value(place).is_none()) {
            return Err(format!(
                "{{{place}}} is not known: write its value, or come from an event or a device that has one"
            ));
        }
        let query = filled(self.form.query.text(), |place| value(&subject, &[], place));
        self.form.query.set(&query);
        Ok(())
    }
}

fn value(subject: &Subject, given: &[(&str, String)], place: &str) -> Option<String> {
    let given = given.iter().find(|(one, _)| *one == place).map(|(_, value)| value.as_str());
    given.or(subject.value(place)).map(str::to_owned)
}

/// The analysis of a word in the file.
pub(super) fn operation(word: &str) -> Option<Analysis> {
    names::OPERATIONS.iter().map(|(one, _)| *one).find(|one| one.to_string() == word)
}

/// A name for a search of one's own.
fn own_name(text: &str) -> Result<String, String> {
    let name = views::name(text)?;
    match BUILT_IN.iter().find(|[built_in, ..]| views::same(built_in, &name)) {
        Some([built_in, ..]) => Err(format!("{built_in} is built in; choose another name")),
        None => Ok(name),
    }
}

/// The parts of a search as they were typed; the part that is wrong, and why.
fn edited(values: &[String], cx: &Cx<'_>) -> Result<SavedSearch, (usize, String)> {
    let part = |at: usize| values.get(at).map_or("", String::as_str).trim().to_owned();
    let search = SavedSearch {
        name: String::new(),
        time: part(0),
        query: part(1),
        metric: names::whole(&part(2)),
        operation: part(3),
    };
    if !search.time.is_empty() {
        window::parse(&search.time, cx.now.wall).map_err(|why| (0, why))?;
    }
    if search.metric.is_empty() {
        return Err((2, "a field's name such as @fields.dest_ip is wanted".to_owned()));
    }
    if operation(&search.operation).is_none() {
        return Err((3, format!("{} is none of {}", search.operation, OPERATIONS.join(", "))));
    }
    Ok(search)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_taken_for_a_place_and_never_ends_a_quote() {
        let value = |place: &str| match place {
            "ip" => Some(r#"{dst}" OR "x\"#.to_owned()),
            "dst" => Some("8.8.8.8".to_owned()),
            _ => None,
        };
        let query = r#"a:"{ip}" AND b:"{dst}" AND {port:[1 TO 2]} {host} {"#;
        let wanted = r#"a:"{dst}\" OR \"x\\" AND b:"8.8.8.8" AND {port:[1 TO 2]} {host} {"#;
        assert_eq!(filled(query, value), wanted);
        assert_eq!(places(query), ["ip", "host", "dst"]);
    }

    #[test]
    fn what_is_built_in_is_a_question() {
        for (search, own) in searches(&Store::default()) {
            assert!(!own && operation(&search.operation).is_some(), "{search:?}");
            assert_eq!(super::super::text::check(&search.query), None, "{search:?}");
            if !search.time.is_empty() {
                window::parse(&search.time, "2026-11-22T06:40:12Z".parse().unwrap()).unwrap();
            }
            assert!(names::FIELDS.contains(&search.metric.as_str()), "{search:?}");
        }
    }

    use super::super::tests::{asked, land, press, row, searched, shown, terms};
    use crate::panes::Pane;
    use crate::panes::testing::Bench;

    fn subject() -> Subject {
        Subject {
            of: "event ..1762".into(),
            ip: Some("10.128.0.6".into()),
            src: Some("10.128.0.6".into()),
            dst: Some("8.8.8.8".into()),
            ..Subject::default()
        }
    }

    #[test]
    fn a_search_is_filled_from_what_one_comes_from_and_asked_with_enter() {
        let mut bench = Bench::default();
        bench.store.subject = Some(subject());
        let mut pane = SearchPane::default();
        row(&mut pane, &mut bench, "search.saved");
        insta::assert_snapshot!("built_in_80", shown(&pane, &bench, 80, 21));
        press(&mut pane, &mut bench, "jjj\n");
        let wanted =
            r#"@type:"conn" AND @fields.source_ip:"10.128.0.6" AND @fields.dest_ip:"8.8.8.8""#;
        assert_eq!(pane.form.query.text(), wanted);
        assert_eq!(pane.form.metric.text(), "@fields.duration");
        assert!(
            pane.shelf.is_none() && asked(&mut bench).is_empty(),
            "nothing is asked before Enter"
        );
        press(&mut pane, &mut bench, "\n");
        assert_eq!(asked(&mut bench).len(), 1);
    }

    #[test]
    fn what_nobody_knows_is_asked() {
        let mut bench = Bench::default();
        bench.store.subject = Some(Subject { dst: None, ..subject() });
        let mut pane = SearchPane::default();
        row(&mut pane, &mut bench, "search.saved");
        press(&mut pane, &mut bench, "jjj\n\n");
        let text = shown(&pane, &bench, 80, 21);
        assert!(
            text.contains("{dst} where it went") && text.contains("a value is wanted"),
            "{text}"
        );
        press(&mut pane, &mut bench, "9.9.9.9\n");
        assert!(pane.form.query.text().ends_with(r#"@fields.dest_ip:"9.9.9.9""#));
        // A place that a person types is filled as well, or asked for in words.
        pane.form.query.set(r#"@fields.source_ip:"{ip}""#);
        press(&mut pane, &mut bench, "\n");
        assert_eq!(pane.form.query.text(), r#"@fields.source_ip:"10.128.0.6""#);
        pane.form.focus = Some(Part::Query);
        pane.form.query.set("{host}");
        asked(&mut bench);
        press(&mut pane, &mut bench, "\n");
        assert!(asked(&mut bench).is_empty());
        assert!(shown(&pane, &bench, 80, 21).contains("{host} is not known"));
    }

    #[test]
    fn a_search_of_ones_own_is_kept_edited_renamed_and_removed() {
        let mut bench = Bench::default();
        bench.store.set_views(Ok(crate::views::Views::default()), true);
        let mut pane = searched(&mut bench, r#"@type:"ssl""#);
        row(&mut pane, &mut bench, "search.saved");
        press(&mut pane, &mut bench, "+rare-ports\n");
        assert!(shown(&pane, &bench, 80, 21).contains("is built in"));
        press(&mut pane, &mut bench, " of ours\n");
        let own = |bench: &Bench| bench.store.views().searches().cloned().collect::<Vec<_>>();
        let kept = own(&bench);
        assert_eq!(kept[0].name, "rare-ports of ours");
        assert_eq!((kept[0].time.as_str(), kept[0].operation.as_str()), ("last 1h", "terms"));
        press(&mut pane, &mut bench, "Ge");
        for (typed, refused) in [("x\n\n\n\n", "no time window"), ("\n\n\nx\n", "")] {
            press(&mut pane, &mut bench, typed);
            assert!(shown(&pane, &bench, 80, 21).contains(refused), "{typed}");
            pane.shelf.as_mut().unwrap().sheet.done(&[], "");
            press(&mut pane, &mut bench, "e");
        }
        press(&mut pane, &mut bench, "\n AND {ip}\n\n\n");
        assert_eq!(own(&bench)[0].query, r#"@type:"ssl" AND {ip}"#);
        press(&mut pane, &mut bench, "r2\n");
        assert_eq!(own(&bench)[0].name, "rare-ports of ours2");
        insta::assert_snapshot!("own_140", shown(&pane, &bench, 140, 37));
        press(&mut pane, &mut bench, "XX^");
        assert!(own(&bench).is_empty() && !pane.typing());
        assert_eq!(bench.store.take_view_changes().len(), 4);
    }

    #[test]
    fn going_back_shows_what_was_found_with_the_cursor_where_it_was() {
        let mut bench = Bench::default();
        let mut pane = searched(&mut bench, "one");
        land(&mut pane, &mut bench, 0, terms());
        pane.list.select(3);
        let first = pane.place();
        pane.form.focus = Some(Part::Query);
        press(&mut pane, &mut bench, "2\n");
        pane.form.focus = Some(Part::Query);
        pane.form.operation = Analysis::Mean;
        press(&mut pane, &mut bench, "\n");
        let third = pane.place();
        assert_ne!(first, third);
        asked(&mut bench);
        pane.open(first.clone(), &mut bench.cx());
        assert_eq!((pane.current, pane.list.cursor()), (0, 3));
        pane.open(third.clone(), &mut bench.cx());
        assert_eq!((pane.current, pane.form.operation), (2, Analysis::Mean));
        assert_eq!(pane.place(), third);
        assert!(!pane.typing() && asked(&mut bench).is_empty(), "nothing is asked again");
    }

    proptest::proptest! {
        #[test]
        fn no_query_makes_filling_panic(query in "[{}a-z\"\\\\é]{0,30}") {
            let _ = filled(&query, |_| Some("é".to_owned()));
            let _ = filled(&query, |_| None);
        }
    }
}
