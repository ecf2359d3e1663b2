//! XML as a tree of elements. Entities other than the five of XML are left out, so nothing expands; attributes are not needed by any format here.

use jingwei_core::Limits;
use quick_xml::{Reader, events::Event};

use super::{Broken, Budget, Lines};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Without a prefix.
    pub name: String,
    pub text: String,
    pub line: u32,
    pub children: Vec<Element>,
}

impl Element {
    pub(crate) fn children(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// A child's text, if there is any.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }
}

pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Element, Broken> {
    let lines = Lines::of(text);
    let mut budget = Budget::new(limits);
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let line = lines.at(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).saturating_add(1));
        let event = reader.read_event().map_err(|e| Broken::malformed(line, "XML", &e.to_string()))?;
        let closed = match event {
            Event::Start(tag) => {
                budget.entry(line)?;
                open.push(Element { name: tag.local_name().into_inner().to_owned(), line, ..Element::default() });
                budget.depth(line, open.len())?;
                None
            }
            Event::Empty(tag) => {
                budget.entry(line)?;
                Some(Element { name: tag.local_name().into_inner().to_owned(), line, ..Element::default() })
            }
            Event::End(_) => open.pop(),
            Event::Text(part) => {
                append(&mut open, &part);
                None
            }
            Event::CData(part) => {
                append(&mut open, &part);
                None
            }
            Event::GeneralRef(name) => {
                append(&mut open, &entity(&name));
                None
            }
            Event::Eof => return Err(Broken::malformed(line, "XML", "it ends early")),
            _ => None,
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Ok(element),
            }
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn entity(name: &str) -> String {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
    .to_owned()
}
