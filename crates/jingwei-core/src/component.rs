use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ComponentId, Digest, Text};

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComponentKind {
    /// A folder or file of model weights.
    Model,
    /// Training, tuning or evaluation data.
    Dataset,
    /// Source code.
    Code,
    /// A container image.
    Image,
    /// A service that runs beside the model.
    Service,
    /// A URL at which a model answers.
    Endpoint,
    /// A tool that an agent may call.
    Tool,
    /// Prompts that are sent with every request.
    Prompt,
    /// Deployment configuration.
    Config,
    /// A supplier.
    Vendor,
    /// The system as a whole: management answers are about it.
    System,
}

impl ComponentKind {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ComponentKind::Model => "model",
            ComponentKind::Dataset => "dataset",
            ComponentKind::Code => "code",
            ComponentKind::Image => "image",
            ComponentKind::Service => "service",
            ComponentKind::Endpoint => "endpoint",
            ComponentKind::Tool => "tool",
            ComponentKind::Prompt => "prompt",
            ComponentKind::Config => "config",
            ComponentKind::Vendor => "vendor",
            ComponentKind::System => "system",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            ComponentKind::Model => Text::new("模型", "model"),
            ComponentKind::Dataset => Text::new("数据集", "dataset"),
            ComponentKind::Code => Text::new("代码", "code"),
            ComponentKind::Image => Text::new("镜像", "image"),
            ComponentKind::Service => Text::new("服务", "service"),
            ComponentKind::Endpoint => Text::new("模型接口", "endpoint"),
            ComponentKind::Tool => Text::new("智能体工具", "agent tool"),
            ComponentKind::Prompt => Text::new("提示词", "prompt"),
            ComponentKind::Config => Text::new("部署配置", "deployment configuration"),
            ComponentKind::Vendor => Text::new("供应商", "vendor"),
            ComponentKind::System => Text::new("系统", "system"),
        }
    }
}

/// A part of the governed system, as its manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Unique within the manifest.
    pub id: ComponentId,
    pub kind: ComponentKind,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// File or folder, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Address, for endpoints and services: `http://127.0.0.1:8080/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The model's name at the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Name of the environment variable that holds the endpoint's key. The key itself is never written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Component id of the prompt that is sent as the system message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<ComponentId>,
    /// Guard policy file, relative to the manifest, or `builtin` for the baseline policy. Absent: nothing stands before the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<String>,
    /// Test suites that an endpoint is tested with, besides the refusal test: ids of the catalog.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<String>,
    /// Who supplies it: component id of a vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<ComponentId>,
    /// SHA-256 per file, relative to `path`, that the files must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, Digest>,
    /// Its signature by OpenSSF Model Signing: a file, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Public key (PEM) that the signature has to hold under: a file, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// A copy of the signed state to go back to: a folder, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
}

impl Component {
    /// A component of which nothing is known but its kind.
    #[must_use]
    pub fn bare(id: ComponentId, kind: ComponentKind) -> Self {
        Self {
            id,
            kind,
            name: None,
            path: None,
            url: None,
            model: None,
            key_env: None,
            prompt: None,
            guard: None,
            tests: Vec::new(),
            vendor: None,
            pinned: BTreeMap::new(),
            signature: None,
            signing_key: None,
            rollback: None,
        }
    }
}

/// The column of the fabric: which part of the life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Develop,
    Deploy,
    Operate,
    Share,
}

impl Side {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Side::Develop => Text::new("开发侧", "develop"),
            Side::Deploy => Text::new("部署侧", "deploy"),
            Side::Operate => Text::new("应用侧", "operate"),
            Side::Share => Text::new("产业生态", "share"),
        }
    }
}

/// Where the system stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Plan,
    Design,
    Develop,
    Test,
    Deploy,
    Operate,
    Retire,
}

impl Stage {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Stage::Plan => "plan",
            Stage::Design => "design",
            Stage::Develop => "develop",
            Stage::Test => "test",
            Stage::Deploy => "deploy",
            Stage::Operate => "operate",
            Stage::Retire => "retire",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Stage::Plan => Text::new("规划", "plan"),
            Stage::Design => Text::new("设计", "design"),
            Stage::Develop => Text::new("开发", "develop"),
            Stage::Test => Text::new("测试", "test"),
            Stage::Deploy => Text::new("部署", "deploy"),
            Stage::Operate => Text::new("运行", "operate"),
            Stage::Retire => Text::new("退役", "retire"),
        }
    }
}

/// Who answers for something: developer, provider or user of the AI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Developer,
    Provider,
    User,
}

impl Role {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Role::Developer => Text::new("研发者", "developer"),
            Role::Provider => Text::new("服务提供者", "provider"),
            Role::User => Text::new("使用者", "user"),
        }
    }
}
