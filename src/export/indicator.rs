//! Indicators: refanged on the way in, typed and checked, defanged on the way out.
//!
//! Whatever form a person pastes (`hxxps://cats[.]com/a`, `8(.)8[dot]8.8:9200`) is understood; whatever leaves is in a
//! form no ticket system turns into a link. Checking is strict: a thing that is not clearly an address, a name or a URL is
//! said not to be one, with the reason. No name is resolved and nothing is looked up.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use running::defang_text;

mod running;

/// A typed, refanged indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indicator {
    /// One address, perhaps with a port.
    Ip {
        /// The address.
        addr: IpAddr,
        /// The port that stood behind it.
        port: Option<u16>,
    },
    /// A range of addresses.
    Net {
        /// Its first part as written.
        addr: IpAddr,
        /// Bits of the prefix.
        prefix: u8,
    },
    /// A host or domain name in lower case, perhaps with a port.
    Host {
        /// The name, without a final dot.
        name: String,
        /// The port that stood behind it.
        port: Option<u16>,
    },
    /// A URL, or a name with a path.
    Url {
        /// The scheme in lower case; empty if none was written.
        scheme: String,
        /// Its host: an [`Indicator::Ip`] or [`Indicator::Host`] with the port.
        host: Box<Indicator>,
        /// Path, query and fragment as written.
        path: String,
    },
    /// A mail address.
    Email {
        /// The part before the at sign.
        user: String,
        /// The part behind it.
        domain: String,
    },
    /// None of these.
    Unknown {
        /// What was given, refanged.
        text: String,
        /// Why it is nothing.
        why: &'static str,
    },
}

impl Indicator {
    /// One word for what it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ip { .. } => "ip",
            Self::Net { .. } => "network",
            Self::Host { .. } => "hostname",
            Self::Url { .. } => "url",
            Self::Email { .. } => "email",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The address or name to look up, without port and path; none for networks and unknown things.
    pub fn target(&self) -> Option<String> {
        match self {
            Self::Ip { addr, .. } => Some(addr.to_string()),
            Self::Host { name, .. } => Some(name.clone()),
            Self::Url { host, .. } => host.target(),
            Self::Email { domain, .. } => Some(domain.clone()),
            Self::Net { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Whether it lies inside somebody's network: a private, local or multicast address, or a name without a domain.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Ip { addr, .. } | Self::Net { addr, .. } => is_internal(*addr),
            Self::Host { name, .. } => is_internal_name(name),
            Self::Url { host, .. } => host.is_internal(),
            Self::Email { domain, .. } => is_internal_name(domain),
            Self::Unknown { .. } => false,
        }
    }

    /// An IPv6 address that needs brackets in a URL.
    fn is_bare_v6(&self) -> bool {
        matches!(self, Self::Ip { addr: IpAddr::V6(_), port: None })
    }

    /// The form that is safe to paste anywhere: `8[.]8[.]8[.]8`, `hxxps://cats[.]com/a`, `2001[:]db8[:][:]1`.
    pub fn defanged(&self) -> String {
        match self {
            Self::Ip { addr: addr @ IpAddr::V6(_), port: Some(port) } => {
                format!("[{}]:{port}", bracket_ip(*addr))
            }
            Self::Ip { addr, port } => with_port(bracket_ip(*addr), *port),
            Self::Net { addr, prefix } => format!("{}/{prefix}", bracket_ip(*addr)),
            Self::Host { name, port } => with_port(name.replace('.', "[.]"), *port),
            Self::Url { scheme, host, path } => {
                let scheme = match scheme.as_str() {
                    "" => String::new(),
                    s if s.starts_with("http") => format!("hxxp{}://", &s[4..]),
                    "ftp" => "fxp://".into(),
                    s => format!("{s}[:]//"),
                };
                let path = crate::ui::text::clean(path);
                if host.is_bare_v6() {
                    format!("{scheme}[{}]{path}", host.defanged())
                } else {
                    format!("{scheme}{}{path}", host.defanged())
                }
            }
            Self::Email { user, domain } => format!("{user}[@]{}", domain.replace('.', "[.]")),
            Self::Unknown { text, .. } => defang_text(text),
        }
    }
}

/// The raw form, as it is sent to a service.
impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip { addr: IpAddr::V6(a), port: Some(p) } => write!(f, "[{a}]:{p}"),
            Self::Ip { addr, port } => f.write_str(&with_port(addr.to_string(), *port)),
            Self::Net { addr, prefix } => write!(f, "{addr}/{prefix}"),
            Self::Host { name, port } => f.write_str(&with_port(name.clone(), *port)),
            Self::Url { scheme, host, path } => {
                let separator = if scheme.is_empty() { "" } else { "://" };
                if host.is_bare_v6() {
                    write!(f, "{scheme}{separator}[{host}]{path}")
                } else {
                    write!(f, "{scheme}{separator}{host}{path}")
                }
            }
            Self::Email { user, domain } => write!(f, "{user}@{domain}"),
            Self::Unknown { text, .. } => f.write_str(text),
        }
    }
}

