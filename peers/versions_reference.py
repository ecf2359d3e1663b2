"""Writes the orders that jingwei-advise's versions are compared with. Run by hand when cases change, with dpkg and
node on the PATH, packaging==26.3 semver==3.1.1 osv==0.0.22 (whose own pin of packaging is older and is not used
here), and the npm package semver==7.8.6 in ./node_modules of the folder that NODE_MODULES names:
python peers/versions_reference.py

Each scheme gets classes of equal versions in rising order, so that every pair of them is a case, and what its
reference refuses. PEP 440: packaging. SemVer: node-semver, and semver of PyPI must agree. Debian: dpkg. Maven,
RubyGems, NuGet, Alpine: the comparators of osv, whose matching is what OSV records are written for.

A second file says which versions requirements allow, by packaging and by node-semver."""
import functools, itertools, json, os, pathlib, random, subprocess
import semver
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from osv.ecosystems import maven, rubygems, nuget, alpine

out = pathlib.Path(__file__).parent.parent / "crates/jingwei-advise/testdata/versions_golden.json"
chance = random.Random(20_261_121)


def classes(versions, order):
    """Rising classes of equal versions; every pair is then asked again, so that no order that is none gets in."""
    versions = sorted(set(versions))
    ordered = sorted(versions, key=functools.cmp_to_key(order))
    groups = [[ordered[0]]]
    for version in ordered[1:]:
        if order(groups[-1][0], version) == 0:
            groups[-1].append(version)
        else:
            groups.append([version])
    rank = {version: at for at, group in enumerate(groups) for version in group}
    pairs = list(itertools.combinations(versions, 2))
    for a, b in chance.sample(pairs, min(3000, len(pairs))):
        assert order(a, b) == (rank[a] > rank[b]) - (rank[a] < rank[b]), (a, b)
    return groups


def by_key(key):
    def order(a, b):
        a, b = key(a), key(b)
        return bool(b < a) - bool(a < b)
    return order


def refused(versions, parse):
    bad = []
    for version in versions:
        try:
            parse(version)
        except Exception:
            bad.append(version)
    return bad


def pick(count, *parts):
    every = ["".join(one) for one in itertools.product(*parts)]
    return chance.sample(every, min(count, len(every)))


def pep440():
    fixed = """1.0.0b3 1.0.0 1.0.0rc1 1.0.0.post1 1.0.0.dev5 2.5.1+cu121 2.5.1+cpu 2.5.1 2.6.0 0.4.1.post7 0.8.5.post1 0.8.5
    1!0.1 2024.10.1 1.0-1 v1.0 1.0a 1.0a0 1.0.a.0 1.0-preview_2 1.0c2 1.0rc2 1.0r4 1.0.rev4 1.0_post-4 1.0dev 1.0.dev0 1.0+1
    1.0+ubuntu.1 1.0+ubuntu.10 1.0+ubuntu-2 1.0+a 1.0+a.b 1.0+1.a 00.1 0.01 0.1.0.0 99999999999999999999 18446744073709551616.1
    1.0.POST2 1.0RC1 1.0a.post1 1.0a1.post2.dev3 1.0.dev1+l 1.0a1.dev2 1.3.0rc17 1.5.5rc1 3.0.0b1""".split()
    made = pick(150, ["", "1!"], ["0.9", "1", "1.0", "1.0.1", "1.10"], ["", "a1", "b2", "rc1", ".alpha-1", "_c3"], ["", ".post1", "-2", "rev3"], ["", ".dev1", "dev2"], ["", "+l.1", "+cu118"])
    bad = "latest 1.0-foo abcdef1 1.0+ 1.0+a..b 1..0 .1 1.0a1b2 1.0.x ==1.0 >=1.0 1,0 1.0.git 2.4.0-rocm dev".split()
    return classes(fixed + made, by_key(Version)), refused(bad, Version)


def node(code, versions):
    code = "const s=require('semver');const v=JSON.parse(require('fs').readFileSync(0));" + code
    env = dict(os.environ, NODE_PATH=os.environ["NODE_MODULES"])
    return json.loads(subprocess.run(["node", "-e", code], input=json.dumps(versions), env=env, capture_output=True, text=True, check=True).stdout)


