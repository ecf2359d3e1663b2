use std::collections::HashSet;

use jingwei_core::Limits;
use jingwei_read::Source;

use super::OpaqueFormat;
use crate::GraphFormat;
use crate::findings::Stop;
use crate::shape::Elements;
use crate::wire::{Message, Span, Value, Wire};

/// Bytes that recognition looks at. Fields that no schema has are legal anywhere, so a file may begin with many of them.
const LOOKED_AT: u64 = 16 << 20;
/// Fields at the top that are looked at. Graphs have few: most is in one of them.
const FIELDS: u32 = 1 << 18;
/// Nodes of a graph that are looked at: enough to be sure.
const NODES: u32 = 3;
/// What is no node where nodes should stand: so many do not end the look.
const ODD: u32 = 64;
/// Names and inputs of nodes that are kept to find out whether they refer to each other.
const NAMED: usize = 8192;
/// Inputs of one node that are looked at.
const INPUTS: usize = 16;
/// Of a name, what is looked at.
const FRONT: u64 = 256;

/// Guesses what a protobuf is, each time with evidence that no other file is likely to give.
pub(super) fn recognise(source: &mut dyn Source) -> Option<GraphFormat> {
    let limits = Limits { header_bytes: LOOKED_AT, ..Limits::default() };
    let mut sniff = Sniff { wire: Wire::lenient(source, &limits) };
    let mut signs = Signs::default();
    let mut root = sniff.wire.root();
    for _ in 0..FIELDS {
        match sniff.wire.next(&mut root) {
            Ok(Some(field)) => sniff.top(&mut signs, field.number, field.value, &root),
            // An error ends the look, not the guess: the reader will say what is wrong.
            Ok(None) | Err(Stop::Malformed(..) | Stop::Unread(_) | Stop::Unreadable(_)) => return signs.format(),
            Err(Stop::Limit(..)) => return signs.format().or(Some(GraphFormat::Opaque(OpaqueFormat::Protobuf))),
        }
        if let Some(format) = signs.early() {
            return Some(format);
        }
    }
    signs.format().or(Some(GraphFormat::Opaque(OpaqueFormat::Protobuf)))
}

struct Sniff<'s> {
    wire: Wire<'s>,
}

/// Names by which nodes of one graph refer to each other. A graph without any attribute is told by that.
#[derive(Default)]
struct Edges {
    names: HashSet<Vec<u8>>,
    wanted: HashSet<Vec<u8>>,
    /// An input is the name of another node.
    found: bool,
}

impl Edges {
    fn add(&mut self, name: Vec<u8>, inputs: Vec<Vec<u8>>) {
        if self.found || self.names.len() + self.wanted.len() > NAMED {
            return;
        }
        self.found = self.wanted.contains(&name) || inputs.iter().any(|input| self.names.contains(input));
        self.names.insert(name);
        self.wanted.extend(inputs);
    }
}

/// Whether a message is a graph of TensorFlow.
enum Graph {
    Sure,
    /// A node that is beyond doubt, beside what is no node.
    Odd,
    None,
}

/// What the fields at the top of a file look like.
#[derive(Default)]
struct Signs {
    /// Field 1 is a small number: ONNX, SavedModel and Core ML have their version there.
    version: bool,
    opset: bool,
    onnx_nodes: u32,
    onnx_named: bool,
    tensorflow_nodes: u32,
    /// Attributes of nodes or the versions of a graph, which no other list of pairs of texts has.
    tensorflow_sure: bool,
    /// Among the nodes, by an attribute.
    node_sure: bool,
    odd: u32,
    /// A part is a graph, beside what is none: something that the reader would not follow.
    odd_graph: bool,
    odd_onnx: bool,
    meta_graph: bool,
    saved_model: bool,
    keras: bool,
    paddle: bool,
    core_ml: bool,
    description: bool,
    tensor: TensorSigns,
    edges: Edges,
}

#[derive(Default)]
struct TensorSigns {
    elements: Elements,
    dimensions: u32,
    data_type: u64,
    bytes: Option<u64>,
    located: bool,
}

impl Signs {
    /// What is beyond doubt before the end.
    fn early(&self) -> Option<GraphFormat> {
        match self {
            Self { keras: true, .. } => Some(GraphFormat::KerasMetadata),
            Self { paddle: true, .. } => Some(GraphFormat::Paddle),
            Self { saved_model: true, .. } => Some(GraphFormat::SavedModel),
            Self { meta_graph: true, .. } => Some(GraphFormat::MetaGraph),
            Self { onnx_nodes: 1.., version: true, .. } => Some(GraphFormat::Onnx),
            Self { tensorflow_nodes: NODES.., tensorflow_sure: true, odd: 0, .. } => Some(GraphFormat::TensorflowGraph),
            Self { core_ml: true, version: true, description: true, .. } => Some(GraphFormat::CoreMl),
            _ => None,
        }
    }

