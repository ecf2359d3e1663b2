//! Local models: what a BERT- or RoBERTa-shaped encoder in a folder says about a text, and what a Llama-shaped model in a
//! GGUF file answers to a chat.
//!
//! [`Encoder`] reads a Hugging Face folder (`config.json`, `tokenizer.json`, `model.safetensors`; fp32, on the
//! processor) and either classifies with the head that the model has or gives one vector per text.
//! [`LinearHead`] is a small classifier over such vectors for a model that has no head. [`Generator`] answers chats; its
//! weights stay quantised.
//!
//! Never knows what a label means, which threshold is right or what may be done about a score: that is the guard's
//! business. It reads the folder that it is given and nothing else, knows no clock, and decides nothing at random but what follows from
//! a request's seed.
//! (Its matrix products run on rayon's threads; their number follows `RAYON_NUM_THREADS`, as rayon documents.)
//!
//! Invariants: what leaves this crate is finite — a model whose numbers are not is an error, because a score that
//! compares with nothing would let everything pass. No text is cut: a long one is read in overlapping windows.
//! Nothing is allocated because a configuration says so before the weights file was seen to hold it.

mod chat_template;
mod config;
mod encoder;
mod error;
mod gelu;
mod generate;
mod generate_config;
mod generate_error;
mod generate_network;
mod generate_tokens;
mod gguf;
mod gguf_product;
mod gguf_tensor;
mod head;
mod minimise;
mod network;
mod tokens;
mod weights;

pub use encoder::Encoder;
pub use error::ModelError;
pub use generate::Generator;
pub use generate_error::GenerateError;
pub use head::{LabelledVector, LinearHead, Training};
