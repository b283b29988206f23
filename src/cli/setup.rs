//! What an operation needs besides its arguments: a transport to its product, and what the settings fill in.

use crate::api::Product;
use crate::api::http::HttpTransport;
use crate::catalogue::Defaults;
use crate::config::{self, Settings, Sources};

use super::exec::Setup;
use super::{Exit, Failure, output};

/// Loads the configuration and readies one product; the other product's commands are not run.
///
/// # Errors
/// The configuration is wrong, or says nothing usable of this product.
pub(super) async fn of(sources: &Sources, product: Product) -> Result<Setup, Failure> {
    let loaded = super::loaded(sources)?;
    let built = config::endpoints(&loaded.settings, &[product]).await;
    for note in &built.notes {
        output::tell(note);
    }
    if let Some(missing) = built.missing.first() {
        return Err(Failure::said(Exit::from(missing.class), missing.to_string()));
    }
    Ok(Setup {
        transport: Box::new(HttpTransport::new(built.ready)),
        defaults: defaults(&loaded.settings),
        read_only: loaded.settings.analyst.read_only,
    })
}

/// What the settings say where an argument is left out.
fn defaults(settings: &Settings) -> Defaults {
    let arcanna = settings.arcanna.as_ref();
    Defaults {
        job_id: arcanna.and_then(|arcanna| arcanna.default_job_id),
        username: settings.analyst.username.clone(),
        poll_interval: arcanna.map(|arcanna| arcanna.poll_interval),
        poll_timeout: arcanna.map(|arcanna| arcanna.poll_timeout),
    }
}
