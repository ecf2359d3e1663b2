use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::{check, told};

const BROKEN: &[&str] = &["header-malformed"];

fn text(text: &str) -> Fb {
    Fb::Bytes(text.as_bytes().to_vec())
}

/// What a program has in the places that cases change.
struct Parts {
    kernel: &'static str,
    backend: &'static str,
    /// Which data the backend is given, in the file's list.
    data: u32,
    instruction: (u8, [u32; 2]),
    arguments: Vec<i32>,
    constant: u32,
    shape: Vec<i32>,
    segment: [u64; 2],
    constants: Vec<u64>,
    memory: u64,
    blob: Vec<u8>,
}

fn parts() -> Parts {
    Parts {
        kernel: "aten::add",
        backend: "XnnpackBackend",
        data: 0,
        instruction: (1, [0, 0]),
        arguments: vec![0, 1, -1],
        constant: 1,
        shape: vec![2, 3],
        segment: [16, 32],
        constants: vec![0, 8],
        memory: 1 << 20,
        blob: b"XH00....".to_vec(),
    }
}

fn program(parts: Parts) -> Vec<u8> {
    let Parts { kernel, backend, data, instruction, arguments, constant, shape, segment, constants, memory, blob } =
        parts;
    let tensor = vec![Fb::U8(6), Fb::U32(0), Fb::Numbers(shape), Fb::Absent, Fb::Absent, Fb::U32(constant)];
    let values = vec![vec![Fb::U8(5), Fb::Table(tensor)], vec![Fb::U8(2), Fb::Table(vec![Fb::U64(7)])]];
    let (kind, [first, second]) = instruction;
    let call = if kind < 3 { Fb::Numbers(arguments) } else { Fb::U32(second) };
    let step = vec![Fb::U8(kind), Fb::Table(vec![Fb::U32(first), call])];
    let chain = vec![Fb::Numbers(vec![0]), Fb::Numbers(vec![1]), Fb::Tables(vec![step])];
    let plan = vec![
        text("forward"),
        Fb::Absent,
        Fb::Tables(values),
        Fb::Numbers(vec![0]),
        Fb::Numbers(vec![1]),
        Fb::Tables(vec![chain]),
        Fb::Tables(vec![vec![text(kernel), text("out")]]),
        Fb::Tables(vec![vec![text(backend), Fb::Table(vec![Fb::U8(0), Fb::U32(data)])]]),
        Fb::Wide(vec![0, memory]),
    ];
    let root = [
        Fb::U32(0),
        Fb::Tables(vec![plan]),
        Fb::Absent,
        Fb::Tables(vec![vec![Fb::Bytes(blob)]]),
        Fb::Tables(vec![vec![Fb::U64(segment[0]), Fb::U64(segment[1])]]),
        Fb::Table(vec![Fb::U32(0), Fb::Wide(constants)]),
    ];
    flatbuffer(b"ET12", &root)
}

#[test]
fn kernels_and_backends_that_nobody_knows_are_named() {
    for (kernel, backend, expected) in [
        ("aten::add", "XnnpackBackend", &[][..]),
        ("quantized_decomposed::dequantize_per_tensor", "QnnBackend", &[]),
        ("mine::run", "CoreMLBackend", &["graph-unknown-operator ExecuTorch"]),
        ("aten::add", "MyBackend", &["graph-unknown-operator ExecuTorch backend"]),
        ("aten::from_file", "XnnpackBackend", &["graph-dangerous-operator aten::from_file"]),
        ("/tmp/libmine.so", "XnnpackBackend", &["graph-native-library /tmp/libmine.so"]),
        ("", "XnnpackBackend", &["graph-unknown-operator ExecuTorch"]),
    ] {
        let bytes = program(Parts { kernel, backend, ..parts() });
        check(kernel, GraphFormat::ExecuTorch, &bytes, expected);
    }
}

#[test]
fn what_a_program_points_at_is_there() {
    for (case, parts, expected) in [
        ("sound", parts(), &[][..]),
        ("a kernel outside", Parts { instruction: (1, [1, 0]), ..parts() }, BROKEN),
        ("a backend", Parts { instruction: (2, [0, 0]), ..parts() }, &[]),
        ("a backend outside", Parts { instruction: (2, [9, 0]), ..parts() }, BROKEN),
        ("a value moved outside", Parts { instruction: (3, [0, 2]), ..parts() }, BROKEN),
        ("a jump outside", Parts { instruction: (4, [0, 99]), ..parts() }, BROKEN),
        ("a negative jump", Parts { instruction: (4, [0, u32::MAX]), ..parts() }, BROKEN),
        ("a value freed outside", Parts { instruction: (5, [7, 0]), ..parts() }, BROKEN),
        ("an argument outside", Parts { arguments: vec![2], ..parts() }, BROKEN),
        ("a negative argument", Parts { arguments: vec![-2], ..parts() }, BROKEN),
        ("data outside", Parts { data: 1, ..parts() }, BROKEN),
        ("a constant outside", Parts { constant: 2, ..parts() }, BROKEN),
        ("a negative shape", Parts { shape: vec![2, -3], ..parts() }, BROKEN),
        ("a segment outside", Parts { segment: [1 << 40, 8], ..parts() }, BROKEN),
        ("a segment that wraps", Parts { segment: [u64::MAX, 2], ..parts() }, BROKEN),
        ("memory below none", Parts { memory: u64::MAX, ..parts() }, BROKEN),
        ("a constant behind its segment", Parts { constants: vec![0, 33], ..parts() }, BROKEN),
    ] {
        check(case, GraphFormat::ExecuTorch, &program(parts), expected);
    }
    let sound = program(parts());
    check("a root outside", GraphFormat::ExecuTorch, &[b"\xff\xff\xff\x7f", &sound[4..]].concat(), BROKEN);
    check("cut off", GraphFormat::ExecuTorch, &sound[..sound.len() / 2], BROKEN);
    check("nothing", GraphFormat::ExecuTorch, b"\x18\0\0\0ET12", BROKEN);
    let longer = [b"\x18\0\0\0ET12eh00\x18\0\0\0", &u64::MAX.to_le_bytes()[..], &[0; 8]].concat();
    check("a header that lies", GraphFormat::ExecuTorch, &longer, BROKEN);
    assert_eq!(told(b"\x18\0\0\0ETAB"), None);
    assert_eq!(told(b"The ET20 is a train"), None);
}

