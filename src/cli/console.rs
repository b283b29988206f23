//! The console, live and as `demo`: the one place that hands the settings to the loop.

mod live;

use std::process::ExitCode;

use std::path::PathBuf;

use secrecy::SecretString;

use crate::api::Product;
use crate::api::arcanna::JobId;
use crate::api::darktrace::sign::QuerySigning;
use crate::api::http::{Auth, Endpoint, HttpTransport, Proxy};
use crate::command::{Prefs, Sampling};
use crate::config::{self, Loaded, Notes, Settings, Sources, ThemeName, TimeStyle};
use crate::outbox::{Keeping, Session};
use crate::pins::Pins;
use crate::run::{self, Basket, Connected, Ready, RunError, Setup, pins_file, views_file};
use crate::sim;
use crate::term::guard;
use crate::ui::theme::{Glyphs, Palette, Theme, is_utf8_locale};
use crate::ui::time::Mode;
use crate::views::Views;

use live::Tuning;

use super::{Exit, Failure, output};

/// Which console it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// On the configured products.
    Live,
    /// On the built-in simulator.
    Demo,
}

/// Opens the console on the configured products.
pub(super) fn live(sources: Sources, loaded: Loaded) -> Result<ExitCode, Failure> {
    let settings = loaded.settings.clone();
    if settings.arcanna.is_none() && settings.darktrace.is_none() {
        return Err(Failure::said(
            Exit::Configuration,
            "neither product has an address: set SOCDECK_ARCANNA_URL or SOCDECK_DARKTRACE_URL, or write a configuration with `socdeck init`; `socdeck demo` needs nothing",
        ));
    }
    let connect: Connected = Box::pin(async move {
        let built = config::endpoints(&settings, &Product::ALL).await;
        for note in &built.notes {
            tracing::warn!(note = note.as_str(), "a command of a secret said something");
        }
        let missing = built
            .missing
            .into_iter()
            .map(|missing| (missing.product, missing.class, missing.why))
            .collect();
        Ready { transport: HttpTransport::new(built.ready), missing }
    });
    let keeping = match &loaded.folders {
        Some(folders) => Keeping::Folder(folders.state.clone()),
        None => Keeping::Nowhere("HOME is not set, so there is no state folder".to_owned()),
    };
    let basket = match &loaded.folders {
        Some(folders) => {
            let name = of_profile(&loaded.settings, "evidence", "jsonl");
            Basket::Folder(folders.state.clone(), name)
        }
        None => Basket::Session("HOME is not set, so there is no state folder".to_owned()),
    };
    let (pins, views) = (pins(&loaded)?, views(&loaded));
    let setup = setup(sources, loaded, Kind::Live, connect, None, keeping);
    open(Setup { pins, views, basket, ..setup })
}

/// Opens the console on a simulator inside this process.
pub(super) fn demo(sources: Sources, loaded: Loaded) -> Result<ExitCode, Failure> {
    let bound = sim::bind(sim::Options::default())
        .map_err(|error| Failure::said(Exit::Refused, error.to_string()))?;
    let (url, credentials) = (bound.base_url(), bound.credentials());
    let connect: Connected = Box::pin(async move {
        let arcanna = Auth::Arcanna { api_key: SecretString::from(credentials.arcanna_api_key) };
        let darktrace = Auth::Darktrace {
            public: SecretString::from(credentials.darktrace_public_token),
            private: SecretString::from(credentials.darktrace_private_token),
            query: QuerySigning::AsSent,
        };
        let endpoint = |auth| Endpoint { proxy: Proxy::None, ..Endpoint::new(url.clone(), auth) };
        let endpoints =
            [(Product::Arcanna, endpoint(arcanna)), (Product::Darktrace, endpoint(darktrace))];
        Ready { transport: HttpTransport::new(endpoints), missing: Vec::new() }
    });
    // Never the person's real outbox: what is tried here must not wait for anybody.
    let keeping = Keeping::Memory;
    open(setup(sources, loaded, Kind::Demo, connect, Some(bound), keeping))
}

/// The name of a file that each profile has for itself.
fn of_profile(settings: &Settings, stem: &str, ending: &str) -> String {
    match &settings.profile {
        Some(profile) => format!("{stem}-{}.{ending}", crate::api::call::encode(profile)),
        None => format!("{stem}.{ending}"),
    }
}

/// The digits of labels from earlier sessions, one file per profile.
fn pins(loaded: &Loaded) -> Result<(Pins, Option<PathBuf>), Failure> {
    let Some(folders) = &loaded.folders else {
        return Ok((Pins::default(), None));
    };
    let path = folders.state.join(of_profile(&loaded.settings, "pins", "json"));
    let pins = pins_file::read(&path).map_err(|error| {
        let words = format!("{}: the digits of labels cannot be read ({error}); mend the file, or remove it to pin them anew", path.display());
        Failure::said(Exit::Configuration, words)
    })?;
    Ok((pins, Some(path)))
}

/// Views and searches kept under a name, beside the configuration. A file that is not understood keeps nobody from working:
/// the console says so, and leaves it alone.
fn views(loaded: &Loaded) -> (Result<Views, String>, Option<PathBuf>) {
    let beside = loaded.file.as_deref().and_then(std::path::Path::parent);
    let folder = beside.or(loaded.folders.as_ref().map(|folders| folders.config.as_path()));
    let path = folder.map(|folder| folder.join("views.toml"));
    (path.as_deref().map_or_else(|| Ok(Views::default()), views_file::read), path)
}

/// Unsent writes told one by one at the end.
const TOLD: usize = 10;