    fn format(&self) -> Option<GraphFormat> {
        let onnx = u32::from(self.version)
            + u32::from(self.opset)
            + u32::from(self.onnx_named)
            + if self.onnx_nodes > 0 { 2 } else { 0 };
        if onnx >= 3 {
            return Some(GraphFormat::Onnx);
        }
        if self.tensorflow_nodes > 0 && self.tensorflow_sure && self.odd == 0 {
            return Some(GraphFormat::TensorflowGraph);
        }
        if self.core_ml && self.version {
            return Some(GraphFormat::CoreMl);
        }
        if self.tensor.is_onnx() {
            return Some(GraphFormat::OnnxTensor);
        }
        let odd = self.odd_graph || self.node_sure && self.odd > 0 || self.odd_onnx && self.version && self.opset;
        odd.then_some(GraphFormat::Opaque(OpaqueFormat::Protobuf))
    }
}

impl TensorSigns {
    /// Only what adds up exactly, or names a place: a tensor has little else by which it could be told.
    fn is_onnx(&self) -> bool {
        let Some(bits) = crate::onnx::bits(self.data_type) else { return self.located && self.data_type > 0 };
        let expected = self.elements.count().and_then(|count| count.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        self.located
            || self.dimensions > 0 && self.bytes.is_some_and(|bytes| bytes > 0 && expected == Some(bytes.into()))
    }
}

impl Sniff<'_> {
    fn top(&mut self, signs: &mut Signs, number: u32, value: Value, root: &Message) {
        match (number, value) {
            (1, Value::Varint(number)) => {
                signs.version |= (1..=255).contains(&number);
                signs.tensor.elements.dimension(number.cast_signed());
                signs.tensor.dimensions += 1;
            }
            (1, Value::Bytes(span)) => self.first(signs, span, root),
            (2, Value::Varint(number)) => signs.tensor.data_type = number,
            (2, Value::Bytes(span)) => self.second(signs, span, root),
            (4, Value::Bytes(span)) => {
                signs.tensorflow_sure |= self.has(span, root, |n, v| n == 1 && matches!(v, Value::Varint(1..=100_000)));
                signs.tensor.bytes = Some(span.len());
            }
            (7, Value::Bytes(span)) => self.onnx_graph(signs, span, root),
            (8, Value::Bytes(span)) => {
                signs.opset |= self.has(span, root, |n, v| n == 2 && matches!(v, Value::Varint(1..=100_000)));
            }
            (9 | 10, Value::Bytes(span)) => signs.tensor.bytes = Some(span.len()),
            (13, Value::Bytes(span)) => signs.tensor.located |= self.is_location(span, root),
            (200..=3999, Value::Bytes(_)) => signs.core_ml = true,
            _ => {}
        }
    }

    /// Field 1 as a message: a node of TensorFlow, what a MetaGraph says of itself, an object of Keras, a block of Paddle.
    fn first(&mut self, signs: &mut Signs, span: Span, root: &Message) {
        if (signs.tensorflow_nodes < NODES || !signs.tensorflow_sure) && signs.odd < ODD {
            match self.tensorflow_node(span, root, &mut signs.edges) {
                Some(sure) => {
                    signs.tensorflow_nodes += 1;
                    signs.tensorflow_sure |= sure || signs.edges.found;
                    signs.node_sure |= sure;
                    return;
                }
                // A file that was cut off ends in half a node.
                None if self.is_last(span) => {}
                None => signs.odd += 1,
            }
        }
        signs.keras |= self.is_keras_object(span, root);
        signs.paddle |= self.is_paddle_block(span, root);
    }

    /// Field 2 as a message: a graph of TensorFlow, or a MetaGraph; or what a Core ML model says of itself.
    fn second(&mut self, signs: &mut Signs, span: Span, root: &Message) {
        match self.tensorflow_graph(span, root) {
            Graph::Sure => {
                signs.meta_graph = true;
                return;
            }
            Graph::Odd => signs.odd_graph = true,
            Graph::None => {}
        }
        // A graph may stand in pieces, of which the first ones may be empty.
        let Ok(mut meta) = self.wire.enter(span, root) else { return };
        while let Ok(Some(field)) = self.wire.next(&mut meta) {
            let (2, Value::Bytes(span)) = (field.number, field.value) else { continue };
            match self.tensorflow_graph(span, &meta) {
                Graph::Sure => {
                    signs.saved_model = true;
                    return;
                }
                Graph::Odd => signs.odd_graph = true,
                Graph::None => {}
            }
        }
        signs.description |= self.has(span, root, |n, v| matches!((n, v), (1 | 10 | 100, Value::Bytes(_))));
    }

