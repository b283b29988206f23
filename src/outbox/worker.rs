//! The thread that keeps the rows: the loop never waits for a disk.

use std::path::PathBuf;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Keeper, Moment, Notice, Request, Session, keeper, place};

/// Requests the thread may be behind by.
const WAITING: usize = 1_024;

/// Where rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// In the state folder.
    Folder(PathBuf),
    /// In memory: gone with the process, and no ledger. For the demonstration.
    Memory,
    /// Nowhere, for this reason: every write is refused with it.
    Nowhere(String),
}

enum Message {
    Ask(Request),
    /// Send nothing until `Resume`; answered so that the process may be stopped.
    Halt(SyncSender<()>),
    Resume,
}

/// The handle of the thread.
pub struct Outbox {
    messages: SyncSender<Message>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Outbox {
    /// Starts the thread. Its first notice tells the rows. `tell` is called on the thread and may block.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        keeping: Keeping,
        session: Session,
        tell: impl Fn(Notice) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (messages, inbox) = sync_channel(WAITING);
        let (ending, ended) = sync_channel(1);
        let thread = thread::Builder::new().name("outbox".into()).spawn(move || {
            work(keeping, session, &inbox, &tell);
            // Nobody listens unless the program is ending.
            let _ = ending.try_send(());
        })?;
        Ok(Self { messages, ended, thread })
    }

    /// Hands a request over; gives it back when the thread is too far behind. Every notice is a sign that there is room.
    ///
    /// # Errors
    /// The request, to be handed over later.
    #[expect(
        clippy::result_large_err,
        reason = "the request comes back whole, to be kept in its order"
    )]
    pub fn ask(&self, request: Request) -> Result<(), Request> {
        match self.messages.try_send(Message::Ask(request)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => match message
            {
                Message::Ask(request) => Err(request),
                Message::Halt(_) | Message::Resume => Ok(()),
            },
        }
    }

    /// Sends nothing more until [`Self::resume`]; returns once that is sure, or after `limit`.
    pub fn halt(&self, limit: Duration) {
        let (done, halted) = sync_channel(1);
        if self.messages.try_send(Message::Halt(done)).is_ok() {
            let _ = halted.recv_timeout(limit);
        }
    }

    /// Goes on after [`Self::halt`]; grace times begin anew.
    pub fn resume(&self) {
        // A full channel is one that is being worked off: there is nothing else to do than to wait for it.
        let _ = self.messages.send(Message::Resume);
    }

    /// Carries out what was asked, holds what is in its grace time, releases the rest, ends the thread. Waits for it no longer
    /// than `limit`: what is not written down by then is as the last commit left it.
    pub fn leave(self, limit: Duration) {
        let Self { messages, ended, thread } = self;
        // The thread works off what is in the channel, then finds nobody at its other end.
        drop(messages);
        if ended.recv_timeout(limit).is_err() {
            tracing::error!("the outbox's thread did not end in time");
        } else if thread.join().is_err() {
            tracing::error!("the outbox's thread ended badly");
        }
    }
}

fn work(
    keeping: Keeping,
    session: Session,
    inbox: &Receiver<Message>,
    tell: &(impl Fn(Notice) + Send),
) {
    let mut keeper = match open(keeping, session) {
        Ok((keeper, rows)) => {
            tell(rows);
            keeper
        }
        Err(why) => return refuse(&why, inbox, tell),
    };
    loop {
        // Whoever waits for an answer comes first; ledger and sending when nobody does.
        let message = match inbox.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => {
                keeper.claim(Moment::now()).into_iter().for_each(tell);
                keeper.write_ledger().into_iter().for_each(tell);
                keeper.take_recorded().into_iter().for_each(tell);
                match keeper.next_due() {
                    None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
                }
            }
        };
        let now = Moment::now();
        match message {
            Ok(Message::Ask(request)) => keeper.handle(request, now).into_iter().for_each(tell),
            Ok(Message::Halt(done)) => {
                keeper.halt();
                let _ = done.try_send(());
            }
            Ok(Message::Resume) => keeper.resume(now).into_iter().for_each(tell),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // Nobody listens any more: what is said here is for the log.
                for notice in keeper.leave(now) {
                    if let Notice::Trouble(why) = notice {
                        tracing::error!(why, "at the end");
                    }
                }
                return;
            }
        }
    }
}

fn open(keeping: Keeping, session: Session) -> Result<(Keeper, Notice), String> {
    let (folder, note) = match keeping {
        Keeping::Memory => (None, None),
        Keeping::Nowhere(why) => return Err(why),
        Keeping::Folder(state) => {
            let place = place::find(&state)?;
            (Some(place.folder), place.note)
        }
    };
    let (keeper, mut rows) =
        Keeper::open(folder.as_deref(), session, Moment::now()).map_err(|error| match &folder {
            Some(folder) => format!("{} ({})", error.told_of(keeper::FILE), folder.display()),
            None => error.told_of("memory"),
        })?;
    if let Notice::Rows { note: first, .. } = &mut rows {
        *first = note.or_else(|| first.take());
    }
    Ok((keeper, rows))
}

/// Without a place for rows nothing is kept, and everything that is asked says so.
fn refuse(why: &str, inbox: &Receiver<Message>, tell: &(impl Fn(Notice) + Send)) {
    tell(Notice::Trouble(format!("nothing can be sent: {why}")));
    while let Ok(message) = inbox.recv() {
        match message {
            Message::Ask(Request::Stage { tag, .. }) => {
                tell(Notice::NotStaged { tag, why: format!("NOT kept, NOT sent: {why}") })
            }
            Message::Ask(
                Request::Undo(id)
                | Request::Hasten(id)
                | Request::Resend(id)
                | Request::Drop(id)
                | Request::Settle(id, ..)
                | Request::Learn(id, _),
            ) => tell(Notice::Refused(id, why.to_owned())),
            Message::Ask(Request::Reread) => tell(Notice::Trouble(why.to_owned())),
            Message::Halt(done) => {
                let _ = done.try_send(());
            }
            Message::Resume => {}
        }
    }
}
