//! What is written down is read again; what a person wrote beside it stays.

use super::*;

fn view(name: &str, filter: &str) -> Saved {
    Saved::View(SavedView { name: name.into(), filter: filter.into(), ..SavedView::default() })
}

fn search(name: &str, query: &str) -> Saved {
    Saved::Search(SavedSearch {
        name: name.into(),
        time: "last 1h".into(),
        query: query.into(),
        metric: "@fields.dest_ip".into(),
        operation: "terms".into(),
    })
}

fn add(saved: Saved) -> Change {
    Change { kind: saved.kind(), before: None, after: Some(saved) }
}

fn replace(before: &str, saved: Saved) -> Change {
    Change { before: Some(before.into()), ..add(saved) }
}

fn remove(kind: Kind, before: &str) -> Change {
    Change { kind, before: Some(before.into()), after: None }
}

const BY_HAND: &str = "\
# mine

# why this one
[[view]]
name = \"Night\" # not the day
filter = \"age:<12h\"
order = \"newest\"

# the team's
[[search]]
name = 'ports'
time = \"last 24h\"
query = '@fields.source_ip:\"{ip}\"'
metric = \"@fields.dest_port\"
operation = \"terms\"

# kept for later
[[view]]
name = \"Outside\"
view = \"Outliers\"
filter = \"\"
# the end
";

#[test]
fn a_new_file_explains_itself_and_comes_back() {
    let hostile = "a \"b\" 'c' \\ \u{202e} 調 {ip}\n#x";
    let (text, _) = Views::edit("", &add(view("Night shift", hostile))).unwrap();
    let (text, views) = Views::edit(&text, &add(search("ports", hostile))).unwrap();
    assert!(text.starts_with("# Views of Triage"), "{text}");
    assert_eq!(Views::parse(&text).unwrap(), views);
    assert_eq!(views.views().next().unwrap().filter, hostile);
    assert_eq!(views.searches().next().unwrap().query, hostile);
}

#[test]
fn a_change_leaves_what_a_person_wrote() {
    let (text, views) =
        Views::edit(BY_HAND, &replace("night", view("Night shift", "age:<8h"))).unwrap();
    for kept in [
        "# mine",
        "# why this one",
        "# the team's",
        "name = 'ports'",
        "# kept for later",
        "# the end",
    ] {
        assert!(text.contains(kept), "{kept} is gone:\n{text}");
    }
    assert!(!text.contains("age:<12h"), "{text}");
    assert_eq!(Views::parse(&text).unwrap(), views);
    let (text, views) = Views::edit(&text, &remove(Kind::Search, "ports")).unwrap();
    assert_eq!(views.searches().count(), 0);
    assert!(text.contains("# kept for later\n[[view]]\nname = \"Outside\""), "{text}");
    let (text, _) = Views::edit(&text, &add(view("Third", ""))).unwrap();
    assert!(text.ends_with("# the end\n\n[[view]]\nname = \"Third\"\nfilter = \"\"\n"), "{text}");
}

#[test]
fn entries_written_in_another_way_are_understood_too() {
    let inline = "view = [{ name = \"A\", filter = \"x\" }, { name = \"B\" }]\n";
    let (text, views) = Views::edit(inline, &remove(Kind::View, "A")).unwrap();
    assert_eq!(Views::parse(&text).unwrap(), views);
    assert_eq!(views.views().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["B"]);
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    for (text, line, words) in [
        ("[[view]]\nname = \"a\"\nfilter = 7\n", 3, "string"),
        ("[[view]]\nname = \"a\"\n\nfitler = \"x\"\n", 4, "fitler"),
        ("[[view]]\nname = \"a\"\norder = \"best\"\n", 3, "worth, newest"),
        ("[[view]]\nname = \"a\"\n[[view]]\nname = \"A\"\n", 4, "twice"),
        ("[[search]]\nname = \"a\"\n", 1, "metric"),
        ("\n[[view]\n", 2, ""),
        ("[[view]]\nname = \" \"\n", 2, "name is wanted"),
        ("x = 1\n", 1, "unknown"),
    ] {
        let fault = Views::parse(text).unwrap_err();
        assert_eq!(fault.line, line, "{text}: {fault:?}");
        assert!(fault.what.contains(words), "{text}: {fault:?}");
        assert_eq!(
            Views::edit(text, &add(view("z", ""))).unwrap_err(),
            fault,
            "nothing is written"
        );
    }
}

#[test]
fn a_name_is_given_once_and_what_is_gone_is_added() {
    let mut views = Views::default();
    views.apply(&add(view("Night", ""))).unwrap();
    assert!(views.apply(&add(view("night", "x"))).unwrap_err().contains("already"));
    views.apply(&add(search("Night", ""))).unwrap();
    views.apply(&replace("Night", view("NIGHT", "y"))).unwrap();
    views.apply(&replace("gone", view("Day", ""))).unwrap();
    assert!(views.apply(&replace("Day", view("night", ""))).is_err());
    views.apply(&remove(Kind::View, "nobody")).unwrap();
    let names: Vec<_> = views.views().map(|view| view.name.as_str()).collect();
    assert_eq!(names, ["NIGHT", "Day"]);
    assert!(name("  ").is_err() && name("a\u{7}").is_err() && name(&"x".repeat(41)).is_err());
    assert_eq!(name(" x ").unwrap(), "x");
}

proptest::proptest! {
    #[test]
    fn any_text_and_name_survives(name in "[^\"\\p{Cc}]{1,20}", filter in "\\PC{0,40}", other in "(?s).{0,20}") {
        proptest::prop_assume!(!name.trim().is_empty());
        let (text, _) = Views::edit("", &add(view(name.trim(), &filter))).unwrap();
        let (text, _) = Views::edit(&text, &add(search("s", &other))).unwrap();
        let (text, views) = Views::edit(&text, &replace(name.trim(), view("n", &other))).unwrap();
        proptest::prop_assert_eq!(Views::parse(&text).unwrap(), views.clone());
        proptest::prop_assert_eq!(&views.views().next().unwrap().filter, &other);
    }
}
