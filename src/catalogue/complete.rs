//! What could follow in a line that is being typed: command names, argument names, allowed values.
//!
//! Must not: look anything up; labels, jobs and tags are the console's to add.

use super::{ALL, Entry, Kind, Need, find};

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The byte at which the replaced part of the line begins; it ends where the line ends.
    pub from: usize,
    /// What stands there instead; an argument ends with `=`.
    pub text: String,
    /// One line about it.
    pub help: String,
}

/// Candidates for the end of a line, in the catalogue's order; what must be given comes before what may be.
pub fn complete(line: &str) -> Vec<Candidate> {
    let from = line
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
    let word = &line[from..];
    let head = line.split_whitespace().next().unwrap_or("");
    if line[..from].trim().is_empty() {
        return names(word, from);
    }
    match find(head) {
        Some(_) if inside_quotes(&line[..from]) => Vec::new(),
        Some(entry) => match word.split_once('=') {
            Some((name, value)) => values(entry, name, value, from + name.len() + 1),
            None => arguments(entry, line, word, from),
        },
        None => Vec::new(),
    }
}

fn inside_quotes(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for c in text.chars() {
        match (open, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    open.is_some()
}

fn names(word: &str, from: usize) -> Vec<Candidate> {
    let (bang, typed) = match word.strip_prefix('!') {
        Some(typed) => ("!", typed),
        None => ("", word),
    };
    ALL.into_iter()
        .filter(|entry| entry.name.starts_with(typed))
        .map(|entry| Candidate {
            from,
            text: format!("{bang}{}", entry.name),
            help: entry.title.to_owned(),
        })
        .collect()
}

fn arguments(entry: &'static Entry, line: &str, word: &str, from: usize) -> Vec<Candidate> {
    let given = |name: &str| {
        line[..from]
            .split_whitespace()
            .filter_map(|part| part.split_once('='))
            .any(|(given, _)| entry.arg(given).is_some_and(|arg| arg.name == name))
    };
    let mut args: Vec<_> = entry
        .args
        .iter()
        .filter(|arg| !matches!(arg.need, Need::Deprecated(_)))
        .filter(|arg| arg.name.starts_with(word) && !given(arg.name))
        .collect();
    args.sort_by_key(|arg| !matches!(arg.need, Need::Required)); // stable: keeps the manuals' order
    args.into_iter()
        .map(|arg| Candidate { from, text: format!("{}=", arg.name), help: arg.help.to_owned() })
        .collect()
}

fn values(entry: &'static Entry, name: &str, typed: &str, from: usize) -> Vec<Candidate> {
    let allowed: &[&str] = match entry.arg(name).map(|arg| arg.kind) {
        Some(Kind::Flag) => &["true", "false"],
        Some(Kind::OneOf(allowed)) => allowed,
        _ => &[],
    };
    allowed
        .iter()
        .filter(|value| value.starts_with(typed))
        .map(|value| Candidate { from, text: (*value).to_owned(), help: String::new() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        complete(line).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn names_arguments_and_values() {
        assert_eq!(texts("").len(), 15);
        assert_eq!(texts("!arcanna-get-j"), ["!arcanna-get-jobs"]);
        assert_eq!(texts("nothing "), [""; 0]);
        assert_eq!(texts("darktrace-get-similar-devices "), ["did=", "max_results="]);
        assert_eq!(texts("darktrace-get-similar-devices deviceId=1 m"), ["max_results="]);
        assert_eq!(
            texts("darktrace-get-device-connection-info data_type=size"),
            ["sizeout", "sizein"]
        );
        assert_eq!(
            complete("arcanna-get-event-status polling=t")[0],
            Candidate { from: 33, text: "true".into(), help: String::new() }
        );
        assert_eq!(texts("arcanna-send-event title=\"a "), [""; 0]);
        assert!(!texts("arcanna-send-event-feedback ").contains(&"closing_notes=".to_owned()));
    }
}
