//! The appliance about itself: `/status`, `/time`, `/summarystatistics`. Contract darktrace.md §4.8.

use serde_json::{Value, json};

use super::super::time::{DAY, spaced};
use super::super::wire::{Reply, Request};
use super::model::World;

/// `GET /status`.
pub fn status(world: &World, request: &Request) -> Reply {
    let day = request.now - DAY;
    let mut out = json!({
        "excessTraffic": false, "time": spaced(request.now), "installed": spaced(world.start - 400 * DAY),
        "version": "7.1.0 (4ff13d8c)", "modelsUpdated": spaced(world.start - 3 * DAY), "hostname": "dt-0001-01",
        "label": "Simulator", "ipAddress": "127.0.0.1", "uptime": "31 days", "license": "valid", "type": "master",
        "diskUtilization": 41, "load": 18, "memoryUsed": 63, "cpu": 22, "dataQueue": 0, "bandwidthCurrent": 182_000_000,
        "bandwidthAverage": 121_000_000, "bandwidth7DayPeak": 903_000_000, "models": 812, "modelsBreached": world.breaches.len(),
        "modelsSuppressed": 4, "newDevices24Hours": world.devices.iter().filter(|d| d.first > day).count(),
        "activeDevices24Hours": world.devices.iter().filter(|d| d.last > day).count(), "antigenaNetworkEnabled": false,
        "uuid": "6f1b0a5e-0000-4000-8000-000000000001",
    });
    if request.flag("includechildren", true) {
        out["probes"] = json!({"1": {"id": 1, "version": "7.1.0 (4ff13d8c)", "hostname": "dt-0001-02", "time": spaced(request.now)}});
    }
    Reply::ok(&out)
}

/// `GET /time`.
pub fn time(request: &Request) -> Reply {
    // Assumption: the shape; only the call is known.
    Reply::ok(&json!({"time": spaced(request.now), "timems": request.now}))
}

/// `GET /summarystatistics`.
pub fn summary(world: &World, request: &Request) -> Reply {
    let typed = |name: &str| world.devices.iter().filter(|d| d.typename == name).count();
    let subnets: Value = {
        let mut sids: Vec<i64> = world.devices.iter().map(|d| d.sid).filter(|s| *s > 0).collect();
        sids.sort_unstable();
        sids.dedup();
        json!(sids.len())
    };
    let recent = world.breaches.iter().filter(|b| b.time > request.now - 28 * DAY).count();
    // Assumption: the shape; only the call and its use as a connection test are known.
    Reply::ok(&json!({
        "usercredentials": 20, "subnets": subnets, "patterns": 88_213, "bandwidth": [], "devicecount": {
            "unknown": 0, "laptop": typed("laptop"), "desktop": typed("desktop"), "server": typed("server"),
        },
        "modelbreaches": recent,
    }))
}
