//! `type = "shell"` as a policy's author meets it: which texts are taken, and which aren't.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Policy, Verdict};

const READS: &str = r#"allow = ["ls", "cat", "grep", "find", "head", "sort", "uniq", "sed", "awk", "echo", "printf", "test", "cd",
  "pwd", "wc", "date", "file", "git status", "git log", "true"]"#;

const BROAD: &str = r#"allow = ["ls", "echo", "cat", "find", "git", "tar", "sh", "bash", "env", "sudo", "xargs", "timeout", "nice", "eval",
  "time", "trap", "watch", "rsync", "vim", "sqlite3", "make", "less", "npm", "pip", "scp", "busybox", "unknown-tool", "tmux", "screen", "test"]"#;

fn policy(keys: &str) -> Policy {
    let text = format!("[tools.run.args.command]\ntype = 'shell'\n{keys}");
    Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

fn judge(policy: &Policy, command: &str) -> (bool, String) {
    let arguments = serde_json::json!({ "command": command }).to_string();
    let decision = policy.judge("run", arguments.as_bytes());
    (decision.verdict == Verdict::Allow, decision.message)
}

fn all_are(verdict: bool, keys: &str, commands: &[&str]) {
    let policy = policy(keys);
    for command in commands {
        let (allowed, message) = judge(&policy, command);
        assert_eq!(allowed, verdict, "{command:?}: {message}");
    }
}

#[test]
fn a_command_is_allowed_by_its_leading_words() {
    all_are(
        true,
        READS,
        &["ls", "ls -la /tmp", "git status", "git status -s", "git log --oneline", " ls ", "ls # all"],
    );
    all_are(
        false,
        READS,
        &[
            "rm x",
            "git push",
            "git",
            "git -c x=y status",
            "git stat",
            "/bin/ls",
            "./ls",
            "lsx",
            "LS",
            "l",
            ";",
            "status git",
        ],
    );
}

#[test]
fn quotes_and_escapes_are_taken_off_a_name() {
    all_are(true, READS, &["l's'", "\"ls\"", "l\\s", "$'\\x6cs'", "l\\\ns", "''ls", "git 'status'"]);
    all_are(false, READS, &["r'm' x", "\\rm x", "$'\\x72m' x", "'ls '", "\"ls x\"", "'git status'"]);
}

#[test]
fn a_name_that_only_the_run_can_tell_is_denied() {
    all_are(
        false,
        READS,
        &[
            "$x",
            "$(echo ls)",
            "`echo ls`",
            "${x:-ls}",
            "l?",
            "/bin/l*",
            "{ls,-l}",
            "l{s,x}",
            "~/ls",
            "$'l'$x",
            "\"$x\"",
            "ls; $x",
            "l$(true)s",
        ],
    );
}

#[test]
fn every_command_at_every_level_is_found() {
    let places = [
        "{}",
        "ls; {}",
        "ls && {}",
        "ls || {}",
        "ls | {}",
        "ls |& {}",
        "ls & {}",
        "ls\n{}",
        "( {} )",
        "{ {}; }",
        "! {}",
        "time {}",
        "time -p {}",
        "ls $({})",
        "ls \"$({})\"",
        "ls `{}`",
        "ls \"`{}`\"",
        "ls `ls \\`{}\\``",
        "ls $(ls $({}))",
        "cat <({})",
        "ls > >({})",
        "cat < <({})",
        "echo ${x:-$({})}",
        "echo \"${x:-$({})}\"",
        "echo ${x:-`{}`}",
        "echo $(( $({}) ))",
        "echo ${a[$({})]}",
        "x=$({})",
        "x=$({}) ls",
        "a=($({}))",
        "if {}; then ls; fi",
        "if ls; then {}; fi",
        "if ls; then ls; else {}; fi",
        "if ls; then ls; elif {}; then ls; fi",
        "while {}; do ls; done",
        "while ls; do {}; done",
        "until ls; do {}; done",
        "for x in a; do {}; done",
        "for x in $({}); do ls; done",
        "for ((i=0;i<2;i++)); do {}; done",
        "for ((i=$({});i<2;i++)); do ls; done",
        "case $({}) in a) ls;; esac",
        "case a in a) {};; esac",
        "case a in $({})) ls;; esac",
        "case a in (a|b) ls;; *) {};; esac",
        "select x in a; do {}; done",
        "f() { {}; }",
        "ls() { {}; }; ls",
        "function f { {}; }",
        "f() ( {} )",
        "[[ -n $({}) ]]",
        "cat <<E\n$({})\nE\n",
        "cat <<-E\n\t`{}`\n\tE\n",
        "cat <<'E'\nls\nE\n{}",
        "cat <<< $({})",
        "ls 2>&1 | {}",
        "ls >/dev/null; {}",
        "ls;{}",
        "ls&{}",
        "ls;\\\n{}",
        "ls #x\n{}",
        "find . -exec {} \\;",
        "find . -execdir {} {} +",
        "find . -ok {} ';'",
        "test -n \"$({})\"",
        "{ ls; }; {}",
        "ls >&2; {}",
        "ls <f; {}",
        "ls 3<f; {}",
        "ls {fd}<f; {}",
    ];
    let policy = policy(READS);
    for place in places {
        for (command, verdict) in [("ls x", true), ("rm x", false)] {
            let text = if place.contains("{ {}; }") {
                place.replace("{}", command)
            } else {
                place.replacen("{}", command, 1)
            };
            let (allowed, message) = judge(&policy, &text);
            assert_eq!(allowed, verdict, "{text:?}: {message}");
        }
    }
}

#[test]
fn what_shells_read_differently_is_denied() {
    all_are(
        true,
        READS,
        &[
            "[[ -n $x && -f $y ]]",
            "[[ $x == 1 || $y == 2 ]]",
            "[[ ! -e f ]]",
            "ls &>/dev/null",
            "((i++))",
            "ls $'a\\n'",
        ],
    );
    all_are(
        false,
        READS,
        &[
            // dash ends the quote at the second one.
            "ls $'\\'; rm x; #'",
            // dash and sh find a substitution there.
            "echo \"$\\\n(rm x)\"",
            // sh runs what stands behind `||` and reads `>` and lines as its own.
            "[[ x || reboot ]]",
            "[[ a > b ]]",
            "x=reboot; [[ a || $x ]]",
            "[[ a || /sbin/reboo* ]]",
            "[[ a || $(echo reboot) ]]",
            "[[ a || ${x:-reboot} == b ]]",
            "ls &>/dev/null rm x",
            "ls &>>/dev/null rm x",
            "[[ a\nrm x\n]]",
            "[[ a =~ b|reboot ]]",
            "((reboot))",
            "((x = 1))",
            "((x= reboot))",
            // zsh runs what stands in a glob's qualifier, and `=(…)`.
            "ls *(e:'rm x':)",
            "ls =(rm x)",
            "ls !(x)",
            "echo ${(e)x}",
            "echo ${ rm x; }",
            "echo $[1]",
            "ls } x",
            "ls { x",
            // Indexes are evaluated, the value of a variable too.
            "x='a[$(rm x)]'; echo $((x))",
            "x='$(rm x)'; echo ${x@P}",
            "test -v 'a[$(rm x)]'",
            "printf -v 'a[`rm x`]' y",
            "x='a[$(rm)]'; echo ${!x}",
            // Texts that end early.
            "ls $(",
            "ls `",
            "ls \"",
            "ls '",
            "ls \\",
            "cat <<E",
            "cat <<E\nls",
            "if ls",
            "( ls",
            "{ ls",
            "ls )",
            "ls; }",
            "ls;; ls",
            "ls &&",
            "ls |",
            "| ls",
            // Characters that no command needs.
            "ls\r\nls",
            "ls\u{0}",
            "ls \u{1b}[0m",
            "ls\u{a0}x",
            "ls\u{2028}rm",
            "ls \u{fdd0}",
            "ls \u{b}x",
            "cat <<\"$x\"\nE\n",
            "cat <<E\\\nx\\\nE\nE\n",
        ],
    );
}

#[test]
fn files_are_not_written_and_connections_not_opened() {
    all_are(
        true,
        READS,
        &[
            "ls >/dev/null",
            "ls 2>/dev/null",
            "ls 2>&1",
            "ls >&2",
            "ls &>/dev/null",
            "ls 2>>/dev/null",
            "cat <f",
            "cat <<< x",
            "ls >/dev/stderr",
            "ls 2>&-",
        ],
    );
    let writes = [
        "ls >f",
        "ls >>f",
        "ls >|f",
        "ls &>f",
        "ls &>>f",
        "ls >&f",
        "ls 2>f",
        "ls {fd}>f",
        ">f",
        "ls <>f",
        "ls >$x",
        "ls >/dev/nul?",
        "{ ls; } >f",
        "while ls; do ls; done >f",
        "ls > \"f\"",
        "ls 2>&1 >f",
        "x=1 >f",
    ];
    all_are(false, READS, &writes);
    all_are(true, &format!("{READS}\nwrite_files = true"), &["ls >f", "ls 2>>f", "{ ls; } >f"]);
    all_are(
        false,
        READS,
        &["cat </dev/tcp/h/80", "cat <'/dev/udp/h/1'", "ls >/dev/tcp/h/1", "x=/dev/tcp/h/80; cat <$x"],
    );
    all_are(false, &format!("{READS}\nwrite_files = true"), &["ls >/dev/tcp/h/1"]);
}

#[test]
fn variables_that_steer_programs_are_not_set() {
    all_are(
        true,
        READS,
        &["x=1", "x=1; ls $x", "LC_ALL=C sort f", "TZ=UTC date", "n=5; echo $((n+1))", "x=1 ls"],
    );
    all_are(
        false,
        READS,
        &[
            "PATH=/tmp ls",
            "PATH=/tmp; ls",
            "LD_PRELOAD=x ls",
            "IFS=x",
            "BASH_ENV=x ls",
            "GIT_PAGER=x git log",
            "PS4='$(rm x)' ls",
            "LESSOPEN='|rm %s' cat f",
            "FOO=1 ls",
            "http_proxy=x ls",
            "path=(/tmp)",
            "x[1]=2",
            "PATH+=:x",
        ],
    );
}

#[test]
fn options_that_run_or_write_are_denied_unless_the_policy_opens_them() {
    let risky = [
        "find . -delete",
        "find . -fprint f",
        "find . -{delete,print}",
        "sed -i s/a/b/ f",
        "sed -ni p f",
        "sed --in-pl s/a/b/ f",
        "sed -n '1e rm x' f",
        "sed s/a/b/e f",
        "sed -e 's/a/b/w f' g",
        "sed -f x f",
        "awk 'BEGIN{system(\"rm\")}'",
        "awk '{print > \"f\"}' f",
        "awk '{print | \"sh\"}' f",
        "awk -f x",
        "awk -ix",
        "sort -o f g",
        "sort -uof g",
        "sort --outp=f g",
        "sort --compress-program=sh f",
        "uniq a b",
        "date -s x",
        "file -C",
        "git log --ext-diff",
        "git log --output-x --exec=rm",
    ];
    all_are(false, READS, &risky);
    all_are(
        true,
        READS,
        &[
            "find . -name '*.rs' -print",
            "sed -n 1p f",
            "sed 's/we/ew/g' f",
            "sed -e s/e/w/ -e p f",
            "sed --quiet --regexp-extended s/e/w/p /etc/f",
            "awk --field-separator , '{print $1}' f",
            "awk '{print $1}' f",
            "awk -F'|' '$1 > 5' f",
            "sort -k2 -t: f",
            "uniq -c f",
            "date -d yesterday",
            "file /bin/sh",
            "grep --exec x",
            "echo system\\(x\\) /bin/sh",
            "printf '%s\\n' x",
            "git log -p",
        ],
    );
    let opened = format!("{READS}\noptions = ['find -delete', 'sed -i', 'sort -o']");
    all_are(true, &opened, &["find . -delete", "sed -i s/a/b/ f", "sort -o f g"]);
    all_are(false, &opened, &["find . -fprint f", "sed -i 's/a/b/e' f"]);
}

#[test]
fn an_argument_that_the_text_decides_while_it_runs_is_no_way_to_an_option() {
    all_are(
        false,
        READS,
        &[
            "x=-delete; find . $x",
            "for o in -delete; do find . $o; done",
            "find . $(echo -delete)",
            "find . \"$(printf x)\"",
            "f() { find . \"$@\"; }; f -delete",
            "x=delete; find . -$x",
            "find . ${x:--delete}",
            "find . -${PATH:0:1}",
            "find . ${x:=-delete}",
            "sed -n \"$(echo 1e rm)\" f",
            "x='1e rm'; y=$x; sed -n \"$(echo $y)\" f",
            "find . $(basename /-delete)",
            "x=/-delete; find . $(basename $x)",
            "find . $(basename /$unset-delete)",
            "find . $(find . -pri${unset}ntf -delete)",
            "find . $(realpath --rela=. -- ./-delete)",
            "find . $(find . -exec echo -delete \\;)",
            "find . $(command echo -delete)",
            "find . -d${unset}elete",
            "find . $unset-delete",
            "find . -${u:-delete}",
            "true -delete; find . $_",
            "printf -v x -- -delete; find . $x",
            "[[ -delete =~ .* ]]; find . ${BASH_REMATCH[0]}",
            "find . ${BASH_EXECUTION_STRING:0:7}",
            "echo 'a[$(rm)]'; echo $((_))",
            "echo 'a[$(rm)]'; echo ${!_}",
            "cd /-delete; find . ${PWD##*/}",
            "sed $unset '1e rm' f",
            "x=e; sed -n $x f",
            "sed -n \"${u:-e}\" f",
            "find . -ex${unset}ec rm x \\;",
            "sed -n \"1${unset}e rm\" f",
            "awk \"BEGIN{sys${unset}tem(\\\"rm\\\")}\"",
            "find . $(find . -printf -delete)",
        ],
    );
    all_are(
        true,
        READS,
        &[
            "find $dir -name x",
            "find \"$(pwd)\" -name x",
            "for i in {1..5}; do sed -n \"${i}p\" f; done",
            "for f in *.txt; do wc -l < \"$f\"; done",
            "f=x.txt; sort $f",
            "d=$(pwd); find \"$d\"",
            "for f in *.txt; do sed -n 1p \"$f\"; done",
            "sed \"s/$x/y/\" f",
            "find . -name \"$x\"",
            "ls $(echo -delete)",
            "wc -l `find . -name x`",
        ],
    );
}

#[test]
fn what_a_wrapper_runs_is_judged_as_well() {
    let places = [
        "sh -c '{}'",
        "bash -c \"{}\"",
        "bash -ec '{}'",
        "sh -c 'sh -c \"{}\"'",
        "eval {}",
        "eval \"{}\"",
        "env {}",
        "env -i {}",
        "env -u X {}",
        "sudo {}",
        "sudo -u root {}",
        "sudo -uroot -- {}",
        "xargs {}",
        "xargs -0 -n 1 {}",
        "ls | xargs {}",
        "timeout 5 {}",
        "timeout -k 1 5 {}",
        "nice {}",
        "nice -n 5 {}",
        "nice -5 {}",
        "sudo env nice {}",
        "time {}",
        "trap '{}' EXIT",
        "watch {}",
        "watch -n 1 '{}'",
        "find . -exec {} \\;",
        "find . -exec sh -c '{}' \\;",
        "busybox {}",
        "sudo sh -c 'env {}'",
        "git merge-index {}",
    ];
    let policy = policy(BROAD);
    for place in places {
        for (command, verdict) in [("ls x", true), ("rm x", false)] {
            let text = place.replace("{}", command);
            let (allowed, message) = judge(&policy, &text);
            assert_eq!(allowed, verdict, "{text:?}: {message}");
        }
    }
    all_are(
        false,
        BROAD,
        &[
            "sh",
            "sh x",
            "sh -s",
            "bash -i",
            "sh -c \"$x\"",
            "sh -c \"ls $x\"",
            "eval $x",
            "eval ls $x",
            "env PATH=/x ls",
            "env -S 'ls'",
            "sudo",
            "sudo -i",
            "sudo -e f",
            "sudo --unknown ls",
            "timeout $x ls",
            "xargs -I % %",
            "xargs sh -c",
            "xargs -I % sh -c 'ls %'",
            "find . -exec sh -c 'ls {}' \\;",
            "find . -exec {} \\;",
            "sh -c 'find . \"$1\"' x -delete",
            "echo -delete | xargs find .",
            "x=-delete; eval 'find . $x'",
            "eval 'x=-delete'; find . $x",
            "trap -- \"$x\" EXIT",
            "nohup ls",
            "command ls",
            "exec ls",
        ],
    );
}

#[test]
fn a_way_out_of_an_allowed_program_is_denied() {
    all_are(
        false,
        BROAD,
        &[
            "tar cf /dev/null x --checkpoint=1 --checkpoint-action=exec=id",
            "tar xf x -I id",
            "tar xIf id x",
            "tar xf x --to-com=id",
            "git -c core.pager=id log",
            "git -p log",
            "git grep -Oid x",
            "git clone 'ext::sh -c id'",
            "git clone -c a=b u",
            "git config core.pager id",
            "git config alias.x '!id'",
            "git rebase -x id",
            "git submodule foreach id",
            "git bisect run id",
            "rsync -e 'sh -c id' a b:",
            "rsync --rsh='ssh -oProxyCommand=id' a b:",
            "vim -c ':!id'",
            "vim '+!id'",
            "sqlite3 x '.shell id'",
            "echo '.shell id' | sqlite3 x",
            "sqlite3 x <<< '.shell id'",
            "sqlite3 x \"select load_extension('x')\"",
            "make SHELL=/tmp/x",
            "make --eval=x",
            "less '+!id' f",
            "npm exec id",
            "npm --loglevel x run y",
            "npm -C . i",
            "pip install .",
            "pip install -e x",
            "pip config --editor id edit",
            "scp -S id a b:",
            "scp -oProxyCommand=id a b:",
            "tmux",
            "screen",
            "screen id",
            "tmux new id",
            "tmux run-shell id",
            "tmux ls \\; run id",
            "unknown-tool --exec id",
            "unknown-tool --pre-command=id",
            "unknown-tool /bin/sh",
            "unknown-tool --x='!id'",
            "unknown-tool '`id`'",
            "unknown-tool -e 'os.execute(1)'",
            "unknown-tool '\\! id'",
            "unknown-tool --plugin x",
            "unknown-tool bash",
            "x=--exec; unknown-tool $x id",
            "x=exec; npm $x id",
            "npm ${u:-exec} id",
            "x=foreach; git submodule $x id",
            "git $unset submodule foreach id",
            "npm $unset exec id",
            "x=xIf; tar $x id f",
            "x=.shell; sqlite3 f \"$x id\"",
            "x=ext; git clone \"$x::sh -c id\"",
            "x=./a; pip install $x",
            "npm e${u}xec id",
        ],
    );
    all_are(
        true,
        BROAD,
        &[
            "tar czf x.tgz dir",
            "tar -xf x -C dir",
            "tar xf x --checkpoint=10",
            "git commit -m 'exec: |'",
            "git switch -c x",
            "git log --oneline",
            "git -C x status",
            "git config --list",
            "git config user.name x",
            "git clone -b x u",
            "rsync -av a b",
            "rsync -e 'ssh -p 22' a b:",
            "vim +10 f",
            "sqlite3 x '.tables'",
            "sqlite3 x 'select 1'",
            "make -j4 all",
            "less +F f",
            "npm install x",
            "npm test",
            "pip install x",
            "scp -P 22 a b:",
            "tmux ls",
            "screen -ls",
            "screen -r x",
            "unknown-tool -v --output x y",
            "unknown-tool --no-pager x",
            "for f in *.rs; do git add \"$f\"; done",
            "for p in a b; do pip install $p; done",
        ],
    );
}

#[test]
fn code_that_starts_another_program_is_denied_where_it_is_plain() {
    let languages = "allow = ['python3', 'perl', 'ruby', 'node', 'php', 'lua', 'octave', 'erl', 'docker']";
    all_are(
        false,
        languages,
        &[
            "python3 -c 'import os; os.system(\"id\")'",
            "python3 -c 'import subprocess as s; s.run([\"id\"])'",
            "perl -e 'exec \"sh\"'",
            "perl -e 'print `id`'",
            "ruby -e 'Kernel.exec(\"id\")'",
            "node -e 'require(\"child_process\")'",
            "php -r 'pcntl_exec(\"sh\");'",
            "lua -e 'io.popen(\"id\")'",
            "octave --eval 'system(\"id\")'",
            "erl -eval 'os:cmd(\"id\")'",
            "docker run -it image sh",
            "docker exec box sh",
        ],
    );
    all_are(
        true,
        languages,
        &[
            "python3 -c 'import sys; print(sys.executable)'",
            "python3 -m json.tool f",
            "perl -pe 's/a/b/' f",
            "node -e 'console.log(1 + 1)'",
            "docker ps -a",
            "docker compose up -d",
        ],
    );
    all_are(true, "allow = ['docker run']", &["docker run image"]);
}

#[test]
fn a_makefile_that_the_text_writes_is_denied() {
    all_are(
        false,
        BROAD,
        &[
            "echo 'x:;id' | make -f -",
            "make -sf- <<< 'x:;id'",
            "make --file=- <<E\nx:;id\nE\n",
            "make -f <(echo 'x:;id')",
            "make --makefile /dev/stdin <<< 'x:;id'",
            "make CC='sh -c id'",
            "make CC=/bin/bash",
        ],
    );
    all_are(true, BROAD, &["make -f other.mk -j4", "make CC=clang CFLAGS='-O2 -g' all"]);
}

#[test]
fn whatever_sets_a_variable_that_steers_is_denied() {
    let keys = "allow = ['ls', 'echo', 'printf', 'read', 'test']";
    all_are(
        false,
        keys,
        &[
            "for PATH in .; do ls; done",
            "select PATH in .; do ls; done",
            "((PATH=1)); ls",
            "echo ${PATH:=.}; ls",
            "echo ${LD_PRELOAD=x}; ls",
            "printf -v PATH .; ls",
            "printf -vPATH .; ls",
            "read PATH <<< .; ls",
            "printf -v \"$x\" .; ls",
        ],
    );
    let fine = ["for f in a; do ls; done", "read -r line", "echo ${x:=1}", "printf -v x a; echo a"];
    all_are(true, keys, &fine);
}

#[test]
fn a_commit_message_is_prose() {
    all_are(true, BROAD, &["git commit -m 'use `ls` and $(pwd)'", "git commit -m '! now'"]);
    all_are(false, BROAD, &["git rebase -x '`id`' main", "git -c alias.x='!id' commit -m x"]);
}

#[test]
fn what_an_author_lists_with_its_words_is_open() {
    all_are(
        true,
        "allow = ['find -delete', 'npm run build', './x', 'git -C /srv status']",
        &["npm run build", "npm run build --if-present", "./x y", "git -C /srv status", "find -delete"],
    );
    all_are(false, "allow = ['npm run build', './x']", &["npm run test", "npm", "x", "./y"]);
}

#[test]
fn a_policy_that_says_nothing_sensible_does_not_load() {
    for (keys, wanted) in [
        ("", "a shell needs `allow`"),
        ("allow = []", "an empty `allow`"),
        ("allow = ['ls | rm']", "no command with leading words"),
        ("allow = ['']", "no command with leading words"),
        ("allow = ['ls']\nalow = 1", "did you mean `allow`"),
        ("allow = ['find']\noptions = ['fnid -delete']", "did you mean `find`"),
        ("allow = ['find']\noptions = ['find -delet']", "did you mean `-delete`"),
        ("allow = ['find']\noptions = ['find']", "no program with an option"),
        ("allow = ['find']\nwrite_files = 1", "expected true or false"),
    ] {
        let text = format!("[tools.run.args.command]\ntype = 'shell'\n{keys}");
        let error = Policy::from_toml(&text, "p.toml").unwrap_err().to_string();
        assert!(error.contains(wanted), "{keys}: {error}");
    }
}

#[test]
fn a_denial_says_what_and_where_and_shows_no_control_characters() {
    let policy = policy(READS);
    for (command, wanted) in [
        (
            "ls\n  rm x",
            "\"rm\" (line 2, column 3) is refused, since it isn't allowed: what is allowed is ls, cat",
        ),
        ("git push", "of `git` only git status, git log is allowed"),
        ("ls >f", "it writes to \"f\""),
        ("find . -delete", "its option `-delete`"),
        ("ls 'x", "line 1, column 4 there is a quote that isn't closed"),
        ("ls $(rm)", "in $(…)"),
    ] {
        let (_, message) = judge(&policy, command);
        assert!(message.contains(wanted), "{command:?}: {message}");
    }
    let (_, message) = judge(&policy, "'rm\n\u{9}x'");
    assert!(!message.chars().any(char::is_control), "{message:?}");
    let (_, message) = judge(&policy, &format!("{} x", "y".repeat(2000)));
    assert!(message.len() < 600, "{message}");
}

#[test]
fn what_is_too_long_or_too_deep_is_denied() {
    let policy = policy(BROAD);
    let deep =
        |open: &str, close: &str, times: usize| format!("{}ls{}", open.repeat(times), close.repeat(times));
    for text in [
        "ls ".repeat(6000),
        deep("(", ")", 40),
        deep("$(", ")", 4000),
        deep("ls $(", ")", 40),
        deep("{ ", ";}", 40),
        deep("\"$(", ")\"", 1000),
        deep("${x:-", "}", 3000),
        deep("if ", "", 5000),
        deep("while ", "", 2500),
        deep("ls `", "", 3001),
        deep("sudo ", "", 3000),
        deep("eval ", "", 3000),
        deep("f() { ", "", 2000),
        deep("case x in x) ", "", 1000),
        format!("echo {}", deep("{a,", "}", 1000)),
        "echo ".to_owned() + &"{a,b}".repeat(1000),
        "echo ".to_owned() + &"{a..b}".repeat(2000),
        "cat <<E ".repeat(1500),
    ] {
        let (allowed, _) = judge(&policy, &text);
        assert!(!allowed, "{}", &text[..40]);
    }
    assert!(judge(&policy, &deep("( ", " )", 20)).0);
    assert!(judge(&policy, &"ls;".repeat(5000)).0);
}
