//! Lists of packages beside a model (`requirements.txt`, `conda.yaml`): where they are to be fetched from.

use jingwei_read::{Inspection, Sighting, Source};

use crate::read::{self, Content};

/// Longest list that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// Sightings of one list.
const MOST: usize = 8;
/// Hosts from which honest lists fetch, by HTTPS: the registries, and the hosts of sources and of builds for accelerators.
const KNOWN: [&str; 27] = [
    "pypi.org",
    "files.pythonhosted.org",
    "pypi.nvidia.com",
    "pytorch.org",
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "githubusercontent.com",
    "huggingface.co",
    "googleapis.com",
    "anaconda.org",
    "conda.anaconda.org",
    "data.pyg.org",
    "tsinghua.edu.cn",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "npmmirror.com",
    "rubygems.org",
    "crates.io",
    "aliyun.com",
    "ustc.edu.cn",
    "tencent.com",
    "huaweicloud.com",
    "modelscope.cn",
    "prefix.dev",
    "download.pytorch.org",
];

/// Addresses of the file's own choice, from which packages would come.
pub fn inspect_requirements(source: &mut dyn Source) -> Inspection {
    let bytes = match read::all(source, LONGEST) {
        Content::Bytes(bytes) => bytes,
        Content::Seen(inspection) => return inspection,
    };
    let (text, _) = read::text(&bytes);
    let mut inspection = Inspection::default();
    for line in text.lines() {
        let line = line.trim().trim_start_matches("- ").trim_matches(['"', '\'']);
        let entry = line.split(" #").next().unwrap_or_default();
        if line.starts_with('#') || inspection.sightings.len() >= MOST {
            continue;
        }
        if let Some((name, plain)) = crate::lookalike::package(entry) {
            let sighting = Sighting::new("model.look-alike-name").key(&plain).with("name", name).with("plain", &plain);
            inspection.see(sighting.with("codes", &crate::lookalike::codes(name)));
        }
        if let Some(address) = address(entry).filter(|address| !is_known(address)) {
            inspection.see(Sighting::new("model.requirements-address").key(address).with("address", address));
        }
    }
    inspection
}

/// Beginnings of the lines of a lock file that say where a package comes from.
const LOCKED: [&str; 10] = [
    "\"resolved\"",
    "resolved ",
    "url =",
    "\"url\"",
    "source = {",
    "{ url =",
    "registry =",
    "- http",
    "remote:",
    "tarball:",
];

/// Packages of a `package.json` that come from an address of its own.
#[must_use]
pub fn inspect_packages(bytes: &[u8]) -> Vec<Sighting> {
    const GROUPS: [&str; 6] =
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "resolutions", "overrides"];
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else { return Vec::new() };
    let packages = GROUPS.iter().filter_map(|group| document.get(*group)?.as_object()).flatten();
    let addresses = packages.filter_map(|(_, version)| version.as_str()).filter(|version| version.contains("://"));
    let foreign = addresses.filter(|address| !is_known(address)).take(MOST);
    foreign.map(|address| Sighting::new("model.requirements-address").key(address).with("address", address)).collect()
}

/// Addresses from which a lock file, or a list of channels, has packages come.
#[must_use]
pub fn inspect_lock(source: &mut dyn Source) -> Vec<Sighting> {
    const LONGEST_LOCK: u64 = 16 << 20;
    let Content::Bytes(bytes) = read::all(source, LONGEST_LOCK) else { return Vec::new() };
    let (text, _) = read::text(&bytes);
    let of_package = |line: &&str| LOCKED.iter().any(|front| line.starts_with(front));
    let addresses = text.lines().map(str::trim).filter(of_package).filter_map(address);
    let mut seen: Vec<Sighting> = Vec::new();
    for address in addresses.map(|address| address.trim_matches([',', '}'])).filter(|address| !is_known(address)) {
        let host = |address: &str| address.split('/').nth(2).unwrap_or_default().to_owned();
        if seen.len() >= MOST {
            break;
        }
        if !seen.iter().any(|known| known.key.as_deref().is_some_and(|known| host(known) == host(address))) {
            seen.push(Sighting::new("model.requirements-address").key(address).with("address", address));
        }
    }
    seen
}

