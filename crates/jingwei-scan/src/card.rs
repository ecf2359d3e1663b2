//! Licence and model card: is it written down who may use the model, and what it is for?

use std::collections::BTreeSet;

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::{Format, inventory::Inventory};

/// Names of files that state a licence, and of model cards, without ending and in lower case.
const LICENCE_NAMES: [&str; 3] = ["license", "licence", "copying"];
const CARD_NAMES: [&str; 3] = ["readme", "model_card", "modelcard"];

/// A licence file beside the weights or at the top, or a licence named in metadata.
pub(crate) fn has_licence(inventory: &Inventory) -> bool {
    has_file(inventory, &LICENCE_NAMES) || inventory.files.iter().any(|file| file.facts.licence.is_some())
}

/// A card beside the weights or at the top, or a description inside the weights.
pub(crate) fn has_card(inventory: &Inventory) -> bool {
    has_file(inventory, &CARD_NAMES) || inventory.files.iter().any(|file| file.facts.described)
}

fn has_file(inventory: &Inventory, names: &[&str]) -> bool {
    let folders: BTreeSet<&str> =
        inventory.files.iter().filter(|file| file.format.is_weights()).map(|file| split(&file.path).0).collect();
    inventory.files.iter().any(|file| {
        let (folder, name) = split(&file.path);
        let name = name.to_ascii_lowercase();
        let named = names.iter().any(|known| name.starts_with(known));
        let text = matches!(file.format, Format::Text | Format::Json | Format::Unknown) && file.has_text;
        named && text && (folder.is_empty() || folders.contains(folder))
    })
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The licence that a model card states in its front matter.
pub(crate) fn front_matter_licence(text: &str) -> Option<String> {
    let value = front_matter(text).into_iter().find(|(key, _)| matches!(key.as_str(), "license" | "licence"))?.1;
    (!matches!(value.as_str(), "unknown" | "null" | "~")).then_some(value)
}

/// Where a hub keeps the data of its own repositories.
const OWN_ADDRESSES: [&str; 4] =
    ["hf://", "https://huggingface.co/", "https://www.modelscope.cn/", "https://modelscope.cn/"];

/// The first path by which the card of a dataset sends its reader out of the folder: `data_files`, as text, list or `path`.
pub(crate) fn data_outside(text: &str) -> Option<Sighting> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return None;
    }
    let mut indent = None;
    for line in lines.take_while(|line| line.trim_end() != "---") {
        let plain = line.split(" #").next().unwrap_or_default();
        let begins = plain.trim_start().trim_start_matches("- ").trim_start();
        if begins.is_empty() || begins.starts_with('#') {
            continue;
        }
        let (outer, depth) = (plain.len() - plain.trim_start().len(), plain.len() - begins.len());
        let of_files = ["data_files", "data_dir"].into_iter().find_map(|key| {
            let behind = &plain[plain.find(key)? + key.len()..];
            behind.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')
        });
        let value = match (of_files, indent) {
            (Some(value), _) => {
                indent = Some(depth);
                value
            }
            (None, Some(above)) if outer > above || outer == above && plain.trim_start().starts_with("- ") => {
                begins.strip_prefix("path:").unwrap_or(begins)
            }
            _ => {
                indent = None;
                continue;
            }
        };
        let leads_out = |path: &&str| {
            let is_home = path.starts_with("~/");
            path.split(['/', '\\']).any(|part| part == "..")
                || path.starts_with('/')
                || is_home
                || path.contains("file://")
                || path.contains("://") && !OWN_ADDRESSES.iter().any(|own| path.starts_with(own))
        };
        let paths = value.split([',', '[', ']', '{', '}', '"', '\'', ' ']);
        if let Some(path) = { paths }.find(leads_out) {
            let sighting = Sighting::new("model.config-outside-reference").key("data_files");
            let what = if path.contains("://") && !path.contains("file://") {
                Text::new("网址", "an address on the network")
            } else {
                Text::new("文件夹之外的路径", "a path out of the folder")
            };
            return Some(sighting.with("key", "data_files").with("value", path).with_text("what", what));
        }
    }
    None
}

/// Keys and values in the front matter of a model card: the block between two lines of `---` at its very start. A list gives
/// its key once per item; deeper nesting is left out.
#[must_use]
pub fn front_matter(text: &str) -> Vec<(String, String)> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return Vec::new();
    }
    let mut pairs = Vec::new();
    let mut key = String::new();
    for line in lines.take_while(|line| line.trim_end() != "---") {
        let item = line.trim_start().strip_prefix("- ");
        let value = match (item, line.split_once(':')) {
            (Some(item), _) if !key.is_empty() => item,
            (None, Some((name, value))) if !line.starts_with([' ', '\t', '#']) => {
                name.trim().clone_into(&mut key);
                value
            }
            _ => continue,
        };
        let inline = value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let values = match inline {
            Some(list) => list.split(',').collect(),
            None => vec![value],
        };
        for value in values {
            let value = value.trim().trim_matches(['"', '\'']);
            if !value.is_empty() {
                pairs.push((key.clone(), value.to_owned()));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{data_outside, front_matter, front_matter_licence};

    #[test]
    fn data_of_a_card_stays_in_its_folder() {
        for (card, leads_out) in [
            ("", false),
            ("---\nconfigs:\n- data_files: ../x\n", true),
            ("---\nconfigs:\n- config_name: a\n  data_files:\n  - split: train\n    path: \"../../x/*\"\n---\n", true),
            ("---\nconfigs:\n- data_files:\n  - \"/etc/x\"\n---\n", true),
            ("---\ndata_files: [a.csv, ~/x.csv]\n---\n", true),
            ("---\ndata_files: train*.csv\nlink: ../x\n---\n", false),
            ("---\nconfigs:\n- data_files:\n\n  # the files\n  - ../x\n---\n", true),
            ("---\nconfigs: [{\"data_files\" : \"../x\"}]\n---\n", true),
            ("---\ndata_dir: ~\n---\n", false),
            ("---\nconfigs:\n- config_name: a\n  data_files: x.csv # not ../x\n- config_name: b ../y\n---\n", false),
            ("---\nconfigs:\n- data_files:\n  - split: train\n    path: data/a-*.parquet\n---\n../x\n", false),
        ] {
            assert_eq!(data_outside(card).is_some(), leads_out, "{card}");
        }
    }

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

    #[test]
    fn lists_give_their_key_for_each_item() {
        let card =
            "---\nbase_model: a/b\ndatasets:\n- x/y\n  - \"z\"\ntags: [p, 'q']\nmodel-index:\n  name: deep\n---\n";
        let pairs: Vec<_> = front_matter(card).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(pairs, ["base_model=a/b", "datasets=x/y", "datasets=z", "tags=p", "tags=q"]);
        assert!(front_matter("datasets:\n- x\n").is_empty());
    }
}
