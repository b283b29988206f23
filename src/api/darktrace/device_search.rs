//! Searching devices by text and filters, page by page.

use super::super::value::{Body, Shape};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{array, call, missing, object, rows, said, unexpected};

/// What orders a device search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display)]
#[strum(serialize_all = "camelCase")]
pub enum OrderBy {
    /// Priority.
    Priority,
    /// Host name.
    Hostname,
    /// Address.
    Ip,
    /// Hardware address.
    #[strum(serialize = "macaddress")]
    Mac,
    /// Maker.
    Vendor,
    /// Operating system.
    Os,
    /// When first seen.
    FirstSeen,
    /// When last seen.
    #[default]
    LastSeen,
    /// Label.
    #[strum(serialize = "devicelabel")]
    Label,
    /// Type.
    #[strum(serialize = "typelabel")]
    Type,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Order {
    /// Least first.
    #[default]
    Asc,
    /// Greatest first.
    Desc,
}

/// The most a page of the device search can hold `[OAS]`.
pub const SEARCH_MAX: u32 = 300;

/// Searches devices: `GET /devicesearch` `[OAS]`. Looks back 28 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSearch {
    /// Free text in quotes, or `label: tag: type: hostname: ip: mac: vendor: os:` with `*`; empty: every device.
    pub query: String,
    /// Rows per page, at most [`SEARCH_MAX`].
    pub count: u32,
    /// Rows to skip.
    pub offset: u64,
    /// What orders the rows.
    pub order_by: OrderBy,
    /// Which end comes first.
    pub order: Order,
}

/// A page of devices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DevicePage {
    /// The rows.
    pub devices: Vec<Device>,
    /// How many there are on all pages.
    pub total: Option<u64>,
}

impl Operation for DeviceSearch {
    type Output = DevicePage;

    fn call(&self) -> Result<Call, BadInput> {
        if !(1..=SEARCH_MAX).contains(&self.count) {
            return Err(BadInput::new(
                "count",
                &self.count.to_string(),
                format!("it is not between 1 and {SEARCH_MAX}"),
            ));
        }
        let call = call("device search", Method::Get, Path::fixed("/devicesearch"))
            .query("count", self.count.to_string())
            .query("offset", self.offset.to_string())
            .query("order", self.order.to_string())
            .query("orderBy", self.order_by.to_string());
        if self.query.is_empty() {
            return Ok(call);
        }
        said("search", &self.query)?;
        Ok(call.query("query", &self.query))
    }

    fn decode(&self, answer: &Answer) -> Result<DevicePage, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        if node.shape() == Shape::Array {
            return Ok(DevicePage { devices: rows(array(node)?, "", Device::read)?, total: None });
        }
        let fields = object(node)?;
        let total = fields.count("totalCount");
        let devices = match fields.get("devices") {
            Some(devices) => rows(
                devices.items().ok_or_else(|| unexpected("devices", "an array", devices))?,
                "devices",
                Device::read,
            )?,
            None if total.is_some() => Vec::new(),
            None => return Err(missing("devices")),
        };
        Ok(DevicePage { devices, total })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn search(query: &str) -> DeviceSearch {
        DeviceSearch {
            query: query.into(),
            count: 100,
            offset: 200,
            order_by: OrderBy::default(),
            order: Order::Desc,
        }
    }

    #[test]
    fn without_a_query_none_is_sent() {
        assert_eq!(
            wire(&search("")),
            "Read GET /devicesearch?count=100&offset=200&order=desc&orderBy=lastSeen"
        );
    }

    #[test]
    fn the_call_is_exact() {
        assert_eq!(
            wire(&search(r#"tag:"x y" hostname:"h*""#)),
            "Read GET /devicesearch?count=100&offset=200&order=desc&orderBy=lastSeen&query=tag%3A%22x%20y%22%20hostname%3A%22h%2A%22"
        );
    }

    #[test]
    fn every_order_has_its_wire_word() {
        use OrderBy::{FirstSeen, Hostname, Ip, Label, LastSeen, Mac, Os, Priority, Type, Vendor};
        let all = [Priority, Hostname, Ip, Mac, Vendor, Os, FirstSeen, LastSeen, Label, Type];
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            words.join(" "),
            "priority hostname ip macaddress vendor os firstSeen lastSeen devicelabel typelabel"
        );
        assert_eq!(Order::Asc.to_string(), "asc");
    }

    #[test]
    fn a_search_that_cannot_be_sent_is_refused() {
        for count in [0, 301] {
            let bad = DeviceSearch { count, ..search("x") };
            assert!(refused(&bad).starts_with("count"));
        }
        assert!(refused(&search("a\nb")).starts_with("search"));
        assert!(refused(&search(" ")).starts_with("search"));
    }

    #[test]
    fn a_page_of_a_search() {
        let page = decode(
            &search("x"),
            r#"{"totalCount":301,"offset":200,"count":1,"devices":[{"did":0,"firstSeen":null}]}"#,
        )
        .unwrap();
        assert_eq!((page.total, page.devices.len()), (Some(301), 1));
        assert_eq!(page.devices[0].did, Some(0));
        let none = decode(&search("x"), r#"{"totalCount":0,"devices":[]}"#).unwrap();
        assert_eq!((none.total, none.devices.len()), (Some(0), 0));
        assert_eq!(decode(&search("x"), "[]").unwrap(), DevicePage::default());
        assert_eq!(place(&search("x"), "{}"), "devices");
        assert_eq!(place(&search("x"), r#"{"devices":[1]}"#), "devices[0]");
        assert_eq!(place(&search("x"), r#"{"devices":7}"#), "devices");
        assert_eq!(place(&search("x"), "7"), ".");
    }

    #[test]
    fn an_error_body_is_a_refusal() {
        assert_eq!(
            cause(&search("x"), r#"{"response":"INPUT ERROR"}"#),
            Cause::Refused("INPUT ERROR".into())
        );
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&search("x"));
    }
}
