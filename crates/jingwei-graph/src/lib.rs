//! Reads model graphs: ONNX, TensorFlow, TFLite, ExecuTorch, Core ML, OpenVINO, PMML and Paddle, and decision trees. Says which operators reach out of
//! the model, which files the graph names, and where it lies about its own tensors.
//!
//! Never knows: the file system (a path in a graph is a text here), how a finding weighs, how to run anything.
//!
//! Invariant: a file is read once from front to end, or through a cache of fixed size; weights are jumped over; what was
//! not looked at is a sighting.

mod coreml;
mod executorch;
mod findings;
mod flatbuffer;
mod functions;
mod location;
mod logic;
mod msgpack;
mod mxnet;
mod onnx;
mod paddle;
mod recognise;
mod shape;
mod tensorflow;
mod tflite;
mod trees;
mod wire;
mod xml;

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Reader, Sighting, Source, shown};

pub use coreml::{inspect_coreml, inspect_coreml_package};
pub use executorch::inspect_executorch;
pub(crate) use findings::Stop;
pub use msgpack::inspect_flax;
pub use mxnet::inspect_mxnet_params;
pub use onnx::{inspect_onnx, inspect_onnx_json, inspect_onnx_tensor, inspect_onnx_text};
pub use paddle::inspect_paddle;
pub use recognise::{OpaqueFormat, recognise};
pub use tensorflow::{
    inspect_keras_metadata, inspect_meta_graph, inspect_saved_model, inspect_tensorflow_graph, inspect_tensorflow_text,
};
pub use tflite::inspect_tflite;
pub use trees::{
    inspect_catboost, inspect_lightgbm, inspect_xgboost_binary, inspect_xgboost_json, inspect_xgboost_ubjson,
};
pub use xml::{inspect_openvino, inspect_pmml};

/// The lists in `catalog/names/` whose names [`inspect`] takes, all in one table.
pub const NAME_LISTS: [&str; 5] = ["onnx-domains", "openvino-ops", "paddle-ops", "tensorflow-ops", "tflite-ops"];

/// A model graph, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphFormat {
    Onnx,
    /// ONNX spelled as JSON.
    OnnxJson,
    /// ONNX spelled as a protobuf in text.
    OnnxText,
    /// One tensor of ONNX in a file of its own.
    OnnxTensor,
    SavedModel,
    MetaGraph,
    /// A graph of TensorFlow alone.
    TensorflowGraph,
    /// A graph or a SavedModel of TensorFlow, written as text.
    TensorflowText,
    KerasMetadata,
    Tflite,
    CoreMl,
    /// The manifest of a Core ML package.
    CoreMlPackage,
    OpenVino,
    Pmml,
    Paddle,
    XgBoostJson,
    XgBoostUbjson,
    /// As XGBoost wrote its models before JSON.
    XgBoostBinary,
    LightGbm,
    CatBoost,
    ExecuTorch,
    MxNetParams,
    /// Weights of Flax, or arrays of another framework, as MessagePack.
    Flax,
    /// Known, and not read.
    Opaque(OpaqueFormat),
}

impl GraphFormat {
    /// As a person would call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Onnx => "ONNX",
            Self::OnnxJson => "ONNX JSON",
            Self::OnnxText => "ONNX text",
            Self::OnnxTensor => "ONNX tensor",
            Self::SavedModel => "TensorFlow SavedModel",
            Self::MetaGraph => "TensorFlow MetaGraph",
            Self::TensorflowGraph => "TensorFlow GraphDef",
            Self::TensorflowText => "TensorFlow text graph",
            Self::KerasMetadata => "Keras metadata",
            Self::Tflite => "TensorFlow Lite",
            Self::CoreMl => "Core ML",
            Self::CoreMlPackage => "Core ML package",
            Self::OpenVino => "OpenVINO IR",
            Self::Pmml => "PMML",
            Self::Paddle => "PaddlePaddle",
            Self::XgBoostJson => "XGBoost JSON",
            Self::XgBoostUbjson => "XGBoost UBJSON",
            Self::XgBoostBinary => "XGBoost binary",
            Self::LightGbm => "LightGBM",
            Self::CatBoost => "CatBoost",
            Self::ExecuTorch => "ExecuTorch",
            Self::MxNetParams => "MXNet parameters",
            Self::Flax => "Flax msgpack",
            Self::Opaque(format) => format.name(),
        }
    }
}

/// Reads a file that [`recognise`] has told. `names`: the lists of [`NAME_LISTS`].
pub fn inspect(format: GraphFormat, source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let read: fn(&mut dyn Source, &NameTable, &Limits) -> Inspection = match format {
        GraphFormat::Onnx => inspect_onnx,
        GraphFormat::OnnxJson => inspect_onnx_json,
        GraphFormat::OnnxText => inspect_onnx_text,
        GraphFormat::OnnxTensor => inspect_onnx_tensor,
        GraphFormat::SavedModel => inspect_saved_model,
        GraphFormat::MetaGraph => inspect_meta_graph,
        GraphFormat::TensorflowGraph => inspect_tensorflow_graph,
        GraphFormat::TensorflowText => inspect_tensorflow_text,
        GraphFormat::KerasMetadata => inspect_keras_metadata,
        GraphFormat::Tflite => inspect_tflite,
        GraphFormat::CoreMl => inspect_coreml,
        GraphFormat::CoreMlPackage => inspect_coreml_package,
        GraphFormat::OpenVino => inspect_openvino,
        GraphFormat::Pmml => inspect_pmml,
        GraphFormat::Paddle => inspect_paddle,
        GraphFormat::XgBoostJson => inspect_xgboost_json,
        GraphFormat::XgBoostUbjson => inspect_xgboost_ubjson,
        GraphFormat::XgBoostBinary => inspect_xgboost_binary,
        GraphFormat::LightGbm => inspect_lightgbm,
        GraphFormat::CatBoost => inspect_catboost,
        GraphFormat::ExecuTorch => inspect_executorch,
        GraphFormat::MxNetParams => inspect_mxnet_params,
        GraphFormat::Flax => inspect_flax,
        GraphFormat::Opaque(format) => {
            let reason = format.reason();
            let mut inspection = Inspection::default();
            // A function that would run says more than that the rest was not read.
            let code = if format == OpaqueFormat::Torch7 { recognise::compiled_lua(source) } else { None };
            inspection.see(match code {
                Some(at) => Sighting::new("model.program-beside-weights").key("Lua").at(at).with("kind", "Lua"),
                None => Sighting::not_inspected(reason.zh, reason.en).key(format.name()),
            });
            return inspection;
        }
    };
    read(source, names, limits)
}

/// All bytes of a document that has to be held at once.
pub(crate) fn whole(source: &mut dyn Source, limits: &Limits) -> Result<Vec<u8>, Stop> {
    let length = source.length();
    if length > limits.header_bytes {
        return Err(Stop::Limit("header_bytes", limits.header_bytes));
    }
    Ok(Reader::new(source).take_vec(length)?)
}

pub(crate) fn not_json(error: &serde_json::Error) -> Stop {
    let reason = shown(&error.to_string());
    Stop::Malformed(0, Text::new(format!("不是有效的 JSON（{reason}）"), format!("it is no valid JSON ({reason})")))
}
