//! Licence and model card: is it written down who may use the model, and what it is for?

use std::collections::BTreeSet;

use crate::{Format, inventory::Inventory};

/// Names of files that state a licence, and of model cards, without ending and in lower case.
const LICENCE_NAMES: [&str; 3] = ["license", "licence", "copying"];
const CARD_NAMES: [&str; 3] = ["readme", "model_card", "modelcard"];

/// A licence file beside the weights or at the top, or a licence named in metadata.
pub(crate) fn has_licence(inventory: &Inventory) -> bool {
    has_file(inventory, &LICENCE_NAMES) || inventory.files.iter().any(|file| file.details.licence.is_some())
}

/// A card beside the weights or at the top, or a description inside the weights.
pub(crate) fn has_card(inventory: &Inventory) -> bool {
    has_file(inventory, &CARD_NAMES) || inventory.files.iter().any(|file| file.details.described)
}

fn has_file(inventory: &Inventory, names: &[&str]) -> bool {
    let folders: BTreeSet<&str> =
        inventory.files.iter().filter(|file| file.format.is_weights()).map(|file| split(&file.path).0).collect();
    inventory.files.iter().any(|file| {
        let (folder, name) = split(&file.path);
        let name = name.to_ascii_lowercase();
        let named = names.iter().any(|known| name.starts_with(known));
        let text = matches!(file.format, Format::Text | Format::Json | Format::Unknown) && file.details.has_text;
        named && text && (folder.is_empty() || folders.contains(folder))
    })
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// `license:` in the front matter of a model card: the block between two lines of `---` at its very start.
pub(crate) fn front_matter_licence(text: &str) -> Option<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let block = lines.take_while(|line| line.trim_end() != "---");
    let value = block.filter_map(|line| line.strip_prefix("license:").or_else(|| line.strip_prefix("licence:"))).next();
    let value = value?.trim().trim_matches(['"', '\'']);
    (!value.is_empty() && !matches!(value, "unknown" | "null" | "~")).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::front_matter_licence;

    #[test]
    fn a_licence_is_read_from_the_front_matter_only() {
        for (text, expected) in [
            ("---\nlicense: apache-2.0\n---\n# Model", Some("apache-2.0")),
            ("\u{feff}---\r\ntags: [x]\r\nlicense: \"mit\"\r\n---\r\n", Some("mit")),
            ("---\nlicense:\n---\n", None),
            ("---\nlicense: unknown\n---\n", None),
            ("---\ntags: [x]\n---\nlicense: mit\n", None),
            ("license: mit\n", None),
            ("", None),
        ] {
            assert_eq!(front_matter_licence(text).as_deref(), expected, "{text:?}");
        }
    }
}
