//! `jingwei guard train`.

use std::path::{Path, PathBuf};

use jingwei_app::{
    Error,
    encoder_heads::{self, EncoderHeadRequest, TrainedHead},
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
    if let Some(encoder) = &command.encoder {
        return over_encoder(command, encoder, speaker);
    }
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

/// A head over an encoder's vectors.
fn over_encoder(command: &GuardTrain, encoder: &Path, speaker: Speaker) -> Result<(), Error> {
    let request = EncoderHeadRequest {
        data: command.files.clone(),
        feedback: command.feedback.clone(),
        encoder: encoder.to_owned(),
        out: command.out.clone(),
    };
    let progress = |what: &Text| speaker.say(speaker.text(what));
    let trained = encoder_heads::train(&request, &progress, &Limits::default())?;
    let view = |trained: &TrainedHead| {
        json!({
            "head": trained.digest,
            "encoder": trained.encoder,
            "labels": trained.labels,
            "inputs": trained.files,
            "score": trained.score,
            "written": paths(&trained.written),
        })
    };
    match command.format {
        Format::Json => speaker.json(&view(&trained)),
        Format::Jsonl => speaker.jsonl(&view(&trained)),
        Format::Table => {
            tell_tables(&trained.score, speaker);
            tell_written(&trained.written, speaker);
            let (digest, encoder) = (trained.digest.short(), trained.encoder.short());
            speaker.data(&match speaker.lang {
                Lang::Zh => format!(
                    "头 sha256-{digest}，基于编码器 sha256-{encoder}。在策略中使用：[[detector]] kind = \"encoder\", id = \"own\", path = 编码器目录, head = \"head.json\""
                ),
                Lang::En => format!(
                    "head sha256-{digest} over encoder sha256-{encoder}; to use it in a policy: [[detector]] kind = \"encoder\", id = \"own\", path = the encoder's folder, head = \"head.json\""
                ),
            });
        }
    }
    Ok(())
}

fn paths(written: &[PathBuf]) -> Vec<String> {
    written.iter().map(|path| path.display().to_string()).collect()
}

fn tell_written(written: &[PathBuf], speaker: Speaker) {
    speaker.data("");
    for path in paths(written) {
        speaker.data(&format!("{} {path}", speaker.pick("已写入", "wrote")));
    }
}

fn view(trained: &Trained) -> Value {
    json!({
        "heads": trained.digest,
        "inputs": trained.files,
        "reports": trained.reports,
        "score": trained.score,
        "written": paths(&trained.written),
    })
}

fn tell(trained: &Trained, speaker: Speaker) {
    tell_tables(&trained.score, speaker);
    tell_written(&trained.written, speaker);
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
