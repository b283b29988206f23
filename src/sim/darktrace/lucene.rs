//! The query language of advanced search: `field:value`, quotes, `AND OR NOT`, parentheses, wildcards, ranges. Reads a query
//! into a tree and matches records with it. What it cannot read is an error, never a query that matches everything.

use std::borrow::Cow;

use super::super::glob::wildcard;
use super::records::Seen;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// No condition.
    All,
    /// Every one of them.
    And(Vec<Query>),
    /// Any of them.
    Or(Vec<Query>),
    /// The opposite.
    Not(Box<Query>),
    /// A field (or any, without name) matches.
    Term(Option<String>, Pattern),
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// This text, without case.
    Text(String),
    /// With `*` or `?` in it.
    Wild(String),
    /// From, to; `*` is open.
    Range(String, String),
    /// Above or below a number: operator, number.
    Than(&'static str, f64),
    /// Anything at all.
    Exists,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(String),
    Quoted(String),
    Field(String),
    Range(String, String),
}

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Query::All);
    }
    let mut reader = Reader { tokens, at: 0 };
    let query = reader.or()?;
    match reader.peek() {
        None => Ok(query),
        Some(token) => Err(format!("unexpected {token:?}")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            '!' => out.push(Token::Not),
            '"' => {
                let (inside, after) = quoted(&rest[1..])?;
                out.push(Token::Quoted(inside));
                rest = after.trim_start();
                continue;
            }
            '[' | '{' => {
                let end = rest.find([']', '}']).ok_or("a range is not closed")?;
                let (from, to) = rest[1..end].split_once(" TO ").ok_or("a range is [a TO b]")?;
                out.push(Token::Range(from.trim().to_owned(), to.trim().to_owned()));
                rest = rest[end + 1..].trim_start();
                continue;
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ':'))
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                if rest[end..].starts_with(':') && !word.is_empty() && !looks_like_address(rest) {
                    out.push(Token::Field(word.to_owned()));
                    rest = rest[end + 1..].trim_start();
                    continue;
                }
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
                    .unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("cannot read {rest:?}"));
                }
                match &rest[..end] {
                    "AND" | "&&" => out.push(Token::And),
                    "OR" | "||" => out.push(Token::Or),
                    "NOT" => out.push(Token::Not),
                    word => match word.strip_prefix('-').filter(|w| !w.is_empty()) {
                        Some(word) => out.extend([Token::Not, Token::Word(word.to_owned())]),
                        None => out.push(Token::Word(word.to_owned())),
                    },
                }
                rest = rest[end..].trim_start();
                continue;
            }
        }
        rest = rest[1..].trim_start();
    }
    Ok(out)
}

// a bare IPv6 address has colons too, but no letters beyond f and no field before them
fn looks_like_address(rest: &str) -> bool {
    let word = rest.split_whitespace().next().unwrap_or_default();
    word.matches(':').count() >= 2 && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
}

fn quoted(rest: &str) -> Result<(String, &str), String> {
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => {
                out.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((out, &rest[at + 1..])),
            c => out.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn or(&mut self) -> Result<Query, String> {
        let mut list = vec![self.and()?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            list.push(self.and()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Query::Or(list) })
    }

    // Assumption: two conditions side by side must both hold; the contract's examples always say AND.
    fn and(&mut self) -> Result<Query, String> {
        let mut list = vec![self.not()?];
        loop {
            match self.peek() {
                Some(Token::And) => self.at += 1,
                None | Some(Token::Or | Token::Close) => break,
                Some(_) => {}
            }
            list.push(self.not()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Query::And(list) })
    }

    fn not(&mut self) -> Result<Query, String> {
        if self.peek() == Some(&Token::Not) {
            self.at += 1;
            return Ok(Query::Not(Box::new(self.not()?)));
        }
        self.unit(None)
    }

    fn unit(&mut self, field: Option<&str>) -> Result<Query, String> {
        let name = || field.map(str::to_owned);
        match self.take() {
            Some(Token::Open) => {
                let inner = match field {
                    None => self.or()?,
                    // field:(a OR b)
                    Some(_) => with_field(self.or()?, field),
                };
                match self.take() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a parenthesis is not closed".to_owned()),
                }
            }
            Some(Token::Field(name)) if field.is_none() => self.unit(Some(&name)),
            Some(Token::Quoted(text)) => Ok(Query::Term(name(), Pattern::Text(text))),
            Some(Token::Range(from, to)) => Ok(Query::Term(name(), Pattern::Range(from, to))),
            Some(Token::Word(word)) => pattern(&word).map(|p| Query::Term(name(), p)),
            Some(token) => Err(format!("unexpected {token:?}")),
            None => Err("the query ends where a condition is expected".to_owned()),
        }
    }
}

