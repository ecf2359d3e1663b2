//! `jingwei govern …`.

use std::path::Path;

use jingwei_app::{App, Error, load_manifest, register};
use jingwei_core::SystemId;
use jingwei_govern::explain_risk;

use crate::{
    cli::{Format, Global, Govern},
    output::{Exit, Speaker},
};

/// A manifest to start from.
const STARTER: &str = include_str!("../../templates/system.toml");

pub async fn run(global: &Global, command: Govern, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Govern::Init { path } => init(&path, speaker),
        Govern::Validate { manifest } => {
            let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
            let loaded = load_manifest(&manifest, &catalog)?;
            let count = loaded.manifest.components.len();
            speaker.data(&match speaker.lang {
                jingwei_core::Lang::Zh => format!("清单无误：{}，{count} 个组件", loaded.manifest.system.id),
                jingwei_core::Lang::En => {
                    format!("the manifest is in order: {}, {count} components", loaded.manifest.system.id)
                }
            });
            Ok(Exit::Clean)
        }
        Govern::Schema => {
            speaker.json(&jingwei_catalog::document::schema_of::<jingwei_govern::Manifest>());
            Ok(Exit::Clean)
        }
        Govern::List { format } => list(&super::open(global).await?, format, speaker).await,
        Govern::Risks { system, format } => risks(&super::open(global).await?, &system, format, speaker).await,
        Govern::Explain { risk, system, format } => {
            explain(&super::open(global).await?, &risk, system.as_deref(), format, speaker).await
        }
    }
}

fn init(path: &Path, speaker: Speaker) -> Result<Exit, Error> {
    let shown = path.display();
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = written.and_then(|mut file| std::io::Write::write_all(&mut file, STARTER.as_bytes()));
    written.map_err(|e| {
        Error::invalid(
            format!("无法写 `{shown}`（已有的文件不会被覆盖）"),
            format!("cannot write `{shown}` (a file that exists is not replaced)"),
        )
        .because(e)
    })?;
    speaker.data(&format!("{shown}"));
    Ok(Exit::Clean)
}

async fn systems(app: &App) -> Result<Vec<jingwei_store::System>, Error> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = jingwei_store::Page::new(after, 200)?;
        let listed = app.store().systems(&jingwei_store::SystemFilter::default(), &page).await?;
        all.extend(listed.items);
        after = listed.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

async fn list(app: &App, format: Format, speaker: Speaker) -> Result<Exit, Error> {
    let mut rows = Vec::new();
    for system in systems(app).await? {
        let assessment = register::newest_assessment(app, &system.id).await?;
        rows.push((system, assessment));
    }
    match format {
        Format::Table => {
            let header = match speaker.lang {
                jingwei_core::Lang::Zh => ["系统", "名称", "等级", "超出容忍度", "关口", "评估时间"],
                jingwei_core::Lang::En => ["system", "name", "grade", "above tolerance", "gate", "assessed"],
            };
            let row = |(system, a): &(jingwei_store::System, jingwei_govern::Assessment)| {
                vec![
                    system.id.to_string(),
                    speaker.text(&system.name).to_owned(),
                    a.grade.grade.to_string(),
                    format!("{} / {}", a.counts.over_tolerance, a.counts.risks),
                    speaker.text(&a.gate.decision.label()).to_owned(),
                    a.as_of.to_string(),
                ]
            };
            speaker.table(&header, rows.iter().map(row).collect());
        }
        Format::Json => speaker.json(&rows.iter().map(|(_, a)| a).collect::<Vec<_>>()),
        Format::Jsonl => rows.iter().for_each(|(_, a)| speaker.jsonl(a)),
    }
    Ok(Exit::Clean)
}

async fn risks(app: &App, system: &str, format: Format, speaker: Speaker) -> Result<Exit, Error> {
    let assessment = register::newest_assessment(app, &system_id(system)?).await?;
    match format {
        Format::Table => {
            let header = match speaker.lang {
                jingwei_core::Lang::Zh => ["代码", "风险", "控制前", "控制后", "有效", "优先级", "证据"],
                jingwei_core::Lang::En => ["code", "risk", "before", "after", "effective", "priority", "evidence"],
            };
            let rows = assessment.risks.iter().map(|risk| {
                vec![
                    risk.code.clone(),
                    speaker.text(&risk.title).to_owned(),
                    risk.inherent.grade.to_string(),
                    risk.residual.grade.to_string(),
                    risk.effective.to_string(),
                    speaker.text(&risk.priority.label()).to_owned(),
                    speaker.text(&risk.evidence_state.label()).to_owned(),
                ]
            });
            speaker.table(&header, rows.collect());
        }
        Format::Json => speaker.json(&assessment.risks),
        Format::Jsonl => assessment.risks.iter().for_each(|risk| speaker.jsonl(risk)),
    }
    Ok(Exit::Clean)
}

async fn explain(app: &App, risk: &str, system: Option<&str>, format: Format, speaker: Speaker) -> Result<Exit, Error> {
    let system = match system {
        Some(system) => system_id(system)?,
        None => only_system(app).await?,
    };
    let assessment = register::newest_assessment(app, &system).await?;
    let wanted = app.catalog.risk(risk).map_or(risk, |known| known.id.as_str());
    let found = assessment.risks.iter().find(|result| result.risk.as_str() == wanted).ok_or_else(|| {
        Error::not_found(
            format!("系统 `{system}` 的登记册中没有风险 `{risk}`：用 jingwei govern risks {system} 查看"),
            format!("the register of `{system}` has no risk `{risk}`; see jingwei govern risks {system}"),
        )
    })?;
    let tree = explain_risk(&assessment, found);
    match format {
        Format::Table => tree.lines(speaker.lang).iter().for_each(|line| speaker.data(line)),
        Format::Json => speaker.json(&tree),
        Format::Jsonl => speaker.jsonl(&tree),
    }
    Ok(Exit::Clean)
}

async fn only_system(app: &App) -> Result<SystemId, Error> {
    let all = systems(app).await?;
    match all.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Error::not_found(
            "尚无已评估的系统：先运行 jingwei assess",
            "no system was assessed yet; run jingwei assess first",
        )),
        many => {
            let names = many.iter().map(|system| system.id.as_str()).collect::<Vec<_>>().join(", ");
            Err(Error::invalid(
                format!("有多个系统，请用 --system 指明：{names}"),
                format!("there are several systems; name one with --system: {names}"),
            ))
        }
    }
}

fn system_id(text: &str) -> Result<SystemId, Error> {
    SystemId::new(text)
        .map_err(|e| Error::invalid(format!("`{text}` 不是系统 id"), format!("`{text}` is not a system id")).because(e))
}
