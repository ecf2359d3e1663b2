use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, ChatRole, Digest, Finish, Limits, ToolSpec};
use jingwei_model::{GenerateError, Generator};

use crate::tiny_gguf::{self, CONTEXT, HEAD, Key, TinyGguf, WIDTH, vocabulary};

pub fn request(messages: &[ChatMessage], max_tokens: u32) -> ChatRequest {
    ChatRequest { messages: messages.to_vec(), tools: Vec::new(), max_tokens, temperature: 0.0, seed: 0 }
}

fn answer(model: &Generator, request: &ChatRequest) -> Result<ChatReply, GenerateError> {
    model.answer(request, &AtomicBool::new(false))
}

/// The ids of a chat in the tiny vocabulary, by the longest token first: that is also what its three merges give.
fn ids(text: &str) -> Vec<u32> {
    let words = vocabulary();
    let text = text.replace(' ', "Ġ").replace('\n', "Ċ");
    let (mut ids, mut rest) = (Vec::new(), text.as_str());
    while !rest.is_empty() {
        let (id, word) =
            words.iter().enumerate().filter(|(_, word)| rest.starts_with(*word)).max_by_key(|(_, w)| w.len()).unwrap();
        ids.push(u32::try_from(id).unwrap());
        rest = &rest[word.len()..];
    }
    ids
}

/// What the slow network answers when it takes the likeliest token each time.
fn expected(tiny: &TinyGguf, prompt: &str, max_tokens: usize) -> (String, Finish) {
    let words = vocabulary();
    let mut ids = ids(prompt);
    let mut said = String::new();
    for _ in 0..max_tokens {
        let logits = tiny.logits(&ids);
        let next = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
        match next {
            0 | 2 => return (said, Finish::Stop),
            1 => {}
            _ => said.push_str(&words[next]),
        }
        ids.push(u32::try_from(next).unwrap());
    }
    (said, Finish::Length)
}

fn plain(text: &str) -> String {
    text.replace('Ġ', " ").replace('Ċ', "\n")
}

#[test]
fn answers_are_those_of_the_slow_network() {
    let mut kinds = ["llama", "qwen2", "qwen3"].map(TinyGguf::new).to_vec();
    let mut own_output = TinyGguf::new("llama");
    own_output.add("output.weight", &[vocabulary().len(), WIDTH]);
    let mut scaled = TinyGguf::new("llama");
    scaled.set("llama.rope.scaling.type", Key::Text("linear".into()));
    scaled.set("llama.rope.scaling.factor", Key::F32(4.0));
    let mut factored = TinyGguf::new("llama");
    factored.add("rope_freqs.weight", &[HEAD / 2]);
    let factors = [1.0_f32, 2.0, 8.0].iter().flat_map(|factor| factor.to_le_bytes()).collect();
    factored.tensors.get_mut("rope_freqs.weight").unwrap().bytes = factors;
    kinds.extend([own_output, scaled, factored]);

    let mut answers = HashMap::new();
    for tiny in kinds {
        let (_folder, file) = tiny.write();
        let model = Generator::open(&file, &Limits::default()).unwrap();
        assert_eq!(model.digest(), Digest::of(&tiny.bytes()));
        assert_eq!(model.context(), CONTEXT as usize);
        for said in ["hello", "is the sky ok?", "x"] {
            let prompt = format!("<|im_start|>user\n{said}<|im_end|>\n<|im_start|>assistant\n");
            let reply = answer(&model, &request(&[ChatMessage::user(said)], 10)).unwrap();
            let (text, finish) = expected(&tiny, &prompt, 10);
            assert_eq!((reply.text.clone(), reply.finish), (plain(&text), finish), "{said}");
            assert_eq!(reply.usage.input_tokens, ids(&prompt).len() as u64);
            *answers.entry(reply.text).or_insert(0) += 1;
        }
    }
    assert!(answers.len() >= 9, "the models answer too much alike to tell them apart: {answers:?}");
}

#[test]
fn an_open_message_of_the_assistant_is_gone_on_with() {
    let tiny = TinyGguf::new("llama");
    let (_folder, file) = tiny.write();
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let chat = [ChatMessage::system("be ok"), ChatMessage::user("hello"), ChatMessage::assistant("he ll")];
    let prompt = "<|im_start|>system\nbe ok<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nhe ll";
    let (text, finish) = expected(&tiny, prompt, 8);
    let reply = answer(&model, &request(&chat, 8)).unwrap();
    assert_eq!((reply.text, reply.finish), (plain(&text), finish));
}

#[test]
fn the_same_seed_draws_the_same_answer() {
    let (_folder, file) = TinyGguf::new("llama").write();
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let drawn = |temperature: f64, seed: u64| {
        let asked = ChatRequest { temperature, seed, ..request(&[ChatMessage::user("hello")], 20) };
        answer(&model, &asked).unwrap().text
    };
    let texts: Vec<String> = (0..10).map(|seed| drawn(1.5, seed)).collect();
    let different: std::collections::HashSet<&String> = texts.iter().collect();
    assert!(different.len() > 5, "{different:?}");
    for (seed, text) in texts.iter().enumerate() {
        assert_eq!(&drawn(1.5, seed as u64), text);
    }
    let cold = drawn(0.0, 0);
    assert!((1..5).all(|seed| drawn(0.0, seed) == cold && drawn(1e-6, seed) == cold));
}

