use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::check;

const BROKEN: &[&str] = &["header-malformed"];
const RING: &[&str] = &["graph-bomb tree"];

/// A model of one tree of three nodes, in which one text is replaced by another.
fn xgboost(from: &str, to: &str) -> String {
    let model = r#"{"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{
        "gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],"trees":[{
        "categories":[3],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1],"default_left":[0,0,0],
        "left_children":[1,-1,-1],"loss_changes":[1,0,0],"parents":[2147483647,0,0],"right_children":[2,-1,-1],
        "split_conditions":[0.5,1,2],"split_indices":[1,0,0],"split_type":[1,0,0],"sum_hessian":[2,1,1],
        "tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},
        "learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"2","num_target":"1"}},"version":[3,0,0]}"#;
    assert!(model.contains(from), "{from}");
    model.replace(from, to)
}

/// The same in UBJSON, with typed lists where a list holds numbers alone.
fn ubjson(value: &serde_json::Value, out: &mut Vec<u8>) {
    let length = |out: &mut Vec<u8>, count: usize| {
        out.push(b'L');
        out.extend((count as u64).to_be_bytes());
    };
    match value {
        serde_json::Value::Object(map) => {
            out.push(b'{');
            for (key, value) in map {
                length(out, key.len());
                out.extend(key.as_bytes());
                ubjson(value, out);
            }
            out.push(b'}');
        }
        serde_json::Value::Array(list) if list.iter().all(serde_json::Value::is_i64) => {
            out.extend(b"[$l#");
            length(out, list.len());
            out.extend(list.iter().flat_map(|n| i32::try_from(n.as_i64().unwrap()).unwrap().to_be_bytes()));
        }
        serde_json::Value::Array(list) => {
            out.extend(b"[#");
            length(out, list.len());
            list.iter().for_each(|value| ubjson(value, out));
        }
        serde_json::Value::String(text) => {
            out.push(b'S');
            length(out, text.len());
            out.extend(text.as_bytes());
        }
        number => {
            out.push(b'd');
            out.extend((number.as_f64().unwrap() as f32).to_be_bytes());
        }
    }
}

#[test]
fn xgboost_trees_are_what_their_loader_takes_them_for() {
    for (case, from, to, expected) in [
        ("sound", "\"learner\"", "\"learner\"", &[][..]),
        ("a child outside", "[1,-1,-1]", "[3,-1,-1]", BROKEN),
        ("a right child that is none", "[2,-1,-1]", "[-1,-1,-1]", BROKEN),
        ("a negative child", "[1,-1,-1]", "[-7,-1,-1]", BROKEN),
        ("its own child", "[1,-1,-1]", "[0,-1,-1]", RING),
        ("what a leaf has on its right", "[2,-1,-1]", "[2,2,-1]", &[]),
        ("a left child of an inner node alone", "[1,-1,-1]", "[1,2,-1]", BROKEN),
        ("two parents", "[2,-1,-1]", "[1,-1,-1]", BROKEN),
        ("more nodes claimed", "\"num_nodes\":\"3\"", "\"num_nodes\":\"1073741824\"", BROKEN),
        ("a negative count", "\"num_nodes\":\"3\"", "\"num_nodes\":\"-3\"", BROKEN),
        ("no node", "\"num_nodes\":\"3\"", "\"num_nodes\":\"0\"", BROKEN),
        ("a list too short", "[0.5,1,2]", "[0.5,1]", BROKEN),
        ("a feature outside", "[1,0,0],\"split_type", "[2,0,0],\"split_type", BROKEN),
        ("a negative feature", "[1,0,0],\"split_type", "[-2,0,0],\"split_type", BROKEN),
        ("what a leaf would split by", "[1,0,0],\"split_type", "[1,9,0],\"split_type", &[]),
        (
            "features without end",
            "\"num_feature\":\"2\",\"num_target\"",
            "\"num_feature\":\"4294967295\",\"num_target\"",
            BROKEN,
        ),
        ("classes without end", "\"num_class\":\"0\"", "\"num_class\":\"2147483647\"", BROKEN),
        ("more trees claimed", "\"num_trees\":\"1\"", "\"num_trees\":\"2\"", BROKEN),
        ("a group outside", "\"tree_info\":[0]", "\"tree_info\":[1]", BROKEN),
        ("a group too many", "\"tree_info\":[0]", "\"tree_info\":[0,0]", BROKEN),
        ("rounds outside", "\"iteration_indptr\":[0,1]", "\"iteration_indptr\":[0,9]", BROKEN),
        ("categories outside", "\"categories_sizes\":[1]", "\"categories_sizes\":[2]", BROKEN),
        ("a category of a gigabyte", "\"categories\":[3]", "\"categories\":[2147483647]", BROKEN),
        ("a node of categories outside", "\"categories_nodes\":[0]", "\"categories_nodes\":[4]", BROKEN),
        ("a weight too many", "\"name\":\"gbtree\"", "\"weight_drop\":[1,1]", BROKEN),
    ] {
        let text = xgboost(from, to);
        // One finding for each fault: a list may break two of them.
        let inspection = crate::look(text.as_bytes());
        let mut rules = crate::seen(&inspection);
        rules.dedup();
        assert_eq!(rules, expected, "{case}");
        let mut packed = Vec::new();
        ubjson(&serde_json::from_str(&text).unwrap(), &mut packed);
        assert_eq!(crate::told(&packed), Some(GraphFormat::XgBoostUbjson), "{case}");
        assert_eq!(crate::look(&packed).sightings, inspection.sightings, "{case}");
    }
}

