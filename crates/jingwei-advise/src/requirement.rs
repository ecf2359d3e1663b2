//! What a requirement such as `>=1.0,<2` allows, as stretches of the version order.
//!
//! The stretches hold every version that the requirement allows and perhaps more (`!=` and the rules about
//! pre-releases are passed over), so that "all of them are affected" and "none of them is" stay true.

use jingwei_core::Ecosystem;

use crate::{
    span::{End, Span},
    versions::{Number, Scheme},
};

/// Most alternatives and conditions that are read.
const MOST_CONDITIONS: usize = 64;

/// `None` where the notation is not known.
pub(crate) fn allowed(ecosystem: Ecosystem, scheme: Scheme, text: &str) -> Option<Vec<Span>> {
    let text = text.trim();
    // Where a bare version is no pin: Cargo means `^`, NuGet means "or later".
    let bare = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['*', ' ', '|', ',']);
    let explicit;
    let text = match ecosystem {
        Ecosystem::Cargo => {
            let parts = text.split(',').map(str::trim);
            let parts: Vec<String> =
                parts.map(|part| if bare(part) { format!("^{part}") } else { part.to_owned() }).collect();
            explicit = parts.join(",");
            explicit.as_str()
        }
        Ecosystem::Nuget if bare(text) => {
            explicit = format!(">={text}");
            explicit.as_str()
        }
        _ => text,
    };
    if matches!(scheme, Scheme::Maven | Scheme::Nuget) && text.starts_with(['[', '(']) {
        return brackets(scheme, text);
    }
    let alternatives: Vec<&str> = text.split("||").collect();
    if alternatives.len() > MOST_CONDITIONS {
        return None;
    }
    let mut spans = Vec::new();
    for alternative in alternatives {
        spans.extend(all_of(scheme, alternative)?);
    }
    Some(spans)
}

/// Whether a text looks like a requirement rather than a version.
pub(crate) fn is_requirement(text: &str) -> bool {
    text.contains(['<', '>', '=', '^', '~', '*', '|', '[', ' ', ',']) && !text.trim().is_empty()
}

/// `None`: not understood; `Some(None)`: nothing is allowed.
fn all_of(scheme: Scheme, text: &str) -> Option<Option<Span>> {
    let mut span = Some(Span::ALL);
    if let Some((low, high)) = text.split_once(" - ") {
        let low = Span { low: Some(End::new(scheme, &filled(scheme, low)?, true).ok()?), high: None };
        return Some(low.meet(&up_to(scheme, high)?));
    }
    for condition in conditions(text)? {
        let next = one(scheme, &condition)?;
        span = span.and_then(|span| span.meet(&next));
    }
    Some(span)
}

/// Splits at commas and spaces, and puts an operator and the version behind it together again.
fn conditions(text: &str) -> Option<Vec<String>> {
    let mut conditions: Vec<String> = Vec::new();
    for part in text.split([',', ' ', '\t']).map(str::trim).filter(|part| !part.is_empty()) {
        match conditions.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '^', '~']) => last.push_str(part),
            _ => conditions.push(part.to_owned()),
        }
        if conditions.len() > MOST_CONDITIONS {
            return None;
        }
    }
    Some(conditions)
}

fn one(scheme: Scheme, condition: &str) -> Option<Span> {
    let at = condition.find(|c: char| !matches!(c, '<' | '>' | '=' | '^' | '~' | '!')).unwrap_or(condition.len());
    let (operator, version) = condition.split_at(at);
    let end = |inside| filled(scheme, version).and_then(|text| End::new(scheme, &text, inside).ok());
    Some(match operator {
        "!=" => Span::ALL,
        ">=" => Span { low: Some(end(true)?), high: None },
        ">" => beyond(scheme, version)?,
        "<=" => up_to(scheme, version)?,
        "<" => Span { low: None, high: Some(end(false)?) },
        "^" => Span { low: Some(end(true)?), high: caret(scheme, version)? },
        "~" if scheme == Scheme::Semver => Span { low: Some(end(true)?), high: tilde(scheme, version, 2)? },
        "~" if scheme != Scheme::Packagist => return None,
        "~=" | "~>" | "~" => {
            let kept = leading_numbers(version)?.len().saturating_sub(1);
            Span { low: Some(end(true)?), high: tilde(scheme, version, kept.max(1))? }
        }
        "" | "=" | "==" | "===" => exactly(scheme, version)?,
        _ => return None,
    })
}

