//! Where symbolic links of a model folder lead. None is followed: this reads what they say.

use jingwei_core::{Ctx, FileEntry, Text};
use jingwei_read::Sighting;

/// As many steps as systems follow.
const MOST_STEPS: usize = 40;

/// What a link is to say. `root` is the component's path, `path` the link's own below it.
pub(crate) fn sighting(root: &str, entry: &FileEntry, path: &str, ctx: &Ctx<'_>) -> Sighting {
    let unknown = || Sighting::new("model.link-outside");
    let base = match entry.path.strip_suffix(path) {
        Some(base) if entry.path != root => base,
        // The component itself is a link: whoever named it chose it.
        _ => return unknown(),
    };
    let mut here = path.to_owned();
    for _ in 0..MOST_STEPS {
        let Some(target) = ctx.files.link_target(&format!("{base}{here}")) else { return unknown() };
        if is_hub_blob(&target) {
            return unknown();
        }
        let Some(next) = resolved(&here, &target) else {
            let reason =
                Text::new(format!("指向文件夹之外的 {target}"), format!("leads out of the folder, to {target}"));
            return escape(&reason);
        };
        if next.is_empty() || here == next || here.starts_with(&format!("{next}/")) {
            return escape(&circle());
        }
        here = next;
    }
    escape(&circle())
}

fn circle() -> Text {
    Text::new("绕成一圈", "leads in a circle")
}

fn escape(reason: &Text) -> Sighting {
    let shown = Text::new(jingwei_read::shown(&reason.zh), jingwei_read::shown(&reason.en));
    Sighting::new("model.link-escape").with_text("reason", shown)
}

/// As the cache of the Hugging Face Hub lays out every snapshot: links to the blobs beside it, by their digests.
fn is_hub_blob(target: &str) -> bool {
    let name = target.trim_start_matches("../").strip_prefix("blobs/");
    let is_digest = |name: &str| matches!(name.len(), 40 | 64) && name.bytes().all(|b| b.is_ascii_hexdigit());
    target.starts_with("../../") && name.is_some_and(is_digest)
}

/// Where a link at `path` leads, below the same folder; `None` outside it.
fn resolved(path: &str, target: &str) -> Option<String> {
    let target = target.replace('\\', "/");
    if target.starts_with('/') || target.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_or_leave() {
        for (path, target, expected) in [
            ("a", "b", Some("b")),
            ("x/a", "../b", Some("b")),
            ("x/a", "../../b", None),
            ("x/a", "/b", None),
            ("x/a", "C:\\b", None),
            ("x/y/a", "../z/../../b", Some("b")),
            ("a", ".", Some("")),
        ] {
            assert_eq!(resolved(path, target).as_deref(), expected, "{path} {target}");
        }
    }

    #[test]
    fn only_digests_are_blobs_of_the_hub() {
        let digest = "0123456789abcdef0123456789abcdef01234567";
        for (target, expected) in [
            (format!("../../blobs/{digest}"), true),
            (format!("../../../blobs/{digest}"), true),
            (format!("../blobs/{digest}"), false),
            ("../../blobs/weights.bin".to_owned(), false),
            (format!("/blobs/{digest}"), false),
            (format!("../../blobs/{digest}/../../x"), false),
        ] {
            assert_eq!(is_hub_blob(&target), expected, "{target}");
        }
    }
}