def semver2():
    made = pick(140, ["0.0.0", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "10.0.0"], ["", "-alpha", "-alpha.1", "-alpha.beta", "-beta.2", "-beta.11", "-rc.1", "-0", "-0.3.7", "-x.7.z.92", "-x-y-z", "--", "-A", "-a", "-20210101000000-abcdef123456", "-1a"], ["", "+build", "+exp.sha.5114f85"])
    made += ["0.0.1-next.3", "9007199254740991.0.0", "2026.1.29", "2026.2.1-beta.2", "2026.1.5-1", "2026.1.5"]
    every = node("const k=(a,b)=>s.compare(a,b);console.log(JSON.stringify(v.map(a=>v.map(b=>k(a,b)))))", made)
    at = {version: number for number, version in enumerate(made)}
    order = lambda a, b: every[at[a]][at[b]]
    for a, b in itertools.product(made, made):
        assert order(a, b) == semver.Version.parse(a).compare(b), (a, b)
    bad = "1 1.0 1.0.0.0 01.0.0 1.0.0-01 1.0.0- 1.0.0-a..b 1.0.0+ latest abc 1.0.x 1.0.0-é".split()
    return classes(made, order), refused(bad, semver.Version.parse)


def debian():
    made = pick(90, ["", "0:", "1:"], ["1", "1.0", "1.0~rc1", "1.0~", "1.0+dfsg", "1.0a", "1.0.1", "1.10", "09.1", "9.1", "2.4.7-1~bpo"], ["", "-0", "-1", "-1+b1", "-1~deb12u1", "-1ubuntu2", "-01"])
    made += ["3.0.11-1~deb12u2", "3.0.11-1~deb12u10", "1.0~~", "1.0~~a", "1.0.", "1.0-1.1", "20230311", "5.36.0-7+deb12u1", "1:1.2.3:4-5"]

    def order(a, b):
        for operator, answer in [("lt", -1), ("eq", 0), ("gt", 1)]:
            if subprocess.run(["dpkg", "--compare-versions", a, operator, b], stderr=subprocess.DEVNULL).returncode == 0:
                return answer
        raise ValueError((a, b))
    order = functools.lru_cache(None)(order)
    bad = [v for v in ["", "a:1", "1.0-", "1 0", "1.0_1", "1:", "9999999999:1", "abc-1"] if b"error" in (run := subprocess.run(["dpkg", "--validate-version", v], capture_output=True)).stderr or run.returncode]
    return classes(made, order), bad


def maven_order():
    # Only hyphens before words: where a dot stands there, osv gives an order that is none.
    made = pick(150, ["1", "1.0", "1.0.0", "1.1", "1.10", "2"], ["", "-alpha", "-alpha-1", "-a1", "a2", "-beta2", "-b3", "-m1", "-milestone-2", "-rc1", "-CR1", "-SNAPSHOT", ".Final", "-ga", ".RELEASE", "-sp1", "-jre", "-android", "-1", ".1", "-foo.0.0", "-x-1", ".0-2"])
    made += ["4.1.100.Final", "31.1-jre", "31.1-android", "2.0.0-RC1", "2.0.0-M3", "1.0-20230101.010203-1", "1-1.foo-bar1baz-.1"]
    return classes(made, by_key(maven.Version.from_string)), []


def gems():
    made = pick(120, ["1", "1.0", "1.0.0", "1.2", "1.10", "2.0.1"], ["", ".pre", ".pre.1", ".beta1", ".a", "-rc1", "-1", ".rc.2", ".0", ".10", "b2.c"][:10])
    made += ["5.0.0.racecar", "5.0.0.beta2", "5.0.0.rc1", "3.12.0-java"]
    bad = "latest a1 1..0 1. 1.0_1 1.0+1".split()
    parse = rubygems.RubyGems().sort_key
    return classes(made, by_key(parse)), bad


def nuget_order():
    made = pick(120, ["1", "1.0", "1.0.0", "1.0.0.0", "1.0.0.1", "1.2.3", "1.10"], ["", "-alpha", "-ALPHA", "-alpha.1", "-beta", "-rc.1", "-rc.10", "-1", "-a-b"], ["", "+meta"])
    return classes(made, by_key(nuget.Version.from_string)), []


