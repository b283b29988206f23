//! The console without a terminal: the real app, queue and outbox on the built-in simulator, its screen a buffer. Time passes
//! only when it is told to; answers are waited for, with a deadline.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use secrecy::SecretString;
use socdeck::api::Product;
use socdeck::api::darktrace::sign::QuerySigning;
use socdeck::api::http::{Auth, Endpoint, HttpTransport, Proxy};
use socdeck::app::{App, Effect, Event};
use socdeck::command::Prefs;
use socdeck::job::Report;
use socdeck::outbox::{Keeper, Moment, Session};
use socdeck::queue::{self, Command, Limits, Queue};
use socdeck::sim;
use socdeck::store::Wish;
use socdeck::ui::theme::Theme;
use tokio::sync::mpsc;

/// How long an answer may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// See the module.
pub struct Desk {
    /// The program's state.
    pub app: App,
    /// What the loop would have handed out of the program: copies and exports.
    pub handed: Vec<String>,
    outbox: Keeper,
    queue: Queue,
    reports: mpsc::Receiver<Report>,
    now: Moment,
}

/// Settings as the demonstration has them.
pub fn prefs() -> Prefs {
    Prefs {
        analyst: Some("ana.pop".into()),
        environment: "DEMO".into(),
        read_only: false,
        label_grace: Duration::from_secs(5),
        outward_grace: Duration::from_secs(30),
        tag_grace: Duration::from_secs(30),
        max_arm: Duration::from_secs(3_600),
        low_confidence: 60.0,
        skip_bucket: false,
        poll: (Duration::from_secs(1), Duration::from_secs(60)),
        absent: Vec::new(),
        unverified: Vec::new(),
        default_job: None,
        mouse: false,
        hints: true,
        allow_editor: true,
        own_domains: Vec::new(),
        settable: Vec::new(),
        blind: socdeck::store::Sampling::default(),
        darktrace_url: None,
    }
}

impl Desk {
    /// Opens the console on a simulator of its own and waits for the first pane.
    pub async fn open(theme: Theme) -> Self {
        Self::with(theme, prefs()).await
    }

    /// The same with other settings.
    pub async fn with(theme: Theme, prefs: Prefs) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bound = sim::bind(sim::Options::default()).expect("the simulator finds a port");
        let (url, credentials) = (bound.base_url(), bound.credentials());
        tokio::spawn(bound.serve(std::future::pending()));
        let endpoint = |auth| Endpoint { proxy: Proxy::None, ..Endpoint::new(url.clone(), auth) };
        let arcanna = Auth::Arcanna { api_key: SecretString::from(credentials.arcanna_api_key) };
        let darktrace = Auth::Darktrace {
            public: SecretString::from(credentials.darktrace_public_token),
            private: SecretString::from(credentials.darktrace_private_token),
            query: QuerySigning::AsSent,
        };
        let transport = HttpTransport::new([
            (Product::Arcanna, endpoint(arcanna)),
            (Product::Darktrace, endpoint(darktrace)),
        ]);
        let (tell, reports) = mpsc::channel(1_024);
        let queue = queue::start(std::sync::Arc::new(transport), Limits::default(), tell);
        let now = Moment::now();
        let mut desk = Self {
            app: App::new(prefs, theme, &[], now).expect("the built-in keys are sound"),
            handed: Vec::new(),
            outbox: Keeper::open(None, Session::nowhere(), now).expect("memory is there").0,
            queue,
            reports,
            now,
        };
        desk.app.start(now);
        desk.settle().await;
        desk
    }

    /// Carries out what the app wants and waits until nothing is under way.
    pub async fn settle(&mut self) {
        let begin = Instant::now();
        loop {
            self.carry_out();
            if self.app.store.jobs.is_idle() {
                return;
            }
            let left = DEADLINE.saturating_sub(begin.elapsed());
            let report = tokio::time::timeout(left, self.reports.recv())
                .await
                .expect("answers come within the deadline")
                .expect("the queue runs");
            self.app.update(Event::Report(report), self.now);
        }
    }

    fn carry_out(&mut self) {
        loop {
            let effects = self.app.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Wish(Wish::Run(action)) => {
                        let command = Command::Run(action);
                        self.queue.commands.try_send(command).expect("the queue has room");
                    }
                    Effect::Wish(Wish::Cancel(ticket)) => {
                        let command = Command::Cancel(ticket);
                        self.queue.commands.try_send(command).expect("the queue has room");
                    }
                    Effect::Wish(Wish::Outbox(request)) => {
                        for notice in self.outbox.handle(request, self.now) {
                            self.app.update(Event::Notice(notice), self.now);
                        }
                    }
                    Effect::Copy(text) | Effect::Export { text, .. } => self.handed.push(text),
                    _ => {}
                }
            }
        }
    }

    /// One key, as it comes from the terminal; label keys count because the screen shows the event.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.app.drawn(self.app.event());
        self.app.update(Event::Key(KeyEvent::new(code, modifiers)), self.now);
        self.carry_out();
    }

    /// Types text; `\r` is Enter, `\t` Tab, `\x07` ^G.
    pub fn keys(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\r' => self.key(KeyCode::Enter, KeyModifiers::NONE),
                '\t' => self.key(KeyCode::Tab, KeyModifiers::NONE),
                '\x07' => self.key(KeyCode::Char('g'), KeyModifiers::CONTROL),
                c => self.key(KeyCode::Char(c), KeyModifiers::NONE),
            }
        }
    }

    /// Types text and waits for what it leads to, a rest of the cursor included.
    pub async fn go(&mut self, text: &str) {
        self.keys(text);
        self.settle().await;
        self.pass(Duration::from_millis(500));
        self.settle().await;
    }

    /// Lets time pass: deadlines of app and outbox come due.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        for notice in self.outbox.claim(self.now) {
            self.app.update(Event::Notice(notice), self.now);
        }
        self.app.update(Event::Tick, self.now);
        self.carry_out();
    }

    /// A frame of this size.
    pub fn frame(&self, width: u16, height: u16) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        self.app.draw(buf.area, &mut buf);
        buf
    }

    /// A frame as lines.
    pub fn text(&self, width: u16, height: u16) -> String {
        let buf = self.frame(width, height);
        let mut out = String::new();
        for y in 0..height {
            let line: String = (0..width).map(|x| buf[(x, y)].symbol()).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}
