//! Settings that change while the program runs: what they do at once, and what a person chose by a key meanwhile.

use super::*;
use crate::command::Tune;
use crate::keymap::{Choice, LabelKeys, Profile};
use crate::ui::time::Mode;
use jiff::tz::TimeZone;

impl Desk {
    /// The settings as they are, for a test to change.
    fn settings(&self) -> Live {
        Live {
            prefs: self.app.prefs.clone(),
            theme: Theme::new(Palette::Mono, Glyphs::ASCII),
            keys: Choice::default(),
            mode: Mode::Utc,
            zone: TimeZone::UTC,
        }
    }

    /// What the loop does with settings that were read again.
    fn tuned(&mut self, change: impl FnOnce(&mut Live)) {
        let mut live = self.settings();
        change(&mut live);
        let event = Event::Tuned(Tone::Fine, "settings read again".into(), Some(Box::new(live)));
        self.app.update(event, self.now);
    }

    fn line(&mut self, line: &str) -> Vec<Effect> {
        self.keys(":");
        self.keys(line);
        self.app.update(Event::Key(KeyEvent::from(KeyCode::Enter)), self.now);
        self.app.take_effects()
    }
}

#[test]
fn a_letter_labels_as_its_digit_and_the_line_shows_the_letter() {
    let mut desk = Desk::triage(&[(1, 40.0), (2, 50.0)]);
    assert!(desk.draw().contains("1 Drop"));
    desk.tuned(|live| {
        let keys = LabelKeys { keys: vec!['h', 'z'], place: "c.toml:1:1".into() };
        live.keys.labels = Some(keys);
    });
    let shown = desk.draw();
    assert!(shown.contains("h Drop") && shown.contains("z Escalate"), "{shown}");
    assert!(desk.app.labels('h') && desk.app.labels('1') && !desk.app.labels('m'));
    let first = desk.current();
    desk.keys("z");
    let row = desk.app.store.writes.newest().next().expect("a label is kept").clone();
    let (_, event, label) = row.draft.act.labels().unwrap();
    assert_eq!((event.as_str(), label), (first.as_str(), "Escalate"));
    desk.keys("y");
    assert!(!desk.app.labels('h'), "after a prefix it is a letter like any other");
}

#[test]
fn faulty_keys_leave_everything_as_it_was() {
    let mut desk = Desk::triage(&[(1, 40.0)]);
    desk.tuned(|live| {
        live.prefs.hints = false;
        let keys = LabelKeys { keys: vec!['u'], place: "c.toml:1:1".into() };
        live.keys.labels = Some(keys);
    });
    let shown = desk.draw();
    assert!(shown.contains("c.toml:1:1"), "{shown}");
    assert!(desk.app.prefs.hints && !desk.app.labels('u'));
}

#[test]
fn profile_and_hints_change_what_is_shown_at_once() {
    let mut desk = Desk::triage(&[(1, 40.0), (2, 50.0)]);
    let last = |shown: &str| shown.lines().last().unwrap_or_default().trim().to_owned();
    assert!(last(&desk.draw()).contains("help"));
    desk.tuned(|live| live.prefs.hints = false);
    assert_eq!(last(&desk.draw()), "");
    desk.keys("g");
    assert!(
        last(&desk.draw()).contains("Triage"),
        "what may follow a prefix is shown all the same"
    );
    desk.press(KeyCode::Esc);
    desk.tuned(|live| live.keys.profile = Profile::Arrows);
    let before = desk.current();
    desk.keys("j");
    assert_eq!(desk.current(), before);
    desk.press(KeyCode::Down);
    assert_ne!(desk.current(), before);
    desk.press(KeyCode::F(3));
    assert!(desk.draw().contains(" JOBS"));
    desk.keys("?");
    assert!(desk.draw().contains("F3"), "help follows the profile");
}

