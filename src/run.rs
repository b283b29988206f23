//! The loop: selects over terminal, queue, timer and signals; tells the app; carries out what it wants; draws once if
//! anything changed. The only place that reads the clock for the console.
//!
//! It never waits for the network: commands for a full queue are kept here until there is room, and channels are drained
//! before a frame is drawn.

mod away;
mod basket;
mod deeds;
mod deferred;
mod editor;
mod files;
mod lend;
mod pager;
pub mod pins_file;
mod settings;
mod signals;
mod turns;
pub mod views_file;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::app::{App, Effect, Event, Live};
use crate::outbox::{Keeping, Moment, Notice, Outbox, Request, Session};
use crate::pins::Pins;
use crate::queue::{self, Command, Limits, Queue};
use crate::sim;
use crate::store::{EventKey, Wish};
use crate::term::{Guard, Keys, Options, Screen, Typed, guard, hangup};
use crate::views::Views;
pub use deferred::{Connected, Deferred, Ready};
pub use files::Basket;
use files::Files;
use settings::Settings;
pub use settings::{Fresh, Hear, Heard, Told};
use signals::{Arrived, Signals};
use views_file::Keeper;

/// How long the process may stay after its terminal went away, and after it was told to end.
const LAST_SECOND: Duration = Duration::from_millis(800);

/// Of that: for writes under way to get their answer, for the outbox to hold and release its rows, for what the runtime
/// still does.
const LAST: [Duration; 3] =
    [Duration::from_millis(450), Duration::from_millis(250), Duration::from_millis(100)];

/// Signals this soon after another program had the terminal were that program's.
const RETURNED: Duration = Duration::from_millis(500);

/// Events taken in before a frame is drawn, so that a flood cannot keep the screen from being drawn.
const DRAIN: usize = 256;

/// What the console is started with.
pub struct Setup {
    /// What of the settings can change while it runs.
    pub fresh: Fresh,
    /// The files they come from: when one is saved, `hear` is asked.
    pub files: Vec<PathBuf>,
    /// Reads the settings again, and sets them for the session.
    pub hear: Hear,
    /// Makes the transport, in the background.
    pub connect: Connected,
    /// A simulator to serve inside this process.
    pub simulator: Option<sim::Bound>,
    /// The digits of labels from earlier sessions, and the file they are kept in; none for the demo.
    pub pins: (Pins, Option<PathBuf>),
    /// Views and searches kept under a name, or why their file is not understood; and the file, none for the demo.
    pub views: (Result<Views, String>, Option<PathBuf>),
    /// Where the evidence basket is kept.
    pub basket: Basket,
    /// The folder for exports; none for where the program was started.
    pub export_folder: Option<PathBuf>,
    /// Where writes are kept until they are sent.
    pub keeping: Keeping,
    /// Whose they are and where they may go.
    pub session: Session,
}

/// Why the console could not run or had to end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The person's keys are wrong; one sentence each.
    #[error("{}", .0.join("\n"))]
    Keys(Vec<String>),
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs the console until it is left. Returns sentences about writes that were not sent.
///
/// # Errors
/// Wrong keys in the settings, or a terminal that cannot be used. The terminal is as before in either case.
pub fn run(setup: Setup) -> Result<Vec<String>, RunError> {
    let Setup {
        fresh: Fresh { live, guard },
        files: watched,
        hear,
        connect,
        simulator,
        pins: (pins, pins_file),
        views: (views, views_file),
        basket,
        export_folder,
        keeping,
        session,
    } = setup;
    let (ascii, mouse) = (live.theme.glyphs.ascii, live.prefs.mouse);
    let now = Moment::now();
    let Live { prefs, theme, .. } = live.clone();
    let mut app = App::new(prefs, theme, &[], now).map_err(RunError::Keys)?;
    app.live(live).map_err(RunError::Keys)?;
    app.keeps(keeping != Keeping::Memory);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build()?;
    let signals = {
        let _entered = runtime.enter();
        Signals::catch()?
    };
    let mut screen = Screen::enter(Options { ascii, mouse, title: None })?;
    app.store.set_pins(pins);
    app.store.set_views(views, views_file.is_some());
    app.start(now);
    // The first frame needs nothing but the settings: it is on the screen before anything is asked.
    draw(&app, &mut screen)?;
    let left = runtime.block_on(async {
        let (tell, filed) = mpsc::channel(256);
        let files = Files::start(basket, export_folder, move |event| {
            // Nobody listens any more at the end: what was asked is done all the same.
            let _ = tell.blocking_send(event);
        })?;
        let places = (pins_file, files, filed);
        let screen = (screen, signals);
        let mut running =
            Loop::new(app, screen, guard, connect, simulator, (keeping, session), places)?;
        running.views = views_file.map(Keeper::start);
        running.settings = Settings::start(watched, hear)
            .inspect_err(|error| tracing::warn!(%error, "saved settings will not be noticed"))
            .ok();
        let ended = running.run().await;
        let left = Box::pin(running.leave()).await;
        ended.map(|()| left)
    });
    runtime.shutdown_timeout(LAST[2]);
    Ok(left?)
}

