use std::collections::HashMap;

use jingwei_core::Limits;
use serde_json::Value;

use super::{Author, Said, VexDocument, VexStatus, each, word};
use crate::flaw::Flaw;

const LISTS: [(&str, VexStatus); 7] = [
    ("known_not_affected", VexStatus::NotAffected),
    ("fixed", VexStatus::Fixed),
    ("first_fixed", VexStatus::Fixed),
    ("under_investigation", VexStatus::UnderInvestigation),
    ("known_affected", VexStatus::Affected),
    ("first_affected", VexStatus::Affected),
    ("last_affected", VexStatus::Affected),
];

pub(super) fn read(value: &Value, limits: &Limits) -> Result<VexDocument, Flaw> {
    let products = products(value);
    let text = |path: &str| value.pointer(path).and_then(Value::as_str);
    let author = Author {
        author: text("/document/publisher/name").unwrap_or("?"),
        at: text("/document/tracking/current_release_date").and_then(|time| time.parse().ok()),
        document: text("/document/tracking/id").unwrap_or("?"),
    };
    let mut document = VexDocument::default();
    for fault in each(value, "vulnerabilities") {
        let others = each(fault, "ids").filter_map(|id| word(id, "text"));
        let faults: Vec<String> = word(fault, "cve").into_iter().chain(others).map(ToOwned::to_owned).collect();
        let Some(lists) = fault.get("product_status") else { continue };
        let labels = by_product(fault, &["flags"], "label");
        let details = by_product(fault, &["threats", "remediations"], "details");
        for (list, status) in LISTS {
            for product in each(lists, list).filter_map(Value::as_str) {
                let said = Said {
                    faults: faults.clone(),
                    within: None,
                    status,
                    justification: labels.get(product).copied(),
                    detail: details.get(product).copied(),
                };
                document.add(&author, &said, products.get(product).copied(), limits)?;
            }
        }
    }
    Ok(document)
}

/// What the first entry of the lists that names a product says in one field.
fn by_product<'a>(fault: &'a Value, lists: &[&str], field: &str) -> HashMap<&'a str, &'a str> {
    let mut said = HashMap::new();
    for entry in lists.iter().flat_map(|list| each(fault, list)) {
        let Some(text) = word(entry, field) else { continue };
        for product in each(entry, "product_ids").filter_map(Value::as_str) {
            said.entry(product).or_insert(text);
        }
    }
    said
}

/// Package URLs by product id.
fn products(value: &Value) -> HashMap<&str, &str> {
    let mut products = HashMap::new();
    let Some(tree) = value.get("product_tree") else { return products };
    each(tree, "full_product_names").for_each(|product| add(product, &mut products));
    each(tree, "branches").for_each(|branch| walk(branch, &mut products));
    // A part in a whole, such as a package in an operating system: the statement is about the part.
    for relation in each(tree, "relationships") {
        let Some(whole) = relation.get("full_product_name") else { continue };
        add(whole, &mut products);
        let part = word(relation, "product_reference").and_then(|part| products.get(part).copied());
        if let (Some(id), Some(purl)) = (word(whole, "product_id"), part) {
            products.entry(id).or_insert(purl);
        }
    }
    products
}

fn walk<'a>(branch: &'a Value, products: &mut HashMap<&'a str, &'a str>) {
    if let Some(product) = branch.get("product") {
        add(product, products);
    }
    each(branch, "branches").for_each(|inner| walk(inner, products));
}

fn add<'a>(product: &'a Value, products: &mut HashMap<&'a str, &'a str>) {
    let helper = product.get("product_identification_helper").unwrap_or(&Value::Null);
    // CSAF 2.1 has a list; the first one names the product itself.
    let purl = word(helper, "purl").or_else(|| each(helper, "purls").find_map(Value::as_str));
    if let (Some(id), Some(purl)) = (word(product, "product_id"), purl) {
        products.insert(id, purl);
    }
}
