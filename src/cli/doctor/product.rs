//! One product: can it be reached, is it who it claims to be, do the clocks agree, is the key accepted, what may it do.

use std::time::Duration;

use crate::api::arcanna::health::{Health, Scopes};
use crate::api::arcanna::jobs::Jobs;
use crate::api::darktrace::status::Status;
use crate::api::darktrace::tags::Tags;
use crate::api::error::{Class, Redirect};
use crate::api::http::HttpTransport;
use crate::api::{ApiError, Cause, Operation, Product, Transport};
use crate::config::{Link, Settings, endpoints};

use super::{Chapter, Exit, Line, State};

/// Clocks further apart than this, in seconds, deserve a word: the `Date` header itself is good for one or two.
const SKEW_WORTH_A_WORD: i64 = 5;

/// Tests a product as it is configured.
pub(super) async fn test(settings: &Settings, product: Product) -> Chapter {
    let link = match product {
        Product::Arcanna => settings.arcanna.as_ref().map(|arcanna| &arcanna.link),
        Product::Darktrace => settings.darktrace.as_ref().map(|darktrace| &darktrace.link),
    };
    let Some(link) = link else {
        let variable = format!("SOCDECK_{}_URL", product.to_string().to_uppercase());
        let words = "not configured: it is left out";
        return Chapter {
            title: product.to_string(),
            lines: vec![
                Line::new("address", State::Note, words)
                    .next(format!("set its url in the configuration file, or {variable}")),
            ],
        };
    };
    let built = endpoints(settings, &[product]).await;
    let mut lines: Vec<Line> = built
        .missing
        .iter()
        .map(|missing| Line::new("credentials", State::Fault(missing.class.into()), &missing.why))
        .chain(built.notes.iter().map(|note| Line::new("command", State::Note, note)))
        .collect();
    if !built.ready.is_empty() {
        let transport = HttpTransport::new(built.ready);
        lines.extend(match product {
            Product::Arcanna => arcanna(&transport, link).await,
            Product::Darktrace => darktrace(&transport, link).await,
        });
        pin(&mut lines, &transport, product, link);
    }
    Chapter { title: format!("{product}  {}", link.url), lines }
}

/// What came of one operation.
struct Tried<T> {
    result: Result<T, ApiError>,
    skew_s: Option<i64>,
    took: Option<Duration>,
}

async fn attempt<O: Operation>(transport: &dyn Transport, operation: &O) -> Tried<O::Output> {
    let refused = |error: ApiError| Tried { skew_s: error.skew_s, result: Err(error), took: None };
    let call = match operation.call() {
        Ok(call) => call,
        Err(bad) => return refused(bad.into()),
    };
    match transport.send(&call).await {
        Err(error) => refused(error),
        Ok(answer) => Tried {
            result: operation
                .decode(&answer)
                .map_err(|cause| ApiError::answered(&call, &answer, cause)),
            skew_s: answer.skew_s,
            took: Some(answer.took),
        },
    }
}

async fn arcanna(transport: &dyn Transport, link: &Link) -> Vec<Line> {
    let health = attempt(transport, &Health).await;
    let (mut lines, reached) = reach(Product::Arcanna, link, &health);
    if !reached {
        return lines;
    }
    let accepted = match &health.result {
        Ok(_) => Line::new("credentials", State::Ok, "the API key is accepted"),
        Err(error) => fault(entrance(error), error),
    };
    let entered = accepted.state == State::Ok;
    lines.push(accepted);
    if !entered {
        lines.push(Line::new("permission", State::Untested, ""));
        return lines;
    }
    lines.push(match attempt(transport, &Jobs).await.result {
        Ok(jobs) if jobs.is_empty() => {
            Line::new("permission", State::Note, "the key is assigned to no job")
                .next("assign it to jobs in Arcanna's settings of API keys")
        }
        Ok(jobs) => Line::new("permission", State::Ok, count(jobs.len(), "job")),
        Err(error) => fault("permission", &error),
    });
    lines.push(match attempt(transport, &Scopes).await.result {
        Ok(granted) if granted.scopes.is_empty() => {
            Line::new("v2 scopes", State::Note, "none: lists of events and metrics stay empty")
        }
        Ok(granted) => Line::new("v2 scopes", State::Ok, granted.scopes.join(", ")),
        // an input key has no scopes: everything of the v1 API works all the same
        Err(error) => Line::new("v2 scopes", State::Note, sentence(&error))
            .next("none needed for jobs, labels and training; lists of events need a key of the management API"),
    });
    lines
}