    fn tensorflow_graph(&mut self, span: Span, parent: &Message) -> Graph {
        let Ok(mut graph) = self.wire.enter(span, parent) else { return Graph::None };
        let (mut nodes, mut certain, mut odd, mut node_sure) = (0, false, 0, false);
        let mut edges = Edges::default();
        while let Ok(Some(field)) = self.wire.next(&mut graph) {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => match self.tensorflow_node(span, &graph, &mut edges) {
                    Some(sure) => {
                        nodes += 1;
                        certain |= sure || edges.found;
                        node_sure |= sure;
                    }
                    None if odd == ODD => return Graph::None,
                    None if self.is_last(span) => {}
                    None => odd += 1,
                },
                (2, Value::Bytes(span)) => certain |= self.is_library(span, &graph),
                (4, Value::Bytes(span)) => {
                    certain |= self.has(span, &graph, |n, v| n == 1 && matches!(v, Value::Varint(1..=100_000)));
                }
                _ => {}
            }
            if odd > 0 && node_sure {
                return Graph::Odd;
            }
            if certain && nodes > 0 && odd == 0 {
                return Graph::Sure;
            }
        }
        if certain && odd == 0 { Graph::Sure } else { Graph::None }
    }

    fn is_last(&self, span: Span) -> bool {
        span.end >= self.wire.length()
    }

    /// A graph may be empty, and all its nodes in functions.
    fn is_library(&mut self, span: Span, parent: &Message) -> bool {
        let Ok(mut library) = self.wire.enter(span, parent) else { return false };
        while let Ok(Some(field)) = self.wire.next(&mut library) {
            if let (1, Value::Bytes(span)) = (field.number, field.value)
                && self.is_function(span, &library)
            {
                return true;
            }
        }
        false
    }

    /// A signature with a name, and nodes: one that has an attribute, or whose operator is called as only operators are.
    fn is_function(&mut self, span: Span, parent: &Message) -> bool {
        let Ok(mut function) = self.wire.enter(span, parent) else { return false };
        let (mut signature, mut node, mut edges) = (false, false, Edges::default());
        while let Ok(Some(field)) = self.wire.next(&mut function) {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => {
                    let mut name = None;
                    self.each(span, &function, |n, v| {
                        if let (1, Value::Bytes(span)) = (n, v) {
                            name = Some(span);
                        }
                    });
                    signature |= name.is_some_and(|span| self.is_identifier(span));
                }
                (3, Value::Bytes(span)) => match self.tensorflow_node(span, &function, &mut edges) {
                    Some(true) => return true,
                    Some(false) => node |= !edges.names.is_empty(),
                    None => return false,
                },
                _ => {}
            }
            if signature && node {
                return true;
            }
        }
        false
    }

    /// `None`: no node. Otherwise whether it has an attribute, which makes sure.
    fn tensorflow_node(&mut self, span: Span, parent: &Message, edges: &mut Edges) -> Option<bool> {
        let mut node = self.wire.enter(span, parent).ok()?;
        let (mut name, mut operator, mut sure, mut inputs) = (None, None, false, Vec::new());
        loop {
            let field = match self.wire.next(&mut node) {
                Ok(Some(field)) => field,
                Ok(None) => break,
                Err(_) if node.is_last(self.wire.length()) => break,
                Err(_) => return None,
            };
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => name = Some(span).filter(|span| self.is_identifier(*span)),
                (2, Value::Bytes(span)) => operator = Some(span).filter(|span| self.is_identifier(*span)),
                (3, Value::Bytes(span)) if inputs.len() < INPUTS => inputs.push(span),
                (5, Value::Bytes(span)) => sure |= self.is_pair(span, &node),
                _ => {}
            }
        }
        let (name, operator) = (name?, operator?);
        if !sure && !edges.found {
            // Operators begin with a capital letter; names in other lists of pairs seldom do.
            let is_called_so =
                self.front(operator).is_ok_and(|front| front.first().is_some_and(u8::is_ascii_uppercase));
            if is_called_so {
                let inputs = inputs.into_iter().filter_map(|input| self.front(input).ok()).map(|input| node_of(&input));
                let inputs = inputs.collect();
                edges.add(self.front(name).ok()?, inputs);
            }
        }
        Some(sure)
    }

    /// An entry of a map from a text to a message.
    fn is_pair(&mut self, span: Span, parent: &Message) -> bool {
        let Ok(mut pair) = self.wire.enter(span, parent) else { return false };
        let (mut key, mut value) = (false, false);
        while let Ok(Some(field)) = self.wire.next(&mut pair) {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => key = self.is_identifier(span),
                (2, Value::Bytes(_)) => value = true,
                _ => return false,
            }
        }
        key && value
    }

    fn is_keras_object(&mut self, span: Span, parent: &Message) -> bool {
        let Ok(mut object) = self.wire.enter(span, parent) else { return false };
        while let Ok(Some(field)) = self.wire.next(&mut object) {
            if let (4, Value::Bytes(span)) = (field.number, field.value)
                && self.front(span).is_ok_and(|bytes| bytes.starts_with(b"_tf_keras_"))
            {
                return true;
            }
        }
        false
    }

    fn is_paddle_block(&mut self, span: Span, parent: &Message) -> bool {
        let Ok(mut block) = self.wire.enter(span, parent) else { return false };
        let (mut index, mut above, mut operator) = (false, false, false);
        while let Ok(Some(field)) = self.wire.next(&mut block) {
            match (field.number, field.value) {
                (1, Value::Varint(_)) => index = true,
                (2, Value::Varint(_)) => above = true,
                (4, Value::Bytes(span)) => {
                    let mut kind = None;
                    self.each(span, &block, |n, v| {
                        if let (3, Value::Bytes(span)) = (n, v) {
                            kind = Some(span);
                        }
                    });
                    operator = kind.is_some_and(|span| self.is_identifier(span));
                }
                _ => {}
            }
            if index && above && operator {
                return true;
            }
        }
        false
    }

    fn onnx_graph(&mut self, signs: &mut Signs, span: Span, parent: &Message) {
        let Ok(mut graph) = self.wire.enter(span, parent) else { return };
        let mut odd = 0;
        while let Ok(Some(field)) = self.wire.next(&mut graph) {
            match (field.number, field.value) {
                (1, Value::Bytes(_)) if signs.onnx_nodes > 0 => {}
                (1, Value::Bytes(span)) => match self.onnx_node(span, &graph) {
                    Some(true) => {
                        signs.onnx_nodes += 1;
                        // Without a version the name of the graph, far behind, has to do.
                        if signs.version {
                            return;
                        }
                    }
                    _ if odd == ODD => return,
                    node => {
                        odd += 1;
                        signs.odd_onnx |= node.is_some();
                    }
                },
                (2, Value::Bytes(span)) => signs.onnx_named = self.is_text(span),
                _ => {}
            }
        }
    }

    /// `None`: no node. Otherwise whether its operator is called as operators are.
    fn onnx_node(&mut self, span: Span, parent: &Message) -> Option<bool> {
        let mut node = self.wire.enter(span, parent).ok()?;
        let (mut operator, mut connected) = (None, false);
        while let Ok(Some(field)) = self.wire.next(&mut node) {
            match (field.number, field.value) {
                (1 | 2, Value::Bytes(_)) => connected = true,
                (4, Value::Bytes(span)) => operator = Some(self.is_identifier(span)),
                _ => {}
            }
        }
        operator.filter(|_| connected)
    }

    fn is_location(&mut self, span: Span, parent: &Message) -> bool {
        let mut key = None;
        self.each(span, parent, |n, v| {
            if let (1, Value::Bytes(span)) = (n, v) {
                key = Some(span);
            }
        });
        key.is_some_and(|span| self.front(span).is_ok_and(|bytes| bytes == b"location"))
    }

    fn each(&mut self, span: Span, parent: &Message, mut look: impl FnMut(u32, Value)) {
        let Ok(mut message) = self.wire.enter(span, parent) else { return };
        while let Ok(Some(field)) = self.wire.next(&mut message) {
            look(field.number, field.value);
        }
    }

    fn has(&mut self, span: Span, parent: &Message, wanted: impl Fn(u32, Value) -> bool) -> bool {
        let mut found = false;
        self.each(span, parent, |number, value| found |= wanted(number, value));
        found
    }

    /// How the bytes of a field begin: a long name is a name too.
    fn front(&mut self, span: Span) -> Result<Vec<u8>, Stop> {
        self.wire.bytes(Span { start: span.start, end: span.end.min(span.start + FRONT) })
    }

    fn is_text(&mut self, span: Span) -> bool {
        self.front(span).is_ok_and(|bytes| {
            let text = match std::str::from_utf8(&bytes) {
                Ok(text) => text,
                // A character that is cut where the look ends.
                Err(e) if e.error_len().is_none() => std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or_default(),
                Err(_) => return false,
            };
            !text.is_empty() && !text.contains(|c: char| c.is_control())
        })
    }

    fn is_identifier(&mut self, span: Span) -> bool {
        self.front(span).is_ok_and(|bytes| {
            bytes.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.')
                && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_-./>\\:".contains(b))
        })
    }
}

/// `name:output:0` and `^name` stand for the node `name`.
fn node_of(input: &[u8]) -> Vec<u8> {
    let input = input.strip_prefix(b"^").unwrap_or(input);
    input.split(|b| *b == b':').next().unwrap_or(input).to_vec()
}
