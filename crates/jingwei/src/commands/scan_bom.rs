//! `jingwei scan bom`, `diff` and `watch`.

use std::{collections::BTreeMap, time::Duration};

use jingwei_advise::{Changes, changed};
use jingwei_app::{
    Error,
    scans::{self, BomForm, BomRules, BomScan, MadeBom, Suppressions, Watched},
};
use jingwei_compose::{Change, bom::Kind};
use jingwei_core::{Clock, Lang, Limits, Timestamp};
use serde_json::json;

use super::{
    scan::{self, today, write},
    scan_packages::store,
};
use crate::{
    cli::{Format, Global},
    cli_scan::{BomFormat, ScanBom, ScanDiff, ScanWatch},
    output::{Exit, Speaker},
    settings::SystemClock,
    terminal::Terminal,
};

/// Advisories do not grow old within a command that only lists.
const NEVER_STALE: i64 = i64::MAX;

pub fn bom(global: &Global, command: &ScanBom, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let limits = Limits::default();
    for path in &command.paths {
        if std::fs::symlink_metadata(path).is_err() {
            return Err(Error::invalid(format!("没有 `{path}`"), format!("there is no `{path}`")));
        }
    }
    let at: Timestamp = match &command.at {
        Some(text) => text.parse().map_err(|e| {
            Error::invalid(
                format!("`{text}` 不是时刻，例如 2027-01-01T00:00:00Z"),
                format!("`{text}` is no instant such as 2027-01-01T00:00:00Z"),
            )
            .because(e)
        })?,
        None => SystemClock.now(),
    };
    let runtimes = command.runtime.iter().map(|one| match one.split_once('=') {
        Some((product, version)) => Ok((product.to_owned(), version.to_owned())),
        None => Err(Error::invalid(format!("`{one}` 须写作 产品=版本"), format!("write `{one}` as PRODUCT=VERSION"))),
    });
    let runtimes: Vec<(String, String)> = runtimes.collect::<Result<_, _>>()?;
    let path = store(global, command.advisories.clone());
    let check = match command.no_advisories {
        true => None,
        false => Some(scans::packages_check(&catalog, &path, command.vex.files(), NEVER_STALE, &limits)?.0),
    };
    let asked = BomScan {
        paths: &command.paths,
        name: command.name.as_deref(),
        version: command.system_version.as_deref(),
        supplier: command.supplier.as_deref(),
        check: check.as_ref(),
        now: at,
    };
    let made = scans::make_bom(&catalog, &asked, &limits, &Terminal::new(speaker))?;
    let policy = command.licences.as_deref().map(scans::read_policy).transpose()?;
    let suppressions = command.suppress.as_deref().map(Suppressions::read).transpose()?.unwrap_or_default();
    let rules = BomRules {
        licences: policy.as_ref(),
        commercial: command.commercial,
        runtimes: &runtimes,
        suppressions: &suppressions,
        baseline: None,
        today: today(),
    };
    let report = scans::judge_bom(&catalog, &made, &rules)?;
    let text = match command.format {
        BomFormat::Table => table(&made, speaker.lang),
        BomFormat::Cyclonedx => scans::write_bom(&made.bom, BomForm::CycloneDx, at),
        BomFormat::Spdx => scans::write_bom(&made.bom, BomForm::Spdx, at),
    };
    match &command.out {
        Some(path) => write(path, &text)?,
        None => speaker.data(text.trim_end_matches('\n')),
    }
    speaker.say(scan::table(&report, speaker.lang).trim_end());
    for gap in &made.bom.gaps {
        speaker.say(speaker.text(gap));
    }
    let fails = command.fail_on.severity().is_some_and(|from| report.fails(from));
    let incomplete = command.least_complete.is_some_and(|least| made.completeness.score < least);
    Ok(if fails || incomplete { Exit::Findings } else { Exit::Clean })
}

fn table(made: &MadeBom, lang: Lang) -> String {
    let mut text = String::new();
    let mut line = |one: String| {
        text.push_str(&one);
        text.push('\n');
    };
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for part in &made.bom.components {
        *counts.entry(part.kind).or_default() += 1;
    }
    line(format!("{} {}", made.bom.subject.name, made.bom.subject.version.as_deref().unwrap_or("")));
    for (kind, count) in counts {
        line(format!("  {} {count}", kind.label().get(lang)));
    }
    let percent = made.completeness.score * 100.0;
    line(match lang {
        Lang::Zh => format!("完整度 {percent:.0}%"),
        Lang::En => format!("completeness {percent:.0} %"),
    });
    for question in made.completeness.questions.iter().filter(|question| question.answered < question.asked) {
        let title = question.title.get(lang);
        let (answered, asked, reason) = (question.answered, question.asked, question.reason.get(lang));
        line(match lang {
            Lang::Zh => format!("  {title}：{asked} 项中有 {answered} 项写明（{reason}）"),
            Lang::En => format!("  {title}: said of {answered} of {asked} ({reason})"),
        });
    }
    text
}