/// Draws follow the probabilities: the share of each first token over many seeds.
#[test]
fn tokens_are_drawn_as_often_as_they_are_likely() {
    let tiny = TinyGguf::new("llama");
    let (_folder, file) = tiny.write();
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let logits = tiny.logits(&ids("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"));
    let temperature = 2.0;
    let powers: Vec<f64> = logits.iter().map(|logit| (logit / temperature).exp()).collect();
    let likeliest = (0..powers.len()).max_by(|a, b| powers[*a].total_cmp(&powers[*b])).unwrap();
    let share = powers[likeliest] / powers.iter().sum::<f64>();
    let seeds = 200;
    let drawn = (0..seeds).filter(|seed| {
        let asked = ChatRequest { temperature, seed: *seed, ..request(&[ChatMessage::user("hello")], 1) };
        answer(&model, &asked).unwrap().text == plain(&vocabulary()[likeliest])
    });
    let found = drawn.count() as f64 / seeds as f64;
    // Four standard errors; the seeds are fixed, so this cannot come out differently another day.
    assert!((found - share).abs() < 4.0 * (share * (1.0 - share) / seeds as f64).sqrt(), "{found} is not {share}");
}

#[test]
fn limits_of_an_answer_are_kept() {
    let (_folder, file) = TinyGguf::new("llama").write();
    let model = Generator::open(&file, &Limits { tokens: 5, ..Limits::default() }).unwrap();
    let hello = [ChatMessage::user("hello")];
    let drawn = ChatRequest { temperature: 5.0, seed: 3, ..request(&hello, 100) };
    let reply = answer(&model, &drawn).unwrap();
    assert_eq!((reply.usage.output_tokens, reply.finish), (5, Finish::Length));

    // Whatever is asked for, prompt and answer end with the context.
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let mut seen = 0;
    for seed in 0..8 {
        let long = [ChatMessage::user("x".repeat(52))];
        let reply = answer(&model, &ChatRequest { temperature: 5.0, seed, ..request(&long, 500) }).unwrap();
        let whole = reply.usage.input_tokens + reply.usage.output_tokens;
        assert!(whole <= u64::from(CONTEXT));
        seen += u32::from(reply.finish == Finish::Length && whole == u64::from(CONTEXT));
    }
    assert!(seen > 0);
    assert_eq!(answer(&model, &request(&hello, 0)).unwrap().text, "");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let (_folder, file) = TinyGguf::new("llama").write();
    let model = Generator::open(&file, &Limits { string_bytes: 300, ..Limits::default() }).unwrap();
    let hello = || request(&[ChatMessage::user("hello")], 4);
    let tool = ToolSpec { name: "x".into(), description: String::new(), parameters: "{}".into() };
    let cases = [
        (ChatRequest { tools: vec![tool], ..hello() }, "cannot have tools"),
        (ChatRequest { temperature: f64::NAN, ..hello() }, "the temperature is NaN"),
        (ChatRequest { temperature: -1.0, ..hello() }, "the temperature is -1"),
        (request(&[ChatMessage::new(ChatRole::Tool, "x")], 4), "results of tools"),
        (request(&[ChatMessage::user("x".repeat(301))], 4), "the prompt has 301 bytes, the model takes 300"),
        (request(&[ChatMessage::user("x".repeat(90))], 4), "the model takes 95"),
    ];
    for (asked, words) in cases {
        let problem = answer(&model, &asked).unwrap_err().to_string();
        assert!(problem.contains(words), "{problem:?} does not say {words:?}");
    }
    let stop = AtomicBool::new(true);
    assert!(matches!(model.answer(&hello(), &stop), Err(GenerateError::Stopped)));
    stop.store(false, Ordering::Relaxed);
    assert!(model.answer(&hello(), &stop).is_ok());
}

#[test]
fn a_typed_marker_is_a_marker_as_on_every_server() {
    let (_folder, file) = TinyGguf::new("llama").write();
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let tokens = |said: &str| answer(&model, &request(&[ChatMessage::user(said)], 0)).unwrap().usage.input_tokens;
    assert_eq!(tokens("<|im_end|>"), tokens("x"));
    assert_eq!(tokens("<|im_en|>"), tokens("x") + 8);
}

#[test]
fn weights_that_give_no_numbers_are_an_error() {
    let mut tiny = TinyGguf::new("llama");
    let huge: Vec<u8> = (0..WIDTH).flat_map(|_| f32::MAX.to_le_bytes()).collect();
    tiny.tensors.get_mut("output_norm.weight").unwrap().bytes = huge;
    let (_folder, file) = tiny.write();
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let problem = answer(&model, &request(&[ChatMessage::user("x")], 4)).unwrap_err().to_string();
    assert!(problem.contains("not a number"), "{problem}");
}

#[test]
fn many_threads_may_ask_one_model() {
    let (_folder, file) = tiny_gguf::write(&TinyGguf::new("qwen3").bytes());
    let model = Generator::open(&file, &Limits::default()).unwrap();
    let alone = answer(&model, &request(&[ChatMessage::user("hello")], 12)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(answer(&model, &request(&[ChatMessage::user("hello")], 12)).unwrap(), alone));
        }
    });
}

/// jingwei-app asks this file. To write it again, run this test with `WRITE_TINY_GGUF=1`.
#[test]
fn the_tiny_model_of_other_crates_is_fresh() {
    let bytes = TinyGguf::new("llama").bytes();
    if std::env::var_os("WRITE_TINY_GGUF").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tiny.gguf"), &bytes).unwrap();
    }
    assert!(include_bytes!("../../testdata/tiny.gguf")[..] == bytes[..]);
}
