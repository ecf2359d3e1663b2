//! ONNX as a protobuf in text.

use super::schema::{Kind, Type, float, put_bytes, put_whole, whole};
use crate::tensorflow::{Token, Tokens};

/// Messages within each other, as readers of protobuf have it.
const DEPTH: u32 = 100;

/// The same model on the wire; `None`: it is no such text, and loaders refuse it.
pub(super) fn transcode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    message(&mut Tokens { rest: text }, Some(Type::Model), None, DEPTH, &mut out)?;
    Some(out)
}

/// Whether the text begins with a field of a model.
pub(super) fn begins_like_model(front: &[u8]) -> bool {
    let mut tokens = Tokens { rest: front };
    let (Some(Token::Word(first)), Some(Token::Sign(sign))) = (tokens.next(), tokens.next()) else { return false };
    matches!(sign, b':' | b'{' | b'<') && !first.contains(char::is_uppercase) && Type::Model.field(&first).is_some()
}

/// The fields of a message up to the bracket that closes it. `of`: `None` for one that is not read.
fn message(tokens: &mut Tokens, of: Option<Type>, closes: Option<u8>, depth: u32, out: &mut Vec<u8>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    loop {
        match tokens.next() {
            None => return closes.is_none().then_some(()),
            Some(Token::Sign(sign)) if Some(sign) == closes => return Some(()),
            Some(Token::Sign(b',' | b';')) => {}
            Some(Token::Word(name)) => {
                let (number, kind) = match of {
                    Some(of) => of.field(&name)?,
                    None => (0, Kind::Other),
                };
                field(tokens, number, kind, depth, out)?;
            }
            Some(_) => return None,
        }
    }
}

fn field(tokens: &mut Tokens, number: u32, kind: Kind, depth: u32, out: &mut Vec<u8>) -> Option<()> {
    let mut token = tokens.next()?;
    if matches!(token, Token::Sign(b':')) {
        token = tokens.next()?;
    }
    if !matches!(token, Token::Sign(b'[')) {
        return value(tokens, token, number, kind, depth, out);
    }
    loop {
        match tokens.next()? {
            Token::Sign(b']') => return Some(()),
            Token::Sign(b',') => {}
            token => value(tokens, token, number, kind, depth, out)?,
        }
    }
}

fn value(tokens: &mut Tokens, token: Token, number: u32, kind: Kind, depth: u32, out: &mut Vec<u8>) -> Option<()> {
    match (token, kind) {
        (Token::Sign(open @ (b'{' | b'<')), Kind::Message(_) | Kind::Other) => {
            let of = if let Kind::Message(of) = kind { Some(of) } else { None };
            let mut inner = Vec::new();
            message(tokens, of, Some(if open == b'{' { b'}' } else { b'>' }), depth, &mut inner)?;
            if of.is_some() {
                put_bytes(out, number, &inner);
            }
        }
        (Token::Text(_) | Token::Word(_), Kind::Other) => {}
        (Token::Text(text), Kind::Text | Kind::Bytes) => put_bytes(out, number, &text),
        (Token::Word(word), Kind::Whole) => put_whole(out, number, whole(&word)?),
        (Token::Word(word), Kind::Float | Kind::Double) => {
            let mut bytes = Vec::new();
            float(&mut bytes, kind, word.trim_end_matches(['f', 'F']).parse().or_else(|_| word.parse()).ok()?);
            put_bytes(out, number, &bytes);
        }
        _ => return None,
    }
    Some(())
}
