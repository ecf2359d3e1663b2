use jingwei_compose::lockfiles::LockKind;
use jingwei_core::Package;

use crate::support::{check, links, read};

#[test]
fn cargo_locks_of_every_version_are_read() {
    let v4 = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"a\", \"b 2.0.0\"]\n\
        [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"aa\"\ndependencies = [\"b 1.0.0\"]\n\
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://r.invalid/index\"\n\
        [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"git+https://h.invalid/b?branch=x#abc\"\n";
    let parsed = check(
        LockKind::CargoLock,
        v4,
        &[
            "app 0.1.0 path= :3",
            "a 1.0.0 direct :7",
            "b 1.0.0 registry=https://r.invalid/index :13",
            "b 2.0.0 direct git=https://h.invalid/b#abc :17",
        ],
        &[],
    );
    assert_eq!(parsed.links, [(0, 1), (0, 3), (1, 2)]);
    let source = "registry+https://github.com/rust-lang/crates.io-index";
    let v1 = format!(
        "[root]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"a 1.0.0 ({source})\"]\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n[metadata]\n\"checksum a 1.0.0 ({source})\" = \"bb\"\n"
    );
    let parsed = check(LockKind::CargoLock, &v1, &["a 1.0.0 direct :6", "app 0.1.0 path= :2"], &[]);
    assert_eq!(parsed.packages[0].hashes, ["sha256:bb"]);
    assert_eq!(links(&parsed), ["app > a"]);
}

#[test]
fn cargo_manifests_ask_for_ranges() {
    check(
        LockKind::CargoToml,
        "[dependencies]\na = \"1.2\"\nb = { version = \"=1.2.3\", optional = true }\nc = { package = \"real\", git = \"https://h.invalid/c\", rev = \"r\" }\n\
         d.workspace = true\ne.workspace = true\n[target.'cfg(unix)'.build-dependencies]\nf = \"*\"\n[dev-dependencies]\ng = { path = \"../g\" }\n[workspace.dependencies]\nd = \"4\"\n",
        &[
            "a [1.2] direct :2",
            "b 1.2.3 optional direct :3",
            "real direct git=https://h.invalid/c#r :4",
            "d [4] direct :5",
            "e direct :6",
            "g dev direct path=../g :10",
            "f [*] build direct :8",
        ],
        &["6: its version stands in the workspace's manifest and is not known here"],
    );
}

#[test]
fn go_modules_are_replaced_and_excluded() {
    let text = "module example.com/app\n\ngo 1.22\nrequire example.com/a v1.0.0\nrequire (\n\texample.com/b v1.1.0 // indirect\n\texample.com/c v1.2.0\n\texample.com/d v1.3.0\n\texample.com/e v1.4.0\n)\n\
        replace example.com/b => example.com/fork v9.0.0\nreplace example.com/c v1.2.0 => ../c\nreplace example.com/d v9.9.9 => ../no\nexclude example.com/e v1.4.0\nwhat is this\n";
    check(
        LockKind::GoMod,
        text,
        &[
            "example.com/a v1.0.0 direct :4",
            "example.com/fork v9.0.0 :6",
            "example.com/c v1.2.0 direct path=../c :7",
            "example.com/d v1.3.0 direct :8",
            "example.com/e [>v1.4.0] direct :9",
        ],
        &["15: the line cannot be read"],
    );
    let parsed = check(
        LockKind::GoSum,
        "example.com/a v1.0.0 h1:abc=\nexample.com/a v1.0.0/go.mod h1:def=\nexample.com/b v1.1.0/go.mod h1:x=\nbad\n",
        &["example.com/a v1.0.0 :1"],
        &["4: the line cannot be read"],
    );
    assert_eq!(parsed.packages[0].hashes, ["h1:abc="]);
}

#[test]
fn maven_versions_come_from_properties_and_management() {
    let text = r#"<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.p</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>app</artifactId>
  <properties><x.version>1.${minor}</x.version><minor>5</minor><loop>${loop}</loop></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId><version>2.0</version><scope>test</scope></dependency>
    <dependency><groupId>g</groupId><artifactId>bom</artifactId><version>3</version><type>pom</type><scope>import</scope></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>g</groupId><artifactId>a</artifactId><version>${x.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>own</artifactId><version>${project.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1.0,2.0)</version><optional>true</optional></dependency>
    <dependency><groupId>g</groupId><artifactId>one</artifactId><version>[1.1]</version></dependency>
    <dependency><groupId>g</groupId><artifactId>above</artifactId></dependency>
    <dependency><groupId>g</groupId><artifactId>round</artifactId><version>${loop}</version></dependency>
    <dependency><artifactId>nameless</artifactId></dependency>
  </dependencies>
</project>"#;
    check(
        LockKind::PomXml,
        text,
        &[
            "g:a 1.5 direct :11",
            "g:managed 2.0 dev direct :12",
            "org.p:own 7 direct :13",
            "g:range [[1.0,2.0)] optional direct :14",
            "g:one 1.1 direct :15",
            "g:above direct :16",
            "g:round [${loop}] direct :17",
        ],
        &[
            "16: the version of g:above is given by a parent or list that is not in this file",
            "17: the version of g:round is given by a parent or list that is not in this file",
            "18: the coordinates of a dependency are not known",
            "8: versions that its imported list (BOM) gives are not known here",
        ],
    );
    check(
        LockKind::GradleLock,
        "# c\na.b:c:1.0=compileClasspath,runtimeClasspath\nd:e:2.0=testRuntimeClasspath\nempty=annotationProcessor\nbad\n",
        &["a.b:c 1.0 :2", "d:e 2.0 dev :3"],
        &["5: the line cannot be read"],
    );
}

#[test]
fn debian_packages_name_their_source() {
    let parsed = read(
        LockKind::DpkgStatus,
        "Package: libssl3\nStatus: install ok installed\nSource: openssl (3.0.1-1)\nVersion: 3.0.1-1+b1\nDescription: x\n more\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: bash\nVersion: 5.2\n",
    );
    assert_eq!(parsed.packages.len(), 2);
    let from = |at: usize| parsed.packages[at].built_from.clone().unwrap();
    assert_eq!(from(0), Package::new(jingwei_core::Ecosystem::Debian, "openssl", Some("3.0.1-1")));
    assert_eq!(from(1).name, "bash");
}
