//! How a chat is written down for a model.
//!
//! The file has a Jinja program for this. It is not run: a program can double a text forty times, and nothing short
//! of an interpreter of one's own bounds that. The forms that such programs write are few; the form is recognised by
//! its markers and written here. A program of another form is refused, because a chat in the wrong form measures
//! another system.

use jingwei_core::{ChatMessage, ChatRole};

/// Longest program that is looked at, in bytes.
const PROGRAM_BYTES: usize = 256 << 10;
/// Longest system prompt that is taken from a program, in bytes.
const SYSTEM_BYTES: usize = 4 << 10;
/// What Llama 3.1 and later say before every system prompt. The day is the one that their program falls back to.
const LLAMA_DATES: &str = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";

/// A way to write a chat down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChatTemplate {
    form: Form,
    /// What the model is told where the chat has no system message.
    system: Option<String>,
    /// Whether space around what is said falls away.
    trims: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `<|im_start|>user … <|im_end|>`
    ChatMl,
    /// `<|start_header_id|>user<|end_header_id|> … <|eot_id|>`
    Llama3 { dates: bool },
    /// `<|user|> … </s>`
    Zephyr,
}

impl ChatTemplate {
    /// Recognises the form that a template program writes.
    pub(crate) fn recognise(program: &str) -> Result<Self, String> {
        if program.len() > PROGRAM_BYTES {
            return Err(format!("its chat template has {} bytes, at most {PROGRAM_BYTES} are read", program.len()));
        }
        let has = |marker: &str| program.contains(marker);
        let form = if has("<|im_start|>") && has("<|im_end|>") {
            Form::ChatMl
        } else if has("<|start_header_id|>") && has("<|eot_id|>") {
            Form::Llama3 { dates: has("Cutting Knowledge Date") }
        } else if has("<|user|>") && has("<|assistant|>") && has("eos_token") {
            Form::Zephyr
        } else {
            let problem = "its chat template is of a form that is not known (known are ChatML, Llama 3 and Zephyr); \
                           serve the model yourself and name its address";
            return Err(problem.to_owned());
        };
        let compact: String = program.chars().filter(|c| !c.is_whitespace()).collect();
        let trims = compact.contains("|trim") || compact.contains(".strip()");
        let system = if form == Form::ChatMl { own_system(program) } else { None };
        Ok(Self { form, system, trims })
    }

    /// Markers that must each be one token, and which ends an answer.
    pub(crate) fn markers(&self) -> &'static [&'static str] {
        match self.form {
            Form::ChatMl => &["<|im_end|>", "<|im_start|>"],
            Form::Llama3 { .. } => &["<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"],
            Form::Zephyr => &[],
        }
    }

    /// The chat, up to where the model's answer begins. A last message of the assistant is left open: the model goes
    /// on with it. Markers that a message contains stay in it, as every server leaves them: whether they work is
    /// something that a test may want to know.
    pub(crate) fn render(&self, messages: &[ChatMessage], end_of_text: &str) -> Result<String, String> {
        let mut text = String::new();
        if let Some(own) = self.own_opening(messages) {
            self.put(&mut text, "system", &own, end_of_text, true);
        }
        for (place, message) in messages.iter().enumerate() {
            let role = match message.role {
                ChatRole::System => "system",
                ChatRole::User => "user",
                ChatRole::Assistant => "assistant",
                ChatRole::Tool => return Err("its chats cannot have results of tools; take an endpoint".to_owned()),
            };
            if !message.tool_calls.is_empty() {
                return Err("its chats cannot have calls of tools; take an endpoint".to_owned());
            }
            let content = if self.trims { message.content.trim() } else { &message.content };
            let open = place + 1 == messages.len() && message.role == ChatRole::Assistant;
            if place == 0 && self.form == (Form::Llama3 { dates: true }) && message.role == ChatRole::System {
                self.put(&mut text, role, &format!("{LLAMA_DATES}{content}"), end_of_text, true);
            } else {
                self.put(&mut text, role, content, end_of_text, !open);
            }
        }
        if messages.last().is_none_or(|message| message.role != ChatRole::Assistant) {
            self.put(&mut text, "assistant", "", end_of_text, false);
        }
        Ok(text)
    }

    /// What stands before a chat that does not begin with a system message.
    fn own_opening(&self, messages: &[ChatMessage]) -> Option<String> {
        if messages.first().is_some_and(|message| message.role == ChatRole::System) {
            return None;
        }
        match self.form {
            Form::Llama3 { dates: true } => Some(LLAMA_DATES.to_owned()),
            _ => self.system.clone(),
        }
    }

    fn put(&self, text: &mut String, role: &str, content: &str, end_of_text: &str, closed: bool) {
        let (before, after, end) = match self.form {
            Form::ChatMl => ("<|im_start|>", "\n", "<|im_end|>\n"),
            Form::Llama3 { .. } => ("<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>"),
            Form::Zephyr => ("<|", "|>\n", end_of_text),
        };
        text.extend([before, role, after, content]);
        if closed {
            text.push_str(end);
            if self.form == Form::Zephyr {
                text.push('\n');
            }
        }
    }
}

