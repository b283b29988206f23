//! The thread that writes files for the console: the evidence basket and exports. The loop never waits for a disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::away;
use super::basket::BasketFile;
use crate::app::Event;
use crate::command::Tone;
use crate::evidence::{Change, Told};
use crate::outbox::find_place;

/// Jobs the thread may be behind by.
const WAITING: usize = 256;

/// Where the evidence basket is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basket {
    /// In a file of this name in the state folder.
    Folder(PathBuf, String),
    /// Nowhere, for this reason: it is gone with the session.
    Session(String),
}

/// What the thread is to do.
pub(super) enum Job {
    /// Keep this change of the basket.
    Keep(Change),
    /// Write a text to a new file.
    Export {
        /// How its name begins, and ends.
        stem: String,
        ending: &'static str,
        text: String,
        /// The file or folder a person named.
        to: Option<String>,
    },
}

/// The handle of the thread.
pub(super) struct Files {
    jobs: SyncSender<Job>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Files {
    /// Starts the thread. Each job is answered by one event. `folder` is where exports go that name no place of their own;
    /// `None`: where the program was started.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(
        basket: Basket,
        folder: Option<PathBuf>,
        tell: impl Fn(Event) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel(WAITING);
        let (ending, ended) = sync_channel(1);
        let thread = thread::Builder::new().name("files".into()).spawn(move || {
            let keeper = Keeper::new(basket);
            while let Ok(job) = inbox.recv() {
                tell(match job {
                    Job::Keep(change) => Event::Evidence(keeper.keep(&change)),
                    Job::Export { stem, ending, text, to } => {
                        let place = away::Place { folder: folder.as_deref(), to: to.as_deref() };
                        let (tone, words) = away::export(place, &stem, ending, &text);
                        Event::Told(tone, words)
                    }
                });
            }
            // Nobody listens unless the program is ending.
            let _ = ending.try_send(());
        })?;
        Ok(Self { jobs, ended, thread })
    }

    /// Hands a job over. Returns what to tell when the thread is too far behind for it.
    pub(super) fn ask(&self, job: Job) -> Option<Event> {
        let job = match self.jobs.try_send(job) {
            Ok(()) => return None,
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => job,
        };
        let why = "files are written too slowly here";
        match job {
            Job::Keep(Change::Pin(item)) => {
                Some(Event::Evidence(Told::Failed(item.id, why.into())))
            }
            Job::Keep(Change::Note(id, _) | Change::Remove(id)) => {
                Some(Event::Evidence(Told::Failed(id, why.into())))
            }
            Job::Keep(Change::Read) => None,
            Job::Export { .. } => {
                Some(Event::Told(Tone::Bad, format!("not exported: {why}; try again")))
            }
        }
    }

    /// Finishes what was asked and ends the thread. Waits for it no longer than `limit`.
    pub(super) fn leave(self, limit: Duration) {
        let Self { jobs, ended, thread } = self;
        drop(jobs);
        if ended.recv_timeout(limit).is_err() {
            tracing::error!("a file was still being written at the end");
        } else if thread.join().is_err() {
            tracing::error!("the thread of files ended badly");
        }
    }
}

/// Keeps the basket, or knows why not.
struct Keeper(Result<BasketFile, String>);

impl Keeper {
    fn new(basket: Basket) -> Self {
        Self(match basket {
            Basket::Session(why) => Err(why),
            Basket::Folder(state, name) => {
                find_place(&state).map(|place| BasketFile::new(&place.folder, &name))
            }
        })
    }

    fn keep(&self, change: &Change) -> Told {
        let file = match &self.0 {
            Ok(file) => file,
            Err(why) => {
                return match change {
                    Change::Read => Told::Read {
                        items: Vec::new(),
                        strange: Vec::new(),
                        place: Err(why.clone()),
                    },
                    // The pane says for how long it is kept.
                    Change::Pin(item) => Told::Kept(item.id),
                    Change::Note(id, _) | Change::Remove(id) => Told::Kept(*id),
                };
            }
        };
        let path = file.path().display().to_string();
        let done = |id: u64, done: std::io::Result<()>| match done {
            Ok(()) => Told::Kept(id),
            Err(error) => Told::Failed(id, format!("{path}: {error}")),
        };
        match change {
            Change::Read => match file.read() {
                Ok((items, strange)) => Told::Read { items, strange, place: Ok(path) },
                Err(error) => Told::Read {
                    items: Vec::new(),
                    strange: Vec::new(),
                    place: Err(format!("{path} cannot be read: {error}")),
                },
            },
            Change::Pin(item) => done(item.id, file.append(item)),
            Change::Note(id, words) => done(*id, file.note(*id, words.as_deref())),
            Change::Remove(id) => done(*id, file.remove(*id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::evidence::Item;

    fn item(id: u64) -> Item {
        let line = format!(
            r#"{{"id":{id},"at":"2026-11-22T14:03:00Z","kind":"k","title":"t","pane":"jobs","markdown":"m","json":"{{}}"}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    /// Asks and gives back the answers, in order, once the thread has ended.
    fn answers(basket: Basket, jobs: Vec<Job>) -> Vec<Event> {
        let (tell, told) = mpsc::channel();
        let files = Files::start(basket, None, move |event| tell.send(event).unwrap()).unwrap();
        for job in jobs {
            assert!(files.ask(job).is_none());
        }
        files.leave(Duration::from_secs(20));
        told.iter().collect()
    }

    #[test]
    fn what_was_asked_before_the_end_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let basket = || Basket::Folder(state.path().join("new/socdeck"), "evidence.jsonl".into());
        let pins = (1..=50).map(|id| Job::Keep(Change::Pin(Box::new(item(id)))));
        let told = answers(basket(), pins.collect());
        assert!(told.iter().all(|event| matches!(event, Event::Evidence(Told::Kept(_)))));
        let told = answers(basket(), vec![Job::Keep(Change::Read)]);
        let [Event::Evidence(Told::Read { items, place: Ok(place), .. })] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(items.len(), 50);
        assert!(place.ends_with("new/socdeck/evidence.jsonl"), "{place}");
    }

    #[test]
    fn without_a_place_the_session_keeps_it_and_the_reason_is_told() {
        let told = answers(
            Basket::Session("the demo keeps nothing".into()),
            vec![Job::Keep(Change::Read), Job::Keep(Change::Pin(Box::new(item(1))))],
        );
        assert!(
            matches!(&told[0], Event::Evidence(Told::Read { place: Err(why), .. }) if why.contains("demo"))
        );
        assert!(matches!(told[1], Event::Evidence(Told::Kept(1))));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_with_its_path() {
        let state = tempfile::tempdir().unwrap();
        std::fs::create_dir(state.path().join("evidence.jsonl")).unwrap();
        let basket = Basket::Folder(state.path().to_owned(), "evidence.jsonl".into());
        let told = answers(basket, vec![Job::Keep(Change::Pin(Box::new(item(7))))]);
        let [Event::Evidence(Told::Failed(7, why))] = told.as_slice() else { panic!("{told:?}") };
        assert!(why.contains("evidence.jsonl"), "{why}");
    }
}
