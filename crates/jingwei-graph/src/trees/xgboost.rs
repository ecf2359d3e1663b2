//! XGBoost models in JSON and UBJSON (the schema `doc/model.schema` of the project, and what its reader does).

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::ubjson::Ubjson;
use super::{Child, Faults, MOST_CLASSES, MOST_FEATURES, index};
use crate::findings::{Findings, Stop};

/// Categories are codes, and the reader has a bit for each up to the largest.
const MOST_CATEGORIES: i64 = 1 << 24;

/// Reads an XGBoost model in JSON.
pub fn inspect_xgboost_json(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = crate::whole(source, limits).and_then(|bytes| {
        let model: Model = serde_json::from_slice(&bytes).map_err(|e| crate::not_json(&e))?;
        model.report(&mut findings);
        Ok(())
    });
    findings.finish(result)
}

/// Reads an XGBoost model in UBJSON.
pub fn inspect_xgboost_ubjson(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = crate::whole(source, limits).and_then(|bytes| {
        let mut reader = Ubjson::new(&bytes);
        let model = Model::deserialize(&mut reader).map_err(|e| Stop::Malformed(reader.at(), e.reason))?;
        model.report(&mut findings);
        Ok(())
    });
    findings.finish(result)
}

/// Keys with which a model begins; the last two are those of a booster kept in a pickle.
const KEYS: [&str; 4] = ["learner", "version", "Config", "Model"];

pub(crate) fn is_xgboost_json(front: &[u8]) -> bool {
    if !front.starts_with(b"{") {
        return false;
    }
    let text = String::from_utf8_lossy(front);
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let begins = KEYS.iter().any(|key| packed[1..].starts_with(&format!("\"{key}\":")));
    let parts = ["attributes", "feature_names", "gradient_booster", "learner_model_param"];
    begins && packed.contains("\"learner\":{\"") && parts.iter().any(|key| packed.contains(key))
}

pub(crate) fn is_xgboost_ubjson(front: &[u8]) -> bool {
    let Some(rest) = front.strip_prefix(b"{") else { return false };
    let width = match rest.first() {
        Some(b'i' | b'U') => 1,
        Some(b'I') => 2,
        Some(b'l') => 4,
        Some(b'L') => 8,
        _ => return false,
    };
    let key = rest.get(1 + width..).unwrap_or_default();
    KEYS.iter().any(|known| key.starts_with(known.as_bytes()) && usize::from(rest[width]) == known.len())
}

/// A whole number, which XGBoost writes as a number, a truth value or a text. What is none of them is the least one.
#[derive(Debug, Clone, Copy)]
struct Whole(i64);

impl Default for Whole {
    fn default() -> Self {
        Self(NONE)
    }
}

const NONE: i64 = i64::MIN;

