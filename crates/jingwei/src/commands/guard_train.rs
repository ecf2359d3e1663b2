//! `jingwei guard train`.

use jingwei_app::{
    Error,
    heads::{self, TrainRequest, Trained},
};
use jingwei_core::{Lang, Limits, Text};
use serde_json::{Value, json};

use super::guard_score::tell_tables;
use crate::{
    cli::{Format, GuardTrain},
    output::Speaker,
};

pub fn run(command: &GuardTrain, speaker: Speaker) -> Result<(), Error> {
    let request = TrainRequest {
        data: command.files.clone(),
        feedback: command.feedback.clone(),
        base: command.base.clone(),
        options: command.options.clone(),
        out: command.out.clone(),
    };
    let progress = |what: &Text| speaker.say(speaker.text(what));
    let trained = heads::train(&request, &progress, &Limits::default())?;
    match command.format {
        Format::Json => speaker.json(&view(&trained)),
        Format::Jsonl => speaker.jsonl(&view(&trained)),
        Format::Table => tell(&trained, speaker),
    }
    Ok(())
}

fn view(trained: &Trained) -> Value {
    json!({
        "heads": trained.digest,
        "inputs": trained.files,
        "reports": trained.reports,
        "score": trained.score,
        "written": trained.written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}

fn tell(trained: &Trained, speaker: Speaker) {
    tell_tables(&trained.score, speaker);
    speaker.data("");
    for path in &trained.written {
        speaker.data(&format!("{} {}", speaker.pick("已写入", "wrote"), path.display()));
    }
    let digest = trained.digest.short();
    speaker.data(&match speaker.lang {
        Lang::Zh => format!(
            "头 sha256-{digest}。在策略中使用：[[detector]] kind = \"heads\", id = \"own\", path = \"heads.jwm\"；规则中写 detector = \"own\""
        ),
        Lang::En => format!(
            "heads sha256-{digest}; to use them in a policy: [[detector]] kind = \"heads\", id = \"own\", path = \"heads.jwm\", and in rules detector = \"own\""
        ),
    });
}
