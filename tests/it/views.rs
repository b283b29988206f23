//! What a person keeps under a name, and the ways back and forward: over the simulator, and in the real program with its file.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use socdeck::command::Prefs;
use socdeck::term::{Options, Screen};
use socdeck::ui::theme::Theme;
use tempfile::TempDir;

use crate::console::Console;
use crate::desk::{Desk, prefs};

fn on_desk<T>(prefs: Prefs, with: impl AsyncFnOnce(&mut Desk) -> T) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut desk = Desk::with(Theme::default(), prefs).await;
        desk.go(":job 1208\r").await;
        with(&mut desk).await
    })
}

fn header(desk: &Desk) -> String {
    desk.text(80, 24).lines().next().unwrap().to_owned()
}

/// The line of the list the cursor is on.
fn under_cursor(desk: &Desk) -> String {
    let text = desk.text(80, 24);
    let marked = text.lines().find(|line| line.starts_with('>') && line.len() > 20);
    marked.unwrap_or_default().to_owned()
}

#[test]
fn back_and_forward_keep_pane_and_item_across_pivots() {
    on_desk(prefs(), async |desk| {
        desk.go("jjjj").await;
        let event = desk.app.event().unwrap();
        let triage = header(desk);
        // A list of devices, the cursor not on its first.
        desk.go(":device 10.20\r").await;
        desk.go("jjj").await;
        let device = under_cursor(desk);
        assert!(header(desk).contains("DEVICES") && !device.is_empty(), "{}", desk.text(80, 24));
        desk.go(":tag Critical\r").await;
        desk.go(":endpoint 8.8.8.8\rj").await;
        let endpoint = header(desk);
        // Two searches with other questions, the cursor on the third value of the first.
        desk.go("gs").await;
        desk.go("@type:\"conn\"\r").await;
        desk.go("jj").await;
        let first = under_cursor(desk);
        assert!(!first.is_empty(), "{}", desk.text(80, 24));
        desk.go(":search [last 2h; terms @fields.dest_port] @type:\"dns\"\r\r").await;
        let second = desk.text(80, 24);
        assert!(second.contains("terms of @fields.dest_port"), "{second}");

        desk.go("-").await;
        assert_eq!(under_cursor(desk), first, "the first search, with what it found");
        desk.go("-").await;
        assert_eq!(header(desk), endpoint);
        desk.go("-").await;
        assert!(header(desk).contains("DEVICES"));
        desk.go("-").await;
        assert_eq!(under_cursor(desk), device, "the device it was on");
        desk.go("-").await;
        assert_eq!((header(desk), desk.app.event()), (triage.clone(), Some(event.clone())));

        desk.go("_").await;
        assert_eq!(under_cursor(desk), device);
        desk.go("__").await;
        assert_eq!(header(desk), endpoint);
        desk.go("g_g_").await;
        let text = desk.text(80, 24);
        assert!(text.contains("terms of @fields.dest_port"), "{text}");
        desk.go("_").await;
        assert!(desk.text(80, 24).contains("no place after this one"), "{}", desk.text(80, 24));
        // Another way taken leaves nothing ahead.
        desk.go("--").await;
        desk.go("gj").await;
        desk.go("_").await;
        assert!(desk.text(80, 24).contains("no place after this one"));
        desk.keys("g");
        desk.pass(Duration::from_millis(500));
        let text = desk.text(80, 24);
        assert!(text.contains("g _  forward again") && text.contains("g -  back"), "{text}");
    });
}

#[test]
fn a_view_is_shown_by_its_name_and_its_name_is_completed() {
    on_desk(prefs(), async |desk| {
        desk.go(":view ").await;
        let text = desk.text(80, 24);
        assert!(text.contains("Low-confidence") && text.contains("AI says "), "{text}");
        desk.go("ou\t").await;
        assert!(desk.text(80, 24).contains("view Outliers"), "{}", desk.text(80, 24));
        desk.go("\r").await;
        assert!(header(desk).contains("Outliers"), "{}", header(desk));
        desk.go("gj:view \"Second opinion\"\r").await;
        assert!(header(desk).contains("TRIAGE") && header(desk).contains("Second opinion"));
        // Kept in the session although the demonstration keeps nothing, and gone through with the keys.
        desk.go(":view All\r/label:drop\rF+Only drops\r\x07").await;
        assert!(header(desk).contains("Only drops"), "{}", desk.text(80, 24));
        desk.go(".").await;
        assert!(header(desk).contains(" All "), "{}", header(desk));
        desk.go(",").await;
        assert!(header(desk).contains("Only drops"));
        desk.go(":view only\r").await;
        assert!(desk.text(80, 24).contains("view: Only drops"));
    });
}

#[test]
fn a_search_is_filled_from_the_event_or_the_device() {
    on_desk(prefs(), async |desk| {
        desk.go("gs\x07F").await;
        assert!(desk.text(80, 24).contains("filled from event .."), "{}", desk.text(80, 24));
        desk.go("\r").await;
        let text = desk.text(80, 24);
        assert!(text.contains("@fields.source_ip:\"10."), "{text}");
        desk.go("\x07:device 10.20.1.25\r").await;
        desk.go("gs\x07F\r").await;
        let text = desk.text(80, 24);
        assert!(text.contains("filled from device "), "{text}");
        assert!(text.contains("@fields.source_ip:\"10.20.1.25\""), "{text}");
        desk.go("\r").await;
        assert!(desk.text(80, 24).contains("records looked at"), "{}", desk.text(80, 24));
    });
}