fn open(setup: Setup) -> Result<ExitCode, Failure> {
    let unsent = run::run(setup).map_err(|error| match error {
        RunError::Keys(_) => Failure::said(Exit::Configuration, error.to_string()),
        RunError::Terminal(_) => Failure::said(Exit::Refused, error.to_string()),
    })?;
    for line in unsent.iter().take(TOLD) {
        output::tell(line);
    }
    if unsent.len() > TOLD {
        output::tell(&format!("and {} more", unsent.len() - TOLD));
    }
    Ok(ExitCode::SUCCESS)
}

fn setup(
    sources: Sources,
    loaded: Loaded,
    kind: Kind,
    connect: Connected,
    simulator: Option<sim::Bound>,
    keeping: Keeping,
) -> Setup {
    let files = config::file_path(&sources).map(|(path, _)| path);
    let policy = sources.policy.as_ref().map(|policy| policy.path.clone());
    let files = files.into_iter().chain(policy).collect();
    let settings = loaded.settings.clone();
    let mut tuning = Tuning::new(sources, loaded, kind);
    let fresh = tuning.fresh();
    let session = session(&settings, &fresh.live.prefs, kind);
    Setup {
        fresh,
        files,
        hear: Box::new(move |heard| tuning.hear(heard)),
        connect,
        simulator,
        pins: (Pins::default(), None),
        views: (Ok(Views::default()), None),
        basket: Basket::Session("the demo keeps nothing".to_owned()),
        export_folder: settings.export.folder.clone(),
        keeping,
        session,
    }
}

fn guard_limits(settings: &Settings) -> guard::Limits {
    let limits = settings.guard;
    guard::Limits {
        escape: limits.escape,
        burst: limits.burst,
        lock: limits.unbound_lock,
        dwell: limits.dwell,
        repeat: limits.repeat,
        settle: limits.after_editor,
    }
}

fn time_mode(settings: &Settings) -> Mode {
    match settings.ui.time {
        TimeStyle::Utc => Mode::Utc,
        TimeStyle::Local => Mode::Local,
        TimeStyle::Age => Mode::Age,
    }
}

/// Whose writes they are and where they may go.
fn session(settings: &Settings, prefs: &Prefs, kind: Kind) -> Session {
    let url = |product| match product {
        Product::Arcanna => settings.arcanna.as_ref().map(|arcanna| &arcanna.link.url),
        Product::Darktrace => settings.darktrace.as_ref().map(|darktrace| &darktrace.link.url),
    };
    let origin = |product| {
        if kind == Kind::Demo {
            Some((product, "demo".to_owned()))
        } else {
            Some((product, url(product)?.clone()))
        }
    };
    Session {
        profile: settings.profile.clone().unwrap_or_default(),
        origins: Product::ALL.into_iter().filter_map(origin).collect(),
        environment: prefs.environment.clone(),
        analyst: prefs.analyst.clone(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        uid: rustix::process::getuid().as_raw(),
        hash_notes: settings.ledger.notes == Notes::Hash,
    }
}

fn prefs(settings: &Settings) -> Prefs {
    let (arcanna, darktrace) = (settings.arcanna.as_ref(), settings.darktrace.as_ref());
    let insecure = [
        (Product::Arcanna, arcanna.map(|arcanna| arcanna.link.insecure)),
        (Product::Darktrace, darktrace.map(|darktrace| darktrace.link.insecure)),
    ];
    let environment = [settings.ui.environment.as_deref(), settings.profile.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    Prefs {
        analyst: settings.analyst.username.clone(),
        environment: if environment.is_empty() { "socdeck".to_owned() } else { environment },
        read_only: settings.analyst.read_only,
        label_grace: settings.labels.grace,
        outward_grace: settings.labels.outward_grace,
        tag_grace: settings.labels.tag_grace,
        max_arm: settings.analyst.max_arm,
        low_confidence: f64::from(settings.labels.confidence_low_below),
        skip_bucket: settings.labels.skip_bucket,
        poll: arcanna
            .map_or((crate::catalogue::POLL_INTERVAL, crate::catalogue::POLL_TIMEOUT), |arcanna| {
                (arcanna.poll_interval, arcanna.poll_timeout)
            }),
        absent: insecure
            .iter()
            .filter(|(_, insecure)| insecure.is_none())
            .map(|(product, _)| *product)
            .collect(),
        unverified: insecure
            .iter()
            .filter(|(_, insecure)| *insecure == Some(true))
            .map(|(product, _)| *product)
            .collect(),
        default_job: arcanna.and_then(|arcanna| arcanna.default_job_id).map(JobId::from),
        mouse: settings.ui.mouse,
        hints: settings.ui.hints,
        own_domains: settings.watched.own_domains.clone(),
        settable: config::live_names().map(|name| (name, config::words_of(name))).collect(),
        blind: Sampling { every: settings.labels.blind_every, seed: seed() },
        allow_editor: settings.ui.allow_editor,
        darktrace_url: darktrace.map(|darktrace| darktrace.link.url.clone()),
    }
}

/// A number nobody knows beforehand: which answers are hidden cannot be worked out.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("blind")
}

fn theme(settings: &Settings) -> Theme {
    let wanted = match settings.ui.theme {
        ThemeName::Ansi16 => Palette::Ansi16,
        ThemeName::Mono => Palette::Mono,
        ThemeName::CbSafe => Palette::CbSafe,
        ThemeName::HighContrast => Palette::HighContrast,
    };
    let utf8 = is_utf8_locale(|name| std::env::var(name).ok());
    let glyphs = match settings.ui.ascii {
        Some(false) => Glyphs::for_locale(true, false),
        ascii => Glyphs::for_locale(utf8, ascii == Some(true)),
    };
    let theme = Theme::new(wanted, glyphs);
    // Where nobody named the environment there is none to be told from another by its colour.
    match settings.ui.environment {
        Some(_) => theme.with_environment(settings.ui.environment_colour.into()),
        None => theme,
    }
}