/// Keys under which settings of package managers name where packages come from.
const INDEXES: [&str; 9] = [
    "index-url",
    "index_url",
    "extra-index-url",
    "extra_index_url",
    "find-links",
    "find_links",
    "default-index",
    "index",
    "dependency_links",
];
/// Parts of sections that hold an index each, or packages by their addresses.
const SOURCES: [&str; 4] = ["index", "tool.poetry.source", "tool.pdm.source", "tool.uv.sources"];

/// Addresses from which the settings of a package manager or of a project would have packages come.
#[must_use]
pub fn inspect_indexes(source: &mut dyn Source) -> Vec<Sighting> {
    let Content::Bytes(bytes) = read::all(source, LONGEST) else { return Vec::new() };
    let (text, _) = read::text(&bytes);
    let mut seen: Vec<Sighting> = Vec::new();
    let mut in_source = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(section) = line.strip_prefix('[').filter(|_| !line.contains('=')) {
            let section = section.trim_matches(['[', ']', ' ']).to_ascii_lowercase();
            in_source = SOURCES.iter().any(|part| section == *part || section.ends_with(&format!(".{part}")));
            continue;
        }
        let key = line.split(['=', ':']).next().unwrap_or_default().trim().trim_matches('"').to_ascii_lowercase();
        // A command of a build names an index by an option.
        let by_option = line.contains("pip install")
            && ["-i ", "--index-url", "--extra-index-url", "--find-links", "-f "]
                .iter()
                .any(|option| line.contains(option));
        let is_git = by_option || line.contains("git = \"") && line.contains('{') || key == "git" && line.contains('=');
        let names_index =
            is_git || INDEXES.contains(&key.as_str()) || in_source && (key == "url" || line.contains("url"));
        let is_package = line.split_once(" @ ").is_some_and(|(_, rest)| rest.contains("://"));
        if (names_index || is_package)
            && seen.len() < MOST
            && let Some(address) = address(line).filter(|address| !is_known(address))
        {
            seen.push(Sighting::new("model.requirements-address").key(address).with("address", address));
        }
    }
    seen
}

/// What is fetched: the value of an option for an index, or a package by its address.
fn address(entry: &str) -> Option<&str> {
    let at = entry.find("://")?;
    let start = entry[..at].rfind([' ', '=', '"', '\'', '@', '[', '<']).map_or(0, |before| before + 1);
    Some(entry[start..].split([' ', '"', '\'']).next().unwrap_or_default())
}

fn is_known(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return true };
    let scheme = scheme.rsplit('+').next().unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let below = |known: &&str| host.strip_suffix(*known).is_some_and(|front| front.is_empty() || front.ends_with('.'));
    matches!(scheme, "https" | "ssh" | "file") && (scheme == "file" || KNOWN.iter().any(below))
}

#[cfg(test)]
mod tests {
    use jingwei_read::FileSource;

    use super::*;

    #[test]
    fn only_addresses_of_the_lists_own_choice_are_told() {
        for (text, expected) in [
            ("", None),
            ("numpy==1.26.4\ntorch>=2.6 # see http://a.example/x\n# http://a.example", None),
            ("--extra-index-url https://download.pytorch.org/whl/cu118\n", None),
            ("git+https://github.com/a/b.git@v1#egg=b", None),
            ("  - pip:\n    - numpy==1.26.4\n", None),
            ("--index-url=http://127.0.0.1:9/simple", Some("http://127.0.0.1:9/simple")),
            ("--extra-index-url https://a.example/simple", Some("https://a.example/simple")),
            ("-i https://pypi.org.a.example/simple", Some("https://pypi.org.a.example/simple")),
            ("b @ https://a.example/b.whl", Some("https://a.example/b.whl")),
            ("--index-url http://pypi.org/simple", Some("http://pypi.org/simple")),
            ("    - 'http://127.0.0.1:9/b-1.0.tar.gz'", Some("http://127.0.0.1:9/b-1.0.tar.gz")),
        ] {
            let mut source = FileSource::new(std::io::Cursor::new(text.as_bytes()), text.len() as u64);
            let seen = inspect_requirements(&mut source);
            let found = seen.sightings.first().and_then(|sighting| sighting.key.as_deref());
            assert_eq!(found, expected, "{text}");
        }
    }
}
