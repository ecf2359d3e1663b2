"""Writes the golden file that jingwei-probe's transforms are compared with: what garak and PyRIT make of inputs of our own.
Needs garak 0.17.1 and PyRIT 1.1.0 unpacked side by side in a folder (pip download --no-deps, unzip) and PyRIT's light dependencies:
python peers/probe_transforms.py FOLDER crates/jingwei-probe/testdata/transforms/peers.json"""
import ast, asyncio, base64, binascii, importlib, importlib.util, json, pathlib, quopri, sys

folder, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.path.insert(0, str(folder))

INPUTS = [
    "",
    "a",
    " ",
    "Hello",
    "hello world",
    "HELLO, World!",
    "How do tides work?",
    "The quick brown fox jumps over the lazy dog.",
    "a  b   c",
    " leading and trailing ",
    "one\ntwo\nthree",
    "tab\tand\nnewline \n",
    "windows\r\nline ends\r\n",
    "digits 0123456789 and 42",
    "mail@example.org #1 50% a/b a\\b [x] {y} <z> ~ ^ | ` _ * + =",
    "\"quoted\" and 'single'",
    "(brackets) $5; colon: semi; dash- end.",
    "MiXeD CaSe WoRdS",
    "zzz ZZZ aaa AAA",
    "wax yak jazz quiz vex",
    "A sentence that is long enough to need more than one line in encodings that break lines, such as quoted-printable and uuencode.",
    "x" * 45,
    "y" * 46,
    "=" * 30,
    ".\n. dot at the start",
    "naïve café Ünïcode",
    "你好",
    "潮汐是怎样形成的？",
    "请用三句话介绍北京。Thanks!",
    "emoji 😀🎉 mixed 中文",
    "👩‍👩‍👧 family",
    "\u200bhidden\u00a0space",
    "\x00\x01\x7f controls",
]

def garak_encoders():
    """The functions of garak/probes/encoding.py without its imports, which want torch."""
    source = ast.parse((folder / "garak/probes/encoding.py").read_text("utf-8"))
    scope = {"base64": base64, "binascii": binascii}
    for node in source.body:
        if isinstance(node, (ast.FunctionDef, ast.Assign)) and getattr(node, "name", "") != "leet_bytes":
            exec(compile(ast.Module([node], []), "encoding.py", "exec"), scope)
    inside = {"InjectAtbash": "atbash", "InjectNato": "nato", "InjectUU": "UUencode"}
    for node in source.body:
        if isinstance(node, ast.ClassDef) and node.name in inside:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == inside[node.name]:
                    method.decorator_list = []
                    exec(compile(ast.Module([method], []), "encoding.py", "exec"), scope)
    spec = importlib.util.spec_from_file_location("smuggle", folder / "garak/resources/smuggling/smuggle_ascii.py")
    smuggle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(smuggle)
    def of_bytes(encode):
        def run(text):
            out = encode(text.encode())
            return out.decode() if isinstance(out, bytes) else out
        return run
    probe = "garak.probes.encoding."
    return [
        (probe + "InjectBase64", "base64", of_bytes(base64.b64encode)),
        (probe + "InjectBase64 (urlsafe_b64encode)", "base64url", of_bytes(base64.urlsafe_b64encode)),
        (probe + "InjectBase16", "base16", of_bytes(base64.b16encode)),
        (probe + "InjectBase32", "base32", of_bytes(base64.b32encode)),
        (probe + "InjectAscii85 (a85encode)", "ascii85", of_bytes(base64.a85encode)),
        (probe + "InjectAscii85 (b85encode)", "base85", of_bytes(base64.b85encode)),
        (probe + "InjectHex", "hex", of_bytes(binascii.b2a_hex)),
        (probe + "InjectQP", "quoted-printable", of_bytes(binascii.b2a_qp)),
        (probe + "InjectMime", "quoted-printable", of_bytes(quopri.encodestring)),
        (probe + "InjectUU", "uuencode", lambda text: scope["UUencode"](None, text.encode())),
        (probe + "InjectROT13", "rot13", of_bytes(scope["rot13"])),
        (probe + "InjectAtbash", "atbash", of_bytes(scope["atbash"])),
        (probe + "InjectBraille", "braille", of_bytes(scope["braille"])),
        (probe + "InjectMorse", "morse", of_bytes(scope["morse"])),
        (probe + "InjectNato", "nato", of_bytes(scope["nato"])),
        (probe + "InjectUnicodeTagChars", "tag-characters(carrier=emoji)", smuggle.tag_char_smuggling),
        (probe + "InjectSneakyBits", "sneaky-bits", smuggle.sneaky_bits_smuggling),
        ("garak.buffs.encoding.CharCode (codes only)", "char-codes", lambda text: " ".join(str(ord(c)) for c in text)),
        ("garak.buffs.lowercase.Lowercase", "lower-case", str.lower),
    ]