fn draw(app: &App, screen: &mut Screen) -> io::Result<usize> {
    screen.draw(|frame| {
        let area = frame.area();
        if let Some(cursor) = app.draw(area, frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    })
}

/// Why the loop goes round once more, or ends.
enum Turn {
    Typed(Option<Typed>),
    Report(crate::job::Report),
    Notice(Notice),
    Views(views_file::Told),
    Told(Told),
    Filed(Event),
    Room(mpsc::OwnedPermit<Command>),
    Resized,
    Clock,
    Interrupted,
    End,
    /// The queue has ended: nothing can be asked any more.
    Broken,
}

struct Loop {
    app: App,
    screen: Screen,
    guard: Guard,
    outbox: Outbox,
    notices: mpsc::Receiver<Notice>,
    /// Requests the outbox has no room for yet, in order.
    asked: VecDeque<Request>,
    queue: Queue,
    /// Commands the queue has no room for yet, in order.
    waiting: VecDeque<Command>,
    reports: mpsc::Receiver<crate::job::Report>,
    keys: Keys,
    typed: mpsc::Receiver<Typed>,
    signals: Signals,
    _watch: Option<hangup::Watch>,
    /// Where pins are kept.
    pins: Option<PathBuf>,
    /// Writes views and searches down.
    views: Option<Keeper>,
    /// Who reads the settings again.
    settings: Option<Settings>,
    files: Files,
    filed: mpsc::Receiver<Event>,
    /// The terminal shows plain lines until a key is pressed; nothing is drawn.
    aside: bool,
    /// When another program gave the terminal back.
    returned: Option<Instant>,
    /// The event under the cursor when the guard was last told.
    event: Option<EventKey>,
    /// Since when it has been on the screen.
    shown: Option<Instant>,
    dirty: bool,
    quit: bool,
}

impl Loop {
    fn new(
        app: App,
        (screen, signals): (Screen, Signals),
        limits: guard::Limits,
        connect: Connected,
        simulator: Option<sim::Bound>,
        (keeping, session): (Keeping, Session),
        (pins, files, filed): (Option<PathBuf>, Files, mpsc::Receiver<Event>),
    ) -> io::Result<Self> {
        if let Some(bound) = simulator {
            tokio::spawn(async move {
                if let Err(error) = bound.serve(std::future::pending()).await {
                    tracing::error!(%error, "the simulator ended");
                }
            });
        }
        let (tell, reports) = mpsc::channel(256);
        let queue = queue::start(Arc::new(Deferred::new(connect)), Limits::default(), tell);
        let (tell, notices) = mpsc::channel(256);
        let outbox = Outbox::start(keeping, session, move |notice| {
            // Nobody listens any more at the end: what matters is in the file.
            let _ = tell.blocking_send(notice);
        })?;
        let (deliver, typed) = mpsc::channel(1_024);
        let keys = Keys::start(move |typed| deliver.blocking_send(typed).is_ok())?;
        Ok(Self {
            app,
            screen,
            guard: Guard::new(limits),
            outbox,
            notices,
            asked: VecDeque::new(),
            queue,
            waiting: VecDeque::new(),
            reports,
            keys,
            typed,
            signals,
            // Without a terminal to watch (input from elsewhere) the closed reader ends the loop all the same.
            _watch: hangup::watch(LAST_SECOND, || {}).ok(),
            pins,
            views: None,
            settings: None,
            files,
            filed,
            aside: false,
            returned: None,
            event: None,
            shown: None,
            dirty: true,
            quit: false,
        })
    }

    async fn run(&mut self) -> io::Result<()> {
        loop {
            self.carry_out();
            if self.quit {
                return Ok(());
            }
            if self.dirty && !self.aside {
                self.frame()?;
            }
            match self.next().await {
                Turn::End => return Ok(()),
                Turn::Broken => {
                    return Err(io::Error::other("the action queue has ended; start again"));
                }
                turn => self.take(turn),
            }
            for _ in 0..DRAIN {
                if let Ok(typed) = self.typed.try_recv() {
                    self.take(Turn::Typed(Some(typed)));
                } else if let Ok(report) = self.reports.try_recv() {
                    self.take(Turn::Report(report));
                } else if let Ok(notice) = self.notices.try_recv() {
                    self.take(Turn::Notice(notice));
                } else if let Ok(event) = self.filed.try_recv() {
                    self.take(Turn::Filed(event));
                } else {
                    break;
                }
                // A key may have ended the program, or moved the cursor under the next one.
                self.carry_out();
                if self.quit {
                    return Ok(());
                }
            }
        }
    }

    /// Waits for whatever comes first.
    async fn next(&mut self) -> Turn {
        let deadline =
            [self.app.deadline(), self.guard.next_deadline()].into_iter().flatten().min();
        let room = self.queue.commands.clone();
        let waiting = !self.waiting.is_empty();
        tokio::select! {
            biased;
            arrived = self.signals.next() => match arrived {
                Arrived::End => Turn::End,
                Arrived::Interrupt => Turn::Interrupted,
                Arrived::Resized => Turn::Resized,
            },
            typed = self.typed.recv() => Turn::Typed(typed),
            Some(notice) = self.notices.recv() => Turn::Notice(notice),
            Some(told) = told_of_views(self.views.as_mut()) => Turn::Views(told),
            Some(told) = told_of_settings(self.settings.as_mut()) => Turn::Told(told),
            Some(event) = self.filed.recv() => Turn::Filed(event),
            report = self.reports.recv() => report.map_or(Turn::Broken, Turn::Report),
            permit = room.reserve_owned(), if waiting => permit.map_or(Turn::Broken, Turn::Room),
            () = sleep_until(deadline), if deadline.is_some() => Turn::Clock,
        }
    }

    fn frame(&mut self) -> io::Result<()> {
        self.dirty = false;
        draw(&self.app, &mut self.screen)?;
        self.app.drawn(self.event.clone());
        if self.event.is_some() {
            let now = Instant::now();
            self.shown.get_or_insert(now);
            self.guard.drawn(now);
        }
        Ok(())
    }

    /// Gives the terminal back, lets writes under way end and have their answers written down, holds what was in its grace
    /// time. Returns what was not sent.
    async fn leave(self) -> Vec<String> {
        let Self {
            mut app,
            screen,
            keys,
            queue,
            outbox,
            notices,
            mut asked,
            mut reports,
            views,
            files,
            filed,
            ..
        } = self;
        drop(keys);
        // Its thread must not wait for us while we wait for it.
        drop((notices, filed));
        if let Err(error) = screen.leave() {
            tracing::warn!(%error, "the terminal could not be restored");
        }
        let Queue { commands, done } = queue;
        drop(commands);
        let answers = async {
            while let Some(report) = reports.recv().await {
                app.update(Event::Report(report), Moment::now());
                for effect in app.take_effects() {
                    if let Effect::Wish(Wish::Outbox(request)) = effect {
                        asked.push_back(request);
                    }
                }
                while let Some(request) = asked.pop_front() {
                    if let Err(request) = outbox.ask(request) {
                        asked.push_front(request);
                        break;
                    }
                }
            }
        };
        if tokio::time::timeout(LAST[0], answers).await.is_err() {
            tracing::warn!("a write was still under way at the end");
        }
        done.abort();
        let mut unsent = app.unsent();
        if let Some(keeper) = views {
            unsent.extend(keeper.leave(LAST[2]).await);
        }
        outbox.leave(LAST[1]);
        files.leave(LAST[1]);
        unsent
    }
}

/// What came of the next change to views and searches.
async fn told_of_views(keeper: Option<&mut Keeper>) -> Option<views_file::Told> {
    match keeper {
        Some(keeper) => keeper.told().await,
        None => None,
    }
}

/// What is told of the settings, if anybody reads them.
async fn told_of_settings(settings: Option<&mut Settings>) -> Option<Told> {
    match settings {
        Some(settings) => settings.told.recv().await,
        None => None,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