fn with_field(query: Query, field: Option<&str>) -> Query {
    let all = |list: Vec<Query>| list.into_iter().map(|q| with_field(q, field)).collect();
    match query {
        Query::And(list) => Query::And(all(list)),
        Query::Or(list) => Query::Or(all(list)),
        Query::Not(inner) => Query::Not(Box::new(with_field(*inner, field))),
        Query::Term(None, pattern) => Query::Term(field.map(str::to_owned), pattern),
        other => other,
    }
}

fn pattern(word: &str) -> Result<Pattern, String> {
    for operator in [">=", "<=", ">", "<"] {
        if let Some(number) = word.strip_prefix(operator) {
            return number
                .parse()
                .map(|n| Pattern::Than(operator, n))
                .map_err(|_| format!("{word:?} needs a number"));
        }
    }
    Ok(match word {
        "*" => Pattern::Exists,
        word if word.contains(['*', '?']) => Pattern::Wild(word.to_owned()),
        word => Pattern::Text(word.replace('\\', "")),
    })
}

impl Pattern {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => value.eq_ignore_ascii_case(text),
            Self::Wild(pattern) => wildcard(pattern, value),
            Self::Exists => true,
            Self::Than(operator, bound) => value.parse::<f64>().is_ok_and(|v| match *operator {
                ">=" => v >= *bound,
                "<=" => v <= *bound,
                ">" => v > *bound,
                _ => v < *bound,
            }),
            Self::Range(from, to) => {
                let within = |bound: &str, below: bool| {
                    bound == "*"
                        || match (value.parse::<f64>(), bound.parse::<f64>()) {
                            (Ok(v), Ok(b)) => (below && v <= b) || (!below && v >= b),
                            _ => (below && value <= bound) || (!below && value >= bound),
                        }
                };
                within(from, false) && within(to, true)
            }
        }
    }
}

impl Query {
    /// Does a record match?
    pub fn matches(&self, record: Seen<'_>) -> bool {
        match self {
            Self::All => true,
            Self::And(list) => list.iter().all(|q| q.matches(record)),
            Self::Or(list) => list.iter().any(|q| q.matches(record)),
            Self::Not(inner) => !inner.matches(record),
            Self::Term(Some(name), pattern) => {
                record.field(name).is_some_and(|v: Cow<'_, str>| pattern.holds(&v))
            }
            Self::Term(None, pattern) => record.all().any(|v| pattern.holds(&v)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(field: &str, text: &str) -> Query {
        Query::Term(Some(field.to_owned()), Pattern::Text(text.to_owned()))
    }

    #[test]
    fn reads_the_contracts_query() {
        let query = parse("@type:\"conn\" AND @fields.dest_port:\"443\"").unwrap();
        assert_eq!(
            query,
            Query::And(vec![term("@type", "conn"), term("@fields.dest_port", "443")])
        );
    }

    #[test]
    fn or_binds_weaker_than_and_and_parentheses_win() {
        let (a, b, c) = (term("a", "1"), term("b", "2"), term("c", "3"));
        assert_eq!(
            parse("a:1 OR b:2 AND c:3").unwrap(),
            Query::Or(vec![a.clone(), Query::And(vec![b.clone(), c.clone()])])
        );
        assert_eq!(
            parse("(a:1 OR b:2) AND NOT c:3").unwrap(),
            Query::And(vec![Query::Or(vec![a.clone(), b]), Query::Not(Box::new(c))])
        );
        assert_eq!(parse("a:(1 OR 2)").unwrap(), Query::Or(vec![a, term("a", "2")]));
        assert_eq!(parse("  ").unwrap(), Query::All);
    }

    #[test]
    fn says_what_it_cannot_read() {
        for bad in ["a:\"x", "(a:1", "a:1 AND", "AND a:1", "a:1)", "a:[1 2]", "a:>x"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_hold() {
        let holds = |p: &str, v: &str| match parse(&format!("f:{p}")).unwrap() {
            Query::Term(_, pattern) => pattern.holds(v),
            other => panic!("{other:?}"),
        };
        assert!(holds("10.20.*", "10.20.1.15"));
        assert!(!holds("10.20.*", "110.20.1.15"));
        assert!(holds("[100 TO 200]", "150"));
        assert!(!holds("[100 TO 200]", "99"));
        assert!(holds(">=443", "443"));
        assert!(holds("CONN", "conn"));
    }
}
