//! Stretches of a version order, and the stretches that the events of a range enclose.

use std::cmp::Ordering;

use crate::{
    record::{Event, Range},
    versions::{Scheme, Unparsable, Version},
};

/// From a lower to an upper end; `None` is no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: Option<End>,
    pub(crate) high: Option<End>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) version: Version,
    /// Whether the version itself lies inside.
    pub(crate) inside: bool,
    /// As it was written.
    pub(crate) text: String,
}

impl End {
    pub(crate) fn new(scheme: Scheme, text: &str, inside: bool) -> Result<Self, Unparsable> {
        Ok(Self { version: Version::parse(scheme, text)?, inside, text: text.trim().to_owned() })
    }
}

impl Span {
    pub(crate) const ALL: Span = Span { low: None, high: None };

    pub(crate) fn contains(&self, version: &Version) -> bool {
        let above = self.low.as_ref().is_none_or(|low| match order(version, low) {
            Ordering::Greater => true,
            Ordering::Equal => low.inside,
            Ordering::Less => false,
        });
        above && !self.is_before(version)
    }

    /// Whether the whole span lies before a version.
    pub(crate) fn is_before(&self, version: &Version) -> bool {
        self.high.as_ref().is_some_and(|high| match order(version, high) {
            Ordering::Greater => true,
            Ordering::Equal => !high.inside,
            Ordering::Less => false,
        })
    }

    /// Whether every version of `other` is one of this span.
    pub(crate) fn encloses(&self, other: &Span) -> bool {
        let low = match (&self.low, &other.low) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(low)) => match own.version.cmp(&low.version) {
                Ordering::Less => true,
                Ordering::Equal => own.inside || !low.inside,
                Ordering::Greater => false,
            },
        };
        let high = match (&self.high, &other.high) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(high)) => match own.version.cmp(&high.version) {
                Ordering::Greater => true,
                Ordering::Equal => own.inside || !high.inside,
                Ordering::Less => false,
            },
        };
        low && high
    }

    /// What both have; `None` where that is nothing.
    pub(crate) fn meet(&self, other: &Span) -> Option<Span> {
        let low = tighter(&self.low, &other.low, Ordering::Greater);
        let high = tighter(&self.high, &other.high, Ordering::Less);
        if let (Some(low), Some(high)) = (&low, &high) {
            match low.version.cmp(&high.version) {
                Ordering::Greater => return None,
                Ordering::Equal if !(low.inside && high.inside) => return None,
                _ => {}
            }
        }
        Some(Span { low, high })
    }
}

/// A build of a release stands where its release stands, unless the end names a build itself.
fn order(version: &Version, end: &End) -> Ordering {
    if end.version.is_build() { version.cmp(&end.version) } else { version.public().cmp(&end.version) }
}

fn tighter(a: &Option<End>, b: &Option<End>, wanted: Ordering) -> Option<End> {
    match (a, b) {
        (None, end) | (end, None) => end.clone(),
        (Some(a), Some(b)) => {
            let order = a.version.cmp(&b.version);
            Some(if order == wanted || (order.is_eq() && !a.inside) { a } else { b }.clone())
        }
    }
}

/// `>=1.0,<1.3.0`; `*` where everything is inside.
impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.low, &self.high) {
            (None, None) => return f.write_str("*"),
            (Some(low), Some(high)) if low.inside && high.inside && low.version == high.version => {
                return write!(f, "=={}", low.text);
            }
            _ => {}
        }
        if let Some(low) = &self.low {
            write!(f, "{}{}", if low.inside { ">=" } else { ">" }, low.text)?;
        }
        if let Some(high) = &self.high {
            let comma = if self.low.is_some() { "," } else { "" };
            write!(f, "{comma}{}{}", if high.inside { "<=" } else { "<" }, high.text)?;
        }
        Ok(())
    }
}

/// The affected stretches of a range (OSV schema 1.7, "Evaluation"): events in the order of their versions, and as
/// written where those are equal.
pub(crate) fn affected_spans(range: &Range, scheme: Scheme) -> Result<Vec<Span>, Unparsable> {
    let mut events: Vec<(Option<End>, &Event)> = Vec::with_capacity(range.events.len());
    let mut limits: Vec<End> = Vec::new();
    let mut limited = false;
    for event in &range.events {
        match event {
            Event::Limit(version) if version.trim() == "*" => limited = false,
            Event::Limit(version) => {
                limited = true;
                limits.push(End::new(scheme, version, false)?);
            }
            Event::Introduced(version) if version.trim() == "0" => events.push((None, event)),
            Event::Introduced(version) | Event::LastAffected(version) => {
                events.push((Some(End::new(scheme, version, true)?), event));
            }
            Event::Fixed(version) => events.push((Some(End::new(scheme, version, false)?), event)),
        }
    }
    events.sort_by(|(a, _), (b, _)| a.as_ref().map(|end| &end.version).cmp(&b.as_ref().map(|end| &end.version)));
    let mut spans = Vec::new();
    let mut open: Option<Option<End>> = None;
    for (end, event) in events {
        match event {
            Event::Introduced(_) => open = open.or(Some(end)),
            _ => spans.extend(open.take().map(|low| Span { low, high: end })),
        }
    }
    spans.extend(open.map(|low| Span { low, high: None }));
    // An end that comes with its beginning encloses nothing.
    spans.retain(|span| span.meet(span).is_some());
    if limited {
        let last = limits.into_iter().max_by(|a, b| a.version.cmp(&b.version));
        let within = Span { low: None, high: last };
        spans = spans.iter().filter_map(|span| span.meet(&within)).collect();
    }
    Ok(spans)
}
