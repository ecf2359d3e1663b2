//! `gradle.lockfile`: `group:name:version=configuration,…`.

use jingwei_core::Ecosystem;

use super::{
    Scope,
    collect::{Collector, Draft},
};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    for (n, content) in text.lines().enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') || content.starts_with("empty=") {
            continue;
        }
        let (coordinates, configurations) = content.split_once('=').unwrap_or((content, ""));
        let parts: Vec<&str> = coordinates.split(':').collect();
        let [group, name, version] = parts.as_slice() else {
            out.problem(line, "一行不可读", "the line cannot be read");
            continue;
        };
        let mut draft = Draft::new(Ecosystem::Maven, &format!("{group}:{name}"), Some(version), line);
        let for_tests = |configuration: &str| configuration.to_ascii_lowercase().contains("test");
        let building = |configuration: &str| {
            configuration.contains("nnotationProcessor")
                || configuration.starts_with("compileClasspath")
                || configuration == "classpath"
        };
        let all = |is: &dyn Fn(&str) -> bool| !configurations.is_empty() && configurations.split(',').all(is);
        draft.scope = match () {
            () if all(&for_tests) => Scope::Dev,
            () if all(&building) => Scope::Build,
            () => Scope::Runtime,
        };
        out.add(draft);
    }
}
