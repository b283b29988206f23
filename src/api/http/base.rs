//! The base URL of an endpoint, and the one place where a request's address is put together.
//! Never builds an address the parser would change: what is checked and signed is what is sent.

use reqwest::Url;

/// A checked base URL: origin and an optional path prefix without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// `https://host[:port]`, the port only where it is not the scheme's own.
    pub origin: String,
    /// `/prefix`, or nothing.
    pub prefix: String,
    /// Host, as a person knows it.
    pub host: String,
    /// Whether the connection is encrypted.
    pub https: bool,
    /// Whether the host is this machine.
    pub loopback: bool,
}

impl Base {
    /// Reads a base URL as settings hold it. Says what is wrong without repeating what could hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if text.is_empty() {
            return Err("the URL is empty".into());
        }
        if !lower.starts_with("https://") && !lower.starts_with("http://") {
            return Err("the URL must start with https:// or http://".into());
        }
        let url = Url::parse(text).map_err(|error| format!("the URL cannot be read: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL must not hold a user name or password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the URL must end with the host or a path: no ? and no #".into());
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err("the URL names no host".into());
        };
        let prefix = url.path().trim_end_matches('/');
        if prefix.contains("//") {
            return Err("the URL's path holds an empty part (//)".into());
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            prefix: prefix.to_owned(),
            host: host.to_owned(),
            https: url.scheme() == "https",
            loopback: is_loopback(host),
        })
    }

    /// The address of a target (`/path?query`). `None` when parsing would change a byte of it: nothing may be sent then.
    pub fn join(&self, target: &str) -> Option<Url> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let url = Url::parse(&format!("{}{}{target}", self.origin, self.prefix)).ok()?;
        let same = url.path().strip_prefix(self.prefix.as_str()) == Some(path)
            && path.starts_with('/')
            && url.query() == query
            && url.fragment().is_none()
            && url.origin().ascii_serialization() == self.origin;
        same.then_some(url)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_normalised() {
        let cases = [
            ("https://arcanna.ai/", "https://arcanna.ai", ""),
            ("HTTPS://Arcanna.AI:443", "https://arcanna.ai", ""),
            (" http://10.0.0.1:9666 ", "http://10.0.0.1:9666", ""),
            ("https://x/soc/arcanna//", "https://x", "/soc/arcanna"),
            ("http://[::1]:8080/", "http://[::1]:8080", ""),
        ];
        for (text, origin, prefix) in cases {
            let base = Base::parse(text).unwrap();
            assert_eq!((base.origin.as_str(), base.prefix.as_str()), (origin, prefix));
        }
        for (text, loopback) in [
            ("http://localhost:1", true),
            ("http://127.9.0.1", true),
            ("http://[::1]", true),
            ("http://10.0.0.1", false),
            ("https://localhost.example", false),
        ] {
            assert_eq!(Base::parse(text).unwrap().loopback, loopback, "{text}");
        }
    }

    #[test]
    fn unusable_base_urls_are_refused_without_repeating_them() {
        for text in [
            "",
            "arcanna.ai",
            "ftp://x",
            "https://",
            "https://user:hunter2@x",
            "https://hunter2@x",
            "https://x/?key=hunter2",
            "https://x/#hunter2",
            "https://x/a//b",
            "https://a b",
        ] {
            let why = Base::parse(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn an_address_the_parser_would_change_is_not_made() {
        let base = Base::parse("https://x/soc/").unwrap();
        assert_eq!(
            base.join("/api/v1/jobs/?a=b%20c").unwrap().as_str(),
            "https://x/soc/api/v1/jobs/?a=b%20c"
        );
        for target in [
            "/a/../b",
            "/a/./b",
            "/a/%2e%2e/b",
            "/a b",
            "/a?b c",
            "/a#b",
            "/a\\b",
            "/ü",
            "a",
            "",
            "/a\n",
            "/a?b#c",
            "@evil/",
        ] {
            assert!(base.join(target).is_none(), "{target:?}");
        }
        let rooted = Base::parse("https://x").unwrap();
        for target in ["@evil/x", ":99/x", ".evil/x", "//../x"] {
            assert!(rooted.join(target).is_none(), "{target:?}");
        }
    }
}