#[test]
fn ubjson_that_lies_is_no_bomb() {
    let head = b"{L\0\0\0\0\0\0\0\x07learner";
    for (case, rest) in [
        ("a list of a terabyte", &b"[$d#L\0\0\x01\0\0\0\0\0"[..]),
        ("a negative length", b"[#L\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("values without bytes", b"[$T#L\0\0\0\0\x7f\xff\xff\xff"),
        ("an unknown kind", b"?"),
        ("a text past the end", b"Si\x7fabc"),
        ("nothing", b""),
    ] {
        check(case, GraphFormat::XgBoostUbjson, &[&head[..], rest].concat(), BROKEN);
    }
    check("nested", GraphFormat::XgBoostUbjson, &[&head[..], &b"{i\x01a".repeat(100_000)].concat(), BROKEN);
}

/// The form before JSON: one tree of three nodes, of two features. `change` is given where the forest begins.
fn binary(change: impl Fn(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mut out = vec![0; 136];
    out[4..8].copy_from_slice(&2u32.to_le_bytes());
    for name in ["reg:linear", "gbtree"] {
        out.extend((name.len() as u64).to_le_bytes());
        out.extend(name.as_bytes());
    }
    let forest = out.len();
    out.resize(forest + 160 + 148, 0);
    out[forest] = 1;
    out[forest + 24] = 1;
    out[forest + 164] = 3;
    for (left, right, feature) in [(1i32, 2i32, 1u32), (-1, -1, 0), (-1, -1, 0)] {
        out.extend((-1i32).to_le_bytes());
        out.extend(left.to_le_bytes());
        out.extend(right.to_le_bytes());
        out.extend((feature | 1 << 31).to_le_bytes());
        out.extend([0; 4]);
    }
    out.resize(out.len() + 3 * 16 + 4, 0);
    change(&mut out, forest);
    out
}

#[test]
fn xgboost_before_json_is_followed_too() {
    let nodes = 160 + 148;
    for (case, at, value, expected) in [
        ("sound", 0, 1i32, &[][..]),
        ("a child outside", nodes + 4, 3, BROKEN),
        ("its own child", nodes + 8, 0, RING),
        ("a feature outside", nodes + 12, 2, BROKEN),
        ("trees without end", 0, i32::MAX, BROKEN),
        ("trees below none", 0, -1, BROKEN),
        ("nodes without end", 164, i32::MAX, BROKEN),
        ("no node", 164, 0, BROKEN),
        ("a group outside", nodes + 3 * 36, 1, BROKEN),
    ] {
        let bytes = binary(|bytes, forest| {
            bytes[forest + at..forest + at + 4].copy_from_slice(&value.to_le_bytes());
        });
        for bytes in [bytes.clone(), [b"binf", bytes.as_slice()].concat()] {
            let inspection = crate::look(&bytes);
            let mut rules = crate::seen(&inspection);
            rules.dedup();
            assert_eq!(rules, expected, "{case}");
        }
    }
    check("base64", GraphFormat::XgBoostBinary, b"bs64\tYWJj\n", BROKEN);
    check("no base64", GraphFormat::XgBoostBinary, b"bs64\t!!", BROKEN);
}

fn lightgbm(from: &str, to: &str) -> String {
    let model = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nfeature_names=a b\n\
        feature_infos=[0:1] 0:1:2\ntree_sizes=SIZE\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\n\
        threshold=0.5 0\ndecision_type=2 1\nleft_child=1 -1\nright_child=-3 -2\nleaf_value=0.1 0.2 0.3\ncat_boundaries=0 1\n\
        cat_threshold=6\nis_linear=1\nleaf_const=1 2 3\nnum_features=1 0 0\nleaf_features=0 \nleaf_coeff=0.5 \nshrinkage=1\n\n\n";
    assert!(model.contains(from), "{from}");
    let model = model.replace(from, to);
    let size = model.len() - model.find("Tree=0").unwrap();
    model.replace("SIZE", &size.to_string()) + "end of trees\n\nparameters:\n[boosting: gbdt]\nend of parameters\n"
}

#[test]
fn lightgbm_trees_are_what_their_loader_takes_them_for() {
    for (case, from, to, expected) in [
        ("sound", "tree", "tree", &[][..]),
        ("a node outside", "left_child=1 -1", "left_child=2 -1", BROKEN),
        ("a leaf outside", "right_child=-3 -2", "right_child=-4 -2", BROKEN),
        ("its own child", "left_child=1 -1", "left_child=1 1", RING),
        ("back to the root", "left_child=1 -1", "left_child=1 0", RING),
        ("no number", "left_child=1 -1", "left_child=1 x", BROKEN),
        ("more leaves claimed", "num_leaves=3", "num_leaves=1073741824", BROKEN),
        ("no leaf", "num_leaves=3", "num_leaves=0", BROKEN),
        ("no leaves given", "num_leaves=3\n", "", BROKEN),
        ("a list too short", "threshold=0.5 0", "threshold=0.5", BROKEN),
        ("a list left out", "right_child=-3 -2\n", "", BROKEN),
        ("a feature outside", "split_feature=0 1", "split_feature=0 2", BROKEN),
        ("a set of categories outside", "decision_type=2 1", "decision_type=1 1", &[]),
        ("another set outside", "threshold=0.5 0", "threshold=0.5 7", BROKEN),
        ("categories outside", "cat_boundaries=0 1", "cat_boundaries=0 99", BROKEN),
        ("categories backwards", "cat_boundaries=0 1", "cat_boundaries=1 1", BROKEN),
        ("more sets claimed", "num_cat=1", "num_cat=2000000000", BROKEN),
        ("a linear leaf outside", "num_features=1 0 0", "num_features=1 0 9", BROKEN),
        ("a linear feature outside", "leaf_features=0", "leaf_features=5", BROKEN),
        ("features below none", "max_feature_idx=1", "max_feature_idx=-2", BROKEN),
        ("more classes than trees", "num_class=1", "num_class=2147483647", BROKEN),
        ("rounds that do not end", "num_tree_per_iteration=1", "num_tree_per_iteration=2", BROKEN),
        ("sizes too small", "SIZE", "3", &[]),
        ("sizes past the end", "SIZE", "99999", BROKEN),
        ("a negative size", "SIZE", "-5", BROKEN),
        ("sizes of trees that are not there", "SIZE", "3 3", &["graph-lie the model"]),
        ("a name too few", "feature_names=a b", "feature_names=a", BROKEN),
    ] {
        let inspection = crate::look(lightgbm(from, to).as_bytes());
        let mut rules = crate::seen(&inspection);
        rules.dedup();
        assert_eq!(rules, expected, "{case}");
    }
}

/// Two symmetric trees of one split each, or two of three nodes, with three splits to name.
fn catboost(change: impl Fn(&mut Vec<Fb>), parts: Vec<&'static str>, behind: &[u8]) -> Vec<u8> {
    let float = vec![Fb::Absent, Fb::U32(0), Fb::U32(0), Fb::Numbers(vec![1, 2, 3])];
    let mut trees = vec![
        Fb::U32(1),
        Fb::Numbers(vec![0, 2]),
        Fb::Numbers(vec![1, 1]),
        Fb::Numbers(vec![0, 1]),
        Fb::Absent,
        Fb::Tables(vec![float]),
        Fb::Absent,
        Fb::Absent,
        Fb::Wide(vec![0; 4]),
        Fb::Wide(vec![0; 4]),
        Fb::Absent,
        Fb::Absent,
    ];
    change(&mut trees);
    let info = vec![Fb::Bytes(b"params".to_vec()), Fb::Bytes(b"{}".to_vec())];
    let root = [Fb::Bytes(b"v1".to_vec()), Fb::Table(trees), Fb::Tables(vec![info]), Fb::Texts(parts)];
    let core = flatbuffer(&[0; 4], &root);
    [b"CBM1", &u32::try_from(core.len()).unwrap().to_le_bytes()[..], &core, behind].concat()
}

#[test]
fn catboost_trees_are_what_their_loader_takes_them_for() {
    let tables = |field: usize, value: Fb| move |trees: &mut Vec<Fb>| trees[field] = value.clone();
    let steps = |ahead: u32, leaf: i32| {
        move |trees: &mut Vec<Fb>| {
            trees[1] = Fb::Numbers(vec![0, 0, 0]);
            trees[2] = Fb::Numbers(vec![3]);
            trees[3] = Fb::Numbers(vec![0]);
            trees[10] = Fb::Numbers(vec![(ahead << 16 | 1).cast_signed(), 0, 0]);
            trees[11] = Fb::Numbers(vec![0, leaf, 3]);
        }
    };
    type Change = Box<dyn Fn(&mut Vec<Fb>)>;
    let cases: Vec<(&str, Change, &[&str])> = vec![
        ("sound", Box::new(|_| {}), &[]),
        ("a split outside", Box::new(tables(1, Fb::Numbers(vec![0, 3]))), BROKEN),
        ("a negative split", Box::new(tables(1, Fb::Numbers(vec![0, -1]))), BROKEN),
        ("more splits than there are", Box::new(tables(2, Fb::Numbers(vec![1, 2]))), BROKEN),
        ("a depth of a billion", Box::new(tables(2, Fb::Numbers(vec![1, 1_000_000_000]))), BROKEN),
        ("a negative depth", Box::new(tables(2, Fb::Numbers(vec![1, -1]))), BROKEN),
        ("a start outside", Box::new(tables(3, Fb::Numbers(vec![0, 77]))), BROKEN),
        ("leaves too few", Box::new(tables(8, Fb::Wide(vec![0; 3]))), BROKEN),
        ("weights too few", Box::new(tables(9, Fb::Wide(vec![0; 3]))), BROKEN),
        ("outputs below none", Box::new(tables(0, Fb::U32(u32::MAX))), BROKEN),
        ("more outputs than leaves", Box::new(tables(0, Fb::U32(2))), BROKEN),
        ("a feature outside", Box::new(tables(4, Fb::Tables(vec![vec![Fb::U32(1 << 30)]]))), BROKEN),
        ("nodes", Box::new(steps(2, 1)), &[]),
        ("a node outside", Box::new(steps(3, 1)), BROKEN),
        ("a leaf outside", Box::new(steps(2, 9)), BROKEN),
    ];
    for (case, change, expected) in cases {
        let inspection = crate::look(&catboost(change, vec![], b""));
        let mut rules = crate::seen(&inspection);
        rules.dedup();
        assert_eq!(rules, expected, "{case}");
    }
    let plain = || catboost(|_| {}, vec![], b"");
    let lie = &["graph-lie the model"][..];
    for (case, bytes, expected) in [
        ("a part", catboost(|_| {}, vec!["static_provider_v1"], b"...."), &[][..]),
        ("an unknown part", catboost(|_| {}, vec!["run_me_v1"], b"...."), lie),
        ("a part that is not there", catboost(|_| {}, vec!["static_provider_v1"], b""), lie),
        ("bytes that no part owns", catboost(|_| {}, vec![], b"...."), lie),
        ("a length that lies", [b"CBM1\xff\xff\xff\xff", &plain()[8..]].concat(), BROKEN),
        ("a root outside", [&plain()[..8], b"\xff\xff\xff\x7f", &plain()[12..]].concat(), BROKEN),
        ("cut off", plain()[..plain().len() - 20].to_vec(), BROKEN),
        ("nothing", b"CBM1".to_vec(), BROKEN),
    ] {
        check(case, GraphFormat::CatBoost, &bytes, expected);
    }
}

#[test]
fn a_model_is_told_in_whichever_order_its_keys_stand() {
    for (text, expected) in [
        ("tree\nversion=v4\n", Some(GraphFormat::LightGbm)),
        ("tree\r\nfeature_names=a\r\nmax_feature_idx=0\r\n", Some(GraphFormat::LightGbm)),
        ("tree\nnum_class=1\n", Some(GraphFormat::LightGbm)),
        ("trees\nversion=v4\n", None),
        ("tree\nx=y\n", Some(GraphFormat::LightGbm)),
        ("tree\nof life\n", None),
        ("tree\nof life = 1\n", None),
        ("binford tools", None),
        (r#"{"version": [3,0,0], "learner": {"attributes": {}}}"#, Some(GraphFormat::XgBoostJson)),
        (r#"{"Config": {}, "Model": {"learner": {"gradient_booster": {}}}}"#, Some(GraphFormat::XgBoostJson)),
        (r#"{"learner": "Adam", "attributes": {}}"#, None),
    ] {
        assert_eq!(crate::told(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn onnx_ensembles_lead_to_their_leaves() {
    // Two trees of three nodes each.
    const TOGETHER: [usize; 6] = [0, 1, 2, 3, 4, 5];
    let ensemble = |yes: [i64; 6], no: [i64; 6], packed: bool, order: [usize; 6]| {
        let list = |name: &str, numbers: [i64; 6]| {
            let attribute = pb().bytes(1, name);
            let numbers = order.map(|place| numbers[place]);
            if packed {
                return attribute.bytes(8, numbers.map(|number| u8::try_from(number).unwrap()));
            }
            numbers.into_iter().fold(attribute, |attribute, number| attribute.int(8, number))
        };
        let words = ["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "BRANCH_LEQ", "LEAF"];
        let modes = order
            .map(|place| words[place])
            .into_iter()
            .fold(pb().bytes(1, "nodes_modes"), |modes, word| modes.bytes(9, word));
        let lists = [
            list("nodes_treeids", [0, 0, 0, 1, 1, 1]),
            list("nodes_nodeids", [0, 1, 2, 0, 1, 2]),
            list("nodes_truenodeids", yes),
            list("nodes_falsenodeids", no),
            modes,
        ];
        let node = onnx_node("ai.onnx.ml", "TreeEnsembleRegressor", "t").messages(5, lists);
        onnx_model(vec![node], vec![], vec![])
    };
    for packed in [false, true] {
        for (yes, no, expected) in [
            ([1, 0, 0, 1, 2, 0], [2, 0, 0, 2, 2, 0], &[][..]),
            ([1, 0, 0, 1, 0, 0], [2, 0, 0, 2, 2, 0], RING),
            ([1, 0, 0, 1, 1, 0], [2, 0, 0, 2, 2, 0], RING),
            ([7, 0, 0, 1, 2, 0], [2, 0, 0, 2, 2, 0], BROKEN),
        ] {
            for order in [TOGETHER, [0, 3, 1, 4, 2, 5]] {
                check("ensemble", GraphFormat::Onnx, &ensemble(yes, no, packed, order), expected);
            }
        }
    }
}

#[test]
fn onnx_ensembles_name_their_roots() {
    // Two nodes and three leaves.
    let ensemble = |yes: [i64; 2], no: [i64; 2], no_leaves: [i64; 2], root: i64| {
        let list = |name: &str, numbers: &[i64]| {
            numbers.iter().fold(pb().bytes(1, name), |attribute, number| attribute.int(8, *number))
        };
        let lists = [
            list("nodes_truenodeids", &yes),
            list("nodes_falsenodeids", &no),
            list("nodes_trueleafs", &[0, 1]),
            list("nodes_falseleafs", &no_leaves),
            list("leaf_targetids", &[0, 0, 0]),
            list("tree_roots", &[root]),
        ];
        let node = onnx_node("ai.onnx.ml", "TreeEnsemble", "t").messages(5, lists);
        onnx_model(vec![node], vec![], vec![])
    };
    for (yes, no, no_leaves, root, expected) in [
        ([1, 0], [2, 1], [1, 1], 0, &[][..]),
        ([0, 0], [2, 1], [1, 1], 0, RING),
        ([1, 0], [2, 0], [1, 0], 0, RING),
        ([7, 0], [2, 1], [1, 1], 0, BROKEN),
        ([1, 0], [3, 1], [1, 1], 0, BROKEN),
        ([1, 0], [2, 1], [1, 1], 9, BROKEN),
    ] {
        check("ensemble", GraphFormat::Onnx, &ensemble(yes, no, no_leaves, root), expected);
    }
}
