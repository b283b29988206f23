//! The command line: verbs that open something, and the products' commands verbatim, run through queue and outbox.

use std::time::{Duration, Instant};

use super::outcome::{OutcomeView, Showing};
use super::shell::{Overlay, Shell};
use crate::api::{Answer, ApiError, Call, Kind};
use crate::catalogue::{self, Defaults, Line, Run, Source, Step, Waiting};
use crate::command::{Ask, Cx, PaneId, Target, Tone};
use crate::export;
use crate::job::Slot;
use crate::outbox::Request;
use crate::panes::lookup::is_below;
use crate::panes::paint;

/// Lines the history keeps.
const LINES: usize = 200;

/// The largest file a value is read from, in bytes.
const FILE_MAX: u64 = 8 * 1024 * 1024;

/// A command that was typed by name and is not done.
pub(super) struct Running {
    run: Run,
    since: Instant,
    /// A write that waits for a yes.
    pub asked: Option<Call>,
    wait: Option<Instant>,
    limit: Option<Instant>,
    /// Whether a write of it was kept by the outbox.
    staged: bool,
}

impl Running {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wait.into_iter().chain(self.limit).min()
    }
}

impl Shell {
    /// Runs a line as typed after `:`.
    pub(super) fn run_line(&mut self, text: &str, cx: &mut Cx<'_>) {
        let text = text.trim();
        self.history.retain(|line| line != text);
        self.history.push(text.to_owned());
        let extra = self.history.len().saturating_sub(LINES);
        self.history.drain(..extra);
        let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match verb {
            "quit" | "q" => self.quit(cx),
            "arm" => self.arm(rest, cx),
            "disarm" => {
                cx.store.armed_until = None;
                self.say(Tone::Fine, "disarmed: labels only");
            }
            "export" => self.export_line(rest, cx),
            "job" if !rest.is_empty() => cx.go(PaneId::Triage, Some(Target::Job(rest.into()))),
            "view" if !rest.is_empty() => {
                let name = rest.trim_matches('"').to_owned();
                cx.go(PaneId::Triage, Some(Target::View(name)));
            }
            "event" => match rest.split_once(char::is_whitespace) {
                Some((job, event)) => {
                    cx.go(PaneId::Triage, Some(Target::Event(job.into(), event.trim().into())))
                }
                None => {
                    self.say(Tone::Mind, "event wants a job id and an event id: event 1202 615471")
                }
            },
            "device" if !rest.is_empty() => {
                cx.go(PaneId::Devices, Some(Target::Find(rest.to_owned())))
            }
            "tag" if !rest.is_empty() => cx.go(PaneId::Devices, Some(Target::Tag(rest.to_owned()))),
            "endpoint" if !rest.is_empty() => {
                cx.go(PaneId::Endpoint, Some(Target::Endpoint(rest.to_owned())))
            }
            "search" => {
                let target = (!rest.is_empty()).then(|| Target::Search(rest.to_owned()));
                cx.go(PaneId::Search, target);
            }
            "watch" if !rest.is_empty() => {
                cx.go(PaneId::Watched, Some(Target::Watch(rest.to_owned())))
            }
            "breach" => match rest.parse() {
                Ok(pbid) => cx.go(PaneId::Breaches, Some(Target::Breach(pbid))),
                Err(_) => self.say(Tone::Mind, "breach wants its number: breach 4107"),
            },
            "job" | "view" | "device" | "tag" | "endpoint" | "watch" => {
                self.say(Tone::Mind, format!("{verb} wants what to open after it"))
            }
            _ if self.tune(verb, rest, cx) => {}
            _ => self.run_named(text, cx),
        }
    }

    /// Lets writes that reach others through for a while; 15 minutes unless said otherwise, as long as the settings allow at most.
    fn arm(&mut self, text: &str, cx: &mut Cx<'_>) {
        if cx.prefs.read_only {
            return self.say(Tone::Mind, "read-only: nothing can be armed");
        }
        let most = cx.prefs.max_arm.as_secs() / 60;
        let usual = format!("{}m", most.min(15));
        let wanted = if text.is_empty() { usual.as_str() } else { text };
        let minutes = wanted.strip_suffix('m').unwrap_or(wanted).trim().parse::<u64>().ok();
        let Some(minutes) = minutes.filter(|minutes| (1..=most).contains(minutes)) else {
            let words = format!("'{wanted}' is no time to be armed; 1m to {most}m");
            return self.say(Tone::Mind, words);
        };
        let until = cx.now.plus(Duration::from_secs(minutes * 60));
        cx.store.armed_until = Some(until);
        let told = paint::tell(&self.clock(cx.now.wall), until.wall);
        self.say(Tone::Mind, format!("armed until {told}: tags, watched list, breaches, training and events may be sent; :disarm ends it"));
    }