pub fn diff(command: &ScanDiff, speaker: Speaker) -> Result<Exit, Error> {
    let difference = scans::diff_boms(&command.old, &command.new, &Limits::default())?;
    let failing = scans::failing(&difference, &command.fail_on)?;
    match command.format {
        Format::Table => {
            for change in &difference.changes {
                speaker.data(&format!("{} · {}", change.what.label().get(speaker.lang), change_text(change)));
            }
            let (all, bad) = (difference.changes.len(), failing.len());
            speaker.data(&match speaker.lang {
                Lang::Zh => format!("{all} 处变化，其中 {bad} 处不被允许"),
                Lang::En => format!("{all} changes, {bad} of them not allowed"),
            });
        }
        Format::Json => speaker.json(&difference),
        Format::Jsonl => difference.changes.iter().for_each(|change| speaker.jsonl(change)),
    }
    Ok(if failing.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn change_text(change: &Change) -> String {
    // Names are anybody's: a line's end in one would forge a line of this output.
    let plain = |text: &String| text.replace(['\n', '\r'], "\u{2424}");
    let (kind, name) = (change.kind.code(), plain(&change.name));
    let change = &Change { old: change.old.as_ref().map(plain), new: change.new.as_ref().map(plain), ..change.clone() };
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{kind} {name}: {old} → {new}"),
        (Some(one), None) | (None, Some(one)) => format!("{kind} {name}: {one}"),
        (None, None) => format!("{kind} {name}"),
    }
}

pub async fn watch(global: &Global, command: &ScanWatch, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let limits = Limits::default();
    let state = command.state.clone().unwrap_or_else(|| global.data.join("bom-watch.json"));
    let path = store(global, command.advisories.clone());
    let mut anything = false;
    loop {
        let mut watched = Watched::read(&state)?;
        let (check, _) = scans::packages_check(&catalog, &path, command.vex.files(), NEVER_STALE, &limits)?;
        for file in &command.boms {
            let (bom, _) = scans::read_bom(file, &limits)?;
            let now = scans::matches_of_bom(&bom, &check, SystemClock.now())?;
            let open: Vec<_> = now.into_iter().filter(jingwei_advise::Match::is_open).collect();
            let name = file.display().to_string();
            let before = watched.open.get(&name).cloned().unwrap_or_default();
            let changes = changed(&before, &open);
            anything |= !changes.new.is_empty();
            tell(&name, &changes, open.len(), command.format, speaker);
            watched.open.insert(name, open);
        }
        watched.advisories = Some(check.advisories());
        if let Some(folder) = state.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::failed("无法建立数据目录", "the data folder cannot be made").because(e))?;
        }
        watched.write(&state)?;
        let Some(seconds) = command.every else {
            return Ok(if anything { Exit::Findings } else { Exit::Clean });
        };
        // What was told once is told again only when it changes.
        loop {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let (check, _) = scans::packages_check(&catalog, &path, command.vex.files(), NEVER_STALE, &limits)?;
            if Some(check.advisories()) != watched.advisories {
                break;
            }
        }
    }
}

fn tell(name: &str, changes: &Changes, open: usize, format: Format, speaker: Speaker) {
    if format != Format::Table {
        speaker.jsonl(&json!({"bom": name, "open": open, "changes": changes}));
        return;
    }
    let line = |mark: &str, one: &jingwei_advise::Match| {
        let package = &one.located.package;
        let version = package.version.as_deref().unwrap_or("?");
        format!("{mark} {} {version} · {} · {}", package.name, one.id, speaker.text(&one.standing.text()))
    };
    for one in &changes.new {
        speaker.data(&line("+", one));
    }
    for one in &changes.gone {
        speaker.data(&line("-", one));
    }
    for one in &changes.altered {
        speaker.data(&line("~", &one.after));
    }
    let (new, gone, altered) = (changes.new.len(), changes.gone.len(), changes.altered.len());
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("{name}：未关闭 {open} 项；新增 {new}，消除 {gone}，变化 {altered}"),
        Lang::En => format!("{name}: {open} open; {new} new, {gone} gone, {altered} altered"),
    });
}