fn with_port(mut host: String, port: Option<u16>) -> String {
    if let Some(p) = port {
        let _ = write!(host, ":{p}");
    }
    host
}

fn bracket_ip(addr: IpAddr) -> String {
    match addr {
        IpAddr::V4(a) => a.to_string().replace('.', "[.]"),
        IpAddr::V6(a) => a.to_string().replace(':', "[:]"),
    }
}

/// Whether an address is private, local, shared (carrier NAT), unspecified or multicast.
pub fn is_internal(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(a) => {
            let [first, second, ..] = a.octets();
            a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_unspecified()
                || a.is_broadcast()
                || a.is_multicast()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(a) => match a.to_ipv4_mapped() {
            Some(v4) => is_internal(v4.into()),
            None => {
                a.is_loopback()
                    || a.is_unspecified()
                    || a.is_multicast()
                    || a.is_unique_local()
                    || a.is_unicast_link_local()
            }
        },
    }
}

fn is_internal_name(name: &str) -> bool {
    match name.rsplit_once('.') {
        None => true,
        Some((_, top)) => matches!(
            top,
            "local" | "lan" | "internal" | "intranet" | "corp" | "home" | "localdomain"
        ),
    }
}

/// Undoes every common way of making an indicator harmless. Text without any of them is borrowed, trimmed.
pub fn refang(s: &str) -> Cow<'_, str> {
    const FORMS: [(&str, &str); 19] = [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("{dot}", "."),
        ("\\.", "."),
        ("。", "."),
        ("．", "."),
        ("[@]", "@"),
        ("(@)", "@"),
        ("[at]", "@"),
        ("(at)", "@"),
        ("{at}", "@"),
        ("[://]", "://"),
        ("[:]", ":"),
        ("(:)", ":"),
        ("[/]", "/"),
        ("{:}", ":"),
    ];
    let mut text = Cow::Borrowed(strip(s));
    // what is nested comes out one layer at a time; every round makes the text shorter
    let mut changed = true;
    while changed {
        changed = false;
        for (form, plain) in FORMS {
            if let Some(new) = replace_ignoring_case(&text, form, plain) {
                text = Cow::Owned(strip(&new).to_owned());
                changed = true;
            }
        }
    }
    // only at the beginning: a path may hold such letters by itself
    for (form, plain) in
        [("hxxp", "http"), ("h**p", "http"), ("hxtp", "http"), ("htxp", "http"), ("fxp:", "ftp:")]
    {
        if text.get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form)) {
            text = Cow::Owned(format!("{plain}{}", &text[form.len()..]));
        }
    }
    text
}

/// Takes blanks, quotes, angle brackets and sentence ends off.
fn strip(s: &str) -> &str {
    s.trim_start_matches(|c: char| c.is_whitespace() || "<\"'`".contains(c))
        .trim_end_matches(|c: char| c.is_whitespace() || ">\"'`,;.".contains(c))
}

