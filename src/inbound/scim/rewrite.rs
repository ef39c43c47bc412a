//! Brings what real clients write into the grammar of filters.

/// Operators with a value behind them.
const OPERATORS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"];

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open(char),
    Close(char),
    Word(String),
    Quoted(String),
}

/// The filter in the grammar, or `None` where it is something else.
pub(super) fn filter(text: &str) -> Option<String> {
    let tokens = quote(tokens(text)?);
    let mut out: Vec<String> = Vec::new();
    // Where value filters that are open begin.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            Token::Open('[') => {
                open.push(out.len());
                out.push("[".to_owned());
            }
            Token::Close(']') => {
                let begin = open.pop()?;
                let sub = match rest.peek() {
                    Some(Token::Word(word)) => word.strip_prefix('.').map(str::to_owned),
                    _ => None,
                };
                if let Some(sub) = sub {
                    rest.next();
                    let Token::Word(operator) = rest.next()? else { return None };
                    out.get_mut(begin)?.push('(');
                    out.push(") and".to_owned());
                    out.push(sub);
                    let is_unary = operator.eq_ignore_ascii_case("pr");
                    out.push(operator);
                    if !is_unary {
                        let (Token::Word(value) | Token::Quoted(value)) = rest.next()? else { return None };
                        out.push(value);
                    }
                }
                out.push("]".to_owned());
            }
            Token::Open(bracket) | Token::Close(bracket) => out.push(bracket.to_string()),
            Token::Word(word) | Token::Quoted(word) => out.push(word),
        }
    }
    Some(out.join(" ").replace(" [", "["))
}

/// Puts values that are no literals of JSON into quotes.
fn quote(mut tokens: Vec<Token>) -> Vec<Token> {
    let mut behind_operator = false;
    let mut behind_name = false;
    for token in &mut tokens {
        match token {
            Token::Word(word) if behind_operator => {
                let literal = ["true", "false", "null"].contains(&word.as_str()) || word.parse::<f64>().is_ok();
                if !literal {
                    *token = Token::Quoted(serde_json::Value::String(word.clone()).to_string());
                }
                (behind_operator, behind_name) = (false, false);
            }
            Token::Word(word) => {
                behind_operator = behind_name && OPERATORS.iter().any(|operator| operator.eq_ignore_ascii_case(word));
                let joins = ["and", "or", "not", "pr"].iter().any(|join| join.eq_ignore_ascii_case(word));
                behind_name = !behind_operator && !joins;
            }
            Token::Quoted(_) | Token::Open(_) | Token::Close(_) => (behind_operator, behind_name) = (false, false),
        }
        if *token == Token::Close(']') {
            behind_name = true;
        }
    }
    tokens
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | '[' => {
                tokens.push(Token::Open(first));
                1
            }
            ')' | ']' => {
                tokens.push(Token::Close(first));
                1
            }
            '"' => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let end = end?.0.checked_add(1)?;
                tokens.push(Token::Quoted(rest.get(..end)?.to_owned()));
                end
            }
            blank if blank.is_whitespace() => blank.len_utf8(),
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..end)?.to_owned()));
                end
            }
        };
        rest = rest.get(length..)?;
    }
    Some(tokens)
}