    /// Starts a command of the catalogue.
    fn run_named(&mut self, text: &str, cx: &mut Cx<'_>) {
        self.stop_line(cx);
        let prepared = Line::parse(text).map_err(|broken| broken.to_string()).and_then(|line| {
            let entry = catalogue::entry_of(&line).map_err(|error| error.to_string())?;
            if entry.write && cx.prefs.read_only {
                return Err(format!("read-only: {} changes something", entry.name));
            }
            if entry.name == "darktrace-post-to-watched-list" {
                not_ours(&line.pairs, &cx.prefs.own_domains)?;
            }
            let defaults = Defaults {
                job_id: cx.prefs.default_job.as_ref().and_then(|job| job.as_str().parse().ok()),
                username: cx.prefs.analyst.clone(),
                poll_interval: Some(cx.prefs.poll.0),
                poll_timeout: Some(cx.prefs.poll.1),
            };
            catalogue::prepare(entry, &line.pairs, &defaults, &mut fetch)
                .map_err(|error| error.to_string())
        });
        match prepared {
            Ok(mut run) => {
                let step = run.start();
                let since = cx.now.instant;
                let limit = run.deadline().map(|limit| since + limit);
                let view = OutcomeView::new(text, run.entry(), run.notes());
                self.running =
                    Some(Running { run, since, asked: None, wait: None, limit, staged: false });
                self.overlay = Some(Overlay::Outcome(view));
                self.step(step, cx);
            }
            Err(why) => {
                let view = OutcomeView::refused(text, &why);
                self.overlay = Some(Overlay::Outcome(view));
            }
        }
    }

    /// Carries out a step of the running command.
    fn step(&mut self, step: Step, cx: &mut Cx<'_>) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.wait = None;
        let (showing, over) = match step {
            Step::Ask(call) if call.kind == Kind::Read => {
                let told = format!("asking {call}");
                cx.store.ask_named(call, cx.now);
                (Showing::Words(told), false)
            }
            Step::Ask(call) => {
                running.asked = Some(call.clone());
                (Showing::Confirm(call), false)
            }
            Step::Wait(pause, why) => {
                running.wait = Some(cx.now.instant + pause);
                let at = paint::tell(&self.clock(cx.now.wall), cx.now.plus(pause).wall);
                let told = match why {
                    Waiting::Pending(state) => format!("{state}; next look {at}"),
                    Waiting::Trouble(error) => format!("{error} Next look {at}"),
                };
                (Showing::Words(told), false)
            }
            Step::Done(outcome) => (Showing::Outcome(Box::new(outcome)), true),
            Step::Failed(failure) => (Showing::Failed(failure), true),
        };
        if over {
            self.running = None;
        }
        if let Some(Overlay::Outcome(view)) = &mut self.overlay {
            view.show(showing);
        }
    }

    /// A yes for the write that was shown: the outbox keeps it.
    pub(super) fn confirm_line(&mut self, cx: &mut Cx<'_>) {
        let clock = self.clock(cx.now.wall);
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(call) = running.asked.take() else {
            if let Some(id) = cx.store.writes.named_row {
                cx.store.outbox(Request::Hasten(id));
                if let Some(Overlay::Outcome(view)) = &mut self.overlay {
                    view.show(Showing::Words("on its way".to_owned()));
                }
            }
            return;
        };
        let label = running.run.entry().name == "arcanna-send-event-feedback";
        if let Err(why) = cx.store.armed(cx.now)
            && !label
        {
            running.asked = Some(call);
            return self.say(Tone::Mind, why);
        }
        let grace: Duration = match running.run.entry().name {
            _ if label => cx.prefs.label_grace,
            "darktrace-post-tag-to-device" => cx.prefs.tag_grace,
            _ => cx.prefs.outward_grace,
        };
        running.staged = true;
        let at = paint::tell(&clock, cx.now.plus(grace).wall);
        cx.store.stage_named(running.run.entry().name, call, grace);
        if let Some(Overlay::Outcome(view)) = &mut self.overlay {
            view.keep(&at);
        }
    }