fn replace_ignoring_case(s: &str, form: &str, plain: &str) -> Option<String> {
    let find = |from: usize| {
        s.as_bytes()[from..]
            .windows(form.len())
            .position(|w| w.eq_ignore_ascii_case(form.as_bytes()))
            .map(|at| from + at)
    };
    let mut at = find(0)?;
    let mut out = String::with_capacity(s.len());
    let mut done = 0;
    loop {
        out.push_str(&s[done..at]);
        out.push_str(plain);
        done = at + form.len();
        match find(done) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.push_str(&s[done..]);
    Some(out)
}

/// Types what a person gave, in any defanged form.
pub fn classify(s: &str) -> Indicator {
    let text = refang(s);
    let unknown = |why| Indicator::Unknown { text: text.clone().into_owned(), why };
    if text.is_empty() {
        return unknown("nothing was given");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return unknown("it has blanks or control characters in it");
    }
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Indicator::Ip { addr, port: None };
    }
    if let Some((addr, prefix)) = text.split_once('/')
        && let Ok(addr) = addr.parse::<IpAddr>()
        && let Ok(prefix) = prefix.parse::<u8>()
    {
        let most = if addr.is_ipv4() { 32 } else { 128 };
        return if prefix <= most {
            Indicator::Net { addr, prefix }
        } else {
            unknown("the prefix is too long")
        };
    }
    let result = match text.split_once("://") {
        Some((scheme, rest)) => url(scheme, rest),
        None if text.contains(['/', '?', '#', '\\']) => url("", &text),
        None if text.contains('@') => email(&text),
        None => host(&text),
    };
    result.unwrap_or_else(unknown)
}

fn url(scheme: &str, rest: &str) -> Result<Indicator, &'static str> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if !scheme.chars().all(valid) {
        return Err("the scheme of the URL is not valid");
    }
    // browsers take a backslash for a slash
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // what stands before an at sign is a user name, however much it looks like a host
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host(authority)?;
    Ok(Indicator::Url {
        scheme: scheme.to_ascii_lowercase(),
        host: Box::new(host),
        path: path.to_owned(),
    })
}

fn email(text: &str) -> Result<Indicator, &'static str> {
    let (user, domain) = text.rsplit_once('@').ok_or("it has no at sign")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if user.is_empty() || !user.chars().all(valid) {
        return Err("the part before the at sign is not valid");
    }
    Ok(Indicator::Email { user: user.to_owned(), domain: name(domain)? })
}

/// An address or name with an optional port.
fn host(text: &str) -> Result<Indicator, &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let (addr, port) = rest.split_once(']').ok_or("a bracket is not closed")?;
        let addr: Ipv6Addr =
            addr.parse().map_err(|_| "what stands in brackets is no IPv6 address")?;
        let port = match port.strip_prefix(':') {
            Some(p) => Some(self::port(p)?),
            None if port.is_empty() => None,
            None => return Err("something stands behind the address"),
        };
        return Ok(Indicator::Ip { addr: addr.into(), port });
    }
    let (text, port) = match text.split_once(':') {
        Some((_, p)) if p.contains(':') => return Err("it is no valid IPv6 address"),
        Some((host, p)) => (host, Some(self::port(p)?)),
        None => (text, None),
    };
    if let Ok(addr) = text.parse::<Ipv4Addr>() {
        return Ok(Indicator::Ip { addr: addr.into(), port });
    }
    Ok(Indicator::Host { name: name(text)?, port })
}

fn port(text: &str) -> Result<u16, &'static str> {
    match text.parse() {
        Ok(p) if p > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(p),
        _ => Err("the port is not valid"),
    }
}

/// Checks a host name and returns it in lower case.
fn name(text: &str) -> Result<String, &'static str> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Err("the host name is empty");
    }
    if !text.is_ascii() {
        return Err("it has letters beyond ASCII: give the xn-- form");
    }
    if text.len() > 253 {
        return Err("the host name is longer than 253 characters");
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err("a part of the host name is empty or longer than 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("a part of the host name begins or ends with a hyphen");
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err("the host name has characters that no name has");
        }
    }
    let last = text.rsplit('.').next().unwrap_or(text);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    if last.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err("it looks like an address but is no valid one");
    }
    Ok(text.to_ascii_lowercase())
}

/// One indicator in its harmless form, whatever form it came in. Internal ones too: the caller decides.
pub fn defang(s: &str) -> String {
    classify(s).defanged()
}

#[cfg(test)]
mod tests;
