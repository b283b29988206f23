//! The control desk under `/__sim/`: tests put faults in force and read back what the server has seen. It is no part of
//! either product, and answers loopback peers only.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::fault::parse_fault;
use super::time::zulu;
use super::wire::{Reply, Request};
use super::{State, lock};

/// Answers one control request.
pub fn answer(state: &State, request: &Request, peer: SocketAddr) -> Reply {
    if !peer.ip().is_loopback() {
        return Reply::json(403, &json!({"error": "the control desk answers loopback only"}));
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/__sim/state") => Reply::ok(&dump(state)),
        ("GET", "/__sim/faults") => Reply::ok(&faults(state)),
        ("DELETE", "/__sim/faults") => {
            lock(&state.faults).clear();
            Reply::ok(&json!([]))
        }
        ("POST", "/__sim/faults") => add(state, request),
        ("PUT", "/__sim/scopes") => {
            match request.json().and_then(|v| serde_json::from_value::<Vec<String>>(v).ok()) {
                Some(scopes) => {
                    state.arcanna().scopes.clone_from(&scopes);
                    Reply::ok(&json!(scopes))
                }
                None => Reply::json(
                    400,
                    &json!({"error": "a JSON array of scopes is wanted, e.g. [\"read:event_query\"]"}),
                ),
            }
        }
        _ => Reply::json(
            404,
            &json!({"error": "there is GET /__sim/state, GET POST DELETE /__sim/faults and PUT /__sim/scopes"}),
        ),
    }
}

fn add(state: &State, request: &Request) -> Reply {
    let specs = match request.json() {
        Some(Value::Array(list)) => {
            list.iter().map(|v| v.as_str().unwrap_or_default().to_owned()).collect()
        }
        Some(Value::String(one)) => vec![one],
        _ => vec![request.text()],
    };
    let parsed: Result<Vec<_>, String> = specs.iter().map(|s| parse_fault(s)).collect();
    match parsed {
        Ok(list) => {
            let mut faults = lock(&state.faults);
            for fault in list {
                faults.add(fault);
            }
            drop(faults);
            Reply::ok(&self::faults(state))
        }
        Err(error) => Reply::json(400, &json!({"error": error})),
    }
}

fn faults(state: &State) -> Value {
    lock(&state.faults).list().iter().map(|f| json!({"spec": f.spec(), "left": f.left()})).collect()
}

fn dump(state: &State) -> Value {
    let requests: Value = lock(&state.seen)
        .iter()
        .map(|s| {
            json!({
                "at": zulu(s.at), "method": s.method, "path": s.path, "query": s.query, "body": s.body, "status": s.status,
            })
        })
        .collect();
    let now = state.now();
    json!({
        "now": zulu(now),
        "seed": state.seed,
        "faults": faults(state),
        "requests": requests,
        "arcanna": state.arcanna().dump(now),
        "darktrace": state.darktrace().dump(now),
    })
}