async fn darktrace(transport: &dyn Transport, link: &Link) -> Vec<Line> {
    let status = attempt(transport, &Status { fast: true }).await;
    let (mut lines, reached) = reach(Product::Darktrace, link, &status);
    if !reached {
        return lines;
    }
    let error = match &status.result {
        Ok(report) => {
            let version = report.version.as_deref().unwrap_or("of an unnamed version");
            lines.push(Line::new(
                "credentials",
                State::Ok,
                "the tokens and the signature are accepted",
            ));
            lines.push(Line::new("permission", State::Ok, format!("status: Darktrace {version}")));
            return lines;
        }
        Err(error) => error,
    };
    if matches!(*error.cause, Cause::Clock) {
        lines.push(Line::new(
            "credentials",
            State::Untested,
            "they cannot be told from a wrong clock",
        ));
        lines.push(Line::new("permission", State::Untested, ""));
        return lines;
    }
    if matches!(*error.cause, Cause::Credentials(_)) {
        lines.push(fault("credentials", error));
        lines.push(Line::new("permission", State::Untested, ""));
        return lines;
    }
    // status needs a permission of its own: only another call tells whether the token is good
    match attempt(transport, &Tags).await.result {
        Ok(tags) => {
            lines.push(Line::new(
                "credentials",
                State::Ok,
                "the tokens and the signature are accepted",
            ));
            let words = format!(
                "{} can be read, but not the status: {}",
                count(tags.len(), "tag"),
                sentence(error)
            );
            let next = if permission(error) {
                "nothing, unless you want it: give the token's user the Status permission"
                    .to_owned()
            } else {
                error.explain().next
            };
            lines.push(Line::new("permission", State::Note, words).next(next));
        }
        Err(second) if permission(&second) => {
            lines.push(Line::new(
                "credentials",
                State::Ok,
                "the tokens and the signature are accepted",
            ));
            lines.push(fault("permission", &second));
        }
        Err(second) => {
            lines.push(fault(entrance(&second), &second));
            lines.push(Line::new("permission", State::Untested, ""));
        }
    }
    lines
}

/// Whether the signature was fine and only the permission is missing.
fn permission(error: &ApiError) -> bool {
    matches!(
        *error.cause,
        Cause::Forbidden(_) | Cause::Redirect(Redirect::Login | Redirect::Denied)
    )
}

/// The topic an answered failure belongs to.
fn entrance(error: &ApiError) -> &'static str {
    match error.class() {
        Class::Credentials if permission(error) => "permission",
        Class::Credentials => "credentials",
        _ => "answer",
    }
}

/// What the first call tells of the way there: whether the product was reached, its certificate, its clock.
fn reach<T>(product: Product, link: &Link, tried: &Tried<T>) -> (Vec<Line>, bool) {
    let untested = |topic| Line::new(topic, State::Untested, "");
    if let Err(error) = &tried.result {
        match &*error.cause {
            Cause::Tls(_) | Cause::Unpinned(_) => {
                return (
                    vec![
                        Line::new("reach", State::Ok, "connected"),
                        fault("certificate", error),
                        untested("clock"),
                        untested("credentials"),
                    ],
                    false,
                );
            }
            cause if error.status.is_none() || matches!(cause, Cause::AnswerTimeout(_)) => {
                return (
                    vec![
                        fault("reach", error),
                        untested("certificate"),
                        untested("clock"),
                        untested("credentials"),
                    ],
                    false,
                );
            }
            // something answered, but it is not the product: a proxy's page, a half answer, another origin
            _ if error.class() == Class::Network => {
                return (
                    vec![fault("reach", error), certificate(link), untested("credentials")],
                    false,
                );
            }
            _ => {}
        }
    }
    let words = match tried.took {
        Some(took) => format!("answered in {} ms", took.as_millis()),
        None => "answered".to_owned(),
    };
    let reach = Line::new("reach", State::Ok, words);
    (vec![reach, certificate(link), clock(product, tried)], true)
}

fn certificate(link: &Link) -> Line {
    if link.in_the_clear() {
        return Line::new(
            "certificate",
            State::Note,
            "none: the connection is not encrypted, and the credentials can be read on the way",
        )
        .next("use https://");
    }
    if !link.url.to_lowercase().starts_with("https://") {
        return Line::new("certificate", State::Ok, "none needed: the server is on this machine");
    }
    if link.insecure {
        return Line::new("certificate", State::Note, "TLS OFF: any certificate is trusted")
            .next("set ca_file to the company's authority, and insecure = false");
    }
    Line::new("certificate", State::Ok, "verified")
}

/// Says behind the certificate what could be pinned, or that it is.
fn pin(lines: &mut Vec<Line>, transport: &HttpTransport, product: Product, link: &Link) {
    let at = lines.iter().position(|line| line.topic == "certificate");
    let (Some(at), Some(presented)) = (at, transport.presented(product)) else {
        return;
    };
    let (key, whole) = (hex::encode(presented.key), hex::encode(presented.certificate));
    let state = if link.pins.is_empty() { "none set" } else { "as pinned" };
    let words =
        format!("{state}; SHA-256 of the public key {key}, of the whole certificate {whole}");
    lines.insert(at + 1, Line::new("pin", State::Ok, words));
}

fn clock<T>(product: Product, tried: &Tried<T>) -> Line {
    if let Err(error) = &tried.result
        && matches!(*error.cause, Cause::Clock)
    {
        return fault("clock", error);
    }
    match tried.skew_s {
        None => Line::new("clock", State::Note, "the answer had no date to compare with"),
        Some(skew) if skew.abs() <= SKEW_WORTH_A_WORD => {
            Line::new("clock", State::Ok, format!("{} s apart", skew.abs()))
        }
        Some(skew) => {
            let side = if skew > 0 { "ahead of" } else { "behind" };
            let words = format!("your clock is {} s {side} {product}", skew.abs());
            Line::new("clock", State::Note, words).next("set this machine's clock by NTP")
        }
    }
}

fn fault(topic: &'static str, error: &ApiError) -> Line {
    let exit = Exit::from(error.class());
    Line::new(topic, State::Fault(exit), sentence(error)).next(error.explain().next)
}

/// What happened and why, on one line.
fn sentence(error: &ApiError) -> String {
    let told = error.explain();
    if told.why.is_empty() {
        told.what
    } else {
        format!("{}: {}", told.what.trim_end_matches('.'), told.why)
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
