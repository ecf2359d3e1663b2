//! A command that reads a prompt and writes an answer.

use std::collections::BTreeMap;

use jingwei_core::{ChatReply, Limits, TargetError};
use serde::{Deserialize, Serialize};

use super::{
    answer::AnswerFields,
    process::{Program, RunFault},
    template::{CONTENT, JsonTemplate, Slot, TextTemplate, Values},
};
use crate::Secret;

/// Started anew for each call, without a shell. It gets the filled template on its standard input and nothing of the
/// caller's environment but `PATH`; its standard output is the answer. A status that is not 0 is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandTarget {
    pub program: String,
    /// As they are: a prompt among the arguments could be taken for an option.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Variables, with places for `${key}`, `${model}` and `${attempt}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    #[serde(default)]
    pub input: CommandInput,
    /// By default all that it writes is the text; one line end at the end is not counted.
    #[serde(default)]
    pub answer: AnswerFields,
}

/// What it is given, with the places of an HTTP template's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandInput {
    Json(String),
    Text(String),
}

impl Default for CommandInput {
    fn default() -> Self {
        Self::Text("${prompt}".to_owned())
    }
}

#[derive(Clone)]
pub(super) struct Prepared {
    program: Program,
    input: Input,
    answer: AnswerFields,
    slots: Vec<Slot>,
}

#[derive(Clone)]
enum Input {
    Json(JsonTemplate),
    Text(TextTemplate),
}

impl Prepared {
    pub(super) fn new(command: &CommandTarget, key: Option<&Secret>) -> Result<Self, String> {
        let folder = command.folder.as_deref();
        let program = Program::new(&command.program, &command.args, &command.environment, folder, key)?;
        let (input, slots) = match &command.input {
            CommandInput::Json(text) => {
                let template = JsonTemplate::parse(text)?;
                let slots = template.slots();
                (Input::Json(template), slots)
            }
            CommandInput::Text(text) => {
                let template = TextTemplate::parse(text, &CONTENT)?;
                let slots = template.slots();
                (Input::Text(template), slots)
            }
        };
        if !slots.contains(&Slot::Prompt) && !slots.contains(&Slot::Messages) {
            return Err("the command is given no prompt; use `${prompt}` or `${messages}` in its input".to_owned());
        }
        command.answer.check()?;
        Ok(Self { program, input, answer: command.answer.clone(), slots })
    }

    pub(super) fn name(&self) -> String {
        self.program.name()
    }

    pub(super) async fn ask(
        &self,
        values: &Values<'_>,
        shown: &str,
        limits: &Limits,
    ) -> Result<ChatReply, TargetError> {
        values.fit(&self.slots).map_err(super::refused)?;
        let input = match &self.input {
            Input::Json(template) => template.fill(values).to_string(),
            Input::Text(template) => template.fill(values),
        };
        let garbled = |reason| TargetError::Garbled { url: shown.to_owned(), reason };
        let output = match self.program.run(values, input.as_bytes(), limits.header_bytes).await {
            Ok(output) => output,
            Err(RunFault::NotStarted(reason)) => return Err(super::refused(reason)),
            Err(RunFault::Failed(reason)) => return Err(garbled(reason)),
        };
        let text = output.strip_suffix(b"\n").map_or(&output[..], |text| text.strip_suffix(b"\r").unwrap_or(text));
        self.answer.read(text, "", limits).map_err(garbled)
    }
}
