//! npm: `package-lock.json` 1 to 3, `npm-shrinkwrap.json`, `package.json`, installed packages; and `bun.lock`.

use std::collections::HashMap;

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    npm_spec,
};
use crate::document::{Node, json, json_relaxed};

/// Longest place of a package in a tree of folders, in bytes, and how many folders deep one is looked for.
const PATH_BYTES: usize = 4096;
const NESTED: usize = 32;

/// Lists of a package that name what it needs, and what for.
const LISTS: [(&str, Scope); 4] = [
    ("dependencies", Scope::Runtime),
    ("optionalDependencies", Scope::Optional),
    ("peerDependencies", Scope::Runtime),
    ("devDependencies", Scope::Dev),
];

pub(super) fn lock(text: &str, out: &mut Collector<'_>) {
    let document = json(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let version = document.get("lockfileVersion");
    if !matches!(version.written(), Some("1" | "2" | "3")) {
        let (zh, en) = ("package-lock.json 的版本未知", "the version of this package-lock.json is not known");
        out.problem(version.line.max(1), zh, en);
    }
    let mut tree = Tree::default();
    if document.get("packages").is_null() {
        version_1(document.get("dependencies"), "", &mut tree, out);
        tree.link(out);
        return;
    }
    for (path, entry) in document.get("packages").table() {
        if path.len() > PATH_BYTES {
            out.problem(entry.line, "路径过长", "its path is too long");
            continue;
        }
        tree.add(path, entry, out);
    }
    tree.link(out);
    out.none_wanted();
    for at in tree.wanted().into_keys() {
        out.want(at);
    }
}

/// Packages by the folder that they lie in, from which names are looked up as Node.js does: here, then above.
#[derive(Default)]
struct Tree<'d> {
    /// Numbers of the folders that packages lie in.
    folders: HashMap<String, usize>,
    /// What a name means in a folder.
    inside: HashMap<(usize, String), Inside>,
    places: HashMap<String, usize>,
    needs: Vec<(String, usize, &'d Node)>,
    /// The project and the members of its workspace.
    own: Vec<(String, &'d Node)>,
}

enum Inside {
    At(usize),
    /// A link to another folder.
    Link(String),
}

impl<'d> Tree<'d> {
    fn add(&mut self, path: &str, entry: &'d Node, out: &mut Collector<'_>) {
        if path.is_empty() {
            self.own.push((String::new(), entry));
            return;
        }
        if entry.get("link").is_true() {
            if let Some(target) = entry.get("resolved").text() {
                self.put(path, Inside::Link(target.to_owned()));
            }
            return;
        }
        let installed = path.rsplit_once("node_modules/").map(|(_, name)| name);
        let folder = path.rsplit('/').next().unwrap_or_default();
        let name = entry.get("name").filled().or(installed).unwrap_or(folder);
        let mut draft = locked(name, entry);
        if installed.is_none() {
            draft.source = Source::Path { path: path.to_owned() };
            self.own.push((path.to_owned(), entry));
        }
        draft.licences = licences(entry);
        self.place(path, draft, entry, out);
    }

    fn place(&mut self, path: &str, draft: Draft, entry: &'d Node, out: &mut Collector<'_>) {
        if let Some(at) = out.add(draft) {
            self.put(path, Inside::At(at));
            self.places.insert(path.to_owned(), at);
            self.needs.push((path.to_owned(), at, entry));
        }
    }

    fn put(&mut self, path: &str, what: Inside) {
        if let Some((folder, name)) = path.rsplit_once("node_modules/") {
            let next = self.folders.len();
            let folder = *self.folders.entry(folder.trim_end_matches('/').to_owned()).or_insert(next);
            self.inside.insert((folder, name.to_owned()), what);
        }
    }

    /// The folders in which a package at this path looks for others, the nearest first.
    fn looks_in(&self, path: &str) -> Vec<usize> {
        let mut folders = Vec::new();
        let mut folder = path;
        for _ in 0..=NESTED {
            folders.extend(self.folders.get(folder));
            if folder.is_empty() {
                break;
            }
            folder = match folder.rfind("node_modules/") {
                Some(at) => folder[..at].trim_end_matches('/'),
                None => folder.rsplit_once('/').map_or("", |(above, _)| above),
            };
        }
        folders
    }

    fn find(&self, folders: &[usize], name: &str) -> Option<usize> {
        match folders.iter().find_map(|folder| self.inside.get(&(*folder, name.to_owned())))? {
            Inside::At(at) => Some(*at),
            Inside::Link(target) => self.places.get(target).copied(),
        }
    }

    fn link(&self, out: &mut Collector<'_>) {
        for (path, at, entry) in &self.needs {
            let folders = self.looks_in(path);
            let names = LISTS.iter().flat_map(|(list, _)| entry.get(list).table()).chain(entry.get("requires").table());
            for (name, _) in names {
                if let Some(to) = self.find(&folders, name) {
                    out.link(*at, to);
                }
            }
        }
    }

    /// What the project and the members of its workspace ask for themselves.
    fn wanted(&self) -> HashMap<usize, Scope> {
        let mut wanted = HashMap::new();
        for (path, entry) in &self.own {
            let folders = self.looks_in(path);
            for (list, scope) in LISTS {
                for (name, _) in entry.get(list).table() {
                    if let Some(to) = self.find(&folders, name) {
                        let known = wanted.entry(to).or_insert(scope);
                        *known = scope.min(*known);
                    }
                }
            }
        }
        wanted
    }
}

fn version_1<'d>(dependencies: &'d Node, above: &str, tree: &mut Tree<'d>, out: &mut Collector<'_>) {
    for (name, entry) in dependencies.table() {
        let path =
            if above.is_empty() { format!("node_modules/{name}") } else { format!("{above}/node_modules/{name}") };
        if path.len() > PATH_BYTES {
            out.problem(entry.line, "路径过长", "its path is too long");
            continue;
        }
        tree.place(&path, locked(name, entry), entry, out);
        version_1(entry.get("dependencies"), &path, tree, out);
    }
}

/// One entry of a lockfile.
fn locked(name: &str, entry: &Node) -> Draft {
    let version = entry.get("version");
    let stated = version.text().unwrap_or_default();
    let mut draft = npm_spec::draft(name, stated, entry.line);
    if matches!(draft.source, Source::Registry { .. }) && draft.package.version.is_none() {
        // What a lockfile states is a version, also where it is not three numbers.
        draft.package.version = Some(stated.to_owned()).filter(|stated| !stated.is_empty());
        draft.requirement = None;
    }
    if let Some(resolved) = entry.get("resolved").text() {
        draft.source = match npm_spec::source(resolved) {
            Some(Source::Url { url }) if is_registry(&url, &draft.package.name) => draft.source,
            Some(source) => source,
            None => draft.source,
        };
    }
    draft.scope = match () {
        () if entry.get("dev").is_true() || entry.get("devOptional").is_true() => Scope::Dev,
        () if entry.get("optional").is_true() => Scope::Optional,
        () => Scope::Runtime,
    };
    draft.hashed(entry.get("integrity").text())
}

/// Registries keep archives at `/<name>/-/<file>`, whatever their host.
pub(super) fn is_registry(url: &str, name: &str) -> bool {
    url.contains("/-/") && url.contains(name)
}

fn licences(entry: &Node) -> Vec<String> {
    let one = |node: &Node| node.filled().or_else(|| node.get("type").filled()).map(ToOwned::to_owned);
    let stated = one(entry.get("license"));
    let listed = entry.get("licenses").list().iter().filter_map(one);
    stated.into_iter().chain(listed).filter(|licence| licence.len() <= 200).collect()
}

pub(super) fn manifest(text: &str, out: &mut Collector<'_>) {
    let document = json(text, out.limits);
    let Some(document) = out.table(document) else { return };
    for (list, scope) in LISTS {
        for (name, spec) in document.get(list).table() {
            let Some(spec_text) = spec.text() else {
                out.problem(spec.line, "一项依赖不是文本", "a dependency is not a text");
                continue;
            };
            let mut draft = npm_spec::draft(name, spec_text, spec.line);
            draft.scope = scope;
            draft.direct = Some(true);
            out.add(draft);
        }
    }
}

pub(super) fn installed(text: &str, out: &mut Collector<'_>) {
    let document = json(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let name = document.get("name");
    let Some(stated) = name.filled() else {
        return out.problem(1, "没有写明名称", "it names no package");
    };
    let mut draft = Draft::new(Ecosystem::Npm, stated, document.get("version").text(), name.line);
    draft.licences = licences(&document);
    out.add(draft);
}

pub(super) fn bun(text: &str, out: &mut Collector<'_>) {
    let document = json_relaxed(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let mut tree = Tree::default();
    for (key, entry) in document.get("packages").table() {
        let parts = entry.list().first().and_then(Node::text).and_then(npm_spec::split);
        let Some((name, spec)) = parts.filter(|_| key.len() <= PATH_BYTES) else {
            out.problem(entry.line, "一项没有名称和版本", "an entry has no name and version");
            continue;
        };
        let mut draft = npm_spec::draft(name, spec, entry.line);
        if matches!(draft.source, Source::Registry { .. }) {
            draft.package.version = Some(spec.to_owned());
            draft.requirement = None;
            let registry = entry.list().get(1).and_then(Node::filled);
            draft.source = Source::Registry { url: registry.map(without_password) };
        }
        let digest = entry.list().iter().filter_map(Node::text).skip(1).filter(|text| text.starts_with("sha"));
        let about = entry.list().iter().find(|node| !node.table().is_empty()).unwrap_or(entry);
        tree.place(&bun_path(key), draft.hashed(digest), about, out);
    }
    tree.link(out);
    tree.own = document.get("workspaces").table().iter().map(|(_, member)| (bun_member(member), member)).collect();
    let wanted = tree.wanted();
    out.spread(&wanted);
}

/// `parent/@scope/name` is the place `node_modules/parent/node_modules/@scope/name`.
fn bun_path(key: &str) -> String {
    let mut path = String::with_capacity(key.len() * 2);
    let mut scoped = false;
    for part in key.split('/') {
        path.push_str(match (path.is_empty(), scoped) {
            (true, _) => "node_modules/",
            (false, true) => "/",
            (false, false) => "/node_modules/",
        });
        path.push_str(part);
        scoped = part.starts_with('@');
    }
    path
}

/// A member's own packages lie below its name.
fn bun_member(member: &Node) -> String {
    member.get("name").text().map(bun_path).unwrap_or_default()
}