/// A version, or a stretch where a `*` or a missing part stands for any.
fn exactly(scheme: Scheme, text: &str) -> Option<Span> {
    let parts: Vec<&str> = text.split('.').collect();
    let wild = parts.iter().position(|part| matches!(*part, "*" | "x" | "X"));
    let short = scheme == Scheme::Semver && plain_numbers(text).is_some_and(|numbers| numbers.len() < 3);
    match wild {
        Some(0) => Some(Span::ALL),
        Some(at) => prefix(scheme, &parts[..at]),
        None if short => prefix(scheme, &parts),
        None => {
            let end = End::new(scheme, text, true).ok()?;
            Some(Span { low: Some(end.clone()), high: Some(end) })
        }
    }
}

fn prefix(scheme: Scheme, parts: &[&str]) -> Option<Span> {
    let text = parts.join(".");
    // The pre-releases of the first version are inside, too.
    let low = match scheme {
        Scheme::Pep440 => format!("{text}.dev0"),
        Scheme::Semver => format!("{}-0", filled(scheme, &text)?),
        _ => text.clone(),
    };
    Some(Span { low: Some(End::new(scheme, &low, true).ok()?), high: tilde(scheme, &text, parts.len())? })
}

/// `>1.2` of SemVer means from 1.3.0 on.
fn beyond(scheme: Scheme, text: &str) -> Option<Span> {
    let low = match plain_numbers(text) {
        Some(mut numbers) if scheme == Scheme::Semver && numbers.len() < 3 => {
            let last = numbers.last_mut()?;
            *last = last.next()?;
            let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            End::new(scheme, &filled(scheme, &texts.join("."))?, true).ok()?
        }
        _ => End::new(scheme, text, false).ok()?,
    };
    Some(Span { low: Some(low), high: None })
}

/// `<=1.2` of SemVer means everything that starts with 1.2.
fn up_to(scheme: Scheme, text: &str) -> Option<Span> {
    let text = text.trim();
    let high = match plain_numbers(text) {
        Some(numbers) if scheme == Scheme::Semver && numbers.len() < 3 => tilde(scheme, text, numbers.len())?,
        _ => Some(End::new(scheme, text, true).ok()?),
    };
    Some(Span { low: None, high })
}

/// Up to the next version whose leftmost part that is not 0 differs.
fn caret(scheme: Scheme, text: &str) -> Option<Option<End>> {
    let numbers = leading_numbers(text)?;
    let kept = numbers.iter().position(|number| !number.is_zero()).map_or(numbers.len(), |at| at + 1);
    tilde(scheme, text, kept)
}

/// Up to the next version that differs in its first `kept` numbers.
fn tilde(scheme: Scheme, text: &str, kept: usize) -> Option<Option<End>> {
    let mut numbers = leading_numbers(text)?;
    numbers.truncate(kept);
    let last = numbers.last_mut()?;
    *last = last.next()?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let mut text = filled(scheme, &texts.join("."))?;
    if scheme == Scheme::Semver {
        // The next version's pre-releases are not allowed either.
        text.push_str("-0");
    }
    Some(Some(End::new(scheme, &text, false).ok()?))
}

/// The numbers before a pre-release.
fn leading_numbers(text: &str) -> Option<Vec<Number>> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let numbers: Vec<Number> = core.split('.').map_while(Number::parse).collect();
    (!numbers.is_empty()).then_some(numbers)
}

fn plain_numbers(text: &str) -> Option<Vec<Number>> {
    text.trim().split('.').map(Number::parse).collect()
}

/// SemVer needs three numbers; requirements write fewer.
fn filled(scheme: Scheme, text: &str) -> Option<String> {
    let text = text.trim();
    match plain_numbers(text.trim_end_matches(".*").trim_end_matches(".x")) {
        Some(numbers) if scheme == Scheme::Semver && numbers.len() < 3 => {
            let mut texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            texts.resize(3, "0".to_owned());
            Some(texts.join("."))
        }
        _ => Some(text.to_owned()),
    }
}

/// `[1.0,2.0)`, `(,1.0],[1.2,)` of Maven and NuGet.
fn brackets(scheme: Scheme, text: &str) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && spans.len() < MOST_CONDITIONS {
        let from_inside = rest.starts_with('[');
        let body = rest.strip_prefix(['[', '('])?;
        let close = body.find([']', ')'])?;
        let to_inside = body[close..].starts_with(']');
        let (low, high) = match body[..close].split_once(',') {
            Some((low, high)) => (low.trim(), high.trim()),
            None if from_inside && to_inside => (body[..close].trim(), body[..close].trim()),
            None => return None,
        };
        let end = |text: &str, inside| match text {
            "" => Some(None),
            text => End::new(scheme, text, inside).ok().map(Some),
        };
        spans.push(Span { low: end(low, from_inside)?, high: end(high, to_inside)? });
        rest = body[close + 1..].trim_start_matches([',', ' ']);
    }
    rest.is_empty().then_some(spans)
}
