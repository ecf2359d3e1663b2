//! `jingwei access …`: who may come in. Whoever may run this command on the data folder is its owner.

use jingwei_app::{
    Error,
    access::{AccessRole, Caller},
    paging::PageRequest,
    tokens,
};

use crate::{
    cli::{Access, Global, RoleArg},
    output::{Exit, Speaker},
};

pub async fn run(global: &Global, command: Access, speaker: Speaker) -> Result<Exit, Error> {
    let app = super::open(global).await?;
    let caller = Caller { name: global.actor.clone(), role: AccessRole::Owner };
    match command {
        Access::Create { name, role, days } => {
            let expires = days.map(|days| app.now().plus_days(i64::from(days)));
            let made = tokens::create(&app, &caller, &name, role_of(role), expires).await?;
            speaker.data(&made.secret);
            speaker.say(speaker.pick(
                "请立即保存：令牌只显示这一次；用法：Authorization: Bearer <令牌>",
                "keep it now: it is shown this once; use it as Authorization: Bearer <token>",
            ));
        }
        Access::List => list(&app, &caller, speaker).await?,
        Access::Revoke { id } => {
            let revoked = tokens::revoke(&app, &caller, &id).await?;
            speaker.data(&revoked.id);
        }
    }
    Ok(Exit::Clean)
}

async fn list(app: &jingwei_app::App, caller: &Caller, speaker: Speaker) -> Result<(), Error> {
    let mut rows = Vec::new();
    let mut page = PageRequest::default();
    loop {
        let listed = tokens::list(app, caller, &page).await?;
        rows.extend(listed.items.into_iter().map(|token| {
            let time = |at: Option<jingwei_core::Timestamp>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
            vec![
                token.id,
                token.name,
                token.role.code().to_owned(),
                token.created_at.to_string(),
                time(token.expires_at),
                time(token.revoked_at),
            ]
        }));
        match listed.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let header = match speaker.lang {
        jingwei_core::Lang::Zh => ["id", "名称", "角色", "创建", "到期", "撤销"],
        jingwei_core::Lang::En => ["id", "name", "role", "created", "expires", "revoked"],
    };
    speaker.table(&header, rows);
    Ok(())
}

fn role_of(role: RoleArg) -> AccessRole {
    match role {
        RoleArg::Owner => AccessRole::Owner,
        RoleArg::RiskOfficer => AccessRole::RiskOfficer,
        RoleArg::Engineer => AccessRole::Engineer,
        RoleArg::Auditor => AccessRole::Auditor,
    }
}
