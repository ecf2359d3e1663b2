use std::collections::HashMap;

use jingwei_core::Text;

use super::names::{Class, LicenceNames};
use crate::bom::{Bom, Component, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// A part of a commercial system is not for commercial use.
    CommercialUse,
    /// A model says that more is allowed than what it was made from allows.
    LaxerThanBase,
    /// A model says that more is allowed than the data that it was trained on allows.
    LaxerThanData,
    /// Two licences of one component cannot both be met.
    Incompatible,
}

/// Two licences, or a licence and the use, contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    pub kind: ConflictKind,
    /// Id of the component.
    pub component: String,
    /// Id or name of what it contradicts.
    pub other: Option<String>,
    pub reason: Text,
}

/// Contradictions within a bill, sorted. `commercial` says what the system is for.
#[must_use]
pub fn conflicts(bom: &Bom, commercial: bool, names: &LicenceNames) -> Vec<Conflict> {
    let mut found = Vec::new();
    let classes: Vec<Option<(String, Class)>> = bom.components.iter().map(|one| class_of(one, names)).collect();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (at, component) in bom.components.iter().enumerate() {
        for key in [Some(component.id.as_str()), Some(component.name.as_str()), component.purl.as_deref()] {
            key.map(|key| by_name.entry(key).or_insert(at));
        }
    }
    for (component, own) in bom.components.iter().zip(&classes) {
        if let Some((expression, Class::NonCommercial)) = own
            && commercial
            && component.kind != Kind::File
        {
            found.push(not_commercial(component, expression));
        }
        found.extend(incompatible(component, own.as_ref()));
        let Some(model) = &component.model else { continue };
        for (list, kind) in
            [(&model.base_models, ConflictKind::LaxerThanBase), (&model.datasets, ConflictKind::LaxerThanData)]
        {
            for name in list {
                let above = by_name.get(name.as_str()).and_then(|at| classes[*at].as_ref());
                if let (Some(own), Some(above)) = (own, above) {
                    found.extend(laxer(component, name, kind, own, above));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn class_of(component: &Component, names: &LicenceNames) -> Option<(String, Class)> {
    let given = component.licences.iter().map(|one| one.expression.as_deref().unwrap_or(&one.stated));
    let expression = names.read_all(given).expression?;
    let class = names.class_of_expression(&expression);
    Some((expression, class))
}

fn not_commercial(component: &Component, expression: &str) -> Conflict {
    let kind = component.kind.label();
    Conflict {
        kind: ConflictKind::CommercialUse,
        component: component.id.clone(),
        other: None,
        reason: Text::new(
            format!("系统用于商业，而{} {} 的许可证 {expression} 禁止商业使用", kind.zh, component.name),
            format!(
                "the system is commercial, and the licence {expression} of the {} {} is not for commercial use",
                kind.en, component.name
            ),
        ),
    }
}

/// A licence may add conditions, it cannot take away those of what it builds on.
fn laxer(
    component: &Component,
    other: &str,
    kind: ConflictKind,
    own: &(String, Class),
    above: &(String, Class),
) -> Option<Conflict> {
    let binding = match kind {
        // What a copyleft of data asks of a model is disputed; what its use conditions ask is not.
        ConflictKind::LaxerThanData => matches!(above.1, Class::NonCommercial | Class::UseRestricted),
        _ => matches!(
            above.1,
            Class::StrongCopyleft | Class::NetworkCopyleft | Class::UseRestricted | Class::NonCommercial
        ),
    };
    if !binding || own.0 == above.0 || own.1 >= above.1 {
        return None;
    }
    let (own_label, above_label) = (own.1.label(), above.1.label());
    Some(Conflict {
        kind,
        component: component.id.clone(),
        other: Some(other.to_owned()),
        reason: Text::new(
            format!(
                "{} 声明 {}（{}），而它所依据的 {other} 是 {}（{}）",
                component.name, own.0, own_label.zh, above.0, above_label.zh
            ),
            format!(
                "{} states {} ({}), while {other}, which it builds on, is under {} ({})",
                component.name, own.0, own_label.en, above.0, above_label.en
            ),
        ),
    })
}

/// GPL-2.0-only and Apache-2.0 in one work: the Free Software Foundation and the Apache Software Foundation both say that they do not go together.
fn incompatible(component: &Component, own: Option<&(String, Class)>) -> Option<Conflict> {
    let (expression, _) = own?;
    let parts: Vec<&str> = expression.split(" AND ").map(|part| part.trim_matches(['(', ')', ' '])).collect();
    let has = |id: &str| parts.contains(&id);
    (has("GPL-2.0-only") && has("Apache-2.0")).then(|| Conflict {
        kind: ConflictKind::Incompatible,
        component: component.id.clone(),
        other: None,
        reason: Text::new(
            format!("{} 同时声明 GPL-2.0-only 和 Apache-2.0，两者不能同时满足", component.name),
            format!("{} states GPL-2.0-only and Apache-2.0 together, and both cannot be met", component.name),
        ),
    })
}
