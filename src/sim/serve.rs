//! The way of a request: read it whole, look whether a fault strikes, let the product answer, send the answer (or spoil it).
//! One handler for every path: which product it is and whether it may pass is decided here, what it says is not.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request as HttpRequest, State as Extracted};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::fault::{Strike, What};
use super::link::{Links, Peer};
use super::time::http_date;
use super::wire::{Reply, Request};
use super::{Seen, State, arcanna, control, darktrace, lock};

/// Requests above this are refused with 413.
const BODY_MAX: usize = 64 << 20;
/// Requests remembered for `/__sim/state`.
const SEEN_MAX: usize = 2_000;
/// Characters of a body remembered.
const SEEN_BODY: usize = 4_096;

/// Serves until `shutdown`.
pub async fn run(
    links: Links,
    state: Arc<State>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let stop = state.stop.clone();
    let app = Router::new().fallback(answer).with_state(state);
    axum::serve(links, app.into_make_service_with_connect_info::<Peer>())
        .with_graceful_shutdown(async move {
            shutdown.await;
            stop.cancel();
        })
        .await
}

async fn answer(
    Extracted(state): Extracted<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: HttpRequest,
) -> Response {
    let now = state.now();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_MAX).await else {
        return send(Reply::json(413, &json!({"detail": "Request body too large"})), now);
    };
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts
            .headers
            .iter()
            .map(|(n, v)| {
                (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned())
            })
            .collect(),
        body: body.to_vec(),
        now,
    };
    if request.path.starts_with("/__sim/") {
        return send(control::answer(&state, &request, peer.address), now);
    }
    let strike = lock(&state.faults).strike(&request.method, &request.path);
    request.now += strike.skew * 1000;
    let number = remember(&state, &request);
    let delay = state.latency + strike.delay;
    if !delay.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = state.stop.cancelled() => {}
        }
    }
    spoil(&state, &peer, &request, strike, number).await
}

fn remember(state: &State, request: &Request) -> u64 {
    let mut seen = lock(&state.seen);
    let number = seen.back().map_or(0, |s| s.number + 1);
    if seen.len() == SEEN_MAX {
        seen.pop_front();
    }
    seen.push_back(Seen {
        at: request.now,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        body: request.text().chars().take(SEEN_BODY).collect(),
        status: None,
        number,
    });
    number
}

fn is_arcanna(path: &str) -> bool {
    path.starts_with("/api/v1/") || path.starts_with("/api/v2/")
}

/// What the product says.
fn act(state: &State, request: &Request) -> Reply {
    if is_arcanna(&request.path) {
        arcanna::answer(&mut state.arcanna(), &state.credentials, request)
    } else {
        darktrace::answer(&mut state.darktrace(), &state.credentials, request)
    }
}

/// A bare status as the product or the gateway in front of it would send it.
fn refusal(path: &str, status: u16, retry_after: Option<u64>) -> Reply {
    let reply = match status {
        502..=504 => Reply::gateway(status),
        _ if is_arcanna(path) => Reply::json(status, &json!({"detail": reason(status)})),
        // [OAS]: 401 has no body schema; [LAB]: 403 fits this body
        401 => Reply { status, kind: "application/json", headers: Vec::new(), body: Vec::new() },
        _ => Reply::json(status, &json!({"error": reason(status)})),
    };
    match retry_after {
        Some(seconds) => reply.with("retry-after", &seconds.to_string()),
        None => reply,
    }
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error")
}

