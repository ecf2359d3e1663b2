//! `jingwei up`: serves the register, the reports and the API, and the guarding gateway where it has an upstream.

use std::{net::SocketAddr, sync::Arc};

use jingwei_api::{ApiState, Hosts};
use jingwei_app::{
    App, Equipment, Error,
    guard_set::{self, WatchedFiles},
    tokens,
};
use jingwei_core::{Action, Digest, Lang};
use jingwei_gateway::{Compiled, GatewayEvent, GatewaySettings, GatewayState, PolicyWatch};
use jingwei_guard::EngineSet;
use jingwei_net::Client;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    cli::{Global, Up},
    output::{Exit, Speaker},
    settings::{SystemClock, app_settings, variable},
};

/// Name of the environment variable that holds the upstream's key.
const UPSTREAM_KEY: &str = "JINGWEI_UPSTREAM_KEY";

pub async fn run(global: &Global, command: Up, speaker: Speaker) -> Result<Exit, Error> {
    let app = Arc::new(App::open(app_settings(global, 4)).await?);
    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // The sender outlives both servers; an error means that it is gone, which is a reason to stop too.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let client = command.upstream.as_deref().map(|upstream| client_for(&app, upstream)).transpose()?;
    let api = bind(command.listen).await?;
    let gateway = match (&command.upstream, client) {
        (Some(upstream), Some(client)) => {
            Some((bind(command.gateway).await?, gateway(&app, upstream, client, &command, speaker)?))
        }
        _ => None,
    };
    announce(&app, &command, gateway.is_some(), speaker).await?;
    let open_pages = command.listen.ip().is_loopback();
    let hosts = if open_pages { Hosts::Loopback { also: Vec::new() } } else { Hosts::Any };
    let state = ApiState { app: Arc::clone(&app), open_pages, hosts };
    let serve_api = jingwei_api::serve(api, state, wait(stopped.clone()));
    let serve_gateway = async {
        match gateway {
            Some((listener, (state, policy))) => jingwei_gateway::serve(listener, state, policy, wait(stopped)).await,
            None => Ok(()),
        }
    };
    tokio::spawn(async move {
        ended().await;
        let _ = stop.send(true);
    });
    let (api, gateway) = tokio::join!(serve_api, serve_gateway);
    api.and(gateway).map_err(|e| Error::failed("服务中断", "the server failed").because(e))?;
    Ok(Exit::Clean)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|e| {
        Error::failed(
            format!("无法监听 {address}：换一个端口（--listen、--gateway）或停止占用它的程序"),
            format!("cannot listen on {address}; choose another port (--listen, --gateway) or stop what holds it"),
        )
        .because(e)
    })
}

/// Ctrl-C, or the signal that service managers send.
async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            let _ = interrupt.await;
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

async fn announce(app: &App, command: &Up, has_gateway: bool, speaker: Speaker) -> Result<(), Error> {
    speaker.say(&format!("{}: http://{}/", speaker.pick("登记册与报告", "register and reports"), command.listen));
    speaker.say(&format!("API: http://{}/api/v1/openapi.json", command.listen));
    if has_gateway {
        speaker.say(&format!(
            "{}: http://{}/v1",
            speaker.pick("护栏网关（OpenAI 兼容）", "guarding gateway (OpenAI-compatible)"),
            command.gateway
        ));
    }
    if let Some(token) = tokens::bootstrap_token(app).await? {
        speaker.say(&format!(
            "{}: http://{}/setup?token={token}",
            speaker.pick("首次设置链接（只能用一次）", "setup link for the first owner (works once)"),
            command.listen,
        ));
    }
    if !command.listen.ip().is_loopback() || (has_gateway && !command.gateway.ip().is_loopback()) {
        speaker.say(speaker.pick(
            "注意：正在监听本机以外的地址；请在前面放置 TLS，并为调用者配置令牌",
            "note: listening beyond this machine; put TLS in front and give callers tokens",
        ));
    }
    Ok(())
}

/// The client that asks the upstream, if its address can be asked at all: a wrong one is told before anything is served.
fn client_for(app: &App, upstream: &str) -> Result<Client, Error> {
    let client = Client::new(&app.settings.net)
        .map_err(|e| Error::failed("无法建立网络客户端", "cannot make the network client").because(e))?;
    client.check_base(upstream).map_err(|e| {
        Error::invalid(
            format!("--upstream 不可用：{e}；请写成 http://127.0.0.1:7811/v1 这样的地址，内网地址另加 --allow-private"),
            format!(
                "--upstream cannot be used: {e}; write an address such as http://127.0.0.1:7811/v1, with \
                 --allow-private for one in a private network"
            ),
        )
    })?;
    Ok(client)
}

fn gateway(
    app: &App,
    upstream: &str,
    client: Client,
    command: &Up,
    speaker: Speaker,
) -> Result<(GatewayState, Option<PolicyWatch>), Error> {
    let canary = jingwei_app::canary(&app.settings.data)?;
    let equipment = Equipment { canary: Some(canary.clone()), ..app.equipment()? };
    let (policy, bindings) = (command.policy.clone(), command.bindings.clone());
    let (set, files) = guard_set::make(policy.as_deref(), bindings.as_deref(), &equipment);
    let set = set?;
    for warning in &set.warnings {
        speaker.say(&format!("{}: {}", speaker.pick("提示", "warning"), warning.display(speaker.lang)));
    }
    let settings = GatewaySettings {
        upstream_key: variable(UPSTREAM_KEY).map(jingwei_net::Secret::new),
        callers: callers()?,
        canary: Some(canary),
        random: Arc::new(jingwei_app::random_number),
        ..GatewaySettings::new(upstream)
    };
    let state = GatewayState::new(set.engines, client, settings, Arc::new(SystemClock), log);
    let is_followed = policy.is_some() || bindings.is_some();
    let watch = is_followed.then(|| PolicyWatch {
        serving: compiled(Ok(None), files),
        compile: Arc::new(move || {
            let (set, files) = guard_set::make(policy.as_deref(), bindings.as_deref(), &equipment);
            compiled(set.map(|set| Some(set.engines)).map_err(|error| error.display(Lang::En)), files)
        }),
        every_ms: 1000,
    });
    Ok((state, watch))
}

fn compiled(engines: Result<Option<EngineSet>, String>, files: WatchedFiles) -> Compiled {
    Compiled { engines, read: files.digest(), now: Arc::new(move || files.again().digest()) }
}

/// Tokens that may call the gateway: JINGWEI_GATEWAY_TOKENS, separated by commas. None: whoever reaches the port.
fn callers() -> Result<Vec<Digest>, Error> {
    let tokens = variable("JINGWEI_GATEWAY_TOKENS").unwrap_or_default();
    Ok(tokens
        .split(',')
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .map(|token| Digest::of(token.as_bytes()))
        .collect())
}

/// One line per request, without a word of its content.
fn log(event: GatewayEvent) {
    let rules = event.rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(",");
    let unavailable = event.unavailable.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    tracing::info!(
        request = event.request,
        outcome = ?event.outcome,
        status = event.status,
        rules,
        input = event.input_action.code(),
        output = event.output_action.map_or("none", Action::code),
        mode = ?event.mode,
        binding = &*event.binding,
        tenant = event.tenant,
        app = event.app,
        unjudged = event.unjudged,
        unavailable,
        guard_us = event.guard_us,
        total_us = event.total_us,
        policy = event.policy,
        "gateway"
    );
}
