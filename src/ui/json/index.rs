//! The rows of a JSON text: one pass over its bytes, no tree, nothing interpreted.

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    /// An object or array with something in it: its last row, and how many elements it has.
    Open {
        close: u32,
        count: u32,
    },
    Close,
    /// Text that is no JSON.
    Plain,
}

/// One row of the indented form; byte ranges point into the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// The key with its quotes; empty for elements of arrays.
    pub(super) key: (u32, u32),
    pub(super) value: (u32, u32),
    pub(super) depth: u16,
    pub(super) comma: bool,
    pub(super) kind: Kind,
}

/// The lines of text that is no JSON.
pub(super) fn plain(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut at = 0u32;
    for line in text.split('\n') {
        let end = at + line.len() as u32;
        rows.push(Row { key: (0, 0), value: (at, end), depth: 0, comma: false, kind: Kind::Plain });
        at = end + 1;
    }
    rows
}

/// A piece of JSON text: a bracket, comma or colon, or a string or other scalar as written.
fn tokens(text: &str) -> impl Iterator<Item = Option<(usize, usize)>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
        }
        let start = at;
        match bytes.get(at)? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at += 1,
            b'"' => {
                at += 1;
                loop {
                    match bytes.get(at) {
                        None => return Some(None),
                        Some(b'\\') => at += 2,
                        Some(b'"') => break,
                        Some(_) => at += 1,
                    }
                }
                at += 1;
            }
            _ => {
                while bytes.get(at).is_some_and(|b| {
                    !matches!(
                        b,
                        b' ' | b'\t'
                            | b'\n'
                            | b'\r'
                            | b'{'
                            | b'}'
                            | b'['
                            | b']'
                            | b','
                            | b':'
                            | b'"'
                    )
                }) {
                    at += 1;
                }
            }
        }
        Some(Some((start, at.min(bytes.len()))))
    })
}

/// Whether a token can be a value on its own.
fn is_scalar(token: &str) -> bool {
    token.starts_with('"')
        || matches!(token, "true" | "false" | "null")
        || (token.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && token
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')))
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// The first key or element, or the end of an empty one.
    First,
    Key,
    Colon,
    CommaOrEnd,
    End,
}

/// The rows of a JSON text, or none if it is no JSON.
pub(super) fn index(text: &str) -> Option<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    // rows of the brackets that are open, and whether each is an object
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut key = (0u32, 0u32);
    let mut next = Next::Value;
    for token in tokens(text) {
        let (start, end) = token?;
        let range = (start as u32, end as u32);
        let word = &text[start..end];
        let in_object = open.last().is_some_and(|(_, object)| *object);
        next = match (next, word) {
            (Next::Value | Next::First, "{" | "[") if next == Next::Value || !in_object => {
                count(&mut rows, &open);
                let depth = u16::try_from(open.len()).unwrap_or(u16::MAX);
                rows.push(Row {
                    key,
                    value: range,
                    depth,
                    comma: false,
                    kind: Kind::Open { close: 0, count: 0 },
                });
                key = (0, 0);
                open.push((rows.len() - 1, word == "{"));
                Next::First
            }
            (Next::First | Next::CommaOrEnd, "}" | "]")
                if in_object == (word == "}") && !open.is_empty() =>
            {
                let (row, _) = open.pop()?;
                if next == Next::First {
                    // an empty one stays on its row
                    rows[row].value.1 = range.1;
                    rows[row].kind = Kind::Scalar;
                } else {
                    let close = rows.len() as u32;
                    if let Kind::Open { close: c, .. } = &mut rows[row].kind {
                        *c = close;
                    }
                    let depth = rows[row].depth;
                    rows.push(Row {
                        key: (0, 0),
                        value: range,
                        depth,
                        comma: false,
                        kind: Kind::Close,
                    });
                }
                if open.is_empty() { Next::End } else { Next::CommaOrEnd }
            }
            (Next::First | Next::Key, _) if in_object && word.starts_with('"') => {
                key = range;
                Next::Colon
            }
            (Next::Colon, ":") => Next::Value,
            (Next::CommaOrEnd, ",") => {
                if let Some(last) = rows.last_mut() {
                    last.comma = true;
                }
                if in_object { Next::Key } else { Next::Value }
            }
            (Next::Value | Next::First, _)
                if (next == Next::Value || !in_object) && is_scalar(word) =>
            {
                count(&mut rows, &open);
                let depth = u16::try_from(open.len()).unwrap_or(u16::MAX);
                rows.push(Row { key, value: range, depth, comma: false, kind: Kind::Scalar });
                key = (0, 0);
                if open.is_empty() { Next::End } else { Next::CommaOrEnd }
            }
            _ => return None,
        };
    }
    (next == Next::End).then_some(rows)
}

/// One more element in the innermost open bracket.
fn count(rows: &mut [Row], open: &[(usize, bool)]) {
    if let Some((row, _)) = open.last()
        && let Kind::Open { count, .. } = &mut rows[*row].kind
    {
        *count += 1;
    }
}

/// The text indented by two blanks, every scalar and key exactly as written. Text that is no JSON comes back unchanged.
pub fn pretty(text: &str) -> String {
    let Some(rows) = index(text) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len() + rows.len() * 8);
    let slice = |(from, to): (u32, u32)| &text[from as usize..to as usize];
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n("  ", row.depth.into()));
        if row.key.1 > row.key.0 {
            out.push_str(slice(row.key));
            out.push_str(": ");
        }
        match slice(row.value) {
            // an empty one may have had blanks inside
            v if row.kind == Kind::Scalar && v.starts_with('{') => out.push_str("{}"),
            v if row.kind == Kind::Scalar && v.starts_with('[') => out.push_str("[]"),
            v => out.push_str(v),
        }
        if row.comma {
            out.push(',');
        }
    }
    out
}
