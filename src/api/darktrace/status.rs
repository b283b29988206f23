//! Whether the appliance is there, and how it is. Changes nothing.

use super::super::value::{Body, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{call, object};

/// Asks how the appliance is: `GET /status` [OAS, IBM]. Needs the Status permission; other calls may work without it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Only what is known without asking probes: the quick check of the connection.
    pub fast: bool,
}

/// What the appliance says of itself. Everything may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatusReport {
    /// `7.1.0 (4ff13d8c)`
    pub version: Option<String>,
    /// The appliance's time.
    pub time: Option<Time>,
    /// Its host name.
    pub hostname: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// Since when it runs, in its own words.
    pub uptime: Option<String>,
    /// Devices active in the last 24 hours.
    pub active_devices: Option<u64>,
    /// Devices first seen in the last 24 hours.
    pub new_devices: Option<u64>,
    /// Models that breached.
    pub models_breached: Option<u64>,
    /// Appliances below a Unified View.
    pub instances: Option<usize>,
    /// Every plain value of the answer by its name, in the server's order.
    pub values: Vec<(String, String)>,
}

impl Operation for Status {
    type Output = StatusReport;

    fn call(&self) -> Result<Call, BadInput> {
        let call = call("status", Method::Get, Path::fixed("/status"));
        Ok(if self.fast {
            call.query("fast", "true").query("includechildren", "false")
        } else {
            call
        })
    }

    fn decode(&self, answer: &Answer) -> Result<StatusReport, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        let plain = |shape| matches!(shape, Shape::Text | Shape::Number | Shape::Boolean);
        Ok(StatusReport {
            version: fields.word("version"),
            time: fields.time("time"),
            hostname: fields.word("hostname"),
            label: fields.word("label"),
            uptime: fields.word("uptime"),
            active_devices: fields.count("activeDevices24Hours"),
            new_devices: fields.count("newDevices24Hours"),
            models_breached: fields.count("modelsBreached"),
            instances: fields.get("instances").map(|node| {
                let members = node.fields().map(|fields| fields.len());
                members.unwrap_or_else(|| node.one_or_many().len())
            }),
            values: fields
                .iter()
                .filter(|(_, node)| plain(node.shape()))
                .map(|(name, node)| (name.to_owned(), node.line()))
                .collect(),
        })
    }
}