/// A method whose value 0 is false, 1 true, 2 a tensor that comes in, and 3 and 4 false; 5 and 6 are constant tensors, of
/// which 6 comes in, as 4 does. Kernel 0 compares.
fn method(steps: &[(u8, &[i32])]) -> Vec<u8> {
    let boolean = |value: u8| vec![Fb::U8(3), Fb::Table(vec![Fb::U8(value)])];
    let tensor = |constant: u32| {
        let fields = vec![Fb::U8(11), Fb::U32(0), Fb::Numbers(vec![1]), Fb::Absent, Fb::Absent, Fb::U32(constant)];
        vec![Fb::U8(5), Fb::Table(fields)]
    };
    let values = vec![boolean(0), boolean(1), tensor(0), boolean(0), boolean(0), tensor(1), tensor(1)];
    let number = |value: i32| Fb::U32(value.cast_unsigned());
    let steps = steps.iter().map(|(kind, values)| {
        let call = match (kind, values) {
            (1 | 2, values) => vec![Fb::U32(0), Fb::Numbers(values.to_vec())],
            (_, values) => values.iter().copied().map(number).collect(),
        };
        vec![Fb::U8(*kind), Fb::Table(call)]
    });
    let chain = vec![Fb::Absent, Fb::Absent, Fb::Tables(steps.collect())];
    let plan = vec![
        text("forward"),
        Fb::Absent,
        Fb::Tables(values),
        Fb::Numbers(vec![2, 4, 6]),
        Fb::Numbers(vec![2]),
        Fb::Tables(vec![chain]),
        Fb::Tables(vec![vec![text("executorch_prim::eq"), text("Scalar")]]),
        Fb::Tables(vec![vec![text("XnnpackBackend"), Fb::Table(vec![Fb::U8(0), Fb::U32(0)])]]),
    ];
    let constants = vec![vec![], vec![Fb::Bytes(vec![0])]];
    let data = Fb::Tables(vec![vec![Fb::Bytes(vec![1])]]);
    flatbuffer(b"ET12", &[Fb::U32(0), Fb::Tables(vec![plan]), Fb::Tables(constants), data])
}

#[test]
fn a_method_comes_to_its_end() {
    let jump = |by: i32, to: i32| (4, vec![by, to]);
    for (case, steps, is_endless) in [
        ("nothing", vec![], false),
        ("to itself", vec![jump(0, 0)], true),
        ("further", vec![jump(0, 1)], false),
        ("back when it is never false", vec![(1, vec![2, 3]), jump(1, 0)], false),
        ("back", vec![(1, vec![2, 3]), (5, vec![2]), jump(0, 0)], true),
        ("as loops are written", vec![(1, vec![2, 4, 3]), jump(3, 0)], false),
        ("only read", vec![(1, vec![3, 4]), jump(3, 0)], true),
        ("a backend may write it", vec![(2, vec![3, 4]), jump(3, 0)], false),
        ("what comes in", vec![jump(2, 0)], false),
        ("a number that comes in", vec![jump(4, 0)], true),
        ("a constant that comes in", vec![jump(6, 0)], false),
        ("a loop with another way out", vec![jump(2, 3), (5, vec![2]), jump(0, 0)], false),
        ("a way out that is none", vec![jump(1, 3), (5, vec![2]), jump(0, 0)], true),
        ("never reached", vec![jump(0, 2), jump(0, 1)], false),
        ("in a ring", vec![jump(0, 2), jump(0, 0), jump(0, 1)], true),
        ("moved from itself", vec![(3, vec![0, 0]), jump(0, 0)], true),
        ("moved from the same", vec![(3, vec![4, 0]), jump(0, 0)], true),
        ("moved from another", vec![(3, vec![1, 0]), jump(0, 0)], false),
        ("moved from what changes", vec![(3, vec![2, 4]), (3, vec![4, 0]), jump(0, 0)], false),
        ("a constant tensor", vec![jump(5, 0)], true),
        ("a constant tensor, further", vec![jump(5, 2), jump(2, 3), (5, vec![2])], false),
        ("branches as they are written", vec![jump(2, 3), (5, vec![2]), jump(0, 4), (5, vec![2])], false),
    ] {
        let expected: &[&str] = if is_endless { &["graph-bomb instruction"] } else { &[] };
        let steps: Vec<(u8, &[i32])> = steps.iter().map(|(kind, values)| (*kind, values.as_slice())).collect();
        check(case, GraphFormat::ExecuTorch, &method(&steps), expected);
    }
}

#[test]
fn blobs_are_handed_out() {
    let blob = b"\x80\x02cos\nsystem\n.".to_vec();
    let inspection = check("blobs", GraphFormat::ExecuTorch, &program(Parts { blob, ..parts() }), &[]);
    let names: Vec<&str> = inspection.pickles.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["segment 0", "delegate data 0"]);
}