/// Goes to an event whose bucket has others that want a label.
async fn to_a_bucket(desk: &mut Desk) -> (socdeck::store::EventKey, usize) {
    desk.go("/state:new\r").await;
    for _ in 0..60 {
        let event = desk.app.event().unwrap();
        let bucket = desk.app.store.queues[&event.job].bucket(&event.event).len();
        if bucket > 1 {
            return (event, bucket);
        }
        desk.go("j").await;
    }
    panic!("no bucket with two new events");
}

#[test]
fn the_rest_of_a_bucket_goes_to_the_end_where_a_person_set_it_so() {
    on_desk(Prefs { skip_bucket: true, ..prefs() }, async |desk| {
        let (event, many) = to_a_bucket(desk).await;
        let order = |desk: &Desk| -> Vec<String> {
            let lines = desk.app.store.queues[&event.job].lines();
            lines.iter().map(|line| line.event.to_string()).collect()
        };
        let before = order(desk);
        let rest: Vec<String> = desk.app.store.queues[&event.job]
            .bucket(&event.event)
            .iter()
            .filter(|other| **other != event.event)
            .map(ToString::to_string)
            .collect();
        desk.go("1").await;
        let text = desk.text(80, 24);
        assert!(text.contains(&format!("one vote for its bucket: {} other", many - 1)), "{text}");
        let after = order(desk);
        let end = &after[after.len() - rest.len()..];
        assert!(rest.iter().all(|one| end.contains(one)), "{rest:?} are not at the end");
        assert_eq!(after.len(), before.len());
        let next = desk.app.event().unwrap();
        assert!(!rest.contains(&next.event.to_string()) && next != event);
        desk.go("u").await;
        assert_eq!(order(desk), before, "a label that is taken back brings them back");
        assert_eq!(desk.app.event(), Some(event.clone()));
    });
    on_desk(prefs(), async |desk| {
        let (event, _) = to_a_bucket(desk).await;
        let before = desk.app.store.queues[&event.job].lines().to_vec();
        desk.go("1").await;
        assert_eq!(desk.app.store.queues[&event.job].lines(), before, "it is off by default");
    });
}

#[test]
fn labels_that_move_buckets_keep_the_budget() {
    on_desk(Prefs { skip_bucket: true, ..prefs() }, async |desk| {
        let mut screen = Screen::over(io::sink(), 80, 24, &Options::default()).unwrap();
        let mut paint = |desk: &Desk| {
            let drawn = screen.draw(|frame| {
                let area = frame.area();
                desk.app.draw(area, frame.buffer_mut());
            });
            drawn.unwrap()
        };
        to_a_bucket(desk).await;
        paint(desk);
        for _ in 0..12 {
            let before = desk.app.event().unwrap();
            desk.keys("1");
            desk.settle().await;
            let bytes = paint(desk);
            assert!(bytes <= 1_200, "a label took {bytes} bytes");
            assert_ne!(desk.app.event().unwrap(), before, "the label advances");
            desk.go("").await;
            paint(desk);
        }
        desk.key(KeyCode::Char('j'), KeyModifiers::NONE);
        assert!(paint(desk) <= 1_200);
    });
}

/// The program in a home of its own, on a Darktrace nobody serves: enough for what is kept under a name.
fn alone(home: TempDir) -> Console {
    let environment = [
        ("SOCDECK_DARKTRACE_URL", "http://127.0.0.1:9"),
        ("SOCDECK_DARKTRACE_PUBLIC_TOKEN", "p"),
        ("SOCDECK_DARKTRACE_PRIVATE_TOKEN", "q"),
    ];
    Console::at(home, (100, 30), &[], &environment, "")
}

fn home_with(views: &str) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/socdeck");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("views.toml");
    fs::write(&path, views).unwrap();
    (home, path)
}

#[test]
fn what_is_kept_is_private_and_there_again_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".config/socdeck/views.toml");
    let mut console = alone(home);
    console.see("JOBS");
    console.keys("gs");
    console.see("SEARCH");
    console.keys("\x07F");
    console.see("none of your own yet");
    console.keys("+ssl to whom\r");
    console.see("search ssl to whom is kept");
    console.keys("+and by whom\r");
    console.see("search and by whom is kept");
    console.keys("\x07");
    console.wait("the sheet is left", |text| !text.contains("SEARCHES"));
    console.keys("q");
    assert_eq!(console.ended(), 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let first = text.find("[[search]]\nname = \"ssl to whom\"\ntime = \"last 1h\"").unwrap();
    assert!(first < text.find("and by whom").unwrap(), "{text}");

    let (home, _) = home_with(&text);
    let mut next = alone(home);
    next.see("JOBS");
    next.keys("gs");
    next.see("SEARCH");
    next.keys("\x07F");
    next.see("and by whom");
    next.keys("\x07");
    next.wait("the sheet is left", |text| !text.contains("SEARCHES"));
    assert_eq!(next.quit(), 0);
}

#[test]
fn a_file_that_is_not_understood_is_told_with_its_line_and_left_alone() {
    let bad = "# by hand\n[[search]]\nname = \"x\"\ntiem = \"last 1h\"\n";
    let (home, path) = home_with(bad);
    let mut console = alone(home);
    console.see("saved views are not read");
    console.see("views.toml:4: ");
    console.keys("gs");
    console.see("SEARCH");
    console.keys("\x07F+mine\r");
    console.see("not written down");
    console.keys("\x07");
    console.wait("the sheet is left", |text| !text.contains("SEARCHES"));
    console.keys("q");
    assert_eq!(console.ended(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), bad);
}