def apk():
    made = pick(120, ["1", "1.0", "1.1", "1.01", "1.2.3", "1.10", "1.2a", "1.2b"], ["", "_alpha", "_alpha1", "_beta2", "_pre1", "_rc1", "_rc10", "_p1", "_git20230101"], ["", "-r0", "-r1", "-r10"])
    made += ["3.1.4-r5", "3.1.4-r6", "20230506-r0", "1.36.1-r15"]
    made = [v for v in made if alpine.AlpineLinuxVersion.is_valid(v)]
    return classes(made, by_key(alpine.AlpineLinuxVersion)), []


golden = {}
for name, make in dict(pep440=pep440, semver=semver2, debian=debian, maven=maven_order, nuget=nuget_order, alpine=apk, **{"ruby-gems": gems}).items():
    try:
        rising, bad = make()
    except AssertionError as error:
        raise SystemExit(f"{name}: the reference has no order: {error}")
    golden[name] = dict(rising=rising, refused=bad)
    count = sum(map(len, rising))
    print(name, count, "versions,", count * (count - 1) // 2, "pairs,", len(bad), "refused")
out.parent.mkdir(exist_ok=True)
out.write_text("{\n" + ",\n".join(f'"{name}": {json.dumps(value, separators=(",", ":"))}' for name, value in golden.items()) + "\n}\n")


def requirements():
    """Requirement by requirement, the versions that it allows."""
    pypi = "0.9 0.9.9 1.0 1.0.0 1.0.1 1.2 1.2.1 1.2.9 1.2.post1 1.3 1.4.5 1.5 1.9 1.10 2.0 2.0.1 2.5 3.0 1.2rc1 2.0a1 2.0.dev1 1!1.0".split()
    asked = ">=1.0 >1.0 <2.0 <=2.0 ==1.2 ==1.2.* ~=1.2 ~=1.2.0 ~=1.2.post1 !=1.2 !=1.2.* >=1.0,<2.0 >1.2,<=1.5 >=1.0,!=1.5,<2 ===1.2 >=1!0 <1.2rc1 ==2.0a1 >=2.0.dev0,<3".split()
    allowed = {one: list(SpecifierSet(one, prereleases=True).filter(pypi)) for one in asked}
    npm = "0.0.3 0.1.0 0.2.0 0.2.5 0.3.0 1.0.0 1.2.0 1.2.3 1.2.9 1.3.0 1.9.0 1.10.0 2.0.0 2.0.1 2.3.4 3.0.0 1.2.3-beta.2 2.0.0-alpha.1 0.3.0-rc.1".split()
    ranges = ["^1.2.3", "^1.2", "^1", "^0.2.3", "^0.0.3", "^0.0", "^0", "~1.2.3", "~1.2", "~1", "~0.2.3", "1.2.x", "1.x", "1", "*", "", "x", ">=1.2.3 <2.0.0", ">1.2", ">1", "<1.2", "<=1.2", "<=1", ">=1.2", "1.2.3 - 2.3.4", "1.2 - 2.3", "1.2.3 - 2", "1.2.3", "=1.2.3", "v1.2.3", "1.2.x || 2.x", "^0.2.3 || >=2.0.0", ">= 1.2.3 < 1.3", "~1.2.3-beta.2", "^1.2.3-beta.2", "<1.0.0 || >=2.0.0", ">=1.2.3-beta.1 <2"]
    code = "const [r,v]=JSON.parse(require('fs').readFileSync(0));const s=require('semver');console.log(JSON.stringify(Object.fromEntries(r.map(a=>[a,v.filter(b=>s.satisfies(b,a))]))))"
    env = dict(os.environ, NODE_PATH=os.environ["NODE_MODULES"])
    told = subprocess.run(["node", "-e", code], input=json.dumps([ranges, npm]), env=env, capture_output=True, text=True, check=True).stdout
    return {"pypi": dict(versions=pypi, allowed=allowed), "npm": dict(versions=npm, allowed=json.loads(told))}


(out.parent / "requirements_golden.json").write_text(json.dumps(requirements(), indent=0) + "\n")