async fn spoil(
    state: &Arc<State>,
    peer: &Peer,
    request: &Request,
    strike: Strike,
    number: u64,
) -> Response {
    let now = request.now;
    let note = |status: u16| {
        if let Some(seen) = lock(&state.seen).iter_mut().rev().find(|s| s.number == number) {
            seen.status = Some(status);
        }
    };
    let plain = |reply: Reply| {
        note(reply.status);
        send(reply, now)
    };
    let Some(what) = strike.what else {
        return plain(act(state, request));
    };
    match what {
        What::Status(status, retry) => plain(refusal(&request.path, status, retry)),
        What::Applied(status) => {
            act(state, request);
            plain(refusal(&request.path, status, None))
        }
        What::Html => plain(Reply::html(
            200,
            "Log In | Darktrace",
            "<form method=\"post\" action=\"/login\"></form>",
        )),
        What::Redirect(target) => plain(Reply::redirect(&target)),
        What::Empty => {
            let done = act(state, request);
            plain(Reply { status: 200, body: Vec::new(), ..done })
        }
        What::BadJson => {
            let mut reply = act(state, request);
            reply.body.truncate(reply.body.len() / 2);
            plain(reply)
        }
        What::Reset | What::AppliedReset => {
            if what == What::AppliedReset {
                act(state, request);
            }
            peer.cut();
            send(Reply::text(500, ""), now)
        }
        What::Hang => {
            state.stop.cancelled().await;
            peer.cut();
            send(Reply::text(500, ""), now)
        }
        What::Truncated => {
            let reply = act(state, request);
            note(reply.status);
            let half = Bytes::copy_from_slice(&reply.body[..reply.body.len() / 2]);
            let whole = reply.body.len().max(1);
            let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset));
            let pieces = stream::iter([Ok(half), broken]).then(|piece| async {
                // the first piece has to be on the wire before the connection breaks
                tokio::task::yield_now().await;
                piece
            });
            stream_of(reply, now, Some(whole), Body::from_stream(pieces))
        }
        What::Slow(pause) => {
            let reply = act(state, request);
            note(reply.status);
            let size = reply.body.len().div_ceil(32).max(1);
            let pieces: Vec<Bytes> = reply.body.chunks(size).map(Bytes::copy_from_slice).collect();
            let stop = state.stop.clone();
            let trickle = stream::iter(pieces).then(move |piece| wait(pause, stop.clone(), piece));
            let length = Some(reply.body.len());
            stream_of(reply, now, length, Body::from_stream(trickle))
        }
        What::Huge => {
            note(200);
            let piece = Bytes::from(vec![b' '; 1 << 20]);
            let pieces = stream::iter([Bytes::from_static(b"[")])
                .chain(stream::iter(std::iter::repeat_n(piece, 65)))
                .chain(stream::iter([Bytes::from_static(b"]")]))
                .map(Ok::<_, io::Error>);
            stream_of(Reply::json(200, &json!(null)), now, None, Body::from_stream(pieces))
        }
        What::Gzip => {
            let mut reply = act(state, request);
            if request.header("accept-encoding").is_some_and(|e| e.contains("gzip")) {
                reply.body = gzip(&reply.body);
                reply = reply.with("content-encoding", "gzip");
            }
            plain(reply)
        }
        // delays and the skew are never the one that decides: Faults::strike keeps them apart
        What::Latency(_) | What::Skew(_) => plain(act(state, request)),
    }
}

async fn wait(
    pause: Duration,
    stop: tokio_util::sync::CancellationToken,
    piece: Bytes,
) -> io::Result<Bytes> {
    tokio::select! {
        () = tokio::time::sleep(pause) => Ok(piece),
        () = stop.cancelled() => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

fn send(reply: Reply, now: i64) -> Response {
    let body = Body::from(reply.body.clone());
    stream_of(reply, now, None, body)
}

/// The head of a reply with another body. The Date header is ours, because a fault may put the clock off.
fn stream_of(reply: Reply, now: i64, length: Option<usize>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.kind));
    if let Ok(date) = HeaderValue::from_str(&http_date(now)) {
        headers.insert(header::DATE, date);
    }
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// A gzip file of stored blocks: compressed in form, which is all a client has to cope with.
fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = data.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let crc = data.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 }
        })
    });
    out.extend((!crc).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}
