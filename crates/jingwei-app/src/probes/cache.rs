//! Answers of earlier runs, by target and request, in a file that the user names.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jingwei_core::{ChatReply, ChatRequest, Digest};
use serde::{Deserialize, Serialize};

use super::responders::{Answering, Responder};
use crate::Error;

#[derive(Serialize, Deserialize)]
struct Line {
    key: Digest,
    reply: ChatReply,
}

/// A responder that is asked only for what is not known. Errors are never kept.
pub(crate) struct Cached {
    inner: Arc<dyn Responder>,
    known: Mutex<HashMap<Digest, ChatReply>>,
    file: Mutex<File>,
}

impl Cached {
    /// Reads the file, or makes it. Lines that are not of a cache are passed over: a torn one is asked again.
    pub(crate) fn open(path: &Path, inner: Arc<dyn Responder>) -> Result<Self, Error> {
        let shown = path.display();
        let failed = |e: io::Error| {
            Error::failed(format!("无法读写缓存 `{shown}`"), format!("cannot read or write the cache `{shown}`"))
                .because(e)
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        let (mut known, mut ends_whole) = (HashMap::new(), true);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
                break;
            }
            ends_whole = line.last() == Some(&b'\n');
            if let Ok(line) = serde_json::from_slice::<Line>(&line) {
                known.insert(line.key, line.reply);
            }
        }
        if !ends_whole {
            file.write_all(b"\n").map_err(failed)?;
        }
        Ok(Self { inner, known: Mutex::new(known), file: Mutex::new(file) })
    }

    fn key(&self, request: &ChatRequest) -> Digest {
        let asked = serde_json::to_string(request).unwrap_or_default();
        Digest::of_parts(["cached/1", &self.inner.configuration().to_string(), &asked])
    }
}

impl Responder for Cached {
    fn configuration(&self) -> Digest {
        self.inner.configuration()
    }

    fn shown(&self) -> String {
        self.inner.shown()
    }

    fn send<'a>(&'a self, request: &'a ChatRequest, attempt: &'a str) -> Answering<'a> {
        Box::pin(async move {
            let key = self.key(request);
            if let Some(reply) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
                return Ok(reply.clone());
            }
            let reply = self.inner.send(request, attempt).await?;
            let line = Line { key, reply };
            if let Ok(mut bytes) = serde_json::to_vec(&line) {
                bytes.push(b'\n');
                // A cache that cannot grow only costs requests.
                if let Err(error) = self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&bytes) {
                    tracing::warn!(%error, "the cache of answers cannot be written");
                }
            }
            let reply = line.reply;
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, reply.clone());
            Ok(reply)
        })
    }
}
