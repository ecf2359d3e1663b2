use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use jingwei_core::{ExposureFacts, Limits};
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, SERVER},
};
use tokio::{
    net::{UdpSocket, lookup_host},
    time::timeout,
};

use crate::{
    Client, NetError, RetrySettings,
    client::{Answer, Outgoing, api_url},
    listeners_on,
    reply::clean,
};

/// No server's key: a request with it must be turned away.
const WRONG_CREDENTIALS: &str = "Bearer jingwei-exposure-probe-without-a-key";

/// Asks an OpenAI-compatible address what it shows to strangers: the model list without credentials and with
/// wrong ones, and, where the address is this machine's own, who listens on its port.
pub async fn probe_exposure(client: &Client, url: &str, limits: &Limits) -> ExposureFacts {
    let models = match api_url(url, "models") {
        Ok(models) => models,
        Err(error) => return ExposureFacts { unreachable: Some(error.to_string()), ..ExposureFacts::default() },
    };
    let listens_on = match models.port_or_known_default() {
        Some(port) if is_own_address(&models, limits).await => listeners_on(port, limits),
        _ => None,
    };
    let bare = match ask_models(client, &models, None, limits).await {
        Ok(answer) => answer,
        Err(error) => {
            return ExposureFacts { unreachable: Some(error.to_string()), listens_on, ..ExposureFacts::default() };
        }
    };
    let wrong = ask_models(client, &models, Some(WRONG_CREDENTIALS), limits).await.ok();
    let server = bare.headers.get(SERVER).map(|value| clean(&String::from_utf8_lossy(value.as_bytes()), 200));
    ExposureFacts {
        status_without_credentials: Some(bare.status),
        status_with_wrong_credentials: wrong.map(|answer| answer.status),
        server,
        listens_on,
        unreachable: None,
    }
}

async fn ask_models(
    client: &Client,
    models: &Url,
    credentials: Option<&'static str>,
    limits: &Limits,
) -> Result<Answer, NetError> {
    let mut headers = HeaderMap::new();
    if let Some(credentials) = credentials {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(credentials));
    }
    let out = Outgoing { method: Method::GET, url: models.clone(), headers, body: Bytes::new() };
    client.ask(&out, &RetrySettings::NEVER, limits).await
}

/// Whether the host is this machine. Only a machine's own addresses can be bound; nothing is sent.
async fn is_own_address(url: &Url, limits: &Limits) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let addresses: Vec<IpAddr> = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => match timeout(Duration::from_millis(limits.wall_ms), lookup_host((host.as_str(), 0))).await {
            Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
            _ => Vec::new(),
        },
    };
    for address in addresses {
        if !address.is_multicast() && UdpSocket::bind((address, 0)).await.is_ok() {
            return true;
        }
    }
    false
}