impl Whole {
    fn given(self) -> Option<i64> {
        Some(self.0).filter(|number| *number != NONE)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Whole;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Whole, E> {
                Ok(Whole(value.into()))
            }

            #[allow(clippy::cast_possible_truncation, reason = "a number too large becomes the largest one")]
            fn visit_f64<E>(self, number: f64) -> Result<Whole, E> {
                Ok(Whole(if number.is_nan() { NONE } else { number as i64 }))
            }

            fn visit_str<E>(self, text: &str) -> Result<Whole, E> {
                Ok(Whole(text.trim().parse().unwrap_or(NONE)))
            }

            fn visit_unit<E>(self) -> Result<Whole, E> {
                Ok(Whole(NONE))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Whole, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Whole(NONE))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Whole(NONE))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// How long a list is.
#[derive(Debug, Clone, Copy)]
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counted;
        impl<'de> Visitor<'de> for Counted {
            type Value = Length;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Length, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Length(count))
            }
        }
        deserializer.deserialize_seq(Counted)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Model {
    learner: Option<Learner>,
    #[serde(rename = "Model")]
    inner: Option<Inner>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Inner {
    learner: Option<Learner>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Learner {
    gradient_booster: Booster,
    learner_model_param: Numbers,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Booster {
    model: Forest,
    /// Of a booster that drops trees: the trees lie one deeper, with a weight for each.
    gbtree: Option<Dropped>,
    weight_drop: Option<Length>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Dropped {
    model: Forest,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Forest {
    gbtree_model_param: Numbers,
    tree_info: Vec<Whole>,
    iteration_indptr: Option<Vec<Whole>>,
    trees: Trees,
    /// Of a linear model.
    weights: Option<Length>,
}

/// The numbers of a model, a forest or a tree.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Numbers {
    num_feature: Whole,
    num_class: Whole,
    num_target: Whole,
    num_trees: Whole,
    num_nodes: Whole,
}

/// Trees are judged one by one, so that no more than one is held.
#[derive(Default)]
struct Trees {
    count: usize,
    faults: Faults,
    /// The largest feature that a tree splits by, and the tree.
    feature: Option<(i64, usize)>,
}

impl<'de> Deserialize<'de> for Trees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneByOne;
        impl<'de> Visitor<'de> for OneByOne {
            type Value = Trees;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of trees")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Trees, A::Error> {
                let mut trees = Trees::default();
                while let Some(tree) = list.next_element::<Tree>()? {
                    tree.judge(trees.count, &mut trees);
                    trees.count += 1;
                }
                Ok(trees)
            }
        }
        deserializer.deserialize_seq(OneByOne)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tree {
    tree_param: Numbers,
    left_children: Vec<Whole>,
    right_children: Vec<Whole>,
    split_indices: Vec<Whole>,
    parents: Option<Length>,
    split_conditions: Option<Length>,
    default_left: Option<Length>,
    loss_changes: Option<Length>,
    sum_hessian: Option<Length>,
    split_type: Option<Length>,
    categories: Vec<Whole>,
    categories_nodes: Vec<Whole>,
    categories_segments: Vec<Whole>,
    categories_sizes: Vec<Whole>,
}

impl Tree {
    fn judge(&self, tree: usize, trees: &mut Trees) {
        let nodes = self.left_children.len();
        self.lengths(tree, &mut trees.faults);
        let child = |number: Whole| match index(number.0).filter(|next| *next < nodes) {
            Some(next) => Child::Node(next),
            None => Child::Outside(number.0),
        };
        trees.faults.walk(tree, nodes, |node| {
            // The reader takes a node for a leaf by its left child alone.
            let left = self.left_children[node];
            let right = self.right_children.get(node).copied().unwrap_or(Whole(-1));
            if left.0 == -1 { [Child::Leaf, Child::Leaf] } else { [child(left), child(right)] }
        });
        let inner = |(_, left): &(&Whole, &Whole)| left.0 != -1;
        let features = self.split_indices.iter().zip(&self.left_children).filter(inner).map(|(feature, _)| feature.0);
        for feature in features {
            // What was pruned away has the largest index there is, and no children.
            if trees.feature.is_none_or(|(most, _)| feature > most) || feature < 0 {
                trees.feature = Some((if feature < 0 { i64::MAX } else { feature }, tree));
            }
        }
        self.categories(tree, &mut trees.faults);
    }

    /// Every list has an entry for each node that the tree claims.
    fn lengths(&self, tree: usize, faults: &mut Faults) {
        let left = self.left_children.len() as u64;
        let claimed = self.tree_param.num_nodes.given().map_or(left, |claimed| u64::try_from(claimed).unwrap_or(0));
        if claimed == 0 {
            return faults.outside(Some(tree), "树没有节点", "there is no node");
        }
        let given = |length: &Option<Length>| length.map(|length| length.0);
        for (what, found) in [
            ("left_children", Some(left)),
            ("right_children", Some(self.right_children.len() as u64)),
            ("split_indices", Some(self.split_indices.len() as u64)),
            ("parents", given(&self.parents)),
            ("split_conditions", given(&self.split_conditions)),
            ("default_left", given(&self.default_left)),
            ("loss_changes", given(&self.loss_changes).filter(|count| *count > 0)),
            ("sum_hessian", given(&self.sum_hessian).filter(|count| *count > 0)),
            ("split_type", given(&self.split_type).filter(|count| *count > 0)),
        ] {
            if let Some(found) = found {
                faults.count(Some(tree), what, found, claimed);
            }
        }
    }

    /// Nodes that split by categories name a stretch in one list of all of them.
    fn categories(&self, tree: usize, faults: &mut Faults) {
        let nodes = self.categories_nodes.len() as u64;
        faults.count(Some(tree), "categories_segments", self.categories_segments.len() as u64, nodes);
        faults.count(Some(tree), "categories_sizes", self.categories_sizes.len() as u64, nodes);
        let held = self.categories.len();
        let stretch = |(start, size): (&Whole, &Whole)| index(start.0)?.checked_add(index(size.0)?);
        let mut stretches = self.categories_segments.iter().zip(&self.categories_sizes);
        if !stretches.all(|pair| stretch(pair).is_some_and(|end| end <= held)) {
            let (zh, en) = ("节点的类别段超出类别表", "a node's categories lie outside of their list");
            faults.outside(Some(tree), zh, en);
        }
        let is_node = |node: &Whole| index(node.0).is_some_and(|node| node < self.left_children.len());
        if !self.categories_nodes.iter().all(is_node) {
            let (zh, en) = ("按类别划分的节点不在树中", "a node that splits by categories is not in the tree");
            faults.outside(Some(tree), zh, en);
        }
        if let Some(odd) = self.categories.iter().find(|category| !(0..MOST_CATEGORIES).contains(&category.0)) {
            let (zh, en) = (format!("类别编号 {} 不可能存在", odd.0), format!("there is no category {}", odd.0));
            faults.outside(Some(tree), zh, en);
        }
    }
}

impl Model {
    fn report(self, findings: &mut Findings) {
        let learner = self.learner.or(self.inner.and_then(|inner| inner.learner)).unwrap_or_default();
        let Booster { model, gbtree, weight_drop } = learner.gradient_booster;
        let forest = gbtree.map(|inner| inner.model).unwrap_or(model);
        let mut faults = Faults::default();
        let numbers = &learner.learner_model_param;
        faults.amount("num_feature", numbers.num_feature.given(), 0, MOST_FEATURES);
        faults.amount("num_class", numbers.num_class.given(), 0, MOST_CLASSES);
        faults.amount("num_target", numbers.num_target.given(), 0, MOST_CLASSES);
        forest.judge(&learner.learner_model_param, &mut faults);
        if let Some(weights) = weight_drop {
            faults.count(None, "weight_drop", weights.0, forest.trees.count as u64);
        }
        faults.report(findings);
        findings.inspection.facts.more.insert("trees", forest.trees.count.to_string());
        forest.trees.faults.report(findings);
    }
}

impl Forest {
    fn judge(&self, model: &Numbers, faults: &mut Faults) {
        let trees = self.trees.count as u64;
        let claimed = self.gbtree_model_param.num_trees.given();
        if let Some(claimed) = claimed {
            let claimed = u64::try_from(claimed).unwrap_or(u64::MAX);
            faults.count(None, "trees", trees, claimed);
        }
        faults.count(None, "tree_info", self.tree_info.len() as u64, trees);
        let groups = |count: Whole| count.given().unwrap_or(0).max(1);
        let groups = groups(model.num_class).max(groups(model.num_target));
        if let Some(odd) = self.tree_info.iter().find(|group| !(0..groups).contains(&group.0)) {
            let (zh, en) = (
                format!("tree_info 把树归入第 {} 组，而模型有 {groups} 组", odd.0),
                format!("tree_info puts a tree into group {} of {groups}", odd.0),
            );
            faults.outside(None, zh, en);
        }
        if let Some(rounds) = self.iteration_indptr.as_ref().filter(|rounds| !rounds.is_empty()) {
            let ends_well = rounds.last().is_some_and(|end| u64::try_from(end.0) == Ok(trees));
            if !ends_well || rounds[0].0 != 0 || !rounds.is_sorted_by_key(|round| round.0) {
                let (zh, en) = ("iteration_indptr 与树的数量不符", "iteration_indptr does not fit the trees");
                faults.outside(None, zh, en);
            }
        }
        self.features(model, groups, faults);
    }

    fn features(&self, model: &Numbers, groups: i64, faults: &mut Faults) {
        let features = model.num_feature.given().filter(|count| *count > 0);
        if let (Some(features), Some((feature, tree))) = (features, self.trees.feature)
            && feature >= features
        {
            let (zh, en) = (
                format!("按特征 {feature} 划分，而模型只有 {features} 个特征"),
                format!("it splits by feature {feature}, and the model has {features}"),
            );
            faults.outside(Some(tree), zh, en);
        }
        if let (Some(features), Some(weights)) = (features, self.weights) {
            let expected = features.saturating_add(1).saturating_mul(groups);
            faults.count(None, "weights", weights.0, u64::try_from(expected).unwrap_or(0));
        }
    }
}
