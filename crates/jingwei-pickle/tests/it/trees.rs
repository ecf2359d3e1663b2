//! Fitted trees whose numbers lead nowhere. The streams are as NumPy and scikit-learn write them, opcode by opcode.

use crate::seen;

fn text(text: &str) -> Vec<u8> {
    [&[b'U', u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn int(n: i64) -> Vec<u8> {
    format!("I{n}\n").into_bytes()
}

fn tuple(values: &[Vec<u8>]) -> Vec<u8> {
    [b"(".as_slice(), &values.concat(), b"t"].concat()
}

fn global(name: &str) -> Vec<u8> {
    let (module, path) = name.split_once(' ').unwrap();
    format!("c{module}\n{path}\n").into_bytes()
}

/// `numpy.dtype(code, False, True)` with its state.
fn dtype(code: &str, order: &str, fields: &[(&str, Vec<u8>, i64)], size: i64) -> Vec<u8> {
    let (names, places) = if fields.is_empty() {
        (b"N".to_vec(), b"N".to_vec())
    } else {
        let names: Vec<Vec<u8>> = fields.iter().map(|(name, ..)| text(name)).collect();
        let places = fields.iter().map(|(name, of, at)| [text(name), tuple(&[of.clone(), int(*at)])].concat());
        (tuple(&names), [b"}(".as_slice(), &places.collect::<Vec<_>>().concat(), b"u"].concat())
    };
    let state = tuple(&[int(3), text(order), b"N".to_vec(), names, places, int(size), int(8), int(0)]);
    [
        global("numpy dtype"),
        tuple(&[text(code), b"\x89".to_vec(), b"\x88".to_vec()]),
        b"R".to_vec(),
        state,
        b"b".to_vec(),
    ]
    .concat()
}

fn number(code: &str) -> Vec<u8> {
    dtype(code, "<", &[], -1)
}

fn array(dtype: &[u8], shape: &[i64], content: &[u8]) -> Vec<u8> {
    let shape: Vec<Vec<u8>> = shape.iter().map(|n| int(*n)).collect();
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let content = [b"B".as_slice(), &length, content].concat();
    let made = tuple(&[global("numpy ndarray"), tuple(&[int(0)]), b"C\x01b".to_vec()]);
    let state = tuple(&[int(1), tuple(&shape), dtype.to_vec(), b"\x89".to_vec(), content]);
    [global("numpy.core.multiarray _reconstruct"), made, b"R".to_vec(), state, b"b".to_vec()].concat()
}

/// Left child, right child, feature.
fn tree(nodes: &[[i64; 3]], claimed: i64) -> Vec<u8> {
    let fields = [("left_child", number("i8"), 0), ("right_child", number("i8"), 8), ("feature", number("i8"), 16)];
    let content: Vec<u8> = nodes.iter().flatten().flat_map(|n| n.to_le_bytes()).collect();
    let count = i64::try_from(nodes.len()).unwrap();
    let nodes = array(&dtype("V24", "|", &fields, 24), &[count], &content);
    let made = tuple(&[int(2), array(&number("i8"), &[1], &1_i64.to_le_bytes()), int(1)]);
    let state = [b"}(".to_vec(), text("node_count"), int(claimed), text("nodes"), nodes, b"u".to_vec()].concat();
    [global("sklearn.tree._tree Tree"), made, b"R".to_vec(), state, b"b".to_vec()].concat()
}

/// Left child, right child, whether it is a leaf: `TreePredictor` of gradient boosting.
fn boosted(nodes: &[(u32, u32, u8)]) -> Vec<u8> {
    let fields = [("left", number("u4"), 0), ("right", number("u4"), 4), ("is_leaf", number("u1"), 8)];
    let mut content = Vec::new();
    for (left, right, leaf) in nodes {
        content.extend(left.to_le_bytes());
        content.extend(right.to_le_bytes());
        content.push(*leaf);
    }
    let nodes = array(&dtype("V9", "|", &fields, 9), &[i64::try_from(nodes.len()).unwrap()], &content);
    let class = global("sklearn.ensemble._hist_gradient_boosting.predictor TreePredictor");
    [class, b")\x81}(".to_vec(), text("nodes"), nodes, b"ub".to_vec()].concat()
}

/// Rows, their order, and the ranges of the nodes of a tree of neighbours.
fn neighbours(order: &[i64], ranges: &[[i64; 2]]) -> Vec<u8> {
    let fields = [("idx_start", number("i8"), 0), ("idx_end", number("i8"), 8)];
    let bytes = |numbers: &[i64]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    let rows = array(&number("f8"), &[2, 1], &[0; 16]);
    let order = array(&number("i8"), &[i64::try_from(order.len()).unwrap()], &bytes(order));
    let count = i64::try_from(ranges.len()).unwrap();
    let ranges = array(&dtype("V16", "|", &fields, 16), &[count], &bytes(ranges.as_flattened()));
    let class = [global("sklearn.neighbors._kd_tree newObj"), tuple(&[global("sklearn.neighbors._kd_tree KDTree64")])];
    [class.concat(), b"R".to_vec(), tuple(&[rows, order, ranges]), b"b".to_vec()].concat()
}

#[track_caller]
fn check(what: &str, value: &[u8], is_astray: bool) {
    let seen = seen(&[b"\x80\x03", value, b"."].concat());
    let expected: &[&str] = if is_astray { &["graph-lie tree"] } else { &[] };
    assert_eq!(seen, expected, "{what}");
}

#[test]
fn nodes_name_nodes_that_come_later() {
    let leaf = [-1, -1, -2];
    check("a tree", &tree(&[[1, 2, 1], leaf, leaf], 3), false);
    check("outside", &tree(&[[1, 1 << 40, 1], leaf, leaf], 3), true);
    check("before", &tree(&[[-7, 2, 1], leaf, leaf], 3), true);
    check("one child", &tree(&[[1, -1, 1], leaf, leaf], 3), true);
    check("a ring", &tree(&[[1, 2, 1], [0, 2, 1], leaf], 3), true);
    check("itself", &tree(&[[0, 2, 1], leaf, leaf], 3), true);
    check("a column that is not there", &tree(&[[1, 2, 2], leaf, leaf], 3), true);
    check("more nodes than there are", &tree(&[[1, 2, 1], leaf, leaf], 4), true);
}

#[test]
fn boosted_trees_mark_their_leaves() {
    check("a tree", &boosted(&[(1, 2, 0), (0, 0, 1), (0, 0, 1)]), false);
    check("outside", &boosted(&[(1, 3, 0), (0, 0, 1), (0, 0, 1)]), true);
    check("a ring", &boosted(&[(1, 2, 0), (0, 0, 1), (0, 0, 0)]), true);
}

#[test]
fn neighbours_stand_among_the_rows() {
    check("a tree", &neighbours(&[1, 0], &[[0, 2], [0, 1], [1, 2]]), false);
    check("a row that is not there", &neighbours(&[2, 0], &[[0, 2]]), true);
    check("a range too long", &neighbours(&[1, 0], &[[0, 3]]), true);
    check("a range from before", &neighbours(&[1, 0], &[[-1, 2]]), true);
}
