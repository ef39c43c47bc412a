//! Reads a filter. Length and depth are bounded, so that no filter can exhaust the stack.

use serde_json::Value;

use super::{BadFilter, Expr, Op};

/// The longest filter that is read, in bytes.
const LENGTH_MAX: usize = 16 * 1024;
/// The deepest nesting of brackets that is read.
const DEPTH_MAX: usize = 32;
/// The most comparisons of one filter.
const TERMS_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    OpenSquare,
    CloseSquare,
}

/// Reads a filter.
pub(crate) fn parse(text: &str) -> Result<Expr, BadFilter> {
    if text.len() > LENGTH_MAX {
        return Err(BadFilter("filter is too long".to_owned()));
    }
    let mut reader = Reader { tokens: tokens_of(text)?, at: 0, terms: 0 };
    let expr = reader.either(0)?;
    match reader.peek() {
        None => Ok(expr),
        Some(token) => Err(BadFilter(format!("unexpected {token:?} after the filter"))),
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    terms: usize,
}

impl Reader {
    fn either(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.both(depth)?;
        while self.keyword("or") {
            left = Expr::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Ok(left)
    }

    fn both(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.single(depth)?;
        while self.keyword("and") {
            left = Expr::And(Box::new(left), Box::new(self.single(depth)?));
        }
        Ok(left)
    }

    fn single(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        if depth > DEPTH_MAX {
            return Err(BadFilter("filter is nested too deeply".to_owned()));
        }
        if self.keyword("not") {
            self.expect(&Token::Open)?;
            let inner = self.either(depth + 1)?;
            self.expect(&Token::Close)?;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.either(depth + 1)?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        self.term(depth)
    }

    fn term(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(BadFilter("filter has too many terms".to_owned()));
        }
        let path = self.word("an attribute")?;
        if self.peek() == Some(&Token::OpenSquare) {
            self.at += 1;
            let inner = Box::new(self.either(depth + 1)?);
            self.expect(&Token::CloseSquare)?;
            let then = match self.peek() {
                Some(Token::Word(word)) if word.starts_with('.') => {
                    let sub = word.trim_start_matches('.').to_owned();
                    self.at += 1;
                    let (op, value) = self.comparison()?;
                    Some((sub, op, value))
                }
                _ => None,
            };
            return Ok(Expr::Within { attribute: path, inner, then });
        }
        if self.keyword("pr") {
            return Ok(Expr::Present(path));
        }
        let (op, value) = self.comparison()?;
        Ok(Expr::Compare { path, op, value })
    }

    fn comparison(&mut self) -> Result<(Op, Value), BadFilter> {
        let word = self.word("an operator")?;
        let op = match word.to_ascii_lowercase().as_str() {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "co" => Op::Co,
            "sw" => Op::Sw,
            "ew" => Op::Ew,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            other => return Err(BadFilter(format!("unknown operator {other}"))),
        };
        let value = match self.next() {
            Some(Token::Text(text)) => Value::String(text),
            // Only JSON literals count as barewords; Entra's unquoted samples are not part of the grammar.
            Some(Token::Word(word)) => {
                serde_json::from_str(&word).map_err(|_| BadFilter(format!("{word} is not a JSON literal")))?
            }
            other => return Err(BadFilter(format!("a value is missing, found {other:?}"))),
        };
        Ok((op, value))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(here);
        here
    }

    fn word(&mut self, wanted: &str) -> Result<String, BadFilter> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(BadFilter(format!("{wanted} is missing, found {other:?}"))),
        }
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), BadFilter> {
        match self.next() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(BadFilter(format!("{wanted:?} is missing, found {other:?}"))),
        }
    }
}

fn tokens_of(text: &str) -> Result<Vec<Token>, BadFilter> {
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        match letter {
            ' ' | '\t' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            '[' => tokens.push(Token::OpenSquare),
            ']' => tokens.push(Token::CloseSquare),
            '"' => {
                let mut end = None;
                let mut escaped = false;
                for (at, letter) in letters.by_ref() {
                    match letter {
                        '"' if !escaped => {
                            end = Some(at);
                            break;
                        }
                        '\\' => escaped = !escaped,
                        _ => escaped = false,
                    }
                }
                let quoted = end.and_then(|end| text.get(start..=end));
                let string = quoted.and_then(|quoted| serde_json::from_str(quoted).ok());
                tokens.push(Token::Text(string.ok_or_else(|| BadFilter("a string is not closed".to_owned()))?));
            }
            _ => {
                let mut end = start + letter.len_utf8();
                while let Some((at, letter)) =
                    letters.next_if(|(_, letter)| !matches!(letter, ' ' | '\t' | '(' | ')' | '[' | ']' | '"'))
                {
                    end = at + letter.len_utf8();
                }
                tokens.push(Token::Word(text.get(start..end).unwrap_or_default().to_owned()));
            }
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_tighter_than_or() {
        let expr = parse(r#"a eq "1" or b eq "2" and not (c pr)"#).unwrap();
        let Expr::Or(_, right) = expr else { panic!("{expr:?}") };
        assert!(matches!(*right, Expr::And(..)));
    }

    #[test]
    fn brackets_take_a_sub_attribute() {
        let expr = parse(r#"emails[type eq "work" and primary eq true].value EQ "a\"b""#).unwrap();
        let Expr::Within { attribute, then: Some((sub, Op::Eq, value)), .. } = expr else { panic!("{expr:?}") };
        assert_eq!((attribute.as_str(), sub.as_str(), value.as_str()), ("emails", "value", Some("a\"b")));
    }

    #[test]
    fn what_is_not_a_filter_is_refused() {
        let deep = format!("{}a pr{}", "(".repeat(100_000), ")".repeat(100_000));
        let half_deep = format!("{}a pr{}", "(".repeat(4_000), ")".repeat(4_000));
        let long = "a pr or ".repeat(1_000) + "a pr";
        for bad in
            ["", "a", "a eq", "a eq b", "a xx \"1\"", "a eq \"1", "(a pr", "a pr)", "not a pr", "a[b pr", &deep, &long]
        {
            assert!(parse(bad).is_err(), "{}", bad.get(..20).unwrap_or(bad));
        }
        assert_eq!(parse(&half_deep), Err(BadFilter("filter is nested too deeply".to_owned())));
    }
}
