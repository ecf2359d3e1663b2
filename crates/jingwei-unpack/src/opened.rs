use std::io::ErrorKind;

use jingwei_core::Text;
use jingwei_read::{Sighting, Source};

use crate::{
    budget::{BOMB, Budget},
    packed::Decoded,
};

/// Content that was opened, as far as it could be.
pub struct Opened<'a> {
    /// Nothing for a folder, or for a link outside a zip, and where nothing could be opened: a sighting then says why, or the budget's
    /// verdict was given before.
    pub source: Option<Box<dyn Source + 'a>>,
    pub sightings: Vec<Sighting>,
    /// Of a packed stream: where bytes begin that are no part of it.
    pub rest: Option<u64>,
    /// For whatever is opened inside.
    pub budget: Budget,
}

impl<'a> Opened<'a> {
    pub(crate) fn nothing(budget: &Budget, sighting: Option<Sighting>) -> Self {
        Self { source: None, sightings: sighting.into_iter().collect(), rest: None, budget: budget.clone() }
    }

    pub(crate) fn content(source: Box<dyn Source + 'a>, budget: Budget) -> Self {
        Self { source: Some(source), sightings: Vec::new(), rest: None, budget }
    }

    /// The content of a stretch that is packed, with what went wrong. Nothing where not a byte came out.
    pub(crate) fn decoded(decoded: Decoded<'a>, offset: u64, budget: Budget) -> Self {
        let sighting = trouble(&decoded, offset, &budget);
        let source = (decoded.length > 0 || sighting.is_none()).then_some(decoded.content);
        Self { source, sightings: sighting.into_iter().collect(), rest: None, budget }
    }
}

fn trouble(decoded: &Decoded<'_>, offset: u64, budget: &Budget) -> Option<Sighting> {
    if decoded.cut {
        return budget.verdict();
    }
    let fault = decoded.fault.as_ref()?;
    if fault.kind() == ErrorKind::OutOfMemory {
        let reason = Text::new("解压所需的字典超过 128 MiB", "unpacking it takes a dictionary of more than 128 MiB");
        return Some(Sighting::new(BOMB).key("dictionary").with_text("reason", reason));
    }
    let offset = offset + decoded.end;
    Some(Sighting::malformed(offset, format!("解压失败：{fault}"), format!("unpacking it fails: {fault}")))
}
