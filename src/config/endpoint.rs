//! From settings to what the transport needs: the only place where secrets are revealed.

use std::fmt;

use secrecy::SecretString;

use crate::api::Product;
use crate::api::darktrace::sign::QuerySigning;
use crate::api::error::Class;
use crate::api::http::{Auth, Endpoint, Proxy, Tls};

use super::secret::Secret;
use super::settings::{Link, ProxyChoice, Settings, SignQuery};

/// What the transport can be built of, and what it cannot.
#[derive(Debug, Default)]
pub struct Endpoints {
    /// The products that can be asked.
    pub ready: Vec<(Product, Endpoint)>,
    /// The products that cannot, with the reason.
    pub missing: Vec<Missing>,
    /// What commands said while they printed a secret; foreign text, not cleaned.
    pub notes: Vec<String>,
}

/// Why a product cannot be asked. Foreign words of a command may be in it: clean it before a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The product.
    pub product: Product,
    /// What is missing, and how to set it.
    pub why: String,
    /// [`Class::Configuration`] when nothing is set, [`Class::Credentials`] when a command gave no secret.
    pub class: Class,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.product, self.why)
    }
}

/// Builds the endpoints of the products that are wanted; runs the commands of their secrets and of no others.
/// Needs a tokio runtime.
pub async fn endpoints(settings: &Settings, wanted: &[Product]) -> Endpoints {
    let mut built = Endpoints::default();
    for &product in wanted {
        let made = match product {
            Product::Arcanna => arcanna(settings, &mut built.notes).await,
            Product::Darktrace => darktrace(settings, &mut built.notes).await,
        };
        match made {
            Ok(endpoint) => built.ready.push((product, endpoint)),
            Err((class, why)) => built.missing.push(Missing { product, why, class }),
        }
    }
    built
}

type Refused = (Class, String);

async fn arcanna(settings: &Settings, notes: &mut Vec<String>) -> Result<Endpoint, Refused> {
    let Some(arcanna) = &settings.arcanna else {
        return Err(unset("it has no address", "arcanna.url", "SOCDECK_ARCANNA_URL"));
    };
    let key = ("arcanna.api_key_command", "SOCDECK_ARCANNA_API_KEY");
    let auth =
        Auth::Arcanna { api_key: reveal(arcanna.api_key.as_ref(), "API key", key, notes).await? };
    Ok(endpoint(&arcanna.link, auth))
}

async fn darktrace(settings: &Settings, notes: &mut Vec<String>) -> Result<Endpoint, Refused> {
    let Some(darktrace) = &settings.darktrace else {
        return Err(unset("it has no address", "darktrace.url", "SOCDECK_DARKTRACE_URL"));
    };
    let public = ("darktrace.public_token_command", "SOCDECK_DARKTRACE_PUBLIC_TOKEN");
    let private = ("darktrace.private_token_command", "SOCDECK_DARKTRACE_PRIVATE_TOKEN");
    let auth = Auth::Darktrace {
        public: reveal(darktrace.public_token.as_ref(), "public token", public, notes).await?,
        private: reveal(darktrace.private_token.as_ref(), "private token", private, notes).await?,
        query: match darktrace.sign_query {
            SignQuery::Sent => QuerySigning::AsSent,
            SignQuery::Decoded => QuerySigning::Decoded,
        },
    };
    Ok(endpoint(&darktrace.link, auth))
}

fn unset(what: &str, key: &str, variable: &str) -> Refused {
    (Class::Configuration, format!("{what}: set {key} in the configuration file, or {variable}"))
}

async fn reveal(
    secret: Option<&Secret>,
    what: &str,
    (key, variable): (&str, &str),
    notes: &mut Vec<String>,
) -> Result<SecretString, Refused> {
    let Some(secret) = secret else {
        return Err(unset(&format!("it has no {what}"), key, variable));
    };
    match secret.reveal().await {
        Ok(revealed) => {
            notes.extend(revealed.note.map(|note| format!("{}: {note}", secret.place())));
            Ok(revealed.value)
        }
        Err(error) => Err((Class::Credentials, format!("{what}: {error}"))),
    }
}

fn endpoint(link: &Link, auth: Auth) -> Endpoint {
    Endpoint {
        url: link.url.clone(),
        auth,
        tls: if link.insecure { Tls::Insecure } else { Tls::Verified },
        ca_file: link.ca_file.clone(),
        pins: link.pins.clone(),
        proxy: match &link.proxy {
            ProxyChoice::System => Proxy::System,
            ProxyChoice::None => Proxy::None,
            ProxyChoice::Url(url) => Proxy::Url(url.clone()),
        },
        connect_timeout: link.connect_timeout,
        timeout: link.timeout,
    }
}