/// The system prompt that a ChatML program writes by itself: plain text between its markers, with no piece of program
/// in it.
fn own_system(program: &str) -> Option<String> {
    let begin = "<|im_start|>system";
    program.match_indices(begin).find_map(|(at, _)| {
        let rest = &program[at + begin.len()..];
        let rest = rest.strip_prefix("\\n").or_else(|| rest.strip_prefix('\n'))?;
        let text = &rest[..rest.find("<|im_end|>")?];
        let plain = !text.is_empty() && text.len() <= SYSTEM_BYTES && !text.contains(['{', '}', '\'', '"', '<']);
        plain.then(|| text.replace("\\n", "\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOL: &str = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}\
        {{ '<|im_start|>system\nYou are small<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' \
        + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}";
    const QWEN: &str = r"{%- if tools %}{{- '<|im_start|>system\n' }}{%- else %}{{- '<|im_start|>system\n' + \
        messages[0].content + '<|im_end|>\n' }}{{- '<|im_start|>system\nYou are Q.\nBe kind.<|im_end|>\n' }}";
    const PLAIN: &str = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' }}";
    const LLAMA: &str = "{{ '<|start_header_id|>' + role + '<|end_header_id|>\n\n' + content + '<|eot_id|>' }}";
    const LLAMA_DATED: &str = "{{ '<|start_header_id|>' + 'Cutting Knowledge Date' + content | trim + '<|eot_id|>' }}";
    const ZEPHYR: &str = "{{ '<|user|>\n' + message['content'] + eos_token }}{{ '<|assistant|>' }}";

    #[track_caller]
    fn check(program: &str, messages: &[ChatMessage], expected: &str) {
        let template = ChatTemplate::recognise(program).unwrap();
        assert_eq!(template.render(messages, "</s>").unwrap(), expected);
    }

    #[test]
    fn each_form_is_written_as_its_program_writes_it() {
        let user = || ChatMessage::user(" hi ");
        check(
            SMOL,
            &[user()],
            "<|im_start|>system\nYou are small<|im_end|>\n<|im_start|>user\n hi <|im_end|>\n<|im_start|>assistant\n",
        );
        check(
            SMOL,
            &[ChatMessage::system("s"), user(), ChatMessage::assistant("Sure, ")],
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\n hi <|im_end|>\n<|im_start|>assistant\nSure, ",
        );
        check(
            QWEN,
            &[user()],
            "<|im_start|>system\nYou are Q.\nBe kind.<|im_end|>\n<|im_start|>user\n hi <|im_end|>\n<|im_start|>assistant\n",
        );
        check(PLAIN, &[user()], "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
        check(
            LLAMA,
            &[user()],
            "<|start_header_id|>user<|end_header_id|>\n\n hi <|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\n",
        );
        for (messages, system) in [(vec![user()], ""), (vec![ChatMessage::system("s"), user()], "s")] {
            let expected = format!(
                "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n\
                 Today Date: 26 Jul 2024\n\n{system}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n"
            );
            check(LLAMA_DATED, &messages, &expected);
        }
        check(ZEPHYR, &[ChatMessage::system("s"), user()], "<|system|>\ns</s>\n<|user|>\n hi </s>\n<|assistant|>\n");
    }

    #[test]
    fn other_programs_and_other_messages_are_refused() {
        for program in ["", "{{ messages }}", "[INST] {{ content }} [/INST]", "<|im_start|>"] {
            assert!(ChatTemplate::recognise(program).unwrap_err().contains("not known"), "{program}");
        }
        let long = SMOL.to_owned() + &" ".repeat(PROGRAM_BYTES);
        assert!(ChatTemplate::recognise(&long).unwrap_err().contains("at most 262144 are read"));
        let template = ChatTemplate::recognise(SMOL).unwrap();
        let problem = template.render(&[ChatMessage::tool("1", "x")], "").unwrap_err();
        assert!(problem.contains("results of tools"));
    }

    #[test]
    fn a_system_prompt_with_a_program_in_it_is_not_taken() {
        let hostile = SMOL.replace("You are small", "{{ 'a' * 1000000000 }}");
        check(&hostile, &[ChatMessage::user("x")], "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n");
        let long = SMOL.replace("You are small", &"a".repeat(SYSTEM_BYTES + 1));
        check(&long, &[ChatMessage::user("x")], "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n");
    }
}