#[test]
fn getting_stricter_takes_effect_on_what_is_armed() {
    let mut desk = Desk::new();
    desk.line("arm 30m");
    let armed =
        |desk: &Desk| desk.app.store.armed_until.map(|until| until.instant - desk.now.instant);
    assert_eq!(armed(&desk), Some(Duration::from_secs(1_800)));
    desk.tuned(|live| live.prefs.max_arm = Duration::from_secs(300));
    assert_eq!(armed(&desk), Some(Duration::from_secs(300)));
    desk.line("arm 6m");
    assert!(desk.draw().contains("1m to 5m"));
    desk.line("arm");
    assert_eq!(armed(&desk), Some(Duration::from_secs(300)), "the usual quarter of an hour is cut");
    desk.tuned(|live| live.prefs.read_only = true);
    assert_eq!(armed(&desk), None);
    assert!(desk.draw().contains("READ-ONLY"));
}

#[test]
fn a_clock_chosen_by_a_key_stays_until_the_setting_changes() {
    let mut desk = Desk::new();
    desk.tuned(|_| {});
    desk.keys("Z");
    assert_eq!(desk.app.shell.mode, Mode::Local);
    desk.tuned(|live| live.zone = TimeZone::fixed(jiff::tz::offset(2)));
    assert_eq!(desk.app.shell.mode, Mode::Local, "something else changed");
    let told = desk.app.shell.clock(desk.now.wall).time(desk.now.wall);
    assert!(told.contains("05:04:05"), "local is the zone that is set: {told}");
    desk.tuned(|live| live.mode = Mode::Age);
    assert_eq!(desk.app.shell.mode, Mode::Age);
}

#[test]
fn the_mouse_follows_its_setting_and_the_editor_can_be_forbidden() {
    let mut desk = Desk::triage(&[(1, 40.0)]);
    desk.tuned(|live| live.prefs.mouse = true);
    assert!(matches!(desk.app.take_effects().as_slice(), [Effect::Mouse(true)]));
    desk.tuned(|live| live.prefs.allow_editor = false);
    desk.app.update(Event::Key(KeyEvent::from(KeyCode::Char('C'))), desk.now);
    assert!(!desk.app.take_effects().iter().any(|effect| matches!(effect, Effect::Edit(_))));
    assert!(desk.draw().contains("ui.allow_editor"));
}

#[test]
fn lines_about_settings_ask_the_loop() {
    let mut desk = Desk::new();
    let set = |name: &str, value: &str| Tune::Set(name.into(), value.into());
    for (line, wanted) in [
        ("reload", Tune::Reload),
        ("set", Tune::Show(None)),
        ("set theme", Tune::Show(Some("theme".into()))),
        ("set theme mono", set("theme", "mono")),
        ("set ui.theme=mono", set("ui.theme", "mono")),
        ("set own_domains [\"a.b\", \"c.d\"]", set("own_domains", "[\"a.b\", \"c.d\"]")),
        ("unset theme", Tune::Unset("theme".into())),
        ("keys emacs", set("ui.keymap", "emacs")),
        ("keys", Tune::Show(Some("ui.keymap".into()))),
        ("log level debug", set("log.level", "debug")),
        ("log off", set("log.level", "off")),
        ("log", Tune::Show(Some("log.level".into()))),
    ] {
        let effects = desk.line(line);
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Tune(tune) => Some(tune.clone()),
            _ => None,
        });
        assert_eq!(asked, Some(wanted), "{line}");
    }
}

#[test]
fn a_command_typed_by_name_does_not_watch_our_own_domains_either() {
    let mut desk = Desk::new();
    desk.tuned(|live| live.prefs.own_domains = vec!["acme.example".into()]);
    desk.line(
        "darktrace-post-to-watched-list endpointsToWatch=cats.com,hxxps://mail.acme[.]example/x",
    );
    let shown = desk.draw();
    assert!(shown.contains("mail.acme.example cannot be watched: it is ours"), "{shown}");
    desk.press(KeyCode::Esc);
    desk.line("darktrace-post-to-watched-list endpointsToWatch=cats.com description=acme.example");
    assert!(!desk.draw().contains("cannot be watched"));
}
