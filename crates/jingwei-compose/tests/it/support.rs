use jingwei_compose::{
    licences::{LicenceList, LicenceNames},
    lockfiles::{Located, LockKind, Parsed, Scope, Source, parse},
};
use jingwei_core::Limits;

pub fn read(kind: LockKind, text: &str) -> Parsed {
    parse(kind, "f", text.as_bytes(), &Limits::default())
}

/// One line per package: `name version [requirement] scope direct source line`, with what is usual left out.
pub fn line(one: &Located) -> String {
    let mut out = one.package.name.clone();
    if let Some(version) = &one.package.version {
        out += &format!(" {version}");
    }
    if let Some(requirement) = &one.requirement {
        out += &format!(" [{requirement}]");
    }
    if one.scope != Scope::Runtime {
        out += &format!(" {:?}", one.scope).to_lowercase();
    }
    if one.direct == Some(true) {
        out += " direct";
    }
    match &one.source {
        Source::Registry { url: None } => {}
        Source::Registry { url: Some(url) } => out += &format!(" registry={url}"),
        Source::Git { url, commit } => out += &format!(" git={url}#{}", commit.as_deref().unwrap_or("?")),
        Source::Path { path } => out += &format!(" path={path}"),
        Source::Url { url } => out += &format!(" url={url}"),
    }
    if let Some(marker) = &one.marker {
        out += &format!(" ; {marker}");
    }
    format!("{out} :{}", one.place.line)
}

/// Compares lists and the English problems; the order is that of the file.
pub fn check(kind: LockKind, text: &str, packages: &[&str], problems: &[&str]) -> Parsed {
    let parsed = read(kind, text);
    assert_eq!(parsed.packages.iter().map(line).collect::<Vec<_>>(), packages, "{kind:?} packages");
    let told: Vec<String> =
        parsed.problems.iter().map(|one| format!("{}: {}", one.place.line, one.reason.en)).collect();
    assert_eq!(told, problems, "{kind:?} problems");
    parsed
}

/// Links as `from > to` names, sorted.
pub fn links(parsed: &Parsed) -> Vec<String> {
    let name = |at: usize| parsed.packages[at].package.name.as_str();
    let mut links: Vec<String> =
        parsed.links.iter().map(|(from, to)| format!("{} > {}", name(*from), name(*to))).collect();
    links.sort();
    links
}

pub fn names() -> LicenceNames {
    let lists: Vec<LicenceList> = [
        include_str!("../../../../catalog/licences/classes.toml"),
        include_str!("../../../../catalog/licences/names.toml"),
    ]
    .map(|text| toml::from_str(text).unwrap())
    .into();
    LicenceNames::new(&lists)
}
