//! `jingwei scan sign`, `verify` and `key`.

use std::time::Duration;

use jingwei_app::{
    Error,
    scans::{self, Signing, Verification},
};
use jingwei_core::{Lang, Limits, Text};
use jingwei_sign::{Curve, HashKind};

use super::scan::{Given, finish, today};
use crate::{
    cli::Global,
    cli_scan::{CurveArg, HashArg, ScanKey, ScanSign, ScanVerify},
    output::{Exit, Speaker},
    terminal::Terminal,
};

pub fn sign(command: &ScanSign, speaker: Speaker) -> Result<Exit, Error> {
    let asked = Signing {
        model: &command.model,
        key: &command.key,
        out: &command.out,
        hash: match command.hash {
            HashArg::Sha256 => HashKind::Sha256,
            HashArg::Blake2b => HashKind::Blake2b,
            HashArg::Blake3 => HashKind::Blake3,
        },
        shard_bytes: command.shard,
        ignored: command.ignore.clone(),
    };
    let count = scans::sign_model(&asked, &Limits::default(), &Terminal::new(speaker))?;
    let shown = command.out.display();
    speaker.say(&match speaker.lang {
        Lang::Zh => format!("已签名 {count} 项：{shown}"),
        Lang::En => format!("signed {count} entries: {shown}"),
    });
    Ok(Exit::Clean)
}

pub async fn verify(global: &Global, command: &ScanVerify, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let title = Text::new("模型完整性核验", "Model integrity");
    loop {
        let given = Given::read(&command.output, "scan.integrity")?;
        let asked = Verification {
            model: &command.model,
            signature: &command.signature,
            key: &command.key,
            rollback: command.rollback.as_deref(),
            suppressions: &given.suppressions,
            baseline: given.baseline.as_ref(),
            today: today(),
        };
        let report = scans::verify_model(&catalog, &asked, &Limits::default(), &Terminal::new(speaker))?;
        let exit = finish(&report, &catalog, &title, &command.output, speaker)?;
        match command.every {
            Some(seconds) if exit == Exit::Clean => tokio::time::sleep(Duration::from_secs(seconds)).await,
            _ => return Ok(exit),
        }
    }
}

pub fn key(command: &ScanKey, speaker: Speaker) -> Result<Exit, Error> {
    let curve = match command.curve {
        CurveArg::P256 => Curve::P256,
        CurveArg::P384 => Curve::P384,
        CurveArg::P521 => Curve::P521,
    };
    scans::make_key(&command.out, curve)?;
    speaker.data(&scans::key_paths(&command.out).1.display().to_string());
    Ok(Exit::Clean)
}
