//! Model breaches over the simulator: from the list to an acknowledgement that was read back, and what moving costs.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::io;
use std::time::Duration;

use socdeck::outbox::State;
use socdeck::term::{Options, Screen};
use socdeck::ui::theme::Theme;

use crate::desk::Desk;

fn on_desk(with: impl AsyncFnOnce(&mut Desk)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut desk = Desk::open(Theme::default()).await;
        desk.go("gb").await;
        with(&mut desk).await;
    });
}

/// The row under the cursor.
fn here(desk: &Desk) -> String {
    let screen = desk.text(80, 24);
    screen.lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
}

/// Lets the grace time pass and waits for what was read back.
async fn sent(desk: &mut Desk) {
    desk.pass(Duration::from_secs(40));
    desk.settle().await;
    desk.pass(Duration::from_secs(1));
    desk.settle().await;
}

#[test]
fn a_breach_is_acknowledged_commented_and_taken_back_and_each_is_read_back() {
    on_desk(async |desk| {
        let before = here(desk);
        assert!(before.contains(" no "), "{}", desk.text(80, 24));
        desk.go("Ay").await;
        assert!(desk.text(80, 24).contains("not armed"), "{}", desk.text(80, 24));
        desk.keys("\x07");
        desk.go(":arm 15m\r").await;
        desk.go("Ay").await;
        assert!(here(desk).contains("yes~"), "{}", desk.text(80, 24));
        sent(desk).await;
        assert!(here(desk).contains(" yes "), "{}", desk.text(80, 24));
        assert_eq!(before[..60], here(desk)[..60], "the row stays where it is");
        let said = desk.text(140, 40);
        assert!(said.contains("Darktrace said SUCCESS; read back: it is acknowledged"), "{said}");
        desk.go("cBackup job, INC-4711\ty").await;
        sent(desk).await;
        let screen = desk.text(80, 24);
        assert!(
            screen.contains("[comments 1]") && screen.contains("Backup job, INC-4711"),
            "{screen}"
        );
        assert!(!screen.contains("not read back"), "{screen}");
        desk.go("Xy").await;
        sent(desk).await;
        assert!(here(desk).contains(" no "), "{}", desk.text(80, 24));
        let rows: Vec<_> = desk.app.store.writes.newest().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| matches!(row.state, State::Sent(_))), "{rows:?}");
    });
}

#[test]
fn an_acknowledgement_taken_back_in_its_grace_time_never_leaves() {
    on_desk(async |desk| {
        desk.go(":arm 15m\r").await;
        desk.go("Ay").await;
        desk.go("u").await;
        sent(desk).await;
        assert!(here(desk).contains(" no "), "{}", desk.text(80, 24));
        assert_eq!(desk.app.store.writes.newest().next().unwrap().state, State::Undone);
    });
}

#[test]
fn digits_label_nothing_here_and_say_so() {
    on_desk(async |desk| {
        desk.go("3").await;
        let screen = desk.text(80, 24);
        assert!(screen.contains("3 does nothing here: digits label events, in Triage"), "{screen}");
        assert_eq!(desk.app.store.writes.newest().count(), 0);
    });
}

#[test]
fn a_cursor_move_costs_at_most_1200_bytes() {
    on_desk(async |desk| {
        for (width, height, budget) in [(80, 24, 1_200), (140, 40, 2_400)] {
            let mut screen = Screen::over(io::sink(), width, height, &Options::default()).unwrap();
            let mut paint = |desk: &Desk| {
                let drawn = screen.draw(|frame| {
                    let area = frame.area();
                    desk.app.draw(area, frame.buffer_mut());
                });
                drawn.unwrap()
            };
            paint(desk);
            let mut costs = Vec::new();
            for key in ["j", "j", "k", "j", "j", "j", "k", "j"] {
                desk.keys(key);
                costs.push(paint(desk));
                desk.go("").await;
                costs.push(paint(desk));
            }
            assert!(costs.iter().all(|bytes| *bytes <= budget), "{width}x{height}: {costs:?}");
            assert!(costs.iter().any(|bytes| *bytes > 100), "nothing was drawn: {costs:?}");
            assert_eq!(paint(desk), 0, "an unchanged frame is not free");
        }
    });
}

#[test]
fn a_devices_breaches_lead_here_and_back() {
    on_desk(async |desk| {
        desk.go("d").await;
        desk.go("\t\t\t\t").await;
        let screen = desk.text(80, 24);
        assert!(screen.contains("[breaches]") && screen.contains("28d"), "{screen}");
        desk.go("\r").await;
        let screen = desk.text(80, 24);
        assert!(screen.contains("alone   ^G shows the list"), "{screen}");
        desk.go("\x07").await;
        assert!(desk.text(80, 24).contains("[open "), "{}", desk.text(80, 24));
    });
}

/// How often the breaches of a device were asked for.
fn counted(desk: &Desk) -> usize {
    desk.app.store.activity.newest().filter(|entry| entry.call.name == "device breaches").count()
}

#[test]
fn beside_an_event_they_are_asked_only_where_the_cursor_stays() {
    on_desk(async |desk| {
        desk.keys(":job 1208\r");
        desk.settle().await;
        for _ in 0..6 {
            desk.keys("j");
            desk.pass(Duration::from_millis(300));
            desk.settle().await;
        }
        assert_eq!(counted(desk), 0, "labelling at pace pays nothing for them");
        desk.keys("gg");
        for _ in 0..3 {
            desk.go("").await;
        }
        assert_eq!(counted(desk), 1, "{}", desk.text(140, 40));
        assert!(desk.text(140, 40).contains("breaches 24h"), "{}", desk.text(140, 40));
    });
}
