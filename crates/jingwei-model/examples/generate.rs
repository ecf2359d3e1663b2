//! Asks a model file: `generate MODEL.gguf [TOKENS] < QUESTIONS`. Each line of QUESTIONS is JSON, a list of messages
//! (`[{"role": "user", "content": "…"}]`); each line of the output is JSON too, and what it took goes to stderr.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures wall time")]

use std::{error::Error, io::stdin, path::PathBuf, sync::atomic::AtomicBool, time::Instant};

use jingwei_core::{ChatMessage, ChatRequest, Limits};
use jingwei_model::Generator;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("usage: generate MODEL.gguf [TOKENS] < QUESTIONS")?);
    let max_tokens: u32 = arguments.next().map_or(Ok(64), |count| count.parse())?;

    let start = Instant::now();
    let model = Generator::open(&file, &Limits::default())?;
    eprintln!("load {:.0} ms, model {}", start.elapsed().as_secs_f64() * 1e3, model.digest().short());
    for line in stdin().lines() {
        let messages: Vec<ChatMessage> = serde_json::from_str(&line?)?;
        let mut request = ChatRequest { messages, tools: Vec::new(), max_tokens: 1, temperature: 0.0, seed: 0 };
        let start = Instant::now();
        model.answer(&request, &AtomicBool::new(false))?;
        let read = start.elapsed().as_secs_f64();
        request.max_tokens = max_tokens;
        let start = Instant::now();
        let reply = model.answer(&request, &AtomicBool::new(false))?;
        let written = start.elapsed().as_secs_f64() - read;
        println!(
            "{}",
            json!({ "digest": model.digest(), "text": reply.text, "finish": reply.finish, "usage": reply.usage })
        );
        let (input, output) = (u32::try_from(reply.usage.input_tokens)?, u32::try_from(reply.usage.output_tokens)?);
        eprintln!(
            "read {input} tokens at {:.0} per second, wrote {output} at {:.0} per second",
            f64::from(input) / read,
            f64::from(output.saturating_sub(1)) / written
        );
    }
    Ok(())
}