    /// Takes the running command's kept write back.
    pub(super) fn undo_line(&mut self, cx: &mut Cx<'_>) {
        if let Some(id) = cx
            .store
            .writes
            .named_row
            .filter(|_| self.running.as_ref().is_some_and(|running| running.staged))
        {
            cx.store.outbox(Request::Undo(id));
        }
    }

    /// Hands answers that came for the running command to it.
    pub(super) fn follow_line(&mut self, cx: &mut Cx<'_>) {
        for answer in std::mem::take(&mut cx.store.writes.named) {
            self.answered(answer, cx);
        }
    }

    fn answered(&mut self, answer: Result<Answer, ApiError>, cx: &mut Cx<'_>) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.staged = false;
        cx.store.writes.named_row = None;
        let elapsed = cx.now.instant.duration_since(running.since);
        let step = running.run.answered(answer, elapsed);
        self.step(step, cx);
    }

    /// Looks at the clock for the running command.
    pub(super) fn tick_line(&mut self, cx: &mut Cx<'_>) {
        let Some(running) = &mut self.running else {
            return;
        };
        let elapsed = cx.now.instant.duration_since(running.since);
        let step = if running.limit.is_some_and(|limit| limit <= cx.now.instant) {
            running.limit = None;
            running.run.expired()
        } else if running.wait.is_some_and(|wait| wait <= cx.now.instant) {
            running.run.waited(elapsed)
        } else {
            return;
        };
        self.step(step, cx);
    }

    /// Abandons the running command: a read is cancelled; a write that is kept goes on, and Activity shows it.
    pub(super) fn stop_line(&mut self, cx: &mut Cx<'_>) {
        let Some(running) = self.running.take() else {
            return;
        };
        if running.staged {
            self.say(Tone::Fine, "the write is kept and goes on; Activity (g a) shows it");
        } else {
            cx.store.cancel(&Slot::new("command line"));
        }
        cx.store.writes.named_row = None;
    }

    /// A key while a command typed by name is shown.
    pub(super) fn outcome_key(
        &mut self,
        key: &crossterm::event::KeyEvent,
        cancel: bool,
        cx: &mut Cx<'_>,
    ) {
        use crossterm::event::KeyCode;
        if cancel || (key.code == KeyCode::Char('q') && key.modifiers.is_empty()) {
            return self.close_overlay(cx);
        }
        if key.modifiers.is_empty() || key.modifiers == crossterm::event::KeyModifiers::SHIFT {
            match key.code {
                KeyCode::Char('y') => return self.confirm_line(cx),
                KeyCode::Char('u') => return self.undo_line(cx),
                KeyCode::Char('p') => {
                    if let Some(Overlay::Outcome(view)) = &self.overlay {
                        cx.asks.push(Ask::Page(super::away::readable(&view.text())));
                    }
                    return;
                }
                KeyCode::Char(':') => {
                    self.close_overlay(cx);
                    cx.asks.push(Ask::Row("shell.command"));
                    return;
                }
                _ => {}
            }
        }
        if let Some(Overlay::Outcome(view)) = &mut self.overlay {
            view.key(key);
        }
    }
}

/// Refuses to have our own domains watched, as the sheet does.
fn not_ours(pairs: &[(String, String)], own: &[String]) -> Result<(), String> {
    let entries = pairs.iter().filter(|(name, _)| name != "description");
    let values = entries.flat_map(|(_, value)| value.split([',', '\n']));
    for entry in values.filter_map(|value| export::classify(value.trim()).target()) {
        let entry = entry.to_lowercase();
        let ours = own.iter().find(|domain| {
            entry == **domain || is_below(&entry, domain) || is_below(domain, &entry)
        });
        if let Some(domain) = ours {
            return Err(format!(
                "{entry} cannot be watched: it is ours: {domain} (watched.own_domains)"
            ));
        }
    }
    Ok(())
}

/// Reads a value from a file; the console has no standard input to read from.
fn fetch(source: Source<'_>) -> std::io::Result<String> {
    match source {
        Source::Stdin => Err(std::io::Error::other(
            "the console has no standard input; use @FILE, or socdeck exec",
        )),
        Source::File(path) => {
            let facts = std::fs::metadata(path)?;
            if !facts.is_file() {
                return Err(std::io::Error::other("it is not a plain file"));
            }
            if facts.len() > FILE_MAX {
                return Err(std::io::Error::other("it is larger than 8 MiB; use socdeck exec"));
            }
            std::fs::read_to_string(path)
        }
    }
}
