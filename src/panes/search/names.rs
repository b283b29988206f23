//! Field names that are offered while one types: a help, never a limit. Any other name is asked as it stands.

use crate::api::darktrace::search::Analysis;

/// Names of the records' fields, those an analyst asks for most first.
pub const FIELDS: [&str; 24] = [
    "@fields.dest_ip",
    "@fields.source_ip",
    "@fields.dest_port",
    "@type",
    "@fields.host",
    "@fields.query",
    "@fields.server_name",
    "@fields.user_agent",
    "@fields.uri",
    "@fields.method",
    "@fields.proto",
    "@fields.service",
    "@fields.duration",
    "@fields.orig_bytes",
    "@fields.resp_bytes",
    "@fields.orig_pkts",
    "@fields.resp_pkts",
    "@fields.conn_state",
    "@fields.version",
    "@fields.dest_host",
    "@fields.source_host",
    "@fields.source_port",
    "@fields.uid",
    "@fields.epochdate",
];

/// What each analysis works out, in a person's words.
pub const OPERATIONS: [(Analysis, &str); 4] = [
    (Analysis::Terms, "all values, counted"),
    (Analysis::Score, "the most frequent values"),
    (Analysis::Trend, "values that come up or die down"),
    (Analysis::Mean, "least, mean and greatest of a number"),
];

/// The names that what is typed may become, the likeliest first: those that begin so, then those that hold it.
pub fn matching<'a>(typed: &str, own: &'a [String]) -> Vec<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let bare = typed.strip_prefix("@fields.").or_else(|| typed.strip_prefix('@')).unwrap_or(&typed);
    let tail = |name: &'a str| name.strip_prefix("@fields.").unwrap_or(&name[1..]);
    let mut all: Vec<&str> = FIELDS.to_vec();
    all.extend(
        own.iter()
            .map(String::as_str)
            .filter(|name| name.starts_with('@') && !FIELDS.contains(name)),
    );
    let (mut begin, rest): (Vec<&str>, Vec<&str>) =
        all.into_iter().partition(|name| name.starts_with(&typed) || tail(name).starts_with(bare));
    begin.extend(rest.into_iter().filter(|name| tail(name).contains(bare)));
    begin
}

/// A metric as it is asked: a known name without its `@fields.` gets it.
pub fn whole(metric: &str) -> String {
    let metric = metric.trim();
    let known =
        |name: &&&str| **name == format!("@fields.{metric}") || **name == format!("@{metric}");
    FIELDS.iter().find(known).map_or_else(|| metric.to_owned(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_beginning_then_by_what_they_hold() {
        let own = vec!["@fields.ja3".to_owned(), "typo".to_owned(), "@type".to_owned()];
        assert_eq!(matching("@fields.dest_p", &own), ["@fields.dest_port"]);
        assert_eq!(matching("@ty", &own), ["@type"]);
        assert_eq!(matching("ip", &own), ["@fields.dest_ip", "@fields.source_ip"]);
        assert_eq!(matching("@fields.j", &own), ["@fields.ja3"]);
        assert_eq!(matching("@fields.", &own).len(), FIELDS.len() + 1);
        assert!(matching("@fields.nothing", &own).is_empty());
    }

    #[test]
    fn a_known_name_may_be_written_short() {
        assert_eq!(whole(" dest_ip "), "@fields.dest_ip");
        assert_eq!(whole("type"), "@type");
        assert_eq!(whole("@fields.dest_ip"), "@fields.dest_ip");
        assert_eq!(whole("ja3"), "ja3");
    }
}
