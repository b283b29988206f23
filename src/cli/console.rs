//! The console, live and as `demo`: the one place that hands the settings to the loop.

use std::process::ExitCode;

use std::path::PathBuf;

use secrecy::SecretString;

use crate::api::Product;
use crate::api::arcanna::JobId;
use crate::api::darktrace::sign::QuerySigning;
use crate::api::http::{Auth, Endpoint, HttpTransport, Proxy};
use crate::command::Prefs;
use crate::config::{self, Loaded, Notes, Settings, ThemeName};
use crate::keymap::Override;
use crate::outbox::{Keeping, Session};
use crate::pins::Pins;
use crate::run::{self, Basket, Connected, Ready, RunError, Setup, pins_file};
use crate::sim;
use crate::term::guard;
use crate::ui::theme::{Glyphs, Palette, Theme, is_utf8_locale};

use super::{Exit, Failure, output};

/// Opens the console on the configured products.
pub(super) fn live(loaded: &Loaded) -> Result<ExitCode, Failure> {
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
    let settings = &loaded.settings;
    let basket = match &loaded.folders {
        Some(folders) => {
            Basket::Folder(folders.state.clone(), of_profile(settings, "evidence", "jsonl"))
        }
        None => Basket::Session("HOME is not set, so there is no state folder".to_owned()),
    };
    let setup = setup(settings, prefs(settings), connect, None, keeping);
    open(Setup { pins: pins(loaded)?, basket, ..setup })
}

/// Opens the console on a simulator inside this process.
pub(super) fn demo(loaded: &Loaded) -> Result<ExitCode, Failure> {
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
    let settings = &loaded.settings;
    let prefs = Prefs {
        analyst: Some(settings.analyst.username.clone().unwrap_or_else(|| "demo".to_owned())),
        environment: "DEMO".to_owned(),
        absent: Vec::new(),
        unverified: Vec::new(),
        default_job: None,
        darktrace_url: None,
        ..prefs(settings)
    };
    // Never the person's real outbox: what is tried here must not wait for anybody.
    let keeping = Keeping::Memory;
    open(setup(settings, prefs, connect, Some(bound), keeping))
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
    settings: &Settings,
    prefs: Prefs,
    connect: Connected,
    simulator: Option<sim::Bound>,
    keeping: Keeping,
) -> Setup {
    let limits = settings.guard;
    let session = session(settings, &prefs, simulator.is_some());
    Setup {
        prefs,
        theme: theme(settings),
        keys: settings
            .keys
            .iter()
            .map(|key| Override {
                id: key.row.clone(),
                chords: key.chords.clone(),
                place: key.place.to_string(),
            })
            .collect(),
        guard: guard::Limits {
            escape: limits.escape,
            burst: limits.burst,
            lock: limits.unbound_lock,
            dwell: limits.dwell,
            repeat: limits.repeat,
            settle: limits.after_editor,
        },
        connect,
        simulator,
        pins: (Pins::default(), None),
        basket: Basket::Session("the demo keeps nothing".to_owned()),
        export_folder: settings.export.folder.clone(),
        keeping,
        session,
    }
}

/// Whose writes they are and where they may go.
fn session(settings: &Settings, prefs: &Prefs, demo: bool) -> Session {
    let url = |product| match product {
        Product::Arcanna => settings.arcanna.as_ref().map(|arcanna| &arcanna.link.url),
        Product::Darktrace => settings.darktrace.as_ref().map(|darktrace| &darktrace.link.url),
    };
    let origin = |product| {
        if demo {
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
        low_confidence: f64::from(settings.labels.confidence_low_below),
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
        allow_editor: settings.ui.allow_editor,
        darktrace_url: darktrace.map(|darktrace| darktrace.link.url.clone()),
    }
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
    Theme::new(wanted, glyphs)
}
