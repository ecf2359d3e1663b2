//! Ports on which model servers listen when nobody says otherwise: what a scan of the internet tries first.

/// (port, servers). Restated from each server's own documentation of its start command, 2026.
const DEFAULT_PORTS: &[(u16, &str)] = &[
    (1234, "LM Studio"),
    (1337, "Jan"),
    (2242, "Aphrodite"),
    (3000, "BentoML, Open WebUI, Flowise"),
    (4000, "LiteLLM"),
    (4891, "GPT4All"),
    (5000, "MLflow, text-generation-webui, TabbyAPI"),
    (5001, "KoboldCpp"),
    (7860, "Gradio, Langflow"),
    (8000, "vLLM, Triton, TensorRT-LLM, NVIDIA NIM, MLC LLM, Chroma"),
    (8080, "llama.cpp, LocalAI, TGI, TorchServe, Open WebUI"),
    (8188, "ComfyUI"),
    (8265, "Ray"),
    (8501, "TensorFlow Serving, Streamlit"),
    (8888, "Jupyter"),
    (9090, "InvokeAI"),
    (9997, "Xinference"),
    (11434, "Ollama"),
    (23333, "LMDeploy"),
    (30000, "SGLang"),
    (50052, "llama.cpp RPC"),
];

/// Servers that use the port by default.
pub(crate) fn servers_on(port: u16) -> Option<&'static str> {
    DEFAULT_PORTS.iter().find(|(known, _)| *known == port).map(|(_, servers)| *servers)
}
