//! Whether the appliance is there, and how it is. Changes nothing.

use super::super::value::{Body, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{call, object};

/// Asks how the appliance is: `GET /status` `[OAS, IBM]`. Needs the Status permission; other calls may work without it.
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&Status { fast: true }),
            "Read GET /status?fast=true&includechildren=false"
        );
        assert_eq!(wire(&Status::default()), "Read GET /status");
    }

    #[test]
    fn a_status_is_read_with_all_its_plain_values() {
        let report = decode(
            &Status { fast: true },
            r#"{"version":"7.1.0 (4ff13d8c)","time":"2026-01-02 03:04:05","hostname":"dt","label":"","uptime":"3 days",
                "diskUtilization":12,"models":null,"modelsBreached":"7","newDevices24Hours":3,
                "activeDevices24Hours":120.0,"probes":{"a":1},"instances":[{},{}],"antigenaNetworkEnabled":true}"#,
        )
        .unwrap();
        assert_eq!(report.version.as_deref(), Some("7.1.0 (4ff13d8c)"));
        assert_eq!(report.time.unwrap().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!((report.label, report.models_breached), (None, Some(7)));
        assert_eq!((report.new_devices, report.active_devices), (Some(3), Some(120)));
        assert_eq!(report.instances, Some(2));
        let names: Vec<&str> = report.values.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names[..4], ["version", "time", "hostname", "label"]);
        assert!(!names.contains(&"probes") && names.ends_with(&["antigenaNetworkEnabled"]));

        let unified = decode(&Status::default(), r#"{"instances":{"a":{},"b":{},"c":{}}}"#);
        assert_eq!(unified.unwrap().instances, Some(3));
        assert_eq!(decode(&Status::default(), "{}").unwrap(), StatusReport::default());
    }

    #[test]
    fn refusals_and_other_shapes() {
        assert_eq!(
            cause(&Status::default(), r#"{"error":"Forbidden"}"#),
            Cause::Refused("Forbidden".into())
        );
        assert_eq!(place(&Status::default(), "[]"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&Status::default());
    }
}
