//! Classes that a configuration names.

use base64::{Engine, engine::general_purpose::STANDARD};
use jingwei_core::Text;
use jingwei_read::{NameClass, Nested, Sighting};

use super::{Place, Walk, functions::is_marshalled_code, names};
use crate::json::{self, Node};

/// Packages whose classes Keras itself registers; their modules are looked up like all others.
const OWN_PACKAGES: [&str; 5] = ["keras", "keras_hub", "keras_nlp", "keras_cv", "keras_tuner"];

impl Walk<'_> {
    /// What an object of this class may do. Says whether it is a `Lambda` layer.
    pub(super) fn class(&mut self, node: &Node, class: &str, at: u64, place: Place<'_>) -> bool {
        let config = node.get("config");
        let module = node.get_text("module").filter(|m| !matches!(*m, "" | "builtins" | "__main__"));
        // A module `keras` with a class `layers.Lambda` is found as well.
        let last = class.rsplit('.').next().unwrap_or(class);
        match last {
            "__lambda__" => {}
            "__typespec__" => {
                let name = node.get_text("spec_name").unwrap_or_default();
                self.class_name(name, module, node, at, place);
            }
            "function" => {
                let registered = node.get_text("registered_name");
                let name = config.and_then(Node::text).or(registered).unwrap_or_default();
                self.function(name, module, Some(at), place);
                // With `module_objects`, Keras takes the registered name instead.
                if let Some(other) = registered.filter(|other| !matches!(*other, "function" | "") && *other != name) {
                    self.function(other, module, Some(at), place);
                }
            }
            "Lambda" => {
                self.lambda_layer(config, at, place);
                self.dangerous_module(class, module, node, at, place);
                return true;
            }
            "TFSMLayer" => self.saved_model_layer(config, at, place),
            "TFOpLambda"
            | "SlicingOpLambda"
            | "ClassMethod"
            | "InstanceMethod"
            | "InstanceProperty"
            | "TFClassMethodDispatcher" => self.tensorflow_symbols(config, at, place),
            "TensorFlowOpLayer" => self.tensorflow_node(config, at, place),
            _ => {
                self.class_name(class, module, node, at, place);
                if last == "TorchModuleWrapper" {
                    self.torch_module(config, at);
                }
            }
        }
        false
    }

    fn class_name(&mut self, class: &str, module: Option<&str>, node: &Node, at: u64, place: Place<'_>) {
        let whole = match module {
            Some(module) => format!("{module}.{class}"),
            None => class.to_owned(),
        };
        let sighting = match names::classify(self.names, &whole) {
            NameClass::Dangerous(effect) => {
                Sighting::new("model.keras-dangerous-class").with_text("effect", effect.label())
            }
            NameClass::Allowed { when: None } => return self.registered_name(class, node, at, place),
            _ if place.compiled && module.is_none() => Sighting::new("model.keras-custom-object"),
            _ => Sighting::new("model.keras-unknown-class"),
        };
        // The registered name tells more where the module was left out.
        let registered = node.get_text("registered_name").filter(|r| module.is_none() && r.contains('>'));
        self.named(sighting, registered.unwrap_or(&whole), Some(at), place);
    }

    /// A registered class of the application takes the place of the one that the module names.
    fn registered_name(&mut self, class: &str, node: &Node, at: u64, place: Place<'_>) {
        let Some(registered) = node.get_text("registered_name").filter(|r| *r != class) else { return };
        let package = registered.split_once('>').map(|(package, _)| package);
        let rule = match (package, names::classify(self.names, registered)) {
            (_, NameClass::Dangerous(_)) => "model.keras-unknown-class",
            (Some(package), _) if !OWN_PACKAGES.contains(&package) => "model.keras-unknown-class",
            _ => return,
        };
        self.named(Sighting::new(rule), registered, Some(at), place);
    }

    /// A class that has a rule of its own may still come from a module that it should not come from.
    fn dangerous_module(&mut self, class: &str, module: Option<&str>, node: &Node, at: u64, place: Place<'_>) {
        if let Some(module) = module
            && let NameClass::Dangerous(_) = names::classify(self.names, &format!("{module}.{class}"))
        {
            self.class_name(class, Some(module), node, at, place);
        }
    }

    /// A map that names a module and no class, as old formats do.
    pub(super) fn bare_module(&mut self, node: &Node, at: u64, place: Place<'_>) {
        let Some(module) = node.get_text("module").filter(|m| *m != "builtins" && m.len() < 256) else { return };
        if let NameClass::Dangerous(effect) = names::classify(self.names, module)
            && !is_marshalled_code(module)
        {
            let sighting = Sighting::new("model.keras-dangerous-class").with_text("effect", effect.label());
            self.named(sighting, module, Some(at), place);
        }
    }

    /// Loads a TensorFlow SavedModel from a path, and with it whatever operations that one holds.
    fn saved_model_layer(&mut self, config: Option<&Node>, at: u64, place: Place<'_>) {
        let path = config.and_then(|c| c.get_text("filepath")).unwrap_or("?");
        let how = Text::new("另一个 SavedModel，加载时会执行其中的操作", "another SavedModel, whose operations run");
        self.file_reference("model.keras-file-reference", "filepath", path, how, at, place);
    }

    /// Layers that name TensorFlow functions: `math.multiply` is one, `io.write_file` is another.
    fn tensorflow_symbols(&mut self, config: Option<&Node>, at: u64, place: Place<'_>) {
        let Some(Node::Map { pairs, .. }) = config else { return };
        for (key, value) in pairs {
            if let Some(symbol) = value.text().filter(|_| key != "name") {
                self.tensorflow_symbol(symbol, at, place);
            }
        }
    }

    fn tensorflow_symbol(&mut self, symbol: &str, at: u64, place: Place<'_>) {
        let whole = format!("tensorflow.{symbol}");
        if let NameClass::Dangerous(effect) = names::classify(self.names, &whole) {
            let sighting = Sighting::new("model.keras-dangerous-class").with_text("effect", effect.label());
            self.named(sighting, &whole, Some(at), place);
        }
    }

    /// A whole TensorFlow operation, written as JSON within the JSON.
    fn tensorflow_node(&mut self, config: Option<&Node>, at: u64, place: Place<'_>) {
        let inner;
        let node = match config.and_then(|c| c.get("node_def")) {
            Some(Node::Text(text)) => {
                inner = json::parse(text.as_bytes(), self.limits);
                inner.as_ref().ok()
            }
            Some(node) => Some(node),
            None => return,
        };
        match node.and_then(|node| node.get_text("op")) {
            Some(op) => self.tensorflow_symbol(&format!("raw_ops.{op}"), at, place),
            None => self.notes.see(
                Sighting::not_inspected(
                    format!("层 {} 的 node_def 无法读取", place.layer),
                    format!("the node_def of layer {} cannot be read", place.layer),
                )
                .key(place.layer),
            ),
        }
    }

    /// What `torch.load` would be given.
    fn torch_module(&mut self, config: Option<&Node>, at: u64) {
        let module = config.and_then(|c| c.get("module"));
        let text = module.and_then(|m| m.text().or_else(|| m.get("config")?.get_text("value")));
        let Some(text) = text else { return };
        let clean: Vec<u8> =
            text.bytes().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).collect();
        if let Ok(bytes) = STANDARD.decode(&clean) {
            self.notes.inspection.nested.push(Nested { name: "torch_module".to_owned(), offset: at, bytes });
        }
    }
}