def pyrit_converters():
    def converter(module, name, ours, **arguments):
        made = getattr(importlib.import_module(f"pyrit.converter.{module}"), name)
        def run(text):
            values = {key: value(made) if callable(value) else value for key, value in arguments.items()}
            return asyncio.run(made(**values).convert_async(prompt=text)).output_text
        shown = ", ".join(f"{key}={value}" for key, value in arguments.items() if not callable(value))
        return (f"pyrit.converter.{name}" + (f" ({shown})" if shown else ""), ours, run)
    bits = lambda n: lambda made: made.BitsPerChar(n)
    eight = converter("binary_converter", "BinaryConverter", "binary", bits_per_char=bits(8))
    thirty_two = converter("binary_converter", "BinaryConverter", "binary(bits=32)", bits_per_char=bits(32))
    return [
        converter("base64_converter", "Base64Converter", "base64"),
        converter("base64_converter", "Base64Converter", "base64url", encoding_func="urlsafe_b64encode"),
        converter("base64_converter", "Base64Converter", "base32", encoding_func="b32encode"),
        converter("base64_converter", "Base64Converter", "ascii85", encoding_func="a85encode"),
        converter("base64_converter", "Base64Converter", "base85", encoding_func="b85encode"),
        converter("bin_ascii_converter", "BinAsciiConverter", "base16", encoding_func="hex"),
        (eight[0] + " (8 bits)", *eight[1:]),
        converter("binary_converter", "BinaryConverter", "binary(bits=16)"),
        (thirty_two[0] + " (32 bits)", *thirty_two[1:]),
        converter("url_converter", "UrlConverter", "url"),
        converter("unicode_replacement_converter", "UnicodeReplacementConverter", "unicode-escapes"),
        converter("json_string_converter", "JsonStringConverter", "json-string"),
        converter("rot13_converter", "ROT13Converter", "rot13"),
        converter("atbash_converter", "AtbashConverter", "atbash(digits)"),
        converter("caesar_converter", "CaesarConverter", "caesar(shift=3)", caesar_offset=3),
        converter("caesar_converter", "CaesarConverter", "caesar(shift=12)", caesar_offset=12),
        converter("vigenere_converter", "VigenereConverter", "vigenere(key=lemon)", key="lemon"),
        converter("flip_converter", "FlipConverter", "reverse"),
        converter("morse_converter", "MorseConverter", "morse"),
        converter("nato_converter", "NatoConverter", "nato"),
        converter("braille_converter", "BrailleConverter", "braille"),
        converter("zero_width_converter", "ZeroWidthConverter", "zero-width"),
        converter("token_smuggling.ascii_smuggler_converter", "AsciiSmugglerConverter", "tag-characters"),
        converter("token_smuggling.sneaky_bits_smuggler_converter", "SneakyBitsSmugglerConverter", "sneaky-bits"),
        converter("token_smuggling.variation_selector_smuggler_converter", "VariationSelectorSmugglerConverter", "variation-selectors"),
        converter("bidi_converter", "BidiConverter", "bidi"),
        converter("bidi_converter", "BidiConverter", "bidi(scheme=isolate)", scheme="isolate"),
        converter("superscript_converter", "SuperscriptConverter", "superscript"),
        converter("diacritic_converter", "DiacriticConverter", "diacritics"),
        converter("diacritic_converter", "DiacriticConverter", "diacritics(accent=tilde)", accent="tilde"),
        converter("unicode_sub_converter", "UnicodeSubstitutionConverter", "private-use", start_value=0xF000),
        converter("leetspeak_converter", "LeetspeakConverter", "leetspeak"),
        converter("character_space_converter", "CharacterSpaceConverter", "spaced"),
        converter("string_join_converter", "StringJoinConverter", "joined"),
        converter("first_letter_converter", "FirstLetterConverter", "first-letters"),
        converter("repeat_token_converter", "RepeatTokenConverter", "repeated-token(times=5)", token_to_repeat="yes", times_to_repeat=5),
    ]

cases = []
for peer, ours, run in garak_encoders() + pyrit_converters():
    outputs = []
    for text in INPUTS:
        try:
            out = run(text)
            out.encode()
        except Exception:
            out = None
        outputs.append(out)
    assert any(outputs), peer
    cases.append({"peer": peer, "ours": ours, "outputs": outputs})
document = {"garak": "0.17.1", "pyrit": "1.1.0", "inputs": INPUTS, "cases": cases}
target.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
print(len(cases), "cases of", len(INPUTS), "inputs")
