//! Functions that a configuration brings or names.

use jingwei_read::{NameClass, Sighting};

use super::{Place, Walk, names};
use crate::json::Node;

/// Whether a text is Python code as Keras stores it: marshalled and in base64, or (before Keras 2.0.9) as raw characters.
pub(super) fn is_marshalled_code(text: &str) -> bool {
    let mut head = [0u32; 6];
    let mut filled = 0;
    let raw = text.starts_with(['\u{e3}', 'c']);
    if raw && text.as_bytes().get(2).is_some_and(|b| *b < 32) {
        for (slot, c) in head.iter_mut().zip(text.chars()) {
            *slot = u32::from(c);
            filled += 1;
        }
    } else {
        let sextet = |b: u8| match b {
            b'A'..=b'Z' => Some(b - b'A'),
            b'a'..=b'z' => Some(b - b'a' + 26),
            b'0'..=b'9' => Some(b - b'0' + 52),
            b'+' | b'-' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        };
        let mut bits = 0u64;
        // Python skips what is no base64, so a space in front hides nothing.
        let mut letters = text.bytes().take(4096).filter_map(sextet);
        for _ in 0..8 {
            let Some(value) = letters.next() else { return false };
            bits = bits << 6 | u64::from(value);
        }
        for (n, slot) in head.iter_mut().enumerate() {
            *slot = u32::from((bits >> (40 - 8 * n)).to_le_bytes()[0]);
            filled += 1;
        }
    }
    // A code object, then the number of its arguments as four bytes.
    filled == 6 && text.len() >= 24 && matches!(head[0], 0xe3 | 0x63) && head[1] < 64 && head[2..5] == [0, 0, 0]
}

impl Walk<'_> {
    /// Code in any of the forms in which Keras stores a lambda.
    pub(super) fn lambda_code(&mut self, node: &Node, at: u64, place: Place<'_>) {
        let Node::Map { pairs, .. } = node else { return };
        let marked = pairs.iter().any(|(key, value)| key.ends_with("_type") && value.text() == Some("lambda"));
        if marked || node.get_text("class_name") == Some("__lambda__") {
            self.lambda_found(at, place);
        }
    }

    pub(super) fn lambda_found(&mut self, at: u64, place: Place<'_>) {
        self.notes.see(Sighting::new("model.keras-lambda").key(place.layer).at(at).with("layer", place.layer));
    }

    /// The configuration of a `Lambda` layer of Keras 1 and 2, which names its function as a text.
    pub(super) fn lambda_layer(&mut self, config: Option<&Node>, at: u64, place: Place<'_>) {
        let Some(config) = config else { return };
        let mut understood = false;
        for (argument, kind, module) in [
            ("function", "function_type", "module"),
            ("mask", "mask_type", "mask_module"),
            ("output_shape", "output_shape_type", "output_shape_module"),
        ] {
            match (config.get(argument), config.get_text(kind)) {
                (_, Some("lambda")) => understood = true,
                (Some(Node::Text(name)), _) => {
                    understood = true;
                    self.function(name, config.get_text(module), Some(at), Place { lambda: true, ..place });
                }
                (Some(value @ Node::Map { .. }), _) => {
                    // A tuple holds code; everything else is walked for what it is.
                    understood = true;
                    if value.get_text("class_name") == Some("__tuple__") && argument == "function" {
                        self.lambda_found(at, place);
                    }
                }
                (Some(Node::List(_)), _) if argument == "function" => {
                    understood = true;
                    self.lambda_found(at, place);
                }
                _ => {}
            }
        }
        if !understood {
            self.function("?", None, Some(at), Place { lambda: true, ..place });
        }
    }

    /// A function that is named: as a string identifier, by a `function` object, or by a `Lambda` layer.
    pub(super) fn function(&mut self, name: &str, module: Option<&str>, at: Option<u64>, place: Place<'_>) {
        let module = module.filter(|m| !matches!(*m, "" | "builtins" | "__main__" | "__builtin__"));
        let whole = match module {
            Some(module) => format!("{module}.{name}"),
            None => name.to_owned(),
        };
        let mut class = names::classify(self.names, &whole);
        if module.is_none() && class == NameClass::Unknown {
            // Where Keras finds no function of its own, old versions took it from `builtins`.
            class = names::classify(self.names, &format!("builtins.{name}"));
        }
        let rule = match class {
            NameClass::Allowed { when: None } => return,
            NameClass::Dangerous(effect) => {
                let sighting = Sighting::new("model.keras-dangerous-class").with_text("effect", effect.label());
                return self.named(sighting, &whole, at, place);
            }
            _ if place.lambda => "model.keras-lambda-function",
            _ if place.compiled && module.is_none() => "model.keras-custom-object",
            _ => "model.keras-unknown-class",
        };
        self.named(Sighting::new(rule), &whole, at, place);
    }

    pub(super) fn named(&mut self, mut sighting: Sighting, name: &str, at: Option<u64>, place: Place<'_>) {
        sighting.offset = at;
        self.notes.see(sighting.key(name).with("name", name).with("layer", place.layer));
    }
}
