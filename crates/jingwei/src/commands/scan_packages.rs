//! `jingwei scan packages` and `jingwei scan advisories`.

use std::path::PathBuf;

use jingwei_advise::{Match, Standing};
use jingwei_app::{
    Error,
    scans::{self, PackageScan},
};
use jingwei_core::{Clock, Lang, Limits, Text};
use serde_json::json;

use super::scan::{Given, conclude, finish};
use crate::{
    cli::{Format, Global},
    cli_scan::{ScanAdvisories, ScanFormat, ScanPackages},
    output::{Exit, Speaker},
    settings::SystemClock,
    terminal::Terminal,
};

pub(super) fn store(global: &Global, given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| scans::store_path(&global.data))
}

pub fn packages(global: &Global, command: &ScanPackages, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let given = Given::read(&command.output, "scan.packages")?;
    for path in &command.paths {
        if std::fs::symlink_metadata(path).is_err() {
            return Err(Error::invalid(format!("没有 `{path}`"), format!("there is no `{path}`")));
        }
    }
    let asked = PackageScan {
        paths: &command.paths,
        advisories: &store(global, command.advisories.clone()),
        vex: command.vex.files(),
        stale_after_days: i64::from(command.stale_after),
        suppressions: &given.suppressions,
        baseline: given.baseline.as_ref(),
        now: SystemClock.now(),
    };
    let found = scans::scan_packages(&catalog, &asked, &Limits::default(), &Terminal::new(speaker))?;
    if found.left_out.untold > 0 {
        speaker.say(&match speaker.lang {
            Lang::Zh => format!("VEX 中有 {} 个产品没有可识别的 purl，未予采用", found.left_out.untold),
            Lang::En => {
                format!(
                    "{} products of the VEX have no package URL that is known and were left out",
                    found.left_out.untold
                )
            }
        });
    }
    if found.left_out.elsewhere > 0 {
        speaker.say(&match speaker.lang {
            Lang::Zh => format!(
                "VEX 中有 {} 条关于其他产品组成部分的声明，未予采用；若扫描的就是该产品，请以 --vex-product 指明",
                found.left_out.elsewhere
            ),
            Lang::En => format!(
                "{} statements of the VEX are about parts of another product and were left out; if it is the one that is scanned, name it with --vex-product",
                found.left_out.elsewhere
            ),
        });
    }
    let title = Text::new("软件包与漏洞通告", "Packages and advisories");
    if command.output.format == ScanFormat::Json {
        let text = serde_json::to_string_pretty(&json!({"report": found.report, "matches": found.matches}))
            .unwrap_or_default();
        return conclude(&found.report, &format!("{text}\n"), &command.output, speaker);
    }
    let is_table = command.output.format == ScanFormat::Table;
    if is_table {
        counts(&found.matches, speaker);
    }
    if command.all && is_table {
        for one in found.matches.iter().filter(|one| !one.is_open()) {
            let package = &one.located.package;
            let version = package.version.as_deref().unwrap_or("?");
            speaker.data(&format!("{} {version} · {} · {}", package.name, one.id, speaker.text(&one.standing.text())));
        }
    }
    finish(&found.report, &catalog, &title, &command.output, speaker)
}

fn counts(matches: &[Match], speaker: Speaker) {
    let count = |is: fn(&Standing) -> bool| matches.iter().filter(|one| is(&one.standing)).count();
    let affected = count(|s| matches!(s, Standing::Affected { .. }));
    let unknown = count(|s| matches!(s, Standing::Unknown { .. }));
    let clear = count(|s| matches!(s, Standing::NotAffected { .. }));
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("受影响 {affected} · 不明 {unknown} · 不受影响 {clear}"),
        Lang::En => format!("affected {affected} · unknown {unknown} · not affected {clear}"),
    });
}

pub fn advisories(global: &Global, command: ScanAdvisories, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let limits = Limits::default();
    match command {
        ScanAdvisories::Import { sources, advisories } => {
            let path = store(global, advisories);
            let reports = scans::import_advisories(&catalog, &path, &sources, SystemClock.now(), &limits)?;
            let header = match speaker.lang {
                Lang::Zh => ["来源", "读取", "采用", "已有更新", "已撤回", "其他生态", "无效"],
                Lang::En => ["source", "read", "taken", "older", "withdrawn", "elsewhere", "rejected"],
            };
            let rows = reports.iter().map(|report| {
                let c = report.summary.counts;
                let numbers = [c.read, c.taken, c.older, c.withdrawn, c.elsewhere, c.rejected];
                std::iter::once(report.summary.source.clone()).chain(numbers.iter().map(ToString::to_string)).collect()
            });
            speaker.table(&header, rows.collect());
            for report in reports.iter().filter(|report| report.summary.counts.read == 0 && report.rejected.is_empty())
            {
                let source = &report.summary.source;
                speaker.say(&match speaker.lang {
                    Lang::Zh => format!("{source} 中没有找到通告"),
                    Lang::En => format!("no advisory was found in {source}"),
                });
            }
            for (name, flaw) in reports.iter().flat_map(|report| &report.rejected) {
                speaker.say(&format!("{name}: {}", speaker.text(&flaw.text())));
            }
            Ok(Exit::Clean)
        }
        ScanAdvisories::Show { advisories, format } => {
            let path = store(global, advisories);
            let mut store = scans::open_advisories(&catalog, &path, &limits)?;
            let whole = store.verify();
            let freshness = store.freshness(SystemClock.now(), 30);
            if format == Format::Table {
                let rows = store.imports().iter().map(|import| {
                    vec![
                        import.source.clone(),
                        import.at.to_string(),
                        import.counts.taken.to_string(),
                        import.digest.short(),
                    ]
                });
                let header = match speaker.lang {
                    Lang::Zh => ["来源", "导入时间", "采用", "摘要"],
                    Lang::En => ["source", "imported", "taken", "digest"],
                };
                speaker.table(&header, rows.collect());
                let age = freshness.age_days.map_or_else(|| "?".to_owned(), |days| days.to_string());
                speaker.data(&match speaker.lang {
                    Lang::Zh => format!("共 {} 条通告，最新一条在 {age} 天前", store.count()),
                    Lang::En => format!("{} advisories, the newest {age} days old", store.count()),
                });
            } else {
                speaker.json(&json!({
                    "path": path, "count": store.count(), "digest": store.digest(), "whole": whole.is_ok(),
                    "freshness": freshness, "imports": store.imports(),
                }));
            }
            match whole {
                Ok(()) => Ok(Exit::Clean),
                Err(e) => Err(Error::failed("通告库已损坏", "the advisory store is damaged").because(e)),
            }
        }
    }
}
