use jingwei_core::Limits;
use serde_json::Value;

use super::{Author, Said, VexDocument, VexStatus, each, time, word};
use crate::flaw::Flaw;

pub(super) fn read(value: &Value, limits: &Limits) -> Result<VexDocument, Flaw> {
    let mut document = VexDocument::default();
    let issued = time(value, "timestamp");
    for statement in each(value, "statements") {
        let status = match word(statement, "status") {
            Some("not_affected") => VexStatus::NotAffected,
            Some("fixed") => VexStatus::Fixed,
            Some("under_investigation") => VexStatus::UnderInvestigation,
            Some("affected") => VexStatus::Affected,
            other => return Err(Flaw::bad("status", other.unwrap_or_default())),
        };
        let said = Said {
            faults: faults(statement),
            within: None,
            status,
            justification: word(statement, "justification"),
            detail: word(statement, "impact_statement").or_else(|| word(statement, "action_statement")),
        };
        let author = Author {
            author: word(value, "author").unwrap_or("?"),
            at: time(statement, "timestamp").or_else(|| time(value, "last_updated")).or(issued),
            document: word(value, "@id").unwrap_or("?"),
        };
        for product in each(statement, "products") {
            // Where parts of a product are named, the statement is about them, as far as they are in it.
            let said = Said { within: name(product), ..said.clone() };
            let mut parts = each(product, "subcomponents").peekable();
            if parts.peek().is_none() {
                document.add(&author, &Said { within: None, ..said.clone() }, name(product), limits)?;
            }
            for part in parts {
                document.add(&author, &said, name(part), limits)?;
            }
        }
    }
    Ok(document)
}

/// A text in the first edition of the format, a table later.
fn faults(statement: &Value) -> Vec<String> {
    let Some(fault) = statement.get("vulnerability") else { return Vec::new() };
    if let Some(name) = fault.as_str() {
        return vec![name.to_owned()];
    }
    let names = word(fault, "name").into_iter().chain(each(fault, "aliases").filter_map(Value::as_str));
    names.map(ToOwned::to_owned).collect()
}

fn name(product: &Value) -> Option<&str> {
    let id = product.as_str().or_else(|| word(product, "@id"));
    let named = product.get("identifiers").and_then(|identifiers| word(identifiers, "purl"));
    named.or(id)
}
