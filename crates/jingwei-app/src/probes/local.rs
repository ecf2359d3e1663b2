//! A model file that is asked in this process: no server, no network.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use jingwei_core::{ChatRequest, Digest, Limits, TargetError};
use jingwei_model::{GenerateError, Generator};
use jingwei_probe::Answer;
use tokio::sync::oneshot;

use super::responders::{Answering, Responder};
use crate::Error;

/// A model in a GGUF file. One thread answers one chat after the other: the network uses all cores for each.
pub(crate) struct LocalModel {
    queue: Sender<Work>,
    shown: String,
    configuration: Digest,
}

struct Work {
    request: ChatRequest,
    /// Nobody waits for the answer any more.
    stop: Arc<AtomicBool>,
    answer: oneshot::Sender<Answer>,
}

/// Calls the work off when the one who waits for it goes away.
struct CallOff(Arc<AtomicBool>);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl LocalModel {
    /// Loads the file; an answer has at most [`Limits::tokens`] tokens.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let model = Generator::open(path, limits).map_err(|e| {
            Error::invalid(format!("模型文件不可用：{e}"), format!("the model file cannot be used: {e}"))
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let shown = format!("{name} ({})", model.digest().short());
        let tokens = limits.tokens.to_string();
        let configuration = Digest::of_parts(["gguf/1", &model.digest().to_string(), &tokens]);
        let (queue, work) = channel();
        let worker = shown.clone();
        let started =
            thread::Builder::new().name("local-model".to_owned()).spawn(move || serve(&model, &worker, &work));
        match started {
            Ok(_) => Ok(Self { queue, shown, configuration }),
            Err(e) => Err(Error::failed(format!("无法启动模型线程：{e}"), format!("no thread for the model: {e}"))),
        }
    }

    async fn ask(&self, request: &ChatRequest) -> Answer {
        let stop = Arc::new(AtomicBool::new(false));
        let _call_off = CallOff(Arc::clone(&stop));
        let (answer, heard) = oneshot::channel();
        let queued = self.queue.send(Work { request: request.clone(), stop, answer }).is_ok();
        match heard.await {
            Ok(answer) if queued => answer,
            // The thread ends only with this model, or by a bug in the network.
            _ => Err(TargetError::Unreachable {
                url: self.shown.clone(),
                reason: "the thread that answers has ended".to_owned(),
            }),
        }
    }
}

impl Responder for LocalModel {
    fn configuration(&self) -> Digest {
        self.configuration
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }

    fn send<'a>(&'a self, request: &'a ChatRequest, _attempt: &'a str) -> Answering<'a> {
        Box::pin(self.ask(request))
    }
}

/// Answers until the model is dropped.
fn serve(model: &Generator, shown: &str, queue: &Receiver<Work>) {
    for Work { request, stop, answer } in queue {
        let said = model.answer(&request, &stop).map_err(|error| match error {
            GenerateError::Compute(reason) => TargetError::Garbled { url: shown.to_owned(), reason },
            other => TargetError::Refused { reason: other.to_string() },
        });
        // Nobody may wait any more: then there is nobody to tell.
        drop(answer.send(said));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jingwei_core::{ChatMessage, Finish};

    use super::*;

    /// Made-up weights; `jingwei-model` writes it and tests that it is fresh.
    const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../jingwei-model/testdata/tiny.gguf");

    fn open(limits: &Limits) -> LocalModel {
        LocalModel::open(Path::new(TINY), limits).unwrap()
    }

    fn asked(text: &str, seed: u64) -> ChatRequest {
        let messages = vec![ChatMessage::user(text)];
        ChatRequest { messages, tools: Vec::new(), max_tokens: 8, temperature: 3.0, seed }
    }

    #[tokio::test]
    async fn many_are_answered_each_with_its_own() {
        let model = open(&Limits::default());
        let alone: Vec<Answer> = {
            let mut answers = Vec::new();
            for seed in 0..8 {
                answers.push(model.send(&asked("hello", seed), "").await);
            }
            answers
        };
        assert!(alone.iter().all(|answer| answer.as_ref().is_ok_and(|reply| reply.usage.input_tokens > 10)));
        assert!(alone.iter().any(|answer| *answer != alone[0]));
        let requests: Vec<ChatRequest> = (0..8).map(|seed| asked("hello", seed)).collect();
        let together = futures_util::future::join_all(requests.iter().map(|request| model.send(request, ""))).await;
        assert_eq!(together, alone);
    }

    #[tokio::test]
    async fn what_cannot_be_asked_was_not_sent() {
        let model = open(&Limits::default());
        let answer = model.send(&asked(&"x".repeat(200), 0), "").await;
        assert!(matches!(answer, Err(TargetError::Refused { reason }) if reason.contains("the model takes 95")));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_waits_for_is_called_off() {
        let model = open(&Limits::default());
        let request = asked("hello", 0);
        for _ in 0..50 {
            let waiting = model.send(&request, "");
            drop(tokio::time::timeout(Duration::from_nanos(1), waiting).await);
        }
        assert!(model.send(&request, "").await.is_ok());
    }

    #[test]
    fn the_configuration_is_the_file_and_the_limit_of_an_answer() {
        let usual = open(&Limits::default());
        assert_eq!(usual.configuration(), open(&Limits::default()).configuration());
        assert_ne!(usual.configuration(), open(&Limits { tokens: 4, ..Limits::default() }).configuration());
        assert!(usual.shown().starts_with("tiny.gguf ("), "{}", usual.shown());
    }

    #[tokio::test]
    async fn the_limit_of_an_answer_is_kept() {
        let model = open(&Limits { tokens: 2, ..Limits::default() });
        let replies = [0, 1, 2, 3].map(|seed| asked("hello", seed));
        let mut cut = 0;
        for request in &replies {
            let reply = model.send(request, "").await.unwrap();
            assert!(reply.usage.output_tokens <= 2);
            cut += u32::from(reply.finish == Finish::Length);
        }
        assert!(cut > 0);
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        let problem = LocalModel::open(Path::new(file!()), &Limits::default()).err().unwrap().to_string();
        assert!(problem.contains("cannot be"), "{problem}");
    }
}
